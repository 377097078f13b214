"""The shipped example of the master passdb, as it is written, with users of a passwd-file, of
PAM and of SQL."""

import grp
import os
import pwd
import re
import shutil
import sqlite3
import subprocess
import unittest
from pathlib import Path

import dovecot_conf
from case import DovecotCase
from clients import PASSWORD
from test_access import RawImap

REVIEWER = "reviewer's own"


def example(shipped):
    """The lines of 90-smime.conf from the separator to the next empty one, without their
    number signs."""
    block = shipped[shipped.rindex("#auth_master_user_separator"):].partition("\n\n")[0] + "\n"
    return re.sub(r"^#", "", block, flags=re.M)


def password_hash(password):
    return subprocess.run(["openssl", "passwd", "-6", password], capture_output=True, text=True,
                          check=True).stdout.strip()


class LoginCase(DovecotCase):
    settings = "  smime_reviewers = reviewer\n"
    # The users' own passdb and userdb, for each version.
    databases_23 = ""
    databases_24 = ""

    @classmethod
    def before_start(cls):
        instance = cls.instance
        users = cls.databases_24 if dovecot_conf.IS_24 else cls.databases_23
        write = instance.write_conf

        def write_conf():
            write()
            shipped = (instance.root / "etc/dovecot/conf.d/90-smime.conf").read_text()
            reviewers = instance.dir / "smime-reviewers"
            reviewers.write_text(f"reviewer:{{CRYPT}}{password_hash(REVIEWER)}\n")
            databases = example(shipped).replace("/etc/dovecot/smime-reviewers", str(reviewers))
            text = instance.conf.read_text()
            text = re.sub(r"^(passdb|userdb)[^{\n]*{.*?^}\n", "", text, flags=re.M | re.S)
            text = re.sub(r"^auth_master_user_separator.*\n", "", text, flags=re.M)
            instance.conf.write_text(text + databases + users.replace("DIR", str(instance.dir)))
        instance.write_conf = write_conf

    def login(self, user, password):
        client = RawImap.__new__(RawImap)
        super(RawImap, client).__init__(self.instance.imap_port)
        client.number = 0
        self.addCleanup(client.close)
        return client, client.run(f'LOGIN "{user}" "{password}"')[0]

    def check(self):
        self.assert_accepted(self.samples.encrypted())
        client, status = self.login("alice*reviewer", REVIEWER)
        self.assertEqual("OK", status, self.instance.log()[-2000:])
        self.assertEqual("OK", client.run("SELECT Quarantine")[0])
        self.assertEqual("NO", client.run("SELECT INBOX")[0])
        self.assertEqual("OK", self.login("alice", PASSWORD)[1])
        for user, password in (("alice*reviewer", PASSWORD), ("alice", REVIEWER),
                               ("nonesuch99*reviewer", REVIEWER)):
            self.assertIn(self.login(user, password)[1], ("NO", "BYE"), user)


class PasswdFile(LoginCase):
    databases_23 = ("passdb {\n  driver = passwd-file\n  args = DIR/passwd\n}\n"
                    "userdb {\n  driver = passwd-file\n  args = DIR/passwd\n}\n")
    databases_24 = ("passdb users {\n  driver = passwd-file\n  passwd_file_path = DIR/passwd\n}\n"
                    "userdb users {\n  driver = passwd-file\n  passwd_file_path = DIR/passwd\n}\n")

    def test_it(self):
        self.check()


@unittest.skipUnless(Path("/usr/lib/dovecot/modules/libdriver_sqlite.so").exists(),
                     "dovecot-sqlite is not installed")
class Sql(LoginCase):
    """With prefetch, behind which the userdb is that answers for a reviewer."""

    databases_23 = ("passdb {\n  driver = sql\n  args = DIR/sql.conf\n}\n"
                    "userdb {\n  driver = prefetch\n}\n"
                    "userdb {\n  driver = sql\n  args = DIR/sql.conf\n}\n")
    databases_24 = ("sql_driver = sqlite\nsqlite_path = DIR/users.sqlite\npassdb sql {\n  query = "
                    "SELECT user, password FROM users WHERE user = '%{user}'\n}\n"
                    "userdb sql {\n  query = SELECT home, uid, gid FROM users WHERE user = '%{user}'\n}\n")

    @classmethod
    def before_start(cls):
        super().before_start()
        path = cls.instance.dir / "users.sqlite"
        database = sqlite3.connect(path)
        database.execute("CREATE TABLE users (user, password, home, uid, gid)")
        owner, group = cls.instance._mail_owner()
        database.execute("INSERT INTO users VALUES ('alice', ?, ?, ?, ?)", (
            f"{{PLAIN}}{PASSWORD}", str(cls.instance.home("alice")), pwd.getpwnam(owner).pw_uid,
            grp.getgrnam(group).gr_gid))
        database.commit()
        database.close()
        path.chmod(0o644)
        (cls.instance.dir / "sql.conf").write_text(
            f"driver = sqlite\nconnect = {path}\n"
            "password_query = SELECT user, password, home AS userdb_home, uid AS userdb_uid, "
            "gid AS userdb_gid FROM users WHERE user = '%u'\n"
            "user_query = SELECT home, uid, gid FROM users WHERE user = '%u'\n")

    def test_it(self):
        self.check()


def can_unshare():
    return os.geteuid() == 0 and shutil.which("unshare") is not None and subprocess.run(
        ["unshare", "-m", "true"], capture_output=True).returncode == 0


@unittest.skipUnless(can_unshare() and Path("/lib/x86_64-linux-gnu/security/pam_unix.so").exists(),
                     "PAM with accounts of its own needs root and mount namespaces")
class Pam(LoginCase):
    """Users of the system: Dovecot is started where /etc/passwd and /etc/shadow have one more."""

    instance_options = {"location": "maildir:~/Maildir"}
    databases_23 = "passdb {\n  driver = pam\n}\nuserdb {\n  driver = passwd\n}\n"
    databases_24 = "passdb pam {\n}\nuserdb passwd {\n}\n"

    @classmethod
    def before_start(cls):
        super().before_start()
        cls.etc = cls.directory / "etc"
        shutil.copytree("/etc/pam.d", cls.etc / "pam.d")
        (cls.etc / "pam.d/dovecot").write_text("auth required pam_unix.so\n"
                                               "account required pam_unix.so\n")
        owner, group = cls.instance._mail_owner()
        ids = f"{pwd.getpwnam(owner).pw_uid}:{grp.getgrnam(group).gr_gid}"
        for name, line in (("passwd", f"alice:x:{ids}::{cls.instance.home('alice')}:/bin/sh\n"),
                           ("shadow", f"alice:{password_hash(PASSWORD)}:19000:0:99999:7:::\n")):
            (cls.etc / name).write_text(Path("/etc", name).read_text() + line)
            (cls.etc / name).chmod(0o644 if name == "passwd" else 0o640)
        starter = cls.directory / "dovecot"
        mounts = "".join(f"mount --bind {cls.etc}/{name} /etc/{name} && "
                         for name in ("passwd", "shadow", "pam.d"))
        starter.write_text(f"#!/bin/sh\nexec unshare -m sh -c '{mounts}exec {cls.instance.dovecot} \"$@\"' "
                           "dovecot \"$@\"\n")
        starter.chmod(0o755)
        cls.instance.dovecot = str(starter)

    def test_it(self):
        self.check()
