"""Files in which hospitals, banks, surveyors and statisticians keep their records: small, and valid
as far as programs look at their structure. (kind, name) to bytes, as in leaves.py."""

import struct

from leaves import be, le


def dicom_element(group, element, kind, value):
    value += (b"\0" if kind in (b"UI", b"OB") else b" ") * (len(value) % 2)
    if kind in (b"OB", b"OW", b"SQ", b"UN"):
        return le(group, 2) + le(element, 2) + kind + b"\0\0" + le(len(value), 4) + value
    return le(group, 2) + le(element, 2) + kind + le(len(value), 2) + value


def dicom(packed):
    syntax = b"1.2.840.10008.1.2.4.50" if packed else b"1.2.840.10008.1.2.1"
    meta = (dicom_element(2, 1, b"OB", b"\0\1")
            + dicom_element(2, 2, b"UI", b"1.2.840.10008.5.1.4.1.1.2")
            + dicom_element(2, 0x10, b"UI", syntax))
    item = dicom_element(8, 0x1150, b"UI", b"1.2.840.10008.5.1.4.1.1.2")
    sequence = (le(8, 2) + le(0x1140, 2) + b"SQ\0\0\xff\xff\xff\xff"
                + b"\xfe\xff\0\xe0\xff\xff\xff\xff" + item + b"\xfe\xff\x0d\xe0\0\0\0\0"
                + b"\xfe\xff\0\xe0" + le(len(item), 4) + item + b"\xfe\xff\xdd\xe0\0\0\0\0")
    pixels = bytes(range(256)) * 16
    if packed:
        image = (le(0x7fe0, 2) + le(0x10, 2) + b"OB\0\0\xff\xff\xff\xff" + b"\xfe\xff\0\xe0\0\0\0\0"
                 + b"\xfe\xff\0\xe0" + le(len(pixels), 4) + pixels + b"\xfe\xff\xdd\xe0\0\0\0\0")
    else:
        image = dicom_element(0x7fe0, 0x10, b"OW", pixels)
    return (bytes(128) + b"DICM" + dicom_element(2, 0, b"UL", le(len(meta), 4)) + meta
            + dicom_element(8, 0x60, b"CS", b"CT") + sequence
            + dicom_element(0x10, 0x10, b"PN", b"DOE^JANE") + image)


def bare_dicom():
    def element(group, number, value):
        return le(group, 2) + le(number, 2) + le(len(value), 4) + value
    return (element(8, 5, b"ISO_IR 100") + element(8, 0x16, b"1.2.840.10008.5.1.4.1.1.2\0")
            + element(8, 0x60, b"CT") + element(0x10, 0x10, b"DOE^JANE")
            + element(0x7fe0, 0x10, bytes(4096)))


def dbase():
    def field(name, kind, size):
        return name.ljust(11, b"\0") + kind + bytes(4) + le(size, 2) + bytes(14)
    record = b" Smith        42"
    return (b"\3\x7a\1\2" + le(20, 4) + le(97, 2) + le(len(record), 2) + bytes(20)
            + field(b"NAME", b"C", 10) + field(b"AGE", b"N", 5) + b"\r" + record * 20 + b"\x1a")


def surface():
    return b"from a program for drawings".ljust(80) + le(50, 4) + b"".join(
        struct.pack("<12fH", 0, 0, 1, i, 0, 0, i, 1, 0, i, 1, 1, 0) for i in range(50))


def shape():
    record = be(1, 4) + be(10, 4) + le(1, 4) + struct.pack("<2d", 1.5, 2.5)
    return (be(9994, 4) + bytes(20) + be((100 + len(record) * 5) // 2, 4) + le(1000, 4) + le(1, 4)
            + struct.pack("<8d", 0, 0, 9, 9, 0, 0, 0, 0) + record * 5)


def recording():
    return (b"0       " + b"X F 01-JAN-1970 Jane".ljust(80) + b"Startdate 01-JAN-2024".ljust(80)
            + b"01.01.2412.00.00" + b"512     ".ljust(52) + b"10      1       1   "
            + b"EEG".ljust(256) + bytes(range(256)) * 8)


def interchange(text, separators):
    for number, separator in enumerate(separators):
        text = text.replace(separator, bytes([0x1d + number]))
    return text


X12 = (b"ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *240101*1200*U*00401"
       b"*000000001*0*P*>~GS*PO*A*B*20240101*1200*1*X*004010~ST*850*0001~SE*2*0001~GE*1*1~")
EDIFACT = b"UNB+UNOB:3+SENDER+RECEIVER+240101:1200+1'UNH+1+ORDERS:D:96A:UN'BGM+220+12+9'UNT+3+1'"
SAS = "c2ea8160b31411cfbd92080009c7318c181f1011"

RECORDS = {
    ("DICOM image", "dcm"): lambda: dicom(False),
    ("DICOM image", "packed, dcm"): lambda: dicom(True),
    ("DICOM image without its first bytes", "ima"): bare_dicom,
    ("dBase table", "dbf"): dbase,
    ("surface of a body (STL)", "stl"): surface,
    ("drawing (DWG)", "dwg"): lambda: b"AC1032\0\0\0\0\0\3" + bytes(range(200)) * 20,
    ("drawing (binary DXF)", "dxf"): lambda: b"AutoCAD Binary DXF\r\n\x1a\0"
        + b"\0SECTION\0\2HEADER\0" * 40,
    ("shapefile", "shp"): shape,
    ("laser scan (LAS)", "las"): lambda: b"LASF" + bytes(20) + b"\1\2" + bytes(600),
    ("table (Parquet)", "parquet"): lambda: b"PAR1\x15\4\x15\x10" + b"some data" * 30 + le(60, 4)
        + b"PAR1",
    ("table (ORC)", "orc"): lambda: b"ORC" + b"\x0a\3\0\0" * 50 + b"\x08\3\x10\0\x18\x64ORC\x17",
    ("table (Arrow)", "arrow"): lambda: b"ARROW1\0\0" + bytes(800) + b"ARROW1",
    ("records (Avro)", "avro"): lambda: b"Obj\1\4\x16avro.schema\x20{\"type\":\"string\"}"
        + b"0123456789abcdef\2\x0c\x0ahello0123456789abcdef",
    ("SAS data set", "sas7bdat"): lambda: bytes(12) + bytes.fromhex(SAS) + bytes(3000),
    ("SPSS data", "sav"): lambda: b"$FL2@(#) IBM SPSS STATISTICS".ljust(64) + le(2, 4) + bytes(600),
    ("Stata data before 13", "dta"): lambda: b"\x72\2\1\0\3\0\x0a\0\0\0" + b"Label".ljust(81, b"\0")
        + b"01 Jan 2024 12:00\0" + bytes(900),
    ("NumPy array", "npy"): lambda: b"\x93NUMPY\1\0\x76\0{'descr': '<f8'}".ljust(128)
        + struct.pack("<100d", *(i * 1.1 for i in range(100))),
    ("recording of signals (EDF, BDF)", "edf"): recording,
    ("interchange (X12, EDIFACT)", "x12"): lambda: interchange(X12, (b"*", b"~", b">")),
    ("interchange (X12, EDIFACT)", "edi"): lambda: interchange(EDIFACT, (b"+", b":", b"'")),
}

WITHOUT_END = {"drawing (DWG)", "drawing (binary DXF)", "laser scan (LAS)", "records (Avro)",
               "SAS data set", "SPSS data", "Stata data before 13", "NumPy array",
               "recording of signals (EDF, BDF)", "interchange (X12, EDIFACT)",
               # What does not end as they do is none of them.
               "table (Parquet)", "table (ORC)", "table (Arrow)"}

# What encrypts or compresses all of it.
NAMED = {
    "a.parquet": (b"PARE" + bytes(600) + b"PARE", "encrypted-file"),
    "a.sav": (b"\x1c\0\0\0\0\0\0\0ENCRYPTEDSAV\x15" + bytes(600), "encrypted-document"),
}

# Text, as the others are.
TEXTS = {
    "a.sta": b"{1:F01BANKDEFFAXXX0000000000}{2:O9400000000000BANKXXXXXXX00000000000000000000N}{4:\r\n"
             b":20:STARTUMS\r\n:25:10020030/1234567\r\n:62F:C240102EUR900,00\r\n-}",
    "marked.sta": b"\1{1:F01BANKDEFFAXXX0000000000}{4:\r\n:20:STARTUMS\r\n:25:1/2\r\n-}\3",
    "a.hl7": b"MSH|^~\\&|HIS|RIH|EKG|EKG|20240101||ADT^A01|MSG1|P|2.3\rPID|||555||DOE^JANE\r",
    "block.hl7": b"\x0bMSH|^~\\&|HIS|RIH|EKG|EKG|20240101||ADT^A01|MSG1|P|2.3\rPV1||I\r\x1c\r",
    "a.edi": EDIFACT,
    "a.x12": X12,
    "a.gdt": b"01380006301\r\n014810000230\r\n0138315PRAX_EDV\r\n",
    "a.ics": b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
    "a.vcf": b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:A\r\nEND:VCARD\r\n",
    "a.step": b"ISO-10303-21;\r\nHEADER;\r\nENDSEC;\r\nDATA;\r\nENDSEC;\r\nEND-ISO-10303-21;\r\n",
    "a.kml": b"<?xml version='1.0'?><kml xmlns='http://www.opengis.net/kml/2.2'/>",
    "a.dxf": b"  0\r\nSECTION\r\n  2\r\nHEADER\r\n  0\r\nENDSEC\r\n  0\r\nEOF\r\n",
    "a.stl": b"solid a\r\n facet normal 0 0 1\r\n endfacet\r\nendsolid a\r\n",
}
