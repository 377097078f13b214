"""System users with a shell: what doveadm smime status says of the quarantine's files, and
what is so."""

import os
import shutil
import subprocess
import unittest
from pathlib import Path

from dovecot_conf import CENTRAL_NAMESPACE
from test_reviewer_login import can_unshare
from test_status import StatusCase

UID = 20011


@unittest.skipUnless(can_unshare(), "an account of the system's needs root and mount namespaces")
class ShellUsers(StatusCase):
    """alice has an account with a shell, where doveadm runs; her mail is in mbox files."""

    instance_options = {"location": "mbox:~/mail:INBOX=~/inbox", "users": ("alice",)}

    @classmethod
    def before_start(cls):
        write = cls.instance.write_conf

        def write_conf():
            write()
            home = cls.instance.home("alice")
            home.mkdir(exist_ok=True)
            os.chown(home, UID, UID)
            (cls.instance.dir / "passwd").write_text(
                f"alice:{{PLAIN}}quickstart:{UID}:{UID}::{home}::\n")
        cls.instance.write_conf = write_conf

    def in_world(self, shell, *command, uid=0):
        """Where /etc/passwd has the account."""
        passwd = self.directory / "passwd"
        passwd.write_text(Path("/etc/passwd").read_text() +
                          f"alice:x:{UID}:{UID}::{self.instance.home('alice')}:{shell}\n")
        drop = ["setpriv", f"--reuid={UID}", f"--regid={UID}", "--clear-groups"] if uid else []
        return subprocess.run(["unshare", "-m", "sh", "-c",
                               f'mount --bind {passwd} /etc/passwd && exec "$@"', "sh", *drop,
                               *command], capture_output=True, timeout=60)

    def row(self, shell):
        import json
        done = self.in_world(shell, str(self.instance.dir / "doveadm"), "-f", "json", "smime",
                             "status", "-u", "alice")
        (row,) = [row for row in json.loads(done.stdout) if row["check"] == "quarantine files"]
        return row, done.returncode

    def test_what_the_owner_reads_at_the_shell_is_said(self):
        self.assert_accepted(self.samples.encrypted())
        held = self.instance.home("alice") / "mail/Quarantine"
        found = self.in_world("/bin/sh", "grep", "-c", "X-SMIME-Quarantine-Id:", str(held), uid=UID)
        self.assertEqual(b"1\n", found.stdout)
        row, code = self.row("/bin/sh")
        self.assertEqual(("warning", 1), (row["state"], code), row)
        self.assertIn(f"uid {UID} (alice, /bin/sh) at a shell", row["detail"])
        self.assertIn(str(held), row["detail"])
        self.assertIn("mail_access_groups", row["remedy"])

    def test_without_a_shell_all_is_well(self):
        row, code = self.row("/usr/sbin/nologin")
        self.assertEqual(("ok", 0), (row["state"], code))
        self.assertIn("nobody logs in", row["detail"])


@unittest.skipUnless(can_unshare(), "an account of the system's needs root and mount namespaces")
class ShellUsersAndACentralQuarantine(ShellUsers):
    """As the remedy says."""

    settings = "  smime_quarantine_mailbox = Central/Held\n"
    extra = "mail_access_groups = games" + CENTRAL_NAMESPACE

    @classmethod
    def before_start(cls):
        super().before_start()
        cls.instance.extra = cls.instance.extra.replace("DIRECTORY", str(cls.directory))
        central = cls.directory / "central"
        central.mkdir()
        shutil.chown(central, "root", "games")
        central.chmod(0o2770)

    def test_what_the_owner_reads_at_the_shell_is_said(self):
        self.assert_accepted(self.samples.encrypted())
        found = self.in_world("/bin/sh", "ls", str(self.directory / "central/.Held"), uid=UID)
        self.assertIn(b"Permission denied", found.stderr)
        row, code = self.row("/bin/sh")
        self.assertEqual(("ok", 0), (row["state"], code), row)
        self.assertIn("is out of reach for uid", row["detail"])
