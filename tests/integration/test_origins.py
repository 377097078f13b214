"""APPEND, COPY, MOVE and Sieve in IMAP sessions under rules; what is no one's mail
client is not under them."""

import os
import shutil
import subprocess
import unittest

import dovecot_conf
from case import DovecotCase
from clients import PASSWORD, Imap, stored, without_trace
from test_access import RawImap

RULES = ("  smime_rule = mailbox=Safe/* class=any-encrypted reason=\"not here\" action=reject\n"
         "  smime_rule2 = mailbox=Held/* class=any-encrypted action=quarantine\n")


class OriginCase(DovecotCase):
    settings = RULES
    instance_options: dict = {"replace_rules": True}

    def setUp(self):
        self.clear()
        self.client = RawImap(self.instance)
        self.addCleanup(self.client.close)
        for mailbox in ("Safe/Box", "Held/Box", "Other"):
            self.client.run(f"CREATE {mailbox}")

    def append(self, mailbox, message, extra=""):
        return self.client.run(f"APPEND {mailbox} {extra}{{{len(message)}}}", message)

    def count(self, mailbox):
        return len(stored(self.instance, "alice", mailbox))


class Clients(OriginCase):
    def test_append(self):
        encrypted = self.samples.encrypted()
        status, answer = self.append("Safe/Box", encrypted)
        self.assertEqual("NO", status)
        self.assertIn(b"[CANNOT] not here", answer)
        date = '(\\Seen $Mine) "01-Feb-2020 03:04:05 +0000" '
        status, answer = self.append("Held/Box", encrypted, date)
        self.assertEqual("NO", status)
        (item,) = self.quarantined("alice")
        self.assertIn(f"quarantine id {item['id']}".encode(), answer)
        self.assertEqual("alice", item["from"])
        self.assertEqual((0, 0), (self.count("Safe/Box"), self.count("Held/Box")))
        # A client that tries again finds it held.
        status, answer = self.append("Held/Box", encrypted)
        self.assertIn(item["id"].encode(), answer)
        self.assertEqual(1, len(self.quarantined("alice")))
        self.doveadm_quarantine("release", "alice", item["id"])
        self.assertEqual([encrypted], self.bodies(mailbox="Held/Box"))
        client = Imap(self.instance, "alice", "Held/Box")
        fetched = client.uid("fetch", client.uids()[0], "(FLAGS INTERNALDATE)")[1][0].decode()
        self.assertIn("01-Feb-2020 03:04:05 +0000", fetched)
        self.assertIn("$Mine", fetched)
        client.logout()

    def test_multiappend_is_all_or_nothing(self):
        plain, encrypted = self.samples.plain(), self.samples.encrypted()
        for mailbox in ("Safe/Box", "Held/Box"):
            command = f"APPEND {mailbox} {{{len(plain)}+}}\r\n".encode() + plain
            command += f" {{{len(encrypted)}+}}\r\n".encode() + encrypted
            command += f" {{{len(plain)}+}}\r\n".encode() + plain
            self.client.socket.sendall(b"m1 " + command + b"\r\n")
            while True:
                line = self.client.reader.readline()
                if line.startswith(b"m1 "):
                    break
            self.assertTrue(line.startswith(b"m1 NO"), line)
            self.assertEqual(0, self.count(mailbox))
        self.assertEqual(1, len(self.quarantined("alice")))
        self.assertEqual("OK", self.client.run("NOOP")[0])

    def test_copy_and_move_are_all_or_nothing(self):
        for message in (self.samples.plain(), self.samples.encrypted(), self.samples.plain()):
            self.append("Other", message)
        self.client.run("SELECT Other")
        for command in ("COPY 1:3 Safe/Box", "MOVE 1:3 Safe/Box", "UID MOVE 1:* Held/Box",
                        "COPY 1:3 Held/Box"):
            status, answer = self.client.run(command)
            self.assertEqual("NO", status, answer)
            self.assertEqual((0, 0, 3), (self.count("Safe/Box"), self.count("Held/Box"),
                                         self.count("Other")), command)
        (item,) = self.quarantined("alice")
        self.assertIn(item["id"].encode(), answer)
        self.assertEqual("OK", self.client.run("COPY 1,3 Safe/Box")[0])
        self.assertEqual(2, self.count("Safe/Box"))

    def test_rules_that_cannot_concern_a_mailbox_cost_no_scan(self):
        """The scanner is not asked: not even when it is away."""
        for pid in self.instance.processes("smime-scanner"):
            os.kill(pid, 9)
        self.assertEqual("OK", self.append("Other", self.samples.encrypted())[0])

    def test_doveadm_and_dsync_are_under_no_rule(self):
        encrypted = self.samples.encrypted()
        self.instance.doveadm("save", "-u", "alice", "-m", "Safe/Box", input=encrypted)
        self.instance.doveadm("copy", "-u", "alice", "Held/Box", "mailbox", "Safe/Box", "all")
        backup = self.instance.home("alice") / "backup"
        self.instance.doveadm("backup", "-u", "alice", f"mdbox:{backup}")
        self.clear("alice")
        self.instance.doveadm("import", "-u", "alice", f"mdbox:{backup}", "", "all")
        self.assertEqual((1, 1), (self.count("Safe/Box"), self.count("Held/Box")))
        self.assertEqual([], self.quarantined("alice"))
        shutil.rmtree(backup)


class ClientsMdbox(Clients):
    instance_options = {"replace_rules": True, "location": "mdbox:~/mdbox"}


class ClientsSdbox(Clients):
    instance_options = {"replace_rules": True, "location": "sdbox:~/sdbox"}


class AppendMbox(OriginCase):
    """A storage that cannot be read back before the commit."""

    instance_options = {"replace_rules": True, "location": "mbox:~/mail:DIRNAME=mBoX"}

    def test_append(self):
        encrypted = self.samples.encrypted(entity=self.samples.entity("x" * 60 + "\n" * 200000))
        status, answer = self.append("Safe/Box", encrypted)
        self.assertEqual("NO", status, answer)
        status, answer = self.append("Held/Box", encrypted)
        self.assertEqual("NO", status, answer)
        (item,) = self.quarantined("alice")
        self.assertIn(item["id"].encode(), answer)
        self.assertEqual("OK", self.append("Safe/Box", self.samples.plain())[0])


@unittest.skipIf(dovecot_conf.IS_24, "doveconf refuses it: see test_settings24")
class BadPolicy(OriginCase):
    settings = "  smime_rule = class=any-encripted action=reject\n"

    def test_nothing_is_saved_under_rules_that_nobody_knows(self):
        status, answer = self.append("Other", self.samples.plain())
        self.assertEqual("NO", status)
        self.assertIn(b"[UNAVAILABLE]", answer)


class ScannerAway(OriginCase):
    settings = RULES + "  smime_scanner_socket = nowhere\n"

    def test_append_and_copy_are_refused_for_now(self):
        self.append("Other", self.samples.plain())
        self.client.run("SELECT Other")
        for status, answer in (self.append("Safe/Box", self.samples.plain()),
                               self.client.run("COPY 1 Held/Box")):
            self.assertEqual("NO", status)
            self.assertIn(b"[UNAVAILABLE]", answer)


class ImapSieve(OriginCase):
    """What Sieve files in an IMAP session is copied there."""

    extra = """
protocol imap {
  mail_plugins = $mail_plugins imap_sieve imap_filter_sieve
}
plugin {
  sieve_plugins = sieve_imapsieve
  imapsieve_mailbox1_name = Drop
  imapsieve_mailbox1_causes = APPEND COPY
  imapsieve_mailbox1_before = file:DIRECTORY/file.sieve
}
"""

    @classmethod
    def before_start(cls):
        cls.instance.extra = cls.instance.extra.replace("DIRECTORY", str(cls.directory))
        (cls.directory / "file.sieve").write_text('require ["fileinto"];\nfileinto "Held/Box";\n')
        (cls.directory / "file.sieve").chmod(0o644)
        owner, group = cls.instance._mail_owner()
        if os.geteuid() == 0:
            shutil.chown(cls.directory, owner, group)

    def test_filed_by_imapsieve(self):
        self.client.run("CREATE Drop")
        self.assertEqual("OK", self.append("Drop", self.samples.plain())[0])
        self.assertEqual(1, self.count("Held/Box"))
        self.append("Drop", self.samples.encrypted())
        self.assertEqual(1, self.count("Held/Box"))
        self.assertEqual(1, len(self.quarantined("alice")))

    def test_filed_by_filter(self):
        self.append("Other", self.samples.encrypted())
        self.client.run("SELECT Other")
        script = b'require ["fileinto"];\r\nfileinto "Held/Box";\r\n'
        self.client.run(f"FILTER SIEVE SCRIPT {{{len(script)}}}", script + b" ALL")
        self.assertEqual((0, 1), (self.count("Held/Box"), self.count("Other")))


class Namespaces(OriginCase):
    """The quarantine in a central store of another format, outside the quota."""

    settings = RULES + ("  smime_quarantine_mailbox = Central/held\n"
                        "  quota = count:User quota\n  quota_rule = *:messages=3\n"
                        "  quota_vsizes = yes\n"
                        "  smime_reviewers = reviewer\n")
    instance_options = {"replace_rules": True, "global_plugins": "quota"}
    extra = """
namespace central {
  type = public
  prefix = Central/
  separator = /
  location = sdbox:DIRECTORY/central
  subscriptions = no
  list = children
}
protocol imap {
  mail_plugins = $mail_plugins imap_quota
}
"""

    @classmethod
    def before_start(cls):
        cls.instance.extra = cls.instance.extra.replace("DIRECTORY", str(cls.directory))
        central = cls.directory / "central"
        central.mkdir()
        if os.geteuid() == 0:
            shutil.chown(central, *cls.instance._mail_owner())

    def test_held_reviewed_and_released(self):
        self.sieve("alice", 'require ["fileinto"]; fileinto "Held/Box";\n')
        messages = [self.samples.encrypted() for _ in range(5)]
        for message in messages:
            self.assert_accepted(message)
        items = self.quarantined("alice")
        self.assertEqual(5, len(items))
        self.assertEqual([], self.quarantined("bob"), "it is one store")
        self.assertIn(b"MESSAGE 0 3", self.client.run("GETQUOTAROOT INBOX")[1])
        self.assertEqual("NO", self.client.run("SELECT Central/held")[0])
        self.assertNotIn(b"held", self.client.run('LIST "" *')[1])
        self.doveadm_quarantine("release", "alice", items[0]["id"])
        self.assertEqual([messages[0]],
                         [without_trace(b) for b in self.bodies(mailbox="Held/Box")])
        reviewer = Imap(self.instance, "alice*reviewer", "Central/held")
        self.assertEqual("OK", reviewer.uid("move", reviewer.uids()[0], "Held/Box")[0])
        reviewer.logout()
        self.assertEqual([messages[0], messages[1]],
                         [without_trace(b) for b in self.bodies(mailbox="Held/Box")])


class UserRules(DovecotCase):
    """A user's own rules come with the userdb's answer."""

    def test_userdb_field(self):
        lines = (self.instance.dir / "passwd").read_text().splitlines()
        self.change_users("\n".join(
            line + (dovecot_conf.userdb_rule("action=reject") if line.startswith("bob:") else "")
            for line in lines) + "\n")
        for user, code in (("alice", 250), ("bob", 550)):
            ((answer, text),) = self.deliver(self.samples.plain(), f"{user}@example.org")
            self.assertEqual(code, answer, text)
