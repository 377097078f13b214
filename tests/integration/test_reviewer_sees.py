"""What a "user*reviewer" login sees: the quarantine, and nothing else of the user's mail."""

import json

from case import DovecotCase
from clients import PASSWORD, Imap, without_trace
from dovecot_conf import ALIAS_NAMESPACE, URLAUTH_AND_POP3, VIRTUAL_NAMESPACE
from instance import free_port
from test_access import SECRET, RawClient, RawImap

EXTRA = ALIAS_NAMESPACE + VIRTUAL_NAMESPACE + """
mail_attribute_dict = file:%h/attributes
protocol imap {
  imap_metadata = yes
  imap_urlauth_host = test.example.org
}
""" + URLAUTH_AND_POP3
PRIVATE = b"Private matter"


class ReviewerCase(DovecotCase):
    settings = ("  smime_reviewers = reviewer\n  smime_reviewers_all_mail = chief\n"
                "  quota = count:User quota\n  quota_rule = *:storage=100M\n  quota_vsizes = yes\n")
    instance_options = {"protocols": "imap lmtp pop3", "global_plugins": "virtual quota"}

    @classmethod
    def before_start(cls):
        cls.pop3_port = free_port()
        cls.instance.extra = EXTRA.replace("POP3PORT", str(cls.pop3_port))

    def setUp(self):
        masters = self.instance.dir / "masters"
        masters.write_text("".join(f"{name}:{{PLAIN}}{PASSWORD}\n"
                                   for name in ("reviewer", "chief", "stranger")))
        self.clear()
        self.instance.doveadm("mailbox", "create", "-s", "-u", "alice", "Work", check=False)
        self.original = self.samples.encrypted()
        self.assert_accepted(self.original)
        for mailbox in ("INBOX", "Work"):
            self.instance.doveadm("save", "-u", "alice", "-m", mailbox,
                                  input=self.samples.plain(PRIVATE.decode()))
        self.reviewer = self.login("reviewer")

    def login(self, master):
        client = RawImap(self.instance, f"alice*{master}")
        self.addCleanup(client.close)
        return client

    def refused(self, command, literal=None):
        status, answer = self.reviewer.run(command, literal)
        self.assertIn(status, ("NO", "BAD"), f"{command}: {answer}")
        self.assertNotIn(PRIVATE, answer)
        return answer

    def allowed(self, command, client=None):
        status, answer = (client or self.reviewer).run(command)
        self.assertEqual("OK", status, f"{command}: {answer}")
        return answer

    def listed(self, answer):
        """But for the prefix of a namespace, which is the server's."""
        return sorted({line.rsplit(b" ", 1)[1].decode().strip('"')
                       for line in answer.split(b"\r\n")
                       if line.startswith((b"* LIST", b"* LSUB"))} - {"Virtual"})


class Reviewer(ReviewerCase):
    def test_other_mailboxes_are_closed(self):
        for name in ("INBOX", "Work", "Compat/Work", "Virtual/All", "Nonesuch"):
            for command in (f"SELECT {name}", f"EXAMINE {name}", f"STATUS {name} (MESSAGES)",
                            f"GETMETADATA {name} /private/comment",
                            f'SETMETADATA {name} (/private/comment "x")',
                            f"CREATE {name}", f"DELETE {name}", f"RENAME {name} Other",
                            f"SUBSCRIBE {name}"):
                with self.subTest(command):
                    self.refused(command)
        self.refused("UNSUBSCRIBE Work")
        self.assertIn(b"Reviewers open the quarantine alone", self.refused("SELECT INBOX"))
        self.assertEqual([b"Work"], self.guids_named("Work"))

    def guids_named(self, mailbox):
        return [line for line in self.instance.doveadm("mailbox", "list", "-u", "alice",
                                                       mailbox).stdout.split()]

    def test_nothing_is_selected_by_a_select_that_is_refused(self):
        self.refused("SELECT INBOX")
        for command in ("FETCH 1 (BODY[])", "UID FETCH 1:* (ENVELOPE)", "SEARCH ALL",
                        "UID SEARCH SUBJECT Private", "COPY 1 Quarantine", "MOVE 1 Work",
                        "STORE 1 +FLAGS (\\Deleted)", "THREAD REFS UTF-8 ALL", "EXPUNGE"):
            with self.subTest(command):
                self.refused(command)

    def test_nothing_is_saved_but_by_a_release(self):
        message = self.samples.plain()
        for name in ("INBOX", "Work", "Quarantine"):
            self.refused(f"APPEND {name} {{%d}}" % len(message), message)
        self.refused('APPEND Work CATENATE (URL "/INBOX/;UID=1")')
        url = "imap://alice@test.example.org/INBOX/;UID=1;urlauth=user+alice"
        self.assertNotIn(PRIVATE, self.reviewer.run(f'GENURLAUTH "{url}" INTERNAL')[1])
        for command in ('GETMETADATA "" /private/comment', 'SETMETADATA "" (/private/comment "x")'):
            self.refused(command)

    def test_lists(self):
        for command in ('LIST "" *', 'LIST "" %', 'LIST "" W*', 'LSUB "" *',
                        'LIST (SUBSCRIBED) "" *', 'LIST "" * RETURN (STATUS (MESSAGES))',
                        'LIST "" ("*" "Work") RETURN (CHILDREN SUBSCRIBED)'):
            with self.subTest(command):
                answer = self.reviewer.run(command)[1]
                self.assertLessEqual(set(self.listed(answer)), {"INBOX", "Quarantine"})
                self.assertNotIn(b"STATUS INBOX", answer)
        self.assertEqual(["INBOX", "Quarantine"], self.listed(self.allowed('LIST "" *')))
        self.assertEqual(["Compat/Quarantine"], self.listed(self.allowed('LIST "" Compat/*')))
        self.assertIn(b"MESSAGES 1", self.allowed("STATUS Quarantine (MESSAGES)"))

    def test_notify(self):
        """Neither does a reviewer learn of what happens elsewhere, nor the owner of a new
        quarantine."""
        owner = RawImap(self.instance, "bob")
        self.addCleanup(owner.close)
        for client in (self.reviewer, owner):
            self.allowed("NOTIFY SET (personal (MailboxName SubscriptionChange MessageNew "
                         "MessageExpunge))", client)
        self.instance.doveadm("mailbox", "create", "-s", "-u", "alice", "Secret")
        self.instance.doveadm("save", "-u", "alice", "-m", "Work", input=self.samples.plain())
        self.instance.doveadm("mailbox", "rename", "-u", "alice", "Secret", "Secret2")
        self.assert_accepted(self.samples.encrypted(), "bob@example.org")
        self.instance.doveadm("mailbox", "create", "-u", "bob", "Seen")
        found = b""
        import time
        for _ in range(4):
            time.sleep(0.6)
            found += owner.run("NOOP")[1]
            answer = self.reviewer.run("NOOP")[1]
            self.assertNotIn(b"Secret", answer)
            self.assertNotIn(b"Work", answer)
        self.assertIn(b"Seen", found)
        self.assertNotIn(b"uarantine", found)

    def test_the_quarantine_is_open_and_releases_go_anywhere(self):
        self.allowed("SELECT Quarantine")
        self.assertIn(SECRET, self.allowed("FETCH 1 (BODY.PEEK[])"))
        self.allowed("COPY 1 Work")
        self.allowed("MOVE 1 INBOX")
        for mailbox in ("Work", "INBOX"):
            self.assertIn(self.original,
                          [without_trace(body) for body in self.bodies(mailbox=mailbox)])
        self.assertEqual([], self.quarantined("alice"))

    def test_a_release_before_any_mail_was_delivered(self):
        self.assert_accepted(self.original, "carol@example.org")
        client = Imap(self.instance, "carol*reviewer", "Quarantine")
        self.assertEqual("OK", client.uid("move", client.uids()[-1], "INBOX")[0])
        client.logout()
        self.assertEqual([self.original], [without_trace(b) for b in self.bodies("carol")])

    def test_opening_is_told(self):
        def opened():
            return [json.loads("{" + line.split("{", 1)[1]) for line in
                    self.instance.settled_log().split("\n")
                    if '"event":"smime_quarantine_opened"' in line]
        before = len(opened())
        self.allowed("STATUS Quarantine (MESSAGES UNSEEN)")
        self.refused("SELECT Work")
        self.assertEqual(before, len(opened()))
        self.allowed("EXAMINE Quarantine")
        (line,) = opened()[before:]
        self.assertEqual(("alice", "reviewer", "Quarantine", "127.0.0.1"), tuple(
            line["fields"][name] for name in ("user", "actor", "mailbox", "remote_ip")))
        self.assert_logged("quarantine: mailbox Quarantine opened over imap by reviewer")

    def test_pop3(self):
        """It has INBOX alone."""
        pop3 = RawClient(self.pop3_port)
        pop3.socket.sendall(f"USER alice*reviewer\r\nPASS {PASSWORD}\r\nSTAT\r\nRETR 1\r\nQUIT\r\n"
                            .encode())
        answers = pop3.reader.read()
        pop3.close()
        self.assertNotIn(PRIVATE, answers)
        self.assertNotIn(b"Logged in", answers)
        self.assert_logged("reviewers log in over IMAP alone")

    def test_who_sees_all_mail(self):
        chief = self.login("chief")
        self.assertIn("Work", self.listed(self.allowed('LIST "" *', chief)))
        self.allowed("SELECT Work", chief)
        self.assertIn(PRIVATE, self.allowed("FETCH 1 (BODY.PEEK[])", chief))
        self.allowed("SELECT Quarantine", chief)
        self.allowed("MOVE 1 INBOX", chief)
        self.assert_logged("released to mailbox INBOX over IMAP by chief")

    def test_other_masters_are_as_they_were(self):
        stranger = self.login("stranger")
        self.allowed("SELECT Work", stranger)
        self.assertEqual("NO", stranger.run("SELECT Quarantine")[0])


class Nested(ReviewerCase):
    settings = ReviewerCase.settings + "  smime_quarantine_mailbox = Held/Mail\n"

    def test_it_is_found_by_its_parent(self):
        self.assertEqual(["Held", "INBOX"], self.listed(self.allowed('LIST "" %')))
        self.assertEqual(["Held/Mail"], self.listed(self.allowed('LIST "" Held/%')))
        self.allowed("SELECT Held/Mail")
