"""The configuration as it is shipped holds what cannot be looked into, and nothing else."""

import base64
import email
import json
import os
import re
import subprocess
import tempfile
from pathlib import Path

import dovecot_conf
import formats
from case import ROOT, DovecotCase
from clamav import EICAR, WithClamd
from clients import Imap, Lmtp, crlf, without_trace
from test_corpus import messages

DATA = Path(__file__).resolve().parent.parent / "data"
SCANNER = ROOT / "usr/lib/dovecot/smime-scanner"
REASON = "No scanner can look into part of it"
ENCRYPTED = {"encrypted", "pgp-encrypted", "encrypted-archive", "encrypted-document"}
# In Dovecot 2.4 the keys have an order of their own.
RULES = """origin=delivery scan=uninspectable reason="No scanner can look into part of it" action=quarantine
scan=uninspectable origin=delivery reason="No scanner can look into part of it" action=quarantine
reason="No scanner can look into part of it" scan=uninspectable origin=delivery action=quarantine"""


def attached(content, media_type="application/octet-stream", name="x.bin"):
    return crlf(b"From: sender@example.org\nSubject: attached\nMIME-Version: 1.0\n"
                b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nSee the attachment.\n--b\n"
                + f"Content-Type: {media_type}; name={name}\n".encode()
                + b"Content-Transfer-Encoding: base64\n\n" + base64.encodebytes(content) + b"--b--\n")


def deep(levels):
    return b"".join(b"Content-Type: multipart/mixed; boundary=%d\r\n\r\n--%d\r\n" % (i, i)
                    for i in range(levels)) + b"\r\ntext\r\n"


class ShippedCase(DovecotCase):
    def setUp(self):
        self.clear("alice")

    def reports(self, named):
        """Of each message by its name."""
        with tempfile.TemporaryDirectory() as directory:
            paths = [Path(directory) / str(number) for number in range(len(named))]
            for path, message in zip(paths, named.values(), strict=True):
                path.write_bytes(message)
            done = subprocess.run([SCANNER, "--inspect", *paths], capture_output=True, check=True)
        lines = map(json.loads, done.stdout.splitlines())
        return dict(zip(named, lines, strict=True))

    def where(self, named):
        """What is held, by name, and the names of what is in INBOX; the sender is the name."""
        names = dict(zip((f"sender{number}@example.org" for number in range(len(named))), named))
        with Lmtp(self.instance) as lmtp:
            for sender, name in names.items():
                ((code, text),) = lmtp.send(named[name], "alice@example.org", sender=sender)
                self.assertEqual(250, code, f"{name}: {text}")
        _, shown = self.doveadm_quarantine("show", "alice", "--since", "2000-01-01")
        held = {names[row["from"]]: row for row in shown}
        self.assertEqual(len(shown), len(held))
        with Imap(self.instance, "alice", "INBOX") as client:
            inbox = [names[re.match(rb"Return-Path: <(.*)>", client.body(uid))[1].decode()]
                     for uid in client.uids()]
        return held, inbox

    @staticmethod
    def bomb():
        with (DATA / "shipped-rule/bz2-bomb-then-smime.p7m.eml").open("rb") as file:
            parts = email.message_from_binary_file(file).walk()
        return next(part.get_payload(decode=True) for part in parts
                    if part.get_filename() == "x.bz2")


class Shipped(ShippedCase):
    def test_what_no_scanner_can_look_into(self):
        directory = Path(self.directory)
        named = {
            "a bomb": attached(self.bomb(), "application/x-bzip2", "x.bz2"),
            "a damaged archive": attached(formats.packed(directory, "a.zip",
                                                           content=os.urandom(3000))[:1500]),
            "a damaged CMS object": attached(b"\x30\x80\x06\x09" + bytes(40),
                                             "application/pkcs7-mime", "smime.p7m"),
            "many parts": b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
                          + b"--b\r\n\r\n\r\n" * 12_000 + b"--b--\r\n",
            "too deep": deep(150),
            "no boundary": b"Content-Type: multipart/mixed\r\n\r\n--b\r\n\r\ntext\r\n",
            "a part of a message": b"Content-Type: message/partial; id=1; number=1; total=2\r\n\r\n"
                                   b"Content-Type: application/zip\r\n\r\nx\r\n",
            "an unknown encoding": b"Content-Type: application/zip\r\n"
                                   b"Content-Transfer-Encoding: x-uuencode\r\n\r\nbegin\r\n",
        }
        reports = self.reports(named)
        for name, report in reports.items():
            self.assertTrue(report["uninspectable"], name)
            self.assertFalse(ENCRYPTED & set(report["class"]), name)
        held, inbox = self.where(named)
        self.assertEqual([], inbox)
        self.assertEqual(set(named), set(held))
        for name, row in held.items():
            with self.subTest(name):
                self.assertEqual(REASON, row["reason"])
                self.assertTrue(row["rule"].startswith(dovecot_conf.SHIPPED_RULE2 + ": "), row["rule"])
                self.assertIn(row["rule"].split(": ", 1)[1], RULES.split("\n"))
                self.assertTrue(row["uninspectable"])

    def test_encrypted_mail_is_held_by_the_first_rule(self):
        archive = formats.packed(Path(self.directory), "a.zip", "-psecret")
        held, inbox = self.where({"CMS": self.samples.encrypted(), "archive": attached(archive)})
        self.assertEqual([], inbox)
        for row in held.values():
            self.assertTrue(row["rule"].startswith(dovecot_conf.SHIPPED_RULE + ": class="), row)
            self.assertNotEqual(REASON, row["reason"])

    def test_what_is_before_an_encrypted_part_does_not_hide_it(self):
        named = {path.name: crlf(path.read_bytes())
                 for path in sorted((DATA / "shipped-rule").glob("*.eml"))}
        self.assertEqual(3, len(named))
        held, inbox = self.where(named)
        self.assertEqual((set(named), []), (set(held), inbox))
        for name, row in held.items():
            with self.subTest(name):
                self.assertEqual({"encrypted", "malformed"}, set(row["class"].split()))
                self.assertTrue(row["rule"].startswith(dovecot_conf.SHIPPED_RULE + ": class="), row)
                self.assertEqual("uninspectable", json.loads(row["report"])["scan"]["verdict"])

    def test_what_can_be_looked_into_is_delivered(self):
        directory = Path(self.directory)
        named = {
            "plain": self.samples.plain(),
            "signed": self.samples.signed(),
            "opaque-signed": self.samples.opaque_signed(),
            "certificates": self.samples.certs_only(),
            "archive": attached(formats.packed(directory, "a.zip")),
            "document": attached(formats.pdf(directory, "a.pdf", "--decrypt")),
            "a boundary that never closes": b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
                                            b"--b\r\n\r\nx\r\n",
            "a text without boundary": b"Content-Type: multipart/mixed\r\n\r\ntext\r\n",
            "a returned header": b"Content-Type: message/rfc822\r\n\r\n"
                                 b"Content-Type: multipart/mixed; boundary=b\r\n",
        }
        held, inbox = self.where(named)
        self.assertEqual({}, held)
        self.assertEqual(sorted(named), sorted(inbox))

    def test_mail_of_other_programs(self):
        """Of a corpus, held is exactly what the report says is encrypted or not looked into."""
        named = {str(number): message for number, (_, message) in enumerate(messages())}
        self.assertGreater(len(named), 150)
        wanted = {name for name, report in self.reports(named).items()
                  if report["uninspectable"] or ENCRYPTED & set(report["class"])}
        held, inbox = self.where(named)
        self.assertEqual(wanted, set(held))
        self.assertEqual(set(named) - wanted, set(inbox))
        self.assertGreater(len(held), 20)
        self.assertGreater(len(inbox), 20)

    def test_a_release_is_what_arrived(self):
        message = deep(150)
        self.assert_accepted(message)
        (item,) = self.quarantined("alice")
        self.doveadm_quarantine("release", "alice", item["id"])
        self.assertEqual([message], [without_trace(b) for b in self.bodies()])

    def test_what_users_keep_is_theirs(self):
        with Imap(self.instance, "alice", "INBOX") as client:
            self.assertEqual("OK", client.append("INBOX", None, None, deep(150))[0])


class EngineFails(DovecotCase):
    """A virus scanner that is not there delivers nothing that cannot be looked into."""

    settings = "  smime_scanner_failure = deliver\n"
    instance_options = {"scanner_conf": "clamd = /nonexistent/clamd\n"}

    def test_it_is_held_all_the_same(self):
        self.assert_accepted(deep(150))
        (item,) = self.quarantined("alice")
        self.assertEqual(REASON, item["reason"])
        self.assert_accepted(self.samples.plain())
        self.assertEqual(1, len(self.bodies()))


class Infected(WithClamd, ShippedCase):
    """A virus frees nothing that cannot be looked into, and is held by itself."""

    def test_malware_is_held_whatever_else_it_comes_with(self):
        eicar = (b"\r\n--b\r\nContent-Type: application/x-msdownload; name=e.com\r\n\r\n"
                 + EICAR + b"\r\n--b--\r\n")
        beside = {"a damaged archive": formats.packed(Path(self.directory), "a.zip",
                                                       content=os.urandom(3000))[:1500],
                  "a bomb": self.bomb(), "plain text": b"hello\n"}
        named = {name: attached(content).replace(b"\r\n--b--\r\n", eicar)
                 for name, content in beside.items()}
        named["encrypted mail"] = self.samples.encrypted()
        held, inbox = self.where({**named, "clean": attached(b"hello\n")})
        self.assertEqual(["clean"], inbox)
        self.assertEqual(set(named), set(held))
        for name in beside:
            with self.subTest(name):
                self.assertIn("carries malware (Eicar-Test-Signature", held[name]["reason"])
