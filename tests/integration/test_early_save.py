"""Messages are written while the scanner is at work, and committed as its report
says: what was written too early is not there afterwards, and nothing is twice."""

import tempfile
from pathlib import Path

import formats
from case import DovecotCase
from clients import Imap, Lmtp, crlf

TWO_MAILBOXES = """require ["fileinto", "imap4flags", "mailbox"];
fileinto :create :flags ["\\\\Flagged", "$Sorted"] "Sorted";
fileinto :create "Second";
keep;
"""


def with_archive(archive):
    """A message that no label tells from plain mail."""
    import base64
    return crlf(b"From: sender@example.org\nTo: alice@example.org\nSubject: archive\n"
                b"MIME-Version: 1.0\nContent-Type: application/octet-stream; name=data.bin\n"
                b"Content-Transfer-Encoding: base64\n\n" + base64.encodebytes(archive))


class EarlySave(DovecotCase):
    instance_options = {
        "replace_rules": True,
        # Quota counts what is written and what is taken back.
        "global_plugins": "quota",
    }
    settings = """smime_rule = to=bob@example.org class=encrypted-archive action=quarantine
smime_rule2 = to=carol@example.org class=encrypted-archive reason=archive action=reject
smime_rule3 = to=alice@example.org class=encrypted-archive flag=Archive action=deliver
quota = count:User quota
quota_rule = *:storage=100M
quota_vsizes = yes"""

    def setUp(self):
        self.clear()
        with tempfile.TemporaryDirectory() as directory:
            self.hidden = with_archive(formats.packed(Path(directory), "a.zip", "-psecret"))
        for user in ("alice", "bob", "carol"):
            self.sieve(user, "keep;\n")

    def flags(self, user, mailbox="INBOX"):
        with Imap(self.instance, user, mailbox) as client:
            return [client.flags(uid) for uid in client.uids()]

    def quota(self, user):
        output = self.instance.doveadm("-f", "tab", "quota", "get", "-u", user).stdout.decode()
        return [int(line.split("\t")[2]) for line in output.splitlines()[1:]
                if line.split("\t")[1] == "MESSAGE"]

    def send(self, message, user, client):
        return client.send(message, f"{user}@example.org")[0]

    def test_plain_and_hidden_ones_in_turn(self):
        """A wrong guess is corrected, whatever was guessed before."""
        with Lmtp(self.instance) as client:
            for message in (self.hidden, self.samples.plain(), self.hidden, self.hidden,
                            self.samples.plain(), self.samples.plain(), self.hidden):
                self.assertEqual(250, self.send(message, "alice", client)[0])
        flags = self.flags("alice")
        archive = ["Archive" in entry for entry in flags]
        self.assertEqual([True, False, True, True, False, False, True], archive)
        self.assertTrue(all(("$Uninspected" in entry) == expected
                            for entry, expected in zip(flags, archive)))
        self.assertEqual(7, len(self.bodies("alice")))
        self.assertEqual([7], self.quota("alice"))

    def test_diverted(self):
        before = len(self.quarantined("bob"))
        with Lmtp(self.instance) as client:
            another = b"X-Another: 1\r\n" + self.hidden
            for message in (self.hidden, self.samples.plain(), another):
                self.assertEqual(250, self.send(message, "bob", client)[0])
        self.assertEqual(1, len(self.bodies("bob")))
        self.assertEqual(2, len(self.quarantined("bob")) - before)
        self.assertEqual([1], self.quota("bob"))

    def test_rejected(self):
        with Lmtp(self.instance) as client:
            for _ in range(2):
                code, text = self.send(self.hidden, "carol", client)
                self.assertEqual(550, code, text)
                self.assertIn("archive", text)
            self.assertEqual(250, self.send(self.samples.plain(), "carol", client)[0])
        self.assertEqual(1, len(self.bodies("carol")))
        self.assertEqual([1], self.quota("carol"))

    def test_sieve_with_several_mailboxes(self):
        for user, there in (("alice", 1), ("bob", 0), ("carol", 0)):
            with self.subTest(user=user):
                self.sieve(user, TWO_MAILBOXES)
                code, text = self.deliver(self.hidden, f"{user}@example.org")[0]
                self.assertEqual(550 if user == "carol" else 250, code, text)
                for mailbox in ("INBOX", "Sorted", "Second"):
                    self.instance.doveadm("mailbox", "create", "-u", user, mailbox, check=False)
                    self.assertEqual(there, len(self.bodies(user, mailbox)), mailbox)
        flags = self.flags("alice", "Sorted")[0]
        for expected in ("\\Flagged", "$Sorted", "Archive", "$Uninspected"):
            self.assertIn(expected, flags)
        self.assertIn("Archive", self.flags("alice", "Second")[0])
        self.assertNotIn("$Sorted", self.flags("alice", "Second")[0])

    def test_signed_ones_are_expected_to_be_like_the_last(self):
        with Lmtp(self.instance) as client:
            for _ in range(3):
                self.assertEqual(250, self.send(self.samples.signed(), "alice", client)[0])
        for entry in self.flags("alice"):
            self.assertIn("$SMIMESigned", entry)
        audit = self.instance.doveadm("-f", "json", "smime", "audit", "-u", "alice",
                                      "mailbox", "INBOX", check=False).stdout
        self.assertEqual(3, audit.count(b'"ok"'), audit)


class EarlySaveSdbox(EarlySave):
    instance_options = EarlySave.instance_options | {"location": "sdbox:~/sdbox"}


class EarlySaveMdbox(EarlySave):
    instance_options = EarlySave.instance_options | {"location": "mdbox:~/mdbox"}


class EarlySaveMbox(EarlySave):
    """Not written early: here for the same outcome."""
    instance_options = EarlySave.instance_options | {
        "location": "mbox:~/mail:INBOX=~/mail/inbox"}
