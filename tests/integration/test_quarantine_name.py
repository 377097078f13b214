"""The quarantine's name, and mail that is not held: a mailbox of that name that was there
before, mail that is filed into it, and what an administrator puts there."""

import json
import shlex
import subprocess

import dovecot_conf
from case import DovecotCase
from clients import Imap, without_trace
from test_access import SECRET, RawImap

BESIDE = "Quarantine-held"


class NameCase(DovecotCase):
    settings = "  smime_reviewers = reviewer\n"

    def new_user(self, name):
        """Each test has a user of its own."""
        self.user = name
        self.address = f"{name}@example.org"

    def save(self, mailbox, subject="Mine", create=True):
        """As an administrator, or as the mailbox was filled before the plugin was there."""
        if create:
            self.instance.doveadm("mailbox", "create", "-u", self.user, mailbox, check=False)
        self.instance.doveadm("save", "-u", self.user, "-m", mailbox,
                              input=self.samples.plain(subject))

    def hold(self, subject="encrypted sample"):
        message = self.samples.encrypted(subject)
        self.assert_accepted(message, self.address)
        return message

    def owner(self):
        client = RawImap(self.instance, self.user)
        self.addCleanup(client.close)
        return client

    def seen(self):
        """All that the owner finds, by mailbox."""
        client = RawImap(self.instance, self.user)
        _, answer = client.run('LIST "" "*"')
        names = [line.rsplit(b" ", 1)[1].decode() for line in answer.split(b"\r\n")
                 if line.startswith(b"* LIST")]
        found = {}
        for name in names:
            status, _ = client.run(f"EXAMINE {name}")
            found[name] = client.run("FETCH 1:* (BODY.PEEK[])")[1] if status == "OK" else b""
        client.close()
        return found

    @staticmethod
    def all_answers(client):
        """Of a session that goes on, or is ended meanwhile."""
        answer = b""
        try:
            for command in ("NOOP", "CHECK", "FETCH 1:* (ENVELOPE BODY.PEEK[])",
                            "UID FETCH 1:* (ENVELOPE BODY.PEEK[])", "SEARCH ALL"):
                answer += client.run(command)[1]
        except ConnectionError:
            pass
        return answer

    def ids(self):
        return [row["id"] for row in self.quarantined(self.user) if row["id"]]

    def status(self):
        done = self.instance.doveadm("-f", "json", "smime", "status", "-u", self.user, check=False)
        return [row for row in json.loads(done.stdout)
                if row["check"] == "quarantine" and row["state"] != "ok"]


class Foreign(NameCase):
    """A mailbox called Quarantine was there before the plugin."""

    instance_options = {"users": tuple(f"user{number}" for number in range(9))}

    def test_it_stays_its_owners_and_mail_is_held_beside_it(self):
        self.new_user("user0")
        self.save("Quarantine", "Mine before")
        original = self.hold()
        (held,) = self.ids()
        seen = self.seen()
        self.assertIn(b"Mine before", seen["Quarantine"])
        self.assertNotIn(BESIDE, seen)
        self.assertNotIn(SECRET, b"".join(seen.values()))
        (finding,) = self.status()
        self.assertEqual("error", finding["state"])
        self.assertIn("doveadm mailbox rename", finding["remedy"])
        client = self.owner()
        for command in (f"SELECT {BESIDE}", f"CREATE {BESIDE}", f"DELETE {BESIDE}"):
            self.assertEqual("NO", client.run(command)[0], command)
        # It is his: as it was, with all that he may do.
        self.assertEqual("OK", client.run("SELECT Quarantine")[0])
        self.assertEqual("OK", client.run("STORE 1 +FLAGS (\\Seen)")[0])
        self.assertEqual("OK", client.run("COPY 1 INBOX")[0])
        self.doveadm_quarantine("release", self.user, held)
        self.assertEqual([], self.ids())
        self.assertIn(original, [without_trace(body) for body in self.bodies(self.user)])

    def test_renamed_as_status_says(self):
        self.new_user("user1")
        self.save("Quarantine", "Mine before")
        self.hold("first sample")
        self.instance.doveadm("mailbox", "rename", "-u", self.user, "Quarantine", "Old")
        self.hold("second sample")
        self.assertEqual([], self.status())
        self.assertEqual(2, len(self.ids()))
        seen = self.seen()
        self.assertEqual({"INBOX", "Old"}, set(seen))
        self.assertIn(b"Mine before", seen["Old"])
        self.assertEqual("NO", self.owner().run("SELECT Quarantine")[0])
        for held in self.ids():
            self.doveadm_quarantine("delete", self.user, held)
        self.assertEqual([], self.ids())

    def test_emptied_while_it_is_selected(self):
        self.new_user("user2")
        self.save("Quarantine")
        client = self.owner()
        client.run("SELECT Quarantine")
        client.run("STORE 1 +FLAGS (\\Deleted)")
        client.run("EXPUNGE")
        self.hold()
        self.assertNotIn(SECRET, self.all_answers(client))
        self.assertNotIn(SECRET, b"".join(self.seen().values()))
        self.assertEqual(1, len(self.ids()))

    def test_renamed_while_it_is_selected(self):
        self.new_user("user3")
        self.save("Quarantine")
        client = self.owner()
        client.run("SELECT Quarantine")
        other = self.owner()
        self.assertEqual("OK", other.run("RENAME Quarantine Elsewhere")[0])
        self.assertEqual("NO", other.run("CREATE Quarantine")[0])
        self.hold()
        self.assertNotIn(SECRET, self.all_answers(client))
        self.assertEqual(1, len(self.ids()))

    def test_both_names_are_taken(self):
        """Neither is opened or closed: what must be held waits, and the log says what to do."""
        self.new_user("user4")
        self.save("Quarantine")
        self.save(BESIDE)
        ((code, _),) = self.deliver(self.samples.encrypted(), self.address)
        self.assertEqual(451, code)
        self.assert_logged("doveadm mailbox rename")
        self.assertEqual({"INBOX", "Quarantine", BESIDE}, set(self.seen()) | {"INBOX"})
        self.assertEqual(["error"], [row["state"] for row in self.status()])
        self.instance.doveadm("mailbox", "rename", "-u", self.user, BESIDE, "Old")
        self.hold()
        self.assertEqual(1, len(self.ids()))

    def test_an_empty_one_is_taken(self):
        self.new_user("user5")
        self.instance.doveadm("mailbox", "create", "-u", self.user, "Quarantine")
        self.hold()
        self.assertEqual([], self.status())
        self.assertNotIn("Quarantine", self.seen())

    def test_held_mail_without_a_mark_closes_it(self):
        """A quarantine of an earlier version, or one whose index was lost."""
        self.new_user("user6")
        self.hold()
        self.save("Quarantine", "Stray", create=False)
        for path in (self.instance.home(self.user) / "Maildir" / ".Quarantine").glob("dovecot.*"):
            path.unlink()
        self.assertNotIn("Quarantine", self.seen())
        self.assertEqual("NO", self.owner().run("SELECT Quarantine")[0])

    def test_what_an_administrator_puts_there_is_told(self):
        self.new_user("user7")
        self.hold()
        self.instance.doveadm("save", "-u", self.user, input=self.samples.plain("Stray"))
        self.instance.doveadm("copy", "-u", self.user, "Quarantine", "mailbox", "INBOX",
                              "subject", "Stray")
        rows = self.quarantined(self.user)
        self.assertEqual(["", "foreign"], [rows[1]["id"], rows[1]["class"]], rows)
        (finding,) = self.status()
        self.assertEqual("error", finding["state"])
        self.assertIn("1 message", finding["detail"])
        query = finding["remedy"].split("doveadm ", 1)[1].split(":")[0]
        self.instance.doveadm(*shlex.split(query.replace("USER", self.user)))
        self.assertEqual(1, len(self.quarantined(self.user)))
        self.assertEqual([], self.status())
        self.assertEqual(2, self.seen()["INBOX"].count(b"Subject: Stray"))

    def test_all_that_was_held_is_gone_and_it_stays_closed(self):
        self.new_user("user8")
        self.hold()
        self.doveadm_quarantine("delete", self.user, self.ids()[0])
        self.save("Quarantine", "Stray", create=False)
        self.assertNotIn("Quarantine", self.seen())
        self.assertEqual(["foreign"], [row["class"] for row in self.quarantined(self.user)])


class WithoutIndexFiles(NameCase):
    """Whose a mailbox is cannot be kept: the messages tell each time, also to a session that
    has it open."""

    instance_options = {"users": ("user2", "user3"), "location": "maildir:~/Maildir:INDEX=MEMORY"}
    test_emptied_while_it_is_selected = Foreign.test_emptied_while_it_is_selected
    test_renamed_while_it_is_selected = Foreign.test_renamed_while_it_is_selected


class Filed(NameCase):
    """Plain mail that is filed into the quarantine: for all but us it is not there."""

    settings = "  smime_reviewers_all_mail = reviewer\n"
    extra = """
lmtp_save_to_detail_mailbox = yes
recipient_delimiter = +
""" + dovecot_conf.ALIAS_NAMESPACE
    instance_options = {"protocols": "imap lmtp"}
    names = ("Quarantine", "Quarantine/Child", "Compat/Quarantine", BESIDE, "Quarantine/",
             f"{BESIDE}/Child")

    def setUp(self):
        self.new_user("alice")
        self.sieve("alice", "keep;")
        self.clear()

    def assert_in_inbox(self, subject):
        client = Imap(self.instance, "alice", "INBOX")
        found = client.uid("search", None, "SUBJECT", f'"{subject}"')[1][0].split()
        client.logout()
        self.assertEqual(1, len(found), self.instance.log()[-2500:])
        for row in self.quarantined("alice"):
            self.assertNotEqual("foreign", row["class"])

    def file(self):
        number = 0
        for name in self.names:
            for create in ("", ":create "):
                number += 1
                with self.subTest(name=name, create=create):
                    self.sieve("alice", f'require ["fileinto", "mailbox"];\nfileinto {create}'
                                        f'"{name}";\n')
                    self.assert_accepted(self.samples.plain(f"Filed {number}"), self.address)
                    self.assert_in_inbox(f"Filed {number}")

    def assert_nothing_made(self):
        """Neither the quarantine nor anything below it."""
        self.assertNotIn("uarantine", " ".join(self.seen()))

    def test_by_sieve(self):
        self.file()
        self.assert_nothing_made()

    def test_by_sieve_where_mail_is_held(self):
        self.hold()
        self.file()
        self.assert_nothing_made()

    def test_by_the_address(self):
        for number, name in enumerate(self.names):
            with self.subTest(name):
                self.assert_accepted(self.samples.plain(f"Detail {number}"),
                                     f"alice+{name}@example.org")
                self.assert_in_inbox(f"Detail {number}")

    def test_by_dovecot_lda(self):
        for number, name in enumerate(self.names):
            with self.subTest(name):
                done = subprocess.run(
                    ["/usr/lib/dovecot/dovecot-lda", "-c", str(self.instance.conf), "-d", "alice",
                     "-m", name], input=self.samples.plain(f"Lda {number}"), capture_output=True,
                    env=self.instance.environment())
                self.assertEqual(0, done.returncode, done.stderr)
                self.assert_in_inbox(f"Lda {number}")

    def test_by_a_reviewer(self):
        self.hold()
        self.assert_accepted(self.samples.plain("Reviewed"), self.address)
        client = RawImap(self.instance, "alice*reviewer")
        message = self.samples.plain("Appended")
        for name in ("Quarantine", "Compat/Quarantine"):
            self.assertEqual("NO", client.run(f"APPEND {name} {{%d}}" % len(message), message)[0])
            client.run("SELECT INBOX")
            for command in ("COPY", "MOVE"):
                self.assertEqual("NO", client.run(f"{command} 1 {name}")[0], command)
        client.run("SELECT Quarantine")
        self.assertEqual("NO", client.run("COPY 1 Quarantine")[0])
        client.close()
        self.assertEqual(1, len(self.quarantined("alice")))
        self.assert_in_inbox("Reviewed")


class OpenToItsOwner(Filed):
    """He reads it, and files nothing into it either."""

    settings = Filed.settings + "  smime_quarantine_access = owner\n"

    def assert_nothing_made(self):
        self.assertLessEqual(set(self.seen()), {"INBOX", "Quarantine"})

    def test_by_the_owner(self):
        self.hold()
        client = self.owner()
        message = self.samples.plain("Appended")
        self.assertEqual("NO", client.run("APPEND Quarantine {%d}" % len(message), message)[0])
        client.run("SELECT Quarantine")
        self.assertIn(SECRET, client.run("FETCH 1 (BODY.PEEK[])")[1])
