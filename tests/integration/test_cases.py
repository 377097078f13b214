"""Messages in which a client or a common tool finds what a scanner could miss, and honest ones
that look odd: what is right for each is in tests/data/cases."""

import json
import subprocess

from pki import openssl_version
from test_inspect import DATA, SCANNER, InspectCase

CASES = DATA / "cases"
ENCRYPTED = {"encrypted", "pgp-encrypted", "encrypted-archive", "encrypted-document"}
STATES = {"read", "opened", "named", "cut"}


class CaseTests(InspectCase):
    def reports(self, folder, config, *options):
        paths = sorted(folder.glob("*.eml"))
        self.assertTrue(paths, folder)
        done = subprocess.run([SCANNER, "-c", config, "--inspect", *options, *paths],
                              capture_output=True, timeout=300)
        self.assertEqual((0, b""), (done.returncode, done.stderr))
        return [(path.name, json.loads(line))
                for path, line in zip(paths, done.stdout.splitlines(), strict=True)]

    def assert_every_part_has_a_state(self, report):
        for part in report.get("parts", []):
            self.assertIn(part["state"], STATES, part)
            self.assertTrue(part["kind"] and part["by"], part)
            if part["state"] == "named" or part["state"] == "cut":
                self.assertTrue(report["uninspectable"], part)


class Hidden(CaseTests):
    """What is hidden has its class of encryption, or its part is named."""

    def check(self, folder):
        for name, report in self.reports(folder, self.directory / "scanner.conf", "--parts"):
            with self.subTest(name):
                self.assertTrue(ENCRYPTED & set(report["class"]) or report["uninspectable"],
                                report["class"])
                self.assertNotEqual("clean", report["scan"]["verdict"])
                self.assert_every_part_has_a_state(report)


class Field(CaseTests):
    """What people reported to other projects; expect.json says what is right."""

    def check(self, folder):
        expected = json.loads((folder / "expect.json").read_text())
        config = self.directory / f"{expected['trust']}.conf"
        config.write_text(f"trust_dir = {CASES / 'field' / expected['trust']}\n"
                          "crl_policy = off\n")
        for name, report in self.reports(folder, config, "--parts"):
            with self.subTest(name):
                self.assert_expected({**expected, **expected.get("files", {}).get(name, {})},
                                     report)
                self.assert_every_part_has_a_state(report)

    def assert_expected(self, expected, report):
        classes = set(report["class"])
        missing = set(expected["class"]) - classes
        if expected.get("uninspectable") and report["uninspectable"]:
            missing -= ENCRYPTED
        self.assertFalse(missing, (report["class"], report["uninspectable"]))
        self.assertFalse(set(expected["not"]) & classes, report)
        if expected.get("uninspectable") is not None:
            self.assertEqual(expected["uninspectable"], bool(report["uninspectable"]), report)
        if "status" in expected:
            statuses = expected["status"]
            self.assertIn(report["signature"]["status"],
                          [statuses] if isinstance(statuses, str) else statuses,
                          report["signature"].get("errors"))


class Signature(CaseTests):
    """Message: class, status, codes of the signatures and of the message that must be there."""

    TABLE = {
        "good": ("signed", "signed/verified", ()),
        "pgp-signed-outside": ("pgp-encrypted", "signed", ("signature-outside-encryption",)),
        "efail-pgp-signed": ("pgp-encrypted", "signed", ("spliced-encryption",)),
        "efail-pgp": ("pgp-encrypted", "unknown", ("spliced-encryption",)),
        "efail-smime": ("encrypted", "unknown", ("spliced-encryption",)),
        "proto-pgp": ("signed", "signed", ("type-mismatch",)),
        "proto-pgp-tampered": ("signed", "signed/failed", ("digest-mismatch", "type-mismatch")),
        "mldsa-key": ("signed", None, ()),
        "mldsa-ca": ("signed", None, ()),
        "armor-enc-encrypted-message": ("encrypted", "unknown", ()),
        "armor-sig-signed-message": ("opaque-signed", None, ()),
        "bareparam": ("plain", "unknown", ()),
        "bareparam-signed": ("signed", "signed/verified", ()),
        "stripped": ("signed", "signed", ("no-signature",)),
    }

    def test_each(self):
        folder = CASES / "signature"
        self.assertEqual(set(self.TABLE), {path.stem for path in folder.glob("*.eml")})
        reports = {}
        for trust in ("trust", "trust-mldsa"):
            config = self.directory / f"signature-{trust}.conf"
            config.write_text(f"trust_dir = {folder / trust}\ncrl_policy = off\n")
            reports.update({name: report for name, report in self.reports(folder, config)
                            if name.startswith("mldsa") == (trust == "trust-mldsa")})
        for name, (message_class, status, codes) in self.TABLE.items():
            report = reports[name + ".eml"]
            with self.subTest(name):
                self.assertIn(message_class, report["class"])
                if status:
                    self.assertEqual(status, report["signature"]["status"], report)
                found = {error["code"] for error in report.get("errors", []) +
                         report["signature"].get("errors", [])}
                self.assertLessEqual(set(codes), found)

    def test_an_algorithm_that_openssl_does_not_know_is_no_forgery(self):
        """It is named. (That OpenSSL 3.5 verifies such mail is in test_verify: to that these
        messages, which were not made with it, are forgeries.)"""
        if openssl_version() >= (3, 5):
            self.skipTest("this OpenSSL knows ML-DSA")
        folder = CASES / "signature"
        config = self.directory / "mldsa.conf"
        config.write_text(f"trust_dir = {folder / 'trust-mldsa'}\ncrl_policy = off\n")
        for name, report in self.reports(folder, config):
            if not name.startswith("mldsa"):
                continue
            with self.subTest(name):
                signature = report["signature"]
                texts = [error["text"] for error in signature.get("errors", [])
                         if error["code"] == "signature-unsupported"]
                self.assertEqual("signed", signature["status"], signature)
                self.assertIn("ML-DSA-44", texts[0])


def add_tests(group, names):
    """A test for each folder."""
    for name in names:
        def test(self, folder=CASES / group.__name__.lower() / name):
            self.check(folder)
        setattr(group, "test_" + name.replace("-", "_"), test)


# Not a case: what the cases are checked against.
ABOUT_SIGNERS = ("trust",)

add_tests(Hidden, sorted(path.name for path in (CASES / "hidden").iterdir()))
add_tests(Field, sorted(path.name for path in (CASES / "field").iterdir()
                        if not path.name.startswith(ABOUT_SIGNERS)))
