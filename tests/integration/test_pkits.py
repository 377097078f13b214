"""NIST's Public Key Interoperability Test Suite (PKITS): a signed message for each of its 224
certification paths, one anchor, and all CRLs. The outcomes are those that PKITS.pdf states
for its default settings: any policy will do, and none has to be there."""

import json
import re
import subprocess
import tarfile
import tempfile
import unittest
from pathlib import Path

from test_verify import DATA, SCANNER

# The certificates are of the years 2010 to 2030.
AT = "2015-01-01T00:00:00Z"
# Their names say neither Valid nor Invalid, since the outcome depends on the policies that one
# asks for: sections 4.8.1 to 4.8.20 and 4.12.3. A CRL that is missing is 4.4.1.
VALID = {"AllCertificatesSamePolicyTest1", "AllCertificatesNoPoliciesTest2", "DifferentPoliciesTest3",
         "OverlappingPoliciesTest6", "AllCertificatesSamePoliciesTest10",
         "AllCertificatesAnyPolicyTest11", "AllCertificatesSamePoliciesTest13", "AnyPolicyTest14",
         "UserNoticeQualifierTest15", "UserNoticeQualifierTest16", "UserNoticeQualifierTest17",
         "UserNoticeQualifierTest18", "UserNoticeQualifierTest19", "CPSPointerQualifierTest20",
         "inhibitAnyPolicyTest3"}
INVALID = {"MissingCRLTest1", "DifferentPoliciesTest4", "DifferentPoliciesTest5",
           "DifferentPoliciesTest7", "DifferentPoliciesTest8", "DifferentPoliciesTest9",
           "DifferentPoliciesTest12"}
# Both are valid, are not verified here, and are called neither forged nor revoked.
MISSES = {
    # The CRL's issuer has a certificate that the same CRL covers; OpenSSL does not follow it.
    "ValidcRLIssuerTest30": {"crl-wrong-issuer"},
    # A DSA key whose parameters are in its CA's certificate; OpenSSL does not look there.
    "ValidDSAParameterInheritanceTest5": {"signature-unsupported"},
}
# DSA and SHA-1 are in some of them.
NOTES = {"signed-for-domain", "weak-algorithm"}


def is_valid(name):
    if name in VALID or name in INVALID:
        return name in VALID
    return re.match("(Valid|Invalid)[A-Za-z]", name)[1] == "Valid"


class Pkits(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory(prefix="smime-pkits-")
        cls.addClassCleanup(temporary.cleanup)
        cls.directory = Path(temporary.name)
        with tarfile.open(DATA / "pkits.tar.xz") as archive:
            archive.extractall(cls.directory)
        trust = cls.directory / "crls"
        (cls.directory / "anchor.crt").rename(trust / "anchor.crt")
        for path in [cls.directory, *cls.directory.rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)

    def inspect(self, seals=()):
        settings = [f"trust_dir = {self.directory}/crls", "crl_policy = require"]
        settings += [f"seal{number} = testcertificates.gov {sha256}"
                     for number, sha256 in enumerate(seals)]
        (self.directory / "scanner.conf").write_text("\n".join(settings) + "\n")
        paths = sorted((self.directory / "smime").glob("Signed*.eml"))
        done = subprocess.run([SCANNER, "-c", self.directory / "scanner.conf", "--at", AT,
                               "--inspect", *paths], capture_output=True, timeout=120, check=True)
        return {path.stem.removeprefix("Signed"): json.loads(line)["signature"]
                for path, line in zip(paths, done.stdout.splitlines(), strict=True)}

    def test_each_path(self):
        """Of the messages whose paths are valid each is verified, and no other."""
        seals = []
        # Most certificates have nobody's address; the others have not the one in From.
        for name, signature in self.inspect().items():
            (signer,) = signature["signers"]
            seals.append(signer["sha256"])
            if signer["email"]:
                path = self.directory / f"smime/Signed{name}.eml"
                path.write_bytes(re.sub(rb"From: [^\r\n]*", b"From: " + signer["email"][0].encode(),
                                        path.read_bytes(), count=1))
        found = self.inspect(seals)
        misses = {}
        for name, signature in found.items():
            codes = {error["code"] for error in signature["errors"]}
            # What each message is about is its path: the mathematics are right in all.
            self.assertFalse(codes & {"digest-mismatch", "signature-invalid"}, name)
            if (signature["status"] == "signed/verified") != is_valid(name):
                misses[name] = codes - NOTES
        self.assertEqual(224, len(found))
        print(f"PKITS: {len(found) - len(misses)} of {len(found)} as stated, "
              f"{sum(map(is_valid, found))} of them valid")
        self.assertEqual(MISSES, misses)
        for name in misses:
            self.assertEqual("signed", found[name]["status"], name)


if __name__ == "__main__":
    unittest.main()
