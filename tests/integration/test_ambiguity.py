"""Signed mail whose parts readers see in different ways: what any of them takes for the signed
part is stored as it arrived, whatever a filter does, and audit sees every change of it."""

import base64
import email
import email.policy
import json
import re
import shutil
from pathlib import Path

from clients import Imap, crlf, without_trace
from test_filters import FILTERS, FilterCase

DATA = Path(__file__).resolve().parents[1] / "data" / "holes"

HEAD = (b"From: alice@example.org\r\nDate: Fri, 28 Nov 2026 12:00:00 +0000\r\nMessage-ID: <x@example.org>\r\n"
        b"Subject: test\r\nMIME-Version: 1.0\r\n")
TYPE = b'Content-Type: multipart/signed; protocol="application/pkcs7-signature"; micalg=sha-256; '
TEXT = b"Content-Type: text/plain\r\n\r\nhello\r\n"
MARKED = b"Amount: REPLACEME\r\n"
SIGNATURE = (b'Content-Type: application/pkcs7-signature; name="smime.p7s"\r\n'
             b"Content-Transfer-Encoding: base64\r\n\r\nMIIB\r\n")


def entity(parameter=b"boundary=bnd", delimiter=b"bnd", between=b"", marked=MARKED, head=TYPE, end=b"--"):
    """A multipart/signed: its MIME header and its body."""
    line = b"\r\n--" + delimiter
    return (head + parameter + b"\r\n\r\n" + line[2:] + b"\r\n" + TEXT + between + marked + line + b"\r\n"
            + SIGNATURE + (line + end + b"\r\n" if end else b""))


def entities():
    """Each has something by which one reader or another finds other parts than lib-mail."""
    long = b"_" * 80
    yield "81 characters", entity(b'boundary="' + long + b'Z"', long + b"Z", b"--" + long + b"\r\n")
    yield "71 characters", entity(b'boundary="' + b"_" * 71 + b'"', b"_" * 71, b"--" + b"_" * 70 + b"\r\n")
    yield "a line that begins with the boundary", entity(between=b"--bndary\r\n")
    yield "a line with the boundary and more", entity(between=b"--bnd more\r\n")
    yield "an end with more", entity(between=b"--bnd--more\r\n")
    for first, last in ((b"bnd", b"other"), (b"other", b"bnd")):
        yield f"two boundaries, {first}", entity(
            b"boundary=" + first + b"; boundary=" + last, b"bnd", b"--other\r\n")
    text = b"Content-Type: text/plain\r\n"
    yield "two types, the last is signed", entity(head=text + TYPE)
    yield "two types, the first is signed", entity(parameter=b"boundary=bnd\r\nContent-Type: text/plain")
    yield "white space at the boundary's end", entity(b'boundary="bnd "')
    yield "a quoted pair", entity(b'boundary="b\\nd"', b"bnd", b"--b\\nd\r\n")
    yield "no end of the quotes", entity(b'boundary="bnd')
    yield "a comment", entity(b"boundary=bnd (other)", b"bnd", b"--other\r\n")
    yield "a comment before", entity(b"(boundary=other;) boundary=bnd", b"bnd", b"--other\r\n")
    yield "white space at the sign", entity(b"boundary = bnd")
    yield "in pieces", entity(b"boundary*0=b; boundary*1=nd", b"bnd", b"--b\r\n")
    yield "with a charset", entity(b"boundary*=us-ascii''bnd")
    yield "whole and in pieces", entity(b"boundary=bnd; boundary*0=oth; boundary*1=er", b"bnd", b"--other\r\n")
    yield "no boundary", entity(b"charset=utf-8")
    inner = entity(b"boundary=bnd1", b"bnd1", marked=b"")
    yield "an inner boundary that begins with the outer", (
        TYPE + b"boundary=bnd\r\n\r\n--bnd\r\n" + inner + MARKED + b"\r\n--bnd\r\n" + SIGNATURE + b"\r\n--bnd--\r\n")
    yield "no end", entity(end=b"")
    yield "an end in the middle", entity(between=b"--bnd--\r\n")
    for encoding in (b"base64", b"quoted-printable", b"x-unknown"):
        yield f"{encoding} on a multipart", entity(parameter=b"boundary=bnd\r\nContent-Transfer-Encoding: " + encoding)
    for name, bytes_ in (("NUL", b"\0"), ("ESC", b"\x1b"), ("VT", b"\x0b"), ("CR", b"\r")):
        yield f"{name} in the type", entity(b"x=a" + bytes_ + b"; boundary=bnd")
    yield "a field behind a CR", entity(head=b"Content-Type: text/plain\r" + TYPE)
    yield "delimiters behind a CR", entity(between=b"\r--bnd\r\n\r\n")
    yield "delimiters that a CR ends", entity(between=b"--bnd\r\r\n")
    yield "a long field", entity(b"x=" + b"y" * 9000 + b"; boundary=bnd")
    yield "a longer field", entity(b"x=" + b"y" * 70000 + b"; boundary=bnd")
    yield "white space as a line of the header", entity(head=b"X-A: b\r\n \t\r\n" + TYPE)
    yield "a line without a colon in the header", entity(head=b"no colon\r\n" + TYPE)
    yield "white space before the colon", entity(head=TYPE.replace(b"Type:", b"Type :"))
    yield "white space in the media type", entity(head=TYPE.replace(b"multipart/signed", b"multipart / signed"))
    yield "a comment in the media type", entity(head=TYPE.replace(b"multipart/signed", b"multipart/(a)signed"))
    yield "a delimiter in a header", (TYPE + b"boundary=bnd\r\n\r\n--bnd\r\nContent-Type: text/plain\r\n--bnd\r\n\r\n"
                                      + MARKED + b"\r\n--bnd\r\n" + SIGNATURE + b"\r\n--bnd--\r\n")


def messages():
    """The entities as the message, as one of its parts, and in a forwarded message."""
    for name, text in entities():
        yield name, HEAD + text
        yield name + ", as a part", (
            HEAD + b"Content-Type: multipart/mixed; boundary=outermost\r\n\r\n--outermost\r\n\r\nlist\r\n"
            b"--outermost\r\n" + text + b"\r\n--outermost--\r\n")
        yield name + ", forwarded", (
            HEAD + b"Content-Type: multipart/mixed; boundary=outermost\r\n\r\n--outermost\r\n"
            b"Content-Type: message/rfc822\r\n\r\n" + HEAD + text + b"\r\n--outermost--\r\n")
    encoded = base64.encodebytes(b"X-Pad: 12\r\n" + HEAD + entity(between=b"xxx"))
    for offset in range(3):
        plain = HEAD + entity(between=b"x" * offset)
        coded = base64.b64encode(plain)
        if b"UkVQTEFDRU1F" in coded:
            encoded = b"\r\n".join(coded[n:n + 2000] for n in range(0, len(coded), 2000)) + b"\r\n"
    yield "a forwarded message in base64", (
        HEAD + b"Content-Type: multipart/mixed; boundary=outermost\r\n\r\n--outermost\r\n"
        b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n" + encoded
        + b"\r\n--outermost--\r\n")
    many = b"--outermost\r\n\r\nx\r\n" * 10001
    yield "more parts than lib-mail counts", (
        HEAD + b"Content-Type: multipart/mixed; boundary=outermost\r\n\r\n" + many + b"--outermost\r\n" + entity()
        + b"\r\n--outermost--\r\n")
    deep = entity()
    for level in range(101):
        boundary = b"level-%03d" % level
        deep = (b"Content-Type: multipart/mixed; boundary=" + boundary + b"\r\n\r\n--" + boundary + b"\r\n" + deep
                + b"\r\n--" + boundary + b"--\r\n")
    yield "more depth than lib-mail follows", HEAD + deep


def as_imap_has_it(message):
    """What Dovecot serves of bytes that IMAP has not."""
    return re.sub(rb"\r+\n", b"\r\n", message.replace(b"\0", b"\x80"))


def body_of(message):
    return message.partition(b"\r\n\r\n")[2]


# --- readers, each written for itself

def lines_of(data, cr_ends):
    return re.findall(rb"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+" if cr_ends else rb"[^\n]*\n|[^\n]+", data)


class Reader:
    """Finds the first part of each multipart/signed, in its own way."""

    def __init__(self, prefix=False, most=None, cr_ends=False, last=False):
        self.prefix, self.most, self.cr_ends, self.last = prefix, most, cr_ends, last

    def header(self, lines):
        fields = []
        for number, line in enumerate(lines):
            if not line.strip(b"\r\n"):
                return fields, lines[number + 1:]
            if line[:1] in b" \t" and fields:
                fields[-1] += line
            else:
                fields.append(line)
        return fields, []

    def of_type(self, fields):
        types = [field.split(b":", 1)[1] for field in fields
                 if field.split(b":")[0].strip().lower() == b"content-type" and b":" in field]
        value = types[-1 if self.last else 0] if types else b""
        boundaries = re.findall(rb'boundary\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))', value, re.I)
        chosen = boundaries[-1 if self.last else 0] if boundaries else (b"", b"")
        boundary = re.sub(rb"\\(.)", rb"\1", chosen[0]) or chosen[1]
        return re.sub(rb"\s", b"", value.partition(b";")[0]).lower(), boundary[:self.most]

    def is_delimiter(self, line, boundary):
        line = line.rstrip(b"\r\n")
        if self.prefix:
            return line.startswith(b"--" + boundary)
        return line.rstrip(b" \t")[:None if self.most is None else 2 + self.most].rstrip(b" \t") in (
            b"--" + boundary, b"--" + boundary + b"--")

    def signed_parts(self, data, depth=0):
        fields, lines = self.header(lines_of(data, self.cr_ends))
        media, boundary = self.of_type(fields)
        if depth > 120:
            return []
        if media == b"message/rfc822":
            return self.signed_parts(b"".join(lines), depth + 1)
        if not media.startswith(b"multipart/") or not boundary:
            return []
        parts = []
        for line in lines:
            if self.is_delimiter(line, boundary):
                parts.append(b"")
            elif parts:
                parts[-1] += line
        found = [parts[0]] if media == b"multipart/signed" and parts else []
        for part in parts[:50]:
            found += self.signed_parts(part, depth + 1)
        return found


READERS = [Reader(prefix, most, cr_ends, last) for prefix in (False, True) for most in (None, 70, 80)
           for cr_ends in (False, True) for last in (False, True)]


def python_signed_parts(data):
    found = []
    for part in email.message_from_bytes(data, policy=email.policy.compat32).walk():
        if part.get_content_type() == "multipart/signed" and part.is_multipart():
            found.append(part.get_payload(0).as_bytes())
    return found


class Ambiguity(FilterCase):
    @classmethod
    def before_start(cls):
        super().before_start()
        shutil.copy(FILTERS, cls.directory / "filters" / "replace-me")

    def audit(self, mailbox="INBOX"):
        done = self.instance.doveadm("-f", "json", "smime", "audit", "-u", "alice", "mailbox", mailbox, check=False)
        return [row["result"] for row in json.loads(done.stdout or b"[]")]

    def deliver_filtered(self, message):
        self.clear("alice")
        self.assert_accepted(message, bdat=True)
        (body,) = self.bodies()
        return without_trace(body)

    def assert_kept(self, message, stored):
        message = as_imap_has_it(message)
        self.assertEqual(body_of(message), body_of(stored))
        for reader in READERS:
            self.assertEqual(reader.signed_parts(message), reader.signed_parts(stored), vars(reader))
        self.assertEqual(python_signed_parts(message), python_signed_parts(stored))

    def change_on_disk(self):
        """As somebody does who may write the mailbox's files."""
        (path,) = [path for path in self.instance.home("alice").rglob("*")
                   if path.is_file() and path.parent.name in ("cur", "new")]
        data = path.read_bytes()
        changed = data.replace(b"REPLACEME", b"CHANGED!!").replace(b"UkVQTEFDRU1F", b"Q0hBTkdFRCEh")
        self.assertNotEqual(data, changed)
        path.write_bytes(changed)

    def test_deliveries(self):
        self.sieve("alice", 'require ["vnd.dovecot.filter"];\nfilter "replace-me";\n')
        for name, message in messages():
            with self.subTest(message=name):
                stored = self.deliver_filtered(message)
                self.assert_kept(message, stored)
                if b"\0" not in message:
                    self.assertEqual(["ok"], self.audit())
                    self.change_on_disk()
                    self.assertEqual(["changed"], self.audit())

    def test_the_messages_that_were_found(self):
        self.sieve("alice", 'require ["vnd.dovecot.filter"];\nfilter "replace-me";\n')
        for name in ("boundary", "long", "control"):
            with self.subTest(message=name):
                message = crlf((DATA / f"{name}.eml").read_bytes())
                self.assert_kept(message, self.deliver_filtered(message))
                self.assert_logged("signed or encrypted part " + ("1" if name == "control" else "TEXT"))

    def test_an_edited_header_stays_where_it_is_safe(self):
        self.sieve("alice", 'require ["vnd.dovecot.filter", "editheader"];\nfilter "replace-me";\n'
                            'addheader "X-Checked" "yes";\n')
        for message in (HEAD + entity(between=b"--bndary\r\n"), HEAD + entity(b"boundary=a; boundary=bnd"),
                        HEAD + entity(head=b"Content-Type: text/plain\r\n" + TYPE)):
            stored = self.deliver_filtered(message)
            self.assert_kept(message, stored)
            self.assertIn(b"X-Checked: yes\r\n", stored)
        message = HEAD + entity(head=b"Content-Type: text/plain\r" + TYPE)
        self.assertEqual(message, self.deliver_filtered(message))

    def test_the_fields_of_the_structure_are_kept(self):
        """What lib-mail takes is left alone by the filter; the other field is not."""
        self.sieve("alice", 'require ["editheader"];\ndeleteheader :index 2 "Content-Type";\n')
        message = HEAD + entity(parameter=b"boundary=bnd\r\nContent-Type: text/plain")
        self.assertEqual(message, self.deliver_filtered(message))

    def test_honest_mail_keeps_what_is_done_around_it(self):
        self.sieve("alice", 'require ["vnd.dovecot.filter"];\nfilter "replace-me";\n')
        around = (HEAD + b"Content-Type: multipart/mixed; boundary=outermost\r\n\r\n--outermost\r\n"
                  + entity(marked=b"Amount: 1\r\n") + b"--outermost\r\n\r\nfooter REPLACEME\r\n--outermost--\r\n")
        self.assertIn(b"footer CHANGED!!", self.deliver_filtered(around))
        self.assertEqual(["ok"], self.audit())
        both = around.replace(b"Amount: 1", b"Amount: REPLACEME")
        self.assertEqual(body_of(both), body_of(self.deliver_filtered(both)))

    def test_plain_mail_of_doubtful_structure_is_none_of_our_business(self):
        self.sieve("alice", 'require ["vnd.dovecot.filter"];\nfilter "replace-me";\n')
        for message in (HEAD + b"Content-Type: multipart/mixed; boundary=a; boundary=b\r\n\r\n--a\r\n\r\nREPLACEME\r\n",
                        HEAD + b"Content-Type: multipart/report; boundary=a\r\n\r\n--a\r\n\r\nREPLACEME\r\n--a\r\n"
                        b"Content-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\nx\r\n--a b\r\n"):
            self.assertIn(b"CHANGED!!", self.deliver_filtered(message))


class AmbiguityInImap(Ambiguity):
    """The same by imapsieve: a script's copy of what a client appended."""

    extra = "protocol imap {\n  mail_plugins = $mail_plugins imap_sieve\n}\n"
    sieve_settings = FilterCase.sieve_settings + (
        "  sieve_plugins = sieve_extprograms sieve_imapsieve\n"
        "  imapsieve_mailbox1_name = *\n  imapsieve_mailbox1_causes = APPEND\n"
        "  imapsieve_mailbox1_before = file:{filters}/../append.sieve\n")

    @classmethod
    def before_start(cls):
        super().before_start()
        script = cls.directory / "append.sieve"
        script.write_text('require ["vnd.dovecot.filter", "fileinto", "mailbox", "environment", "imapsieve"];\n'
                          'if not environment :is "imap.mailbox" "Filtered" {\n'
                          'filter "replace-me";\nfileinto :create "Filtered"; }\n')
        script.chmod(0o644)
        cls.directory.chmod(0o777)

    def test_deliveries(self):
        """APPEND, its record, and the script's copy of it."""
        for name, message in messages():
            if ", " in name or b"\0" in message:
                continue
            with self.subTest(message=name):
                self.clear("alice")
                client = Imap(self.instance, "alice", "INBOX")
                # imaplib would change line ends that are none.
                tag = client._new_tag()
                client.send(tag + b" APPEND INBOX {%d+}\r\n" % len(message) + message + b"\r\n")
                lines = []
                while not lines or not lines[-1].startswith(tag):
                    lines.append(client.readline())
                client.logout()
                self.assertIn(b" OK", lines[-1], lines)
                (stored,) = self.bodies(mailbox="Filtered")
                self.assert_kept(message, stored)
                self.assertEqual(["ok"], self.audit("Filtered"))

    test_the_messages_that_were_found = None
    test_an_edited_header_stays_where_it_is_safe = None
    test_the_fields_of_the_structure_are_kept = None
    test_honest_mail_keeps_what_is_done_around_it = None
    test_plain_mail_of_doubtful_structure_is_none_of_our_business = None
