"""The recipient asks for what is held for him, and is told of the decision; or has it delivered
by himself, where the rule lets him. Tokens are made as tests/integration/test_token.py does."""

import base64
import hashlib
import hmac
import json
import os
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

from clients import PASSWORD, Imap, without_trace
from instance import free_port
from test_notify import NotifyCase
from test_register import RegisterCase

KEY = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
ACTS = ("view", "request", "release")


def mac(key, text):
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()


def token(item, recipient="alice", allows="request", expires=None, key=KEY):
    content = (bytes.fromhex(item) + (expires or int(time.time()) + 600).to_bytes(8, "big")
               + bytes([ACTS.index(allows)]) + recipient.encode())
    name = mac(KEY, "dovecot-smime: the name of this key")[:8]
    text = ".".join(("smime1", name, base64.urlsafe_b64encode(content).decode().rstrip("=")))
    return f"{text}.{mac(key, 'dovecot-smime: a token' + chr(10) + text)}"


class RequestsCase(NotifyCase):
    rules = ("  smime_rule = from=ask@* class=any-encrypted recipient=request action=quarantine\n"
             "  smime_rule2 = from=take@* class=any-encrypted recipient=release action=quarantine\n"
             "  smime_rule3 = class=any-encrypted action=quarantine\n"
             "  smime_reviewers = reviewer\n"
             "  smime_role = reviewer=lister may=list\n"
             "  smime_role2 = reviewer=bobs to=bob@* may=list,show,release\n")

    @classmethod
    def before_start(cls):
        super().before_start()
        cls.key = cls.directory / "token.key"
        cls.key.write_text(KEY + "\n")
        cls.key.chmod(0o600)
        cls.instance.settings += f"  smime_token_key = {cls.key}\n"

    def setUp(self):
        super().setUp()
        for path in self.instance.home("alice").rglob("dovecot-smime-requests"):
            path.unlink()

    def act(self, act, *args, code=0, user="alice", **kwargs):
        done = self.instance.doveadm("-f", "json", "smime", "quarantine", act, "-u", user, *args,
                                     check=False, **kwargs)
        self.said = done.stdout.decode() + done.stderr.decode()
        self.assertEqual(code, done.returncode, self.said)
        return json.loads(done.stdout or b"[]")

    def request(self, *args, **kwargs):
        return [row["result"] for row in self.act("request", *args, **kwargs)]

    def release(self, *args, **kwargs):
        return [row["result"] for row in self.act("release", *args, **kwargs)]

    def row(self, item):
        (row,) = [row for row in self.quarantined("alice") if row["id"] == item]
        return row

    def decided(self):
        """The subjects and texts of what alice was told."""
        return [(subject, text) for subject, _, text in self.notices() if "ecided" in subject]


class Requests(RequestsCase):
    def test_an_operator_enters_it_once(self):
        item = self.hold()
        self.assertEqual("held", self.row(item)["state"])
        self.assertEqual(["requested"], self.request("--reason", "the contract", item))
        first = self.row(item)
        self.assertEqual("requested", first["state"])
        self.assertIn("alice (as ", first["requested_by"])
        self.assertRegex(first["requested_at"], r"^20\d\d-")
        (shown,) = self.act("show", item)
        self.assertEqual(("requested", "the contract"),
                         (shown["state"], shown["requested_because"]))
        self.assertEqual(["was requested before"], self.request("--reason", "again", item[:8]))
        self.assertEqual(first, self.row(item))
        report = self.instance.doveadm("smime", "quarantine", "report", "-u", "alice").stdout
        self.assertIn(b"1 held, 1 new, 1 requested", report)
        self.assertIn(b"the contract", report)
        lines = self.instance.doveadm("smime", "quarantine", "list", "-u", "alice").stdout
        self.assertIn(b"| requested", lines)
        metrics = self.instance.doveadm("smime", "metrics", "-u", "alice").stdout
        self.assertRegex(metrics, rb'state="requested"[^\n]* 1\n')

    def test_what_is_not_there(self):
        self.assertEqual(["not in the quarantine (released or deleted before?)"],
                         self.request("0" * 32, code=68))
        self.request(code=64)

    def test_a_reviewer_enters_what_he_may_list(self):
        item = self.hold()
        self.assertEqual(["requested"], self.request("--as", "lister", item))
        self.assertIn("lister (as ", self.row(item)["requested_by"])
        other = self.hold()
        for name in ("bobs", "stranger"):
            self.assertEqual(["not in the quarantine (released or deleted before?)"],
                             self.request("--as", name, other, code=68))
        self.assertEqual("held", self.row(other)["state"])

    def test_a_request_that_was_cut_short_is_completed(self):
        item = self.hold()
        self.request(item)
        self.instance.doveadm("flags", "remove", "-u", "alice", "$SMIMERequested", "mailbox",
                              "Quarantine", "all")
        self.assertEqual("requested", self.row(item)["state"])
        self.assertEqual(["requested"], self.request(item))
        # The mark alone, as dsync brings it to another server.
        for path in self.instance.home("alice").rglob("dovecot-smime-requests"):
            path.unlink()
        self.assertEqual(("requested", "alice", ""),
                         tuple(self.row(item)[key]
                               for key in ("state", "requested_by", "requested_at")))

    def test_no_client_makes_a_request(self):
        self.hold()
        with Imap(self.instance, "alice*reviewer") as client:
            client.select("Quarantine")
            client.uid("STORE", "1:*", "+FLAGS", "($SMIMERequested)")
        (row,) = self.quarantined("alice")
        self.assertEqual("held", row["state"])
        self.request(row["id"])
        with Imap(self.instance, "alice*reviewer") as client:
            client.select("Quarantine")
            client.uid("STORE", "1:*", "FLAGS", r"(\Seen)")
        flags = self.instance.doveadm("fetch", "-u", "alice", "flags", "mailbox", "Quarantine",
                                      "all").stdout
        self.assertIn(b"$SMIMERequested", flags)

    def test_what_is_no_file_keeps_nobody_waiting(self):
        # A user with a shell put a pipe where the book is, which nobody writes into.
        self.hold()
        path = self.instance.home("alice") / "Maildir/dovecot-smime-requests"
        os.mkfifo(path, 0o666)
        self.addCleanup(path.unlink)
        for command in (["notify", "-A", "--now"], ["metrics", "-A"],
                        ["quarantine", "list", "-A"]):
            done = self.instance.doveadm("smime", *command, check=False)
            self.assertIn(b"it is no regular file", done.stderr, command)

    def test_a_book_that_is_damaged_is_named_and_kept(self):
        item = self.hold()
        self.request(item)
        (path,) = self.instance.home("alice").rglob("dovecot-smime-requests")
        path.write_text("nonsense\n")
        self.assertIn("line 1 is not as it was written", str(self.request(self.hold(), code=75)))
        self.assertEqual("nonsense\n", path.read_text())
        self.assertEqual("requested", self.row(item)["state"])
        path.unlink()


    def test_a_book_that_is_full_is_left_as_it_can_be_read(self):
        first, other = self.hold(), self.hold()
        self.assertEqual(["requested"], self.request(first))
        (path,) = self.instance.home("alice").rglob("dovecot-smime-requests")
        line = json.loads(path.read_text())
        line.pop("subject")
        with path.open("a") as book:
            for number in range(4 * 1024 * 1024 // 600):
                line["id"] = f"{number:032x}"
                text = json.dumps({**line, "subject": ""}, separators=(",", ":"))
                book.write(text[:-2] + "x" * (599 - len(text)) + '"}\n')
        self.assertLess(4 * 1024 * 1024 - 1200, path.stat().st_size)
        before = path.read_bytes()
        self.request("--reason", "y" * 400, other, code=75)
        self.assertIn("4194304 bytes", self.said)
        self.assertEqual(before, path.read_bytes())
        self.assertEqual(["requested", "held"], [self.row(i)["state"] for i in (first, other)])


class AtOnce(RequestsCase):
    def test_what_is_done_once_is_done_once(self):
        """A double click, and two reviewers who do not know of each other."""
        for given in (["--token"], []):
            self.clear()
            item = self.hold(sender="take@example.org")
            words = [*given, token(item, allows="release"), item] if given else [item]
            with ThreadPoolExecutor() as pool:
                codes = list(pool.map(lambda _: self.instance.doveadm(
                    "smime", "quarantine", "release", "-u", "alice", *words,
                    check=False).returncode, range(6)))
            self.assertEqual([0, *[65 if given else 68] * 5], sorted(codes))
            self.assertEqual(1, len(self.bodies()))


class Decisions(RequestsCase):
    def test_the_requester_is_told(self):
        for act, word in (("release", "Delivered:"), ("delete", "it is deleted"),
                          ("expire", "it is deleted")):
            with self.subTest(act):
                self.clear()
                item = self.hold()
                self.request(item)
                self.assertEqual([], self.notify("-u", "alice", "--now"))
                if act == "expire":
                    self.age(2)
                self.act(act, *(["--older-than", "1d"] if act == "expire" else [item]))
                self.assertEqual([("alice", "1", "sent")], self.notify("-u", "alice", "--now"))
                ((subject, text),) = self.decided()
                self.assertEqual("Decided on 1 you asked for: mail for alice", subject)
                self.assertTrue(word in text and item in text, text)
                self.assertEqual([], self.notify("-u", "alice", "--now"))

    def test_who_did_not_ask_is_not_told(self):
        self.act("release", self.hold())
        self.assertEqual([], self.notify("-u", "alice", "--now"))

    def test_it_waits_for_the_interval(self):
        item = self.hold()
        self.request(item)
        self.act("delete", item)
        self.assertEqual([], self.notify("-u", "alice"))

    def test_a_released_message_has_no_mark_of_it(self):
        item = self.hold()
        self.request(item)
        self.act("release", item)
        flags = self.instance.doveadm("-f", "flow", "fetch", "-u", "alice", "flags", "mailbox",
                                      "INBOX").stdout
        self.assertNotIn(b"SMIMERequested", flags)

    def test_decided_over_imap(self):
        items = [self.hold(), self.hold()]
        for item in items:
            self.request(item)
        uids = self.instance.doveadm("-f", "flow", "fetch", "-u", "alice", "uid", "mailbox",
                                     "Quarantine", "all").stdout.decode().split()
        uids = [uid.removeprefix("uid=") for uid in uids]
        with Imap(self.instance, "alice*reviewer") as client:
            client.select("Quarantine")
            client.uid("MOVE", uids[0], "INBOX")
            client.uid("STORE", uids[1], "+FLAGS", r"(\Deleted)")
            client.expunge()
        self.assertEqual([], self.quarantined("alice"))
        self.assertEqual([("alice", "2", "sent")], self.notify("-u", "alice", "--now"))
        ((_, text),) = self.decided()
        self.assertTrue("Delivered:" in text and "it is deleted" in text, text)

    def test_what_nobody_told_of(self):
        """As after a kill between the removal and the word on it."""
        item = self.hold()
        self.request(item)
        self.instance.doveadm("expunge", "-u", "alice", "mailbox", "Quarantine", "all")
        (path,) = self.instance.home("alice").rglob("dovecot-smime-requests")
        entry = json.loads(path.read_text())
        entry.pop("decision", None)
        entry.pop("decided", None)
        path.write_text(json.dumps(entry) + "\n")
        self.assertEqual([("alice", "1", "sent")], self.notify("-u", "alice", "--now"))
        ((_, text),) = self.decided()
        self.assertIn("Not held any more", text)

    def test_one_that_was_cut_short_is_not_sent_twice(self):
        item = self.hold()
        self.request(item)
        self.act("delete", item)
        (path,) = self.instance.home("alice").rglob("dovecot-smime-requests")
        before = path.read_text()
        self.notify("-u", "alice", "--now")
        begun = before.replace('"telling":false', '"telling":true')
        path.write_text(begun)
        self.assertEqual([("alice", "1", "was there already")], self.notify("-u", "alice", "--now"))
        ((_, number, _),) = self.notices()
        self.instance.doveadm("expunge", "-u", "alice", "mailbox", "INBOX", "all")
        path.write_text(begun)
        self.assertEqual([("alice", "1", "sent")], self.notify("-u", "alice"))
        self.assertEqual(number, self.notices()[0][1])

    def test_killed_anywhere_it_is_told_once(self):
        item = self.hold()
        self.request(item)
        for arguments in (["quarantine", "delete", "-u", "alice", item],
                          ["notify", "-u", "alice", "--now"]):
            for delay in range(0, 50, 5):
                with subprocess.Popen([str(self.instance.dir / "doveadm"), "smime", *arguments],
                                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
                    time.sleep(delay / 500)
                    run.send_signal(signal.SIGKILL)
                # A killed process leaves Maildir's locks, which others respect for two minutes.
                for name in ("dovecot-uidlist.lock", "*.newlock"):
                    for path in self.instance.home("alice").rglob(name):
                        path.unlink(missing_ok=True)
            if arguments[0] == "quarantine":
                self.instance.doveadm("smime", *arguments, check=False)
        self.notify("-u", "alice", "--now")
        self.assertEqual(1, len(self.notices()))
        self.assertEqual(1, len(self.decided()))


class Tokens(RequestsCase):
    @classmethod
    def before_start(cls):
        super().before_start()
        cls.instance.http_port = free_port()

    def refused(self, act, word, item, text, code=65):
        rows = self.act(act, "--token", text, item, code=code)
        self.assertNotIn("released", [row["result"] for row in rows])
        self.assertIn(f"a token is refused: {word} (", self.said)

    def test_each_refusal_has_its_word(self):
        item = self.hold(sender="take@example.org")
        other = self.hold(sender="take@example.org")
        right = token(item, allows="release")
        for act in ("request", "release"):
            for word, text in (
                    ("malformed", "token"), ("truncated", right[:-1]),
                    ("altered", token(item, allows="release", key="ab" * 32)),
                    ("altered", right[:40] + "AAAA" + right[44:]),
                    ("expired", token(item, allows="release", expires=int(time.time()) - 1)),
                    ("other-message", token(other, allows="release")),
                    ("other-recipient", token(item, recipient="bob", allows="release")),
                    ("not-allowed", token(item, allows="view"))):
                with self.subTest(act, word=word):
                    self.refused(act, word, item, text)
        self.refused("release", "not-allowed", item, token(item))
        self.assertEqual(["held", "held"], [row["state"] for row in self.quarantined("alice")])
        self.assertEqual([], self.bodies())

    def test_a_request_is_made_once(self):
        item = self.hold(sender="ask@example.org")
        (row,) = self.act("request", "--token", token(item), item)
        self.assertEqual("requested", row["result"])
        self.assertTrue(row["requested_by"].startswith("alice"))
        self.refused("request", "used", item, token(item))
        # A rule that lets him ask does not let him take.
        self.refused("release", "not-allowed", item, token(item, allows="release"))

    def test_a_rule_that_lets_him_do_nothing(self):
        item = self.hold()
        self.refused("request", "not-allowed", item, token(item))
        self.assertEqual("held", self.row(item)["state"])

    def test_a_release_to_himself_once(self):
        message = self.samples.encrypted()
        item = self.hold(sender="take@example.org", message=message)
        text = token(item, allows="release")
        self.assertEqual(["released"], self.release("--token", "-", item, input=text.encode()))
        self.assertEqual([message], [without_trace(body) for body in self.bodies()])
        self.refused("release", "used", item, text)
        self.refused("request", "used", item, text)
        self.assertEqual(1, len(self.bodies()))

    def test_what_does_not_go_with_it(self):
        item = self.hold(sender="take@example.org")
        text = token(item, allows="release")
        for more in (["--mailbox", "Other", item], ["--refilter", item], ["--as", "reviewer", item],
                     [], [item, item], [item[:8]], ["--from", "*", item]):
            self.act("release", "--token", text, *more, code=64)
        self.assertEqual("held", self.row(item)["state"])

    def test_over_http(self):
        item = self.hold(sender="take@example.org")
        self.assertEqual(["requested"], self.http_rows("smimeQuarantineRequest", item))
        self.assertEqual(["released"], self.http_rows("smimeQuarantineRelease", item))

    def http_rows(self, command, item):
        from test_roles import RolesCase  # pylint: disable=import-outside-toplevel
        kind, rows = RolesCase.http(self, command, user="alice", id=[item],
                                    token=token(item, allows="release"))
        self.assertEqual("doveadmResponse", kind, rows)
        return [row["result"] for row in rows]


class Approvals(RequestsCase):
    """Four eyes: a release wants two names."""
    rules = ("  smime_rule = class=any-encrypted action=quarantine\n"
             "  smime_reviewers = chief\n"
             "  smime_role = reviewer=anna,ben,whole,*@corp.example may=list,preview,show,download,release "
             "approvals=2\n"
             "  smime_role2 = reviewer=carl may=list,show\n"
             "  smime_role3 = reviewer=dora to=bob@* may=list,show,release approvals=2\n")

    def test_two_different_names(self):
        message = self.samples.encrypted()
        item = self.hold(message=message)
        for told in (True, False):
            self.assertEqual(["approved; 1 more approval is needed"],
                             self.release("--as", "anna", "--reason", "seen", item, code=76))
            self.assertEqual(told, "release approved by anna (as root says) (reason: seen); "
                                   "1 more approval is needed" in self.said)
        (shown,) = self.act("show", item)
        self.assertEqual(("held", "anna"), (shown["state"], shown["approved_by"]))
        self.release("--as", "carl", item, code=77)
        self.release("--as", "dora", item, code=68)
        self.assertEqual([], self.bodies())
        self.assertEqual(["released"], self.release("--as", "ben", item))
        self.assertEqual([message], [without_trace(body) for body in self.bodies()])
        self.assert_logged('"action":"approved"')

    def test_one_name_in_several_forms_is_one(self):
        # As a front end may have it from whoever typed it.
        forms = ("J\u00f6rg@corp.example", "Jo\u0308rg@corp.example", "j\u00d6RG@corp.example")
        item = self.hold()
        for name in forms:
            self.assertEqual(["approved; 1 more approval is needed"],
                             self.release("--as", name, item, code=76))
        for name in (os.fsdecode(b"J\xf6rg@corp.example"), "J\u00f6\u200brg@corp.example"):
            self.act("release", "--as", name, item, code=64)
        self.assertEqual(1, len(self.quarantined("alice")))
        long = "\u7532" * 100 + "@corp.example"
        self.assertEqual(["released"], self.release("--as", long, item))

    def test_a_long_name_is_one(self):
        item = self.hold()
        for _ in range(2):
            self.assertEqual(["approved; 1 more approval is needed"],
                             self.release("--as", "\u7532" * 100 + "@corp.example", item, code=76))
        self.assertEqual(["released"], self.release("--as", "ben", item))

    def test_who_may_do_all_needs_nobody(self):
        item = self.hold()
        self.assertEqual(["released"], self.release("--as", "chief", item))
        self.assertEqual(["released"], self.release(self.hold()))

    def test_a_dry_run_approves_nothing(self):
        item = self.hold()
        self.assertEqual(["approved; 1 more approval is needed"],
                         self.release("--as", "anna", "--dry-run", item, code=76))
        (shown,) = self.act("show", item)
        self.assertEqual("", shown["approved_by"])
        self.release("--as", "ben", item, code=76)
        self.assertEqual(1, len(self.quarantined("alice")))

    def test_who_lost_his_role_does_not_count(self):
        item = self.hold()
        self.release("--as", "anna", item, code=76)
        (path,) = self.instance.home("alice").rglob("dovecot-smime-requests")
        path.write_text(path.read_text().replace('"anna"', '"carl"'))
        self.assertEqual(["approved; 1 more approval is needed"],
                         self.release("--as", "ben", item, code=76))

    def test_over_imap_nobody_releases_alone(self):
        self.hold()
        masters = self.instance.dir / "masters"
        masters.write_text("".join(f"{name}:{{PLAIN}}{PASSWORD}\n" for name in ("whole", "chief")))
        with Imap(self.instance, "alice*whole") as client:
            client.select("Quarantine")
            answer, (text,) = client.uid("COPY", "1:*", "INBOX")
            self.assertEqual("NO", answer)
            self.assertIn(b"approvals of several reviewers", text)
        self.assertEqual([], self.bodies())
        with Imap(self.instance, "alice*chief") as client:
            client.select("Quarantine")
            client.uid("COPY", "1:*", "INBOX")
        self.assertEqual(1, len(self.bodies()))


class Registered(RegisterCase):
    def test_the_register_has_who_asked(self):
        item = self.held()
        self.instance.doveadm("smime", "quarantine", "request", "-u", "alice", "--reason",
                              "the contract", item)
        self.drain()
        row = self.row()
        self.assertEqual(("requested", 1, "the contract"),
                         (row["state"], row["present"], row["why"]))
        self.assertIn("alice (as ", row["who"])
        self.assertEqual([], self.register("check", "-u", "alice"))
        # The register can be thrown away.
        self.database.execute("DELETE FROM smime_register;")
        self.register("rebuild", "-u", "alice")
        again = self.row()
        self.assertEqual([row[name] for name in ("state", "who", "why")],
                         [again[name] for name in ("state", "who", "why")])
        self.database.execute("UPDATE smime_register SET state = 'held';")
        (found,) = self.register("check", "-u", "alice", check=False)
        self.assertEqual("requested; the register says held", found["result"])
        self.register("rebuild", "-u", "alice")
        self.assertEqual("requested", self.row()["state"])
        self.doveadm_quarantine("release", "alice", item)
        self.drain()
        self.assertEqual("released", self.row()["state"])
        self.assertEqual("released", self.history(item)[-1])
        self.assertIn("requested", self.history(item))
