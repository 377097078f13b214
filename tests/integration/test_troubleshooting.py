"""The README's troubleshooting section: each case is made, and the commands that
it shows print what it shows."""

import re
import shutil
import time

from case import DovecotCase
from operator_pki import Authority, signed_message
from readme import normalized, shown_cases
from slapd import PASSWORD, SUFFIX, Slapd


class Troubleshooting(DovecotCase):
    settings = "  smime_directory_base = " + SUFFIX + "\n"

    @classmethod
    def before_start(cls):
        cls.trust = cls.directory / "trust"
        cls.trust.mkdir()
        cls.root = Authority(cls.directory, "Partner Root")
        cls.ca = Authority(cls.directory, "Partner CA", issuer=cls.root)
        cls.files = {"root.pem": cls.root.pem, "issuing.pem": cls.ca.pem,
                     "root.crl": cls.root.crl(), "issuing.crl": cls.ca.crl()}
        cls.instance.scanner_conf = f"trust_dir = {cls.trust}\ncrl_policy = require\n"
        cls.slapd = Slapd(cls.directory / "slapd")
        cls.addClassCleanup(cls.slapd.stop)
        cls.slapd.start()
        secret = cls.directory / "ldap-password"
        secret.write_text(PASSWORD)
        secret.chmod(0o600)
        cls.instance.settings += (f"  smime_directory_uri = {cls.slapd.uri}\n"
                                  f"  smime_directory_bind_dn = cn=reader,{SUFFIX}\n"
                                  f"  smime_directory_bind_password_file = {secret}\n")

    def setUp(self):
        self.clear("alice")
        for path in self.trust.iterdir():
            path.unlink()
        self.shown = shown_cases()

    def trusts(self, *names):
        for name in names:
            shutil.copy(self.files[name], self.trust / name)

    def run_shown(self, command):
        """The command as it is in the README; files are those of the PKI."""
        words = re.findall(r'"[^"]*"|\S+', command)
        self.assertEqual("doveadm", words[0])
        words = [str(self.files.get(word, word.strip('"'))) for word in words[1:]]
        done = self.instance.doveadm(*words, check=False)
        return normalized(done.stdout.decode() + done.stderr.decode())

    def check(self, heading):
        """Runs what is shown, in order. The scanner takes a changed trust store
        within seconds."""
        commands = self.shown[heading]
        self.assertTrue(commands, heading)
        for command, lines in commands:
            wanted = [normalized(line) for line in lines]
            deadline = time.monotonic() + 15
            output = self.run_shown(command)
            while any(line not in output for line in wanted) and time.monotonic() < deadline:
                output = self.run_shown(command)
            for line in wanted:
                self.assertIn(line, output, command)

    def deliver_offer(self, name="Bob", address="bob@partner.example", sender=None, **options):
        key, pem = self.ca.issue(f"{name}-{self._testMethodName[-8:]}", address, subject=name,
                                 crl_url="http://crl.partner.example/issuing.crl", **options)
        self.assert_accepted(signed_message(key, pem, sender or address, subject="Offer"))

    def test_a_sender_s_signature_cannot_be_verified(self):
        self.trusts("root.crl", "issuing.crl")
        self.deliver_offer()
        self.check("A sender's signature cannot be verified")

    def test_the_crl_is_not_there(self):
        self.trusts("root.pem", "issuing.pem", "root.crl")
        self.deliver_offer()
        self.check("The CRL cannot be had")

    def test_which_certificate_is_used(self):
        one = self.ca.issue("one", "carol@example.org")[1]
        two = self.ca.issue("two", "carol@example.org", end=600)[1]
        self.slapd.person("carol", "carol@example.org", [self.ca.der(one)],
                          [self.ca.certs_only(two, self.ca.pem)])
        self.check("Which certificate is used")

    def test_the_wrong_purpose_or_address(self):
        self.trusts("root.pem", "issuing.pem", "root.crl", "issuing.crl")
        self.deliver_offer("Web", "web@partner.example", usage="serverAuth")
        self.deliver_offer("Dan", "dan@partner.example", sender="office@partner.example")
        self.check("A certificate for another purpose or address")

    def test_every_case_is_tested(self):
        self.assertEqual({"A sender's signature cannot be verified", "The CRL cannot be had",
                          "Which certificate is used",
                          "A certificate for another purpose or address"}, set(self.shown))
