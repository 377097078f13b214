"""Processes that are killed, stopped and restarted while mail comes in."""

import collections
import email
import os
import re
import signal
import threading
import time

from fake_clamd import FakeClamd
from faults import PATIENCE, Disturbance, FaultCase, Refused, Session, load, long_form, scaled
from instance import age_of
from scanner_peer import Hostile


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


class HostileUser(FaultCase):
    """A local user holds as many connections to the scanner as it gets, while scanners are
    killed."""

    def setUp(self):
        super().setUp()
        self.socket = str(self.instance.base_dir / "smime-scanner")

    def kill_a_scanner(self):
        pids = [pid for pid in self.instance.processes("smime-scanner") if age_of(pid) > 0.3]
        if pids:
            try:
                os.kill(self.random.choice(pids), signal.SIGKILL)
            except ProcessLookupError:
                pass

    def test_scanners_are_killed_meanwhile(self):
        ledger = self.ledger()
        with Hostile([self.socket, self.socket + "-user"], 60):
            with Disturbance(self.kill_a_scanner, pause=0.2) as disturbance:
                load(self.instance, ledger, scaled(40))
                # The faster the machine, the fewer kills meet 40 messages.
                while disturbance.count <= 2:
                    load(self.instance, ledger, 10)
            self.assert_recovered(ledger)
            before = len(ledger.acknowledged())
            load(self.instance, ledger, scaled(40))
            self.assertEqual(scaled(40), len(ledger.acknowledged()) - before, ledger.summary())
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


class HoldingCase(KillCase):
    """The same message comes again and again, as mail servers send it, while lmtp is killed."""

    victims = ("lmtp",)

    def try_once(self, message):
        """None: there was no answer."""
        try:
            with Session(self.instance, timeout=PATIENCE) as session:
                ((code, _),) = session.send(message, "alice@example.org", bdat=True)
                return code
        except Refused as refused:
            return refused.code
        except OSError:
            return None

    def held_numbers(self):
        texts = self.fetch_all("alice", "Quarantine")
        numbers = collections.Counter()
        for text in texts:
            if b"X-SMIME-Quarantine-Encoding: base64" in text:
                text = email.message_from_bytes(text).get_payload(decode=True)
            numbers[int(re.search(rb"^X-Number: (\d+)", text, re.M).group(1))] += 1
        return numbers

    def send_from_three(self, send, *args):
        self.killed = 0
        self.lock = threading.Lock()
        with Disturbance(self.kill_one, pause=0.1):
            senders = [threading.Thread(target=send, args=args) for _ in range(3)]
            for sender in senders:
                sender.start()
            for sender in senders:
                sender.join()
        self.remove_stale_locks()


class KillWhileHolding(HoldingCase):
    """Messages that are held, held and deferred, or held and refused: each is held once, what
    was acknowledged is there, and of what was refused nothing is left."""

    settings = (FaultCase.settings + "  smime_rule = mailbox=Held action=quarantine\n"
                "  smime_rule2 = mailbox=Later action=tempfail\n"
                "  smime_rule3 = mailbox=Never reason=no action=reject\n")
    instance_options = {**FaultCase.instance_options, "replace_rules": True}
    SCRIPT = ('require "fileinto"; fileinto "Held";'
              'if header "X-Then" "later" { fileinto "Later"; }'
              'if header "X-Then" "never" { fileinto "Never"; }')
    # What is sent, and the answers that end its tries.
    KINDS = {"held": {250}, "later": set(), "never": {550}, "bytes": {250}}
    TRIES = 3

    def message(self, number, kind):
        end = b"\r\0\nline\r" if kind == "bytes" else b""
        return (f"X-Number: {number}\r\nX-Then: {kind}\r\n".encode() +
                self.samples.plain(text="x" * 60 + "\n") + end)

    def send_all(self, answers, kinds, count):
        for _ in range(count):
            with self.lock:
                number = len(kinds)
                kinds[number] = list(self.KINDS)[number % len(self.KINDS)]
                answers[number] = []
            message = self.message(number, kinds[number])
            for _ in range(self.TRIES):
                answers[number].append(self.try_once(message))
                if answers[number][-1] in self.KINDS[kinds[number]]:
                    break

    def test_held_once_or_taken_back(self):
        self.sieve("alice", self.SCRIPT)
        answers, kinds = {}, {}
        self.send_from_three(self.send_all, answers, kinds, scaled(15))
        held = self.held_numbers()
        counts = collections.Counter(code for codes in answers.values() for code in codes)
        print(f"[{self.killed} killed, {dict(counts)}] ", end="", flush=True)
        for number, codes in answers.items():
            told = f"{number} ({kinds[number]}): {codes}, held {held[number]} times"
            self.assertLessEqual(held[number], 1, told)
            if 250 in codes:
                self.assertEqual(1, held[number], told)
            if 550 in codes:
                self.assertEqual(0, held[number], told)
            if kinds[number] == "later" and 451 in codes:
                self.assertEqual(1, held[number], told)
        self.assertGreater(self.killed, 3)
        self.assertGreater(counts[250], 5)
        self.assertGreater(counts[550], 0)


class KillBetweenVerdicts(HoldingCase):
    """What the virus scanner says of a message changes between its tries: no refusal takes
    what a sender was told of, and of what nobody was told nothing is left. A kill may leave a
    copy: of a try that succeeded unheard, or one whose mark it lost."""

    settings = (FaultCase.settings + "  smime_rule = scan=infected action=reject\n"
                "  smime_rule2 = class=any-encrypted mailbox=Held action=quarantine\n")
    instance_options = {**FaultCase.instance_options, "replace_rules": True}
    ANSWERS = (FakeClamd.CLEAN, FakeClamd.INFECTED, None, None)
    TRIES = 5

    @classmethod
    def before_start(cls):
        super().before_start()
        cls.clamd = FakeClamd(cls.directory / "clamd")
        cls.addClassCleanup(cls.clamd.close)
        cls.instance.scanner_conf = f"clamd = {cls.directory}/clamd\ntimeout = 2s\n"

    def message(self, number):
        return f"X-Number: {number}\r\n".encode() + self.encrypted

    def send_all(self, answers, count):
        for _ in range(count):
            with self.lock:
                number = len(answers)
                answers[number] = []
            for _ in range(self.TRIES):
                self.clamd.answer = self.random.choice(self.ANSWERS)
                answers[number].append(self.try_once(self.message(number)))

    def test_accepted_stays_and_refused_goes(self):
        self.encrypted = self.samples.encrypted()
        self.sieve("alice", 'require "fileinto"; fileinto "Held"; keep;')
        answers = {}
        self.send_from_three(self.send_all, answers, scaled(12))
        self.clamd.answer = FakeClamd.INFECTED
        for number in answers:
            self.assertEqual(550, self.refuse(number))
        held = self.held_numbers()
        counts = collections.Counter(code for codes in answers.values() for code in codes)
        print(f"[{self.killed} killed, {dict(counts)}] ", end="", flush=True)
        left = 0
        for number, codes in answers.items():
            told = f"{number}: {codes}, held {held[number]} times"
            if 250 in codes:
                self.assertGreater(held[number], 0, told)
            else:
                self.assertLessEqual(held[number], codes.count(None), told)
                left += held[number]
        self.assertLessEqual(left, self.killed)
        self.assertGreater(self.killed, 3)
        never_accepted = [codes for codes in answers.values() if 250 not in codes]
        self.assertTrue([codes for codes in never_accepted if 451 in codes])
        self.assertGreater(len(answers), len(never_accepted))

    def refuse(self, number):
        """The last try, once nothing is killed any more."""
        deadline = time.monotonic() + 60
        while True:
            code = self.try_once(self.message(number))
            if code not in (None, 421, 451) or time.monotonic() > deadline:
                return code
            time.sleep(0.2)
