"""The register's spool, in which every local user may put what he likes."""

import json
import os
import sqlite3
import subprocess
import time
import unittest

from test_register import RegisterCase

NOBODY = 65534


@unittest.skipUnless(os.geteuid() == 0, "other users are root's to be")
class Neighbours(RegisterCase):
    def tearDown(self):
        subprocess.run(["rm", "-rf", *self.spool.iterdir()], check=True)

    def as_nobody(self, program, *arguments):
        """program with the spool as its current directory, which nobody may list."""
        start = (f"import json, os, sys\nos.chdir({str(self.spool)!r})\nos.setgroups([])\n"
                 f"os.setgid({NOBODY})\nos.setuid({NOBODY})\n")
        subprocess.run(["python3", "-c", start + program, *arguments], check=True)

    def row_text(self, **changes):
        """A row as a delivery writes it, of which nothing is left."""
        self.held()
        (file,) = self.spooled()
        text = json.loads(file.read_text())
        file.unlink()
        return json.dumps({**text, **changes})

    def drain_with_errors(self):
        done = self.instance.doveadm("-f", "json", "smime", "register", "drain", check=False)
        (result,) = json.loads(done.stdout)
        return int(result["written"]), int(result["refused"]), done.stderr.decode()

    def test_names_that_cannot_be_set_aside_block_nothing(self):
        self.as_nobody("open('0' * 251 + '.row', 'w').write('{')\n"
                       "open('0.row', 'w').write('{')\n"
                       "os.mkdir('0.refused')\nopen('0.refused/x', 'w')\n"
                       "os.mkdir('1.row')\nopen('1.row/x', 'w')\n"
                       "open('.row', 'w').write('{')\n")
        self.held()
        written, refused, errors = self.drain_with_errors()
        self.assertEqual((1, 4), (written, refused), errors)
        self.assertEqual((0, 0), self.drain())

    def test_no_more_than_a_thousand_are_kept(self):
        self.as_nobody("for n in range(1200):\n    open(f'0{n:04}.row', 'w').write('{')\n")
        self.held()
        written, refused, errors = self.drain_with_errors()
        self.assertEqual((1, 1200), (written, refused))
        self.assertEqual(1000, len(list(self.spool.glob("*.refused"))))
        self.assertEqual([], self.spooled())
        lines = errors.strip().split("\n")
        self.assertEqual(11, len(lines), errors)
        self.assertIn("1190 more files of uid 65534 are refused; 200 of uid 65534 were removed",
                      lines[-1])

    def test_files_that_come_and_go_block_nothing(self):
        program = (f"import os\nos.chdir({str(self.spool)!r})\nos.setgid({NOBODY})\n"
                   f"os.setuid({NOBODY})\nwhile True:\n"
                   "    for n in range(50):\n        open(f'0{n}.row', 'w').write('{')\n"
                   "    for n in range(50):\n        try:\n            os.unlink(f'0{n}.row')\n"
                   "        except OSError:\n            pass\n")
        busy = subprocess.Popen(["python3", "-c", program])
        try:
            self.held()
            for _ in range(3):
                _, _, errors = self.drain_with_errors()
                self.assertNotIn("rows wait", errors)
        finally:
            busy.kill()
            busy.wait()
        self.assertEqual(1, len(self.rows()))

    def test_a_name_that_cannot_be_looked_up_blocks_nothing(self):
        for name in ("a" * 400, "x\ty", "a\nb", "../../etc", "%u", "", "FAIL 1", "\x01"):
            text = self.row_text(user=name)
            self.as_nobody("open('0.row', 'w').write(sys.argv[1])", text)
            self.held()
            with self.subTest(name=name):
                written, refused, errors = self.drain_with_errors()
                self.assertEqual(1, written, errors)
                self.assertEqual(1, refused + len(self.spooled()))

    def test_no_state_is_from_the_future(self):
        text = self.row_text(state="released", changed=2**62, why="forged")
        (self.spool / "0.row").write_text(text)
        self.drain()
        self.assertLess(self.row()["changed"], (time.time() + 1) * 1e6)
        item = self.row()["id"]
        found = self.register("check", "-u", "alice", check=False)
        self.assertEqual([item], [line["id"] for line in found])
        self.register("rebuild", "-u", "alice")
        self.assertEqual("held", self.row()["state"])

    def test_rows_of_a_clock_that_was_ahead(self):
        """They are in the database already, as a machine with a wrong clock wrote them."""
        held, gone, soon = (self.held() for _ in range(3))
        self.drain()
        self.database.execute("UPDATE smime_register SET changed = changed + 86400000000 * 365;"
                              f"UPDATE smime_register SET state = 'released', present = 0 "
                              f"WHERE id = '{held}';"
                              # Of a clock that is a little ahead.
                              f"UPDATE smime_register SET changed = {int(time.time() + 60)}000000 "
                              f"WHERE id = '{soon}';")
        for item in (gone, soon):
            self.instance.doveadm("expunge", "-u", "alice", "mailbox", "Quarantine", "header",
                                  "X-SMIME-Quarantine-Id", item)
        for file in self.spooled():
            file.unlink()
        found = self.register("check", "-u", "alice", check=False)
        self.assertEqual({held, gone}, {line["id"] for line in found})
        self.register("rebuild", "-u", "alice")
        states = {row["id"]: row["state"] for row in self.rows()}
        self.assertEqual({held: "held", gone: "gone", soon: "held"}, states)
        self.assertEqual([], self.register("check", "-u", "alice"))

    def test_what_left_is_not_held_for_a_clock_that_went_back(self):
        item = self.held()
        (file,) = self.spooled()
        text = json.loads(file.read_text())
        self.drain()
        self.database.execute("UPDATE smime_register SET changed = changed + 3600000000;")
        self.doveadm_quarantine("delete", "alice", item)
        self.drain()
        self.assertEqual("deleted", self.row()["state"])
        text["changed"] += 1000
        (self.spool / "0.row").write_text(json.dumps(text))
        self.drain()
        self.assertEqual("deleted", self.row()["state"])


class Locked(RegisterCase):
    """Somebody writes to the database, or makes a copy of it."""

    def test_rows_wait_for_a_database_that_can_be_read_alone(self):
        self.held()
        self.held()
        other = sqlite3.connect(self.database.file, isolation_level=None)
        try:
            other.execute("BEGIN IMMEDIATE")
            done = self.instance.doveadm("smime", "register", "drain", check=False)
        finally:
            other.close()
        self.assertNotEqual(0, done.returncode)
        self.assertEqual([], list(self.spool.glob("*.refused")))
        self.assertEqual(2, len(self.spooled()))
        self.assertEqual((2, 0), self.drain())


if __name__ == "__main__":
    unittest.main()
