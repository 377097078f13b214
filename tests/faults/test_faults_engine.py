"""A virus scanner that is away, slow, or says what no virus scanner says."""

import os
import shutil
import socket
import threading
import time
import unittest

from clamav import Clamd
from faults import Disturbance, FaultCase, load, scaled

CLAMD = shutil.which("clamd", path="/usr/sbin:/usr/bin")


class EngineCase(FaultCase):
    instance_options = {"replace_rules": True}
    settings = FaultCase.settings + (
        "  smime_rule = class=any-encrypted action=quarantine\n"
        "  smime_rule2 = scan=infected action=reject\n"
        "  smime_rule3 = scan=error action=tempfail\n")


@unittest.skipUnless(CLAMD, "clamd is not installed (clamav-daemon)")
class RealEngine(EngineCase):
    @classmethod
    def before_start(cls):
        super().before_start()
        cls.clamd = Clamd(cls.directory / "clamav")
        cls.instance.scanner_conf = f"clamd = {cls.clamd.socket}\ntimeout = 2s\n"

    @classmethod
    def tearDownClass(cls):
        cls.clamd.stop()
        super().tearDownClass()

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


class FakeClamd:
    """Reads a stream to its end as clamd does, and answers what it is told. A stand-in
    for answers that a sound clamd does not give."""

    def __init__(self, path, answer):
        self.answer = answer
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        os.chmod(path, 0o666)
        self.listener.listen(32)
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection):
        try:
            with connection, connection.makefile("rb") as reader:
                connection.settimeout(10)
                while reader.read(1) not in (b"\0", b"\n", b""):
                    pass
                while (size := int.from_bytes(reader.read(4))) > 0:
                    reader.read(size)
                connection.sendall(self.answer)
        except OSError:
            pass

    def stop(self):
        # shutdown() ends accept() in the other thread, close() alone does not.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()


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
        engine = FakeClamd(self.socket, answer)
        try:
            load(self.instance, ledger, 4, connections=4)
        finally:
            engine.stop()
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
        self.assertEqual({250}, set(self.outcomes(b"stream: OK\0").values()))
