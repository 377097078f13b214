"""A message that is refused for good leaves one line in the log, and no error: nothing is
wrong with the server."""

from case import DovecotCase

SCRIPTS = {
    "no script": None,
    "keep": "keep;",
    "implicit keep": 'require "variables"; set "a" "b";',
    "fileinto": 'require "fileinto"; fileinto "Folder";',
    "several": 'require ["fileinto", "copy"]; fileinto :copy "Folder"; keep;',
    "fileinto and flags": 'require ["fileinto", "imap4flags"]; addflag "\\\\Seen"; '
                          'fileinto "Folder"; stop;',
}


class Lmtp(DovecotCase):
    instance_options = {"replace_rules": True}
    settings = ("  smime_rule = class=encrypted reason=\"Not here, 100 %%\" action=reject\n"
                "  smime_rule2 = class=signed reason=\"Not here, 100 %%\" action=tempfail\n")
    extra = "submission_host = 127.0.0.1:1\n"

    def lines_of(self, message):
        before = len(self.instance.settled_log())
        ((code, text),) = self.deliver(message, sender="sender@example.org")
        # Other processes may still be about their own business, such as the client by which
        # the start of the server was waited for.
        lines = [line for line in self.instance.settled_log()[before:].splitlines()
                 if " lmtp(" in line]
        return code, text, [line for line in lines
                            if "Connect from" not in line and "Disconnect from" not in line]

    def test_one_line(self):
        for name, script in SCRIPTS.items():
            with self.subTest(name):
                if script is None:
                    (self.instance.home("alice") / ".dovecot.sieve").unlink(missing_ok=True)
                else:
                    self.sieve("alice", script)
                code, text, lines = self.lines_of(self.samples.encrypted())
                self.assertEqual((550, True), (code, "Not here, 100 %" in text), text)
                self.assert_told_once("rejected", lines, 0 if script else 1)

    def assert_told_once(self, what, lines, others):
        """One line of ours; without Sieve, Dovecot has one, too ("save failed to INBOX")."""
        (line,) = [line for line in lines if "smime" in line]
        self.assertRegex(line, f"Info: smime: msgid=[^ ]*: {what}, was for mailbox .*: "
                               "Not here, 100 %")
        self.assertEqual(others, len(lines) - 1, lines)
        self.assertFalse([line for line in lines if "Error" in line or "temporary" in line])

    def test_a_deferral_by_a_rule_is_no_error_either(self):
        self.sieve("alice", SCRIPTS["fileinto"])
        code, _, lines = self.lines_of(self.samples.signed())
        self.assertEqual(451, code)
        self.assert_told_once("deferred", lines, 0)

    def test_other_errors_of_sieve_are_errors_still(self):
        """A redirect that nobody takes, of a message that no rule is about, right after one
        that was refused."""
        self.lines_of(self.samples.encrypted())
        self.sieve("alice", 'redirect "away@example.org";')
        _, _, lines = self.lines_of(self.samples.plain())
        self.assertTrue(any("Error: sieve" in line for line in lines), lines)
