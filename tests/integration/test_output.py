"""What the quarantine commands show to a person, and ask: columns, short ids, what an act
is going to touch."""

import base64
import email.header
import json
import os
import pty
import re
import select
import subprocess
import time

from case import DovecotCase

TITLE = "ID       HELD (UTC)   SIZE OWNER          FROM                 WHY"


class OutputCase(DovecotCase):
    settings = "  smime_reviewers = reviewer\n"

    def setUp(self):
        self.clear()

    def held(self, user="alice", subject=None, sender="sender@example.org", header_from=None):
        message = self.samples.encrypted()
        if subject is not None:
            message = re.sub(rb"Subject: [^\r]*", b"Subject: " + subject, message, count=1)
        if header_from is not None:
            message = re.sub(rb"From: [^\r]*", b"From: " + header_from, message, count=1)
        self.assert_accepted(message, f"{user}@example.org", sender=sender)
        return self.quarantined(user)[-1]["id"]

    def run_quarantine(self, *args, check=True):
        return self.instance.doveadm("smime", "quarantine", *args, check=check)

    def lines(self, *args):
        return self.run_quarantine(*args).stdout.decode().splitlines()

    def at_a_terminal(self, *args, answer=b""):
        """Returns (exit status, what is seen)."""
        pid, fd = pty.fork()
        if pid == 0:
            os.execv(str(self.instance.dir / "doveadm"),
                     ["doveadm", "smime", "quarantine", *map(str, args)])
        seen, told = b"", False
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if not select.select([fd], [], [], 1)[0]:
                continue
            try:
                data = os.read(fd, 4096)
            except OSError:
                break
            if not data:
                break
            seen += data
            if b"[y/N] " in seen and not told:
                told = True
                os.write(fd, answer)
        os.close(fd)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), seen.decode()


class List(OutputCase):
    def test_a_line_of_columns_and_one_below(self):
        item = self.held(subject=email.header.Header("Größe der Maßnahme", "utf-8").encode().encode())
        title, first, second = self.lines("list", "-u", "alice")
        self.assertEqual(TITLE, title)
        self.assertRegex(first, rf"^{item[:8]} \d\d-\d\d \d\d:\d\d +[0-9.]+K alice          "
                                r"sender@example.org   encrypted$")
        self.assertEqual("         Größe der Maßnahme", second)
        for line in (title, first, second):
            self.assertLessEqual(len(line), 80)

    def test_the_headers_from_where_it_differs(self):
        self.held(subject=b"Pay now", header_from=b"=?utf-8?q?Der_B=C3=B6ss?= <boss@bank.example>",
                  sender="bulk@spam.example")
        about = self.lines("list", "-u", "alice")[2]
        self.assertEqual("         Pay now | From: Der Böss <boss@bank.example>", about)

    def test_columns_stand_whatever_the_mail_says(self):
        hostile = b"=?utf-8?b?" + base64.b64encode(
            "\x1b[31mred\x07\r\nBcc: x\u202egnp".encode()) + b"?="
        self.held(subject=hostile, header_from=b"\"" + b"x" * 300 + b"\" <y@z.example>")
        self.held(subject=b"=?utf-8?q?" + b"=E8=AB=8B" * 60 + b"?=", sender="a" * 60 + "@example.org")
        self.held(subject=b"", sender="")
        lines = self.lines("list", "-A")
        self.assertEqual(7, len(lines))
        for line in lines[1::2]:
            self.assertEqual([" "] * 5, [line[column] for column in (8, 20, 26, 41, 62)], line)
        for line in lines[2::2]:
            self.assertTrue(line.startswith(" " * 9), line)
        for line in lines:
            self.assertLessEqual(len(line), 80)
            self.assertFalse(re.search(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e]", line), ascii(line))

    def test_json_has_all(self):
        item = self.held(subject=b"Figures", sender="bulk@spam.example")
        (row,) = self.quarantined("alice")
        self.assertEqual((item, "alice", "bulk@spam.example", "alice@example.org", "INBOX",
                          "encrypted", "Figures"),
                         tuple(row[key] for key in ("id", "user", "from", "to", "mailbox", "class",
                                                    "subject")))
        self.assertGreater(int(row["size"]), 500)
        self.assertIn("sender@example.org", row["header_from"])
        self.assertIn("held for review", row["reason"])
        done, (shown,) = self.doveadm_quarantine("show", "alice", item)
        self.assertEqual(("Figures", "alice", row["size"]),
                         (shown["subject"], shown["user"], shown["size"]))

    def test_other_formats_have_a_row_a_message(self):
        items = {self.held(subject=b"a\tb"), self.held()}
        rows = self.instance.doveadm("-f", "tab", "smime", "quarantine", "list", "-u",
                                     "alice").stdout.decode().splitlines()
        self.assertEqual(items, {row.split("\t")[0] for row in rows[1:]})

    def test_the_same_through_the_doveadm_server(self):
        self.held(subject=b"Figures")
        self.held("bob")
        socket = self.instance.base_dir / "doveadm-server"
        for user in (("-u", "alice"), ("-A",)):
            self.assertEqual(self.lines("list", *user), self.lines("list", *user, "-S", socket))

    def test_a_filter_negates_as_a_rule_does(self):
        self.held(sender="a@partner.example")
        other = self.held(sender="b@other.example")
        done = self.instance.doveadm("-f", "json", "smime", "quarantine", "list", "-u", "alice",
                                     "--from", "!*@partner.example")
        self.assertEqual([other], [row["id"] for row in json.loads(done.stdout)])


class Ids(OutputCase):
    def double(self, item):
        """The same message once more, with an id that begins in the same way."""
        raw = self.instance.doveadm("fetch", "-u", "alice", "text", "mailbox", "Quarantine",
                                    "all").stdout
        raw = raw.split(b"text:\n", 1)[1].rstrip(b"\x0c\n") + b"\n"
        twin = item[:8] + ("0" if item[8] != "0" else "1") * 24
        self.assertIn(item.encode(), raw)
        self.instance.doveadm("save", "-u", "alice", "-m", "Quarantine",
                              input=raw.replace(item.encode(), twin.encode()))
        return twin

    def test_a_beginning_is_enough(self):
        for act, result in (("show", None), ("release", "released"), ("delete", "deleted")):
            for length in (4, 8, 31):
                with self.subTest(act=act, length=length):
                    self.clear("alice")
                    item = self.held()
                    done, (row,) = self.doveadm_quarantine(act, "alice", item[:length])
                    self.assertEqual((item, result), (row["id"], row.get("result")))

    def test_three_digits_are_not(self):
        item = self.held()
        done, _ = self.doveadm_quarantine("delete", "alice", item[:3], check=False)
        self.assertEqual(64, done.returncode)
        self.assertIn(b"is no quarantine id", done.stderr)

    def test_an_ambiguous_one_is_refused_with_the_candidates(self):
        item = self.held()
        twin = self.double(item)
        for user in (("-u", "alice"), ("-A",)):
            for act in ("show", "release", "reject", "delete"):
                with self.subTest(act=act, user=user):
                    done = self.run_quarantine(act, *user, item[:8], check=False)
                    self.assertNotEqual(0, done.returncode)
                    for text in (item, twin, "several ids"):
                        self.assertIn(text, done.stderr.decode())
                    self.assertEqual({item, twin}, {row["id"] for row in self.quarantined("alice")})
        done, (row,) = self.doveadm_quarantine("delete", "alice", item[:9])
        self.assertEqual([twin], [row["id"] for row in self.quarantined("alice")])

    def test_a_beginning_that_two_users_have(self):
        item = self.held("alice")
        raw = self.instance.doveadm("fetch", "-u", "alice", "text", "mailbox", "Quarantine",
                                    "all").stdout
        raw = raw.split(b"text:\n", 1)[1].rstrip(b"\x0c\n") + b"\n"
        twin = item[:8] + "0" * 24
        self.held("bob")
        self.instance.doveadm("save", "-u", "bob", "-m", "Quarantine",
                              input=raw.replace(item.encode(), twin.encode()))
        done = self.run_quarantine("delete", "-A", item[:8], check=False)
        self.assertNotEqual(0, done.returncode)
        self.assertIn("several ids", done.stderr.decode())
        self.assertEqual((1, 2), (len(self.quarantined("alice")), len(self.quarantined("bob"))))

    def test_one_user_of_many_has_it_and_the_others_are_silent(self):
        item = self.held("bob")
        for name in (item, item[:8]):
            done = self.run_quarantine("show", "-A", name)
            self.assertEqual(b"", done.stderr)
            self.assertIn(item, done.stdout.decode())
        done = self.run_quarantine("delete", "-A", item[:8])
        self.assertEqual(1, done.stderr.decode().count("\n"), done.stderr)
        self.assertEqual(1, done.stdout.decode().count("deleted"))
        done = self.run_quarantine("show", "-A", item, check=False)
        self.assertEqual(68, done.returncode)
        self.assertEqual(1, done.stderr.decode().count("nobody's quarantine"))
        self.assertEqual(1, done.stderr.decode().count("\n"))


class Asking(OutputCase):
    def test_an_act_by_filter_says_how_many_and_asks(self):
        for _ in range(3):
            self.held()
        status, seen = self.at_a_terminal("delete", "-u", "alice", "--class", "encrypted",
                                          answer=b"n\n")
        self.assertIn("delete: 3 messages. Go on? [y/N]", seen)
        self.assertIn("nothing was done", seen)
        self.assertNotEqual(0, status)
        self.assertEqual(3, len(self.quarantined("alice")))
        status, seen = self.at_a_terminal("delete", "-u", "alice", "--class", "encrypted",
                                          answer=b"y\n")
        self.assertEqual(0, status, seen)
        self.assertEqual([], self.quarantined("alice"))

    def test_of_all_users_it_asks_once(self):
        self.held("alice")
        self.held("bob")
        self.held("bob")
        status, seen = self.at_a_terminal("release", "-A", "--class", "encrypted", answer=b"n\n")
        self.assertEqual(1, seen.count("release: 3 messages of 2 users. Go on? [y/N]"), seen)
        self.assertNotEqual(0, status)
        self.assertEqual((1, 2), (len(self.quarantined("alice")), len(self.quarantined("bob"))))
        status, seen = self.at_a_terminal("release", "-A", "--class", "encrypted", answer=b"yes\n")
        self.assertEqual(0, status, seen)
        self.assertEqual((0, 0), (len(self.quarantined("alice")), len(self.quarantined("bob"))))
        self.assertEqual((1, 2), (len(self.bodies("alice")), len(self.bodies("bob"))))

    def test_expire_asks(self):
        self.held()
        time.sleep(1.1)
        status, seen = self.at_a_terminal("expire", "-u", "alice", "--older-than", "0s",
                                          answer=b"\n")
        self.assertIn("expire: 1 message. Go on?", seen)
        self.assertEqual(1, len(self.quarantined("alice")))

    def test_yes_answers_and_ids_are_no_question(self):
        item = self.held()
        status, seen = self.at_a_terminal("delete", "-u", "alice", item)
        self.assertEqual((0, 0), (status, seen.count("Go on?")), seen)
        self.held()
        status, seen = self.at_a_terminal("delete", "-A", "--class", "encrypted", "--yes")
        self.assertEqual((0, 0), (status, seen.count("Go on?")), seen)
        self.assertEqual([], self.quarantined("alice"))

    def test_without_a_terminal_nobody_is_asked(self):
        self.held("alice")
        self.held("bob")
        done = subprocess.run([str(self.instance.dir / "doveadm"), "smime", "quarantine", "release",
                               "-A", "--class", "encrypted"], stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=60)
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertEqual((0, 0), (len(self.quarantined("alice")), len(self.quarantined("bob"))))

    def test_nothing_to_do_is_no_question(self):
        status, seen = self.at_a_terminal("delete", "-A", "--class", "encrypted")
        self.assertEqual((0, 0), (status, seen.count("Go on?")), seen)

    def test_dry_run_touches_nothing(self):
        item = self.held()
        before, log = self.quarantined("alice"), len(self.instance.settled_log())
        time.sleep(1.1)
        for act, result in (("release", "released"), ("release --refilter", "delivered anew"),
                            ("reject", "rejected"), ("delete", "deleted"), ("expire", "expired")):
            name, *options = act.split()
            options += ["--older-than", "0s"] if name == "expire" else [item[:8]]
            with self.subTest(act):
                _, (row,) = self.doveadm_quarantine(name, "alice", "--dry-run", *options)
                self.assertEqual((item, "would be " + result), (row["id"], row["result"]))
        self.assertEqual(before, self.quarantined("alice"))
        self.assertEqual([], self.bodies("alice"))
        self.assertNotIn("smime_message_released", self.instance.settled_log()[log:])


class Report(OutputCase):
    def test_without_an_address_a_person_reads_it(self):
        item = self.held()
        lines = self.lines("report", "-A")
        self.assertEqual("Quarantine: 1 new, 1 held", lines[0])
        text = "\n".join(lines)
        self.assertIn(item, text)
        for word in ("Content-Type", "Message-ID", "<html>", "boundary"):
            self.assertNotIn(word, text)


del OutputCase
