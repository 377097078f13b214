"""Too little of what a process needs: descriptors, places in a queue, memory; the
wrong time; and many senders at once."""

import os
import shutil
import socket
import subprocess
import threading
import time
import unittest
from pathlib import Path

from case import ROOT
from clients import dot_stuff
from faults import DROPPED, Disturbance, FaultCase, Refused, Session, load, scaled

FAKETIME = next(iter(Path("/usr/lib").glob("*/faketime/libfaketime.so.1")), None)


class FewDescriptors(FaultCase):
    def test_lmtp(self):
        """From enough to take a connection (one that stock Dovecot cannot take waits) to
        enough for all."""
        ledger = self.ledger()
        for limit in (18, 20, 22, 24, 28):
            self.with_lmtp_faults(f"ulimit -n {limit}\n")
            load(self.instance, ledger, scaled(4), connections=2)
        self.assertGreater(ledger.numbers, len(ledger.acknowledged()))
        self.with_lmtp_faults("")
        self.assert_recovered(ledger)
        self.check(ledger)


class ManySessions(FaultCase):
    """200 senders in the middle of DATA at the same time; as many scanners as
    shipped."""

    extra = "service lmtp {\n  process_limit = 260\n}\n"
    settings = FaultCase.settings.replace("4s", "60s")
    instance_options = {"scanner_conf": "timeout = 50s\n"}
    senders = 200

    def setUp(self):
        super().setUp()
        self.barrier = threading.Barrier(self.senders)

    def send(self, ledger):
        number = ledger.next_number()
        try:
            session = Session(self.instance, timeout=240)
            session.expect(session.command("MAIL FROM:<sender@example.org>"), 250)
            session.expect(session.command("RCPT TO:<alice@example.org>"), 250)
            session.expect(session.command("DATA"), 354)
            message = dot_stuff(ledger.message(number), True)
            session.socket.sendall(message[:1000])
            self.barrier.wait(240)
            session.socket.sendall(message[1000:] + b".\r\n")
            ledger.enter(number, *session.reply())
            session.close()
        except Refused as refused:
            ledger.enter(number, refused.code, str(refused))
            self.barrier.abort()
        except OSError as problem:
            ledger.enter(number, DROPPED, str(problem))
            self.barrier.abort()

    def test_all_are_answered(self):
        ledger = self.ledger()
        threads = [threading.Thread(target=self.send, args=(ledger,)) for _ in
                   range(self.senders)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.check(ledger)
        self.assertEqual(self.senders, len(ledger.acknowledged()), ledger.summary())


class ScannerQueue(FaultCase):
    """Connections that say nothing, or half of something, hold every scanner and
    fill the queue before them."""

    def occupy(self, what):
        """Until connect() finds the queue full."""
        path = str(self.instance.base_dir / "smime-scanner")
        held = []
        for _ in range(1000):
            connection = socket.socket(socket.AF_UNIX)
            connection.setblocking(False)
            try:
                connection.connect(path)
                connection.send(what)
            except OSError:
                connection.close()
                break
            held.append(connection)
        return held

    def test_the_queue_is_full(self):
        for name, what in (("silent", b""), ("half a message", b"inspect\t1\t99999999\n" +
                                             b"x" * 100000)):
            with self.subTest(name):
                self.clear("alice")
                ledger = self.ledger()
                load(self.instance, ledger, 4)
                held = self.occupy(what)
                # Room is made and taken again while the scanners time out.
                load(self.instance, ledger, scaled(8), connections=8)
                print(f"[{len(held)} connections] ", end="")
                for connection in held:
                    connection.close()
                self.assertGreater(len(held), 20)
                self.assert_recovered(ledger)
                self.check(ledger)


@unittest.skipUnless(FAKETIME, "libfaketime is not installed")
class ClockJumps(FaultCase):
    """The wall clock of lmtp and of the scanner jumps by up to ten years, each on its
    own; the monotonic clock goes on, as it does when a clock is set."""

    # Dovecot's stats process asserts that no event of lmtp took less than no time.
    forgiven = ("stats: Panic: file lib-event.c", "stats: Error: Raw backtrace",
                "service(stats): child")

    @classmethod
    def before_start(cls):
        super().before_start()
        cls.scanner = cls.instance.root / "usr/lib/dovecot/smime-scanner"
        script = cls.instance.dir / "scanner"
        script.write_text(f"#!/bin/sh\n. {cls.instance.dir}/scanner.faults\n"
                          f'exec {cls.scanner} -c {cls.instance.dir}/smime-scanner.conf "$@"\n')
        script.chmod(0o755)
        cls.set_scanner_clock("+0")
        cls.instance.extra += (f"service smime-scanner {{\n  executable = {script}\n}}\n")
        cls.jump_to("+0")
        cls.set_lmtp_faults(cls.clock_lines() + f"export FAKETIME_TIMESTAMP_FILE={cls.clock()}\n"
                            "export FAKETIME_NO_CACHE=1\n")

    @classmethod
    def clock(cls):
        return cls.instance.dir / "clock"

    @classmethod
    def clock_lines(cls):
        return (f"export LD_PRELOAD={FAKETIME}\nexport FAKETIME_DONT_FAKE_MONOTONIC=1\n"
                "export DONT_FAKE_MONOTONIC=1\nexport FAKETIME_DISABLE_SHM=1\n")

    @classmethod
    def set_scanner_clock(cls, offset):
        (cls.instance.dir / "scanner.faults").write_text(
            cls.clock_lines() + f"export FAKETIME={offset}\n")

    @classmethod
    def jump_to(cls, offset):
        new = cls.clock().with_suffix(".new")
        new.write_text(offset + "\n")
        new.rename(cls.clock())

    def jump(self):
        self.jump_to(self.random.choice(("+0", "-1", "+3", "-3600", "+86400", "-30d", "+3650d",
                                         "-3650d")))
        # Its root is empty: it cannot see the file, so its processes are replaced.
        self.set_scanner_clock(self.random.choice(("+0", "-3650d", "+3650d")))
        self.end_processes("smime-scanner")

    def test_both_clocks_jump(self):
        ledger = self.ledger()
        with Disturbance(self.jump, pause=0.2) as disturbance:
            load(self.instance, ledger, scaled(100))
            # A jump may hold all up for a time, or none.
            while disturbance.count <= 3 and disturbance.thread.is_alive():
                load(self.instance, ledger, scaled(20))
        self.jump_to("+0")
        self.set_scanner_clock("+0")
        self.end_processes("smime-scanner", "lmtp")
        self.assertGreater(disturbance.count, 3)
        self.assert_recovered(ledger)
        self.check(ledger)
        self.assertGreater(len(ledger.acknowledged()), 50)


def knows_trust_dir():
    """Whether this smime-scanner has the setting."""
    done = subprocess.run([ROOT / "usr/lib/dovecot/smime-scanner", "-c", "/dev/stdin",
                           "--inspect", "/dev/null"], input="trust_dir = /etc/ssl/certs\n",
                          capture_output=True, text=True, timeout=60)
    return "unknown setting" not in done.stderr


class TrustStoreVanishes(FaultCase):
    """The folder of anchors is moved away and put back while mail comes in: a message
    is delivered, held or deferred, and verified by nothing that is not there."""

    @classmethod
    def setUpClass(cls):
        if not knows_trust_dir():
            raise unittest.SkipTest("this smime-scanner has no setting trust_dir")
        super().setUpClass()

    @classmethod
    def before_start(cls):
        super().before_start()
        cls.trust = cls.directory / "trust"
        cls.trust.mkdir()
        shutil.copy(cls.samples.dir / "ca.pem", cls.trust)
        cls.instance.scanner_conf += f"trust_dir = {cls.trust}\ncrl_policy = off\n"

    def vanish(self):
        away = self.trust.with_suffix(".away")
        os.rename(self.trust, away)
        self.end_processes("smime-scanner")
        time.sleep(0.2)
        os.rename(away, self.trust)
        self.end_processes("smime-scanner")

    def test_it_vanishes_under_load(self):
        ledger = self.ledger()
        with Disturbance(self.vanish, pause=0.2) as disturbance:
            load(self.instance, ledger, scaled(60))
        self.assertGreater(disturbance.count, 2)
        self.assert_recovered(ledger)
        self.check(ledger)

    def test_nothing_is_verified_without_it(self):
        away = self.trust.with_suffix(".away")
        ledger = self.ledger()
        os.rename(self.trust, away)
        try:
            self.end_processes("smime-scanner")
            load(self.instance, ledger, 8)
        finally:
            os.rename(away, self.trust)
            self.end_processes("smime-scanner")
        self.assert_recovered(ledger)
        self.check(ledger)
