"""The desk's worker, as the web process speaks with it: logins, sessions, roles, acts, tokens; and
what a web process that was taken over may try."""

import json
import os
import re
import signal
import struct
import subprocess
import time
import unittest
from pathlib import Path

from case import ROOT
from desk import DeskCase
from desk_worker import Worker

UNKNOWN = "0123456789abcdef0123456789abcdef"
PROGRAM = ROOT / "usr/lib/dovecot/smime-desk-worker"


class WorkerCase(DeskCase):
    def setUp(self):
        super().setUp()
        self.worker = Worker(self.instance)
        self.addCleanup(self.worker.close)

    def session(self, name, **fields):
        answer = self.worker.login(name, **fields)
        self.assertTrue(answer["ok"], answer)
        return answer["session"]

    def ask(self, session, kind, **fields):
        return self.worker.call(kind, session=session, **fields)

    def refused(self, code, answer):
        self.assertEqual((False, code), (answer["ok"], answer.get("error")), answer)

    def items(self, session, **fields):
        answer = self.ask(session, "list", **fields)
        self.assertTrue(answer["ok"], answer)
        return answer["items"]

    def act(self, session, act, *keys, **fields):
        return self.ask(session, "act", act=act,
                        items=[{"id": item, "user": user} for item, user in keys], **fields)

    def result(self, session, act, item, user="alice", **fields):
        answer = self.act(session, act, (item, user), **fields)
        self.assertTrue(answer["ok"], answer)
        return answer["results"][0]["result"]

    def tokens(self, *words):
        return subprocess.run([PROGRAM, "-c", self.instance.dir / "smime-desk.conf", "token",
                               *words], capture_output=True, text=True,
                              env=self.instance.environment())


class TestWorkerLogins(WorkerCase):
    def test_a_reviewer_is_who_logs_in_by_the_master_passdb(self):
        answer = self.worker.login("ben")
        self.assertEqual((True, "ben", "reviewer"),
                         (answer["ok"], answer.get("name"), answer.get("kind")), answer)
        self.assertIn("release", answer["acts"])
        self.assertRegex(answer["session"], "^[0-9a-f]{64}$")
        known = self.ask(answer["session"], "whoami")
        self.assertEqual((answer["csrf"], "ben"), (known["csrf"], known["name"]))
        self.assertNotIn("session", known)
        self.assert_logged("ben logged in as reviewer from 192.0.2.7")

    def test_a_user_is_the_recipient_of_his_own_mail(self):
        answer = self.worker.login("alice")
        self.assertEqual(("alice", "recipient"), (answer.get("name"), answer.get("kind")), answer)

    def test_wrong_names_and_wrong_passwords_are_refused_alike(self):
        answers, seconds = [], []
        for number, name in enumerate(("ben", "alice", "nobody-knows", "stranger")):
            # Auth has an address wait that failed before.
            self.worker.ip = f"192.0.2.{100 + number}"
            begun = time.monotonic()
            answer = self.worker.login(name, "wrong")
            seconds.append(time.monotonic() - begun)
            answer.pop("id")
            answers.append(answer)
        self.assertEqual(1, len({json.dumps(answer) for answer in answers}), answers)
        self.refused("login-refused", answers[0])
        # By auth's own delay of failures, in steps of two seconds: no name is quicker or slower by
        # a whole attempt.
        self.assertLess(max(seconds) - min(seconds), 3, seconds)
        self.assert_logged("a login as ben from 192.0.2.100 was refused")

    def test_a_master_whom_no_role_names_does_not_get_in(self):
        self.refused("login-refused", self.worker.login("stranger"))

    def test_another_spelling_of_a_reviewer_is_no_other_reviewer(self):
        for name in ("Ben", "BEN", "ben ", "alice*ben", "ben@"):
            answer = self.worker.login(name)
            if answer["ok"]:
                self.assertEqual("ben", answer["name"])
            else:
                self.refused("login-refused", answer)

    def test_each_login_is_a_new_session_and_a_logout_ends_one(self):
        first, second = self.session("ben"), self.session("ben")
        self.assertNotEqual(first, second)
        self.assertTrue(self.ask(first, "logout")["ok"])
        self.refused("session", self.ask(first, "whoami"))
        self.refused("session", self.ask(first, "list"))
        self.assertTrue(self.ask(second, "whoami")["ok"])
        with Worker(self.instance) as other:
            self.assertTrue(other.call("whoami", session=second)["ok"])
            self.refused("session", other.call("whoami", session=first))

    def test_nobody_asks_without_a_session(self):
        for fields in ({}, {"session": ""}, {"session": "0" * 64}, {"bearer": "x"},
                       {"session": "0" * 64, "bearer": "x"}):
            self.refused("session", self.worker.call("list", **fields))


class TestWorkerAlone(WorkerCase):
    """Without doveadm's servers, as with a conf.d/92-smime-desk.conf of before."""

    def test_a_login_says_that_nobody_can_log_in(self):
        socket = self.instance.base_dir / "smime-desk-doveadm"
        socket.rename(self.instance.dir / "away")
        self.addCleanup((self.instance.dir / "away").rename, socket)
        for name in ("ben", "alice"):
            self.refused("unavailable", self.worker.login(name))
        self.assert_logged("smime-desk-doveadm: No such file or directory "
                           "(conf.d/92-smime-desk.conf)")
        told = self.instance.doveadm("smime", "status", check=False).stdout.decode()
        self.assertRegex(told, "review desk *error *service doveadm *nobody can log in")


class TestWorkerTime(WorkerCase):
    desk_conf = "idle_time = 4s\nabsolute_time = 8s\n"

    def test_a_session_ends_when_nobody_uses_it(self):
        session = self.session("ben")
        time.sleep(5)
        self.refused("session", self.ask(session, "whoami"))

    def test_a_session_ends_after_its_whole_time(self):
        session = self.session("ben")
        begun = time.monotonic()
        while (answer := self.ask(session, "whoami"))["ok"]:
            self.assertLess(time.monotonic() - begun, 10)
            time.sleep(1)
        self.refused("session", answer)
        self.assertGreater(time.monotonic() - begun, 6)


class TestWorker(WorkerCase):
    def test_a_list_has_pages(self):
        items = self.arrive(5)
        session = self.session("ben")
        mine = [item["id"] for item in self.items(session)]
        self.assertEqual(items[::-1], [item for item in mine if item in items])
        seen, after = [], ""
        while True:
            page = self.ask(session, "list", limit=2, **({"after": after} if after else {}))
            self.assertTrue(page["ok"], page)
            seen += [item["id"] for item in page["items"]]
            after = page["next"]
            if not after:
                break
        self.assertEqual(mine, seen)
        self.refused("invalid", self.ask(session, "list", after="nowhere 2026 x y"))
        self.refused("invalid", self.ask(session, "list", after="nonsense"))

    def test_requests_come_first(self):
        first, second = self.arrive(2, sender="take@partner.example")
        done = self.result(self.session("alice"), "request", first, reason="I wait for it")
        self.assertEqual("done", done)
        session = self.session("ben")
        answer = self.ask(session, "list", filter={"from": "take@*"}, limit=1)
        self.assertEqual([first], [item["id"] for item in answer["items"]], answer)
        again = self.ask(session, "list", filter={"from": "take@*"}, limit=1,
                         after=answer["next"])
        self.assertEqual([second], [item["id"] for item in again["items"]], again)

    def test_a_message_is_shown_with_its_report_and_history(self):
        item = self.arrives()
        self.drain()
        answer = self.ask(self.session("ben"), "show", item={"id": item, "user": "alice"})
        self.assertTrue(answer["ok"], answer)
        self.assertEqual((item, "alice"), (answer["record"]["id"], answer["record"]["user"]))
        self.assertIn("encrypted", answer["report"]["class"])
        self.assertEqual(["held"], [entry["state"] for entry in answer["history"]])
        self.assertIn("release", answer["acts"])
        # Which the reader may do with others.
        reader = self.ask(self.session("reader"), "show", item={"id": item, "user": "alice"})
        self.assertEqual({"list", "preview", "show", "download"}, set(reader["acts"]))
        own = self.ask(self.session("alice"), "show", item={"id": item, "user": "alice"})
        self.assertEqual({"list", "preview", "show", "request"}, set(own["acts"]))

    def test_an_act_is_done_once_and_repeated_without_harm(self):
        item = self.arrives()
        self.drain()
        session, before = self.session("ben"), len(self.mail())
        self.assertEqual("done", self.result(session, "release", item, reason="it is fine"))
        self.state(item)
        self.assertEqual("already", self.result(session, "release", item))
        # What was done instead is said, and is no success of this.
        for act in ("delete", "reject"):
            answer = self.act(session, act, (item, "alice"), reason="x")["results"][0]
            self.assertEqual("failed", answer["result"], answer)
            self.assertIn("was released by ben", answer["text"])
        self.assertEqual(before + 1, len(self.mail()))
        self.assert_logged("ben asked for release of 1 messages from 192.0.2.7 "
                           "(reason: it is fine)")
        shown = self.ask(session, "show", item={"id": item, "user": "alice"})
        self.assertEqual("released", shown["record"]["state"], shown)

    def test_many_at_once_each_with_its_result(self):
        keys = [(self.arrives(), "alice"), (self.arrives("bob@example.org"), "bob"),
                (UNKNOWN, "alice"), (self.arrives(), "alice")]
        answer = self.act(self.session("ben"), "delete", *keys, reason="spam")
        found = {(one["id"], one["user"]): one["result"] for one in answer["results"]}
        self.assertEqual(dict(zip(keys, ("done", "done", "failed", "done"))), found)

    def test_a_role_reaches_its_own_mail_and_no_other(self):
        item = self.arrives()
        self.drain()
        was = self.as_it_was(item)
        carla, lister = self.session("carla"), self.session("lister")
        self.assertNotIn(item, [one["id"] for one in self.items(carla)])
        key = {"id": item, "user": "alice"}
        for kind in ("show", "parts"):
            self.refused("not-found", self.ask(carla, kind, item=key))
        last = self.worker.all("original", session=carla, item=key)[-1]
        self.assertFalse(last["ok"], last)
        for act, fields in (("release", {}), ("reject", {}), ("delete", {}),
                            ("note", {"text": "x"}), ("hold", {"until": "30d"})):
            self.assertIn(self.result(carla, act, item, **fields), ("failed", "refused"), act)
            self.assertIn(self.result(lister, act, item, **fields),
                          ("done",) if act == "note" else ("failed", "refused"), act)
        # Of another user by another's name.
        for user in ("bob", "alice@example.org", "--as=chief", "-A"):
            self.assertFalse(self.ask(self.session("alice"), "show",
                                      item={"id": item, "user": user})["ok"])
        self.assertEqual(was[1], self.as_it_was(item)[1])

    def test_a_recipient_sees_his_own_and_does_what_the_rule_says(self):
        mine, others = self.arrives(), self.arrives("bob@example.org")
        session = self.session("alice")
        listed = [one["id"] for one in self.items(session)]
        self.assertIn(mine, listed)
        self.assertNotIn(others, listed)
        self.refused("not-found", self.ask(session, "show", item={"id": others, "user": "bob"}))
        self.assertFalse(self.ask(session, "show", item={"id": others, "user": "alice"})["ok"])
        shown = self.ask(session, "show", item={"id": mine, "user": "alice"})
        self.assertTrue(shown["ok"], shown)
        self.assertEqual([], shown["history"])
        for act in ("delete", "reject", "note", "hold", "inspect"):
            self.refused("forbidden", self.act(session, act, (mine, "alice"), text="x",
                                               until="30d"))
        self.refused("not-found", self.act(session, "request", (others, "bob")))
        self.assertNotEqual("done", self.result(session, "release", mine))
        self.assertEqual("done", self.result(session, "request", mine))
        self.refused("forbidden", self.ask(session, "overview"))
        self.refused("forbidden", self.ask(session, "original", item={"id": mine, "user": "alice"}))

    def test_the_worker_may_be_killed_in_the_middle_of_an_act(self):
        item = self.arrives()
        before = len(self.mail())
        self.worker.send("act", session=self.session("ben"), act="release",
                         items=[{"id": item, "user": "alice"}])
        for pid in self.instance.processes("smime-desk-worker"):
            os.kill(pid, signal.SIGKILL)
        with self.assertRaises(ConnectionError):
            self.worker.answer()
        deadline = time.monotonic() + 60
        while True:
            try:
                self.worker = Worker(self.instance)
                session = self.session("ben")
                break
            except (OSError, ConnectionError, AssertionError):
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.5)
        while (result := self.result(session, "release", item)) not in ("done", "already"):
            self.assertLess(time.monotonic(), deadline, result)
            self.state(item)
            time.sleep(0.5)
        self.assertEqual(before + 1, len(self.mail()))
        self.assertNotIn(item, [row["id"] for row in self.quarantined("alice")])


class TestDoveadmServers(WorkerCase):
    """Which serve one after the other, and whose programs are not to hear what they are asked."""

    def open_descriptors(self):
        """Of a server, that a program would have which it starts."""
        found = []
        for pid in self.instance.processes("doveadm-server"):
            for info in Path(f"/proc/{pid}/fdinfo").iterdir():
                flags = re.search(r"^flags:\s*(\d+)", info.read_text(), re.M)[1]
                if int(info.name) > 2 and not int(flags, 8) & os.O_CLOEXEC:
                    found.append(os.readlink(f"/proc/{pid}/fd/{info.name}"))
        return found

    def test_no_program_of_theirs_has_their_connection(self):
        self.assertTrue(self.ask(self.session("ben"), "list")["ok"])
        self.assertTrue(self.instance.processes("doveadm-server"))
        self.assertEqual([], self.open_descriptors())

    def test_no_line_names_the_user_of_the_command_before(self):
        item = self.arrives()
        self.drain()
        session = self.session("ben")
        for kind in ("parts", "original"):
            self.worker.all(kind, session=session, item={"id": item, "user": "nobody-known"})
        for _ in range(4):
            self.items(session)
        lines = [line for line in self.instance.settled_log().splitlines()
                 if "of the register listed to ben" in line]
        self.assertTrue(lines)
        self.assertEqual([], [line for line in lines if "nobody-known" in line])

    def test_a_reviewer_cannot_find_out_whom_there_is(self):
        session, answers = self.session("carla"), []
        for user in ("bob", "nobody-known"):
            item = {"id": UNKNOWN, "user": user}
            told = [self.worker.all(kind, session=session, item=item)[-1]
                    for kind in ("show", "parts", "original")]
            told += self.act(session, "delete", (UNKNOWN, user))["results"]
            answers.append([(one["error"], one["text"]) for one in told])
        self.assertEqual(answers[0], answers[1])


class TestWorkerTokens(WorkerCase):
    def test_a_token_asks_in_a_reviewers_name_until_it_is_revoked(self):
        item = self.arrives()
        self.drain()
        secret = self.token_for_programs("ben", "--label", "tickets", "--days", "2")
        file = self.instance.dir / "smime-desk-tokens"
        self.assertEqual(0o600, file.stat().st_mode & 0o777)
        self.assertNotIn(secret, file.read_text())
        known = self.worker.call("whoami", bearer=secret)
        self.assertEqual(("ben", "reviewer"), (known.get("name"), known.get("kind")), known)
        listed = self.worker.call("list", bearer=secret)
        self.assertIn(item, [one["id"] for one in listed["items"]])
        line = self.tokens("list").stdout.splitlines()[-1].split("\t")
        self.assertEqual(["ben", "tickets"], [line[1], line[4]])
        self.assertEqual(0, self.tokens("revoke", line[0]).returncode)
        self.refused("session", self.worker.call("list", bearer=secret))
        self.assertNotEqual(0, self.tokens("revoke", line[0]).returncode)

    def test_a_file_that_others_can_write_lets_nobody_in(self):
        secret = self.token_for_programs("ben")
        file = self.instance.dir / "smime-desk-tokens"
        file.chmod(0o666)
        self.refused("session", self.worker.call("list", bearer=secret))
        self.assert_logged("others than root can write it")
        file.chmod(0o600)
        self.assertTrue(self.worker.call("list", bearer=secret)["ok"])

    def test_words_that_are_none_are_refused(self):
        for words in ((), ("add",), ("add", "--as"), ("add", "--as", "a\nb"), ("revoke",),
                      ("add", "--as", "ben", "--days", "0"), ("steal",)):
            self.assertEqual(64, self.tokens(*words).returncode, words)


class TestHostileWeb(WorkerCase):
    """What a web process that was taken over may send."""

    def test_frames_that_are_none_end_the_connection_alone(self):
        session = self.session("ben")
        for data in (struct.pack(">I", 256 * 1024 + 1), struct.pack(">I", 0), b"\xff" * 64,
                     b"GET / HTTP/1.1\r\n\r\n"):
            with Worker(self.instance) as other:
                other.send_bytes(data)
                with self.assertRaises(ConnectionError):
                    other.answer()
            self.assertTrue(self.ask(session, "whoami")["ok"])
        self.assert_logged("it sent a frame that is empty or too long")

    def test_requests_that_are_none_are_refused(self):
        session = self.session("ben")
        right = {"id": 1, "type": "show", "session": session,
                 "item": {"id": UNKNOWN, "user": "alice"}}
        for change in ({"type": "run"}, {"type": 1}, {"as": "chief"}, {"item": []},
                       {"item": {"id": "--help", "user": "alice"}},
                       {"item": {"id": UNKNOWN, "user": ["alice"]}},
                       {"item": {"id": UNKNOWN, "user": "a\0b"}},
                       {"item": {"id": UNKNOWN, "user": "*"}},
                       {"item": {"id": UNKNOWN, "user": "x" * 600}},
                       {"item": {"id": UNKNOWN, "user": "alice", "as": "chief"}},
                       {"session": 5}):
            self.worker.send_text(json.dumps({**right, **change}))
            self.refused("invalid", self.worker.answer())
        for text in (b"{", b"[]", b"null", b'{"id":1,"type":"\xff"}', b"[" * 100000):
            self.worker.send_text(text)
            self.refused("invalid", self.worker.answer())
        self.assertTrue(self.ask(session, "whoami")["ok"])

    def test_nothing_becomes_an_option(self):
        self.arrives()
        self.drain()
        session = self.session("carla")
        for text in ("--as=chief", "x --as chief", "-A", "%u", "$(id)", "`id`", "';--", "|id"):
            answer = self.ask(session, "list", filter={"q": text, "subject": text, "from": text,
                                                       "rule": text})
            self.assertEqual([], answer.get("items", []), (text, answer))

    def test_who_asks_for_much_keeps_nobody_waiting(self):
        busy, other = self.session("ben"), self.session("lister")
        numbers = [self.worker.send("list", session=busy) for _ in range(100)]
        with Worker(self.instance) as second:
            begun = time.monotonic()
            self.assertTrue(second.call("list", session=other)["ok"])
            waited = time.monotonic() - begun
        answers = [self.worker.answer(number) for number in numbers]
        self.assertIn("busy", {answer.get("error") for answer in answers})
        self.assertTrue(any(answer["ok"] for answer in answers))
        self.assertLess(waited, 20)


if __name__ == "__main__":
    unittest.main()
