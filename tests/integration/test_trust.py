"""doveadm smime trust: what comes into the store, what is in it, what ends."""

import json
import os
import stat
import time
from pathlib import Path

from case import DovecotCase
from operator_pki import Authority


class Trust(DovecotCase):
    @classmethod
    def before_start(cls):
        cls.trust = cls.directory / "trust"
        cls.trust.mkdir()
        cls.root = Authority(cls.directory, "Example Root")
        cls.sub = Authority(cls.directory, "Example Sub", issuer=cls.root, end=20)
        cls.instance.scanner_conf = f"trust_dir = {cls.trust}\n"

    def setUp(self):
        for path in sorted(self.trust.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()

    def trust_command(self, *args, code=0):
        done = self.instance.doveadm("-f", "json", "smime", "trust", *args, check=False)
        self.assertEqual(code, done.returncode, done.stdout.decode() + done.stderr.decode())
        return json.loads(done.stdout or b"[]")

    def files(self):
        return sorted(str(path.relative_to(self.trust)) for path in self.trust.rglob("*")
                      if path.is_file())

    def test_import_list_and_check(self):
        rows = self.trust_command("import", self.root.pem, self.sub.pem, self.root.crl(),
                                  self.sub.crl())
        self.assertEqual(["imported"] * 4, [row["result"] for row in rows])
        self.assertIn("root CA", rows[0]["detail"])
        listed = self.trust_command("list")
        self.assertEqual(["anchor", "crl", "crl", "intermediate"],
                         sorted(row["kind"] for row in listed))
        self.assertEqual({"ok"}, {row["state"] for row in listed})
        self.assertEqual({Path(row["stored"]).name for row in rows},
                         {row["file"] for row in listed})
        for name in self.files():
            self.assertRegex(name, r"^example-(root|sub)-[0-9A-Fa-f]+(\.crl)?\.pem$")
            self.assertEqual(0o644, stat.S_IMODE((self.trust / name).stat().st_mode))
        # The sub CA has 20 days.
        (row,) = self.trust_command("check", "--days", "25", code=1)
        self.assertEqual("certificate-expires", row["code"])
        self.assertIn("Example Sub", row["detail"])
        (row,) = self.trust_command("check", "--days", "5")
        self.assertEqual(("ok", "ok"), (row["state"], row["code"]))

    def test_what_is_no_ca_is_refused_and_named(self):
        key, person = self.root.issue("Alice", "alice@example.org")
        nothing = self.directory / "nothing"
        nothing.write_text("nothing")
        other = Authority(self.directory / "x", "Stranger")
        for file, code, words in ((person, 65, "certificate of alice@example.org, issued by"),
                                  (key, 65, "private key"), (nothing, 65, "neither PEM nor a certificate"),
                                  (other.crl(), 65, "issuer is not in the store"),
                                  (self.directory / "missing", 66, "No such file")):
            (row,) = self.trust_command("import", file, code=code)
            self.assertEqual("refused", row["result"])
            self.assertIn(words, row["detail"])
        self.assertEqual([], self.files())

    def test_a_bundle(self):
        bundle = self.directory / "bundle.p7b"
        bundle.write_bytes(self.root.certs_only(self.root.pem, self.sub.pem))
        rows = self.trust_command("import", bundle)
        self.assertEqual(2, len(rows))
        (row, _) = self.trust_command("import", bundle, code=65)
        self.assertIn("in the store already", row["detail"])

    def test_a_crl_takes_the_place_of_the_one_before(self):
        self.trust_command("import", self.root.pem)
        first = self.root.crl("first.crl", begin=-3, end=3)
        second = self.root.crl("second.crl", begin=-1, end=30)
        stale = self.root.crl("stale.crl", begin=-9, end=-2)
        self.trust_command("import", first)
        self.trust_command("import", second)
        self.assertEqual(2, len(self.files()))
        (row,) = self.trust_command("import", first, code=65)
        self.assertIn("is newer", row["detail"])
        (row,) = self.trust_command("import", stale, code=65)
        (name,) = [name for name in self.files() if name.endswith(".crl.pem")]
        (self.trust / name).write_bytes(stale.read_bytes())
        (row,) = self.trust_command("check", code=1)
        self.assertEqual(("crl-stale", name), (row["code"], row["file"]))
        self.assertIn("Example Root", row["detail"])
        self.assertTrue(row["remedy"])

    def test_a_domain_s_own(self):
        self.trust_command("import", self.root.pem)
        rows = self.trust_command("import", "--domain", "partner.example", self.sub.pem)
        self.assertTrue(rows[0]["stored"].startswith(f"{self.trust}/partner.example/"))
        self.assertIn("partner.example/", [row["file"] for row in self.trust_command("list")
                                           if row["kind"] == "intermediate"][0])
        for domain in ("../x", "A.example"):
            self.trust_command("import", "--domain", domain, self.sub.pem, code=64)

    def test_what_is_wrong_in_the_store(self):
        self.assertEqual("no-anchor", self.trust_command("check", code=78)[0]["code"])
        _, person = self.root.issue("Carol", "carol@example.org")
        (self.trust / "person.pem").write_bytes(person.read_bytes())
        (self.trust / "sub.pem").write_bytes(self.sub.pem.read_bytes())
        (self.trust / "junk.pem").write_text("junk")
        codes = {row["code"]: row["file"] for row in self.trust_command("check", code=78)}
        self.assertEqual({"not-a-ca": "person.pem", "trust-file-invalid": "junk.pem",
                          "issuer-missing": "sub.pem", "no-anchor": str(self.trust),
                          "certificate-expires": "sub.pem"}, codes)

    def test_namesakes_are_told(self):
        other = Authority(self.directory / "other", "Example Root")
        self.trust_command("import", self.root.pem)
        self.trust_command("import", other.pem)
        rows = self.trust_command("list")
        self.assertEqual(["namesake", "namesake"], [row["state"] for row in rows])
        rows = self.trust_command("check")
        self.assertEqual([("ok", "namesake")] * 2, [(row["state"], row["code"]) for row in rows])
        for row in rows:
            (second,) = set(self.files()) - {row["file"]}
            self.assertIn(second, row["detail"])

    def test_a_store_that_cannot_be_written(self):
        if os.geteuid() == 0:
            # A file where the folder should be.
            (self.trust / "partner.example").write_text("")
        else:
            self.trust.chmod(0o555)
            self.addCleanup(self.trust.chmod, 0o755)
        (row,) = self.trust_command("import", "--domain", "partner.example", self.root.pem,
                                    code=73)
        self.assertEqual("refused", row["result"])


class NoTrust(DovecotCase):
    def test_it_is_said(self):
        done = self.instance.doveadm("smime", "trust", "list", check=False)
        self.assertEqual(78, done.returncode)
        self.assertIn(b"trust_dir is not set", done.stderr)

    def test_it_is_a_choice_to_status_and_to_the_check(self):
        rows = {}
        for command in ("status", "trust check"):
            done = self.instance.doveadm("-f", "json", "smime", *command.split(), check=False)
            self.assertEqual(0, done.returncode, done.stdout)
            (rows[command],) = [row for row in json.loads(done.stdout)
                                if row.get("setting", row.get("file")) == "trust_dir"]
        for name in ("state", "detail", "remedy"):
            self.assertEqual(rows["status"][name], rows["trust check"][name])
        self.assertEqual("ok", rows["status"]["state"])
        self.assertIn("no mail is signed/verified", rows["status"]["detail"])


class NoDirectoryYet(DovecotCase):
    """trust_dir is set as the shipped file shows it, and nobody has made the directory."""

    @classmethod
    def before_start(cls):
        cls.trust = cls.directory / "trust"
        cls.root = Authority(cls.directory, "Example Root")
        cls.instance.scanner_conf = f"trust_dir = {cls.trust}\n"

    def errors(self):
        done = self.instance.doveadm("-f", "json", "smime", "verify", "-u", "alice", "all",
                                     check=False)
        return json.loads(done.stdout)[0]["errors"]

    def test_the_socket_of_others_is_no_error(self):
        """doveadm -u becomes the user, who may not connect to the first."""
        self.clear()
        self.assert_accepted(self.samples.signed())
        done = self.instance.doveadm("-f", "json", "smime", "verify", "-u", "alice", "all",
                                     check=False)
        self.assertEqual((65, b""), (done.returncode, done.stderr))

    def test_mail_is_looked_into_and_the_import_makes_it(self):
        self.assert_accepted(self.samples.signed())
        self.assertEqual(1, len(self.bodies()))
        self.assert_logged(f"smime-scanner: Warning: trust_dir: {self.trust} is not there")
        self.assertIn("trust-not-configured", self.errors())
        old = os.umask(0o077)
        self.addCleanup(os.umask, old)
        self.instance.doveadm("smime", "trust", "import", self.root.pem)
        self.assertEqual(0o755, stat.S_IMODE(self.trust.stat().st_mode))
        # A scanner looks once a second.
        deadline = time.monotonic() + 20
        while "trust-not-configured" in self.errors() and time.monotonic() < deadline:
            time.sleep(0.2)
        self.assertNotIn("trust-not-configured", self.errors())
