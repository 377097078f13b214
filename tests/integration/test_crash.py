"""kill -9 at random moments of quarantine and release: what got 250 is there, in the
end once, and exact."""

import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

from case import DovecotCase
from clients import Imap, Lmtp, without_trace
from instance import age_of


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


class CrashCase(DovecotCase):
    """One kill of lmtp and one of doveadm a cycle. SMIME_CRASH_CYCLES: more of them."""

    cycles = int(os.environ.get("SMIME_CRASH_CYCLES", "40"))

    def make_message(self):
        return self.samples.encrypted()

    def deliver_and_kill(self, number):
        """Whether it got 250. The kill comes before, while or after it is saved."""
        message = f"X-Number: {number}\r\n".encode() + self.message
        client = None
        try:
            client = Lmtp(self.instance)
            client.expect(client.command("MAIL FROM:<sender@example.org>"), 250)
            client.expect(client.command("RCPT TO:<alice@example.org>"), 250)
            client.expect(client.command("DATA"), 354)
            pids = self.instance.processes("lmtp")
            # A service whose processes die as they start is held back by Dovecot's
            # master for a while.
            while any(0 < age_of(pid) < 0.3 for pid in pids):
                time.sleep(0.02)
            client.socket.sendall(message + b".\r\n")
            time.sleep(self.random.uniform(0, self.delivery_time))
            for pid in pids:
                self.kill(pid)
            return client.reply()[0] == 250
        except OSError:
            return False
        finally:
            if client is not None:
                client.close()

    def kill(self, pid):
        try:
            os.kill(pid, signal.SIGKILL)
            self.kills += 1
        except ProcessLookupError:
            pass
        # One that waits for the disk dies later; its locks are its own until then.
        deadline = time.monotonic() + 10
        while is_alive(pid) and time.monotonic() < deadline:
            time.sleep(0.001)
        self.remove_stale_locks()

    def remove_stale_locks(self):
        """What a killed process leaves of Maildir's and the index's locks holds up stock
        Dovecot for two minutes; nobody waits for that here."""
        for name in ("dovecot-uidlist.lock", "*.newlock"):
            for path in self.instance.home("alice").rglob(name):
                path.unlink(missing_ok=True)

    def held(self):
        """What Dovecot finds broken it mends, and it is read by the next."""
        for _ in range(3):
            done, items = self.doveadm_quarantine("list", "alice", check=False)
            if done.returncode == 0:
                return [item["id"] for item in items]
            self.mended = True
        self.fail(done.stderr.decode())

    def release_and_kill(self, item):
        process = subprocess.Popen(
            [str(self.instance.dir / "doveadm"), "smime", "quarantine", "release", "-u", "alice",
             item], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(self.random.uniform(0, self.release_time))
        if process.poll() is None:
            self.kill(process.pid)
        process.wait()
        self.remove_stale_locks()

    def numbers_in(self, mailbox, *query):
        for _ in range(4):
            done = self.instance.doveadm("-f", "flow", "fetch", "-u", "alice", "hdr.x-number",
                                         "mailbox", mailbox, *query, check=False)
            self.mended = self.mended or done.returncode == 75
            # A mailbox that is not there is empty; a broken one is mended and read
            # again.
            if done.returncode == 0 or b"doesn't exist" in done.stderr:
                words = done.stdout.decode().split()
                return [int(word.split("=")[1]) for word in words if "=" in word]
        self.fail(done.stderr.decode())

    def measure(self):
        """What a delivery and a release take here, undisturbed: the kills come within
        somewhat more."""
        began = time.monotonic()
        for _ in range(5):
            self.assert_accepted(self.message)
        self.delivery_time = (time.monotonic() - began) / 5 * 1.3
        began = time.monotonic()
        for item in self.held():
            self.doveadm_quarantine("delete", "alice", item)
        self.release_time = (time.monotonic() - began) / 6 * 1.3

    def run_cycles(self):
        seed = int(os.environ.get("SMIME_CRASH_SEED", "0")) or random.randrange(1 << 30)
        print(f"[seed {seed}] ", end="", flush=True)
        self.random = random.Random(seed)
        self.message = self.make_message()
        self.kills = 0
        self.mended = False
        self.measure()
        accepted = set()
        # What the measuring left.
        self.clear("alice")
        for number in range(self.cycles):
            if self.deliver_and_kill(number):
                accepted.add(number)
            items = self.held()
            if items:
                self.release_and_kill(self.random.choice(items))
        return accepted

    def check(self, accepted):
        there = set(self.numbers_in("INBOX")) | set(self.numbers_in("Quarantine"))
        self.assertEqual(set(), accepted - there, "acknowledged, and absent")
        before = self.numbers_in("Quarantine")
        self.assertEqual(len(before), len(set(before)))
        # Releases that were cut short are repeated.
        for item in self.held():
            self.doveadm_quarantine("release", "alice", item)
        self.assertEqual([], self.held())
        found = self.numbers_in("INBOX")
        self.assertEqual(len(found), len(set(found)), "a message is there twice")
        self.assertEqual(there, set(found))
        client = Imap(self.instance, "alice", "INBOX")
        for uid in client.uids():
            body = without_trace(client.body(uid))
            self.assertEqual(self.message, body.split(b"\r\n", 1)[1])
        client.logout()

    def run_test(self):
        accepted = self.run_cycles()
        # As the kills left it: checking reads it, of which Dovecot mends it, and releases.
        before = self.directory / "before-check"
        shutil.copytree(self.instance.home("alice"), before)
        try:
            self.check(accepted)
        except AssertionError:
            kept = Path(os.environ["SMIME_TEST_WORK"]) / f"{type(self).__name__}-store"
            shutil.rmtree(kept, ignore_errors=True)
            shutil.move(before, kept)
            print(f"[the store before the check: {kept}] ", end="", flush=True)
            raise
        print(f"[{self.kills} kills, {len(accepted)} of {self.cycles} accepted] ", end="",
              flush=True)
        self.assertGreater(self.kills, self.cycles // 2)


class Maildir(CrashCase):
    def test_nothing_is_lost_or_doubled(self):
        self.run_test()


class Mdbox(CrashCase):
    """A kill in the middle of a commit can make Dovecot, also without the plugin, find
    an mdbox corrupted and rebuild it from its files, where it takes up again what was
    expunged or written and not yet referred to: a message may then be in the quarantine
    again, until it is released again, which finds it in INBOX. Nothing is lost, and INBOX
    has each message once and nothing of the quarantine."""

    instance_options = {"location": "mdbox:~/mdbox"}

    def was_rebuilt(self):
        log = self.instance.settled_log()
        return self.mended or "rebuilding indexes" in log or "corrupted" in log

    def check(self, accepted):
        there = set(self.numbers_in("INBOX")) | set(self.numbers_in("Quarantine"))
        self.assertEqual(set(), accepted - there, "acknowledged, and absent")
        if not self.was_rebuilt():
            try:
                return super().check(accepted)
            except AssertionError:
                # The releases of the check itself may be what makes Dovecot look.
                if not self.was_rebuilt():
                    raise
        self.check_rebuilt(there)

    def check_rebuilt(self, there):
        found = self.numbers_in("INBOX") + self.numbers_in("Quarantine")
        print(f"[rebuilt by Dovecot, {len(found) - len(set(found))} doubled] ", end="", flush=True)
        self.assertEqual([], self.numbers_in("INBOX", "header", "x-smime-quarantine-id", ""))
        # What is in both is released to where it is already. A rebuild in the middle of a
        # release brings back what was taken out.
        for _ in range(4):
            for item in self.held():
                self.doveadm_quarantine("release", "alice", item, check=False)
        self.assertEqual([], self.held())
        found = self.numbers_in("INBOX")
        # What was written and not acknowledged may be there again as well.
        self.assertEqual(set(), there - set(found))
        self.assertLessEqual(set(found), set(range(self.cycles)))
        self.assertEqual(len(found), len(set(found)), "a message is there twice")

    def test_nothing_is_lost_or_doubled(self):
        self.run_test()


class WrittenEarly(CrashCase):
    """Plain mail is written before its report is there: a kill between that and the
    commit leaves nothing that a client sees, and nothing was acknowledged."""

    def make_message(self):
        return self.samples.plain()

    def test_nothing_is_lost_or_doubled(self):
        self.run_test()
