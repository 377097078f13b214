"""Our marks on held messages: whoever reads the quarantine over IMAP leaves them."""

from clients import Imap, crlf
from test_notify import NotifyCase


class Marks(NotifyCase):
    rules = NotifyCase.rules + "  smime_reviewers = reviewer\n"

    def store(self, action, flags):
        with Imap(self.instance, "alice*reviewer") as client:
            client.select("Quarantine")
            return client.uid("STORE", "1:*", action, flags)

    def test_a_reviewer_who_replaces_flags_makes_no_second_notice(self):
        self.hold()
        self.assertEqual([("alice", "1", "sent")], self.notify("-u", "alice", "--now"))
        self.store("FLAGS", r"(\Seen)")
        self.store("-FLAGS", "($SMIMETold $SMIMETelling)")
        self.store("-FLAGS", "($smimetold $smimetelling)")
        self.assertEqual([], self.notify("-u", "alice", "--now"))
        self.assertEqual(1, len(self.notices()))

    def test_a_reviewer_takes_no_mark_of_a_release(self):
        self.hold()
        self.instance.doveadm("flags", "add", "-u", "alice", "$SMIMEReleasing", "mailbox",
                              "Quarantine", "all")
        self.store("FLAGS", r"(\Seen)")
        self.store("-FLAGS", "($smimereleasing)")
        self.assertIn(b"$SMIMEReleasing", self.marks())
        self.instance.doveadm("flags", "remove", "-u", "alice", "$SMIMEReleasing", "mailbox",
                              "Quarantine", "all")
        self.store("+FLAGS", "($SMIMEReleasing)")
        self.assertNotIn(b"SMIMEReleasing", self.marks())

    def marks(self):
        return self.instance.doveadm("fetch", "-u", "alice", "flags", "mailbox", "Quarantine",
                                     "all").stdout

    def test_a_reviewer_makes_and_keeps_back_no_notice(self):
        self.hold()
        self.hold(sender="quiet@example.org", message=crlf(b"Subject: x\n\nplain\n"))
        self.store("+FLAGS", r"($SMIMETold $smimewarned)")
        self.store("+FLAGS", "($SMIMETelling $SMIMEWarning)")
        self.store("FLAGS", "($SMIMETelling $SMIMEWarning $SMIMEWarned Own)")
        self.assertEqual([("alice", "1", "sent")], self.notify("-u", "alice", "--now"))
        self.assertEqual(1, len(self.notices()))
