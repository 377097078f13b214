"""A virus scanner that is away, slow, or says what no virus scanner says."""

import os
import shutil
import time
import unittest

from clamav import WithClamd
from fake_clamd import FakeClamd
from faults import Disturbance, FaultCase, load, scaled

CLAMD = shutil.which("clamd", path="/usr/sbin:/usr/bin")


class EngineCase(FaultCase):
    instance_options = {"replace_rules": True}
    settings = FaultCase.settings + (
        "  smime_rule = class=any-encrypted action=quarantine\n"
        "  smime_rule2 = scan=infected action=reject\n"
        "  smime_rule3 = scan=error action=tempfail\n")


@unittest.skipUnless(CLAMD, "clamd is not installed (clamav-daemon)")
class RealEngine(WithClamd, EngineCase):
    more_scanner_conf = "timeout = 2s\n"
    def test_it_goes_and_comes(self):
        ledger = self.ledger()

        def bounce():
            self.clamd.stop()
            time.sleep(self.random.uniform(0, 0.3))
            self.clamd.start()

        with Disturbance(bounce, pause=0.3) as disturbance:
            load(self.instance, ledger, scaled(100))
        self.assertGreater(disturbance.count, 1)
        self.assert_recovered(ledger)
        self.check(ledger)

    def test_it_is_slow(self):
        ledger = self.ledger()

        def slow():
            self.clamd.pause()
            time.sleep(self.random.uniform(0, 1))
            self.clamd.resume()

        with Disturbance(slow, pause=0.1):
            load(self.instance, ledger, scaled(40))
        self.assert_recovered(ledger)
        self.check(ledger)
        self.assertGreater(len(ledger.acknowledged()), 20)

    def test_it_hangs(self):
        ledger = self.ledger()
        self.clamd.pause()
        try:
            load(self.instance, ledger, 8, connections=8)
        finally:
            self.clamd.resume()
        delivered = {ledger.kind(number) for number in ledger.acknowledged()}
        self.assertLessEqual(delivered, {"encrypted"}, "delivered without a verdict")
        self.assert_recovered(ledger)
        self.check(ledger)


GARBAGE = {"nothing": b"", "NULs": b"\0" * 100, "random bytes": os.urandom(3000),
           "no end": b"stream: OK", "nearly OK": b"stream: OKAY\0", "another's": b"PONG\0",
           "OK of nothing": b"OK\0",
           "endless": b"stream: " + b"x" * 1000000, "lower case": b"stream: ok\0",
           "an error": b"INSTREAM: no memory ERROR\0"}


class EngineGarbage(EngineCase):
    @classmethod
    def before_start(cls):
        super().before_start()
        cls.socket = cls.directory / "fake.sock"
        cls.instance.scanner_conf = f"clamd = {cls.socket}\ntimeout = 2s\n"

    def outcomes(self, answer):
        """By kind of message."""
        self.clear("alice")
        ledger = self.ledger()
        engine = FakeClamd(self.socket)
        engine.answer = answer
        try:
            load(self.instance, ledger, 4, connections=4)
        finally:
            engine.close()
            self.socket.unlink()
        self.check(ledger)
        return {ledger.kind(number): outcome for number, outcome in ledger.outcomes.items()}

    def test_garbage_is_no_verdict(self):
        for name, answer in GARBAGE.items():
            with self.subTest(name):
                outcomes = self.outcomes(answer)
                self.assertEqual({451}, {outcomes["plain"], outcomes["signed"],
                                         outcomes["opaque-signed"]}, outcomes)

    def test_the_stand_in_can_say_yes(self):
        self.assertEqual({250}, set(self.outcomes(FakeClamd.CLEAN).values()))
