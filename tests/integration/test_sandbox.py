"""What the scanner's processes may do, and what becomes of them."""

import os
import signal
import socket
import threading
import time
import unittest
from pathlib import Path

from case import DovecotCase


class Sandbox(DovecotCase):
    def scan(self, message, pause=None):
        """The answer of a scanner, asked directly; pause is called in the middle."""
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(30)
            client.connect(str(self.instance.base_dir / "smime-scanner"))
            client.sendall(b"smime-scan\t1\t%d\n" % len(message) + message[:10])
            if pause:
                time.sleep(0.5)  # until it has begun to read
                pause()
            client.sendall(message[10:])
            answer = b""
            while not answer.rstrip().endswith(b"}") and not answer.startswith(b"error"):
                piece = client.recv(65536)
                if not piece:
                    break
                answer += piece
            return answer

    def scanners(self):
        return self.instance.processes("smime-scanner")

    def facts(self, pid):
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        return {key: value.split() for key, _, value in (line.partition(":") for line in lines)}

    def test_restrictions(self):
        seen = {}

        def look():
            # The one that has this message: it has our connection open.
            for pid in self.scanners():
                seen[pid] = self.facts(pid)
        self.assertIn(b'"plain"', self.scan(self.samples.plain(), look))
        filtered = [f for f in seen.values() if f["Seccomp"] == ["2"]]
        self.assertTrue(filtered, seen)
        for facts in filtered:
            self.assertEqual(["1"], facts["NoNewPrivs"])
            self.assertEqual("0" * 16, facts["CapEff"][0])
            self.assertNotIn("0", facts["Uid"] if os.geteuid() == 0 else [])
            self.assertEqual("0" * 16, facts["CapPrm"][0])

    @unittest.skipIf(os.geteuid() != 0, "only root can have a chroot")
    def test_chroot(self):
        roots = []
        self.scan(self.samples.plain(), lambda: roots.extend(
            os.readlink(f"/proc/{pid}/root") for pid in self.scanners()))
        self.assertTrue(any(root != "/" for root in roots), roots)

    def test_no_process_has_two_messages(self):
        held = []
        first = threading.Event()
        done = threading.Event()

        def hold():
            held.append(set(self.scanners()))
            first.set()
            done.wait(20)
        one = threading.Thread(target=self.scan, args=(self.samples.plain("1"), hold))
        one.start()
        first.wait(20)
        # The second gets its answer while the first is in the middle.
        try:
            self.assertIn(b'"encrypted"', self.scan(self.samples.encrypted()))
            self.assertGreaterEqual(len(self.scanners()), 2)
        finally:
            done.set()
            one.join()

    def test_the_dead_are_replaced(self):
        for number in range(3):
            self.assert_accepted(self.samples.encrypted(f"round {number}"))
            for pid in self.scanners():
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
        self.assert_accepted(self.samples.encrypted("after"))
        self.assertEqual(4, len(self.quarantined("alice")))


class Killed(DovecotCase):
    """Apart: Dovecot's master starts a service that dies again and again with
    growing delay, as it should."""

    settings = "smime_scanner_timeout = 4s\n"

    def test_killed_in_the_middle_of_a_message(self):
        """The delivery asks another one, or is deferred; the message is not lost."""
        stop = threading.Event()

        def kill():
            while not stop.is_set():
                for pid in self.instance.processes("smime-scanner"):
                    try:
                        os.kill(pid, signal.SIGKILL)
                    except ProcessLookupError:
                        pass
                time.sleep(0.02)
        before = len(self.quarantined("bob"))
        killer = threading.Thread(target=kill)
        killer.start()
        try:
            codes = [self.deliver(self.samples.encrypted(f"m{n}"), "bob@example.org")[0][0]
                     for n in range(6)]
        finally:
            stop.set()
            killer.join()
        self.assertTrue(set(codes) <= {250, 451}, codes)
        self.assertEqual(codes.count(250), len(self.quarantined("bob")) - before)
        self.assertEqual([], self.bodies("bob"))
