"""Messages that meet a bound: they are accepted, and what is encrypted in them is held."""

import json
from pathlib import Path

from case import DovecotCase
from clients import without_trace
from test_filters import FilterCase

DATA = Path(__file__).resolve().parent.parent / "data"
HEAD = b"From: sender@example.org\r\nTo: alice@example.org\r\nSubject: sample\r\nMIME-Version: 1.0\r\n"


def mixed(parts):
    return (HEAD + b"Content-Type: multipart/mixed; boundary=b1\r\n\r\n"
            + b"".join(b"--b1\r\n" + part + b"\r\n" for part in parts) + b"--b1--\r\n")


def content_of(message):
    """The message as a part: without the header fields of a message."""
    head, _, body = message.partition(b"\r\n\r\n")
    lines = head.replace(b"\r\n ", b" ").replace(b"\r\n\t", b" ").split(b"\r\n")
    return b"\r\n".join(line for line in lines if line.startswith(b"Content-")) + b"\r\n\r\n" + body


class LongReport(DovecotCase):
    """The report on such a message is shortened; it is never the reason of a deferral."""

    def setUp(self):
        self.clear()

    def loaded(self, byte):
        """As many parts as a report lists, with names as long as are kept, and behind them
        an encrypted one."""
        name = byte * 240
        label = b'Content-Type: application/' + name + b'; name="' + name + b'.p7m"\r\n\r\nnot cms\r\n'
        return mixed([label] * 64 + [content_of(self.samples.encrypted())])

    def test_the_known_message(self):
        message = (DATA / "long-names.eml").read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        self.assert_accepted(message)
        kept = [without_trace(body) for body in self.bodies()]
        if not kept:
            (item,) = self.quarantined("alice")
            self.doveadm_quarantine("release", "alice", item["id"])
            kept = [without_trace(body) for body in self.bodies()]
        self.assertEqual([message], kept)

    def test_encrypted_mail_behind_long_names_is_held_and_released(self):
        for byte, is_kept in ((b"\xff", True), (b"x", True), (b"\xf0", True), (b"\x01", False),
                              (b"\\", False)):
            with self.subTest(byte=byte):
                self.clear()
                message = self.loaded(byte)
                self.assert_accepted(message)
                self.assertEqual([], self.bodies())
                (item,) = self.quarantined("alice")
                _, (shown,) = self.doveadm_quarantine("show", "alice", item["id"])
                report = json.loads(shown["report"])
                self.assertIn("encrypted", report["class"])
                self.assertEqual("uninspectable", report["scan"]["verdict"])
                if is_kept:
                    self.assertGreater(report["dropped"], 0)
                self.doveadm_quarantine("release", "alice", item["id"])
                self.assertEqual([message], [without_trace(body) for body in self.bodies()])


class LongReportDeliver(LongReport):
    settings = "  smime_scanner_failure = deliver\n"


class LongReportQuarantine(LongReport):
    settings = "  smime_scanner_failure = quarantine\n"


class ManyProtectedParts(FilterCase):
    """More than a report lists: which they are is not known, so the filter may change none."""

    def test_a_filter_does_not_change_the_last_one(self):
        cms = self.samples.encrypted().partition(b"\r\n\r\n")[2]
        for count in (1, 64, 65, 150):
            with self.subTest(count=count):
                part = b"Content-Type: text/plain\r\n\r\n" + cms
                message = mixed([part] * (count - 1) + [part + b"\r\nsample\r\n"])
                body = self.filtered("rewrite-text", message)
                self.assertIn(b"Subject: SAMPLE\r\n", body)
                self.assertTrue(body.endswith(b"\r\nsample\r\n\r\n--b1--\r\n"), body[-100:])


class TooLarge(DovecotCase):
    """A message over max_message_size has the class that its labels say, on each way to the
    scanner."""

    instance_options = {"replace_rules": True, "scanner_conf": "max_message_size = 2000\n"}
    settings = "  smime_rule = class=any-encrypted action=quarantine\n"

    def test_encrypted_is_encrypted(self):
        for filler in (2000, 20_000, 6_000_000):
            with self.subTest(filler=filler):
                self.clear("alice")
                text = b"a line of text\r\n" * (filler // 16)
                behind = mixed([b"Content-Type: text/plain\r\n\r\n" + text,
                                content_of(self.samples.encrypted())])
                self.assert_accepted(behind)
                (item,) = self.quarantined("alice")
                self.assertEqual("encrypted malformed", item["class"])
                self.assert_accepted(mixed([b"Content-Type: text/plain\r\n\r\n" + text]))
                self.assertEqual(1, len(self.bodies()))
