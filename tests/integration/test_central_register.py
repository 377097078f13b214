"""The register of a central quarantine where users have a uid each: reviewers act on the mail of
others, with the uid of the user as whom they logged in."""

import json
import subprocess
import unittest

import register_databases
from case import ROOT
from clients import Imap
from test_central import HELD, UidForEach


@unittest.skipUnless(register_databases.Sqlite.is_there(), "Dovecot's driver is not installed")
class CentralRegister(UidForEach):
    test_each_is_listed_once_with_its_user = test_all_are_released_to_their_own = None
    test_over_imap = test_at_the_shell_nobody_reaches_it = None

    @classmethod
    def before_start(cls):
        super().before_start()
        cls.spool = cls.directory / "spool"
        cls.spool.mkdir()
        cls.spool.chmod(0o1733)
        cls.database = register_databases.Sqlite(cls.directory, ROOT)
        cls.instance.settings += register_databases.settings(cls.spool)
        cls.instance.extra += register_databases.configuration(cls.database, cls.directory)

    def drain(self):
        done = self.instance.doveadm("-f", "json", "smime", "register", "drain")
        (row,) = json.loads(done.stdout)
        return int(row["refused"]), done.stderr.decode()

    def states(self):
        rows = self.database.rows("SELECT * FROM smime_register")
        return {row["username"]: (row["state"], row["who"].partition(" ")[0]) for row in rows
                if row["id"] in self.items.values()}

    def test_over_imap(self):
        client = Imap(self.instance, "alice*reviewer", HELD)
        client.uid("store", "1:*", "+FLAGS", "\\Deleted")
        client.expunge()
        client.logout()
        self.assertEqual((0, ""), self.drain())
        gone = ("deleted", "reviewer")
        self.assertEqual({"alice": gone, "bob": gone}, self.states())

    def test_by_doveadm(self):
        self.doveadm_quarantine("delete", "alice", "--held-for", "bob", self.items["bob"])
        self.assertEqual((0, ""), self.drain())
        self.assertEqual("deleted", self.states()["bob"][0])
        self.assertEqual("held", self.states()["alice"][0])

    def test_who_is_not_in_the_group_speaks_for_himself(self):
        """Neither by the name of the group, which the kernel keeps from him."""
        self.drain()
        self.doveadm_quarantine("delete", "bob", self.items["bob"])
        (row,) = self.spool.glob("*.row")
        text = row.read_text()
        row.unlink()
        program = ("import grp, os, sys\nname = sys.argv[1] + '/00000000.forged'\n"
                   "open(name + '.new', 'w').write(sys.argv[2])\n"
                   "try:\n    os.chown(name + '.new', -1, grp.getgrnam(sys.argv[3]).gr_gid)\n"
                   "    sys.exit('he is in the group')\nexcept PermissionError:\n    pass\n"
                   "os.rename(name + '.new', name + '.row')\n")
        done = self.as_user("alice", "python3", "-c", program, str(self.spool), text, self.group)
        self.assertEqual((0, b""), (done.returncode, done.stderr))
        refused, said = self.drain()
        self.assertEqual(1, refused)
        self.assertIn("uid 20001", said)
        self.assertEqual("held", self.states()["bob"][0])
        subprocess.run(["rm", "-rf", *self.spool.iterdir()], check=True)


if __name__ == "__main__":
    unittest.main()
