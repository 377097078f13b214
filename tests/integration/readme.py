"""What README.md and the manual show: commands, and what they print."""

import re
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent.parent
README = SOURCE / "README.md"


def normalized(text):
    """Without line breaks, and with marks for what differs from one PKI to
    another."""
    text = re.sub(r"\b[0-9A-Fa-f]{16,}\b", "HEX", text)
    text = re.sub(r"\b20[0-9]{2}-[01][0-9]-[0-3][0-9]\b", "DATE", text)
    text = re.sub(r"serial [0-9]+", "serial N", text)
    return " ".join(text.split())


def shown_cases():
    """{heading: [(command, [lines of output, without their wrapping])]}"""
    section = README.read_text().split("## Troubleshooting\n", 1)[1].split("\n## ", 1)[0]
    cases = {}
    for part in section.split("\n### ")[1:]:
        heading, _, body = part.partition("\n")
        commands = []
        for line in body.split("\n"):
            if line.startswith("    $ "):
                commands.append((line[6:], []))
            elif line.startswith("        ") and commands and commands[-1][1]:
                commands[-1][1][-1] += " " + line.strip()
            elif line.startswith("    ") and commands:
                commands[-1][1].append(line.strip())
        cases[heading] = commands
    return cases


def literal_blocks(page, section):
    """What the section of a manual page shows to be typed or written."""
    text = re.search(rf"^\.Sh {section}\n(.*?)^\.Sh ", (SOURCE / "man" / page).read_text(),
                     re.M | re.S)[1]
    return re.findall(r"^\.Bd -literal.*?\n(.*?)^\.Ed", text, re.M | re.S)
