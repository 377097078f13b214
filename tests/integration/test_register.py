"""The register of held messages: rows by way of the spool, drain, check and rebuild."""

import json
import os
import shutil
import subprocess
import time
import unittest

import register_databases
from case import ROOT, DovecotCase
from clients import Imap


class RegisterCase(DovecotCase):
    make_database = register_databases.Sqlite
    more_settings = ""
    database = None

    @classmethod
    def setUpClass(cls):
        if not cls.make_database.is_there():
            raise unittest.SkipTest(f"Dovecot's driver for {cls.make_database.name} or the "
                                    "database is not installed")
        super().setUpClass()

    @classmethod
    def before_start(cls):
        cls.spool = cls.directory / "spool"
        cls.database = cls.make_database(cls.directory, ROOT)
        cls.addClassCleanup(cls.database.stop)
        cls.instance.settings = cls.settings + register_databases.settings(cls.spool,
                                                                           cls.more_settings)
        cls.instance.extra = cls.extra + register_databases.configuration(cls.database,
                                                                          cls.directory)
        cls.make_spool()

    @classmethod
    def make_spool(cls):
        cls.spool.mkdir()
        cls.spool.chmod(0o1733)

    def setUp(self):
        self.clear()
        for file in self.spool.iterdir():
            file.unlink()
        for table in ("smime_register", "smime_register_history", "smime_register_delivery"):
            self.database.execute(f"DELETE FROM {table};")

    def register(self, action, *args, check=True):
        done = self.instance.doveadm("-f", "json", "smime", "register", action, *args, check=check)
        return json.loads(done.stdout) if done.stdout.strip() else []

    def drain(self):
        (result,) = self.register("drain")
        return int(result["written"]), int(result["refused"])

    def rows(self):
        return self.database.rows("SELECT * FROM smime_register ORDER BY held, id")

    def row(self):
        (row,) = self.rows()
        return row

    def history(self, item):
        return [row["state"] for row in self.database.rows(
            "SELECT state FROM smime_register_history WHERE id = ? ORDER BY changed", item)]

    def held(self, user="alice", message=None, **kwargs):
        self.assert_accepted(message or self.samples.encrypted(), f"{user}@example.org", **kwargs)
        return self.quarantined(user)[-1]["id"]

    def spooled(self):
        return sorted(self.spool.glob("*.row"))


def with_subject(message, subject):
    """message with another subject, as bytes."""
    lines = message.split(b"\r\n")
    kept = [line for line in lines if not line.lower().startswith(b"subject:")]
    return b"\r\n".join([b"Subject: " + subject, *kept])


class RowTests:
    """For each database."""

    def test_a_held_message_has_a_row(self):
        before = int(time.time())
        item = self.held(message=with_subject(self.samples.encrypted(), b"=?utf-8?q?Gr=C3=BC=C3=9Fe?="),
                         sender="bob@partner.example")
        self.assertEqual((1, 0), self.drain())
        row = self.row()
        self.assertEqual(item, row["id"])
        self.assertEqual("alice", row["username"])
        self.assertEqual("INBOX", row["mailbox"])
        self.assertEqual("bob@partner.example", row["sender"])
        self.assertEqual("alice@example.org", row["recipient"])
        self.assertEqual("example.org", row["domain"])
        self.assertEqual("Grüße", row["subject"])
        self.assertIn("encrypted", row["class"])
        self.assertEqual("held", row["state"])
        self.assertEqual(1, row["present"])
        self.assertTrue(before <= row["held"] <= time.time() + 1, row)
        self.assertGreater(row["size"], 100)
        self.assertEqual(64, len(row["digest"]))
        self.assertEqual(["held"], self.history(item))
        self.assertEqual([], self.spooled())

    def test_a_subject_of_raw_bytes(self):
        for raw in ("Grüße".encode(), "Grüße".encode("latin-1")):
            self.held(message=with_subject(self.samples.encrypted(), raw))
            self.drain()
        self.assertEqual(["Grüße", "Grüße"], [row["subject"] for row in self.rows()])

    def test_what_became_of_it(self):
        states = {}
        for action in ("release", "delete", "reject"):
            states[self.held(sender="")] = action
        expired = self.held()
        for item, action in states.items():
            self.doveadm_quarantine(action, "alice", item)
        # It goes by whole seconds.
        while self.quarantined("alice"):
            self.instance.doveadm("smime", "quarantine", "expire", "-u", "alice", "--older-than",
                                  "0s")
        self.drain()
        found = {row["id"]: row for row in self.rows()}
        for item, action in states.items():
            word = {"release": "released", "delete": "deleted", "reject": "rejected"}[action]
            self.assertEqual(word, found[item]["state"])
            self.assertEqual(0, found[item]["present"])
            self.assertEqual("root", found[item]["who"].split()[0])
            self.assertEqual(["held", word], self.history(item))
        self.assertEqual("expired", found[expired]["state"])
        self.assertEqual([], self.register("check", "-u", "alice"))

    def test_nothing_else_is_said(self):
        self.held()
        done = self.instance.doveadm("smime", "register", "drain")
        self.assertEqual((b"written=1 refused=0\n", b""), (done.stdout, done.stderr))

    def register_in_status(self):
        done = self.instance.doveadm("-f", "json", "smime", "status", check=False)
        return [(row["state"], row["setting"]) for row in json.loads(done.stdout)
                if row["check"] == "register"]

    def test_status_says_whether_it_works(self):
        self.assertEqual([("ok", "smime_register")], self.register_in_status())
        self.held()
        (row,) = self.spooled()
        os.utime(row, (1, 1))
        self.assertEqual([("warning", "service smime-register")], self.register_in_status())
        self.database.down()
        try:
            self.assertEqual([("error", "smime_register"), ("warning", "service smime-register")],
                             self.register_in_status())
        finally:
            self.database.up()
        away = self.spool.rename(self.spool.with_suffix(".away"))
        try:
            self.assertEqual([("error", "smime_register_spool")], self.register_in_status())
        finally:
            away.rename(self.spool)

    def test_states_come_in_any_order(self):
        item = self.held()
        held = self.spooled()
        self.doveadm_quarantine("delete", "alice", item)
        (gone,) = set(self.spooled()) - set(held)
        kept = held[0].read_bytes()
        held[0].unlink()
        self.drain()
        self.assertEqual("deleted", self.row()["state"])
        held[0].write_bytes(kept)
        self.drain()
        self.assertEqual("deleted", self.row()["state"])
        self.assertEqual(["held", "deleted"], self.history(item))

    def test_hostile_texts(self):
        subjects = [b"'; DROP TABLE smime_register; --", b"\\'\\\"?%_!?", b"x" * 10000,
                    b"\xff\xfe\xc3\x28 \x80", b"=?utf-8?q?a=00b?=", b"=?utf-8?q?=F0=9F=98=80?=",
                    b"$1 ${x} %s %n", b"\\000 \\x00 E'\\\\'"]
        for subject in subjects:
            self.held(message=with_subject(self.samples.encrypted(), subject),
                      sender="o'brien\\@partner.example")
        self.assertEqual((len(subjects), 0), self.drain())
        found = [row["subject"] for row in self.rows()]
        self.assertEqual(len(subjects), len(found))
        self.assertIn(subjects[0].decode(), found)
        self.assertIn(subjects[1].decode(), found)
        self.assertIn("😀", found)
        self.assertLessEqual(max(len(text.encode()) for text in found), 500)
        self.assertEqual([], self.register("check", "-u", "alice"))

    def test_check_and_rebuild_both_ways(self):
        one, two, three = (self.held() for _ in range(3))
        self.drain()
        self.database.execute(f"DELETE FROM smime_register WHERE id = '{one}';"
                              f"UPDATE smime_register SET state = 'released', present = 0 "
                              f"WHERE id = '{two}';")
        # What is told of it is lost.
        self.instance.doveadm("expunge", "-u", "alice", "mailbox", "Quarantine", "header",
                              "X-SMIME-Quarantine-Id", three)
        for file in self.spooled():
            file.unlink()
        found = {line["id"]: line["result"] for line in
                 self.register("check", "-u", "alice", check=False)}
        self.assertEqual({one, two, three}, set(found))
        self.assertIn("does not know it", found[one])
        self.assertIn("says released", found[two])
        self.assertIn("not in the quarantine", found[three])
        self.assertNotEqual(0, self.instance.doveadm("smime", "register", "check", "-u", "alice",
                                                     check=False).returncode)
        self.register("rebuild", "-A")
        self.assertEqual([], self.register("check", "-A"))
        states = {row["id"]: row["state"] for row in self.rows()}
        self.assertEqual({one: "held", two: "held", three: "gone"}, states)

    def test_the_register_can_be_thrown_away(self):
        items = {self.held(), self.held("bob")}
        self.drain()
        before = self.rows()
        self.database.execute("DELETE FROM smime_register;")
        self.register("rebuild", "-A")
        after = self.rows()
        self.assertEqual(items, {row["id"] for row in after})
        for row in before + after:
            for column in ("changed", "why"):
                row.pop(column)
        self.assertEqual(before, after)

    def old(self, item, days, table="smime_register", column="changed", units=1000000):
        """As if its last change had been so many days ago."""
        then = int(time.time() - days * 86400) * units
        self.database.execute(f"UPDATE {table} SET {column} = {then} WHERE id = '{item}';")

    def test_what_became_of_messages_long_ago_goes(self):
        held, kept, gone, reopened = (self.held() for _ in range(4))
        for item in (kept, gone):
            self.doveadm_quarantine("delete", "alice", item)
        self.drain()
        for item, days in ((held, 800), (kept, 360), (gone, 370), (reopened, 800)):
            self.old(item, days)
            self.database.execute(f"UPDATE smime_register_history SET changed = changed - "
                                  f"{days * 86400 * 1000000} WHERE id = '{item}';")
        # Of what the register does not know the history alone is there, of deliveries a row.
        self.database.execute(
            "INSERT INTO smime_register_history VALUES ('stray', 'alice', 5, 'held', '', ''),"
            f"('young', 'alice', {int(time.time()) * 1000000}, 'held', '', '');"
            "INSERT INTO smime_register_delivery VALUES " + ", ".join(
                f"('{name}', 'alice', {int(time.time() - days * 86400)}, '', '', '', '', '', '', "
                "'deliver', 1, '')" for name, days in (("old", 366), ("new", 364))) + ";")
        (result,) = self.register("thin")
        self.assertEqual({"messages": "1", "history": "1", "deliveries": "1", "more": "no"}, result)
        self.assertEqual({held, kept, reopened}, {row["id"] for row in self.rows()})
        self.assertEqual(["held", "deleted"], self.history(kept))
        self.assertEqual(["held"], self.history(held))
        self.assertEqual(([], [], ["held"]),
                         (self.history(gone), self.history("stray"), self.history("young")))
        self.assertEqual(["new"], [row["id"] for row in self.database.rows(
            "SELECT id FROM smime_register_delivery")])
        self.assertEqual([], self.register("check", "-u", "alice"))
        (again,) = self.register("thin")
        self.assertEqual({"messages": "0", "history": "0", "deliveries": "0", "more": "no"}, again)

    def test_many_go_in_several_batches(self):
        self.database.execute("INSERT INTO smime_register_history VALUES " + ", ".join(
            f"('{number:032x}', 'alice', {number // 7}, 'held', '', '')" for number in range(1001))
            + ";")
        (result,) = self.register("thin")
        self.assertEqual(("1001", "no"), (result["history"], result["more"]))
        self.assertEqual([], self.database.rows("SELECT id FROM smime_register_history"))

    def test_a_database_that_is_down_delays_nothing(self):
        first = self.held()
        self.drain()
        self.database.down()
        try:
            started = time.monotonic()
            second = self.held()
            self.assertLess(time.monotonic() - started, 2)
            done = self.instance.doveadm("smime", "register", "drain", check=False)
            self.assertNotEqual(0, done.returncode)
            self.assertIn(b"rows wait in", done.stderr)
            self.assertEqual(1, len(self.spooled()))
        finally:
            self.database.up()
        self.assertEqual((1, 0), self.drain())
        self.assertEqual({first, second}, {row["id"] for row in self.rows()})

    def test_a_row_that_the_database_refuses_blocks_no_other(self):
        self.held()
        self.held()
        first, second = self.spooled()
        text = json.loads(first.read_text())
        text["changed"] = 2**63 - 1
        text["id"] = "f" * 32
        poison = self.spool / ("0" * 8 + ".row")
        # Not to be kept by the schema of these tests.
        self.database.execute(self.refusing)
        try:
            text["reason"] = "POISON"
            poison.write_text(json.dumps(text))
            self.assertEqual((2, 1), self.drain())
        finally:
            self.database.execute(self.not_refusing)
        self.assertEqual(2, len(self.rows()))
        self.assertEqual(1, len(list(self.spool.glob("*.refused"))))


class SqliteRows(RowTests, RegisterCase):
    refusing = ("CREATE TRIGGER poison BEFORE INSERT ON smime_register WHEN NEW.reason = 'POISON' "
                "BEGIN SELECT RAISE(ABORT, 'poison'); END;")
    not_refusing = "DROP TRIGGER poison;"


class PostgresRows(RowTests, RegisterCase):
    make_database = register_databases.Postgres
    refusing = "ALTER TABLE smime_register ADD CONSTRAINT poison CHECK (reason <> 'POISON');"
    not_refusing = "ALTER TABLE smime_register DROP CONSTRAINT poison;"


class NoTables(RegisterCase):
    def test_a_file_that_the_driver_makes_is_nobody_elses(self):
        """Who asks before the tables are made has it made; they are put into it later."""
        for file in self.database.file.parent.glob(self.database.file.name + "*"):
            file.unlink()
        done = self.instance.doveadm("-f", "json", "smime", "status", check=False)
        self.assertEqual(0o600, self.database.file.stat().st_mode & 0o777)
        (row,) = [row for row in json.loads(done.stdout) if row["check"] == "register"]
        self.assertIn("no such table", row["detail"])
        self.assertIn("smime-register-sqlite.sql", row["remedy"])


class Spool(RegisterCase):
    def forged(self, **changes):
        """A row of this machine's user nobody."""
        self.held()
        (file,) = self.spooled()
        text = json.loads(file.read_text())
        file.unlink()
        text.update(changes)
        program = ("import os, sys\nos.setgroups([])\nos.setgid(65534)\nos.setuid(65534)\n"
                   "name = sys.argv[1] + '/00000000.forged'\n"
                   "open(name + '.new', 'w').write(sys.argv[2])\n"
                   "os.rename(name + '.new', name + '.row')\n"
                   "try:\n    os.listdir(sys.argv[1])\n    sys.exit('the spool can be listed')\n"
                   "except PermissionError:\n    pass\n")
        subprocess.run(["python3", "-c", program, str(self.spool), json.dumps(text)], check=True)

    @unittest.skipUnless(os.geteuid() == 0, "other users are root's to be")
    def test_a_local_user_speaks_for_nobody_else(self):
        self.forged(state="released", who="root")
        self.assertEqual((0, 1), self.drain())
        self.assertEqual([], self.rows())
        self.assert_logged_by_drain("uid 65534")

    def assert_logged_by_drain(self, text):
        (file,) = self.spool.glob("*.refused")
        file.rename(file.with_suffix(".row"))
        done = self.instance.doveadm("smime", "register", "drain")
        self.assertIn(text.encode(), done.stderr)
        self.assertIn(b".refused", done.stderr)

    def test_what_is_no_row_is_set_aside(self):
        self.held()
        for number, text in enumerate(["", "{", "[]", "null", "x" * 40000, '{"state":"held"}',
                                       '{"version":1,"state":"held","id":5}']):
            (self.spool / f"0000{number}.row").write_text(text)
        os.symlink("/etc/passwd", self.spool / "00008.row")
        os.mkfifo(self.spool / "00009.row")
        self.assertEqual((1, 9), self.drain())
        self.assertEqual((0, 0), self.drain())
        self.assertEqual(1, len(self.rows()))

    def test_without_a_spool_mail_is_held_and_the_log_tells(self):
        shutil.rmtree(self.spool)
        try:
            item = self.held()
            self.assert_logged("the register has no row of " + item)
        finally:
            self.drain()
        self.assertEqual(0o1733, self.spool.stat().st_mode & 0o7777)
        self.register("rebuild", "-u", "alice")
        self.assertEqual(item, self.row()["id"])

    def test_a_reviewer_over_imap(self):
        item, other = self.held(), self.held()
        with Imap(self.instance, "alice*reviewer") as client:
            client.select("Quarantine")
            client.uid("COPY", self.uid_of(client, item), "INBOX")
            client.uid("STORE", self.uid_of(client, other), "+FLAGS", "\\Deleted")
            client.expunge()
        self.drain()
        found = {row["id"]: row for row in self.rows()}
        self.assertEqual("released", found[item]["state"])
        self.assertIn("reviewer", found[item]["who"])
        self.assertEqual("deleted", found[other]["state"])

    settings = "smime_reviewers = reviewer\n"

    @staticmethod
    def uid_of(client, item):
        _, (uids,) = client.uid("SEARCH", "HEADER", "X-SMIME-Quarantine-Id", item)
        return uids.decode()


class Deliveries(RegisterCase):
    more_settings = "smime_register_deliveries = yes\nsmime_register_subject = no\n"

    def test_each_decision_has_a_row(self):
        item = self.held()
        self.assert_accepted(self.samples.plain())
        self.assertEqual((3, 0), self.drain())
        decided = self.database.rows("SELECT * FROM smime_register_delivery ORDER BY action")
        self.assertEqual(["deliver", "quarantine"], [row["action"] for row in decided])
        self.assertEqual("plain", decided[0]["class"])
        self.assertEqual("", self.row()["subject"])
        self.assertEqual(item, self.row()["id"])


class Service(RegisterCase):
    """What brings rows into the database without anybody."""

    @classmethod
    def before_start(cls):
        super().before_start()
        # It makes the directory itself.
        cls.spool.rmdir()
        cls.instance.extra += (f"service smime-register {{\n  executable = {ROOT}/usr/lib/dovecot/"
                               f"smime-register {cls.spool}\n  process_min_avail = 1\n"
                               "  process_limit = 1\n  client_limit = 1\n"
                               "  unix_listener smime-register {\n    mode = 0600\n  }\n}\n")

    def setUp(self):
        self.wait_for(self.spool.exists)

    def wait_for(self, condition):
        deadline = time.monotonic() + 20
        while not condition():
            self.assertLess(time.monotonic(), deadline, self.instance.log()[-2000:])
            time.sleep(0.05)

    def states(self):
        return sorted(row["state"] for row in self.rows())

    def test_old_rows_go_by_themselves(self):
        self.database.execute("INSERT INTO smime_register_history VALUES ('stray', 'alice', 5, "
                              "'held', '', '');")
        (pid,) = self.instance.processes("smime-register")
        os.kill(pid, 9)
        self.wait_for(lambda: not self.history("stray"))

    def test_rows_come_by_themselves(self):
        item = self.held()
        self.wait_for(lambda: self.states() == ["held"])
        self.doveadm_quarantine("delete", "alice", item)
        self.wait_for(lambda: self.states() == ["deleted"])
        self.wait_for(lambda: not self.spooled())
        (pid,) = self.instance.processes("smime-register")
        os.kill(pid, 9)
        self.held()
        self.wait_for(lambda: self.states() == ["deleted", "held"])


class Off(DovecotCase):
    def test_without_a_register_nothing_is_written_and_the_commands_say_so(self):
        self.assert_accepted(self.samples.encrypted())
        self.assertEqual("", self.instance.log_with("") and "".join(
            line for line in self.instance.log().split("\n") if "register" in line))
        for action in (["drain"], ["thin"], ["rebuild", "-A"], ["check", "-A"]):
            done = self.instance.doveadm("smime", "register", *action, check=False)
            self.assertNotEqual(0, done.returncode)
            self.assertIn(b"smime_register", done.stderr)


if __name__ == "__main__":
    unittest.main()
