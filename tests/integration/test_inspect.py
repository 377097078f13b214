"""What the scanner says of content that cannot be looked into: every format, at
every depth; bombs; and the corpus with the class that its index states."""

import base64
import binascii
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import zipfile
import zlib
from pathlib import Path

import formats
from case import ROOT, WORK
from clients import Samples, crlf

SCANNER = ROOT / "usr/lib/dovecot/smime-scanner"
DATA = Path(__file__).resolve().parent.parent / "data"


def attached(content, name="data.bin", media_type="application/octet-stream"):
    return (b"From: sender@example.org\r\nTo: alice@example.org\r\nSubject: x\r\n"
            b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=outer\r\n\r\n--outer\r\n"
            b"Content-Type: text/plain\r\n\r\ntext\r\n--outer\r\n" + part(content, name, media_type)
            + b"\r\n--outer--\r\n")


def part(content, name="data.bin", media_type="application/octet-stream"):
    return (f"Content-Type: {media_type}; name={name}\r\nContent-Transfer-Encoding: base64\r\n"
            f"\r\n").encode() + base64.encodebytes(content).replace(b"\n", b"\r\n")


PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/VscvDQAAAABJRU5E"
    "rkJggg==")


# A small process of its own: what it starts has its memory counted from there.
MEASURE = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
sys.stdout.buffer.write(done.stdout)
print(used.ru_utime + used.ru_stime, used.ru_maxrss)
sys.exit(done.returncode)
"""


def measured(command):
    """The report, processor seconds, and the largest resident set in kilobytes."""
    done = subprocess.run([sys.executable, "-S", "-c", MEASURE, *map(str, command)], check=True,
                          capture_output=True, timeout=120)
    report, _, used = done.stdout.strip().rpartition(b"\n")
    seconds, kilobytes = used.split()
    return json.loads(report), float(seconds), int(kilobytes)


class InspectCase(unittest.TestCase):
    longMessage = True
    config = ""

    @classmethod
    def setUpClass(cls):
        cls.directory = Path(tempfile.mkdtemp(prefix="smime-test-", dir="/tmp"))
        cls.directory.chmod(0o755)
        cls.samples = Samples(WORK / "samples")
        (cls.directory / "scanner.conf").write_text(cls.config)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.directory, ignore_errors=True)

    def inspect_all(self, messages, timeout=300, options=()):
        """The report of each message, in one run of the program."""
        paths = []
        for number, message in enumerate(messages):
            path = self.directory / f"m{number}.eml"
            path.write_bytes(message)
            paths.append(path)
        done = subprocess.run([SCANNER, "-c", self.directory / "scanner.conf", "--inspect",
                               *options, *paths], capture_output=True, timeout=timeout)
        self.assertEqual((0, b""), (done.returncode, done.stderr))
        return [json.loads(line) for line in done.stdout.splitlines()]

    def inspect(self, message):
        return self.inspect_all([message])[0]


CONTAINERS = {
    "attachment": lambda samples, content: attached(content),
    "labelled as an image": lambda samples, content: attached(content, "a.png", "image/png"),
    "labelled as text": lambda samples, content: attached(content, "a.txt", "text/plain"),
    "in a zip": lambda samples, content: attached(formats.zipped("inner", content), "a.zip",
                                                  "application/zip"),
    "in a zip in a zip": lambda samples, content: attached(
        formats.zipped("b.zip", formats.zipped("inner", content), zipfile.ZIP_STORED)),
    "in message/rfc822": lambda samples, content: (
        b"Subject: fwd\r\nContent-Type: message/rfc822\r\n\r\n" + attached(content)),
    "in an opaque-signed message": lambda samples, content: samples.opaque_signed(
        entity=attached(content)),
    "in a compressed message": lambda samples, content: (
        b"Subject: x\r\nMIME-Version: 1.0\r\n"
        + part(formats.compressed_data(attached(content)), "smime.p7z",
               "application/pkcs7-mime; smime-type=compressed-data")),
    "signed as a file": lambda samples, content: attached(
        samples.openssl("cms", "-sign", "-nodetach", "-binary", "-outform", "DER", "-signer",
                        "user.pem", "-inkey", "user.key", input=content), "document.p7m"),
    "gzipped": lambda samples, content: attached(formats.zlib_gzip(content)),
    "behind a picture": lambda samples, content: attached(PICTURE + content, "a.png", "image/png"),
}


class Formats(InspectCase):
    """Each by itself and in everything that can be opened."""

    def reports(self, files):
        names, messages = [], []
        for name, content in files.items():
            for container, wrap in CONTAINERS.items():
                names.append((name, container))
                messages.append(wrap(self.samples, content))
        return zip(names, self.inspect_all(messages))

    def test_unreadable(self):
        formats_ = formats.unreadable(self.directory, self.samples)
        seen = 0
        for (name, container), report in self.reports(
                {name: entry[0] for name, entry in formats_.items()}):
            _, message_class, reason = formats_[name]
            with self.subTest(format=name, container=container):
                self.assertIn(message_class, report["class"], report)
                self.assertEqual([reason], [u["reason"] for u in report["uninspectable"]], report)
                self.assertEqual("uninspectable", report["scan"]["verdict"])
                self.assertNotIn("malformed", report["class"], report)
            seen += 1
        self.assertEqual(len(formats_) * len(CONTAINERS), seen)

    def test_readable(self):
        for (name, container), report in self.reports(
                formats.readable(self.directory, self.samples)):
            with self.subTest(format=name, container=container):
                self.assertEqual([], report["uninspectable"], report)
                self.assertFalse({"encrypted", "pgp-encrypted", "encrypted-archive",
                                  "encrypted-document", "malformed"} & set(report["class"]), report)

    def test_a_bare_file_is_no_message_and_still_looked_into(self):
        for name, (content, message_class, reason) in formats.unreadable(
                self.directory, self.samples).items():
            with self.subTest(format=name):
                report = self.inspect(content)
                self.assertIn(message_class, report["class"])
                self.assertIn(reason, [u["reason"] for u in report["uninspectable"]])

    def test_the_part_is_named(self):
        locked = formats.packed(self.directory, "n.zip", "-psecret")
        outer = formats.zipped("reports/inner.zip", locked)
        (entry,) = self.inspect(attached(outer, "outer.zip"))["uninspectable"]
        self.assertEqual({"path": "2", "reason": "encrypted-archive", "type": "application/zip",
                          "name": "outer.zip/reports/inner.zip"}, entry)
        (entry,) = self.inspect(self.samples.opaque_signed(
            entity=attached(locked, "a.zip")))["uninspectable"]
        self.assertEqual("1/2", entry["path"])
        self.assertEqual("a.zip", entry["name"])


class LargeFormats(InspectCase):
    """Larger than what is kept in memory: read in a stream, or by both ends."""

    config = "max_document_size = 256k\n"

    def big(self):
        return formats.sound(3 * 1024 * 1024)

    def reasons(self, content):
        return [u["reason"] for u in self.inspect(attached(content))["uninspectable"]]

    def test_streamed(self):
        self.assertEqual([], self.reasons(formats.packed(self.directory, "a.zip",
                                                         content=self.big())))
        self.assertEqual(["encrypted-archive"],
                         self.reasons(formats.packed(self.directory, "b.zip", "-psecret",
                                                     "-mem=AES256", content=self.big())))
        self.assertEqual(["encrypted-archive"],
                         self.reasons(formats.zipped("x.zip", formats.packed(
                             self.directory, "c.zip", "-psecret", content=self.big()))))

    def test_both_ends(self):
        self.assertEqual(["encrypted-archive"],
                         self.reasons(formats.packed(self.directory, "a.7z", "-psecret", "-mhe=on",
                                                     content=self.big())))
        # Nothing may be called clean that was not looked into.
        self.assertEqual(["limit-exceeded"],
                         self.reasons(formats.packed(self.directory, "b.7z", content=self.big())))


class CmsFacts(InspectCase):
    def encryption(self, *options):
        message = self.samples.openssl("cms", "-encrypt", *options, input=b"x\r\n")
        return self.inspect(crlf(message))["encryption"]

    def test_encryption(self):
        found = self.encryption("-aes-256-gcm", "-recip", "user.pem", "-keyopt",
                                "rsa_padding_mode:oaep")
        self.assertEqual(("aes-256-gcm", "strong", True),
                         (found["content"], found["strength"], found["authenticated"]))
        (recipient,) = found["recipients"]
        self.assertEqual("CN=Sample CA", recipient["issuer"])
        self.assertEqual("rsaOaep", recipient["key_encryption"])
        serial = self.samples.openssl("x509", "-in", "user.pem", "-noout", "-serial").decode()
        self.assertEqual(serial.strip().partition("=")[2], recipient["serial"])

        found = self.encryption("-aes-128-cbc", "-keyid", "user.pem")
        self.assertEqual(("aes-128-cbc", "strong", False),
                         (found["content"], found["strength"], found["authenticated"]))
        self.assertRegex(found["recipients"][0]["key_id"], "^[0-9A-F]{40}$")
        self.assertEqual("rsaencryption", found["recipients"][0]["key_encryption"].lower())
        self.assertEqual("weak", self.encryption("-des3", "user.pem")["strength"])

    def test_weak_signatures(self):
        def strength(digest):
            return self.inspect(crlf(self.samples.openssl(
                "cms", "-sign", "-md", digest, "-signer", "user.pem", "-inkey", "user.key",
                input=b"x\r\n")))["signature"]["strength"]
        self.assertEqual("weak", strength("sha1"))
        self.assertEqual("strong", strength("sha256"))

    def test_short_keys_are_weak(self):
        self.samples.openssl("req", "-x509", "-newkey", "rsa:1024", "-nodes", "-days", "30",
                             "-keyout", "short.key", "-out", "short.pem", "-subj", "/CN=Short")
        self.assertEqual("weak", self.encryption("-aes-256-cbc", "short.pem")["strength"])
        report = self.inspect(crlf(self.samples.openssl(
            "cms", "-sign", "-signer", "short.pem", "-inkey", "short.key", input=b"x\r\n")))
        self.assertEqual("weak", report["signature"]["strength"])
        self.assertIn("1024 bits", report["errors"][0]["text"])

    def test_digests_of_protected_content(self):
        for message in (self.samples.signed(), self.samples.encrypted(),
                        self.samples.signed().replace(b"\r\n", b"\n"),
                        (DATA / "signed.eml").read_bytes()):
            report = self.inspect(message)
            self.assertTrue(report["protected"])
            for entity in report["protected"]:
                raw = message[entity["offset"]:][:entity["size"]]
                canonical = re.sub(rb"\r*\n", b"\r\n", raw)
                self.assertEqual(hashlib.sha256(canonical).hexdigest(), entity["sha256"])

    def test_nested_layers(self):
        inner = self.samples.opaque_signed()
        outer = self.samples.opaque_signed(entity=self.samples.encrypted(entity=inner))
        report = self.inspect(outer)
        self.assertEqual([("1", "opaque-signed"), ("1/1", "enveloped")],
                         [(layer["path"], layer["type"]) for layer in report["layers"]])
        self.assertEqual(["opaque-signed", "encrypted"], report["class"])

    def test_smime_type_mismatch(self):
        message = self.samples.encrypted().replace(b"enveloped-data", b"signed-data")
        report = self.inspect(message)
        self.assertEqual(["encrypted"], report["class"])
        self.assertIn("smime-type-mismatch", [error["code"] for error in report["errors"]])
        self.assertNotIn("errors", self.inspect(self.samples.encrypted()))


class Bombs(InspectCase):
    """Each ends within its bounds, and says that it met one."""

    config = "max_expanded_size = 20M\ntimeout = 10s\n"

    def assert_bounded(self, message, reasons=("limit-exceeded", "malformed")):
        path = self.directory / "bomb.eml"
        path.write_bytes(message)
        report, seconds, kilobytes = measured([SCANNER, "-c", self.directory / "scanner.conf",
                                               "--inspect", path])
        self.assertLess(kilobytes, 64 * 1024)
        self.assertLess(seconds, 20)
        self.assertTrue(set(reasons) & {u["reason"] for u in report["uninspectable"]}, report)
        self.assertEqual("uninspectable", report["scan"]["verdict"])
        return report

    def deflated(self, size, wbits):
        packer = zlib.compressobj(9, wbits=wbits)
        block = bytes(1024 * 1024)
        pieces = [packer.compress(block) for _ in range(size // len(block))]
        return b"".join(pieces) + packer.flush()

    def test_10_gb_of_deflate(self):
        stream = self.deflated(10 * 1024 ** 3, 31)
        self.assert_bounded(attached(stream))

    def test_nested_zips(self):
        bomb = formats.zipped("0", bytes(10 * 1024 * 1024))
        for level in range(5):
            output = self.directory / "n.zip"
            with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as archive:
                for number in range(16):
                    archive.writestr(f"{level}-{number}.zip", bomb)
            bomb = output.read_bytes()
        self.assert_bounded(attached(bomb))

    def test_deep_zips(self):
        content = b"x"
        for level in range(200):
            content = formats.zipped("x.zip", content)
        self.assert_bounded(attached(content))

    def test_compressed_data(self):
        raw = self.deflated(1024 ** 3, 15)
        self.assert_bounded(b"Content-Type: application/pkcs7-mime\r\n"
                            b"Content-Transfer-Encoding: base64\r\n\r\n"
                            + base64.encodebytes(formats.compressed_data(b"", raw)))

    def test_deep_layers(self):
        message = b"Content-Type: text/plain\r\n\r\nx\r\n"
        for _ in range(60):
            message = b"Subject: x\r\n" + part(formats.compressed_data(message), "smime.p7z",
                                               "application/pkcs7-mime")
        self.assert_bounded(message)

    def test_100000_parts(self):
        text = b"--b\r\n\r\nx\r\n" * 100000
        self.assert_bounded(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + text)

    def test_10000_recipients(self):
        """A recipient is copied: the object is that of 10,000."""
        made = self.samples.openssl("cms", "-encrypt", "-aes256", "-binary", "-outform", "DER",
                                    "user.pem", input=b"x")
        start = made.index(b"\x31\x82")
        size = int.from_bytes(made[start + 2:start + 4], "big")
        one = made[start + 4:start + 4 + size]
        content = made[start + 4 + size:]
        enveloped = formats.der(0x30, b"\x02\x01\x00", formats.der(0x31, one * 10000), content)
        oid = bytes.fromhex("06092a864886f70d010703")
        report = self.assert_bounded(
            attached(formats.der(0x30, oid, formats.der(0xA0, enveloped))),
            ("limit-exceeded", "smime-encrypted"))
        self.assertIn("encrypted", report["class"])

    def test_indefinite_lengths(self):
        self.assert_bounded(attached(bytes.fromhex("308006092a864886f70d010702a0803080") * 50000),
                            ("malformed",))
        self.assert_bounded(attached(bytes.fromhex("308006092a864886f70d010702a08030800201013180")
                                     + b"\x30\x80" * 500000), ("malformed", "limit-exceeded"))

    def test_lengths_beyond_the_data(self):
        for text in ("3084ffffffff06092a864886f70d010702a0843fffffff",
                     "308400ffffff06092a864886f70d010703a08400fffff0308400ffff00020100",
                     "30887fffffffffffffff06092a864886f70d010702a0"):
            with self.subTest(bytes=text):
                report = self.assert_bounded(
                    b"Content-Type: application/pkcs7-mime\r\nContent-Transfer-Encoding: base64"
                    b"\r\n\r\n" + base64.encodebytes(bytes.fromhex(text)),
                    ("malformed", "smime-encrypted"))
                self.assertIn("malformed", report["class"])


# What a kind of the index is called in a report.
KINDS = {
    "multipart-signed": "signed", "opaque-signed": "opaque-signed", "enveloped": "encrypted",
    "authenveloped": "encrypted", "encrypted-data": "encrypted", "compressed": "compressed",
    "certs-only": "certs-only", "triple-wrapped": "opaque-signed", "malformed": "malformed",
    "pgp-mime-signed": "pgp-signed", "pgp-mime-encrypted": "pgp-encrypted",
    "encrypted-office": "encrypted-document", "encrypted-pdf": "encrypted-document",
    "encrypted-zip": "encrypted-archive", "encrypted-rar": "encrypted-archive",
    "encrypted-7z": "encrypted-archive", "plain": "plain", "data": "plain",
    "digested-data": "plain", "detached-p7s": "plain",
}
PGP_INLINE = {"pgp-signed", "pgp-encrypted"}

# Each entry that gets another class than its kind says, and why.
OWNER_ONLY = "opens with an empty user password, so that it can be inspected"
EXPLAINED = {
    "certData.bin": "is data in which a key under a password is (PKCS #12's SafeContents)",
    "plain.ppt": "is not encrypted: the index took it from its directory",
    "plain.xls": "is not encrypted: the index took it from its directory",
    "r4-aes-v2-no-key-length.pdf": OWNER_ONLY,
    "r4-owner-password.pdf": OWNER_ONLY,
    "r5-empty-password.pdf": OWNER_ONLY,
    "r5-owner-password.pdf": OWNER_ONLY,
    "r6-empty-password.pdf": OWNER_ONLY,
    "r6-owner-password.pdf": OWNER_ONLY,
    "issue12-1.txt": "is a multipart/signed message; the index reads it as text",
    "006.eml": "its protocol signature/plain is neither S/MIME nor OpenPGP",
    "rar202-comment-nopsw.rar": "plain, but libarchive cannot read this RAR 2.0 file",
    "rar3-solid.rar": "plain, but libarchive cannot read solid archives of RAR 3",
}


def corpus_table(directory, inspect):
    """Lines of the table and the entries that differ without an explanation."""
    rows = [line.split("\t") for line in (directory / "INDEX.tsv").read_text().splitlines()]
    columns = {name: rows[0].index(name) for name in ("path", "kind")}
    entries = [(row[columns["path"]], row[columns["kind"]]) for row in rows[1:]
               if row[columns["kind"]] != "key/cert/support"]
    reports = inspect([(directory / path).read_bytes() for path, _ in entries])
    table, missed = [], []
    for (path, kind), report in zip(entries, reports):
        classes = set(report["class"])
        kind = kind.partition(" (")[0]
        wanted = PGP_INLINE if kind == "pgp-inline" else {KINDS[kind]}
        right = bool(wanted & classes)
        if wanted == {"plain"} and report["uninspectable"]:
            right = False
        why = EXPLAINED.get(Path(path).name, "")
        table.append(f"{'ok' if right else 'differs'}\t{kind}\t{' '.join(report['class'])}\t{path}"
                     + ("" if right else f"\t{why}"))
        if not right and not why:
            missed.append(table[-1])
    return table, missed


class CorpusTable(InspectCase):
    def check(self, directory):
        table, missed = corpus_table(directory, self.inspect_all)
        print()
        print("\n".join(line for line in table if not line.startswith("ok")))
        right = sum(line.startswith("ok") for line in table)
        print(f"{directory.name}: {right} of {len(table)} as stated")
        (WORK / f"corpus-{directory.name}.tsv").write_text("\n".join(table) + "\n")
        self.assertEqual([], missed)
        self.assertGreater(right, 100)

    def test_messages(self):
        self.check(DATA / "corpus")

    def test_files(self):
        self.check(DATA / "files")

    @unittest.skipUnless(os.environ.get("SMIME_CORPUS"), "SMIME_CORPUS names no other corpus")
    def test_another_corpus(self):
        self.check(Path(os.environ["SMIME_CORPUS"]))


class WhatReadersOpen(InspectCase):
    """Content that reaches a reader in spite of odd labels and structure: it is
    looked into, or said not to have been."""

    ARMOR = (b"-----BEGIN PGP MESSAGE-----\r\n\r\nhQEMA5vJ1dYV0mDmAQf/abcdefghijklmnop\r\n=abcd\r\n"
             b"-----END PGP MESSAGE-----\r\n")
    HEADER = b"From: a@example.org\r\nMIME-Version: 1.0\r\n"

    def reason(self, message):
        return [u["reason"] for u in self.inspect(message)["uninspectable"]]

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        files = formats.unreadable(cls.directory, cls.samples)
        cls.archive = next(entry[0] for name, entry in files.items() if "zip" in name.lower())

    def test_armor_behind_decoration(self):
        for name, body in {
                "indented": b"  " + self.ARMOR, "quoted": b"> > " + self.ARMOR,
                "byte order mark": b"\xef\xbb\xbf" + self.ARMOR,
                "HTML": b"<html><body><p class='x'>" + self.ARMOR.replace(b"\r\n", b"<br>"),
                "behind text": b"Hello,\r\n\r\n" + self.ARMOR}.items():
            with self.subTest(name):
                self.assertEqual(["pgp-encrypted"], self.reason(
                    self.HEADER + b"Content-Type: text/html\r\n\r\n" + body))
        self.assertEqual([], self.reason(self.HEADER + b"\r\nIt says -----BEGIN PGP MESSAGE-----"))

    def test_messages_in_files(self):
        inner = self.HEADER + part(self.archive, "x.zip")
        for name, media_type in (("m.eml", "application/octet-stream"), ("x", "message/global"),
                                 ("m.EML", "text/plain"), ("a.bin", "image/png")):
            with self.subTest(name):
                self.assertEqual(["encrypted-archive"],
                                 self.reason(attached(inner, name, media_type)))
        self.assertEqual([], self.reason(attached(self.samples.plain(), "m.eml")))
        self.assertEqual([], self.reason(attached(self.samples.signed(), "m.eml")))

    def test_structure_that_readers_differ_on(self):
        inner = part(self.archive, "x.zip")
        mixed = b"Content-Type: multipart/mixed; boundary=q\r\n"
        body = b"--q\r\n" + inner + b"--q--\r\n"
        text = b"Content-Type: text/plain\r\n"
        for name, message in {
                "two types": text + mixed + b"\r\n" + body,
                "base64 multipart": mixed + b"Content-Transfer-Encoding: base64\r\n\r\n"
                                    + base64.encodebytes(body),
                "two encodings": b"Content-Type: application/zip\r\n"
                                 b"Content-Transfer-Encoding: 7bit\r\n"
                                 b"Content-Transfer-Encoding: base64\r\n\r\n"
                                 + base64.encodebytes(self.archive),
                "no boundary": b"Content-Type: multipart/mixed\r\n\r\n" + body,
                "another boundary": b"Content-Type: multipart/mixed; boundary=z\r\n\r\n" + body,
        }.items():
            with self.subTest(name):
                report = self.inspect(self.HEADER + message)
                self.assertIn("malformed", [u["reason"] for u in report["uninspectable"]], report)
                self.assertIn("malformed", report["class"])
        self.assertIn("partial-message", self.reason(
            self.HEADER + b"Content-Type: message/partial; id=x; number=1; total=2\r\n\r\n"
            + self.HEADER + inner))
        self.assertEqual(["encrypted-archive"], self.reason(
            self.HEADER + b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            + base64.encodebytes(self.HEADER + inner)))
        # The same field twice says nothing else.
        self.assertEqual([], self.reason(self.HEADER + text + text + b"\r\nx\r\n"))

    def test_uuencoded(self):
        lines = [binascii.b2a_uu(self.archive[i:i + 45])
                 for i in range(0, len(self.archive), 45)]
        encoded = b"begin 644 a.zip\n" + b"".join(lines) + b"`\nend\n"
        self.assertEqual(["unknown-encoding"], self.reason(self.HEADER + b"\r\n" + crlf(encoded)))
        self.assertEqual([], self.reason(self.HEADER + b"\r\nbegin 644 words\r\nand more\r\n"))
