"""Rule by class by origin by mailbox on a real server, against a model of the rules
that knows the messages' reports but none of our code."""

import base64
import json
import re
import shlex
import subprocess

import formats
from case import ROOT, DovecotCase
from clients import Imap, Lmtp, crlf, quoted
from fnmatch import fnmatchcase

SCANNER = ROOT / "usr/lib/dovecot/smime-scanner"
MAILBOXES = ("INBOX", "Legal/Cases", "Sp&AOQ-ter")
NAMES = dict(zip(MAILBOXES, ("INBOX", "Legal/Cases", "Später")))
SENDER = "sender@example.org"
OWNER = {"delivery": "alice@example.org", "append": "alice", "copy": "alice"}
SIGNED = {"signed", "opaque-signed", "pgp-signed"}
ENCRYPTED = {"encrypted", "pgp-encrypted", "encrypted-archive", "encrypted-document"}

RULES = (
    ["class=any-encrypted action=quarantine"],
    ["class=any-encrypted action=reject"],
    ["class=encrypted action=tempfail"],
    ["class=any-signed action=reject"],
    ["class=signed flag=$Sealed action=deliver"],
    ["class=opaque-signed action=quarantine", "class=any-signed flag=Seen2 action=deliver"],
    ["class=plain action=reject"],
    ["class=encrypted-archive action=quarantine"],
    ["class=pgp-encrypted reason=\"PGP is not used here\" action=reject"],
    ["origin=delivery class=any-encrypted action=quarantine"],
    ["origin=append class=any-encrypted action=reject"],
    ["origin=copy class=any-encrypted action=reject"],
    ["origin=copy action=quarantine"],
    ["origin=append action=quarantine"],
    ["mailbox=Legal/* action=deliver", "class=any-encrypted action=quarantine"],
    ["mailbox=!Legal/* class=encrypted action=reject"],
    ["mailbox=Legal/% class=plain action=quarantine"],
    ["mailbox=Später action=reject"],
    ["mailbox=* class=signed action=reject", "action=deliver"],
    ["scan=uninspectable action=quarantine"],
    ["scan=not-scanned class=signed action=reject"],
    ["strength=weak action=reject"],
    ["from=*@example.org class=any-encrypted action=reject"],
    ["from=alice class=any-signed action=quarantine"],
    ["to=alice@* action=tempfail"],
    ["signature=signed action=quarantine"],
    ["class=plain action=deliver", "action=quarantine"],
    ["class=certs-only action=reject", "class=any-signed action=deliver", "action=quarantine"],
)

NEGATED = (
    ["class=!any-encrypted action=reject"],
    ["class=!plain origin=!copy action=quarantine"],
    ["mailbox=!Legal/* class=!any-signed action=reject"],
    ["signature=!signed action=quarantine"],
    ["scan=!uninspectable reason=\"Not looked into\" action=reject"],
    ["scan=!uninspectable action=deliver", "action=reject"],
    ["class=!any-encrypted action=deliver", "action=quarantine"],
    ["signature=!signed strength=!weak flag=$Fine action=deliver", "action=reject"],
    ["strength=!weak origin=!append action=reject"],
    ["from=!*@example.org class=!plain action=reject"],
    ["to=!alice@* action=tempfail"],
    ["origin=!delivery mailbox=!INBOX action=reject"],
)
# Reasons for which a part is not looked into, and its class says so.
TOLD_BY_CLASS = {"smime-encrypted", "pgp-encrypted", "encrypted-archive", "encrypted-document"}


def mailbox_matches(pattern, name):
    regex = "".join({"*": ".*", "%": "[^/]*"}.get(c, re.escape(c)) for c in pattern)
    return re.fullmatch(regex, name) is not None


def holds(key, value, facts, origin, mailbox):
    """Whether it holds that the key has the value, and whether that is certain."""
    envelope_from = SENDER if origin == "delivery" else "alice"
    known = "malformed" not in facts["class"] and facts["uninspectable"] <= TOLD_BY_CLASS
    if key == "class":
        wanted = {"any-signed": SIGNED, "any-encrypted": ENCRYPTED}.get(value, {value})
        return bool(facts["class"] & wanted), known
    if key == "strength":
        return facts["strength"] == value, known
    if key == "signature":
        return facts["signature"] == value, known
    if key == "scan":
        certain = value != "uninspectable" or not facts["uninspectable"]
        return facts["scan"] == value, certain
    return {"origin": lambda: value == origin,
            "mailbox": lambda: mailbox_matches(value, NAMES[mailbox]),
            "from": lambda: fnmatchcase(envelope_from, value),
            "to": lambda: fnmatchcase(OWNER[origin], value)}[key](), True


def matches(rule, facts, origin, mailbox):
    for key, value in rule.items():
        if key in ("action", "flag", "reason"):
            continue
        held, certain = holds(key, value.removeprefix("!"), facts, origin, mailbox)
        if value.startswith("!"):
            # A rule that delivers does so only with what is certain.
            held = not held and (certain or rule["action"] != "deliver")
        elif not certain and key == "scan" and rule["action"] != "deliver":
            held = True
        if not held:
            return False
    return True


def decide(rules, facts, origin, mailbox):
    for text in rules:
        rule = dict(word.split("=", 1) for word in shlex.split(text))
        if matches(rule, facts, origin, mailbox):
            return rule
    return {"action": "deliver"}


class Table(DovecotCase):
    instance_options = {"replace_rules": True}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.messages = cls.make_messages()
        cls.facts = {name: cls.facts_of(message) for name, message in cls.messages.items()}

    @classmethod
    def make_messages(cls):
        samples = cls.samples
        archive = formats.data("libzip/encrypt-aes192-noentropy.zip")
        attachment = (b"From: sender@example.org\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
                      b"Content-Type: application/zip\r\nContent-Transfer-Encoding: base64\r\n\r\n")
        return {
            "plain": samples.plain(),
            "signed": samples.signed(),
            "opaque-signed": samples.opaque_signed(),
            "encrypted": samples.encrypted(),
            # An S/MIME label on what is none: it may be of any class.
            "malformed": (b"From: sender@example.org\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
                          b"Content-Type: application/pkcs7-mime; name=smime.p7m\r\n"
                          b"Content-Transfer-Encoding: base64\r\n\r\nMIIBAAAAAAA=\r\n"),
            "encrypted-3des": samples.encrypted(cipher="-des3"),
            "certs-only": samples.certs_only(),
            "encrypted-archive": attachment + crlf(base64.encodebytes(archive)),
            "pgp-encrypted": crlf(b"From: sender@example.org\nSubject: x\n\n"
                                  + formats.gpg(cls.directory, "--symmetric", "--armor", "--output", "-")),
        }

    @classmethod
    def facts_of(cls, message):
        path = cls.directory / "message.eml"
        path.write_bytes(message)
        done = subprocess.run([SCANNER, "--inspect", path], capture_output=True, check=True)
        report = json.loads(done.stdout)
        return {"uninspectable": {part["reason"] for part in report.get("uninspectable", [])},
                "class": set(report["class"]), "scan": report["scan"]["verdict"],
                "strength": report.get("encryption", {}).get("strength"),
                "signature": report["signature"]["status"]}

    def restart_with(self, rules):
        self.instance.stop()
        self.instance.settings = "  smime_reviewers_all_mail = reviewer\n" + "".join(
            # Dovecot expands variables in settings.
            f"  smime_rule{number or ''} = {rule.replace('%', '%%')}\n"
            for number, rule in zip([""] + list(range(2, 100)), rules))
        self.instance.start()

    def count(self, mailbox):
        status, (text,) = self.client.status(quoted(mailbox), "(MESSAGES)")
        return int(text.decode().rsplit(" ", 1)[1].rstrip(")")) if status == "OK" else 0

    def submit(self, origin, mailbox, message):
        """Returns (accepted, temporary, answer)."""
        if origin == "delivery":
            box = f"X-Box: {NAMES[mailbox]}\r\n".encode()
            ((code, text),) = self.lmtp.send(box + message, "alice@example.org")
            return code == 250, code // 100 == 4, text
        if origin == "append":
            status, (text,) = self.owner.append(quoted(mailbox), None, None, message)
        else:
            self.instance.doveadm("save", "-u", "alice", "-m", "Source", input=message)
            self.owner.select("Source")
            uid = self.owner.uids()[-1]
            status, (text,) = self.owner.uid("copy", uid, quoted(mailbox))
        text = (text or b"").decode()
        return status == "OK", "UNAVAILABLE" in text, text

    def check(self, rules, name, origin, mailbox):
        self.number += 1
        message = f"X-Number: {self.number}\r\n".encode() + self.messages[name]
        wanted = decide(rules, self.facts[name], origin, mailbox)
        action = wanted["action"]
        before = self.count(mailbox), self.count("Quarantine")
        accepted, temporary, text = self.submit(origin, mailbox, message)
        added = self.count(mailbox) - before[0]
        held = self.count("Quarantine") - before[1]
        told = action == "deliver" or (action == "quarantine" and origin == "delivery")
        self.assertEqual((told, action == "tempfail"), (accepted, temporary), text)
        self.assertEqual((int(action == "deliver"), int(action == "quarantine")), (added, held),
                         text)
        if not told and "reason" in wanted:
            self.assertIn(wanted["reason"], text)
        if not told and action == "quarantine":
            self.assertIn("quarantine id", text)
            self.assertIn(text.rsplit("quarantine id ", 1)[1][:32],
                          [item["id"] for item in self.quarantined("alice")])
        if added and "flag" in wanted:
            self.client.select(quoted(mailbox), readonly=True)
            self.assertIn(wanted["flag"], self.client.flags(self.client.uids()[-1]))
            self.client.unselect()

    def test_every_combination(self):
        self.sieve("alice", 'require ["fileinto", "mailbox", "variables"];\n'
                            'if header :matches "X-Box" "*" { fileinto :create "${1}"; }\n')
        self.number = 0
        for rules in RULES + NEGATED:
            self.restart_with(rules)
            self.lmtp = Lmtp(self.instance)
            self.client = Imap(self.instance, "alice*reviewer")
            self.owner = Imap(self.instance, "alice")
            for mailbox in (*MAILBOXES[1:], "Source"):
                self.owner.create(quoted(mailbox))
            for name in self.messages:
                for origin in ("delivery", "append", "copy"):
                    for mailbox in MAILBOXES:
                        with self.subTest(rules=rules, message=name, origin=origin,
                                          mailbox=mailbox):
                            self.check(rules, name, origin, mailbox)
            self.client.logout()
            self.owner.logout()
            self.lmtp.close()
            self.instance.doveadm("expunge", "-u", "alice", "mailbox", "*", "all", check=False)
        print(f"[{self.number} combinations] ", end="", flush=True)
        self.assertGreater(self.number, 300)


class WhereItWasTyped(DovecotCase):
    def policy(self, *users, message, directory, text=b""):
        done = self.instance.doveadm("-f", "json", "smime", "policy", *users, message,
                                     cwd=directory, input=text)
        return [row["result"] for row in json.loads(done.stdout)]

    def test_a_file_of_the_operator_s_by_a_relative_path(self):
        directory = self.directory / "private"
        directory.mkdir(mode=0o700)
        (directory / "message").write_bytes(self.samples.encrypted())
        (directory / "message").chmod(0o600)
        self.assertEqual(["quarantine"], self.policy("-u", "alice", message="message",
                                                     directory=directory))
        done = self.instance.doveadm("smime", "inspect", "message", cwd=directory)
        self.assertIn(b"class: encrypted", done.stdout)

    def test_standard_input_for_several_users(self):
        self.assertEqual(["quarantine"] * 3, self.policy(
            "-A", message="-", directory=self.directory, text=self.samples.encrypted()))
