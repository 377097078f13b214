"""Clients that send and fetch exact bytes, and samples made with openssl."""

import imaplib
import re
import shutil
import socket
import subprocess
from pathlib import Path

from pki import Party, Pki

PASSWORD = "quickstart"


class Lmtp:
    """An MTA's side of LMTP (RFC 2033). What it sends is what it was given, but
    for dot-stuffing."""

    def __init__(self, instance, timeout=60):
        self.socket = socket.create_connection(("127.0.0.1", instance.lmtp_port), timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.reader = self.socket.makefile("rb")
        self.expect(self.reply(), 220)
        self.expect(self.command("LHLO test.example.org"), 250)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.reader.close()
        self.socket.close()

    @staticmethod
    def expect(reply, code):
        if reply[0] != code:
            raise AssertionError(f"expected {code}, got {reply}")

    def reply(self):
        lines = []
        while True:
            line = self.reader.readline()
            if not line.endswith(b"\n"):
                raise ConnectionError("LMTP connection ended")
            lines.append(line.rstrip(b"\r\n").decode())
            if line[3:4] != b"-":
                return int(line[:3]), "\n".join(lines)

    def command(self, line):
        self.socket.sendall(line.encode() + b"\r\n")
        return self.reply()

    def send(self, message, recipients, sender="sender@example.org", bdat=False):
        """Returns the reply for each recipient, in order. message: bytes, or an
        iterable of bytes for a large one. bdat: True for one chunk (RFC 3030), which carries
        any bytes as they are, or how many bytes the first chunks have."""
        if isinstance(recipients, str):
            recipients = [recipients]
        self.expect(self.command(f"MAIL FROM:<{sender}>"), 250)
        for recipient in recipients:
            self.expect(self.command(f"RCPT TO:<{recipient}>"), 250)
        chunks = [message] if isinstance(message, bytes) else message
        if bdat:
            self.send_chunks(b"".join(chunks), None if bdat is True else bdat)
        else:
            self.expect(self.command("DATA"), 354)
            last = b"\n"
            for chunk in chunks:
                self.socket.sendall(dot_stuff(chunk, last.endswith(b"\n")))
                last = chunk[-1:] or last
            self.socket.sendall(b".\r\n" if last == b"\n" else b"\r\n.\r\n")
        return [self.reply() for _ in recipients]

    def send_chunks(self, data, first):
        while first and len(data) > first:
            self.socket.sendall(b"BDAT %d\r\n" % first + data[:first])
            self.expect(self.reply(), 250)
            data = data[first:]
            first *= 10
        self.socket.sendall(b"BDAT %d LAST\r\n" % len(data) + data)


def dot_stuff(data, at_line_start):
    if at_line_start and data.startswith(b"."):
        data = b"." + data
    return data.replace(b"\n.", b"\n..")


def crlf(data):
    return re.sub(rb"\r?\n", b"\r\n", data)


def fill_maildir(maildir, message, count):
    """A Maildir that any user may take the messages from, in place of what is there."""
    shutil.rmtree(maildir, ignore_errors=True)
    for sub in ("cur", "new", "tmp"):
        (maildir / sub).mkdir(parents=True)
        (maildir / sub).chmod(0o777)
    maildir.chmod(0o777)
    for number in range(count):
        path = maildir / "cur" / f"{number}.test,S={len(message)}:2,"
        path.write_bytes(message)
        path.chmod(0o644)


def deliver(instance, message, recipients, **kwargs):
    with Lmtp(instance) as lmtp:
        return lmtp.send(message, recipients, **kwargs)


class Imap(imaplib.IMAP4):
    def __init__(self, instance, user, mailbox=None):
        super().__init__("127.0.0.1", instance.imap_port, timeout=60)
        self.login(user, PASSWORD)
        if mailbox is not None:
            status, text = self.select(quoted(mailbox))
            if status != "OK":
                raise AssertionError(f"SELECT {mailbox}: {text}")

    def uids(self):
        return self.uid("search", None, "ALL")[1][0].split()

    def body(self, uid):
        return self.uid("fetch", uid, "(BODY.PEEK[])")[1][0][1]

    def flags(self, uid):
        return self.uid("fetch", uid, "(FLAGS)")[1][0].decode()


def quoted(mailbox):
    return '"' + mailbox + '"'


def bodies(instance, user, mailbox="INBOX"):
    """Every message of a mailbox as IMAP serves it; none if it does not exist."""
    client = Imap(instance, user)
    try:
        if client.select(quoted(mailbox), readonly=True)[0] != "OK":
            return []
        return [client.body(uid) for uid in client.uids()]
    finally:
        client.logout()


def stored(instance, user, mailbox):
    """The same as doveadm reads it, which is let into the quarantine."""
    done = instance.doveadm("-f", "json", "fetch", "-u", user, "text", "mailbox", mailbox,
                            check=False)
    import json
    if not done.stdout.strip():
        return []
    return [entry["text"] for entry in json.loads(done.stdout)]


def without_trace(message):
    """Without the Return-Path, Delivered-To and Received that LMTP put on top."""
    pattern = rb"(?:(?:Return-Path|Delivered-To):[^\r\n]*\r\n|Received:[^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*)*"
    return message[re.match(pattern, message).end():]


class Samples:
    """A certificate authority, one user's key, and messages made with openssl."""

    def __init__(self, directory):
        self.dir = Path(directory)
        self.dir.mkdir(parents=True, exist_ok=True)
        if not (self.dir / "user.pem").exists():
            self._make_certificates()

    def openssl(self, *args, **kwargs):
        return subprocess.run(["openssl", *map(str, args)], cwd=self.dir, check=True,
                              capture_output=True, **kwargs).stdout

    def _make_certificates(self):
        self.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30",
                     "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Sample CA")
        self.openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "user.key",
                     "-out", "user.csr", "-subj", "/CN=Sample Sender")
        (self.dir / "user.ext").write_text(
            "keyUsage=digitalSignature,keyEncipherment\nextendedKeyUsage=emailProtection\n"
            "subjectAltName=email:sender@example.org\n")
        self.openssl("x509", "-req", "-in", "user.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
                     "-CAcreateserial", "-days", "30", "-extfile", "user.ext", "-out", "user.new")
        (self.dir / "user.new").rename(self.dir / "user.pem")

    def trust(self):
        """A folder with what signatures are held against, with a CRL."""
        folder = self.dir / "trust"
        folder.mkdir(exist_ok=True)
        (folder / "ca.pem").write_bytes((self.dir / "ca.pem").read_bytes())
        crl = Pki(self.dir / "pki").crl(Party("ca", self.dir / "ca.key", self.dir / "ca.pem"))
        (folder / "ca.crl").write_bytes(crl)
        return folder

    def _headers(self, subject):
        return ("-from", "sender@example.org", "-to", "alice@example.org", "-subject", subject)

    def entity(self, text="A sample text.\n"):
        return f"Content-Type: text/plain; charset=utf-8\n\n{text}".encode()

    def plain(self, subject="plain sample", text="A sample text.\n"):
        return crlf(f"From: sender@example.org\nTo: alice@example.org\nSubject: {subject}\n"
                    f"Message-ID: <{abs(hash((subject, text)))}@example.org>\n\n{text}".encode())

    def signed(self, subject="signed sample", entity=None):
        return crlf(self.openssl("cms", "-sign", "-signer", "user.pem", "-inkey", "user.key",
                                 *self._headers(subject), input=crlf(entity or self.entity())))

    def opaque_signed(self, subject="opaque-signed sample", entity=None):
        return crlf(self.openssl("cms", "-sign", "-nodetach", "-signer", "user.pem", "-inkey",
                                 "user.key", *self._headers(subject),
                                 input=crlf(entity or self.entity())))

    def encrypted(self, subject="encrypted sample", entity=None, cipher="-aes-256-cbc"):
        return crlf(self.openssl("cms", "-encrypt", cipher, *self._headers(subject), "user.pem",
                                 input=crlf(entity or self.entity())))

    def certs_only(self):
        der = self.openssl("crl2pkcs7", "-nocrl", "-certfile", "user.pem", "-outform", "DER")
        import base64
        return crlf(b"From: sender@example.org\nSubject: certificates\nMIME-Version: 1.0\n"
                    b"Content-Type: application/pkcs7-mime; smime-type=certs-only; "
                    b"name=smime.p7c\nContent-Transfer-Encoding: base64\n\n"
                    + base64.encodebytes(der))

    def verifies(self, message):
        done = subprocess.run(["openssl", "cms", "-verify", "-CAfile", "ca.pem", "-out",
                               "/dev/null"], cwd=self.dir, input=message, capture_output=True)
        return done.returncode == 0
