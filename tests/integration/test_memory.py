"""Memory does not grow with the message, and what Dovecot frees is not given back to the
kernel to be asked for again."""

import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from case import ROOT, WORK
from clients import Lmtp, Samples, fill_maildir
from instance import Instance

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "bench"))

from bench import measure_memory  # noqa: E402

LIMIT_KILOBYTES = 16 * 1024


class Memory(unittest.TestCase):
    def test_a_300_mb_message_costs_no_more_than_a_1_mb_one(self):
        small, large = measure_memory(ROOT, Samples(WORK / "samples"))
        for name in small:
            growth = large[name] - small[name]
            print(f"[{name}: {small[name]} -> {large[name]} kB] ", end="", flush=True)
            self.assertGreater(small[name], 1000, f"no {name} process was measured")
            self.assertLess(growth, LIMIT_KILOBYTES, name)


class LargeMailbox(unittest.TestCase):
    """Dovecot has the whole index of a mailbox in memory for a moment with each delivery."""

    HELD, DELIVERIES = 20_000, 20

    def setUp(self):
        self.directory = Path(tempfile.mkdtemp(prefix="smime-test-", dir="/tmp"))
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        self.directory.chmod(0o755)
        self.samples = Samples(WORK / "samples")

    def start(self, name, **options):
        (self.directory / name).mkdir()
        instance = Instance(self.directory / name, ROOT, location="mdbox:~/mdbox", **options)
        instance.start()
        self.addCleanup(instance.stop)
        return instance

    def fill(self, instance):
        source = self.directory / "source"
        fill_maildir(source, self.samples.plain(), self.HELD)
        instance.doveadm("import", "-u", "alice", f"maildir:{source}", "", "all")

    def page_faults(self, instance):
        """Of lmtp, up to now."""
        (pid,) = instance.processes("lmtp")
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[7])

    def measure(self, instance):
        with Lmtp(instance) as lmtp:
            def deliver(message):
                ((code, text),) = lmtp.send(message, "alice@example.org")
                self.assertEqual(250, code, text)
            # The first makes room for the record in the index.
            deliver(self.samples.signed())
            for _ in range(10):
                deliver(self.samples.plain())
            before = self.page_faults(instance)
            for _ in range(self.DELIVERIES):
                deliver(self.samples.plain())
            return (self.page_faults(instance) - before) / self.DELIVERIES

    def test_a_delivery_asks_the_kernel_for_no_more_memory_than_without_the_plugin(self):
        stock = self.start("stock", load_smime=False)
        self.fill(stock)
        aware = self.start("aware")
        subprocess.run(["cp", "-a", stock.home("alice"), aware.home("alice")], check=True)
        without, with_plugin = self.measure(stock), self.measure(aware)
        print(f"[{without:.0f} -> {with_plugin:.0f} page faults] ", end="", flush=True)
        self.assertLess(with_plugin, without + 50)
