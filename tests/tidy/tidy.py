"""clang-tidy over the sources, as they are compiled in a build directory.
Usage: tidy.py BUILD [FILE...]"""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
TOP = HERE.parent.parent


def words_of(build, target):
    """What a target of the Makefile prints."""
    done = subprocess.run(["make", "-s", "-C", str(build), target], capture_output=True, text=True,
                          check=True)
    return done.stdout.split()


def look_at(build, flags, source):
    """What clang-tidy says of a file; empty if nothing."""
    command = ["clang-tidy", "--quiet", f"--config-file={HERE}/clang-tidy.yaml", str(TOP / source),
               # clang 14 cannot compile a header of qpdf's.
               "--", f"-I{TOP}/tests/fuzz/clang", *flags]
    done = subprocess.run(command, cwd=build, capture_output=True, text=True)
    if done.returncode == 0:
        return ""
    return done.stdout + done.stderr


def tidy(build, sources=()):
    """Looks at all, or at sources; prints what is found. Returns (files, files with findings)."""
    flags = words_of(build, "tidy-flags")
    sources = list(sources) or words_of(build, "tidy-sources")
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = list(pool.map(lambda source: look_at(build, flags, source), sources))
    for text in filter(None, found):
        print(text, flush=True)
    return len(sources), sum(map(bool, found))


if __name__ == "__main__":
    files, bad = tidy(Path(sys.argv[1]).resolve(), sys.argv[2:])
    print(f"{files} files, {bad} with findings")
    sys.exit(1 if bad else 0)
