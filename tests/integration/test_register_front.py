"""The quarantine commands without a user: the register finds him, the mailbox is opened."""

import base64
import json
import time
import unittest
import urllib.request

import dovecot_conf
import register_databases
from case import DovecotCase
from instance import free_port
from test_register import RegisterCase, with_subject

ROLES = """  smime_reviewers = chief
  smime_role = reviewer=alices to=alice@example.org may=list,show,release
  smime_role2 = reviewer=blind may=release
  smime_role3 = reviewer=domain to=*@example.org may=list
"""
UNKNOWN = "0123456789abcdef0123456789abcdef"


class FrontCase(RegisterCase):
    settings = ROLES

    @classmethod
    def before_start(cls):
        cls.instance.http_port = free_port()
        super().before_start()

    def command(self, action, *args):
        """Rows, exit status, what was said."""
        done = self.instance.doveadm("-f", "json", "smime", "quarantine", action, *args,
                                     check=False)
        return (json.loads(done.stdout) if done.stdout.strip() else [], done.returncode,
                done.stderr.decode())

    def ids(self, *args):
        rows, code, said = self.command("list", *args)
        self.assertEqual(0, code, said)
        return [row["id"] for row in rows]

    def http(self, command, **parameters):
        key = base64.b64encode(b"quickstart").decode()
        asked = urllib.request.Request(
            f"http://127.0.0.1:{self.instance.http_port}/doveadm/v1",
            data=json.dumps([[command, parameters, "a"]]).encode(),
            headers={"Authorization": "X-Dovecot-API " + key, "Content-Type": "application/json"})
        with urllib.request.urlopen(asked, timeout=60) as answer:
            return json.load(answer)[0][:2]

    def about(self, subject, user="alice", **kwargs):
        return self.held(user, with_subject(self.samples.encrypted(), subject.encode()), **kwargs)

    def state_of(self, item):
        (row,) = self.database.rows("SELECT * FROM smime_register WHERE id = ?", item)
        return row["state"]

    def without_a_word(self, item, user):
        """item is taken out, and nobody tells the register."""
        self.instance.doveadm("smime", "register", "drain")
        self.instance.doveadm("expunge", "-u", user, "mailbox", "Quarantine", "header",
                              "X-SMIME-Quarantine-Id", item)
        for file in self.spooled():
            file.unlink()


class FrontTests:
    """For each database."""

    def test_a_list_of_all_that_is_held(self):
        one, two = self.about("one"), self.about("two", "bob")
        # Nothing was drained: the command sees to that.
        rows, code, said = self.command("list")
        self.assertEqual((0, ""), (code, said))
        # Of one second the ids say which is first.
        self.assertEqual({one, two}, {row["id"] for row in rows})
        known = self.quarantined("bob")[0]
        rows.sort(key=lambda row: row["user"])
        for column in set(known) - {"header_from", "header_from_address"}:
            self.assertEqual(known[column], rows[1][column], column)
        self.assertEqual(("held", ""), (rows[1]["state"], rows[1]["who"]))
        self.assertEqual(known["time"][:13], rows[1]["when"][:13])

    def test_each_filter(self):
        one = self.about("Quarterly report", sender="a@partner.example")
        two = self.about("holiday 100%", "bob", sender="b@other.example")
        self.instance.doveadm("smime", "register", "drain")
        self.database.execute(f"UPDATE smime_register SET held = held - 100000, size = 10 "
                              f"WHERE id = '{one}';")
        for only_one in (["--to", "alice@*"], ["--to", "!bob@*"], ["--to", "ALICE"],
                         ["--subject", "QUARTERLY"], ["--subject", "y rep"],
                         ["--from", "*@partner.example"], ["--older-than", "1d"],
                         ["--held-for", "alice"], ["--limit", "1"],
                         ["--limit", "1", "--sort", "size"], ["--limit", "1", "--sort", "user"],
                         ["--domain", "EXAMPLE.org", "--subject", "quarter", "--class",
                          "encrypted", "--rule", "smime_rule", "--state", "held"]):
            self.assertEqual([one], self.ids(*only_one), only_one)
        for only_two in (["--subject", "100%"], ["--since", "12hours"],
                         ["--limit", "1", "--sort", "-time"], ["--to", "!alice*"]):
            self.assertEqual([two], self.ids(*only_two), only_two)
        for both in (["--domain", "example.org"], ["--held-because", "ENCRYPTED"],
                     ["--state", "any"], ["--class", "any-encrypted"]):
            self.assertEqual({one, two}, set(self.ids(*both)), both)
        for none in (["--domain", "example"], ["--held-because", "virus"], ["--state", "released"],
                     ["--subject", "_uarterly"], ["--subject", "' OR 1=1 --"],
                     ["--to", "ali"], ["--older-than", "2d"]):
            self.assertEqual([], self.ids(*none), none)
        self.assertIn("more than these 1", self.command("list", "--limit", "1")[2])
        self.assertEqual("", self.command("list", "--limit", "2")[2])

    def test_the_mailboxes_know_the_same_filters(self):
        one = self.about("Gr\u00fc\u00dfe, Quarterly", sender="a@partner.example")
        two = self.about("holiday", "bob", sender="b@other.example")
        for words in (["--to", "alice@*"], ["--to", "!bob@*"], ["--to", "ALICE"],
                      ["--subject", "QUARTERLY"], ["--subject", "gr\u00fc\u00dfe"],
                      ["--held-because", "ENCRYPTED", "--to", "alice"], ["--limit", "1"]):
            for whose in (["-A"], ["-u", "alice"]):
                self.assertEqual([one], self.ids(*whose, *words), (whose, words))
        for words in (["--to", "!alice*"], ["--subject", "holi"]):
            self.assertEqual([two], self.ids("-A", *words), words)
        for words in (["--domain", "example.com"], ["--older-than", "1d"], ["--subject", "_oliday"],
                      ["--held-because", "virus"]):
            self.assertEqual([], self.ids("-A", *words), words)
        self.assertEqual({one, two}, set(self.ids("-A", "--domain", "Example.ORG", "--state",
                                                  "held", "--sort", "time")))
        for words in (["--state", "released"], ["--state", "any"], ["--sort", "-time"]):
            _, code, said = self.command("list", "-u", "alice", *words)
            self.assertEqual(64, code)
            self.assertIn("smime_register", said)

    def test_wrong_words_are_refused(self):
        for words in (["--state", "gone by"], ["--sort", "subject"], ["--limit", "0"],
                      ["--limit", "many"], ["--older-than", "soon"], ["--class", "blue"]):
            _, code, said = self.command("list", *words)
            self.assertEqual(64, code, words)
            self.assertIn(words[1], said)
        self.held()
        for action in ("show", "release", "delete", "reject"):
            self.assertEqual(64, self.command(action)[1])
            self.assertEqual(64, self.command(action, "--state", "released")[1])
        self.assertEqual(1, len(self.quarantined("alice")))

    def test_acts_find_the_user(self):
        acts = {"show": None, "release": "released", "delete": "deleted", "reject": "rejected"}
        for user in ("alice", "bob"):
            for action, word in acts.items():
                item = self.held(user, sender="")
                before = len(self.bodies(user))
                # A beginning is enough.
                rows, code, said = self.command(action, item[:16] if user == "bob" else item)
                self.assertEqual(0, code, said)
                self.assertEqual(item, rows[0]["id"])
                self.assertEqual(word is None, item in self.ids())
                self.assertEqual(before + (action == "release"), len(self.bodies(user)))
                if word:
                    self.assertEqual(word, self.state_of(item))

    def test_acts_by_what_the_filters_say(self):
        one, two, three = self.about("spam 1"), self.about("spam 2", "bob"), self.about("ham")
        self.instance.doveadm("smime", "register", "drain")
        self.database.execute(f"UPDATE smime_register SET held = held - 10 WHERE id = '{one}';")
        rows, code, said = self.command("delete", "--subject", "SPAM", "--dry-run")
        self.assertEqual((0, {"would be deleted"}), (code, {row["result"] for row in rows}), said)
        rows, code, said = self.command("delete", "--subject", "SPAM", "--sort", "-time", "--limit",
                                        "1")
        self.assertEqual((0, [two]), (code, [row["id"] for row in rows]), said)
        rows, code, said = self.command("delete", "--subject", "SPAM", "--reason", "ticket 7")
        self.assertEqual((0, [one]), (code, [row["id"] for row in rows]), said)
        self.assertEqual([three], self.ids())
        (row, _) = sorted(self.command("list", "--state", "deleted")[0], key=lambda r: r["subject"])
        self.assertEqual(("deleted", "ticket 7"), (row["state"], row["why"]))
        self.assertEqual("root", row["who"].split()[0])

    def test_expire_and_report(self):
        one, two = self.about("old"), self.about("new", "bob")
        rows, code, said = self.command("report")
        self.assertEqual(0, code, said)
        self.assertIn("alice", str(rows))
        self.assertIn("bob", str(rows))
        self.instance.doveadm("smime", "register", "drain")
        # No rule said how long.
        self.assertEqual(([], 0, ""), self.command("expire"))
        while self.ids():
            rows, code, said = self.command("expire", "--older-than", "0s")
            self.assertEqual(0, code, said)
            time.sleep(0.1)
        self.assertEqual(["expired", "expired"], [self.state_of(item) for item in (one, two)])
        self.assertEqual([], self.quarantined("alice") + self.quarantined("bob"))

    def test_what_is_not_there_any_more(self):
        one, two = self.held(), self.held("bob")
        self.without_a_word(one, "alice")
        rows, code, said = self.command("release", one, two)
        self.assertEqual(68, code, said)
        self.assertEqual([two], [row["id"] for row in rows])
        self.assertIn(f"{one} is not in the quarantine of alice", said)
        self.assertEqual("gone", self.state_of(one))
        self.assertEqual([], self.ids())
        # Who says what became of it is believed even later.
        _, code, said = self.command("show", one)
        self.assertEqual(68, code)
        self.assertIn("gone", said)
        _, code, said = self.command("show", two)
        self.assertEqual(68, code)
        self.assertIn("released", said)

    def test_where_nothing_can_be_looked_at_nothing_is_gone(self):
        item = self.held()
        self.instance.doveadm("smime", "register", "drain")
        users = self.instance.dir / "passwd"
        before = users.read_text()
        self.addCleanup(users.write_text, before)
        # A store that is not mounted; a role of the user's own settings, in which "\r" is a space.
        fields = ["userdb_mail_path=/nonexistent/mail"] if dovecot_conf.IS_24 else [
            "userdb_mail=maildir:/nonexistent/mail",
            "userdb_smime_role=reviewer=alices\rto=carol\rmay=list"]
        for field in fields:
            users.write_text(before.replace("home/alice::", f"home/alice::{field}"))
            # The file's time has whole seconds.
            time.sleep(1.2)
            _, code, said = self.command("show", "--as", "alices", item)
            self.assertEqual(68, code, said)
            self.assertIn(f"{item} is not found in the quarantine of alice", said)
            self.assertEqual("held", self.state_of(item))

    def test_a_dry_run_marks_nothing(self):
        item = self.held()
        self.without_a_word(item, "alice")
        _, code, said = self.command("delete", "--dry-run", item)
        self.assertEqual(68, code)
        self.assertIn("gone", said)
        self.assertEqual("held", self.state_of(item))

    def test_who_took_it_out_is_believed_after_it_was_found_gone(self):
        item = self.held()
        self.instance.doveadm("smime", "register", "drain")
        self.doveadm_quarantine("delete", "alice", item)
        (told,) = self.spooled()
        kept = told.read_bytes()
        told.unlink()
        self.assertEqual(68, self.command("release", item)[1])
        self.assertEqual("gone", self.state_of(item))
        told.write_bytes(kept)
        self.instance.doveadm("smime", "register", "drain")
        self.assertEqual("deleted", self.state_of(item))

    def test_a_user_who_is_no_more(self):
        item = self.held()
        self.instance.doveadm("smime", "register", "drain")
        self.database.execute("UPDATE smime_register SET username = 'nobody-here';")
        _, code, said = self.command("delete", item)
        self.assertEqual(68, code)
        self.assertIn("nobody-here", said)
        self.assertEqual("held", self.state_of(item))

    def test_the_mailbox_is_the_truth(self):
        """What the register says wrongly chooses no message for an act."""
        item = self.about("innocent")
        self.instance.doveadm("smime", "register", "drain")
        self.database.execute("UPDATE smime_register SET subject = 'spam', sender = 'x@spam';")
        for words in (["--subject", "spam"], ["--from", "*@spam"]):
            rows, code, said = self.command("delete", *words)
            self.assertEqual(([], 68), (rows, code))
            self.assertIn(item, said)
        self.assertEqual(1, len(self.quarantined("alice")))

    def test_beginnings_of_ids(self):
        first, second = self.held(), self.held("bob")
        self.instance.doveadm("smime", "register", "drain")
        shared = first[:4] + "0" * 28
        self.database.execute(f"UPDATE smime_register SET id = '{shared}' WHERE id = '{second}';")
        _, code, said = self.command("delete", first[:4])
        self.assertEqual(65, code)
        self.assertIn(shared, said)
        self.assertIn(first, said)
        # The other one is not there for him, and he does not hear of it.
        rows, code, said = self.command("release", "--as", "alices", first[:4])
        self.assertEqual((0, [first]), (code, [row["id"] for row in rows]), said)

    def test_roles(self):
        alices, bobs = self.held(), self.held("bob")
        self.assertEqual([alices], self.ids("--as", "alices"))
        self.assertEqual([alices], self.ids("--as", "alices", "--state", "any"))
        self.assertEqual({alices, bobs}, set(self.ids("--as", "chief")))
        self.assertEqual([], self.ids("--as", "blind"))
        self.assertEqual([], self.ids("--as", "stranger"))
        # Neither shown nor counted.
        _, _, said = self.command("list", "--as", "alices", "--limit", "1")
        self.assertNotIn("more", said)
        for name, item in (("alices", bobs), ("stranger", bobs), ("stranger", alices)):
            for action in ("show", "release", "delete", "reject"):
                rows, code, said = self.command(action, "--as", name, item)
                other = self.command(action, "--as", name, UNKNOWN)
                self.assertEqual(other[0], rows)
                self.assertEqual((68, other[1]), (code, code))
                self.assertEqual(other[2].replace(UNKNOWN, item), said)
        _, code, said = self.command("delete", "--as", "alices", alices)
        self.assertEqual(77, code)
        self.assertIn("may not delete", said)
        rows, code, said = self.command("release", "--as", "alices", "--class", "any-encrypted")
        self.assertEqual((0, [alices]), (code, [row["id"] for row in rows]), said)
        self.assertEqual([bobs], self.ids())
        # Of what left its quarantine he hears no more than of what is there.
        self.command("delete", bobs)
        said = self.command("show", "--as", "alices", bobs)[2]
        self.assertEqual(self.command("show", "--as", "alices", UNKNOWN)[2],
                         said.replace(bobs, UNKNOWN))
        self.assertNotIn("bob", str(self.command("report", "--as", "alices")))

    def test_over_http(self):
        one, two = self.held(), self.held("bob")
        for parameters in ({}, {"domain": "example.org", "since": "1days", "state": "held"}):
            word, rows = self.http("smimeQuarantineList", **parameters)
            self.assertEqual("doveadmResponse", word, self.instance.log()[-3000:])
            self.assertEqual({one, two}, {row["id"] for row in rows})
        # A client that fills in all it knows of. Dovecot 2.4 takes null for a word.
        empty = {} if dovecot_conf.IS_24 else {"user": None, "subject": None}
        word, rows = self.http("smimeQuarantineList", **empty)
        self.assertEqual(("doveadmResponse", 2), (word, len(rows)))
        word, rows = self.http("smimeQuarantineList", **{"as": "alices", "limit": "5"})
        self.assertEqual([one], [row["id"] for row in rows])
        empty.pop("subject", None)
        word, rows = self.http("smimeQuarantineRelease", id=[two], reason="asked", **empty)
        self.assertEqual(("doveadmResponse", two), (word, rows[0]["id"]))
        word, rows = self.http("smimeQuarantineShow", id=[one])
        self.assertEqual(("doveadmResponse", one), (word, rows[0]["id"]))
        hidden = self.http("smimeQuarantineShow", id=[one], **{"as": "stranger"})
        unknown = self.http("smimeQuarantineShow", id=[UNKNOWN], **{"as": "stranger"})
        self.assertEqual(("error", hidden), (hidden[0], unknown))
        self.assertEqual([one], self.ids())

    def test_null_over_http_is_no_name(self):
        """A front end that has no name to give on does not ask as the operator."""
        if dovecot_conf.IS_24:
            self.skipTest("it is the word null there, which is nobody's name")
        item = self.held()
        message = self.instance.dir / "message.eml"
        message.write_bytes(self.samples.encrypted())
        refused = ("error", {"type": "exitCode", "exitCode": 64})
        for command, words in (("List", ("as",)), ("Show", ("as",)), ("Report", ("as",)),
                               ("Release", ("as", "token")), ("Delete", ("as",)),
                               ("Request", ("as", "token"))):
            for word in words:
                ids = {} if command in ("List", "Report") else {"id": [item]}
                for user in ({"user": "alice"}, {}) if command != "Request" else ({"user": "alice"},):
                    answer = self.http(f"smimeQuarantine{command}", **user, **ids, **{word: None})
                    self.assertEqual(refused, tuple(answer), (command, word, user))
        self.assertEqual(refused, tuple(self.http("smimePolicy", user="alice",
                                                  message=str(message), **{"as": None})))
        self.assertEqual(["held"], [row["state"] for row in self.quarantined("alice")])

    def test_a_sender_does_not_hide_the_domain(self):
        self.assert_accepted(self.samples.encrypted(),
                             "alice+" + "a" * 600 + "@example.org")
        (row,) = self.quarantined("alice")
        for words in (["--domain", "example.org"], ["--to", "*@example.org"],
                      ["--as", "domain"]):
            self.assertEqual([row["id"]], self.ids(*words), words)

    def test_a_database_that_is_down_is_told(self):
        item = self.held()
        self.database.down()
        try:
            for action in (["list"], ["release", item], ["delete", "--class", "any-encrypted"]):
                _, code, said = self.command(*action)
                self.assertEqual(75, code, said)
                self.assertIn("cannot be asked", said)
        finally:
            self.database.up()
        self.assertEqual([item], self.ids())

    def test_lines_for_people(self):
        item = self.about("for people")
        done = self.instance.doveadm("smime", "quarantine", "list")
        self.assertIn(item[:8], done.stdout.decode())
        self.assertIn("for people\n", done.stdout.decode())
        self.command("delete", item)
        done = self.instance.doveadm("smime", "quarantine", "list", "--state", "deleted")
        self.assertRegex(done.stdout.decode(), r" deleted\n +for people \| by root")

    def test_a_look_by_the_register_is_told(self):
        self.held()
        self.command("list", "--as", "chief", "--reason", "ticket 9")
        self.http("smimeQuarantineList", **{"as": "chief"})
        self.assert_logged("1 of the register listed to chief (as doveadm server says)")


class SqliteFront(FrontTests, FrontCase):
    pass


class PostgresFront(FrontTests, FrontCase):
    make_database = register_databases.Postgres


class WithoutARegister(DovecotCase):
    def test_it_says_what_to_do(self):
        self.assert_accepted(self.samples.encrypted())
        for words in (["list"], ["show", UNKNOWN], ["release", UNKNOWN], ["report"], ["expire"]):
            done = self.instance.doveadm("smime", "quarantine", *words, check=False)
            self.assertEqual(64, done.returncode)
            self.assertIn(b"-u", done.stderr)
            self.assertIn(b"smime_register", done.stderr)


if __name__ == "__main__":
    unittest.main()
