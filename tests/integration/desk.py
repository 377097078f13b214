"""The review desk for tests: a server with it, and a visitor who speaks HTTP as he likes."""

import hashlib
import http.client
import json
import os
import re
import ssl
import subprocess
import unittest
import urllib.parse
from html.parser import HTMLParser

import dovecot_conf
from case import ROOT
from clients import PASSWORD
from instance import free_port
from test_notify import NotifyCase
from test_register import RegisterCase
from test_register_front import FrontCase

REVIEWERS = ("chief", "ben", "carla", "lister", "reader", "stranger")
MAY = "may=list,preview,show,download,release,reject,delete"
PROGRAMS = ROOT / "usr/lib/dovecot"


class DeskCase(FrontCase, NotifyCase):
    """With a register, roles and rules; the attributes of DovecotCase, and desk_conf."""

    settings = (f"  smime_reviewers = chief\n  smime_role = reviewer=ben to=*@example.org {MAY}\n"
                f"  smime_role2 = reviewer=carla to=*@other.example {MAY}\n"
                "  smime_role3 = reviewer=lister may=list,show\n"
                "  smime_role4 = reviewer=reader may=list,preview,show,download\n"
                "  smime_role5 = reviewer=reader to=*@other.example may=release\n")
    rules = ("  smime_rule = from=take@* class=any-encrypted notify=recipient recipient=release "
             "action=quarantine\n"
             "  smime_rule2 = class=any-encrypted notify=recipient recipient=request "
             "action=quarantine\n"
             "  smime_rule3 = from=held@* recipient=view action=quarantine\n")
    desk_conf = ""
    desk_tls = False

    @classmethod
    def setUpClass(cls):
        if os.geteuid() != 0:
            raise unittest.SkipTest("a service of the desk runs as root")
        if not (PROGRAMS / "smime-desk").exists():
            raise unittest.SkipTest("the desk is not built")
        super().setUpClass()

    @classmethod
    def before_start(cls):
        super().before_start()
        # The texts of the notices, which a case with a register has not.
        super(RegisterCase, cls).before_start()
        key = cls.directory / "token.key"
        key.write_text("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\n")
        key.chmod(0o600)
        cls.instance.desk_port = free_port()
        cls.instance.desk_conf = cls.desk_conf
        cls.instance.desk_tls = cls.desk_tls
        cls.url = cls.instance.desk_url
        if cls.desk_tls:
            cls.instance.earlier += certificate_settings(cls.directory)
        cls.instance.settings += (f"  smime_token_key = {key}\n"
                                  f"  smime_notice_link = {cls.url}/?t={{token}}\n")
        cls.roomy()

    @classmethod
    def roomy(cls):
        """A test logs in more often than a person."""
        cls.instance.extra += "service auth {\n  client_limit = 1000\n}\n"

    def setUp(self):
        super().setUp()
        (self.instance.dir / "masters").write_text(
            "".join(f"{name}:{{PLAIN}}{PASSWORD}\n" for name in REVIEWERS))

    def visitor(self, name=None, **kwargs):
        """Logged in, if there is a name."""
        visitor = Visitor(self.instance.desk_port, self.desk_tls, **kwargs)
        if name:
            answer = visitor.login(name)
            self.assertTrue(visitor.is_in(answer), f"{name}: {answer}")
        return visitor

    def arrives(self, address="alice@example.org", message=None, sender="partner@example.net"):
        user = address.split("@")[0]
        before = {row["id"] for row in self.quarantined(user)}
        self.assert_accepted(message or self.samples.encrypted(), address, sender=sender)
        (item,) = {row["id"] for row in self.quarantined(user)} - before
        return item

    def arrive(self, count, **kwargs):
        """So many, the first of them the oldest for the register."""
        items = [self.arrives(**kwargs) for _ in range(count)]
        self.drain()
        for number, item in enumerate(items):
            self.database.execute("UPDATE smime_register SET held = held - "
                                  f"{(count - number) * 60} WHERE id = '{item}';")
        return items

    def mail(self, user="alice"):
        """What is in the INBOX beside notices, as IMAP serves it."""
        return [body for body in self.bodies(user) if b".notice@" not in body]

    def state(self, item):
        """As the register has it now."""
        self.instance.doveadm("smime", "register", "drain", check=False)
        return self.state_of(item)

    def as_it_was(self, *items, user="alice"):
        """A test's own: what holds of these as long as nobody did anything."""
        held = {row["id"]: row for row in self.quarantined(user)}
        return [(item, self.state(item), held.get(item)) for item in items], len(self.mail(user))

    def token_for_programs(self, name, *words):
        done = subprocess.run([PROGRAMS / "smime-desk-worker", "-c",
                               self.instance.dir / "smime-desk.conf", "token", "add", "--as", name,
                               *words], capture_output=True, text=True,
                              env=self.instance.environment())
        self.assertEqual(0, done.returncode, done.stderr)
        return re.search(r"\S{30,}", done.stdout)[0]


def certificate_settings(directory):
    key, certificate = directory / "desk.key", directory / "desk.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30",
                    "-keyout", key, "-out", certificate, "-subj", "/CN=127.0.0.1", "-addext",
                    "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    if dovecot_conf.IS_24:
        return f"ssl = yes\nssl_server_cert_file = {certificate}\nssl_server_key_file = {key}\n"
    return f"ssl = yes\nssl_cert = <{certificate}\nssl_key = <{key}\n"


class Forms(HTMLParser):
    """The forms of a page: by id, the address and what is filled in already."""

    def __init__(self, text):
        super().__init__()
        self.forms, self.now = {}, None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "form":
            self.now = {"action": attributes.get("action", ""), "fields": []}
            self.forms.setdefault(attributes.get("id", ""), self.now)
        elif tag == "input" and self.now is not None and attributes.get("type") == "hidden":
            self.now["fields"].append((attributes["name"], attributes.get("value", "")))

    def handle_endtag(self, tag):
        if tag == "form":
            self.now = None


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.cookies = [value for name, value in response.getheaders()
                        if name.lower() == "set-cookie"]
        self.data = response.read()

    @property
    def text(self):
        return self.data.decode(errors="replace")

    def json(self):
        return json.loads(self.data)

    def forms(self):
        return Forms(self.text).forms

    def __repr__(self):
        return f"{self.status} {self.headers}\n{self.text[:1500]}"


class Visitor:
    """Each request has a connection of its own. cookies are sent as they are set."""

    def __init__(self, port, tls=False, address="127.0.0.1"):
        self.port, self.tls, self.address = port, tls, address
        self.cookies = {}
        self.csrf = ""

    def send(self, method, path, body=None, headers=None, timeout=60):
        if self.tls:
            context = ssl._create_unverified_context()
            connection = http.client.HTTPSConnection(self.address, self.port, timeout=timeout,
                                                     context=context)
        else:
            connection = http.client.HTTPConnection(self.address, self.port, timeout=timeout)
        sent = {"Accept-Language": "en"}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        sent.update(headers or {})
        try:
            connection.request(method, path, body,
                               {name: value for name, value in sent.items() if value is not None})
            answer = Answer(connection.getresponse())
        finally:
            connection.close()
        for cookie in answer.cookies:
            name, _, value = cookie.split(";")[0].partition("=")
            self.cookies[name.strip()] = value.strip()
            if not value.strip() or re.search(r"max-age=0", cookie, re.I):
                del self.cookies[name.strip()]
        return answer

    def get(self, path, **kwargs):
        return self.send("GET", path, **kwargs)

    def post(self, path, fields, headers=None, **kwargs):
        """fields: pairs, or a dictionary."""
        own = {"Content-Type": "application/x-www-form-urlencoded",
               "Origin": f"http{'s' if self.tls else ''}://127.0.0.1:{self.port}"}
        return self.send("POST", path, urllib.parse.urlencode(fields), {**own, **(headers or {})},
                         **kwargs)

    def login(self, name, password=PASSWORD, **kwargs):
        page = self.get("/login")
        form = page.forms()["login"]
        answer = self.post(form["action"] or "/login",
                           [*form["fields"], ("name", name), ("password", password)], **kwargs)
        if self.is_in(answer):
            self.csrf = self.token_of_page()
        return answer

    def token_of_page(self):
        """What each form of a page that is shown after the login carries."""
        page = self.get("/")
        while page.status in (302, 303):
            page = self.get(page.headers["location"])
        for form in page.forms().values():
            for name, value in form["fields"]:
                if name == "csrf":
                    return value
        return ""

    @staticmethod
    def is_in(answer):
        return answer.status in (302, 303) and "login" not in answer.headers.get("location", "")

    def act(self, act, items, csrf=None, reason="tested", **kwargs):
        """items: pairs of an id and a user."""
        fields = [("act", act), ("reason", reason), ("confirm", "yes"),
                  ("csrf", self.csrf if csrf is None else csrf)]
        return self.post("/act", fields + [("item", f"{item}:{user}") for item, user in items],
                         **kwargs)

    def api(self, method, path, given=None, headers=None, **kwargs):
        """With the session, or headers={"Authorization": ...}."""
        own = {"X-CSRF-Token": self.csrf} if self.csrf and method != "GET" else {}
        if given is not None:
            own["Content-Type"] = "application/json"
        return self.send(method, "/api/v1/" + path, None if given is None else json.dumps(given),
                         {**own, **(headers or {})}, **kwargs)


def results(answer):
    """Of ul#results: what became of each id."""
    return dict(re.findall(r'<li[^>]*data-id="([^"]*)"[^>]*data-result="([^"]*)"', answer.text)
                or [pair[::-1] for pair in
                    re.findall(r'<li[^>]*data-result="([^"]*)"[^>]*data-id="([^"]*)"', answer.text)])


def digest(data):
    return hashlib.sha256(data).hexdigest()
