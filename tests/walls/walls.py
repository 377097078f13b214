"""Holds the includes of the sources against the table of what each room may see.
Usage: walls.py [--map]    --map: prints the table as HACKING.md shows it

A room is a folder of plugin/, scanner/ or desk/, or common/. An include that is not in the table
is an error, and so is a line of the table that nobody uses."""

import re
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent

# Room: what it is for, and which rooms it sees. A file instead of a room is that file alone.
# In the order in which they stand on each other: a room sees those above it.
ROOMS = {
    "common": ("what plugin and scanner say to each other, and small tools of both", ""),

    "plugin/rules": ("settings, rules, and what they say of a message", "common"),
    "plugin/dovecot": ("what differs between Dovecots, and RAII for what is Dovecot's", "common"),
    "plugin/settings": ("Dovecot's settings made plain, and what is known of a user",
                        "plugin/dovecot plugin/rules"),
    "plugin/store": ("what is kept with mail: records, keywords, certificates; own saves",
                     "common plugin/dovecot"),
    "plugin/protect": ("which bytes must not change, and putting them back",
                       "common plugin/dovecot plugin/rules plugin/settings plugin/store"),
    "plugin/scan": ("asking the scanner", "common plugin/dovecot plugin/protect/marker-search.h"),
    "plugin/register": ("an index of what is held, in a database: rows, the spool to it, its SQL",
                        "common plugin/dovecot"),
    "plugin/quarantine": ("what is held: where, under which record, who may see it, the way out",
                          "common plugin/dovecot plugin/protect plugin/register plugin/rules "
                          "plugin/settings plugin/store"),
    "plugin/delivery": ("a message that arrives, from the first byte to the answer",
                        "common plugin/dovecot plugin/protect plugin/quarantine plugin/rules "
                        "plugin/scan plugin/settings plugin/store"),
    "plugin/hooks": ("what Dovecot calls: users, mailboxes, saves, copies",
                     "plugin/delivery plugin/dovecot plugin/protect plugin/quarantine "
                     "plugin/rules plugin/scan plugin/settings plugin/store"),
    "plugin/operator": ("what the operator's commands find and say, from plain facts",
                        "common plugin/rules plugin/quarantine/block.h plugin/quarantine/reach.h"),
    "plugin/notices": ("what the recipient of held mail is told, and the tokens that he gets",
                       "common plugin/quarantine/block.h plugin/rules plugin/store/atomic-file.h"),
    "plugin/doveadm": ("the commands",
                       "common plugin/dovecot plugin/notices plugin/operator plugin/protect "
                       "plugin/quarantine plugin/register plugin/rules plugin/scan plugin/settings plugin/store"),
    "plugin/drainer": ("the service that empties the register's spool",
                       "common plugin/dovecot plugin/operator"),
    "plugin/startup": ("the check when Dovecot starts", "common plugin/operator"),

    "scanner/base": ("bounds, coroutines, encodings, RAII for libraries", "common"),
    "scanner/x509": ("certificates", "common scanner/base"),
    "scanner/cms": ("CMS objects, read as a stream", "common scanner/base scanner/x509"),
    "scanner/verify": ("trust, chains, and what becomes of a signature",
                       "common scanner/base scanner/cms scanner/x509"),
    "scanner/inspection": ("one message's bounds and report, and the reader's interface",
                           "common scanner/base scanner/cms scanner/verify"),
    "scanner/engines": ("virus scanners", "common scanner/base scanner/inspection"),
    "scanner/formats": ("archives and documents", "common scanner/base scanner/inspection"),
    "scanner/openpgp": ("OpenPGP: packets, messages, and armor in text",
                        "common scanner/inspection"),
    "scanner/mime": ("parts of messages, and their labels",
                     "common scanner/base scanner/cms scanner/formats/detect.h "
                     "scanner/inspection scanner/openpgp/packets.h scanner/verify/senders.h"),
    "scanner/layers": ("what is inside CMS objects",
                       "common scanner/base scanner/cms scanner/formats/detect.h "
                       "scanner/inspection scanner/mime/entity-check.h"),
    "scanner/content": ("finds out what bytes are, and who reads them",
                        "common scanner/base scanner/engines scanner/formats "
                        "scanner/inspection scanner/layers scanner/mime scanner/openpgp"),
    "scanner/process": ("the program: service, sandbox, configuration",
                        "common scanner/base scanner/cms scanner/content scanner/engines "
                        "scanner/formats scanner/inspection scanner/verify scanner/x509"),

    "desk/protocol": ("what the desk's two programs say to each other, and their configuration", ""),
    "desk/worker": ("sessions, logins, and the commands that the desk may give",
                    "common desk/protocol plugin/dovecot plugin/operator plugin/store/atomic-file.h"),
    "desk/web": ("HTTP and pages: the process that speaks with the world",
                 "common desk/protocol plugin/dovecot"),
}
# They are tested and fuzzed without Dovecot.
WITHOUT_DOVECOT = ("common", "plugin/rules", "plugin/operator", "plugin/notices", "plugin/startup",
                   "desk/protocol")
# Who may use a system's header; all others must not.
SYSTEM = {
    "sys/socket.h": ("scanner/engines", "scanner/process", "scanner/base/helper-process", "plugin/",
                     "desk/web", "desk/worker/runner"),
    "sys/un.h": ("scanner/engines", "scanner/process", "plugin/", "desk/web"),
    "netdb.h": ("scanner/engines", "plugin/"),
    "seccomp.h": ("scanner/process", "desk/web"),
}

QUOTED = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.M)
ANGLED = re.compile(r"^\s*#\s*include\s*<([^>]+)>", re.M)


def room_of(path):
    return path.rpartition("/")[0]


def sources(top):
    for folder in ("common", "plugin", "scanner", "desk"):
        for path in sorted((top / folder).rglob("*")):
            if path.suffix in (".cpp", ".h", ".c"):
                yield path.relative_to(top).as_posix(), path.read_text()


def faults(files, rooms=None):
    """What is wrong with the includes of files, pairs of path and text; and the entries of the
    table that are used."""
    rooms = rooms or ROOMS
    used = set()
    found = []
    for file, text in files:
        room = room_of(file)
        if room not in rooms:
            found.append(f"{file}: {room or 'the top level'} is no room of the table")
            continue
        allowed = rooms[room][1].split()
        for included in QUOTED.findall(text):
            if "/" not in included:
                if room in WITHOUT_DOVECOT:
                    found.append(f"{file}: {included}: {room} has no Dovecot header")
            elif included.split("/")[0] not in ("common", "plugin", "scanner", "desk"):
                found.append(f"{file}: {included}: an include names its room")
            elif room_of(included) == room:
                continue
            elif entry := {included, room_of(included)}.intersection(allowed):
                used.add((room, *entry))
            else:
                found.append(f"{file}: {included}: {room} does not see {room_of(included)}")
        for included in ANGLED.findall(text):
            if not file.startswith(SYSTEM.get(included, "")):
                found.append(f"{file}: <{included}> is for {', '.join(SYSTEM[included])}")
    return found, used


def unused(used, rooms=None):
    return [f"the table: {room} does not use {entry}" for room, (_, allowed) in
            (rooms or ROOMS).items() for entry in allowed.split() if (room, entry) not in used]


def order_faults(rooms=None):
    """No room sees one below it, so there is no circle."""
    rooms = rooms or ROOMS
    order = list(rooms)
    place = {room: number for number, room in enumerate(order)}
    found = []
    for room, (_, allowed) in rooms.items():
        for entry in allowed.split():
            seen = entry if entry in place else room_of(entry)
            if seen not in place or place[seen] >= place[room]:
                found.append(f"the table: {room} sees {entry}, which does not stand above it")
    return found


def the_map(rooms=None):
    lines = []
    for room, (purpose, allowed) in (rooms or ROOMS).items():
        lines.append(f"{room}: {purpose}")
        parts = [entry.removeprefix(room.split("/")[0] + "/") for entry in allowed.split()]
        if parts:
            lines.append(f"    sees {', '.join(parts)}")
    return "\n".join(lines)


def main():
    if sys.argv[1:] == ["--map"]:
        print(the_map())
        return 0
    found, used = faults(sources(TOP))
    found += unused(used) + order_faults()
    if the_map() not in (TOP / "HACKING.md").read_text():
        found.append("HACKING.md does not show the table as walls.py --map prints it")
    for fault in found:
        print(fault)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
