"""doveadm smime status as a health check: each thing that can be wrong, alone, and
nothing on a server that is right."""

import json
import os
import pwd
import shutil
import unittest

import dovecot_conf
from case import DovecotCase
from dovecot_conf import SHIPPED_RULE, SHIPPED_RULE2, rule_name
from operator_pki import Authority


class StatusCase(DovecotCase):
    def status(self, *users, code=0):
        users = users or ("-u", "alice")
        done = self.instance.doveadm("-f", "json", "smime", "status", *users, check=False)
        rows = json.loads(done.stdout)
        self.assertEqual(code, done.returncode, json.dumps(rows, indent=1) + done.stderr.decode())
        return rows

    def wrong(self, *users, code):
        """What is not ok, as {(check, setting): (state, detail)}; each with a remedy."""
        rows = [row for row in self.status(*users, code=code) if row["state"] != "ok"]
        for row in rows:
            self.assertTrue(row["remedy"], row)
        return {(row["check"], row["setting"]): (row["state"], row["detail"]) for row in rows}


class AllIsWell(StatusCase):
    settings = ("  smime_stores = * !Spam\n  smime_rule3 = mailbox=Legal/* action=deliver\n"
                "  smime_rule4 = mailbox=INBOX action=deliver\n")

    def test_a_user(self):
        for name in ("Spam", "Legal/A", "Work"):
            self.instance.doveadm("mailbox", "create", "-u", "alice", name)
        self.sieve("alice", 'require "fileinto"; if header :is "x" "y" { fileinto "Work"; }\n')
        rows = self.status()
        by_check = {row["check"]: row for row in rows}
        self.assertIn("3 of 4 mailboxes", by_check["namespace inbox"]["detail"])
        self.assertIn("not aware: Spam", by_check["namespace inbox"]["detail"])
        sets = {row["setting"]: row["detail"] for row in rows if row["check"] == "mailboxes"}
        # With 2.3 the class's own smime_rule3 stands in the place of the third.
        shipped = f"{SHIPPED_RULE}, {SHIPPED_RULE2}" + \
            (", smime_rule infected" if dovecot_conf.IS_24 else "")
        third, fourth = rule_name("smime_rule3"), rule_name("smime_rule4")
        self.assertEqual({f"{shipped}, {fourth}": "INBOX", f"{shipped}, {third}": "Legal/A",
                          shipped: "Work"}, sets)
        self.assertRegex(by_check["scanner"]["detail"], r"answers in [0-9]+\.[0-9] ms")
        self.assertIn("1 script", by_check["sieve"]["detail"])
        self.assertIn("no virus scanner", by_check["engine"]["detail"])
        self.assertEqual("ok", by_check["mail_plugins"]["state"])

    def test_the_server_alone(self):
        done = self.instance.doveadm("-f", "json", "smime", "status", check=False)
        rows = json.loads(done.stdout)
        self.assertEqual(0, done.returncode, rows)
        checks = {row["check"] for row in rows}
        self.assertLessEqual({"settings", SHIPPED_RULE, SHIPPED_RULE2, rule_name("smime_rule3"), "scanner", "engine",
                              "scanner settings", "trust store", "mail_plugins"}, checks)

    def test_all_users(self):
        rows = self.status("-A")
        self.assertEqual({"alice", "bob", "carol"}, {row["username"] for row in rows})
        self.assertEqual(1, sum(row["check"] == "mail_plugins" for row in rows))


@unittest.skipUnless(os.geteuid() == 0, "needs users with a uid each")
class AccountsOfTheMachine(StatusCase):
    """As with userdb passwd: accounts that are nobody's, in among those of people."""

    extra = "mail_attribute_dict = file:%h/attributes\n"

    @classmethod
    def before_start(cls):
        super().before_start()
        cls.instance.users = ("alice", "nobody")

    def change_nobody(self, home, uid):
        lines = [line for line in (self.instance.dir / "passwd").read_text().splitlines()
                 if not line.startswith("nobody:")]
        self.change_users("\n".join([*lines, f"nobody:{{PLAIN}}x:{uid}:{uid}::{home}::"]) + "\n")

    def test_an_account_that_gets_no_mail(self):
        self.change_nobody("/nonexistent", pwd.getpwnam("nobody").pw_uid)
        rows = self.status("-A")
        store, = [row for row in rows if row["check"] == "mail store"]
        self.assertEqual(("nobody", "ok"), (store["username"], store["state"]))
        self.assertIn("/nonexistent", store["detail"])

    def test_a_user_whose_mail_cannot_be_stored(self):
        self.change_nobody("/nonexistent", 54321)
        found = self.wrong("-A", code=78)
        (_, setting), = found
        self.assertIn(setting, ("mail_location", "mail_driver"))
        (state, detail), = found.values()
        self.assertEqual("error", state)
        self.assertIn("deferred", detail)

    def test_no_account_has_a_shell(self):
        rows = {row["check"]: row for row in self.status("-u", "alice")}
        self.assertEqual("ok", rows["quarantine files"]["state"])


class SettingsThatDefeatThePurpose(StatusCase):
    settings = ("  smime_stores = INBOX Work\n  quota = fs:User quota\n"
                "  quota_rule2 = Quarantine:storage=1M\n  smime_scanner_timeout = 26s\n"
                "  smime_harvest_certificates = yes\n")
    extra = ("protocol imap {\n  mail_plugins = imap_sieve\n}\n"
             "namespace inbox {\n  mailbox Quarantine {\n    autoexpunge = 1d\n  }\n}\n")
    instance_options = {"scanner_conf": "max_document_size = 250M\n", "global_plugins": "quota"}

    def test_each_is_named(self):
        self.sieve("alice", 'require "fileinto";\nif header :is "x" "y" { fileinto "Lists"; }\n'
                            'else { fileinto "Work"; }\n')
        wrong = self.wrong(code=78)
        # 2.4 has a quota of a mailbox in its block alone, where the plugin has the last word.
        quota = ["quota user"] if dovecot_conf.IS_24 else ["quota", "quota_rule2"]
        self.assertEqual({("sieve", "smime_stores"): "warning",
                          ("quarantine", "autoexpunge"): "warning",
                          **{("quarantine", setting): "warning" for setting in quota},
                          ("mail_plugins", "protocol imap { mail_plugins }"): "error",
                          ("scanner settings", "timeout"): "warning",
                          ("scanner settings", "max_document_size"): "warning",
                          ("scanner settings", "report_certificates"): "warning"},
                         {key: state for key, (state, _) in wrong.items()})
        self.assertIn("files into Lists, outside", wrong["sieve", "smime_stores"][1])
        self.assertNotIn("Work", wrong["sieve", "smime_stores"][1].split("outside")[0].split(
            "files into")[1])


class ASeparatorThatNoNamespaceHas(StatusCase):
    settings = "  smime_rule3 = mailbox=Legal/* action=deliver\n"

    @classmethod
    def before_start(cls):
        # As Debian's namespace is, which leaves it to the format: Maildir's is ".".
        cls.instance.write_conf = lambda: cls.write_conf_without_separator()

    @classmethod
    def write_conf_without_separator(cls):
        instance = cls.instance
        type(instance).write_conf(instance)
        instance.conf.write_text(instance.conf.read_text().replace("  separator = /\n", ""))

    def test_the_pattern_is_named(self):
        self.assertEqual({("mailbox names", rule_name("smime_rule3")): (
            "warning", '"Legal/*" does not mean what it says: "/" separates nothing in this '
            'user\'s mailbox names, "." does')}, self.wrong(code=1))


class OnlyWarnings(StatusCase):
    settings = "  smime_stores = INBOX\n"

    def test_the_exit_status_is_1(self):
        self.sieve("alice", 'require "fileinto"; fileinto "Lists";\n')
        self.assertEqual({("sieve", "smime_stores")}, set(self.wrong(code=1)))
        self.assertEqual({}, self.wrong("-u", "bob", code=0))


class StoresThatCannotBeReadBack(StatusCase):
    instance_options = {"location": "mbox:~/mail:INBOX=~/inbox"}

    def test_it_is_said_and_alarms_nobody(self):
        self.assertEqual({}, self.wrong(code=0))
        (row,) = [row for row in self.status() if row["check"] == "storage"]
        setting = "mail_driver" if dovecot_conf.IS_24 else "mail_location"
        self.assertEqual((setting, "ok"), (row["setting"], row["state"]))
        self.assertIn("mbox", row["detail"])
        self.assertIn("smime audit", row["remedy"])


class IndexInMemory(StatusCase):
    instance_options = {"location": "maildir:~/Maildir:INDEX=MEMORY"}

    def test_it_is_said(self):
        setting = "mail_index_path" if dovecot_conf.IS_24 else "mail_location"
        ((check, (state, detail)),) = self.wrong(code=1).items()
        self.assertEqual((("quarantine", setting), "warning"), (check, state))
        self.assertIn("the index of Quarantine is in memory", detail)


class KeysAndTrust(StatusCase):
    @classmethod
    def before_start(cls):
        cls.trust = cls.directory / "trust"
        cls.trust.mkdir()
        cls.pki = Authority(cls.directory, "Root")
        shutil.copy(cls.pki.pem, cls.trust)
        cls.old = Authority(cls.directory, "Old CA", issuer=cls.pki, end=-1)
        cls.key, cls.certificate = cls.directory / "escrow.key", cls.directory / "escrow.pem"
        cls.samples.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30",
                            "-keyout", cls.key, "-out", cls.certificate, "-subj", "/CN=Escrow")
        cls.key.chmod(0o600)
        cls.instance.scanner_conf = (f"trust_dir = {cls.trust}\nescrow_key = {cls.key}\n"
                                     f"escrow_certificate = {cls.certificate}\n")

    def test_the_escrow_key_is_the_organisation_s(self):
        self.assertEqual({}, self.wrong(code=0))
        self.key.chmod(0o644)
        self.addCleanup(self.key.chmod, 0o600)
        wrong = self.wrong(code=78)
        self.assertIn("mode 644", wrong["files", "escrow_key"][1])

    def test_whom_we_trust_is_not_everybody_s_choice(self):
        self.trust.chmod(0o777)
        self.addCleanup(self.trust.chmod, 0o755)
        self.assertIn(("files", "trust_dir"), self.wrong(code=78))

    def test_the_store_s_state(self):
        rows = {row["check"]: row for row in self.status()}
        self.assertIn(f"1 anchor, 0 intermediates, 0 CRLs in {self.trust}",
                      rows["trust store"]["detail"])
        for source in (self.old.pem, self.pki.crl("old.crl", begin=-20, end=-10)):
            target = shutil.copy(source, self.trust / ("old" + source.suffix))
            self.addCleanup(os.unlink, target)
        details = [row["detail"] for row in self.status(code=1)
                   if row["check"] == "trust store" and row["state"] == "warning"]
        self.assertEqual(["1 CA certificate expired", "1 CRL stale"], details)


class ScannerDoesNotStart(StatusCase):
    instance_options = {"scanner_conf": "max_parts = 10\nmax_dept = 5\n"}
    settings = "  smime_scanner_timeout = 2s\n"

    def test_the_line_is_named(self):
        wrong = self.wrong(code=78)
        self.assertIn('smime-scanner.conf:2: unknown setting "max_dept"',
                      wrong["scanner settings", "smime-scanner.conf"][1])
        self.assertIn(("scanner", "smime_scanner_socket"), wrong)


class AnotherKey(StatusCase):
    settings = "  smime_scanner_timeout = 2s\n"

    @classmethod
    def before_start(cls):
        cls.samples.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30",
                            "-keyout", cls.directory / "other.key", "-out",
                            cls.directory / "escrow.pem", "-subj", "/CN=Escrow")
        shutil.copy(cls.samples.dir / "user.key", cls.directory / "escrow.key")
        (cls.directory / "escrow.key").chmod(0o600)
        cls.instance.scanner_conf = (f"escrow_key = {cls.directory}/escrow.key\n"
                                     f"escrow_certificate = {cls.directory}/escrow.pem\n")

    def test_a_key_that_is_not_the_certificate_s(self):
        self.assertIn("does not belong", self.wrong(code=78)["escrow key", "escrow_key"][1])


class EngineDown(StatusCase):
    instance_options = {"scanner_conf": "clamd = /nonexistent/clamd\n"}

    def test_it_is_named(self):
        ((key, (state, detail)),) = self.wrong(code=78).items()
        self.assertEqual((("engine", "clamd"), "error"), (key, state))
        self.assertIn("/nonexistent/clamd", detail)
