"""CMS objects that no tool makes: taken apart, put together otherwise, large."""

import hashlib
import unittest

from der import SignedData, element, join, split
from pki import DAY, NOW, openssl
from test_inspect import measured
from test_verify import SCANNER, FAILED, SIGNED, TEXT, VERIFIED, VerifyCase, clear_signed, cms_part, head

MESSAGE_DIGEST = bytes.fromhex("06092a864886f70d010904")
CONTENT_TYPE = bytes.fromhex("06092a864886f70d010903")


def attributes_of(signer):
    return next(content for tag, content in signer if tag == 0xa0)


def with_attributes(signer, attributes):
    return [(tag, attributes if tag == 0xa0 else content) for tag, content in signer]


class Objects(VerifyCase):
    def object(self, name="rsa", entity=TEXT, options=()):
        return SignedData(self.world.pki.opaque(self.world.people[name], entity,
                                                self.world.chains[name], options))

    def check_object(self, data, status, codes):
        return self.check(head() + cms_part(data.bytes()), status, codes)

    def signed_by_hand(self, name, attributes, content=TEXT):
        """An object with these signed attributes, made with the person's own key."""
        data = self.object(name, content)
        party = self.world.people[name]
        signer, = data.signers
        digest = party.key.with_suffix(".in")
        digest.write_bytes(element(0x31, attributes))
        value = openssl("dgst", "-sha256", "-sign", party.key, digest)
        signer = with_attributes(signer, attributes)
        signer[-1] = (0x04, value)
        data.signers = [signer]
        return data

    def test_as_it_is(self):
        data = self.object()
        self.assertEqual(TEXT, data.content)
        self.check_object(data, VERIFIED, [])
        attributes = attributes_of(data.signers[0])
        self.check_object(self.signed_by_hand("rsa", attributes), VERIFIED, [])

    def test_attributes(self):
        """RFC 5652 section 11: each is there once, with one value."""
        attributes = split(attributes_of(self.object().signers[0]))
        digest = next(one for one in attributes if MESSAGE_DIGEST in one[1])
        kind = next(one for one in attributes if CONTENT_TYPE in one[1])
        rest = [one for one in attributes if one not in (digest, kind)]
        other = (0x30, MESSAGE_DIGEST + element(0x31, element(0x04, b"0" * 32)))
        (tag, value), = split(split(digest[1])[1][1])
        two_values = (0x30, MESSAGE_DIGEST + element(0x31, element(0x04, b"0" * 32) + element(tag, value)))
        receipt = (0x30, CONTENT_TYPE + element(0x31, bytes.fromhex("060b2a864886f70d0109100104")))
        for name, chosen, codes in [
            ("digest twice", [kind, digest, digest, *rest], ["digest-mismatch", "signature-invalid"]),
            ("two digests", [kind, digest, other, *rest], ["digest-mismatch", "signature-invalid"]),
            ("two values", [kind, two_values, *rest], ["digest-mismatch", "signature-invalid"]),
            ("no digest", [kind, *rest], ["digest-mismatch", "signature-invalid"]),
            ("no type", [digest, *rest], ["content-type-mismatch", "signature-invalid"]),
            ("two types", [kind, receipt, digest, *rest], ["content-type-mismatch", "signature-invalid"]),
            ("other type", [receipt, digest, *rest], ["content-type-mismatch"]),
            ("none at all", [], ["signature-invalid"]),
        ]:
            with self.subTest(name):
                signature, = self.inspect(head() + cms_part(
                    self.signed_by_hand("rsa", join(sorted(chosen, key=lambda one: element(*one)))).bytes()))
                signature = signature["signature"]
                self.assertEqual(FAILED, signature["status"], signature["errors"])
                found = {error["code"] for error in signature["errors"]}
                self.assertTrue(found & set(codes), found)

    def test_attributes_as_content(self):
        """Alice never signed this text; she signed attributes, which read as it."""
        data = self.object()
        signer, = data.signers
        data.content = element(0x31, attributes_of(signer))
        data.signers = [[one for one in signer if one[0] != 0xa0]]
        self.check_object(data, FAILED, ["content-type-mismatch"])

    def test_swapped(self):
        data = self.object()
        data.content = TEXT.replace(b"Ten", b"Two")
        self.check_object(data, FAILED, ["digest-mismatch"])
        rsa, other = self.object(), self.object("ec")
        # Alice's signature, and the certificate of another key under her name.
        rsa.certificates = other.certificates
        self.check_object(rsa, FAILED, ["certificate-missing"])
        rsa = self.object()
        rsa.signers = []
        self.check_object(rsa, FAILED, ["no-signer", "type-mismatch"])
        two = self.object()
        two.fields[2] = (0x30, two.fields[2][1] + element(0xa0, element(0x04, b"Pay Mallory.")))
        report, = self.inspect(head() + cms_part(two.bytes()))
        self.assertNotIn("verified", report["signature"]["status"])

    def test_unsigned_attributes(self):
        data = self.object()
        signer, = data.signers
        forged = (0x30, MESSAGE_DIGEST + element(0x31, element(0x04, hashlib.sha256(b"x").digest())))
        data.signers = [signer + [(0xa1, join([forged]))]]
        self.check_object(data, FAILED, ["signature-invalid"])
        data.content = b"x"
        self.check_object(data, FAILED, ["digest-mismatch", "signature-invalid"])

    def test_crl_of_the_message(self):
        """It counts if it is of the CA, and takes nothing back."""
        pki, world = self.world.pki, self.world
        ca = pki.ca("CRL CA", world.root, key="ec")
        person = pki.person("crl person", ca, key="ec")

        def der(pem):
            return openssl("crl", "-outform", "DER", data=pem)

        def message(*crls):
            data = SignedData(pki.opaque(person, TEXT, [ca]))
            data.add_crls(crls)
            return head() + cms_part(data.bytes())

        old = der(pki.crl(ca, last=NOW - 20 * DAY))
        revoking = der(pki.crl(ca, [(person, NOW - 5 * DAY)]))
        impostor = pki.ca("CRL CA", key="ec")
        forged = der(pki.crl(impostor, [(person, NOW - 5 * DAY)], name_key=False))
        self.check(message(old), VERIFIED, [])
        self.check(message(revoking), FAILED, ["revoked"])
        self.check(message(old, revoking), FAILED, ["revoked"])
        self.check(message(old, forged), VERIFIED, [])
        # The operator's is newer and out of date: the message's old one is in date.
        stale = pki.crl(ca, [(person, NOW - 5 * DAY)], last=NOW - 4 * DAY, following=NOW - DAY)
        path = world.trust / "stale-and-revoking.pem"
        path.write_bytes(stale)
        try:
            self.check(message(old), FAILED, ["revoked"])
        finally:
            path.unlink()


class Edwards(VerifyCase):
    """RFC 8419. OpenSSL 3.0 signs no CMS with Ed25519: the object is put together."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.person = cls.world.pki.person("alice edwards", cls.world.one, key="ed25519")

    def object(self, attributes=True, content=TEXT, change=b""):
        ec = SignedData(self.world.pki.opaque(self.world.people["ec"], content,
                                              [self.world.one], ["-md", "sha512"]))
        identifier = split(split(openssl("x509", "-in", self.person.certificate, "-outform",
                                         "DER"))[0][1])
        parts = split(identifier[0][1])
        serial, issuer = parts[1], parts[3]
        signer, = ec.signers
        signed = attributes_of(signer)
        to_sign = element(0x31, signed) if attributes else content
        file = self.person.key.with_suffix(".in")
        file.write_bytes(to_sign)
        value = bytearray(openssl("pkeyutl", "-sign", "-rawin", "-inkey", self.person.key, "-in", file))
        value[:len(change)] = change
        signer = [signer[0], (0x30, join([issuer, serial])), signer[2],
                  *([(0xa0, signed)] if attributes else []),
                  (0x30, bytes.fromhex("06032b6570")), (0x04, bytes(value))]
        ec.signers = [signer]
        ec.certificates = [openssl("x509", "-in", party.certificate, "-outform", "DER")
                           for party in (self.person, self.world.one)]
        return ec

    def test_edwards(self):
        for name, data, status, codes in [
            ("good", self.object(), VERIFIED, []),
            ("other value", self.object(change=b"\0\0\0\0"), FAILED, ["signature-invalid"]),
            ("without attributes", self.object(attributes=False), SIGNED, ["signature-unsupported"]),
        ]:
            with self.subTest(name):
                self.check(head() + cms_part(data.bytes()), status, codes)
        data = self.object()
        data.content = TEXT.replace(b"Ten", b"Two")
        self.check(head() + cms_part(data.bytes()), FAILED, ["digest-mismatch"])


class Numbered:
    """A certificate as a CRL knows it."""

    def __init__(self, number):
        self.number, self.name = number, f"number {number}"

    def serial(self):
        return f"{self.number + 4096:04X}"


class Cost(VerifyCase):
    """Nothing that is small makes the scanner work for long, or take much memory."""

    SECONDS = 5
    KILOBYTES = 120 * 1024

    def costs(self, message):
        """What the report says of signatures; fails if that took long."""
        (self.directory / "message.eml").write_bytes(message)
        signature, seconds, kilobytes = self.measured(self.directory / "message.eml")
        self.assertLess(seconds, self.SECONDS)
        self.assertLess(kilobytes, self.KILOBYTES)
        return signature

    def measured(self, path, timeout="1m"):
        config = self.directory / "cost.conf"
        config.write_text(f"trust_dir = {self.world.trust}\ntimeout = {timeout}\n")
        report, seconds, kilobytes = measured([SCANNER, "-c", config, "--inspect", path])
        return report["signature"], seconds, kilobytes

    def test_300_megabytes(self):
        """Memory is that of a small message, clear-signed or opaque."""
        head_only = head() + clear_signed(TEXT, self.signature("rsa"))
        (self.directory / "small.eml").write_bytes(head_only)
        _, _, small = self.measured(self.directory / "small.eml")
        entity = b"Content-Type: text/plain\r\n\r\n" + b"0123456789abcdef" * 4 * 1024 + b"\r\n"
        entity += (b"0123456789" * 7 + b"\r\n") * (300 * 1024 * 1024 // 72)
        path = self.directory / "large.eml"
        for make in (lambda: head() + clear_signed(entity, self.signature("rsa", entity)),
                     lambda: head() + self.opaque("rsa", entity)):
            path.write_bytes(make())
            signature, _, kilobytes = self.measured(path)
            path.unlink()
            self.assertEqual(VERIFIED, signature["status"], signature["errors"])
            self.assertLess(kilobytes, small + 8 * 1024)

    def test_many_signers(self):
        data = SignedData(self.world.pki.opaque(self.world.people["rsa"], TEXT, [self.world.one]))
        data.signers = data.signers * 1500
        signature = self.costs(head() + cms_part(data.bytes()))
        self.assertEqual(SIGNED, signature["status"])
        self.assertIn("too-many-signers", {error["code"] for error in signature["errors"]})

    def test_many_certificates(self):
        data = SignedData(self.world.pki.opaque(self.world.people["ec"], TEXT,
                                                self.world.chains["ec"]))
        data.certificates = data.certificates + data.certificates[1:] * 500
        self.assertEqual(VERIFIED, self.costs(head() + cms_part(data.bytes()))["status"])
        data.signers = data.signers * 1500
        self.assertEqual(SIGNED, self.costs(head() + cms_part(data.bytes()))["status"])

    def test_many_crls(self):
        pki = self.world.pki
        crl = openssl("crl", "-outform", "DER", data=pki.crl(
            self.world.one, [(Numbered(number), NOW - DAY) for number in range(5000)]))
        data = SignedData(pki.opaque(self.world.people["rsa"], TEXT, [self.world.one]))
        data.add_crls([crl] * (900000 // len(crl)))
        self.assertEqual(VERIFIED, self.costs(head() + cms_part(data.bytes()))["status"])

    def test_large_keys(self):
        """A modulus and an exponent of 16000 bits: OpenSSL refuses it, or is quick."""
        pki, world = self.world.pki, self.world
        data = SignedData(pki.opaque(world.people["rsa"], TEXT, [world.one]))
        leaf = data.certificates[0]
        for modulus, exponent in ((16384, 16000), (16384, 64), (3072, 3071), (65536, 17)):
            (_, body), = split(leaf)
            certificate = split(body)
            parts = split(certificate[0][1])
            key = element(0x30, element(0x02, b"\x7f" + b"\xff" * (modulus // 8 - 1)) +
                          element(0x02, b"\x7f" + b"\xff" * (exponent // 8)))
            parts[6] = (0x30, join([split(parts[6][1])[0]]) + element(0x03, b"\0" + key))
            certificate[0] = (0x30, join(parts))
            data.certificates = [element(0x30, join(certificate)), *data.certificates[1:]]
            data.signers = data.signers[:1] * 16
            with self.subTest(modulus=modulus, exponent=exponent):
                self.assertEqual(FAILED, self.costs(head() + cms_part(data.bytes()))["status"])

    def test_deep_chain(self):
        pki = self.world.pki
        chain = [pki.ca("Deep 0", self.world.root, key="ec")]
        for number in range(1, 40):
            chain.append(pki.ca(f"Deep {number}", chain[-1], key="ec"))
        person = pki.person("deep", chain[-1], key="ec")
        message = head() + cms_part(pki.opaque(person, TEXT, chain))
        signature = self.costs(message)
        self.assertEqual(FAILED, signature["status"])

    def test_deep_layers(self):
        entity = TEXT
        for _ in range(20):
            entity = cms_part(self.world.pki.opaque(self.world.people["ec"], entity,
                                                    self.world.chains["ec"]))
        self.assertNotIn("verified", self.costs(head() + entity)["status"])
        entity = TEXT
        for number in range(20):
            entity = clear_signed(entity, self.world.pki.detached(
                self.world.people["ec"], entity, self.world.chains["ec"]), boundary=f"x{number}y")
        self.costs(head() + entity)


if __name__ == "__main__":
    unittest.main()
