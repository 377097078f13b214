"""A held message has an identity: a try that comes again finds it. What is refused is not left
in the quarantine, and what a sender was told of is."""

import json
import shutil
import tempfile
import threading
from pathlib import Path

import dovecot_conf
from case import DovecotCase
from clients import Imap, Lmtp, without_trace
from fake_clamd import FakeClamd

SCRIPT = 'require "fileinto"; fileinto "Held"; fileinto "%s";'


class HeldOnce:
    """A mixin: one storage."""

    settings = ("  smime_rule = mailbox=Held action=quarantine\n"
                "  smime_rule2 = mailbox=Later action=tempfail\n"
                "  smime_rule3 = mailbox=Never reason=\"Not wanted\" action=reject\n"
                "  smime_rule4 = to=carol* action=quarantine\n"
                "  smime_rule5 = origin=append mailbox=Notes action=quarantine\n"
                "  smime_rule6 = mailbox=AlsoHeld action=quarantine\n"
                "  smime_reviewers = reviewer\n")
    location = "maildir:~/Maildir"

    @classmethod
    def setUpClass(cls):
        cls.instance_options = {"replace_rules": True, "location": cls.location}
        super().setUpClass()

    def setUp(self):
        self.clear()
        for user in ("alice", "bob", "carol"):
            for item in self.quarantined(user):
                self.doveadm_quarantine("delete", user, item["id"])

    def tries(self, message, user="alice", count=3, **kwargs):
        """Codes of some tries, each on a connection of its own, as an MTA's are."""
        codes = []
        for _ in range(count):
            ((code, _),) = self.deliver(message, f"{user}@example.org", **kwargs)
            codes.append(code)
        return codes

    def test_a_temporary_failure_holds_it_once(self):
        self.sieve("alice", SCRIPT % "Later")
        message = self.samples.plain()
        self.assertEqual([451] * 3, self.tries(message))
        (item,) = self.quarantined("alice")
        self.assert_logged(f"in the quarantine as {item['id']}, was for mailbox Held")
        self.sieve("alice", "keep;")
        self.assertEqual([250], self.tries(message, count=1))
        self.doveadm_quarantine("release", "alice", item["id"])
        self.assertEqual([message], [without_trace(b) for b in self.bodies(mailbox="Held")])

    def test_bytes_that_are_held_encoded(self):
        self.sieve("alice", SCRIPT % "Later")
        message = self.samples.encrypted().rstrip(b"\r\n") + b"\r"
        self.assertEqual([451] * 3, self.tries(message, bdat=True))
        self.assertEqual(1, len(self.quarantined("alice")))

    def test_a_refusal_takes_it_back(self):
        self.sieve("alice", SCRIPT % "Never")
        self.assertEqual([550], self.tries(self.samples.plain(), count=1))
        self.assertEqual([], self.quarantined("alice"))
        self.assertEqual([], self.bodies(mailbox="Held"))
        self.assert_logged("taken back, since the message is refused")

    def test_a_refusal_takes_back_what_an_earlier_try_left(self):
        message = self.samples.plain()
        self.sieve("alice", SCRIPT % "Later")
        self.assertEqual([451], self.tries(message, count=1))
        self.assertEqual(1, len(self.quarantined("alice")))
        self.sieve("alice", SCRIPT % "Never")
        self.assertEqual([550], self.tries(message, count=1))
        self.assertEqual([], self.quarantined("alice"))

    def test_a_refusal_takes_back_what_was_held_for_any_mailbox(self):
        message = self.samples.plain()
        self.sieve("alice", SCRIPT % "Later")
        self.assertEqual([451], self.tries(message, count=1))
        for script in ('require "fileinto"; fileinto "Never";',
                       'require "fileinto"; fileinto "AlsoHeld"; fileinto "Never";'):
            self.sieve("alice", script)
            self.assertEqual([550], self.tries(message, count=1))
            self.assertEqual([], self.quarantined("alice"))

    def test_a_refusal_leaves_what_was_accepted_before(self):
        message = self.samples.plain()
        self.sieve("alice", 'require "fileinto"; fileinto "Held";')
        self.assertEqual([250], self.tries(message, count=1))
        before = self.quarantined("alice")
        self.assertEqual(1, len(before))
        self.sieve("alice", SCRIPT % "Never")
        self.assertEqual([550] * 2, self.tries(message, count=2))
        self.assertEqual(before, self.quarantined("alice"))

    def test_a_refusal_leaves_what_was_accepted_in_the_second_try(self):
        message = self.samples.plain()
        self.sieve("alice", SCRIPT % "Later")
        self.assertEqual([451], self.tries(message, count=1))
        self.sieve("alice", 'require "fileinto"; fileinto "Held"; fileinto "AlsoHeld";')
        self.assertEqual([250], self.tries(message, count=1))
        before = self.quarantined("alice")
        self.sieve("alice", SCRIPT % "Never")
        self.assertEqual([550], self.tries(message, count=1))
        self.assertEqual(before, self.quarantined("alice"))

    def test_a_refusal_leaves_what_a_client_saved(self):
        message = self.samples.plain()
        client = Imap(self.instance, "bob")
        client.create("Notes")
        self.assertEqual("NO", client.append("Notes", None, None, message)[0])
        client.logout()
        self.sieve("bob", SCRIPT % "Never")
        before = self.quarantined("bob")
        self.assertEqual([550], self.tries(message, "bob", 1, sender="bob"))
        self.assertEqual(before, self.quarantined("bob"))
        self.sieve("bob", "keep;")

    def test_tries_at_the_same_time(self):
        codes = []

        def send(message):
            codes.extend(self.tries(message, "carol", 1))

        for index in range(3):
            message = self.samples.plain(f"message {index}", "A long text.\n" * 20000)
            threads = [threading.Thread(target=send, args=(message,)) for _ in range(6)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        self.assertEqual([250] * 18, codes)
        self.assertEqual(3, len(self.quarantined("carol")))

    def test_others_are_left_there(self):
        self.sieve("alice", SCRIPT % "Later")
        other = self.samples.plain(subject="another")
        self.assertEqual([451], self.tries(other, count=1))
        before = self.quarantined("alice")
        self.sieve("alice", SCRIPT % "Never")
        self.assertEqual([550], self.tries(self.samples.plain(), count=1))
        self.assertEqual(before, self.quarantined("alice"))

    def test_what_is_another_message(self):
        """Another recipient, sender, mailbox or byte."""
        message = self.samples.plain()
        for kwargs in ({}, {"sender": "other@example.org"}):
            self.assertEqual([250] * 2, self.tries(message, "carol", 2, **kwargs))
        self.assertEqual([250] * 2, self.tries(message.replace(b"A sample", b"B sample"), "carol",
                                               2))
        self.assertEqual([250], self.tries(b"Received: from mx\r\n\tid 1; date\r\n" + message,
                                           "carol", 1))
        self.assertEqual([250], self.tries(b"Received: from mx\r\n\tid 2; date\r\n" + message,
                                           "carol", 1))
        self.assertEqual(5, len(self.quarantined("carol")))
        with Lmtp(self.instance) as lmtp:
            for _ in range(2):
                lmtp.send(message, ["carol+one@example.org"])
        self.assertEqual(6, len(self.quarantined("carol")))
        self.sieve("alice", SCRIPT % "Held/Too")
        self.assertEqual([250], self.tries(message, count=1))
        self.assertEqual(1, len(self.quarantined("alice")))

    def test_the_same_over_one_connection_and_to_more_recipients(self):
        message = self.samples.plain()
        with Lmtp(self.instance) as lmtp:
            for recipients in ("carol@example.org", ["carol@example.org", "bob@example.org"]):
                for code, _ in lmtp.send(message, recipients):
                    self.assertEqual(250, code)
        self.assertEqual(1, len(self.quarantined("carol")))

    def test_what_was_released_or_deleted_is_held_anew(self):
        message = self.samples.plain()
        ids = set()
        for action in ("release", "release", "delete"):
            self.assertEqual([250] * 2, self.tries(message, "carol", 2))
            (item,) = self.quarantined("carol")
            ids.add(item["id"])
            _, (result,) = self.doveadm_quarantine(action, "carol", item["id"])
            self.assertEqual(action + "d", result["result"])
        self.assertEqual(3, len(ids))
        self.assertEqual([message] * 2, [without_trace(b) for b in self.bodies("carol")])

    def test_the_first_one_s_bytes_stay(self):
        message = self.samples.plain()
        self.assertEqual([250], self.tries(message, "carol", 1))
        before = self.held_text("carol")
        self.assertEqual([250] * 2, self.tries(message, "carol", 2))
        self.assertEqual(before, self.held_text("carol"))

    def held_text(self, user):
        client = Imap(self.instance, f"{user}*reviewer", "Quarantine")
        texts = [client.body(uid) for uid in client.uids()]
        client.logout()
        return texts

    def test_a_lost_index(self):
        message = self.samples.plain()
        self.assertEqual([250], self.tries(message, "carol", 1))
        if "maildir" in self.location:
            for path in (self.instance.home("carol") / "Maildir").rglob("dovecot.index*"):
                path.unlink()
        self.assertEqual([250], self.tries(message, "carol", 1))
        self.assertEqual(1, len(self.quarantined("carol")))

    def test_a_client_that_appends_again(self):
        message = self.samples.plain()
        client = Imap(self.instance, "bob")
        client.create("Notes")
        texts = [client.append("Notes", None, None, message) for _ in range(3)]
        self.assertEqual(["NO"] * 3, [status for status, _ in texts])
        (item,) = self.quarantined("bob")
        self.doveadm_quarantine("release", "bob", item["id"])
        self.assertEqual(1, len(self.bodies("bob", "Notes")))
        self.assertEqual("NO", client.append("Notes", None, None, message)[0])
        (again,) = self.quarantined("bob")
        self.assertNotEqual(item["id"], again["id"])
        client.logout()


class VerdictsThatChange(DovecotCase):
    """The same message once more, of which the virus scanner says something else now."""

    settings = ('  smime_rule = scan=infected to=alice* reason="Virus" action=reject\n'
                "  smime_rule2 = class=any-encrypted mailbox=Held action=quarantine\n"
                "  smime_rule3 = to=bob* action=quarantine\n"
                "  smime_rule4 = class=any-encrypted to=carol* when=arrival action=quarantine\n")

    @classmethod
    def setUpClass(cls):
        cls.sockets = Path(tempfile.mkdtemp(prefix="smime-test-", dir="/tmp"))
        cls.sockets.chmod(0o755)
        cls.clamd = FakeClamd(cls.sockets / "clamd")
        cls.addClassCleanup(shutil.rmtree, cls.sockets)
        cls.addClassCleanup(cls.clamd.close)
        cls.instance_options = {"replace_rules": True,
                                "scanner_conf": f"clamd = {cls.sockets}/clamd\n"}
        super().setUpClass()
        cls.message = cls.samples.encrypted()

    def setUp(self):
        self.sieve("alice", 'require "fileinto"; fileinto "Held"; keep;')
        self.sieve("bob", "keep;")
        for user in ("alice", "bob", "carol"):
            for item in self.quarantined(user):
                self.doveadm_quarantine("delete", user, item["id"])

    def send(self, answer, user="alice"):
        self.clamd.answer = answer
        ((code, _),) = self.deliver(self.message, f"{user}@example.org")
        return code

    def test_held_without_a_verdict_and_refused_with_one(self):
        self.assertEqual(451, self.send(None))
        self.assertEqual(1, len(self.quarantined("alice")))
        self.assertEqual(550, self.send(FakeClamd.INFECTED))
        self.assertEqual([], self.quarantined("alice"))
        self.assert_logged("taken back, since the message is refused")

    def test_accepted_and_refused_later(self):
        self.assertEqual(250, self.send(FakeClamd.CLEAN))
        before = self.quarantined("alice")
        self.assertEqual(1, len(before))
        self.assertEqual(550, self.send(FakeClamd.INFECTED))
        self.assertEqual(before, self.quarantined("alice"))

    def test_the_record_says_what_is_so(self):
        for user in ("bob", "carol"):
            for answer in (FakeClamd.CLEAN, FakeClamd.INFECTED) * 2:
                self.assertEqual(250, self.send(answer, user))
            verdicts = []
            for item in self.quarantined(user):
                _, (shown,) = self.doveadm_quarantine("show", user, item["id"])
                verdicts.append(json.loads(shown["report"])["scan"]["verdict"])
            self.assertEqual(["uninspectable", "infected"], verdicts)


def define(name, **attributes):
    globals()[name] = type(name, (HeldOnce, DovecotCase), attributes)


define("HeldOnceInMaildir", location="maildir:~/Maildir")
class HeldOnceWithoutAnIndex(DovecotCase):
    """No mark is kept: what one delivery held and refuses is taken back all the same."""

    settings = ("  smime_rule = mailbox=Held action=quarantine\n"
                "  smime_rule2 = mailbox=Never action=reject\n")
    instance_options = {"replace_rules": True, "location": "maildir:~/Maildir:INDEX=MEMORY"}

    def test_a_refusal(self):
        message = self.samples.plain()
        self.sieve("alice", SCRIPT % "Never")
        self.assertEqual(550, self.deliver(message)[0][0])
        self.assertEqual([], self.quarantined("alice"))
        for _ in range(2):
            self.sieve("alice", 'require "fileinto"; fileinto "Held";')
            self.assertEqual(250, self.deliver(message)[0][0])
            self.assertEqual(1, len(self.quarantined("alice")))
            self.sieve("alice", SCRIPT % "Never")
            self.assertEqual(550, self.deliver(message)[0][0])
            self.assertEqual(1, len(self.quarantined("alice")))


define("HeldOnceInSdbox", location="sdbox:~/sdbox")
define("HeldOnceInMdbox", location="mdbox:~/mdbox")
define("HeldOnceInMbox", location="mbox:~/mail:INBOX=~/mail/inbox")
del HeldOnce
