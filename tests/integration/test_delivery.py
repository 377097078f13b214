"""Deliver, look, release, compare."""

import base64
import os
import shutil
import signal
import subprocess
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dovecot_conf
from case import DovecotCase
from clients import Imap, Lmtp, bodies, crlf, without_trace


class ShippedConfiguration(DovecotCase):
    """conf.d/90-smime.conf as it is installed."""

    def setUp(self):
        self.clear()

    def test_plain_signed_and_encrypted_go_where_they_should(self):
        plain, signed = self.samples.plain(), self.samples.signed()
        for message in (plain, signed, self.samples.encrypted()):
            self.assert_accepted(message)
        inbox = [without_trace(body) for body in self.bodies()]
        self.assertEqual([plain, signed], inbox)
        self.assertTrue(self.samples.verifies(self.bodies()[1]))
        self.assertFalse(self.samples.verifies(self.bodies()[1].replace(b"sample text", b"forged")))
        items = self.quarantined("alice")
        self.assertEqual(["encrypted"], [item["class"] for item in items])

    def test_every_encrypted_class_is_quarantined(self):
        pgp = crlf(b"Subject: pgp\nMIME-Version: 1.0\nContent-Type: multipart/encrypted; "
                   b"boundary=x; protocol=\"application/pgp-encrypted\"\n\n--x\n"
                   b"Content-Type: application/pgp-encrypted\n\nVersion: 1\n--x\n"
                   b"Content-Type: application/octet-stream\n\n-----BEGIN PGP MESSAGE-----\n--x--\n")
        for message in (self.samples.encrypted(cipher="-aes-256-gcm"), pgp,
                        self.samples.encrypted(cipher="-des3")):
            self.assert_accepted(message)
        self.assertEqual(3, len(self.quarantined("alice")))
        self.assertEqual([], self.bodies())

    def test_released_message_is_the_original(self):
        encrypted = self.samples.encrypted()
        self.assert_accepted(encrypted)
        (item,) = self.quarantined("alice")
        self.assertEqual("INBOX", item["mailbox"])
        self.assertEqual("sender@example.org", item["from"])
        self.assertEqual("alice@example.org", item["to"])
        _, (result,) = self.doveadm_quarantine("release", "alice", item["id"])
        self.assertEqual("released", result["result"])
        self.assertEqual([], self.quarantined("alice"))
        (body,) = self.bodies()
        self.assertEqual(encrypted, without_trace(body))
        self.assertTrue(body.startswith(b"Return-Path: <sender@example.org>\r\n"))

    def test_released_message_decrypts(self):
        self.assert_accepted(self.samples.encrypted())
        (item,) = self.quarantined("alice")
        self.doveadm_quarantine("release", "alice", item["id"])
        (body,) = self.bodies()
        text = self.samples.openssl("cms", "-decrypt", "-recip", "user.pem", "-inkey", "user.key",
                                    input=body)
        self.assertIn(b"A sample text.", text)

    def test_keywords_of_a_signed_message(self):
        self.assert_accepted(self.samples.signed())
        client = Imap(self.instance, "alice", "INBOX")
        (uid,) = client.uids()
        self.assertIn("$SMIMESigned", client.flags(uid))
        client.logout()

    def test_a_signed_document_signs_no_message(self):
        document = self.samples.openssl(
            "cms", "-sign", "-nodetach", "-binary", "-outform", "DER", "-signer", "user.pem",
            "-inkey", "user.key", input=b"An invoice.")
        self.assert_accepted(crlf(
            b"From: sender@example.org\nSubject: invoice\nMIME-Version: 1.0\n"
            b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nSee there.\n--b\n"
            b"Content-Type: application/pkcs7-mime; name=invoice.txt.p7m\n"
            b"Content-Transfer-Encoding: base64\n\n" + base64.encodebytes(document) + b"--b--\n"))
        client = Imap(self.instance, "alice", "INBOX")
        (uid,) = client.uids()
        self.assertNotIn("$SMIMESigned", client.flags(uid))
        client.logout()

    def test_bdat(self):
        encrypted, signed = self.samples.encrypted(), self.samples.signed()
        self.assert_accepted(signed, bdat=True)
        self.assert_accepted(encrypted, bdat=True)
        self.assertEqual([signed], [without_trace(body) for body in self.bodies()])
        self.assertEqual(1, len(self.quarantined("alice")))

    def test_several_recipients_each_get_their_own(self):
        """A plain message is copied from the first recipient's; a diverted one
        cannot be."""
        users = ["alice@example.org", "bob@example.org", "carol@example.org"]
        plain, encrypted = self.samples.plain(), self.samples.encrypted()
        self.assert_accepted(plain, users)
        self.assert_accepted(encrypted, users)
        for user in ("alice", "bob", "carol"):
            self.assertEqual([plain], [without_trace(b) for b in self.bodies(user)], user)
            (item,) = self.quarantined(user)
            self.doveadm_quarantine("release", user, item["id"])
            self.assertEqual(encrypted, without_trace(self.bodies(user)[1]), user)

    def test_the_log_says_where_the_message_is(self):
        self.assert_accepted(self.samples.encrypted())
        (item,) = self.quarantined("alice")
        lines = [line for line in self.instance.settled_log().splitlines()
                 if item["id"] in line and "stats:" not in line]
        self.assertEqual(2, len(lines), "\n".join(lines))
        self.assertIn("quarantined as", lines[0])
        self.assertIn("[smime: quarantined as", lines[1])

    def test_non_canonical_line_ends_are_delivered(self):
        self.assert_accepted(b"Subject: bare LF\r\n\r\none\ntwo\r\nthree\r\n")
        self.assertEqual(1, len(self.bodies()))


class WaysToTheScanner(DovecotCase):
    def message(self, kind, size):
        text = "A line of a text, about as long as lines of texts are.\n" * (size // 55)
        if kind == "plain":
            return self.samples.plain(text=text)
        return getattr(self.samples, kind)(entity=self.samples.entity(text))

    def deliver_in_turn(self, steps):
        """(kind, size, users) one after another through one process of lmtp: each is itself,
        with the right outcome."""
        users_of = [(kind, self.message(kind, size), users.split()) for kind, size, users in steps]
        names = {user for _, _, users in users_of for user in users}
        with Lmtp(self.instance) as lmtp:
            for _, message, users in users_of:
                answers = lmtp.send(message, [f"{user}@example.org" for user in users])
                self.assertEqual({250}, {code for code, _ in answers}, answers)
        for user in names:
            mine = [(kind, message) for kind, message, users in users_of if user in users]
            messages = [message for kind, message in mine if kind != "encrypted"]
            self.assertEqual(messages, [without_trace(body) for body in self.bodies(user)], user)
            self.assertEqual(len(mine) - len(messages), len(self.quarantined(user)), user)
            client = Imap(self.instance, user, "INBOX")
            flagged = ["$SMIMESigned" in client.flags(uid) for uid in client.uids()]
            self.assertEqual([b"multipart/signed" in message for message in messages], flagged)
            client.logout()


class OneAfterAnother(WaysToTheScanner):
    """What goes to the scanner as a file in memory uses the last message's memory."""

    def memory_files(self):
        """By process of lmtp: the inode of what it has mapped."""
        found = {}
        for pid in self.instance.processes("lmtp"):
            lines = Path(f"/proc/{pid}/maps").read_text().splitlines()
            inodes = {line.split()[4] for line in lines if "memfd:smime" in line}
            if inodes:
                found[pid] = inodes
        return found

    def test_each_is_itself(self):
        self.deliver_in_turn([("encrypted", 900_000, "alice"), ("plain", 200_000, "bob"),
                              ("signed", 1_300_000, "alice"), ("signed", 150_000, "carol"),
                              ("plain", 3_000, "carol"), ("signed", 2_500_000, "bob"),
                              ("encrypted", 140_000, "bob"), ("signed", 1_000_000, "bob"),
                              ("signed", 400_000, "alice bob carol"), ("plain", 130_000, "alice")])

    def test_memory_is_for_one_scanner_process(self):
        message = self.message("signed", 300_000)
        files = []
        with Lmtp(self.instance) as lmtp:
            # A busy machine may let the connection to the scanner end in between.
            while len(files) < 20 and (len(files) < 2 or files[-1] != files[-2]):
                files.append(self.memory_after(lmtp, message))
            self.assertEqual(files[-2], files[-1])
            for pid in self.instance.processes("smime-scanner"):
                os.kill(pid, signal.SIGKILL)
            self.assertNotEqual(files[-1], self.memory_after(lmtp, message))

    def memory_after(self, lmtp, message):
        ((code, text),) = lmtp.send(message, "alice@example.org")
        self.assertEqual(250, code, text)
        files = self.memory_files()
        self.assertTrue(files)
        return files


class Spooled(WaysToTheScanner):
    """A large one is in a file without a name, where Dovecot has such files; not in memory."""

    steps = [("signed", 5_000_000, "alice bob"), ("encrypted", 5_000_000, "alice"),
             ("plain", 6_000_000, "bob"), ("signed", 100_000, "alice")]
    spool_parent = None

    @classmethod
    def before_start(cls):
        cls.spool = (cls.spool_parent or cls.directory) / "smime-test-spool"
        cls.spool.mkdir()
        cls.spool.chmod(0o1777)
        cls.instance.extra += f"mail_temp_dir = {cls.spool}\n"

    def spooled(self):
        """Files of the plugin's that lmtp has open: Dovecot's own have a name to the end."""
        links = [os.readlink(entry) for pid in self.instance.processes("lmtp")
                 for entry in Path(f"/proc/{pid}/fd").iterdir()]
        return [link for link in links if link.startswith(f"{self.spool}/#")]

    def test_each_is_itself(self):
        self.clear()
        self.deliver_in_turn(self.steps)
        self.assertEqual([], self.spooled())
        self.assertEqual([], list(self.spool.iterdir()))

    def test_scanner_dies_with_it(self):
        self.clear()
        message = self.message("signed", 6_000_000)
        scanners = self.instance.processes("smime-scanner")
        for pid in scanners:
            os.kill(pid, signal.SIGSTOP)
        with ThreadPoolExecutor() as pool, Lmtp(self.instance) as lmtp:
            answer = pool.submit(lmtp.send, message, "alice@example.org")
            try:
                self.look()
            finally:
                for pid in scanners:
                    os.kill(pid, signal.SIGKILL)
            ((code, text),) = answer.result(60)
        self.assertEqual(250, code, text)
        self.assertEqual([message], [without_trace(body) for body in self.bodies("alice")])
        self.assertEqual([], self.spooled())

    def test_lmtp_dies_with_it(self):
        """Nobody was told that the message is here; it is not, and nothing is left of it."""
        self.clear()
        message = self.message("signed", 6_000_000)
        scanners = self.instance.processes("smime-scanner")
        for pid in scanners:
            os.kill(pid, signal.SIGSTOP)
        try:
            with ThreadPoolExecutor() as pool, Lmtp(self.instance) as lmtp:
                answer = pool.submit(lmtp.send, message, "alice@example.org")
                self.look()
                for pid in self.instance.processes("lmtp"):
                    os.kill(pid, signal.SIGKILL)
                try:
                    ((code, _),) = answer.result(60)
                except OSError:
                    code = None
            self.assertNotEqual(250, code)
        finally:
            for pid in scanners:
                os.kill(pid, signal.SIGCONT)
        self.assertEqual([], self.bodies("alice"))
        self.assertEqual([], list(self.spool.iterdir()))
        self.assert_accepted(message)
        self.assertEqual([message], [without_trace(body) for body in self.bodies("alice")])

    def look(self):
        deadline = time.monotonic() + 20
        while self.on_disk() and not self.spooled():
            self.assertLess(time.monotonic(), deadline, "no file in the spool")
            time.sleep(0.02)

    def on_disk(self):
        """Whether its file system has files without a name, and room for them in advance."""
        probe = self.spool / "probe"
        try:
            os.close(os.open(self.spool, os.O_TMPFILE | os.O_RDWR))
        except OSError:
            return False
        done = subprocess.run(["fallocate", "-l", "4096", probe], stderr=subprocess.DEVNULL)
        probe.unlink(missing_ok=True)
        return done.returncode == 0


class SpoolFails(Spooled):
    """Its file system has no room in the middle of the message."""

    @classmethod
    def before_start(cls):
        super().before_start()
        library, script = cls.directory / "failing-spool.so", cls.directory / "lmtp"
        source = Path(__file__).resolve().parent / "failing-spool.c"
        subprocess.run(["gcc", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
        script.write_text(f"#!/bin/sh\nLD_PRELOAD={library} exec /usr/lib/dovecot/lmtp \"$@\"\n")
        script.chmod(0o755)
        cls.instance.extra += f"service lmtp {{\n  executable = {script}\n}}\n"

    def look(self):
        pass


class SpoolInMemory(Spooled):
    spool_parent = Path("/dev/shm")

    @classmethod
    def setUpClass(cls):
        kind = subprocess.run(["stat", "-f", "-c", "%T", cls.spool_parent], capture_output=True,
                              text=True).stdout.strip()
        if kind != "tmpfs":
            raise unittest.SkipTest(f"{cls.spool_parent} is {kind or 'missing'}, not in memory")
        shutil.rmtree(cls.spool_parent / "smime-test-spool", ignore_errors=True)
        super().setUpClass()

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.spool, ignore_errors=True)
        super().tearDownClass()

    def look(self):
        """There are files without a name, but of memory there is not to be more used."""
        self.assertTrue(self.on_disk())
        deadline = time.monotonic() + 1
        while time.monotonic() < deadline:
            self.assertEqual([], self.spooled())
            time.sleep(0.02)


class Rules(DovecotCase):
    settings = """
  smime_rule = mailbox=Legal/* flag=Seen-By-Rule action=deliver
  smime_rule2 = from=*@rejected.example reason="We do not take mail from there" action=reject
  smime_rule3 = from=*@later.example action=tempfail
  smime_rule4 = to=bob@* class=any-encrypted action=deliver
  smime_rule5 = mailbox=Vault reason="Nothing goes into the vault" action=reject
  smime_rule6 = class=any-encrypted reason="Nobody can look into it" action=quarantine
"""
    instance_options = {"replace_rules": True}

    def setUp(self):
        self.clear()
        for user in ("alice", "bob"):
            self.sieve(user, "keep;")

    def test_a_rule_for_a_mailbox_lets_the_message_through(self):
        self.sieve("alice", 'require ["fileinto", "mailbox"]; fileinto :create "Legal/Case";')
        encrypted = self.samples.encrypted()
        self.assert_accepted(encrypted)
        (body,) = self.bodies(mailbox="Legal/Case")
        self.assertEqual(encrypted, without_trace(body))
        self.assertEqual([], self.quarantined("alice"))
        client = Imap(self.instance, "alice", "Legal/Case")
        (uid,) = client.uids()
        self.assertIn("Seen-By-Rule", client.flags(uid))
        self.assertIn("$SMIMEEncrypted", client.flags(uid))
        client.logout()

    def test_sieve_keep_is_diverted(self):
        encrypted = self.samples.encrypted()
        self.assert_accepted(encrypted)
        (item,) = self.quarantined("alice")
        self.assertEqual("Nobody can look into it", item["reason"])
        self.assertEqual([], self.bodies())

    def test_one_mailbox_diverted_and_one_not(self):
        self.sieve("alice", 'require ["fileinto", "copy", "mailbox", "imap4flags"]; '
                            'setflag "\\\\Flagged"; fileinto :copy :create "Legal/Case"; keep;')
        encrypted = self.samples.encrypted()
        self.assert_accepted(encrypted)
        self.assertEqual([encrypted],
                         [without_trace(b) for b in self.bodies(mailbox="Legal/Case")])
        self.assertEqual(["INBOX"], [item["mailbox"] for item in self.quarantined("alice")])
        self.assertEqual([], self.bodies())

    def test_two_mailboxes_diverted(self):
        self.sieve("alice", 'require ["fileinto", "copy", "mailbox"]; '
                            'fileinto :copy :create "Projects"; keep;')
        self.assert_accepted(self.samples.encrypted())
        self.assertEqual(["INBOX", "Projects"],
                         sorted(item["mailbox"] for item in self.quarantined("alice")))

    def test_release_goes_to_the_mailbox_that_sieve_chose(self):
        self.sieve("alice", 'require ["fileinto", "mailbox"]; fileinto :create "Projects";')
        encrypted = self.samples.encrypted()
        self.assert_accepted(encrypted)
        (item,) = self.quarantined("alice")
        self.doveadm_quarantine("release", "alice", item["id"])
        self.assertEqual([encrypted], [without_trace(b) for b in self.bodies(mailbox="Projects")])

    def test_reject_is_permanent_with_the_reason(self):
        for attempt in range(3):
            ((code, text),) = self.deliver(self.samples.plain(), sender="a@rejected.example")
            self.assertEqual(550, code, text)
            self.assertIn("5.7.1", text)
            self.assertIn("We do not take mail from there", text)
        self.assertEqual([], self.bodies())

    def test_tempfail(self):
        ((code, text),) = self.deliver(self.samples.plain(), sender="a@later.example")
        self.assertEqual(451, code, text)
        self.assertEqual([], self.bodies())

    def test_sieve_cannot_get_around_a_rejection(self):
        """An implicit keep after a failed fileinto would deliver to INBOX."""
        self.sieve("alice", 'require ["fileinto", "copy", "mailbox"]; keep; '
                            'fileinto :copy :create "Vault";')
        ((code, text),) = self.deliver(self.samples.plain())
        self.assertEqual(550, code, text)
        self.assertEqual([], self.bodies())

    def test_each_recipient_gets_an_answer_of_its_own(self):
        self.sieve("bob", 'require ["fileinto", "mailbox"]; fileinto :create "Vault";')
        replies = self.deliver(self.samples.plain(), ["alice@example.org", "bob@example.org",
                                                      "carol@example.org"])
        self.assertEqual([250, 550, 250], [code for code, _ in replies], replies)
        self.assertEqual([1, 0, 1], [len(self.bodies(user)) for user in ("alice", "bob", "carol")])

    def test_recipients_diverted_and_not(self):
        encrypted = self.samples.encrypted()
        for order in (["alice@example.org", "bob@example.org"],
                      ["bob@example.org", "alice@example.org"]):
            self.clear()
            self.assert_accepted(encrypted, order)
            self.assertEqual([encrypted], [without_trace(b) for b in self.bodies("bob")])
            self.assertEqual(1, len(self.quarantined("alice")))
            self.assertEqual([], self.bodies("alice"))

    def test_discard_stays_discard(self):
        self.sieve("alice", "discard;")
        self.assert_accepted(self.samples.encrypted())
        self.assertEqual([], self.quarantined("alice"))

    def test_the_same_recipient_twice(self):
        encrypted = self.samples.encrypted()
        self.assert_accepted(encrypted, ["alice@example.org", "alice@example.org"])
        self.assertEqual(1, len(self.quarantined("alice")))


class Stores(DovecotCase):
    settings = "  smime_stores = Legal/* !Legal/Public\n"

    def setUp(self):
        self.clear()

    def filed(self, mailbox):
        self.sieve("alice", f'require ["fileinto", "mailbox"]; fileinto :create "{mailbox}";')
        self.assert_accepted(self.samples.encrypted())
        return len(self.bodies(mailbox=mailbox)), len(self.quarantined("alice"))

    def test_only_aware_mailboxes_are_subject_to_rules(self):
        self.assertEqual((1, 0), self.filed("Projects"))
        self.assertEqual((1, 0), self.filed("Legal/Public"))
        self.assertEqual((0, 1), self.filed("Legal/Case"))


class Lda(DovecotCase):
    settings = """
  smime_rule = from=*@rejected.example action=reject
  smime_rule2 = from=*@later.example action=tempfail
  smime_rule3 = class=any-encrypted action=quarantine
"""
    instance_options = {"replace_rules": True}
    extra = """
protocol lda {
  sendmail_path = /bin/false
}
"""

    def setUp(self):
        self.clear()

    def lda(self, message, sender="sender@example.org"):
        return subprocess.run(["/usr/lib/dovecot/dovecot-lda", "-c", str(self.instance.conf), "-d",
                               "alice", "-f", sender], input=message, capture_output=True,
                              timeout=60, env=self.instance.environment()).returncode

    def test_plain_and_signed_are_delivered_exact(self):
        for message in (self.samples.plain(), self.samples.signed()):
            self.assertEqual(0, self.lda(message))
        self.assertTrue(self.samples.verifies(self.bodies()[1]))

    def test_encrypted_is_quarantined_and_released(self):
        encrypted = self.samples.encrypted()
        # An MTA pipes with LF line ends.
        self.assertEqual(0, self.lda(encrypted.replace(b"\r\n", b"\n")))
        self.assertEqual([], self.bodies())
        (item,) = self.quarantined("alice")
        self.doveadm_quarantine("release", "alice", item["id"])
        self.assertTrue(self.bodies()[0].endswith(encrypted))

    def test_tempfail_is_ex_tempfail(self):
        self.assertEqual(75, self.lda(self.samples.plain(), "a@later.example"))

    def test_a_rejection_that_cannot_be_sent_is_deferred(self):
        self.assertEqual(75, self.lda(self.samples.plain(), "a@rejected.example"))
        self.assertEqual([], self.bodies())


class LdaRejection(DovecotCase):
    settings = "  smime_rule = class=plain reason=\"Not here\" action=reject\n"
    instance_options = {"replace_rules": True}

    @classmethod
    def before_start(cls):
        sink = cls.directory / "sendmail"
        cls.bounce = cls.directory / "bounce"
        sink.write_text(f"#!/bin/sh\ncat >{cls.bounce}\n")
        sink.chmod(0o755)
        cls.directory.chmod(0o777)
        cls.instance.extra = f"protocol lda {{\n  sendmail_path = {sink}\n}}\n"

    def test_the_sender_gets_a_notification(self):
        done = subprocess.run(["/usr/lib/dovecot/dovecot-lda", "-c", str(self.instance.conf), "-d",
                               "alice", "-f", "sender@example.org"], input=self.samples.plain(),
                              capture_output=True, timeout=60,
                              env=self.instance.environment())
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertIn(b"Not here", self.bounce.read_bytes())
        self.assertEqual([], self.bodies())


class Formats(DovecotCase):
    """The quarantine in other storage formats."""

    instance_options = {"location": "mdbox:~/mdbox"}

    def test_mdbox(self):
        encrypted = self.samples.encrypted()
        self.assert_accepted(encrypted)
        (item,) = self.quarantined("alice")
        self.doveadm_quarantine("release", "alice", item["id"])
        self.assertEqual([encrypted], [without_trace(b) for b in self.bodies()])
        self.assertEqual([], self.quarantined("alice"))


class Sdbox(Formats):
    instance_options = {"location": "sdbox:~/sdbox"}

    def test_mdbox(self):
        super().test_mdbox()


class Quota(DovecotCase):
    """The plugin decides above quota and others; the quarantine is outside it."""

    extra = ("plugin {\n  quota = count:User quota\n  quota_vsizes = yes\n"
             "  quota_rule = *:storage=100k\n}\nprotocol imap {\n  mail_plugins = $mail_plugins "
             "imap_quota\n}\n")
    instance_options = {"global_plugins": "quota"}

    def used(self, user):
        client = Imap(self.instance, user)
        _, (_, (line,)) = client.getquotaroot("INBOX")
        client.logout()
        return int(line.decode().split("STORAGE ")[1].split()[0])

    def test_quarantined_mail_is_not_counted(self):
        self.assert_accepted(self.samples.encrypted())
        self.assertEqual([], self.bodies())
        (item,) = self.quarantined("alice")
        self.assertEqual(0, self.used("alice"))
        self.doveadm_quarantine("release", "alice", item["id"])
        self.assertGreater(self.used("alice"), 0)

    def test_over_quota_a_release_fails_and_loses_nothing(self):
        large = self.samples.encrypted(entity=self.samples.entity("x" * 70000))
        for number in range(4):
            self.assert_accepted(b"X-Number: %d\r\n" % number + large, "bob@example.org")
        items = [item["id"] for item in self.quarantined("bob")]
        self.assertEqual(4, len(items))
        _, results = self.doveadm_quarantine("release", "bob", *items, check=False)
        failed = [row["id"] for row in results if "quota" in row["result"].lower()]
        self.assertTrue(failed, results)
        self.assertEqual(failed, [item["id"] for item in self.quarantined("bob")])
        self.assertEqual(4 - len(failed), len(self.bodies("bob")))


class FullTextSearch(DovecotCase):
    """Debian's fts_squat ends with signal 11 in a stock Dovecot, so that only what
    fts would read of the settings is looked at."""

    settings = "  fts_autoindex = yes\n  fts_autoindex_exclude = Trash\n"
    # 2.4 knows the settings of a plugin that is loaded alone.
    instance_options = {"global_plugins": "fts" if dovecot_conf.IS_24 else ""}

    def test_the_quarantine_is_left_out(self):
        for user in ("alice", "bob"):
            self.assert_accepted(self.samples.encrypted(), f"{user}@example.org")
        done = self.instance.doveadm("smime", "status", "-A")
        by = (b"fts_autoindex=no for mailbox Quarantine" if dovecot_conf.IS_24 else
              b"fts_autoindex_exclude2=Quarantine")
        self.assertEqual(3, done.stdout.count(b"left out by " + by))
