"""Mixed load for a long time, with reloads and log rotation: fails when memory or
descriptors grow, on a log line that is not explained, and when a message is lost.
Usage: make soak (SOAK_MINUTES=30), or soak.py BUILD ROOT"""

import collections
import os
import re
import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
for directory in ("integration", "faults"):
    sys.path.insert(0, str(HERE.parent / directory))

MINUTES = float(os.environ.get("SOAK_MINUTES", "30"))
SERVICES = ("dovecot", "lmtp", "imap", "smime-scanner", "auth", "config", "log", "stats",
            "anvil", "imap-login")
# Growth of the last third against the second one: the first is warming up.
MEMORY_SHARE, MEMORY_KB = 1.15, 2048
DESCRIPTORS = 16

EXPLAINED = (
    r"Warning: (?:Shutting down logins|SIGHUP received)",
    r"Warning: SIGHUP received - reloading configuration",
    r"Warning: Killed with signal 15 \(by pid=\d+ uid=0 code=kill\)",
    # imap-login hands a client over to an imap process that is just being replaced.
    r"master\(imap\): read\(\) failed: Remote closed connection",
    # A reload makes the sockets anew; a process that begins just then finds none.
    r"imap-login: Error: net_connect_unix\(stats-writer\) failed: No such file",
    r"Server shutting down",  # a reload ends sessions with 421
    # A login that a reload catches between the old auth process and the new one: the
    # client is told "[UNAVAILABLE] Internal error occurred".
    r"auth: Error: auth-master client: Master requested auth for nonexistent client",
    r"auth: Error: auth client \d+ disconnected with \d+ pending requests: EOF",
    r"imap.*: Error: auth-master: login: (?:request .*Internal auth failure|connect\(.*failed: No such file)",
)
SUSPICIOUS = re.compile(r": (?:Warning|Error|Fatal|Panic): |killed with signal")


class Soak:
    def __init__(self, build, root):
        os.environ.update(SMIME_TEST_ROOT=str(root), SMIME_TEST_BUILD=str(build),
                          SMIME_TEST_WORK=str(build / "test-work"))
        from clients import Samples
        from faults import Ledger
        from instance import Instance
        self.work = Path(tempfile.mkdtemp(prefix="smime-soak-", dir="/tmp"))
        self.work.chmod(0o755)
        (self.work / "d").mkdir()
        self.samples = Samples(self.work / "samples")
        self.instance = Instance(self.work / "d", root, settings="  smime_reviewers = reviewer\n",
                                 scanner_conf=f"trust_dir = {self.samples.trust()}\n")
        filler = ("x" * 70 + "\n") * 40
        self.ledger = Ledger({
            "plain": self.samples.plain(text=filler),
            "signed": self.samples.signed(entity=self.samples.entity(filler)),
            "encrypted": self.samples.encrypted(entity=self.samples.entity(filler)),
            "opaque-signed": self.samples.opaque_signed(entity=self.samples.entity(filler))})
        self.stop = threading.Event()
        self.problems = []
        self.counts = collections.Counter()
        self.lock = threading.Lock()
        self.found = set()
        self.rotated = []

    # -- load; each returns when the time is over

    def guard(self, act):
        """What ends with a reload is begun again; anything else is a problem."""
        while not self.stop.is_set():
            try:
                act()
                self.counts[act.__name__] += 1
            except OSError:
                self.counts["connections ended"] += 1
            except Exception as problem:  # noqa: BLE001
                if any(word in str(problem) for word in ("BYE", "421", "EOF", "[UNAVAILABLE]")):
                    self.counts["connections ended"] += 1
                else:
                    self.problems.append(f"{act.__name__}: {problem!r}")
                    self.stop.wait(1)

    def deliver(self):
        from faults import send_one
        session = None
        for _ in range(20):
            number = self.ledger.next_number()
            session = send_one(self.instance, session, self.ledger, number, "alice@example.org")
        if session:
            session.close()

    def use_imap(self):
        """APPEND, FETCH, SEARCH, MOVE as bob."""
        from clients import Imap
        client = Imap(self.instance, "bob", "INBOX")
        try:
            client.create("Box")
            for kind in ("plain", "signed"):
                client.append("INBOX", "", None, self.ledger.bodies[kind])
            client.noop()
            client.search(None, "TEXT", "sample")
            uids = client.uids()
            for uid in uids[:5]:
                client.uid("fetch", uid, "(FLAGS BODY.PEEK[])")
            if uids:  # the other one may have moved them
                client.uid("move", b",".join(uids).decode(), "Box")
            if client.select("Box")[1] != [b"0"]:
                client.store("1:*", "+FLAGS.SILENT", "\\Deleted")
                client.expunge()
        finally:
            client.shutdown()

    def review(self):
        """Releases what is held, then takes stock of INBOX and empties it."""
        import json
        done = self.instance.doveadm("-f", "json", "smime", "quarantine", "list", "-u", "alice",
                                     check=False)
        ids = [item["id"] for item in json.loads(done.stdout or b"[]")]
        if ids:
            self.instance.doveadm("smime", "quarantine", "release", "-u", "alice", *ids[:50])
        self.take_stock()
        self.stop.wait(2)

    def take_stock(self):
        from clients import Imap, without_trace
        client = Imap(self.instance, "alice", "INBOX")
        try:
            for uid in client.uids()[:200]:
                body = without_trace(client.body(uid))
                number = int(re.match(rb"X-Number: (\d+)\r\n", body).group(1))
                if body != self.ledger.message(number):
                    self.problems.append(f"message {number} is not what was sent")
                if number in self.found:
                    self.problems.append(f"message {number} is there twice")
                if client.uid("store", uid, "+FLAGS.SILENT", "\\Deleted")[0] == "OK":
                    self.found.add(number)
            client.expunge()
        finally:
            client.shutdown()

    def administrate(self):
        """A reload, or another log file, every half a minute."""
        self.stop.wait(20)
        if self.counts["administrate"] % 2:
            self.instance.doveadm("reload", check=False)
            return
        old = self.instance.log_file.with_suffix(f".{len(self.rotated)}")
        self.instance.log_file.rename(old)
        self.rotated.append(old)
        self.instance.doveadm("log", "reopen", check=False)

    # -- measuring

    def sample(self):
        """service: the largest process's PSS and RSS in kB, its descriptors."""
        found = {}
        master = self.instance.master_pid()
        for name in SERVICES:
            pids = [master] if name == "dovecot" else self.instance.processes(name)
            figures = [figure for figure in map(figures_of, pids) if figure]
            if figures:
                found[name] = tuple(max(column) for column in zip(*figures))
        return found

    def run(self):
        self.instance.start()
        samples = []
        threads = [threading.Thread(target=self.guard, args=(act,)) for act in
                   (self.deliver, self.deliver, self.use_imap, self.use_imap, self.review,
                    self.administrate)]
        try:
            for thread in threads:
                thread.start()
            end = time.monotonic() + MINUTES * 60
            while time.monotonic() < end:
                time.sleep(min(5, MINUTES * 2))
                samples.append(self.sample())
        finally:
            self.stop.set()
            for thread in threads:
                thread.join()
            self.finish()
            self.instance.stop()
        return samples

    def finish(self):
        """All that was acknowledged is found."""
        for _ in range(1000):
            before = len(self.found)
            self.review()
            if len(self.found) == before:
                break
        lost = self.ledger.acknowledged() - self.found
        if lost:
            self.problems.append(f"{len(lost)} acknowledged and absent: {sorted(lost)[:10]}")
        strange = {outcome for outcome in self.ledger.outcomes.values()
                   if isinstance(outcome, int) and outcome != 250 and not 400 <= outcome < 500}
        if strange:
            self.problems.append(f"answers: {strange}")

    def unexplained(self):
        lines = [line for path in [*self.rotated, self.instance.log_file] if path.exists()
                 for line in path.read_text(errors="replace").splitlines()]
        return [line for line in lines if SUSPICIOUS.search(line) and
                not any(re.search(pattern, line) for pattern in EXPLAINED)]


def figures_of(pid):
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        values = {key: int(re.search(rf"^{key}:\s+(\d+)", rollup, re.MULTILINE).group(1))
                  for key in ("Pss", "Rss")}
        return values["Pss"], values["Rss"], len(os.listdir(f"/proc/{pid}/fd"))
    except (OSError, AttributeError):
        return None


def growth(samples):
    """Complaints: the median of the last third against that of the second."""
    from statistics import median
    complaints = []
    third = len(samples) // 3
    for name in SERVICES:
        middle, last = ([sample[name] for sample in part if name in sample] for part in
                        (samples[third:2 * third], samples[2 * third:]))
        if not middle or not last:
            continue
        for column, what in enumerate(("PSS", "RSS", "descriptors")):
            before = median(figure[column] for figure in middle)
            after = median(figure[column] for figure in last)
            limit = (before + DESCRIPTORS if what == "descriptors" else
                     max(before * MEMORY_SHARE, before + MEMORY_KB))
            print(f"  {name:15} {what:12} {before:9.0f} {after:9.0f}")
            if after > limit:
                complaints.append(f"{name}: {what} grew from {before:.0f} to {after:.0f}")
    return complaints


def main():
    build, root = (Path(word).resolve() for word in sys.argv[1:3])
    soak = Soak(build, root)
    samples = soak.run()
    print(f"{MINUTES:g} minutes: {dict(soak.counts)}; deliveries: {soak.ledger.summary()}")
    problems = growth(samples) + soak.problems[:20] + soak.unexplained()[:20]
    for problem in problems:
        print("FAILED:", problem[:500])
    if problems:
        print(f"kept: {soak.work}")
        return 1
    shutil.rmtree(soak.work, ignore_errors=True)
    print("no growth, nothing lost, no line that is not explained")
    return 0


if __name__ == "__main__":
    sys.exit(main())
