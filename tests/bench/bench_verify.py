"""Verification of 3 kB messages: through the scanner service's protocol, against
one `openssl cms -verify` process for each; in turn, as the machine's speed may
change. Once with one signer again and again, and once with more signers than the
scanner remembers. bench_verify.py ROOT [--rounds N]"""

import argparse
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

here = Path(__file__).resolve().parent
sys.path.insert(0, str(here.parent / "integration"))
parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("root", type=Path)
parser.add_argument("--rounds", type=int, default=20)
options = parser.parse_args()
root = options.root.resolve()
os.environ.setdefault("SMIME_TEST_ROOT", str(root))
os.environ.setdefault("SMIME_TEST_WORK", tempfile.mkdtemp())

from instance import Instance  # noqa: E402
from pki import leaf_extensions  # noqa: E402
from test_verify import ALICE, TEXT, clear_signed, head, shared_world  # noqa: E402

MESSAGES = 100  # in a round, on one connection: the service ends one after 200
PROCESSES = 10
SIGNERS = 300  # certificate-cache.h and known-chains.h keep fewer
ENTITY = TEXT + b"0123456789 text text text text text text text text text text\r\n" * 10
GOAL = 20


def through_service(path, messages):
    """Seconds for each message."""
    requests = [b"smime-scan\t1\t%d\n" % len(message) + message for message in messages]
    with socket.socket(socket.AF_UNIX) as connection, connection.makefile("rb") as answers:
        connection.connect(str(path))
        start = time.perf_counter()
        for request in requests:
            connection.sendall(request)
            report = answers.read(int(answers.readline().split(b"\t")[1]))
            assert b'"status":"signed/verified"' in report, report
        return (time.perf_counter() - start) / len(messages)


def by_processes(file, trust):
    start = time.perf_counter()
    for _ in range(PROCESSES):
        subprocess.run(["openssl", "cms", "-verify", "-in", file, "-CAfile", trust, "-purpose",
                        "smimesign", "-out", "/dev/null"], check=True, capture_output=True)
    return (time.perf_counter() - start) / PROCESSES


def signed(world, person):
    return head() + clear_signed(ENTITY, world.pki.detached(person, ENTITY, world.chains["rsa"]))


def many_signed(world):
    first, issuer = world.people["rsa"], world.chains["rsa"][0]
    people = [world.pki.certificate(f"signer {number}", leaf_extensions(ALICE), issuer, reuse=first)
              for number in range(SIGNERS)]
    return [signed(world, person) for person in people]


def main():
    directory, world = shared_world()
    message = signed(world, world.people["rsa"])
    many = many_signed(world)
    file = directory / "bench.eml"
    file.write_bytes(message)
    instance = Instance(directory / "d", root, scanner_conf=f"trust_dir = {world.trust}\n",
                        replace_rules=True)
    (directory / "d").mkdir()
    instance.start()
    path = instance.base_dir / "smime-scanner"
    times = []
    try:
        for number in range(options.rounds + 1):
            at = number * MESSAGES % SIGNERS
            times.append((through_service(path, [message] * MESSAGES),
                          through_service(path, many[at:at + MESSAGES]),
                          by_processes(file, world.trust / "root.pem")))
    finally:
        instance.stop()
    times = times[1:]  # the first fills caches
    process = statistics.median(time[2] for time in times) * 1000
    print(f"{len(message)} bytes, openssl process {process:.2f} ms")
    ratios = []
    for column, name in enumerate(["one signer", f"{SIGNERS} signers"]):
        ratios.append(statistics.median(time[2] / time[column] for time in times))
        scanner = statistics.median(time[column] for time in times) * 1000
        print(f"{name}: scanner {scanner:.3f} ms, {ratios[-1]:.1f} times as fast")
    return 0 if ratios[0] >= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
