"""smime-scanner --inspect on large messages: time against openssl on the same
bytes, growth with the size, memory."""

import base64
import os
import statistics
import subprocess
import sys
import time
import zlib
from pathlib import Path

ROUNDS = 3
MILLION = 1_000_000
# Without site and in a process of its own: the child's peak is not ours.
MEASURE = ("import resource, subprocess, sys\n"
           "done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)\n"
           "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)\n"
           "sys.exit(done.returncode)\n")


def encode(source, target):
    """base64 in lines of 76 with CRLF, in pieces."""
    while block := source.read(57 * 20000):
        target.write(base64.encodebytes(block).replace(b"\n", b"\r\n"))


def attachment(path, content, media_type):
    with content.open("rb") as source, path.open("wb") as target:
        target.write(b"From: sender@example.org\r\nMIME-Version: 1.0\r\nContent-Type: "
                     + media_type + b"; name=large\r\nContent-Transfer-Encoding: base64\r\n\r\n")
        encode(source, target)


def messages(directory, samples, size):
    """name: path, each of about size bytes."""
    raw = directory / "raw"
    with raw.open("wb") as target:
        target.write(b"Content-Type: application/octet-stream\r\n\r\n")
        block = os.urandom(MILLION)
        for _ in range(size * 73 // 100 // MILLION):
            target.write(block)
    made = {"attachment": directory / "attachment.eml",
            "opaque-signed": directory / "signed.eml",
            "gzip attachment": directory / "gzip.eml"}
    attachment(made["attachment"], raw, b"application/octet-stream")
    samples.openssl("cms", "-sign", "-nodetach", "-binary", "-stream", "-signer", "user.pem",
                    "-inkey", "user.key", "-in", raw, "-out", made["opaque-signed"])
    packed = directory / "packed"
    deflate = zlib.compressobj(1, zlib.DEFLATED, 31)
    with raw.open("rb") as source, packed.open("wb") as target:
        while block := source.read(MILLION):
            target.write(deflate.compress(block))
        target.write(deflate.flush())
    attachment(made["gzip attachment"], packed, b"application/gzip")
    raw.unlink()
    packed.unlink()
    return made


def timed(*command):
    started = time.monotonic()
    done = subprocess.run([sys.executable, "-S", "-c", MEASURE, *map(str, command)], check=True,
                          capture_output=True, text=True)
    return time.monotonic() - started, int(done.stdout)


def body_of(path, target):
    with path.open("rb") as source, target.open("wb") as out:
        while source.readline().strip():
            pass
        while block := source.read(MILLION):
            out.write(block)


def with_openssl(path, directory):
    """Decoding and hashing the same base64 body."""
    body, decoded = directory / "body", directory / "decoded"
    body_of(path, body)
    seconds = min(timed("sh", "-c", f"openssl base64 -d -in {body} -out {decoded} && "
                                    f"openssl dgst -sha256 {decoded}")[0] for _ in range(2))
    body.unlink()
    decoded.unlink()
    return seconds


def measure(root, samples, directory):
    """Yields name, milliseconds for 10, 100 and 500 million bytes, openssl's for
    the last, and the largest resident set in kilobytes."""
    scanner = Path(root) / "usr/lib/dovecot/smime-scanner"
    directory.mkdir(exist_ok=True)
    rows = {}
    for size in (10, 100, 500):
        for name, path in messages(directory, samples, size * MILLION).items():
            runs = [timed(scanner, "-c", "/dev/null", "--inspect", path) for _ in range(ROUNDS)]
            row = rows.setdefault(name, {})
            row[size] = statistics.median(seconds for seconds, _ in runs) * 1000
            row["kilobytes"] = max(kilobytes for _, kilobytes in runs)
            if size == 500:
                row["openssl"] = with_openssl(path, directory) * 1000
            path.unlink()
    return rows


def report(root, samples, directory):
    print("smime-scanner --inspect, ms     10 MB   100 MB   500 MB  openssl  of openssl  100/10  "
          "  peak kB")
    for name, row in measure(root, samples, directory).items():
        print(f"  {name:26} {row[10]:8.0f} {row[100]:8.0f} {row[500]:8.0f} {row['openssl']:8.0f}"
              f" {row[500] / row['openssl']:10.2f} {row[100] / row[10]:8.1f} "
              f"{row['kilobytes']:9}", flush=True)
