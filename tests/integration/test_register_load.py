"""Mail comes while the register's database or its spool is out of order: no delivery asks the
database, none fails, none waits, and in the end nothing differs."""

import os
import random
import shutil
import signal
import socket
import sqlite3
import statistics
import subprocess
import threading
import time
import unittest
from contextlib import contextmanager
from pathlib import Path

import register_databases
from case import ROOT
from clients import Lmtp
from instance import Instance, age_of
from test_central import Opened
from test_register import RegisterCase

RECIPIENTS = ("alice", "bob", "carol")
# Of a delivery, in seconds; and for each recipient.
MOST_WAIT = 0.2
MESSAGES = 6
# What else the machine does makes a delivery wait now and then. What waits for the register
# waits in each of these tries.
TRIES = 5
# Of libraries that a process has loaded which can speak with a database.
OF_DATABASES = ("libdriver_", "libpq", "libsqlite", "libdict", "libdovecot-sql")


def loaded_by(pid):
    return Path(f"/proc/{pid}/maps").read_text()


def children_of(pid):
    found = []
    for entry in Path("/proc").iterdir():
        try:
            stat = (entry / "stat").read_text() if entry.name.isdigit() else ""
        except OSError:
            continue
        if stat and int(stat.rsplit(")", 1)[1].split()[1]) == pid:
            found.append(int(entry.name))
    return found


def kill(pid, with_signal=signal.SIGKILL):
    try:
        os.kill(pid, with_signal)
    except ProcessLookupError:
        pass


class Load:
    """Messages that are held, over a connection for each recipient at once."""

    def __init__(self, instance, message, meanwhile=lambda: None):
        self.instance, self.message, self.meanwhile = instance, message, meanwhile
        self.seconds, self.answers = [], []

    def run(self):
        self.connections = [Lmtp(self.instance) for _ in RECIPIENTS]
        try:
            senders = [threading.Thread(target=self.send, args=pair)
                       for pair in zip(self.connections, RECIPIENTS)]
            for sender in senders:
                sender.start()
            for sender in senders:
                sender.join()
            # The processes are there still.
            self.meanwhile()
        finally:
            for connection in self.connections:
                connection.close()
        return self

    def send(self, connection, user):
        for _ in range(MESSAGES):
            # The same message is held once.
            message = f"X-Number: {random.getrandbits(64)}\r\n".encode() + self.message
            began = time.monotonic()
            try:
                ((code, text),) = connection.send(message, f"{user}@example.org")
            except (AssertionError, OSError) as problem:
                code, text = 0, str(problem)
            self.seconds.append(time.monotonic() - began)
            if code != 250:
                self.answers.append((user, code, text))


class LoadCase(RegisterCase):
    @classmethod
    def before_start(cls):
        super().before_start()
        cls.without = Instance(cls.directory / "without", ROOT)
        (cls.directory / "without").mkdir()
        cls.addClassCleanup(cls.without.stop)
        cls.without.start()

    def setUp(self):
        self.message = self.samples.encrypted()
        super().setUp()

    def load(self, **kwargs):
        load = Load(self.instance, self.message, **kwargs).run()
        self.assertEqual([], load.answers, self.instance.log()[-2000:])
        return load

    def assert_nobody_waits(self):
        """Beside the same load on a server without a register, in turns; how many were sent."""
        told = []
        for tries in range(1, TRIES + 1):
            on = self.load().seconds
            off = Load(self.without, self.message).run()
            self.assertEqual([], off.answers)
            told.append(f"at most {max(on):.3f} s and {max(off.seconds):.3f} s without, medians "
                        f"{statistics.median(on):.3f} s and {statistics.median(off.seconds):.3f} s")
            if max(on) <= max(off.seconds) + MOST_WAIT:
                print(f"[{told[-1]}] ", end="", flush=True)
                return tries * MESSAGES * len(RECIPIENTS)
        self.fail("\n".join(told))

    def assert_nothing_differs(self, sent):
        """What waits comes into the database, if a drain that hung is at an end."""
        deadline = time.monotonic() + 90
        while True:
            done = self.instance.doveadm("smime", "register", "drain", check=False)
            if done.returncode == 0 and not self.spooled():
                break
            self.assertLess(time.monotonic(), deadline, done.stderr)
            time.sleep(0.2)
        self.assertEqual([], list(self.spool.glob("*.refused")))
        self.assertEqual([], self.register("check", "-A"))
        self.assertEqual([("held", 1)] * sent,
                         [(row["state"], row["present"]) for row in self.rows()])
        count = self.database.rows("SELECT COUNT(*) AS n FROM smime_register_history")
        self.assertEqual(sent, count[0]["n"])


class AsksNobody:
    """No delivery, and no act of a reviewer, has anything to do with the database: it is not by
    the clock that this is known."""

    def assert_asks_nobody(self):
        processes = self.instance.processes("lmtp")
        self.assertGreaterEqual(len(processes), len(RECIPIENTS))
        for pid in processes:
            maps = loaded_by(pid)
            for name in OF_DATABASES:
                self.assertNotIn(name, maps)
        self.assertEqual([], self.instance.processes("dict"))

    def test_it(self):
        with self.trap() as touched:
            load = self.load(meanwhile=self.assert_asks_nobody)
            for act in ("release", "delete"):
                self.doveadm_quarantine(act, "alice", self.quarantined("alice")[0]["id"])
            self.assertEqual(0, touched())
            self.assertEqual(len(load.seconds) + 2, len(self.spooled()))
            # That the trap sees whoever comes:
            self.instance.doveadm("smime", "register", "drain", check=False)
            self.assertGreater(touched(), 0)
        self.drain()
        self.assertEqual([], self.register("check", "-A"))


class SqliteAsksNobody(AsksNobody, LoadCase):
    @contextmanager
    def trap(self):
        seen = []

        def touched():
            """How often the file was opened since the last time."""
            counts = seen.pop().counts() if seen else {}
            seen.append(Opened(self.directory))
            return counts.get(self.database.file.name.encode(), 0)

        touched()
        yield touched


class PostgresAsksNobody(AsksNobody, LoadCase):
    make_database = register_databases.Postgres

    @contextmanager
    def trap(self):
        """In the place of the server, who lets nobody in."""
        path = self.database.directory / ".s.PGSQL.5432"
        self.database.down()
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(path))
            path.chmod(0o777)
            listening.listen()
            listening.settimeout(0)

            def touched():
                count = 0
                while True:
                    try:
                        listening.accept()[0].close()
                    except OSError:
                        return count
                    count += 1

            def let_nobody_wait():
                while not ended.wait(0.05):
                    counts.append(touched())

            counts, ended = [], threading.Event()
            closer = threading.Thread(target=let_nobody_wait)
            closer.start()
            try:
                yield lambda: sum(counts)
            finally:
                ended.set()
                closer.join()
        path.unlink()
        self.database.up()


class OutOfOrder:
    """With the service that brings the rows into the database."""

    @classmethod
    def before_start(cls):
        super().before_start()
        cls.instance.extra += (f"service smime-register {{\n  executable = {ROOT}/usr/lib/dovecot/"
                               f"smime-register {cls.spool}\n  process_min_avail = 1\n"
                               "  process_limit = 1\n  client_limit = 1\n"
                               "  unix_listener smime-register {\n    mode = 0600\n  }\n}\n")

    def setUp(self):
        # What the service has in hand of an earlier test.
        self.wait_until_idle()
        super().setUp()

    def drains(self):
        return [child for pid in self.instance.processes("smime-register")
                for child in children_of(pid)]

    def wait_until_idle(self):
        deadline = time.monotonic() + 60
        while self.drains() or self.spooled():
            self.assertLess(time.monotonic(), deadline, self.instance.log()[-2000:])
            time.sleep(0.05)

    def wait_for_a_drain(self):
        deadline = time.monotonic() + 60
        while not self.drains():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)

    def test_nothing_is_wrong(self):
        self.assert_nothing_differs(self.assert_nobody_waits())

    def test_the_database_is_down(self):
        self.database.down()
        try:
            sent = self.assert_nobody_waits()
            self.assertEqual(sent, len(self.spooled()))
        finally:
            self.database.up()
        self.assert_nothing_differs(sent)

    def test_the_table_is_locked(self):
        with self.locked():
            sent = self.load().seconds
            self.wait_for_a_drain()
            count = len(sent) + self.assert_nobody_waits()
            self.assertEqual(count, len(self.spooled()))
        self.assert_nothing_differs(count)

    def test_the_service_is_killed(self):
        ended, kills = threading.Event(), []

        def kill_it():
            while not ended.wait(random.uniform(0.02, 0.4)):
                for pid in self.instance.processes("smime-register"):
                    # Those that die as they start are held back by the master process.
                    if age_of(pid) < 0.3:
                        continue
                    for victim in (*children_of(pid), pid):
                        kill(victim)
                        kills.append(victim)

        killer = threading.Thread(target=kill_it)
        killer.start()
        try:
            sent = self.assert_nobody_waits()
            while len(kills) < 4:
                sent += len(self.load().seconds)
        finally:
            ended.set()
            killer.join()
        print(f"[{len(kills)} killed] ", end="", flush=True)
        self.assert_nothing_differs(sent)


class SqliteOutOfOrder(OutOfOrder, LoadCase):
    @contextmanager
    def locked(self):
        other = sqlite3.connect(self.database.file, isolation_level=None)
        try:
            other.execute("BEGIN EXCLUSIVE")
            yield
        finally:
            other.close()


class PostgresOutOfOrder(OutOfOrder, LoadCase):
    make_database = register_databases.Postgres

    @contextmanager
    def locked(self):
        session = subprocess.Popen(
            [register_databases.POSTGRES[-1] / "psql", "-h", self.database.directory, "-U",
             "postgres", "-d", "smime", "-qAt"], text=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE)
        try:
            session.stdin.write("BEGIN; LOCK TABLE smime_register; SELECT 'locked';\n")
            session.stdin.flush()
            self.assertEqual("locked\n", session.stdout.readline())
            yield
        finally:
            session.communicate()

    def test_the_server_stands_still(self):
        (master, *_) = (self.database.directory / "data/postmaster.pid").read_text().split()
        servers = [int(master), *children_of(int(master))]
        for pid in servers:
            kill(pid, signal.SIGSTOP)
        try:
            sent = len(self.load().seconds)
            self.wait_for_a_drain()
            sent += self.assert_nobody_waits()
            self.assertEqual(sent, len(self.spooled()))
        finally:
            for pid in servers:
                kill(pid, signal.SIGCONT)
        self.assert_nothing_differs(sent)


class NoSpool(LoadCase):
    """Rows that cannot be written are lost, and the mailboxes know better."""

    def assert_made_anew(self, sent):
        self.assertEqual([], self.spooled())
        self.assert_logged("the register has no row of")
        self.register("rebuild", "-A")
        self.assert_nothing_differs(sent)

    def test_it_is_not_to_be_written(self):
        self.spool.chmod(0o700)
        self.assert_made_anew(self.assert_nobody_waits())

    def test_it_is_no_directory(self):
        shutil.rmtree(self.spool)
        self.spool.write_text("")
        sent = self.assert_nobody_waits()
        self.spool.unlink()
        self.make_spool()
        self.assert_made_anew(sent)

    def test_its_disk_is_full(self):
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k,mode=1733", "tmpfs",
                               self.spool], capture_output=True, text=True)
        if done.returncode != 0:
            self.skipTest(f"a small disk cannot be mounted: {done.stderr}")
        try:
            # What still has room comes in time.
            first = self.assert_nobody_waits()
            kept = len(self.spooled())
            with (self.spool / "filler").open("wb", buffering=0) as filler:
                try:
                    while True:
                        filler.write(bytes(1024))
                except OSError:
                    pass
            sent = first + self.assert_nobody_waits()
            self.assertEqual(kept, len(self.spooled()))
            self.assertEqual([], list(self.spool.glob("*.new")))
            self.drain()
            self.assertEqual(kept, len(self.rows()))
        finally:
            subprocess.run(["umount", "-l", self.spool], check=True)
        self.assert_made_anew(sent)


if __name__ == "__main__":
    unittest.main()
