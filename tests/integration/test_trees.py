"""Messages of signatures, encryption and plain parts in all orders, against a model of what a
reader sees: verified is said only where all of it was signed by the one in From."""

import base64
import itertools
import os
import random

from test_verify import VerifyCase, clear_signed, cms_part, head, lines, shared_world

SEED = int(os.environ.get("SMIME_SEED", "0")) or random.SystemRandom().randrange(1 << 32)
TREES = 250
# A session key packet of version 3 with RSA, and encrypted data behind it (RFC 9580).
PACKETS = (bytes([0x84, 0x8c, 3]) + bytes(range(1, 9)) + bytes([1, 4, 0]) + b"\xa5" * 128 +
           bytes([0xd2, 60, 1]) + b"\x5a" * 59)
ARMOR = (b"-----BEGIN PGP MESSAGE-----\r\n\r\n" +
         base64.encodebytes(PACKETS).replace(b"\n", b"\r\n") + b"-----END PGP MESSAGE-----\r\n")

text = ("text",)
html = ("html",)
inline_pgp = ("inline-pgp",)
mime_pgp = ("mime-pgp",)
enveloped = ("enveloped",)
LEAVES = (text, html, inline_pgp, mime_pgp, enveloped)


def is_encrypted(tree):
    return tree in (inline_pgp, mime_pgp, enveloped)


def has_encrypted(tree):
    return is_encrypted(tree) or any(map(has_encrypted, tree[1:]))


def layers(tree):
    """The signers whose signature is around all that a reader sees, outermost first."""
    return [tree[0][1]] + layers(tree[1]) if tree[0][0] in ("clear", "opaque") else []


def is_verified(tree):
    """Signed as a whole, by nobody but the sender, and nothing in it that the signer need not
    know. A part that is signed by itself says nothing of the rest."""
    signers = layers(tree)
    return bool(signers) and set(signers) == {"rsa"} and not has_encrypted(tree)


def shows_encrypted(tree):
    """Itself, or as a part of a multipart."""
    return is_encrypted(tree) or ((tree[0] == "mixed" or tree[0][0] == "clear") and
                                  any(map(shows_encrypted, tree[1:])))


def is_spliced(tree):
    """An encrypted part beside others, in any multipart (EFAIL)."""
    beside = tree[0] == "mixed" and len(tree) > 2 and any(map(shows_encrypted, tree[1:]))
    return beside or any(map(is_spliced, tree[1:]))


def trees(depth):
    """All of a few kinds, so many levels deep."""
    if depth == 0:
        yield from LEAVES
        return
    inner = list(trees(depth - 1))
    yield from LEAVES
    for signer in ("rsa", "bob"):
        for form in ("clear", "opaque"):
            for part in inner:
                yield ((form, signer), part)
    for parts in itertools.product(inner if depth == 1 else LEAVES + tuple(inner[-8:]), repeat=2):
        yield ("mixed", *parts)


class Trees(VerifyCase):
    def build(self, tree, number=None):
        number = number or itertools.count()
        kind = tree[0]
        if kind == "text":
            return b"Content-Type: text/plain\r\n\r\nSome text.\r\n"
        if kind == "html":
            return b"Content-Type: text/html\r\n\r\n<img src=\"http://example.com/\r\n"
        if kind == "inline-pgp":
            return b"Content-Type: text/plain\r\n\r\n" + ARMOR
        if kind == "mime-pgp":
            mark = b"pgp%d" % next(number)
            return (b"Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; "
                    b"boundary=" + mark + b"\r\n\r\n--" + mark + b"\r\nContent-Type: "
                    b"application/pgp-encrypted\r\n\r\nVersion: 1\r\n--" + mark +
                    b"\r\nContent-Type: application/octet-stream\r\n\r\n" + ARMOR + b"--" + mark +
                    b"--\r\n")
        if kind == "enveloped":
            return self.enveloped
        if kind == "mixed":
            mark = b"mixed%d" % next(number)
            return (b"Content-Type: multipart/mixed; boundary=" + mark + b"\r\n\r\n" +
                    b"".join(b"--" + mark + b"\r\n" + self.build(part, number) + b"\r\n"
                             for part in tree[1:]) + b"--" + mark + b"--\r\n")
        form, signer = kind
        entity = self.build(tree[1], number)
        if form == "opaque":
            return self.opaque(signer, entity)
        return clear_signed(entity, self.signature(signer, entity),
                            boundary=f"signed{next(number)}")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        _, world = shared_world()
        cls.enveloped = cms_part(world.pki.encrypted(world.people["bob"], b"Content-Type: "
                                                     b"text/plain\r\n\r\nsecret\r\n"),
                                 "enveloped-data")

    def test_verified_is_said_of_what_the_sender_signed(self):
        chance = random.Random(SEED)
        print(f"SMIME_SEED={SEED}")
        one, two = list(trees(1)), list(trees(2))
        chosen = one + chance.sample(two, TREES)
        reports = self.inspect(*(head() + self.build(tree) for tree in chosen),
                               config="crl_policy = off")
        verified = 0
        for tree, report in zip(chosen, reports, strict=True):
            with self.subTest(tree=tree):
                status = report["signature"]["status"]
                self.assertEqual(is_verified(tree), status.endswith("/verified"),
                                 (status, report["signature"].get("errors")))
                codes = {error["code"] for error in report.get("errors", [])}
                self.assertEqual(is_spliced(tree), "spliced-encryption" in codes, report)
                verified += is_verified(tree)
        self.assertGreater(verified, 4)
