"""Archives, images and packed files of every kind: looked into, or named; and those that show
different files to different programs."""

import bz2
import io
import lzma
import os
import struct
import time
import unittest
import zipfile
import zlib
from pathlib import Path

import formats
import leaves
from test_cases import ENCRYPTED
from test_inspect import SCANNER, InspectCase, attached, measured

TEXT = formats.TEXT
JPEG = (b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0" + b"\xff\xdb\0\x43\0" + bytes(range(64))
        + b"\xff\xd9")

# Name: bsdtar's options.
BY_BSDTAR = {
    "tar, v7": ("--format", "v7tar"),
    "tar, ustar": ("--format", "ustar"),
    "tar, pax": ("--format", "pax"),
    "tar, GNU": ("--format", "gnutar"),
    "cpio, odc": ("--format", "odc"),
    "cpio, newc": ("--format", "newc"),
    "cpio, binary": ("--format", "bin"),
    "ar, BSD": ("--format", "arbsd"),
    "ar, SVR4": ("--format", "arsvr4"),
    "ISO 9660": ("--format", "iso9660"),
    "ISO 9660, without Joliet": ("--format", "iso9660", "--options", "!joliet"),
    "ISO 9660, without Rock Ridge": ("--format", "iso9660", "--options", "!rockridge"),
    "xar": ("--format", "xar"),
    "WARC": ("--format", "warc"),
    "zip": ("--format", "zip"),
    "7z": ("--format", "7zip"),
    "gzip": ("--format", "ustar", "--gzip"),
    "bzip2": ("--format", "ustar", "--bzip2"),
    "xz": ("--format", "ustar", "--xz"),
    "lzma": ("--format", "ustar", "--lzma"),
    "lzip": ("--format", "ustar", "--lzip"),
    "lz4": ("--format", "ustar", "--lz4"),
    "zstd": ("--format", "ustar", "--zstd"),
    "compress": ("--format", "ustar", "--compress"),
    "cpio in gzip": ("--format", "newc", "--gzip"),
}


def by_bsdtar(directory, name, content, *options):
    (directory / name).write_bytes(content)
    formats.run(directory, "bsdtar", "-cf", "made", *options, name)
    return (directory / "made").read_bytes()


def lha(name, content):
    """Level 0, stored."""
    name = name.encode()
    header = (b"-lh0-" + struct.pack("<II", len(content), len(content)) + bytes(4) + b"\x20\0"
              + bytes([len(name)]) + name + struct.pack("<H", crc16(content)))
    return bytes([len(header), sum(header) & 255]) + header + content + b"\0"


def crc16(content):
    crc = 0
    for byte in content:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0xa001 if crc & 1 else crc >> 1
    return crc


def cab(name, content, flags=0):
    """One folder, stored, in one block of at most 32 kB."""
    name = name.encode() + b"\0"
    files_at = 36 + 8
    data_at = files_at + 16 + len(name)
    size = data_at + 8 + len(content)
    return (b"MSCF" + struct.pack("<5IBBHHHHH", 0, size, 0, files_at, 0, 3, 1, 1, 1, flags, 0, 0)
            + struct.pack("<IHH", data_at, 1, 0)
            + struct.pack("<IIHHHH", len(content), 0, 0, 0x5a21, 0, 0x20) + name
            + struct.pack("<IHH", 0, len(content), len(content)) + content)


def rpm(payload):
    header = b"\x8e\xad\xe8\1" + bytes(4) + struct.pack(">II", 0, 0)
    lead = b"\xed\xab\xee\xdb\3\0\0\0" + bytes(88)
    return lead + header + header + payload


def mac_binary(content):
    header = bytearray(128)
    header[1:6] = b"\4name"
    header[65:73] = b"ZIP SITx"
    header[83:87] = struct.pack(">I", len(content))
    return bytes(header) + content + bytes(-len(content) % 128)


def apple_single(content):
    return (b"\0\5\x16\0\0\2\0\0" + bytes(16) + struct.pack(">H", 1)
            + struct.pack(">III", 1, 38, len(content)) + content)


def containers(directory, name, content):
    """What is readable, with one file in it."""
    made = {kind: by_bsdtar(directory, name, content, *options)
            for kind, options in BY_BSDTAR.items()}
    zstd = by_bsdtar(directory, name, content, "--format", "newc", "--zstd")
    made["zstd behind skippable frames"] = (b"\x50\x2a\x4d\x18\4\0\0\0abcd"
                                            + b"\x5f\x2a\x4d\x18\0\0\0\0" + zstd)
    made["RPM"] = rpm(made["cpio in gzip"])
    made["LHA"] = lha(name, content)
    made["cabinet"] = cab(name, content)
    made["MacBinary"] = mac_binary(content)
    made["AppleSingle"] = apple_single(content)
    made["tar behind tar"] = made["tar, ustar"] + by_bsdtar(directory, name, content,
                                                            "--format", "ustar")
    made["gzip behind gzip"] = formats.zlib_gzip(b"") + formats.zlib_gzip(content)
    made["gzip of several members"] = formats.zlib_gzip(content[:5]) + formats.zlib_gzip(content[5:])
    made["cpio behind its trailer"] = made["cpio, newc"] + made["cpio, odc"]
    made["7z behind 7z"] = made["7z"] + made["7z"]
    return made


def behind_others(content):
    """What is something else, with an archive behind it."""
    elf = Path("/bin/true").read_bytes()
    word = formats.data("msoffcrypto/rc4cryptoapi_password_plain.doc")
    return {
        "behind a picture": JPEG + content,
        "behind a program": elf + content,
        "behind a program, and signed": leaves.exe(True, content),
        "behind a document": formats.data("pypdf/unencrypted.pdf") + content,
        "behind a document of Word's": word + content,
        "behind a script": b"#!/bin/sh\nexec unzip $0\n" * 200 + content,
    }


class Containers(InspectCase):
    def reports(self, files):
        return zip(files, self.inspect_all([attached(content) for content in files.values()]))

    def test_readable(self):
        for name, report in self.reports(containers(self.directory, "a.txt", TEXT)):
            with self.subTest(name):
                self.assertEqual([], report["uninspectable"], report)
                self.assertFalse(ENCRYPTED & set(report["class"]), report)

    def test_an_encrypted_zip_inside(self):
        locked = formats.packed(self.directory, "l.zip", "-psecret", content=b"secret" * 20)
        for name, report in self.reports(containers(self.directory, "a.zip", locked)):
            with self.subTest(name):
                self.assertIn("encrypted-archive", report["class"], report)
                self.assertEqual({"encrypted-archive"},
                                 {u["reason"] for u in report["uninspectable"]}, report)

    def test_nothing_in_a_packed_file(self):
        for content in (lzma.compress(b""), bz2.compress(b""), formats.zlib_gzip(b""),
                        bytes.fromhex("28b52ffd240001000099e9d851"),
                        bytes.fromhex("28b52ffd2000010000"),
                        bytes.fromhex("04224d186440a700000000055dcc02")):
            self.assertEqual([], self.inspect(attached(content))["uninspectable"], content)

    def test_larger_than_what_is_kept(self):
        sound = formats.sound(7_000_000)  # which nobody takes apart
        locked = formats.packed(self.directory, "l.zip", "-psecret")
        (self.directory / "l.zip").rename(self.directory / "locked.zip")
        (self.directory / "sound.wav").write_bytes(sound)
        for name in ("tar, ustar", "cpio, newc", "ar, BSD", "ISO 9660", "xar", "gzip", "zstd"):
            formats.run(self.directory, "bsdtar", "-cf", "plain", *BY_BSDTAR[name], "sound.wav")
            formats.run(self.directory, "bsdtar", "-cf", "mixed", *BY_BSDTAR[name], "sound.wav",
                        "locked.zip")
            with self.subTest(name):
                plain = (self.directory / "plain").read_bytes()
                report = self.inspect(attached(plain))
                self.assertEqual(["limit-exceeded"] if "ISO" in name else [],
                                 [u["reason"] for u in report["uninspectable"]], report)
                self.assertIn("encrypted-archive", self.inspect(attached(
                    (self.directory / "mixed").read_bytes()))["class"])
                if "ar" in name.split(",")[0] and name != "xar":
                    behind = by_bsdtar(self.directory, "a.zip", locked, "--format", "ustar")
                    report = self.inspect(attached(plain + behind))
                    self.assertTrue(report["uninspectable"], report)

    def test_rar(self):
        reasons = {}
        for name in ("rar5-crc", "rar3-solid", "rar202-comment-nopsw", "rar202-comment-psw"):
            report = self.inspect(attached(formats.data(f"rarfile/{name}.rar")))
            reasons[name] = [u["reason"] for u in report["uninspectable"]]
        self.assertEqual({"rar5-crc": [], "rar3-solid": ["unsupported-archive"],
                          "rar202-comment-nopsw": ["unsupported-archive"],
                          "rar202-comment-psw": ["encrypted-archive"]}, reasons)

    def test_cut(self):
        """What ends too early is not called looked into."""
        files = containers(self.directory, "a.bin", os.urandom(50000))
        # These say nothing of their length, or have no file behind the first one.
        for name in ("WARC", "gzip behind gzip"):
            files.pop(name, None)
        for name, report in self.reports({name: content[:len(content) * 6 // 10]
                                          for name, content in files.items()}):
            with self.subTest(name):
                self.assertTrue(report["uninspectable"], report)

    def test_archives_behind_other_files(self):
        plain = formats.packed(self.directory, "p.zip")
        for name, report in self.reports(behind_others(plain)):
            with self.subTest(name):
                self.assertFalse(ENCRYPTED & set(report["class"]), report)
                if "script" not in name and "document" not in name:
                    self.assertEqual([], report["uninspectable"], report)
        for ending in ("zip", "7z"):
            locked = formats.packed(self.directory, "l." + ending, "-psecret")
            for name, report in self.reports(behind_others(locked)):
                if "Word" in name and ending != "zip":
                    continue
                with self.subTest(name, ending=ending):
                    self.assertTrue(report["uninspectable"], report)
                    if "script" not in name:
                        self.assertIn("encrypted-archive", report["class"], report)

    def test_disk_images(self):
        """Found at their end, or far from their beginning."""
        noise = os.urandom(70000)
        for name, content in {
                "DMG": noise + b"koly\0\0\0\4\0\0\2\0" + bytes(500),
                "VHD": noise + b"conectix" + bytes(504),
                "encrypted DMG": noise + b"cdsaencr",
                "UDF": bytes(32769) + b"BEA01" + bytes(2042) + b"\0NSR02" + bytes(2042),
        }.items():
            with self.subTest(name):
                (entry,) = self.inspect(attached(content))["uninspectable"]
                self.assertEqual("encrypted-archive" if "encrypted" in name
                                 else "unsupported-archive", entry["reason"])

    def test_an_archive_that_is_an_image_as_well(self):
        for header, options in ((512, ("--format", "ustar")), (110 + 10, ("--format", "newc"))):
            sound = leaves.riff(b"RIFF", b"WAVE".ljust(32761 - header, b"x") + b"CD001" + bytes(1000))
            archive = by_bsdtar(self.directory, "sound.wav", sound, *options)
            self.assertEqual(32769, archive.index(b"CD001"))
            reasons = [u["reason"] for u in self.inspect(attached(archive))["uninspectable"]]
            self.assertEqual(["contradictory-archive"], reasons)

    def test_volumes(self):
        content = os.urandom(30000)
        files = {}
        for ending in ("zip", "7z"):
            (self.directory / "v.txt").write_bytes(content)
            formats.run(self.directory, "7z", "a", "-bd", "-y", "-v10k", "-psecret",
                        "v." + ending, "v.txt")
            for path in sorted(self.directory.glob(f"v.{ending}.0*")):
                files[path.name] = path.read_bytes()
        self.assertGreater(len(files), 4)
        for name, content in files.items():
            with self.subTest(name):
                report = self.inspect(attached(content, name))
                self.assertTrue({"unsupported-archive", "encrypted-archive"}
                                & {u["reason"] for u in report["uninspectable"]}, report)
                self.assertNotIn("unrecognised", report["class"], report)
        report = self.inspect(attached(cab("a.txt", b"x", flags=2), "a.cab"))
        self.assertIn("unsupported-archive", [u["reason"] for u in report["uninspectable"]])


class Unseekable(io.BytesIO):
    def seekable(self):
        return False

    def seek(self, *_):
        raise OSError

    def tell(self):
        raise OSError


def streamed_zip(method):
    output = Unseekable()
    with zipfile.ZipFile(output, "w", method) as archive:
        archive.writestr("a.zip", formats.zipped("x", TEXT))
        archive.writestr("b", TEXT)
        archive.writestr("c", b"")
    return output.getvalue()


def with_signing_block(content):
    """As Android's tools put it in front of the directory."""
    end = content.rindex(b"PK\5\6")
    size, start = struct.unpack_from("<II", content, end + 12)
    pairs = os.urandom(4000)
    length = struct.pack("<Q", len(pairs) + 24)
    block = length + pairs + length + b"APK Sig Block 42"
    moved = bytearray(content[end:])
    struct.pack_into("<I", moved, 16, start + len(block))
    return content[:start] + block + content[start:end] + bytes(moved)


class ZipReadings(InspectCase):
    def reasons(self, content):
        report = self.inspect(attached(content, "a.zip"))
        return report, {u["reason"] for u in report["uninspectable"]}

    def test_honest_ones_are_not_contradictory(self):
        long_name = io.BytesIO()
        with zipfile.ZipFile(long_name, "w") as archive:
            with archive.open("big", "w", force_zip64=True) as file:
                file.write(TEXT)
            archive.comment = b"PK is a comment"
        files = {
            "stored": formats.zipped("a", TEXT, zipfile.ZIP_STORED),
            "empty": self.empty(),
            "zip64": long_name.getvalue(),
            "by 7z": formats.packed(self.directory, "a.zip"),
            "streamed, stored": streamed_zip(zipfile.ZIP_STORED),
            "streamed, deflated": streamed_zip(zipfile.ZIP_DEFLATED),
            "streamed by bsdtar": by_bsdtar(self.directory, "a.txt", TEXT, "--format", "zip"),
            "signed by Android": with_signing_block(formats.zipped("classes.dex", TEXT)),
            "with a line behind it": formats.zipped("a", TEXT) + b"\r\n",
        }
        for path in [*Path("/usr/share").rglob("*.jar"), *Path("/usr/share").rglob("*.docx"),
                     *Path("/usr/lib/python3").rglob("*.whl")][:40]:
            if path.is_file() and path.stat().st_size < 4_000_000:
                files[str(path)] = path.read_bytes()
        for name, content in files.items():
            with self.subTest(name):
                self.assertEqual(set(), self.reasons(content)[1] - {"limit-exceeded"})

    def empty(self):
        output = io.BytesIO()
        zipfile.ZipFile(output, "w").close()
        return output.getvalue()

    def two(self):
        """A locked file first, then an open one."""
        locked = formats.packed(self.directory, "l.zip", "-psecret")
        return locked, formats.zipped("open.txt", b"See the attachment.")

    def test_contradictions_are_named_and_read(self):
        locked, plain = self.two()
        end = locked.rindex(b"PK\5\6")
        size, start = struct.unpack_from("<II", locked, end + 12)
        inner = formats.zipped("inner.zip", locked, zipfile.ZIP_STORED)
        inner_end = inner.rindex(b"PK\5\6")
        files = {
            "one behind another": locked + plain,
            "another behind one": plain + locked,
            "a zeroed directory": locked[:start] + bytes(size) + locked[end:],
            "an end in the comment": locked[:-2] + b"\x16\0" + self.empty(),
            "a directory for none of the files": locked[:start] + self.empty(),
            "a file in front that the directory has not": self.spliced(locked[:start], plain),
            "an encrypted bit in the directory alone": self.flagged(plain, b"PK\1\2", 8),
            "an encrypted bit in front alone": self.flagged(plain, b"PK\3\4", 6),
            "a 7z archive behind it": plain + formats.packed(self.directory, "l.7z", "-psecret"),
            "a 7z archive between": self.spliced(
                b"", plain, formats.packed(self.directory, "l.7z", "-psecret")),
            "what is hidden is an open file with a locked one in it":
                inner[:inner_end] + self.empty(),
        }
        for name, content in files.items():
            with self.subTest(name):
                report, reasons = self.reasons(content)
                self.assertIn("encrypted-archive", report["class"], report)
                self.assertIn("contradictory-archive", reasons, report)

    def spliced(self, before, content, between=b""):
        """Its directory moved by what is put in front, or between the files and it."""
        end = content.rindex(b"PK\5\6")
        start = struct.unpack_from("<I", content, end + 16)[0]
        directory = bytearray(content[start:end])
        struct.pack_into("<I", directory, 42, len(before))
        last = bytearray(content[end:])
        struct.pack_into("<I", last, 16, len(before) + start + len(between))
        return before + content[:start] + between + bytes(directory) + bytes(last)

    def flagged(self, content, signature, at):
        changed = bytearray(content)
        changed[changed.index(signature) + at] |= 1
        return bytes(changed)


class LargeZipReadings(ZipReadings):
    """The same, of archives that are not kept in memory."""

    config = "max_document_size = 64k\n"

    def two(self):
        big = os.urandom(300_000)
        locked = formats.packed(self.directory, "l.zip", "-psecret", content=big)
        return locked, formats.zipped("open.txt", big)


class NamedContainers(InspectCase):
    def test_each_is_named(self):
        noise = os.urandom(600)
        for start in (b"MSWIM\0\0\0", b"vhdxfile", b"conectix", b"KDMV", b"QFI\xfb", b"hsqs",
                      b"\x89LZO\0\r\n\x1a\n", b"7kSt\xa0\x31\x83\xd3\x8c\xb2\x28\xb0\xd3", b"ITSF\3\0\0\0",
                      b"StuffIt (c)1997", b"SIT!", b"\x60\xea", b"encrcdsa", noise[:7] + b"**ACE**",
                      noise[:20] + b"\xdc\xa7\xc4\xfd", b"\xeb\x52\x90NTFS    "):
            with self.subTest(start):
                (entry,) = self.inspect(attached(start + noise))["uninspectable"]
                self.assertEqual("encrypted-archive" if start == b"encrcdsa"
                                 else "unsupported-archive", entry["reason"])


class ContainerBombs(InspectCase):
    """Little memory, and an end, whatever comes out."""

    config = "max_expanded_size = 32M\ntimeout = 10\n"

    def assert_bounded(self, content):
        path = self.directory / "bomb.eml"
        path.write_bytes(attached(content))
        report, seconds, kilobytes = measured([SCANNER, "-c", self.directory / "scanner.conf",
                                               "--inspect", path])
        self.assertLess(kilobytes, 160 * 1024)
        self.assertLess(seconds, 15)
        self.assertTrue(report["uninspectable"], report)

    def test_each_filter(self):
        big = self.directory / "zeros"
        with big.open("wb") as output:
            output.truncate(100 * 1024 ** 2)
        for option in ("--gzip", "--bzip2", "--xz", "--lzma", "--lz4", "--zstd", "--compress"):
            with self.subTest(option):
                output = self.directory / "bomb"
                formats.run(self.directory, "bsdtar", "-cf", output.name, "--format", "cpio",
                            option, "zeros")
                self.assert_bounded(output.read_bytes())

    def test_filters_in_filters(self):
        """Few bytes come out of the last one, many out of those before it."""
        nothing = formats.zlib_gzip(b"")
        content = nothing * (16 * 1024 * 1024 // len(nothing))
        for _ in range(3):
            content = formats.zlib_gzip(content)
        content = formats.zlib_gzip(content * 50)
        started = time.monotonic()
        self.inspect(attached(content))
        self.assertLess(time.monotonic() - started, 15)

    def test_a_table_of_contents(self):
        table = zlib.compress(b"<?xml version='1.0'?><xar><toc>"
                              + b"<file id='1'><name>a</name></file>" * 3_000_000)
        self.assert_bounded(b"xar!\0\x1c\0\1" + struct.pack(">QQI", len(table), 10 ** 8, 0) + table)

    def test_many_small_ones(self):
        one = formats.zipped("a", b"a")
        started = time.monotonic()
        for content in (one * 5000, b"PK\3\4" * 500_000, b"\x50\x2a\x4d\x18\0\0\0\0" * 300_000,
                        formats.zlib_gzip(b"a") * 20000, mac_binary(b"") * 5000,
                        b"\xff\xd8\xff\xe0" + one[:40] * 50_000):
            self.inspect(attached(content))
        self.assertLess(time.monotonic() - started, 60)


if __name__ == "__main__":
    unittest.main()
