"""The review desk as people have it: in a browser (tests/desk), with a real register, scanner and
quarantine. SMIME_WITHOUT_BROWSER=1 leaves it out.

SMIME_WRITE_SCREENSHOT=1 writes README.md's picture anew."""

import base64
import http.client
import http.server
import io
import json
import os
import re
import shutil
import threading
import unittest
import zipfile
from pathlib import Path

import register_databases
from browser import WithBrowser
from clients import PASSWORD, crlf, without_trace
from desk import DeskCase
from pki import Pki, leaf_extensions

SUBJECT = "The offer for Alice"
PICTURE = Path(__file__).resolve().parents[2] / "desk/screenshot.png"
MOST_OF_PICTURE = 200 * 1000


class BrowserCase(WithBrowser, DeskCase):
    def as_reviewer(self, script, step, name="ben", **given):
        return self.browse(script, step, name=name, password=PASSWORD, **given)


class StoryTests:
    """The story of tests/integration/test_story.py by the pages."""

    def is_told(self, subject, notices=1):
        """The text of the notice with this subject, one of so many."""
        self.assertEqual([("alice", "1", "sent")] * notices,
                         self.notify("-u", "alice", "--now"))
        texts = {found: text for found, _, text in self.notices()[-notices:]}
        self.assertIn(subject, texts)
        return texts[subject]

    def test_from_the_link_of_the_notice_to_the_inbox(self):
        message = self.samples.encrypted(SUBJECT)
        item = self.arrives(message=message)
        own = self.arrives("carol@other.example", self.samples.encrypted("Of another domain"),
                           sender="another@example.net")
        link = re.search(re.escape(self.url) + r"/\?t=\S+",
                         self.is_told("1 held for review: mail for alice"))[0]
        self.browse("story", "looks", link=link, subject=SUBJECT)
        # Programs that follow every link in a mail ask for nothing.
        self.assertEqual("held", self.state(item))
        self.assertEqual({item: "done"}, self.browse("story", "asks", link=link,
                                                     reason="I wait for it"))
        self.assertEqual("requested", self.state(item))
        again = self.browse("story", "asks", link=link, reason="again")
        self.assertIn(again[item], ("already", "refused"))
        self.assertEqual("requested", self.state(item))

        self.as_reviewer("story", "seesNothing", name="carla", item=item, user="alice",
                         words=[item, SUBJECT, "alice@", "partner@example.net"])
        self.assertEqual([], self.mail())
        self.arrives(message=self.samples.encrypted("A later one"))
        self.as_reviewer("story", "releases", item=item, user="alice", subject=SUBJECT,
                         asked="I wait for it", reason="a known partner")
        (body,) = self.mail()
        self.assertEqual(message, without_trace(body))
        self.assertEqual("released", self.state(item))
        # And of the later one.
        self.is_told("Decided on 1 you asked for: mail for alice", 2)
        self.says_who_did_what(item)
        self.assertEqual("held", self.state(own))
        self.browse("story", "isRefused", link=link[:-4] + "0000", subject=SUBJECT)

    def says_who_did_what(self, item):
        (row,) = self.command("list", "--as", "ben", "--state", "released")[0]
        self.assertEqual((item, "a known partner"), (row["id"], row["why"]))
        self.assertRegex(row["who"], r"^ben\b")
        history = self.database.rows("SELECT * FROM smime_register_history WHERE id = ? "
                                     "ORDER BY changed", item)
        self.assertEqual(["held", "requested", "released"], [row["state"] for row in history])
        self.assertEqual(["I wait for it", "a known partner"], [row["why"] for row in history[1:]])
        events = [json.loads(line[line.index('{"event"'):]) for line in
                  self.instance.settled_log().splitlines() if '{"event":"smime_message_rel' in line]
        (fields,) = [event["fields"] for event in events if event["fields"].get("id") == item]
        self.assertEqual(("ben", "a known partner"), (fields["actor"], fields["reason"]))
        self.assertEqual("127.0.0.1", fields.get("remote_ip"), "the audit has whence it was done")

    def test_a_double_click_releases_once(self):
        item = self.arrives()
        found = self.as_reviewer("story", "repeats", item=item, user="alice", act="release")
        self.assertIn(found[item], ("done", "already"))
        self.assertEqual(1, len(self.mail()))


class Story(StoryTests, BrowserCase):
    pass


@unittest.skipUnless(os.environ.get("SMIME_LONG"), "SMIME_LONG is not set")
class PostgresStory(StoryTests, BrowserCase):
    make_database = register_databases.Postgres


class List(BrowserCase):
    def about(self, subject, user="alice", sender="partner@example.net"):
        return self.arrives(f"{user}@example.org", self.samples.encrypted(subject), sender=sender)

    def test_filters(self):
        one = self.about("Angebot 100 %")
        two = self.about("Holiday", "bob", sender="b@other.example")
        asked = self.about("Contract")
        self.command("request", "-u", "alice", "--reason", "please", asked)
        gone = self.about("Released")
        self.command("release", "-u", "alice", gone)
        self.drain()
        cases = [("q=angebot", [one]), ("subject=HOLIDAY", [two]), ("from=*@other.example", [two]),
                 ("to=bob@*", [two]), ("state=requested", [asked]), ("state=released", [gone]),
                 ("q=nothing+of+it", []), ("q=%25", [one]), ("class=encrypted", [one, two, asked]),
                 ("subject=%27+OR+1%3D1+--", []), ("subject=_ngebot", [])]
        self.as_reviewer("list", "filters", name="chief", cases=cases)

    def test_pages_of_fifty(self):
        item = self.about("First of many")
        self.drain()
        names = [name for name in self.row() if name not in ("id", "subject", "held")]
        self.database.execute("".join(
            f"INSERT INTO smime_register (id, subject, held, {', '.join(names)}) SELECT "
            f"'{number:032x}', 'Number {number}', held - {number}, {', '.join(names)} "
            f"FROM smime_register WHERE id = '{item}';" for number in range(1, 121)))
        seen = self.as_reviewer("list", "pages", count=121)
        self.assertEqual([item, *(f"{number:032x}" for number in range(1, 121))], seen)

    def test_many_at_once(self):
        items = self.arrive(3)
        kept = self.arrives()
        found = self.as_reviewer("list", "bulk", items=items, act="delete", reason="spam of today")
        self.assertEqual(dict.fromkeys(items, "done"), found["results"])
        self.assertEqual([kept], [row["id"] for row in self.quarantined("alice")])
        self.assertEqual({"deleted"}, {self.state(item) for item in items})
        self.assertEqual({"spam of today"}, {row["why"] for row in self.rows()
                                             if row["id"] in items})

    def test_again_without_harm(self):
        items = self.arrive(2)
        first, second = self.as_reviewer("list", "twice", items=items, act="release", reason="known")
        self.assertEqual(dict.fromkeys(items, "done"), first)
        self.assertEqual(dict.fromkeys(items, "already"), second)
        self.assertEqual(2, len(self.mail()))

    def test_keys(self):
        items = self.arrive(3)
        self.assertEqual(items[::-1], self.as_reviewer("list", "keys"))
        self.assertEqual({"held"}, {self.state(item) for item in items})

    def test_release_by_key(self):
        item = self.arrives()
        self.assertEqual({item: "done"}, self.as_reviewer("list", "releaseByKey", item=item,
                                                          reason="seen it"))
        self.assertEqual("released", self.state(item))
        self.assertEqual("seen it", self.row()["why"])

    def test_without_javascript(self):
        items = [self.about(subject) for subject in ("Angebot", "Two", "Three")]
        self.as_reviewer("list", "withoutScript", items=items, reason="no script")
        self.assertEqual(["released", "deleted", "deleted"], [self.state(item) for item in items])

    def test_hold_note_reject(self):
        held, noted, rejected = (self.arrives(sender=sender) for sender in
                                 ("a@example.net", "b@example.net", ""))
        self.as_reviewer("list", "otherActs", user="alice", held=held, noted=noted,
                         rejected=rejected)
        self.assertEqual(["held", "held", "rejected"], [self.state(item) for item in
                                                        (held, noted, rejected)])


class Recipient(BrowserCase):
    def test_his_own_page(self):
        request = self.arrives(message=self.samples.encrypted("To be asked for"))
        release = self.arrives(message=self.samples.encrypted("To be taken"), sender="take@example.net")
        other = self.arrives("bob@example.org", self.samples.encrypted("Of bob alone"))
        self.drain()
        self.browse("recipient", "own", name="alice", password=PASSWORD, mine=[request, release],
                    others=[other, "Of bob alone", "bob@example.org"], request=request,
                    release=release)
        self.assertEqual(["requested", "released", "held"],
                         [self.state(item) for item in (request, release, other)])
        self.assertEqual(1, len(self.mail()))


def sealed_archive(subject):
    """A ZIP file whose one entry says that it needs a password."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as writer:
        writer.writestr("files.pdf", os.urandom(2000))
    data = bytearray(archive.getvalue())
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + flags] |= 1
    return crlf(b"From: scans@archive.example\nTo: bob@example.org\nSubject: " + subject.encode()
                + b"\nMIME-Version: 1.0\nContent-Type: application/zip; name=files.zip\n"
                b"Content-Transfer-Encoding: base64\n\n" + base64.encodebytes(bytes(data)))


def pgp(subject):
    return crlf(b"From: offers@bank.example\nTo: alice@example.org\nSubject: " + subject.encode()
                + b"\nMIME-Version: 1.0\nContent-Type: multipart/encrypted; boundary=e; "
                b"protocol=\"application/pgp-encrypted\"\n\n--e\nContent-Type: "
                b"application/pgp-encrypted\n\nVersion: 1\n\n--e\nContent-Type: "
                b"application/octet-stream\n\n-----BEGIN PGP MESSAGE-----\n\n"
                + base64.encodebytes(b"\xd2\xff" + os.urandom(900)) +
                b"-----END PGP MESSAGE-----\n--e--\n")


class Looks(BrowserCase):
    """axe, languages, narrow windows, the keyboard, README.md's picture."""

    rules = ("  smime_rule = class=encrypted-archive action=quarantine\n"
             "  smime_rule2 = class=any-encrypted notify=recipient recipient=request "
             "action=quarantine\n"
             "  smime_rule3 = from=held@* recipient=view action=quarantine\n"
             "  smime_rule4 = from=*@court.example class=any-signed action=quarantine\n")

    def pages(self):
        item = self.arrives(message=self.signed_with_parts())
        asked = self.arrives(message=self.samples.encrypted(SUBJECT))
        self.command("request", "-u", "alice", "--reason", "I wait for it", asked)
        self.arrives(message=self.samples.encrypted("A long subject, " + "very " * 40 + "long"))
        gone = self.arrives(message=self.samples.encrypted("Released already"))
        self.command("release", "-u", "alice", "--as", "ben", "--reason", "a partner", gone)
        self.drain()
        self.notify("-u", "alice", "--now")
        link = re.findall(r"/\?t=\S+", "\n".join(text for _, _, text in self.notices()))[-1]
        pages = [("the login", "/login", None), ("the page of a link", link, None),
                 ("a wrong address", "/nothing-here", None), ("the list", "/held", "ben"),
                 ("a search without an answer", "/held?q=no+such+word", "ben"),
                 ("a message with parts", f"/held/{item}?user=alice", "ben"),
                 ("an encrypted one", f"/held/{asked}?user=alice", "ben"),
                 ("the overview", "/overview", "ben"), ("the recipient's page", "/mine", "alice"),
                 ("the recipient's message", f"/held/{asked}?user=alice", "alice"),
                 ("what may not be seen", f"/held/{item}?user=alice", "carla")]
        return [dict(zip(("what", "path", "who"), page)) for page in pages]

    def signed_with_parts(self):
        """Held by the rule for all that comes from this sender."""
        entity = (b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\n"
                  b"See what is attached.\n--b\nContent-Type: application/pdf; name=offer.pdf\n"
                  b"Content-Transfer-Encoding: base64\n\n" + base64.encodebytes(os.urandom(900))
                  + b"--b\nContent-Type: text/html\n\n<p>See <b>what</b> is attached</p>\n--b--\n")
        return self.samples.signed("A signed offer", entity)

    def arrives(self, *args, **kwargs):
        return super().arrives(*args, **{"sender": "held@example.net", **kwargs})

    def test_each_page(self):
        pages = self.pages()
        for step in ("axe", "narrow"):
            with self.subTest(step):
                self.browse("looks", step, pages=pages, password=PASSWORD)

    def test_the_keyboard_alone(self):
        item = self.arrives(message=self.samples.encrypted(SUBJECT))
        self.assertEqual({item: "done"}, self.as_reviewer("looks", "keyboard", item=item,
                                                          reason="by keys"))

    def mixed(self):
        """What a day brings, with one that was asked for and one with parts."""
        encrypted, signed = self.samples.encrypted, self.samples.signed
        mail = [("alice", "registry@court.example", signed("Notice of hearing 4 C 17/26")),
                ("bob", "scans@archive.example", sealed_archive("Scanned files of 2019")),
                ("alice", "lab@clinic.example", encrypted("Results, confidential")),
                ("bob", "notary@chambers.example", encrypted("Draft of the contract")),
                ("alice", "offers@bank.example", pgp("Your offer of Monday")),
                ("alice", "claims@insurer.example", encrypted("Claim 1181: the documents"))]
        items = [self.arrives(f"{user}@example.org", message, sender=sender)
                 for user, sender, message in mail]
        self.command("request", "-u", "alice", "--reason", "The adjuster waits for it", items[-1])
        self.drain()
        for item, minutes in zip(items, (7000, 1600, 300, 95, 40, 12)):
            self.database.execute(f"UPDATE smime_register SET held = held - {minutes * 60} "
                                  f"WHERE id = '{item}';")
        return items[-1], items[0]

    def test_the_picture_of_the_readme(self):
        self.mixed()
        file = self.instance.dir / "picture.png"
        self.as_reviewer("looks", "picture", file=str(file), most=MOST_OF_PICTURE)
        if os.environ.get("SMIME_WRITE_SCREENSHOT"):
            shutil.copy(file, PICTURE)
        self.assertLess(PICTURE.stat().st_size, MOST_OF_PICTURE, f"{PICTURE} is not there")


# --- mail that wants to harm

SCRIPT = "<script>smimeOwned(1)</script>"
IMAGE = "<img src=/owned onerror=smimeOwned(2)>"
PAYLOADS = [
    SCRIPT, IMAGE, "\"><svg onload=smimeOwned(3)>", "' autofocus onfocus=smimeOwned(4) x='",
    "</td></tr></table></main></body><h1>owned</h1>", "</textarea></title></pre><script src=/owned>",
    "{{SUBJECT}} {{>owned}} {{#x}}{{/x}} {{%AUTOESCAPE}} {{=<% %>=}}", "${7*7} #{7*7} <%= 7*7 %>",
    "javascript:smimeOwned(5)", "data:text/html,<script>smimeOwned(6)</script>",
    "<a href=javascript:smimeOwned(7)>x</a>", "<style>*{display:none}</style>",
    "<link rel=stylesheet href=/owned>", "<meta http-equiv=refresh content=0;url=/owned>",
    "<base href=//owned.example/>", "<iframe srcdoc='<script>parent.smimeOwned(8)</script>'>",
    "<!--", "<![CDATA[", "<plaintext>", "--></script><script>smimeOwned(9)</script>",
    "background:url(/owned)", "&lt;script&gt;smimeOwned(10)&lt;/script&gt;", "&#60;img src=/owned&#62;",
    "<math><mtext></form><form><mglyph><style></math><img src=/owned onerror=smimeOwned(11)>",
    "%3Cscript%3EsmimeOwned(12)%3C/script%3E", "\u202egnp.exe \u2066hidden\u2069 \u200b\u200d\ufeff",
    "a\x08\x1b[31m\x7f\x85b", "\U0001f600\u0301\u0301\u0301 \u4f60\u597d \u05e9\u05dc\u05d5\u05dd",
    "+ADw-script+AD4-smimeOwned(13)+ADw-/script+AD4-",
]
# What stands for the unseen, of PAYLOADS and of bytes that are no text.
UNREADABLE = [r"\xe2\x80\xae", r"\x1b[31m"]


def encoded(text):
    """A word of a header (RFC 2047), in pieces that a line holds."""
    data = text.encode("utf-8", "surrogatepass")
    pieces = [data[start:start + 40] for start in range(0, len(data), 40)]
    return "\r\n ".join(f"=?utf-8?b?{base64.b64encode(piece).decode()}?=" for piece in pieces)


def hostile_message(payload, more=b""):
    """The payload in each field that a sender writes."""
    name = base64.b64encode(payload.encode("utf-8", "surrogatepass")).decode()
    raw = payload.encode("utf-8", "surrogatepass").replace(b"\r", b"").replace(b"\n", b"")
    quoted = raw.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
    return crlf(
        b"From: " + encoded(payload).encode() + b" <held@example.net>\n"
        b"To: \"" + quoted + b"\" <alice@example.org>\n"
        b"Subject: " + encoded(payload).encode() + b"\nMessage-ID: <" + raw.replace(b">", b"") +
        b"@example.net>\nX-Payload: " + raw + b"\n" + more +
        b"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n"
        b"--b\nContent-Type: text/plain; charset=utf-8\n\n" + payload.encode("utf-8", "replace") +
        b"\n--b\nContent-Type: text/html; charset=utf-8\n\n" + raw + b"<p>" + raw + b"\n"
        b"--b\nContent-Type: application/x-owned; name=\"=?utf-8?b?" + name.encode() + b"?=\"\n"
        b"Content-Disposition: attachment; filename=\"" + quoted + b"\"\n\n" + raw + b"\n"
        b"--b\nContent-Type: application/octet-stream; name*=utf-8''" +
        "".join(f"%{byte:02x}" for byte in raw).encode() + b"\n\n" + bytes(range(256)) + b"\n--b--\n")


def odd_messages():
    """Forms that break what counts on sound ones."""
    plain = b"From: held@example.net\nTo: alice@example.org\n"
    return {
        "a subject of 10,000 letters": crlf(plain + b"Subject: " + b"w" * 10000 + b"\n\ntext\n"),
        "10,000 wide letters": crlf(plain + b"Subject: " + encoded("\u4f60" * 10000).encode()
                                    + b"\n\ntext\n"),
        "bytes that are no text": crlf(plain + b"Subject: \xff\xfe\xc3\x28 \xed\xa0\x80 \xf5\n"
                                       b"X-Any: " + bytes(range(128, 256)) + b"\n\n\xff\xfe\xed\xa0\x80 end\n"),
        "NUL": crlf(plain + b"Subject: =?utf-8?q?a=00b<b>?=\n\n\0text\0<script>smimeOwned(20)</script>\n"),
        "10,000 header fields": crlf(plain + b"Subject: many\n" + b"".join(
            b"X-%d: <b>%d\n" % (number, number) for number in range(10000)) + b"\n" + b"text\n"),
        "a long line": crlf(plain + b"Subject: long\n\n" + b"w" * 300000 + b"\n"),
        "300 parts": crlf(plain + b"Subject: parts\nMIME-Version: 1.0\nContent-Type: multipart/mixed; "
                          b"boundary=b\n\n" + b"--b\nContent-Type: text/plain; name=<b>\n\n<u>\n" * 300
                          + b"--b--\n"),
        "no header": b"\r\n<script>smimeOwned(21)</script>\r\n",
    }


class HostileMail(BrowserCase):
    @classmethod
    def before_start(cls):
        super().before_start()
        cls.pki = Pki(cls.directory / "pki")

    def held(self, message, sender="held@example.net"):
        return self.arrives(message=message, sender=sender)

    def look(self, items, listed=(), shown=None):
        self.drain()
        self.as_reviewer("hostile", "everyPage", name="chief", recipient="alice", items=items,
                         user="alice", listed=list(listed), shown=shown or {})

    def test_payloads_in_each_field(self):
        items = {payload: self.held(hostile_message(payload)) for payload in PAYLOADS}
        readable = [payload for payload in PAYLOADS if payload.isprintable() and len(payload) < 70]
        self.look(list(items.values()), [*readable[:12], UNREADABLE[0]],
                  {items[payload]: [payload] for payload in readable})

    def test_odd_forms(self):
        messages = odd_messages()
        items = [self.held(message) for message in messages.values()]
        self.look(items)

    def test_envelope_and_certificate(self):
        items = []
        for number, payload in enumerate((SCRIPT, IMAGE, PAYLOADS[4], PAYLOADS[6])):
            name = payload.replace("/", r"\/")
            party = self.pki.certificate(f"c{number}", leaf_extensions("held@example.net"),
                                         subject=f"/O=Example/CN={name}")
            entity = crlf(b"Content-Type: text/plain\n\nsigned\n")
            signature = base64.encodebytes(self.pki.detached(party, entity))
            items.append(self.held(crlf(
                b"From: held@example.net\nTo: alice@example.org\nSubject: signed\nMIME-Version: 1.0\n"
                b"Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; "
                b"micalg=sha-256; boundary=s\n\n--s\n" + entity + b"\n--s\nContent-Type: "
                b"application/pkcs7-signature; name=smime.p7s\nContent-Transfer-Encoding: base64\n\n"
                + signature + b"--s--\n")))
        senders = ['"<script>smimeOwned(30)</script>"@example.net', "o'<b>@example.net"]
        for sender in senders:
            try:
                items.append(self.held(self.samples.encrypted("odd sender"), sender=sender))
            except AssertionError:
                # No address for this LMTP server.
                continue
        self.look(items, shown={items[0]: [r"\<script\>smimeOwned(1)"]})

    def test_what_the_address_says(self):
        self.as_reviewer("hostile", "echoed", texts=[SCRIPT, "\"><img src=/owned onerror=smimeOwned(40)>",
                                                     "{{SUBJECT}}{{>owned}}", "\u202eowned \x1b[1m",
                                                     "javascript:smimeOwned(41)", "../../etc/passwd",
                                                     "w" * 2000])

    def test_reasons_and_notes(self):
        item = self.arrives()
        texts = [SCRIPT, IMAGE, "{{SUBJECT}} {{>owned}}", "two\nlines \u202eowned", "w" * 900]
        self.as_reviewer("hostile", "reasons", item=item, user="alice", texts=texts,
                         seen=[SCRIPT, IMAGE, "{{SUBJECT}} {{>owned}}"])


class HtmlView(BrowserCase):
    desk_conf = "html_view = yes\n"

    def test_nothing_runs_in_the_frame(self):
        html = (b"<html><body><p>Readable words</p>" + b"".join(p.encode("utf-8", "replace") for p in
                                                                PAYLOADS[:16])
                + b"<form action=/logout method=post><button>x</button></form>"
                b"<img src=http://owned.example/x><a href=http://owned.example/ target=_top>y</a>")
        item = self.arrives(sender="held@example.net", message=crlf(
            b"From: held@example.net\nTo: alice@example.org\nSubject: html\nMIME-Version: 1.0\n"
            b"Content-Type: text/html; charset=utf-8\n\n" + html + b"\n"))
        self.drain()
        self.as_reviewer("hostile", "frame", item=item, user="alice", seen="Readable words")


# --- other sites

EVIL = {
    "/post": """<form method=post action="{url}/act"><input name=act value=delete>
<input name=item value="{item}:alice"><input name=reason value=owned>{csrf}</form>
<script>document.forms[0].submit()</script>""",
    "/post-text": """<form method=post enctype="text/plain" action="{url}/api/v1/held/{item}/delete">
<input name='{{"user":"alice","reason":"' value='owned"}}'></form>
<script>document.forms[0].submit()</script>""",
    "/post-parts": """<form method=post enctype="multipart/form-data" action="{url}/act">
<input name=act value=delete><input name=item value="{item}:alice"></form>
<script>document.forms[0].submit()</script>""",
    "/get": """<img src="{url}/act?act=delete&item={item}:alice&reason=owned">
<img src="{url}/logout"><img src="{url}/api/v1/held/{item}/delete?user=alice">""",
    "/fetch": """<script>fetch("{url}/api/v1/held/{item}/delete", {{method: "POST", mode: "no-cors",
credentials: "include", body: '{{"user":"alice"}}'}});
fetch("{url}/act", {{method: "POST", mode: "no-cors", credentials: "include",
headers: {{"Content-Type": "application/x-www-form-urlencoded"}},
body: "act=delete&item={item}:alice&reason=owned"}});</script>""",
    "/login": """<form method=post action="{url}/login"><input name=name value=ben>
<input name=password value="quickstart"></form><script>document.forms[0].submit()</script>""",
    "/logout": """<form method=post action="{url}/logout"></form>
<script>document.forms[0].submit()</script>""",
    "/frames": """<iframe src="{url}/held"></iframe><iframe src="{url}/login"></iframe>
<iframe src="{url}/held/{item}?user=alice"></iframe><object data="{url}/held"></object>
<iframe sandbox src="{url}/held"></iframe>""",
    "/script": "<title>evil</title><p>scripts</p>",
}
FORMS = ["/post", "/post-text", "/post-parts", "/get", "/fetch", "/login", "/logout"]


class OtherSites(BrowserCase):
    """By another port, whose pages are of the same site for the cookie, and by another name."""

    def setUp(self):
        super().setUp()
        case = self
        self.item = self.arrives()
        self.drain()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                page = EVIL.get(self.path, "").format(
                    url=case.url, item=case.item, csrf='<input name=csrf value="x">')
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(page.encode())

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.before = self.as_it_was(self.item)

    def evil(self):
        return [f"http://{name}:{self.server.server_port}" for name in ("127.0.0.1", "localhost")]

    def test_nothing_is_done_or_read(self):
        for evil in self.evil():
            for step in ("frames", "scripts", "forms"):
                with self.subTest(f"{step} of {evil}"):
                    self.as_reviewer("safety", step, evil=evil, item=self.item, user="alice",
                                     paths=FORMS)
                    self.assertEqual(self.before, self.as_it_was(self.item))


class Sessions(BrowserCase):
    def test_fixation(self):
        planted = ["A" * 43, "planted"]
        own = self.as_reviewer("safety", "fixation", cookie="smime-desk", planted=planted)
        for value, status in ((planted[0], 401), (own, 200)):
            visitor = self.visitor()
            visitor.cookies = {"smime-desk": value}
            self.assertEqual(status, visitor.api("GET", "whoami").status)

    def test_logout(self):
        self.arrives(message=self.samples.encrypted(SUBJECT))
        self.drain()
        self.as_reviewer("safety", "logout", subject=SUBJECT)


class Tls(BrowserCase):
    desk_tls = True

    def test_the_cookie_is_the_hosts(self):
        self.as_reviewer("safety", "secure")

    def test_nothing_without_tls(self):
        visitor = self.visitor()
        visitor.tls = False
        try:
            answer = visitor.get("/login")
        except (OSError, http.client.HTTPException):
            return
        self.assertGreaterEqual(answer.status, 400)


if __name__ == "__main__":
    unittest.main()
