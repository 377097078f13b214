"""What is inside documents: every carrier with a harmless file, an encrypted archive and an
encrypted message in it; documents that say themselves that they are encrypted; and their plain
twins."""

import os
import random
import io
import struct
import zipfile
import zlib

import carriers
import formats
from test_inspect import PICTURE, InspectCase, attached, part

ENCRYPTION = {"encrypted", "pgp-encrypted", "encrypted-archive", "encrypted-document"}


def package(files):
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return output.getvalue()


def epub(*algorithms, **more):
    """An EPUB with a file encrypted by each algorithm; None: by one that is not named."""
    data = "".join("<enc:EncryptedData>"
                   + (f"<enc:EncryptionMethod Algorithm='{a}'/>" if a else "")
                   + "<enc:CipherData/></enc:EncryptedData>" for a in algorithms)
    return package({"mimetype": "application/epub+zip", "META-INF/container.xml": "<container/>",
                    "META-INF/encryption.xml": "<encryption xmlns='urn:oasis:names:tc:opendocument:"
                    "xmlns:container' xmlns:enc='http://www.w3.org/2001/04/xmlenc#'>"
                    + data + "</encryption>"} | more)


IDPF = "http://www.idpf.org/2008/embedding"
ADOBE = "http://ns.adobe.com/pdf/enc#RC"
AES = "http://www.w3.org/2001/04/xmlenc#aes256-cbc"


def hwp(properties):
    return carriers.compound({"FileHeader": b"HWP Document File".ljust(32, b"\0")
                              + struct.pack("<II", 0x05000300, properties), "DocInfo": b"x"})


def hwp3(encrypted):
    return (b"HWP Document File V3.00 \x1a\1\2\3\4\5".ljust(30, b"\0") + b"\0" * 96
            + struct.pack("<H", encrypted) + b"\0" * 400)


def hwpx(encrypted):
    inside = "<odf:encryption-data checksum=''/>" if encrypted else ""
    return package({"mimetype": "application/hwp+zip", "Contents/section0.xml": "<x/>",
                    "META-INF/manifest.xml": "<odf:manifest xmlns:odf='urn:oasis:names:tc:"
                    "opendocument:xmlns:manifest:1.0'><odf:file-entry full-path='a'>" + inside
                    + "</odf:file-entry></odf:manifest>"})


def workbook(name, encrypted):
    records = struct.pack("<HHHH", 0x809, 4, 0x600, 5)
    if encrypted:
        records += struct.pack("<HH", 0x2F, 54) + b"\1\0" * 27
    return carriers.compound({name: records + struct.pack("<HH", 10, 0)})


def presentation(name, token):
    return carriers.compound({name: carriers.ppt_record(0xFF6, struct.pack("<II", 20, token)),
                              "PowerPoint Document": b""})


def encrypted_package(name="EncryptedPackage", **more):
    return carriers.compound({"EncryptionInfo": b"x", name: os.urandom(9000)} | more)


def irm_package():
    return encrypted_package(**{"\6DataSpaces": {"TransformInfo": {
        "DRMEncryptedTransform": {"\6Primary": b"x"}}}})


def encrypted_pdf_payload():
    """The real document is for another program (ISO 32000-2 section 7.6.7)."""
    return carriers.pdf_objects([
        b"<< /Type /Catalog /Pages 2 0 R /AF [4 0 R] >>", *carriers.PAGES,
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>",
        b"<< /Type /Filespec /UF (a) /AFRelationship /EncryptedPayload /EF << /UF 5 0 R >> "
        b"/EP << /Type /EncryptedPayload /Subtype /Other >> >>",
        carriers.stream(b"plain text")])


def protected():
    """Name: (content, reason)."""
    password, rights = "encrypted-document", "rights-managed"
    return {
        "EncryptedPackage": (encrypted_package(), password),
        "EncryptedPackage in capitals": (encrypted_package("ENCRYPTEDPACKAGE"), password),
        "EncryptedPackage in an object": (carriers.compound(
            {"WordDocument": carriers.word_document(),
             "ObjectPool": {"_1": {"EncryptedPackage": b"x"}}}), password),
        "docx under rights management": (irm_package(), rights),
        "doc under rights management": (carriers.compound(
            {"WordDocument": carriers.word_document(), "\tDRMContent": b"x"}), rights),
        "the same in capitals": (carriers.compound({"\tDRMCONTENT": b"x"}), rights),
        "Word": (carriers.compound({"WordDocument": carriers.word_document(True)}), password),
        "Word, in small letters": (carriers.compound(
            {"worddocument": carriers.word_document(True)}), password),
        "Excel": (workbook("Workbook", True), password),
        "Excel, in small letters": (workbook("workbook", True), password),
        "Excel 95": (workbook("bOOK", True), password),
        "PowerPoint": (presentation("Current User", 0xF3D1C4DF), password),
        "PowerPoint, in capitals": (presentation("CURRENT USER", 0xF3D1C4DF), password),
        "HWP 5, password": (hwp(2), password),
        "HWP 5, certificate": (hwp(1 << 8), password),
        "HWP 5, rights": (hwp(1 << 4), rights),
        "HWP 3": (hwp3(1), password),
        "HWPX": (hwpx(True), password),
        "EPUB": (epub(IDPF, AES), password),
        "EPUB, a method that is not named": (epub(None), password),
        "EPUB, Adobe's rights": (epub(AES, **{"META-INF/rights.xml": "<rights/>"}), rights),
        "Pages": (package({"Index/Document.iwa": os.urandom(500), ".iwpv2": b"x" * 80}), password),
        "Numbers, in a folder": (package({"a.numbers/.iwph": b"hint"}), password),
        "OpenDocument, in capitals": (package({"META-INF\\MANIFEST.XML":
                                               "<m><encryption-data/></m>"}), password),
        "rpmsg": (b"\x76\xe8\x04\x60\xc4\x11\xe3\x86" + os.urandom(500), rights),
        "pfile": (b".pfile\2\1\0\0" + os.urandom(500), rights),
        "WordPerfect": (b"\xffWPC\x10\0\0\0\1\x0a\2\1\x12\x34" + bytes(300), password),
        "PDF with an encrypted payload": (encrypted_pdf_payload(), password),
    }


def unprotected():
    return {
        "Word": carriers.compound({"WordDocument": carriers.word_document()}),
        "Excel": workbook("Workbook", False),
        "PowerPoint": presentation("Current User", 0xE391C05F),
        "HWP 5": hwp(1),
        "HWP 3": hwp3(0),
        "HWPX": hwpx(False),
        "EPUB": epub(),
        "EPUB, obfuscated fonts": epub(IDPF, ADOBE),
        "Pages": package({"Index/Document.iwa": b"x" * 500, "preview.jpg": b"x"}),
        "WordPerfect": b"\xffWPC\x10\0\0\0\1\x0a\2\1\0\0" + bytes(300),
        "msg with text": carriers.msg(formats.TEXT, "a.txt", "some text"),
        "RTF that is cut off": carriers.rtf_package(formats.TEXT)[:-100],
    }


class Documents(InspectCase):
    def contents(self):
        return {
            "text": (formats.TEXT * 2, None),
            "zip": (formats.zipped("a.txt", formats.TEXT), None),
            "encrypted zip": (formats.packed(self.directory, "z.zip", "-psecret"),
                              "encrypted-archive"),
            "OpenPGP message": (formats.gpg(self.directory, "--symmetric", "--output", "-"),
                                "pgp-encrypted"),
            "encrypted PDF": (formats.pdf(self.directory, "p.pdf", "--encrypt", "u", "o", "256",
                                          "--"), "encrypted-document"),
        }

    def test_what_is_inside_is_looked_into(self):
        names, messages = [], []
        for carrier, make in carriers.CARRIERS.items():
            for content, (data, found) in self.contents().items():
                names.append((carrier, content, found))
                messages.append(attached(make(data)))
        for (carrier, content, found), report in zip(names, self.inspect_all(messages)):
            with self.subTest(carrier=carrier, content=content):
                reasons = [u["reason"] for u in report["uninspectable"]]
                self.assertEqual([found] if found else [], reasons, report)
                self.assertEqual({found} - {None}, ENCRYPTION & set(report["class"]), report)

    def test_by_label(self):
        """Parts that say what they are, as calendars and HTML do in mail."""
        locked, found = self.contents()["encrypted zip"]
        for media_type, make in (("text/calendar", carriers.calendar), ("text/vcard", carriers.card),
                                 ("text/html", carriers.html), ("text/html", carriers.html_link),
                                 ("application/rtf", carriers.rtf_package),
                                 ("application/ms-tnef", carriers.tnef)):
            with self.subTest(media_type=media_type, make=make.__name__):
                report = self.inspect(b"Subject: x\r\nMIME-Version: 1.0\r\n"
                                      + part(make(locked), "a.dat", media_type))
                self.assertIn(found, report["class"], report)

    def test_pictures_that_office_for_macintosh_filled_up(self):
        picture = b"\x89PNG\r\n\x1a\n" + b"".join(
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
            for kind, data in ((b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)),
                               (b"IDAT", zlib.compress(b"\0\0")), (b"IEND", b"")))
        # Of bytes by chance libmagic knows one in twenty for something.
        chance = random.Random(20261129)
        slack = chance.randbytes(-len(picture) % 1024)
        locked, found = self.contents()["encrypted zip"]
        for name, content, expected in (
                ("filled up", picture + slack, []),
                ("not to a block", picture + slack + b"x" * 40, ["unrecognised"]),
                ("with too much", picture + slack + chance.randbytes(16384), ["unrecognised"]),
                ("with an archive", picture + locked + chance.randbytes(
                    -len(picture + locked) % 1024), [found, "contradictory-archive"])):
            with self.subTest(name):
                report = self.inspect(attached(package({"word/media/image1.png": content})))
                self.assertEqual(expected, [u["reason"] for u in report["uninspectable"]], report)
        report = self.inspect(attached(picture + slack))
        self.assertEqual(["unrecognised"], [u["reason"] for u in report["uninspectable"]], report)

    def test_a_locked_pdf_behind_anything(self):
        """Readers of PDF go by its objects: whatever stands in front, and its kind."""
        locked = formats.pdf(self.directory, "locked.pdf", "--encrypt", "user", "owner", "256", "--")
        prose = b"Some words of a text, which goes on.\r\n" * 70
        mail = b"From: a@example.org\r\nSubject: x\r\nMIME-Version: 1.0\r\n\r\n"
        fronts = {"nothing": b"", "text": prose, "text with a control byte": b"\a" + prose,
                  "text with a NUL": prose[:500] + b"\0" + prose, "mail": mail + prose,
                  "RTF that does not end": b"{\\rtf1 " + prose, "PostScript": b"%!PS-Adobe-3.0\n" + prose,
                  "HTML": b"<html><body>" + prose, "a picture": PICTURE + prose,
                  "a program": b"MZ" + bytes(62) + b"\1\2" * 1000, "text in UTF-16":
                  prose.decode().encode("utf-16"), "a card": b"BEGIN:VCARD\r\n" + prose}
        for name, front in fronts.items():
            with self.subTest(name):
                report = self.inspect(attached(front + locked, "a.pdf", "application/pdf"))
                self.assertTrue(report["uninspectable"], report)

    def test_protected(self):
        documents = protected()
        reports = self.inspect_all([attached(content) for content, _ in documents.values()])
        for (name, (_, reason)), report in zip(documents.items(), reports):
            with self.subTest(name):
                self.assertEqual([reason], [u["reason"] for u in report["uninspectable"]], report)
                self.assertEqual({"encrypted-document"}, ENCRYPTION & set(report["class"]), report)

    def test_unprotected(self):
        documents = unprotected()
        reports = self.inspect_all([attached(content) for content in documents.values()])
        for name, report in zip(documents, reports):
            with self.subTest(name):
                self.assertEqual(set(), ENCRYPTION & set(report["class"]), report)
                self.assertNotIn("damaged-document",
                                 [u["reason"] for u in report["uninspectable"]], report)

    def test_known_and_not_opened(self):
        for name, content in {
                "Access": b"\0\1\0\0Standard ACE DB\0" + os.urandom(4000),
                "PST": b"!BDN" + os.urandom(4000),
                "OneNote": bytes.fromhex("e4525c7b8cd8a74daeb15378d02996d3") + os.urandom(1000),
        }.items():
            with self.subTest(name):
                report = self.inspect(attached(content))
                self.assertEqual(["unsupported-document"],
                                 [u["reason"] for u in report["uninspectable"]], report)

    def test_pdf_behind_a_mail_header(self):
        header = b"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        locked, _ = self.contents()["encrypted PDF"]
        self.assertIn("encrypted-document", self.inspect(attached(header + locked))["class"])
        header = b"Content-Type: text/plain\r\n\r\n"
        report = self.inspect(attached(header + b"A PDF begins with %PDF-1.7\r\n", "a.eml"))
        self.assertEqual([], report["uninspectable"], report)

    def test_pdf_that_is_something_else_as_well(self):
        locked, _ = self.contents()["encrypted PDF"]
        zipped = formats.zipped("a.txt", b"text before it " + locked, zipfile.ZIP_STORED)
        self.assertIn("encrypted-document", self.inspect(attached(zipped, "a.pdf"))["class"])
        report = self.inspect(attached(formats.zipped("a.pdf", formats.data(
            "pypdf/unencrypted.pdf"), zipfile.ZIP_STORED), "a.pdf"))
        self.assertEqual([], report["uninspectable"], report)
        for name, media_type in (("a.pdf", "text/plain"), ("a", "application/pdf")):
            report = self.inspect(attached(b"text before it " * 20 + locked, name, media_type))
            self.assertIn("encrypted-document", report["class"], (name, report))

    def test_attachments_of_pdf_as_qpdf_writes_them(self):
        locked, found = self.contents()["encrypted zip"]
        (self.directory / "x.zip").write_bytes(locked)
        source = formats.FILES / "pypdf" / "unencrypted.pdf"
        formats.run(self.directory, "qpdf", source, "--add-attachment", "x.zip", "--", "with.pdf")
        for number, options in enumerate((
                ("--object-streams=generate",), ("--linearize",), ("--qdf",),
                ("--encrypt", "", "owner", "256", "--"),
                ("--object-streams=generate", "--allow-weak-crypto", "--encrypt", "", "o", "128",
                 "--use-aes=n", "--"))):
            with self.subTest(options):
                formats.run(self.directory, "qpdf", *options, "with.pdf", f"out{number}.pdf")
                report = self.inspect(attached((self.directory / f"out{number}.pdf").read_bytes()))
                self.assertEqual([found], [u["reason"] for u in report["uninspectable"]], report)
                self.assertIn("/x.zip", report["uninspectable"][0]["name"])

    def test_an_smime_message_inside_keeps_its_class(self):
        enveloped = formats.cms(self.samples, "-encrypt", "-aes-256-cbc", "user.pem")
        for make in (carriers.msg, carriers.tnef, carriers.tnef_in_tnef, carriers.msg_in_msg):
            with self.subTest(make.__name__):
                report = self.inspect(attached(make(enveloped)))
                self.assertIn("encrypted", report["class"], report)

    def test_text_of_a_message_in_a_file(self):
        armored = formats.gpg(self.directory, "--symmetric", "--armor", "--output", "-").decode()
        report = self.inspect(attached(carriers.msg(b"x", "a.txt", armored)))
        self.assertIn("pgp-encrypted", report["class"], report)
        rtf = b"{\\rtf1 " + b"\\par\r\n".join(armored.encode().split(b"\n")) + b"}"
        report = self.inspect(attached(carriers.msg(b"x", "a.txt", rtf_body=rtf)))
        self.assertIn("pgp-encrypted", report["class"], report)
        properties = struct.pack("<IHHII", 1, 0x0102, 0x1009, 1, len(carriers.compressed_rtf(rtf)))
        report = self.inspect(attached(carriers.tnef_start() + carriers.tnef_attribute(
            1, 0x00069003, properties + carriers.padded(carriers.compressed_rtf(rtf)))))
        self.assertIn("pgp-encrypted", report["class"], report)

    def test_bombs_meet_a_bound(self):
        bomb = zlib.compress(b"\0" * 300_000_000, 9)
        inner = carriers.ppt_record(0x1011, struct.pack("<I", 300_000_000) + bomb, 1)
        packed = b"<< /Filter /FlateDecode /Length %d /Type /ObjStm /N 1 /First 4 >>\nstream\n" \
            % len(bomb) + bomb + b"\nendstream"
        pdf = carriers.pdf_in_object_stream(b"x")
        start = pdf.index(b"6 0 obj")
        pdf = pdf[:start] + b"6 0 obj\n" + packed + b"\nendobj\n" + pdf[pdf.index(b"7 0 obj"):]
        for name, content in {"ppt": carriers.compound({"PowerPoint Document": inner * 8}),
                              "pdf": pdf}.items():
            with self.subTest(name):
                report = self.inspect(attached(content))
                self.assertNotEqual([], report["uninspectable"], report)

    def test_damaged_carriers_never_fail_the_scanner(self):
        locked, _ = self.contents()["encrypted zip"]
        messages = []
        for make in carriers.CARRIERS.values():
            content = make(locked)
            messages += [attached(content[:len(content) * part_ // 7]) for part_ in range(1, 7)]
        self.assertEqual(len(messages), len(self.inspect_all(messages)))


class LargeDocuments(InspectCase):
    """Larger than what is kept: the class comes from the beginning and the end."""

    config = "max_document_size = 256k\n"

    def report(self, content):
        return self.inspect(attached(content))

    def test_compound_files(self):
        filler = os.urandom(3_000_000)
        for name, tree, reason in (
                ("package", {"EncryptedPackage": filler, "EncryptionInfo": b"x"},
                 "encrypted-document"),
                ("in capitals", {"x": filler, "ENCRYPTEDPACKAGE": b"x"}, "encrypted-document"),
                ("rights", {"x": filler, "\tDRMContent": b"x"}, "rights-managed"),
                ("Word", {"WordDocument": carriers.word_document(True), "1Table": filler},
                 "encrypted-document")):
            with self.subTest(name):
                report = self.report(carriers.compound(tree))
                self.assertIn("encrypted-document", report["class"], report)
                self.assertEqual([reason], [u["reason"] for u in report["uninspectable"]])
        report = self.report(carriers.compound(
            {"WordDocument": carriers.word_document(), "1Table": filler}))
        self.assertEqual(["limit-exceeded"], [u["reason"] for u in report["uninspectable"]])
        self.assertNotIn("encrypted-document", report["class"])

    def test_pdf(self):
        content = carriers.pdf_attachment(os.urandom(3_000_000))
        (self.directory / "large.pdf").write_bytes(content)
        formats.run(self.directory, "qpdf", "--encrypt", "u", "o", "256", "--", "large.pdf",
                    "locked.pdf")
        report = self.report((self.directory / "locked.pdf").read_bytes())
        self.assertIn("encrypted-document", report["class"], report)

    def test_pdf_without_files_is_not_named(self):
        content = carriers.pdf_objects([
            b"<< /Type /Catalog /Pages 2 0 R >>", *carriers.PAGES,
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R >>",
            carriers.stream(os.urandom(1_000_000))])
        self.assertEqual([], self.report(content)["uninspectable"])
        (self.directory / "large.pdf").write_bytes(content)
        formats.run(self.directory, "qpdf", "--object-streams=generate", "large.pdf", "out.pdf")
        self.assertEqual([], self.report((self.directory / "out.pdf").read_bytes())["uninspectable"])
        content = carriers.pdf_attachment(os.urandom(1_000_000))
        self.assertEqual(["limit-exceeded"],
                         [u["reason"] for u in self.report(content)["uninspectable"]])

    def test_streamed(self):
        """What is read as it flows by has no such bound."""
        large = os.urandom(2_000_000)
        locked = formats.packed(self.directory, "z.zip", "-psecret", content=large)
        for make in (carriers.tnef, carriers.rtf_package, carriers.calendar, carriers.html):
            with self.subTest(make.__name__):
                report = self.report(make(locked))
                self.assertIn("encrypted-archive", report["class"], report)
