"""The story of a held message, from its delivery to what the history says of it: the recipient
gets a notice and asks, a reviewer of another domain cannot see it, the right one releases it."""

import calendar
import hashlib
import json
import re
import time
import unittest

import register_databases
from clients import PASSWORD, without_trace
from test_access import RawImap
from test_notify import NotifyCase
from test_register import RegisterCase
from test_register_front import UNKNOWN, FrontCase

MAY = "may=list,preview,show,download,release,reject,delete"
SUBJECT = "The offer for Alice"


class StoryCase(FrontCase, NotifyCase):
    settings = (f"  smime_reviewers = chief\n  smime_role = reviewer=ben to=*@example.org {MAY}\n"
                f"  smime_role2 = reviewer=carla to=*@other.example {MAY}\n")
    rules = ("  smime_rule = class=any-encrypted notify=recipient recipient=request "
             "action=quarantine\n")

    @classmethod
    def before_start(cls):
        super().before_start()
        # The texts of the notices, which a case with a register has not.
        super(RegisterCase, cls).before_start()
        key = cls.directory / "token.key"
        key.write_text("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\n")
        key.chmod(0o600)
        cls.instance.settings += (f"  smime_token_key = {key}\n  smime_notice_link = "
                                  "https://desk.example.org/{id}?t={token}\n")

    def setUp(self):
        super().setUp()
        (self.instance.dir / "masters").write_text(
            "".join(f"{name}:{{PLAIN}}{PASSWORD}\n" for name in ("ben", "carla", "chief")))
        self.steps = {}

    def done(self, action, *args):
        """The rows of a command that went well."""
        rows, code, said = self.command(action, *args)
        self.assertEqual(0, code, f"{rows} {said}")
        return rows

    def step(self, state, run):
        """What run() gives; when it ran is kept, to be held against the history."""
        began = int(time.time())
        result = run()
        self.steps[state] = (began, int(time.time()))
        return result

    def arrives(self, address, message):
        self.assert_accepted(message, address, sender="partner@example.net")
        (row,) = self.quarantined(address.split("@")[0])
        return row["id"]

    def is_told(self, subject, *words):
        """The recipient's newest notice."""
        self.assertEqual([("alice", "1", "sent")], self.notify("-u", "alice", "--now"))
        found, _, text = self.notices()[-1]
        self.assertEqual(subject, found)
        for word in words:
            self.assertIn(word, text)
        return text

    def mail(self):
        """What is in the INBOX beside notices, as IMAP serves it."""
        return [body for body in self.bodies() if b".notice@" not in body]

    # -- who sees it

    def over_imap(self, user, name):
        """What a login of name for user's review shows of the quarantine."""
        client = RawImap(self.instance, f"{user}*{name}")
        self.addCleanup(client.close)
        text = b""
        for command in ('LIST "" "*"', "STATUS Quarantine (MESSAGES)", "SELECT Quarantine",
                        "FETCH 1:* (FLAGS BODY.PEEK[])", "SEARCH ALL"):
            status, answer = client.run(command)
            text += status.encode() + re.sub(rb" \([0-9.]+ \+ [^)]*secs\)", b"", answer)
        return text

    def answers(self, name, action, item=None, user=None):
        """Of the shell and of HTTP, without the id that was asked for."""
        words, parameters = ["--as", name], {"as": name}
        if user:
            words += ["-u", user]
            parameters["user"] = user
        if item:
            words.append(item)
            parameters["id"] = [item]
        answers = json.dumps([self.command(action, *words),
                              self.http("smimeQuarantine" + action.capitalize(), **parameters)])
        return answers.replace(item, "ID") if item else answers

    def assert_hidden(self, item, own):
        """Carla, who reviews what came to carol, has no way to alice's message."""
        for words in ([], ["--state", "any"], ["-A"]):
            self.assertEqual([own], self.ids("--as", "carla", *words))
        for words in (["--state", "requested"], ["--state", "released"], ["-u", "alice"],
                      ["--to", "alice@*"], ["--subject", SUBJECT]):
            self.assertEqual([], self.ids("--as", "carla", *words))
        for parameters, ids in (({}, [own]), ({"state": "any"}, [own]), ({"user": "alice"}, []),
                                ({"state": "requested"}, []), ({"state": "released"}, [])):
            kind, rows = self.http("smimeQuarantineList", **{"as": "carla"}, **parameters)
            self.assertEqual(("doveadmResponse", ids), (kind, [row["id"] for row in rows]))
        report = self.answers("carla", "report")
        self.assertIn("carol", report)
        for word in ("alice", item, SUBJECT):
            self.assertNotIn(word, report)
        for action, user in (("show", None), ("show", "alice"), ("release", None),
                             ("release", "alice"), ("request", "alice")):
            answer = self.answers("carla", action, item, user)
            self.assertEqual(self.answers("carla", action, UNKNOWN, user), answer)
            self.assertNotIn(SUBJECT, answer)
        # For bob nothing was ever held.
        self.assertEqual(self.over_imap("bob", "carla"), self.over_imap("alice", "carla"))

    # -- what is said of it later

    def trail(self, item):
        """What each audit event of this id says of who did what, by which way and why."""
        found = []
        for line in self.instance.settled_log().splitlines():
            start = line.find('{"event":"smime_')
            event = json.loads(line[start:]) if start >= 0 else {"fields": {}}
            if event["fields"].get("id") == item:
                fields = event["fields"]
                found.append((event["event"].removeprefix("smime_message_"),
                              *(fields.get(name) for name in ("actor", "way", "reason"))))
        return found

    def assert_between(self, state, when):
        began, ended = self.steps[state]
        self.assertTrue(began <= when <= ended, (state, when, self.steps))

    def assert_history(self, item, acts):
        """acts: who and why, by state."""
        rows = self.database.rows("SELECT * FROM smime_register_history WHERE id = ? "
                                  "ORDER BY changed", item)
        self.assertEqual([("alice", state, *act) for state, act in acts.items()],
                         [tuple(row[name] for name in ("username", "state", "who", "why"))
                          for row in rows])
        for row in rows:
            # It counts microseconds.
            self.assert_between(row["state"], row["changed"] // 1000000)


class StoryTests:
    """For each database."""

    def test_from_the_delivery_to_the_history(self):
        message = self.samples.encrypted(SUBJECT)
        item = self.step("held", lambda: self.arrives("alice@example.org", message))
        own = self.arrives("carol@other.example", self.samples.encrypted("Of another domain"))
        self.assertEqual([], self.bodies())

        text = self.is_told("1 held for review: mail for alice", item, SUBJECT,
                            "partner@example.net", "You may ask for it: follow the link.")
        token = re.search(rf"https://desk\.example\.org/{item}\?t=(\S+)", text).group(1)
        self.assertEqual([], self.ids("--as", "ben", "--state", "requested"))

        (row,) = self.step("requested", lambda: self.done(
            "request", "-u", "alice", "--token", token, "--reason", "I wait for it", item))
        self.assertEqual("requested", row["result"])

        self.assert_hidden(item, own)
        # Who may see it does, by the same ways.
        for user in ("alice", None):
            self.assertEqual(2, self.answers("ben", "show", item, user).count(SUBJECT))
        self.assertIn(SUBJECT.encode(), self.over_imap("alice", "chief"))
        (row,) = self.done("list", "--as", "ben", "--state", "requested")
        self.assertEqual((item, "alice", "requested", "I wait for it"),
                         tuple(row[name] for name in ("id", "user", "state", "why")))
        self.assertEqual([], self.mail())

        (row,) = self.step("released", lambda: self.done(
            "release", "--as", "ben", "--reason", "a known partner", item))
        self.assertEqual((item, "released"), (row["id"], row["result"]))
        (body,) = self.mail()
        self.assertEqual(message, without_trace(body))
        self.assertEqual([], self.quarantined("alice"))
        self.assert_hidden(item, own)

        self.is_told("Decided on 1 you asked for: mail for alice", item, SUBJECT, "Delivered:")
        self.assertEqual([], self.notify("-u", "alice", "--now"))
        self.assertEqual(2, len(self.notices()))
        self.says_all(item, body)

    def says_all(self, item, body):
        acts = {"held": ("", ""), "requested": ("alice (as root says)", "I wait for it"),
                "released": ("ben (as root says)", "a known partner")}
        self.assert_history(item, acts)
        for state in ("released", "any"):
            (row,) = self.done("list", "--as", "ben", "--state", state)
            self.assertEqual((item, "alice", "released", *acts["released"]),
                             tuple(row[name] for name in ("id", "user", "state", "who", "why")))
            when = calendar.timegm(time.strptime(row["when"], "%Y-%m-%dT%H:%M:%SZ"))
            self.assert_between("released", when)
        (row,) = self.database.rows("SELECT * FROM smime_register WHERE id = ?", item)
        self.assertEqual(("released", 0, *acts["released"]),
                         tuple(row[name] for name in ("state", "present", "who", "why")))
        self.assertEqual(hashlib.sha256(body).hexdigest(), row["digest"])
        # Looks are in the log alone: ben's and the chief's, and none of carla's.
        trail = self.trail(item)
        looks = [event for event in trail if event[0] == "viewed"]
        self.assertEqual({("ben", "doveadm"), ("ben", "http"), ("chief", "imap")},
                         {event[1:3] for event in looks})
        self.assertEqual([("quarantined", None, None, None),
                          ("requested", "alice", "doveadm", "I wait for it"),
                          ("released", "ben", "doveadm", "a known partner")],
                         [event for event in trail if event not in looks])
        self.assertEqual(0, self.drain()[1])
        self.assertEqual([], self.spooled())
        self.assertEqual([], self.register("check", "-A"))
        self.assert_history(item, acts)


class Sqlite(StoryTests, StoryCase):
    pass


class Postgres(StoryTests, StoryCase):
    make_database = register_databases.Postgres


if __name__ == "__main__":
    unittest.main()
