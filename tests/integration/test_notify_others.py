"""doveadm smime notify: senders, and addresses that a rule names, are told by mail that goes out."""

import email
import email.policy
import os
import signal
import socketserver
import subprocess
import threading

from clients import Imap, crlf
from test_notify import NotifyCase
from test_review import Smtp


class KillingSmtp(Smtp):
    """Ends server.victim once it has the mail, before it says so."""

    def handle(self):
        self.wfile = Ear(self.wfile, self.server)
        super().handle()


class Ear:
    def __init__(self, out, server):
        self.out, self.server, self.seen = out, server, len(server.mails)

    def write(self, data):
        if len(self.server.mails) > self.seen and self.server.victim:
            os.kill(self.server.victim.pid, signal.SIGKILL)
            self.server.victim = None
            raise ConnectionError
        return self.out.write(data)

    def __getattr__(self, name):
        return getattr(self.out, name)


class OthersCase(NotifyCase):
    rules = ("  smime_rule = from=tell@* class=any-encrypted notify=sender action=quarantine\n"
             "  smime_rule2 = from=all@* class=any-encrypted "
             "notify=recipient,help@example.net,sender,desk@example.net action=quarantine\n"
             "  smime_rule3 = class=any-encrypted notify=help@example.net reason=\"It is sealed\" "
             "action=quarantine\n"
             "  smime_rule4 = from=open@* notify=sender action=quarantine\n"
             "  smime_reviewers = reviewer\n")

    @classmethod
    def before_start(cls):
        super().before_start()
        cls.mta = socketserver.ThreadingTCPServer(("127.0.0.1", 0), KillingSmtp)
        cls.mta.handle_error = lambda *_: None
        cls.mta.daemon_threads = True
        cls.mta.mails, cls.mta.answer, cls.mta.victim = [], b"250", None
        threading.Thread(target=cls.mta.serve_forever, daemon=True).start()
        cls.instance.extra = (f"submission_host = 127.0.0.1:{cls.mta.server_address[1]}\n"
                              "hostname = imap.example.org\n")

    @classmethod
    def tearDownClass(cls):
        cls.mta.shutdown()
        cls.mta.server_close()
        super().tearDownClass()

    def setUp(self):
        super().setUp()
        self.mta.mails.clear()
        self.mta.answer = b"250"

    def mails(self):
        """By their addresses, after a look at their form."""
        found = {}
        for sender, recipients, data in self.mta.mails:
            self.assertIn(b"FROM:<>", sender)
            (to,) = recipients
            mail = email.message_from_bytes(data, policy=email.policy.default)
            self.assertEqual("text/plain", mail.get_content_type())
            self.assertRegex(mail["Message-ID"], r"^<[0-9a-f]{32}\.others@imap\.example\.org>$")
            address = to.split(b"<")[1].split(b">")[0].decode()
            self.assertEqual(address, mail["To"])
            found.setdefault(address, []).append(mail)
        return found

    def marks(self):
        return self.instance.doveadm("fetch", "-u", "alice", "flags", "mailbox", "Quarantine",
                                     "all").stdout


class Others(OthersCase):
    def test_an_address_is_told_once_of_all(self):
        items = [self.hold(), self.hold(sender="other@example.org")]
        self.assertEqual([("alice", "2", "sent to help@example.net")],
                         self.notify("-u", "alice", "--now"))
        (mail,) = self.mails()["help@example.net"]
        self.assertEqual("auto-generated", mail["Auto-Submitted"])
        text = mail.get_content()
        for word in (*items, "other@example.org", "It is sealed", "encrypted sample",
                     f"doveadm smime quarantine show -u alice {items[0]}"):
            self.assertIn(word, text)
        self.assertEqual([], self.bodies())
        self.assertEqual([], self.notify("-u", "alice", "--now"))
        later = self.hold()
        self.notify("-u", "alice", "--now")
        self.assertIn(later, self.mails()["help@example.net"][1].get_content())
        self.assertNotIn(items[0], self.mails()["help@example.net"][1].get_content())

    def test_it_waits_for_the_interval(self):
        self.hold()
        self.assertEqual([], self.notify("-u", "alice"))
        self.assertEqual([], self.mta.mails)

    def test_the_sender_is_told_that_it_waits(self):
        item = self.hold(sender="tell@example.org")
        self.hold("bob", sender="tell@example.org")
        # One each time, whoever he wrote to.
        self.assertEqual([("1", "sent to tell@example.org")],
                         [row[1:] for row in self.notify("-A", "--now")])
        self.assertEqual([("1", "sent to tell@example.org")],
                         [row[1:] for row in self.notify("-A", "--now")])
        self.assertEqual([], self.notify("-A", "--now"))
        mails = self.mails()["tell@example.org"]
        self.assertEqual({"auto-replied"}, {mail["Auto-Submitted"] for mail in mails})
        text = "".join(mail.get_content() for mail in mails)
        self.assertIn(item, text)
        self.assertIn("To:       alice@example.org", text)

    def test_all_of_them_and_a_release_has_no_marks(self):
        item = self.hold(sender="all@example.org")
        rows = self.notify("-u", "alice", "--now")
        self.assertEqual([("alice", "1", "sent"), ("alice", "1", "sent to all@example.org"),
                          ("alice", "1", "sent to desk@example.net"),
                          ("alice", "1", "sent to help@example.net")], [rows[0], *sorted(rows[1:])])
        self.assertEqual(1, len(self.notices()))
        for mark in (b"$SMIMESenderTold", b"$SMIMEOthersTold", b"$SMIMEOthers2Told"):
            self.assertIn(mark, self.marks())
        self.doveadm_quarantine("release", "alice", item)
        flags = self.instance.doveadm("-f", "flow", "fetch", "-u", "alice", "flags", "mailbox",
                                      "INBOX").stdout
        self.assertNotIn(b"SMIMEOthers", flags)
        self.assertNotIn(b"SMIMESender", flags)

    def test_what_is_not_taken_is_sent_later(self):
        """And the recipient's notice does not wait for it."""
        self.hold(sender="all@example.org")
        for answer in (b"450", b"550"):
            self.mta.answer = answer
            rows = self.notify("-u", "alice", "--now", code=75)
            self.assertEqual([("alice", "1", "sent")] if answer == b"450" else [], rows)
            self.assertIn('"help@example.net" is not told yet', self.error)
            self.assertIn("submission_host", self.error)
            self.assertNotIn(b"Told", self.marks().replace(b"$SMIMETold", b""))
        self.assertEqual(1, len(self.notices()))
        # What comes meanwhile waits for the next.
        later = self.hold(sender="all@example.org")
        self.mta.answer = b"250"
        self.notify("-u", "alice", "--now")
        self.assertEqual({"all@example.org", "help@example.net", "desk@example.net"},
                         set(self.mails()))
        self.assertNotIn(later, self.mails()["help@example.net"][0].get_content())
        self.mta.mails.clear()
        self.notify("-u", "alice", "--now")
        self.assertIn(later, self.mails()["help@example.net"][0].get_content())

    def test_killed_behind_the_submission_it_is_the_same_mail(self):
        for sender, to in (("x@example.org", "help@example.net"),
                           ("tell@example.org", "tell@example.org")):
            self.setUp()
            self.hold(sender=sender)
            command = [str(self.instance.dir / "doveadm"), "smime", "notify", "-u", "alice",
                       "--now"]
            with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
                self.mta.victim = process
                self.assertEqual(-signal.SIGKILL, process.wait(60))
            self.assertEqual(1, len(self.mta.mails))
            self.hold(sender=sender)
            self.assertEqual([("alice", "1", f"sent to {to}")], self.notify("-u", "alice"))
            first, second = self.mails()[to]
            self.assertEqual(first["Message-ID"], second["Message-ID"])
            self.assertEqual(first.get_content(), second.get_content())

    def test_machines_and_lists_are_not_told(self):
        for number, field in enumerate(("Auto-Submitted: auto-replied", "Precedence: bulk",
                                        "List-Id: <l.example.org>", "X: y")):
            self.hold(sender="open@example.org", message=crlf(
                f"{field}\nFrom: open@example.org\nSubject: {number}\n\nplain\n".encode()))
        self.assertEqual([("alice", "1", "sent to open@example.org")],
                         self.notify("-u", "alice", "--now"))
        self.assertIn("Subject:  3", self.mails()["open@example.org"][0].get_content())

    def test_no_client_makes_or_keeps_back_a_mail(self):
        self.hold()
        self.hold(sender="tell@example.org")
        with Imap(self.instance, "alice*reviewer") as client:
            client.select("Quarantine")
            client.uid("STORE", "1:*", "+FLAGS", "($SMIMEOthersTold $SMIMESenderTold Own)")
        self.assertEqual(2, len(self.notify("-u", "alice", "--now")))
        with Imap(self.instance, "alice*reviewer") as client:
            client.select("Quarantine")
            client.uid("STORE", "1:*", "-FLAGS", "($SMIMEOthersTold $SMIMESenderTold)")
            client.uid("STORE", "1:*", "FLAGS", r"(\Seen)")
        self.assertEqual([], self.notify("-u", "alice", "--now"))


class Quiet(OthersCase):
    """smime_register_subject = no: subjects stay where the messages are."""
    more = OthersCase.more + "  smime_register_subject = no\n"

    def test_no_subject_goes_out(self):
        self.hold()
        self.hold(sender="tell@example.org")
        self.notify("-u", "alice", "--now")
        self.assertEqual(2, len(self.mails()))
        for _, _, data in self.mta.mails:
            self.assertNotIn(b"encrypted sample", data)


class HoldsItsOwn(OthersCase):
    """A rule that holds all, and tells an address that is here."""
    rules = "  smime_rule = scan=!infected notify=bob@example.org,sender action=quarantine\n"

    def test_no_notice_makes_the_next(self):
        self.hold(message=crlf(b"Subject: x\n\nplain\n"))
        self.assertEqual(2, len(self.notify("-A", "--now")))
        for _, recipients, data in list(self.mta.mails):
            # The one to bob, and one to the sender by an alias of his.
            self.assert_accepted(data, "bob@example.org", sender="")
            self.assert_accepted(data, "alice@example.org", sender="")
        self.assertEqual([], self.notify("-A", "--now"))
        self.assertEqual(2, len(self.mta.mails))
