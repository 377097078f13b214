"""The quarantine is outside the quota plugin's limit on the size of one message, and outside
the quota."""

import contextlib

from case import DovecotCase
from clients import without_trace
from test_access import RawImap

LIMIT = 6000


class Quota(DovecotCase):
    settings = ("  smime_rule = to=alice@* action=quarantine\n"
                "  smime_rule2 = origin=append mailbox=Notes action=quarantine\n"
                f"  quota = count:User quota\n  quota_rule = *:storage=20k\n"
                f"  quota_vsizes = yes\n  quota_max_mail_size = {LIMIT}\n")
    instance_options = {"replace_rules": True, "global_plugins": "quota"}

    def setUp(self):
        self.clear()

    def padded(self, size):
        """The message that has this size when it is delivered to bob."""
        short = self.samples.plain(text="\n")
        self.assert_accepted(short, "bob@example.org")
        (kept,) = self.bodies("bob")
        self.clear("bob")
        missing = size - len(kept)
        lines, rest = divmod(missing, 72)
        return short + (b"z" * 70 + b"\r\n") * (lines - 1) + b"z" * (70 + rest) + b"\r\n"

    def codes(self, message, user):
        return [code for code, _ in self.deliver(message, f"{user}@example.org")]

    def test_around_the_limit(self):
        for size, delivered in ((LIMIT - 600, 250), (LIMIT, 250), (LIMIT + 1, 451)):
            with self.subTest(size):
                self.clear("alice", "bob")
                message = self.padded(size)
                self.assertEqual([delivered], self.codes(message, "bob"))
                # One letter more than bob's in the address stands in two fields.
                message = message[:-6] + b"\r\n"
                self.assertEqual([250], self.codes(message, "alice"))
                (item,) = self.quarantined("alice")
                done, (result,) = self.doveadm_quarantine("release", "alice", item["id"],
                                                          check=False)
                if delivered == 250:
                    self.assertEqual("released", result["result"], done.stderr)
                    self.assertEqual([message], [without_trace(b) for b in self.bodies("alice")])
                else:
                    self.assertIn("failed", result["result"])
                    self.assertEqual([item], self.quarantined("alice"))
                    self.doveadm_quarantine("delete", "alice", item["id"])

    def test_encoded(self):
        message = self.padded(LIMIT - 100)[:-8] + b"\r"
        ((code, text),) = self.deliver(message, bdat=True)
        self.assertEqual(250, code, text)
        (item,) = self.quarantined("alice")
        self.doveadm_quarantine("release", "alice", item["id"])
        self.assertEqual(1, len(self.bodies()))

    def test_over_quota(self):
        """The quarantine takes mail for an owner whose quota is full; the release waits."""
        message = self.padded(LIMIT - 500)
        while self.codes(message, "carol") == [250]:
            pass
        self.assertGreater(len(self.bodies("carol")), 1)
        for _ in range(8):
            self.assertEqual([250], self.codes(message, "alice"))
            message = message.replace(b"zz", b"zy", 1)
        self.assertEqual(8, len(self.quarantined("alice")))


class Results(DovecotCase):
    """A field of ours in front is no reason to refuse a message either."""

    settings = ("  smime_authentication_results = mail.example.org\n"
                f"  quota = count:User quota\n  quota_rule = *:storage=100k\n"
                f"  quota_vsizes = yes\n  quota_max_mail_size = {LIMIT}\n")
    instance_options = {"replace_rules": True, "global_plugins": "quota"}

    def test_at_the_limit(self):
        self.clear()
        text = ("z" * 70 + "\n") * 60
        for missing in range(0, 1800, 36):
            self.assert_accepted(self.samples.plain(text=text + "y" * missing + "\n"))
            body = self.bodies()[-1]
            if b"Authentication-Results" not in body:
                break
            self.clear()
        self.assertNotIn(b"Authentication-Results", body)
        self.assertLessEqual(len(body), LIMIT)
        self.assert_logged("larger than the quota plugin allows")


class Full(DovecotCase):
    """What is over quota is answered as without us, also where there is no quarantine yet."""
    settings = ("  smime_rule = from=hold@* action=quarantine\n"
                "  quota = count:User quota\n  quota_rule = *:storage=20k\n"
                "  quota_vsizes = yes\n")
    instance_options = {"replace_rules": True, "global_plugins": "quota"}

    def test_the_sender_hears_of_the_quota(self):
        large = self.samples.plain(text="z\n" * 6000)
        for held_before in (False, True):
            with self.subTest(held_before=held_before):
                self.clear("bob")
                if held_before:
                    self.assert_accepted(self.samples.plain(), "bob@example.org",
                                         sender="hold@example.org")
                self.assert_accepted(large, "bob@example.org")
                ((code, text),) = self.deliver(large, "bob@example.org")
                self.assertEqual((552, True), (code, "Quota exceeded" in text), text)


class Copies(DovecotCase):
    """What a client copies is looked into first; the answer is that of the copy."""
    settings = ("  smime_rule = class=any-encrypted action=quarantine\n"
                "  quota = count:User quota\n  quota_rule = *:storage=20k\n"
                "  quota_vsizes = yes\n")
    instance_options = {"replace_rules": True, "global_plugins": "quota"}

    def test_the_client_hears_of_the_quota(self):
        for number in range(3):
            self.assert_accepted(self.samples.plain(text=f"{number}\n" + "z\n" * 5000)
                                 if number == 0 else self.samples.plain(text="y\n" * number))
        with contextlib.closing(RawImap(self.instance, "alice")) as client:
            client.run("CREATE Other")
            client.run("SELECT INBOX")
            for _ in range(3):
                status, answer = client.run("COPY 1 Other")
                self.assertEqual("NO", status)
                self.assertIn(b"[OVERQUOTA] Quota exceeded", answer)
