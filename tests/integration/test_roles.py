"""Roles: what each reviewer may do with which held mail, by every way."""

import base64
import json
import unittest
import urllib.error
import urllib.request

import dovecot_conf
from clients import PASSWORD
from test_access import SECRET, RawImap
from test_review import ReviewCase

ROLES = """  smime_reviewers = chief
  smime_role = reviewer=full,f?ll may=list,preview,show,download,release,reject,delete,policy
  smime_role2 = reviewer=reader may=list,preview,show,download
  smime_role3 = reviewer=alices to=alice@example.org may=list,show,release,delete
  smime_role4 = reviewer=classy class=opaque-signed may=list,preview,show,download,release,delete
  smime_role5 = reviewer=blind may=release
  smime_role6 = reviewer=mover may=list,preview,show,download,release
  smime_role7 = reviewer=cleaner may=list,preview,show,download,delete
"""
NAMES = ("chief", "full", "reader", "alices", "classy", "blind", "mover", "cleaner")
# What is nobody's name: another case, a pattern, a list, a user with mail of his own.
STRANGERS = ("stranger", "Chief", "FULL", "*", "ch*", "chief reader", "full,reader", "alice",
             "alices@example.org", "chief@", "%u", "alice*chief")

ACTS = ("list", "show", "release", "reject", "delete", "report")
# What each may do with an encrypted message of alice's and of bob's: y, n (it is known to him,
# and refused) or - (for him it is not there). In the order of ACTS.
TABLE = {
    "chief": ("yyyyyy", "yyyyyy"),
    "full": ("yyyyyy", "yyyyyy"),
    "reader": ("yynnny", "yynnny"),
    "alices": ("yyynyy", "------"),
    "classy": ("------", "------"),
    "blind": ("-nynn-", "-nynn-"),
    "mover": ("yyynny", "yyynny"),
    "cleaner": ("yynnyy", "yynnyy"),
    "stranger": ("------", "------"),
}
DONE = {"release": "released", "reject": "rejected", "delete": "deleted"}
UNKNOWN = "0123456789abcdef0123456789abcdef"


class RolesCase(ReviewCase):
    instance_options = {"replace_rules": True}
    settings = "  smime_rule = origin=delivery class=any-encrypted action=quarantine\n" + ROLES

    def setUp(self):
        super().setUp()
        masters = self.instance.dir / "masters"
        masters.write_text("".join(f"{name}:{{PLAIN}}{PASSWORD}\n"
                                   for name in (*NAMES, "broken", "stranger", "FULL", "Chief")))

    def held(self, user="alice"):
        self.assert_accepted(self.samples.encrypted(), f"{user}@example.org",
                             sender="sender@example.org")
        return self.quarantined(user)[-1]["id"]

    def shell(self, act, user, *args):
        """Rows, or None where the command fails; all that it said."""
        done = self.instance.doveadm("-f", "json", "smime", "quarantine", act, "-u", user, *args,
                                     check=False)
        said = done.stdout.decode()
        return json.loads(said or "[]"), done.returncode, said + done.stderr.decode()

    def http(self, command, **parameters):
        key = base64.b64encode(b"quickstart").decode()
        asked = urllib.request.Request(
            f"http://127.0.0.1:{self.instance.http_port}/doveadm/v1",
            data=json.dumps([[command, parameters, "a"]]).encode(),
            headers={"Authorization": "X-Dovecot-API " + key, "Content-Type": "application/json"})
        with urllib.request.urlopen(asked, timeout=60) as answer:
            return json.load(answer)[0][:2]


class TableCase(RolesCase):
    def is_there(self, user, item):
        return item in [row["id"] for row in self.quarantined(user)]

    def check(self, name, user, act, expected, rows, ok):
        """Of one row of the table: what was answered, and whether the message is there still."""
        if act == "report":
            self.assertTrue(ok)
            self.assertEqual(expected == "y", user in str(rows), rows)
        elif act == "list":
            self.assertTrue(ok)
            self.assertEqual([self.item] if expected == "y" else [], [row["id"] for row in rows])
        elif act == "show":
            self.assertEqual(expected == "y", ok, rows)
            self.assertEqual([self.item] if expected == "y" else [], [row["id"] for row in rows])
        else:
            self.assertEqual(expected == "y", ok, rows)
            if ok:
                self.assertEqual([DONE[act]], [row["result"] for row in rows])

    def check_all(self, run):
        """run: gives rows and whether it went well."""
        for name, acts in TABLE.items():
            for user, allowed in zip(("alice", "bob"), acts):
                self.item = None
                for act, expected in zip(ACTS, allowed):
                    with self.subTest(name=name, user=user, act=act):
                        self.item = self.item or self.held(user)
                        self.check(name, user, act, expected, *run(name, user, act, expected))
                        gone = act in DONE and expected == "y"
                        if act in DONE:
                            self.assertEqual(not gone, self.is_there(user, self.item))
                        if gone:
                            self.item = None
                self.clear(user)


class Shell(TableCase):
    def test_at_the_shell(self):
        def run(name, user, act, expected):
            arguments = [] if act in ("list", "report") else [self.item]
            rows, code, said = self.shell(act, user, "--as", name, *arguments)
            if expected == "-" and arguments:
                self.assertEqual(68, code, said)
                self.assertIn("not in the quarantine (released or deleted before?)", said)
                self.assertNotIn("may not", said)
            if expected == "n" and arguments:
                self.assertEqual(77, code, said)
                self.assertIn(f"{name} may not {act} it (smime_role)", said)
            return rows, code == 0

        self.check_all(run)


class Http(TableCase):
    def test_over_http(self):
        def run(name, user, act, _):
            parameters = {"user": user, "as": name}
            if act not in ("list", "report"):
                parameters["id"] = [self.item]
            kind, answer = self.http("smimeQuarantine" + act.capitalize(), **parameters)
            return answer if kind == "doveadmResponse" else [], kind == "doveadmResponse"

        self.check_all(run)


class Others(RolesCase):
    def test_strangers(self):
        """Nothing is there for them, and nothing tells it from what is not there."""
        item = self.held()
        for name in STRANGERS:
            with self.subTest(name):
                self.assertEqual(([], 0, "[]"), self.shell("list", "alice", "--as", name))
                for act, given in (("show", item), ("show", item[:8]), ("release", item),
                                   ("delete", item[:8])):
                    found = self.shell(act, "alice", "--as", name, given)
                    missing = self.shell(act, "carol", UNKNOWN[:len(given)])
                    self.assertEqual(missing[1], found[1])
                    self.assertEqual(
                        missing[2].replace(UNKNOWN[:len(given)], given).replace("carol", "alice"),
                        found[2])
                _, code, _ = self.shell("delete", "alice", "--as", name, "--class", "any-encrypted")
                self.assertEqual(0, code)
                _, code, _ = self.shell("expire", "alice", "--as", name, "--older-than", "0s")
                self.assertEqual(0, code)
                self.assertEqual(("doveadmResponse", []), tuple(
                    self.http("smimeQuarantineList", user="alice", **{"as": name})))
        self.assertEqual([item], [row["id"] for row in self.quarantined("alice")])

    def test_filters_and_all_users(self):
        mine, others = self.held("alice"), self.held("bob")
        done = self.instance.doveadm("-f", "json", "smime", "quarantine", "release", "-A", "--as",
                                     "alices", "--class", "encrypted")
        self.assertEqual([mine], [row["id"] for row in json.loads(done.stdout)])
        self.assertEqual([others], [row["id"] for row in self.quarantined("bob")])
        done = self.instance.doveadm("smime", "quarantine", "delete", "-A", "--as", "alices", others,
                                     check=False)
        said = (done.stdout + done.stderr).decode()
        self.assertIn("nobody's quarantine", said)
        self.assertNotIn("bob", said)

    def test_what_is_not_held_is_for_those_who_see_all(self):
        folder = self.held() and self.instance.home("alice") / "Maildir/.Quarantine/new"
        path = folder / "1.x.host"
        path.write_bytes(self.samples.plain())
        path.chmod(0o666)
        for name, seen in (("chief", 2), ("full", 2), ("alices", 1), ("stranger", 0)):
            rows, code, _ = self.shell("list", "alice", "--as", name)
            self.assertEqual((seen, 0), (len(rows), code), name)

    def test_the_rules_are_for_those_who_may_ask(self):
        path = self.directory / "message.eml"
        path.write_bytes(self.samples.encrypted())
        for name, code in (("chief", 0), ("full", 0), ("reader", 77), ("stranger", 77), ("", 64)):
            done = self.instance.doveadm("smime", "policy", "-u", "alice", "--as", name, str(path),
                                         check=False)
            self.assertEqual(code, done.returncode, (name, done.stderr))

    def test_hostile_values(self):
        item = self.held()
        for option, value in (("--as", ""), ("--as", "a\nb"), ("--as", "chief\x1b[2J"),
                              ("--as", "a" * 400), ("--reason", ""), ("--reason", "x\r\ny"),
                              ("--reason", "x" * 501), ("--reason", "\x07")):
            for act in ("list", "show", "release", "reject", "delete"):
                with self.subTest(option=option, value=value, act=act):
                    arguments = [] if act == "list" else [item]
                    _, code, said = self.shell(act, "alice", option, value, *arguments)
                    self.assertEqual(64, code, said)
                    self.assertNotIn("\x1b", said)
        for parameters in ({"as": ""}, {"as": "chief\u0000"}, {"as": "a\nb"}, {"reason": "\u0007"},
                           {"as_": "chief"}, {"asName": "chief"}):
            with self.subTest(parameters):
                try:
                    kind, answer = self.http("smimeQuarantineDelete", user="alice", id=[item],
                                             **parameters)
                except (urllib.error.HTTPError, ConnectionError):
                    continue
                self.assertEqual("error", kind, answer)
        self.assertEqual([item], [row["id"] for row in self.quarantined("alice")])
        # What is text in a log line stays in it.
        self.shell("delete", "alice", "--as", "full", "--reason",
                   "no\u202e\u2028Nov 30 imap(root): Error: \\x0a", item)
        self.assertEqual([], self.quarantined("alice"))


class Imap(RolesCase):
    # list and read; COPY out; MOVE out; expunge.
    TABLE = {"chief": "yyyy", "full": "yyyy", "reader": "ynnn", "alices": "nnnn", "classy": "nnnn",
             "blind": "nnnn", "mover": "yyyn", "cleaner": "ynny", "stranger": "nnnn"}
    # With Dovecot 2.4 as the tests configure it, a login has small letters.
    if not dovecot_conf.IS_24:
        TABLE |= {"Chief": "nnnn", "FULL": "nnnn"}

    def login(self, name, user="alice"):
        client = RawImap(self.instance, f"{user}*{name}")
        self.addCleanup(client.close)
        return client

    def test_table(self):
        for name, (reads, copies, moves, expunges) in self.TABLE.items():
            with self.subTest(name):
                self.clear("alice")
                items = [self.held() for _ in range(3)]
                client = self.login(name)
                status, _ = client.run("SELECT Quarantine")
                self.assertEqual("OK" if reads == "y" else "NO", status)
                _, listed = client.run('LIST "" *')
                self.assertEqual(reads == "y", b"Quarantine" in listed, listed)
                if reads == "n":
                    missing = client.run("SELECT Nonesuch")[1]
                    self.assertNotIn(b"smime_role", missing)
                    self.assertEqual("NO", client.run("STATUS Quarantine (MESSAGES)")[0])
                    client.close()
                    continue
                self.assertIn(SECRET, client.run("FETCH 1 (BODY.PEEK[])")[1])
                self.assertEqual("OK" if copies == "y" else "NO", client.run("COPY 1 INBOX")[0])
                self.assertEqual("OK" if moves == "y" else "NO", client.run("MOVE 2 INBOX")[0])
                client.run("STORE 1:* +FLAGS (\\Deleted)")
                client.run("EXPUNGE")
                left = [row["id"] for row in self.quarantined("alice")]
                if expunges == "y":
                    self.assertEqual([], left)
                elif copies == "y":
                    # The two that were released are gone.
                    self.assertEqual(items[2:], left)
                else:
                    self.assertEqual(items, left)
                client.close()

    def test_the_others_are_no_logins_with_the_users_mail(self):
        """A reviewer who has no access over IMAP has not the mail that is not held, either."""
        self.assert_accepted(self.samples.plain("Private matter"))
        for name in ("alices", "classy", "blind", "reader", "mover"):
            client = self.login(name)
            self.assertEqual("NO", client.run("SELECT INBOX")[0], name)
            self.assertEqual("NO", client.run("STATUS INBOX (MESSAGES)")[0], name)
        self.assertEqual("OK", self.login("stranger").run("SELECT INBOX")[0])

    def test_a_user_with_a_reviewers_name_is_no_reviewer(self):
        masters = self.instance.dir / "masters"
        masters.write_text(masters.read_text() + f"alice:{{PLAIN}}{PASSWORD}\n")
        self.held()
        for login in ("alice*alice", "alice"):
            client = RawImap(self.instance, login)
            self.addCleanup(client.close)
            self.assertEqual("NO", client.run("SELECT Quarantine")[0], login)

    def test_the_mark_of_a_release_cannot_be_forged(self):
        items = [self.held(), self.held()]
        client = self.login("mover")
        client.run("SELECT Quarantine")
        client.run("STORE 1 +FLAGS ($SMIMEReleased Other)")
        client.run("STORE 2 FLAGS ($smimereleased)")
        _, flags = client.run("FETCH 1:2 FLAGS")
        self.assertNotIn(b"released", flags.lower())
        self.assertIn(b"Other", flags)
        client.run("STORE 1:* +FLAGS (\\Deleted)")
        client.run("EXPUNGE")
        self.assertEqual(items, [row["id"] for row in self.quarantined("alice")])
        # Nor taken off one that was released, so that its removal would be told again.
        client.run("COPY 1 INBOX")
        client.run("STORE 1 FLAGS (Other)")
        client.run("STORE 1 -FLAGS ($SMIMEReleased)")
        self.assertIn(b"released", client.run("FETCH 1 FLAGS")[1].lower())


class Wrong(RolesCase):
    """A role that is wrong: mail is deferred, and its reviewers are closed out of everything."""

    settings = ROLES + "  smime_role8 = reviewer=broken may=lst\n"

    @classmethod
    def setUpClass(cls):
        if dovecot_conf.IS_24:
            raise unittest.SkipTest("Dovecot 2.4 does not start with it")
        super().setUpClass()

    def test_it(self):
        ((code, text),) = self.deliver(self.samples.plain())
        self.assertEqual(451, code, text)
        self.assert_logged('smime_role8: "lst" is no value for may')
        for name in ("broken", "full", "reader"):
            client = RawImap(self.instance, f"alice*{name}")
            self.addCleanup(client.close)
            for mailbox in ("INBOX", "Quarantine"):
                self.assertEqual("NO", client.run(f"SELECT {mailbox}")[0], name + mailbox)
        # An empty list would be taken for an empty quarantine. Who is no reviewer is told the same.
        for name in ("full", "stranger"):
            for act in ("list", "report", "show"):
                wanted = ("--class", "encrypted") if act == "show" else ()
                rows, code, said = self.shell(act, "alice", "--as", name, *wanted)
                self.assertNotEqual(0, code, said)
                self.assertIn("no role counts until they are mended", said)
        # The name that may do all.
        self.assertEqual(([], 0), self.shell("list", "alice", "--as", "chief")[:2])


class MissingRule(RolesCase):
    """A role for what a rule holds that is not there is told of, and in nobody's way."""

    settings = ROLES + "  smime_role8 = reviewer=broken rule=smime_rule7 may=list\n"

    def test_it(self):
        found = self.instance.doveadm("-f", "json", "smime", "status", check=False)
        told = [row["setting"] + row["detail"] for row in json.loads(found.stdout)
                if row["state"] != "ok" and "smime_rule7" in row["detail"]]
        self.assertEqual(1, len(told), found.stdout)
        self.assertIn("role8", told[0])
        # It may be a rule that other users have.
        ((code, text),) = self.deliver(self.samples.plain())
        self.assertEqual(250, code, text)


del TableCase
