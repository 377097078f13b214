"""Encrypted bytes and files that stand in text as letters, around the parts of a multipart, and in
files that keep mail in their own ways."""

import base64
import io
import random
import zipfile

import formats
from test_inspect import InspectCase, attached

CHANCE = random.Random(26).randbytes(8192)
LETTERS = base64.encodebytes(CHANCE).replace(b"\n", b"\r\n")
HEADER = (b"From: sender@example.org\r\nTo: alice@example.org\r\nSubject: x\r\n"
          b"MIME-Version: 1.0\r\n")
WORDS = b"Some words of somebody's, as they stand in any letter.\r\n" * 80


def digits(content):
    return b"\r\n".join(content[at:at + 32].hex().encode() for at in range(0, len(content), 32))


def around(before, behind):
    return (HEADER + b"Content-Type: multipart/mixed; boundary=outer\r\n\r\n" + before
            + b"\r\n--outer\r\nContent-Type: text/plain\r\n\r\ntext\r\n--outer--\r\n" + behind)


def zipped(name, content):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return target.getvalue()


class HiddenText(InspectCase):
    def reasons(self, message):
        return {part["reason"] for part in self.inspect(message)["uninspectable"]}

    def test_encrypted_bytes_are_named(self):
        for name, message in {
                "base64": HEADER + b"\r\n" + LETTERS, "digits": HEADER + b"\r\n" + digits(CHANCE),
                "in one line": attached(base64.b64encode(CHANCE), "a.txt"),
                "between words": attached(WORDS + b"\r\n" + LETTERS + WORDS, "a.txt"),
                "in HTML": attached(b"<html><p>" + LETTERS + b"</p></html>", "a.html"),
                "in front of the parts": around(LETTERS, b""),
                "behind the parts": around(b"", LETTERS),
                "as they are, in front": around(CHANCE, b""),
                "as they are, behind": around(b"", CHANCE)}.items():
            with self.subTest(name):
                self.assertEqual({"unrecognised"}, self.reasons(message))

    def test_messages_are_found(self):
        signed = self.samples.openssl("cms", "-sign", "-nodetach", "-outform", "DER", "-signer",
                                      "user.pem", "-inkey", "user.key", input=WORDS)
        sealed = self.samples.openssl("cms", "-encrypt", "-outform", "DER", "user.pem", input=WORDS)
        message = formats.gpg(self.directory, "--symmetric", "--output", "-")
        for content, reasons in ((signed, set()), (sealed, {"encrypted-file"}),
                                 (message * 2, {"encrypted-file"}),
                                 (b"Salted__" + CHANCE, {"encrypted-file"})):
            text = WORDS + b"\r\n\r\n" + base64.encodebytes(content)
            self.assertEqual(reasons, self.reasons(attached(text, "a.txt")))

    def test_an_archive_is_opened(self):
        archive = zipped("a.rar", formats.data("rarfile/rar5-hpsw.rar") + b"\r\n" * 2000)
        for content in (base64.encodebytes(archive * 3), WORDS + base64.encodebytes(archive * 3),
                        digits(archive * 3)):
            self.assertIn("encrypted-archive", self.inspect(attached(content, "a.txt"))["class"])

    def test_what_is_ordinary_is_not_named(self):
        for name, content in {
                "words": WORDS, "a picture": base64.encodebytes(b"\x89PNG\r\n\x1a\n" + CHANCE),
                "a font": base64.b64encode(b"wOF2" + CHANCE),
                "what zlib made": base64.b64encode(b"\x78\x9c" + CHANCE),
                "words in base64": base64.encodebytes(WORDS), "words in digits": digits(WORDS),
                "checksums": b"".join(CHANCE[at:at + 32].hex().encode() + b"  a file\n"
                                      for at in range(0, 8192, 32)),
                "a font in PostScript": b"%!PS-AdobeFont-1.0: Some\n" + digits(CHANCE),
                "certificates": (b"-----BEGIN CERTIFICATE-----\n"
                                 + base64.encodebytes(b"\x30\x82\2\0" + CHANCE[:1000])
                                 + b"-----END CERTIFICATE-----\n") * 20}.items():
            with self.subTest(name):
                self.assertEqual(set(), self.reasons(attached(content, "a.txt")))

    def test_a_script_with_an_archive_is_opened(self):
        script = b"#!/usr/bin/env python3\n"
        self.assertEqual(set(), self.reasons(
            attached(script + zipped("__main__.py", b"print(1)\n" * 50), "a.pyz")))
        self.assertIn("encrypted-archive", self.inspect(attached(script + zipped(
            "a.rar", formats.data("rarfile/rar5-hpsw.rar")), "a.pyz"))["class"])
        self.assertEqual({"unrecognised"}, self.reasons(attached(script + CHANCE, "a.pyz")))

    def test_mail_in_files(self):
        plain = HEADER + b"\r\nA letter.\r\n"
        hidden = attached(formats.data("rarfile/rar5-hpsw.rar"), "a.rar")
        line = b"\1\1\1\1\n"
        for name, make in {
                "MMDF": lambda mail: line + plain + line + line + mail + line,
                "UTF-16": lambda mail: b"\xff\xfe" + mail.decode().encode("utf-16-le"),
                "UTF-16 in the other order":
                    lambda mail: b"\xfe\xff" + mail.decode().encode("utf-16-be"),
                "UTF-16 without a mark": lambda mail: mail.decode().encode("utf-16-le")}.items():
            with self.subTest(name):
                self.assertIn("encrypted-archive",
                              self.inspect(attached(make(hidden), "mail"))["class"])
                self.assertEqual(set(), self.reasons(attached(make(plain), "mail")))
