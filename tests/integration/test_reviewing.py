"""What a front end for reviewers and recipients asks of the commands: rights, pages, the recipient's
own acts, longer holds, notes, the history of a message and the overview."""

import json
import os
import shutil
import subprocess
import time
import unittest

import register_databases
from test_killed import Killer
from test_register_front import FrontCase
from test_register import RegisterCase

ROLES = """  smime_rule = from=look@* class=any-encrypted recipient=view action=quarantine
  smime_rule2 = from=ask@* class=any-encrypted recipient=request action=quarantine
  smime_rule3 = from=take@* class=any-encrypted recipient=release action=quarantine
  smime_rule4 = from=del@* class=any-encrypted hold=30d then=delete warn=7d notify=boss@example.org \
action=quarantine
  smime_rule5 = class=any-encrypted action=quarantine
  smime_reviewers = chief
  smime_role = reviewer=alices to=alice@example.org may=list,show,release
  smime_role2 = reviewer=lister may=list
  smime_role3 = reviewer=domain to=*@example.org may=list,show
  smime_role4 = reviewer=alice may=list,show,release,reject,delete
  smime_role5 = reviewer=nobodys to=*@nowhere.example may=list,show,delete
"""
UNKNOWN = "0123456789abcdef0123456789abcdef"


class ReviewingCase(FrontCase):
    instance_options = {"replace_rules": True}
    settings = ROLES

    def setUp(self):
        super().setUp()
        for user in ("alice", "bob"):
            for path in self.instance.home(user).rglob("dovecot-smime-requests"):
                path.unlink()

    def hold(self, kind="x", user="alice", **kwargs):
        return self.held(user, sender=f"{kind}@example.com", **kwargs)

    def results(self, action, *args, code=0):
        rows, status, self.said = self.command(action, *args)
        self.assertEqual(code, status, (rows, self.said))
        return [row["result"] for row in rows]

    def shown(self, item, *args, user="alice"):
        ((row,), code, said) = self.command("show", "-u", user, *args, item)
        self.assertEqual(0, code, said)
        return row

    def overview(self, *args):
        done = self.instance.doveadm("-f", "json", "smime", "register", "overview", *args)
        return json.loads(json.loads(done.stdout)[0]["json"])


class Rights(ReviewingCase):
    def rights(self, *args):
        rows, code, self.said = self.command("rights", *args)
        self.assertEqual(0, code, self.said)
        return rows[0]["acts"], rows[0]["reviewer"]

    def test_of_each_name(self):
        self.assertEqual(("list preview show release reject delete download policy", "yes"),
                         self.rights("--as", "chief"))
        self.assertEqual(("list show release", "yes"), self.rights("--as", "alices"))
        self.assertEqual(("", "no"), self.rights("--as", "stranger"))
        self.assertEqual(64, self.command("rights")[1])
        self.assertEqual(64, self.command("rights", "--as", "a\nb")[1])

    def test_where_the_caller_sits_is_in_the_audit_trail(self):
        item = self.hold()
        _, _, said = self.command("show", "-u", "alice", "--as", "chief", "--remote-ip",
                                  "2001:DB8::7", item)
        self.assert_logged('"remote_ip":"2001:db8::7"')
        self.assertIn("chief (as root says) from 2001:db8::7", said)
        for wrong in ("nonsense", "192.0.2.999", "host.example"):
            rows, code, said = self.command("list", "-u", "alice", "--as", "chief", "--remote-ip",
                                            wrong)
            self.assertEqual((64, []), (code, rows), wrong)
            self.assertIn("--remote-ip", said)

    @unittest.skipUnless(os.geteuid() == 0, "another user is needed")
    def test_nobody_else_says_where_he_sits(self):
        done = subprocess.run(
            ["setpriv", "--reuid=nobody", "--clear-groups", "/usr/bin/doveadm", "-c",
             str(self.instance.conf), "smime", "quarantine", "list", "-u", "nobody", "--remote-ip",
             "192.0.2.1"], capture_output=True, env=self.instance.environment(), check=False)
        self.assertNotEqual(0, done.returncode)


class PageTests:
    """For each database."""

    def pages(self, sort, size, *args):
        after, found = [], []
        while True:
            rows, code, said = self.command("list", "--sort", sort, "--limit", size, *after, *args)
            self.assertEqual(0, code, said)
            found += [row["id"] for row in rows]
            if len(rows) < int(size):
                return found
            key = "size" if "size" in sort else "time"
            after = ["--after", f"{rows[-1][key]} {rows[-1]['id']} {rows[-1]['user']}"]

    def test_pages_have_each_row_once(self):
        for number in range(5):
            self.hold(user=("alice", "bob")[number % 2])
        for sort in ("time", "-time", "size", "-size"):
            whole = self.ids("--sort", sort)
            self.assertEqual(5, len(whole))
            for size in ("1", "2", "3"):
                self.assertEqual(whole, self.pages(sort, size), (sort, size))
        self.assertEqual([row["id"] for row in self.quarantined("alice")],
                         self.pages("time", "2", "--as", "alices"))

    def test_wrong_cursors_and_where_there_are_none(self):
        for words in (["--after", "nonsense"], ["--after", f"5 {UNKNOWN} alice"],
                      ["--sort", "user", "--after", f"2026-01-01T00:00:00Z {UNKNOWN} alice"],
                      ["-u", "alice", "--after", f"2026-01-01T00:00:00Z {UNKNOWN} alice"]):
            self.assertEqual(64, self.command("list", *words)[1], words)

    def test_search_is_in_subject_and_addresses(self):
        one = self.about("Quarterly report", sender="partner@example.com")
        two = self.about("holiday 100%", "bob", sender="other@example.net")
        for text, found in (("QUARTERLY", [one]), ("partner@", [one]), ("BOB@example", [two]),
                            ("100%", [two]), ("_", []), ("' OR 1=1", [])):
            self.assertEqual(found, self.ids("--search", text), text)
            self.assertEqual(found, self.ids("-A", "--search", text), text)
        self.assertEqual([], self.ids("--search", "holiday", "--as", "alices"))

    def test_the_rule_is_in_the_list(self):
        self.hold("ask")
        for whose in ([], ["-u", "alice"]):
            ((row,), _, _) = self.command("list", *whose)
            self.assertTrue(row["rule"].startswith("smime_rule2: from=ask@*"), row)


class SqlitePages(PageTests, ReviewingCase):
    pass


class PostgresPages(PageTests, ReviewingCase):
    make_database = register_databases.Postgres


class Recipients(ReviewingCase):
    def as_recipient(self, action, *args, user="alice"):
        return self.command(action, "-u", user, "--recipient", *args)

    def test_he_has_what_the_rule_gives(self):
        look, ask, take, nothing = (self.hold(kind) for kind in ("look", "ask", "take", "x"))
        rows, _, _ = self.as_recipient("list")
        self.assertEqual({look, ask, take}, {row["id"] for row in rows})
        for item, requested, released in ((look, 77, 77), (ask, 0, 77), (nothing, 68, 68)):
            self.assertEqual(requested, self.as_recipient("request", item)[1], item)
            self.assertEqual(released, self.as_recipient("release", item)[1], item)
            self.assertEqual(68 if item == nothing else 0, self.as_recipient("show", item)[1])
        self.assertEqual(4, len(self.quarantined("alice")))
        self.assertEqual([], self.bodies())
        rows, code, said = self.as_recipient("release", take)
        self.assertEqual((0, "released"), (code, rows[0]["result"]), said)
        self.assertEqual(1, len(self.bodies()))
        self.assertEqual(68, self.as_recipient("release", take)[1])
        self.assertIn("released to mailbox INBOX by alice (as root says)", said)
        self.assert_logged('"action":"released"')

    def test_what_reviewers_say_is_not_for_him(self):
        item = self.hold("ask")
        self.results("note", "-u", "alice", "--as", "chief", "--text", "looks odd", item)
        self.results("hold", "-u", "alice", "--as", "chief", "--until", "400d", "--reason",
                     "a case", item)
        row = self.shown(item, "--recipient")
        self.assertEqual(("[]", "", "", "smime_rule2"),
                         (row["notes"], row["kept_by"], row["kept_because"], row["rule"]))
        self.assertIn("looks odd", self.shown(item)["notes"])
        self.assertNotIn("odd", str(self.as_recipient("list")[0]))

    def test_nothing_else_goes_with_it(self):
        item = self.hold("take")
        for words in (["list", "--recipient"], ["list", "-A", "--recipient"],
                      ["list", "-u", "*", "--recipient"], ["show", "--recipient", item],
                      ["list", "-u", "alice", "--recipient", "--as", "chief"],
                      ["list", "-u", "alice", "--recipient", "--held-for", "bob"],
                      ["release", "-u", "alice", "--recipient"],
                      ["release", "-u", "alice", "--recipient", "--mailbox", "INBOX", item],
                      ["release", "-u", "alice", "--recipient", "--refilter", item],
                      ["request", "-A", "--recipient", item]):
            self.assertEqual(64, self.command(*words)[1], words)
        self.assertEqual([], self.bodies())
        # A role of his name gives him nothing here, and takes nothing.
        self.assertEqual(68, self.as_recipient("show", self.hold("x"))[1])


class WordTests:
    """For each database."""

    def until(self, *args):
        ((row,), _, _) = self.command("list", *args)
        return row["until"]

    def test_held_longer(self):
        item = self.hold("del")
        before = self.until("-u", "alice")
        soon = ["hold", "-u", "alice", "--as", "chief", "--until", "1d", item]
        self.assertEqual(["is held until then or later already"], self.results(*soon))
        self.assertEqual(before, self.until("-u", "alice"))
        long = ["hold", "-u", "alice", "--as", "chief", "--reason", "a case", "--until",
                "2027-12-31", item]
        self.assertEqual(["held longer"], self.results(*long))
        self.assertIn("held longer, until 2027-12-31T00:00:00Z by chief (as root says) "
                      "(reason: a case)", self.said)
        self.assertEqual(["is held until then or later already"], self.results(*long))
        for whose in ([], ["-u", "alice"]):
            self.assertEqual("2027-12-31T00:00:00Z", self.until(*whose), whose)
        row = self.shown(item)
        self.assertEqual(("2027-12-31T00:00:00Z", "2027-12-31T00:00:00Z", "chief", "a case"),
                         tuple(row[name] for name in ("until", "kept_until", "kept_by",
                                                      "kept_because")))
        self.assertEqual(["held", "kept"], self.history(item))
        self.assertEqual([], self.register("check", "-u", "alice"))

    def test_wrong_times(self):
        item = self.hold("del")
        for wrong in ("", "yesterday", "2020-01-01", "0d", "30", "11y", "2026-13-01"):
            self.assertEqual(64, self.command("hold", "-u", "alice", "--until", wrong, item)[1])
        self.assertEqual(64, self.command("hold", "-u", "alice", item)[1])
        self.assertEqual(64, self.command("hold", "--until", "3d")[1])

    def age(self):
        folder = self.instance.home("alice") / "Maildir/.Quarantine"
        for path in [*folder.glob("new/*"), *folder.glob("cur/*")]:
            data = path.read_bytes()
            start = data.index(b"X-SMIME-Quarantine-Time: ") + 25
            path.write_bytes(data[:start] + b"2020" + data[start + 4:])

    def test_what_is_held_longer_is_not_expired(self):
        item, other = self.hold("del"), self.hold("x")
        self.age()
        self.drain()
        self.database.execute("UPDATE smime_register SET held = 1577836800;")
        self.results("hold", "-u", "alice", "--until", "30d", item, other)
        for words in (["-u", "alice"], ["-u", "alice", "--older-than", "1d"], ["-A"], []):
            self.assertEqual([], self.results("expire", *words), words)
        self.assertEqual(2, len(self.quarantined("alice")))
        (path,) = self.instance.home("alice").rglob("dovecot-smime-requests")
        text = path.read_text()
        path.write_text("nonsense\n")
        self.assertEqual([], self.results("expire", "-u", "alice", code=75))
        self.assertIn("is not expired", self.said)
        path.write_text(text)
        # Its time comes.
        for line in (entries := [json.loads(line) for line in text.splitlines()]):
            line["until"] = 1600000000
        path.write_text("".join(json.dumps(line, separators=(",", ":")) + "\n"
                                for line in entries))
        self.assertEqual(["expired"], self.results("expire", "-u", "alice"))

    def test_a_register_that_was_thrown_away_knows_it_again(self):
        item = self.hold("del")
        self.results("hold", "-u", "alice", "--until", "2027-12-31", item)
        self.drain()
        for table in ("smime_register", "smime_register_history"):
            self.database.execute(f"DELETE FROM {table};")
        self.assertEqual(2, len(self.register("check", "-u", "alice", check=False)))
        self.register("rebuild", "-u", "alice")
        self.assertEqual("2027-12-31T00:00:00Z", self.until())
        self.assertEqual([], self.register("check", "-u", "alice"))

    def test_notes(self):
        item = self.hold("ask")
        note = ["note", "-u", "alice", "--as", "chief", "--text", "Gr\u00fc\u00dfe \"x\"", item]
        self.assertEqual(["noted"], self.results(*note))
        self.assertEqual(["was noted before"], self.results(*note))
        self.assertEqual(["noted"], self.results("note", "-u", "alice", "--text", "two", item))
        notes = json.loads(self.shown(item)["notes"])
        self.assertEqual([("chief", "Gr\u00fc\u00dfe \"x\""), ("root", "two")],
                         [(note["who"], note["text"]) for note in notes])
        self.assertRegex(notes[0]["when"], "^20..-.*Z$")
        for wrong in ("", "a\nb", "x" * 501):
            self.assertEqual(64, self.command("note", "-u", "alice", "--text", wrong, item)[1])
        for number in range(18):
            self.results("note", "-u", "alice", "--text", f"{number} " + "y" * 490, item)
        self.assertIn("20 notes", self.results("note", "-u", "alice", "--text", "z", item,
                                               code=75)[0])
        self.drain()
        self.assertEqual(["held", *["noted"] * 20], self.history(item))
        ((row,), _, _) = self.command("list")
        self.assertEqual(("held", "", ""), (row["state"], row["who"], row["why"]))
        # A request keeps its name, and what is decided takes the notes.
        self.results("request", "-u", "alice", item)
        self.results("note", "-u", "alice", "--text", "y", item, code=75)
        ((row,), _, _) = self.command("list")
        self.assertEqual("requested", row["state"])
        self.assertIn("alice", row["requested_by"])
        self.results("delete", "-u", "alice", item)
        (path,) = self.instance.home("alice").rglob("dovecot-smime-requests")
        self.assertNotIn("notes", path.read_text())

    def test_roles(self):
        item = self.hold()
        for name, hold, note in (("lister", 77, 77), ("alices", 0, 0), ("domain", 77, 0),
                                 ("nobodys", 68, 68), ("stranger", 68, 68)):
            for whose in (["-u", "alice"], []):
                self.assertEqual(hold, self.command("hold", *whose, "--as", name, "--until", "3d",
                                                    item)[1], (name, whose))
                self.assertEqual(note, self.command("note", *whose, "--as", name, "--text", name,
                                                    item)[1], (name, whose))
        self.assertEqual({"alices", "domain"},
                         {note["who"] for note in json.loads(self.shown(item)["notes"])})

    def test_a_book_of_the_version_before_is_read(self):
        item = self.hold("ask")
        self.results("request", "-u", "alice", item)
        (path,) = self.instance.home("alice").rglob("dovecot-smime-requests")
        before = json.loads(path.read_text())
        self.assertFalse({"kept", "until", "notes"} & set(before))
        self.results("note", "-u", "alice", "--text", "x", item)
        after = json.loads(path.read_text())
        after.pop("notes")
        self.assertEqual(before, after)


class SqliteWords(WordTests, ReviewingCase):
    pass


class PostgresWords(WordTests, ReviewingCase):
    make_database = register_databases.Postgres


class HistoryTests:
    """For each database."""

    def states(self, *args, code=0):
        rows, status, said = self.command("history", *args)
        self.assertEqual(code, status, said)
        return [row["state"] for row in rows]

    def test_history(self):
        item = self.hold("ask")
        self.results("request", "-u", "alice", "--reason", "mine", item)
        self.results("note", "-u", "alice", "--text", "fine", "--as", "chief", item)
        self.results("release", "-u", "alice", "--as", "alices", item)
        rows, _, said = self.command("history", "-u", "alice", "--as", "domain", item)
        self.assertEqual(["held", "requested", "noted", "released"],
                         [row["state"] for row in rows])
        self.assertEqual(["", "mine", "fine", ""], [row["why"] for row in rows])
        self.assertIn("alices (as root says)", rows[3]["who"])
        self.assertRegex(rows[0]["when"], "^20..-")
        self.assertIn("history shown to domain (as root says)", said)
        for name, code in (("lister", 77), ("nobodys", 68), ("stranger", 68), ("chief", 0)):
            self.assertEqual(0 if code else 4,
                             len(self.states("--as", name, "-u", "alice", item, code=code)))
        self.assertEqual([], self.states("-u", "bob", item, code=68))
        self.assertEqual([], self.states(UNKNOWN, code=68))
        self.assertEqual(64, self.command("history", "nonsense")[1])
        self.assertEqual(64, self.command("history")[1])

    def test_overview(self):
        self.hold("ask")
        for _ in range(3):
            self.results("release", "-u", "alice", self.hold("ask"))
        self.results("delete", "-u", "bob", self.hold(user="bob"))
        whole = self.overview("--days", "2")
        self.assertEqual([("example.org", 1)], [(row["domain"], row["count"])
                                                for row in whole["by_domain"]])
        self.assertEqual(1, whole["waiting"][0]["count"])
        self.assertEqual(2, len(whole["days"]))
        self.assertEqual({"held": 5, "released": 3, "rejected": 0, "deleted": 1, "expired": 0},
                         {key: sum(day[key] for day in whole["days"])
                          for key in ("held", "released", "rejected", "deleted", "expired")})
        self.assertEqual({"rule": "smime_rule2", "held": 4, "released": 3, "rejected": 0,
                          "deleted": 0, "expired": 0, "open": 1}, whole["rules"][0])
        self.assertEqual([("ask@example.com", 4), ("x@example.com", 1)],
                         [(row["from"], row["count"]) for row in whole["senders"]])
        for name in ("chief", "domain"):
            self.assertEqual(whole, self.overview("--days", "2", "--as", name), name)
        alices = self.overview("--days", "2", "--as", "alices")
        self.assertEqual([("smime_rule2", 4)], [(row["rule"], row["held"])
                                                for row in alices["rules"]])
        self.assertNotIn("x@example.com", str(alices))
        nothing = self.overview("--days", "2", "--as", "stranger")
        self.assertEqual(nothing, self.overview("--days", "2", "--as", "nobodys"))
        self.assertEqual([[], [], 0], [nothing["waiting"], nothing["rules"],
                                       sum(day["held"] for day in nothing["days"])])
        for wrong in ("0", "367", "x"):
            done = self.instance.doveadm("smime", "register", "overview", "--days", wrong,
                                         check=False)
            self.assertEqual(64, done.returncode)


class SqliteHistory(HistoryTests, ReviewingCase):
    pass


class PostgresHistory(HistoryTests, ReviewingCase):
    make_database = register_databases.Postgres


class KilledWords(Killer, ReviewingCase):
    """kill -9 between the steps of what reviewers say of a message."""

    @classmethod
    def before_start(cls):
        super().before_start()
        cls.make_killer()

    def each_kill_from_here(self, check, *command):
        home, before = self.instance.home("alice"), self.directory / "before"
        shutil.rmtree(before, ignore_errors=True)
        subprocess.run(["cp", "-a", home, before], check=True)
        spooled = {path: path.read_bytes() for path in self.spooled()}

        def reset():
            shutil.rmtree(home)
            subprocess.run(["cp", "-a", before, home], check=True)
            for table in ("smime_register", "smime_register_history"):
                self.database.execute(f"DELETE FROM {table};")
            for path in self.spool.iterdir():
                path.unlink()
            for path, text in spooled.items():
                path.write_bytes(text)

        self.each_kill(reset, check, *command)

    def test_hold(self):
        item = self.hold("del")
        command = ("smime", "quarantine", "hold", "-u", "alice", "--until", "2027-12-31", item)

        def check():
            self.instance.doveadm(*command)
            self.drain()
            self.assertEqual("2027-12-31T00:00:00Z", self.quarantined("alice")[0]["until"])
            self.assertEqual(["held", "kept"], self.history(item))

        self.each_kill_from_here(check, *command)

    def test_note(self):
        item = self.hold("del")
        command = ("smime", "quarantine", "note", "-u", "alice", "--text", "odd", item)

        def check():
            self.instance.doveadm(*command)
            self.drain()
            self.assertEqual(1, len(json.loads(self.shown(item)["notes"])))
            self.assertEqual(["held", "noted"], self.history(item))

        self.each_kill_from_here(check, *command)


if __name__ == "__main__":
    unittest.main()
