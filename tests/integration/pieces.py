"""Files with a piece in them that programs do not read which show the file: name to what makes
the file around that piece."""

import sqlite3
import struct
import tempfile
import zlib
from pathlib import Path

import leaves
from leaves import be, box, le


def png_with(content, name=b"prVt"):
    plain = leaves.png()
    chunk = be(len(content), 4) + name + content + be(zlib.crc32(name + content), 4)
    return plain[:33] + chunk + plain[33:]


def jpeg_with(content, marker, label=b""):
    plain = leaves.jpeg()
    size = 65_000
    return plain[:2] + b"".join(
        b"\xff" + marker + be(len(label + content[at:at + size]) + 2, 2)
        + label + content[at:at + size] for at in range(0, len(content), size)) + plain[2:]


def sub_blocks(content):
    return b"".join(be(len(content[at:at + 255]), 1) + content[at:at + 255]
                    for at in range(0, len(content), 255)) + b"\0"


def gif_with(label, content, first=b""):
    plain = b"GIF89a\1\0\1\0\x80\0\0aaabbb\x2c\0\0\0\0\1\0\1\0\0\2\1z\0\x3b"
    return plain[:19] + b"\x21" + label + first + sub_blocks(content) + plain[19:]


def chunk(name, content, order=le):
    return name + order(len(content), 4) + content + bytes(len(content) % 2)


def wav_with(content):
    return leaves.riff(b"RIFF", b"WAVE" + chunk(b"fmt ", b"\1\0\1\0" + bytes(12)) + content
                       + chunk(b"data", b"sound" * 20))


def avi_with(content):
    return leaves.riff(b"RIFF", b"AVI " + chunk(b"LIST", b"hdrl" + chunk(b"avih", bytes(56))
                                                + content)
                       + chunk(b"LIST", b"movi" + chunk(b"00db", b"film" * 20)))


def mp4_with(content=b"", in_moov=b"", in_udta=b""):
    return (box(b"ftyp", b"isom\0\0\0\0isom") + content + box(b"mdat", b"film" * 20)
            + box(b"moov", box(b"mvhd", bytes(100)) + in_moov
                  + box(b"udta", in_udta + box(b"name", b"some words"))))


def element(number, content):
    return number + be(1 << 56 | len(content), 8) + content


def matroska_with(content):
    cluster = element(b"\x1f\x43\xb6\x75", b"\xe7\x81\0" + element(b"\xa3", b"\x81\0\0\0abcd"))
    return b"\x1a\x45\xdf\xa3\x87\x42\x82\x84webm" + element(b"\x18\x53\x80\x67",
                                                             content + cluster)


def asf_with(content):
    rest = b"\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c"

    def thing(guid, inside):
        return guid + le(24 + len(inside), 8) + inside
    padding = bytes.fromhex("74d40618dfca0945a4ba9aabcb96aae8")
    return (thing(b"\x30\x26\xb2\x75" + rest, le(1, 4) + b"\1\2" + thing(padding, content))
            + thing(b"\x36\x26\xb2\x75" + rest, b"data" * 50))


def crc(polynomial, width, content):
    value = 0
    for byte in content:
        value ^= byte << (width - 8)
        for _ in range(8):
            value = (value << 1 ^ (polynomial if value >> (width - 1) else 0)) & ((1 << width) - 1)
    return be(value, width // 8)


def flac_with(blocks=b"", frames=3):
    """Frames that are as long as their checksum says, of what a decoder would not like."""
    information = be(4096, 2) * 2 + be(0, 3) + be(300, 3) + bytes(24)
    sound = b""
    for number in range(frames):
        head = b"\xff\xf8\x69\x08" + be(number, 1) + b"\x0f"
        frame = head + crc(0x07, 8, head) + b"sound" * 40
        sound += frame + crc(0x8005, 16, frame)
    return b"fLaC\0" + be(34, 3) + information + blocks + b"\x84" + be(8, 3) + bytes(8) + sound


def flac_block(kind, content):
    return be(kind, 1) + be(len(content), 3) + content


def web_font_with(content, mark=b"wOF2"):
    head = mark + b"\0\1\0\0" + be(48 + 40 + len(content), 4) + be(1, 2)
    where = be(88, 4) + be(len(content), 4)
    return (head.ljust(40 if mark == b"wOF2" else 36, b"\0") + where).ljust(48, b"\0") \
        + b"t" * 40 + content


def wasm_with(content):
    def number(value):
        return bytes([value & 127 | 128, value >> 7 & 127 | 128, value >> 14])
    return b"\0asm\1\0\0\0" + b"\1\4\1\x60\0\0" + b"\0" + number(len(content) + 5) + b"\4name" \
        + content + b"\1\3\0\x01\x0b"


def stale_database_with(content):
    """Of a program that does not write how many pages there are."""
    plain = bytearray(leaves.database())
    plain[92:96] = be(int.from_bytes(plain[24:28], "big") + 1, 4)
    return bytes(plain) + content[:len(content) // 4096 * 4096]


def tiff_with(content):
    """Between the header and the image, which the directory in front points to."""
    plain = leaves.tiff("little", True)
    at, image_at = 8 + 2, 8 + 2 + 4 * 12 + 4
    moved = bytearray(plain[:image_at])
    for entry in range(at, image_at - 4, 12):
        if moved[entry:entry + 2] == le(273, 2):
            moved[entry + 8:entry + 12] = le(image_at + len(content), 4)
    return bytes(moved) + content + plain[image_at:]


def font_with(content, tag=None):
    """Between two tables, or in a table of a name that no program knows."""
    tables = [(b"OS/2", b"o" * 12), (tag, content), (b"cmap", b"c" * 8), (b"glyf", b"g" * 40)]
    count = sum(name is not None for name, _ in tables)
    at = 12 + 16 * count
    directory, inside = b"", b""
    for name, text in tables:
        if name is not None:
            directory += name + be(1, 4) + be(at + len(inside), 4) + be(len(text), 4)
        inside += text + bytes(-len(text) % 4)
    return b"\0\1\0\0" + be(count, 2) + b"\0\x20\0\1\0\x10" + directory + inside


def catalogue_with(content):
    """Between two words of a message catalogue that are as long as all of it."""
    words = [b"words of somebody " * 400] * 2
    first = 44
    second = first + len(words[0]) + 1 + len(content)
    return (b"\xde\x12\x04\x95" + le(0, 4) + le(1, 4) + le(28, 4) + le(36, 4) + le(0, 4)
            + le(44, 4) + le(len(words[0]), 4) + le(first, 4) + le(len(words[1]), 4)
            + le(second, 4) + words[0] + b"\0" + content + words[1] + b"\0")


def elf_with(content):
    """In front of the table of sections."""
    plain = bytearray(leaves.elf())
    [sections] = struct.unpack_from("<Q", plain, 40)
    plain[40:48] = le(sections + len(content), 8)
    return bytes(plain[:sections]) + content + bytes(plain[sections:])


def exe_with(content):
    """Between the headers and the section."""
    plain = leaves.exe(False)
    at = plain.index(b"code")
    moved = plain[:at].replace(le(at, 4), le(at + len(content), 4))
    return moved + content + plain[at:]


def icon_with(content):
    plain = leaves.icon()
    return plain[:18] + le(22 + len(content), 4) + content + plain[22:]


FILES = {
    "a chunk of a PNG image": png_with,
    "a comment of a PNG image": lambda content: png_with(content, b"tEXt"),
    "a comment of a JPEG image": lambda content: jpeg_with(content, b"\xfe"),
    "an application's segment of a JPEG image": lambda content: jpeg_with(content, b"\xe9"),
    "another segment of a JPEG image": lambda content: jpeg_with(content, b"\xe1", b"Mine\0"),
    "an unknown segment of a JPEG image": lambda content: jpeg_with(content, b"\x42"),
    "a comment of a GIF image": lambda content: gif_with(b"\xfe", content),
    "an application's block of a GIF image":
        lambda content: gif_with(b"\xff", content, b"\x0bNETSCAPE2.0"),
    "an unknown block of a GIF image": lambda content: gif_with(b"\x77", content),
    "the JUNK of a sound": lambda content: wav_with(chunk(b"JUNK", content)),
    "an unknown chunk of a sound": lambda content: wav_with(chunk(b"mine", content)),
    "an odd chunk in front of it": lambda content: wav_with(chunk(b"note", b"odd")
                                                            + chunk(b"mine", content)),
    "a list of a sound": lambda content: wav_with(
        chunk(b"LIST", b"INFO" + chunk(b"ICMT", b"words") + chunk(b"IPRV", content))),
    "the JUNK of a film's header": lambda content: avi_with(chunk(b"JUNK", content)),
    "the JUNK of an AIFF sound": lambda content: leaves.riff(
        b"FORM", b"AIFFCOMM" + be(18, 4) + bytes(18) + chunk(b"mine", content, be)),
    "the free box of a film": lambda content: mp4_with(box(b"free", content)),
    "the skip box of a film": lambda content: mp4_with(box(b"skip", content)),
    "a box of somebody's in a film": lambda content: mp4_with(box(b"uuid", b"0123456789abcdef"
                                                                  + content)),
    "an unknown box of a film": lambda content: mp4_with(box(b"mine", content)),
    "a free box in a film's header": lambda content: mp4_with(in_moov=box(b"free", content)),
    "what a film's user wrote": lambda content: mp4_with(in_udta=box(b"\xa9cmt", content)),
    "behind what a film's user wrote": lambda content: mp4_with(in_udta=bytes(8) + content),
    "a film without a header": lambda content: box(b"ftyp", b"isom\0\0\0\0isom") + box(
        b"mdat", content),
    "the Void of a film": lambda content: matroska_with(element(b"\xec", content)),
    "an attachment of a film": lambda content: matroska_with(element(
        b"\x19\x41\xa4\x69", element(b"\x61\xa7", element(b"\x46\x6e", b"a.bin")
                                     + element(b"\x46\x5c", content)))),
    "the padding of an ASF film": asf_with,
    "the padding of a FLAC sound": lambda content: flac_with(flac_block(1, content)),
    "an application's block of a FLAC sound": lambda content: flac_with(
        flac_block(2, b"mine" + content)),
    "a picture of a FLAC sound": lambda content: flac_with(
        flac_block(6, be(3, 4) + be(9, 4) + b"image/png" + be(4, 4) + b"word" + bytes(16)
                   + be(len(content), 4) + content)),
    "behind the last frame of a FLAC sound": lambda content: flac_with() + content,
    "the private block of a font": web_font_with,
    "the private block of an older font": lambda content: web_font_with(content, b"wOFF"),
    "a custom section of a program": wasm_with,
    "a database that does not know its size": stale_database_with,
    "between the pieces of a TIFF image": tiff_with,
    "between the tables of a font": font_with,
    "an unknown table of a font": lambda content: font_with(content, b"aaaa"),
    "between the words of a catalogue": catalogue_with,
    "between the pieces of a program": elf_with,
    "between the pieces of a Windows program": exe_with,
    "in front of the picture of an icon": icon_with,
}
