"""Dovecot 2.4 knows our settings: it prints and checks them, and takes them from the
userdb and from namespace and mailbox blocks."""

import json
import re
import subprocess
import unittest

import dovecot_conf
from case import DovecotCase

DOVECONF = "/usr/bin/doveconf"


@unittest.skipUnless(dovecot_conf.IS_24, "in Dovecot 2.3 they are texts in plugin { }")
class Settings(DovecotCase):
    instance_options = {"replace_rules": True}
    settings = ("  smime_rule = from=*@rejected.example reason=\"Not from there\" action=reject\n"
                "  smime_rule2 = class=any-encrypted action=quarantine\n"
                "  smime_reviewers = reviewer\n")
    extra = """
namespace inbox {
  mailbox Vault {
    smime_rule vault {
      class = plain
      reason = The vault is shut
      action = reject
    }
  }
  mailbox Early {
    smime_rule early {
      class = plain
      when = arrival
      action = quarantine
    }
  }
}
"""

    def doveconf(self, *args, conf=None):
        return subprocess.run([DOVECONF, "-c", conf or str(self.instance.conf), *args],
                              capture_output=True, text=True, timeout=30,
                              env=self.instance.environment())

    def test_doveconf_prints_them(self):
        printed = self.doveconf("-n").stdout
        self.assertIn("smime_reviewers = reviewer", printed)
        self.assertRegex(printed, r"smime_rule smime_rule2 \{\n  action = quarantine\n"
                                  r"  class = any-encrypted\n\}")
        self.assertIn("smime_preserve = content", self.doveconf("smime_preserve").stdout)
        self.assertIn("smime_scanner_timeout = 30s", self.doveconf("-a").stdout)

    def refused(self, line):
        """What doveconf says of a configuration with this line at its end, and the line's
        number."""
        path = self.instance.dir / "wrong.conf"
        path.write_text(self.instance.conf.read_text() + line + "\n")
        done = self.doveconf("-n", conf=str(path))
        self.assertNotEqual(0, done.returncode, line)
        return done.stderr, f"{path} line {len(path.read_text().splitlines())}"

    def test_wrong_ones_are_refused_with_file_and_line(self):
        for line, word in (("smime_rule bad {\n action = quarantaine", "quarantaine"),
                           ("smime_rule bad {\n class = any-encrypt", "any-encrypt"),
                           ("smime_rule bad {\n origin = imap", "imap"),
                           ("smime_rule bad {\n class = !any-encrypt", "!any-encrypt"),
                           ("smime_rule bad {\n when = !arrival", "!arrival"),
                           ("smime_rule bad {\n action = !deliver", "!deliver"),
                           ("smime_rule bad {\n when = later", "later"),
                           ("smime_preserve = all", "all"),
                           ("smime_stroes = INBOX", "smime_stroes")):
            with self.subTest(line):
                problem, place = self.refused(line)
                self.assertIn(word, problem)
                self.assertIn(place, problem)

    def test_wrong_ones_are_refused(self):
        for line, word in (("smime_rule bad {\n flag = \"a b\"\n action = deliver\n}",
                            "is no value for flag"),
                           ("smime_rule bad {\n flag = !$Seal\n action = deliver\n}",
                            "it cannot be negated"),
                           ("smime_rule bad {\n from = !!a@b\n action = deliver\n}",
                            "is no value for from"),
                           ("smime_rule bad {\n class = plain\n}", "action"),
                           ("smime_rule bad {\n mailbox = INBOX\n when = arrival\n action = reject\n}",
                            "mailbox= does not go with when=arrival"),
                           ("smime_rule bad {\n hold = 30d\n action = quarantine\n}",
                            "hold= wants then="),
                           ("smime_role bad {\n reviewer = anna\n may = list,lst\n}",
                            "is no value for may"),
                           ("smime_role bad {\n may = list\n}", "reviewer"),
                           ("smime_role bad {\n reviewer = anna\n}", "there is no may="),
                           ("smime_role bad {\n reviewer = anna\n may = list\n class = !plain\n}",
                            "is no value for class"),
                           ("smime_scanner_timeout = 2 days", "no time between"),
                           ("smime_quarantine_mailbox = a*", "is no mailbox name")):
            with self.subTest(line):
                self.assertIn(word, self.refused(line)[0])

    def test_a_mailbox_blocks_rules_hold_there_alone(self):
        self.instance.doveadm("mailbox", "create", "-u", "alice", "Vault")
        self.sieve("alice", 'require "fileinto"; fileinto "Vault";')
        ((code, text),) = self.deliver(self.samples.plain())
        self.assertEqual(550, code, text)
        ((code, text),) = self.deliver(self.samples.plain(), sender="a@rejected.example")
        self.assertIn("The vault is shut", text)
        self.sieve("alice", "keep;")
        self.assert_accepted(self.samples.plain())

    def test_a_mailbox_block_has_no_arrival_rule(self):
        self.instance.doveadm("mailbox", "create", "-u", "alice", "Early")
        self.sieve("alice", 'require "fileinto"; fileinto "Early";')
        self.assertEqual(451, self.deliver(self.samples.plain())[0][0])
        self.assert_logged("smime_rule early: when=arrival does not go with a rule of a mailbox")
        done = self.instance.doveadm("-f", "json", "smime", "status", "-u", "alice", check=False)
        (row,) = [row for row in json.loads(done.stdout) if row["state"] == "error"]
        self.assertEqual("mailbox Early", row["check"])
        self.sieve("alice", "keep;")
        self.assert_accepted(self.samples.plain())

    def test_several_recipients_and_a_mailbox_block(self):
        self.instance.doveadm("mailbox", "create", "-u", "bob", "Vault")
        self.sieve("bob", 'require "fileinto"; fileinto "Vault";')
        replies = self.deliver(self.samples.plain(), ["carol@example.org", "bob@example.org"])
        self.assertEqual([250, 550], [code for code, _ in replies])
        self.sieve("bob", "keep;")

    def test_userdb(self):
        before = (self.instance.dir / "passwd").read_text()
        for fields, code in (("userdb_smime_rule/smime_rule/from=*", 550),
                             ("userdb_smime_rule/smime_rule/action=quarantaine", 451),
                             ("userdb_smime_preserve=all", 451)):
            with self.subTest(fields):
                self.change_users(re.sub(r"(?m)^(alice:.*)$", rf"\1{fields}", before))
                ((answer, text),) = self.deliver(self.samples.plain())
                self.assertEqual(code, answer, text)
        self.change_users(before)


if __name__ == "__main__":
    unittest.main()
