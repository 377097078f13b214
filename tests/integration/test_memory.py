"""Memory does not grow with the message."""

import sys
import unittest
from pathlib import Path

from case import ROOT, WORK
from clients import Samples

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
