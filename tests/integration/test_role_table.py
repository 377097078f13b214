"""Who may do what, as one table: three roles and one who has none, each command and each way,
where each user has a quarantine and where all have one."""

import contextlib
import os
import re
import shutil
import time
import urllib.error
from pathlib import Path

import test_access
from clients import PASSWORD
from dovecot_conf import CENTRAL_NAMESPACE, IS_24
from instance import free_port
from test_access import SECRET, RawImap
from test_roles import DONE, RolesCase

ROLES = """  smime_role = reviewer=full may=list,preview,show,download,release,reject,delete,policy
  smime_role2 = reviewer=reader may=list,preview,show,download
  smime_role3 = reviewer=alices to=alice@example.org may=list,show,release,delete
"""
COMMANDS = ("list", "show", "report", "release", "reject", "delete", "expire", "policy", "audit",
            "verify", "inspect")
# Of alice's message and of bob's. y: it is done. n: he is told that he may not. -: for him nothing
# is held. x: not to be asked for in another's name.
TABLE = {
    "full": ("yyyyyyyyxxx", "yyyyyyyyxxx"),
    "reader": ("yyynnnnnxxx", "yyynnnnnxxx"),
    "alices": ("yyyynyynxxx", "-------nxxx"),
    "stranger": ("-------nxxx", "-------nxxx"),
}
# Of a login, and what it does with alice's quarantine. y: it works. n: it is as if that were not
# there, for those who are not in the table, and refused to those who are.
IMAP = ("list", "select", "status", "fetch", "search", "thread", "metadata", "urlauth", "notify",
        "copy", "move", "expunge")
READS = "yyyyyyyyynnn"
ALL = "yyyyyyyyyyyy"
FILTERED = ("list", "report", "expire")
EX_USAGE, EX_NOHOST, EX_NOPERM = 64, 68, 77
TIMES = re.compile(rb" \([0-9.]+ \+ [0-9.]+[^)]*secs\)")


class TableCase(RolesCase):
    settings = "  smime_rule = origin=delivery class=any-encrypted action=quarantine\n" + ROLES
    quarantine = "Quarantine"

    def setUp(self):
        super().setUp()
        (self.instance.dir / "masters").write_text(
            "".join(f"{name}:{{PLAIN}}{PASSWORD}\n" for name in TABLE))
        self.message = self.instance.dir / "message.eml"
        self.message.write_bytes(self.samples.encrypted())
        self.instance.doveadm("smime", "quarantine", "delete", "-A", "--since", "2000-01-01",
                              check=False)

    # -- commands

    def at_the_shell(self, command, user, name, argument):
        if command == "policy" or command in ("audit", "verify", "inspect"):
            given = [] if command == "inspect" else ["-u", user]
            given += ["--as", name] if name else []
            done = self.instance.doveadm("smime", command, *given, *argument, check=False)
            self.assertNotIn(SECRET, done.stdout)
            return [], done.returncode
        rows, code, said = self.shell(command, user, "--as", name, *argument)
        if code in (EX_NOHOST, 0):
            self.assertNotIn("may not", said)
        return rows, code

    def over_http(self, command, user, name, argument):
        parameters = {"user": user, "as": name}
        if command == "policy":
            parameters["message"] = argument[0]
        elif command == "inspect":
            parameters = {"as": name, "file": argument[0]}
        elif command in ("audit", "verify"):
            parameters["query"] = argument
        elif command == "expire":
            parameters["olderThan"] = argument[1]
        elif argument:
            parameters["id"] = argument
        quarantine = "" if command in ("policy", "audit", "verify", "inspect") else "Quarantine"
        try:
            kind, answer = self.answer = self.http(
                f"smime{quarantine}{command.capitalize()}",
                **{key: value for key, value in parameters.items() if value})
        except (urllib.error.HTTPError, ConnectionError):
            return [], EX_USAGE
        if kind == "doveadmResponse":
            return answer, 0
        return [], answer.get("exitCode") or EX_USAGE

    def arguments(self, command):
        if command == "expire":
            # It goes by whole seconds.
            deadline = time.monotonic() + 10
            while not self.shell("expire", self.user, "--older-than", "0s", "--dry-run")[0]:
                self.assertLess(time.monotonic(), deadline)
            return ["--older-than", "0s"]
        if command in ("policy", "inspect"):
            return [str(self.message)]
        if command in ("audit", "verify"):
            return ["mailbox", self.quarantine, "all"]
        return [] if command in FILTERED else [self.item]

    def check(self, command, expected, rows, code):
        if expected == "x":
            self.assertEqual(EX_USAGE, code, getattr(self, "answer", ""))
        elif expected == "-" and command in FILTERED:
            self.assertEqual(0, code)
            self.assertNotIn(self.item, str(rows))
            self.assertEqual([], [row for row in rows if row.get("user") == self.user])
        elif expected == "-":
            self.assertEqual(EX_NOHOST, code)
        elif expected == "n":
            self.assertEqual(EX_NOPERM, code)
        else:
            self.assertEqual(0, code)
        if expected == "y" and command in ("list", "show"):
            self.assertEqual([self.item], [row["id"] for row in rows])
        elif expected == "y" and command == "report":
            self.assertIn(self.user, str(rows))
        elif expected == "y" and command != "policy":
            self.assertEqual([DONE.get(command, "expired")], [row["result"] for row in rows])

    def check_all(self, run):
        for name, of_users in TABLE.items():
            for self.user, allowed in zip(("alice", "bob"), of_users):
                self.item = self.held(self.user)
                for command, expected in zip(COMMANDS, allowed, strict=True):
                    with self.subTest(name=name, user=self.user, command=command):
                        arguments = self.arguments(command)
                        if expected == "x":
                            # It is the name that is refused.
                            self.assertEqual(0, run(command, self.user, None, arguments)[1])
                        self.check(command, expected, *run(command, self.user, name, arguments))
                        there = [row["id"] for row in self.quarantined(self.user)]
                        gone = expected == "y" and command in ("expire", *DONE)
                        self.assertEqual([] if gone else [self.item], there)
                    if not self.quarantined(self.user):
                        self.item = self.held(self.user)
                self.doveadm_quarantine("delete", self.user, self.item)

    def test_at_the_shell(self):
        self.check_all(self.at_the_shell)

    def test_over_http(self):
        self.check_all(self.over_http)

    # -- over IMAP

    def login(self, user, name):
        return contextlib.closing(RawImap(self.instance, f"{user}*{name}"))

    # Whose logins, under which name they would find alice's quarantine, and who finds it.
    ways = ()

    def imap_command(self, client, command, mailbox):
        if command in ("fetch", "search", "thread", "copy", "move", "expunge"):
            client.run(f"SELECT {mailbox}")
        if command == "expunge":
            client.run("STORE 1 +FLAGS (\\Deleted)")
        elif command == "notify":
            return self.notify(client, mailbox)
        elif command == "urlauth":
            return self.fetch_by_url(client, mailbox)
        return client.run({
            "list": f'LIST "" {mailbox}', "select": f"SELECT {mailbox}",
            "status": f"STATUS {mailbox} (MESSAGES)", "fetch": "FETCH 1 (BODY.PEEK[])",
            "search": "SEARCH BODY sample", "thread": "THREAD REFS UTF-8 ALL",
            "metadata": f"GETMETADATA {mailbox} /private/comment", "copy": "COPY 1 INBOX",
            "move": "MOVE 1 INBOX", "expunge": "EXPUNGE"}[command])

    @staticmethod
    def fetch_by_url(client, mailbox):
        """Whether a URL that he makes shows the message."""
        _, answer = client.run(f"STATUS {mailbox} (UIDNEXT)")
        uid = int((re.findall(rb"UIDNEXT (\d+)", answer) or [b"2"])[0]) - 1
        status, answer = client.run(f'GENURLAUTH "imap://alice@test.example.org/{mailbox}/;UID={uid};'
                                    'urlauth=user+alice" INTERNAL')
        for url in re.findall(rb"imap://[^ \r]*", answer):
            status, fetched = client.run(f'URLFETCH "{url.decode()}"')
            answer = answer.replace(url, b"URL") + fetched.replace(url, b"URL")
        return status, answer

    def notify(self, client, mailbox):
        """Whether he is told of what comes."""
        _, answer = client.run(f"NOTIFY SET STATUS (mailboxes {mailbox} (MessageNew "
                               "MessageExpunge)) (personal (MailboxName MessageNew MessageExpunge))")
        self.held("alice")
        for _ in range(3):
            answer += client.run("NOOP")[1]
        return "OK", answer

    def is_done(self, command, status, answer, mailbox):
        if command == "list":
            return mailbox.encode() in answer.rsplit(b"\r\n", 2)[0]
        if command in ("fetch", "urlauth"):
            return SECRET in answer
        if command == "notify":
            return f"STATUS {mailbox} (MESSAGES".encode() in answer
        if command in ("move", "expunge"):
            return self.quarantined("alice") == []
        return status == "OK"

    @staticmethod
    def without_numbers(answer):
        """But for how long it took, and what is the INBOX's."""
        return re.sub(rb"UIDVALIDITY \d+", b"", TIMES.sub(b"", answer))

    def hold_alone(self):
        self.clear("alice", "bob")
        self.held("alice")

    def answer_of(self, name, user, mailbox, command):
        with self.login(user, name) as client:
            return self.imap_command(client, command, mailbox)

    def test_over_imap(self):
        for user, mailbox, table in self.ways:
            for name in TABLE:
                allowed = table.get(name, "n" * len(IMAP))
                self.hold_alone()
                answers = {}
                for command, expected in zip(IMAP, allowed, strict=True):
                    with self.subTest(name=name, user=user, command=command):
                        answers[command] = self.check_imap(name, user, mailbox, command, expected)
                    if command == "notify" or (expected == "y" and command in ("copy", "move")):
                        self.hold_alone()
                if name not in table:
                    self.check_hidden(name, user, mailbox, answers)

    def check_imap(self, name, user, mailbox, command, expected):
        status, answer = self.answer_of(name, user, mailbox, command)
        self.assertEqual(expected == "y", self.is_done(command, status, answer, mailbox), answer)
        if command not in ("fetch", "urlauth") or expected == "n":
            self.assertNotIn(SECRET, answer)
        return answer

    def check_hidden(self, name, user, mailbox, answers):
        """Nothing tells it from a mailbox that is not there."""
        self.clear("alice", "bob")
        self.instance.doveadm("mailbox", "delete", "-u", "alice", self.quarantine)
        for command, answer in answers.items():
            # It says of other mailboxes what happens at the time.
            if command == "notify":
                continue
            with self.subTest(name=name, user=user, command=command, mailbox="missing"):
                missing = self.answer_of(name, user, mailbox, command)[1]
                self.assertEqual(self.without_numbers(missing), self.without_numbers(answer),
                                 b"%s || %s" % (missing, answer))


class Own(TableCase):
    """Each user has a quarantine, to which an administrator's ACL gives all rights."""

    instance_options = {**TableCase.instance_options, "protocols": "imap lmtp pop3",
                        "global_plugins": "acl virtual"}
    # Of Dovecot 2.3, with any URL of another user.
    forgiven = ("imap-urlauth-login",)
    # Of the shared namespace nothing is listed, and what is held for alice is not bob's to get.
    ways = (("alice", "Quarantine", {"full": ALL, "reader": READS}),
            ("bob", "Others/alice/Quarantine", {"full": "nyyyyyynnnny", "reader": "nyyyyyynnnnn"}))

    @classmethod
    def before_start(cls):
        super().before_start()
        cls.instance.extra += (test_access.EXTRA.replace("POP3PORT", str(free_port()))
                               .replace("DIRECTORY", str(cls.instance.dir)))

    def hold_alone(self):
        super().hold_alone()
        # Again, if it is a new mailbox.
        if not (self.instance.home("alice") / "Maildir/.Quarantine/dovecot-acl").exists():
            for who in ("anyone", *(f"user={name}" for name in TABLE)):
                for mailbox in (self.quarantine, "INBOX"):
                    self.instance.doveadm("acl", "set", "-u", "alice", mailbox, who, "lookup",
                                          "read", "write", "write-seen", "write-deleted", "insert",
                                          "expunge", "admin")


    def test_a_url_of_a_reviewer_shows_nothing_to_others(self):
        self.hold_alone()
        urls = []
        with self.login("alice", "full") as client:
            client.run("SELECT Quarantine")
            for access in ("user+alice", "anonymous", "authuser", "user+bob"):
                _, answer = client.run('GENURLAUTH "imap://alice@test.example.org/Quarantine/;UID=1'
                                       f';urlauth={access}" INTERNAL')
                urls += re.findall(rb"imap://[^ \r]*", answer)
        self.assertGreater(len(urls), 2)
        # With Dovecot 2.4 bob's session ends there by an assertion of Dovecot's own.
        for login in ("alice", "alice*stranger", "alice*alices") + (() if IS_24 else ("bob",)):
            with contextlib.closing(RawImap(self.instance, login)) as client:
                # By another user's session Dovecot asks its service, which takes its time.
                for url in urls if login != "bob" else urls[-1:]:
                    _, answer = client.run(f'URLFETCH "{url.decode()}"')
                    self.assertNotIn(SECRET, answer, (login, url))
                    self.assertNotIn(b"X-SMIME", answer, (login, url))


class Central(TableCase):
    """All users have one. Those who are named for alice's mail have not bob's beside it."""

    quarantine = "Central/Held"
    settings = TableCase.settings + f"  smime_quarantine_mailbox = {quarantine}\n"
    ways = (("alice", quarantine, {"full": ALL, "reader": READS}),
            ("bob", quarantine, {"full": "yyyyyyynynny", "reader": "yyyyyyynynnn"}))

    @classmethod
    def before_start(cls):
        super().before_start()
        cls.instance.extra += CENTRAL_NAMESPACE.replace("DIRECTORY", str(cls.directory))
        cls.instance.extra += ("mail_attribute_dict = file:%h/attributes\nprotocol imap {\n"
                               "  imap_metadata = yes\n  imap_urlauth_host = test.example.org\n}\n")
        central = Path(cls.directory / "central")
        central.mkdir()
        if os.geteuid() == 0:
            shutil.chown(central, *cls.instance._mail_owner())

    def hold_alone(self):
        self.instance.doveadm("smime", "quarantine", "delete", "-A", "--since", "2000-01-01",
                              check=False)
        super().hold_alone()

    def test_another_s_name_opens_nothing(self):
        """With --held-for, by -A and by id."""
        mine, others = self.held("alice"), self.held("bob")
        for options in (("-u", "alice", "--held-for", "bob"), ("-u", "bob"),
                        ("-A", "--held-for", "bob")):
            done = self.instance.doveadm("-f", "json", "smime", "quarantine", "list", *options,
                                         "--as", "alices", check=False)
            self.assertNotIn(others.encode(), done.stdout + done.stderr)
        done = self.instance.doveadm("-f", "json", "smime", "quarantine", "delete", "-A", "--as",
                                     "alices", "--yes", "--class", "any-encrypted", check=False)
        self.assertNotIn(others.encode(), done.stdout + done.stderr)
        self.assertEqual([], self.quarantined("alice"))
        self.assertEqual([others], [row["id"] for row in self.quarantined("bob")])
        self.assertNotEqual(mine, others)


del TableCase
