"""What stands in a piece of a file that no program reads is found, or named: encrypted bytes, a
message, an archive. What is ordinary there is not."""

import random

import formats
import leaves
import pieces
from test_inspect import InspectCase, attached

# Whole pages of a database, and more than a block of anything.
CHANCE = random.Random(25).randbytes(8192)
ORDINARY = {"nothing": b"", "zeros": bytes(8192), "words": b"Some words of somebody's. " * 300,
            "numbers": b"".join(leaves.le(i * i, 4) for i in range(2048)),
            "a picture": leaves.jpeg()}
# A database has whole pages; they begin with what such a page may begin with.
IN_PAGES = "a database that does not know its size"
WITHOUT_HEADER = "a film without a header"


class Pieces(InspectCase):
    def reports(self, content):
        names = list(pieces.FILES)
        found = self.inspect_all([attached(pieces.FILES[name](content), "file.bin")
                                  for name in names])
        yield from zip(names, found, strict=True)

    def test_what_looks_encrypted_is_named(self):
        for name, report in self.reports(CHANCE):
            with self.subTest(name):
                self.assertEqual({"unrecognised"},
                                 {part["reason"] for part in report["uninspectable"]}, report)

    def test_half_a_kilobyte_is_enough(self):
        for name, report in self.reports(CHANCE[:600]):
            if name != IN_PAGES:
                with self.subTest(name):
                    self.assertTrue(report["uninspectable"], report)

    def test_a_message_is_found(self):
        message = formats.gpg(self.directory, "--symmetric", "--output", "-")
        for name, report in self.reports(message):
            if name not in (IN_PAGES, WITHOUT_HEADER, "an application's block of a FLAC sound",
                            "a custom section of a program", "behind what a film's user wrote",
                            "a box of somebody's in a film", "an unknown segment of a JPEG image",
                            "an application's block of a GIF image",
                            "another segment of a JPEG image"):
                with self.subTest(name):
                    self.assertIn("pgp-encrypted", report["class"], report)

    def test_an_archive_is_found(self):
        archive = formats.data("rarfile/rar5-hpsw.rar")
        for name, report in self.reports(archive):
            if name not in (IN_PAGES, "an application's block of a GIF image",
                            "a comment of a GIF image", "an unknown block of a GIF image"):
                with self.subTest(name):
                    self.assertIn("encrypted-archive", report["class"], report)

    def test_what_is_ordinary_is_not_named(self):
        for what, content in ORDINARY.items():
            for name, report in self.reports(content):
                if name in (WITHOUT_HEADER, "behind the last frame of a FLAC sound",
                            "behind what a film's user wrote"):
                    continue
                with self.subTest(name, content=what):
                    self.assertEqual((["plain"], []), (report["class"], report["uninspectable"]),
                                     report)
