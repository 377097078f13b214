"""The first day on a real server, in the order in which a postmaster has it: Debian's own
configuration, the package as README.md installs it, mail through Postfix, and the package
gone again. Runs in a root directory made for it: see server.sh. The items are those of the
first postmaster's list; the quickstart's, 12, is in test_install.py."""

import imaplib
import re
import sys
import time
import unittest
from pathlib import Path

import server
from server import (DOVECOT_LOG, ETC, IS_24, SYSTEM_USERS, Imap, held, inbox, log, reload_dovecot,
                    rows, samples, send, shell, subjects, wait_for)
from clamav import EICAR, Clamd
from clients import crlf
from operator_pki import Authority, signed_message
from readme import README, SOURCE, literal_blocks, normalized, shown_cases

# Where the operator works: what is here is his alone.
DESK = Path("/root/desk")
CONF = ETC / "conf.d/90-smime.conf"
SCANNER_CONF = ETC / "smime-scanner.conf"
# In 2.3 a name that is set again has the last value; in 2.4 the first rule comes first.
RULES_FILE = ETC / ("conf.d/89-rules.conf" if IS_24 else "conf.d/95-rules.conf")
SENDER = "sender@partner.example"
share = Path(sys.argv[1]) if len(sys.argv) > 1 else None


def printed_commands():
    """Every command of README.md that is not tried elsewhere, and of the manual's EXAMPLES."""
    sections = re.split(r"^##+ ", README.read_text(), flags=re.M)
    for section in sections:
        # The quickstart's. Those of Troubleshooting have a class of their own.
        if section.startswith("Try it"):
            continue
        for line in re.findall(r"^    ((?:\./|doveadm|smime-scanner|apt-get|sed).*)$", section, re.M):
            # Behind two blanks it says what the command is for.
            yield re.split(r"\s{2,}(?=[a-z(])", line)[0]
    for page in sorted((SOURCE / "man").iterdir()):
        examples = re.search(r"^\.Sh EXAMPLES\n(.*?)^\.Sh ", page.read_text(), re.M | re.S)
        yield from re.findall(r"^\.Dl (.*)$", examples[1] if examples else "", re.M)


def install_commands():
    """README's install, word for word."""
    section = README.read_text().split("## Install on a server\n", 1)[1]
    return re.findall(r"^    (apt-get.*|sed.*)$", section.split("\n## ", 1)[0], re.M)


def set_rules(*rules):
    """Instead of the shipped ones; each a text as README.md shows it."""
    if not IS_24:
        text = "plugin {\n" + "".join(f"  smime_rule{number or ''} = {rule}\n" for number, rule in
                                      zip(("", 2, 3, 4), rules)) + "}\n"
    else:
        text = ""
        for number, rule in enumerate(rules):
            words = re.findall(r'(\S+?)=("[^"]*"|\S+)', rule)
            text += f"smime_rule test{number} {{\n" + "".join(
                f"  {key} = {value}\n" for key, value in words) + "}\n"
    RULES_FILE.write_text(text)


def status(*users, check=None):
    """All findings, or those of one check."""
    return [row for row in rows("smime status " + " ".join(users), None)
            if check in (None, row["check"])]


class Configuration:
    """Files with settings for a while."""

    def __init__(self):
        self.before = {}

    def write(self, path, text):
        self.before.setdefault(path, path.read_text() if path.exists() else None)
        path.write_text(text)

    def undo(self):
        for path, text in self.before.items():
            if text is None:
                path.unlink(missing_ok=True)
            else:
                path.write_text(text)
        reload_dovecot()


def address_of(user):
    return f"{user}@" + ("localhost" if user in SYSTEM_USERS else "example.org")


def hold(user, subject):
    """The id of a message that is held for the user."""
    assert send(samples().encrypted(subject), address_of(user)).status == "sent"
    (item,) = [item for item, name in held(user) if name == subject]
    return item


def empty_quarantine(user):
    shell(f"doveadm smime quarantine delete -u {user} --since 2000-01-01", None)


def startup_errors():
    return re.findall(r"smime-startup: Error: (protocol \S+)", log())


def setUpModule():
    print("== a server of Debian's packages", flush=True)
    server.start_server()
    DESK.mkdir(mode=0o700, parents=True)
    print("== the package, as README.md says", flush=True)
    began = time.monotonic()
    for command in install_commands():
        print(f"   {command}", flush=True)
        # At a terminal apt asks; here nobody answers. Without what ccache keeps, a busy machine
        # compiles for the better part of an hour.
        shell(command.replace("apt-get install", "apt-get install -y")
              .replace("build-dep", "build-dep -y"), seconds=7200, cwd=share / "dovecot-smime")
    print(f"   {time.monotonic() - began:.0f} s", flush=True)
    reload_dovecot()


class A_Loading(unittest.TestCase):
    """Item 1: with Debian's layout the plugin is loaded."""

    def test_install_is_short(self):
        self.assertLessEqual(len(install_commands()), 4)

    def test_status_and_the_log_are_content(self):
        rows = status("-u", "alice")
        self.assertEqual([], [row for row in rows if row["state"] == "error"])
        # Until the mark was off the line, the plugin was loaded nowhere, and the log said so.
        self.assertLessEqual({"protocol lmtp", "protocol lda", "protocol imap"},
                             set(startup_errors()))
        before = len(startup_errors())
        reload_dovecot()
        self.assertEqual([], startup_errors()[before:])
        self.assertEqual("", shell("doveconf -n 2>&1 >/dev/null"))

    def test_what_is_shipped_alarms_no_monitoring(self):
        """Without trust_dir, which is a choice."""
        self.assertEqual([], [row for row in status() if row["state"] != "ok"])
        shell("doveadm smime status && doveadm smime trust check")

    def test_encrypted_mail_through_postfix_is_held(self):
        for user in ("alice", *SYSTEM_USERS):
            with self.subTest(user):
                address = address_of(user)
                self.assertEqual("sent", send(samples().plain(f"plain to {user}"), address).status)
                self.assertEqual("sent", send(samples().encrypted(f"secret of {user}"),
                                              address).status)
                self.assertEqual([f"plain to {user}"], subjects(inbox(user)))
                self.assertIn(f"secret of {user}", [subject for _, subject in held(user)])

    def test_signed_mail_is_kept_as_it_arrived(self):
        message = samples().signed("signed through Postfix")
        self.assertEqual("sent", send(message, "bob@example.org").status)
        (body,) = [body for body in inbox("bob") if b"signed through Postfix" in body]
        self.assertTrue(body.endswith(message.split(b"\r\n\r\n", 1)[1]))

    def test_dovecot_lda_has_it_too(self):
        (DESK / "encrypted").write_bytes(samples().encrypted("by dovecot-lda"))
        shell(f"/usr/lib/dovecot/dovecot-lda -d carol -f {SENDER} <{DESK}/encrypted")
        self.assertIn("by dovecot-lda", [subject for _, subject in held("carol")])

    def test_where_it_is_not_loaded_the_log_says_so(self):
        before = len(startup_errors())
        local = ETC / "local.conf"
        text = local.read_text()
        self.addCleanup(reload_dovecot)
        self.addCleanup(local.write_text, text)
        local.write_text(text + "protocol lmtp {\n  mail_plugins = sieve\n}\n")
        reload_dovecot()
        self.assertTrue(wait_for(lambda: startup_errors()[before:]))
        self.assertEqual(["protocol lmtp"], startup_errors()[before:])


class B_Rules(unittest.TestCase):
    def tearDown(self):
        RULES_FILE.unlink(missing_ok=True)
        reload_dovecot()

    def test_item_04_negation_holds_for_addresses(self):
        set_rules('class=any-encrypted from=!*@partner.example reason="Not of a partner" '
                  "action=reject", "class=any-encrypted action=deliver")
        reload_dovecot()
        self.assertEqual("sent", send(samples().encrypted("of a partner"), "you@example.org",
                                      "a@partner.example").status)
        self.assertEqual("bounced", send(samples().encrypted("of a stranger"), "you@example.org",
                                         "a@stranger.example").status)

    def test_item_05_infected_mail_is_held(self):
        clamd = Clamd("/var/tmp/clamav")
        self.addCleanup(clamd.stop)
        before = SCANNER_CONF.read_text()
        self.addCleanup(SCANNER_CONF.write_text, before)
        SCANNER_CONF.write_text(before + f"clamd = {clamd.socket}\n")
        reload_dovecot()
        for kind in ("plain", "signed"):
            entity = b"Content-Type: text/plain\r\n\r\n" + EICAR + b"\r\n"
            message = (samples().signed("infected signed", entity) if kind == "signed" else
                       crlf(b"From: sender@example.org\nSubject: infected plain\n" + entity))
            self.assertEqual("sent", send(message, "you@example.org").status)
            self.assertIn(f"infected {kind}", [subject for _, subject in held("you")])
        self.assertNotIn(EICAR, b"".join(inbox("you")))

    def test_item_14_a_refusal_is_one_line(self):
        set_rules('class=any-signed reason="Not here" action=reject')
        reload_dovecot()
        at = len(log())
        self.assertEqual("bounced", send(samples().signed("refused"), "you@example.org").status)
        lines = [line for line in log()[at:].splitlines() if "lmtp(you)" in line]
        self.assertEqual(1, sum("rejected" in line for line in lines), lines)
        self.assertEqual([], [line for line in lines if "Error" in line])


class C_Commands(unittest.TestCase):
    """Item 10: commands work as they are printed."""

    def run_printed(self, command):
        if "ID" in command.split() or "8a1f03c2" in command:
            send(samples().encrypted("for a command"), "alice@example.org")
            command = command.replace("ID", held("alice")[-1][0])
            command = command.replace("8a1f03c2", held("alice")[-1][0][:8])
        for placeholder, value in (("USER", "alice"), ("MAILBOX", "INBOX"), ("FILE", "message.eml"),
                                   (" [search query]", "")):
            command = command.replace(placeholder, value)
        # They find warnings: users with a shell, and a CA without CRL.
        warns = re.search("smime (status|trust check)", command)
        shell(f"{command}; [ $? -le 1 ]" if warns else command, cwd=DESK)

    def test_item_10_every_printed_command(self):
        (DESK / "message.eml").write_bytes(samples().signed())
        (DESK / "message.eml").chmod(0o600)
        skipped = install_commands()
        ran = 0
        for command in printed_commands():
            if command in skipped or command.startswith("./autogen.sh"):
                continue
            ran += 1
            with self.subTest(command):
                self.run_printed(command.replace(" [-u USER|-A]", " -A"))
        self.assertGreater(ran, 15)

    def test_item_10_a_trust_import_makes_the_directory(self):
        before = SCANNER_CONF.read_text()
        self.assertIn("#trust_dir = /etc/dovecot/smime-trust\n", before)
        SCANNER_CONF.write_text(before.replace("#trust_dir", "trust_dir"))
        reload_dovecot()
        # It is not there, and mail is delivered.
        self.assertEqual("sent", send(samples().signed("without trust"), "you@example.org").status)
        root = Authority(DESK, "Partner Root")
        ca = Authority(DESK, "Partner CA", issuer=root)
        (DESK / "root.pem").write_bytes(root.pem.read_bytes())
        (DESK / "issuing.pem").write_bytes(ca.pem.read_bytes())
        shell("doveadm smime trust import root.pem issuing.pem", cwd=DESK)
        self.assertEqual(2, len(list((ETC / "smime-trust").iterdir())))

    def test_item_10_a_separator_that_maildir_does_not_have(self):
        set_rules("mailbox=Legal/* action=deliver")
        self.addCleanup(reload_dovecot)
        self.addCleanup(RULES_FILE.unlink)
        reload_dovecot()
        names = [row["detail"] for row in status("-u", "alice") if row["check"] == "mailbox names"]
        self.assertIn('"/" separates nothing', "".join(names))
        self.assertEqual([], [row for row in status("-u", "clerk")
                              if row["check"] == "mailbox names"])

    def test_item_11_a_list_fits_the_screen(self):
        send(samples().encrypted("a" * 100), "bob@example.org", "somebody.with.a.long.name@"
             "subdomain.of.partner.example")
        lines = shell("doveadm smime quarantine list -u bob").splitlines()
        self.assertGreaterEqual(len(lines), 3)
        self.assertLessEqual(max(map(len, lines)), 80)

    def test_item_03_the_audit_names_who_acted(self):
        at = len(log())
        send(samples().encrypted("to be deleted"), "carol@example.org")
        shell(f"doveadm smime quarantine delete -u carol {held('carol')[-1][0]}")
        wait_for(lambda: "smime_message_released" in log()[at:])
        lines = [line for line in log()[at:].splitlines() if "smime_message_released" in line]
        self.assertEqual(1, len(lines), log()[at:])
        self.assertRegex(lines[0], r'"actor":"root"')
        self.assertRegex(lines[0], r'"user":"carol"')


class D_Reviewers(unittest.TestCase):
    """Item 7, as the manual and 90-smime.conf show it, before PAM and a passwd-file."""

    password = "the reviewer's own"

    @classmethod
    def setUpClass(cls):
        cls.configuration = Configuration()
        cls.addClassCleanup(cls.configuration.undo)
        shipped = CONF.read_text()
        cls.example = re.sub("^#", "", shipped[shipped.rindex("#auth_master_user_separator"):],
                             flags=re.M)
        cls.configuration.write(ETC / "conf.d/09-smime-reviewers.conf", cls.example)
        cls.configuration.write(CONF, shipped.replace("#smime_reviewers =",
                                                      "smime_reviewers = reviewer"))
        done = shell(f'doveadm pw -p "{cls.password}"').strip()
        cls.configuration.write(ETC / "smime-reviewers", f"reviewer:{done}\n")
        shell("chown root:dovecot /etc/dovecot/smime-reviewers && "
              "chmod 640 /etc/dovecot/smime-reviewers")
        reload_dovecot()

    def login(self, user):
        client = Imap(f"{user}*reviewer", self.password)
        self.addCleanup(client.logout)
        return client

    def test_item_07_the_manual_has_the_same_example(self):
        self.assertIn(self.example, literal_blocks("dovecot-smime.7", "REVIEW OVER IMAP"))

    def test_item_07_a_reviewer_sees_the_quarantine_alone(self):
        for user in ("bob", "clerk"):
            with self.subTest(user):
                secret = f"to be reviewed for {user}"
                hold(user, secret)
                send(samples().plain("private"), address_of(user))
                at = len(log())
                reviewer = self.login(user)
                self.assertEqual({"INBOX", "Quarantine"}, reviewer.names())
                self.assertIn(secret, " ".join(map(str, reviewer.bodies("Quarantine"))))
                for name in ("INBOX", "Sent"):
                    self.assertEqual("NO", reviewer.select(name)[0])
                opened = wait_for(lambda at=at: [line for line in log()[at:].splitlines()
                                                 if "smime_quarantine_opened" in line])
                self.assertTrue(opened)
                self.assertIn('"actor":"reviewer"', opened[0])
                self.assertIn(f'"user":"{user}"', opened[0])

    def test_item_07_what_he_moves_is_released(self):
        for user in ("bob", "clerk"):
            with self.subTest(user):
                subject = f"released by the reviewer for {user}"
                hold(user, subject)
                reviewer = self.login(user)
                reviewer.select("Quarantine")
                (uid,) = reviewer.uid("search", None, "SUBJECT", f'"{subject}"')[1][0].split()
                self.assertEqual("OK", reviewer.uid("move", uid, "INBOX")[0])
                (body,) = [body for body in inbox(user) if subject.encode() in body]
                self.assertNotIn(b"X-SMIME-Quarantine", body)

    def test_item_07_nobody_else_gets_in(self):
        for user in ("bob", "clerk"):
            with Imap(user) as owner:
                self.assertEqual([], owner.bodies("Quarantine"))
                self.assertNotIn("Quarantine", owner.names())
            for login, password in ((f"{user}*reviewer", server.PASSWORD), (user, self.password),
                                    ("nonesuch*reviewer", self.password)):
                with self.subTest(login), self.assertRaises(imaplib.IMAP4.error):
                    Imap(login, password)


class E_SystemUsers(unittest.TestCase):
    def test_item_08_status_says_who_reads_held_mail_at_a_shell(self):
        hold("clerk", "in reach of a shell")
        found = shell("runuser -u clerk -- grep -c X-SMIME-Quarantine-Id: "
                      "/home/clerk/mail/Quarantine")
        self.assertGreater(int(found), 0)
        (row,) = status("-u", "clerk", check="quarantine files")
        self.assertEqual("warning", row["state"])
        self.assertIn("(clerk, /bin/sh) at a shell", row["detail"])
        self.assertIn("/home/clerk/mail/Quarantine", row["detail"])
        self.assertIn("mail_access_groups", row["remedy"])
        # The account of all virtual users has no shell.
        (row,) = status("-u", "bob", check="quarantine files")
        self.assertEqual("ok", row["state"])

    def test_item_10_from_a_directory_that_users_may_not_read(self):
        """As /root is, where root types commands: Dovecot opens it to lock an mbox."""
        item = hold("clerk", "released from the desk")
        self.assertNotIn("open(.)", shell("doveadm smime status -A", None, cwd=DESK))
        self.assertNotIn("open(.)", shell("doveadm smime audit -A", None, cwd=DESK))
        shell(f"doveadm smime quarantine release -u clerk {item}", cwd=DESK)
        self.assertIn("released from the desk", subjects(inbox("clerk")))

    def test_item_13_status_of_all_with_the_account_nobody(self):
        configuration = Configuration()
        self.addCleanup(configuration.undo)
        configuration.write(ETC / "conf.d/95-attributes.conf", (
            "mail_attribute {\n  dict file {\n    path = %{home}/attributes\n  }\n}\n"
            if IS_24 else "mail_attribute_dict = file:%h/attributes\n"))
        reload_dovecot()
        found = status("-A")
        self.assertEqual([], [row for row in found if row["state"] == "error"])
        self.assertEqual(["ok"], [row["state"] for row in found
                                  if row["check"] == "mail store" and row["username"] == "nobody"])
        # The warnings are of the system's users, with their shells.
        shell("doveadm smime status -A", 1)


class F_CentralQuarantine(unittest.TestCase):
    """Items 2 and 6: one quarantine for all users, as the manual shows it, beside those that
    there were."""

    USERS = ("alice", "bob", "clerk", "judge")

    @classmethod
    def setUpClass(cls):
        for user in cls.USERS:
            empty_quarantine(user)
        hold("carol", "held before")
        conf_23, conf_24, commands, group = literal_blocks("dovecot-smime.7",
                                                           "A CENTRAL QUARANTINE")
        cls.files = commands.split()[-1]
        shell("set -e\n" + commands)
        cls.configuration = Configuration()
        cls.addClassCleanup(cls.configuration.undo)
        cls.configuration.write(ETC / "conf.d/95-central.conf",
                                (conf_24 if IS_24 else conf_23) + group)
        reload_dovecot()

    def tearDown(self):
        for user in self.USERS:
            empty_quarantine(user)

    def test_item_02_each_is_listed_once_and_goes_to_whom_it_was_for(self):
        wanted = sorted((user, hold(user, f"central, for {user}")) for user in self.USERS)
        listed = [(row["user"], row["id"]) for row in rows("smime quarantine list -A")
                  if row["subject"].startswith("central, for")]
        self.assertEqual(wanted, sorted(listed))
        released = rows("smime quarantine release -A " + " ".join(item for _, item in wanted))
        self.assertEqual(["released"] * len(wanted), [row["result"] for row in released])
        for user in self.USERS:
            self.assertEqual([f"central, for {user}"], [
                subject for subject in subjects(inbox(user)) if subject.startswith("central, for")])

    def test_item_02_nobody_is_given_what_is_another_s(self):
        for user, other in (("alice", "bob"), ("clerk", "judge"), ("judge", "alice")):
            with self.subTest(user=user, other=other):
                subject = f"not for {user} but for {other}"
                item = hold(other, subject)
                for options in ("", "--mailbox INBOX ", "--refilter "):
                    (row,) = rows(f"smime quarantine release -u {user} {options}{item}", 68)
                    self.assertIn(f"held for {other}", row["result"])
                    self.assertIn(f"-u {other}", row["result"])
                self.assertNotIn(subject, subjects(inbox(user)))
                self.assertIn(item, [held_item for held_item, _ in held(other)])

    def test_item_02_status_tries_each_user_s_uid(self):
        for row in status("-A", check="quarantine files"):
            if row["username"] in self.USERS:
                self.assertEqual("ok", row["state"], row)
        self.addCleanup(shell, f"chown root:smime-quarantine {self.files} && "
                               f"chmod 2770 {self.files}")
        shell(f"chown vmail: {self.files} && chmod 700 {self.files}")
        found = {row["username"]: row for row in status("-A", check="quarantine files")}
        self.assertEqual("ok", found["alice"]["state"], found["alice"])
        for user in SYSTEM_USERS:
            self.assertEqual("error", found[user]["state"])
            uid = shell(f"id -u {user}").strip()
            self.assertIn(f"for uid {uid}", found[user]["detail"])
            self.assertIn("mail_access_groups", found[user]["remedy"])

    def test_item_08_it_is_out_of_reach_of_a_shell(self):
        hold("clerk", "out of reach of a shell")
        self.assertIn("Permission denied", shell(f"runuser -u clerk -- find {self.files}", None))
        output = shell("runuser -u clerk -- doveadm smime quarantine list -u clerk; [ $? != 0 ]")
        self.assertNotIn("out of reach", output)
        (row,) = status("-u", "clerk", check="quarantine files")
        self.assertEqual("ok", row["state"])
        self.assertIn("out of reach", row["detail"])

    def test_item_06_the_one_before_stays_closed_until_it_is_empty(self):
        def former():
            return [row["detail"] for row in status("-u", "carol")
                    if "was the quarantine before" in row["detail"]]
        with Imap("carol") as owner:
            for command in (owner.select, owner.create, owner.delete):
                self.assertEqual("NO", command("Quarantine")[0])
            self.assertNotIn("Quarantine", owner.names())
        (detail,) = former()
        self.assertTrue(detail.startswith("Quarantine "), detail)
        self.assertIn("held before", [subject for _, subject in held("carol")])
        empty_quarantine("carol")
        self.assertEqual([], former())
        with Imap("carol") as owner:
            owner.create("Quarantine")
            self.assertEqual("OK", owner.select("Quarantine")[0])


class G_Troubleshooting(unittest.TestCase):
    """README's cases in its order, with what it shows; which certificate is used an LDAP server
    tells, in test_troubleshooting.py."""

    def test_readme(self):
        desk = DESK / "troubleshooting"
        own, root = Authority(desk, "Own Root"), Authority(desk, "Partner Root")
        ca = Authority(desk, "Partner CA", issuer=root)
        for name, path in (("own.pem", own.pem), ("root.pem", root.pem), ("issuing.pem", ca.pem),
                           ("root.crl", root.crl()), ("issuing.crl", ca.crl())):
            (desk / name).write_bytes(path.read_bytes())
        trust = ETC / "smime-partners-trust"
        shipped = re.sub(r"^(trust_dir|crl_policy) =.*\n", "", SCANNER_CONF.read_text(), flags=re.M)
        configuration = Configuration()
        self.addCleanup(configuration.undo)

        def configure(text):
            configuration.write(SCANNER_CONF, f"{shipped}trust_dir = {trust}\n{text}")
            reload_dovecot()

        def offer(name, address, sender=None, **options):
            shell("doveadm expunge -u alice mailbox INBOX subject Offer")
            key, pem = ca.issue(name, address, crl_url="http://crl.partner.example/issuing.crl",
                                **options)
            message = signed_message(key, pem, sender or address, subject="Offer")
            self.assertEqual("sent", send(message, "alice@example.org").status)

        def prints_all(command, lines):
            output = normalized(shell(command, None, cwd=desk))
            return all(normalized(line) in output for line in lines)

        def check(heading, commands):
            for command, lines in commands:
                # The scanner takes a changed trust store within seconds.
                self.assertTrue(wait_for(lambda: prints_all(command, lines), 15),
                                f"{heading}: {command} prints\n" + shell(command, None, cwd=desk))

        cases = list(shown_cases().items())
        configure("")
        shell("doveadm smime trust import own.pem", cwd=desk)
        offer("Bob", "bob@partner.example")
        check(*cases.pop(0))
        configure("crl_policy = require\n")
        shell("doveadm smime trust import root.crl", cwd=desk)
        check(*cases.pop(0))
        self.assertEqual("Which certificate is used", cases.pop(0)[0])
        offer("Web", "web@partner.example", usage="serverAuth")
        (heading, commands), = cases
        check(heading, commands[:1])
        offer("Dan", "dan@partner.example", sender="office@partner.example")
        check(heading, commands[1:])


class Z_Uninstall(unittest.TestCase):
    """Item 9, at the end: the package goes, and mail does not stop."""

    def test_a_it_stays_while_another_file_needs_it(self):
        local = ETC / "local.conf"
        text = local.read_text()
        self.addCleanup(local.write_text, text)
        local.write_text(text + "protocol imap {\n" + (
            "  mail_plugins {\n    smime = yes\n  }\n" if IS_24 else
            "  mail_plugins = $mail_plugins smime\n") + "}\n")
        output = shell("apt-get purge -y dovecot-smime", None)
        self.assertRegex(output, r"/etc/dovecot/local.conf:\d+: +(mail_plugins = .*)?smime")
        self.assertIn("install ok installed", shell("dpkg-query -W -f '${Status}' dovecot-smime"))
        self.assertEqual("sent", send(samples().plain("still here"), "bob@example.org").status)

    def test_b_it_goes_as_readme_says(self):
        self.assertIn("`apt-get purge dovecot-smime`", README.read_text())
        shell("apt-get purge -y dovecot-smime")
        self.assertEqual("", shell("find /etc /usr/lib/dovecot /usr/bin -name '*smime*' "
                                   "-not -name '*-trust' -not -path '*-trust/*'"))
        self.assertEqual("", shell("doveconf -n 2>&1 >/dev/null"))
        self.assertTrue(wait_for(lambda: shell("doveadm service status", None).startswith("name")))
        for user, address in (("bob", "bob@example.org"), ("clerk", "clerk@localhost")):
            self.assertEqual("sent", send(samples().plain("without the plugin"), address).status)
            self.assertIn("without the plugin", subjects(inbox(user)))


class Result(unittest.TextTestResult):
    def failed_tests(self):
        return {getattr(test, "test_case", test).id() for test, _ in self.failures + self.errors}


def main():
    tests = unittest.TestLoader().loadTestsFromModule(sys.modules["__main__"])
    if len(sys.argv) > 2:
        tests = unittest.TestSuite(test for group in tests for test in group
                                   if sys.argv[2] in test.id())
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2, resultclass=Result).run(tests)
    failed = len(result.failed_tests())
    skipped = len(result.skipped)
    (share / "totals").write_text(f"{max(0, result.testsRun - failed - skipped)} {failed} {skipped}\n")
    if failed:
        print(DOVECOT_LOG.read_text(errors="replace")[-6000:])
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
