"""Files that nobody opens are what they begin as, up to their end: what somebody puts into them or
behind them is found, or named."""

import random
import re
import subprocess

import formats
import leaves
import records
from test_inspect import SCANNER, InspectCase, attached

CHANCE = random.Random(23).randbytes(100_000)


def leaf_signatures():
    """The kind and the first bytes of each, as the table has them."""
    done = subprocess.run([SCANNER, "--kinds"], capture_output=True, text=True, check=True)
    for line in done.stdout.splitlines():
        name, by, evidence = line[:34].strip(), line[34:62].strip(), line[62:]
        if by != "virus scanner":
            continue
        for word in evidence.split("libmagic:")[0].split(", "):
            found = re.fullmatch(r"((?:[!-\[\]-~]|\\x[0-9a-f]{2})+)(?: at (\d+))?", word)
            if found:
                yield name, bytes(int(found[2] or 0)) + found[1].encode().decode(
                    "unicode_escape").encode("latin-1")


# Of a few bytes that follow a name nothing tells whether they are encrypted.
MAY_BE_COMPRESSED = {"camera's data behind a photo", "FLAC sound", "MPEG film", "PostScript",
                     "checksum of a library (NSS)", "drawing (DWG)", "compressed SPSS data",
                     "records (Avro)"}

WITHOUT_END = leaves.WITHOUT_END | records.WITHOUT_END


class Leaves(InspectCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.files = [(kind, name.split(", ")[-1], make())
                     for (kind, name), make in {**leaves.LEAVES, **records.RECORDS}.items()]

    def parts(self, contents):
        """The report of each, and of its attachment the kind and state."""
        reports = self.inspect_all([attached(content, f"file.{name}")
                                    for _, name, content in contents], options=("--parts",))
        for (kind, name, _), report in zip(contents, reports, strict=True):
            [part] = [part for part in report["parts"] if part.get("name") == f"file.{name}"]
            yield kind, name, part, report

    def test_they_are_read(self):
        for kind, name, part, report in self.parts(self.files):
            with self.subTest(kind, name=name):
                self.assertEqual((kind, "read"), (part["kind"], part["state"]), report)
                self.assertEqual((["plain"], []), (report["class"], report["uninspectable"]))

    def test_what_is_behind_is_named(self):
        files = [(kind, name, content + CHANCE) for kind, name, content in self.files]
        for kind, name, _, report in self.parts(files):
            with self.subTest(kind, name=name):
                self.assertTrue(report["uninspectable"])

    def test_what_is_behind_is_read(self):
        message = formats.gpg(self.directory, "--symmetric", "--output", "-")
        files = [(kind, name, content + message) for kind, name, content in self.files
                 if kind not in WITHOUT_END]
        for kind, name, _, report in self.parts(files):
            with self.subTest(kind, name=name):
                # Behind a zip archive in it there is nothing that is honest.
                reasons = {part["reason"] for part in report["uninspectable"]}
                self.assertTrue(reasons & {"pgp-encrypted", "contradictory-archive"}, report)

    def test_what_is_in_between_is_read(self):
        message = formats.gpg(self.directory, "--symmetric", "--output", "-")
        report = self.inspect(attached(leaves.exe(True, message), "a.exe"))
        self.assertIn("pgp-encrypted", report["class"])
        key = leaves.le(len(CHANCE), 4) + CHANCE
        extension = b"Cr24" + leaves.le(3, 4) + key + formats.zipped("a.txt", b"text")
        self.assertTrue(self.inspect(attached(extension, "a.crx"))["uninspectable"])

    def test_an_archive_in_them_is_found(self):
        archive = formats.data("rarfile/rar5-hpsw.rar")
        files = [(kind, name, content + archive) for kind, name, content in self.files]
        for kind, name, _, report in self.parts(files):
            with self.subTest(kind, name=name):
                self.assertIn("encrypted-archive", report["class"])

    def test_a_signature_alone_is_no_file(self):
        files = [(kind, f"{at}-{size}.bin", signature + CHANCE[at:at + size])
                 for at, (kind, signature) in enumerate(leaf_signatures())
                 for size in (3000, 80_000)
                 if size > 64 * 1024 or kind not in MAY_BE_COMPRESSED]
        self.assertGreater(len(files), 160)
        for kind, name, _, report in self.parts(files):
            with self.subTest(kind, name=name):
                self.assertTrue(report["uninspectable"])

    def test_records_that_are_text(self):
        files = [("text", name, content) for name, content in records.TEXTS.items()]
        for kind, name, part, report in self.parts(files):
            with self.subTest(name):
                self.assertEqual((kind, "read", []), (part["kind"], part["state"],
                                                      report["uninspectable"]))

    def test_records_that_are_encrypted(self):
        for name, (content, reason) in records.NAMED.items():
            with self.subTest(name):
                [part] = self.inspect(attached(content, name))["uninspectable"]
                self.assertEqual(reason, part["reason"])
