"""Whether the sources are as .clang-format has them, and all texts as .editorconfig does.
Usage: format.py [--fix]    --fix: makes the sources so"""

import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent
FOLDERS = ("common", "plugin", "scanner", "desk", "tests/unit", "tests/fuzz")
TEXTS = (".am", ".ac", ".cpp", ".h", ".c", ".py", ".md", ".sh", ".in", ".conf", ".ext", ".1", ".7")


def sources():
    return [str(path) for folder in FOLDERS for path in sorted((TOP / folder).rglob("*"))
            if path.suffix in (".cpp", ".h")]


def badly_formatted():
    done = subprocess.run(["clang-format", "--style=file", "--dry-run", "-Werror", *sources()],
                          capture_output=True, text=True, cwd=TOP)
    return sorted({line.split(":")[0] for line in done.stderr.splitlines() if ": error:" in line})


def badly_ended():
    """Trailing blanks, and files without a line end at their end."""
    found = []
    for folder in (*FOLDERS, "tests", "conf.d", "man", "debian", ""):
        for path in sorted((TOP / folder).iterdir()) if folder == "" else sorted(
                (TOP / folder).rglob("*")):
            if (not path.is_file() or path.suffix not in TEXTS or path.name == "Makefile.in" or
                    "tests/data" in str(path)):
                continue
            text = path.read_text(errors="replace")
            if text and (not text.endswith("\n") or
                         any(line != line.rstrip(" \t\r") for line in text.split("\n"))):
                found.append(str(path))
    return sorted(set(found))


def main():
    if sys.argv[1:] == ["--fix"]:
        return subprocess.run(["clang-format", "--style=file", "-i", *sources()], cwd=TOP).returncode
    bad = badly_formatted() + badly_ended()
    for path in bad:
        print(f"{path}: tests/format/format.py --fix makes it as .clang-format has it")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
