#!/usr/bin/python3
"""What mail filters do to messages, by the name that this file is called by."""

import os
import re
import sys
from pathlib import Path


def rewrite_text(message):
    return message.replace(b"sample", b"SAMPLE")


def qp_to_8bit(message):
    message = message.replace(b"quoted-printable", b"8bit")
    return re.sub(rb"=([0-9A-F]{2})", lambda hit: bytes([int(hit[1], 16)]), message)


def refold_headers(message):
    head, _, body = message.partition(b"\n\n" if b"\r\n\r\n" not in message else b"\r\n\r\n")
    head = re.sub(rb"; ?(?=[a-z])", b";\n\t", head.replace(b"\r\n", b"\n"))
    return head + b"\n\n" + body


def drop_signature(message):
    boundary = re.search(rb'boundary="([^"]+)"', message)[1]
    parts = message.split(b"--" + boundary)
    return (b"--" + boundary).join(parts[:2] + [b"--\n"])


def append_footer(message):
    boundary = re.search(rb'boundary="([^"]+)"', message)[1]
    end = b"--" + boundary + b"--"
    return message.replace(end, b"--" + boundary + b"\n\nSent by a footer.\n" + end)


def crlf_to_lf(message):
    return message.replace(b"\r\n", b"\n")


def tag_header(message):
    return b"X-Spam-Flag: NO\nSubject: [tagged] x\n" + rewrite_text(
        re.sub(rb"(?m)^Subject:.*\n", b"", message, count=1))


def rewrite_base64(message):
    """Breaks the lines of base64 elsewhere, which decodes to the same."""
    return re.sub(rb"(?m)^([A-Za-z0-9+/]{60})([A-Za-z0-9+/]{4})\r?$", rb"\1\n\2", message)


def replace_me(message):
    """Changes what is marked, also where it is in base64."""
    for marked, changed in ((b"REPLACEME", b"CHANGED!!"), (b"UkVQTEFDRU1F", b"Q0hBTkdFRCEh")):
        message = message.replace(marked, changed)
    return message


def empty(message):
    return b""


def fail_half_way(message):
    sys.stdout.buffer.write(message[:len(message) // 2])
    sys.stdout.flush()
    os._exit(1)


sys.stdout.buffer.write(globals()[Path(sys.argv[0]).name.replace("-", "_")](
    sys.stdin.buffer.read()))
