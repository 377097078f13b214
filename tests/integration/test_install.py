"""The build, the installed files, the distribution, the quickstart."""

import os
import re
import shutil
import socket
import sqlite3
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

import desk
import dovecot_conf
from case import ROOT
from instance import free_port

SOURCE = Path(__file__).resolve().parent.parent.parent
BUILD = Path(os.environ["SMIME_TEST_BUILD"])


def run(*command, **kwargs):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True,
                          timeout=1800, stdin=subprocess.DEVNULL, **kwargs)


class Install(unittest.TestCase):
    def setUp(self):
        self.directory = Path(tempfile.mkdtemp(prefix="smime-test-", dir="/tmp"))
        self.directory.chmod(0o755)
        self.addCleanup(shutil.rmtree, self.directory, True)

    def test_files_are_where_dovecot_looks(self):
        for path in ("usr/lib/dovecot/modules/lib99_smime_plugin.so",
                     "usr/lib/dovecot/modules/doveadm/lib99_doveadm_smime_plugin.so",
                     "usr/lib/dovecot/smime-scanner", "usr/lib/dovecot/smime-startup",
                     "etc/dovecot/conf.d/90-smime.conf", "etc/dovecot/conf.d/smime-load.conf.ext",
                     "etc/dovecot/conf.d/91-smime-audit.conf",
                     "usr/lib/dovecot/smime-desk", "usr/lib/dovecot/smime-desk-worker",
                     "etc/dovecot/conf.d/92-smime-desk.conf", "etc/dovecot/smime-desk.conf",
                     "etc/dovecot/smime-scanner.conf"):
            self.assertTrue((ROOT / path).is_file(), path)
        self.assertFalse(list(ROOT.rglob("*.la")))
        conf = (ROOT / "etc/dovecot/conf.d/90-smime.conf").read_text()
        self.assertIn("executable = /usr/lib/dovecot/smime-scanner -c "
                      "/etc/dovecot/smime-scanner.conf", conf)
        active = [line.strip() for line in conf.splitlines() if line.strip().startswith("smime_")]
        rules = (["smime_rule encrypted {", "smime_rule uninspectable {",
                  "smime_rule infected {"] if dovecot_conf.IS_24 else
                 ["smime_rule = class=any-encrypted origin=delivery action=quarantine",
                  'smime_rule2 = reason="No scanner can look into part of it" scan=uninspectable '
                  "origin=delivery action=quarantine",
                  "smime_rule3 = scan=infected origin=delivery action=quarantine"])
        self.assertEqual(rules, active)
        self.assertEqual("/usr/lib/dovecot/smime-scanner",
                         os.readlink(ROOT / "usr/bin/smime-scanner"))
        settings = ROOT / "usr/lib/dovecot/modules/settings/lib99_smime_settings.so"
        self.assertEqual(dovecot_conf.IS_24, settings.is_file())

    def test_each_setting_is_explained(self):
        rows = (SOURCE / "plugin/rules/settings.cpp").read_text().partition("> rows{{")[2]
        names = set(re.findall(r'"(smime_[a-z_]+)"', rows)) - {"smime_release"}
        self.assertGreater(len(names), 15)
        for file, form in (("conf.d/90-smime.conf.in", r"^  #%s ="),
                           ("conf.d/90-smime-2.4.conf.in", r"^#%s ="),
                           ("man/dovecot-smime.7", r"^\.It Va (\w+ , )?%s\b")):
            text = (SOURCE / file).read_text()
            for name in sorted(names):
                self.assertRegex(text, re.compile(form % name, re.M), file)

    def test_install_keeps_an_edited_configuration(self):
        run("make", "-C", BUILD, "install", f"DESTDIR={self.directory}")
        conf = self.directory / "etc/dovecot/conf.d/90-smime.conf"
        conf.write_text("# edited\n")
        done = run("make", "-C", BUILD, "install", f"DESTDIR={self.directory}")
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertEqual("# edited\n", conf.read_text())
        self.assertTrue((conf.parent / "90-smime.conf.new").exists())

    def test_configure_names_the_missing_package(self):
        for arguments, package in ((["--with-dovecot=/nonexistent"], "dovecot-dev"),
                                   (["PKG_CONFIG=/bin/false"], "libssl-dev")):
            done = run(SOURCE / "configure", *arguments, cwd=self.directory)
            self.assertNotEqual(0, done.returncode)
            self.assertIn(f"apt-get install {package}", done.stderr)

    def test_the_distribution_builds(self):
        done = run("make", "-C", BUILD, "dist")
        self.assertEqual(0, done.returncode, done.stderr[-2000:])
        (tarball,) = BUILD.glob("dovecot-smime-*.tar.xz")
        self.addCleanup(tarball.unlink)
        sources = self.directory / "sources"
        sources.mkdir()
        run("tar", "xf", tarball, "-C", sources, "--strip-components=1")
        # That each file is there which another includes is what matters, and not to compile all
        # of it once more.
        compilers = [f"{name}={SOURCE / 'tests/integration/preprocess-only'}" for name in ("CC", "CXX")]
        for command in (["./configure", "--enable-werror"], ["make", "-j2", *compilers],
                        ["make", "install", f"DESTDIR={self.directory}/root", *compilers]):
            done = run(*command, cwd=sources)
            self.assertEqual(0, done.returncode, done.stderr[-2000:])
        self.assertTrue((self.directory / "root/usr/lib/dovecot/smime-scanner").exists())
        self.assertTrue((sources / "quickstart").exists())

    def test_manual_pages_are_sound(self):
        for page in sorted((SOURCE / "man").iterdir()):
            done = run("mandoc", "-T", "lint", "-W", "warning", page)
            self.assertEqual("", done.stdout, page)

    def test_scanner_by_hand(self):
        scanner = ROOT / "usr/lib/dovecot/smime-scanner"
        done = run(scanner, "--inspect", SOURCE / "tests/data/signed.eml", "/nonexistent")
        self.assertEqual(1, done.returncode)
        self.assertIn('"class":["signed"]', done.stdout)
        self.assertIn("/nonexistent: No such file", done.stderr)
        self.assertEqual(64, run(scanner).returncode)
        done = run(scanner, "-c", "/nonexistent.conf", "--inspect", "/dev/null")
        self.assertEqual(78, done.returncode)
        self.assertIn("/nonexistent.conf", done.stderr)


class Quickstart(unittest.TestCase):
    # It installs the build, from which the other classes run, anew.
    alone = True

    def setUp(self):
        self.directory = Path(tempfile.mkdtemp(prefix="smime-test-", dir="/tmp"))
        self.directory.chmod(0o755)
        self.addCleanup(shutil.rmtree, self.directory, True)
        self.environment = dict(os.environ, SMIME_BUILD_DIR=str(BUILD),
                                SMIME_QUICKSTART_DIR=str(self.directory / "q"),
                                SMIME_IMAP_PORT=str(free_port()),
                                SMIME_LMTP_PORT=str(free_port()),
                                SMIME_DESK_PORT=str(free_port()))

    def quickstart(self, *arguments):
        output = self.directory / "output"
        with output.open("w") as log:
            done = subprocess.run([str(SOURCE / "quickstart"), *arguments], stdout=log, stderr=log,
                                  stdin=subprocess.DEVNULL, env=self.environment, timeout=600)
        return done.returncode, output.read_text()

    def test_start_twice_and_stop(self):
        for removing in (False, True):
            code, text = self.quickstart()
            self.assertEqual(0, code, text)
            self.assertEqual(removing, "Removing the 4 messages of the earlier run" in text)
            self.assertIn("Quarantine: encrypted sample", text.split("alice*reviewer")[1])
            self.assertIn("INBOX: plain sample", text)
            self.assertIn("INBOX: signed sample   openssl cms -verify: successful", text)
            self.assertIn("quarantine release -u alice", text)
            self.assertRegex(text, r"INBOX: .*held")
        if os.geteuid() == 0:
            self.release_in_a_browser(text)
        else:
            command = next(line for line in text.splitlines() if "quarantine release" in line)
            done = run(*command.split()[2:])
            self.assertEqual(0, done.returncode, done.stderr)
            self.assertIn("released", done.stdout)
        register = sqlite3.connect(self.directory / "q/register.sqlite")
        deadline = time.monotonic() + 20
        while [state for (state,) in register.execute(
                "SELECT state FROM smime_register_history ORDER BY changed")] != ["held", "released"]:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.1)
        register.close()
        code, text = self.quickstart("stop")
        self.assertEqual(0, code, text)
        code, text = self.quickstart("stop")
        self.assertEqual(0, code, text)
        self.assertIn("not running", text)

    def release_in_a_browser(self, text):
        """As who follows what it printed does; test_desk_browser has the browser itself."""
        address, login, password = re.search(
            r"(http://127\.0\.0\.1:[0-9]+)/ as (\w+), password (\S+):", text).groups()
        visitor = desk.Visitor(int(address.rpartition(":")[2]))
        answer = visitor.login(login, password)
        self.assertTrue(visitor.is_in(answer), answer)
        page = visitor.get("/held").text
        items = re.findall(r'<input[^>]*name="item"[^>]*value="([0-9a-f-]+):(alice)"', page)
        self.assertEqual(1, len(items), page)
        answer = visitor.act("release", items)
        self.assertEqual({items[0][0]: "done"}, desk.results(answer), answer)

    @unittest.skipIf(os.geteuid() != 0, "the other quickstart tests run without root then")
    def test_start_without_root(self):
        shutil.copytree(ROOT, self.directory / "root", symlinks=True)
        shutil.copytree(SOURCE / "tests/integration", self.directory / "integration")
        state = self.directory / "state"
        state.mkdir()
        shutil.chown(state, "mail", "mail")
        as_mail = ["setpriv", "--reuid=mail", "--regid=mail", "--clear-groups", "python3", "-B",
                   self.directory / "integration/demo.py"]
        log = self.directory / "log"
        with log.open("w") as output:
            codes = [subprocess.run([*as_mail, action, state / "q", self.directory / "root"],
                                    stdout=output, stderr=output, stdin=subprocess.DEVNULL,
                                    env=self.environment, timeout=120).returncode
                     for action in ("start", "stop")]
        self.assertEqual([0, 0], codes, log.read_text())
        self.assertIn("openssl cms -verify: successful", log.read_text())

    def test_a_taken_port_is_named(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = self.environment["SMIME_LMTP_PORT"] = str(taken.getsockname()[1])
            code, text = self.quickstart()
        self.assertEqual(1, code)
        self.assertEqual(f"quickstart: port {port} of 127.0.0.1 is taken by another program: set "
                         "SMIME_LMTP_PORT to a free one\n", text)
        self.assertFalse((self.directory / "q").exists())

    def test_what_is_no_port_is_named(self):
        for value in ("abc", "0", "65536", "-1", "2e3"):
            self.environment["SMIME_IMAP_PORT"] = value
            for action in ([], ["stop"]):
                code, text = self.quickstart(*action)
                self.assertEqual(1, code)
                self.assertEqual(f"quickstart: SMIME_IMAP_PORT={value} is no port number (1 to "
                                 "65535)\n", text)

    def test_somebody_else_s_directory_is_left_alone(self):
        foreign = self.directory / "q"
        foreign.mkdir()
        (foreign / "precious").write_text("x")
        code, text = self.quickstart()
        self.assertEqual(1, code)
        self.assertIn("SMIME_QUICKSTART_DIR", text)
        self.assertTrue((foreign / "precious").exists())
