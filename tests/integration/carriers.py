"""Documents that carry files, made from scratch: each function takes the content of a file and
gives a document with it inside."""

import base64
import io
import struct
import zipfile
import zlib

SECTOR = 512
END = 0xFFFFFFFE
FREE = 0xFFFFFFFF


def compound(tree):
    """A compound file (MS-CFB). tree: name to content, or to a tree of its own. Small streams are
    padded to 4096 bytes, so that there is one kind of stream only."""
    entries, data = [], []

    def add(name, kind):
        entries.append([name, kind, FREE, END, 0])
        return len(entries) - 1

    def fill(number, children):
        previous = None
        for name, content in children.items():
            child = add(name, 1 if isinstance(content, dict) else 2)
            if previous is None:
                entries[number][2] = child
            else:
                siblings[previous] = child
            previous = child
            if isinstance(content, dict):
                fill(child, content)
            else:
                content = content.ljust(4096, b"\0")
                entries[child][3:] = [sum(map(len, data)) // SECTOR, len(content)]
                data.append(content + b"\0" * (-len(content) % SECTOR))

    siblings = {}
    add("Root Entry", 5)
    fill(0, tree)
    directory = b""
    for number, (name, kind, child, start, size) in enumerate(entries):
        encoded = (name + "\0").encode("utf-16-le")
        directory += (encoded.ljust(64, b"\0") + struct.pack("<HBBIII", len(encoded), kind, 1, FREE,
                                                             siblings.get(number, FREE), child)
                      + b"\0" * 36 + struct.pack("<IQ", start, size))
    directory += b"\0" * (-len(directory) % SECTOR)
    fat = []
    for content in [*data, directory]:
        count = len(content) // SECTOR
        fat += [*range(len(fat) + 1, len(fat) + count), END]
    start = len(fat) - len(directory) // SECTOR
    tables = 1
    while (len(fat) + tables) * 4 > tables * SECTOR:
        tables += 1
    where = list(range(len(fat), len(fat) + tables))
    fat += [0xFFFFFFFD] * tables
    table = struct.pack(f"<{len(fat)}I", *fat).ljust(tables * SECTOR, b"\xff")
    assert tables <= 109
    header = (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16
              + struct.pack("<HHHHH6xIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, tables, start, 0, 4096,
                            END, 0, END, 0)
              + struct.pack("<109I", *where, *[FREE] * (109 - tables)))
    return header + b"".join(data) + directory + table


def ole_package(content, name=b"a.bin"):
    """What the stream \\1Ole10Native has behind its size."""
    return (struct.pack("<H", 2) + name + b"\0C:\\x\\" + name + b"\0" + struct.pack("<HHI", 0, 3, 5)
            + b"C:\\x\0" + struct.pack("<I", len(content)) + content + b"\0\0")


def ole_native(content):
    package = ole_package(content)
    return struct.pack("<I", len(package)) + package


def word_document(encrypted=False):
    return struct.pack("<HHHHHH", 0xA5EC, 193, 0, 0, 0, 0x100 if encrypted else 0) + b"\0" * 500


def doc_with_package(content):
    return compound({"WordDocument": word_document(), "1Table": b"x", "ObjectPool": {
        "_1": {"\1Ole10Native": ole_native(content), "\1CompObj": b"x"}}})


def docx_with_object(content):
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", "<document/>")
        archive.writestr("word/embeddings/oleObject1.bin",
                         compound({"\1Ole10Native": ole_native(content)}))
    return output.getvalue()


def xls_with_object(content):
    return compound({"Workbook": struct.pack("<HHHH", 0x809, 4, 0x600, 5) + b"\x0a\0\0\0",
                     "MBD0001": {"\1OLE10NATIVE": ole_native(content)}})


def ppt_record(kind, content, instance=0):
    return struct.pack("<HHI", instance << 4, kind, len(content)) + content


def ppt_with_object(content, compressed=True):
    inner = compound({"\1Ole10Native": ole_native(content)})
    if compressed:
        packed = struct.pack("<I", len(inner)) + zlib.compress(inner)
    record = ppt_record(0x1011, packed if compressed else inner, int(compressed))
    return compound({"Current User": ppt_record(0xFF6, struct.pack("<II", 20, 0xE391C05F)),
                     "PowerPoint Document": ppt_record(1000, b"x" * 32) + record
                     + ppt_record(0x0FF5, b"\0" * 28)})


def compressed_rtf(text):
    """As Outlook keeps it, without references into what was before."""
    output = b""
    for at in range(0, len(text), 8):
        output += b"\0" + text[at:at + 8]
    return struct.pack("<II", len(output) + 12, len(text)) + b"LZFu\0\0\0\0" + output


def msg(content, name="a.bin", body="", rtf_body=b"{\\rtf1}"):
    return compound({
        "__properties_version1.0": b"\0" * 32,
        "__substg1.0_10090102": compressed_rtf(rtf_body),
        "__substg1.0_001A001F": "IPM.Note".encode("utf-16-le"),
        "__substg1.0_1000001F": body.encode("utf-16-le"),
        "__attach_version1.0_#00000000": {
            "__properties_version1.0": b"\0" * 8,
            "__substg1.0_3707001F": name.encode("utf-16-le"),
            "__substg1.0_37010102": content}})


def msg_in_msg(content):
    return compound({
        "__properties_version1.0": b"\0" * 32,
        "__attach_version1.0_#00000000": {
            "__properties_version1.0": b"\0" * 8,
            "__substg1.0_3701000D": {
                "__properties_version1.0": b"\0" * 24,
                "__attach_version1.0_#00000000": {
                    "__properties_version1.0": b"\0" * 8,
                    "__substg1.0_37010102": content}}}})


def tnef_attribute(level, attribute, content):
    return (struct.pack("<BII", level, attribute, len(content)) + content
            + struct.pack("<H", sum(content) & 0xFFFF))


def tnef_start():
    return (struct.pack("<IH", 0x223E9F78, 1)
            + tnef_attribute(1, 0x00089006, struct.pack("<I", 0x10000))
            + tnef_attribute(1, 0x00078008, b"IPM.Microsoft Mail.Note\0"))


def tnef(content, name=b"a.bin"):
    return (tnef_start() + tnef_attribute(2, 0x00069002, b"\1\0" + b"\xff" * 4 + b"\0" * 8)
            + tnef_attribute(2, 0x00018010, name + b"\0") + tnef_attribute(2, 0x0006800F, content))


def padded(content):
    return content + b"\0" * (-len(content) % 4)


def tnef_properties(content, interface=b"\x07\x03\x02" + b"\0" * 13):
    """Properties of all shapes, and at last an object with content."""
    named = b"\x11" * 16
    return struct.pack("<I", 5) + b"".join((
        struct.pack("<HHI", 3, 0x0E21, 7),
        struct.pack("<HHII", 0x001F, 0x3707, 1, 4) + "a\0".encode("utf-16-le"),
        struct.pack("<HH", 3, 0x8001) + named + struct.pack("<II", 0, 5) + struct.pack("<I", 1),
        struct.pack("<HH", 0x1003, 0x8002) + named + struct.pack("<II", 1, 6)
        + padded("ab\0".encode("utf-16-le")) + struct.pack("<III", 2, 1, 2),
        struct.pack("<HHII", 0x000D, 0x3701, 1, 16 + len(content)) + interface + padded(content)))


def tnef_in_tnef(content):
    return (tnef_start() + tnef_attribute(2, 0x00069002, b"\1\0" + b"\xff" * 4 + b"\0" * 8)
            + tnef_attribute(2, 0x00069005, tnef_properties(tnef(content))))


def ole_object(content, name=b"Package\0"):
    return (struct.pack("<IIII", 0x501, 2, len(name), 0)[:12] + name + struct.pack("<II", 0, 0)
            + struct.pack("<I", len(content)) + content)


def rtf(data):
    digits = data.hex()
    lines = "\n".join(digits[i:i + 64] for i in range(0, len(digits), 64))
    return ("{\\rtf1\\ansi text \\'e4 {\\object\\objemb{\\*\\objclass Package}{\\*\\objdata "
            + lines + "}{\\result x}}\\par}").encode()


def rtf_package(content):
    return rtf(ole_object(ole_package(content)))


def rtf_storage(content):
    return rtf(ole_object(compound({"\1Ole10Native": ole_native(content)}), b"Word.Document.8\0"))


def rtf_binary(content):
    data = ole_object(ole_package(content))
    half = len(data) // 2
    return (b"{\\rtf1{\\object{\\*\\objdata " + data[:half].hex().upper().encode()
            + b"{\\*\\x 1234}\\bin%d " % (len(data) - half) + data[half:] + b"}}}")


def pdf_objects(objects, trailer=b""):
    """A PDF with a classic table; objects are numbered from 1, the first is the catalog."""
    output, offsets = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(output))
        output += b"%d 0 obj\n" % number + content + b"\nendobj\n"
    table = len(output)
    output += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    output += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return (output + b"trailer\n<< /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n"
            % (len(objects) + 1, trailer, table))


def stream(content, more=b""):
    packed = zlib.compress(content)
    return (b"<< /Filter /FlateDecode /Length %d %s >>\nstream\n" % (len(packed), more)
            + packed + b"\nendstream")


PAGES = [b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"]


def pdf_attachment(content):
    """In the table of the document's files."""
    return pdf_objects([
        b"<< /Type /Catalog /Pages 2 0 R /Names << /EmbeddedFiles << /Names [(a) 4 0 R] >> >> >>",
        *PAGES, b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>",
        b"<< /Type /Filespec /F (a.bin) /UF (a.bin) /EF << /F 5 0 R >> >>",
        stream(content, b"/Type /EmbeddedFile")])


def pdf_annotation(content):
    """At a place of the page, without a type, and with the names written otherwise."""
    return pdf_objects([
        b"<< /Type /Catalog /Pages 2 0 R >>", *PAGES,
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Annots [<< /Type /Annot "
        b"/Subtype /FileAttachment /Rect [0 0 1 1] /FS << /#45F << /UF 4 0 R >> >> >>] >>",
        stream(content)])


def pdf_in_object_stream(content):
    """As pdf_attachment(), with the dictionaries in an object stream."""
    inside = [b"<< /Type /Catalog /Pages 2 0 R /Names << /EmbeddedFiles << /Names [(a) 4 0 R] >> "
              b">> >>", *PAGES, b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>",
              b"<< /Type /Filespec /F (a.bin) /EF << /F 5 0 R >> >>"]
    numbers, bodies = b"", b""
    for number, text in enumerate(inside, 1):
        numbers += b"%d %d " % (number, len(bodies))
        bodies += text + b" "
    output = b"%PDF-1.7\n"
    offsets = {}
    for number, text in ((5, stream(content)), (6, stream(numbers + bodies, b"/Type /ObjStm /N 4 "
                                                          b"/First %d" % len(numbers)))):
        offsets[number] = len(output)
        output += b"%d 0 obj\n" % number + text + b"\nendobj\n"
    table = len(output)
    rows = struct.pack(">BIH", 0, 0, 65535)
    for number in range(1, 5):
        rows += struct.pack(">BIH", 2, 6, number - 1)
    for number in (5, 6):
        rows += struct.pack(">BIH", 1, offsets[number], 0)
    rows += struct.pack(">BIH", 1, table, 0)
    return (output + b"7 0 obj\n" + stream(rows, b"/Type /XRef /W [1 4 2] /Size 8 /Root 1 0 R")
            + b"\nendobj\nstartxref\n%d\n%%%%EOF\n" % table)


def folded(line):
    return b"\r\n ".join(line[i:i + 73] for i in range(0, len(line), 73))


def calendar(content):
    attach = b"ATTACH;FMTTYPE=application/zip;ENCODING=BASE64;VALUE=BINARY;X-FILENAME=\"a:b\":"
    return (b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDESCRIPTION:data: none\r\n"
            + folded(attach + base64.b64encode(content)) + b"\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")


def card(content):
    return (b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:A\r\n"
            + folded(b"PHOTO;ENCODING=b;TYPE=JPEG:" + base64.b64encode(content))
            + b"\r\nEND:VCARD\r\n")


def card_url(content):
    return (b"BEGIN:VCARD\r\nVERSION:4.0\r\nFN:A\r\n"
            + folded(b"KEY:data:application/octet-stream\\;base64\\," + base64.b64encode(content))
            + b"\r\nEND:VCARD\r\n")


def html(content):
    return (b"<html><body>see data: below<img src=\"data:image/png;base64,\r\n"
            + base64.encodebytes(content) + b"\"></body></html>")


def html_link(content):
    return (b"<p><a download='a' href='DaTa:application/octet-stream," +
            b"".join(b"%%%02x" % c for c in content) + b"'>x</a>")


def html_unquoted(content):
    return (b"<style>a { background: url(data:;base64," +
            base64.b64encode(content).replace(b"+", b"%2B").replace(b"=", b"%3D") + b") }</style>")


def flat_odt(content):
    return (b"<?xml version='1.0'?><office:document><draw:object-ole><office:binary-data>"
            + base64.encodebytes(content) + b"</office:binary-data></draw:object-ole>"
            b"</office:document>")


def word_xml(content):
    return (b"<?xml version='1.0'?><w:wordDocument><w:binData w:name='a'>"
            + base64.encodebytes(content) + b"</w:binData></w:wordDocument>")


CARRIERS = {
    "doc, OLE package": doc_with_package,
    "docx, OLE object": docx_with_object,
    "xls, OLE object": xls_with_object,
    "ppt, compressed object": ppt_with_object,
    "ppt, object": lambda content: ppt_with_object(content, compressed=False),
    "msg": msg,
    "msg in msg": msg_in_msg,
    "TNEF": tnef,
    "TNEF in TNEF": tnef_in_tnef,
    "RTF, package": rtf_package,
    "RTF, storage": rtf_storage,
    "RTF, binary": rtf_binary,
    "PDF, attachment": pdf_attachment,
    "PDF, annotation": pdf_annotation,
    "PDF, object stream": pdf_in_object_stream,
    "calendar": calendar,
    "card": card,
    "card, URL": card_url,
    "HTML": html,
    "HTML, percent": html_link,
    "CSS": html_unquoted,
    "flat OpenDocument": flat_odt,
    "Word 2003 XML": word_xml,
}
