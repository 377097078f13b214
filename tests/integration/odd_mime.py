"""Messages in MIME as it is not meant to be, each of which hides one part: for the
differential test. Everything is decided by the random numbers that are handed in."""

import base64
import quopri
import struct
import zlib

WORDS = ("figures", "report", "attached", "please", "see", "monday", "draft", "again", "x" * 60)


def encrypted_zip(chance):
    """One file in ZipCrypto (APPNOTE 6.1), of random bytes."""
    data = chance.randbytes(chance.randint(20, 90))
    name = b"s.txt"
    crc = zlib.crc32(data)
    head = struct.pack("<HHHHHIIIHH", 20, 1, 0, 0, 0x5c21, crc, len(data), len(data) - 12,
                       len(name), 0)
    local = b"PK\3\4" + head + name + data
    central = (b"PK\1\2" + struct.pack("<H", 20) + head + struct.pack("<HHHII", 0, 0, 0, 0, 0)
               + name)
    return local + central + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central),
                                                     len(local), 0)


def pgp_armor(chance):
    # A session key packet and encrypted data.
    packets = b"\x8c\x0d\4\7\3\2" + chance.randbytes(8) + b"\xff"
    packets += b"\xd2\x30\1" + chance.randbytes(47)
    return (b"-----BEGIN PGP MESSAGE-----\n\n" + base64.encodebytes(packets)
            + b"-----END PGP MESSAGE-----\n")


class Hidden:
    """What is hidden, and whether bytes that a reader got from a part are it."""

    def __init__(self, chance):
        self.is_armor = chance.random() < 0.3
        self.content = pgp_armor(chance) if self.is_armor else encrypted_zip(chance)
        self.key = self.content.split(b"\n")[2] if self.is_armor else self.content
        self.type = "text/plain" if self.is_armor else "application/zip"
        self.name = "m.txt" if self.is_armor else "s.zip"

    def is_in(self, decoded):
        if not self.is_armor:
            return decoded.lstrip(b"\r\n\t ").startswith(self.key)
        lines = [line.strip() for line in decoded.replace(b"\r", b"\n").split(b"\n")]
        # A boundary in between leaves nothing that gpg could read.
        armor = b"\n".join(filter(None, lines))
        return b"-----BEGIN PGP MESSAGE-----\n" + self.key.strip() in armor and decoded.isascii()


def text(chance):
    return " ".join(chance.choice(WORDS) for _ in range(chance.randint(1, 12))).encode() + b"\n"


def boundary_name(chance, odd):
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    if odd:
        letters += chance.choice(["_", "'()+_,-./:=?", "-", "=_."])
    length = chance.choice([1, 2, 8, 20, 34, 69, 70]) if not odd else chance.choice(
        [1, 2, 5, 8, 30, 69, 70, 71, 79, 80, 81, 82, 90, 120, 200, 260, 1100])
    name = "".join(chance.choice(letters) for _ in range(length))
    return name if odd else name + "b"


def quoted(content):
    """Every byte of it, for what has line ends that are none."""
    digits = "".join(f"={byte:02X}" for byte in content)
    return "".join(digits[at:at + 60] + "=\n" for at in range(0, len(digits), 60)).encode() + b"\n"


class Maker:
    """odd: how many of a hundred decisions are odd."""

    def __init__(self, chance, odd):
        self.chance = chance
        self.odd = odd
        self.boundaries = []

    def is_odd(self):
        return self.chance.random() * 100 < self.odd

    def pick(self, usual, *odd):
        return self.chance.choice(odd) if self.is_odd() else usual

    # --- fields

    def boundary(self):
        c = self.chance
        if self.is_odd() and self.boundaries:
            other = c.choice(self.boundaries)
            name = c.choice([other, other + c.choice("ab-="), other[:-1], other.upper(),
                             other + "--", "x" + other])
        else:
            name = boundary_name(c, self.is_odd())
        name = name or "b"
        self.boundaries.append(name)
        return name

    def boundary_parameter(self, name):
        c = self.chance
        quoted = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
        if not self.is_odd():
            return "; boundary=" + quoted
        half = len(name) // 2
        percent = "".join(f"%{ord(x):02X}" if c.random() < 0.3 else x for x in name)
        other = boundary_name(c, False)
        return c.choice([
            "; boundary=" + name, ";boundary=" + quoted, ";\n\tboundary=" + quoted,
            "; BOUNDARY=" + quoted, "; boundary = " + quoted, "; boundary=\n " + quoted,
            " boundary=" + quoted, ", boundary=" + quoted, "; protected; boundary=" + quoted,
            "; ; boundary=" + quoted, "; =x; boundary=" + quoted, "; x=; boundary=" + quoted,
            "; x=\"; boundary=" + quoted, f'; x="; boundary={other}"; boundary={quoted}',
            f'; x="\\"; boundary={other}; y="; boundary={quoted}',
            f"; boundary*0=\"{name[:half]}\"; boundary*1=\"{name[half:]}\"",
            f"; boundary*1=\"{name[half:]}\"; boundary*0=\"{name[:half]}\"",
            f"; boundary*0*=us-ascii''{percent}", f"; boundary*=us-ascii'en'{percent}",
            f"; boundary=\"{name[:half]}\\{name[half:]}\"", f"; boundary={name} ; x=y",
            f"; boundary={quoted} (comment)", f"; (a;b) boundary={quoted}",
            f"; boundary={name}(comment)", f"; boundary=\"{name} \"", f"; boundary=\" {name}\"",
            f"; boundary={quoted}; boundary={quoted}", f"; boundary={quoted}; boundary={other}",
            f"; boundary={other}; boundary={quoted}", f"; boundary={quoted}; boundary*={other}",
            f"; xboundary={other}; boundary={quoted}", f"; boundary='{name}'",
            f"; charset=utf-8 boundary={quoted}", f"; boundary=\"{name}", f"; boundary={quoted}x",
            f"; boundary=\r\n\t{quoted}\r\n\t", f"; boundary={quoted};\n \nX-Y: z",
        ])

    def named(self, name):
        c = self.chance
        if not self.is_odd():
            return c.choice(["", f'; name="{name}"'])
        encoded = base64.b64encode(name.encode()).decode()
        return c.choice([f"; name*=utf-8''{name}", f'; name="=?utf-8?B?{encoded}?="',
                         f"; name*0*=utf-8''{name[:2]}; name*1={name[2:]}", f"; name={name}",
                         f'; x-unix-mode=0600; name="{name}"', f"; name ={name}", "; name"])

    def field(self, name, value):
        if not self.is_odd():
            return f"{name}: {value}\n"
        return self.chance.choice([
            f"{name.upper()}: {value}\n", f"{name}:{value}\n", f"{name} : {value}\n",
            f"{name}:\n {value}\n", f"{name}:\t{value} \n", f"{name}: {value}\n{name}: {value}\n",
            f"X: y\r{name}: {value}\n", f"X: y\n{name}: {value}\r\r\n", f"{name}: {value}\0\n",
            f"stray line\n{name}: {value}\n", f" folded\n{name}: {value}\n",
            f"{name}: {value}\n \n", f"{name}: {value}\n\t\nX-Z: 1\n", f"X Y: z\n{name}: {value}\n",
            f"\xe9: z\n{name}: {value}\n", f": z\n{name}: {value}\n", f">From x\n{name}: {value}\n",
            f"{name}: {value}\n\nContent-X: y\n", f"{name}:: {value}\n",
            "X-Pad: " + "y" * self.chance.choice([70, 1000, 9000]) + f"\n{name}: {value}\n",
        ])

    def type_field(self, value):
        return self.field("Content-Type", value)

    # --- content

    def encoded(self, content, is_text):
        """The field of the encoding, if any, and the bytes."""
        c = self.chance
        kind = c.choice(["none", "base64", "quoted-printable"] if is_text
                        else ["base64", "base64", "base64", "quoted-printable", "binary"])
        if kind in ("none", "binary") and not self.is_odd():
            if is_text:
                return "", content
            kind = "base64"
        word = kind
        if kind == "base64":
            content = base64.encodebytes(content)
            if self.is_odd():
                content = c.choice([content.replace(b"\n", b""), b"\n\n" + content,
                                    content.replace(b"\n", b" \n"), b"#!\n" + content,
                                    content + b"====\n", content.replace(b"\n", b"\n\n")])
            word = self.pick("base64", "BASE64", "base64 ", "base64;", '"base64"', "base64, x",
                             "x-base64", "base 64", "base64 (c)", "(c) base64", "Base64 x",
                             "\tbase64", "base64\n ", "b64", "7bit", "x-uuencode")
        elif kind == "quoted-printable":
            content = quopri.encodestring(content) if is_text else quoted(content)
            if self.is_odd():
                content = content.replace(b"-----B", b"=2D----B").replace(b"PGP", b"=50GP")
            word = self.pick("quoted-printable", "Quoted-Printable", "quoted-printable;",
                             '"quoted-printable"', "quoted-printable, 8bit", "quoted_printable",
                             "x-quoted-printable", "8bit")
        else:
            word = self.pick("binary", "8bit", "x-none", "none", "utf-8", "")
        return self.field("Content-Transfer-Encoding", word), content

    def leaf(self, content, media_type, name):
        c = self.chance
        is_text = media_type.startswith("text/")
        field, body = self.encoded(content, is_text)
        if self.is_odd():
            media_type = c.choice(["text/plain", "application/octet-stream", "image/png", "zip",
                                   "application", "text", "", "application/zip/x", "text/html",
                                   "message/x", "multipart/x", "\"text/plain\"", "text /plain"])
        fields = [self.type_field(media_type + self.named(name)), field]
        if c.random() < 0.5:
            fields.append(self.field("Content-Disposition", "attachment; filename=" + name))
        if self.is_odd():
            c.shuffle(fields)
        return "".join(fields), body

    def separator(self):
        return self.pick("\n", "", "\n\n", " \n", "\r\r\n", "\n \n", "\nX: y\n\n")

    def joined(self, part):
        fields, body = part
        return fields.encode("latin-1") + self.separator().encode() + body

    def plain_part(self):
        return self.joined(self.leaf(text(self.chance), "text/plain", "a.txt"))

    # --- containers

    def delimiter(self, name):
        if not self.is_odd():
            return "--" + name + "\n"
        return self.chance.choice([f"--{name} \n", f"--{name}\t\n", f"--{name}x\n", f"--{name}-\n",
                                   f" --{name}\n", f"--{name[:-1]}\n", f"--{name.lower()}\n",
                                   f"-- {name}\n", f"--{name}\r\r\n", f"\r--{name}\n",
                                   f"--{name}--\n", f"--{name}--x\n", f"--{name}\r", f"--{name}",
                                   f"x\r--{name}\r", f"--{name}; x\n", f"--{name[:80]}\n"])

    def multipart(self, part):
        c = self.chance
        name = self.boundary()
        parts = [self.plain_part() for _ in range(c.randint(0, 2))]
        parts.insert(c.randint(0, len(parts)), self.joined(part))
        body = self.pick("", "preamble\n", "\n", "Content-Type: text/plain\n\n").encode()
        for one in parts:
            body += self.true_delimiter(name) + self.with_false_delimiter(one, name) + b"\n"
        body += self.pick(f"--{name}--\n", "", f"--{name}\n", f"--{name}-- \n", f"--{name}--",
                          f"--{name}--\n--{name}\n").encode("latin-1")
        subtype = self.pick("mixed", "alternative", "related", "x-y", "signed", "digest", "report")
        media_type = self.pick("multipart/" + subtype, "Multipart/" + subtype, "multipart",
                               "multipart / " + subtype, "(c) multipart/" + subtype, "multipart/",
                               '"multipart/mixed"')
        fields = self.type_field(media_type + self.boundary_parameter(name))
        if self.is_odd():
            fields += self.field("Content-Transfer-Encoding",
                                 c.choice(["7bit", "8bit", "base64", "quoted-printable", "x"]))
        return fields, body

    def true_delimiter(self, name):
        return self.delimiter(name).encode("latin-1")

    def with_false_delimiter(self, part, name):
        if not self.is_odd():
            return part
        lines = part.split(b"\n")
        at = self.chance.randint(0, len(lines))
        line = self.delimiter(name).rstrip("\n").encode("latin-1")
        return b"\n".join(lines[:at] + [line] + lines[at:])

    def forwarded(self, part):
        c = self.chance
        inner = self.whole_header() + self.joined(part)
        fields = self.type_field(self.pick("message/rfc822", "message/global", "Message/RFC822",
                                           "message/rfc822; x", "message/news"))
        if self.is_odd():
            kind = c.choice(["base64", "quoted-printable"])
            inner = base64.encodebytes(inner) if kind == "base64" else quopri.encodestring(inner)
            fields += self.field("Content-Transfer-Encoding", kind)
        return fields, inner

    def mail_file(self, part):
        c = self.chance
        inner = self.whole_header() + self.joined(part)
        name = "m.eml"
        if self.is_odd():
            form = c.choice(["bom", "blank", "emlx", "mbox", "mbox2", "long"])
            if form == "bom":
                inner = b"\xef\xbb\xbf" + inner
            elif form == "blank":
                inner = b"\n\n" + inner
            elif form == "emlx":
                inner, name = b"%d  \n" % len(inner) + inner + b"<?xml version=\"1.0\"?>", "1.emlx"
            elif form == "long":
                inner = b"Received: from a by b; x\n" * 200 + inner
            else:
                first = b"From: a@b\nSubject: x\n\nhello\n\n" if form == "mbox2" else b""
                line = b"From a@b Sat Nov 28 10:00:00 2026\n"
                inner, name = (line + first + line if first else line) + inner, "m.mbox"
        media_type = self.pick("application/octet-stream", "text/plain")
        encoded = base64.encodebytes(inner)
        # What such a file is called is what makes clients open it.
        return (f"Content-Type: {media_type}\n"
                f"Content-Disposition: attachment; filename{self.file_name(name)}\n"
                f"Content-Transfer-Encoding: base64\n"), encoded

    def file_name(self, name):
        encoded = base64.b64encode(name.encode()).decode()
        return self.pick(f'="{name}"', f"*=utf-8''{name}", f'="=?utf-8?B?{encoded}?="',
                         f"*0*=utf-8''{name[:1]}; filename*1={name[1:]}")

    def whole_header(self):
        head = "From: alice@example.org\nTo: bob@example.org\nSubject: x\nMIME-Version: 1.0\n"
        return self.pick(head, "", "Subject: x\n", head + "X-Long: " + "y" * 3000 + "\n").encode()

    def ends(self, message):
        """Line ends."""
        if not self.is_odd():
            return message.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        c = self.chance
        kind = c.choice(["lf", "cr", "crcrlf", "mixed", "one cr"])
        if kind == "lf":
            return message
        if kind == "cr":
            return message.replace(b"\n", b"\r")
        if kind == "crcrlf":
            return message.replace(b"\n", b"\r\r\n")
        lines = message.split(b"\n")
        odd = {c.randrange(len(lines)) for _ in range(len(lines) if kind == "mixed" else 1)}
        return b"".join(line + (b"\r" if at in odd else b"\r\n") for at, line in enumerate(lines))


def message(chance, odd, hidden):
    """A message with the part hidden in it, or with an ordinary part if that is None."""
    maker = Maker(chance, odd)
    if hidden is None:
        part = maker.leaf(text(chance), "text/plain", "a.txt")
    else:
        part = maker.leaf(hidden.content, hidden.type, hidden.name)
    for _ in range(chance.randint(0, 3)):
        part = chance.choice([maker.multipart, maker.multipart, maker.forwarded,
                              maker.mail_file])(part)
    head = maker.whole_header()
    head = maker.pick(head, b"\xef\xbb\xbf" + head, b"\n" + head, b"From x\n" + head)
    return maker.ends(head + maker.joined(part))
