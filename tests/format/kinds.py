"""The table of kinds in smime-scanner(1), as "smime-scanner --kinds" prints it.
Usage: kinds.py SCANNER [--fix]    --fix: writes it into the page"""

import re
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).resolve().parent.parent.parent / "man/smime-scanner.1"
BEGIN, END = '.\\" kinds: tests/format/kinds.py --fix\n', '.\\" end of kinds\n'


def rows(scanner):
    """(kind, who looks into it, what it is recognised by)"""
    lines = subprocess.run([scanner, "--kinds"], capture_output=True, check=True,
                           text=True).stdout.splitlines()
    look, evidence = lines[0].index("LOOKED"), lines[0].index("RECOGNISED")
    for line in lines[1:]:
        # A word that is longer than its column pushes the others aside.
        name, rest = re.split(r" {2,}|(?<=.{%d}) " % (look - 1), line, maxsplit=1)
        by, _, recognised = rest.strip().partition("  ")
        if not recognised:
            by, recognised = rest[:evidence - look].strip(), rest[evidence - look:]
        yield name.strip(), by.strip(), recognised.strip()


def roff(text):
    # A dot or an apostrophe in front would be a request.
    return ("\\&" if text[0] in ".'" else "") + text.replace("\\", "\\e").replace("-", "\\-").replace('"', "\\(dq")


def section(scanner):
    text = ""
    for name, by, recognised in rows(scanner):
        text += f".It {roff(name)}\n{roff(by)};\n{roff(recognised)}\n"
    return text


def with_section(page, text):
    begin, end = page.index(BEGIN) + len(BEGIN), page.index(END)
    return page[:begin] + text + page[end:]


def main():
    page = PAGE.read_text()
    wanted = with_section(page, section(sys.argv[1]))
    if "--fix" in sys.argv[2:]:
        PAGE.write_text(wanted)
    return 0 if "--fix" in sys.argv[2:] or page == wanted else 1


if __name__ == "__main__":
    sys.exit(main())
