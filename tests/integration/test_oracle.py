"""The escrow key tells nothing of what it is asked to open: whatever is wrong with a message,
there is one answer. Its process has the key, and nobody else."""

import os
import random
import re
import signal
import subprocess
import threading
import time
from pathlib import Path

from clients import Lmtp
from scanner_peer import NOBODY, answer_to, ask_as
from sealed import CHANGES, change_any_block, changed, message_with
from test_inspect import SCANNER, InspectCase
from test_peers import PeerCase, make_escrow_key

INSIDE = (b"Content-Type: multipart/mixed; boundary=inner\r\n\r\n--inner\r\n"
          b"Content-Type: text/plain\r\n\r\n" + b"Some lines of a text.\r\n" * 20 +
          b"\r\n--inner\r\nContent-Type: application/zip; name=\"secret-name.zip\"\r\n"
          b"Content-Transfer-Encoding: base64\r\n\r\nUEsDBBQAAAAIAAAAIQAAAAAAAAAAAAAAAAAF\r\n"
          b"--inner--\r\n")


def to_both(samples, entity=INSIDE):
    return samples.openssl("cms", "-encrypt", "-aes-256-cbc", "-binary", "-outform", "DER",
                           "user.pem", "escrow.pem", input=entity)


class OneAnswer(InspectCase):
    """With the real process that has the key, and a file a message."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        (cls.directory / "key.conf").write_text(make_escrow_key(cls.samples))
        (cls.directory / "no-key.conf").write_text("")

    def reports(self, config, paths):
        done = subprocess.run([SCANNER, "-c", self.directory / config, "--inspect", *paths],
                              capture_output=True, timeout=600)
        self.assertEqual((0, b""), (done.returncode, done.stderr))
        return done.stdout.splitlines()

    def test_two_thousand_changes(self):
        chance = random.Random(20261124)
        data = to_both(self.samples)
        directory = self.directory / "changed"
        directory.mkdir()
        paths, names = [], []
        for change in CHANGES:
            for number in range(150):
                path = directory / f"{change.__name__}-{number}.eml"
                path.write_bytes(message_with(changed(data, change, chance)))
                paths.append(path)
                names.append(path.name)
        unchanged = directory / "unchanged.eml"
        unchanged.write_bytes(message_with(data))
        (opened,) = self.reports("key.conf", [unchanged])
        self.assertIn(b"secret-name", opened)
        self.assertGreater(len(paths), 2000)
        without, answers = (self.reports(config, paths) for config in ("no-key.conf", "key.conf"))
        self.assertEqual(len(paths), len(answers))
        for name, expected, answer in zip(names, without, answers):
            self.assertEqual(expected, answer, name)


class OverTheSocket(PeerCase):
    @classmethod
    def before_start(cls):
        super().before_start()
        cls.data = to_both(cls.samples)

    def test_one_answer_at_one_time(self):
        chance = random.Random(1)
        for change in CHANGES:
            with self.subTest(change.__name__):
                message = message_with(changed(self.data, change, chance))
                begun = time.monotonic()
                answer = answer_to(self.socket, message)
                self.assertGreaterEqual(time.monotonic() - begun, 0.1)
                self.assertEqual(ask_as(NOBODY, self.socket + "-user", message), answer)

    def test_who_is_not_trusted_learns_nothing_of_any(self):
        chance = random.Random(2)
        for change in (lambda one, chance: None, *CHANGES[::3]):
            message = message_with(changed(self.data, change, chance))
            answer = ask_as(NOBODY, self.socket + "-user", message)
            self.assertNotIn(b"secret-name", answer)
            self.assert_without_inside(answer)

    def test_one_reply_of_lmtp(self):
        chance = random.Random(3)
        replies = set()
        for number, change in enumerate(CHANGES):
            message = message_with(changed(self.data, change, chance))
            reply = self.deliver(message, sender=f"sender{number}@example.org")[0]
            replies.add(re.sub(r"<[^>]*>|\S{10,}", "", str(reply)))
        self.assertEqual(1, len(replies), replies)
        self.assertIn("550", replies.pop())


class Failures(PeerCase):
    """Of a sender who tries the key again and again, and of all others."""

    @classmethod
    def before_start(cls):
        super().before_start()
        cls.good = message_with(to_both(cls.samples, b"Content-Type: text/plain\r\n\r\nhello\r\n"))

    def code(self, message, sender):
        return self.deliver(message, sender=sender)[0][0]

    def test_a_sender_s_share(self):
        chance = random.Random(4)
        data = to_both(self.samples)
        sender = "mallory@example.net"
        self.assertEqual(250, self.code(self.good, sender))

        def send():
            with Lmtp(self.instance) as lmtp:
                for _ in range(8):
                    message = message_with(changed(data, change_any_block, chance))
                    lmtp.send(message, "alice@example.org", sender=sender)
        threads = [threading.Thread(target=send) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        # It has had its 32: what it sends is not opened, and no fault of anybody else's.
        self.assertEqual(550, self.code(self.good, sender))
        self.assertEqual(250, self.code(self.good, "bob@example.net"))
        # New processes know it, too.
        for pid in self.instance.processes("smime-scanner"):
            os.kill(pid, signal.SIGKILL)
        self.assertEqual(550, self.code(self.good, sender))
        self.assertEqual(250, self.code(self.good, "bob@example.net"))
        log = self.instance.log_with("cannot be opened")
        lines = [line for line in log.split("\n") if "cannot be opened" in line]
        self.assertIn("A message from <mallory@example.net> is encrypted to escrow_certificate",
                      lines[0])
        # Rate-limited: one in ten seconds.
        self.assertLess(len(lines), 8, lines)


class KeyProcess(PeerCase):
    def key_processes(self):
        """{its pid: its scanner's}"""
        scanners = self.instance.processes("smime-scanner")
        found = {}
        for entry in Path("/proc").iterdir():
            try:
                stat = (entry / "stat").read_text() if entry.name.isdigit() else ""
            except OSError:
                continue
            if "(smime-key)" in stat and int(stat.rpartition(")")[2].split()[1]) in scanners:
                found[int(entry.name)] = int(stat.rpartition(")")[2].split()[1])
        return found

    def wait_for_one(self):
        deadline = time.monotonic() + 20
        while not (found := self.key_processes()) and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertTrue(found)
        return found

    def memory_has(self, pid, octets):
        with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
            for line in maps:
                area, rights = line.split()[:2]
                begin, end = (int(part, 16) for part in area.split("-"))
                if not rights.startswith("rw"):
                    continue
                try:
                    memory.seek(begin)
                    if octets in memory.read(end - begin):
                        return True
                except (OSError, ValueError, OverflowError):
                    continue
        return False

    def secret_prime(self):
        """As OpenSSL has it in memory: least significant first."""
        text = self.samples.openssl("pkey", "-in", "escrow.key", "-text", "-noout").decode()
        prime = re.search(r"prime1:\s+([0-9a-f:\s]+?)\s*prime2", text)[1]
        return int(re.sub(r"[\s:]", "", prime), 16).to_bytes(128, "little")

    def test_the_scanner_never_has_the_key(self):
        prime = self.secret_prime()
        for process, scanner in self.wait_for_one().items():
            self.assertTrue(self.memory_has(process, prime))
            self.assertFalse(self.memory_has(scanner, prime))

    def test_its_rights(self):
        for pid in self.wait_for_one():
            facts = {key: value.split() for key, _, value in (
                line.partition(":") for line in
                Path(f"/proc/{pid}/status").read_text().splitlines())}
            self.assertEqual(["2"], facts["Seccomp"])
            self.assertEqual(["1"], facts["NoNewPrivs"])
            self.assertEqual("0" * 16, facts["CapPrm"][0])
            self.assertNotIn("0", facts["Uid"])
            self.assertNotEqual("/", os.readlink(f"/proc/{pid}/root"))
            files = {int(name): os.readlink(f"/proc/{pid}/fd/{name}")
                     for name in os.listdir(f"/proc/{pid}/fd")}
            self.assertEqual({0, 1, 2, 3}, set(files))
            self.assertRegex(files[0], "socket:")
            self.assertRegex(files[3], "smime-scanner.failures")

    def test_it_goes_with_its_scanner(self):
        found = self.wait_for_one()
        for scanner in set(found.values()):
            os.kill(scanner, signal.SIGKILL)
        deadline = time.monotonic() + 10
        while any(Path(f"/proc/{pid}").exists() and "Z" not in
                  Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
                  for pid in found):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)
        self.assert_accepted(self.message)

    def test_it_is_killed(self):
        """No message is taken for one that cannot be opened: it is told to come again."""
        for pid in self.wait_for_one():
            os.kill(pid, signal.SIGKILL)
        codes = [self.deliver(self.message)[0][0] for _ in range(30)]
        self.assertLessEqual(set(codes), {250, 451})
        self.assertEqual(250, codes[-1])

    def test_a_local_user_s_scanner_has_none(self):
        answer_to(self.socket + "-user", self.samples.plain())
        # The key's processes are children of others alone.
        command = [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in
                   self.key_processes().values()]
        self.assertTrue(all(b"--no-escrow" not in line for line in command), command)
