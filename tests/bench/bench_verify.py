"""Verification of 3 kB messages: through the scanner service's protocol, against
one `openssl cms -verify` process for each. bench_verify.py ROOT"""

import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

here = Path(__file__).resolve().parent
sys.path.insert(0, str(here.parent / "integration"))
root = Path(sys.argv[1]).resolve()
os.environ.setdefault("SMIME_TEST_ROOT", str(root))
os.environ.setdefault("SMIME_TEST_WORK", tempfile.mkdtemp())

from instance import Instance  # noqa: E402
from test_verify import TEXT, clear_signed, head, shared_world  # noqa: E402

MESSAGES = 1000
PROCESSES = 100
PER_CONNECTION = 100  # the service ends one after 200


def through_service(path, message):
    """Seconds for each message, and the last report."""
    start = time.perf_counter()
    for number in range(MESSAGES):
        if number % PER_CONNECTION == 0:
            connection = socket.socket(socket.AF_UNIX)
            connection.connect(str(path))
            stream = connection.makefile("rwb")
        stream.write(b"smime-scan\t1\t%d\n" % len(message) + message)
        stream.flush()
        report = stream.read(int(stream.readline().split(b"\t")[1]))
        if number % PER_CONNECTION == PER_CONNECTION - 1:
            stream.close()
            connection.close()
    return (time.perf_counter() - start) / MESSAGES, report


def by_processes(file, trust):
    start = time.perf_counter()
    for _ in range(PROCESSES):
        subprocess.run(["openssl", "cms", "-verify", "-in", file, "-CAfile", trust, "-purpose",
                        "smimesign", "-out", "/dev/null"], check=True, capture_output=True)
    return (time.perf_counter() - start) / PROCESSES


def main():
    directory, world = shared_world()
    entity = TEXT + b"0123456789 text text text text text text text text text text\r\n" * 10
    message = head() + clear_signed(entity, world.pki.detached(world.people["rsa"], entity,
                                                               world.chains["rsa"]))
    instance = Instance(directory / "d", root, scanner_conf=f"trust_dir = {world.trust}\n",
                        replace_rules=True)
    (directory / "d").mkdir()
    instance.start()
    try:
        service, report = through_service(instance.base_dir / "smime-scanner", message)
    finally:
        instance.stop()
    assert b'"status":"signed/verified"' in report, report
    file = directory / "bench.eml"
    file.write_bytes(message)
    process = by_processes(file, world.trust / "root.pem")
    print(f"{len(message)} bytes: scanner {service * 1000:.3f} ms, openssl process "
          f"{process * 1000:.2f} ms: {process / service:.0f} times as fast")
    return 0 if process / service >= 20 else 1


if __name__ == "__main__":
    sys.exit(main())
