"""One message with several recipients: Dovecot makes a delivery of it for each."""

from case import DovecotCase
from clients import without_trace
from fake_scanner import CountingProxy

RECIPIENTS = [f"{user}@example.org" for user in ("alice", "bob", "carol", "user4", "user5")]


class Recipients(DovecotCase):
    settings = "  smime_scanner_socket = proxy\n"
    instance_options = {"users": [address.partition("@")[0] for address in RECIPIENTS]}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.proxy = CountingProxy(cls.instance.base_dir / "proxy",
                                  cls.instance.base_dir / "smime-scanner")
        cls.addClassCleanup(cls.proxy.stop)

    def setUp(self):
        self.users = self.instance_options["users"]
        self.clear(*self.users)
        self.proxy.limit = None

    def scans(self, message, recipients=RECIPIENTS):
        """How many it takes to deliver the message to all."""
        before = self.proxy.scans
        for code, text in self.deliver(message, recipients):
            self.assertEqual(250, code, text)
        return self.proxy.scans - before

    def messages_of(self, user):
        return [without_trace(b) for b in self.bodies(user)]

    def assert_everyone_has(self, message):
        for user in self.users:
            self.assertEqual([message], self.messages_of(user))

    def test_plain_mail_is_scanned_as_it_came_and_as_the_first_mailbox_has_it(self):
        large = self.samples.plain(text="A line of text.\n" * 400_000)
        for message in (self.samples.plain(), large):
            with self.subTest(size=len(message)):
                self.clear(*self.users)
                self.assertLessEqual(self.scans(message), 2)
                self.assert_everyone_has(message)

    def test_signed_mail(self):
        message = self.samples.signed()
        self.assertLessEqual(self.scans(message), 2)
        self.assert_everyone_has(message)
        for user in self.users:
            done = self.instance.doveadm("-f", "flow", "fetch", "-u", user, "flags", "mailbox",
                                         "INBOX")
            self.assertIn(b"$SMIMESigned", done.stdout)
            done = self.instance.doveadm("-f", "flow", "smime", "audit", "-u", user)
            self.assertIn(b"result=ok", done.stdout)

    def test_encrypted_mail_is_in_each_quarantine(self):
        message = self.samples.encrypted()
        self.assertEqual(1, self.scans(message))
        for user in self.users:
            self.assertEqual([], self.bodies(user))
            (item,) = self.quarantined(user)
            self.doveadm_quarantine("release", user, item["id"])
        self.assert_everyone_has(message)

    def test_another_message_is_scanned(self):
        message = self.samples.plain(text="one\n")
        other = message.replace(b"one", b"two")
        self.scans(message)
        self.assertGreaterEqual(self.scans(other), 1)

    def test_a_message_with_one_recipient_is_scanned_each_time(self):
        message = self.samples.plain()
        for _ in range(2):
            self.assertEqual(1, self.scans(message, RECIPIENTS[:1]))

    def test_a_scanner_that_fails_is_asked_again(self):
        message = self.samples.plain(text="asked again\n")
        self.proxy.limit = self.proxy.scans
        for code, text in self.deliver(message, RECIPIENTS):
            self.assertEqual(451, code, text)
        self.proxy.limit = None
        self.assertLessEqual(self.scans(message), 2)
        self.assert_everyone_has(message)

    def test_a_scanner_that_goes_between_recipients(self):
        message = self.samples.plain(text="the first one alone\n")
        self.proxy.limit = self.proxy.scans + 1
        codes = [code for code, _ in self.deliver(message, RECIPIENTS)]
        self.assertEqual(250, codes[0])
        self.assertIn(451, codes)
        for user, code in zip(self.users, codes, strict=True):
            self.assertEqual([message] if code == 250 else [], self.messages_of(user))

    def test_a_scanner_that_goes_when_it_said_that_mail_is_encrypted(self):
        message = self.samples.encrypted()
        self.proxy.limit = self.proxy.scans + 1
        self.scans(message)
        for user in self.users:
            self.assertEqual([], self.bodies(user))
            self.assertEqual(1, len(self.quarantined(user)))
