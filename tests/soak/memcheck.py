"""The plugin inside real lmtp and imap processes under valgrind: no invalid access, no
use of what was not set, nothing definitely lost in our code. Usage: make memcheck, or
memcheck.py BUILD ROOT"""

import os
import re
import shutil
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "integration"))

from clients import Imap, Lmtp, Samples, deliver  # noqa: E402
from instance import Instance  # noqa: E402

# What valgrind says of Dovecot and of the libraries alone is not ours to mend.
OURS = ("lib99_smime", "lib99_doveadm_smime")
SERVICES = ("lmtp", "imap")


def prepare(root):
    work = Path(tempfile.mkdtemp(prefix="smime-memcheck-", dir="/tmp"))
    work.chmod(0o755)
    (work / "d").mkdir()
    reports = work / "reports"
    reports.mkdir()
    reports.chmod(0o1777)
    extra = "default_vsz_limit = 0\n"
    for name in SERVICES:
        script = work / name
        script.write_text(f"#!/bin/sh\nexec valgrind --leak-check=full --num-callers=24 "
                          f"--show-leak-kinds=definite --log-file={reports}/{name}.%p "
                          f"/usr/lib/dovecot/{name} \"$@\"\n")
        script.chmod(0o755)
        extra += f"service {name} {{\n  executable = {script}\n  vsz_limit = 0\n}}\n"
    settings = ("  smime_scanner_timeout = 60s\n  smime_reviewers = reviewer\n"
                "  smime_rule2 = class=encrypted-archive action=reject\n"
                "  sieve_extensions = +editheader\n")
    return work, Instance(work / "d", root, settings=settings, extra=extra)


def exercise(instance, samples):
    """Every way through the plugin that a message takes."""
    messages = [samples.plain(), samples.signed(), samples.opaque_signed(), samples.encrypted(),
                samples.certs_only(), samples.plain(text="x" * 70 + "\n" * 2000),
                b"Subject: broken\r\nContent-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n"]
    for message in messages:
        for code, text in deliver(instance, message, ["alice@example.org", "bob@example.org"]):
            if code != 250:
                raise AssertionError(text)
    # One after another through the memory that lmtp keeps.
    entity = samples.entity("A line of a text.\n" * 10000)
    with Lmtp(instance, timeout=600) as lmtp:
        for message in (samples.signed(entity=entity), samples.encrypted(entity=entity),
                        samples.plain(text="A line.\n" * 3000), samples.signed(entity=entity)):
            for code, text in lmtp.send(message, ["alice@example.org", "bob@example.org"]):
                if code != 250:
                    raise AssertionError(text)
    client = Imap(instance, "alice", "INBOX")
    client.create("Box")
    for message in messages:
        client.append("Box", "", None, message)
    for uid in client.uids():
        client.body(uid)
    client.uid("copy", client.uids()[0], "Box")
    client.uid("move", client.uids()[-1], "Box")
    client.search(None, "TEXT", "sample")
    client.logout()
    reviewer = Imap(instance, "alice*reviewer", "Quarantine")
    reviewer.uid("move", reviewer.uids()[0], "INBOX")
    reviewer.logout()
    client = Imap(instance, "alice")
    client.select("Quarantine")
    client.logout()


def complaints(reports):
    """Blocks of valgrind's reports in which a frame is ours."""
    found, files = [], sorted(reports.iterdir())
    for path in files:
        text = re.sub(r"^==\d+== ?", "", path.read_text(errors="replace"), flags=re.MULTILINE)
        for block in text.split("\n\n"):
            if re.search(r"^   (?:at|by) 0x", block, re.MULTILINE) and any(
                    name in block for name in OURS):
                found.append(f"{path.name}: {block}")
    return found, files


def main():
    build, root = (Path(word).resolve() for word in sys.argv[1:3])
    os.environ["SMIME_TEST_WORK"] = str(build / "test-work")
    work, instance = prepare(root)
    samples = Samples(work / "samples")
    try:
        instance.start()
        exercise(instance, samples)
        # They write their report as they end.
        time.sleep(1)
    finally:
        instance.stop()
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found, files = complaints(work / "reports")
        if all("ERROR SUMMARY" in path.read_text(errors="replace") for path in files):
            break
        time.sleep(0.5)
    seen = {path.name.split(".")[0] for path in files}
    print(f"{len(files)} processes under valgrind ({', '.join(sorted(seen))}), "
          f"{len(found)} reports of ours")
    for block in found:
        print(block)
    if found or seen != set(SERVICES):
        print(f"kept: {work}")
        return 1
    shutil.rmtree(work, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
