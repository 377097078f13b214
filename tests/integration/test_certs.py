"""Certificates that are harvested from verified mail, and those of a directory."""

import json
import shutil
import stat

from case import DovecotCase
from operator_pki import Authority, signed_message
from slapd import PASSWORD, SUFFIX, Slapd


class CertsCase(DovecotCase):
    @classmethod
    def before_start(cls):
        trust = cls.directory / "trust"
        trust.mkdir()
        cls.root = Authority(cls.directory, "Example Root")
        shutil.copy(cls.root.pem, trust)
        shutil.copy(cls.root.crl(), trust)
        cls.instance.scanner_conf = (f"trust_dir = {trust}\nreport_certificates = yes\n")

    def certs(self, *args, code=0):
        done = self.instance.doveadm("-f", "json", "smime", "certs", *args, check=False)
        self.assertEqual(code, done.returncode, done.stdout.decode() + done.stderr.decode())
        return json.loads(done.stdout or b"[]")

    def sha256(self, pem):
        line = self.root.openssl("x509", "-in", pem, "-noout", "-fingerprint", "-sha256").decode()
        return line.split("=")[1].strip().replace(":", "").lower()


class Harvest(CertsCase):
    settings = ("  smime_harvest_certificates = yes\n"
                "  smime_rule2 = from=hold@* action=quarantine\n")

    def test_the_newest_of_each_address(self):
        first = self.root.issue("Bob one", "bob@partner.example")
        second = self.root.issue("Bob two", "bob@partner.example")
        dora = self.root.issue("Dora", "Dora@partner.example")
        for key, pem in (first, second):
            self.assert_accepted(signed_message(key, pem, "bob@partner.example"))
        self.assert_accepted(signed_message(*dora, "dora@partner.example"))
        rows = {row["address"]: row for row in self.certs("list", "-u", "alice")}
        self.assertEqual({"bob@partner.example", "dora@partner.example"}, set(rows))
        bob = rows["bob@partner.example"]
        self.assertEqual((self.sha256(second[1]), "ok"), (bob["sha256"], bob["state"]))
        self.assertIn("Bob two", bob["subject"])
        self.assertIn("Example Root", bob["issuer"])
        self.assertEqual(rows, {row["address"]: row for row in self.certs("-u", "alice")})
        # They belong to the user alone.
        folder = self.instance.home("alice") / "smime-certificates"
        for path in folder.iterdir():
            self.assertEqual(0o600, stat.S_IMODE(path.stat().st_mode))
        done = self.instance.doveadm("smime", "certs", "export", "-u", "alice",
                                     "BOB@partner.example")
        pem = self.directory / "exported.pem"
        pem.write_bytes(done.stdout)
        self.assertEqual(self.sha256(second[1]), self.sha256(pem))
        done = self.instance.doveadm("smime", "certs", "export", "-u", "alice", "no@one.example",
                                     check=False)
        self.assertEqual(68, done.returncode)
        self.assertIn(b"no certificate is kept for no@one.example", done.stderr)

    def test_nothing_of_what_is_not_verified(self):
        stranger = Authority(self.directory / "other", "Stranger")
        self.assert_accepted(signed_message(*stranger.issue("Eve", "eve@partner.example"),
                                            "eve@partner.example"), "carol@example.org")
        good = signed_message(*self.root.issue("Fay", "fay@partner.example"), "fay@partner.example")
        self.assert_accepted(good.replace(b"A text", b"B text"), "carol@example.org")
        self.assert_accepted(good.replace(b"From: fay", b"From: foe"), "carol@example.org")
        self.assertEqual([], self.certs("list", "-u", "carol"))
        self.assertFalse((self.instance.home("carol") / "smime-certificates").exists())
        self.assert_accepted(good, "carol@example.org")
        self.assertEqual(1, len(self.certs("list", "-u", "carol")))

    def test_a_certificate_that_cannot_be_kept_stops_no_mail(self):
        home = self.instance.home("bob")
        home.mkdir(exist_ok=True)
        shutil.chown(home, *self.instance._mail_owner())
        (home / "smime-certificates").write_text("in the way")
        self.assert_accepted(signed_message(*self.root.issue("Gus", "gus@partner.example"),
                                            "gus@partner.example"), "bob@example.org")
        self.assertEqual(1, len(self.bodies("bob")))
        self.assert_logged("the signer's certificate is not kept")

    def test_a_report_in_the_quarantine_has_no_certificate(self):
        message = signed_message(*self.root.issue("Ida", "ida@partner.example"),
                                 "ida@partner.example")
        self.assert_accepted(message, "bob@example.org", sender="hold@partner.example")
        (item,) = self.quarantined("bob")
        done, (shown,) = self.doveadm_quarantine("show", "bob", item["id"])
        self.assertIn("ida@partner.example", shown["report"])
        self.assertNotIn('"certificate"', shown["report"])


class NoHarvest(CertsCase):
    def test_without_the_setting_nothing_is_kept(self):
        self.assert_accepted(signed_message(*self.root.issue("Bob", "bob@partner.example"),
                                            "bob@partner.example"))
        self.assertEqual([], self.certs("list", "-u", "alice"))
        self.assertFalse((self.instance.home("alice") / "smime-certificates").exists())


class Directory(CertsCase):
    """Against a slapd that shows certificates to cn=reader alone."""

    @classmethod
    def before_start(cls):
        super().before_start()
        cls.slapd = Slapd(cls.directory / "slapd")
        cls.addClassCleanup(cls.slapd.stop)
        cls.slapd.start()
        secret = cls.directory / "ldap-password"
        secret.write_text(PASSWORD + "\n")
        secret.chmod(0o600)
        cls.instance.settings = (
            f"  smime_harvest_certificates = yes\n  smime_directory_uri = {cls.slapd.uri}\n"
            f"  smime_directory_base = {SUFFIX}\n"
            f"  smime_directory_bind_dn = cn=reader,{SUFFIX}\n"
            f"  smime_directory_bind_password_file = {secret}\n")
        cls.fill()

    @classmethod
    def fill(cls):
        root = cls.root
        issue = {}
        for name, options in (("good", {}), ("one", {}), ("two", {}), ("old", {"end": -1}),
                              ("server", {"usage": "serverAuth"}), ("plain", {}), ("smime", {}),
                              ("used", {})):
            address = f"{name}@example.org"
            issue[name] = root.issue(name, address, **options)
        cls.issued = issue
        other = root.issue("other", "two@example.org")
        der = {name: root.der(pem) for name, (_, pem) in issue.items()}
        pkcs7 = {name: root.certs_only(pem, root.pem) for name, (_, pem) in issue.items()}
        person = cls.slapd.person
        person("good", "good@example.org", [der["good"]], [pkcs7["good"]])
        person("nothing", "nothing@example.org")
        person("plain", "plain@example.org", [der["plain"]])
        person("smime", "smime@example.org", [], [pkcs7["smime"]])
        person("two", "two@example.org", [der["two"]], [root.certs_only(other[1])])
        person("old", "old@example.org", [der["old"]], [pkcs7["old"]])
        person("server", "server@example.org", [der["server"]], [pkcs7["server"]])
        person("one", "wrong@example.org", [der["one"]], [pkcs7["one"]])
        person("odd", "odd@example.org", [], [b"0\x03\x02\x01\x01"])
        person("used", "used@example.org", [der["used"]], [pkcs7["used"]])
        person("double 1", "double@example.org", [der["good"]], [pkcs7["good"]])
        person("double 2", "double@example.org", [der["good"]], [pkcs7["good"]])

    def codes(self, address, code):
        rows = self.certs("-u", "alice", "--directory", address, code=code)
        for row in rows:
            self.assertEqual(address, row["address"])
            self.assertTrue(row["state"] == "ok" or row["remedy"], row)
        self.rows = rows
        return [row["code"] for row in rows]

    def test_what_each_entry_lacks(self):
        for address, code, wanted in (
                ("good", 0, ["ok"]),
                ("nothing", 78, ["no-certificate"]),
                ("plain", 1, ["only-userCertificate"]),
                ("smime", 1, ["only-userSMIMECertificate"]),
                ("two", 78, ["different-certificates"]),
                ("old", 78, ["certificate-expired"]),
                ("server", 78, ["no-email-protection"]),
                ("wrong", 78, ["address-mismatch"]),
                ("odd", 78, ["unreadable-certificate", "no-certificate"]),
                ("nobody", 78, ["no-entry"]),
                ("*", 78, ["no-entry"])):
            with self.subTest(address=address):
                self.assertEqual(wanted, self.codes(f"{address}@example.org", code))
        self.codes("two@example.org", 78)
        self.assertIn(f"cn=two,{SUFFIX}", self.rows[0]["dn"])
        self.assertEqual("several-entries", self.codes("double@example.org", 78)[0])

    def test_the_one_in_use_is_another(self):
        self.assertEqual(["ok"], self.codes("used@example.org", 0))
        key, pem = self.root.issue("used new", "used@example.org")
        self.assert_accepted(signed_message(key, pem, "used@example.org"))
        self.assertEqual(["not-the-one-in-use"], self.codes("used@example.org", 1))
        self.assertIn(self.sha256(pem), self.rows[0]["detail"])

    def test_a_directory_that_does_not_answer(self):
        secret = self.directory / "ldap-password"
        secret.write_text("wrong")
        self.addCleanup(secret.write_text, PASSWORD)
        done = self.instance.doveadm("smime", "certs", "-u", "alice", "--directory",
                                     "good@example.org", check=False)
        self.assertEqual(75, done.returncode)
        self.assertIn(b"Invalid credentials", done.stderr)
        self.assertIn(b"smime_directory_uri", done.stderr)


class NoDirectory(CertsCase):
    def test_it_is_said(self):
        done = self.instance.doveadm("smime", "certs", "-u", "alice", "--directory", check=False)
        self.assertEqual(78, done.returncode)
        self.assertIn(b"smime_directory_uri is not set", done.stderr)
