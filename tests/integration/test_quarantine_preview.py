"""What a held message has inside: preview, inspect and download; and what the scanner shows of
hostile messages (smime-scanner --inspect --parts --text)."""

import base64
import email
import email.policy
import hashlib
import json
import quopri
import re
import resource
import subprocess
import unittest

from case import WORK
from clients import crlf
from test_inspect import DATA, SCANNER, InspectCase
from test_roles import RolesCase

BIDI = "\u202e\u2066\u200f"


def multipart(*parts, subtype="mixed", boundary="outer"):
    return (f"Content-Type: multipart/{subtype}; boundary={boundary}\r\n\r\n".encode()
            + b"".join(b"--" + boundary.encode() + b"\r\n" + part + b"\r\n" for part in parts)
            + b"--" + boundary.encode() + b"--\r\n")


def text(body, content_type="text/plain", *fields):
    return b"".join([f"Content-Type: {content_type}\r\n".encode(),
                     *(field.encode() + b"\r\n" for field in fields), b"\r\n", body])


class ShownCase(InspectCase):
    def shown(self, message, *options, limits=""):
        path = self.directory / "message.eml"
        path.write_bytes(message)
        config = self.directory / "shown.conf"
        config.write_text(limits)
        done = subprocess.run([SCANNER, "-c", config, "--inspect", "--parts", *options, path],
                              capture_output=True, timeout=120)
        self.assertEqual((0, b""), (done.returncode, done.stderr))
        self.assertTrue(all(0x20 <= c < 0x7f for c in done.stdout.rstrip(b"\n")))
        return json.loads(done.stdout)

    def only(self, message, *options):
        (part,) = self.shown(message, *options)["parts"]
        return part


class Shown(ShownCase):
    def test_without_parts_nothing_is_shown(self):
        message = multipart(text(b"one"))
        path = self.directory / "message.eml"
        path.write_bytes(message)
        done = subprocess.run([SCANNER, "--inspect", path], capture_output=True, timeout=60)
        self.assertFalse({"parts", "headers"} & set(json.loads(done.stdout)))
        done = subprocess.run([SCANNER, "--inspect", "--text", path], capture_output=True, timeout=60)
        self.assertEqual(64, done.returncode)
        self.assertNotIn("text", self.only(text(b"one")))

    def test_charsets(self):
        for charset, body, expected in (
                ("iso-8859-1", b"Gr\xfc\xdfe", "Gr\u00fc\u00dfe"),
                ("KOI8-R", b"\xd0\xd2\xc9", "\u043f\u0440\u0438"),
                ("iso-2022-jp", b"\x1b$B$3$s\x1b(B", "\u3053\u3093"),
                ("shift_jis", b"\x82\xb1", "\u3053"), ("gbk", b"\xd6\xd0", "\u4e2d"),
                ("big5", b"\xa4\xa4", "\u4e2d"), ("euc-kr", b"\xc7\xd1", "\ud55c"),
                ("utf-16", "\ufeffab".encode("utf-16-le"), "ab"),
                ("utf-7", b"+ADw-b+AD4-", "<b>"), ("utf-8", b"a\xffb", "a\ufffdb"),
                ("x-nobody", b"a\xfcb", "a\u00fcb"), ("..//etc/passwd", b"x", "x"),
                ("iso-8859-1//translit", b"a\xfc", "a\u00fc"), ("", b"\xc3\xbc", "\u00fc")):
            with self.subTest(charset):
                message = text(base64.b64encode(body), f'text/plain; charset="{charset}"',
                               "Content-Transfer-Encoding: base64")
                self.assertEqual(expected, self.only(message, "--text")["text"])

    def test_hostile_bytes(self):
        for body in (b"x" + bytes(range(32)), b"\x7f\x1b[2J\x1b]0;x\x07", BIDI.encode(), b"\x80\x85\x9b"):
            part = self.only(text(body), "--text")
            self.assertTrue(part["text"])
            self.assertEqual(hashlib.sha256(body).hexdigest(), part["sha256"])

    def test_header(self):
        shown = self.shown(b"Subject: =?utf-8?b?" + base64.b64encode("\u00fc\u202e".encode())
                           + b"?=\r\n folded\r\nX-Long: " + b"x" * 10000 + b"\r\nX-Raw: a\xffb\x00c\r\n"
                           + b"X-Longer: " + b"y" * 100000 + b"\r\n" + b"X: y\r\n" * 1000
                           + b"\r\nbody\r\n")
        headers = shown["headers"]
        self.assertEqual([{"name": "Subject", "value": "\u00fc\u202e folded"},
                          {"name": "X-Long", "value": "x" * 10000}], headers[:2])
        self.assertEqual("a\u00ffb\x00c", headers[2]["value"])
        self.assertTrue(headers[3]["value"].endswith("y[...]"))
        self.assertEqual((500, 504), (len(headers), shown["headers_dropped"]))

    def test_html(self):
        body = (b"<html><head><title>t</title><style>p{}</style><script>alert(1)</script></head>"
                b"<body onload=alert(2)><p>Dear <b>Anna</b>,<br><a href=\"https://evil.example/?a=1"
                b"&amp;b=2\">your bank</a><img src=https://track.example/1.gif alt=logo>"
                b"<form action=https://f.example/><input value=Send></form></body></html>")
        part = self.only(text(body, "text/html"), "--text")
        self.assertEqual("Dear Anna,\nyour bank <https://evil.example/?a=1&b=2> [picture: logo "
                         "<https://track.example/1.gif>]\n[form <https://f.example/>] "
                         "[input: Send]", part["text"])
        self.assertNotIn("html", part)
        self.assertEqual(body.decode(), self.only(text(body, "text/html"), "--html")["html"])

    def test_inside_layers_and_archives(self):
        shown = self.shown((DATA / "opaque-signed.eml").read_bytes(), "--text")
        self.assertIn("A sample text.", [part.get("text", "").strip() for part in shown["parts"]])
        self.assertEqual("opened", shown["parts"][0]["state"])
        shown = self.shown((DATA / "enveloped.eml").read_bytes(), "--text")
        self.assertEqual(["smime-encrypted"], [part["by"] for part in shown["parts"]])

    def test_a_thousand_parts(self):
        shown = self.shown(multipart(*(text(b"%d" % i) for i in range(1000))), "--text")
        self.assertEqual([("text", str(i)) for i in range(1000)],
                         [(part["kind"], part["text"]) for part in shown["parts"][1:]])
        shown = self.shown(multipart(*(text(b"%d" % i) for i in range(1000))), "--text",
                           limits="max_parts = 100\n")
        self.assertLessEqual(len(shown["parts"]), 102)
        self.assertTrue(shown["uninspectable"])

    def test_deep(self):
        message = text(b"inside")
        for _ in range(300):
            message = text(message, "message/rfc822")
        parts = self.shown(message, "--text")["parts"]
        self.assertTrue(90 < len(parts) < 2000, len(parts))

    def test_bombs(self):
        """Memory does not grow with what is shown of."""
        def limit():
            resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
        path = self.directory / "large.eml"
        for kind in ("text/plain", "text/html", "application/octet-stream"):
            with path.open("wb") as file:
                file.write(text(b"", kind, "Content-Transfer-Encoding: base64"))
                line = base64.b64encode(b"<b>" * 19) + b"\r\n"
                for _ in range(100):
                    file.write(line * 4096)
            done = subprocess.run([SCANNER, "--inspect", "--parts", "--html", path],
                                  capture_output=True, timeout=300, preexec_fn=limit)
            self.assertEqual(0, done.returncode, done.stderr)
            (part,) = json.loads(done.stdout)["parts"]
            self.assertEqual(57 * 4096 * 100, part["size"])
            self.assertLess(len(done.stdout), 1 << 20)
            self.assertEqual(True, part.get("text_cut", True))

    def leaves(self, message):
        return [part for part in message.walk()
                if not part.is_multipart() and part.get_content_type() != "message/rfc822"]

    @staticmethod
    def decoded(part):
        """Blanks at the end of a line of quoted-printable were added on the way (RFC 2045 section
        6.7), which Python keeps."""
        if part.get("Content-Transfer-Encoding", "").strip().lower() != "quoted-printable":
            return part.get_payload(decode=True)
        lines = part.get_payload().encode("ascii", "surrogateescape")
        return quopri.decodestring(re.sub(rb"[ \t]+(?=\r?\n|\Z)", b"", lines))

    def test_sizes_and_digests_are_those_of_python(self):
        """Where both see the same parts."""
        count = 0
        paths = []
        for source in sorted(DATA.rglob("*.eml")):
            # Line ends of mail, in which decoders of quoted-printable agree.
            paths.append(self.directory / f"{len(paths)}-{source.name}")
            paths[-1].write_bytes(crlf(source.read_bytes()))
        done = subprocess.run([SCANNER, "--inspect", "--parts", "--text", *paths],
                              capture_output=True, timeout=600)
        for path, line in zip(paths, done.stdout.splitlines(), strict=True):
            message = email.message_from_bytes(path.read_bytes(), policy=email.policy.compat32)
            expected = [hashlib.sha256(self.decoded(part)).hexdigest()
                        for part in self.leaves(message)]
            # What stands behind a file's end, or in it, has the part's own number.
            first = {}
            report = json.loads(line)
            for part in report["parts"]:
                first.setdefault(part["path"], part)
            parts = [part for part in first.values()
                     if "/" not in part["path"] and "sha256" in part
                     and part.get("declared") != "message/rfc822"]
            if "malformed" in report["class"] or len(parts) != len(expected) \
                    or any(part.defects or part.get_content_type() == "message/external-body"
                           for part in message.walk()):
                continue
            with self.subTest(path.name):
                self.assertEqual(expected, [part["sha256"] for part in parts])
                count += 1
        self.assertGreater(count, 30)


class Preview(RolesCase):
    settings = (RolesCase.settings + "  smime_role8 = reviewer=peeker may=list,preview\n"
                "  smime_role9 = reviewer=shower may=list,show\n")
    # What each may do of preview, inspect and download: y, n, or - where it is not there for him.
    ACTS = {"peeker": "ynn", "shower": "nyn", "reader": "yyy", "alices": "nyn", "classy": "---",
            "blind": "nnn", "stranger": "---", "chief": "yyy"}

    def message(self):
        return (b"From: =?utf-8?q?M=C3=BCller?= <sender@example.org>\r\nTo: alice@example.org\r\n"
                b"Subject: =?utf-8?b?" + base64.b64encode("\u00fcber\u202e".encode()) + b"?=\r\n"
                + multipart(text(b"Gr\xfc\xdfe", "text/plain; charset=iso-8859-1"),
                            text(b"<a href=https://e.example/>Bank</a>", "text/html"),
                            self.samples.encrypted()))

    def held(self, user="alice", message=None):
        self.assert_accepted(message or self.message(), f"{user}@example.org",
                             sender="sender@example.org")
        return self.quarantined(user)[-1]["id"]

    def download(self, user, *arguments):
        return self.instance.doveadm("smime", "quarantine", "download", "-u", user, *arguments,
                                     check=False)

    def test_preview(self):
        item = self.held()
        ((row,), code, said) = self.shell("preview", "alice", "--as", "peeker", item)
        self.assertEqual((0, item, "alice"), (code, row["id"], row["user"]), said)
        headers = [(field["name"], field["value"]) for field in json.loads(row["headers"])]
        self.assertIn(("Subject", "\u00fcber\u202e"), headers)
        self.assertIn("M\u00fcller <sender@example.org>", dict(headers)["From"])
        self.assertFalse([name for name, _ in headers if name.startswith("X-SMIME-Quarantine")])
        parts = json.loads(row["parts"])
        self.assertEqual(["opened", "read", "read", "smime-encrypted"],
                         [part["state"] for part in parts])
        self.assertEqual(["Gr\u00fc\u00dfe", "Bank <https://e.example/>"],
                         [part["text"] for part in parts[1:3]])
        self.assertFalse([part for part in parts if "html" in part])
        self.assertEqual(["encrypted"], json.loads(row["report"])["class"])
        ((row,), _, _) = self.shell("preview", "alice", "--html", item)
        self.assertEqual("<a href=https://e.example/>Bank</a>",
                         json.loads(row["parts"])[2]["html"])

    def test_inspect(self):
        item = self.held()
        before = self.quarantined("alice")
        ((row,), code, said) = self.shell("inspect", "alice", "--as", "shower", item)
        self.assertEqual((0, "encrypted", "encrypted", ""),
                         (code, row["class"], row["class_before"], row["changes"]), said)
        self.assertEqual(["encrypted"], json.loads(row["report"])["class"])
        self.assertEqual(before, self.quarantined("alice"))

    def test_download(self):
        message = self.message()
        item = self.held(message=message)
        ((record,), _, _) = self.shell("show", "alice", item)
        done = self.download("alice", item[:8])
        self.assertEqual((0, b""), (done.returncode, done.stderr))
        self.assertTrue(done.stdout.endswith(message))
        self.assertEqual(record["sha256"], hashlib.sha256(done.stdout).hexdigest())
        self.assertNotIn(b"X-SMIME-Quarantine", done.stdout)

    def test_bytes_that_are_stored_encoded(self):
        message = b"Subject: x\r\n" + multipart(text(b"bare\nLF\x00 and\rCR"),
                                                self.samples.encrypted())
        item = self.held(message=message)
        self.assertTrue(self.download("alice", item).stdout.endswith(message))
        ((row,), _, _) = self.shell("preview", "alice", item)
        self.assertIn("bare\nLF\0 and\rCR", json.loads(row["parts"])[1]["text"])

    def test_usage(self):
        item = self.held()
        self.assertEqual(64, self.download("alice").returncode)
        self.assertEqual(64, self.download("alice", item, item).returncode)
        done = self.instance.doveadm("-f", "json", "smime", "quarantine", "download", "-u", "alice",
                                     item, check=False)
        self.assertEqual((64, b""), (done.returncode, done.stdout))
        self.assertEqual(68, self.download("alice", "0" * 32).returncode)
        self.assertEqual("error", self.http("smimeQuarantineDownload", user="alice", id=[item])[0])

    def test_over_http(self):
        item = self.held()
        kind, (row,) = self.http("smimeQuarantinePreview", user="alice", id=[item],
                                 **{"as": "peeker"})
        self.assertEqual(("doveadmResponse", 4), (kind, len(json.loads(row["parts"]))))
        kind, (row,) = self.http("smimeQuarantineInspect", user="alice", id=[item],
                                 **{"as": "shower"})
        self.assertEqual("encrypted", row["class"])

    def test_roles(self):
        item = self.held()
        for name, acts in self.ACTS.items():
            for act, expected in zip(("preview", "inspect", "download"), acts):
                with self.subTest(name=name, act=act):
                    done = self.instance.doveadm("smime", "quarantine", act, "-u", "alice", "--as",
                                                 name, item, check=False)
                    self.assertEqual({"y": 0, "n": 77, "-": 68}[expected], done.returncode,
                                     done.stderr)
                    if expected != "y":
                        self.assertEqual(b"", done.stdout)
                    if expected == "-":
                        self.assertNotIn(b"may not", done.stderr)

    def test_audit(self):
        for act, name, action in (("preview", "peeker", "previewed"), ("inspect", "shower", "inspected"),
                                  ("download", "reader", "downloaded")):
            item = self.held()
            self.instance.doveadm("smime", "quarantine", act, "-u", "alice", "--as", name,
                                  "--reason", "Ticket 1", item)
            self.instance.doveadm("smime", "quarantine", act, "-u", "alice", "--as", "blind", item,
                                  check=False)
            log = self.instance.settled_log()
            looks = [line for line in log.splitlines() if f'"action":"{action}","id":"{item}"' in line]
            self.assertEqual(1, len(looks), looks)
            self.assertIn(f'"actor":"{name}"', looks[0])

    def test_what_is_not_the_original_any_more(self):
        item = self.held()
        (path,) = [path for path in self.instance.dir.rglob("*")
                   if path.is_file() and item.encode() in path.read_bytes()[:4096]
                   and b"Bank" in path.read_bytes()]
        path.write_bytes(path.read_bytes().replace(b"Bank", b"Tank"))
        for act in ("preview", "inspect", "download"):
            done = self.instance.doveadm("smime", "quarantine", act, "-u", "alice", item, check=False)
            self.assertEqual((75, b""), (done.returncode, done.stdout), act)
            self.assertIn(b"is not the original any more", done.stderr)

    def test_many_bytes(self):
        """What is read of the original does not stay in memory."""
        message = multipart(text(b"line\r\n" * 3_000_000), self.samples.encrypted())
        item = self.held(message=b"Subject: x\r\n" + message)
        ((row,), code, said) = self.shell("preview", "alice", item)
        self.assertEqual(0, code, said[:1000])
        part = json.loads(row["parts"])[1]
        self.assertEqual((6 * 3_000_000, True), (part["size"], part["text_cut"]))
        self.assertTrue(self.download("alice", item).stdout.endswith(message))


if __name__ == "__main__":
    unittest.main()
