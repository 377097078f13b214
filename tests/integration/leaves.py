"""A small file of each kind that nobody opens, with a valid structure: (kind, name) to bytes."""

import sqlite3
import subprocess
import tempfile
import zlib
from pathlib import Path

import formats


def be(number, size):
    return number.to_bytes(size, "big")


def le(number, size):
    return number.to_bytes(size, "little")


def png():
    def chunk(name, content):
        return be(len(content), 4) + name + content + be(zlib.crc32(name + content), 4)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", be(4, 4) + be(4, 4) + b"\x08\0\0\0\0")
            + chunk(b"IDAT", zlib.compress(b"\0abcd" * 4)) + chunk(b"IEND", b""))


def jpeg():
    return (b"\xff\xd8\xff\xe0" + be(16, 2) + b"JFIF\0\1\1\0\0\1\0\1\0\0\xff\xda" + be(8, 2)
            + b"\1\1\0\0\x3f\0" + b"pixels" * 9 + b"\xff\xd9")


def tiff(order, first=False):
    """The directory in front of the image or behind it."""
    mark, number = (b"II*\0", le) if order == "little" else (b"MM\0*", be)
    image = b"line of pixels" * 20
    entries = 4
    directory_size = 2 + entries * 12 + 4
    image_at = 8 + directory_size if first else 8
    directory_at = 8 if first else 8 + len(image)

    def entry(tag, value):
        return number(tag, 2) + number(4, 2) + number(1, 4) + number(value, 4)
    directory = (number(entries, 2) + entry(256, 14) + entry(257, 20) + entry(273, image_at)
                 + entry(279, len(image)) + number(0, 4))
    return mark + number(directory_at, 4) + (directory + image if first else image + directory)


def big_tiff():
    image = b"line of pixels" * 20

    def entry(tag, value):
        return le(tag, 2) + le(16, 2) + le(1, 8) + le(value, 8)
    return (b"II+\0\x08\0\0\0" + le(16 + len(image), 8) + image + le(2, 8) + entry(273, 16)
            + entry(279, len(image)) + le(0, 8))


def bitmap():
    image = b"\1\2\3\0" * 16
    return (b"BM" + le(54 + len(image), 4) + bytes(4) + le(54, 4) + le(40, 4) + le(1, 4)
            + le(16, 4) + le(1, 2) + le(24, 2) + bytes(24) + image)


def icon():
    image = le(40, 4) + le(1, 4) + le(2, 4) + le(1, 2) + le(32, 2) + bytes(24) + b"abcdefgh"
    return b"\0\0\1\0\1\0\1\1\0\0\1\0\x20\0" + le(len(image), 4) + le(22, 4) + image


def photoshop(packed):
    head = b"8BPS\0\1" + bytes(6) + be(1, 2) + be(2, 4) + be(40, 4) + be(8, 2) + be(1, 2)
    image = be(1, 2) + be(2, 2) + be(2, 2) + b"\xd9a\xd9b" if packed else be(0, 2) + b"a" * 80
    return head + be(0, 4) + be(4, 4) + b"8BIM" + be(0, 4) + image


def riff(mark, content=b"WAVEfmt " + le(16, 4) + b"\1\0\1\0" + bytes(12)):
    return mark + (be if mark in (b"FORM", b"RIFX") else le)(len(content), 4) + content


def box(name, content):
    return be(8 + len(content), 4) + name + content


def ogg():
    return b"".join(b"OggS\0" + bytes(1 if last else 1) + bytes(8) + b"once" + le(i, 4) + bytes(4)
                    + b"\2\xff\x10" + b"s" * 271 for i, last in enumerate((False, True)))


def mp3():
    frame = b"\xff\xfb\x90\x64" + b"sound" * 82 + b"soun"[:3]
    return b"ID3\3\0\0\0\0\0\x0a" + b"T" * 10 + frame * 4 + b"TAG" + b"t" * 125


def aac():
    return (b"\xff\xf1\x50\x80" + le(0x1f | (100 << 5 & 0xff), 1)[:0] + be((107 << 5) | 0x1f, 2)
            + b"\xfc" + b"x" * 100) * 5


def matroska(sized):
    cluster = b"\x1f\x43\xb6\x75" + (b"\x8d" if sized else b"\xff")
    content = cluster + b"\xe7\x81\0" + b"\xa3\x88" + b"\x81\0\0\0abcd"
    head = b"\x1a\x45\xdf\xa3\x87\x42\x82\x84webm"
    size = be(1 << 56 | len(content), 8) if sized else b"\x01" + b"\xff" * 7
    return head + b"\x18\x53\x80\x67" + size + content


def asf():
    def thing(guid, content):
        return guid + le(24 + len(content), 8) + content
    rest = b"\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c"
    return (thing(b"\x30\x26\xb2\x75" + rest, b"head" * 9)
            + thing(b"\x36\x26\xb2\x75" + rest, b"data" * 50))


def flash_video():
    tag = b"\x09" + be(40, 3) + bytes(7) + b"v" * 40
    return b"FLV\1\5" + be(9, 4) + be(0, 4) + (tag + be(len(tag), 4)) * 3


def font(mark):
    tables = [(b"OS/2", b"o" * 10), (b"cmap", b"c" * 8), (b"glyf", b"g" * 40)]
    at = 12 + 16 * len(tables)
    directory, content = b"", b""
    for tag, text in tables:
        directory += tag + be(1, 4) + be(at + len(content), 4) + be(len(text), 4)
        content += text + bytes(-len(text) % 4)
    return mark + be(len(tables), 2) + b"\0\x20\0\1\0\x10" + directory + content


def font_collection():
    one = font(b"\0\1\0\0")
    directory = b"".join(one[12 + i * 16:20 + i * 16]
                         + be(int.from_bytes(one[20 + i * 16:24 + i * 16], "big") + 16, 4)
                         + one[24 + i * 16:28 + i * 16] for i in range(3))
    return b"ttcf\0\1\0\0" + be(1, 4) + be(16, 4) + one[:12] + directory + one[60:]


def obfuscated_font():
    plain = font(b"\0\1\0\0")
    # Of which two entries are hidden, so the directory has more.
    entries = b"".join(tag + be(1, 4) + be(512, 4) + be(64, 4)
                       for tag in (b"OS/2", b"cmap", b"glyf", b"head"))
    return b"\x9c" * 32 + plain[:0] + b"\x77" * 12 + entries + bytes(600)


def elf():
    return Path(subprocess.run(["readlink", "-f", "/bin/true"], capture_output=True,
                               text=True).stdout.strip()).read_bytes()


def exe(signed, behind=b""):
    """With one section, what somebody put behind it, and a signature over all of it."""
    optional = le(0x10b, 2) + bytes(94) + bytes(16 * 8)
    section_at = 64 + 24 + len(optional) + 40
    if signed:
        at = 96 + 4 * 8
        optional = optional[:at] + le(section_at + 64 + len(behind), 4) + le(24, 4) + optional[at + 8:]
    head = (b"PE\0\0" + le(0x14c, 2) + le(1, 2) + bytes(12) + le(len(optional), 2) + le(0x102, 2)
            + optional + b".text\0\0\0" + le(64, 4) + le(4096, 4) + le(64, 4) + le(section_at, 4)
            + bytes(16))
    return (b"MZ\x90\0" + bytes(56) + le(64, 4) + head + b"code" * 16 + behind
            + (le(24, 4) + b"\0\2\2\0\x30\x82\0\x0cPKCS #7 here" if signed else b""))


def dos_exe():
    return (b"MZ" + le(100, 2) + le(1, 2) + le(0, 2) + le(4, 2) + bytes(18)).ljust(64, b"\0") \
        + b"code" * 9


def wasm():
    return b"\0asm\1\0\0\0" + b"\1\4\1\x60\0\0" + b"\x0a\x85\0" + b"\1\3\0\x01\x0b"


def database():
    with tempfile.TemporaryDirectory() as directory:
        with sqlite3.connect(f"{directory}/a.db") as db:
            db.execute("create table words (word text)")
            db.executemany("insert into words values (?)", [(f"word {i}",) for i in range(200)])
        db.close()
        return Path(directory, "a.db").read_bytes()


def catalogue():
    return (b"\xde\x12\x04\x95" + le(0, 4) + le(1, 4) + le(28, 4) + le(36, 4) + le(0, 4)
            + le(44, 4) + le(4, 4) + le(44, 4) + le(6, 4) + le(49, 4) + b"word\0another\0")


def enhanced_metafile():
    end = le(14, 4) + le(20, 4) + bytes(8) + le(20, 4)
    head = le(1, 4) + le(88, 4) + bytes(32) + b" EMF" + le(0x10000, 4) + le(108, 4)
    return head.ljust(88, b"\0") + end


def metafile():
    return (le(1, 2) + le(9, 2) + le(0x300, 2) + le(17, 4) + bytes(2) + le(5, 4) + bytes(2)
            + le(5, 4) + le(0x20b, 2) + bytes(4) + le(3, 4) + le(0, 2))


def printer_settings():
    size, extra = 0xdc, 40
    return "Printer".encode("utf-16-le").ljust(64, b"\0") + le(0x0401, 2) + le(6, 2) \
        + le(size, 2) + le(extra, 2) + bytes(size + extra - 72)


def apple_double():
    return (b"\0\5\x16\7\0\2\0\0" + bytes(16) + be(2, 2) + be(9, 4) + be(50, 4) + be(32, 4)
            + be(2, 4) + be(82, 4) + be(10, 4) + b"f" * 42)


def certificate(kind):
    with tempfile.TemporaryDirectory() as directory:
        def openssl(*words):
            subprocess.run(["openssl", *words], cwd=directory, check=True, capture_output=True)
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-subj",
                "/CN=a", "-out", "a.der", "-outform", "DER")
        openssl("req", "-new", "-key", "key.pem", "-subj", "/CN=a", "-outform", "DER", "-out",
                "r.der")
        openssl("pkey", "-in", "key.pem", "-outform", "DER", "-out", "key.der")
        openssl("pkey", "-in", "key.pem", "-pubout", "-outform", "DER", "-out", "public.der")
        Path(directory, "data").write_bytes(b"data")
        openssl("ts", "-query", "-data", "data", "-sha256", "-out", "t.der")
        Path(directory, "index.txt").write_text("")
        Path(directory, "ca.cnf").write_text(
            "[ca]\ndefault_ca=a\n[a]\ndatabase=index.txt\ndefault_md=sha256\n"
            "default_crl_days=9\ncrl_extensions=e\ncrlnumber=number\n"
            "[e]\nauthorityKeyIdentifier=keyid\n")
        Path(directory, "number").write_text("01")
        openssl("x509", "-inform", "DER", "-in", "a.der", "-out", "a.pem")
        openssl("ca", "-config", "ca.cnf", "-gencrl", "-keyfile", "key.pem", "-cert", "a.pem",
                "-out", "c.pem")
        openssl("crl", "-in", "c.pem", "-outform", "DER", "-out", "c.der")
        return {file.stem: file.read_bytes() for file in Path(directory).glob("*.der")}[kind]


def chrome_extension():
    return b"Cr24" + le(3, 4) + le(40, 4) + b"s" * 40 + formats.zipped("manifest.json", b"{}")


def java_class():
    return b"\xca\xfe\xba\xbe\0\0\0\x3d\0\4" + b"\1\0\5Hello" * 3 + bytes(20)


def flac():
    return b"fLaC\0" + be(34, 3) + bytes(34) + b"\x84" + be(8, 3) + bytes(8)


def sheet_part():
    return b"\x83\1\0\x84\1\0"


LEAVES = {
    ("PNG image", "png"): png,
    ("JPEG image", "jpg"): jpeg,
    ("GIF image", "gif"): lambda: b"GIF89a\1\0\1\0\x80\0\0aaabbb\x2c\0\0\0\0\1\0\1\0\0\2\1z\0\x3b",
    ("TIFF image", "tif"): lambda: tiff("little"),
    ("TIFF image", "directory first, tif"): lambda: tiff("little", True),
    ("TIFF image", "other order, tif"): lambda: tiff("big"),
    ("TIFF image", "big, tif"): big_tiff,
    ("BMP image", "bmp"): bitmap,
    ("Windows icon", "ico"): icon,
    ("Photoshop image", "psd"): lambda: photoshop(False),
    ("Photoshop image", "packed, psd"): lambda: photoshop(True),
    ("DjVu image", "djvu"): lambda: b"AT&T" + riff(b"FORM", b"DJVUINFO" + be(10, 4) + b"i" * 10),
    ("JPEG 2000 or JPEG XL image", "jp2"): lambda: box(b"jP  ", b"\r\n\x87\n")
        + box(b"ftyp", b"jp2 \0\0\0\0jp2 ") + box(b"jp2c", b"code" * 10),
    ("JPEG 2000 codestream", "j2k"): lambda: b"\xff\x4f\xff\x51" + be(41, 2) + bytes(39)
        + b"\xff\x90" + be(10, 2) + be(0, 2) + be(24, 4) + b"\0\1\xff\x93" + b"t" * 10
        + b"\xff\xd9",
    ("RIFF file (WAV, AVI, WebP)", "wav"): lambda: riff(b"RIFF"),
    ("IFF file (AIFF)", "aiff"): lambda: riff(b"FORM", b"AIFFCOMM" + be(18, 4) + bytes(18)),
    ("MPEG 4 file (MP4, MOV, HEIC)", "mp4"): lambda: box(b"ftyp", b"isom\0\0\0\0isom")
        + box(b"mdat", b"film" * 20) + box(b"moov", box(b"mvhd", bytes(100))),
    ("Ogg file", "ogg"): ogg,
    ("FLAC sound", "flac"): flac,
    ("MPEG sound (MP3)", "mp3"): mp3,
    ("MPEG sound (MP3)", "aac"): aac,
    ("MIDI sound", "mid"): lambda: b"MThd" + be(6, 4) + be(0, 2) + be(1, 2) + be(96, 2)
        + b"MTrk" + be(4, 4) + b"\0\xff\x2f\0",
    ("Matroska film (MKV, WebM)", "mkv"): lambda: matroska(True),
    ("Matroska film (MKV, WebM)", "live, webm"): lambda: matroska(False),
    ("ASF film (WMV, WMA)", "wmv"): asf,
    ("Flash film", "flv"): flash_video,
    ("MPEG film", "mpg"): lambda: b"\0\0\1\xba\x44\0\4\0\4\1\0\0\3\xf8" + b"pack" * 20,
    ("font (WOFF)", "woff"): lambda: b"wOFF\0\1\0\0" + be(64, 4) + bytes(52),
    ("font (WOFF)", "woff2"): lambda: b"wOF2\0\1\0\0" + be(64, 4) + bytes(52),
    ("font (OpenType)", "otf"): lambda: font(b"OTTO"),
    ("font (OpenType)", "ttc"): font_collection,
    ("TrueType font", "ttf"): lambda: font(b"\0\1\0\0"),
    ("font (Type 1, in segments)", "pfb"): lambda: b"\x80\1" + le(30, 4)
        + b"%!PS-AdobeFont-1.0: Some 1.000" + b"\x80\2" + le(40, 4) + b"e" * 40 + b"\x80\3",
    ("obfuscated font (in Office)", "odttf"): obfuscated_font,
    ("AppleDouble file (of a Macintosh)", "mac"): apple_double,
    ("Flash film (SWF)", "swf"): lambda: b"FWS\5" + le(60, 4) + bytes(52),
    ("printer settings (in Excel)", "bin"): printer_settings,
    ("Windows metafile (EMF)", "emf"): enhanced_metafile,
    ("Windows metafile (WMF)", "wmf"): metafile,
    ("Windows metafile with a header", "placeable, wmf"): lambda: b"\xd7\xcd\xc6\x9a" + bytes(18)
        + metafile(),
    ("Java module", "jmod"): lambda: b"JM\1\0" + formats.zipped("classes/a.class", b"class"),
    ("Chrome extension", "crx"): chrome_extension,
    ("program (ELF)", "elf"): elf,
    ("program (Windows, MS-DOS)", "exe"): lambda: exe(False),
    ("program (Windows, MS-DOS)", "signed, exe"): lambda: exe(True),
    ("program (Windows, MS-DOS)", "com"): dos_exe,
    ("program (WebAssembly)", "wasm"): wasm,
    ("Java class", "class"): java_class,
    ("SQLite database", "sqlite"): database,
    ("message catalogue", "mo"): catalogue,
    ("certificate", "cer"): lambda: certificate("a"),
    ("certificate revocation list", "crl"): lambda: certificate("c"),
    ("certificate request", "csr"): lambda: certificate("r"),
    ("public key", "pub"): lambda: certificate("public"),
    ("private key", "key"): lambda: certificate("key"),
    ("request for a time stamp", "tsq"): lambda: certificate("t"),
    ("text in UTF-16 or UTF-32", "txt"): lambda: ("\ufeff" + "Some words.\r\n" * 40)
        .encode("utf-16-le"),
    ("time zone", "tz"): lambda: b"TZif2" + bytes(60) + b"UTC\0",
}

# Of these the end is where it says: more than that is content of its own.
WITHOUT_END = {"FLAC sound", "MPEG film", "Java class", "message catalogue", "time zone",
               "text in UTF-16 or UTF-32", "obfuscated font (in Office)"}

