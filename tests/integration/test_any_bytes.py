"""The quarantine holds any bytes, and gives back what arrived: what a storage would change
is held encoded."""

import base64
import email
import json

from case import DovecotCase
from clients import Imap, without_trace

HEAD = b"From: sender@example.org\r\nTo: alice@example.org\r\nSubject: some bytes\r\n"

# Behind the header and its empty line; sent with BDAT, so that they arrive as they are.
BODIES = {
    "as usual": b"line\r\nanother\r\n",
    "CR at the end": b"line\r\nanother\r",
    "CRs at the end": b"line\r\n\r\r\r",
    "no last line end": b"line\r\nanother",
    "CR CR LF": b"line\r\r\nanother\r\r\n",
    "CR CR LF once": b"line\r\nanother\r\r\nthird\r\n",
    "bare LF": b"line\nanother\n",
    "one bare LF": b"line\r\nanother\nthird\r\n",
    "lone CR": b"li\rne\r\nanother\r\n",
    "NUL": b"li\0ne\r\nanother\r\n",
    "NUL at the end": b"line\r\n\0",
    "nothing": b"",
    "From ": b"From a@example.org Thu Jan  1 00:00:00 1970\r\n>From x\r\n\r\nFrom b\r\n",
    "dots": b".\r\n..\r\n.x\r\n",
    "8-bit": bytes(range(1, 256)).replace(b"\r", b"").replace(b"\n", b"") + b"\r\n",
    "every byte": bytes(range(256)) * 3,
    "white space": b" \t \r\nx \t\r\n\r\n\r\n",
    "long line": b"x" * 100000 + b"\r\n",
}

HEADERS = {
    "mbox's own fields": b"Status: RO\r\nX-Status: A\r\nX-Keywords: x\r\nX-UID: 7\r\n"
                         b"Content-Length: 3\r\nX-IMAP: 1 2\r\n",
    "folded": b"X-Folded: a\r\n\tb\r\n  c\r\n",
    "CR CR LF": b"X-Odd: a\r\r\nX-More: b\r\n",
    "NUL and CR": b"X-Odd: a\0b\rc\r\n",
    "bare LF": b"X-Odd: a\nX-More: b\n",
    "no colon": b"this is no field\r\n",
    "8-bit": b"X-Odd: \xff\xfe\x1b[31m\r\n",
    "long": b"X-Long: " + b"y" * 5000 + b"\r\n",
}


def messages():
    for name, body in BODIES.items():
        yield "body: " + name, HEAD + b"\r\n" + body
    for name, header in HEADERS.items():
        yield "header: " + name, HEAD + header + b"\r\nline\r\n"
    yield "header alone", HEAD
    yield "header without its line end", HEAD[:-2]
    yield "header that ends in CR", HEAD[:-1]
    yield "body alone", b"\r\nline\r\n"
    yield "one byte", b"x"
    yield "one CR", b"\r"


def original_of(held):
    """What a reviewer takes out of a held message with any mail program."""
    if b"\r\nX-SMIME-Quarantine-Encoding: base64\r\n" not in held:
        return held[held.index(b"\r\n", held.index(b"\r\nX-SMIME-Quarantine-SHA256: ") + 2) + 2:]
    return email.message_from_bytes(held).get_payload(decode=True)


class AnyBytes:
    """A mixin: one storage."""

    @classmethod
    def setUpClass(cls):
        cls.instance_options = {"replace_rules": True, "location": cls.location,
                                "global_plugins": cls.plugins}
        cls.settings = ("  smime_rule = to=alice@* origin=delivery action=quarantine\n"
                        "  smime_reviewers = reviewer\n  smime_stores = *\n" + cls.more_settings)
        super().setUpClass()

    plugins = ""
    more_settings = ""

    def held(self, message):
        self.assert_accepted(message, bdat=True)
        (item,) = self.quarantined("alice")
        return item["id"]

    def check_audit(self, mailbox):
        done = self.instance.doveadm("-f", "json", "smime", "audit", "-u", "alice", "mailbox",
                                     mailbox, check=False)
        results = [row["result"] for row in json.loads(done.stdout or b"[]")]
        self.assertNotIn("changed", results)
        return results

    def reviewed(self, mailbox):
        """Every message of the mailbox, as a reviewer's client gets it."""
        client = Imap(self.instance, "alice*reviewer", mailbox)
        texts = [client.body(uid) for uid in client.uids()]
        client.logout()
        return texts

    def test_a_release_gives_back_what_arrived(self):
        self.clear("alice", "bob")
        sent = dict(messages())
        for name, message in sent.items():
            with self.subTest(name):
                self.assert_accepted(message, ["alice@example.org", "bob@example.org"], bdat=True)
        items = [item["id"] for item in self.quarantined("alice")]
        for (name, message), held in zip(sent.items(), self.reviewed("Quarantine"), strict=True):
            with self.subTest(name):
                self.assertEqual(message, without_trace(original_of(held)))
        self.assertEqual(["ok"] * len(sent), self.check_audit("Quarantine"))
        self.doveadm_quarantine("release", "alice", *items)
        self.assertEqual([], self.quarantined("alice"))
        # As an ordinary delivery of the same bytes is kept.
        for name, kept, released in zip(sent, self.bodies("bob"), self.bodies("alice"),
                                        strict=True):
            with self.subTest(name):
                self.assertEqual(without_trace(kept), without_trace(released))

    def test_a_reviewer_moves_it(self):
        for name in ("CR at the end", "CR CR LF", "every byte"):
            with self.subTest(name):
                self.clear("alice", "bob")
                message = HEAD + b"\r\n" + BODIES[name]
                self.assert_accepted(message, "bob@example.org", bdat=True)
                self.held(message)
                client = Imap(self.instance, "alice*reviewer", "Quarantine")
                status, text = client.uid("copy", client.uids()[0], "INBOX")
                self.assertEqual("OK", status, text)
                client.logout()
                self.assertEqual([without_trace(text) for text in self.bodies("bob")],
                                 [without_trace(text) for text in self.bodies("alice")])

    def test_delivered_anew_and_rejected(self):
        message = HEAD + b"\r\n" + BODIES["CR CR LF once"]
        self.clear("alice", "bob")
        self.assert_accepted(message, "bob@example.org", bdat=True)
        item = self.held(message)
        self.doveadm_quarantine("release", "alice", "--refilter", item)
        self.assertEqual([without_trace(text) for text in self.bodies("bob")],
                         [without_trace(text) for text in self.bodies("alice")])

    def test_a_changed_byte_is_found(self):
        self.clear("alice")
        self.held(HEAD + b"\r\n" + BODIES["every byte"])
        changed = 0
        for path in self.instance.home("alice").rglob("*"):
            if path.is_file() and not path.name.startswith("dovecot"):
                data = path.read_bytes()
                # "From: sender@example.org" and the like in base64
                mark = base64.b64encode(bytes(range(0x60, 0x90)))[:20]
                at = data.find(mark)
                if b"X-SMIME-Quarantine-Id" in data and at > 0:
                    path.write_bytes(data[:at] + b"A" + data[at + 1:])
                    changed += 1
        if self.plugins:
            return
        self.assertEqual(1, changed)
        (item,) = self.quarantined("alice")
        done = self.instance.doveadm("-f", "json", "smime", "audit", "-u", "alice", check=False)
        self.assertIn(b"changed", done.stdout)
        done, (result,) = self.doveadm_quarantine("release", "alice", item["id"], check=False)
        self.assertNotEqual(0, done.returncode)
        self.assertIn("is not the original any more", result["result"])
        self.assertEqual([], self.bodies())

    def test_encrypted_mail_with_a_cr_at_its_end(self):
        """In the quarantine and, where a rule lets it pass, in the mailbox."""
        encrypted = self.samples.encrypted().rstrip(b"\r\n") + b"\r"
        doubled = self.samples.encrypted().replace(b"\r\n", b"\r\r\n")
        signed = self.samples.signed()
        at = signed.index(b"\r\n", signed.index(b"A sample text"))
        for name, message in (("at the end", encrypted), ("everywhere", doubled),
                              ("in a signed part", signed[:at] + b"\r" + signed[at:])):
            with self.subTest(name):
                self.check_protected(message)

    def check_protected(self, message):
        self.clear("alice", "bob")
        self.assert_accepted(message, "bob@example.org", bdat=True)
        self.assertEqual(1, len(self.bodies("bob")))
        item = self.held(message)
        self.assertEqual(message, without_trace(original_of(*self.reviewed("Quarantine"))))
        self.check_audit("Quarantine")
        self.doveadm_quarantine("release", "alice", item)
        self.assertEqual([without_trace(text) for text in self.bodies("bob")],
                         [without_trace(text) for text in self.bodies("alice")])
        self.check_audit("INBOX")


def define(name, **attributes):
    globals()[name] = type(name, (AnyBytes, DovecotCase), attributes)


ZLIB = {"plugins": "zlib", "more_settings": "  zlib_save = gz\n"}
define("AnyBytesInMaildir", location="maildir:~/Maildir")
define("AnyBytesInSdbox", location="sdbox:~/sdbox")
define("AnyBytesInMdbox", location="mdbox:~/mdbox")
define("AnyBytesInMbox", location="mbox:~/mail:INBOX=~/mail/inbox")
define("AnyBytesInZlib", location="maildir:~/Maildir", **ZLIB)
del AnyBytes
