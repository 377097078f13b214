"""Rules with when=arrival hold and refuse before a script runs, rules with when=save where
the script saves: what each means for redirect, vacation and the others."""

import json
import subprocess
import threading
import time

import dovecot_conf
from case import DovecotCase
from clients import without_trace
from dovecot_conf import rule_name
from fake_scanner import GatedProxy

REDIRECT = 'redirect "partner@example.net";\n'
VACATION = ('require "vacation";\nvacation :addresses "alice@example.org" "I am away";\n'
            "keep;\n")
NOTIFY = ('require "enotify";\nnotify :message "mail came" "mailto:phone@example.net";\n'
          "keep;\n")
PIPE = 'require "vnd.dovecot.pipe";\npipe "out";\n'
FILEINTO = 'require ["fileinto", "mailbox"];\nfileinto :create "Work";\n'
SENDING = {"redirect": REDIRECT, "vacation": VACATION, "notify": NOTIFY, "pipe": PIPE}


class ScriptCase(DovecotCase):
    """What scripts send is kept: sent() is all that left."""

    instance_options = {"replace_rules": True}
    more_extra = ""
    sieve_settings = ("  sieve_plugins = sieve_extprograms\n"
                      "  sieve_extensions = +vnd.dovecot.pipe +enotify\n")
    number = 0

    @classmethod
    def before_start(cls):
        cls.out = cls.directory / "out"
        programs = cls.directory / "programs"
        for folder in (cls.out, programs):
            folder.mkdir()
        cls.out.chmod(0o777)
        sendmail = cls.directory / "sendmail"
        for program in (sendmail, programs / "out"):
            program.write_text(f"""#!/bin/sh
f=$(mktemp {cls.out}/.XXXXXX) && {{ echo "$0 $*"; cat; }} >$f && mv $f $f.done
""")
            program.chmod(0o755)
        cls.instance.settings += cls.sieve_settings + f"  sieve_pipe_bin_dir = {programs}\n"
        cls.instance.extra = f"sendmail_path = {sendmail}\n" + cls.more_extra

    def setUp(self):
        self.clear()
        for user in self.instance.users:
            self.sieve(user, "keep;\n")
        for path in self.sent():
            path.unlink()

    def sent(self):
        return list(self.out.glob(".*.done"))

    def encrypted(self):
        """None like another: Sieve sends nothing twice."""
        type(self).number += 1
        return (f"Message-ID: <{self.number}@example.org>\r\n".encode()
                + self.samples.encrypted(subject=f"number {self.number}"))

    def sender(self, domain="example.org"):
        """Nor is one sender told twice that somebody is away."""
        type(self).number += 1
        return f"sender{self.number}@{domain}"

    def send(self, message, recipient="alice@example.org", domain="example.org"):
        ((code, text),) = self.deliver(message, recipient, sender=self.sender(domain))
        return code, text

    def lda(self, message, *options, domain="example.org"):
        return subprocess.run(["/usr/lib/dovecot/dovecot-lda", "-c", str(self.instance.conf), "-d",
                               "alice", "-a", "alice@example.org", "-f", self.sender(domain),
                               *options],
                              input=message, capture_output=True, timeout=60,
                              env=self.instance.environment()).returncode

    def assert_held_unseen(self, original, mailbox="INBOX", user="alice"):
        """In the quarantine, whole, for this mailbox, and nowhere else."""
        self.assertEqual([], self.sent())
        self.assertEqual([], self.bodies(user))
        (item,) = self.quarantined(user)
        self.assertEqual(mailbox, item["mailbox"])
        self.doveadm_quarantine("release", user, item["id"])
        self.assertEqual([original], [without_trace(b) for b in self.bodies(user, mailbox)])
        self.assertEqual([], self.sent())


class Arrival(ScriptCase):
    settings = """
  smime_rule = from=*@trusted.example when=arrival action=deliver
  smime_rule2 = from=*@refused.example class=any-encrypted when=arrival reason="Not here" action=reject
  smime_rule3 = from=*@later.example class=any-encrypted when=arrival action=tempfail
  smime_rule4 = mailbox=Work class=any-encrypted action=deliver
  smime_rule5 = class=any-encrypted origin=delivery when=arrival action=quarantine
  smime_rule6 = class=any-encrypted origin=delivery reason="At save" when=save action=reject
"""

    def test_no_script_sees_what_is_held(self):
        for name, script in (SENDING | {"discard": "discard;\n", "fileinto": FILEINTO}).items():
            with self.subTest(name):
                self.clear()
                self.sieve("alice", script)
                message = self.encrypted()
                code, text = self.send(message)
                self.assertEqual(250, code, text)
                self.assert_held_unseen(message)
                self.assertEqual([], self.bodies(mailbox="Work"))

    def test_scripts_work_for_all_else(self):
        for name, script in SENDING.items():
            with self.subTest(name):
                self.clear()
                self.sieve("alice", script)
                before = len(self.sent())
                code, text = self.send(self.samples.plain(subject=f"plain for {name}"))
                self.assertEqual(250, code, text)
                self.assertEqual(before + 1, len(self.sent()))
                self.assertEqual([], self.quarantined("alice"))

    def test_the_log_and_the_record_name_the_rule(self):
        message = self.encrypted()
        self.send(message)
        (item,) = self.quarantined("alice")
        _, (shown,) = self.doveadm_quarantine("show", "alice", item["id"])
        self.assertIn("when=arrival action=quarantine", shown["rule"])
        self.assert_logged(f"quarantined as {item['id']}, was for mailbox INBOX (")
        self.assertNotIn(f"<{self.number - 1}@example.org>: saved mail", self.instance.log())

    def test_reject_and_tempfail(self):
        self.sieve("alice", REDIRECT)
        for domain, expected, words in (("refused.example", 550, "Not here"),
                                        ("later.example", 451, "")):
            code, text = self.send(self.encrypted(), domain=domain)
            self.assertEqual(expected, code, text)
            self.assertIn(words, text)
        self.assertEqual([], self.sent())
        self.assertEqual(([], []), (self.bodies(), self.quarantined("alice")))

    def test_deliver_ends_the_stage_alone(self):
        self.sieve("alice", REDIRECT)
        self.assertEqual(250, self.send(self.encrypted(), domain="trusted.example")[0])
        self.assertEqual(1, len(self.sent()))
        self.sieve("alice", "keep;")
        code, text = self.send(self.encrypted(), domain="trusted.example")
        self.assertEqual(550, code, text)
        self.assertIn("At save", text)
        self.sieve("alice", FILEINTO)
        self.assertEqual(250, self.send(self.encrypted(), domain="trusted.example")[0])
        self.assertEqual(1, len(self.bodies(mailbox="Work")))

    def test_a_release_through_the_script(self):
        self.sieve("alice", FILEINTO + REDIRECT)
        message = self.encrypted()
        self.send(message)
        (item,) = self.quarantined("alice")
        self.doveadm_quarantine("release", "alice", "--refilter", item["id"])
        self.assertEqual(1, len(self.sent()))
        self.assertEqual([message], [without_trace(b) for b in self.bodies(mailbox="Work")])
        self.assertEqual([], self.quarantined("alice"))

    def test_each_recipient(self):
        self.sieve("alice", REDIRECT)
        self.sieve("bob", VACATION)
        users = ("alice", "bob", "carol")
        message = self.encrypted()
        replies = self.deliver(message, [f"{user}@example.org" for user in users],
                               sender=self.sender())
        self.assertEqual([250] * 3, [code for code, _ in replies])
        for user in users:
            self.assert_held_unseen(message, user=user)

    def test_each_recipient_of_plain_mail(self):
        self.sieve("bob", REDIRECT)
        replies = self.deliver(self.samples.plain(subject="for three"),
                               [f"{user}@example.org" for user in ("alice", "bob", "carol")])
        self.assertEqual([250] * 3, [code for code, _ in replies])
        self.assertEqual([1, 0, 1], [len(self.bodies(user)) for user in ("alice", "bob", "carol")])
        self.assertEqual(1, len(self.sent()))

    def test_lda(self):
        self.sieve("alice", REDIRECT)
        message = self.encrypted()
        self.assertEqual(0, self.lda(message.replace(b"\r\n", b"\n")))
        self.assertEqual([], self.sent())
        (item,) = self.quarantined("alice")
        self.assertEqual("INBOX", item["mailbox"])
        self.assertEqual(0, self.lda(self.encrypted(), "-m", "Box"))
        self.assertEqual("Box", self.quarantined("alice")[-1]["mailbox"])
        self.assertEqual([], self.sent())
        self.assertEqual(75, self.lda(self.encrypted(), domain="later.example"))
        self.assertEqual([], self.sent())
        self.assertEqual(0, self.lda(self.encrypted(), domain="refused.example"))
        (notice,) = self.sent()
        self.assertIn(b"Not here", notice.read_bytes())
        self.assertNotIn(b"partner@example.net", notice.read_bytes())
        self.assertEqual(0, self.lda(self.samples.plain(subject="lda plain")))
        self.assertEqual(2, len(self.sent()))

    def policy(self, message, *options):
        """(stage, rule, result) of each row."""
        done = self.instance.doveadm("-f", "json", "smime", "policy", "-u", "alice", *options, "-",
                                     input=message)
        return [(row["stage"], row["rule"], row["result"]) for row in json.loads(done.stdout)]

    def test_policy_shows_both_stages(self):
        names = [rule_name(f"smime_rule{number}") for number in ("", *range(2, 7))]
        at_arrival = [("arrival", names[number], "no match") for number in (0, 1, 2)]
        self.assertEqual([*at_arrival, ("arrival", names[4], "quarantine")],
                         self.policy(self.encrypted()))
        self.assertEqual([*at_arrival, ("arrival", names[4], "no match"), ("arrival", "none", "go on"),
                          ("save", names[3], "no match"), ("save", names[5], "no match"),
                          ("save", "none", "deliver")],
                         self.policy(self.samples.plain()))
        trusted = ("--from", "a@trusted.example")
        self.assertEqual([("arrival", names[0], "deliver"), ("save", names[3], "no match"),
                          ("save", names[5], "reject")],
                         self.policy(self.encrypted(), *trusted))
        self.assertEqual([("arrival", names[0], "deliver"), ("save", names[3], "deliver")],
                         self.policy(self.encrypted(), *trusted, "-m", "Work"))
        for origin in ("append", "copy"):
            rows = self.policy(self.encrypted(), "--origin", origin)
            self.assertEqual({"save"}, {stage for stage, _, _ in rows})


class Save(ScriptCase):
    """The same with rules of the default kind: what leaves before anything is saved is not
    held. README and conf.d say so."""

    settings = "  smime_rule = class=any-encrypted origin=delivery action=quarantine\n"

    def test_what_each_action_means(self):
        for name, script, leaves, held in (("redirect", REDIRECT, 1, 0), ("pipe", PIPE, 1, 0),
                                           ("vacation", VACATION, 1, 1), ("notify", NOTIFY, 1, 1),
                                           ("discard", "discard;\n", 0, 0),
                                           ("fileinto", FILEINTO, 0, 1)):
            with self.subTest(name):
                self.setUp()
                self.sieve("alice", script)
                self.assertEqual(250, self.send(self.encrypted())[0])
                self.assertEqual((leaves, held), (len(self.sent()), len(self.quarantined("alice"))))
                if name == "fileinto":
                    self.assertEqual("Work", self.quarantined("alice")[0]["mailbox"])


class Status(ScriptCase):
    """doveadm smime status names scripts that send mail before it would be held."""

    settings = "  smime_rule = class=any-encrypted origin=delivery action=quarantine\n"

    @classmethod
    def before_start(cls):
        super().before_start()
        cls.everywhere = cls.directory / "everywhere.sieve"
        cls.everywhere.write_text("keep;\n")
        if dovecot_conf.IS_24:
            cls.instance.extra += ("sieve_script everywhere {\n  type = before\n"
                                   f"  path = {cls.everywhere}\n}}\n")
        else:
            cls.instance.settings += f"  sieve_before = file:{cls.everywhere}\n"

    def wrong(self, code):
        done = self.instance.doveadm("-f", "json", "smime", "status", "-u", "alice", check=False)
        self.assertEqual(code, done.returncode, done.stdout)
        return [row for row in json.loads(done.stdout) if row["state"] != "ok"]

    def test_a_user_s_script(self):
        self.assertEqual([], self.wrong(0))
        for name, script in SENDING.items():
            with self.subTest(name):
                self.sieve("alice", script)
                (row,) = self.wrong(1)
                self.assertEqual(("sieve", "warning", "when=save"),
                                 (row["check"], row["state"], row["setting"]))
                setting = "sieve_script personal" if dovecot_conf.IS_24 else "sieve"
                self.assertIn(f"/alice/.dovecot.sieve ({setting}) runs before "
                              f"{rule_name('smime_rule')} is asked: with {name} ", row["detail"])
                self.assertIn("when=arrival", row["remedy"])

    def test_a_script_of_all(self):
        self.everywhere.write_text(REDIRECT)
        self.addCleanup(self.everywhere.write_text, "keep;\n")
        (row,) = self.wrong(1)
        self.assertIn(f"{self.everywhere} (", row["detail"])


class StatusWithArrival(Status):
    settings = "  smime_rule = class=any-encrypted when=arrival action=quarantine\n"

    def test_a_user_s_script(self):
        self.sieve("alice", REDIRECT + VACATION)
        self.assertEqual([], self.wrong(0))

    def test_a_script_of_all(self):
        self.everywhere.write_text(REDIRECT)
        self.addCleanup(self.everywhere.write_text, "keep;\n")
        self.assertEqual([], self.wrong(0))


class Details(ScriptCase):
    settings = """
  smime_stores = * !Open
  smime_rule = class=any-encrypted when=arrival action=quarantine
"""
    more_extra = "lmtp_save_to_detail_mailbox = yes\nlda_mailbox_autocreate = no\n"

    def test_the_mailbox_is_the_one_that_lmtp_would_save_to(self):
        self.sieve("alice", REDIRECT)
        for mailbox in ("Work", "Open"):
            self.instance.doveadm("mailbox", "create", "-u", "alice", mailbox)
        # A sender who names a mailbox that is not S/MIME-aware gets around nothing.
        for detail, expected in (("Work", "Work"), ("None", "INBOX"), ("Open", "Open"),
                                 ("Quarantine", "INBOX"), ("inbox", "INBOX")):
            with self.subTest(detail):
                self.clear()
                message = self.encrypted()
                code, text = self.send(message, f"alice+{detail}@example.org")
                self.assertEqual(250, code, text)
                self.assert_held_unseen(message, expected)


class NotAware(ScriptCase):
    settings = ("  smime_stores = Legal/*\n"
                "  smime_rule = class=any-encrypted when=arrival action=quarantine\n")

    def test_what_goes_by_default_to_a_mailbox_that_is_not_aware(self):
        self.sieve("alice", REDIRECT)
        self.assertEqual(250, self.send(self.encrypted())[0])
        self.assertEqual((1, []), (len(self.sent()), self.quarantined("alice")))


class NoReport(ScriptCase):
    """The scanner is not there."""

    settings = """
  smime_scanner_socket = nowhere
  smime_rule = from=*@open.example when=arrival action=deliver
  smime_rule2 = class=any-encrypted when=arrival action=quarantine
"""

    def test_it_is_deferred_before_the_script_runs(self):
        self.sieve("alice", REDIRECT)
        code, text = self.send(self.encrypted())
        self.assertEqual(451, code, text)
        self.assertEqual([], self.sent())

    def test_where_no_arrival_rule_can_hold_it_the_script_runs(self):
        self.sieve("alice", REDIRECT)
        self.assertEqual(250, self.send(self.encrypted(), domain="open.example")[0])
        self.assertEqual(1, len(self.sent()))


class NoReportHeld(ScriptCase):
    settings = NoReport.settings + "  smime_scanner_failure = quarantine\n"

    def test_it_is_held_before_the_script_runs(self):
        self.sieve("alice", REDIRECT)
        message = self.encrypted()
        self.assertEqual(250, self.send(message)[0])
        self.assertIn("no report", self.quarantined("alice")[0]["reason"])
        self.assert_held_unseen(message)


class NoReportDelivered(ScriptCase):
    settings = NoReport.settings + "  smime_scanner_failure = deliver\n"

    def test_the_script_runs(self):
        self.sieve("alice", REDIRECT)
        self.assertEqual(250, self.send(self.encrypted())[0])
        self.assertEqual((1, []), (len(self.sent()), self.quarantined("alice")))


class NoVerdict(ScriptCase):
    """The scanner is there and its virus scanner is not."""

    instance_options = {"replace_rules": True, "scanner_conf": "clamd = /nonexistent/clamd\n"}
    settings = """
  smime_rule = to=bob@* class=signed when=arrival action=reject
  smime_rule2 = to=alice@* scan=infected when=arrival action=reject
"""

    def test_what_the_verdict_would_decide_waits_for_it(self):
        self.sieve("alice", REDIRECT)
        code, text = self.send(self.samples.plain(subject="no verdict"))
        self.assertEqual(451, code, text)
        self.assertEqual([], self.sent())

    def test_elsewhere_it_is_missed_at_save(self):
        self.sieve("bob", REDIRECT)
        self.assertEqual(250, self.send(self.samples.plain(subject="no verdict needed"),
                                        "bob@example.org")[0])
        self.assertEqual(1, len(self.sent()))


class NoVerdictHeld(ScriptCase):
    instance_options = NoVerdict.instance_options
    settings = NoVerdict.settings + "  smime_scanner_failure = quarantine\n"

    def test_it_is_held(self):
        self.sieve("alice", REDIRECT)
        message = self.samples.plain(subject="no verdict, held")
        self.assertEqual(250, self.send(message)[0])
        self.assertIn("no verdict", self.quarantined("alice")[0]["reason"])
        self.assert_held_unseen(message)


class Waiting(ScriptCase):
    """Sieve works while the scanner does, unless an arrival rule may hold the message."""

    settings = """
  smime_scanner_socket = proxy
  smime_rule = from=*@held.example class=any-encrypted when=arrival action=quarantine
  smime_rule2 = class=any-encrypted action=quarantine
"""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.proxy = GatedProxy(cls.instance.base_dir / "proxy",
                               cls.instance.base_dir / "smime-scanner")
        cls.addClassCleanup(cls.proxy.stop)

    def wait_for(self, condition):
        deadline = time.monotonic() + 20
        while not condition() and time.monotonic() < deadline:
            time.sleep(0.02)
        return condition()

    def sent_before_the_report(self, domain):
        """Whether the script ran when the scanner had the message and had not answered."""
        self.proxy.gate.clear()
        before = self.proxy.scans
        answers = []
        message = self.samples.plain(subject=f"plain from {domain}")
        delivery = threading.Thread(target=lambda: answers.append(self.send(message, domain=domain)))
        delivery.start()
        try:
            self.assertTrue(self.wait_for(lambda: self.proxy.scans > before))
            # Long enough for Sieve where it runs, and no proof of more where it does not.
            deadline = time.monotonic() + 2
            while not self.sent() and time.monotonic() < deadline:
                time.sleep(0.02)
            seen = len(self.sent())
        finally:
            self.proxy.gate.set()
            delivery.join(60)
        self.assertEqual(250, answers[0][0], answers)
        self.assertEqual(1, len(self.sent()))
        return bool(seen)

    def test_only_where_a_rule_may_hold_it(self):
        self.sieve("alice", REDIRECT)
        self.assertTrue(self.sent_before_the_report("free.example"))
        for path in self.sent():
            path.unlink()
        self.assertFalse(self.sent_before_the_report("held.example"))


class PolicyOfAMailbox(ScriptCase):
    settings = "  smime_rule = class=any-encrypted when=arrival action=quarantine\n"

    @classmethod
    def before_start(cls):
        super().before_start()
        cls.instance.extra += "mail_attribute_dict = file:%h/attributes\n"

    def test_it_has_no_arrival_rule(self):
        attribute = "/shared/vendor/vendor.dovecot/pvt/server/smime/policy"
        self.instance.doveadm("mailbox", "metadata", "set", "-u", "alice", "-s", "INBOX", attribute,
                              "class=plain when=arrival action=reject")
        self.addCleanup(self.instance.doveadm, "mailbox", "metadata", "unset", "-u", "alice", "-s",
                        "INBOX", attribute)
        code, text = self.send(self.samples.plain())
        self.assertEqual(451, code, text)
        self.assert_logged("policy of mailbox INBOX: when=arrival does not go with a rule of a "
                           "mailbox")
        # What is held at arrival goes to no mailbox.
        self.assertEqual(250, self.send(self.encrypted())[0])
        self.assertEqual(1, len(self.quarantined("alice")))
