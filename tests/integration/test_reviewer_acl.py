"""A reviewer's login whom the acl plugin gives all rights to every mailbox: they do not open
another mailbox, nor let him give rights away."""

import dovecot_conf
from test_reviewer_sees import ReviewerCase

RIGHTS = ("lookup", "read", "write", "write-seen", "write-deleted", "insert", "post", "expunge",
          "create", "delete", "admin")


class Acl(ReviewerCase):
    instance_options = {"protocols": "imap lmtp", "global_plugins": "virtual quota acl"}
    settings = ReviewerCase.settings + "  acl = vfile\n"

    @classmethod
    def before_start(cls):
        super().before_start()
        # Whose rights hold for a master user 2.4 says in a setting.
        cls.instance.extra += "acl_user = %{auth_user}\n" if dovecot_conf.IS_24 else ""
        cls.instance.extra += "protocol imap {\n  mail_plugins = $mail_plugins imap_acl\n}\n"

    def setUp(self):
        super().setUp()
        for name in ("Work", "INBOX", "Quarantine"):
            self.instance.doveadm("acl", "set", "-u", "alice", name, "user=reviewer", *RIGHTS)

    def test_the_rights_are_for_the_quarantine(self):
        self.allowed("SELECT Quarantine")
        for name in ("Work", "INBOX"):
            for command in (f"SELECT {name}", f"STATUS {name} (MESSAGES)", f"GETACL {name}",
                            f"SETACL {name} bob lr", f"DELETEACL {name} bob"):
                with self.subTest(command):
                    self.refused(command)
            rights = self.instance.doveadm("acl", "get", "-u", "alice", name).stdout
            self.assertNotIn(b"bob", rights)
