"""Signatures: each case of a PKI made for it with its exact codes and status,
one changed byte in each place, the corpus, and deliveries with a real Dovecot."""

import atexit
import base64
import functools
import json
import re
import shutil
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from case import ROOT, DovecotCase
from pki import CA_EXTENSIONS, DAY, NOW, Pki, openssl_version, rfc3339

SCANNER = ROOT / "usr/lib/dovecot/smime-scanner"
DATA = Path(__file__).resolve().parent.parent / "data"
ALICE = "alice@example.org"
TEXT = b"Content-Type: text/plain\r\n\r\nTen thousand are to be paid.\r\nToday.\r\n"
# The line end behind it is the boundary's.
NO_BODY = b"Content-Type: text/plain\r\n"
CRL_URL = "http://crl.example.org/missing.crl"


class World:
    """The PKI and the trust stores."""


def make_world(directory):
    world = World()
    world.pki = pki = Pki(directory)
    world.root = root = pki.ca("Root")
    world.one = one = pki.ca("Intermediate One", root)
    two = pki.ca("Intermediate Two", one, key="ec")
    stale = pki.ca("Stale", root, key="ec")
    missing = pki.ca("Missing", root, key="ec")
    wrong = pki.ca("Wrong CRL", root, key="ec")
    impostor = pki.ca("Wrong CRL", root, key="ec")  # the right name, another key
    other = pki.ca("Other Root", key="ec")
    crossed = pki.certificate("Other Root", CA_EXTENSIONS, root, reuse=other)
    local = pki.ca("Local Root", key="ec")
    tls = pki.certificate("TLS CA", CA_EXTENSIONS + "\nextendedKeyUsage = serverAuth", root, key="ec")
    outdated = pki.ca("Outdated", root, key="ec", start=NOW - 90 * DAY, end=NOW - 3 * DAY)
    people = {
        "rsa": pki.person("alice rsa", one),
        "pss": pki.person("alice pss", one),
        "ec": pki.person("alice ec", two, key="ec"),
        "bob": pki.person("bob", one, "bob@example.org", key="ec"),
        "upper": pki.person("alice upper", one, "Alice@EXAMPLE.org", key="ec"),
        "no-address": pki.person("alice nameless", one, "", key="ec"),
        "weak-key": pki.person("alice weak", one, key="rsa1024"),
        "weak-signature": pki.person("alice sha1", one, key="ec", digest="sha1"),
        "expired": pki.person("alice expired", one, key="ec", start=NOW - 90 * DAY,
                              end=NOW - 3 * DAY),
        "future": pki.person("alice future", one, key="ec", start=NOW + 3 * DAY),
        "tls": pki.person("alice tls", one, key="ec", purpose="serverAuth"),
        "any-purpose": pki.person("alice any", one, key="ec", purpose="anyExtendedKeyUsage"),
        "no-purpose": pki.person("alice none", one, key="ec", purpose=None, usage=None),
        "encipher": pki.person("alice encipher", one, usage="keyEncipherment"),
        "revoked": pki.person("alice revoked", one, key="ec"),
        "revoked-later": pki.person("alice later", one, key="ec"),
        "stale": pki.person("alice stale", stale, key="ec"),
        "missing": pki.person("alice missing", missing, key="ec", crl=CRL_URL),
        "wrong": pki.person("alice wrong", wrong, key="ec"),
        "crossed": pki.person("alice crossed", other, key="ec"),
        "local": pki.person("alice local", local, key="ec"),
        "tls-ca": pki.person("alice tls ca", tls, key="ec"),
        "outdated": pki.person("alice outdated", outdated, key="ec"),
        "not-a-ca": None,
    }
    people["not-a-ca"] = pki.person("alice false", people["rsa"], key="ec")
    world.escrow = pki.person("escrow", one, "escrow@example.org", usage="keyEncipherment")
    world.chains = {name: [one] for name in people}
    world.chains.update(ec=[two, one], stale=[stale], missing=[missing], wrong=[wrong],
                        crossed=[crossed], local=[], outdated=[outdated])
    world.chains["tls-ca"] = [tls]
    world.chains["not-a-ca"] = [people["rsa"], one]
    world.people = people
    world.others = {"other": other, "local": local, "two": two}

    trust = Path(directory) / "trust"
    trust.mkdir()
    (trust / "root.pem").write_bytes(root.pem())
    crls = [pki.crl(root), pki.crl(two), pki.crl(tls), pki.crl(other), pki.crl(outdated),
            pki.crl(one, [(people["revoked"], NOW - 5 * DAY), (people["revoked-later"], NOW + DAY)]),
            pki.crl(stale, last=NOW - 20 * DAY, following=NOW - 10 * DAY),
            pki.crl(impostor, name_key=False)]
    (trust / "crls.pem").write_bytes(b"".join(crls))
    (trust / "damaged.pem").write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    world.trust = trust
    domain = Path(directory) / "trust-domain"
    (domain / "example.org").mkdir(parents=True)
    (domain / "example.org/local.pem").write_bytes(local.pem() + pki.crl(local))
    world.trust_domain = domain
    for path in [Path(directory), *Path(directory).rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    return world


def head(sender=f"Alice <{ALICE}>", more=""):
    return (f"From: {sender}\r\nTo: bob@example.org\r\nSubject: money\r\n{more}"
            "MIME-Version: 1.0\r\n").encode()


def lines(content):
    return base64.encodebytes(content).replace(b"\n", b"\r\n")


def clear_signed(entity, signature, micalg="sha-256", boundary="signed", extra=b""):
    mark = f"--{boundary}".encode()
    return (f'Content-Type: multipart/signed; protocol="application/pkcs7-signature"; '
            f'micalg={micalg}; boundary="{boundary}"\r\n\r\n').encode() + (
            mark + b"\r\n" + entity + b"\r\n" + mark +
            b"\r\nContent-Type: application/pkcs7-signature; name=smime.p7s\r\n"
            b"Content-Transfer-Encoding: base64\r\n\r\n" + lines(signature) + b"\r\n" + extra +
            mark + b"--\r\n")


def cms_part(content, smime_type="signed-data"):
    return (f"Content-Type: application/pkcs7-mime; smime-type={smime_type}; name=smime.p7m\r\n"
            "Content-Transfer-Encoding: base64\r\n\r\n").encode() + lines(content)


def mixed(*parts, kind="mixed"):
    return (f"Content-Type: multipart/{kind}; boundary=mixed\r\n\r\n".encode() +
            b"".join(b"--mixed\r\n" + part + b"\r\n" for part in parts) + b"--mixed--\r\n")


@functools.cache
def shared_world():
    """The directory, which goes with the process, and the world in it."""
    directory = Path(tempfile.mkdtemp(prefix="smime-verify-", dir="/tmp"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    directory.chmod(0o755)
    return directory, make_world(directory / "pki")


class VerifyCase(unittest.TestCase):
    longMessage = True

    @classmethod
    def setUpClass(cls):
        cls.directory, cls.world = shared_world()

    def signature(self, name, entity=TEXT, options=(), chain=None):
        world = self.world
        return world.pki.detached(world.people[name], entity,
                                  world.chains[name] if chain is None else chain, options)

    def clear(self, name="rsa", entity=TEXT, header=None, options=(), chain=None, **form):
        return (header or head()) + clear_signed(
            entity, self.signature(name, entity, options, chain), **form)

    def opaque(self, name="rsa", entity=TEXT, options=()):
        return cms_part(self.world.pki.opaque(self.world.people[name], entity,
                                              self.world.chains[name], options))

    def inspect(self, *messages, config="", trust="trust", at=None, arrived=None):
        settings = config + (f"\ntrust_dir = {self.directory}/pki/{trust}\n" if trust else "\n")
        (self.directory / "scanner.conf").write_text(settings)
        paths = []
        for number, message in enumerate(messages):
            paths.append(self.directory / f"m{number}.eml")
            paths[-1].write_bytes(message)
        done = subprocess.run([SCANNER, "-c", self.directory / "scanner.conf",
                               *(["--at", rfc3339(at)] if at else []),
                               *(["--arrived", rfc3339(arrived)] if arrived else []),
                               "--inspect", *paths],
                              capture_output=True, timeout=300)
        self.assertEqual((0, b""), (done.returncode, done.stderr))
        return [json.loads(line) for line in done.stdout.splitlines()]

    def check(self, message, status, codes=(), **options):
        report, = self.inspect(message, **options)
        signature = report["signature"]
        found = sorted({error["code"] for error in signature["errors"]})
        self.assertEqual((status, sorted(codes)), (signature["status"], found),
                         json.dumps(signature["errors"], indent=1))
        for error in signature["errors"]:
            self.assertTrue(error["text"].endswith("."), error)
            self.assertTrue(error.get("remedy"), error)
        return signature


VERIFIED, FAILED, SIGNED = "signed/verified", "signed/failed", "signed"


class Certificates(VerifyCase):
    """Case, person, status, codes, and what differs."""

    TABLE = [
        ("rsa", VERIFIED, [], {}),
        ("pss", VERIFIED, [], {}),
        ("ec", VERIFIED, [], {}),
        ("upper", VERIFIED, [], {}),
        ("any-purpose", VERIFIED, [], {}),
        ("no-purpose", VERIFIED, [], {}),
        ("crossed", VERIFIED, [], {}),
        ("bob", FAILED, ["address-mismatch"], {}),
        ("no-address", SIGNED, ["no-address-in-certificate"], {}),
        ("weak-key", VERIFIED, ["weak-algorithm"], {}),
        ("weak-key", SIGNED, ["weak-algorithm"], {"config": "min_strength = strong"}),
        ("weak-signature", VERIFIED, ["weak-algorithm"], {}),
        ("weak-signature", SIGNED, ["weak-algorithm"], {"config": "min_strength = strong"}),
        ("expired", FAILED, ["certificate-expired-at-signing"], {}),
        ("outdated", FAILED, ["certificate-expired-at-signing"], {}),
        ("future", FAILED, ["certificate-not-yet-valid"], {}),
        ("rsa", VERIFIED, ["certificate-expired-now", "crl-stale"],
         {"at": NOW + 310 * DAY, "arrived": NOW + DAY}),
        ("rsa", VERIFIED, ["certificate-expired-now"],
         {"at": NOW + 310 * DAY, "arrived": NOW + DAY, "config": "crl_policy = off"}),
        ("rsa", SIGNED, ["certificate-expired-now", "crl-stale"],
         {"at": NOW + 310 * DAY, "arrived": NOW + DAY, "config": "crl_policy = require"}),
        # It came when the certificate had expired, with a signing time before that.
        ("rsa", FAILED, ["certificate-expired"],
         {"at": NOW + 310 * DAY, "config": "crl_policy = off"}),
        ("rsa", VERIFIED, ["certificate-expired-now"],
         {"at": NOW + 310 * DAY, "config": "crl_policy = off\nsigning_delay = 311d"}),
        ("rsa", FAILED, ["certificate-expired"],
         {"at": NOW + 310 * DAY, "config": "crl_policy = off\nsigning_delay = 309d"}),
        ("rsa", VERIFIED, ["signing-time-in-future"], {"at": NOW - DAY / 2}),
        ("tls", FAILED, ["wrong-purpose"], {}),
        ("tls-ca", FAILED, ["wrong-purpose"], {}),
        ("encipher", FAILED, ["wrong-purpose"], {}),
        ("not-a-ca", FAILED, ["chain-invalid", "crl-unavailable"], {}),
        ("revoked", FAILED, ["revoked"], {}),
        ("revoked", VERIFIED, [], {"config": "crl_policy = off"}),
        ("revoked-later", FAILED, ["revoked-after-signing"], {"at": NOW + 2 * DAY}),
        ("revoked-later", SIGNED, ["revoked-after-arrival"],
         {"at": NOW + 2 * DAY, "arrived": NOW + DAY / 24}),
        ("stale", VERIFIED, ["crl-stale"], {}),
        ("stale", SIGNED, ["crl-stale"], {"config": "crl_policy = require"}),
        ("missing", VERIFIED, ["crl-unavailable"], {}),
        ("missing", SIGNED, ["crl-unavailable"], {"config": "crl_policy = require"}),
        ("missing", VERIFIED, [], {"config": "crl_policy = off"}),
        ("wrong", VERIFIED, ["crl-wrong-issuer"], {}),
        ("wrong", SIGNED, ["crl-wrong-issuer"], {"config": "crl_policy = require"}),
        ("local", FAILED, ["issuer-missing"], {}),
        ("local", VERIFIED, [], {"trust": "trust-domain"}),
        ("rsa", FAILED, ["issuer-missing"], {"trust": "trust-domain"}),
        ("rsa", SIGNED, ["trust-not-configured"], {"trust": None}),
        ("bob", SIGNED, ["address-mismatch", "trust-not-configured"], {"trust": None}),
    ]

    def test_each_certificate(self):
        messages = {}
        for name, status, codes, options in self.TABLE:
            with self.subTest(person=name, **options):
                if name not in messages:
                    messages[name] = self.clear(name)
                self.check(messages[name], status, codes, **options)

    def test_each_certificate_opaque(self):
        for name, status, codes, options in self.TABLE[:12]:
            with self.subTest(person=name, **options):
                self.check(head() + self.opaque(name), status, codes, **options)

    def test_words_name_what_is_missing(self):
        errors = self.check(self.clear("missing"), VERIFIED, ["crl-unavailable"])["errors"]
        self.assertIn(CRL_URL, errors[0]["remedy"])
        errors = self.check(self.clear("rsa", chain=[]), FAILED, ["issuer-missing"])["errors"]
        self.assertIn("CN=Intermediate One,O=Example", errors[0]["text"])
        self.assertRegex(errors[0]["text"], "key identifier [0-9A-F]{40}")
        errors = self.check(self.clear("bob"), FAILED, ["address-mismatch"])["errors"]
        self.assertIn("From: alice@example.org against bob@example.org", errors[0]["text"])

    def test_untrusted_root(self):
        other = self.world.others["local"]
        self.check(self.clear("local", chain=[other]), FAILED, ["untrusted-root"])

    def test_signer(self):
        message = self.clear()
        signer, = self.check(message, VERIFIED)["signers"]
        self.assertEqual([ALICE], signer["email"])
        self.assertEqual("CN=alice rsa,O=Example", signer["subject"])
        self.assertEqual("sha256", signer["digest"])
        self.assertNotIn("certificate", signer)
        config = "report_certificates = yes"
        signer, = self.check(message, VERIFIED, config=config)["signers"]
        der = base64.b64decode(signer["certificate"])
        self.assertIn(base64.b64encode(der)[:60], self.world.people["rsa"].pem().replace(b"\n", b""))
        for name, trust in (("bob", "trust"), ("rsa", None)):
            report, = self.inspect(self.clear(name), config=config, trust=trust)
            self.assertNotIn("certificate", report["signature"]["signers"][0])


class Forms(VerifyCase):
    def test_forms_that_verify(self):
        rsa = self.world.people["rsa"]
        for name, message in {
            "no signed attributes": self.clear(options=["-noattr"]),
            "sha-512": self.clear(options=["-md", "sha512"], micalg="sha-512"),
            "micalg of yesterday": self.clear(micalg="sha1"),
            "no known micalg": self.clear(micalg="x", options=["-md", "sha384"]),
            "key identifier": self.clear(options=["-keyid"]),
            "opaque without attributes": head() + self.opaque(options=["-noattr"]),
            "opaque, indefinite": head() + self.opaque(options=["-stream"]),
            "multipart": self.clear(entity=mixed(TEXT, TEXT)),
            "nested multipart": self.clear(entity=mixed(
                mixed(TEXT, TEXT).replace(b"mixed", b"inner"), TEXT) + b"epilogue\r\n"),
            "folded header": self.clear(entity=b"X-Long: a\r\n b\r\n\tc\r\nNo colon\r\n" + TEXT),
            "empty": self.clear(entity=b"Content-Type: text/plain\r\n\r\n"),
            "no body": self.clear(entity=NO_BODY),
            "no body inside": self.clear(entity=mixed(TEXT, NO_BODY)),
            "no body, signed twice": self.clear(entity=clear_signed(
                NO_BODY, self.world.pki.detached([rsa], NO_BODY, self.world.chains["rsa"]),
                boundary="inner")),
            "bare LF at the mailbox": self.clear().replace(b"\r\n", b"\n"),
            "signed twice by one": head() + clear_signed(TEXT, self.world.pki.detached(
                [rsa, self.world.people["ec"]], TEXT, self.world.chains["ec"])),
            "signature in signature": self.clear(entity=self.opaque("ec")),
        }.items():
            with self.subTest(name):
                self.check(message, VERIFIED)

    def test_weak_digest(self):
        message = self.clear(options=["-md", "sha1"], micalg="sha1")
        self.check(message, VERIFIED, ["weak-algorithm"])
        self.check(message, SIGNED, ["weak-algorithm"], config="min_strength = strong")

    def test_a_digest_that_nobody_named(self):
        for digest in ("sha1", "sha224", "sha384", "sha512", "sha3-256"):
            for label in ("sha-256", "sha-512", "unknown", None):
                with self.subTest(digest=digest, label=label):
                    message = self.clear(options=["-md", digest])
                    self.assertIn(b"micalg=sha-256;", message)
                    message = message.replace(b"micalg=sha-256;",
                                              b"micalg=" + label.encode() + b";" if label else b"")
                    self.check(message, VERIFIED, ["weak-algorithm"] if digest == "sha1" else [])

    def test_of_large_content_it_is_not_computed(self):
        entity = b"Content-Type: text/plain\r\n\r\n" + b"0123456789abcde\r\n" * 70_000
        self.check(self.clear(entity=entity), VERIFIED)
        self.check(self.clear(entity=entity, options=["-md", "sha512"]), SIGNED,
                   ["digest-not-computed"])

    def test_no_certificate(self):
        self.check(self.clear(options=["-nocerts"], chain=[]), FAILED, ["certificate-missing"])

    def test_large_content_in_constant_memory(self):
        entity = b"Content-Type: text/plain\r\n\r\n" + b"0123456789abcdef" * 5 * 1024 * 1024
        self.check(self.clear(entity=entity), VERIFIED)


@unittest.skipIf(openssl_version() < (3, 5), "this OpenSSL does not know ML-DSA")
class PostQuantum(VerifyCase):
    """RFC 9882."""

    def test_ml_dsa(self):
        pki, world = self.world.pki, self.world
        for issuer, key in ((world.one, "mldsa"), (pki.ca("PQ Root", key="mldsa"), "mldsa")):
            who = pki.person("alice pq", issuer, key=key, digest="null" if issuer.name == "PQ Root" else "sha256")
            directory = self.directory / "pki/trust-pq"
            directory.mkdir(exist_ok=True)
            (directory / "pq.pem").write_bytes(issuer.pem() + world.root.pem())
            signature = pki.detached(who, TEXT, [issuer], ["-md", "sha512"])
            options = {"trust": "trust-pq", "config": "crl_policy = off"}
            self.check(head() + clear_signed(TEXT, signature, micalg="sha-512"), VERIFIED, [],
                       **options)
            self.check(head() + clear_signed(TEXT.replace(b"Ten", b"Two"), signature,
                                             micalg="sha-512"), FAILED, ["digest-mismatch"],
                       **options)


class Paths(VerifyCase):
    """A chain is called wrong only if no way leads to an anchor: CAs of one name and without
    key identifiers, roots that another one signed as well."""

    NAMELESS_CA = "basicConstraints = critical, CA:true\nkeyUsage = keyCertSign, cRLSign"
    LEAF = ("basicConstraints = CA:false\nkeyUsage = digitalSignature\n"
            f"subjectAltName = email:{ALICE}")

    def trust(self, *parties):
        name = "paths-" + "-".join(party.name.replace(" ", "") for party in parties)
        directory = self.directory / "pki" / name
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir()
        for number, party in enumerate(parties):
            (directory / f"{number}.pem").write_bytes(party.pem())
        return {"trust": name, "config": "crl_policy = off"}

    def signed_by(self, who, chain):
        return head() + clear_signed(TEXT, self.world.pki.detached(who, TEXT, chain))

    def test_anchors_of_one_name(self):
        pki = self.world.pki
        namesakes = [pki.certificate("Namesake", self.NAMELESS_CA) for _ in range(3)]
        people = [pki.certificate("alice", self.LEAF, ca) for ca in namesakes]
        for order in ((0, 1, 2), (2, 1, 0), (1, 2, 0)):
            options = self.trust(*(namesakes[number] for number in order))
            for who, ca in zip(people, namesakes):
                for chain in ([], [ca], namesakes):
                    with self.subTest(order=order, chain=len(chain)):
                        self.check(self.signed_by(who, chain), VERIFIED, [], **options)

    def test_intermediates_of_one_name(self):
        pki = self.world.pki
        namesakes = [pki.certificate("Between", self.NAMELESS_CA, self.world.root)
                     for _ in range(2)]
        for ca in namesakes:
            who = pki.certificate("alice", self.LEAF, ca)
            for chain in (namesakes, namesakes[::-1]):
                self.check(self.signed_by(who, chain), VERIFIED, [], **self.trust(self.world.root))

    def test_a_root_that_another_one_signed(self):
        pki = self.world.pki
        old = pki.ca("Old Root", start=NOW - 400 * DAY, end=NOW - 10 * DAY)
        new = pki.ca("New Root")
        cross = pki.certificate("New Root", CA_EXTENSIONS, old, reuse=new, start=NOW - 300 * DAY,
                                end=NOW - 20 * DAY)
        between = pki.ca("Between the Two", new)
        who = pki.person("alice", between)
        for trust in ((new,), (old, new), (new, old)):
            for chain in ([between], [between, cross], [cross, between], [between, cross, old]):
                with self.subTest(trust=[party.name for party in trust], chain=len(chain)):
                    self.check(self.signed_by(who, chain), VERIFIED, [], **self.trust(*trust))


OF_LIST = head("Alice via Dev <dev@lists.example.net>",
               "List-Id: Developers <dev.lists.example.net>\r\n"
               f"Reply-To: Alice <{ALICE}>\r\n")


class Spoofs(VerifyCase):
    """Each is right in mathematics and says nothing of what the reader sees."""

    def test_spoofs(self):
        world = self.world
        good = clear_signed(TEXT, self.signature("rsa"))
        other = b"Content-Type: text/html\r\n\r\n<b>Not signed.</b>\r\n"
        with_content = world.pki.opaque(world.people["rsa"], TEXT, [world.one])
        inner_from = f"From: mallory@example.com\r\nContent-Type: text/plain; hp=\"clear\"\r\n\r\nhi\r\n".encode()
        agreeing = inner_from.replace(b"mallory@example.com", ALICE.encode())
        enveloped = cms_part(world.pki.encrypted(world.escrow, TEXT), "enveloped-data")
        for name, message, status, codes in [
            ("text beside", head() + mixed(good, other), SIGNED, ["partial-cover"]),
            ("text before", head() + mixed(other, good), SIGNED, ["partial-cover"]),
            ("alternative", head() + mixed(good, other, kind="alternative"), SIGNED,
             ["partial-cover"]),
            ("third part", head() + clear_signed(TEXT, self.signature("rsa"),
                                                 extra=b"--signed\r\n" + other + b"\r\n"),
             SIGNED, ["ambiguous-structure", "partial-cover"]),
            ("forwarded", head() + b"Content-Type: message/rfc822\r\n\r\n" + head() + good, SIGNED,
             ["partial-cover"]),
            ("content in the signature", head() + clear_signed(TEXT, with_content), FAILED,
             ["detached-with-content"]),
            ("two From fields", head(more="From: mallory@example.com\r\n") + good, FAILED,
             ["address-mismatch", "several-from"]),
            ("the same From twice", head(more=f"From: {ALICE}\r\n") + good, VERIFIED,
             ["repeated-from"]),
            ("From twice, and another in it", head(more=f"From: {ALICE}, mallory@example.com\r\n") +
             good, FAILED, ["address-mismatch", "several-from"]),
            ("the same From twice, and a name", head(more=f'From: "boss@example.com" <{ALICE}>\r\n') +
             good, SIGNED, ["address-in-name", "repeated-from"]),
            ("From of a list", OF_LIST + good, SIGNED, ["from-of-list"]),
            ("From of a list, changed", OF_LIST + good.replace(b"Ten", b"Two"), FAILED,
             ["digest-mismatch", "from-of-list"]),
            ("From of a list that names another", OF_LIST.replace(ALICE.encode(), b"bob@example.org") +
             good, FAILED, ["address-mismatch"]),
            ("From of no list", OF_LIST.replace(b"dev@lists", b"boss@lists") + good, FAILED,
             ["address-mismatch"]),
            ("From of a list, protected", OF_LIST + clear_signed(
                agreeing, self.signature("rsa", agreeing)), SIGNED, ["from-of-list"]),
            ("From of a list, another protected", OF_LIST.replace(
                b"Reply-To: ", b"Reply-To: mallory@example.com, ") + clear_signed(
                    inner_from, self.signature("rsa", inner_from)), FAILED, ["address-mismatch"]),
            ("two authors", head(f"{ALICE}, bob@example.org") + good, FAILED,
             ["address-mismatch", "several-authors"]),
            ("no From", head().partition(b"\r\n")[2] + good, SIGNED, ["odd-address"]),
            ("other From", head("mallory@example.com") + good, FAILED, ["address-mismatch"]),
            ("Sender signs", head("mallory@example.com", f"Sender: {ALICE}\r\n") + good, SIGNED,
             ["only-sender-matches"]),
            ("other Sender", head(more="Sender: mallory@example.com\r\n") + good, VERIFIED,
             ["sender-differs"]),
            ("address as name", head(f'"boss@example.com" <{ALICE}>') + good, SIGNED,
             ["address-in-name"]),
            ("encoded address as name", head(f'=?utf-8?q?boss=40example.com?= <{ALICE}>') + good,
             SIGNED, ["address-in-name"]),
            ("own address as name", head(f'"{ALICE}" <{ALICE}>') + good, VERIFIED, []),
            ("NUL", head(f"{ALICE}\0@mallory.example.com") + good, FAILED,
             ["address-in-name", "misleading-address", "odd-address"]),
            ("Cyrillic a", head("\u0430lice@example.org") + good, FAILED, ["address-mismatch"]),
            ("protected From differs", self.clear(entity=inner_from), FAILED, ["header-mismatch"]),
            ("protected From agrees", self.clear(entity=agreeing), VERIFIED, []),
            ("inner header is not protected", self.clear(entity=inner_from.replace(b"; hp=\"clear\"", b"")),
             VERIFIED, []),
            ("by someone else inside", self.clear(entity=self.opaque("bob")), SIGNED,
             ["nested-signers"]),
            ("by someone else around", self.clear("bob", entity=self.opaque()), SIGNED,
             ["nested-signers"]),
            ("by a gateway around", self.clear("no-address", entity=self.opaque()), SIGNED,
             ["nested-signers"]),
            ("signers of two people", head() + clear_signed(TEXT, world.pki.detached(
                [world.people["rsa"], world.people["bob"]], TEXT, [world.one])), FAILED,
             ["address-mismatch", "signers-contradict"]),
            ("labelled otherwise", head() + cms_part(with_content, "enveloped-data"), SIGNED,
             ["type-mismatch"]),
            ("content is no mail", head() + cms_part(world.pki.opaque(
                world.people["rsa"], TEXT, [world.one],
                ["-econtent_type", "1.2.840.113549.1.9.16.1.4"])), SIGNED,
             ["content-type-not-data"]),
            ("no signer", head() + clear_signed(TEXT, certs_only(world)), FAILED, ["no-signer"]),
            ("no signature", head() + clear_signed(TEXT, b"nothing"), SIGNED,
             ["ambiguous-structure", "damaged-signature"]),
            ("encrypted part beside", self.clear(entity=mixed(other, enveloped, other)), SIGNED,
             ["spliced-encryption"]),
            ("around the encryption", self.clear(entity=enveloped), SIGNED,
             ["signature-outside-encryption"]),
        ]:
            with self.subTest(name):
                self.check(message, status, codes)

    def test_under_encryption(self):
        world = self.world
        config = (f"escrow_key = {world.escrow.key}\n"
                  f"escrow_certificate = {world.escrow.certificate}\n")
        signed = clear_signed(TEXT, self.signature("rsa"))

        def enveloped(entity):
            return cms_part(world.pki.encrypted(world.escrow, entity), "enveloped-data")

        for name, message, status, codes in [
            ("signed, encrypted", head() + enveloped(signed), "encrypted+signed/verified", []),
            ("opaque, encrypted", head() + enveloped(self.opaque()), "encrypted+signed/verified", []),
            ("changed", head() + enveloped(signed.replace(b"thousand", b"millions")),
             "encrypted+signed/failed", ["digest-mismatch"]),
            ("three layers", self.clear(entity=enveloped(signed)), "encrypted+signed/verified",
             ["signature-outside-encryption"]),
            ("three layers, by others", self.clear("bob", entity=enveloped(signed)),
             "encrypted+signed/verified", ["address-mismatch", "signature-outside-encryption"]),
            ("around only", self.clear(entity=enveloped(TEXT)), SIGNED,
             ["signature-outside-encryption"]),
        ]:
            with self.subTest(name):
                self.check(message, status, codes, config=config)


def certs_only(world):
    bundle = world.pki.directory / "certs.p7"
    subprocess.run(["openssl", "crl2pkcs7", "-nocrl", "-certfile", world.one.certificate, "-outform",
                    "DER", "-out", bundle], check=True)
    return bundle.read_bytes()


class Tampering(VerifyCase):
    """One byte."""

    def changed_signature(self, change):
        der = bytearray(self.signature("rsa"))
        change(der)
        return head() + clear_signed(TEXT, bytes(der))

    def flip_behind(self, mark, offset):
        def change(der):
            at = der.rindex(mark)
            der[at + len(mark) + offset] ^= 1
        return change

    def test_one_byte(self):
        good = self.clear()
        self.check(good, VERIFIED)
        message_digest = bytes.fromhex("06092a864886f70d010904")  # the attribute's identifier
        subject = b"alice rsa"
        for name, message, status, codes in [
            ("signed text", good.replace(b"Ten", b"Two"), FAILED, ["digest-mismatch"]),
            ("signed header", good.replace(b"text/plain", b"text/plaim"), FAILED,
             ["digest-mismatch"]),
            ("signed attribute", self.changed_signature(self.flip_behind(message_digest, 5)),
             FAILED, ["digest-mismatch", "signature-invalid"]),
            ("signature value", self.changed_signature(lambda der: der.__setitem__(-1, der[-1] ^ 1)),
             FAILED, ["signature-invalid"]),
            ("certificate", self.changed_signature(lambda der: der.__setitem__(
                der.index(subject), ord("A"))), FAILED, ["certificate-invalid"]),
            ("epilogue", good + b"more\r\n", VERIFIED, []),
            ("preamble", good.replace(b"\r\n\r\n--signed", b"\r\n\r\nx\r\n--signed", 1), VERIFIED, []),
            ("outer header", good.replace(b"Subject: money", b"Subject: honey"), VERIFIED, []),
        ]:
            with self.subTest(name):
                self.assertNotEqual(good, message)
                self.check(message, status, codes)

    def test_place_of_the_change(self):
        errors = self.check(self.clear().replace(b"Ten", b"Two"), FAILED,
                            ["digest-mismatch"])["errors"]
        self.assertRegex(errors[0]["text"], r"part 1 \(bytes \d+ to \d+ of the message\)")
        self.assertEqual("1", errors[0]["path"])

    def test_without_attributes(self):
        good = self.clear(options=["-noattr"])
        self.check(good.replace(b"Ten", b"Two"), FAILED, ["signature-invalid"])

    def test_opaque(self):
        der = self.world.pki.opaque(self.world.people["rsa"], TEXT, [self.world.one])
        self.check(head() + cms_part(der.replace(b"Ten", b"Two")), FAILED, ["digest-mismatch"])

    def test_without_trust(self):
        self.check(self.clear().replace(b"Ten", b"Two"), FAILED,
                   ["digest-mismatch", "trust-not-configured"], trust=None)


class Corpus(unittest.TestCase):
    """The outcomes that those who made the messages state."""

    def inspect(self, paths, config, *options):
        with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
            file.write(f"trust_dir = {DATA}/corpus-trust\n{config}\n")
            file.flush()
            done = subprocess.run([SCANNER, "-c", file.name, *options, "--inspect", *paths],
                                  capture_output=True, timeout=300, check=True)
        return [json.loads(line)["signature"] for line in done.stdout.splitlines()]

    def assert_no_misses(self, misses, known=frozenset()):
        for name, text in sorted(misses.items()):
            print(f"{'known miss' if name in known else 'MISS'}: {name}: {text}")
        self.assertEqual(set(known), set(misses))

    def test_messages(self):
        rows = [line.split("\t") for line in
                (DATA / "corpus/VERIFY.tsv").read_text().splitlines()[1:]]
        self.assertGreater(len(rows), 45)
        # They were signed years ago.
        found = self.inspect([DATA / "corpus" / row[0] for row in rows],
                             "crl_policy = off\nsigning_delay = 36500d", "--at",
                             "2026-11-25T00:00:00Z")
        misses = {}
        for (name, status, codes), signature in zip(rows, found, strict=True):
            got = ",".join(sorted({error["code"] for error in signature["errors"]}))
            if (status, codes) != (signature["status"], got):
                misses[name] = f"{signature['status']} ({got}) instead of {status} ({codes})"
        self.assert_no_misses(misses)


class VerifiedDelivery(DovecotCase):
    """What tests of the status at delivery share. before_start() sets world."""

    instance_options = {"replace_rules": True}
    settings = "smime_rule = signature=signed/failed flag=$Odd action=deliver\n"

    def message(self, name):
        return head() + clear_signed(TEXT, self.world.pki.detached(
            self.world.people[name], TEXT, self.world.chains[name]))

    def flags_of(self, message):
        """The keywords that a delivery of the message gets."""
        self.clear("alice")
        self.assert_accepted(message)
        out = self.instance.doveadm("-f", "flow", "fetch", "-u", "alice", "flags", "mailbox",
                                    "INBOX", "all").stdout.decode()
        return {word for word in out.replace("=", " ").split() if word.startswith("$")}

    def eventually(self, flag, message):
        deadline = time.monotonic() + 15
        while flag not in self.flags_of(message):
            self.assertLess(time.monotonic(), deadline, f"{flag} never came")


class Delivery(VerifiedDelivery):
    """Status at delivery, and a trust store that changes while Dovecot runs."""

    @classmethod
    def before_start(cls):
        _, cls.world = shared_world()
        cls.trust = cls.directory / "trust"
        shutil.copytree(cls.world.trust, cls.trust)
        cls.instance.scanner_conf = f"trust_dir = {cls.trust}\n"

    def test_keywords(self):
        good = self.message("rsa")
        self.assertEqual({"$SMIMESigned", "$SMIMEVerified"}, self.flags_of(good))
        self.assertEqual({"$SMIMESigned", "$SMIMEFailed", "$Odd"},
                         self.flags_of(good.replace(b"Ten", b"Two")))
        self.assertEqual({"$SMIMESigned", "$SMIMEFailed", "$Odd"},
                         self.flags_of(self.message("bob")))
        good_beside = head() + mixed(clear_signed(TEXT, self.world.pki.detached(
            self.world.people["rsa"], TEXT, [self.world.one])), TEXT)
        self.assertEqual({"$SMIMESigned"}, self.flags_of(good_beside))

    def recorded(self, message):
        """The status in the index record of the message that is delivered."""
        self.clear("alice")
        self.assert_accepted(message)
        log = self.instance.home("alice") / "Maildir/dovecot.index.log"
        dump = self.instance.doveadm("dump", "-t", "log", log).stdout.decode()
        # The last record of 40 bytes: version 1, flags, status.
        records = re.findall(r"01([0-9a-f]{2})([0-9a-f]{2})00[0-9a-f]{72}", dump)
        self.assertTrue(records, dump[-2000:])
        return int(records[-1][1], 16)

    def test_record(self):
        """The order of SignatureStatus in report.h is that of the records on disk."""
        good = self.message("rsa")
        beside = head() + mixed(good[len(head()):], TEXT)
        self.assertEqual([2, 3, 1], [self.recorded(message) for message in
                                     (good, good.replace(b"Ten", b"Two"), beside)])

    def test_store_changes(self):
        message = self.message("local")
        self.assertIn("$SMIMEFailed", self.flags_of(message))
        local = self.world.others["local"]
        (self.trust / "local.pem").write_bytes(local.pem() + self.world.pki.crl(local))
        self.eventually("$SMIMEVerified", message)
        # Written in place, as by cp: the folder itself stays as it is.
        revoked = self.world.pki.crl(local, [(self.world.people["local"], NOW - DAY)])
        (self.trust / "local.pem").write_bytes(local.pem() + revoked)
        self.eventually("$SMIMEFailed", message)
        (self.trust / "local.pem").unlink()


if __name__ == "__main__":
    unittest.main()
