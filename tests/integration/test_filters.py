"""What Sieve filters and edits do to signed mail, and that the plugin undoes it."""

import email
import json
import os
import random
import re
import shutil
import signal
import subprocess
import threading
import time
from pathlib import Path

from case import DovecotCase
from clients import Imap, Lmtp, crlf, stored, without_trace
from dovecot_conf import IS_24
from instance import age_of

FILTERS = Path(__file__).resolve().parent / "filters" / "filter.py"

# Name: does it break a signature on a stock Dovecot?
NAMES = {
    "rewrite-text": True,
    "qp-to-8bit": True,
    "refold-headers": False,
    "drop-signature": True,
    "append-footer": True,
    "crlf-to-lf": False,
    "tag-header": True,
    "empty": True,
    "rewrite-base64": False,
    "fail-half-way": False,
}

ENTITY = (b"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n"
          b"A sample with =C3=A4 and a long line that goes on and on, soft=\n broken.\n")


MAIL_LOG = ("mail_log_events {\n  save = yes\n  copy = yes\n}\n"
            "mail_log_fields {\n  uid = yes\n  box = yes\n  size = yes\n}\n" if IS_24 else
            "plugin {\n  mail_log_events = save copy\n  mail_log_fields = uid box size\n}\n")
QUOTA = ("plugin {\n  quota = count:User quota\n  quota_vsizes = yes\n"
         "  quota_rule = *:storage=100M\n}\n")


class FilterCase(DovecotCase):
    instance_options = {"replace_rules": True}
    sieve_settings = (
        "  sieve = ~/.dovecot.sieve\n  sieve_plugins = sieve_extprograms\n"
        "  sieve_extensions = +vnd.dovecot.filter +editheader\n"
        "  sieve_filter_bin_dir = {filters}\n")

    @classmethod
    def before_start(cls):
        filters = cls.directory / "filters"
        filters.mkdir()
        for name in NAMES:
            shutil.copy(FILTERS, filters / name)
        cls.instance.extra += ("\nplugin {\n" + cls.sieve_settings.format(filters=filters) + "}\n")

    def filtered(self, name, message, extra=""):
        self.clear("alice")
        self.sieve("alice", f'require ["vnd.dovecot.filter", "editheader", "variables"];\n'
                            f'filter "{name}";\n{extra}')
        self.assert_accepted(message)
        (body,) = self.bodies()
        return body

    def signed(self):
        return self.samples.signed(entity=ENTITY)


class Restored(FilterCase):
    def test_every_filter(self):
        for name, breaks in NAMES.items():
            with self.subTest(filter=name):
                message = self.signed()
                body = self.filtered(name, message)
                self.assertTrue(self.samples.verifies(body), body.decode(errors="replace"))
                head, _, content = message.partition(b"\r\n\r\n")
                self.assertTrue(body.endswith(b"\r\n\r\n" + content))
                if name == "tag-header":
                    self.assertIn(b"X-Spam-Flag: NO\r\n", body)
                    self.assertIn(b"Subject: [tagged] x\r\n", body)
                    self.assertEqual(1, body.count(b"Subject:"))
                elif name == "rewrite-text":
                    self.assertIn(b"Subject: signed SAMPLE\r\n", body)
                elif name != "refold-headers":
                    self.assertEqual(message, without_trace(body))
                log = self.instance.settled_log()
                self.assertEqual(breaks, "signed or encrypted part 1 " in log,
                                 log[-2000:] + body.decode())
                self.instance.log_file.write_text("")

    def test_opaque_and_encrypted(self):
        for make in (self.samples.opaque_signed, self.samples.encrypted):
            for name in ("rewrite-text", "empty", "crlf-to-lf", "rewrite-base64"):
                with self.subTest(make=make.__name__, filter=name):
                    message = make()
                    body = self.filtered(name, message)
                    self.assertEqual(message.partition(b"\r\n\r\n")[2],
                                     without_trace(body).partition(b"\r\n\r\n")[2])

    def test_a_long_header(self):
        """Longer than the buffer in which a stream is put together with what is behind it."""
        for size in (7000, 9000, 20000, 40000, 90000):
            with self.subTest(size=size):
                message = b"".join(b"X-Long-%d: %s\r\n" % (n, b"sample " * 100)
                                   for n in range(size // 710)) + self.signed()
                body = self.filtered("append-footer", message)
                self.assertEqual(message.partition(b"\r\n\r\n")[2], body.partition(b"\r\n\r\n")[2])

    def test_plain_mail_is_filtered(self):
        body = self.filtered("rewrite-text", self.samples.plain())
        self.assertIn(b"A SAMPLE text", body)

    def test_edited_header_stays(self):
        message = self.signed()
        body = self.filtered("rewrite-text", message,
                             'addheader "X-Checked" "yes";\ndeleteheader "X-None";\n')
        self.assertIn(b"X-Checked: yes\r\n", body)
        self.assertTrue(self.samples.verifies(body))

    def test_an_edited_content_type_is_put_back(self):
        self.clear("alice")
        self.sieve("alice", 'require ["editheader"];\ndeleteheader "Content-Type";\n'
                            'addheader "X-Kept" "1";\n')
        message = self.signed()
        self.assert_accepted(message)
        (body,) = self.bodies()
        self.assertTrue(self.samples.verifies(body))
        self.assertIn(b"X-Kept: 1\r\n", body)

    def test_signed_message_in_a_forward(self):
        signed = self.signed()
        message = crlf(b"From: a@example.org\nDate: Mon, 1 Jan 2024 00:00:00 +0000\n"
                       b"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=outer\n\n"
                       b"--outer\n\nlook at this sample\n--outer\n"
                       b"Content-Type: message/rfc822\n\n") + signed + b"\r\n--outer--\r\n"
        body = self.filtered("rewrite-text", message)
        self.assertEqual(message, without_trace(body))

    def test_fileinto_several_mailboxes(self):
        self.clear("alice")
        self.sieve("alice", 'require ["vnd.dovecot.filter", "fileinto", "mailbox", "copy"];\n'
                            'filter "rewrite-text";\nfileinto :create :copy "One";\n'
                            'fileinto :create "Two";\n')
        self.assert_accepted(self.signed())
        for mailbox in ("One", "Two"):
            (body,) = self.bodies(mailbox=mailbox)
            self.assertTrue(self.samples.verifies(body), mailbox)

    def test_the_sieve_filter_tool(self):
        self.clear("alice")
        self.sieve("alice", "keep;\n")
        self.assert_accepted(self.signed())
        script = self.directory / "tool.sieve"
        script.write_text('require ["vnd.dovecot.filter", "fileinto", "mailbox"];\n'
                          'filter "rewrite-text";\nfileinto :create "ByTool";\n')
        script.chmod(0o644)
        done = subprocess.run(["sieve-filter", "-e", "-W", "-c", str(self.instance.conf), "-u",
                               "alice", str(script), "INBOX"], capture_output=True, text=True,
                              cwd=self.directory, timeout=60)
        self.assertEqual(0, done.returncode, done.stderr)
        (body,) = self.bodies(mailbox="ByTool")
        self.assertIn(b"Subject: signed SAMPLE", body)
        self.assertTrue(self.samples.verifies(body), body.decode() + done.stderr)

    def test_the_log_says_who_did_it(self):
        self.instance.log_file.write_text("")
        self.filtered("rewrite-text", self.signed())
        log = self.instance.settled_log()
        self.assertRegex(log, r"saved to mailbox INBOX, signed or encrypted part 1 differs from "
                              r"byte \d+ of it on: the original content was put back")


class OthersAreTold(FilterCase):
    """What is put back is saved in place of a copy: the plugins below have seen one save of the
    whole message, with all that the copy was to have."""

    instance_options = {"replace_rules": True, "global_plugins": "notify mail_log quota"}
    extra = MAIL_LOG + QUOTA

    def test_one_save_with_flags_and_its_size(self):
        self.clear("alice")
        self.sieve("alice", 'require ["vnd.dovecot.filter", "imap4flags"];\n'
                            'filter "rewrite-text";\naddflag ["\\\\Flagged", "sample"];\n')
        self.instance.log_file.write_text("")
        began = int(time.time())
        self.assert_accepted(self.signed())
        (body,) = self.bodies()
        self.assertTrue(self.samples.verifies(body))
        doveadm = self.instance.doveadm
        row, = json.loads(doveadm("-f", "json", "fetch", "-u", "alice",
                                  "flags guid size.physical date.received.unixtime", "mailbox", "INBOX").stdout)
        self.assertLessEqual({"\\Flagged", "sample", "$SMIMESigned"}, set(row["flags"].split()))
        self.assertTrue(row["guid"])
        self.assertGreaterEqual(int(row["date.received.unixtime"]), began)
        told = re.findall(r".*(?:save|copy): box=INBOX.*", self.instance.settled_log())
        self.assertEqual(1, len(told), told)
        self.assertRegex(told[0], r"save: .*size=%s$" % row["size.physical"])
        rows = json.loads(doveadm("-f", "json", "quota", "get", "-u", "alice").stdout)
        used = {row["type"]: row["value"] for row in rows}
        self.assertEqual("1", used["MESSAGE"])


class Killed(FilterCase):
    """kill -9 of lmtp while it puts back: what got 250 is there, exact; nothing
    that is there is broken."""

    deliveries = 300
    # Maildir's dovecot-uidlist.lock outlives its maker for two minutes, with or
    # without the plugin.
    instance_options = {"replace_rules": True, "location": "sdbox:~/sdbox"}
    # 2.4 takes another process for each connection: none would live long enough.
    extra = "service lmtp {\n  service_count = 0\n}\n"

    def killer(self, stop):
        delays = random.Random(1)
        while not stop.wait(delays.uniform(0.02, 0.15)):
            for pid in self.instance.processes("lmtp"):
                # Dovecot's master waits before it starts another where one
                # dies young.
                if age_of(pid) < 0.3:
                    continue
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass

    def send(self, number, message):
        """True if it was acknowledged."""
        try:
            with Lmtp(self.instance, timeout=20) as lmtp:
                ((code, _),) = lmtp.send(b"X-Number: %d\r\n" % number + message,
                                         "alice@example.org")
                return code == 250
        except (OSError, AssertionError):
            return False

    def test_delivered_exact_or_not_acknowledged(self):
        self.clear("alice")
        self.sieve("alice", 'require ["vnd.dovecot.filter"];\nfilter "rewrite-text";\n')
        message = self.samples.signed(entity=ENTITY + b"a longer sample\n" * 5000)
        stop = threading.Event()
        thread = threading.Thread(target=self.killer, args=(stop,))
        thread.start()
        try:
            accepted = {n for n in range(self.deliveries) if self.send(n, message)}
        finally:
            stop.set()
            thread.join()
        content = message.partition(b"\r\n\r\n")[2]
        found = []
        for body in self.bodies():
            self.assertTrue(body.endswith(b"\r\n\r\n" + content))
            found.append(int(re.search(rb"X-Number: (\d+)", body)[1]))
        print(f"[{len(accepted)} acknowledged, {len(found)} delivered, of {self.deliveries}] ",
              end="", flush=True)
        self.assertEqual(set(), accepted - set(found), "an acknowledged message is lost")
        self.assertEqual(sorted(set(found)), sorted(found))
        self.assertGreater(len(accepted), 20)
        self.assertLess(len(accepted), self.deliveries)


class ImapSieve(FilterCase):
    """Scripts that run in an IMAP session, after APPEND and COPY and by FILTER."""

    extra = "protocol imap {\n  mail_plugins = $mail_plugins imap_sieve imap_filter_sieve\n}\n"
    sieve_settings = FilterCase.sieve_settings + (
        "  sieve_plugins = sieve_extprograms sieve_imapsieve\n"
        "  imapsieve_mailbox1_name = *\n  imapsieve_mailbox1_causes = APPEND COPY\n"
        "  imapsieve_mailbox1_before = file:{filters}/../append.sieve\n")

    @classmethod
    def before_start(cls):
        super().before_start()
        script = cls.directory / "append.sieve"
        script.write_text('require ["vnd.dovecot.filter", "fileinto", "mailbox", "environment", '
                          '"imapsieve"];\n'
                          'if not environment :is "imap.mailbox" "Filtered" {\n'
                          'filter "rewrite-text";\nfileinto :create "Filtered"; }\n')
        script.chmod(0o644)
        cls.directory.chmod(0o777)

    def setUp(self):
        self.clear("alice")

    def append(self, *messages):
        client = Imap(self.instance, "alice", "INBOX")
        for message in messages:
            self.assertEqual("OK", client.append("INBOX", None, None, message)[0])
        return client

    def test_append(self):
        message = self.signed()
        self.append(message).logout()
        (body,) = self.bodies(mailbox="Filtered")
        self.assertTrue(self.samples.verifies(body))
        self.assertIn(b"Subject: signed SAMPLE", body)

    def test_the_right_original_among_several(self):
        messages = [self.samples.signed(subject=f"sample {n}", entity=ENTITY + b"%d" % n)
                    for n in range(3)]
        self.append(self.samples.plain(), *messages, self.samples.plain()).logout()
        filtered = self.bodies(mailbox="Filtered")
        self.assertEqual(5, len(filtered))
        self.assertIn(b"A SAMPLE text", filtered[0])
        for number, body in enumerate(filtered[1:4]):
            self.assertTrue(self.samples.verifies(body))
            self.assertIn(b"Subject: SAMPLE %d" % number, body)

    def test_copy(self):
        client = self.append(self.signed())
        client.create("Elsewhere")
        client.select("INBOX")
        self.assertEqual("OK", client.copy("1:*", "Elsewhere")[0])
        client.logout()
        for body in self.bodies(mailbox="Filtered"):
            self.assertTrue(self.samples.verifies(body))
        self.assertGreaterEqual(len(self.bodies(mailbox="Filtered")), 2)

    def test_filter_command(self):
        client = self.append(self.signed())
        client.create("ByCommand")
        client.select("INBOX")
        script = (b'require ["vnd.dovecot.filter", "fileinto"]; filter "rewrite-text"; '
                  b'fileinto "ByCommand";')
        tag = client._new_tag()
        client.send(tag + b" FILTER SIEVE SCRIPT {%d+}\r\n" % len(script) + script
                    + b" ALL\r\n")
        lines = []
        while not lines or not lines[-1].startswith(tag):
            lines.append(client.readline())
        client.logout()
        self.assertIn(b" OK", lines[-1], lines)
        (body,) = self.bodies(mailbox="ByCommand")
        self.assertTrue(self.samples.verifies(body), body.decode())
        self.assertIn(b"Subject: signed SAMPLE", body)


class ImapSieveStock(ImapSieve):
    """Without the plugin the same scripts break the same messages."""

    instance_options = {"load_smime": False}

    def test_append(self):
        self.append(self.signed()).logout()
        (body,) = self.bodies(mailbox="Filtered")
        self.assertFalse(self.samples.verifies(body))

    test_the_right_original_among_several = test_copy = test_filter_command = None


class FaultyStorage(DovecotCase):
    """A storage layer below the plugin changes what is saved: what it would break is held
    instead, in a form that it keeps."""

    settings = "  smime_rule = class=plain to=bob@* action=quarantine\n"
    instance_options = {"replace_rules": True, "global_plugins": "stream_changer",
                        "test_modules": ("lib50_stream_changer_plugin.so",)}
    # What is told of a message that is in no form kept.
    unstorable = 451

    def setUp(self):
        self.clear()
        for user in ("alice", "bob", "carol"):
            for item in self.quarantined(user):
                self.doveadm_quarantine("delete", user, item["id"])

    def check_held(self, user, message):
        self.assertEqual([], self.bodies(user))
        (item,) = self.quarantined(user)
        (held,) = stored(self.instance, user, "Quarantine")
        if "X-SMIME-Quarantine-Encoding" in held:
            held = email.message_from_string(held).get_payload(decode=True).decode()
            self.assertEqual(message.decode(), without_trace(held.encode()).decode())
        else:
            self.assertTrue(held.replace("\n", "\r\n").endswith(message.decode()))
        return item

    def test_a_delivery_is_held(self):
        message = self.samples.signed()
        self.assert_accepted(message)
        item = self.check_held("alice", message)
        self.assertIn("does not keep the message as it arrived: the storage did not keep part 1",
                      item["reason"])
        self.assert_logged("reading back a saved message: the storage did not keep part 1")
        # As often as it comes.
        self.assert_accepted(message)
        self.check_held("alice", message)

    def test_in_no_form(self):
        """The layer changes the block itself."""
        for message in (self.samples.signed(), self.samples.plain(), ):
            user = "alice" if b"multipart/signed" in message else "bob"
            ((code, text),) = self.deliver(message, "alice+sample@example.org"
                                           if user == "alice" else "bob@example.org",
                                           sender="sample@example.org")
            self.assertEqual(self.unstorable, code, text)
            self.assertEqual([], self.bodies(user) + self.bodies(user, mailbox="Quarantine"))
        self.assert_logged("(smime_unstorable), was for mailbox INBOX")

    def test_the_quarantine_keeps_every_byte(self):
        """Encoded, where the layer finds nothing to change; a release that would be changed
        is none."""
        self.clear("bob")
        message = self.samples.plain()
        self.assert_accepted(message, "bob@example.org")
        (item,) = self.quarantined("bob")
        (held,) = stored(self.instance, "bob", "Quarantine")
        attached = email.message_from_string(held).get_payload(decode=True)
        self.assertEqual(message, without_trace(attached))
        done, (result,) = self.doveadm_quarantine("release", "bob", item["id"], check=False)
        self.assertNotEqual(0, done.returncode)
        self.assertIn("the storage did not keep the message as it was written", result["result"]
                      + done.stderr.decode())
        self.assertEqual([], self.bodies("bob"))
        self.assertEqual([item], self.quarantined("bob"))

    def test_one_byte_at_the_beginning_of_a_line(self):
        lines = [b"Content-Type: text/plain", b"", b"One", b"~two", b"three", b""]
        for entity in (lines, lines[:2] + [b"~One", b"two", b""]):
            self.setUp()
            message = self.samples.signed("one byte", b"\r\n".join(entity))
            self.assert_accepted(message)
            self.check_held("alice", message)

    def test_several_recipients(self):
        message = self.samples.signed()
        self.assert_accepted(message, ["alice@example.org", "carol@example.org"])
        self.check_held("alice", message)
        self.check_held("carol", message)

    def test_save_is_refused(self):
        self.clear("alice")
        message = self.directory / "message"
        message.write_bytes(self.samples.signed())
        message.chmod(0o644)
        done = self.instance.doveadm("save", "-u", "alice", "-m", "INBOX", str(message),
                                     check=False)
        self.assertNotEqual(0, done.returncode, (done.stdout, done.stderr, self.bodies("alice")))
        self.assertEqual([], self.bodies("alice"))
        self.assertIn(b"the storage did not keep the message as it was sent", done.stderr)

    def test_plain_mail_is_none_of_our_business(self):
        self.assert_accepted(self.samples.plain(), "carol@example.org")
        self.assertEqual(1, len(self.bodies("carol")))


class FaultyStorageRejects(FaultyStorage):
    settings = FaultyStorage.settings + "  smime_unstorable = reject\n"
    unstorable = 550


class NonCanonical(DovecotCase):
    """Bytes that IMAP cannot carry unchanged are told, and a rule can act."""

    settings = '  smime_rule = class=non-canonical to=bob@* action=quarantine\n'
    instance_options = {"replace_rules": True}

    def variants(self):
        signed = self.samples.signed(entity=ENTITY)
        yield "nul", signed.replace(b"A sample", b"A\0sample")
        yield "cr cr lf", signed.replace(b"goes on", b"goes\r\r\non")
        yield "bare lf", signed.replace(b"goes on", b"goes\non")

    def test_told_and_routed(self):
        for name, message in self.variants():
            with self.subTest(bytes=name):
                self.clear("alice", "bob")
                replies = self.deliver(message, ["alice@example.org", "bob@example.org"],
                                       bdat=True)
                self.assertEqual([250, 250], [code for code, _ in replies])
                self.assertEqual(1, len(self.bodies("alice")))
                (item,) = self.quarantined("bob")
                self.assertIn("non-canonical", item["class"])
                done = self.instance.doveadm("-f", "json", "smime", "audit", "-u", "alice")
                self.assertIn(b"cannot carry", done.stdout)

    def test_canonical_mail_is_not(self):
        self.clear("bob")
        self.assert_accepted(self.samples.signed(), "bob@example.org")
        self.assertEqual([], self.quarantined("bob"))


class WholeMessage(FilterCase):
    settings = "  smime_preserve = message\n"

    def test_the_whole_message_is_put_back(self):
        message = self.signed()
        self.assertEqual(message, without_trace(self.filtered("tag-header", message)))


class OnlyReported(FilterCase):
    settings = "  smime_preserve = no\n"

    def test_the_change_is_delivered_and_reported(self):
        body = self.filtered("rewrite-text", self.signed())
        self.assertFalse(self.samples.verifies(body))
        self.assert_logged("saved as changed, as smime_preserve=no says")
        client = Imap(self.instance, "alice", "INBOX")
        self.assertIn("$SMIMEFailed", client.flags(client.uids()[0]))
        client.logout()
        done = self.instance.doveadm("-f", "json", "smime", "audit", "-u", "alice", check=False)
        self.assertEqual(65, done.returncode)
        self.assertIn(b"changed", done.stdout)


class NotAware(FilterCase):
    settings = "  smime_stores = !INBOX *\n"

    def test_a_mailbox_that_is_not_aware_is_left_alone(self):
        self.assertFalse(self.samples.verifies(self.filtered("rewrite-text", self.signed())))


class Stock(FilterCase):
    """Without the plugin the same filters break the same messages."""

    instance_options = {"load_smime": False}

    def test_every_filter(self):
        for name, breaks in NAMES.items():
            with self.subTest(filter=name):
                body = self.filtered(name, self.signed())
                self.assertEqual(not breaks, self.samples.verifies(body), body.decode())
