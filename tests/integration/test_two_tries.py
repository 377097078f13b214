"""Whatever a message is made of: it is in a mailbox within two tries, and what is held is given
back byte for byte. SMIME_PROPERTY_SEED repeats a run, SMIME_PROPERTY_COUNT makes it longer."""

import email
import os
import random

from case import DovecotCase
from clients import Imap, Lmtp, without_trace

COUNT = int(os.environ.get("SMIME_PROPERTY_COUNT", "60"))

# Pieces that parsers and storages stumble over.
NASTY = [b"\r", b"\n", b"\r\n", b"\r\r\n", b"\0", b"\n\r", b".", b"..", b".\r\n", b"\r\n.\r\n",
         b"From ", b"\r\nFrom a@example.org Thu Jan  1 00:00:00 1970\r\n", b">From ", b"--", b"--b",
         b"\r\n--b\r\n", b"\r\n--b--\r\n", b"\xff", b"\xc3\xa4", b"\x1b[31m", b"\x80", b"\x7f", b"\t",
         b" ", b":", b"=", b"=\r\n", b"=3D", b"\x1f\x8b\x08", b"\x30\x80", b"PK\x03\x04", b"%PDF-1.4",
         b"begin 644 x\r\n", b"-----BEGIN PGP MESSAGE-----\r\n", b"x" * 1000, b"y" * 10000]
FIELDS = [b"Subject: ", b"Content-Type: ", b"MIME-Version: 1.0", b"Content-Transfer-Encoding: ",
          b"Content-Type: multipart/mixed; boundary=b", b"Content-Type: multipart/signed; "
          b"protocol=\"application/pkcs7-signature\"; micalg=sha-256; boundary=b",
          b"Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m",
          b"Content-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m",
          b"Content-Type: message/rfc822", b"Content-Transfer-Encoding: base64",
          b"Content-Transfer-Encoding: quoted-printable", b"Content-Transfer-Encoding: binary",
          b"Content-Disposition: attachment; filename=smime.p7m", b"Status: RO", b"X-UID: 1",
          b"X-Keywords: a", b"Content-Length: 5", b"X-IMAPbase: 1 2", b"From: a@example.org",
          b"Message-ID: <a@example.org>", b"Received: x", b"Return-Path: <x>", b"Delivered-To: y",
          b"X-SMIME-Quarantine-Id: " + b"f" * 32, b"no field at all", b":", b" folded"]


class Generator:
    def __init__(self, seed, samples):
        self.random = random.Random(seed)
        self.known = [samples.plain(), samples.signed(), samples.encrypted(),
                      samples.opaque_signed(), samples.certs_only()]

    def bytes(self, most):
        parts = []
        for _ in range(self.random.randrange(most)):
            parts.append(self.random.choice(NASTY) if self.random.random() < 0.6
                         else self.random.randbytes(self.random.randrange(20)))
        return b"".join(parts)

    def header(self):
        end = self.random.choice([b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r\r\n"])
        lines = [self.random.choice(FIELDS) + (self.bytes(3) if self.random.random() < 0.3 else b"")
                 for _ in range(self.random.randrange(8))]
        return b"".join(line + end for line in lines)

    def changed(self, message):
        """A message of a real program, with nasties put in and bytes taken out."""
        for _ in range(self.random.randrange(4)):
            at = self.random.randrange(len(message) + 1)
            cut = self.random.choice([0, 0, 1, 2, 50])
            message = message[:at] + self.random.choice(NASTY) + message[at + cut:]
        return message

    def message(self):
        kind = self.random.randrange(10)
        if kind == 0:
            return self.bytes(12)
        if kind < 4:
            return (self.header() + self.random.choice([b"", b"\r\n", b"\r\n", b"\n", b"\r\r\n"])
                    + self.bytes(12))
        message = self.changed(self.random.choice(self.known))
        if kind == 4:
            return message[:self.random.randrange(len(message) + 1)]
        if kind == 5:
            return message.rstrip(b"\r\n") + self.random.choice([b"", b"\r", b"\r\r", b"\n", b"\0"])
        if kind == 6:
            return message.replace(b"\r\n", self.random.choice([b"\n", b"\r\r\n"]),
                                   self.random.choice([1, 3, -1]))
        return message


class TwoTries:
    """A mixin: one storage. alice's mail is held, bob's is not; both are protected."""

    settings = ("  smime_rule = to=alice@* origin=delivery action=quarantine\n"
                "  smime_reviewers = reviewer\n")

    @classmethod
    def setUpClass(cls):
        cls.instance_options = {"replace_rules": True, "location": cls.location}
        super().setUpClass()

    def send(self, message):
        """Over a connection of its own: a message may end one."""
        with Lmtp(self.instance) as lmtp:
            return lmtp.send(message, ["alice@example.org", "bob@example.org"],
                             bdat=self.random.choice([True, 1, 7, 1000]))

    def deliver_within_two_tries(self, number, message):
        missing = {0, 1}
        for _ in range(2):
            replies = self.send(message)
            missing -= {index for index in (0, 1) if replies[index][0] == 250}
            if not missing:
                return
        self.fail(f"message {number}: {replies}\n{message[:300]!r}\n"
                  f"{self.instance.settled_log()[-2000:]}")

    def original_of(self, held):
        if b"\r\nX-SMIME-Quarantine-Encoding: base64\r\n" in held:
            return email.message_from_bytes(held).get_payload(decode=True)
        return held[held.index(b"\r\n", held.index(b"\r\nX-SMIME-Quarantine-SHA256: ") + 2) + 2:]

    def bodies_of(self, login, mailbox):
        client = Imap(self.instance, login, mailbox)
        texts = [client.body(uid) for uid in client.uids()]
        client.logout()
        return texts

    def test_in_a_mailbox_within_two_tries(self):
        seed = int(os.environ.get("SMIME_PROPERTY_SEED", "0")) or random.randrange(1 << 30)
        print(f"[seed {seed}] ", end="", flush=True)
        self.random = random.Random(seed)
        generator = Generator(seed, self.samples)
        sent = []
        for number in range(COUNT):
            # A number of its own: what is the same twice is held once.
            message = f"X-Number: {number}\r\n".encode() + generator.message()
            self.deliver_within_two_tries(number, message)
            sent.append(message)
        held = self.bodies_of("alice*reviewer", "Quarantine")
        # Released in the order in which they came, whatever the storage's clock shows.
        self.assertEqual(sent, [without_trace(self.original_of(text)) for text in held])
        items = [item["id"] for item in self.quarantined("alice")]
        _, results = self.doveadm_quarantine("release", "alice", *items)
        self.assertEqual({"released"}, {result["result"] for result in results})
        direct = self.bodies_of("bob", "INBOX")
        released = self.bodies_of("alice", "INBOX")
        # What was held in spite of the rules is not there to be compared with.
        if not self.quarantined("bob"):
            self.assertEqual([without_trace(text) for text in direct],
                             [without_trace(text) for text in released])
        self.assertEqual(COUNT, len(released))
        self.assertEqual(COUNT, len(direct) + len(self.quarantined("bob")))


def define(name, **attributes):
    globals()[name] = type(name, (TwoTries, DovecotCase), attributes)


define("TwoTriesInMaildir", location="maildir:~/Maildir")
define("TwoTriesInSdbox", location="sdbox:~/sdbox")
define("TwoTriesInMdbox", location="mdbox:~/mdbox")
define("TwoTriesInMbox", location="mbox:~/mail:INBOX=~/mail/inbox")
del TwoTries
