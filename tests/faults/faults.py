"""What the fault tests share: numbered mail sent over many LMTP sessions, an
account of each one's answer, and the invariant.

Acknowledged: the message is there once, byte for byte, in INBOX or Quarantine as
the policy says. Not acknowledged: the sender was told to try again (4xx), or the
connection ended, which means the same to a mail server.

SMIME_FAULT_SCALE: how many times the short form's load. SMIME_FAULT_SEED: repeats
a run's random choices, as far as processes let themselves be repeated."""

import collections
import imaplib
import os
import random
import re
import shutil
import signal
import subprocess
import threading
import time
import unittest

from case import DovecotCase
from clients import Imap, Lmtp, quoted, without_trace

SCALE = float(os.environ.get("SMIME_FAULT_SCALE", "1"))
DROPPED = "connection ended"
HUNG = "no answer"
BLOCK = re.compile(rb"(?:X-SMIME-Quarantine-[^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*)+", re.IGNORECASE)
# What a session may take; longer is a hang, which is a fault of its own.
PATIENCE = 90


# The short form (SMIME_FAULT_SCALE=1) has one storage format of each kind of fault.
long_form = unittest.skipUnless(SCALE > 1, "a part of the long form: make faults")


def scaled(count):
    return max(1, int(count * SCALE))


class Refused(Exception):
    """An answer other than the one that lets the dialogue go on."""

    def __init__(self, code, text):
        super().__init__(text)
        self.code = code


class Session(Lmtp):
    @staticmethod
    def expect(reply, code):
        if reply[0] != code:
            raise Refused(*reply)


class Ledger:
    """Messages by number and what became of each."""

    def __init__(self, bodies):
        self.kinds = list(bodies)
        self.bodies = bodies
        self.numbers = 0
        self.outcomes = {}
        self.texts = {}
        self.lock = threading.Lock()

    def next_number(self):
        with self.lock:
            self.numbers += 1
            return self.numbers - 1

    def kind(self, number):
        return self.kinds[number % len(self.kinds)]

    def message(self, number):
        return f"X-Number: {number}\r\n".encode() + self.bodies[self.kind(number)]

    def enter(self, number, outcome, text=""):
        with self.lock:
            self.outcomes[number] = outcome
            self.texts[number] = text

    def acknowledged(self):
        return {number for number, outcome in self.outcomes.items() if outcome == 250}

    def summary(self):
        counts = collections.Counter(self.outcomes.values())
        return ", ".join(f"{count} {outcome}" for outcome, count in
                         sorted(counts.items(), key=lambda entry: str(entry[0])))


def send_one(instance, session, ledger, number, recipient, patience=PATIENCE):
    """Returns the session if it can be used again, else None."""
    try:
        session = session or Session(instance, timeout=patience)
        ((code, text),) = session.send(ledger.message(number), recipient)
        ledger.enter(number, code, text)
        return session
    except Refused as refused:
        ledger.enter(number, refused.code, str(refused))
    except TimeoutError:
        ledger.enter(number, HUNG)
    except OSError as problem:
        ledger.enter(number, DROPPED, str(problem))
    if session is not None:
        session.close()
    return None


def load(instance, ledger, count, connections=4, recipient="alice@example.org", stop=None,
         patience=PATIENCE):
    """Sends count messages over as many connections; returns when all have their
    answer. stop: an event that ends it earlier."""
    limit = ledger.numbers + count

    def worker():
        session = None
        while ledger.numbers < limit and not (stop and stop.is_set()):
            number = ledger.next_number()
            session = send_one(instance, session, ledger, number, recipient, patience)
        if session is not None:
            session.close()

    threads = [threading.Thread(target=worker) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class Disturbance:
    """Calls act() again and again, until the block ends."""

    def __init__(self, act, pause=0.0):
        self.act = act
        self.pause = pause
        self.count = 0
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._run)

    def _run(self):
        while not self.stop.is_set():
            self.act()
            self.count += 1
            self.stop.wait(self.pause)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()


class FaultCase(DovecotCase):
    """lmtp is started by a script of ours, which reads what is to go wrong from a
    file: environment and limits, as lines of shell."""

    settings = "  smime_scanner_timeout = 4s\n  smime_reviewers_all_mail = reviewer\n"
    instance_options = {"scanner_conf": "timeout = 2s\n"}
    # Where Dovecot itself may find a store damaged and take things up twice.
    once = True
    # Whether a mail server's time-out is an answer: where the very writing of the answer
    # fails it is.
    may_hang = False

    @classmethod
    def before_start(cls):
        cls.seed = int(os.environ.get("SMIME_FAULT_SEED", "0")) or random.randrange(1 << 30)
        cls.random = random.Random(cls.seed)
        cls.instance.extra += f"service lmtp {{\n  executable = {cls.instance.dir}/lmtp\n}}\n"
        cls.set_lmtp_faults("")
        script = cls.instance.dir / "lmtp"
        script.write_text(f"#!/bin/sh\n. {cls.instance.dir}/lmtp.faults\n"
                          'exec /usr/lib/dovecot/lmtp "$@"\n')
        script.chmod(0o755)

    @classmethod
    def set_lmtp_faults(cls, lines):
        (cls.instance.dir / "lmtp.faults").write_text(lines)

    def setUp(self):
        print(f"[seed {self.seed}] ", end="", flush=True)
        self.clear("alice")
        self.addCleanup(lambda begin=time.monotonic():
                        print(f"[{time.monotonic() - begin:.1f} s] ", end="", flush=True))

    def with_lmtp_faults(self, lines):
        """For lmtp processes from now on."""
        self.set_lmtp_faults(lines)
        self.end_processes("lmtp")

    def ledger(self, filler=20):
        """plain, signed, opaque-signed and encrypted, of some kilobytes."""
        text = ("." + "x" * 60 + "\n") * filler
        samples = self.samples
        return Ledger({"plain": samples.plain(text=text),
                       "signed": samples.signed(entity=samples.entity(text)),
                       "encrypted": samples.encrypted(entity=samples.entity(text)),
                       "opaque-signed": samples.opaque_signed(entity=samples.entity(text))})

    def end_processes(self, *names, with_signal=signal.SIGTERM):
        """Returns how many got it."""
        count = 0
        for name in names:
            for pid in self.instance.processes(name):
                try:
                    os.kill(pid, with_signal)
                    count += 1
                except ProcessLookupError:
                    pass
        return count

    def remove_stale_locks(self):
        """What a killed process leaves of Maildir's and the index's locks holds up
        stock Dovecot for minutes; nobody waits for that here."""
        for path in self.instance.home("alice").rglob("*"):
            if path.name == "dovecot-uidlist.lock" or path.name.endswith(".newlock"):
                path.unlink(missing_ok=True)

    def whole(self, user, mailbox):
        """number: every message of the mailbox that has it, as IMAP serves it. A store
        that Dovecot has to mend is read again."""
        for attempt in range(5):
            try:
                texts = self.fetch_all(user, mailbox)
                break
            except (OSError, imaplib.IMAP4.error) as problem:
                if attempt == 4:
                    self.fail(f"{mailbox} cannot be read: {problem}\n"
                              f"{self.instance.settled_log()[-3000:]}")
        found = collections.defaultdict(list)
        for text in texts:
            original = without_trace(BLOCK.sub(b"", text, count=1)
                                     if mailbox == self.quarantine else text)
            number = re.match(rb"X-Number: (\d+)\r\n", original)
            self.assertIsNotNone(number, f"{mailbox} has what nobody sent: {text[:1000]}")
            found[int(number.group(1))].append(original)
        return found

    def fetch_all(self, user, mailbox):
        client = Imap(self.instance, f"{user}*reviewer")
        try:
            status, text = client.select(quoted(mailbox), readonly=True)
            if status != "OK":
                if b"doesn't exist" in text[0]:
                    return []
                raise client.error(f"SELECT {mailbox}: {text}")
            if text == [b"0"]:
                return []
            status, answer = client.uid("fetch", "1:*", "(BODY.PEEK[])")
            if status != "OK":
                raise client.error(f"FETCH in {mailbox}: {answer}")
            return [part[1] for part in answer if isinstance(part, tuple)]
        finally:
            client.shutdown()

    quarantine = "Quarantine"

    def check(self, ledger, user="alice"):
        """The invariant."""
        print(f"[{ledger.summary()}] ", end="", flush=True)
        self.assertEqual(set(range(ledger.numbers)), set(ledger.outcomes))
        wrong = {number: (outcome, ledger.texts[number]) for number, outcome in
                 ledger.outcomes.items() if outcome not in self.endings() and
                 not (isinstance(outcome, int) and 400 <= outcome < 500)}
        self.assertEqual({}, wrong, "an answer that says neither yes nor try again\n" +
                         self.instance.settled_log()[-3000:])
        places = {place: self.whole(user, place) for place in ("INBOX", self.quarantine)}
        for number in sorted(ledger.acknowledged()):
            self.check_acknowledged(ledger, number, places)
        for place, found in places.items():
            for number, copies in found.items():
                for copy in copies:
                    self.assert_exact(ledger.message(number), copy, f"{number} in {place}")

    def endings(self):
        return (250, DROPPED, HUNG) if self.may_hang else (250, DROPPED)

    def assert_exact(self, sent, found, what):
        if sent == found:
            return
        at = next((i for i, pair in enumerate(zip(sent, found)) if pair[0] != pair[1]),
                  min(len(sent), len(found)))
        self.fail(f"{what} differs at {at} ({len(sent)} and {len(found)} bytes): "
                  f"{sent[at:at + 60]!r} became {found[at:at + 60]!r}")

    def check_acknowledged(self, ledger, number, places):
        kind = ledger.kind(number)
        right = self.quarantine if kind == "encrypted" else "INBOX"
        counts = {place: len(found.get(number, [])) for place, found in places.items()}
        told = f"{number} ({kind}) was acknowledged ({ledger.texts[number]}) and is in {counts}"
        if not self.once:
            self.assertGreaterEqual(sum(counts.values()), 1, told)
            return
        self.assertEqual({place: int(place == right) for place in counts}, counts,
                         f"{told}\n{self.instance.settled_log()[-3000:]}")

    def assert_recovered(self, ledger, count=8, seconds=60):
        """The fault is over: after a while everything is acknowledged again. Dovecot's
        master holds back a service whose processes died as they started."""
        deadline = time.monotonic() + seconds
        while True:
            before = ledger.numbers
            load(self.instance, ledger, count, connections=2)
            last = {ledger.outcomes[number] for number in range(before, ledger.numbers)}
            if last == {250}:
                return
            self.assertLess(time.monotonic(), deadline, f"not well again: {ledger.summary()}\n"
                            f"{self.instance.settled_log()[-3000:]}")
            time.sleep(0.5)


class SmallDisk:
    """A file system of some kilobytes. Needs root's right to mount."""

    def __init__(self, directory, size, owner):
        self.dir = directory
        directory.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=0777", "tmpfs",
                               str(directory)], capture_output=True, text=True)
        self.problem = done.stderr.strip() if done.returncode else ""
        if not self.problem:
            shutil.chown(directory, *owner)

    def resize(self, size):
        subprocess.run(["mount", "-o", f"remount,size={size}", str(self.dir)], check=True)

    def remove(self):
        if not self.problem:
            subprocess.run(["umount", "-l", str(self.dir)], check=False)
