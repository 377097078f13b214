"""A central quarantine against who is no reviewer, names with odd characters, and headers that
a sender forges; what the audit says of whom."""

import json
import subprocess
import unittest

import dovecot_conf
from clients import Imap, stored, without_trace
from test_access import SECRET, RawImap
from test_central import HELD, CentralCase


class OpenToOwners(CentralCase):
    """smime_quarantine_access opens a user's own quarantine to him; here all users' mail is."""

    settings = CentralCase.settings + "  smime_quarantine_access = owner\n"

    def test_no_user_reads_the_mail_of_others(self):
        client = RawImap(self.instance, "bob")
        self.addCleanup(client.close)
        self.assertEqual("NO", client.run(f"SELECT {HELD}")[0])
        answer = client.run("FETCH 1:* (BODY.PEEK[])")[1]
        self.assertNotIn(SECRET, answer)
        self.assertNotIn(HELD.encode(), client.run('LIST "" *')[1])
        for command in (f"DELETE {HELD}", f"RENAME {HELD} Central/Mine", f"CREATE {HELD}/x"):
            self.assertEqual("NO", client.run(command)[0], command)
        rows = self.status("alice")
        self.assertEqual(["smime_quarantine_access"], [row["setting"] for row in rows], rows)


class Audit(CentralCase):
    def test_who_had_the_message_that_a_reviewer_removed(self):
        client = Imap(self.instance, "alice*reviewer", HELD)
        for uid in client.uids():
            client.uid("store", uid, "+FLAGS", "\\Deleted")
        client.expunge()
        client.logout()
        users = {}
        for line in self.instance.settled_log().splitlines():
            start = line.find('{"event":"smime_message_released"')
            if start >= 0:
                fields = json.loads(line[start:])["fields"]
                users[fields["id"]] = (fields["user"], fields["actor"])
        for user, item in self.items.items():
            self.assertEqual((user, "reviewer"), users[item])


class Forged(CentralCase):
    def test_what_a_sender_writes_of_the_user_is_his_text(self):
        block = b"".join(b"X-SMIME-Quarantine-%s: %s\r\n" % field for field in (
            (b"Id", b"0" * 32), (b"Time", b"2026-01-01T00:00:00Z"), (b"Mailbox", b"INBOX"),
            (b"From", b"a@b"), (b"To", b"carol@example.org"), (b"User", b"carol"), (b"Rule", b"x"),
            (b"Reason", b"x"), (b"Report", b"{}"), (b"SHA256", b"0" * 64)))
        message = block + self.samples.encrypted()
        self.assert_accepted(message, "alice@example.org")
        self.assertEqual([], self.quarantined("carol"))
        (item,) = {row["id"] for row in self.quarantined("alice")} - {self.items["alice"]}
        _, (row,) = self.doveadm_quarantine("release", "alice", item)
        self.assertEqual("released", row["result"])
        self.assertEqual([message], self.inbox("alice"))
        self.assertEqual([], self.inbox("carol"))


@unittest.skipIf(dovecot_conf.IS_24, "the tests' users of 2.4 are in lower case")
class OddNames(CentralCase):
    extra = CentralCase.extra + "auth_username_chars =\nauth_username_format =\n"
    names = ("a+b", "a%b", "A B", "ab@x.example", "AB@x.example", "a=b")

    @classmethod
    def before_start(cls):
        super().before_start()
        cls.instance.users = ("alice", "bob", *cls.names)

    def setUp(self):
        pass

    def test_each_has_his_own(self):
        originals = {}
        for number, name in enumerate(self.names):
            originals[name] = self.samples.encrypted(f"encrypted sample {number}")
            subprocess.run(["/usr/lib/dovecot/dovecot-lda", "-c", str(self.instance.conf), "-d", name],
                           input=originals[name], check=True, capture_output=True)
        rows = self.run_for_all("list")[1]
        self.assertEqual(sorted(self.names), sorted(row["user"] for row in rows))
        _, rows = self.run_for_all("release", "--class", "encrypted")
        self.assertEqual({"released"}, {row["result"] for row in rows})
        for name in self.names:
            (text,) = stored(self.instance, name, "INBOX")
            self.assertEqual(originals[name], without_trace(text.encode().replace(b"\n", b"\r\n")))
