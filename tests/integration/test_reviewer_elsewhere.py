"""A reviewer's login over ManageSieve and submission: what becomes of a user's mail, and what
is sent in his name, is not for a reviewer."""

import base64
import json
import smtplib
import threading
import unittest
from pathlib import Path
from socketserver import ThreadingTCPServer

import dovecot_conf
from case import DovecotCase
from clients import PASSWORD
from instance import free_port
from test_access import RawClient
from test_review import Smtp

SCRIPT = b'require "fileinto";\nfileinto "Work";\n'
REDIRECT = b'redirect "reviewer@elsewhere.example";\n'


class Sieve(RawClient):
    """Its greeting is as long as the answer to CAPABILITY."""

    def __init__(self, port, user):
        super().__init__(port)
        self.answer(self.greeting)
        words = base64.b64encode(f"\0{user}\0{PASSWORD}".encode()).decode()
        self.login = self.run(f'AUTHENTICATE "PLAIN" "{words}"')[0]

    def answer(self, line):
        text = line
        while line and not line.startswith((b"OK", b"NO", b"BYE")):
            line = self.reader.readline()
            text += line
        return (line.split() or [b"BYE"])[0].decode(), text

    def run(self, command, literal=None):
        data = b"" if literal is None else b" {%d+}\r\n" % len(literal) + literal
        try:
            self.socket.sendall(command.encode() + data + b"\r\n")
            return self.answer(self.reader.readline())
        except ConnectionError:
            return "BYE", b""


@unittest.skipUnless(Path("/usr/lib/dovecot/managesieve").exists(),
                     "dovecot-managesieved is not installed")
class ManageSieve(DovecotCase):
    settings = "  smime_reviewers = reviewer\n  smime_reviewers_all_mail = chief\n"
    instance_options = {"protocols": "imap lmtp sieve"}

    @classmethod
    def before_start(cls):
        cls.sieve_port = free_port()
        cls.instance.extra = (f"service managesieve-login {{\n  inet_listener sieve {{\n"
                              f"    port = {cls.sieve_port}\n  }}\n}}\n")

    def setUp(self):
        (self.instance.dir / "masters").write_text(
            "".join(f"{name}:{{PLAIN}}{PASSWORD}\n" for name in ("reviewer", "chief", "other")))

    def login(self, user):
        client = Sieve(self.sieve_port, user)
        self.addCleanup(client.close)
        return client

    def scripts(self):
        owner = self.login("alice")
        self.assertEqual("OK", owner.login)
        return owner.run("LISTSCRIPTS")[1], owner.run('GETSCRIPT "own"')[1]

    def test_a_reviewer_changes_no_script(self):
        owner = self.login("alice")
        self.assertEqual("OK", owner.run('PUTSCRIPT "own"', SCRIPT)[0])
        self.assertEqual("OK", owner.run('SETACTIVE "own"')[0])
        before = self.scripts()
        self.assertIn(SCRIPT.strip(), before[1].replace(b"\r\n", b"\n"))
        reviewer = self.login("alice*reviewer")
        for command, literal in (('PUTSCRIPT "own"', REDIRECT), ('PUTSCRIPT "new"', REDIRECT),
                                 ('SETACTIVE "new"', None), ('SETACTIVE ""', None),
                                 ('DELETESCRIPT "own"', None), ('RENAMESCRIPT "own" "x"', None),
                                 ('GETSCRIPT "own"', None), ("LISTSCRIPTS", None)):
            with self.subTest(command):
                status, text = reviewer.run(command, literal)
                self.assertNotEqual("OK", status)
                self.assertNotIn(b"fileinto", text)
        self.assertEqual(before, self.scripts())
        self.assert_logged("reviewers log in over IMAP alone")

    def test_status_knows_where_the_plugin_is_missing(self):
        """As where a later file sets mail_plugins."""
        conf = self.instance.conf.read_text()
        self.addCleanup(self.instance.conf.write_text, conf)
        block = "  mail_plugins {\n    smime = no\n  }\n" if dovecot_conf.IS_24 else \
            "  mail_plugins =\n"
        self.instance.conf.write_text(conf + f"protocol sieve {{\n{block}}}\n")
        done = self.instance.doveadm("-f", "json", "smime", "status", check=False)
        (row,) = [row for row in json.loads(done.stdout) if row["check"] == "mail_plugins"]
        self.assertEqual(("error", "protocol sieve { mail_plugins }"),
                         (row["state"], row["setting"]))
        self.assertIn("reviewer", row["detail"])

    def test_other_masters_may_as_before(self):
        for name in ("other", "chief"):
            client = self.login(f"alice*{name}")
            self.assertEqual("OK", client.run(f'PUTSCRIPT "{name}"', SCRIPT)[0], name)


@unittest.skipUnless(Path("/usr/lib/dovecot/submission").exists(),
                     "dovecot-submissiond is not installed")
class Submission(DovecotCase):
    settings = "  smime_reviewers = reviewer\n"
    instance_options = {"protocols": "imap lmtp submission"}

    @classmethod
    def before_start(cls):
        cls.port = free_port()
        cls.mta = ThreadingTCPServer(("127.0.0.1", 0), Smtp)
        cls.mta.daemon_threads = True
        cls.mta.mails, cls.mta.answer = [], b"250"
        threading.Thread(target=cls.mta.serve_forever, daemon=True).start()
        cls.instance.extra = (
            f"submission_relay_host = 127.0.0.1\nsubmission_relay_port = {cls.mta.server_address[1]}\n"
            f"service submission-login {{\n  inet_listener submission {{\n    port = {cls.port}\n  }}\n"
            "  inet_listener submissions {\n    port = 0\n  }\n}\n")

    @classmethod
    def tearDownClass(cls):
        cls.mta.shutdown()
        cls.mta.server_close()
        super().tearDownClass()

    def submit(self, user):
        try:
            with smtplib.SMTP("127.0.0.1", self.port, timeout=30) as client:
                client.login(user, PASSWORD)
                client.sendmail("alice@example.org", ["bob@example.org"], "Subject: x\r\n\r\ny\r\n")
        except (smtplib.SMTPException, ConnectionError) as error:
            return str(error)
        return "sent"

    def test_a_reviewer_sends_nothing_in_the_user_s_name(self):
        self.assertEqual("sent", self.submit("alice"))
        self.assertNotEqual("sent", self.submit("alice*reviewer"))
        self.assertEqual(1, len(self.mta.mails))
