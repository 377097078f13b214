"""A store that one Dovecot wrote, and what it shows of it: for the other version to
show the same.

    store.py write DIRECTORY ROOT    DIRECTORY/home, DIRECTORY/shown.json
"""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

from clients import Imap, Samples, deliver
from instance import Instance

LOCATIONS = {"maildir": "maildir:~/Maildir", "mdbox": "mdbox:~/mdbox"}
USER = "alice"


def instance_in(directory, root, location):
    Path(directory).mkdir(parents=True)
    return Instance(directory, root, location=LOCATIONS[location],
                    settings="  smime_reviewers_all_mail = reviewer\n")


def fill(instance, samples):
    """Delivered, quarantined, released and marked."""
    messages = [samples.plain(), samples.signed(), samples.encrypted(), samples.encrypted(),
                samples.signed(subject="sample to be marked")]
    for message in messages:
        for code, text in deliver(instance, message, f"{USER}@example.org"):
            assert code == 250, text
    items = json.loads(instance.doveadm("-f", "json", "smime", "quarantine", "list", "-u",
                                        USER).stdout)
    instance.doveadm("smime", "quarantine", "release", "-u", USER, items[0]["id"])
    instance.doveadm("flags", "add", "-u", USER, "\\Seen $Mine", "mailbox", "INBOX", "uid", "1")


def mailbox(instance, name):
    """Everything that a reviewer sees of it."""
    client = Imap(instance, f"{USER}*reviewer", name)
    messages = []
    for uid in client.uids():
        _, data = client.uid("fetch", uid, "(UID FLAGS INTERNALDATE RFC822.SIZE)")
        # Which session is the first to see a message is no fact of the store.
        facts = re.sub(r"\\Recent ?", "", data[0].decode().split("(", 1)[1]).replace(" )", ")")
        messages.append([facts, client.body(uid).decode("latin-1")])
    client.logout()
    return messages


def show(instance):
    def answer(*command):
        return json.loads(instance.doveadm("-f", "json", "smime", *command).stdout or "[]")

    items = answer("quarantine", "list", "-u", USER)
    return {"INBOX": mailbox(instance, "INBOX"), "Quarantine": mailbox(instance, "Quarantine"),
            "list": items, "audit": answer("audit", "-u", USER),
            "show": [answer("quarantine", "show", "-u", USER, item["id"]) for item in items]}


def write(directory, root):
    directory = Path(directory)
    shutil.rmtree(directory, ignore_errors=True)
    samples = Samples(directory / "samples")
    for location in LOCATIONS:
        place = directory / location
        instance = instance_in(place, root, location)
        try:
            instance.start()
            fill(instance, samples)
            shown = show(instance)
        finally:
            instance.stop()
        (directory / f"{location}.json").write_text(json.dumps(shown))
        home = directory / f"{location}-home"
        subprocess.run(["cp", "-a", instance.home(USER), home], check=True)
        shutil.rmtree(place)


if __name__ == "__main__":
    write(*sys.argv[2:])
