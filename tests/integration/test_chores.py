"""What the timers of the Debian package have done, and that it is nothing where nothing is set."""

import os
import subprocess
import tempfile
import unittest
from pathlib import Path

CHORES = Path(__file__).resolve().parents[2] / "debian" / "smime-chores"

# As doveconf -n prints them.
OF_23 = {"notify": "plugin {\n  smime_rule3 = class=encrypted notify=recipient action=quarantine\n}\n",
         "warn": "plugin {\n  smime_rule = hold=9d then=delete warn=2d action=quarantine\n}\n",
         "hold": "plugin {\n  smime_rule = class=encrypted hold=9d then=delete action=quarantine\n}\n"}
OF_24 = {"notify": "smime_rule tell {\n  action = quarantine\n  notify = recipient\n}\n",
         "warn": "smime_rule tell {\n  action = quarantine\n  hold = 9d\n  warn = 2d\n}\n",
         "hold": "smime_rule tell {\n  action = quarantine\n  hold = 9d\n  then = delete\n}\n"}
REGISTER = "plugin {\n  smime_register = proxy::smime\n  smime_register_spool = /x\n}\n"
SERVICE = "service smime-register {\n  process_limit = 1\n}\n"
NOTHING = ("mail_plugins = \" smime\"\nplugin {\n  smime_reviewers = anna\n"
           "  smime_rule = class=any-encrypted origin=delivery action=quarantine\n"
           "  smime_notice_interval = 15m\n  smime_register = no\n}\n")


class Chores(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="smime-chores-")
        self.addCleanup(directory.cleanup)
        self.directory = Path(directory.name)
        self.program("doveadm", f'echo "$*" >>{self.directory}/done\n'
                                'case "$*" in *metrics*) printf "smime_x 1\\n# EOF\\n" ;; esac\n'
                                '[ ! -e "${0%/*}/fails" ]\n')

    def program(self, name, text):
        path = self.directory / name
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(0o755)

    def run_chores(self, when, conf, **settings):
        (self.directory / "conf").write_text(conf)
        self.program("doveconf", f"cat {self.directory}/conf\n")
        done = self.directory / "done"
        done.unlink(missing_ok=True)
        self.ended = subprocess.run([CHORES, when], capture_output=True, text=True, timeout=30, env={
            **os.environ, **settings, "PATH": f"{self.directory}:/usr/bin:/bin"})
        return done.read_text().replace("-f flow smime ", "").split("\n")[:-1] if done.exists() else []

    def test_nothing_is_set(self):
        for conf in ("", NOTHING):
            for when in ("often", "daily"):
                self.assertEqual([], self.run_chores(when, conf), conf)
                self.assertEqual((0, "", ""), (self.ended.returncode, self.ended.stdout,
                                               self.ended.stderr))

    def test_what_rules_ask_for(self):
        for rules in (OF_23, OF_24):
            for key, often, daily in (("notify", ["notify -A"], []),
                                      ("warn", ["notify -A"], ["quarantine expire -A"]),
                                      ("hold", [], ["quarantine expire -A"])):
                with self.subTest(key=key, rules=rules[key]):
                    self.assertEqual(often, self.run_chores("often", rules[key]))
                    self.assertEqual(daily, self.run_chores("daily", rules[key]))

    def test_the_register_where_no_service_empties_it(self):
        for register in (REGISTER, "smime_register = smime\n"):
            self.assertEqual(["register drain"], self.run_chores("often", register))
            self.assertEqual(["register thin"], self.run_chores("daily", register))
            for when in ("often", "daily"):
                self.assertEqual([], self.run_chores(when, register + SERVICE))

    def test_what_the_operator_says_counts(self):
        self.assertEqual(["notify -A"], self.run_chores("often", NOTHING, NOTIFY="yes"))
        self.assertEqual(["quarantine expire -A"], self.run_chores("daily", NOTHING, EXPIRE="yes"))
        conf = OF_23["warn"] + REGISTER
        no = {"NOTIFY": "no", "EXPIRE": "no", "REGISTER": "no"}
        for when in ("often", "daily"):
            self.assertEqual([], self.run_chores(when, conf, **no))

    def test_metrics_are_there_as_a_whole(self):
        file = self.directory / "smime.prom"
        self.assertEqual(["smime metrics -A"], self.run_chores("often", NOTHING, METRICS=str(file)))
        self.assertEqual("smime_x 1\n# EOF\n", file.read_text())
        self.assertEqual(0o644, file.stat().st_mode & 0o777)
        self.assertEqual(["register drain", "smime metrics"],
                         self.run_chores("often", REGISTER, METRICS=str(file)))
        (self.directory / "fails").touch()
        file.write_text("before")
        self.run_chores("often", NOTHING, METRICS=str(file))
        self.assertEqual(75, self.ended.returncode)
        self.assertIn("is not written", self.ended.stderr)
        self.assertEqual("before", file.read_text())
        self.assertFalse((self.directory / "smime.prom.new").exists())

    def test_one_that_fails_is_told_and_keeps_no_other_back(self):
        (self.directory / "fails").touch()
        conf = OF_23["notify"] + REGISTER
        self.assertEqual(["register drain", "notify -A"], self.run_chores("often", conf))
        self.assertEqual(1, self.ended.returncode)
        self.assertIn('"doveadm smime notify -A" ended with 1', self.ended.stderr)

    def test_a_configuration_that_is_wrong(self):
        self.program("doveconf", "exit 89\n")
        done = subprocess.run([CHORES, "often"], capture_output=True, text=True, env={
            **os.environ, "PATH": f"{self.directory}:/usr/bin:/bin"})
        self.assertEqual(78, done.returncode)
        self.assertIn("doveconf fails", done.stderr)


if __name__ == "__main__":
    unittest.main()
