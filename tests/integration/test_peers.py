"""Who asks the scanner: for the mail system alone the escrow key is used, and nobody else
can keep the scanner from it."""

import os
import re
import threading
import time
import unittest

from case import DovecotCase
from clients import Imap, Lmtp
from scanner_peer import NOBODY, Hostile, NotAnswered, answer_to, ask_as, report_of
from test_engine import encrypted, opaque, entity_of

OWN_SERVICE = "service smime-scanner {\n  unix_listener smime-scanner {\n    mode = 0666\n  }\n}\n"


def make_escrow_key(samples):
    if not (samples.dir / "escrow.pem").exists():
        samples.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-keyout",
                        "escrow.key", "-out", "escrow.pem", "-subj", "/CN=Escrow")
        (samples.dir / "escrow.key").chmod(0o600)
    return (f"escrow_key = {samples.dir}/escrow.key\n"
            f"escrow_certificate = {samples.dir}/escrow.pem\n")


@unittest.skipIf(os.geteuid() != 0, "only root can be other users")
class PeerCase(DovecotCase):
    instance_options = {"replace_rules": True}
    settings = "smime_rule = scan=uninspectable action=reject\n"
    trusted_users = ""

    @classmethod
    def before_start(cls):
        cls.instance.scanner_conf = make_escrow_key(cls.samples) + cls.trusted_users
        cls.message = encrypted(cls.samples, entity_of(opaque(
            cls.samples, b"Content-Type: text/plain\r\n\r\nhello\r\n")), "user.pem", "escrow.pem")

    @property
    def socket(self):
        return str(self.instance.base_dir / "smime-scanner")

    def append(self, message):
        client = Imap(self.instance, "alice")
        try:
            return client.append("INBOX", None, None, message)[0]
        finally:
            client.logout()

    def assert_inside(self, answer):
        report = report_of(answer)
        self.assertEqual(["opaque-signed", "encrypted"], report["class"])
        self.assertEqual([], report["uninspectable"])
        return report

    def assert_without_inside(self, answer):
        """Just what a scanner says that has no key."""
        report = report_of(answer)
        self.assertEqual(["encrypted"], report["class"])
        self.assertEqual(["smime-encrypted"], [u["reason"] for u in report["uninspectable"]])
        self.assertEqual("unknown", report["signature"]["status"])
        self.assertEqual(1, len(report["layers"]))


class AsShipped(PeerCase):
    def test_the_mail_system_s_socket_is_its_own(self):
        self.assert_inside(answer_to(self.socket, self.message))
        with self.assertRaisesRegex(NotAnswered, "Permission denied"):
            ask_as(NOBODY, self.socket, self.message)

    def test_the_users_socket_never_has_the_key(self):
        as_nobody = ask_as(NOBODY, self.socket + "-user", self.message)
        self.assert_without_inside(as_nobody)
        self.assertEqual(as_nobody, answer_to(self.socket + "-user", self.message))

    def test_lmtp_is_trusted_whoever_the_recipient_is(self):
        self.assert_accepted(self.message)
        reply = self.deliver(encrypted(self.samples, b"x"))[0]
        self.assertEqual(550, reply[0], reply)

    def test_doveadm_for_several_users_is_trusted(self):
        """It puts root's rights aside for one user after another, as lmtp does."""
        self.assert_accepted(self.message)
        done = self.instance.doveadm("-f", "flow", "smime", "verify", "-A", "all", check=False)
        self.assertIn(b"signer=sender@example.org", done.stdout, done.stderr)
        self.assertNotIn(b"seteuid", done.stderr)

    def test_imap_is_a_user_s(self):
        """Its mail gets a report; what that report cannot tell, it does not."""
        self.assertEqual("NO", self.append(self.message))
        self.assertEqual("OK", self.append(self.samples.plain()))


class Trusted(PeerCase):
    """A site with one user for all mail names it."""

    trusted_users = "trusted_users = mail\n"
    extra = ("service smime-scanner {\n  unix_listener smime-scanner {\n    user = mail\n  }\n}\n")

    def test_imap_of_a_trusted_user(self):
        self.assertEqual("OK", self.append(self.message))
        self.assert_accepted(self.message)

    def test_others_are_not(self):
        self.assert_without_inside(ask_as(NOBODY, self.socket + "-user", self.message))


class OneOpenSocket(PeerCase):
    """A configuration of an older version."""

    extra = OWN_SERVICE

    def test_it_works_and_is_safe(self):
        self.assert_accepted(self.message)
        self.assert_inside(answer_to(self.socket, self.message))
        self.assert_without_inside(ask_as(NOBODY, self.socket, self.message))
        self.assertEqual("NO", self.append(self.message))
        self.assertEqual("OK", self.append(self.samples.plain()))

    def test_status_says_so(self):
        done = self.instance.doveadm("-f", "flow", "smime", "status", check=False)
        self.assertRegex(done.stdout.decode(), r"check=sockets state=warning.*mode 666")


class UsersSocketIsMissing(PeerCase):
    """conf.d of this version in part: lmtp goes on, and what fails says why."""

    @classmethod
    def before_start(cls):
        super().before_start()
        shipped = cls.instance._shipped_conf
        cls.instance._shipped_conf = lambda: re.sub(r"unix_listener smime-scanner-user",
                                                    "unix_listener another", shipped())

    def test_it(self):
        self.assert_accepted(self.message)
        self.assertEqual("NO", self.append(self.samples.plain()))
        self.assert_logged("smime-scanner-user) failed: No such file or directory: service "
                           "smime-scanner-user of 90-smime.conf is missing")
        done = self.instance.doveadm("-f", "flow", "smime", "status", check=False)
        self.assertRegex(done.stdout.decode(),
                         r"check=sockets state=error setting=service smime-scanner-user")


class OwnSocketIsMissing(PeerCase):
    """lmtp is not served by the users' scanner instead, which would not look inside."""

    settings = PeerCase.settings + "smime_scanner_timeout = 3s\n"

    def test_it(self):
        os.unlink(self.socket)
        self.assertEqual(451, self.deliver(self.message)[0][0])
        self.assertEqual("NO", self.append(self.samples.plain()))
        self.assert_logged("smime-scanner) failed: No such file or directory")


class UnknownUser(PeerCase):
    trusted_users = "trusted_users = mail nosuchuser\n"
    settings = PeerCase.settings + "smime_scanner_timeout = 3s\n"

    def test_it_is_an_error_of_the_configuration(self):
        self.assertEqual(451, self.deliver(self.samples.plain())[0][0])
        words = 'trusted_users: there is no user "nosuchuser"'
        self.assert_logged(words)
        done = self.instance.doveadm("-f", "flow", "smime", "status", check=False)
        self.assertIn(words, done.stdout.decode().replace('\\"', '"'))


class Starvation(PeerCase):
    """A hostile user holds many connections while mail comes in."""

    count = 60

    def load(self, seconds, senders=4):
        """Replies to deliveries, with the time that each took."""
        replies = []
        end = time.monotonic() + seconds

        def send():
            with Lmtp(self.instance) as lmtp:
                while time.monotonic() < end:
                    began = time.monotonic()
                    code, text = lmtp.send(self.samples.plain(), "alice@example.org")[0]
                    replies.append((code, text, time.monotonic() - began))
        threads = [threading.Thread(target=send) for _ in range(senders)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return replies

    def assert_delivers(self, paths, slowest):
        with Hostile(paths, self.count):
            time.sleep(1)
            replies = self.load(8)
        self.assertEqual({250}, {code for code, _, _ in replies}, replies[-3:])
        self.assertGreater(len(replies), 20)
        self.assertLess(max(took for _, _, took in replies), slowest)
        self.assertNotIn("no report on the message", self.instance.settled_log())
        self.clear("alice")

    def test_deliveries_go_on(self):
        self.assert_delivers([self.socket, self.socket + "-user"], 5)

    def test_another_user_s_saves_go_on(self):
        with Hostile([self.socket + "-user"], self.count):
            time.sleep(1)
            for _ in range(10):
                self.assertEqual("OK", self.append(self.samples.plain()))

    def test_several_users_together_leave_room(self):
        with Hostile([self.socket + "-user"], 10, range(NOBODY - 6, NOBODY),
                     kinds=1):
            time.sleep(1)
            for _ in range(10):
                began = time.monotonic()
                self.assertEqual("OK", self.append(self.samples.plain()))
                self.assertLess(time.monotonic() - began, 5)

    def test_a_user_has_few_connections(self):
        with Hostile([self.socket + "-user"], self.count):
            deadline = time.monotonic() + 20
            answer = b""
            while answer != b"busy\n" and time.monotonic() < deadline:
                try:
                    answer = ask_as(NOBODY, self.socket + "-user", self.samples.plain())
                except NotAnswered:
                    pass
            self.assertEqual(b"busy\n", answer)
        self.assert_answered_soon()

    def assert_answered_soon(self):
        """The places are free once their processes are through with them."""
        deadline = time.monotonic() + 10
        while b'"plain"' not in (answer := ask_as(NOBODY, self.socket + "-user",
                                                  self.samples.plain())):
            self.assertLess(time.monotonic(), deadline, answer)
            time.sleep(0.2)


class StarvationOfOneSocket(Starvation):
    """With the one open socket of an older configuration, too."""

    extra = OWN_SERVICE

    def test_deliveries_go_on(self):
        self.assert_delivers([self.socket], 20)

    test_another_user_s_saves_go_on = None
    test_several_users_together_leave_room = None
    test_a_user_has_few_connections = None
