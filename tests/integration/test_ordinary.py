"""Ordinary files, as people attach them, are not named: those that Debian's packages put on this
machine, each as an attachment."""

import hashlib
import os
from collections import Counter
from pathlib import Path

from test_cases import ENCRYPTED
from test_inspect import InspectCase, attached

# What packages put there; not what triggers, other programs or tests made.
LISTS = Path("/var/lib/dpkg/info")
# Without these a few packages with tens of thousands of alike files are most of what is tried.
MOST_OF_A_KIND = int(os.environ.get("SMIME_ORDINARY_FILES", "25"))
LARGEST = 2_000_000
# What only the program reads that it was made for: Chromium's resources, m4's frozen state, Java's
# modules. Nobody attaches them, and how many there are is a matter of the machine.
OF_ONE_PROGRAM = {".pak", ".m4f", ".jmod"}


def files():
    """Some of each ending; which ones changes with the machine alone."""
    found = {}
    for line in {line for file in LISTS.glob("*.list")
                 for line in file.read_text(errors="surrogateescape").splitlines()}:
        path = Path(line)
        if path.is_symlink() or not path.is_file() or not os.access(path, os.R_OK):
            continue
        if 0 < path.stat().st_size <= LARGEST:
            ending = path.suffix.lower() if len(path.suffix) < 7 else ""
            if ending in OF_ONE_PROGRAM:
                continue
            found.setdefault(ending, []).append(path)
    for _, paths in sorted(found.items()):
        paths.sort(key=lambda path: hashlib.sha256(os.fsencode(path)).digest())
        yield from paths[:MOST_OF_A_KIND]


class Ordinary(InspectCase):
    def test_few_are_unrecognised_and_none_is_called_encrypted(self):
        paths = list(files())
        unrecognised, encrypted, named = [], [], Counter()
        for at in range(0, len(paths), 200):
            some = paths[at:at + 200]
            reports = self.inspect_all([attached(path.read_bytes(), "file" + path.suffix)
                                        for path in some])
            for path, report in zip(some, reports, strict=True):
                for part in report["uninspectable"]:
                    named[part["reason"]] += 1
                if "unrecognised" in report["class"]:
                    unrecognised.append(f"{path}: {report['errors'][0]['text']}")
                if ENCRYPTED & set(report["class"]):
                    encrypted.append(str(path))
        print(f"{len(paths)} files, {len(unrecognised)} unrecognised, named: {dict(named)}")
        print("\n".join(unrecognised))
        self.assertEqual([], encrypted)
        self.assertLessEqual(len(unrecognised), len(paths) // 200)
