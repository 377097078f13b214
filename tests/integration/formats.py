"""Every format that a scanner cannot look into, and its readable twin, made with
the formats' own tools or taken from tests/data/files."""

import io
import os
import subprocess
import zipfile
import zlib
from pathlib import Path

FILES = Path(__file__).resolve().parent.parent / "data" / "files"

TEXT = b"Nothing to see here, and enough of it to be compressed. " * 40


def data(name):
    return (FILES / name).read_bytes()


def run(directory, *command, **kwargs):
    subprocess.run([str(word) for word in command], cwd=directory, check=True,
                   capture_output=True, **kwargs)


def sound(size):
    """Of an ordinary kind, and of bytes that cannot be compressed."""
    return (b"RIFF" + (size - 8).to_bytes(4, "little") + b"WAVEdata"
            + (size - 20).to_bytes(4, "little") + os.urandom(size - 20))


def zipped(name, content, method=zipfile.ZIP_DEFLATED):
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w", method) as archive:
        archive.writestr(name, content)
    return output.getvalue()


def packed(directory, name, *options, content=TEXT):
    """An archive by 7z; the name's ending says which."""
    (directory / "text.txt").write_bytes(content)
    (directory / name).unlink(missing_ok=True)
    run(directory, "7z", "a", "-bd", "-y", *options, name, "text.txt")
    return (directory / name).read_bytes()


def pdf(directory, name, *options):
    source = FILES / "pypdf" / "unencrypted.pdf"
    run(directory, "qpdf", *options, source, name)
    return (directory / name).read_bytes()


def odt(encrypted):
    """The entries of an OpenDocument that say whether it is encrypted."""
    inside = b'<manifest:encryption-data manifest:checksum=""/>' if encrypted else b""
    manifest = (b'<?xml version="1.0"?><manifest:manifest xmlns:manifest="urn:oasis:names:tc:'
                b'opendocument:xmlns:manifest:1.0"><manifest:file-entry manifest:full-path='
                b'"content.xml">' + inside + b"</manifest:file-entry></manifest:manifest>")
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        archive.writestr("content.xml", b"<x/>")
        archive.writestr("META-INF/manifest.xml", manifest)
    return output.getvalue()


def gpg(directory, *options):
    home = directory / "gnupg"
    home.mkdir(mode=0o700, exist_ok=True)
    return subprocess.run(["gpg", "--homedir", str(home), "--batch", "--yes", "--quiet",
                           "--pinentry-mode", "loopback", "--passphrase", "secret", *options],
                          input=TEXT, capture_output=True, check=True).stdout


def cms(samples, *options):
    return samples.openssl("cms", "-binary", "-outform", "DER", *options, input=TEXT)


def pem(samples, label, content):
    text = samples.openssl("base64", input=content)
    return b"-----BEGIN %s-----\n%s-----END %s-----\n" % (label, text, label)


def der(tag, *contents):
    body = b"".join(contents)
    size = len(body)
    if size < 128:
        return bytes([tag, size]) + body
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + body


OID_COMPRESSED = bytes.fromhex("060b2a864886f70d0109100109")
OID_ZLIB = bytes.fromhex("060b2a864886f70d0109100308")
OID_DATA = bytes.fromhex("06092a864886f70d010701")


def compressed_data(content, raw=None):
    """RFC 3274; raw: the compressed bytes themselves."""
    stream = zlib.compress(content) if raw is None else raw
    inner = der(0x30, b"\x02\x01\x00", der(0x30, OID_ZLIB),
                der(0x30, OID_DATA, der(0xA0, der(0x04, stream))))
    return der(0x30, OID_COMPRESSED, der(0xA0, inner))


def unreadable(directory, samples):
    """Name: (content, class, reason)."""
    archive = ("encrypted-archive", "encrypted-archive")
    document = ("encrypted-document", "encrypted-document")
    encrypted = ("encrypted", "smime-encrypted")
    pgp = ("pgp-encrypted", "pgp-encrypted")
    enveloped = cms(samples, "-encrypt", "-aes-256-cbc", "user.pem")
    return {
        "zip, ZipCrypto": (packed(directory, "z1.zip", "-psecret"), *archive),
        "zip, AES": (packed(directory, "z2.zip", "-psecret", "-mem=AES256"), *archive),
        "zip, one entry of two": (data("libzip/encrypt-aes192-noentropy.zip"), *archive),
        "7z": (packed(directory, "s1.7z", "-psecret"), *archive),
        "7z, encrypted headers": (packed(directory, "s2.7z", "-psecret", "-mhe=on"), *archive),
        "rar4": (data("libarchive/test_read_format_rar_encryption_data.rar"), *archive),
        "rar4, encrypted headers":
            (data("libarchive/test_read_format_rar4_encrypted_filenames.rar"), *archive),
        "rar5": (data("libarchive/test_read_format_rar5_solid_encrypted.rar"), *archive),
        "rar5, encrypted headers":
            (data("libarchive/test_read_format_rar5_encrypted_filenames.rar"), *archive),
        "PDF, AES-256": (pdf(directory, "p1.pdf", "--encrypt", "u", "o", "256", "--"), *document),
        "PDF, AES-128": (pdf(directory, "p2.pdf", "--encrypt", "u", "o", "128", "--use-aes=y",
                             "--"), *document),
        "PDF, RC4": (pdf(directory, "p3.pdf", "--allow-weak-crypto", "--encrypt", "u", "o", "40",
                         "--"), *document),
        "PDF, linearized": (pdf(directory, "p5.pdf", "--linearize", "--encrypt", "u", "o", "256",
                                "--"), *document),
        "docx": (data("oletools/encrypted.docx"), *document),
        "xlsx": (data("apache-poi/protect.xlsx"), *document),
        "doc": (data("apache-poi/PasswordProtected.doc"), *document),
        "xls": (data("apache-poi/password.xls"), *document),
        "ppt": (data("msoffcrypto/rc4cryptoapi_password.ppt"), *document),
        "odt": (data("odftoolkit/PasswordProtected.odt"), *document),
        "OpenDocument manifest": (odt(True), *document),
        "OpenPGP, binary": (gpg(directory, "--symmetric", "--output", "-"), *pgp),
        "OpenPGP, armored": (gpg(directory, "--symmetric", "--armor", "--output", "-"), *pgp),
        "CMS EnvelopedData": (enveloped, *encrypted),
        "CMS AuthEnvelopedData": (cms(samples, "-encrypt", "-aes-256-gcm", "user.pem"),
                                  *encrypted),
        "CMS EncryptedData": (cms(samples, "-EncryptedData_encrypt", "-aes128", "-secretkey",
                                  "00112233445566778899aabbccddeeff"), *encrypted),
        "CMS, streamed BER": (samples.openssl("cms", "-encrypt", "-stream", "-aes256", "-binary",
                                              "-outform", "DER", "user.pem", input=TEXT),
                              *encrypted),
        "CMS, PEM CMS": (pem(samples, b"CMS", enveloped), *encrypted),
        "CMS, PEM PKCS7": (b"See below.\r\n\r\n" + pem(samples, b"PKCS7", enveloped), *encrypted),
        "CMS, bare base64": (samples.openssl("base64", input=enveloped), *encrypted),
    }


def readable(directory, samples):
    """Name: content."""
    return {
        "zip": packed(directory, "t.zip"),
        "zip, stored": zipped("a.txt", TEXT, zipfile.ZIP_STORED),
        "7z": packed(directory, "t.7z"),
        "rar4": rar4(),
        "PDF": data("pypdf/unencrypted.pdf"),
        "PDF, owner password": pdf(directory, "p4.pdf", "--encrypt", "", "o", "256", "--"),
        "PDF, owner password, RC4": pdf(directory, "p6.pdf", "--allow-weak-crypto", "--encrypt",
                                        "", "o", "128", "--use-aes=n", "--"),
        "PDF, linearized": pdf(directory, "p7.pdf", "--linearize"),
        "PDF, object streams": pdf(directory, "p8.pdf", "--object-streams=generate"),
        "docx": data("msoffcrypto/example.docx"),
        "docx, protection flags": data("apache-poi/documentProtection_readonly_no_password.docx"),
        "doc": data("msoffcrypto/rc4cryptoapi_password_plain.doc"),
        "xls": data("msoffcrypto/plain.xls"),
        "ppt": data("msoffcrypto/plain.ppt"),
        "OpenDocument manifest": odt(False),
        "gzip": zlib_gzip(TEXT),
        "text": TEXT,
        "OpenPGP key": gpg_key(),
        "CMS compressed": compressed_data(b"Content-Type: text/plain\r\n\r\n" + TEXT),
        "CMS signed": cms(samples, "-sign", "-nodetach", "-signer", "user.pem", "-inkey",
                          "user.key"),
    }


def rar4():
    """The attachment of rspamd's test message."""
    import email
    message = email.message_from_bytes(data("rspamd/rar4.eml"))
    return next(part.get_payload(decode=True) for part in message.walk()
                if not part.is_multipart())


def gpg_key():
    return b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmDMEXEcE6RYJKwYBBAHaRw8BAQdA\n" \
           b"-----END PGP PUBLIC KEY BLOCK-----\n"


def zlib_gzip(content):
    packer = zlib.compressobj(wbits=31)
    return packer.compress(content) + packer.flush()
