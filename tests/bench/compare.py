"""Stock Dovecot, the plugin, its scanner, with clamd; what others use instead; IMAP; all
in one run, taking turns. Usage: make bench [ROUNDS=30], or
compare.py ROOT [--rounds N] [--output DIRECTORY] [--only WORD] [--held N] [--against ROOT...]

With --against: deliveries alone, by stock Dovecot, by ROOT's scanner and by that of each other
ROOT (an older state of this project, say), taking turns; the table is printed and not kept."""

import argparse
import base64
import io
import itertools
import os
import signal
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "integration"))

import formats  # noqa: E402
import results  # noqa: E402
from bench import peak_kilobytes  # noqa: E402
from clamav import Clamd  # noqa: E402
from clients import Imap, Samples  # noqa: E402
from instance import USERS, Instance  # noqa: E402
from others import Amavis, OpenSsl, Rspamd, lmtp_senders  # noqa: E402
from disk import MailStore  # noqa: E402

LINE = "A line of a text, about as long as lines of texts are.\n"
SIZES = {"3 kB": 3_000, "50 kB": 50_000, "1 MB": 1_000_000, "20 MB": 20_000_000}
LARGE = 500_000
# Each connection has a mailbox of its own. Into one Maildir stock Dovecot saves what has no
# keywords without waiting for the lock on its UIDs; what has some, with or without the
# plugin, waits.
RECIPIENTS = ("alice",) + tuple(f"user{number}" for number in range(2, 9))


def archive(samples, size):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr("text.txt", LINE * 40)
        target.writestr("sound.wav", formats.sound(max(size * 3 // 4 - 2000, 500)))
    return (b"From: sender@example.org\r\nTo: alice@example.org\r\nSubject: archive\r\n"
            b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n"
            b"text\r\n--b\r\nContent-Type: application/zip; name=a.zip\r\n"
            b"Content-Transfer-Encoding: base64\r\n\r\n" +
            base64.encodebytes(packed.getvalue()).replace(b"\n", b"\r\n") + b"\r\n--b--\r\n")


def text(share):
    return lambda size: LINE * max(1, int(size * share) // len(LINE))


KINDS = {
    "plain": lambda s, size: s.plain(text=text(1)(size)),
    "clear-signed": lambda s, size: s.signed(entity=s.entity(text(1)(size))),
    "opaque-signed": lambda s, size: s.opaque_signed(entity=s.entity(text(0.72)(size))),
    "encrypted": lambda s, size: s.encrypted(entity=s.entity(text(0.72)(size))),
    "archive": archive,
}


numbers = itertools.count()


class Bench:
    def __init__(self, root, rounds, only="", held=0):
        """held: how many messages each recipient's INBOX has before each case. With every
        delivery Dovecot reads its index, and Maildir's list of UIDs, whole."""
        self.root, self.rounds, self.only, self.held = root, rounds, only, held
        self.store = MailStore()
        self.work, self.spool = self.store.path, self.store.path / "tmp"
        self.spool.mkdir()
        self.spool.chmod(0o1777)
        self.samples = Samples(self.work / "samples")
        self.clamd = Clamd(self.work / "clamav", StreamMaxLength="200M", MaxScanSize="400M",
                           MaxFileSize="200M")
        self.instances = {}
        self.rows = []
        self.measured = {}

    def start(self, name, root=None, **options):
        directory = self.work / name.replace(" ", "-")
        directory.mkdir()
        # A mailbox in service is given a new log at 32 kB; here only after five minutes of
        # deliveries, which read up to 1 MB each by then, of one server as of another.
        extra = ("service lmtp {\n  process_min_avail = 8\n}\n"
                 f"mail_index_log_rotate_min_age = 1s\nmail_temp_dir = {self.spool}\n")
        self.instances[name] = Instance(directory, root or self.root, extra=extra,
                                        users=USERS + RECIPIENTS[1:], **options).start()

        self.fill(self.instances[name])

    def fill(self, instance):
        message = self.samples.plain(text=LINE * 50)
        for user in RECIPIENTS:
            mails = instance.home(user) / "Maildir" / "cur"
            mails.mkdir(parents=True)
            for number in range(self.held):
                (mails / f"{number}.bench,S={len(message)}:2,F").write_bytes(message)
        if os.geteuid() == 0:
            homes = instance.dir / "home"
            subprocess.run(["chown", "-R", f"--reference={homes}", homes], check=True)
        instance.doveadm("index", "-A", "INBOX")

    def start_all(self):
        trust = f"trust_dir = {self.samples.trust()}\n"
        self.start("stock", load_smime=False)
        # Loaded, and for no mailbox: it asks no scanner.
        self.start("plugin", settings="  smime_stores = !*\n")
        self.start("scanner", scanner_conf=trust)
        self.start("scanner, clamd", settings="  smime_scanner_timeout = 330s\n",
                   scanner_conf=f"{trust}clamd = {self.clamd.socket}\ntimeout = 300s\n")
        self.check_verified()

    def start_against(self, others):
        trust = f"trust_dir = {self.samples.trust()}\n"
        self.start("stock", load_smime=False)
        self.start("this", scanner_conf=trust)
        for number, root in enumerate(others, 1):
            self.start(f"other {number}", root=root, scanner_conf=trust)

    def check_verified(self):
        file = self.work / "signed.eml"
        file.write_bytes(self.samples.signed())
        for name in ("scanner", "scanner, clamd"):
            report = self.instances[name].doveadm("smime", "inspect", file).stdout
            if b"signed/verified" not in report:
                raise AssertionError(f"{name} verifies no signature: {report!r}")

    def stop(self):
        try:
            for instance in self.instances.values():
                instance.stop()
            self.clamd.stop()
        finally:
            self.store.remove()

    # -- deliveries

    def sender(self, name):
        return lmtp_senders(self.instances[name])

    @staticmethod
    def timed(senders, message, count):
        """Seconds for a message when each sender sends count of them at once."""
        def run(sender):
            for _ in range(count):
                # The same message is held once.
                numbered = b"X-Number: %09d\r\n" % next(numbers) + message
                for code, answer in sender.send(numbered):
                    if code != 250:
                        problems.append(answer)
        problems = []
        begin = time.perf_counter()
        if len(senders) == 1:
            run(senders[0])
        else:
            threads = [threading.Thread(target=run, args=(sender,)) for sender in senders]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        seconds = time.perf_counter() - begin
        if problems:
            raise AssertionError(problems[0])
        return seconds / (count * len(senders))

    def take_turns(self, group, case, makers, message, connections, share=1):
        """A B C, B C A, C A B, ...: who goes first changes. A turn is some messages, the first
        of which is not measured: it finds in the processor's caches what the others left
        there, which no server in service does. share: only that part of the rounds, for what
        differs by far."""
        if self.only not in f"{group} {case}":
            return
        rounds = max(3, self.rounds // share)
        if len(message) < LARGE and share == 1:
            # They take little, and what else the machine does shows more.
            rounds *= 3
        if len(message) > 10 * LARGE:
            rounds = max(9, rounds // 4)
        elif len(message) > LARGE:
            rounds = max(3, rounds // 2)
        count = 20 if len(message) < LARGE else 10 if len(message) < 10 * LARGE else 1
        names = list(makers)
        senders = {name: [makers[name](f"{user}@example.org") for user in RECIPIENTS[:connections]]
                   for name in names}
        seconds = {name: [] for name in names}
        try:
            for turn in range(rounds):
                at = turn % len(names)
                for name in names[at:] + names[:at]:
                    self.timed(senders[name], message, 1)
                    seconds[name].append(self.timed(senders[name], message, count))
        finally:
            for sender in (s for group_ in senders.values() for s in group_):
                sender.close()
        self.add(results.summarize(group, case, seconds, names[0]))
        self.empty()

    def add(self, rows):
        self.rows += rows
        for row in rows:
            print(f"{row['group']}: {row['case']}, {row['target']}: "
                  f"{row['milliseconds']['median']:.2f} ms, {row['ratio']['median']:.3f}",
                  flush=True)

    def empty(self):
        """What was delivered goes; what fill() put there has a flag."""
        for instance in self.instances.values():
            instance.doveadm("expunge", "-A", "mailbox", "*", "unflagged")

    def deliveries(self):
        makers = {name: self.sender(name) for name in self.instances}
        for kind, make in KINDS.items():
            for label, size in SIZES.items():
                message = make(self.samples, size)
                # Eight of the largest would measure the disk.
                for connections in (1, 8) if size < 10 * LARGE else (1,):
                    self.take_turns("LMTP delivery", f"{kind} {label}, {connections} connection"
                                    + ("s" if connections > 1 else ""), makers, message,
                                    connections)

    # -- side by side

    def side_by_side(self):
        stock = self.instances["stock"]
        cases = [(kind, label, connections) for kind in KINDS for label in ("3 kB", "50 kB", "1 MB")
                 for connections in (1, 8)]
        group = "Side by side, into Dovecot"
        names = {case: "{} {}, {} at once".format(*case) for case in cases}
        if not any(self.only in f"{group} {name}" for name in names.values()):
            return
        others = [OpenSsl(self.samples, stock)]
        try:
            for tool in (Amavis, Rspamd):
                try:
                    others.append(tool(self.work / tool.name, stock, self.clamd))
                except RuntimeError as problem:
                    print(f"{tool.name} is left out: {problem}", flush=True)
            makers = {"scanner, clamd": self.sender("scanner, clamd")}
            makers |= {other.name: other.sender() for other in others}
            for (kind, label, connections), name in names.items():
                self.take_turns(group, name, makers, KINDS[kind](self.samples, SIZES[label]),
                                connections, share=6)
        finally:
            for other in others:
                other.stop()

    # -- IMAP

    def imap(self):
        clients = {name: Imap(self.instances[name], "bob") for name in ("stock", "scanner",
                                                                        "scanner, clamd")}
        for kind in ("plain", "clear-signed"):
            for label in ("3 kB", "50 kB", "1 MB"):
                message = KINDS[kind](self.samples, SIZES[label])
                for client in clients.values():
                    client.create("Box")
                    client.select("Box")
                self.commands(clients, f"APPEND {kind} {label}",
                              lambda c, m=message: c.append("Box", "", None, m))
                self.commands(clients, f"FETCH of 20, {kind} {label}",
                              lambda c: c.fetch("1:20", "(BODY.PEEK[])"), before="fill",
                              message=message)
                self.commands(clients, f"SEARCH TEXT in 20, {kind} {label}",
                              lambda c: c.search(None, "TEXT", "nowhere"))
                for client in clients.values():
                    client.select("INBOX")
                    client.delete("Box")
        # Before they end.
        self.measured = self.memory()
        for client in clients.values():
            client.logout()

    def commands(self, clients, case, act, before=None, message=None):
        if self.only not in f"IMAP {case}":
            return
        if before == "fill":
            for client in clients.values():
                client.select("Box")
                client.store("1:*", "+FLAGS.SILENT", "\\Deleted")
                client.expunge()
                for _ in range(20):
                    client.append("Box", "", None, message)
                client.noop()
        names = list(clients)
        seconds = {name: [] for name in names}
        for turn in range(self.rounds):
            at = turn % len(names)
            for name in names[at:] + names[:at]:
                begin = time.perf_counter()
                status, answer = act(clients[name])
                seconds[name].append(time.perf_counter() - begin)
                if status != "OK":
                    raise AssertionError(f"{case}: {answer}")
        self.add(results.summarize("IMAP", case, seconds, names[0]))

    # -- memory

    def memory(self):
        found = {}
        for name, instance in self.instances.items():
            found[name] = {}
            for process in ("lmtp", "imap", "smime-scanner"):
                pids = instance.processes(process)
                if pids:
                    found[name][process] = (peak_kilobytes(pids), max(map(proportional, pids)))
        return found


def proportional(pid):
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    except OSError:
        pass
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", type=Path)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--output", type=Path, default=Path(__file__).resolve().parent / "results")
    parser.add_argument("--only", default="", help="cases whose name has this in it")
    parser.add_argument("--against", type=Path, nargs="+", default=[], metavar="ROOT")
    parser.add_argument("--held", type=int, default=2000, help="messages in each INBOX before")
    options = parser.parse_args()
    # So that what was started is stopped.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))
    where = results.machine()
    bench = Bench(options.root.resolve(), options.rounds, options.only, options.held)
    where["store"] = f"{bench.store.description}, {options.held} messages in each INBOX"
    try:
        if options.against:
            bench.start_against([root.resolve() for root in options.against])
            bench.deliveries()
            return print(results.table(bench.rows, bench.measured, where))
        bench.start_all()
        bench.deliveries()
        bench.imap()
        bench.side_by_side()
    finally:
        bench.stop()
    results.write(options.output, bench.rows, bench.measured, where)
    print(results.table(bench.rows, bench.measured, where))


if __name__ == "__main__":
    main()
