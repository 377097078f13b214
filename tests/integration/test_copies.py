"""Many messages that are copied in one transaction: what they wait for."""

import subprocess
from pathlib import Path

from case import DovecotCase
from clients import fill_maildir
from dovecot_conf import import_source


class Copies(DovecotCase):
    """An mdbox has many messages in a file, which it writes to the disk once for all, or when
    one of them is read before."""

    COUNT = 50
    instance_options = {"location": "mdbox:~/mdbox"}

    @classmethod
    def before_start(cls):
        cls.counter, cls.told = cls.directory / "count-syncs.so", cls.directory / "syncs"
        source = Path(__file__).resolve().parent / "count-syncs.c"
        subprocess.run(["gcc", "-shared", "-fPIC", f'-DTOLD="{cls.told}"', "-o", cls.counter, source,
                        "-ldl"], check=True)

    def import_copies(self, message):
        """How often doveadm import waited for the disk."""
        source = self.directory / "source"
        fill_maildir(source, message, self.COUNT)
        self.told.touch()
        self.told.chmod(0o666)
        self.clear("alice")
        environment = self.instance.environment()
        environment["LD_PRELOAD"] += f":{self.counter}"
        subprocess.run(["/usr/bin/doveadm", "-c", self.instance.conf, "import", "-u", "alice",
                        import_source(f"maildir:{source}"), "", "all"], env=environment,
                       check=True)
        self.assertEqual([message] * self.COUNT, self.bodies("alice"))
        return int(self.told.read_text())

    def test_plain_mail_waits_once(self):
        self.assertLess(self.import_copies(self.samples.plain()), 10)

    def test_signed_mail_is_read_back_one_by_one(self):
        self.assertGreaterEqual(self.import_copies(self.samples.signed()), self.COUNT)
