"""The reviewer's commands, at the shell and over the doveadm HTTP API."""

import email
import email.policy
import json
import os
import socketserver
import subprocess
import threading

import dovecot_conf
from case import DovecotCase
from clients import Imap, stored, without_trace
from instance import free_port


class Smtp(socketserver.StreamRequestHandler):
    """Takes mail as an MTA does, into server.mails."""

    def handle(self):
        sender, recipients = None, []
        self.wfile.write(b"220 mta.example.org\r\n")
        for line in self.rfile:
            word = line.split(b":")[0].split()[0].upper()
            if word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                data = b""
                for text in self.rfile:
                    if text == b".\r\n":
                        break
                    data += text[1:] if text.startswith(b".") else text
                self.server.mails.append((sender, recipients, data))
            elif line.upper().startswith(b"MAIL FROM"):
                sender, recipients = line, []
            elif line.upper().startswith(b"RCPT TO"):
                recipients.append(line)
                if self.server.answer != b"250":
                    self.wfile.write(self.server.answer + b" no\r\n")
                    continue
            elif word == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            self.wfile.write(b"250 ok\r\n")


class ReviewCase(DovecotCase):
    @classmethod
    def before_start(cls):
        cls.mta = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Smtp)
        cls.mta.daemon_threads = True
        cls.mta.mails = []
        cls.mta.answer = b"250"
        threading.Thread(target=cls.mta.serve_forever, daemon=True).start()
        cls.instance.http_port = free_port()
        cls.instance.extra = (f"submission_host = 127.0.0.1:{cls.mta.server_address[1]}\n"
                              "hostname = imap.example.org\n")

    @classmethod
    def tearDownClass(cls):
        cls.mta.shutdown()
        cls.mta.server_close()
        super().tearDownClass()

    def setUp(self):
        self.clear()
        self.mta.mails.clear()
        self.mta.answer = b"250"

    def held(self, user="alice", **kwargs):
        self.original = self.samples.encrypted()
        self.assert_accepted(self.original, f"{user}@example.org", **kwargs)
        return self.quarantined(user)[-1]["id"]


class Reject(ReviewCase):
    def test_the_sender_is_told_and_the_message_gone(self):
        item = self.held(sender="sender@example.org")
        _, (result,) = self.doveadm_quarantine("reject", "alice", "--reason", "Not <here>", item)
        self.assertEqual("rejected", result["result"])
        self.assertEqual([], self.quarantined("alice"))
        self.assertEqual([], self.bodies())
        ((sender, recipients, data),) = self.mta.mails
        self.assertIn(b"FROM:<>", sender)
        self.assertEqual(1, len(recipients))
        self.assertIn(b"<sender@example.org>", recipients[0])
        notice = email.message_from_bytes(data, policy=email.policy.default)
        self.assertEqual("multipart/report", notice.get_content_type())
        self.assertEqual("delivery-status", notice.get_param("report-type"))
        text, status, header = notice.iter_parts()
        self.assertIn("Not <here>", text.get_content())
        self.assertIn("5.7.1", status.as_string())
        self.assertIn("Final-Recipient: rfc822; alice@example.org", status.as_string())
        self.assertIn("encrypted sample", header.as_string())
        self.assertNotIn(b"X-SMIME-Quarantine", data)
        done, _ = self.doveadm_quarantine("reject", "alice", item, check=False)
        self.assertEqual(68, done.returncode)
        self.assertEqual(1, len(self.mta.mails))

    def test_it_stays_if_the_sender_cannot_be_told(self):
        item = self.held()
        for answer in (b"450", b"550"):
            self.mta.answer = answer
            done, (result,) = self.doveadm_quarantine("reject", "alice", item, check=False)
            self.assertNotEqual(0, done.returncode)
            self.assertIn("submission_host", result["result"])
            self.assertEqual([item], [entry["id"] for entry in self.quarantined("alice")])

    def test_a_bounce_is_not_answered(self):
        item = self.held(sender="")
        _, (result,) = self.doveadm_quarantine("reject", "alice", item)
        self.assertIn("no sender", result["result"])
        self.assertEqual([], self.mta.mails)
        self.assertEqual([], self.quarantined("alice"))


class Selection(ReviewCase):
    def test_filters_choose_for_all_users(self):
        self.held("alice", sender="a@example.org")
        self.held("bob", sender="b@example.org")
        done = self.instance.doveadm("-f", "json", "smime", "quarantine", "release", "-A",
                                     "--from", "a@*")
        self.assertEqual(["alice"], [row["username"] for row in json.loads(done.stdout)])
        self.assertEqual(1, len(self.bodies("alice")))
        self.assertEqual((0, 1), (len(self.quarantined("alice")), len(self.quarantined("bob"))))
        done = self.instance.doveadm("-f", "json", "smime", "quarantine", "delete", "-A",
                                     "--class", "encrypted")
        self.assertEqual(["deleted"], [row["result"] for row in json.loads(done.stdout)])
        self.assertEqual([], self.bodies("bob"))

    def test_nothing_is_done_to_everything_by_leaving_out_a_word(self):
        self.held()
        for action in ("release", "reject", "delete", "show"):
            done, _ = self.doveadm_quarantine(action, "alice", check=False)
            self.assertEqual(64, done.returncode, action)
        # What no rule gave a time to is held for ever.
        self.assertEqual([], self.doveadm_quarantine("expire", "alice")[1])
        self.assertEqual(1, len(self.quarantined("alice")))

    def test_expire(self):
        item = self.held()
        _, rows = self.doveadm_quarantine("expire", "alice", "--older-than", "30d")
        self.assertEqual([], rows)
        folder = self.instance.home("alice") / "Maildir" / ".Quarantine"
        (path,) = [p for sub in ("new", "cur") for p in (folder / sub).iterdir()]
        data = path.read_bytes()
        start = data.index(b"X-SMIME-Quarantine-Time: ") + 25
        path.write_bytes(data[:start] + b"2020" + data[start + 4:])
        _, rows = self.doveadm_quarantine("expire", "alice", "--older-than", "30d")
        self.assertEqual([(item, "expired")], [(row["id"], row["result"]) for row in rows])
        self.assertEqual([], self.quarantined("alice"))
        done, _ = self.doveadm_quarantine("expire", "alice", "--older-than", "soon", check=False)
        self.assertEqual(64, done.returncode)


class Refilter(ReviewCase):
    SCRIPT = 'require ["fileinto", "mailbox", "imap4flags"];\n' \
             'if header :contains "Subject" "encrypted" { addflag "$Sorted"; fileinto :create "Sorted"; }\n'

    def test_it_goes_through_sieve_once(self):
        item = self.held()
        self.sieve("alice", self.SCRIPT)
        _, (result,) = self.doveadm_quarantine("release", "alice", "--refilter", item)
        self.assertEqual("delivered anew", result["result"])
        self.assertEqual([], self.quarantined("alice"))
        self.assertEqual([self.original],
                         [without_trace(b) for b in self.bodies(mailbox="Sorted")])
        self.assertEqual([], self.bodies())
        self.assertNotIn(f"guid={item}".encode(), self.guids("Sorted"))
        client = Imap(self.instance, "alice", "Sorted")
        self.assertIn("$Sorted", client.flags(client.uids()[0]))
        # A reviewer let it out: it can be filed.
        client.create("Elsewhere")
        self.assertEqual("OK", client.uid("copy", client.uids()[0], "Elsewhere")[0])
        client.logout()

    def test_a_repetition_finds_it_there(self):
        item = self.held()
        self.sieve("alice", self.SCRIPT)
        folder = self.instance.home("alice") / "Maildir" / ".Quarantine"
        (path,) = [p for sub in ("new", "cur") for p in (folder / sub).iterdir()]
        data = path.read_bytes()
        self.doveadm_quarantine("release", "alice", "--refilter", item)
        back = folder / "cur" / ("9" + path.name.split(":")[0] + ":2,")
        back.write_bytes(data)
        if os.geteuid() == 0:
            import shutil
            shutil.chown(back, *self.instance._mail_owner())
        self.doveadm_quarantine("release", "alice", "--refilter", item)
        self.assertEqual(1, len(self.bodies(mailbox="Sorted")))
        self.assertEqual([], self.quarantined("alice"))

    def test_it_stays_if_delivery_fails(self):
        item = self.held()
        self.sieve("alice", 'require ["fileinto"]; fileinto "Locked/Mail";\n')
        blocked = self.instance.home("alice") / "Maildir" / "cur"
        self.instance.doveadm("fetch", "-u", "alice", "uid", "mailbox", "INBOX", "all")
        # No mailbox can be written to.
        parent = blocked.parent
        parent.chmod(0o700)
        user = self.instance.home("alice")
        sieve = user / ".dovecot.sieve"
        sieve.unlink()
        inbox = parent / "tmp"
        inbox.rename(parent / "tmp.away")
        inbox.write_text("")
        try:
            done, (result,) = self.doveadm_quarantine("release", "alice", "--refilter", item,
                                                      check=False)
        finally:
            inbox.unlink()
            (parent / "tmp.away").rename(inbox)
        self.assertNotEqual(0, done.returncode)
        self.assertIn("did not deliver", result["result"])
        self.assertEqual([item], [entry["id"] for entry in self.quarantined("alice")])

    def test_the_setting_alone_releases_nothing(self):
        item = self.held()
        other = self.samples.encrypted()
        subprocess.run(["/usr/lib/dovecot/dovecot-lda", "-o",
                        dovecot_conf.plugin_setting(f"smime_release={item}"), "-c",
                        str(self.instance.conf), "-d", "alice"], input=other, check=True,
                       timeout=60, env=self.instance.environment())
        self.assertEqual([], self.bodies())
        self.assertEqual(2, len(self.quarantined("alice")))


class Report(ReviewCase):
    def test_the_digest_goes_to_the_reviewers(self):
        first = self.held("alice", sender="b&x@example.org")
        self.held("bob")
        self.instance.doveadm("smime", "quarantine", "report", "-A", "--to", "review@example.org")
        ((_, recipients, data),) = self.mta.mails
        self.assertIn(b"<review@example.org>", recipients[0])
        digest = email.message_from_bytes(data, policy=email.policy.default)
        self.assertEqual("Quarantine: 2 new, 2 held", digest["Subject"])
        self.assertEqual("auto-generated", digest["Auto-Submitted"])
        text, html = digest.iter_parts()
        self.assertEqual(("text/plain", "text/html"),
                         (text.get_content_type(), html.get_content_type()))
        for part in (text, html):
            self.assertIn(first, part.get_content())
            self.assertIn("alice: 1 held, 1 new", part.get_content())
        self.assertIn("b&amp;x@", html.get_content())

    def test_without_an_address_it_is_printed(self):
        item = self.held()
        done = self.instance.doveadm("smime", "quarantine", "report", "-u", "alice", "--since",
                                     "2037-01-01")
        self.assertTrue(done.stdout.startswith(b"Quarantine: 0 new, 1 held\n"), done.stdout)
        self.assertNotIn(item.encode(), done.stdout)
        self.assertEqual([], self.mta.mails)


class HttpApi(ReviewCase):
    def call(self, command, **parameters):
        request = json.dumps([[command, parameters, "tag"]])
        done = subprocess.run(
            ["curl", "-s", "-S", "-u", "doveadm:", "--data-binary", request, "-H",
             "Content-Type: application/json", "-H",
             "Authorization: X-Dovecot-API cXVpY2tzdGFydA==",
             f"http://127.0.0.1:{self.instance.http_port}/doveadm/v1"],
            capture_output=True, check=True, timeout=60)
        ((kind, answer, _),) = json.loads(done.stdout)
        return kind, answer

    def test_every_command(self):
        item = self.held()
        kind, rows = self.call("smimeQuarantineList", user="alice")
        self.assertEqual(("doveadmResponse", [item]), (kind, [row["id"] for row in rows]))
        _, (shown,) = self.call("smimeQuarantineShow", user="alice", id=[item])
        self.assertEqual(["encrypted"], json.loads(shown["report"])["class"])
        _, (result,) = self.call("smimeQuarantineRelease", user="alice", id=[item])
        self.assertEqual("released", result["result"])
        self.assert_logged(f"quarantine id {item}: released to mailbox INBOX by doveadm server")
        item = self.held()
        _, (result,) = self.call("smimeQuarantineRelease", user="alice", id=[item], refilter=True)
        self.assertEqual("delivered anew", result["result"])
        item = self.held()
        _, (result,) = self.call("smimeQuarantineReject", user="alice", id=[item], reason="no")
        self.assertEqual("rejected", result["result"])
        self.assertEqual(1, len(self.mta.mails))
        item = self.held()
        _, (result,) = self.call("smimeQuarantineDelete", user="alice", id=[item])
        self.assertEqual("deleted", result["result"])
        _, rows = self.call("smimeQuarantineExpire", user="alice", olderThan="1d")
        self.assertEqual([], rows)
        kind, _ = self.call("smimeQuarantineRelease", user="alice", id=["0" * 32])
        self.assertEqual("error", kind)
        self.held()
        self.call("smimeQuarantineReport", allUsers=True, to="review@example.org")
        self.assertEqual(2, len(self.mta.mails))
        kind, rows = self.call("smimeStatus", user="alice")
        self.assertEqual("doveadmResponse", kind)
