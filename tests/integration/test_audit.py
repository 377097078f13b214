"""doveadm smime audit: what it finds when the store is tampered with or loses its
index."""

import json

from case import DovecotCase


class Audit(DovecotCase):
    def setUp(self):
        self.clear("alice", "bob")

    def audit(self, *arguments):
        done = self.instance.doveadm("-f", "json", "smime", "audit", *arguments, check=False)
        return done.returncode, json.loads(done.stdout or "[]")

    def maildir_files(self, user):
        maildir = self.instance.home(user) / "Maildir"
        return [path for folder in ("new", "cur") for path in (maildir / folder).iterdir()]

    def test_a_changed_byte_is_found(self):
        self.assert_accepted(self.samples.signed())
        self.assert_accepted(self.samples.signed())
        code, rows = self.audit("-u", "alice")
        self.assertEqual((0, ["ok", "ok"]), (code, [row["result"] for row in rows]))
        path = self.maildir_files("alice")[0]
        # Dovecot knows the file's size; the change keeps it.
        path.write_bytes(path.read_bytes().replace(b"A sample text", b"A simple text"))
        code, rows = self.audit("-u", "alice")
        self.assertEqual(65, code)
        self.assertEqual(["changed", "ok"], sorted(row["result"] for row in rows))
        (changed,) = (row for row in rows if row["result"] == "changed")
        self.assertEqual(("alice", "INBOX"), (changed["user"], changed["mailbox"]))
        self.assertIn("at arrival", changed["detail"])

    def test_a_lost_index_loses_the_record_alone(self):
        self.assert_accepted(self.samples.signed(), "bob@example.org")
        before = self.bodies("bob")
        for path in (self.instance.home("bob") / "Maildir").glob("dovecot.index*"):
            path.unlink()
        code, rows = self.audit("-u", "bob")
        self.assertEqual((0, ["no-record"]), (code, [row["result"] for row in rows]))
        self.assertEqual(before, self.bodies("bob"))

    def test_plain_mail_is_passed_over(self):
        self.assert_accepted(self.samples.plain())
        self.assertEqual((0, []), self.audit("-u", "alice"))

    def test_all_users_and_a_query(self):
        for user in ("alice", "bob"):
            self.assert_accepted(self.samples.signed(), f"{user}@example.org")
        code, rows = self.audit("-A")
        self.assertEqual({"alice", "bob"}, {row["user"] for row in rows})
        self.assertEqual((0, []), self.audit("-u", "alice", "subject", "no such subject"))
