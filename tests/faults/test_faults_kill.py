"""Processes that are killed, stopped and restarted while mail comes in."""

import os
import signal
import threading
import time

from faults import Disturbance, FaultCase, load, long_form, scaled
from instance import age_of


class KillCase(FaultCase):
    def kill_one(self):
        """Spares processes that are just starting: Dovecot's master takes those for a
        service that cannot start, and holds it back."""
        pids = [pid for name in self.victims for pid in self.instance.processes(name)
                if age_of(pid) > 0.3]
        if pids:
            try:
                os.kill(self.random.choice(pids), signal.SIGKILL)
                self.killed += 1
            except ProcessLookupError:
                pass
        self.remove_stale_locks()

    def run_kills(self):
        self.killed = 0
        ledger = self.ledger()
        with Disturbance(self.kill_one, pause=0.03):
            load(self.instance, ledger, scaled(150))
            # The faster the machine, the fewer kills meet 150 messages.
            for _ in range(20):
                if self.killed > 10:
                    break
                load(self.instance, ledger, 50)
        self.remove_stale_locks()
        self.assert_recovered(ledger)
        self.check(ledger)
        print(f"[{self.killed} killed] ", end="", flush=True)
        self.assertGreater(self.killed, 10)
        self.assertGreater(len(ledger.acknowledged()), 50)


class KillMaildir(KillCase):
    victims = ("lmtp", "smime-scanner", "auth", "anvil", "config", "stats")

    def test_any_process_is_killed_at_any_time(self):
        self.run_kills()


@long_form
class KillSdbox(KillCase):
    instance_options = {**FaultCase.instance_options, "location": "sdbox:~/sdbox"}
    victims = ("lmtp", "smime-scanner")

    def test_any_process_is_killed_at_any_time(self):
        self.run_kills()


class KillMaster(FaultCase):
    """The whole of Dovecot goes at once, and comes back."""

    def kill_all(self):
        master = self.instance.master_pid()
        children = self.instance.processes("lmtp") + self.instance.processes("smime-scanner")
        for pid in [master, *children]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        deadline = time.monotonic() + 20
        while self.instance.running() and time.monotonic() < deadline:
            time.sleep(0.02)

    def start_again(self):
        """The other services notice that their master is gone, and free the ports."""
        deadline = time.monotonic() + 30
        while True:
            try:
                self.instance.start()
                return
            except Exception:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def test_all_is_killed_and_started_again(self):
        ledger = self.ledger()
        for _ in range(scaled(2)):
            stop = threading.Event()
            sender = threading.Thread(target=load, args=(self.instance, ledger, 100000, 4),
                                      kwargs={"stop": stop})
            sender.start()
            before = len(ledger.acknowledged())
            while len(ledger.acknowledged()) < before + 10:
                time.sleep(0.01)
            time.sleep(self.random.uniform(0, 0.1))
            self.kill_all()
            stop.set()
            sender.join()
            self.remove_stale_locks()
            self.start_again()
            self.assert_recovered(ledger, count=4)
        self.check(ledger)


class ScannerFaults(FaultCase):
    def test_it_hangs(self):
        """SIGSTOP: the sender is told to try again within the time-out."""
        ledger = self.ledger()
        load(self.instance, ledger, 8)
        self.assertEqual(8, len(ledger.acknowledged()))
        # Those that are started meanwhile stop, too.
        with Disturbance(lambda: self.end_processes("smime-scanner",
                                                    with_signal=signal.SIGSTOP), pause=0.01):
            time.sleep(0.2)
            started = time.monotonic()
            load(self.instance, ledger, 8, connections=8)
            took = time.monotonic() - started
        self.end_processes("smime-scanner", with_signal=signal.SIGCONT)
        self.assertLess(took, 30)
        # One that began before its scanner was stopped may have had its answer.
        self.assertLess(len(ledger.acknowledged()), 12)
        self.assert_recovered(ledger)
        self.check(ledger)

    def test_it_stops_and_goes_on(self):
        """Short hangs are waited for."""
        ledger = self.ledger()

        def stutter():
            self.end_processes("smime-scanner", with_signal=signal.SIGSTOP)
            time.sleep(self.random.uniform(0, 0.2))
            self.end_processes("smime-scanner", with_signal=signal.SIGCONT)

        with Disturbance(stutter, pause=0.05) as disturbance:
            load(self.instance, ledger, scaled(60))
        self.assertGreater(disturbance.count, 2)
        self.check(ledger)
        self.assertGreater(len(ledger.acknowledged()), 50)

    def test_restart_storm(self):
        """doveadm reload and ended scanners, as fast as it goes."""
        ledger = self.ledger()

        def storm():
            self.end_processes("smime-scanner")
            self.instance.doveadm("reload", check=False)

        with Disturbance(storm, pause=0.3) as disturbance:
            load(self.instance, ledger, scaled(120))
        self.assertGreater(disturbance.count, 2)
        self.assert_recovered(ledger)
        self.check(ledger)
        # A reload ends every session: most of the mail is told to come again.
        self.assertGreater(len(ledger.outcomes), len(ledger.acknowledged()))


class Invariant(FaultCase):
    """The account sees what it is for."""

    def sent(self):
        ledger = self.ledger()
        load(self.instance, ledger, 4)
        self.check(ledger)
        return ledger

    def test_a_lost_message_is_seen(self):
        ledger = self.sent()
        self.instance.doveadm("expunge", "-u", "alice", "mailbox", "INBOX", "header",
                              "X-Number", "0")
        with self.assertRaisesRegex(AssertionError, "0 .plain. was acknowledged"):
            self.check(ledger)

    def test_a_doubled_message_is_seen(self):
        ledger = self.sent()
        self.instance.doveadm("copy", "-u", "alice", "INBOX", "mailbox", "INBOX", "header",
                              "X-Number", "1")
        with self.assertRaisesRegex(AssertionError, "1 .signed. was acknowledged"):
            self.check(ledger)

    def test_a_changed_message_is_seen(self):
        ledger = self.sent()
        ledger.bodies["signed"] = ledger.bodies["signed"].replace(b"xxx", b"xxy", 1)
        with self.assertRaisesRegex(AssertionError, "1 in INBOX differs"):
            self.check(ledger)
