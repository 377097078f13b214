"""What review costs with many quarantined messages: list, release of one, memory."""

import itertools
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "integration"))

from clients import Lmtp  # noqa: E402
from instance import Instance  # noqa: E402

# A small process of its own: what it starts has its memory counted from there.
MEASURE = """
import resource, subprocess, sys, time
before = time.monotonic()
done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
print(time.monotonic() - before, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(done.returncode)
"""


def measured(instance, *args):
    """Seconds and the largest resident set in kilobytes."""
    done = subprocess.run([sys.executable, "-S", "-c", MEASURE, str(instance.dir / "doveadm"), "-f",
                           "json", "smime", "quarantine", *args], check=True, capture_output=True)
    seconds, kilobytes = done.stdout.split()
    return float(seconds), int(kilobytes)


def ids(instance):
    done = instance.doveadm("-f", "json", "smime", "quarantine", "list", "-u", "alice")
    return [item["id"] for item in json.loads(done.stdout)]


numbers = itertools.count()


def fill(instance, message, count, connections=4):
    def send():
        with Lmtp(instance) as lmtp:
            for _ in range(count // connections):
                # The same message is held once.
                lmtp.send(b"X-Number: %d\r\n" % next(numbers) + message, "alice@example.org")

    threads = [threading.Thread(target=send) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def measure(root, samples, location, count=10000):
    work = Path(tempfile.mkdtemp(prefix="smime-bench-", dir="/tmp"))
    work.chmod(0o755)
    (work / "d").mkdir()
    instance = Instance(work / "d", root, location=location).start()
    try:
        message = samples.encrypted()
        fill(instance, message, 100)
        _, small = measured(instance, "list", "-u", "alice")
        fill(instance, message, count - 100)
        held = ids(instance)
        times = sorted(measured(instance, "list", "-u", "alice") for _ in range(5))
        releases = []
        for place in (0, len(held) // 2, -1, 10, 20):
            releases.append(measured(instance, "release", "-u", "alice", held[place]))
        left = len(ids(instance))
    finally:
        instance.stop()
        shutil.rmtree(work, ignore_errors=True)
    print(f"  {location.split(':')[0]}, {len(held)} messages: list {times[2][0]:.2f} s, "
          f"release of one {sorted(releases)[2][0]:.3f} s (slowest {max(releases)[0]:.3f} s), "
          f"peak {times[2][1] / 1024:.1f} MB for list, "
          f"{max(kilobytes for _, kilobytes in releases) / 1024:.1f} MB for release; "
          f"list with 100 messages {small / 1024:.1f} MB; {left} left")


def run(root, samples):
    print("quarantine review (doveadm, start of the process included):")
    for location in ("maildir:~/Maildir", "mdbox:~/mdbox"):
        measure(root, samples, location)
