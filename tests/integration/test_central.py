"""A central quarantine, in a public namespace: each message goes to whom it was held for, by
whatever way, and is listed once; with users of one uid and with a uid each."""

import collections
import ctypes
import json
import os
import shutil
import struct
import subprocess
import unittest

from case import DovecotCase
from clients import Imap, without_trace
from dovecot_conf import CENTRAL_NAMESPACE
from test_access import SECRET, RawImap

EXTRA = CENTRAL_NAMESPACE
HELD = "Central/Held"


class Opened:
    """How often each file in a directory is opened from now on."""

    def __init__(self, directory):
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.notifier = self.libc.inotify_init1(os.O_NONBLOCK)
        in_open = 0x20
        if self.libc.inotify_add_watch(self.notifier, os.fsencode(directory), in_open) < 0:
            raise OSError(ctypes.get_errno(), str(directory))

    def counts(self):
        names, data = collections.Counter(), b""
        try:
            data = os.read(self.notifier, 1 << 20)
        except BlockingIOError:
            # Nothing was opened.
            pass
        os.close(self.notifier)
        while data:
            (length,) = struct.unpack_from("I", data, 12)
            names[data[16:16 + length].rstrip(b"\0")] += 1
            data = data[16 + length:]
        # Without the directory itself.
        return {name: count for name, count in names.items() if name}


class CentralCase(DovecotCase):
    settings = f"  smime_quarantine_mailbox = {HELD}\n  smime_reviewers = reviewer\n"
    extra = EXTRA

    @classmethod
    def before_start(cls):
        cls.instance.extra = cls.instance.extra.replace("DIRECTORY", str(cls.directory))
        cls.central = cls.directory / "central"
        cls.central.mkdir()
        cls.own_central()

    @classmethod
    def own_central(cls):
        if os.geteuid() == 0:
            shutil.chown(cls.central, *cls.instance._mail_owner())

    def setUp(self):
        self.instance.doveadm("smime", "quarantine", "delete", "-A", "--since", "2000-01-01",
                              check=False)
        self.clear()
        self.originals, self.items = {}, {}
        for user in ("alice", "bob"):
            self.originals[user] = self.samples.encrypted(f"encrypted sample for {user}")
            self.assert_accepted(self.originals[user], f"{user}@example.org")
            (row,) = self.quarantined(user)
            self.items[user] = row["id"]

    def run_for_all(self, act, *args, check=True):
        done = self.instance.doveadm("-f", "json", "smime", "quarantine", act, "-A", *args,
                                     check=check)
        return done, json.loads(done.stdout or b"[]")

    def inbox(self, user):
        return [without_trace(body) for body in self.bodies(user)]

    def status(self, user):
        done = self.instance.doveadm("-f", "json", "smime", "status", "-u", user, check=False)
        return [row for row in json.loads(done.stdout)
                if row["check"].startswith("quarantine") and row["state"] != "ok"]


class Central(CentralCase):
    def test_each_is_listed_once_with_its_user(self):
        _, rows = self.run_for_all("list")
        self.assertEqual(sorted((user, self.items[user]) for user in ("alice", "bob")),
                         sorted((row["user"], row["id"]) for row in rows))
        for user in ("alice", "bob"):
            self.assertEqual([], self.status(user))

    def test_what_is_no_held_message_is_listed_once(self):
        self.instance.doveadm("save", "-u", "alice", "-m", HELD, input=self.samples.plain("Stray"))
        _, rows = self.run_for_all("list")
        self.assertEqual(1, [row["class"] for row in rows].count("foreign"))
        self.instance.doveadm("expunge", "-u", "alice", "mailbox", HELD, "subject", "Stray")

    def test_of_all_users_none_reads_what_is_known_to_be_another_s(self):
        """Once to know whose it is, and once for its user."""
        self.run_for_all("list")
        for act, args, most in (("list", (), 2),
                                ("show", [item[:8] for item in self.items.values()], 3)):
            opened = Opened(self.central / ".Held/cur")
            _, rows = self.run_for_all(act, *args)
            self.assertEqual(2, len(rows))
            counts = opened.counts()
            self.assertEqual(2, len(counts))
            self.assertLessEqual(max(counts.values()), most, (act, counts))

    def test_of_all_users_one_is_meant(self):
        _, rows = self.run_for_all("list", "--held-for", "alice")
        self.assertEqual([self.items["alice"]], [row["id"] for row in rows])
        _, rows = self.run_for_all("delete", "--held-for", "bob")
        self.assertEqual([self.items["bob"]], [row["id"] for row in rows])
        self.assertEqual(1, len(self.quarantined("alice")))

    def test_another_s_message_is_not_released_to_the_user(self):
        for options in ((), ("--mailbox", "INBOX"), ("--refilter",)):
            with self.subTest(options):
                done, (row,) = self.doveadm_quarantine("release", "alice", *options,
                                                       self.items["bob"], check=False)
                self.assertEqual(68, done.returncode)
                self.assertIn("held for bob", row["result"])
                self.assertIn("-u bob", row["result"])
                done, _ = self.doveadm_quarantine("release", "alice", *options, "--held-for", "bob",
                                                  self.items["bob"], check=False)
                self.assertNotEqual(0, done.returncode)
        for act in ("delete", "reject", "show"):
            done, _ = self.doveadm_quarantine(act, "alice", self.items["bob"], check=False)
            self.assertIn(done.returncode, (68, 78), act)
        self.assertEqual(([], []), (self.inbox("alice"), self.inbox("bob")))
        self.assertEqual(1, len(self.quarantined("bob")))

    def test_all_are_released_to_their_own(self):
        _, rows = self.run_for_all("release", "--class", "encrypted")
        self.assertEqual(["released"] * 2, [row["result"] for row in rows])
        for user in ("alice", "bob"):
            self.assertEqual([self.originals[user]], self.inbox(user))
        self.assertEqual([], self.run_for_all("list")[1])

    def test_by_id_for_all(self):
        _, rows = self.run_for_all("release", *self.items.values())
        self.assertEqual(["released"] * 2, [row["result"] for row in rows])
        for user in ("alice", "bob"):
            self.assertEqual([self.originals[user]], self.inbox(user))

    def test_over_imap(self):
        client = Imap(self.instance, "alice*reviewer", HELD)
        uids = {}
        for uid in client.uids():
            uids["alice" if b"sample for alice" in client.body(uid) else "bob"] = uid
        for command in ("copy", "move"):
            status, text = client.uid(command, uids["bob"], "INBOX")
            self.assertEqual("NO", status)
            self.assertIn(b"was held for bob", text[0])
        self.assertEqual("OK", client.uid("move", uids["alice"], "INBOX")[0])
        client.logout()
        self.assertEqual([self.originals["alice"]], self.inbox("alice"))
        self.assertEqual([], self.inbox("bob"))
        owner = RawImap(self.instance)
        self.assertEqual("NO", owner.run(f"SELECT {HELD}")[0])
        owner.close()

    def test_of_a_user_who_is_gone(self):
        self.assert_accepted(self.samples.encrypted(), "carol@example.org")
        (item,) = self.quarantined("carol")
        users = (self.instance.dir / "passwd").read_text()
        self.change_users("".join(line + "\n" for line in users.splitlines()
                                  if not line.startswith("carol:")))
        self.addCleanup(self.change_users, users)
        done, rows = self.run_for_all("list")
        self.assertNotIn(item["id"], [row["id"] for row in rows])
        self.assertIn(b"1 more in the quarantine held for carol", done.stderr)
        _, (row,) = self.doveadm_quarantine("list", "alice", "--held-for", "carol")
        self.assertEqual(("carol", item["id"]), (row["user"], row["id"]))
        done, _ = self.doveadm_quarantine("expire", "alice", "--held-for", "carol",
                                          "--older-than", "30d")
        self.assertEqual((0, b""), (done.returncode, done.stderr))
        done = self.instance.doveadm("smime", "quarantine", "report", "-u", "alice", "--held-for",
                                     "carol")
        self.assertIn(b"carol", done.stdout)
        done = self.instance.doveadm("smime", "quarantine", "report", "-A")
        self.assertIn(b"1 more in the quarantine held for carol", done.stderr)
        _, (row,) = self.doveadm_quarantine("delete", "alice", "--held-for", "carol", item["id"])
        self.assertEqual("deleted", row["result"])

    def test_of_a_record_without_the_user(self):
        """As earlier versions wrote them: the recipient's address tells."""
        for path in self.central.rglob("*"):
            if path.is_file() and b"X-SMIME-Quarantine-User" in (data := path.read_bytes()):
                path.write_bytes(data.replace(b"X-SMIME-Quarantine-User: alice\n", b"")
                                 .replace(b"X-SMIME-Quarantine-User: bob\n", b""))
        for user in ("alice", "bob"):
            self.assertEqual([self.items[user]], [row["id"] for row in self.quarantined(user)])


@unittest.skipIf(os.geteuid() != 0, "only root can be other users")
class UidForEach(CentralCase):
    """System users: the directory belongs to a group that none of them is in."""

    uids = {"alice": 20001, "bob": 20002}
    group = "games"
    extra = EXTRA + f"mail_access_groups = {group}\n"

    @classmethod
    def own_central(cls):
        shutil.chown(cls.central, "root", cls.group)
        cls.central.chmod(0o2770)
        write = cls.instance.write_conf

        def write_conf():
            write()
            home = cls.instance.dir / "home"
            lines = []
            for user, uid in cls.uids.items():
                (home / user).mkdir(exist_ok=True)
                os.chown(home / user, uid, uid)
                lines.append(f"{user}:{{PLAIN}}quickstart:{uid}:{uid}::{home / user}::\n")
            (cls.instance.dir / "passwd").write_text("".join(lines))
        cls.instance.write_conf = write_conf

    def clear(self, *users):
        super().clear(*(users or self.uids))

    def as_user(self, user, *command):
        uid = self.uids[user]
        return subprocess.run(command, capture_output=True, user=uid, group=uid, extra_groups=[],
                              timeout=60)

    test_each_is_listed_once_with_its_user = Central.test_each_is_listed_once_with_its_user
    test_all_are_released_to_their_own = Central.test_all_are_released_to_their_own
    test_over_imap = Central.test_over_imap

    def test_at_the_shell_nobody_reaches_it(self):
        found = self.as_user("alice", "find", str(self.central))
        self.assertIn(b"Permission denied", found.stderr)
        done = self.as_user("alice", str(self.instance.dir / "doveadm"), "smime", "quarantine",
                            "list", "-u", "alice")
        self.assertNotIn(self.items["alice"][:8].encode(), done.stdout)
        self.assertNotIn(SECRET, done.stdout)
        self.assertNotEqual(0, done.returncode)


class UidForEachWithoutTheGroup(UidForEach):
    """status knows before the first message is deferred."""

    extra = EXTRA

    def setUp(self):
        pass

    test_each_is_listed_once_with_its_user = test_all_are_released_to_their_own = None
    test_over_imap = test_at_the_shell_nobody_reaches_it = None

    def test_status_says_so(self):
        ((code, _),) = self.deliver(self.samples.encrypted())
        self.assertEqual(451, code)
        rows = [row for row in self.status("alice") if row["check"] == "quarantine files"]
        self.assertEqual(["error"], [row["state"] for row in rows])
        self.assertIn(str(self.central), rows[0]["detail"])
        self.assertIn("uid 20001", rows[0]["detail"])
        self.assertIn("mail_access_groups", rows[0]["remedy"])
