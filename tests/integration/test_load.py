"""The plugin is loaded whatever stands before 90-smime.conf; where it is not, the log says so
before mail is delivered unseen."""

import json
import re
import subprocess

import dovecot_conf
from case import DovecotCase
from clients import without_trace

DOVECONF = "/usr/bin/doveconf"
NOT_IN_IT = "smime is not in it: "


def blocks(plugins, protocols):
    return "".join(f"protocol {name} {{\n  mail_plugins = {plugins}\n}}\n" for name in protocols)


class LoadCase(DovecotCase):
    def startup_errors(self):
        """The protocols that smime-startup names in the log, in order."""
        return re.findall(r"smime-startup: Error: protocol (\S+) \{ mail_plugins \}: smime is not",
                          self.instance.settled_log())

    def plugins_row(self):
        """What status says of the first protocol that goes without."""
        done = self.instance.doveadm("-f", "json", "smime", "status", "-u", "alice", check=False)
        return next(row for row in json.loads(done.stdout) if row["check"] == "mail_plugins")


class BlocksBefore(LoadCase):
    """As Debian's 20-lmtp.conf and its neighbours, with the mark taken off their lines; and
    one that names its plugins without those of all protocols."""

    instance_options = {"earlier": blocks("$mail_plugins sieve", ["lmtp", "lda"])
                        + blocks("quota imap_quota", ["imap"]), "plugins": "",
                        "global_plugins": "quota"}

    def test_deliveries_and_sessions_have_the_plugin(self):
        self.assert_accepted(self.samples.encrypted())
        self.assertEqual(1, len(self.quarantined("alice")))
        self.assertEqual([], [without_trace(body) for body in self.bodies()])
        self.assertEqual("ok", self.plugins_row()["state"])
        self.assertEqual([], self.startup_errors())

    def test_what_stood_there_stays(self):
        for protocol, plugins in (("lmtp", {"sieve", "smime"}), ("imap", {"imap_quota", "smime"})):
            done = subprocess.run([DOVECONF, "-c", self.instance.conf, "-f",
                                   f"protocol={protocol}", "mail_plugins"], capture_output=True,
                                  text=True, env=self.instance.environment())
            self.assertEqual("", done.stderr)
            self.assertLessEqual(plugins, set(re.findall(r"\w+", done.stdout)), protocol)

    def test_doveconf_has_nothing_to_say(self):
        done = subprocess.run([DOVECONF, "-n", "-c", self.instance.conf], capture_output=True,
                              text=True, env=self.instance.environment())
        self.assertEqual((0, ""), (done.returncode, done.stderr))


class ABlockThatComesLater(LoadCase):
    # As Debian's dovecot.conf does: relative to the file.
    extra = "!include more/*.conf\n"

    @classmethod
    def before_start(cls):
        more = cls.instance.dir / "more"
        more.mkdir()
        (more / "lmtp.conf").write_text(blocks("sieve", ["lmtp"]))

    def test_the_log_says_so_at_each_start(self):
        self.assert_logged(NOT_IN_IT + "mail that is delivered is neither inspected nor protected")
        self.assertEqual(["lmtp"], self.startup_errors())
        self.assertIn("begin it with $mail_plugins", self.instance.log())
        row = self.plugins_row()
        self.assertEqual(("error", "protocol lmtp { mail_plugins }"), (row["state"], row["setting"]))
        self.instance.doveadm("reload")
        self.assert_logged("reloading configuration")
        # The master process starts it anew once it has read the configuration.
        for _ in range(20):
            if len(self.startup_errors()) == 2:
                break
        self.assertEqual(["lmtp", "lmtp"], self.startup_errors())


class NotIncluded(LoadCase):
    """As the package leaves 90-smime.conf."""

    @classmethod
    def before_start(cls):
        shipped = cls.instance._shipped_conf()
        cls.instance._shipped_conf = lambda: re.sub("^!include", "#!include", shipped, flags=re.M)

    def test_all_protocols_are_named(self):
        self.assert_logged("protocol doveadm { mail_plugins }")
        self.assertEqual(["imap", "lmtp", "lda", "doveadm"], self.startup_errors())
        self.assertIn("!include smime-load.conf.ext in 90-smime.conf, without #",
                      self.instance.log())


class AnOlderFile(LoadCase):
    """90-smime.conf of an earlier version, which an upgrade leaves as the operator has it."""

    @classmethod
    def before_start(cls):
        shipped = cls.instance._shipped_conf()
        line = "mail_plugins/smime = yes" if dovecot_conf.IS_24 else (
            "mail_plugins = $mail_plugins smime")
        cls.instance._shipped_conf = lambda: shipped.replace("!include smime-load.conf.ext", line)

    def test_it_loads_the_plugin_as_before(self):
        self.assert_accepted(self.samples.encrypted())
        self.assertEqual(1, len(self.quarantined("alice")))
        self.assertEqual("ok", self.plugins_row()["state"])
        self.assertEqual([], self.startup_errors())
