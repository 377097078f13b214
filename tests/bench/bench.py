"""What dovecot-smime costs, as ratios to stock Dovecot in the same run, and what
a large message costs in memory. Usage: ./quickstart bench"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "integration"))

import bench_inspect  # noqa: E402
import bench_quarantine  # noqa: E402
from clients import Lmtp, Samples, crlf  # noqa: E402
from disk import MailStore  # noqa: E402
from instance import Instance  # noqa: E402

MEGABYTE = 1024 * 1024


def peak_kilobytes(pids):
    """The largest resident set (VmHWM) that any of the processes had."""
    peaks = [0]
    for pid in pids:
        try:
            for line in Path(f"/proc/{pid}/status").read_text().splitlines():
                if line.startswith("VmHWM:"):
                    peaks.append(int(line.split()[1]))
        except OSError:
            pass
    return max(peaks)


def peaks_of(instance):
    return {name: peak_kilobytes(instance.processes(name)) for name in ("lmtp", "smime-scanner")}


def attachment_message(size):
    """A message with one base64 attachment, in pieces."""
    line = b"QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ejAx\r\n"
    block = line * (MEGABYTE // len(line))
    yield crlf(b"From: sender@example.org\nSubject: large\nMIME-Version: 1.0\n"
               b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\n"
               b"text\n--b\nContent-Type: application/octet-stream\n"
               b"Content-Transfer-Encoding: base64\n\n")
    for _ in range(size // len(block)):
        yield block
    yield b"\r\n--b--\r\n"


def encrypted_message(samples, size):
    """The same for an S/MIME encrypted one, made with openssl in a stream."""
    made = samples.dir / f"encrypted-{size}"
    if not made.exists():
        with (samples.dir / "large").open("wb") as large:
            large.truncate(size * 3 // 4)
        samples.openssl("cms", "-encrypt", "-stream", "-binary", "-in", "large", "-subject",
                        "large encrypted", "-out", made.name, "user.pem")
        (samples.dir / "large").unlink()
    with made.open("rb") as message:
        while block := message.read(MEGABYTE):
            yield block.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def start(directory, root, **kwargs):
    directory.mkdir(parents=True)
    return Instance(directory, root, **kwargs).start()


def measure_memory(root, samples, size=300 * MEGABYTE):
    """Peak memory in kB by process: after a 1 MB message of each kind, and after
    a large one of each kind."""
    work = Path(tempfile.mkdtemp(prefix="smime-bench-", dir="/tmp"))
    work.chmod(0o755)
    instance = start(work / "d", root)
    try:
        with Lmtp(instance, timeout=600) as lmtp:
            deliver_each(lmtp, samples, MEGABYTE)
            small = peaks_of(instance)
            deliver_each(lmtp, samples, size)
            large = peaks_of(instance)
    finally:
        instance.stop()
        shutil.rmtree(work, ignore_errors=True)
    return small, large


def deliver_each(lmtp, samples, size):
    for message in (attachment_message(size), encrypted_message(samples, size)):
        for code, text in lmtp.send(message, "alice@example.org"):
            if code != 250:
                raise AssertionError(text)


def timed_delivery(lmtp, message):
    begin = time.perf_counter()
    ((code, text),) = lmtp.send(message, "alice@example.org")
    if code != 250:
        raise AssertionError(text)
    return time.perf_counter() - begin


def take_turn(lmtp, message, count=10):
    """Median seconds of a delivery. The first is not measured: it finds in the processor's
    caches what the other server left there, which no server in service does."""
    timed_delivery(lmtp, message)
    return statistics.median(timed_delivery(lmtp, message) for _ in range(count))


def measure_speed(root, samples, rounds=30):
    """Yields (message, median seconds stock, median seconds aware, the median of
    the ratios of neighbouring turns)."""
    store = MailStore()
    stock = start(store.path / "stock", root, load_smime=False)
    aware = start(store.path / "aware", root)
    line = "A line of a text, about as long as lines of texts are.\n"
    messages = {
        "plain 3 kB": samples.plain(text=line * 50),
        "plain 50 kB": samples.plain(text=line * 900),
        "plain 1 MB": samples.plain(text=line * 19000),
        "signed 3 kB": samples.signed(),
        "signed 1 MB": samples.signed(entity=samples.entity(line * 19000)),
    }
    try:
        with Lmtp(stock) as to_stock, Lmtp(aware) as to_aware:
            for name, message in messages.items():
                pairs = []
                for turn in range(rounds):
                    # Which goes first alternates.
                    if turn % 2:
                        second = take_turn(to_aware, message)
                        pairs.append((take_turn(to_stock, message), second))
                    else:
                        first = take_turn(to_stock, message)
                        pairs.append((first, take_turn(to_aware, message)))
                yield (name, statistics.median(p[0] for p in pairs),
                       statistics.median(p[1] for p in pairs),
                       statistics.median(p[1] / p[0] for p in pairs))
    finally:
        stock.stop()
        aware.stop()
        store.remove()


def main():
    root = Path(sys.argv[1])
    samples = Samples(Path(tempfile.gettempdir()) / f"smime-bench-samples-{os.getuid()}")
    print("LMTP delivery, median ms         stock    aware    ratio")
    for name, stock, aware, ratio in measure_speed(root, samples):
        print(f"  {name:28} {stock * 1000:8.2f} {aware * 1000:8.2f} {ratio:8.3f}", flush=True)
    small, large = measure_memory(root, samples)
    print("Peak memory, kB                   1 MB   300 MB   growth")
    for name, kilobytes in small.items():
        print(f"  {name:28} {kilobytes:8} {large[name]:8} {large[name] - kilobytes:8}")
    with tempfile.TemporaryDirectory(prefix="smime-bench-") as directory:
        bench_inspect.report(root, samples, Path(directory) / "inspect")
    bench_quarantine.run(root, samples)


if __name__ == "__main__":
    main()
