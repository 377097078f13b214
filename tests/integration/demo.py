"""The quickstart's demonstration: start, deliver three samples, show what became
of them, leave the server running."""

import json
import os
import shutil
import sys
from pathlib import Path

from clients import Imap, Samples, bodies, deliver
from instance import PASSWORD, Instance, InstanceError

MARK = ".dovecot-smime-quickstart"


def say(text):
    print(text, flush=True)


def make_instance(directory, root):
    return Instance(directory, root,
                    imap_port=int(os.environ.get("SMIME_IMAP_PORT", "2143")),
                    lmtp_port=int(os.environ.get("SMIME_LMTP_PORT", "2424")))


def claim_directory(directory):
    """A directory of our own, made afresh; never somebody else's."""
    path = Path(directory)
    if path.exists():
        if path.stat().st_uid != os.geteuid() or not (path / MARK).exists():
            raise InstanceError(f"{path} exists and is not ours; set SMIME_QUICKSTART_DIR")
        shutil.rmtree(path)
    path.mkdir(parents=True)
    path.chmod(0o755)
    (path / MARK).touch()


def show_mailbox(instance, samples, mailbox):
    client = Imap(instance, "alice", mailbox)
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


def start(directory, root):
    instance = make_instance(directory, root)
    if instance.running():
        say("Stopping the private Dovecot of an earlier run ...")
        instance.stop()
    claim_directory(directory)
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
    say(f"""
The server is running. Try:
  log in with a mail client   IMAP 127.0.0.1 port {instance.imap_port}, no TLS, user alice, password {PASSWORD}
  read about the message      {doveadm} smime quarantine show -u alice {item}
  release it                  {doveadm} smime quarantine release -u alice {item}
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
    return 0


if __name__ == "__main__":
    sys.exit(main())
