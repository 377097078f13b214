"""A mailbox is S/MIME-aware by whatever name it is called."""

import unittest

import dovecot_conf
from case import DovecotCase

SETTINGS = ("  smime_stores = Work\n"
            "  smime_rule = class=any-encrypted action=quarantine\n")


class AwareCase(DovecotCase):
    settings = SETTINGS
    alias = ""
    instance_options: dict = {"replace_rules": True}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.instance.doveadm("mailbox", "create", "-u", "alice", "Work")

    def policy(self, mailbox):
        path = self.directory / "encrypted.eml"
        path.write_bytes(self.samples.encrypted())
        return self.instance.doveadm("smime", "policy", "-u", "alice", "-m", mailbox,
                                     path).stdout.decode()

    def held_from(self, mailbox):
        self.sieve("alice", f'require "fileinto"; fileinto "{mailbox}";')
        before = len(self.quarantined("alice"))
        self.assert_accepted(self.samples.encrypted(f"for {mailbox}"))
        return len(self.quarantined("alice")) > before

    def assert_same_by_each_name(self):
        for mailbox, aware in (("Work", True), (self.alias, True), ("INBOX", False)):
            with self.subTest(mailbox):
                self.assertEqual(aware, self.held_from(mailbox))
                self.assertEqual(aware, "not S/MIME-aware" not in self.policy(mailbox))


class AliasNamespace(AwareCase):
    extra = dovecot_conf.ALIAS_NAMESPACE
    alias = "Compat/Work"

    def test_it_is_aware_by_each_name(self):
        self.assert_same_by_each_name()


class Inbox(AwareCase):
    settings = SETTINGS.replace("Work", "INBOX")
    extra = dovecot_conf.ALIAS_NAMESPACE

    def test_it_is_aware_by_each_name(self):
        for mailbox, aware in (("INBOX", True), ("Compat/INBOX", True), ("Work", False),
                               ("Compat/Work", False)):
            with self.subTest(mailbox):
                self.assertEqual(aware, self.held_from(mailbox))


@unittest.skipIf(dovecot_conf.IS_24, "of Dovecot 2.3")
class MailboxAlias(AwareCase):
    settings = SETTINGS + "  mailbox_alias_old = Work\n  mailbox_alias_new = Post\n"
    instance_options = {"replace_rules": True, "global_plugins": "mailbox_alias"}
    alias = "Post"

    def test_it_is_aware_by_each_name(self):
        self.assert_same_by_each_name()


if __name__ == "__main__":
    unittest.main()
