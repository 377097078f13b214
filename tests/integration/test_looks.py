"""The audit trail of looks, and who did what, by which way, from where and why."""

import json

from clients import Imap
from test_roles import RolesCase

LISTED = ("FLAGS", "UID", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE", "BODYSTRUCTURE",
          "BODY.PEEK[HEADER]", "BODY.PEEK[HEADER.FIELDS (Subject X-SMIME-Quarantine-Id)]")


class Looks(RolesCase):
    def events(self, item=None):
        """Ours behind the first of this id, which is that it was held; without an id, those
        that have none."""
        found = []
        for line in self.instance.settled_log().splitlines():
            start = line.find('{"event":"smime_')
            event = json.loads(line[start:]) if start >= 0 else {}
            if event and event["fields"].get("id") == item:
                found.append((event["event"].removeprefix("smime_"), event["fields"]))
        return found[1:] if item else found

    def assert_one(self, item, event, **fields):
        ((name, found),) = self.events(item)
        self.assertEqual((event, fields), (name, {key: found.get(key) for key in fields}))

    def client(self, name="mover"):
        client = Imap(self.instance, f"alice*{name}", "Quarantine")
        self.addCleanup(client.logout)
        return client

    def test_a_list_in_a_mail_client_is_no_look(self):
        for items in (*LISTED, " ".join(LISTED)):
            with self.subTest(items):
                self.clear("alice")
                item = self.held()
                self.assertEqual("OK", self.client().fetch("1:*", f"({items})")[0])
                self.assertEqual([], self.events(item))

    def test_content_is_one_look_for_each_session(self):
        for look in (lambda c: c.fetch("1", "(BODY.PEEK[])"), lambda c: c.fetch("1", "(RFC822.TEXT)"),
                     lambda c: c.fetch("1", "(BODY.PEEK[TEXT]<0.10>)"),
                     lambda c: c.fetch("1", "(BINARY.PEEK[1])"), lambda c: c.fetch("1", "(PREVIEW)"),
                     lambda c: c.search(None, "TEXT", "nothing"),
                     lambda c: c.search(None, "BODY", "nothing")):
            self.clear("alice")
            item = self.held()
            client = self.client()
            self.assertEqual("OK", look(client)[0])
            look(client)
            client.fetch("1", "(BODY.PEEK[])")
            self.assert_one(item, "message_viewed", actor="mover", user="alice", way="imap",
                            remote_ip="127.0.0.1", action="viewed", mailbox="Quarantine")
        self.client().fetch("1", "(BODY.PEEK[])")
        self.assertEqual(2, len(self.events(item)))
        self.assert_logged(f"quarantine id {item}: viewed over IMAP by mover")

    def test_a_release_is_no_look(self):
        for command in ("copy", "move"):
            self.clear("alice")
            item = self.held()
            self.client("full").uid(command, "1:*", "INBOX")
            self.assert_one(item, "message_released", actor="full", way="imap", action="released")

    def test_the_owner_who_may_look(self):
        item = self.held()
        self.client("chief").fetch("1", "(RFC822)")
        self.assert_one(item, "message_viewed", actor="chief")

    def test_show(self):
        item = self.held()
        self.assertNotIn("shown", self.shell("show", "alice", item)[2])
        item = self.held()
        self.shell("show", "alice", "--as", "reader", "--reason", "Ticket 42 \"a\\b\" ü", item)
        self.assert_one(item, "message_viewed", actor="reader", said_by="root", way="doveadm",
                        reason="Ticket 42 \"a\\b\" ü", action="shown")
        item = self.held()
        self.http("smimeQuarantineShow", user="alice", id=[item], reason="why", **{"as": "reader"})
        self.assert_one(item, "message_viewed", actor="reader", said_by="doveadm server",
                        way="http", remote_ip="127.0.0.1", terminal=None, reason="why",
                        action="shown")
        self.assert_logged(f"{item}: shown to reader (as doveadm server says) (reason: why)")

    def test_who_is_refused_did_not_look(self):
        item = self.held()
        self.shell("show", "alice", "--as", "blind", item)
        self.shell("show", "alice", "--as", "stranger", item)
        self.shell("release", "alice", "--as", "reader", item)
        self.assertEqual([], self.events(item))

    def test_list(self):
        self.held()
        before = len(self.events())
        self.http("smimeQuarantineList", user="alice", **{"as": "reader"})
        self.http("smimeQuarantineList", user="alice", **{"as": "stranger"})
        self.http("smimeQuarantineList", user="carol", **{"as": "reader"})
        ((name, fields),) = self.events()[before:]
        self.assertEqual(("quarantine_opened", "listed", "reader", "http", "alice"),
                         (name, *(fields[key] for key in ("action", "actor", "way", "user"))))
        self.assert_logged("quarantine: 1 listed to reader (as doveadm server says)")

    def test_acts_say_all_of_it(self):
        for act, done in (("release", "released"), ("reject", "rejected"), ("delete", "deleted")):
            item = self.held()
            self.shell(act, "alice", "--as", "full", "--reason", "Ticket 43", item)
            self.assert_one(item, "message_released", actor="full", said_by="root", way="doveadm",
                            reason="Ticket 43", action=done)
            item = self.held()
            self.http(f"smimeQuarantine{act.capitalize()}", user="alice", id=[item],
                      reason="Ticket 44", **{"as": "full"})
            self.assert_one(item, "message_released", actor="full", said_by="doveadm server",
                            way="http", reason="Ticket 44", action=done, remote_ip="127.0.0.1")
