"""Messages made to look signed: what the scanner takes for the signed whole and
what a reader shows are two things in each. And objects that are large or deep."""

import base64
import functools
import time
import unittest

from pki import CA_EXTENSIONS, DAY, NOW, openssl
from test_verify import (ALICE, FAILED, SIGNED, TEXT, VERIFIED, VerifyCase, clear_signed, cms_part,
                         head, lines, mixed, shared_world)

EVIL = b"Content-Type: text/html\r\n\r\n<b>Pay Mallory.</b>\r\n"
UNKNOWN = "unknown"
LABEL = b"Content-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\r\n"


def address_names(*names):
    return "\nsubjectAltName = " + ",".join(names)


@functools.cache
def people():
    """More of the PKI of test_verify.py: name to (party, chain)."""
    _, world = shared_world()
    pki, root, one = world.pki, world.root, world.one
    leaf = ("basicConstraints = CA:false\nsubjectKeyIdentifier = hash\n"
            "authorityKeyIdentifier = keyid\nextendedKeyUsage = emailProtection")

    def person(name, issuer, extensions, chain, **options):
        return pki.certificate(name, leaf + extensions, issuer, key="ec", **options), chain

    bounded = pki.certificate("Bounded", CA_EXTENSIONS.replace("CA:true", "CA:true, pathlen:0"), root,
                              key="ec")
    below = pki.ca("Below", bounded, key="ec")
    constrained = pki.certificate("Constrained", CA_EXTENSIONS +
                                  "\nnameConstraints = critical, permitted;email:example.com", root,
                                  key="ec")
    plain = pki.certificate("Plain", "basicConstraints = CA:false", root, key="ec")
    nameless = pki.certificate("Nameless CA", CA_EXTENSIONS.replace("keyCertSign, ", ""), root,
                               key="ec")
    mail = address_names(f"email:{ALICE}")
    utf8 = address_names(f"otherName:1.3.6.1.5.5.7.8.9;UTF8:{ALICE}")
    chain = [constrained]
    return {
        "several": person("several", one, address_names("email:x@example.com", f"email:{ALICE}"), [one]),
        "cn": person(ALICE, one, "", [one]),
        "cn-email": person("e", one, "", [one], subject=f"/O=Example/CN=e/emailAddress={ALICE}"),
        "dns": person("dns", one, address_names("DNS:alice.example.org", f"URI:mailto:{ALICE}"), [one]),
        "below": person("deep", below, mail, [below, bounded]),
        "plain": person("p", plain, mail, [plain]),
        "no-cert-sign": person("n", nameless, mail, [nameless]),
        "constrained": person("c", constrained, mail, chain),
        "constrained-subject": person("cs", constrained, "", chain,
                                      subject=f"/O=Example/CN=cs/emailAddress={ALICE}"),
        "constrained-utf8": person("cu", constrained, utf8, chain),
        "utf8": person("u", one, utf8, [one]),
        "no-subject": person("ns", one, address_names(f"critical,email:{ALICE}"), [one], subject="/"),
        "no-subject-bob": person("nb", one, address_names("critical,email:bob@example.org"), [one],
                                 subject="/"),
        "idn": person("idn", one, address_names("email:alice@xn--bcher-kva.example"), [one]),
        "nothing": person("nothing", one, "", [one], subject="/"),
        "utf8-letters": person("ul", one, "\nsubjectAltName = @names\n[names]\notherName.1 = "
                               "1.3.6.1.5.5.7.8.9;FORMAT:UTF8,UTF8:älice@example.org", [one]),
    }


def party(name):
    """(party, chain) of either PKI's part."""
    _, world = shared_world()
    if name in world.people:
        return world.people[name], world.chains[name]
    return people()[name]


def clear(name="rsa", entity=TEXT, header=None, **form):
    _, world = shared_world()
    who, chain = party(name)
    return (header or head()) + clear_signed(entity, world.pki.detached(who, entity, chain), **form)


class Senders(VerifyCase):
    def test_from(self):
        good = clear_signed(TEXT, self.signature("rsa"))
        for sender, status, codes in [
            ("Alice <alice@example.org>", VERIFIED, []),
            ("alice@example.org (Alice)", VERIFIED, []),
            ("=?utf-8?q?=C3=84lice?= <alice@example.org>", VERIFIED, []),
            ("=?iso-8859-15?q?=C4lice?= <alice@example.org>", VERIFIED, []),
            ("Team: alice@example.org;", VERIFIED, []),
            ("Alice\r\n <alice@example.org>", VERIFIED, []),
            ("Alice <alice@example.org> mallory@example.com", SIGNED, ["address-in-name", "odd-address"]),
            ("Alice <alice@example.org> \"", SIGNED, ["odd-address"]),
            ("Alice <alice@example.org>; Mallory", SIGNED, ["odd-address"]),
            ("Alice <alice@example.org", SIGNED, ["odd-address"]),
            ("boss@example.com <alice@example.org>", SIGNED, ["address-in-name"]),
            ("alice@example.org <alice@example.org>", VERIFIED, []),
            ("Example, Alice <alice@example.org>", VERIFIED, []),
            ("=?CP949?Q?Alice?= <alice@example.org>", VERIFIED, []),
            ("=?x-unheard-of?q?Alice?= <alice@example.org>", VERIFIED, ["odd-charset"]),
            ("=?VISCII?Q?Nguy=AAn?= <alice@example.org>", VERIFIED, []),
            ("=?TCVN-5712?Q?Nguy=AAn?= <alice@example.org>", VERIFIED, []),
            ("=?ARMSCII-8?Q?=B2=D9?= <alice@example.org>", VERIFIED, []),
            ("=?GEORGIAN-PS?Q?=C0=C1?= <alice@example.org>", VERIFIED, []),
            ("=?EUC-TW?Q?ceo=A2=E9corp.example?= <alice@example.org>", SIGNED, ["odd-address"]),
            ("=?IBM1164?Q?=83=85=96=7C?= <alice@example.org>", SIGNED, ["odd-address"]),
            ("boss@example.com: alice@example.org;", FAILED,
             ["address-in-name", "address-mismatch", "odd-address"]),
            ("\"boss@example.com\": alice@example.org;", SIGNED, ["address-in-name"]),
            ("Boss (boss@example.com) <alice@example.org>", SIGNED, ["address-in-name"]),
            ("alice@example.org (boss@example.com)", SIGNED, ["address-in-name"]),
            ("Alice <alice@example.org> (boss@example.com)", SIGNED, ["address-in-name"]),
            ("<@example.com:alice@example.org>", SIGNED, ["odd-address"]),
            ("alice@example.org@example.com", SIGNED, ["address-in-name", "odd-address"]),
            ("\"alice@example.org\"@example.com", FAILED, ["address-in-name", "address-mismatch"]),
            ("alice(@example.com)@example.org", VERIFIED, []),
            ("\"boss\uff20example.com\" <alice@example.org>", SIGNED, ["address-in-name"]),
            ("=?iso-8859-15?q?boss=40example.com?= <alice@example.org>", SIGNED, ["address-in-name"]),
            ("=?koi8-r?b?Ym9zc0BleGFtcGxlLmNvbQ==?= <alice@example.org>", SIGNED, ["address-in-name"]),
            ("\"=?utf-8?q?boss=40example.com?=\" <alice@example.org>", SIGNED, ["address-in-name"]),
            ("=?utf-16be?b?AGIAbwBzAHMAQABlAHgALgBjAG8AbQ==?= <alice@example.org>", SIGNED, ["odd-address"]),
            ("=?utf-7?q?boss+AEA-example.com?= <alice@example.org>", SIGNED, ["odd-address"]),
            ("=?utf-8?q?big boss=40example.com?= <alice@example.org>", SIGNED, ["address-in-name"]),
            ("=?utf-8?q?alice=40example.org?= <mallory@example.com>", FAILED,
             ["address-in-name", "address-mismatch"]),
            ("\"alice@example.org.example.com\" <alice@example.org>", SIGNED, ["address-in-name"]),
            ("\u202egro.elpmaxe@ecila\u202c <mallory@example.com>", FAILED,
             ["address-mismatch", "misleading-address"]),
        ]:
            with self.subTest(sender):
                self.check(head(sender) + good, status, codes)

    def test_fields(self):
        good = clear_signed(TEXT, self.signature("rsa"))
        for name, header, status, codes in [
            ("space before the colon", b"From : mallory@example.com\r\n" + head(), FAILED,
             ["address-mismatch", "ambiguous-structure", "several-from"]),
            ("folded away", head().replace(b"Subject", b"X: y\r\n From: mallory@example.com\r\nSubject"),
             VERIFIED, []),
            ("a line that is no field", b"From mallory\r\nFrom the boss\r\n" + head(), SIGNED,
             ["ambiguous-structure"]),
            ("of a mailbox file", b"From mallory@example.com Thu Jan  1 00:00:00 2026\r\n" + head(),
             VERIFIED, []),
            ("address as the Sender's name", head(more=f"Sender: \"boss@example.com\" <{ALICE}>\r\n"),
             SIGNED, ["address-in-name"]),
            ("NUL before From", b"\0From: mallory@example.com\r\n" + head(), SIGNED,
             ["ambiguous-structure"]),
            ("control character in From", b"Fr\x0bom: mallory@example.com\r\n" + head(), SIGNED,
             ["ambiguous-structure"]),
            ("byte order mark inside", b"X: y\r\n\xef\xbb\xbfFrom: mallory@example.com\r\n" + head(),
             FAILED, ["address-mismatch", "several-from"]),
            ("empty Sender", head(more="Sender: \r\n"), SIGNED, ["odd-address"]),
            ("group as Sender", head(more="Sender: nobody:;\r\n"), SIGNED, ["odd-address"]),
        ]:
            with self.subTest(name):
                self.check(header + good, status, codes)

    def test_date(self):
        good = clear_signed(TEXT, self.signature("rsa"))
        for days, codes in ((0, []), (-6, []), (6, []), (-8, ["date-differs"]), (8, ["date-differs"]),
                            (-4000, ["date-differs"])):
            date = (NOW + days * DAY).strftime("Date: %a, %d %b %Y %H:%M:%S +0000\r\n")
            with self.subTest(days=days):
                self.check(head(more=date) + good, VERIFIED, codes)
                if days > 6:
                    self.check(head(more=date) + good, VERIFIED, [], config="signing_delay = 9d")

    def test_protected_header(self):
        protect = b'Content-Type: text/plain; hp="clear"\r\n\r\nhi\r\n'
        mine = f"From: {ALICE}\r\n".encode()
        for name, outer, inner, status, codes in [
            ("the same", head(more=f"Sender: {ALICE}\r\n"), mine + f"Sender: <{ALICE}>\r\n".encode(),
             VERIFIED, []),
            ("other Sender inside", head(more=f"Sender: {ALICE}\r\n"),
             mine + b"Sender: mallory@example.com\r\n", FAILED, ["header-mismatch"]),
            ("Sender inside alone", head(), mine + b"Sender: mallory@example.com\r\n", FAILED,
             ["header-mismatch"]),
            ("two inside", head(), mine + b"From: mallory@example.com\r\n", FAILED,
             ["header-mismatch"]),
            ("the same twice inside", head(), mine + mine, VERIFIED, []),
            ("odd inside", head(), b"From: Alice <alice@example.org> x\r\n", SIGNED,
             ["odd-address"]),
            ("no From inside", head(), b"Subject: money\r\n", VERIFIED, []),
        ]:
            with self.subTest(name):
                self.check(clear(entity=inner + protect, header=outer), status, codes)

    def test_certificates(self):
        for name, status, codes in [
            ("several", VERIFIED, []),
            ("cn", SIGNED, ["no-address-in-certificate"]),
            ("cn-email", VERIFIED, []),
            ("dns", SIGNED, ["no-address-in-certificate"]),
            ("below", FAILED, ["chain-invalid", "crl-unavailable"]),
            ("plain", FAILED, ["chain-invalid", "crl-unavailable"]),
            ("no-cert-sign", FAILED, ["chain-invalid", "crl-unavailable"]),
            ("constrained", FAILED, ["chain-invalid", "crl-unavailable"]),
            ("constrained-subject", FAILED, ["chain-invalid", "crl-unavailable"]),
            ("constrained-utf8", FAILED, ["chain-invalid", "crl-unavailable"]),
            ("utf8", VERIFIED, []),
            ("utf8-letters", FAILED, ["address-mismatch"]),
            ("no-subject", VERIFIED, []),
            ("no-subject-bob", FAILED, ["address-mismatch"]),
            ("nothing", SIGNED, ["no-address-in-certificate"]),
        ]:
            with self.subTest(name):
                self.check(clear(name), status, codes)
        self.check(clear("utf8-letters", header=head("älice@example.org")), VERIFIED)
        for sender, status, codes in [
            ("alice@xn--bcher-kva.example", VERIFIED, []),
            ("alice@bücher.example", VERIFIED, []),
            ('"alice@bücher.example" <alice@xn--bcher-kva.example>', VERIFIED, []),
            ("alice@bu\u0308cher.example", FAILED, ["address-mismatch"]),
            ("bob@bücher.example", FAILED, ["address-mismatch"]),
        ]:
            with self.subTest(sender):
                self.check(clear("idn", header=head(sender)), status, codes)
        self.check(clear("utf8-letters", header=head("a\u0308lice@example.org")), FAILED,
                   ["address-mismatch"])


class Structure(VerifyCase):
    def test_structure(self):
        world = self.world
        good = clear_signed(TEXT, self.signature("rsa"))
        der = world.pki.opaque(world.people["rsa"], TEXT, [world.one])
        encoded = lines(der)
        mail = head() + good
        pem = b"-----BEGIN PKCS7-----\r\n" + encoded + b"-----END PKCS7-----\r\n"
        partial = ["partial-cover"]
        labelled = ["partial-cover", "type-mismatch"]

        def outer(protocol, second):
            return (head() + f'Content-Type: multipart/signed; protocol="{protocol}"; boundary=outer'
                    "\r\n\r\n--outer\r\n".encode() + good + b"\r\n--outer\r\n" + second +
                    b"\r\n--outer--\r\n")

        def leaf(content_type, body, encoding="base64"):
            return head() + (f"Content-Type: {content_type}\r\n"
                             f"Content-Transfer-Encoding: {encoding}\r\n\r\n").encode() + body

        signature = b"--signed\r\nContent-Type: application/pkcs7-signature"
        evil_behind = b"\r\n<b>Pay Mallory.</b>\r\n"
        for name, message, status, codes in [
            ("around it another protocol", outer("x/y", EVIL), SIGNED, partial),
            ("around it PGP that is none", outer("application/pgp-signature", EVIL), SIGNED,
             ["ambiguous-structure", "partial-cover"]),
            ("signature is HTML", head() + good.replace(
                signature, b"--signed\r\nContent-Type: text/html"), SIGNED,
             ["ambiguous-structure", "damaged-signature"]),
            ("HTML that is CMS", leaf("text/html", encoded), SIGNED, labelled),
            ("HTML behind CMS", leaf("text/html", der + evil_behind, "binary"), SIGNED, labelled),
            ("HTML named as CMS", leaf("text/html; name=smime.p7m", der + evil_behind, "binary"),
             SIGNED, labelled),
            ("picture that is CMS", leaf("image/png", encoded), SIGNED, labelled),
            ("text around PEM", leaf("text/plain", b"Pay Mallory.\r\n" + pem, "7bit"), SIGNED, partial),
            ("PEM alone", leaf("text/plain", pem, "7bit"), SIGNED, partial),
            ("no label", head() + b"\r\n" + encoded + b"\r\nPay Mallory.\r\n", SIGNED, partial),
            ("octet-stream by its name", leaf("application/octet-stream; name=smime.p7m", encoded),
             VERIFIED, []),
            ("old label", leaf("application/x-pkcs7-mime; name=smime.p7m", encoded), VERIFIED, []),
            ("mail as a file", leaf("application/octet-stream; name=x.eml", lines(mail)), SIGNED,
             partial),
            ("HTML named as mail", leaf("text/html; name=x.eml", mail, "binary"), SIGNED, partial),
            ("nothing but PEM", pem + mail.partition(b"Content-Type")[0] + b"\r\nPay Mallory.\r\n",
             SIGNED, ["ambiguous-structure", "partial-cover"]),
            ("mixed alone", head() + mixed(good), SIGNED, partial),
            ("empty parts beside", head() + mixed(b"\r\n", good, b"\r\n"), SIGNED, partial),
            ("attachment beside", head() + mixed(good, EVIL.replace(
                b"\r\n\r\n", b"\r\nContent-Disposition: attachment\r\n\r\n", 1)), SIGNED, partial),
            ("two boundaries", head() + good.replace(
                b"boundary=\"signed\"", b"boundary=\"signed\"; boundary=\"other\"", 1), SIGNED,
             ["ambiguous-structure"]),
            ("boundary in two ways", head() + good.replace(
                b"boundary=\"signed\"", b"boundary=\"signed\"; boundary*=us-ascii''other", 1), SIGNED,
             ["ambiguous-structure"]),
            ("two types", head() + b"Content-Type: text/plain\r\n" + good, UNKNOWN, []),
            ("two long types", head() + b"Content-Type: multipart/signed; protocol=\"application/pkcs7-"
             b"signature\"; x=\"" + b"y" * 1100 + b"\"; boundary=signed\r\nContent-Type: multipart/"
             b"signed; protocol=\"application/pkcs7-signature\"; x=\"" + b"y" * 1100 +
             b"\"; boundary=others" + good[good.index(b"\r\n\r\n"):], SIGNED, ["ambiguous-structure"]),
            ("NUL in the type", head() + good.replace(b"Content-Type: m", b"Content-Type: \0m", 1),
             UNKNOWN, []),
            ("space before the type's colon", head() + good.replace(b"Content-Type:", b"Content-Type :", 1),
             SIGNED, ["ambiguous-structure"]),
            ("quoted-printable multipart", head() + b"Content-Transfer-Encoding: quoted-printable\r\n" +
             good, SIGNED, ["ambiguous-structure"]),
            ("unknown encoding", head() + b"Content-Transfer-Encoding: x-uuencode\r\n" + good, SIGNED,
             ["ambiguous-structure"]),
            ("boundary that goes on", head() + good.replace(
                b"\r\n" + signature, b"\r\n--signedX\r\nContent-Type: application/pkcs7-signature", 1),
             SIGNED, ["ambiguous-structure"]),
            ("boundary with spaces behind", head() + good.replace(
                b"\r\n" + signature, b"\r\n--signed \t\r\nContent-Type: application/pkcs7-signature", 1),
             VERIFIED, []),
            ("end that goes on", head() + good.replace(b"--signed--", b"--signed--X", 1), SIGNED,
             ["ambiguous-structure"]),
            ("no end", head() + good.replace(b"--signed--\r\n", b"", 1), VERIFIED, []),
            ("text in the epilogue", head() + good + b"Pay Mallory.\r\n", VERIFIED, []),
            ("long boundary", head() + clear_signed(TEXT, self.signature("rsa"), boundary="b" * 100),
             SIGNED, ["ambiguous-structure", "partial-cover"]),
            ("base64 behind the padding", leaf(LABEL.decode()[14:-2], encoded + encoded), SIGNED,
             ["ambiguous-structure"]),
            ("two objects", leaf(LABEL.decode()[14:-2], lines(der + der)), SIGNED,
             ["ambiguous-structure"]),
            ("wrong encoding", leaf(LABEL.decode()[14:-2], encoded, "quoted-printable"), SIGNED, partial),
            ("nested message", clear(entity=b"Content-Type: message/rfc822\r\n\r\n" + head() + good),
             VERIFIED, []),
            ("signed by others in the nested message", clear(
                entity=b"Content-Type: message/rfc822\r\n\r\n" + clear("bob")), VERIFIED, []),
            ("forwarded beside", head() + mixed(
                b"Content-Type: message/rfc822\r\n\r\n" + head() + good, EVIL), SIGNED, partial),
        ]:
            with self.subTest(name):
                self.check(message, status, codes)

    def test_inside_other_layers(self):
        world = self.world
        config = (f"escrow_key = {world.escrow.key}\nescrow_certificate = {world.escrow.certificate}\n")
        partial = ["partial-cover"]
        good = clear_signed(TEXT, self.signature("rsa"))
        enveloped = lines(world.pki.encrypted(world.escrow, good))
        for name, message, status, codes in [
            ("encrypted HTML", head() + b"Content-Type: text/html\r\nContent-Transfer-Encoding: base64"
             b"\r\n\r\n" + enveloped, SIGNED, ["partial-cover", "type-mismatch"]),
            ("encrypted PEM", head() + b"Content-Type: text/plain\r\n\r\nPay Mallory.\r\n-----BEGIN CMS"
             b"-----\r\n" + enveloped + b"-----END CMS-----\r\n", SIGNED, partial),
            ("text beside", head() + mixed(cms_part(base64.b64decode(enveloped), "enveloped-data"), EVIL),
             SIGNED, ["partial-cover", "spliced-encryption"]),
        ]:
            with self.subTest(name):
                self.check(message, status, codes, config=config)

    def test_limit_is_no_change(self):
        """What was not read to its end is not said to have been changed: by its label it
        has a signature, of which nothing is known."""
        entity = b"Content-Type: text/plain\r\n\r\n" + b"0123456789\r\n" * 20000
        der = self.world.pki.opaque(self.world.people["rsa"], entity, [self.world.one])
        self.check(head() + cms_part(der), SIGNED, config="max_expanded_size = 100000")

    def test_header_that_is_not_read_to_its_end(self):
        """lib-mail cuts the values of a header with more than 10 MiB of them: what was
        not digested says nothing."""
        filler = (b"X: " + b"y" * 60000 + b"\r\n") * 180
        entity = filler + b"X-Amount: 10\r\n" + TEXT
        signature = self.world.pki.detached(self.world.people["rsa"], entity, [self.world.one])
        for shown in (entity, entity.replace(b": 10\r\n", b": 1000\r\n")):
            report, = self.inspect(head() + clear_signed(shown, signature))
            self.assertIn("malformed", report["class"])
            self.assertEqual("uninspectable", report["scan"]["verdict"])
            self.assertIn(report["signature"]["status"], (UNKNOWN, SIGNED))


if __name__ == "__main__":
    unittest.main()
