"""Signed and encrypted content through every storage format, way in and way out.

One class for each storage; each test is one way in, followed by every way out.
"""

import base64
import email.utils
import json
import os
import poplib
import re
import shutil
import subprocess
import unittest

from case import DovecotCase
from clients import PASSWORD, Imap, Lmtp, bodies, crlf, stored, without_trace
from dovecot_conf import import_source
from instance import free_port

DATE = email.utils.format_datetime(email.utils.localtime())


def literal_append(client, mailbox, chunks):
    """APPEND with the raw bytes that are given; synchronising literals."""
    tag = client._new_tag().decode()
    client.send(f'{tag} APPEND "{mailbox}"'.encode())
    for intro, data, end in chunks:
        client.send(intro % len(data) + b"\r\n")
        line = client.readline()
        if not line.startswith(b"+"):
            raise AssertionError(line)
        client.send(data + end)
    client.send(b"\r\n")
    while True:
        line = client.readline()
        if line.startswith(tag.encode()):
            if b" OK" not in line:
                raise AssertionError(line)
            return


class Storage:
    """A mixin: the tests of one storage format."""

    location = "maildir:~/Maildir"
    plugins = ""
    config = ""
    final_newline = False
    # A message can be read before it is committed; otherwise an APPEND gets no
    # record (see can_read_back() in plugin/protect/read-back.h).
    reads_back = True

    instance_options: dict = {}

    @classmethod
    def setUpClass(cls):
        cls.pop3_port = free_port()
        cls.instance_options = {"replace_rules": True, "location": cls.location,
                                "global_plugins": cls.plugins, "protocols": "imap lmtp pop3"}
        cls.extra = (f"service pop3-login {{\n  inet_listener pop3 {{\n"
                     f"    port = {cls.pop3_port}\n  }}\n  inet_listener pop3s {{\n    port = 0\n"
                     f"  }}\n}}\n"
                     "namespace other {\n  prefix = Other/\n  separator = /\n"
                     f"  location = {cls.other_location()}\n}}\n{cls.config}")
        super().setUpClass()
        cls.messages = [cls.samples.signed(), cls.samples.opaque_signed(),
                        cls.samples.encrypted(), cls.nested()]

    @classmethod
    def other_location(cls):
        """Of another format than the one that is tested."""
        return "sdbox:~/other" if cls.location.startswith("maildir") else "maildir:~/other"

    @classmethod
    def nested(cls):
        """A signed message that is forwarded, between a text and a footer."""
        return crlf(b"From: a@example.org\nDate: " + DATE.encode() + b"\nMIME-Version: 1.0\n"
                    b"Content-Type: multipart/mixed; boundary=outer\n\n--outer\n\na text  \n"
                    b".\n..\nFrom here\n--outer\nContent-Type: message/rfc822\n\n"
                    ) + cls.samples.signed() + b"\r\n--outer\r\n\r\nfooter\r\n--outer--\r\n"

    def setUp(self):
        for user in ("alice", "bob"):
            shutil.rmtree(self.instance.home(user), ignore_errors=True)

    def same(self, expected, got, note=""):
        if self.final_newline and got.endswith(b"\r\n") and not expected.endswith(b"\r\n"):
            got = got[:-2]
        self.assertEqual(expected, got, note)

    def verifies(self, message):
        return self.samples.verifies(message)

    def assert_exact(self, mailbox="INBOX", messages=None):
        """Every way out serves the bytes that went in."""
        messages = messages or self.messages
        client = Imap(self.instance, "alice", mailbox)
        uids = client.uids()
        self.assertEqual(len(messages), len(uids))
        for message, uid in zip(messages, uids):
            body = client.body(uid)
            self.same(message, without_trace(body), "BODY[]")
            if b"multipart/signed" in message and b"multipart/mixed" not in message:
                self.assertTrue(self.verifies(body))
                self.check_parts(client, uid, message)
            pieces = b"".join(self.partial(client, uid, at, 700)
                              for at in range(0, len(body) + 1, 700))
            self.same(body, pieces, "partial")
        client.logout()
        for message, text in zip(messages, stored(self.instance, "alice", mailbox)):
            self.same(message, without_trace(crlf(text.encode())), "doveadm fetch")
        if mailbox == "INBOX":
            self.check_pop3(messages)

    @staticmethod
    def partial(client, uid, at, size):
        answer = client.uid("fetch", uid, f"(BODY.PEEK[]<{at}.{size}>)")[1][0]
        return answer[1] if isinstance(answer, tuple) else b""

    def check_parts(self, client, uid, message):
        mime = client.uid("fetch", uid, "(BODY.PEEK[1.MIME])")[1][0][1]
        part = client.uid("fetch", uid, "(BODY.PEEK[1])")[1][0][1]
        self.assertIn(b"\r\n" + mime + part + b"\r\n--", message)
        # BINARY undoes the transfer encoding (RFC 3516): the signature's DER.
        encoded = client.uid("fetch", uid, "(BODY.PEEK[2])")[1][0][1]
        binary = client.uid("fetch", uid, "(BINARY.PEEK[2])")[1][0][1]
        self.assertEqual(base64.b64decode(encoded), binary)

    def check_pop3(self, messages):
        pop3 = poplib.POP3("127.0.0.1", self.pop3_port, timeout=60)
        pop3.user("alice")
        pop3.pass_(PASSWORD)
        self.assertEqual(len(messages), pop3.stat()[0])
        for number, message in enumerate(messages, 1):
            text = b"\r\n".join(pop3.retr(number)[1]) + b"\r\n"
            if not message.endswith(b"\r\n"):
                message += b"\r\n"
            self.assertEqual(message, without_trace(text), "RETR")
        pop3.quit()

    # -- ways in

    def test_lmtp_data(self):
        for message in self.messages:
            self.assert_accepted(message)
        self.assert_exact()

    def test_lmtp_bdat(self):
        for message in self.messages:
            self.assert_accepted(message, bdat=True)
        self.assert_exact()

    @unittest.skipIf(os.geteuid() != 0, "dovecot-lda -d needs root")
    def test_lda(self):
        for message in self.messages:
            done = subprocess.run(["/usr/lib/dovecot/dovecot-lda", "-c", str(self.instance.conf),
                                   "-d", "alice", "-f", "sender@example.org"],
                                  input=message.replace(b"\r\n", b"\n"), capture_output=True,
                                  timeout=60, env=self.instance.environment())
            self.assertEqual(0, done.returncode, done.stderr)
        self.assert_exact()

    def test_append(self):
        client = Imap(self.instance, "alice")
        for message in self.messages:
            literal_append(client, "INBOX", [(b" {%d}", message, b"")])
        client.logout()
        self.assert_exact()

    def test_multiappend(self):
        client = Imap(self.instance, "alice")
        literal_append(client, "INBOX", [(b" {%d}", message, b"") for message in self.messages])
        client.logout()
        self.assert_exact()

    def test_append_binary(self):
        client = Imap(self.instance, "alice")
        for message in self.messages:
            literal_append(client, "INBOX", [(b" ~{%d}", message, b"")])
        client.logout()
        self.assert_exact()

    def test_append_catenate(self):
        client = Imap(self.instance, "alice")
        for message in self.messages:
            half = len(message) // 2
            literal_append(client, "INBOX", [(b" CATENATE (TEXT {%d}", message[:half], b""),
                                             (b" TEXT {%d}", message[half:], b")")])
        client.logout()
        self.assert_exact()

    def test_copy_and_move_to_another_format_and_back(self):
        for message in self.messages:
            self.assert_accepted(message)
        client = Imap(self.instance, "alice")
        for name in ("Other/There", "Back"):
            client.create(name)
        client.select("INBOX")
        self.assertEqual("OK", client.uid("copy", "1:*", "Other/There")[0])
        self.assert_exact("Other/There")
        client.select("Other/There")
        self.assertEqual("OK", client.uid("move", "1:*", "Back")[0])
        client.logout()
        self.assert_exact("Back")
        self.assertEqual([], bodies(self.instance, "alice", "Other/There"))

    def test_doveadm_import(self):
        for message in self.messages:
            self.assert_accepted(message)
        source = self.instance.home("alice")
        self.instance.doveadm("import", "-u", "alice",
                              import_source(self.location.replace("~", str(source))),
                              "Imported", "mailbox", "INBOX")
        self.assert_exact("Imported/INBOX")

    def test_dsync(self):
        for message in self.messages:
            self.assert_accepted(message)
        where = self.instance.home("alice") / "synced"
        there = f"{self.other_location().split(':')[0]}:{where}"
        self.instance.doveadm("backup", "-u", "alice", there)
        self.instance.doveadm("backup", "-R", "-u", "bob", there)
        for message, body in zip(self.messages, bodies(self.instance, "bob"), strict=True):
            self.same(message, without_trace(body))
        self.instance.doveadm("import", "-u", "alice", there, "Synced", "mailbox", "INBOX")
        self.assert_exact("Synced/INBOX")

    def audit(self, *query):
        done = self.instance.doveadm("-f", "json", "smime", "audit", "-u", "alice", *query,
                                     check=False)
        return done.returncode, [row["result"] for row in json.loads(done.stdout or "[]")]

    def test_audit(self):
        for message in self.messages + [self.samples.plain()]:
            self.assert_accepted(message)
        client = Imap(self.instance, "alice", "INBOX")
        client.create("Copied")
        client.create("Other/Copied")
        client.uid("copy", "1:*", "Copied")
        client.uid("copy", "1:*", "Other/Copied")
        literal_append(client, "Copied", [(b" {%d}", self.messages[0], b"")])
        client.logout()
        for mailbox, count in (("INBOX", 4), ("Copied", 4), ("Other/Copied", 4)):
            results = ["ok"] * count
            if mailbox == "Copied":
                results.append("ok" if self.reads_back else "no-record")
            self.assertEqual((0, results), self.audit("mailbox", mailbox), mailbox)


ZLIB = {"plugins": "zlib", "config": "plugin {\n  zlib_save = gz\n}\n"}

LOCATIONS = {
    "Maildir": "maildir:~/Maildir",
    "Sdbox": "sdbox:~/sdbox",
    "Mdbox": "mdbox:~/mdbox",
    "Mbox": "mbox:~/mail:INBOX=~/mail/inbox",
}


class Crypt(Storage):
    plugins = "mail_crypt"

    @classmethod
    def setUpClass(cls):
        keys = cls.make_keys()
        cls.config = ("plugin {\n"
                      f"  mail_crypt_global_private_key = <{keys}/private.pem\n"
                      f"  mail_crypt_global_public_key = <{keys}/public.pem\n"
                      "  mail_crypt_save_version = 2\n}\n")
        super().setUpClass()

    @staticmethod
    def make_keys():
        from case import WORK
        keys = WORK / "mail-crypt"
        keys.mkdir(exist_ok=True)
        subprocess.run("openssl ecparam -name prime256v1 -genkey | openssl pkey -out private.pem"
                       " && openssl pkey -in private.pem -pubout -out public.pem"
                       " && chmod 644 private.pem",
                       shell=True, cwd=keys, check=True, capture_output=True)
        return keys

    def stored_is_encrypted(self):
        for path in self.instance.home("alice").rglob("*"):
            if path.is_file() and b"multipart/signed" in path.read_bytes() and \
                    not re.search(r"dovecot|storage|index", str(path)):
                return False
        return True

    def test_lmtp_data(self):
        super().test_lmtp_data()
        self.assertTrue(self.stored_is_encrypted())


class Attachments(Storage):
    @classmethod
    def setUpClass(cls):
        cls.config = "mail_attachment_dir = ~/attachments\nmail_attachment_min_size = 512\n"
        super().setUpClass()


def define(name, base, **attributes):
    globals()[name] = type(name, (base, DovecotCase), attributes)


for _name, _location in LOCATIONS.items():
    _mbox = {"final_newline": _name == "Mbox", "reads_back": _name != "Mbox"}
    define(_name + "Storage", Storage, location=_location, **_mbox)
    if _name != "Mbox":
        # Compression and encryption need a file for each message.
        define(_name + "Zlib", Storage, location=_location, **ZLIB)
        define(_name + "Crypt", Crypt, location=_location)
    if "dbox" in _location:
        define(_name + "Attachments", Attachments, location=_location,
               reads_back=_name == "Mdbox")

del Storage, Crypt, Attachments
