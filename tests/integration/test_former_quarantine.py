"""A mailbox that was the quarantine stays closed under whatever name until it is empty."""

import dovecot_conf
from clients import Imap, without_trace
from test_access import SECRET, RawImap
from test_quarantine_name import NameCase

EXTRA = dovecot_conf.ALIAS_NAMESPACE + """
mail_attribute_dict = file:%h/attributes
protocol imap {
  imap_metadata = yes
}
"""


class FormerCase(NameCase):
    settings = "  smime_reviewers = reviewer\n  smime_quarantine_mailbox = Quarantine\n"
    extra = EXTRA
    users = tuple(f"user{number}" for number in range(12))
    instance_options = {"users": users}
    # What the owner tries, by name.
    ways = ("SELECT {}", "EXAMINE {}", "STATUS {} (MESSAGES)", "SELECT Compat/{}",
            "RENAME {} Mine", "DELETE {}", "SUBSCRIBE {}", "CREATE {}", "GETMETADATA {} /private/comment")

    def set_quarantine(self, name):
        """A new smime_quarantine_mailbox, as an operator sets it."""
        self.instance.settings = self.instance.settings.replace(
            f"smime_quarantine_mailbox = {self.present}", f"smime_quarantine_mailbox = {name}")
        type(self).present = name
        self.instance.stop()
        self.instance.start()

    present = "Quarantine"

    def setUp(self):
        if self.present != "Quarantine":
            self.set_quarantine("Quarantine")
        number = type(self).number = getattr(type(self), "number", -1) + 1
        self.new_user(f"user{number}")

    def assert_closed(self, name):
        client = self.owner()
        for way in self.ways:
            status, answer = client.run(way.format(name))
            self.assertEqual("NO", status, f"{way.format(name)}: {answer}")
            self.assertNotIn(SECRET, answer)
        message = self.samples.plain()
        self.assertEqual("NO", client.run(f"APPEND {name} {{%d}}" % len(message), message)[0])
        seen = self.seen()
        self.assertNotIn(name, seen)
        self.assertNotIn(SECRET, b"".join(seen.values()))

    def assert_open(self, name):
        client = self.owner()
        client.run(f"CREATE {name}")
        self.assertEqual("OK", client.run(f"SELECT {name}")[0])
        message = self.samples.plain("Mine now")
        self.assertEqual("OK", client.run(f"APPEND {name} {{%d}}" % len(message), message)[0])
        self.assertIn(b"Mine now", self.seen()[name])

    def status(self):
        return [row for row in super().status() if row["setting"] == "smime_quarantine_mailbox"]

    def former(self):
        return [row["detail"].split()[0] for row in self.status()
                if row["detail"].find("was the quarantine before") > 0]


class Former(FormerCase):
    def test_another_setting(self):
        original = self.hold()
        self.set_quarantine("Held")
        self.assert_closed("Quarantine")
        self.assertEqual(["Quarantine"], self.former())
        (finding,) = self.status()
        self.assertEqual("warning", finding["state"])
        self.assertIn("has 1 message in it", finding["detail"])
        # Both are one quarantine to a reviewer.
        self.hold("second sample")
        self.assertEqual(2, len(self.ids()))
        reviewer = Imap(self.instance, f"{self.user}*reviewer", "Quarantine")
        self.assertEqual(1, len(reviewer.uids()))
        reviewer.logout()
        self.assertEqual(["Quarantine"], self.former())
        for held in self.ids():
            self.doveadm_quarantine("release", self.user, held)
        self.assertEqual([], self.ids())
        self.assertIn(original, [without_trace(body) for body in self.bodies(self.user)])
        # Empty, it is its owner's, as what he makes of it.
        self.assertEqual([], self.status())
        self.assert_open("Quarantine")
        self.assertEqual([], self.status())
        self.hold("third sample")
        self.assertEqual(1, len(self.ids()))
        self.assertIn("Quarantine", self.seen())

    def test_renamed_by_an_administrator(self):
        self.hold()
        self.instance.doveadm("mailbox", "rename", "-u", self.user, "Quarantine", "Elsewhere")
        self.assert_closed("Elsewhere")
        self.assertEqual(["Elsewhere"], self.former())
        self.hold("second sample")
        self.assertEqual(2, len(self.ids()))
        self.instance.doveadm("mailbox", "rename", "-u", self.user, "Elsewhere", "Third")
        self.assert_closed("Third")
        for held in self.ids():
            self.doveadm_quarantine("delete", self.user, held)
        self.assertEqual([], self.status())
        self.assert_open("Third")

    def test_renamed_with_what_is_above_it(self):
        self.set_quarantine("Top/Held")
        self.hold()
        self.instance.doveadm("mailbox", "rename", "-u", self.user, "Top", "Roof")
        self.assert_closed("Roof/Held")
        self.assertEqual(1, len(self.ids()))

    def test_the_mark_tells_where_the_name_is_not_known(self):
        """As of a quarantine of an earlier version: it is closed before its name is known."""
        self.hold()
        self.set_quarantine("Held")
        names = self.names_file()
        names.unlink()
        client = self.owner()
        for command in ("SELECT Quarantine", "SELECT Quarantine", "STATUS Quarantine (MESSAGES)"):
            self.assertEqual("NO", client.run(command)[0])
        self.assertEqual("Quarantine\n", names.read_text().replace(".", ""))
        names.unlink()
        self.assertEqual([], self.ids())
        self.status()
        self.assertEqual(["Quarantine"], self.former())
        self.assertEqual(1, len(self.ids()))
        self.assert_closed("Quarantine")

    def names_file(self):
        (path,) = self.instance.home(self.user).glob("*/dovecot-smime-quarantines")
        return path

    def test_filed_by_the_address_and_by_sieve(self):
        self.hold()
        self.set_quarantine("Held")
        self.sieve(self.user, 'require ["fileinto", "mailbox"]; fileinto :create "Quarantine";')
        self.assert_accepted(self.samples.plain("Filed"), self.address)
        self.assertIn(b"Filed", b"".join(self.bodies(self.user)))
        self.assertEqual(1, len(self.quarantined(self.user)))

    def test_emptied_while_mail_is_held_by_the_old_name(self):
        """A process that has the old settings goes on to hold mail there."""
        self.hold()
        self.doveadm_quarantine("delete", self.user, *self.ids())
        self.set_quarantine("Held")
        client = self.owner()
        self.assertEqual("OK", client.run("SELECT Quarantine")[0])
        self.instance.doveadm(
            "-o", dovecot_conf.plugin_setting("smime_quarantine_mailbox") + "=Quarantine",
            "smime", "status", "-u", self.user, check=False)
        self.hold_by_lda("Quarantine")
        self.assertNotIn(SECRET, self.all_answers(client))
        self.assert_closed("Quarantine")

    def hold_by_lda(self, quarantine):
        import subprocess
        done = subprocess.run(
            ["/usr/lib/dovecot/dovecot-lda", "-c", str(self.instance.conf), "-d", self.user, "-o",
             dovecot_conf.plugin_setting("smime_quarantine_mailbox") + "=" + quarantine],
            input=self.samples.encrypted(), capture_output=True, env=self.instance.environment())
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertEqual(1, len(self.ids()))


class FormerWithoutIndexFiles(FormerCase):
    """There is no mark; the name is known, and the messages tell."""

    users = tuple(f"user{number}" for number in range(3))
    instance_options = {"users": users, "location": "maildir:~/Maildir:INDEX=MEMORY"}
    test_another_setting = Former.test_another_setting
    test_renamed_by_an_administrator = Former.test_renamed_by_an_administrator


class FormerInMbox(FormerCase):
    users = tuple(f"user{number}" for number in range(3))
    instance_options = {"users": users, "location": "mbox:~/mail:INBOX=~/inbox"}
    test_another_setting = Former.test_another_setting
    test_renamed_by_an_administrator = Former.test_renamed_by_an_administrator
    test_renamed_with_what_is_above_it = Former.test_renamed_with_what_is_above_it


class FormerInMdbox(FormerInMbox):
    instance_options = {"users": FormerInMbox.users, "location": "mdbox:~/mdbox"}
