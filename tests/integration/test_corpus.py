"""Every signed and encrypted message of the corpus, through storage and back."""

import re

from case import DovecotCase
from clients import Imap, Lmtp, crlf, without_trace

from pathlib import Path

CORPUS = Path(__file__).resolve().parent.parent / "data" / "corpus"


def messages():
    """Name, bytes with CRLF line ends; without an mbox file's first line."""
    for line in (CORPUS / "INDEX.tsv").read_text().splitlines()[1:]:
        name = line.split("\t")[0]
        message = (CORPUS / name).read_bytes()
        if message.startswith(b"From "):
            message = message.partition(b"\n")[2]
        message = crlf(message)
        if not message.endswith(b"\r\n"):
            message += b"\r\n"
        # What IMAP cannot carry is the subject of NonCanonical.
        if b"\0" in message or re.search(rb"\r(?!\n)", message):
            continue
        yield name, message


class Corpus(DovecotCase):
    instance_options = {"replace_rules": True}

    def assert_exact(self, sent):
        client = Imap(self.instance, "alice", "INBOX")
        uids = client.uids()
        self.assertEqual(len(sent), len(uids))
        for (name, message), uid in zip(sent, uids):
            with self.subTest(message=name):
                self.assertEqual(message, without_trace(client.body(uid)))
        client.logout()
        done = self.instance.doveadm("-f", "flow", "smime", "audit", "-u", "alice")
        self.assertNotIn(b"result=changed", done.stdout)
        self.assertGreater(done.stdout.count(b"result=ok"), 150)


class LmtpMaildir(Corpus):
    def test_every_message(self):
        sent = list(messages())
        self.assertGreater(len(sent), 150)
        with Lmtp(self.instance) as lmtp:
            for name, message in sent:
                ((code, text),) = lmtp.send(message, "alice@example.org")
                self.assertEqual(250, code, f"{name}: {text}")
        # Message headers may begin like those that LMTP adds.
        sent = [(name, without_trace(message)) for name, message in sent]
        self.assert_exact(sent)


class AppendMdbox(Corpus):
    instance_options = {"replace_rules": True, "location": "mdbox:~/mdbox"}

    def test_every_message(self):
        sent = list(messages())
        client = Imap(self.instance, "alice", "INBOX")
        for name, message in sent:
            self.assertEqual("OK", client.append("INBOX", None, None, message)[0], name)
        client.logout()
        self.assert_exact([(name, without_trace(message)) for name, message in sent])


del Corpus
