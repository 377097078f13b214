"""Signed mail in the forms that other projects' users reported as not verified by something, and
in forms that are meant to look signed to one reader and different to another."""

import base64

from test_verify import (ALICE, FAILED, SIGNED, TEXT, VERIFIED, VerifyCase, clear_signed, cms_part,
                         lines, mixed)
from test_verify_spoofs import EVIL, address_names, party

FROM = f"From: Alice <{ALICE}>\r\n".encode()
PART = b"Content-Type: application/pkcs7-signature; name=smime.p7s\r\n"
BASE64 = b"Content-Transfer-Encoding: base64\r\n"
MIME = b"MIME-Version: 1.0\r\n"


class Honest(VerifyCase):
    def test_labels_and_encodings(self):
        der = self.signature("rsa")
        good = clear_signed(TEXT, der)
        opaque = self.opaque("rsa")
        pem = b"-----BEGIN PKCS7-----\r\n" + lines(der) + b"-----END PKCS7-----\r\n"
        label = b"application/pkcs7-mime; smime-type=signed-data; name=smime.p7m"
        for name, body, status, codes in [
            ("protocol with x-, part without",
             good.replace(b'"application/pkcs7', b'"application/x-pkcs7'), VERIFIED, []),
            ("part with x-, protocol without", good.replace(b"Type: application/pkcs7-s",
                                                            b"Type: application/x-pkcs7-s"), VERIFIED, []),
            ("signature as a file", good.replace(PART, b"Content-Type: application/octet-stream; "
                                                 b"name=smime.p7s\r\n"), VERIFIED, []),
            ("x-pkcs7-mime without a name", opaque.replace(
                label, b"application/x-pkcs7-mime; smime-type=signed-data"), VERIFIED, []),
            ("octet-stream", opaque.replace(label, b"application/octet-stream; name=smime.p7m"),
             VERIFIED, []),
            ("PEM in base64", good.replace(lines(der), lines(pem)), VERIFIED, []),
            ("PEM as text", good.replace(BASE64 + b"\r\n" + lines(der), b"\r\n" + pem), VERIFIED, []),
            ("no encoding named", good.replace(BASE64, b""), VERIFIED, []),
            ("binary", good.replace(BASE64 + b"\r\n" + lines(der),
                                    BASE64.replace(b"base64", b"binary") + b"\r\n" + der), VERIFIED, []),
            ("one line", good.replace(lines(der), base64.b64encode(der) + b"\r\n"), VERIFIED, []),
            ("capitals", good.replace(b"Content-Type: multipart/signed", b"CONTENT-TYPE: Multipart/SIGNED")
             .replace(b"boundary=", b"BOUNDARY="), VERIFIED, []),
            ("a comment", good.replace(b"multipart/signed;", b"multipart/signed (S/MIME);"), VERIFIED, []),
            ("blanks behind a boundary", good.replace(b"--signed\r\n", b"--signed  \r\n", 1), VERIFIED, []),
            ("a notice of a gateway beside", mixed(good, TEXT), SIGNED, ["partial-cover"]),
            # The signer's software left out RFC 8551 section 3.1.1; no client verifies it.
            ("digest of bare LF", clear_signed(TEXT, self.signature("rsa", TEXT.replace(
                b"\r\n", b"\n"))), FAILED, ["digest-mismatch"]),
        ]:
            with self.subTest(name):
                self.check(FROM + MIME + body, status, codes)

    def test_certificates(self):
        _, (one, *_) = party("rsa")
        for name, extensions in {
            "contentCommitment alone": "keyUsage = critical, nonRepudiation\n"
                                       "extendedKeyUsage = emailProtection",
            "for clients and mail": "extendedKeyUsage = clientAuth, emailProtection",
            "qualified": "1.3.6.1.5.5.7.1.3 = ASN1:SEQUENCE:qc",
        }.items():
            sections = "\n[qc]\nstatement = SEQUENCE:one\n[one]\nid = OID:0.4.0.1862.1.1\n"
            who = self.world.pki.certificate(name.replace(" ", "-"), (
                "basicConstraints = CA:false\nauthorityKeyIdentifier = keyid\n" + extensions +
                address_names(f"email:{ALICE}") + sections), one, key="ec")
            with self.subTest(name):
                self.check(FROM + MIME + clear_signed(TEXT, self.world.pki.detached(
                    who, TEXT, [one])), VERIFIED)


class Hostile(VerifyCase):
    """None is verified."""

    def test_headers(self):
        good = MIME + clear_signed(TEXT, self.signature("rsa"))
        boss = b"From: boss@example.com\r\n"
        for header in [
            b"Subject: x\rFrom: boss@example.com\r\n" + FROM,
            b"\r" + boss + FROM,
            b"\0" + boss + FROM,
            b"\x0b" + boss + FROM,
            b"From\t: boss@example.com\r\n" + FROM,
            b"\xef\xbb\xbf" + boss + FROM,
            FROM + b"X: y\r\n \t\r\n" + boss,
            FROM + b"Content-Type: text/html\r\n",
            FROM + b"Content-Transfer-Encoding: base64\r\n",
            b"From:\r\n boss@example.com\r\n <alice@example.org>\r\n",
            b"From: Boss <boss@example.com> <alice@example.org>\r\n",
            b"From: Boss <alice@example.org> <boss@example.com>\r\n",
            b"From: boss@example.com; alice@example.org\r\n",
            b"From: A: B: alice@example.org;;\r\n",
            b"From: alice@[example.org]\r\n",
            b"From: =?utf-8?q?boss=40example.com=2C?= <alice@example.org>\r\n",
            b"From: =?utf-8?q?boss?= =?utf-8?q?=40example.com?= <alice@example.org>\r\n",
            b"From: =?utf-8?b?Ym9zcw==?= =?utf-8?b?QGV4YW1wbGUuY29t?= <alice@example.org>\r\n",
            b"From: =?utf-8?q?the boss=40example.com?= <alice@example.org>\r\n",
            b"From: =?utf-8?b?Ym9zc0Bl eGFtcGxlLmNvbQ==?= <alice@example.org>\r\n",
            b"From: a=?utf-8?q?boss=40example.com?= <alice@example.org>\r\n",
            b"From: boss\xa3\xc0example.com <alice@example.org>\r\n",
        ]:
            with self.subTest(header):
                report, = self.inspect(header + good)
                self.assertNotEqual(VERIFIED, report["signature"]["status"])

    def test_bodies(self):
        good = clear_signed(TEXT, self.signature("rsa"))
        opaque = self.opaque("rsa")
        evil = lines(self.world.pki.opaque(self.world.people["rsa"], EVIL, [self.world.one]))
        for name, body in {
            "two objects in a part": opaque + evil,
            "text before a part": good.replace(b"\r\n\r\n", b"\r\nPay Mallory now\r\n\r\n", 1),
            "two boundaries": good.replace(b'boundary="signed"', b'boundary="signed"; Boundary="SIGNED"'),
            "two types": good.replace(b"\r\n\r\n", b"\r\nContent-Type: text/html\r\n\r\n", 1),
            **{kind: mixed(good, EVIL, kind=kind) for kind in
               ("related", "alternative", "report", "parallel", "digest", "x-unknown",
                'related; start="<x>"')},
        }.items():
            with self.subTest(name):
                report, = self.inspect(FROM + MIME + body)
                self.assertNotEqual(VERIFIED, report["signature"]["status"])


if __name__ == "__main__":
    import unittest
    unittest.main()
