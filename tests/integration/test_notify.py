"""doveadm smime notify: a user is told what is held for him, in one mail, and once."""

import email
import json
import re
import shutil
import signal
import subprocess
import time
from email.header import decode_header, make_header
from pathlib import Path

from case import DovecotCase
from clients import crlf

TEXTS = Path(__file__).resolve().parent.parent.parent / "conf.d/smime-notices"


class NotifyCase(DovecotCase):
    instance_options = {"replace_rules": True}
    rules = ("  smime_rule = class=any-encrypted notify=recipient action=quarantine\n"
             "  smime_rule2 = from=quiet@example.org action=quarantine\n")
    more = "  smime_notice_interval = 24h\n"

    @classmethod
    def before_start(cls):
        cls.texts = cls.directory / "texts"
        shutil.copytree(TEXTS, cls.texts)
        cls.instance.settings += cls.rules + f"  smime_notice_texts = {cls.texts}\n" + cls.more

    def setUp(self):
        self.clear()

    def hold(self, user="alice", sender="sender@example.org", message=None):
        self.assert_accepted(message or self.samples.encrypted(), f"{user}@example.org",
                             sender=sender)
        return self.quarantined(user)[-1]["id"]

    def notify(self, *args, code=0):
        done = self.instance.doveadm("-f", "json", "smime", "notify", *args, check=False)
        self.assertEqual(code, done.returncode, done.stdout.decode() + done.stderr.decode())
        self.error = done.stderr.decode()
        return [(row["user"], row["messages"], row["result"])
                for row in json.loads(done.stdout or b"[]")] if "--check" not in args else \
            json.loads(done.stdout)

    def age(self, days):
        """As if all of it had been held so many days ago."""
        then = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - days * 86400)).encode()
        folder = self.instance.home("alice") / "Maildir/.Quarantine"
        for path in [*folder.glob("new/*"), *folder.glob("cur/*")]:
            data = path.read_bytes()
            start = data.index(b"X-SMIME-Quarantine-Time: ") + 25
            path.write_bytes(data[:start] + then + data[start + 20:])

    def notices(self, user="alice"):
        """The bodies of the notices as text, after a look at their form."""
        found = []
        for body in self.bodies(user):
            if b".notice@" not in body:
                continue
            mail = email.message_from_bytes(body)
            self.assertEqual("auto-generated", mail["Auto-Submitted"])
            self.assertRegex(mail["Message-ID"], r"^<[0-9a-f]{32}\.notice@")
            self.assertEqual(["text/plain", "text/html"],
                             [part.get_content_type() for part in mail.get_payload()])
            found.append((str(make_header(decode_header(mail["Subject"]))), mail["Message-ID"],
                          mail.get_payload()[0].get_payload(decode=True).decode()))
        return found


class Notify(NotifyCase):
    def test_the_recipient_is_told_once(self):
        item = self.hold()
        self.assertEqual([("alice", "1", "sent")], self.notify("-u", "alice", "--now"))
        ((subject, _, text),) = self.notices()
        self.assertEqual("1 held for review: mail for alice", subject)
        for word in (item, "sender@example.org", "It is encrypted (S/MIME)"):
            self.assertIn(word, text)
        self.assertEqual([], self.notify("-u", "alice", "--now"))
        self.assertEqual(1, len(self.notices()))
        self.assertEqual([item], [row["id"] for row in self.quarantined("alice")])

    def test_what_belongs_together_is_told_together(self):
        items = [self.hold(), self.hold(), self.hold("bob")]
        self.hold(sender="quiet@example.org", message=crlf(b"Subject: x\n\nplain\n"))
        self.assertEqual([("alice", "2", "sent"), ("bob", "1", "sent")],
                         sorted(self.notify("-A", "--now")))
        ((_, _, text),) = self.notices()
        self.assertTrue(items[0] in text and items[1] in text and items[2] not in text, text)
        later = self.hold()
        self.assertEqual([("alice", "1", "sent")], self.notify("-A", "--now"))
        self.assertIn(later, self.notices()[1][2])
        self.assertNotIn(items[0], self.notices()[1][2])

    def test_it_waits_for_the_interval(self):
        # Of a day, which ends at midnight.
        self.hold()
        self.assertEqual([], self.notify("-u", "alice"))
        self.assertEqual([], self.bodies())

    def test_one_that_was_cut_short_is_not_sent_twice(self):
        self.hold()
        self.hold()
        self.notify("-u", "alice", "--now")
        self.mark("remove", "$SMIMETold", "all")
        self.assertEqual([("alice", "2", "was there already")],
                         self.notify("-u", "alice", "--now"))
        # Marks that reached some of them only: the one that names the notice is the last.
        rows = self.quarantined("alice")
        last = max(range(2), key=lambda number: (rows[number]["time"], rows[number]["id"]))
        self.mark("remove", "$SMIMETold", str(last + 1))
        self.assertEqual([("alice", "1", "was there already")],
                         self.notify("-u", "alice", "--now"))
        # Before anything reached INBOX.
        ((_, number, _),) = self.notices()
        self.instance.doveadm("expunge", "-u", "alice", "mailbox", "INBOX", "all")
        self.mark("remove", "$SMIMETold", "all")
        self.assertEqual([("alice", "2", "sent")], self.notify("-u", "alice"))
        self.assertEqual(number, self.notices()[0][1])

    def mark(self, action, keyword, query):
        self.instance.doveadm("flags", action, "-u", "alice", keyword, "mailbox", "Quarantine",
                              query)

    def test_killed_anywhere_it_is_told_once(self):
        self.hold()
        for delay in range(0, 50, 2):
            command = [str(self.instance.dir / "doveadm"), "smime", "notify", "-u", "alice",
                       "--now"]
            with subprocess.Popen(command, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL) as process:
                time.sleep(delay / 500)
                process.send_signal(signal.SIGKILL)
            # A killed process leaves Maildir's locks, which others respect for two minutes.
            for name in ("dovecot-uidlist.lock", "*.newlock"):
                for path in self.instance.home("alice").rglob(name):
                    path.unlink(missing_ok=True)
        self.notify("-u", "alice", "--now")
        self.assertEqual(1, len({number for _, number, _ in self.notices()}))
        self.assertEqual(1, len(self.notices()))

    def test_two_at_a_time_tell_once(self):
        command = [str(self.instance.dir / "doveadm"), "smime", "notify", "-u", "alice", "--now"]
        for _ in range(5):
            self.clear()
            self.hold()
            running = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for _ in range(4)]
            self.assertEqual([0] * 4, [process.wait(60) for process in running])
            self.assertEqual(1, len(self.notices()))

    def test_a_released_message_has_no_marks_of_it(self):
        item = self.hold()
        self.notify("-u", "alice", "--now")
        self.doveadm_quarantine("release", "alice", item)
        flags = self.instance.doveadm("-f", "flow", "fetch", "-u", "alice", "flags", "mailbox",
                                      "INBOX").stdout
        self.assertNotIn(b"SMIMETold", flags)
        self.assertNotIn(b"SMIMETelling", flags)

    def test_no_script_of_the_user_sees_it(self):
        self.hold()
        self.sieve("alice", "discard;")
        self.addCleanup(self.sieve, "alice", "keep;")
        self.notify("-u", "alice", "--now")
        self.assertEqual(1, len(self.notices()))

    def notices_in_status(self):
        done = self.instance.doveadm("-f", "json", "smime", "status", check=False)
        return [(row["state"], row["detail"]) for row in json.loads(done.stdout)
                if row["check"] == "notices"]

    def test_status_says_that_nobody_can_be_told(self):
        self.assertEqual([("ok", f"{self.texts}/en")], self.notices_in_status())
        file = self.texts / "en/held.html"
        file.rename(self.texts / "away")
        try:
            self.assertEqual([("error", f"{file}: No such file or directory")],
                             self.notices_in_status())
        finally:
            (self.texts / "away").rename(file)

    def test_texts_are_checked(self):
        self.assertEqual([("de", "ok"), ("en", "ok")],
                         [(row["language"], row["state"]) for row in self.notify("--check")])
        path = self.texts / "en/held.html"
        right = path.read_text()
        self.addCleanup(path.write_text, right)
        path.write_text(right.replace("{{time}}", "{{tiem}}"))
        rows = self.notify("--check", code=78)
        self.assertRegex(rows[1]["detail"], r'en/held.html: line \d+: "\{\{tiem\}\}" is no name')
        self.hold()
        self.notify("-u", "alice", "--now", code=78)
        self.assertIn("tiem", self.error)
        path.write_text(right)
        self.assertEqual([("alice", "1", "sent")], self.notify("-u", "alice", "--now"))


class German(NotifyCase):
    more = "  smime_notice_language = de\n"

    def test_the_user_reads_his_language(self):
        self.hold()
        self.notify("-u", "alice", "--now")
        ((subject, _, text),) = self.notices()
        self.assertEqual("1 zur Prüfung angehalten: E-Mail für alice", subject)
        self.assertIn("Sie ist verschlüsselt (S/MIME)", text)


class HoldsAll(NotifyCase):
    rules = "  smime_rule = scan=!infected notify=recipient action=quarantine\n"

    def test_a_notice_is_never_held(self):
        self.hold(message=crlf(b"Subject: \xe2\x80\xae<script>\n\nplain\n"))
        self.notify("-u", "alice", "--now")
        ((_, _, text),) = self.notices()
        self.assertIn("Subject:  ", text)
        self.assertEqual(1, len(self.quarantined("alice")))


class Provisional(NotifyCase):
    """What a delivery holds is told once the delivery cannot be refused any more."""
    rules = ("  smime_rule = mailbox=Held notify=recipient action=quarantine\n"
             "  smime_rule2 = mailbox=Later action=tempfail\n"
             "  smime_rule3 = mailbox=Never action=reject\n")

    def deliver_with(self, mailbox, code):
        self.sieve("alice", f'require "fileinto"; fileinto "Held"; fileinto "{mailbox}";')
        ((answer, _),) = self.deliver(self.message, "alice@example.org")
        self.assertEqual(code, answer)

    def test_it_waits_for_the_delivery(self):
        self.addCleanup(self.sieve, "alice", "keep;")
        self.message = self.samples.plain()
        self.deliver_with("Later", 451)
        self.assertEqual(1, len(self.quarantined("alice")))
        self.assertEqual([], self.notify("-u", "alice", "--now"))
        self.deliver_with("Held", 250)
        self.assertEqual([("alice", "1", "sent")], self.notify("-u", "alice", "--now"))

    def test_what_is_refused_is_never_told(self):
        self.addCleanup(self.sieve, "alice", "keep;")
        self.message = self.samples.plain()
        self.deliver_with("Later", 451)
        self.assertEqual([], self.notify("-u", "alice", "--now"))
        self.deliver_with("Never", 550)
        self.assertEqual([], self.notify("-u", "alice", "--now"))
        self.assertEqual([], self.bodies())

    def test_what_stayed_for_a_week_stays(self):
        self.addCleanup(self.sieve, "alice", "keep;")
        self.message = self.samples.plain()
        self.deliver_with("Later", 451)
        self.age(8)
        self.assertEqual([("alice", "1", "sent")], self.notify("-u", "alice", "--now"))


class Links(NotifyCase):
    rules = ("  smime_rule = from=ask@* class=any-encrypted notify=recipient recipient=request "
             "action=quarantine\n"
             "  smime_rule2 = from=take@* class=any-encrypted notify=recipient recipient=release "
             "action=quarantine\n"
             "  smime_rule3 = class=any-encrypted notify=recipient action=quarantine\n")

    @classmethod
    def before_start(cls):
        super().before_start()
        cls.key = cls.directory / "token.key"
        cls.key.write_text("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\n")
        cls.key.chmod(0o600)
        cls.instance.settings += (f"  smime_token_key = {cls.key}\n  smime_notice_link = "
                                  "https://desk.example.org/{id}?t={token}\n")

    def test_a_link_has_a_token_for_what_the_rule_allows(self):
        for sender, allows, says in (("ask", "request", "You may ask for it: follow the link."),
                                     ("take", "release", "You may have it delivered: follow")):
            self.clear()
            item = self.hold(sender=f"{sender}@example.org")
            self.notify("-u", "alice", "--now")
            ((_, _, text),) = self.notices()
            self.assertIn(says, text)
            token = re.search(rf"https://desk\.example\.org/{item}\?t=(\S+)", text).group(1)
            done = self.instance.doveadm("-f", "json", "smime", "token", "check", token)
            (row,) = json.loads(done.stdout)
            self.assertEqual(("valid", item, "alice", allows),
                             (row["result"], row["id"], row["recipient"], row["allows"]))

    def test_who_may_do_nothing_has_no_link(self):
        self.hold()
        self.notify("-u", "alice", "--now")
        ((_, _, text),) = self.notices()
        self.assertNotIn("https:", text)
        self.assertNotIn("You may", text)

    def test_status_says_that_the_keys_are_open(self):
        self.key.chmod(0o644)
        try:
            done = self.instance.doveadm("-f", "json", "smime", "status", check=False)
        finally:
            self.key.chmod(0o600)
        self.assertEqual(78, done.returncode)
        (row,) = [row for row in json.loads(done.stdout) if row["check"] == "notices"]
        self.assertEqual("error", row["state"])
        self.assertIn(str(self.key), row["detail"])

    def test_without_keys_it_does_not_begin(self):
        self.hold()
        self.key.chmod(0o644)
        self.addCleanup(self.key.chmod, 0o600)
        self.notify("-u", "alice", "--now", code=78)
        self.assertIn("open to all users", self.error)
        self.notify("--check", code=78)
        self.assertEqual([], self.bodies())


class Warned(NotifyCase):
    """Before the time of what is held is over."""
    rules = ("  smime_rule = from=del@* class=any-encrypted hold=30d then=delete warn=7d "
             "action=quarantine\n"
             "  smime_rule2 = from=both@* class=any-encrypted hold=30d then=release warn=7d "
             "notify=recipient action=quarantine\n"
             "  smime_rule3 = from=quiet@* class=any-encrypted hold=30d then=delete "
             "action=quarantine\n")

    def test_in_time_and_once(self):
        item = self.hold(sender="del@example.org")
        self.hold(sender="quiet@example.org")
        self.age(20)
        self.assertEqual([], self.notify("-u", "alice", "--now"))
        self.age(25)
        self.assertEqual([("alice", "1", "sent")], self.notify("-u", "alice", "--now"))
        ((subject, _, text),) = self.notices()
        self.assertEqual("Not for long: 1 held for review: mail for alice", subject)
        self.assertIn(item, text)
        self.assertIn("then it is deleted", text)
        self.assertEqual([], self.notify("-u", "alice", "--now"))

    def test_it_waits_for_the_interval(self):
        self.hold(sender="del@example.org")
        # A minute ago the last week began; an interval is a day, which ends at midnight.
        self.age(23 + 1 / 1440)
        self.assertEqual([], self.notify("-u", "alice"))

    def test_beside_the_notice(self):
        """Each has its own Message-ID and marks, and a released message has none of them."""
        item = self.hold(sender="both@example.org")
        self.assertEqual([("alice", "1", "sent")], self.notify("-u", "alice", "--now"))
        self.age(25)
        self.assertEqual([("alice", "1", "sent")], self.notify("-u", "alice", "--now"))
        (first, second) = self.notices()
        self.assertNotEqual(first[1], second[1])
        self.assertEqual((False, True),
                         tuple(subject.startswith("Not for long") for subject, _, _ in (first, second)))
        self.instance.doveadm("flags", "remove", "-u", "alice", "$SMIMEWarned", "mailbox",
                              "Quarantine", "all")
        self.assertEqual([("alice", "1", "was there already")],
                         self.notify("-u", "alice", "--now"))
        self.assertEqual(2, len(self.notices()))
        self.doveadm_quarantine("release", "alice", item)
        flags = self.instance.doveadm("-f", "flow", "fetch", "-u", "alice", "flags", "mailbox",
                                      "INBOX").stdout
        self.assertNotIn(b"SMIMEWarn", flags)
