"""Authentication-Results (RFC 8601, RFC 7281): before the message, and nothing of
the message changed."""

import json
import shutil

from case import DovecotCase
from clients import Lmtp, bodies, without_trace
from operator_pki import Authority, signed_message
from test_filters import FilterCase


def split_result(body):
    """The field that is first, unfolded, and what is behind it."""
    end = body.index(b"\r\n")
    while body[end + 2:end + 3] in (b" ", b"\t"):
        end = body.index(b"\r\n", end + 2)
    return body[:end].replace(b"\r\n\t", b" ").decode(), body[end + 2:]


class Results(DovecotCase):
    settings = ("  smime_authentication_results = mx.example.org\n"
                "  smime_stores = * !Plain\n")

    @classmethod
    def before_start(cls):
        trust = cls.directory / "trust"
        trust.mkdir()
        cls.root = Authority(cls.directory, "Root")
        for file in (cls.root.pem, cls.root.crl()):
            shutil.copy(file, trust)
        cls.instance.scanner_conf = f"trust_dir = {trust}\n"

    def setUp(self):
        self.clear()
        self.sieve("alice", "keep;")

    def stored(self, message, user="alice", mailbox="INBOX"):
        self.assert_accepted(message, f"{user}@example.org")
        (body,) = bodies(self.instance, user, mailbox)
        field, rest = split_result(body)
        self.assertEqual(message, without_trace(rest))
        return field

    def test_what_is_said(self):
        key, pem = self.root.issue("Bob", "bob@partner.example")
        good = signed_message(key, pem, "bob@partner.example")
        field = self.stored(good)
        self.assertTrue(field.startswith("Authentication-Results: mx.example.org; smime=pass "))
        for text in ("body.smime-identifier=bob@partner.example", "body.smime-issuer=",
                     "body.smime-serial=", "body.smime-part=1"):
            self.assertIn(text, field)
        done = self.instance.doveadm("-f", "json", "smime", "audit", "-u", "alice")
        self.assertEqual(["ok"], [row["result"] for row in json.loads(done.stdout)])
        for message, wanted in ((good.replace(b"A text", b"B text"), 'smime=fail reason="digest-mismatch"'),
                                (self.samples.plain(), "smime=none"),
                                (self.samples.signed(), "smime=fail reason=")):
            self.clear()
            self.assertIn(wanted, self.stored(message))

    def test_several_recipients_have_one_each(self):
        message = self.samples.signed()
        with Lmtp(self.instance) as lmtp:
            replies = lmtp.send(message, ["alice@example.org", "bob@example.org",
                                          "carol@example.org"])
        self.assertEqual([250] * 3, [code for code, _ in replies])
        for user in ("alice", "bob", "carol"):
            (body,) = bodies(self.instance, user)
            field, rest = split_result(body)
            self.assertIn("smime=", field)
            self.assertEqual(message, without_trace(rest))

    def test_a_field_that_claims_to_be_ours_is_counted_and_kept(self):
        message = (b"Authentication-Results: MX.example.org; smime=pass\r\n"
                   b"Authentication-Results: other.example; spf=pass\r\n" + self.samples.plain())
        field = self.stored(message)
        self.assertIn("(1 field of this name below came with the message)", field)
        self.assert_logged("1 Authentication-Results of our own name mx.example.org")

    def test_outside_of_smime_stores_nothing_is_put_before(self):
        self.sieve("alice", 'require ["fileinto", "mailbox"]; fileinto :create "Plain";\n')
        message = self.samples.signed()
        self.assert_accepted(message)
        (body,) = bodies(self.instance, "alice", "Plain")
        self.assertEqual(message, without_trace(body))

    def test_the_quarantine_has_the_original(self):
        message = self.samples.encrypted()
        self.assert_accepted(message)
        (item,) = self.quarantined("alice")
        self.doveadm_quarantine("release", "alice", item["id"])
        (body,) = self.bodies()
        self.assertEqual(message, without_trace(body))
        self.clear()
        self.assert_accepted(message)
        (item,) = self.quarantined("alice")
        self.doveadm_quarantine("release", "alice", "--refilter", item["id"])
        (body,) = self.bodies()
        self.assertNotIn(b"Authentication-Results", body)


class ResultsOfWhatIsPutBack(FilterCase):
    sieve_settings = (FilterCase.sieve_settings +
                      "  smime_authentication_results = mx.example.org\n")

    def test_the_content_is_put_back_behind_the_field(self):
        message = self.signed()
        for name in ("rewrite-text", "append-footer", "tag-header"):
            with self.subTest(filter=name):
                field, rest = split_result(self.filtered(name, message))
                self.assertIn("mx.example.org; smime=", field)
                self.assertTrue(self.samples.verifies(rest))
        field, rest = split_result(self.filtered("rewrite-text", self.samples.plain()))
        self.assertIn("smime=none", field)

    def test_the_whole_message_over_storages_with_an_edit(self):
        message = self.signed()
        field, rest = split_result(self.filtered("rewrite-text", message,
                                                 'addheader "X-Edited" "yes";\n'))
        self.assertIn(b"X-Edited: yes", rest)
        self.assertTrue(self.samples.verifies(rest))


class ResultsOfOneRecipient(DovecotCase):
    """The other recipients' copies are made of the mail that the first one has, which has no
    field yet: it is in a mailbox already, and may be linked instead of being written."""

    def test_the_field_is_put_before_a_copy_of_stored_mail(self):
        lines = (self.instance.dir / "passwd").read_text().splitlines()
        self.change_users("\n".join(
            line + ("userdb_smime_authentication_results=mx.example.org"
                    if line.startswith("bob:") else "") for line in lines) + "\n")
        message = self.samples.signed()
        for code, text in self.deliver(message, ["alice@example.org", "bob@example.org",
                                                 "carol@example.org"]):
            self.assertEqual(250, code, text)
        for user in ("alice", "carol"):
            self.assertEqual([message], [without_trace(body) for body in self.bodies(user)])
        (body,) = self.bodies("bob")
        field, rest = split_result(body)
        self.assertIn("mx.example.org; smime=", field)
        self.assertEqual(message, without_trace(rest))
