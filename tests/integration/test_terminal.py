"""Text that others wrote never does anything where it is read: every field of a report and of
a quarantine record with every byte, and a look at whatever comes out."""

import json
import os
import re
import shutil
import socketserver
import subprocess
import threading
from pathlib import Path

from case import DovecotCase
from clients import Imap, Lmtp, crlf, stored
from fake_scanner import FakeScanner, read_message
from test_review import Smtp

SOURCES = Path(__file__).resolve().parents[2]

CONTROLS = "".join(map(chr, [*range(0x20), *range(0x7f, 0xa0)]))
UNSEEN = "\u061c\u200b\u200c\u200d\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e" \
         "\u2066\u2067\u2068\u2069\ufeff\u00ad\U000e0041"
# What a terminal would act on, and what would end a line, a field or a cell.
HOSTILE = ("\x1b]0;owned\x07\x1b[2J\x9b31m\x85" + CONTROLS + UNSEEN +
           "\r\nX-Forged: yes\r\n.\r\n<script>alert(1)</script>\"'&;\\")


def first_harm(text, line_ends):
    """By Unicode's own account (str.isprintable()): no control, format or separator character,
    no surrogate, nothing that is no character."""
    for number, character in enumerate(text):
        if character not in line_ends and not character.isprintable():
            return f"{character!r} in {text[max(0, number - 60):number + 20]!r}"
    return None


OWN_FIELDS = ("mailbox", "class", "status", "rule", "action", "id", "sha256", "actor", "remote_ip")


def own_words(line):
    """What a log line has of ours: Sieve and LMTP say in their own way what they do, and put
    our words behind; and events have fields of Dovecot's beside ours."""
    if b"[smime: " in line:
        return b"smime" + line[line.index(b"[smime: "):]
    if b'{"event":"smime_' in line:
        fields = json.loads(line[line.index(b'{"event"'):])["fields"]
        return "smime {}".format({name: fields.get(name, "") for name in OWN_FIELDS}).encode()
    return line


def hostile_report(classes=("encrypted",), verdict="infected", status="signed/failed"):
    """A report whose every text is the scanner's choice."""
    text = HOSTILE
    return {"file": text, "class": list(classes), "size": 1,
            "layers": [{"path": text, "type": text, "micalg": text, "smime-type": text}],
            "signature": {"status": status, "strength": "weak", "signers": [
                {"path": text, "subject": text, "email": [text], "issuer": text, "serial": text,
                 "digest": text, "signing_time": text, "sha256": text}],
                "errors": [{"code": text, "path": text, "text": text, "remedy": text}]},
            "encryption": {"content": text, "strength": "weak", "recipients": [
                {"issuer": text, "serial": text, "key_id": text, "key_encryption": text},
                {"key_id": text, "key_encryption": text}]},
            "uninspectable": [{"path": text, "reason": text, "type": text, "name": text},
                              {"path": "", "reason": text, "type": text, "name": text}],
            "scan": {"verdict": verdict, "engine": text, "name": text},
            "protected": [],
            "errors": [{"code": text, "path": text, "text": text, "remedy": text}]}


def answering_report(report):
    data = json.dumps(report).encode()

    def behave(connection):
        read_message(connection)
        connection.sendall(b"report\t%d\n" % len(data) + data)
    return behave


class TerminalCase(DovecotCase):
    def setUp(self):
        self.clear()
        self.instance.log_file.write_text("")

    def assert_harmless(self, text, what, line_ends="\n\t"):
        if isinstance(text, bytes):
            try:
                text = text.decode()
            except UnicodeDecodeError as error:
                self.fail(f"{what}: no UTF-8: {error}: {text!r}")
        harm = first_harm(text, line_ends)
        self.assertIsNone(harm, f"{what}: {harm}")

    def assert_log_is_harmless(self):
        self.instance.settled_log()
        ours = [own_words(line) for line in self.instance.log_file.read_bytes().split(b"\n")
                if b"smime" in line]
        self.assertTrue(ours)
        for line in ours:
            self.assert_harmless(line, "log", "")
        return b"\n".join(ours).decode()

    def run_in_every_format(self, *args, formats=("table", "pager", "flow", "tab", "json"), shows=None,
                            line_ends="\n\t", **kwargs):
        for name in formats:
            done = self.instance.doveadm("-f", name, *args, check=False, **kwargs)
            what = f"doveadm -f {name} {' '.join(map(str, args))}"
            # Records are separated by a form feed where a pager is written for.
            self.assert_harmless(done.stdout.replace(b"\n\f\n", b"\n") if name == "pager" else done.stdout,
                                 what, line_ends)
            self.assert_harmless(done.stderr, what + " (errors)", line_ends)
            if name == "json" and done.stdout.strip():
                json.loads(done.stdout)
            if shows is not None:
                self.assertIn(json.dumps(shows)[1:-1] if name == "json" else shows, done.stdout.decode(),
                              what + done.stderr.decode())


class TakenOverScanner(TerminalCase):
    """Reports of its choice."""

    settings = ("  smime_rule = class=encrypted to=carol@* scan=infected action=reject\n"
                "  smime_rule2 = class=encrypted origin=append scan=infected action=reject\n"
                "  smime_rule3 = class=encrypted scan=infected action=quarantine\n"
                "  smime_authentication_results = mx.example.org\n")
    instance_options = {"replace_rules": True}

    @classmethod
    def before_start(cls):
        cls.mta = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Smtp)
        cls.mta.daemon_threads = True
        cls.mta.mails = []
        cls.mta.answer = b"250"
        threading.Thread(target=cls.mta.serve_forever, daemon=True).start()
        cls.instance.extra = (f"submission_host = 127.0.0.1:{cls.mta.server_address[1]}\n"
                              "hostname = imap.example.org\n")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.scanner = FakeScanner(cls.instance.base_dir / "smime-scanner",
                                  answering_report(hostile_report()))

    @classmethod
    def tearDownClass(cls):
        cls.scanner.stop()
        cls.mta.shutdown()
        cls.mta.server_close()
        super().tearDownClass()

    def setUp(self):
        super().setUp()
        self.mta.mails.clear()
        self.scanner.behave = answering_report(hostile_report())

    def message(self):
        head = (b"Message-ID: <\x1b]0;owned\x07\xc2\x9b\x9b\xe2\x80\xae@example.org>\r\n"
                b"Subject: \x1b[2J\xc2\x85\xe2\x80\xae\r\n")
        return head + self.samples.plain().partition(b"\r\n")[2]

    def held(self, user="alice"):
        ((code, text),) = self.deliver(self.message(), f"{user}@example.org")
        self.assertEqual(250, code, text)
        (item,) = self.quarantined(user)
        return item["id"]

    def test_the_quarantine(self):
        item = self.held()
        self.run_in_every_format("smime", "quarantine", "list", "-u", "alice", shows=item)
        self.run_in_every_format("smime", "quarantine", "list", "-A", shows=item)
        self.run_in_every_format("smime", "quarantine", "show", "-u", "alice", item,
                                 shows="\\x1b]0;owned\\x07")
        self.run_in_every_format("smime", "quarantine", "report", "-u", "alice", shows="1 held",
                                 line_ends="\r\n\t")
        self.run_in_every_format("smime", "quarantine", "release", "-u", "alice", "--mailbox",
                                 "no/\x1b[2J\u202e\x9b/" + "x" * 300, item)
        self.run_in_every_format("smime", "quarantine", "show", "-u", "alice", "\x1b[2J\u202e")
        self.run_in_every_format("smime", "quarantine", "list", "-u", "alice", "--class", "\x1b[2J")
        self.run_in_every_format("smime", "quarantine", "list", "-u", "alice", "--since", "\x9b\x1b[2J")
        log = self.assert_log_is_harmless()
        self.assertIn("msgid=<\\x1b]0;owned", log)

    def test_the_report_in_json_is_exact(self):
        item = self.held()
        _, (shown,) = self.doveadm_quarantine("show", "alice", item)
        report = json.loads(shown["report"])
        name = report["uninspectable"][0]["name"].removesuffix("[...]")
        self.assertEqual(HOSTILE[:len(name)], name)
        self.assertIn(CONTROLS + UNSEEN[:10], name)

    def test_the_header_of_held_mail(self):
        self.held()
        (text,) = stored(self.instance, "alice", "Quarantine")
        block = text.partition("X-SMIME-Quarantine-SHA256")[0]
        self.assertIn("X-SMIME-Quarantine-Reason", block)
        self.assert_harmless(block, "header block", "\r\n")
        self.assertNotIn("\nX-Forged", block)

    def test_the_digest_and_the_notice_to_the_sender(self):
        item = self.held()
        done = self.instance.doveadm("smime", "quarantine", "report", "-u", "alice", "--to",
                                     "review@example.org", check=False)
        self.assertEqual(0, done.returncode, done.stderr)
        # A reason that is given is one line of text.
        refused = self.instance.doveadm("smime", "quarantine", "reject", "-u", "alice", "--reason",
                                        HOSTILE.replace("\0", ""), item, check=False)
        self.assertEqual(64, refused.returncode)
        self.assert_harmless(refused.stderr, "error", "\n")
        self.run_in_every_format("smime", "quarantine", "reject", "-u", "alice", "--reason",
                                 "".join(c for c in HOSTILE if ord(c) >= 32 and ord(c) != 127)[:100],
                                 item, formats=("table",))
        self.assertEqual(2, len(self.mta.mails), self.instance.log()[-2000:])
        for _, _, mail in self.mta.mails:
            self.assert_harmless(mail, "mail", "\r\n\t")
            self.assertNotIn(b"\nX-Forged", mail)
            self.assertNotIn(b"<script>", mail.partition(b"text/html")[2])
        self.assertIn(b"Subject: \\x1b[2J", self.mta.mails[1][2])

    def test_the_answers_of_lmtp(self):
        ((code, text),) = self.deliver(self.message(), "carol@example.org")
        self.assertEqual(550, code, text)
        self.assert_harmless(text, "LMTP reply", "")
        self.assertIn("malware (\\x1b]0;owned", text)
        self.assert_log_is_harmless()

    def test_the_answers_of_imap(self):
        client = Imap(self.instance, "alice", "INBOX")
        status, (answer,) = client.append("INBOX", None, None, self.message())
        client.logout()
        self.assertEqual("NO", status)
        self.assert_harmless(answer, "IMAP answer", "")
        self.assertIn(b"malware (\\x1b]0;owned", answer)
        self.assert_log_is_harmless()

    def test_delivered_mail(self):
        self.scanner.behave = answering_report(hostile_report(("signed",), "clean", "signed"))
        self.assert_accepted(self.message())
        (body,) = self.bodies()
        field = re.match(rb"[^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*", body)[0]
        self.assertIn(b"smime-issuer", field)
        self.assert_harmless(field, "Authentication-Results", "\r\n\t")
        self.run_in_every_format("smime", "verify", "-u", "alice", "all", shows="\\x1b]0;owned")
        self.run_in_every_format("smime", "audit", "-u", "alice", "all")

    def test_commands_that_ask_the_scanner(self):
        message = self.directory / "message \x1b[2J\u202e.eml"
        message.write_bytes(self.message())
        self.run_in_every_format("smime", "inspect", message, shows="\\x1b]0;owned")
        self.run_in_every_format("smime", "inspect", str(message) + "\x9b none")
        self.run_in_every_format("smime", "policy", "-u", "carol", "--to", "carol@example.org", message,
                                 shows="\\x1b]0;owned")
        self.run_in_every_format("smime", "policy", "-u", "carol", "-m", "\x1b[2J\u202e", message)
        self.run_in_every_format("smime", "policy", "-u", "carol", "--origin", "\x1b[2J", message)
        self.run_in_every_format("smime", "status", "-u", "alice")

    def test_every_byte_in_errors(self):
        for answer in (b"error\t" + bytes(b for b in range(256) if b != 10) + b"\n",
                       bytes(b for b in range(256) if b != 10) + b"\n",
                       b"report\t300\n" + b'{"class":["' + bytes(range(256)) + b"x" * 100):
            def behave(connection, answer=answer):
                read_message(connection)
                connection.sendall(answer)
            self.scanner.behave = behave
            ((code, text),) = self.deliver(self.message())
            self.assertEqual(451, code, text)
            self.assert_harmless(text, "LMTP reply", "")
            self.run_in_every_format("smime", "inspect", self.sample_file(), formats=("table", "json"))
            self.run_in_every_format("smime", "status", "-u", "alice", formats=("table", "json"))
            self.assert_log_is_harmless()

    def sample_file(self):
        path = self.directory / "sample.eml"
        path.write_bytes(self.samples.plain())
        return path


class HostileSender(TerminalCase):
    """The real scanner, and what a sender chooses: names, addresses, the mailbox by its
    address's detail."""

    settings = "  smime_rule = class=any-encrypted action=quarantine\n"
    instance_options = {"replace_rules": True}
    extra = "lmtp_save_to_detail_mailbox = yes\nrecipient_delimiter = +\n"

    def test_names_of_attachments(self):
        cms = self.samples.encrypted().partition(b"\r\n\r\n")[2]
        for name in ('"\x1b]0;owned\x07\x1b[2J\x9b31m\u202egpj.p7m"'.encode() + b"\x9b\xff",
                     b'"' + bytes(b for b in range(1, 256) if b not in b'\r\n"\\') + b'.p7m"'):
            with self.subTest(name=name):
                self.clear()
                message = (b"From: a@example.org\r\nMessage-ID: <" + name + b">\r\nMIME-Version: 1.0\r\n"
                           b"Content-Type: application/pkcs7-mime; name=" + name + b"\r\n"
                           b"Content-Transfer-Encoding: base64\r\n"
                           b"Content-Disposition: attachment; filename=" + name + b"\r\n\r\n" + cms)
                self.assert_accepted(message, bdat=True)
                (item,) = self.quarantined("alice")
                self.run_in_every_format("smime", "quarantine", "show", "-u", "alice", item["id"],
                                         shows="\\x1b")
                file = self.directory / "m.eml"
                file.write_bytes(message)
                self.run_in_every_format("smime", "inspect", file)
                self.assert_log_is_harmless()

    def test_names_of_mailboxes(self):
        for name in ("Re\u202epot", "C1 \x9b31m\x85", "zero\u200bwidth\ufeff", "line\u2028separator",
                     "back\\slash \\x1b"):
            with self.subTest(mailbox=name):
                self.clear()
                done = self.instance.doveadm("mailbox", "create", "-u", "alice", name, check=False)
                if done.returncode != 0:
                    continue  # Dovecot takes no such name.
                self.sieve("alice", f'require ["fileinto", "mailbox", "encoded-character"];\n'
                                    f'fileinto :create "{sieve_text(name)}";\n')
                self.assert_accepted(self.samples.encrypted())
                self.sieve("alice", "keep;\n")
                (item,) = self.quarantined("alice")
                self.run_in_every_format("smime", "quarantine", "list", "-u", "alice", shows=item["id"])
                self.run_in_every_format("smime", "status", "-u", "alice")
                self.run_in_every_format("smime", "audit", "-u", "alice", "all")
                # It goes back to the mailbox of exactly that name.
                done, (result,) = self.doveadm_quarantine("release", "alice", item["id"])
                self.assertEqual("released", result["result"])
                self.assert_harmless(done.stdout, "release")
                self.assertEqual(1, len(self.guids(name)))
                self.run_in_every_format("smime", "audit", "-u", "alice", "all", shows="ok")
                self.assert_log_is_harmless()

    def test_envelopes(self):
        for sender in ('"a b\\"<c"@example.org', '"\x1b[2J"@example.org', "\u202ex\x9b@example.org"):
            with Lmtp(self.instance) as lmtp:
                code, text = lmtp.command(f"MAIL FROM:<{sender}>")
                if code != 250:
                    continue  # Dovecot takes no such address.
            self.clear()
            self.assert_accepted(self.samples.encrypted(), sender=sender)
            self.run_in_every_format("smime", "quarantine", "list", "-u", "alice")
            self.run_in_every_format("smime", "quarantine", "show", "-u", "alice", "--since", "1days")
            self.run_in_every_format("smime", "quarantine", "report", "-u", "alice", line_ends="\r\n\t")
            self.assert_log_is_harmless()

    def test_a_record_that_was_forged_in_the_store(self):
        """By whoever may write the mailbox's files: every byte, raw."""
        self.assert_accepted(self.samples.encrypted())
        (item,) = self.quarantined("alice")
        hostile = bytes(b for b in range(256) if b not in (10, 13)) + UNSEEN.encode()
        values = {b"Id": b"f" * 32, b"Report": b'{"class":["' + hostile + b'"]}', b"SHA256": b"a" * 64}
        names = (b"Id", b"Time", b"Mailbox", b"From", b"To", b"Rule", b"Reason", b"Report", b"SHA256")
        block = b"".join(b"X-SMIME-Quarantine-%s: %s\r\n" % (name, values.get(name, hostile))
                         for name in names)
        (path,) = [path for path in self.instance.home("alice").rglob("*")
                   if path.is_file() and b"X-SMIME-Quarantine-Id" in path.read_bytes()[:4096]]
        forged = path.with_name("1.forged:2,")
        forged.write_bytes(block + b"Subject: x\r\n\r\nx\r\n")
        if os.geteuid() == 0:
            shutil.chown(forged, *self.instance._mail_owner())
        self.run_in_every_format("smime", "quarantine", "list", "-u", "alice", shows="f" * 32)
        self.run_in_every_format("smime", "quarantine", "show", "-u", "alice", "f" * 32, shows="\\x1b")
        self.run_in_every_format("smime", "quarantine", "report", "-u", "alice", line_ends="\r\n\t")
        self.run_in_every_format("smime", "quarantine", "release", "-u", "alice", "f" * 32)
        self.run_in_every_format("smime", "quarantine", "delete", "-u", "alice", "f" * 32,
                                 formats=("table",))
        self.assertEqual([item["id"]], [row["id"] for row in self.quarantined("alice")])
        self.assert_log_is_harmless()


class Certificates(TerminalCase):
    """Names in certificates: of a signer, of a CA, of what is kept for a user."""

    settings = "  smime_harvest_certificates = yes\n"

    @classmethod
    def before_start(cls):
        cls.trust = cls.directory / "trust"
        cls.trust.mkdir()
        subject = "/CN=\x1b[2J\u202e\x85\x9b" + "/O=" + UNSEEN
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30",
                        "-keyout", "ca.key", "-out", "trust/ca.pem", "-utf8", "-subj", subject,
                        "-addext", "subjectAltName=email:sender@example.org"],
                       cwd=cls.directory, check=True, capture_output=True)
        cls.trust.chmod(0o755)
        cls.instance.scanner_conf = f"trust_dir = {cls.trust}\ncrl_policy = off\n"

    def signed(self):
        return crlf(subprocess.run(
            ["openssl", "cms", "-sign", "-signer", "trust/ca.pem", "-inkey", "ca.key", "-from",
             "sender@example.org", "-to", "alice@example.org", "-subject", "x"], cwd=self.directory,
            check=True, capture_output=True, input=b"Content-Type: text/plain\r\n\r\ntext\r\n").stdout)

    def test_signers_and_trust(self):
        self.assert_accepted(self.signed())
        self.run_in_every_format("smime", "verify", "-u", "alice", "all", shows="sender@example.org")
        self.run_in_every_format("smime", "certs", "-u", "alice")
        self.run_in_every_format("smime", "certs", "export", "-u", "alice", "sender@example.org",
                                 "\x1b[2J@example.org", formats=("flow", "table", "json"))
        self.run_in_every_format("smime", "trust", "list", shows="ca.pem")
        self.run_in_every_format("smime", "trust", "check", shows="ca.pem")
        self.run_in_every_format("smime", "trust", "import", "--domain", "\x1b[2J", self.trust / "ca.pem")
        self.run_in_every_format("smime", "trust", "import", self.trust / "ca.pem", "/none/\x1b[2J\u202e")
        self.run_in_every_format("smime", "status", "-u", "alice")
        for user in ("alice",):
            for path in self.instance.home(user).rglob("*.pem"):
                path.write_bytes(b"\x1b[2J\xc2\x9b\n" + path.read_bytes())
        self.run_in_every_format("smime", "certs", "export", "-u", "alice", "sender@example.org")

    def test_the_scanner_at_the_shell(self):
        scanner = self.instance.root / "usr/lib/dovecot/smime-scanner"
        message = self.directory / "\x1b[2J\u202e.eml"
        message.write_bytes(self.signed())
        conf = self.directory / "d" / "smime-scanner.conf"
        bad = self.directory / "bad.conf"
        bad.write_bytes(bytes(b for b in range(1, 256) if b != 10) + b" = 1\n")
        bad.chmod(0o644)
        for args in (("-c", conf, "--inspect", message, "none \x9b\x1b[2J"), ("-c", conf, "--trust"),
                     ("-c", conf, "--health"), ("--certificate", self.trust / "ca.pem", "none\x1b[2J"),
                     ("-c", bad, "--inspect", message), ("-c", bad, "--health"),
                     ("-c", conf, "--trust", "/none/\x1b[2J"),
                     ("-c", conf, "--at", "\x1b[2J\u202e", "--inspect", message)):
            done = subprocess.run([scanner, *args], capture_output=True, timeout=60)
            self.assertTrue(done.stdout or done.stderr, args)
            self.assert_harmless(done.stdout, f"{args}")
            self.assert_harmless(done.stderr, f"{args} (errors)")
            for line in done.stdout.splitlines():
                json.loads(line)


class OneFunctionEach(DovecotCase):
    """Whatever is said goes through common/safe-text.h: looked for in the source, since nobody can
    provoke every error."""

    # These hold the one way each; the last runs where memory is short, and says a library's own
    # text.
    ways = {"plugin/dovecot/say.h", "plugin/doveadm/smime.h", "plugin/dovecot/ptr.h"}
    calls = re.compile(r"\b(e_error|e_warning|e_info|e_debug|i_error|i_warning|i_info|i_fatal|"
                       r"i_fatal_status|mailbox_set_critical|mail_set_critical|"
                       r"mail_storage_set_critical|mail_storage_set_error|mail_deliver_log|"
                       r"smtp_server_recipient_reply|event_add_str|doveadm_print|fprintf|printf|puts)"
                       r"\(((?:[^()]|\((?:[^()]|\([^()]*\))*\))*)\)")
    safe = re.compile(r"(terminal_text|log_text|reply_text|to_json|dec2str)\(")
    # Said before by one of the functions, or no text at all; and Dovecot's own answer about a
    # mailbox that is not there, which ours has to be letter by letter.
    known = {("plugin/delivery/lmtp-reply.cpp", "rejection.c_str()"), ("plugin/delivery/answer.cpp", "text.c_str()"),
             ("plugin/quarantine/guard.cpp", "T_MAIL_ERR_MAILBOX_NOT_FOUND(box->vname)")}

    @classmethod
    def setUpClass(cls):
        pass

    @classmethod
    def tearDownClass(cls):
        pass

    def is_safe(self, file, arguments):
        without_literals = re.sub(r'"(?:[^"\\]|\\.)*"', '""', arguments)
        if "%s" not in arguments and '""' in without_literals and "c_str" not in without_literals:
            return True
        fixed = re.search(r"MAIL_ERROR_\w+,\s*(\w+)$", arguments)
        if fixed and f"constexpr const char *{fixed[1]} =" in (SOURCES / file).read_text():
            return True
        return bool(self.safe.search(arguments)) or \
            any(file == name and words in arguments for name, words in self.known)

    def test_every_call(self):
        found = []
        for room in ("plugin", "scanner", "common"):
            for path in sorted((SOURCES / room).rglob("*")):
                file = str(path.relative_to(SOURCES))
                if path.suffix not in (".cpp", ".h") or file in self.ways:
                    continue
                for call in self.calls.finditer(path.read_text()):
                    if not self.is_safe(file, call[2]):
                        found.append(f"{file}: {call[0]}")
        self.assertEqual([], found)


def sieve_text(text):
    """The name in a script, by its code points."""
    return "".join(c if c.isalnum() and c.isascii() else f"${{unicode:{ord(c):x}}}" for c in text)
