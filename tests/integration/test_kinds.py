"""The table of kinds that the scanner prints is the one in its manual."""

import sys
import unittest
from pathlib import Path

from test_inspect import SCANNER

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "format"))

import kinds  # noqa: E402


class Manual(unittest.TestCase):
    def test_it_has_the_table(self):
        page = kinds.PAGE.read_text()
        self.assertEqual(kinds.with_section(page, kinds.section(SCANNER)), page,
                         "tests/format/kinds.py SCANNER --fix writes it")

    def test_each_row_has_three_words(self):
        found = list(kinds.rows(SCANNER))
        self.assertGreater(len(found), 80)
        for row in found:
            self.assertTrue(all(row), row)
        self.assertEqual(len(found), len({name for name, _, _ in found}))
