"""Who acted: every act on what is held, by every way, leaves one event that names the
person at it, and the owner of the mailbox in one form."""

import base64
import json
import os
import pwd
import shutil
import subprocess
import threading
import time
import urllib.request
from socketserver import ThreadingTCPServer

from case import DovecotCase
from clients import Imap
from instance import free_port
from test_review import Smtp

# As sudo runs a command for somebody who logged in as games.
LOGGED_IN = ("sh", "-c", 'echo 5 2>/dev/null >/proc/self/loginuid; exec "$@"', "sh")
ACTIONS = {"release": "released", "release --refilter": "delivered anew", "reject": "rejected",
           "delete": "deleted", "expire": "expired"}


def login_of(become):
    """The account behind the login UID, if it is another than ours."""
    done = subprocess.run([*become, "cat", "/proc/self/loginuid"], capture_output=True, text=True)
    uid = int(done.stdout or -1)
    return None if uid in (-1, 2**32 - 1, os.getuid()) else pwd.getpwuid(uid).pw_name


class ActorCase(DovecotCase):
    instance_options = {"replace_rules": True}

    @classmethod
    def before_start(cls):
        cls.mta = ThreadingTCPServer(("127.0.0.1", 0), Smtp)
        cls.mta.daemon_threads = True
        cls.mta.mails, cls.mta.answer = [], b"250"
        threading.Thread(target=cls.mta.serve_forever, daemon=True).start()
        cls.instance.http_port = free_port()
        cls.instance.extra = f"submission_host = 127.0.0.1:{cls.mta.server_address[1]}\n"

    @classmethod
    def tearDownClass(cls):
        cls.mta.shutdown()
        cls.mta.server_close()
        super().tearDownClass()

    def trail(self, item):
        """Our events with this id but the first, which is that it was held."""
        events = []
        for line in self.instance.settled_log().splitlines():
            start = line.find('{"event":"smime_')
            if start >= 0 and json.loads(line[start:])["fields"].get("id") == item:
                events.append(json.loads(line[start:]))
        self.assertEqual("smime_message_quarantined", events[0]["event"])
        self.assertEqual("alice", events[0]["fields"]["user"])
        return [event["fields"] for event in events[1:]]

    def held(self):
        self.assert_accepted(self.samples.encrypted(), sender="sender@example.org")
        return self.quarantined("alice")[-1]["id"]

    def assert_one_act(self, item, **fields):
        (event,) = self.trail(item)
        found = {key: event.get(key) for key in fields}
        self.assertEqual(fields, found)
        self.assertEqual("alice", event["user"])


class Doveadm(ActorCase):
    settings = ("  smime_rule = origin=delivery class=any-encrypted action=quarantine\n"
                "  smime_rule2 = origin=!delivery class=encrypted action=quarantine\n")

    def arguments(self, act, item):
        name, *options = act.split()
        # expire takes no id: everything that is there is the one message.
        selection = ["--older-than", "0s"] if name == "expire" else [item]
        return name, [*options, *selection]

    def at_the_shell(self, act, item, environment, become=()):
        name, arguments = self.arguments(act, item)
        done = subprocess.run([*become, str(self.instance.dir / "doveadm"), "smime", "quarantine",
                               name, "-u", "alice", *arguments], capture_output=True, text=True,
                              env={**os.environ, **environment}, timeout=120)
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        return done.stderr

    def over_http(self, act, item):
        name, arguments = self.arguments(act, item)
        parameters = {"user": "alice"}
        if name == "expire":
            parameters["olderThan"] = "0s"
        else:
            parameters["id"] = [item]
        if "--refilter" in arguments:
            parameters["refilter"] = True
        command = "smimeQuarantine" + name.capitalize()
        key = base64.b64encode(b"quickstart").decode()
        asked = urllib.request.Request(
            f"http://127.0.0.1:{self.instance.http_port}/doveadm/v1",
            data=json.dumps([[command, parameters, "a"]]).encode(),
            headers={"Authorization": "X-Dovecot-API " + key, "Content-Type": "application/json"})
        with urllib.request.urlopen(asked, timeout=60) as answer:
            self.assertEqual("doveadmResponse", json.load(answer)[0][0])

    def test_every_act_by_every_way(self):
        # sudo and su leave the kernel's login UID as it was; the environment is believed
        # nowhere.
        environment = {"SUDO_USER": "carol", "LOGNAME": "carol", "USER": "carol"}
        ways = {
            "root": (lambda act, item: self.at_the_shell(act, item, environment),
                     {"actor": "root", "login": login_of(()), "remote_ip": None}),
            "http": (self.over_http,
                     {"actor": "doveadm server", "login": None, "remote_ip": "127.0.0.1"}),
        }
        if login_of(LOGGED_IN) == "games":
            ways["sudo"] = (lambda act, item: self.at_the_shell(act, item, environment, LOGGED_IN),
                            {"actor": "root", "login": "games", "remote_ip": None})
        for way, (do, actor) in ways.items():
            for act, action in ACTIONS.items():
                with self.subTest(way=way, act=act):
                    self.clear("alice")
                    self.mta.mails.clear()
                    item = self.held()
                    if act == "expire":
                        # Only what is older than now.
                        time.sleep(1.1)
                    do(act, item)
                    self.assert_one_act(item, action=action, **actor)

    def test_the_line_in_the_log_names_who_logged_in(self):
        if login_of(LOGGED_IN) != "games":
            self.skipTest("the login UID cannot be set here")
        item = self.held()
        said = self.at_the_shell("delete", item, {}, LOGGED_IN)
        self.assertIn("deleted by root (login games)", said)

    def test_a_users_own_shell(self):
        """With a system user's rights; what his environment says is not believed. He may
        not write to stats-writer: the line is all there is."""
        if os.geteuid() != 0:
            self.skipTest("only root becomes another user")
        become = ("setpriv", "--reuid=mail", "--regid=mail", "--clear-groups")
        for act in ("release", "delete"):
            with self.subTest(act):
                self.clear("alice")
                item = self.held()
                said = self.at_the_shell(act, item, {"SUDO_USER": "root", "USER": "root",
                                                     "DOVECOT_CHILD_PROCESS": "1"}, become)
                self.assertRegex(said, rf"quarantine id {item}: {ACTIONS[act]}.* by mail\b")

    def test_doveadms_own_commands_on_the_mailbox(self):
        item = self.held()
        self.instance.doveadm("expunge", "-u", "alice", "mailbox", "Quarantine", "all")
        self.assert_one_act(item, action="deleted", actor="root", mailbox="Quarantine")

    def test_dsync_is_no_act(self):
        item = self.held()
        away = self.directory / "copy"
        away.mkdir()
        shutil.chown(away, *self.instance._mail_owner())
        for _ in range(2):
            self.instance.doveadm("backup", "-u", "alice", f"maildir:{away}/Maildir", check=False)
        self.instance.doveadm("smime", "quarantine", "delete", "-u", "alice", item)
        self.instance.doveadm("backup", "-u", "alice", f"maildir:{away}/Maildir", check=False)
        self.assert_one_act(item, action="deleted", actor="root")

    def test_a_client_whose_mail_is_held(self):
        """APPEND and COPY that a rule bars: the login did it."""
        client = Imap(self.instance, "alice")
        status, (text,) = client.append("INBOX", None, None, self.samples.encrypted())
        client.logout()
        self.assertEqual("NO", status)
        item = text.decode().rsplit("quarantine id ", 1)[1][:32]
        log = self.instance.settled_log()
        (fields,) = [json.loads(line[line.index('{"event"'):])["fields"]
                     for line in log.splitlines() if '{"event":"smime_' in line and item in line]
        self.assertEqual(("alice", "alice", "127.0.0.1"),
                         (fields["user"], fields["actor"], fields["remote_ip"]))


class Clients(ActorCase):
    settings = ("  smime_rule = origin=delivery class=any-encrypted action=quarantine\n"
                "  smime_reviewers = reviewer\n")
    login, actor = "alice*reviewer", "reviewer"

    def client(self):
        return Imap(self.instance, self.login, "Quarantine")

    def setUp(self):
        self.clear("alice")

    def test_move_is_one_act(self):
        items = [self.held() for _ in range(3)]
        client = self.client()
        client.uid("move", "1:*", "INBOX")
        client.logout()
        for item in items:
            self.assert_one_act(item, action="released", actor=self.actor, remote_ip="127.0.0.1",
                                mailbox="INBOX")

    def test_copy_and_expunge_is_one_act(self):
        items = [self.held() for _ in range(3)]
        client = self.client()
        client.uid("copy", "1:*", "INBOX")
        # As clients do it that do not know MOVE.
        client.uid("store", "1:*", "+FLAGS.SILENT", r"(\Deleted)")
        client.expunge()
        client.logout()
        self.assertEqual([], self.quarantined("alice"))
        for item in items:
            self.assert_one_act(item, action="released", actor=self.actor, remote_ip="127.0.0.1",
                                mailbox="INBOX")

    def test_a_copy_that_is_expunged_by_another_session(self):
        item = self.held()
        client = self.client()
        client.uid("copy", "1:*", "INBOX")
        client.logout()
        client = self.client()
        client.uid("store", "1:*", "+FLAGS.SILENT", r"(\Deleted)")
        client.expunge()
        client.logout()
        self.assert_one_act(item, action="released", actor=self.actor)

    def test_a_copy_that_doveadm_takes_out(self):
        item = self.held()
        client = self.client()
        client.uid("copy", "1:*", "INBOX")
        client.logout()
        _, (result,) = self.doveadm_quarantine("release", "alice", item)
        self.assertIn("already released", result["result"])
        self.assert_one_act(item, action="released", actor=self.actor)

    def test_expunge_alone(self):
        item = self.held()
        client = self.client()
        client.uid("store", "1:*", "+FLAGS.SILENT", r"(\Deleted)")
        client.expunge()
        client.logout()
        self.assert_one_act(item, action="deleted", actor=self.actor, remote_ip="127.0.0.1")


class Owner(Clients):
    settings = Clients.settings + "  smime_quarantine_access = owner\n"
    login, actor = "alice", "alice"


del ActorCase
