"""The quarantine's first form: list, show, release, delete, access."""

import imaplib
import json
import shutil

import dovecot_conf
from case import DovecotCase
from clients import Imap, without_trace


class Quarantine(DovecotCase):
    def setUp(self):
        self.clear()

    def held(self, message=None, user="alice"):
        message = message or self.samples.encrypted()
        self.assert_accepted(message, f"{user}@example.org")
        return message, self.quarantined(user)[-1]["id"]

    def quarantine_files(self):
        folder = self.instance.home("alice") / "Maildir" / ".Quarantine"
        return [path for sub in ("new", "cur") for path in (folder / sub).iterdir()]

    def test_list_of_all_users(self):
        self.held(user="alice")
        self.held(user="bob")
        done = self.instance.doveadm("-f", "json", "smime", "quarantine", "list", "-A")
        self.assertEqual(["alice", "bob"],
                         sorted(item["username"] for item in json.loads(done.stdout)))

    def test_list_formats(self):
        _, item = self.held()
        for form in ("tab", "flow", "table"):
            done = self.instance.doveadm("-f", form, "smime", "quarantine", "list", "-u", "alice")
            self.assertIn(item.encode(), done.stdout, form)

    def test_an_empty_quarantine_is_no_error(self):
        self.assertEqual([], self.quarantined("carol"))

    def test_show_tells_who_what_and_why(self):
        _, item = self.held()
        _, (shown,) = self.doveadm_quarantine("show", "alice", item)
        self.assertEqual(item, shown["id"])
        self.assertEqual("INBOX", shown["mailbox"])
        self.assertEqual(f"{dovecot_conf.SHIPPED_RULE}: class=any-encrypted origin=delivery "
                         "action=quarantine", shown["rule"])
        self.assertIn("smime-encrypted", shown["uninspectable"])
        self.assertEqual(["encrypted"], json.loads(shown["report"])["class"])
        self.assertRegex(shown["sha256"], "^[0-9a-f]{64}$")
        self.assertRegex(shown["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")

        self.assertRegex(shown["encrypted-to"], r"^CN=Sample CA [0-9A-F]+ \(rsaEncryption\)$")
        self.assertEqual("strong", shown["strength"])

    def test_list_filters(self):
        _, item = self.held()
        for options, expected in ((("--class", "any-encrypted"), 1), (("--class", "signed"), 0),
                                  (("--from", "*@example.org"), 1), (("--from", "x@*"), 0),
                                  (("--rule", "any-encrypted"), 1), (("--rule", "rule7"), 0),
                                  (("--since", "1days"), 1), (("--since", "2037-01-01"), 0)):
            with self.subTest(options):
                _, rows = self.doveadm_quarantine("list", "alice", *options)
                self.assertEqual([item] * expected, [row["id"] for row in rows])
        for option, word in (("--class", "encripted"), ("--since", "yesteryear")):
            done, _ = self.doveadm_quarantine("list", "alice", option, word, check=False)
            self.assertEqual(64, done.returncode)
            self.assertIn(word.encode(), done.stderr)

    def test_the_record_is_the_message_s_first_header_fields(self):
        original, item = self.held()
        client = Imap(self.instance, "alice*reviewer")
        client.logout()
        text = self.quarantine_files()[0].read_bytes().replace(b"\n", b"\r\n")
        names = [line.split(b":")[0].decode() for line in text.split(b"\r\n")
                 if line.startswith(b"X-SMIME-Quarantine-")]
        self.assertEqual(["X-SMIME-Quarantine-" + name for name in (
            "Id", "Time", "Mailbox", "From", "To", "User", "Rule", "Reason", "Report", "Identity",
            "Exact-SHA256", "SHA256")], names)
        self.assertTrue(text.endswith(original))
        self.assertTrue(text.startswith(b"X-SMIME-Quarantine-Id: " + item.encode()))

    def test_release_to_another_mailbox(self):
        original, item = self.held()
        _, (result,) = self.doveadm_quarantine("release", "alice", "--mailbox", "Reviewed/Mail", item)
        self.assertEqual("Reviewed/Mail", result["mailbox"])
        self.assertEqual([original], [without_trace(b) for b in
                                      self.bodies(mailbox="Reviewed/Mail")])
        self.assertEqual([], self.bodies())

    def test_other_bytes_have_another_guid(self):
        _, item = self.held()
        self.assertEqual([f"guid={item}".encode()], self.guids("Quarantine"))
        self.doveadm_quarantine("release", "alice", item)
        (guid,) = self.guids("INBOX")
        self.assertNotEqual(f"guid={item}".encode(), guid)

    def test_release_keeps_the_internal_date(self):
        _, item = self.held()
        dates = lambda mailbox: self.instance.doveadm(  # noqa: E731
            "-f", "flow", "fetch", "-u", "alice", "date.received.unixtime", "mailbox",
            mailbox).stdout.strip()
        before = dates("Quarantine")
        # Release at a later time than arrival.
        for path in self.quarantine_files():
            shutil.copystat(path, path)
        self.doveadm_quarantine("release", "alice", item)
        self.assertEqual(before, dates("INBOX"))

    def test_a_second_release_is_a_no_op_that_says_so(self):
        _, item = self.held()
        self.doveadm_quarantine("release", "alice", item)
        done, (result,) = self.doveadm_quarantine("release", "alice", item, check=False)
        self.assertEqual(68, done.returncode)
        self.assertIn("not in the quarantine", result["result"])
        self.assertEqual(1, len(self.bodies()))

    def test_a_release_cut_short_behind_its_save_is_completed(self):
        """kill -9 between save and expunge leaves both copies."""
        _, item = self.held()
        (stored,) = self.quarantine_files()
        keep = self.directory / "keep"
        shutil.copy2(stored, keep)
        self.doveadm_quarantine("release", "alice", item)
        back = stored.parent.parent / "cur" / ("9" + stored.name.split(":")[0] + ":2,")
        shutil.copy2(keep, back)
        if hasattr(shutil, "chown"):
            shutil.chown(back, *self.instance._mail_owner())
        self.assertEqual([item], [entry["id"] for entry in self.quarantined("alice")])
        _, (result,) = self.doveadm_quarantine("release", "alice", item)
        self.assertIn("already released", result["result"])
        self.assertEqual([], self.quarantined("alice"))
        self.assertEqual(1, len(self.bodies()))

    def test_a_changed_message_is_not_released(self):
        _, item = self.held()
        (stored,) = self.quarantine_files()
        data = stored.read_bytes()
        stored.write_bytes(data.replace(b"encrypted sample", b"ENCRYPTED sample"))
        done, (result,) = self.doveadm_quarantine("release", "alice", item, check=False)
        self.assertNotEqual(0, done.returncode)
        self.assertIn("SHA-256", result["result"])
        self.assertEqual([], self.bodies())
        self.assertEqual([item], [entry["id"] for entry in self.quarantined("alice")])
        stored.write_bytes(data)
        self.doveadm_quarantine("release", "alice", item)

    def test_several_ids_and_one_that_is_not_there(self):
        _, first = self.held()
        _, second = self.held()
        done, results = self.doveadm_quarantine("release", "alice", first, "0" * 32, second,
                                                check=False)
        self.assertEqual(68, done.returncode)
        self.assertEqual(["released", "released"],
                         [r["result"] for r in results if r["id"] in (first, second)])
        self.assertEqual(2, len(self.bodies()))

    def test_what_is_no_id_is_refused(self):
        done = self.instance.doveadm("smime", "quarantine", "release", "-u", "alice", "all",
                                     check=False)
        self.assertEqual(64, done.returncode)
        self.assertIn(b'"all" is no quarantine id', done.stderr)

    def test_delete(self):
        _, item = self.held()
        _, (result,) = self.doveadm_quarantine("delete", "alice", item)
        self.assertEqual("deleted", result["result"])
        self.assertEqual([], self.quarantined("alice"))
        self.assertEqual([], self.bodies())

    def test_other_mail_in_the_quarantine_mailbox_is_passed_over(self):
        self.held()
        self.instance.doveadm("save", "-u", "alice", "-m", "Quarantine",
                              input=b"Subject: no record\n\nx\n")
        self.assertGreaterEqual(len(self.quarantined("alice")), 1)

    def test_inspect(self):
        path = self.directory / "message.eml"
        path.write_bytes(self.samples.signed())
        done = self.instance.doveadm("-f", "json", "smime", "inspect", path)
        (report,) = json.loads(done.stdout)
        self.assertEqual("signed", report["class"])
        done = self.instance.doveadm("-f", "json", "smime", "inspect", "-",
                                     input=self.samples.encrypted())
        (report,) = json.loads(done.stdout)
        self.assertEqual("encrypted", report["class"])
        done = self.instance.doveadm("smime", "inspect", "/nonexistent", check=False)
        self.assertEqual(66, done.returncode)
        self.assertIn(b"/nonexistent", done.stderr)

    def policy(self, message, *options):
        path = self.directory / "policy.eml"
        path.write_bytes(message)
        path.chmod(0o644)
        return json.loads(self.instance.doveadm("-f", "json", "smime", "policy", "-u", "alice",
                                                *options, path).stdout)

    def test_policy_tells_the_rule_and_why_the_others_do_not_match(self):
        rows = self.policy(self.samples.encrypted())
        self.assertEqual("quarantine", rows[-1]["result"])
        self.assertIn("any-encrypted", rows[-1]["detail"])
        rows = self.policy(self.samples.plain(), "-m", "Other", "--from", "a@b", "--origin",
                           "append")
        self.assertEqual(("none", "deliver"), (rows[-1]["rule"], rows[-1]["result"]))
        self.assertIn("class is plain, not any-encrypted", rows[0]["detail"])

    def test_status(self):
        done = self.instance.doveadm("-f", "json", "smime", "status", "-u", "alice")
        states = {row["check"]: row["state"] for row in json.loads(done.stdout)}
        self.assertLessEqual({"settings", "namespace inbox", dovecot_conf.SHIPPED_RULE, "quarantine", "scanner"},
                             set(states))
        self.assertEqual({"ok"}, set(states.values()))

    def test_what_cannot_be_read_is_not_passed_over(self):
        self.clear("carol")
        for _ in range(2):
            self.assert_accepted(self.samples.encrypted(), "carol@example.org")
        folder = self.instance.home("carol") / "Maildir/.Quarantine"
        path = next(p for name in ("new", "cur") for p in (folder / name).iterdir())
        path.chmod(0)
        done = self.instance.doveadm("-f", "json", "smime", "quarantine", "list", "-u", "carol",
                                     check=False)
        self.assertEqual(75, done.returncode)
        self.assertEqual(1, len(json.loads(done.stdout)))
        self.assertIn(b"cannot be read", done.stderr)
        path.chmod(0o600)
        self.assertEqual(2, len(self.quarantined("carol")))


class Access(DovecotCase):
    settings = "  smime_reviewers = reviewer\n"
    expected = {"alice": "NO", "alice*reviewer": "OK", "alice*stranger": "NO"}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        masters = cls.instance.dir / "masters"
        masters.write_text(masters.read_text() + "stranger:{PLAIN}quickstart\n")

    def test_who_may_open_the_quarantine(self):
        self.assert_accepted(self.samples.encrypted())
        for login, expected in self.expected.items():
            client = Imap(self.instance, login)
            status, text = client.select("Quarantine", readonly=True)
            self.assertEqual(expected, status, f"{login}: {text}")
            status, _ = client.status("Quarantine", "(MESSAGES)")
            self.assertEqual(expected, status, login)
            client.logout()

    def test_a_reviewer_sees_the_record(self):
        self.assert_accepted(self.samples.encrypted())
        client = Imap(self.instance, "alice*reviewer", "Quarantine")
        body = client.body(client.uids()[0])
        self.assertTrue(body.startswith(b"X-SMIME-Quarantine-Id: "))
        client.logout()


class OwnerAccess(Access):
    settings = "  smime_quarantine_access = owner\n  smime_reviewers = reviewer\n"
    expected = {"alice": "OK", "alice*reviewer": "OK"}


class OwnerReadAccess(Access):
    settings = "  smime_quarantine_access = owner-read\n  smime_reviewers = reviewer\n"
    expected = {"alice": "OK", "alice*reviewer": "OK"}

    def test_the_owner_cannot_change_it(self):
        self.assert_accepted(self.samples.encrypted())
        # imaplib raises this where SELECT is answered with [READ-ONLY]
        with self.assertRaises(imaplib.IMAP4.readonly):
            Imap(self.instance, "alice", "Quarantine")
        self.assertGreaterEqual(len(self.quarantined("alice")), 1)
