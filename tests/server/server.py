"""A Debian mail server as its packages set it up: Dovecot with every protocol block of its
stock files in use, Postfix in front, users of the system (PAM, mbox) and of a file (Maildir),
and the people who work with it."""

import imaplib
import json
import re
import smtplib
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "integration"))

from clients import Samples  # noqa: E402
from dovecot_conf import IS_24  # noqa: E402

ETC = Path("/etc/dovecot")
DOVECOT_LOG = Path("/var/log/dovecot.log")
MAIL_LOG = Path("/var/log/mail.log")
PASSWORD = "a Long.password1"
# By userdb: of the system with mbox, and of a file with Maildir.
SYSTEM_USERS = ("clerk", "judge")
VIRTUAL_USERS = ("alice", "bob", "carol", "you", "reviewers")
DOMAIN = "example.org"

SITE_CONF = """log_path = /var/log/dovecot.log
auth_username_format = %Ln
disable_plaintext_auth = no
postmaster_address = postmaster@example.org
"""

USERS_CONF = """passdb {
  driver = passwd-file
  args = /etc/dovecot/users
}
userdb {
  driver = passwd-file
  args = /etc/dovecot/users
}
"""

SITE_CONF_24 = """log_path = /var/log/dovecot.log
auth_username_format = %{user | username | lower}
auth_allow_cleartext = yes
postmaster_address = postmaster@example.org
"""

USERS_CONF_24 = """passdb users {
  driver = passwd-file
  passwd_file_path = /etc/dovecot/users
}
userdb users {
  driver = passwd-file
  passwd_file_path = /etc/dovecot/users
}
"""

FOR_POSTFIX = """service lmtp {
  unix_listener /var/spool/postfix/private/dovecot-lmtp {
    mode = 0600
    user = postfix
    group = postfix
  }
}
"""

POSTFIX = {
    "maillog_file": str(MAIL_LOG), "inet_interfaces": "127.0.0.1", "inet_protocols": "ipv4",
    "myhostname": "server.example.org", "mydestination": "localhost, server.example.org",
    "virtual_mailbox_domains": DOMAIN, "virtual_transport": "lmtp:unix:private/dovecot-lmtp",
    "mailbox_transport": "lmtp:unix:private/dovecot-lmtp", "local_recipient_maps": "",
    "disable_dns_lookups": "yes", "smtp_host_lookup": "native", "smtpd_peername_lookup": "no",
    "alias_maps": "", "maximal_queue_lifetime": "1d", "smtpd_tls_security_level": "none",
}


class CommandError(AssertionError):
    pass


def shell(command, code=0, seconds=600, **kwargs):
    """As root types it. Returns what it prints; the code is one number, or None for any."""
    # A daemon that is started keeps its output open: a pipe would never end.
    with tempfile.TemporaryFile("w+", errors="replace") as output:
        done = subprocess.run(["bash", "-c", command], stdout=output, stderr=output,
                              stdin=subprocess.DEVNULL, timeout=seconds, **kwargs)
        output.seek(0)
        text = output.read()
    if code is not None and done.returncode != code:
        raise CommandError(f"{command}: {done.returncode}\n{text[-4000:]}")
    return text


def wait_for(what, seconds=30):
    deadline = time.monotonic() + seconds
    while not (result := what()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return result


def write(name, text):
    (ETC / name).write_text(text)


def log():
    return DOVECOT_LOG.read_text(errors="replace") if DOVECOT_LOG.exists() else ""


# --- setting it up, before our package

def take_marks_off():
    """Every mail_plugins of Debian's protocol blocks is in use, with what is usual there."""
    for name, plugin in (("15-lda", "sieve"), ("20-lmtp", "sieve"), ("20-imap", "imap_sieve"),
                         ("20-pop3", "")):
        path = ETC / f"conf.d/{name}.conf"
        text, count = path.read_text(), 0
        if IS_24:
            text, count = re.subn(r"#mail_plugins \{(?:\n *#.*?)?\n *#\}",
                                  lambda found: found[0].replace("#", ""), text)
        else:
            text, count = re.subn(r"#mail_plugins = \$mail_plugins$",
                                  f"mail_plugins = $mail_plugins {plugin}".rstrip(), text,
                                  flags=re.M)
        assert count == 1, path
        path.write_text(text)


def add_users_of_a_file():
    """Beside those of the system, as the other files of 10-auth.conf are."""
    path = ETC / "conf.d/10-auth.conf"
    text = path.read_text()
    line = "\n!include auth-system.conf.ext\n"
    assert text.count(line) == 1, path
    # Before them: PAM lets one wait who asks for a user that it does not know.
    path.write_text(text.replace(line, "\n!include auth-users.conf.ext" + line))
    write("conf.d/auth-users.conf.ext", USERS_CONF_24 if IS_24 else USERS_CONF)


def make_users():
    for user in SYSTEM_USERS:
        shell(f"useradd --create-home {user} && echo '{user}:{PASSWORD}' | chpasswd")
    shell("groupadd -g 5000 vmail && useradd -u 5000 -g vmail -d /srv/vmail --create-home "
          "-s /usr/sbin/nologin vmail")
    mail = ("userdb_mail_driver=maildir userdb_mail_path=~/Maildir userdb_mail_inbox_path=~/Maildir"
            if IS_24 else "userdb_mail=maildir:~/Maildir")
    write("users", "".join(f"{user}:{{PLAIN}}{PASSWORD}:5000:5000::/srv/vmail/{user}::{mail}\n"
                           for user in VIRTUAL_USERS))
    shell("chown root:dovecot /etc/dovecot/users && chmod 640 /etc/dovecot/users")


def start_server():
    # As on a server: a package starts Dovecot, and restarts it for a plugin.
    Path("/usr/sbin/policy-rc.d").write_text("#!/bin/sh\nexit 0\n")
    take_marks_off()
    add_users_of_a_file()
    make_users()
    # Before Debian's files: Dovecot warns of what comes behind a protocol block.
    write("conf.d/00-site.conf", (SITE_CONF_24 if IS_24 else SITE_CONF) + FOR_POSTFIX)
    write("local.conf", "")
    for name, value in POSTFIX.items():
        shell(f"postconf -e '{name} = {value}'")
    # It makes the directory of Dovecot's socket.
    shell("postfix start")
    shell("service dovecot start || dovecot")
    shell("doveadm service status >/dev/null")


def reload_dovecot():
    """And until the configuration was read: the master process starts its services anew."""
    before = log().count("SIGHUP received")
    shell("doveadm reload")
    wait_for(lambda: log().count("SIGHUP received") > before)
    wait_for(lambda: shell("doveadm smime status >/dev/null 2>&1; echo $?", None).strip()
             in ("0", "1", "78"))


# --- mail

class Sent:
    """What Postfix says of a message for one recipient."""

    def __init__(self, line):
        self.line = line
        self.status = re.search(r"status=(\w+)", line)[1]


def send(message, to, sender="sender@partner.example"):
    """By SMTP. Waits until Postfix has handed it on, or could not."""
    with smtplib.SMTP("127.0.0.1", 25, timeout=60) as client:
        client.ehlo("partner.example")
        client.mail(sender)
        client.rcpt(to)
        code, text = client.data(message)
    assert code == 250, text
    queue_id = re.search(rb"queued as (\w+)", text)[1].decode()

    def line():
        return next((line for line in MAIL_LOG.read_text().splitlines()
                     if f" {queue_id}: to=" in line and "status=" in line), None)
    found = wait_for(line, 60)
    assert found, MAIL_LOG.read_text()[-3000:] + log()[-3000:]
    return Sent(found)


class Imap(imaplib.IMAP4):
    def __init__(self, login, password=PASSWORD):
        super().__init__("127.0.0.1", 143, timeout=60)
        self.login(login, password)

    def names(self):
        """Of the mailboxes that LIST has."""
        return {line.rsplit(b" ", 1)[1].decode().strip('"') for line in self.list()[1] if line}

    def bodies(self, mailbox):
        """Nothing if it cannot be opened."""
        if self.select(f'"{mailbox}"', readonly=True)[0] != "OK":
            return []
        uids = self.uid("search", None, "ALL")[1][0].split()
        return [self.uid("fetch", uid, "(BODY.PEEK[])")[1][0][1] for uid in uids]


def inbox(user):
    with Imap(user) as client:
        return client.bodies("INBOX")


def subjects(bodies):
    return [re.search(rb"^Subject: (.*?)\r?$", body, re.M)[1].decode() for body in bodies]


def rows(command, code=0):
    """What a doveadm command prints, as dictionaries. What it logs would come in between."""
    return json.loads(shell(f"doveadm -f json {command} 2>/dev/null", code) or "[]")


def held(user):
    """(id, subject) of each held message."""
    return [(row["id"], row["subject"]) for row in rows(f"smime quarantine list -u {user}")]


def samples():
    return Samples("/var/tmp/samples")


