"""kill -9 between any two steps of what is done with held mail: nothing is lost, nothing comes
twice, and in the end the register and the mailboxes are one.

A library counts the calls that change something, and ends the process before one of them.
SMIME_KILL_POINTS: how many of them are tried (12), of each; SMIME_KILL_SEED makes another choice,
and 0 one that is new each time."""

import email
import json
import os
import random
import shutil
import signal
import subprocess
import time
import unittest
from pathlib import Path

import register_databases
from clients import Lmtp, without_trace
from test_notify import NotifyCase
from test_register import RegisterCase
from test_retention import RULES
from test_review import ReviewCase

POINTS = int(os.environ.get("SMIME_KILL_POINTS", "12"))
SOURCE = Path(__file__).resolve().parent / "kill-at.c"


class Killer:
    """A mixin for RegisterCase and others: program is killed, which is doveadm."""

    program = "doveadm"

    @classmethod
    def make_killer(cls):
        # A process of whatever user writes it.
        place = cls.directory / "killed"
        place.mkdir()
        place.chmod(0o777)
        cls.faults, cls.count = place / "at", place / "at.count"
        cls.killer = place / "kill-at.so"
        subprocess.run(["gcc", "-shared", "-fPIC", "-O2", f'-DPROGRAM="{cls.program}"',
                        f'-DFAULTS="{cls.faults}"', "-o", cls.killer, SOURCE], check=True)

    def run_killed(self, point, *args):
        self.faults.write_text(str(point))
        preload = f"{self.killer} {self.instance._preload()['LD_PRELOAD']}"
        return subprocess.run(
            ["/usr/bin/doveadm", "-c", self.instance.conf, *args], capture_output=True,
            timeout=120, env={**self.instance.environment(), "LD_PRELOAD": preload})

    def number_of_calls(self, *args):
        done = self.run_killed(0, *args)
        self.assertEqual(0, done.returncode, done.stderr)
        return int(self.count.read_text())

    @staticmethod
    def points(calls):
        seed = int(os.environ.get("SMIME_KILL_SEED", "1")) or random.randrange(1 << 30)
        chosen = range(1, calls + 1)
        if calls > POINTS:
            chosen = sorted({1, calls, *random.Random(seed).sample(chosen, POINTS)})
        print(f"[{len(chosen)} of {calls} steps, seed {seed}] ", end="", flush=True)
        return chosen

    def each_kill(self, reset, check, *args):
        """Runs the command to each of the points, after reset(), and then check()."""
        reset()
        calls = self.number_of_calls(*args)
        self.assertGreater(calls, 3)
        for point in self.points(calls):
            with self.subTest(point=point):
                reset()
                done = self.run_killed(point, *args)
                self.remove_stale_locks()
                # In a run with other times there is one call more or less.
                if point < calls - 5:
                    self.assertEqual(-signal.SIGKILL, done.returncode, done.stderr)
                check()

    def remove_stale_locks(self):
        """What a killed process leaves of Maildir's and the index's locks holds up stock
        Dovecot for two minutes; nobody waits for that here."""
        for name in ("dovecot-uidlist.lock", "*.newlock"):
            for path in (self.instance.dir / "home").rglob(name):
                path.unlink(missing_ok=True)


class KilledCase(Killer, RegisterCase):
    @classmethod
    def before_start(cls):
        super().before_start()
        cls.make_killer()

    def keep_spooled(self):
        self.spooled_texts = {path: path.read_bytes() for path in self.spooled()}

    def empty(self):
        for table in ("smime_register", "smime_register_history"):
            self.database.execute(f"DELETE FROM {table};")
        for path in self.spool.iterdir():
            path.unlink()

    def spool_again(self):
        self.empty()
        for path, text in self.spooled_texts.items():
            path.write_bytes(text)

    def state(self):
        """Everything in the register but when it was put there and why."""
        rows = [{**row, "changed": None, "why": None} for row in self.rows()]
        history = self.database.rows("SELECT id, state, who FROM smime_register_history "
                                     "ORDER BY id, state, who")
        return rows, history


class Commands:
    """For each database."""

    def test_drain(self):
        self.held()
        self.doveadm_quarantine("delete", "alice", self.held())
        self.keep_spooled()
        self.assertEqual(3, len(self.spooled()))
        self.drain()
        whole = self.state()

        def check():
            known = {row["id"]: row["state"] for row in self.rows()}
            for path, text in self.spooled_texts.items():
                row = json.loads(text)
                self.assertTrue(path.exists() or known.get(row["id"]) in (row["state"], "deleted"),
                                "a row is neither here nor there")
            self.assertEqual(0, self.drain()[1])
            self.assertEqual(whole, self.state())
            self.assertEqual([], self.spooled())

        self.each_kill(self.spool_again, check, "smime", "register", "drain")

    def test_rebuild(self):
        items = [self.held() for _ in range(3)]
        self.keep_spooled()
        self.instance.doveadm("expunge", "-u", "alice", "mailbox", "Quarantine", "header",
                              "X-SMIME-Quarantine-Id", items[2])

        def reset():
            self.spool_again()
            self.drain()
            self.database.execute(
                f"DELETE FROM smime_register WHERE id = '{items[0]}';"
                f"UPDATE smime_register SET state = 'released', present = 0 "
                f"WHERE id = '{items[1]}';")

        reset()
        self.register("rebuild", "-u", "alice")
        whole = self.state()

        def check():
            self.register("rebuild", "-u", "alice")
            self.assertEqual([], self.register("check", "-u", "alice"))
            self.assertEqual(whole, self.state())

        self.each_kill(reset, check, "smime", "register", "rebuild", "-u", "alice")


class SqliteCommands(Commands, KilledCase):
    pass


class PostgresCommands(Commands, KilledCase):
    make_database = register_databases.Postgres


class Acts(KilledCase):
    """What takes a message out of the quarantine."""

    instance_options = {"replace_rules": True}
    settings = RULES

    @classmethod
    def before_start(cls):
        ReviewCase.before_start.__func__(cls)
        cls.addClassCleanup(cls.mta.server_close)
        cls.addClassCleanup(cls.mta.shutdown)
        of_mta = cls.instance.extra
        super().before_start()
        cls.instance.extra += of_mta

    def setUp(self):
        super().setUp()
        self.home = self.instance.home("alice")
        self.before = self.directory / "before"
        shutil.rmtree(self.before, ignore_errors=True)

    def copy(self, source, target):
        shutil.rmtree(target, ignore_errors=True)
        subprocess.run(["cp", "-a", source, target], check=True)

    def reset(self):
        self.copy(self.before, self.home)
        self.spool_again()
        self.mta.mails.clear()

    def hold(self, *kinds):
        """Three messages, held in 2020."""
        self.originals = {kind: self.samples.encrypted(kind) for kind in kinds}
        ids = {}
        for kind, message in self.originals.items():
            self.assert_accepted(message, sender=f"{kind}@example.org")
        for path in (self.home / "Maildir/.Quarantine").glob("*/*,S=*"):
            data = path.read_bytes()
            start = data.index(b"X-SMIME-Quarantine-Time: ") + 25
            path.write_bytes(data[:start] + b"2020" + data[start + 4:])
        for row in self.quarantined("alice"):
            ids[row["from"].split("@")[0]] = row["id"]
        self.keep_spooled()
        self.copy(self.home, self.before)
        return ids

    def assert_end(self, ids, ends):
        """ends: the last state of each."""
        self.assertEqual([], self.quarantined("alice"))
        self.assertEqual([self.originals[kind] for kind, end in ends.items() if end == "released"],
                         [without_trace(body) for body in self.bodies()])
        self.assertEqual([], self.register("check", "-u", "alice"))
        self.assertEqual({ids[kind]: end for kind, end in ends.items()},
                         {row["id"]: row["state"] for row in self.rows()})
        for kind, end in ends.items():
            self.assertEqual(["held", end], self.history(ids[kind]))

    def assert_nothing_lost(self, ids):
        held = {row["id"] for row in self.quarantined("alice")}
        inbox = [without_trace(body) for body in self.bodies()]
        self.assertLessEqual(len(inbox), 1)
        self.assertTrue(inbox or ids["rel"] in held, "it is neither held nor released")

    def test_expire(self):
        ids = self.hold("del", "rel", "rej")
        command = ("smime", "quarantine", "expire", "-u", "alice")

        def check():
            self.assert_nothing_lost(ids)
            self.instance.doveadm(*command)
            self.assert_end(ids, {"del": "expired", "rel": "released", "rej": "rejected"})
            sent = {email.message_from_bytes(mail)["Message-ID"] for _, _, mail in self.mta.mails}
            self.assertEqual(1, len(sent), "the sender is told by one mail, or by copies of it")

        self.each_kill(self.reset, check, *command)

    def test_release(self):
        ids = self.hold("rel")
        command = ("smime", "quarantine", "release", "-u", "alice", ids["rel"])

        def check():
            self.assert_nothing_lost(ids)
            if self.quarantined("alice"):
                self.instance.doveadm(*command)
            self.assert_end(ids, {"rel": "released"})

        self.each_kill(self.reset, check, *command)


class Notices(Killer, NotifyCase):
    @classmethod
    def before_start(cls):
        super().before_start()
        cls.make_killer()

    def test_notify(self):
        items = {self.hold(), self.hold()}
        home, before = self.instance.home("alice"), self.directory / "before"
        subprocess.run(["cp", "-a", home, before], check=True)

        def reset():
            shutil.rmtree(home)
            subprocess.run(["cp", "-a", before, home], check=True)

        numbers = set()

        def check():
            self.notify("-u", "alice", "--now")
            ((_, number, text),) = self.notices()
            numbers.add(number)
            for item in items:
                self.assertIn(item, text)
            self.assertEqual([], self.notify("-u", "alice", "--now"))

        self.each_kill(reset, check, "smime", "notify", "-u", "alice", "--now")
        self.assertEqual(1, len(numbers))


class Requests(Killer, NotifyCase):
    """Who asks has asked once, and is told once what was decided."""

    rules = "  smime_rule = class=any-encrypted recipient=request action=quarantine\n"

    @classmethod
    def before_start(cls):
        super().before_start()
        cls.make_killer()

    def each_kill_from_here(self, check, *command):
        home, before = self.instance.home("alice"), self.directory / "before"
        shutil.rmtree(before, ignore_errors=True)
        subprocess.run(["cp", "-a", home, before], check=True)

        def reset():
            shutil.rmtree(home)
            subprocess.run(["cp", "-a", before, home], check=True)

        self.each_kill(reset, check, *command)

    def request(self, item):
        done = self.instance.doveadm("-f", "json", "smime", "quarantine", "request", "-u", "alice",
                                     item)
        return json.loads(done.stdout)[0]

    def assert_told_once(self, *words):
        self.notify("-u", "alice", "--now")
        ((_, number, text),) = self.notices()
        self.assertTrue(any(word in text for word in words), text)
        self.assertEqual([], self.notify("-u", "alice", "--now"))
        return number

    def test_request(self):
        item = self.hold(sender="quiet@example.org")

        def check():
            before = self.quarantined("alice")[0]
            asked = self.request(item)
            after = self.quarantined("alice")[0]
            self.assertEqual(("requested", asked["requested_by"]),
                             (after["state"], after["requested_by"]))
            if before["state"] == "requested":
                self.assertEqual(before["requested_at"], after["requested_at"])
            self.assertEqual([], self.notify("-u", "alice", "--now"))

        self.each_kill_from_here(check, "smime", "quarantine", "request", "-u", "alice", item)

    def test_delete(self):
        item = self.hold(sender="quiet@example.org")
        self.request(item)
        command = ("smime", "quarantine", "delete", "-u", "alice", item)

        def check():
            if self.quarantined("alice"):
                self.assertEqual([], self.notify("-u", "alice", "--now"))
                self.instance.doveadm(*command)
            self.assert_told_once("it is deleted")

        self.each_kill_from_here(check, *command)

    def test_tell(self):
        item = self.hold(sender="quiet@example.org")
        self.request(item)
        self.doveadm_quarantine("delete", "alice", item)
        numbers = set()

        def check():
            numbers.add(self.assert_told_once("it is deleted"))

        self.each_kill_from_here(check, "smime", "notify", "-u", "alice", "--now")
        self.assertEqual(1, len(numbers))


class Deliveries(KilledCase):
    program = "lmtp"

    @classmethod
    def before_start(cls):
        super().before_start()
        script = cls.instance.dir / "lmtp"
        script.write_text(f"#!/bin/sh\nLD_PRELOAD={cls.killer} exec /usr/lib/dovecot/lmtp \"$@\"\n")
        script.chmod(0o755)
        cls.instance.extra += f"service lmtp {{\n  executable = {script}\n}}\n"

    def die_at(self, point):
        self.faults.write_text(str(point))
        self.end_lmtp()

    def end_lmtp(self):
        """Those that are there began with another point."""
        deadline = time.monotonic() + 20
        while pids := self.instance.processes("lmtp"):
            self.assertLess(time.monotonic(), deadline)
            for pid in pids:
                try:
                    os.kill(pid, signal.SIGTERM)
                except ProcessLookupError:
                    pass
            time.sleep(0.02)

    def try_once(self, message):
        try:
            with Lmtp(self.instance) as lmtp:
                return lmtp.send(message, "alice@example.org")[0][0]
        except (OSError, AssertionError):
            return None

    def assert_behind_a_broken_list(self):
        """A save into a Maildir that ended between the list of UIDs and the index has used a UID
        that the next save uses again. Dovecot begins a new list then, and sees the files when
        something changes beside them: of any mailbox, and none is lost."""
        self.assert_logged("dovecot-uidlist line")
        self.instance.doveadm("force-resync", "-u", "alice", "Quarantine")
        self.assertIn(len(self.quarantined("alice")), (1, 2))

    def test_a_delivery_that_comes_again(self):
        """As a mail server does that had no answer."""
        encrypted = self.samples.encrypted()
        self.die_at(0)
        self.assertEqual(250, self.try_once(encrypted))
        self.end_lmtp()
        for point in self.points(int(self.count.read_text())):
            message = b"X-Number: %d\r\n" % point + encrypted
            with self.subTest(point=point):
                self.clear("alice")
                self.drain()
                self.database.execute("DELETE FROM smime_register;"
                                      "DELETE FROM smime_register_history;")
                self.die_at(point)
                first = self.try_once(message)
                self.remove_stale_locks()
                self.die_at(0)
                if first is None:
                    self.assertEqual(250, self.try_once(message))
                rows = self.quarantined("alice")
                if not rows:
                    self.assert_behind_a_broken_list()
                    continue
                (row,) = rows
                self.drain()
                self.assertEqual([], self.register("check", "-u", "alice", check=False))
                self.assertEqual(row["id"], self.row()["id"])
                self.assertEqual(["held"], self.history(row["id"]))


if __name__ == "__main__":
    unittest.main()
