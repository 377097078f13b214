"""Bad input and failure: nothing is lost, the process lives, the answer is 4xx
until the message is on disk."""

import os
import signal
import threading
import unittest
from pathlib import Path

import dovecot_conf
from case import ROOT, DovecotCase
from clients import Imap, Lmtp, without_trace
from fake_scanner import MISBEHAVIOURS, FakeScanner, WrongProxy, close_after_request
from instance import age_of


class ScannerGone(DovecotCase):
    settings = "  smime_scanner_socket = nowhere\n"

    def test_mail_is_deferred_and_the_log_says_why(self):
        ((code, text),) = self.deliver(self.samples.plain())
        self.assertEqual(451, code, text)
        self.assertIn("S/MIME scanner is not available", text)
        self.assert_logged("nowhere) failed: No such file")
        self.assertEqual([], self.bodies())

    def test_status_says_what_is_wrong(self):
        done = self.instance.doveadm("smime", "status", "-u", "alice", check=False)
        self.assertEqual(78, done.returncode)
        self.assertIn(b"nowhere", done.stdout)
        self.assertIn(b"service smime-scanner", done.stdout)


class ScannerGoneQuarantine(DovecotCase):
    settings = ("  smime_scanner_socket = nowhere\n  smime_scanner_failure = quarantine\n"
                "  smime_rule9 = class=malformed action=reject\n")

    def setUp(self):
        self.clear()

    def test_it_is_held_for_each_mailbox(self):
        """What stands in for a report is kept with the message, and asks no rule."""
        self.sieve("alice", 'require ["fileinto", "mailbox"]; fileinto :create "Work"; keep;')
        self.addCleanup(self.sieve, "alice", "keep;")
        self.assert_accepted(self.samples.encrypted())
        self.assertEqual(["INBOX", "Work"],
                         sorted(item["mailbox"] for item in self.quarantined("alice")))

    def test_mail_is_quarantined(self):
        plain = self.samples.plain()
        users = ["alice@example.org", "bob@example.org"]
        self.assert_accepted(plain, users)
        for user in ("alice", "bob"):
            (item,) = self.quarantined(user)
            self.assertIn("no report", item["reason"])
            self.doveadm_quarantine("release", user, item["id"])
            self.assertEqual([plain], [without_trace(b) for b in self.bodies(user)])


class ScannerGoneDeliver(DovecotCase):
    settings = ("  smime_scanner_socket = nowhere\n  smime_scanner_failure = deliver\n"
                "  smime_rule9 = class=malformed action=reject\n")

    def setUp(self):
        self.clear()

    def test_mail_is_delivered(self):
        encrypted = self.samples.encrypted()
        self.assert_accepted(encrypted)
        self.assertEqual([encrypted], [without_trace(b) for b in self.bodies()])
        self.assert_logged("no report on the message")

    def test_it_is_delivered_to_each_mailbox(self):
        """What becomes of the first says nothing of the second."""
        self.sieve("alice", 'require ["fileinto", "mailbox"]; fileinto :create "Work"; keep;')
        self.addCleanup(self.sieve, "alice", "keep;")
        encrypted = self.samples.encrypted()
        self.assert_accepted(encrypted)
        for mailbox in ("Work", "INBOX"):
            self.assertEqual([encrypted], [without_trace(b) for b in self.bodies("alice", mailbox)])
        self.assertEqual([], self.quarantined("alice"))


class ScannerMisbehaves(DovecotCase):
    settings = "  smime_scanner_socket = fake\n  smime_scanner_timeout = 2s\n"

    def test_each_misbehaviour_is_a_deferral(self):
        large = self.samples.plain(text="x" * 70 + "\n" + ("y" * 70 + "\n") * 20000)
        for name, behave in MISBEHAVIOURS.items():
            for message in (self.samples.plain(), large):
                with self.subTest(misbehaviour=name, size=len(message)):
                    scanner = FakeScanner(self.instance.base_dir / "fake", behave)
                    try:
                        ((code, text),) = self.deliver(message)
                    finally:
                        scanner.stop()
                    self.assertEqual(451, code, text)
        self.assertEqual([], self.bodies())
        for sign in ("killed with signal", "Panic", "Fatal"):
            self.assertNotIn(sign, self.instance.log())


def is_at_work(pid):
    """Whether a scanner process is behind its system call filter: it serves from then on."""
    try:
        return "\nSeccomp:\t2\n" in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


class ScannerKilled(DovecotCase):
    """kill -9 again and again: what got 250 is in a mailbox once, what did not
    got 4xx and is in none."""

    settings = "  smime_scanner_timeout = 1s\n"
    deliveries = 1000
    # Kill also processes that are just starting, until a message was deferred.
    merciless = False

    def killer(self, stop):
        """Spares processes that are just starting: Dovecot's master takes those
        for a service that cannot start, and waits up to a minute before the next."""
        while not stop.is_set():
            for pid in self.instance.processes("smime-scanner"):
                if not self.merciless and (age_of(pid) < 0.25 or not is_at_work(pid)):
                    continue
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            stop.wait(0.01)

    def message(self, number):
        mark = f"Subject: number {number}\r\nX-Number: {number}\r\n".encode()
        return mark + (self.encrypted if number % 2 else self.plain)

    def run_deliveries(self):
        outcomes = {}
        lmtp = Lmtp(self.instance)
        for number in range(self.deliveries):
            ((code, _),) = lmtp.send(self.message(number), "alice@example.org")
            outcomes[number] = code
            self.merciless = number >= 500 and 451 not in outcomes.values()
        lmtp.close()
        return outcomes

    def test_every_message_is_somewhere_once_or_deferred(self):
        filler = "z" * 70 + "\n"
        self.plain = self.samples.plain(text=filler * 4000)
        self.encrypted = self.samples.encrypted(
            entity=self.samples.entity(filler * 4000))
        stop = threading.Event()
        thread = threading.Thread(target=self.killer, args=(stop,))
        thread.start()
        try:
            outcomes = self.run_deliveries()
        finally:
            stop.set()
            thread.join()
        self.assertEqual({250, 451} | set(outcomes.values()), {250, 451})
        accepted = {n for n, code in outcomes.items() if code == 250}
        deferred = set(outcomes) - accepted
        found = self.numbers_in("INBOX") + self.numbers_in("Quarantine")
        self.assertEqual(sorted(found), sorted(set(found)), "a message is there twice")
        self.assertEqual(accepted, set(found))
        held = set(self.numbers_in("Quarantine"))
        self.assertLessEqual({n for n in accepted if n % 2}, held)
        # One that no scanner outlived in three attempts, while another message had its report,
        # counts as one that the scanner fails on.
        reasons = [item["reason"] for item in self.quarantined("alice")]
        self.assertLessEqual(sum(n % 2 == 0 for n in held), reasons.count(ScannerEnds.FAILS))
        killed = self.instance.settled_log().count("killed with signal 9")
        lost = self.instance.settled_log().count("no report on the message")
        print(f"[{len(accepted)} accepted, {len(deferred)} deferred, {killed} scanners killed] ",
              end="", flush=True)
        self.assertEqual(len(deferred) + reasons.count(ScannerEnds.FAILS), lost)
        # The test says something only if all of this happened.
        self.assertGreater(len(accepted), 100)
        self.assertGreater(len(deferred), 0)
        self.assertGreater(killed, 20)

    def numbers_in(self, mailbox):
        lines = self.instance.doveadm("-f", "flow", "fetch", "-u", "alice", "hdr.x-number",
                                      "mailbox", mailbox).stdout.decode().split()
        return [int(line.split("=")[1]) for line in lines if "=" in line]


class ScannerEnds(DovecotCase):
    """The scanner ends with one message, every time, and is well otherwise."""

    forgiven = ("killed with signal",)
    WORDS = "these words end the scanner"
    FAILS = "The scanner fails on this message every time, and works for others"
    failure = "tempfail"

    @classmethod
    def before_start(cls):
        cls.instance.settings += f"  smime_scanner_failure = {cls.failure}\n"
        program = cls.directory / "scanner"
        program.write_text(f"#!/bin/sh\nLD_PRELOAD={ROOT}/libfailing-scanner.so "
                           f'exec {ROOT}/usr/lib/dovecot/smime-scanner "$@"\n')
        program.chmod(0o755)
        for name, option in (("smime-scanner", ""), ("smime-scanner-user", " --no-escrow")):
            cls.instance.extra += (f"service {name} {{\n  executable = {program}{option} -c "
                                   f"{cls.instance.dir}/smime-scanner.conf\n}}\n")

    def setUp(self):
        self.clear("alice", "bob")
        for user in ("alice", "bob"):
            for item in self.quarantined(user):
                self.doveadm_quarantine("delete", user, item["id"])
        self.message = self.with_attachment(f"Indeed {self.WORDS}.\n")

    def assert_held(self):
        self.assertEqual(250, self.deliver(self.message)[0][0])
        (item,) = self.quarantined("alice")
        self.assertEqual(self.FAILS, item["reason"])

    @staticmethod
    def with_attachment(text):
        return (b"Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: application/octet-stream\r\n\r\n\1\2\3" +
                text.replace("\n", "\r\n").encode())

    def append(self, message):
        client = Imap(self.instance, "bob")
        try:
            return client.append("INBOX", None, None, message)
        finally:
            client.logout()


class ScannerEndsTempfail(ScannerEnds):
    settings = "  smime_rule4 = origin=append class=signed action=reject\n"

    def test_it_is_held_in_the_first_try_and_given_back(self):
        for message in (self.message, self.with_attachment(f"{self.WORDS}\n" + "xyz\n" * 100_000)):
            self.assertEqual(250, self.deliver(message)[0][0])
            (item,) = self.quarantined("alice")
            self.assertEqual(self.FAILS, item["reason"])
            _, (shown,) = self.doveadm_quarantine("show", "alice", item["id"])
            self.assertEqual("scanner", shown["rule"])
            self.doveadm_quarantine("release", "alice", item["id"])
            self.assertEqual([message], [without_trace(b) for b in self.bodies()])
            self.clear("alice")
        self.assert_logged("no report on the message: the scanner ended the connection without an "
                           "answer, 3 times for this message, and reports on another")

    def test_it_is_held_once(self):
        for _ in range(2):
            self.assertEqual(250, self.deliver(self.message)[0][0])
        self.assertEqual(1, len(self.quarantined("alice")))

    def test_others_are_delivered(self):
        with Lmtp(self.instance) as lmtp:
            for message in (self.samples.plain(), self.message, self.samples.plain()):
                self.assertEqual(250, lmtp.send(message, "alice@example.org")[0][0])
        self.assertEqual(2, len(self.bodies()))
        self.assertEqual(1, len(self.quarantined("alice")))

    def test_what_a_client_saves(self):
        status, text = self.append(self.message)
        self.assertEqual("NO", status)
        (item,) = self.quarantined("bob")
        self.assertIn(self.FAILS, str(text))
        self.assertIn(item["id"], str(text))
        self.assertEqual("OK", self.append(self.samples.plain())[0])

    def test_a_scanner_that_ends_with_every_message_defers(self):
        scanner = FakeScanner(self.instance.base_dir / "smime-scanner", close_after_request)
        try:
            self.assertEqual(451, self.deliver(self.message)[0][0])
            self.assertEqual(3, scanner.requests)
        finally:
            scanner.stop()
            self.instance.stop()
            self.instance.start()
        self.assertEqual([], self.quarantined("alice"))


class ScannerEndsDeliver(ScannerEnds):
    failure = "deliver"

    def test_it_is_delivered(self):
        self.assertEqual(250, self.deliver(self.message)[0][0])
        self.assertEqual([self.message], [without_trace(b) for b in self.bodies()])
        self.assertEqual([], self.quarantined("alice"))


class ScannerEndsQuarantine(ScannerEnds):
    failure = "quarantine"

    def test_it_says_why(self):
        self.assert_held()


class ScannerEndsAtArrival(ScannerEnds):
    settings = "  smime_rule4 = class=signed when=arrival action=quarantine\n"

    def test_no_script_sees_it(self):
        self.sieve("alice", "discard;")
        self.addCleanup(self.sieve, "alice", "keep;")
        self.assert_held()


class ScannerIsWrong(DovecotCase):
    """What it says of one message is no report, and of others is one."""

    settings = "  smime_scanner_socket = proxy\n"

    def test_each_is_held(self):
        for name, answer in {"an error": b"error\tno\n", "no JSON": b"report\t5\nhello",
                             "half a report": b"report\t100\n{", "garbage": b"\0" * 600}.items():
            with self.subTest(name):
                proxy = WrongProxy(self.instance.base_dir / "proxy",
                                   self.instance.base_dir / "smime-scanner", answer)
                try:
                    self.assertEqual(250, self.deliver(self.samples.plain(subject=name))[0][0])
                finally:
                    proxy.stop()
                self.assertEqual(3, proxy.wrong)
        self.assertEqual([ScannerEnds.FAILS] * 4,
                         [item["reason"] for item in self.quarantined("alice")])
        self.assertEqual([], self.bodies())


@unittest.skipIf(dovecot_conf.IS_24, "doveconf refuses them: see test_settings24")
class BadSettings(DovecotCase):
    settings = ("  smime_rule = class=any-encrypted action=quarantaine\n"
                "  smime_rule2 = clas=signed action=deliver\n"
                "  smime_stroes = INBOX\n")

    def test_mail_is_deferred_and_told_why(self):
        ((code, text),) = self.deliver(self.samples.plain())
        self.assertEqual(451, code, text)
        log = self.instance.settled_log()
        self.assertIn('smime_rule: "quarantaine" is no value for action', log)
        self.assertIn('smime_rule2: unknown key "clas"', log)
        self.assertIn("smime_stroes: unknown setting", log)

    def test_mail_can_still_be_read(self):
        self.assertEqual([], self.bodies())

    def test_status_names_the_settings(self):
        done = self.instance.doveadm("smime", "status", "-u", "alice", check=False)
        self.assertEqual(78, done.returncode)
        for word in (b"quarantaine", b"clas", b"smime_stroes", b"deferred"):
            self.assertIn(word, done.stdout)


class BadScannerConf(DovecotCase):
    instance_options = {"scanner_conf": "max_parts = 10\nmax_dept = 5\n"}
    settings = "  smime_scanner_timeout = 2s\n"

    def test_the_line_and_the_word_are_logged_and_mail_deferred(self):
        ((code, text),) = self.deliver(self.samples.plain())
        self.assertEqual(451, code, text)
        self.assert_logged('smime-scanner.conf:2: unknown setting "max_dept"')


class QuarantineUnwritable(DovecotCase):
    settings = "  smime_quarantine_mailbox = Blocked\n"

    def test_mail_is_deferred_not_lost(self):
        self.assert_accepted(self.samples.plain())
        blocked = self.instance.home("alice") / "Maildir" / ".Blocked"
        blocked.write_text("a file where a folder should be")
        ((code, text),) = self.deliver(self.samples.encrypted())
        self.assertEqual(451, code, text)
        self.assert_logged("smime_quarantine_mailbox=Blocked failed")
        self.assertEqual(1, len(self.bodies()))
        blocked.unlink()
        self.assert_accepted(self.samples.encrypted())
        self.assertEqual(1, len(self.quarantined("alice")))


def many_parts(count):
    part = b"--b\r\nContent-Type: text/plain\r\n\r\nx\r\n"
    return (b"Subject: parts\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
            + part * count + b"--b--\r\n")


def many_levels(count):
    head = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n)
                    for n in range(count))
    return b"Subject: levels\r\nMIME-Version: 1.0\r\n" + head + b"\r\nx\r\n"


HOSTILE = {
    "no header": b"\r\nbody alone\r\n",
    "no body": b"Subject: head alone\r\n\r\n",
    "nothing": b"\r\n",
    "10,000 parts": many_parts(10000),
    "1,000 levels": many_levels(1000),
    "boundary never closes": b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n",
    "boundary never opens": b"Content-Type: multipart/mixed; boundary=b\r\n\r\nx\r\n",
    "header without end": b"Content-Type: text/plain;" + b" x=y;\r\n" * 50000 + b"\r\n",
    "one long line": b"Subject: long\r\n\r\n" + b"x" * 2000000 + b"\r\n",
    "NULs": b"Subject: nul\r\n\r\na\x00b\r\n",
    "8-bit headers": b"Subject: \xff\xfe\r\nContent-Type: \xff/\xfe; name=\xff\r\n\r\nx\r\n",
    "dots": b"Subject: dots\r\n\r\n.\r\n..\r\n.x\r\n",
    "forged block": b"X-SMIME-Quarantine-Id: " + b"f" * 32 + b"\r\n\r\nx\r\n",
}


class HostileMessages(DovecotCase):
    """In the configuration as it is shipped."""

    def test_each_is_delivered_or_quarantined(self):
        for name, message in HOSTILE.items():
            with self.subTest(message=name):
                self.clear("alice")
                self.assert_accepted(message)
                inbox, items = self.bodies(), self.quarantined("alice")
                self.assertEqual(1, len(inbox) + len(items))
                if items:
                    self.doveadm_quarantine("release", "alice", items[0]["id"])
                    inbox = self.bodies()
                if b"\x00" not in message:
                    self.assertTrue(inbox[0].endswith(message), inbox[0][-200:])

    def test_a_limit_that_is_met_is_malformed(self):
        self.clear("alice")
        self.assert_accepted(HOSTILE["1,000 levels"])
        (item,) = self.quarantined("alice")
        self.assertEqual("malformed", item["class"])
        _, (shown,) = self.doveadm_quarantine("show", "alice", item["id"])
        self.assertIn("limit-exceeded", shown["report"])

    def test_encrypted_behind_a_limit_is_not_plain(self):
        """What was not looked into is never called clean."""
        hidden = many_levels(200)[:-5] + self.samples.encrypted()
        self.clear("alice")
        self.assert_accepted(hidden)
        self.assertEqual(1, len(self.quarantined("alice")))

    def test_a_hostile_original_cannot_forge_a_record(self):
        forged = b"".join(
            b"X-SMIME-Quarantine-%s: %s\r\n" % (name, value) for name, value in (
                (b"Id", b"f" * 32), (b"Time", b"t"), (b"Mailbox", b"INBOX"), (b"From", b"x"),
                (b"To", b"x"), (b"Rule", b"x"), (b"Reason", b"x"), (b"Report", b"{}"),
                (b"SHA256", b"0" * 64)))
        original = forged + self.samples.encrypted()
        self.clear("alice")
        self.assert_accepted(original)
        (item,) = self.quarantined("alice")
        self.assertNotEqual("f" * 32, item["id"])
        self.doveadm_quarantine("release", "alice", item["id"])
        self.assertEqual(original, without_trace(self.bodies()[0]))


class TimeOut(DovecotCase):
    """A client that stops in the middle of DATA leaves nothing behind."""

    def test_lmtp_client_that_goes_away(self):
        for _ in range(5):
            lmtp = Lmtp(self.instance)
            lmtp.expect(lmtp.command("MAIL FROM:<a@example.org>"), 250)
            lmtp.expect(lmtp.command("RCPT TO:<alice@example.org>"), 250)
            lmtp.expect(lmtp.command("DATA"), 354)
            lmtp.socket.sendall(self.samples.encrypted()[:500])
            lmtp.close()
        self.assert_accepted(self.samples.plain())
        self.assertEqual(1, len(self.bodies()))
        self.assertEqual([], self.quarantined("alice"))
