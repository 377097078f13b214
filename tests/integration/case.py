"""What the integration tests share: one private Dovecot for each test class."""

import json
import os
import shutil
import tempfile
import time
import unittest
from pathlib import Path

from clients import Samples, bodies, deliver
from instance import Instance

ROOT = Path(os.environ["SMIME_TEST_ROOT"])
WORK = Path(os.environ["SMIME_TEST_WORK"])


class DovecotCase(unittest.TestCase):
    """Class attributes are Instance's keyword arguments."""

    settings = ""
    extra = ""
    instance_options: dict = {}
    longMessage = True
    # Words of log lines for what stock Dovecot does in the same case: each class that
    # needs it says so.
    forgiven: tuple = ()

    @classmethod
    def setUpClass(cls):
        cls.directory = Path(tempfile.mkdtemp(prefix="smime-test-", dir="/tmp"))
        cls.directory.chmod(0o755)
        cls.samples = Samples(WORK / "samples")
        cls.instance = Instance(cls.directory / "d", ROOT, settings=cls.settings,
                                extra=cls.extra, **cls.instance_options)
        (cls.directory / "d").mkdir()
        cls.before_start()
        cls.instance.start()

    @classmethod
    def before_start(cls):
        pass

    @classmethod
    def tearDownClass(cls):
        cls.instance.stop()
        log = cls.instance.log()
        shutil.rmtree(cls.directory, ignore_errors=True)
        (WORK / (cls.__name__ + ".log")).write_text(log)
        log = "\n".join(line for line in log.split("\n")
                        if not any(word in line for word in cls.forgiven))
        # The worst bug there is: a crash takes an lmtp or imap process with it.
        for word in ("Panic", "Raw backtrace", "killed with signal 6", "killed with signal 11"):
            if word in log:
                raise AssertionError(f"{cls.__name__}: {word} in the log:\n{log[max(0, log.index(word) - 300):][:3000]}")

    def deliver(self, message, recipients="alice@example.org", **kwargs):
        return deliver(self.instance, message, recipients, **kwargs)

    def assert_accepted(self, message, recipients="alice@example.org", **kwargs):
        replies = self.deliver(message, recipients, **kwargs)
        for reply in replies:
            self.assertEqual(250, reply[0], f"{reply[1]}\n{self.instance.log()[-1500:]}")

    def assert_logged(self, *texts):
        for text in texts:
            self.assertIn(text, self.instance.log_with(text))

    def quarantined(self, user):
        output = self.instance.doveadm("-f", "json", "smime", "quarantine", "list", "-u",
                                       user).stdout
        return json.loads(output or b"[]")

    def doveadm_quarantine(self, action, user, *args, check=True):
        done = self.instance.doveadm("-f", "json", "smime", "quarantine", action, "-u", user, *args,
                                     check=check)
        return done, (json.loads(done.stdout) if done.stdout.strip() else [])

    def bodies(self, user="alice", mailbox="INBOX"):
        return bodies(self.instance, user, mailbox)

    def guids(self, mailbox, user="alice"):
        return self.instance.doveadm("-f", "flow", "fetch", "-u", user, "guid", "mailbox",
                                     mailbox).stdout.split()

    def clear(self, *users):
        """Empties every mailbox of the users."""
        for user in users or ("alice", "bob", "carol"):
            self.instance.doveadm("expunge", "-u", user, "mailbox", "*", "all", check=False)

    def change_users(self, text):
        """Writes the passwd-file anew. auth reads it again by itself, for which it looks
        once in a second of the clock (passwd_file_sync() in db-passwd-file.c)."""
        (self.instance.dir / "passwd").write_text(text)
        time.sleep(1.1)

    def sieve(self, user, script):
        home = self.instance.home(user)
        home.mkdir(parents=True, exist_ok=True)
        path = home / ".dovecot.sieve"
        path.write_text(script)
        if os.geteuid() == 0:
            owner, group = self.instance._mail_owner()
            shutil.chown(home, owner, group)
            shutil.chown(path, owner, group)
