"""The quickstart's demonstration: start, deliver three samples, show what became
of them, leave the server running."""

import json
import os
import re
import secrets
import shutil
import sys
import time
from pathlib import Path

import register_databases
from clients import Imap, Samples, bodies, deliver
from instance import PASSWORD, Instance, InstanceError, port_is_taken

MARK = ".dovecot-smime-quickstart"
# As shipped, and the recipient is told.
SETTINGS = """  smime_rule = class=any-encrypted origin=delivery notify=recipient recipient=request action=quarantine
  smime_rule2 = reason="No scanner can look into part of it" scan=uninspectable origin=delivery notify=recipient action=quarantine
  smime_reviewers = reviewer
  smime_role = reviewer=helpdesk may=list,show
"""
SERVICE = """service smime-register {{
  executable = {program} {spool}
  process_min_avail = 1
  process_limit = 1
  client_limit = 1
  unix_listener smime-register {{
    mode = 0600
  }}
}}
"""


def say(text):
    print(text, flush=True)


def make_instance(directory, root):
    spool = Path(directory) / "register-spool"
    settings = SETTINGS + f"  smime_notice_texts = {root}/etc/dovecot/smime-notices\n"
    desk_port = port("SMIME_DESK_PORT", "8143") if os.geteuid() == 0 else None
    if desk_port:
        settings += (f"  smime_token_key = {directory}/token.key\n"
                     f"  smime_notice_link = http://127.0.0.1:{desk_port}/?t={{token}}\n")
    return Instance(directory, root,
                    imap_port=port("SMIME_IMAP_PORT", "2143"),
                    lmtp_port=port("SMIME_LMTP_PORT", "2424"),
                    desk_port=desk_port, replace_rules=True,
                    settings=settings + register_databases.settings(spool),
                    extra=SERVICE.format(program=f"{root}/usr/lib/dovecot/smime-register",
                                         spool=spool))


def make_register(instance):
    database = register_databases.Sqlite(instance.dir, instance.root)
    instance.extra += register_databases.configuration(database, instance.dir)
    return database


def port(variable, default):
    text = os.environ.get(variable, default)
    if not re.fullmatch(r"[0-9]{1,5}", text) or not 1 <= int(text) <= 65535:
        raise InstanceError(f"{variable}={text} is no port number (1 to 65535)")
    return int(text)


def check_ports(instance):
    """Before anything is stopped or removed. What an earlier run has will be free."""
    running = instance.conf.read_text() if instance.running() else ""
    for number, variable in ((instance.imap_port, "SMIME_IMAP_PORT"),
                             (instance.lmtp_port, "SMIME_LMTP_PORT"),
                             (instance.desk_port, "SMIME_DESK_PORT")):
        if number and not re.search(rf"port = {number}$", running, re.M) and port_is_taken(number):
            raise InstanceError(f"port {number} of 127.0.0.1 is taken by another program: set "
                                f"{variable} to a free one")


def claim_directory(directory):
    """A directory of our own, made afresh; never somebody else's."""
    path = Path(directory)
    if path.exists():
        if path.stat().st_uid != os.geteuid() or not (path / MARK).exists():
            raise InstanceError(f"{path} exists and is not ours; set SMIME_QUICKSTART_DIR")
        count = sum(1 for name in path.glob("home/*/Maildir/**/*") if name.parent.name in
                    ("cur", "new") and name.is_file())
        if count:
            say(f"Removing the {count} messages of the earlier run in {path} "
                "(SMIME_QUICKSTART_DIR names another directory)")
            if sys.stdin.isatty():
                input("Enter goes on, Ctrl-C keeps them: ")
        shutil.rmtree(path)
    path.mkdir(parents=True)
    path.chmod(0o755)
    (path / MARK).touch()
    key = path / "token.key"
    key.write_text(secrets.token_hex(32) + "\n")
    key.chmod(0o600)


def show_mailbox(instance, samples, mailbox, login="alice"):
    client = Imap(instance, login, mailbox)
    for uid in client.uids():
        body = client.body(uid)
        subject = next(line for line in body.split(b"\r\n") if line.startswith(b"Subject:"))
        note = ""
        if b"multipart/signed" in body:
            verified = samples.verifies(body)
            note = "   openssl cms -verify: " + ("successful" if verified else "FAILED")
            if not verified:
                raise InstanceError("the signed sample does not verify as fetched over IMAP")
        say(f"  {mailbox}: {subject.decode()[9:]}{note}")
    client.logout()


def wait_for_row(instance, database, item):
    """The service brings it into the register as it comes."""
    deadline = time.monotonic() + 30
    while not database.rows("SELECT id FROM smime_register WHERE id = ?", item):
        if time.monotonic() > deadline:
            raise InstanceError("the register has no row of the held message\n"
                                + instance.log()[-2000:])
        time.sleep(0.1)


def start(directory, root):
    instance = make_instance(directory, root)
    check_ports(instance)
    if instance.running():
        say("Stopping the private Dovecot of an earlier run ...")
        instance.stop()
    claim_directory(directory)
    database = make_register(instance)
    say(f"Starting a private Dovecot in {directory} ...")
    instance.start()

    samples = Samples(Path(directory) / "samples")
    say("Delivering a plain, a signed and an encrypted sample to alice by LMTP ...")
    for message in (samples.plain(), samples.signed(), samples.encrypted()):
        (reply,) = deliver(instance, message, "alice@example.org")
        if reply[0] != 250:
            raise InstanceError(f"delivery failed: {reply[1]}\n{instance.log()[-2000:]}")

    say("\nWhat became of them (mailbox: subject), fetched over IMAP:")
    show_mailbox(instance, samples, "INBOX")
    doveadm = f"{directory}/doveadm"
    say("\nThe quarantine (doveadm smime quarantine list -u alice):")
    say(instance.doveadm("smime", "quarantine", "list", "-u", "alice").stdout.decode().rstrip())
    items = json.loads(instance.doveadm("-f", "json", "smime", "quarantine", "list", "-u",
                                        "alice").stdout)
    if len(bodies(instance, "alice")) != 2 or len(items) != 1:
        raise InstanceError("expected two messages in INBOX and one in the quarantine\n"
                            + instance.log()[-2000:])
    item = items[0]["id"]
    wait_for_row(instance, database, item)
    say("Alice is told, by doveadm smime notify -u alice --now (timers or cron do it elsewhere):")
    instance.doveadm("smime", "notify", "-u", "alice", "--now")
    show_mailbox(instance, samples, "INBOX")
    say("What a reviewer sees over IMAP (alice*reviewer):")
    show_mailbox(instance, samples, "Quarantine", "alice*reviewer")
    desk = (f"{instance.desk_url}/ as reviewer, password {PASSWORD}: choose the message, release it"
            if instance.desk_port else "the review desk needs root: sudo ./quickstart")
    say(f"""
The server is running. Try:
  review in a browser         {desk}
  see what is held for you    the same page as alice, the same password
  log in with a mail client   IMAP 127.0.0.1 port {instance.imap_port}, no TLS, user alice, password {PASSWORD}
  review with one             user alice*reviewer, the same password: the mailbox Quarantine
  read about the message      {doveadm} smime quarantine show -u alice {item}
  ask for it, as alice may    {doveadm} smime quarantine request -u alice {item}
  as one who may do no more   {doveadm} smime quarantine delete -u alice --as helpdesk {item}
  release it                  {doveadm} smime quarantine release -u alice {item}
  what became of it           sqlite3 {database.file} \\
                                "select state, who, why from smime_register_history"
  how much waits, how long    {doveadm} smime metrics
  check the set-up            {doveadm} smime status -u alice
  log                         {instance.log_file}
  stop it                     ./quickstart stop""")


def main():
    action, directory, root = sys.argv[1:4]
    try:
        if action == "start":
            start(directory, root)
        else:
            instance = make_instance(directory, root)
            say("Stopped." if instance.stop() else "It was not running.")
    except InstanceError as problem:
        print(f"quickstart: {problem}", file=sys.stderr)
        return 1
    except (KeyboardInterrupt, EOFError):
        print("\nquickstart: nothing was removed", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
