"""The package's scripts, with a configuration of the test's in the place of /etc/dovecot."""

import os
import subprocess
import tempfile
import unittest
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent.parent
MODULES = "/usr/lib/dovecot/modules"


@unittest.skipIf(os.geteuid() != 0, "mounts over /etc/dovecot in a namespace of its own")
class Removal(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="smime-test-")
        self.addCleanup(directory.cleanup)
        self.etc = Path(directory.name) / "dovecot"
        (self.etc / "conf.d").mkdir(parents=True)
        self.modules = Path(directory.name) / "modules"
        self.modules.mkdir()
        self.write("dovecot.conf", "mail_plugins = quota\n!include conf.d/*.conf\n"
                                   "!include_try local.conf\n")
        self.write("conf.d/90-smime.conf", "!include smime-load.conf.ext\nservice smime-scanner {\n}\n")
        self.write("conf.d/smime-load.conf.ext", "mail_plugins = $mail_plugins smime\n")

    def write(self, name, text):
        (self.etc / name).write_text(text)

    def prerm(self, *arguments):
        done = subprocess.run(
            ["unshare", "--mount", "--propagation", "private", "sh", "-ec",
             f"mount --bind {self.etc} /etc/dovecot; mount --bind {self.modules} {MODULES}\n"
             f'exec sh {SOURCE}/debian/dovecot-smime.prerm "$@"', "sh", *arguments],
            capture_output=True, text=True)
        self.assertEqual("", done.stdout)
        return done.returncode, done.stderr

    def assert_refused(self, line):
        code, text = self.prerm("remove")
        self.assertEqual(1, code, text)
        self.assertIn(f"\n/etc/dovecot/{line}\n", text)
        self.assertIn("nothing was removed", text)

    def test_the_package_s_own_files_do_not_keep_it(self):
        self.assertEqual((0, ""), self.prerm("remove"))

    def test_lines_in_other_files_do(self):
        self.write("local.conf", "\nprotocol imap {\n  mail_plugins = $mail_plugins smime\n}\n")
        self.assert_refused("local.conf:3:  mail_plugins = $mail_plugins smime")
        self.write("local.conf", "service smime-scanner {\n  vsz_limit = 1G\n}\n")
        self.assert_refused("local.conf:1:service smime-scanner {")
        self.write("local.conf", "")
        self.write("conf.d/20-x.conf", "!include ../more/x.conf\n")
        (self.etc / "more").mkdir()
        self.write("more/x.conf", "mail_plugins {\n  smime = yes\n}\n")
        code, text = self.prerm("remove")
        self.assertEqual(1, code)
        self.assertIn("more/x.conf:2:  smime = yes", text)

    def test_an_upgrade_is_never_refused(self):
        self.write("local.conf", "mail_plugins = $mail_plugins smime\n")
        self.assertEqual((0, ""), self.prerm("upgrade", "0.2"))

    def test_what_dovecot_does_not_read_or_need_is_no_obstacle(self):
        self.write("local.conf.old", "mail_plugins = $mail_plugins smime\n")
        self.write("local.conf", "# mail_plugins = smime\nmail_plugins = quota smimes\n"
                                 "plugin {\n  smime_rule = action=deliver\n}\n")
        self.assertEqual((0, ""), self.prerm("remove"))

    def test_settings_that_dovecot_2_4_would_not_know(self):
        (self.modules / "settings").mkdir()
        (self.modules / "settings/lib99_smime_settings.so").touch()
        self.write("local.conf", "smime_rule x {\n}\n")
        self.assert_refused("local.conf:1:smime_rule x {")
