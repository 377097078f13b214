"""The quarantine by other ways to its files than its name."""

from clients import PASSWORD
from test_access import SECRET, RawImap
from case import DovecotCase


class PathCase(DovecotCase):
    def setUp(self):
        self.clear()
        self.assert_accepted(self.samples.encrypted())
        self.client = RawImap(self.instance)
        self.addCleanup(self.client.close)

    def assert_closed(self, name):
        self.assertNotIn(name.encode(), self.client.run(f'LIST "" {name.rsplit("/", 1)[0]}*')[1])
        self.assertEqual("NO", self.client.run(f"STATUS {name} (MESSAGES)")[0])
        self.assertEqual("NO", self.client.run(f"SELECT {name}")[0])
        self.assertNotIn(SECRET, self.client.run("FETCH 1:* (BODY.PEEK[])")[1])


class LinkedStore(PathCase):
    """Another namespace has the same store by a symbolic link, with indexes and control files of its own."""

    extra = ("namespace linked {\n  prefix = Linked/\n  separator = /\n"
             "  location = maildir:~/link:INDEX=~/linked-index:CONTROL=~/linked-control\n  list = yes\n}\n")

    def setUp(self):
        link = self.instance.home("alice") / "link"
        self.instance.doveadm("mailbox", "create", "-u", "alice", "Work")
        link.symlink_to("Maildir")
        super().setUp()

    def test_it_is_closed_there(self):
        self.assertEqual("OK", self.client.run("SELECT Linked/Work")[0])
        self.assert_closed("Linked/Quarantine")


class LinkedMailbox(PathCase):
    def test_it_is_closed_there(self):
        store = self.instance.home("alice") / "Maildir"
        (store / ".Other").symlink_to(".Quarantine")
        self.assertEqual("NO", self.client.run("SELECT Other")[0])
        self.assertNotIn(SECRET, self.client.run("FETCH 1:* (BODY.PEEK[])")[1])
        self.assert_closed("Other")


class LowerCaseInbox(PathCase):
    """Dovecot takes inbox/ for INBOX/, in every case."""

    settings = "  smime_quarantine_mailbox = inbox/Held\n"

    def test_it_is_closed_in_every_case(self):
        for name in ("INBOX/Held", "inbox/Held", "Inbox/Held"):
            with self.subTest(name):
                self.assert_closed(name)
        self.assertEqual(1, len(self.quarantined("alice")))
        self.assertEqual("NO", self.client.run("DELETE INBOX/Held")[0])
