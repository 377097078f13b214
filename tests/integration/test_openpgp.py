"""OpenPGP as gpg reads it: where gpg finds an encrypted message, the scanner has the class or
names the part; what it reads without a key is opened."""

import base64
import os
import random
import shutil
import subprocess
import unittest

import formats
from test_inspect import InspectCase, attached

HEADER = b"From: a@example.org\r\nTo: b@example.org\r\nMIME-Version: 1.0\r\n"
ROUNDS = int(os.environ.get("SMIME_PGP_ROUNDS", 400))

BEFORE = (b"", b"Hello Bob,\n\n", b"\x07\n", b"Hi\0\n", b"\xef\xbb\xbf", b"\n" * 300,
          b"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nHi\n",
          b"-----BEGIN PGP MESSAGE\n", b"-- \n", b"\xe4\xb8\xad\xe6\x96\x87\n", b"x" * 5000 + b"\n",
          b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nabcd\n-----END PGP PUBLIC KEY BLOCK-----\n")
LABELS = (b"PGP MESSAGE", b"PGP ARMORED FILE", b"PGP PUBLIC KEY BLOCK", b"PGP SIGNATURE",
          b"PGP PRIVATE KEY BLOCK", b"PGP SECRET KEY BLOCK", b"PGP MESSAGE, PART 1/2")
LINE_ENDS = (b"\n", b"\r\n", b" \n", b"\t\r\n", b"\r", b"\r\r\n", b"\n\n")
ARMOR_HEADERS = (b"", b"Version: GnuPG v2\n", b"Comment: \x07\n", b"Comment: ----- x\n" * 3,
                 b"Charset: UTF-8\nHash: SHA1\n", b"Nothing\n")


def named(report):
    return ({"encrypted", "pgp-encrypted"} & set(report["class"])) or report["uninspectable"]


@unittest.skipUnless(shutil.which("gpg"), "no gpg")
class OpenPgp(InspectCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.archive = formats.data("rarfile/rar5-hpsw.rar")
        cls.message = formats.gpg(cls.directory, "--symmetric", "--output", "-")
        cls.stored = formats.gpg(cls.directory, "--store", "--output", "-")

    def gpg_finds(self, content):
        """Whether gpg finds something that needs a passphrase or a key."""
        done = subprocess.run(["gpg", "--homedir", self.directory / "gnupg", "--batch", "--quiet",
                               "--status-fd", "1", "--list-only", "--decrypt"], input=content,
                              capture_output=True)
        return b"[GNUPG:] NEED_PASSPHRASE" in done.stdout or b"[GNUPG:] ENC_TO" in done.stdout \
            or b"[GNUPG:] BEGIN_DECRYPTION" in done.stdout or b"NEED_PASSPHRASE_SYM" in done.stdout

    def armored(self, chance, payload):
        label = chance.choice(LABELS)
        text = base64.b64encode(payload)
        width = chance.choice((64, 76, 20, 5, 10000))
        lines = b"\n".join(text[i:i + width] for i in range(0, len(text), width))
        crc = b"" if chance.random() < 0.3 else b"\n=" + self.checksum(payload)
        text = (b"-----BEGIN " + label + b"-----\n" + chance.choice(ARMOR_HEADERS) + b"\n" + lines
                + crc + b"\n-----END " + label + b"-----\n")
        if chance.random() < 0.3:
            at = chance.randrange(len(text))
            text = text[:at] + chance.choice((b"\0", b"\x07", b"\xa0", b" ")) + text[at:]
        return text.replace(b"\n", chance.choice(LINE_ENDS))

    @staticmethod
    def checksum(data):
        crc = 0xb704ce
        for byte in data:
            crc ^= byte << 16
            for _ in range(8):
                crc = crc << 1 ^ (0x1864cfb if crc & 0x800000 else 0)
        return base64.b64encode((crc & 0xffffff).to_bytes(3, "big"))

    def assert_found_is_named(self, contents, least):
        """contents: pairs of what gpg gets, and a message with it."""
        found = [(content, message) for content, message in contents if self.gpg_finds(content)]
        reports = self.inspect_all([message for _, message in found])
        for (content, _), report in zip(found, reports, strict=True):
            self.assertTrue(named(report), content)
        # Otherwise nothing was tested.
        self.assertGreater(len(found), least)

    def test_what_gpg_finds_is_named(self):
        chance = random.Random(23)
        contents = []
        for _ in range(ROUNDS):
            content = chance.choice(BEFORE) + self.armored(chance, self.message)
            kind = chance.choice((b"text/plain", b"text/html", b"application/octet-stream",
                                  b"text/plain; charset=utf-8"))
            contents.append((content, HEADER + b"Content-Type: " + kind + b"\r\n"
                             b"Content-Transfer-Encoding: base64\r\n\r\n"
                             + base64.encodebytes(content)))
        self.assert_found_is_named(contents, ROUNDS / 8)

    def test_packets_that_gpg_reads(self):
        chance = random.Random(24)
        before = (b"", b"\xca\x03PGP", b"\xa8\x03PGP", b"\xd5\x04abcd", b"\xff\x03abc",
                  b"\xd5\xc0\x10" + b"p" * 208, b"\xe8\x02ab", self.stored)
        contents = [b"".join(chance.choices(before, k=chance.randrange(4))) + self.message
                    for _ in range(60)]
        self.assert_found_is_named([(content, attached(content, "x.bin"))
                                    for content in contents], 5)

    def test_what_needs_no_key_is_opened(self):
        (self.directory / "a.rar").write_bytes(self.archive)
        home = self.directory / "gnupg"
        for method in ("none", "zip", "zlib", "bzip2"):
            for armor in ((), ("--armor",)):
                with self.subTest(method, armor=armor):
                    done = subprocess.run(
                        ["gpg", "--homedir", home, "--batch", "--quiet", "--store",
                         "--compress-algo", method, *armor, "--output", "-",
                         self.directory / "a.rar"], capture_output=True, check=True)
                    report = self.inspect(attached(done.stdout, "a.gpg"))
                    self.assertEqual(["encrypted-archive"], report["class"])
                    self.assertEqual("2/1", report["uninspectable"][0]["path"])

    def test_keys_and_signatures_are_leaves(self):
        home = self.directory / "gnupg"
        gpg = ["gpg", "--homedir", home, "--batch", "--quiet", "--passphrase", "",
               "--pinentry-mode", "loopback"]
        subprocess.run([*gpg, "--quick-generate-key", "carol@example.org", "ed25519"], check=True,
                       capture_output=True)
        key = subprocess.run([*gpg, "--export"], check=True, capture_output=True).stdout
        for options in ((), ("--armor",)):
            signed = subprocess.run([*gpg, *options, "--detach-sign"], input=b"text", check=True,
                                    capture_output=True).stdout
            opaque = subprocess.run([*gpg, *options, "--sign"], input=b"text", check=True,
                                    capture_output=True).stdout
            self.assertEqual(["plain"], self.inspect(attached(signed, "x.sig"))["class"])
            report = self.inspect(attached(opaque, "x.gpg"))
            self.assertEqual((["pgp-signed"], []), (report["class"], report["uninspectable"]))
        self.assertEqual(["plain"], self.inspect(attached(key, "key.gpg"))["class"])
        clear = subprocess.run([*gpg, "--clear-sign"], input=b"text\n", check=True,
                               capture_output=True).stdout
        self.assertEqual(["pgp-signed"], self.inspect(
            HEADER + b"\r\n" + clear.replace(b"\n", b"\r\n"))["class"])


class OtherPrograms(InspectCase):
    def test_openssl(self):
        for options in ((), ("-a",), ("-a", "-A")):
            content = subprocess.run(
                ["openssl", "enc", "-aes-256-cbc", "-pbkdf2", "-k", "x", *options],
                input=formats.TEXT, capture_output=True, check=True).stdout
            for message in (attached(content, "a.enc"), attached(content, "a.txt", "text/plain"),
                            HEADER + b"\r\nHi,\r\n" + content if options else attached(content)):
                report = self.inspect(message)
                self.assertEqual(["encrypted-file"], [u["reason"] for u in report["uninspectable"]])
