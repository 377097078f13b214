"""A store that Dovecot 2.3 wrote with the plugin shows the same under 2.4: mail,
keywords, the digests in the index, the quarantine and its records."""

import json
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

import store
from case import ROOT

WRITTEN = os.environ.get("SMIME_STORE_23", "")


@unittest.skipUnless(WRITTEN, "no store of the other Dovecot: it runs with 2.4, "
                              "and where this machine has 2.3")
class Upgrade(unittest.TestCase):
    maxDiff = 4000

    def read(self, location):
        with tempfile.TemporaryDirectory(prefix="smime-test-", dir="/tmp") as directory:
            os.chmod(directory, 0o755)
            instance = store.instance_in(Path(directory) / "d", ROOT, location)
            instance.write_conf()
            subprocess.run(["cp", "-a", f"{WRITTEN}/{location}-home", instance.home(store.USER)],
                           check=True)
            instance.start()
            try:
                shown = store.show(instance)
                (left,) = shown["list"]
                instance.doveadm("smime", "quarantine", "release", "-u", store.USER, left["id"])
                self.assertEqual(len(shown["INBOX"]) + 1,
                                 len(store.mailbox(instance, "INBOX")))
                self.assertEqual([], store.mailbox(instance, "Quarantine"))
            finally:
                instance.stop()
        return shown

    def check(self, location):
        expected = json.loads(Path(f"{WRITTEN}/{location}.json").read_text())
        self.assertEqual(4, len(expected["INBOX"]))
        self.assertIn("$SMIMESigned", str(expected["INBOX"]))
        self.assertIn("ok", str(expected["audit"]))
        shown = self.read(location)
        for part, value in expected.items():
            self.assertEqual(value, shown[part], part)

    def test_maildir(self):
        self.check("maildir")

    def test_mdbox(self):
        self.check("mdbox")
