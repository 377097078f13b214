"""The review desk as a program sees it that does not play by the rules: sessions, tokens, roles,
bounds; the description of the API; many at once."""

import base64
import html
import http.client
import json
import os
import random
import re
import socket
import statistics
import subprocess
import threading
import time
import unittest
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from clients import PASSWORD, without_trace
from desk import PROGRAMS, DeskCase, results
from test_register_front import UNKNOWN

try:
    import jsonschema
except ImportError:
    # The class that needs it fails, and no other.
    jsonschema = None

POLICY = {"default-src": "'none'", "style-src": "'self'", "script-src": "'self'", "img-src": "'self'",
          "connect-src": "'self'", "form-action": "'self'", "frame-ancestors": "'none'",
          "base-uri": "'none'"}
HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff",
           "referrer-policy": "no-referrer", "x-frame-options": "DENY",
           "cross-origin-opener-policy": "same-origin", "cross-origin-resource-policy": "same-origin"}
ACTS = ("release", "reject", "delete", "hold", "note", "request", "inspect")
PAGES = ("/held/{item}?user=alice", "/held/{item}/original?user=alice")
API = ("held/{item}?user=alice", "held/{item}/parts?user=alice", "held/{item}/original?user=alice")


class Headers(DeskCase):
    def assert_headers(self, what, answer):
        for name, value in HEADERS.items():
            self.assertEqual(value, answer.headers.get(name), f"{what}: {name}: {answer.status}")
        self.assertTrue(answer.headers.get("permissions-policy"), what)
        policy = dict(part.strip().split(" ", 1) for part in
                      answer.headers.get("content-security-policy", "").split(";") if part.strip())
        self.assertEqual(POLICY, policy, what)
        for name in answer.headers:
            self.assertFalse(name.startswith("access-control-"), what)
        self.assertNotIn("dovecot", answer.headers.get("server", "").lower(), what)

    def test_each_answer_has_them(self):
        item = self.arrives()
        self.drain()
        ben, nobody = self.visitor("ben"), self.visitor()
        for visitor in (nobody, ben):
            for path in ("/", "/login", "/held", "/mine", "/overview", f"/held/{item}?user=alice",
                         f"/held/{item}/original?user=alice", f"/held/{UNKNOWN}?user=alice", "/nothing",
                         "/static/desk.css", "/static/desk.js", "/static/icon.svg", "/static/../x",
                         "/static/nothing", "/?t=smime1.x", "/api/v1/held", "/api/v1/whoami",
                         "/api/v1/openapi.json", "/api/v1/nothing", "/held?after=nonsense"):
                answer = visitor.get(path)
                self.assertLess(answer.status, 500, f"{path}: {answer}")
                self.assert_headers(path, answer)
            for method, path in (("POST", "/act"), ("POST", "/login"), ("PUT", "/held"),
                                 ("DELETE", f"/held/{item}"), ("OPTIONS", "/held"), ("TRACE", "/"),
                                 ("POST", "/api/v1/act"), ("HEAD", "/login"), ("PATCH", "/")):
                try:
                    answer = visitor.send(method, path)
                except http.client.RemoteDisconnected:
                    # What Dovecot's server knows no such method of.
                    continue
                self.assertLess(answer.status, 502, f"{method} {path}: {answer}")
                self.assert_headers(f"{method} {path}", answer)
        self.assertEqual(1, len(self.quarantined("alice")))

    def test_a_host_of_anothers_choice_is_not_told(self):
        for visitor in (self.visitor(), self.visitor("ben")):
            for path in ("/", "/held", "/login", "/nothing"):
                answer = visitor.get(path, headers={"Host": "owned.example", "X-Forwarded-Host":
                                                    "owned.example", "X-Forwarded-Proto": "https"})
                self.assertNotIn("owned.example", str(answer.headers) + answer.text)
                self.assertTrue(answer.headers.get("location", "/").startswith("/"), answer)
        self.assertNotIn("//", self.visitor().get("//owned.example/").headers.get("location", "/"))


class Sessions(DeskCase):
    def setUp(self):
        super().setUp()
        self.item = self.arrives()
        self.drain()
        self.before = self.as_it_was(self.item)

    def refused(self, what, answer, *statuses):
        self.assertIn(answer.status, statuses or (400, 401, 403, 404, 405, 415), f"{what}: {answer}")
        self.assertEqual(self.before, self.as_it_was(self.item), what)

    def test_a_form_without_the_token_of_the_session(self):
        ben, other = self.visitor("ben"), self.visitor("ben")
        self.assertGreaterEqual(len(ben.csrf), 22)
        self.assertNotEqual(ben.csrf, other.csrf)
        for act in ACTS:
            for token in ("", "x", other.csrf, ben.csrf[:-1], ben.csrf + "x", ben.csrf.swapcase()):
                answer = ben.act(act, [(self.item, "alice")], csrf=token)
                self.refused(f"{act} with {token!r}", answer, 403)
        answer = ben.post("/act", [("act", "delete"), ("item", f"{self.item}:alice"),
                                   ("csrf", "x"), ("csrf", ben.csrf)])
        self.refused("two tokens", answer)
        self.refused("no token", ben.post("/act", [("act", "delete"),
                                                   ("item", f"{self.item}:alice")]), 403)
        # That the form itself is right:
        self.assertEqual({self.item: "done"}, results(ben.act("delete", [(self.item, "alice")])))

    def test_the_api_with_a_cookie_wants_it_too(self):
        ben, other = self.visitor("ben"), self.visitor("ben")
        for token in (None, "", other.csrf, "x"):
            for path in [f"held/{self.item}/{act}" for act in ACTS] + ["act"]:
                given = {"user": "alice", "act": "delete", "reason": "x",
                         "items": [{"id": self.item, "user": "alice"}]}
                answer = ben.api("POST", path, given, headers={"X-CSRF-Token": token})
                self.refused(f"{path} with {token!r}", answer, 403)
        for kind in ("text/plain", "application/x-www-form-urlencoded", None):
            answer = ben.api("POST", f"held/{self.item}/delete", {"user": "alice"},
                             headers={"X-CSRF-Token": None, "Content-Type": kind})
            self.refused(f"as {kind}", answer)

    def test_a_wrong_password_ends_no_session(self):
        ben = self.visitor("ben")
        before = dict(ben.cookies)
        self.assertFalse(ben.is_in(ben.login("ben", "wrong")))
        self.assertEqual(200, ben.get("/held").status)
        # As a telephone completes it.
        self.assertTrue(ben.is_in(ben.login("ben ")))
        former = self.visitor()
        former.cookies = before
        self.assertNotEqual(200, former.get("/held").status)

    def test_from_another_origin(self):
        ben = self.visitor("ben")
        for headers in ({"Origin": "http://owned.example"}, {"Origin": "null"},
                        {"Origin": None, "Sec-Fetch-Site": "cross-site"}):
            self.refused(str(headers), ben.act("delete", [(self.item, "alice")], csrf="x",
                                               headers=headers), 403)

    def test_what_is_got_acts_on_nothing(self):
        ben = self.visitor("ben")
        words = f"act=delete&item={self.item}:alice&reason=x&csrf={ben.csrf}&user=alice"
        for path in (f"/act?{words}", *(f"/held/{self.item}/{act}?{words}" for act in ACTS),
                     *(f"/api/v1/held/{self.item}/{act}?{words}" for act in ACTS),
                     f"/api/v1/act?{words}", f"/held?{words}", f"/held/{self.item}?{words}"):
            for method in ("GET", "HEAD"):
                ben.send(method, path, headers={"X-CSRF-Token": ben.csrf,
                                                "X-HTTP-Method-Override": "POST"})
        self.assertEqual(self.before, self.as_it_was(self.item))
        for path in ("/logout", "/logout?csrf=" + ben.csrf):
            self.assertIn(ben.get(path).status, (404, 405))
        self.assertEqual(200, ben.get("/held").status)

    def test_replay_after_the_logout(self):
        ben = self.visitor("ben")
        kept, csrf = dict(ben.cookies), ben.csrf
        answer = ben.post("/logout", {"csrf": csrf})
        self.assertIn(answer.status, (302, 303), answer)
        self.assertEqual({}, ben.cookies)
        ben.cookies = kept
        self.assertEqual(401, ben.api("GET", "whoami").status)
        self.assertNotIn(self.item, ben.get("/held").text)
        self.refused("an act", ben.act("delete", [(self.item, "alice")], csrf=csrf), 302, 303, 401,
                     403)
        self.refused("an act of the API", ben.api("POST", f"held/{self.item}/delete",
                                                  {"user": "alice"}), 401)

    def test_what_was_typed_outlives_the_session(self):
        ben = self.visitor("ben")
        note = "Called the sender: <b>he</b> sent it. " * 9
        fields = {"act": "note", "item": f"{self.item}:alice", "text": note, "csrf": ben.csrf}
        ben.api("GET", "whoami")
        self.assertIn(ben.post("/logout", {"csrf": ben.csrf}).status, (302, 303))
        for csrf, cookies, status in ((ben.csrf, {}, 401), (ben.csrf, {"smime-desk": "x" * 43}, 401),
                                      ("other", self.visitor("ben").cookies, 403)):
            ben.cookies = dict(cookies)
            answer = ben.post("/act", {**fields, "csrf": csrf})
            self.assertEqual(status, answer.status, answer)
            self.assertIn(html.escape(note.strip()), answer.text)
        # Another site puts no words there.
        answer = ben.post("/act", fields, headers={"Origin": "http://owned.example"})
        self.assertNotIn("Called", answer.text)

    def test_the_back_button_is_no_success(self):
        item = self.arrives()
        self.drain()
        ben = self.visitor("ben")
        self.assertEqual({item: "done"}, results(ben.act("delete", [(item, "alice")])))
        before = len(self.mail())
        for act in ("release", "reject", "note", "hold"):
            answer = ben.post("/act", {"act": act, "item": f"{item}:alice", "reason": "x", "text": "x",
                                       "until": "30d", "csrf": ben.csrf})
            self.assertEqual({item: "failed"}, results(answer), act)
            self.assertIn("was deleted by ben", answer.text)
        self.assertEqual({item: "already"}, results(ben.act("delete", [(item, "alice")])))
        self.assertEqual(before, len(self.mail()))

    def test_filters_that_discard_are_no_delivery(self):
        item = self.arrives()
        self.drain()
        self.sieve("alice", "discard;\n")
        self.addCleanup((self.instance.home("alice") / ".dovecot.sieve").unlink)
        ben = self.visitor("ben")
        answer = ben.act("release", [(item, "alice")])
        ben_says = ben.post("/act", {"act": "release", "item": f"{self.item}:alice", "refilter": "yes",
                                     "reason": "x", "csrf": ben.csrf}).text
        self.assertIn("was delivered to its recipient", answer.text)
        self.assertIn("or discarded it", ben_says)
        self.assertNotIn("was delivered to its recipient", ben_says)

    def test_a_logout_by_another_site(self):
        ben = self.visitor("ben")
        for token in ("", "x"):
            self.assertEqual(403, ben.post("/logout", {"csrf": token}).status)
        self.assertEqual(200, ben.get("/held").status)

    def test_made_up_cookies(self):
        ben = self.visitor("ben")
        (name, value), = ben.cookies.items()
        self.assertEqual("smime-desk", name)
        for other in ("", "x", value[:-1], value + "x", value.lower(), value.upper(), "x" * 5000,
                      "' OR 1=1 --", "../" * 9, "%00", value + "; smime-desk=x", '"' + value + '"'):
            visitor = self.visitor()
            visitor.cookies = {name: other}
            answer = visitor.api("GET", "whoami")
            if value not in re.split(r'[;="\s]+', other):
                self.assertIn(answer.status, (400, 401, 413, 431), other)
            self.assertLess(answer.status, 500)

    def test_of_a_wrong_login_nothing_is_told(self):
        found = set()
        for name, password in (("ben", "wrong"), ("nobody-here", "wrong"), ("alice", ""),
                               ("alice*ben", PASSWORD), ("ben*alice", PASSWORD), ("", ""),
                               ("alice\0ben", PASSWORD), ("a" * 3000, "x"), ("x", "y" * 3000)):
            visitor = self.visitor()
            began = time.monotonic()
            page = visitor.get("/login")
            form = page.forms()["login"]
            answer = visitor.post("/login", [*form["fields"], ("name", name), ("password", password)])
            self.assertFalse(visitor.is_in(answer), name)
            self.assertIn(answer.status, (400, 401, 403, 413), name)
            self.assertNotIn("y" * 3000, answer.text)
            if name in ("ben", "nobody-here"):
                found.add(re.sub(r'value="[^"]*"', "", answer.text))
            self.assertLess(time.monotonic() - began, 30)
            self.assertEqual(401, visitor.api("GET", "whoami").status)
        self.assertEqual(1, len(found), found)

    def test_who_it_is_is_not_the_visitors_to_say(self):
        ben = self.visitor("ben")
        answer = ben.act("release", [(self.item, "alice")], headers={
            "X-Forwarded-For": "192.0.2.77", "X-Real-IP": "192.0.2.77", "Forwarded": "for=192.0.2.77"})
        self.assertEqual({self.item: "done"}, results(answer), answer)
        self.assertNotIn("192.0.2.77", self.instance.settled_log())


class References(DeskCase):
    """Whose role does not show a message has no way to it, and does not hear that it is there."""

    def setUp(self):
        super().setUp()
        self.item = self.arrives(message=self.samples.encrypted("Of alice alone"))
        self.other = self.arrives("carol@other.example")
        self.drain()
        self.before = self.as_it_was(self.item)

    def answers(self, visitor, item):
        """Of all ways to it, without its id."""
        found = []
        for path in PAGES:
            answer = visitor.get(path.format(item=item))
            found.append((path, answer.status, answer.text))
        for path in API:
            answer = visitor.api("GET", path.format(item=item))
            found.append((path, answer.status, answer.text))
        for act in ACTS:
            given = {"text": "x", "reason": "x", "until": "30d", "user": "alice"}
            answer = visitor.api("POST", f"held/{item}/{act}", given)
            found.append((act, answer.status, answer.text))
            answer = visitor.post("/act", {"act": act, "item": f"{item}:alice", "reason": "x",
                                           "text": "x", "until": "30d", "csrf": visitor.csrf})
            found.append((act, answer.status, answer.text))
            answer = visitor.api("POST", "act", {"act": act, "reason": "x", "text": "x",
                                                 "until": "30d",
                                                 "items": [{"id": item, "user": "alice"}]})
            found.append((act, answer.status, answer.text))
        # Its beginning is shown as well.
        return [(what, status, re.sub(r'name="csrf" value="[^"]*"', "",
                                      text.replace(item, "ID").replace(item[:8], "BEGINNING")))
                for what, status, text in found]

    def test_across_roles(self):
        # Whom no role names cannot log in, with a master's password.
        self.assertFalse(self.visitor().is_in(self.visitor().login("stranger")))
        for name in ("carla", "bob"):
            visitor = self.visitor(name)
            found = self.answers(visitor, self.item)
            self.assertEqual(self.before, self.as_it_was(self.item), name)
            for what, status, text in found:
                self.assertNotIn("Of alice alone", text, (name, what))
                self.assertNotIn("partner@example.net", text, (name, what))
            for mine, unknown in zip(found, self.answers(visitor, UNKNOWN)):
                self.assertEqual(unknown, mine, name)
            for path in ("/held", "/held?state=any", "/overview", "/mine", "/api/v1/held?state=any",
                         "/api/v1/overview", f"/held?q={self.item}", "/held?q=alone"):
                text = visitor.get(path).text.replace(f"q={self.item}", "").replace(
                    f'value="{self.item}"', "")
                for word in (self.item, "Of alice alone"):
                    self.assertNotIn(word, text, (name, path))

    def test_nobody(self):
        visitor = self.visitor()
        for what, status, text in self.answers(visitor, self.item):
            self.assertIn(status, (302, 303, 401, 403), what)
            self.assertNotIn("Of alice alone", text)
        self.assertEqual(self.before, self.as_it_was(self.item))

    def test_what_a_role_may_not(self):
        lister, reader = self.visitor("lister"), self.visitor("reader")
        self.assertEqual(200, lister.get(PAGES[0].format(item=self.item)).status)
        for path in (PAGES[1], "/api/v1/" + API[1], "/api/v1/" + API[2]):
            self.assertIn(lister.get(path.format(item=self.item)).status, (403, 404), path)
            self.assertEqual(200, reader.get(path.format(item=self.item)).status, path)
        for visitor in (lister, reader):
            for act in ("release", "reject", "delete", "hold"):
                found = visitor.act(act, [(self.item, "alice")])
                self.assertNotIn(results(found).get(self.item), ("done", "already"), act)
                answer = visitor.api("POST", f"held/{self.item}/{act}",
                                     {"user": "alice", "reason": "x", "until": "30d"})
                self.assertNotEqual(200, answer.status, act)
                self.assertEqual(self.before, self.as_it_was(self.item), act)
            page = visitor.get(PAGES[0].format(item=self.item)).text
            for act in ("release", "reject", "delete"):
                self.assertNotIn(f'value="{act}"', page, "what he may not is not offered")

    def test_one_of_many(self):
        mine = self.arrives("carol@other.example")
        self.drain()
        carla = self.visitor("carla")
        found = results(carla.act("delete", [(mine, "carol"), (self.item, "alice"),
                                             (self.item, "carol"), (mine, "alice")]))
        self.assertEqual("failed", found.get(self.item))
        self.assertEqual("deleted", self.state(mine))
        self.assertEqual(self.before, self.as_it_was(self.item))

    def test_the_original_is_the_very_bytes(self):
        message = self.samples.encrypted("bytes")
        item = self.arrives(message=message)
        self.drain()
        answer = self.visitor("ben").get(f"/held/{item}/original?user=alice")
        self.assertEqual(message, without_trace(answer.data))
        self.assertEqual("message/rfc822", answer.headers["content-type"].split(";")[0])
        self.assertIn("attachment", answer.headers["content-disposition"])

    def test_odd_ids_and_users(self):
        ben = self.visitor("ben")
        items = ("", "x", "-A", "--all", self.item[:8], self.item.upper(), self.item + "0",
                 "*", "%2e%2e", "0" * 31, self.item + ":alice:x", self.item + "%0a")
        users = ("", "-A", "alice bob", "*", "alice\n", "../alice", "a" * 3000, "\xff")
        for item, user in [*((item, "alice") for item in items),
                           *((self.item, user) for user in users)]:
            for act in ("delete", "release"):
                ben.act(act, [(item, user)])
                ben.api("POST", f"held/{item}/{act}", {"user": user, "reason": "x"})
        self.assertEqual(self.before, self.as_it_was(self.item))
        # An act is one of the list, and an option is none.
        for act in ("expire", "-A", "list", "release -A", "", "policy", "drain", "DELETE"):
            self.assertIn(ben.act(act, [(self.item, "alice")]).status, (400, 403, 404), act)
        for field in ("reason", "text", "mailbox", "until"):
            ben.post("/act", {"act": "note", "item": f"{self.item}:alice", "csrf": ben.csrf,
                              field: "--as=chief"})
        self.assertEqual(self.before, self.as_it_was(self.item))


class Links(DeskCase):
    """The token of a notice is good for one message, and for what its rule says."""

    def token(self, item):
        self.notify("-u", "alice", "--now")
        for _, _, text in self.notices():
            for token in re.findall(r"/\?t=(\S+)", text):
                content = base64.urlsafe_b64decode(token.split(".")[2] + "===")
                if content[:16].hex() == item:
                    return token
        raise AssertionError("there is no token")

    def act(self, token, act, **more):
        return self.visitor().post("/token/act", {"token": token, "t": token, "act": act,
                                                  "reason": "x", **more})

    def test_a_request_is_all_that_it_is_good_for(self):
        item, other = self.arrives(), self.arrives()
        token = self.token(item)
        before = self.as_it_was(item, other)
        self.assertEqual(200, self.visitor().get(f"/?t={token}").status)
        for act in ("release", "delete", "reject", "note", "", "download"):
            found = self.act(token, act)
            self.assertNotIn(results(found).get(item), ("done", "already"), act)
            self.assertEqual(before, self.as_it_was(item, other), act)
        for path in (f"/held/{item}?user=alice&t={token}", f"/held/{item}/original?user=alice&t={token}",
                     f"/mine?t={token}", f"/held?t={token}"):
            answer = self.visitor().get(path)
            self.assertTrue(answer.status in (302, 303, 401, 403), path)
        self.assertEqual(401, self.visitor().api("GET", "held", headers={
            "Authorization": "Bearer " + token}).status)
        found = results(self.act(token, "request", id=other, item=f"{other}:alice", user="bob"))
        self.assertEqual({item: "done"}, found)
        self.assertEqual(["requested", "held"], [self.state(one) for one in (item, other)])

    def test_it_is_over_when_the_message_is_gone(self):
        item = self.arrives(sender="take@example.net")
        token = self.token(item)
        self.assertEqual({item: "done"}, results(self.act(token, "release")))
        self.assertEqual(1, len(self.mail()))
        for act in ("release", "request"):
            self.assertNotEqual("done", results(self.act(token, act)).get(item))
        self.assertEqual(1, len(self.mail()))

    def test_the_page_of_what_is_gone_offers_nothing(self):
        item = self.arrives(sender="take@example.net")
        token = self.token(item)
        self.assertIn('value="release"', self.visitor().get(f"/?t={token}").text)
        self.assertEqual({item: "done"}, results(self.act(token, "release")))
        page = self.visitor().get(f"/?t={token}")
        self.assertEqual(404, page.status, page)
        self.assertNotIn('value="release"', page.text)

    def test_what_reads_links_acts_on_nothing(self):
        """Gateways open each link of a mail, with words of their own at its end."""
        item = self.arrives(sender="take@example.net")
        token = self.token(item)
        before = self.as_it_was(item)
        for method in ("GET", "HEAD", "OPTIONS", "PROPFIND"):
            for path in (f"/?t={token}", f"/?t={token}&act=release", f"/?t={token}&utm_source=x",
                         f"/token/act?token={token}&act=release"):
                self.visitor().send(method, path)
        self.assertEqual(before, self.as_it_was(item))

    def test_made_up_tokens(self):
        item = self.arrives()
        token = self.token(item)
        before = self.as_it_was(item)
        head, name, content, mac = token.split(".")
        for other in ("", "x", token[:-1], token + "0", f"{head}.{name}.{content}.{'0' * len(mac)}",
                      f"{head}.{name}.{content[:-2]}.{mac}", f"smime2.{name}.{content}.{mac}",
                      token.upper(), "." * 100, "x" * 100000, "\0", "--help", "\u202e"):
            answer = self.act(other, "request")
            self.assertTrue(400 <= answer.status < 500, f"{other[:50]}: {answer}")
            self.assertEqual(before, self.as_it_was(item))


class Bounds(DeskCase):
    def exchange(self, data, seconds=15):
        with socket.create_connection(("127.0.0.1", self.instance.desk_port), seconds) as connection:
            connection.settimeout(seconds)
            try:
                connection.sendall(data)
                found = b""
                while chunk := connection.recv(65536):
                    found += chunk
            except (TimeoutError, ConnectionError):
                pass
            return found

    def test_what_is_no_request(self):
        item = self.arrives()
        self.drain()
        ben = self.visitor("ben")
        cookie = "; ".join(f"{name}={value}" for name, value in ben.cookies.items())
        body = f"act=delete&item={item}:alice&csrf={ben.csrf}"
        head = (f"POST /act HTTP/1.1\r\nHost: x\r\nCookie: {cookie}\r\nConnection: close\r\n"
                "Content-Type: application/x-www-form-urlencoded\r\n")
        before = self.as_it_was(item)
        for data in ("\0" * 1000, "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "GET / HTTP/1.1\r\n\r\n",
                     "get / http/1.1\r\n\r\n", "GET " + "/" * 100000 + " HTTP/1.1\r\n\r\n",
                     "GET / HTTP/1.1\r\n" + "X: y\r\n" * 20000 + "\r\n",
                     "GET / HTTP/1.1\r\nX: " + "y" * 500000 + "\r\n\r\n",
                     "GET http://owned.example/ HTTP/1.1\r\nHost: owned.example\r\n\r\n",
                     "CONNECT owned.example:25 HTTP/1.1\r\nHost: owned.example:25\r\n\r\n",
                     head + f"Content-Length: {len(body)}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{body}",
                     head + f"Content-Length: {len(body) - 4}\r\nContent-Length: {len(body)}\r\n\r\n{body}",
                     head + "Content-Length: -1\r\n\r\n" + body,
                     head + "Content-Length: 99999999999999999999\r\n\r\n" + body,
                     head + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n" + body,
                     "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + "x" * 200):
            began = time.monotonic()
            answer = self.exchange(data.encode("latin1"), 3)
            self.assertNotIn(b" 200 OK", answer[:50], data[:60])
            self.assertNotIn(b"data-result", answer, data[:60])
            self.assertLess(time.monotonic() - began, 10)
        self.assertEqual(before, self.as_it_was(item))
        self.assertEqual(200, ben.get("/held").status)

    def test_too_much(self):
        ben = self.visitor("ben")
        many = [(f"{number:032x}", "alice") for number in range(201)]
        self.assertIn(ben.act("delete", many).status, (400, 413))
        answer = ben.api("POST", "act", {"act": "delete", "reason": "x", "items": [
            {"id": item, "user": user} for item, user in many]})
        self.assertIn(answer.status, (400, 413), answer)
        self.assertIn(answer.json()["error"], ("invalid", "too-large"))
        for size in (300 * 1000, 5 * 1000 * 1000):
            try:
                answer = ben.post("/act", {"act": "note", "text": "x" * size, "csrf": ben.csrf})
            except (ConnectionError, http.client.HTTPException):
                continue
            self.assertEqual(413, answer.status, size)
        deep = "[" * 50000 + "]" * 50000
        answer = ben.send("POST", "/api/v1/act", deep, {"Content-Type": "application/json",
                                                        "X-CSRF-Token": ben.csrf})
        self.assertIn(answer.status, (400, 413))
        self.assertEqual(200, ben.get("/held").status)

    def test_wrong_json(self):
        ben = self.visitor("ben")
        item = self.arrives()
        self.drain()
        before = self.as_it_was(item)
        for text in ("", "x", "null", "[]", "{}", '{"items":"x"}', '{"act":1}', '"x"', "1e999",
                     '{"act":"delete","items":[{"id":1,"user":2}]}', '{"act":"delete","items":[]}',
                     '{"act":"delete","items":{"id":"x"}}', "\xff", '{"act":"\ud800"}'
                     .encode("utf-8", "surrogatepass").decode("latin1"),
                     '{"act":"\\ud800","items":[{"id":"\\ud800","user":"\\udfff"}]}',
                     '{"act":"note","act":"delete"}'):
            for path in ("act", f"held/{item}/delete"):
                answer = ben.send("POST", f"/api/v1/{path}", text.encode("latin1"), {
                    "Content-Type": "application/json", "X-CSRF-Token": ben.csrf})
                self.assertIn(answer.status, (400, 404), f"{path} {text}: {answer}")
                self.assertEqual({"error", "text"}, set(answer.json()))
        self.assertEqual(before, self.as_it_was(item))

    def test_a_title_does_not_say_what_was_not_done(self):
        item = self.arrives()
        self.drain()
        answer = self.visitor("alice").act("release", [(item, "alice")])
        self.assertEqual({item: "refused"}, results(answer))
        self.assertIn("<h1>Nothing was done</h1>", answer.text)

    def test_of_what_is_not_held_any_more_there_is_its_history_alone(self):
        item = self.arrives()
        self.drain()
        ben = self.visitor("ben")
        self.assertIn("<h1>Released</h1>", ben.act("release", [(item, "alice")]).text)
        self.assertEqual("released", self.state(item))
        text = ben.get(f"/held/{item}?user=alice").text
        for word in ('id="gone"', 'id="history"', "not held any more"):
            self.assertIn(word, text)
        for word in ("(no subject)", "until somebody has decided", "Inspect it again", 'id="why"'):
            self.assertNotIn(word, text)

    def test_what_the_process_may(self):
        self.visitor("ben")
        (pid,) = self.instance.processes("smime-desk")
        status = Path(f"/proc/{pid}/status").read_text()
        self.assertRegex(status, r"\nSeccomp:\t2\n")
        self.assertRegex(status, r"\nNoNewPrivs:\t1\n")
        self.assertRegex(status, r"\nCapEff:\t0+\n")
        uids = set(re.search(r"\nUid:\t(.*)\n", status)[1].split())
        self.assertNotIn("0", uids)
        self.assertEqual(1, len(uids))
        self.assertEqual("empty", Path(os.readlink(f"/proc/{pid}/root")).name)
        names = [os.readlink(path) for path in Path(f"/proc/{pid}/fd").iterdir()]
        for name in names:
            self.assertRegex(name, r"^(socket|pipe|anon_inode|/dev/null|.*/config|.*\.log)",
                             "what it has open")


class Worker(DeskCase):
    def test_it_comes_back(self):
        """Whatever of the two ends, the desk answers again, and says meanwhile that it cannot."""
        for name in ("smime-desk-worker", "smime-desk"):
            ben = self.visitor("ben")
            for pid in self.instance.processes(name):
                # comm has 15 letters, of which one begins like the other.
                if name == Path(f"/proc/{pid}/exe").resolve().name:
                    os.kill(pid, 9)
            deadline = time.monotonic() + 30
            while True:
                try:
                    answer = ben.get("/login")
                    if answer.status == 200 and ben.is_in(ben.login("ben")):
                        break
                    self.assertIn(answer.status, (200, 503))
                except (OSError, http.client.HTTPException):
                    pass
                self.assertLess(time.monotonic(), deadline, self.instance.log()[-2000:])
                time.sleep(0.2)


class Description(DeskCase):
    """OpenAPI 3.1, held against what is answered."""

    def setUp(self):
        super().setUp()
        answer = self.visitor().api("GET", "openapi.json")
        self.assertEqual(200, answer.status)
        self.document = answer.json()
        self.seen = set()

    def test_it_is_one(self):
        document = self.document
        self.assertRegex(document["openapi"], r"^3\.1\.")
        for name in ("title", "version"):
            self.assertTrue(document["info"][name])
        operations = [(path, method, operation) for path, item in document["paths"].items()
                      for method, operation in item.items() if method in ("get", "post")]
        self.assertGreaterEqual(len(operations), 14)
        ids = [operation["operationId"] for _, _, operation in operations]
        self.assertEqual(len(ids), len(set(ids)))
        for path, method, operation in operations:
            what = f"{method} {path}"
            self.assertTrue(operation.get("summary"), what)
            named = {self.resolved(parameter)["name"]
                     for parameter in [*operation.get("parameters", []),
                                       *document["paths"][path].get("parameters", [])]
                     if self.resolved(parameter)["in"] == "path"}
            self.assertEqual(set(re.findall(r"{(\w+)}", path)), named, what)
            for status in operation["responses"]:
                self.assertRegex(status, r"^[2345]\d\d$|^default$", what)
        for name, schema in document["components"]["schemas"].items():
            jsonschema.Draft202012Validator.check_schema(schema)
        for reference in re.findall(r'"\$ref": "([^"]+)"', json.dumps(document)):
            self.resolved({"$ref": reference})

    def resolved(self, value):
        while "$ref" in value:
            found = self.document
            for step in value["$ref"].removeprefix("#/").split("/"):
                found = found[step]
            value = found
        return value

    def closed(self, schema):
        """The same, without anything that it does not name."""
        if isinstance(schema, list):
            return [self.closed(one) for one in schema]
        if not isinstance(schema, dict):
            return schema
        schema = {key: self.closed(value) for key, value in schema.items()}
        if "properties" in schema and "additionalProperties" not in schema:
            schema["additionalProperties"] = False
        return schema

    def ask(self, visitor, method, path, given=None, wanted=None, **kwargs):
        """An answer, which is as it is described."""
        answer = visitor.api(method, path, given, **kwargs)
        if wanted:
            self.assertEqual(wanted, answer.status, f"{method} {path}: {answer}")
        bare = "/" + path.split("?")[0]
        names = [name for name in self.document["paths"]
                 if re.fullmatch(re.sub(r"{\w+}", "[^/]+", name.removeprefix("/api/v1")), bare)]
        self.assertTrue(names, f"{bare} is not described")
        name = min(names, key=lambda one: one.count("{"))
        operation = self.document["paths"][name].get(method.lower())
        self.assertIsNotNone(operation, f"{method} {name} is not described")
        response = operation["responses"].get(str(answer.status))
        self.assertIsNotNone(response, f"{method} {name}: {answer.status} is not described")
        content = self.resolved(response).get("content", {})
        kind = answer.headers.get("content-type", "").split(";")[0]
        self.assertIn(kind, content, f"{method} {name}: {answer.status}")
        self.seen.add((name, method, answer.status))
        if kind == "application/json":
            schema = {**self.closed(content[kind]["schema"]),
                      "components": self.closed(self.document["components"])}
            try:
                jsonschema.validate(answer.json(), schema,
                                    cls=jsonschema.Draft202012Validator)
            except jsonschema.ValidationError as problem:
                self.fail(f"{method} {name}: {answer.status}: {problem.message} at "
                          f"{list(problem.absolute_path)}\n{answer.text[:3000]}")
        if answer.status >= 400:
            self.assertEqual({"error", "text"}, set(answer.json()), answer)
        return answer

    def test_answers_are_as_described(self):
        signed = self.arrives(message=self.samples.signed("signed"), sender="held@example.net")
        items = self.arrive(7)
        asked, gone, released, deleted, held, noted, left = items
        # Nobody is told of it, so no mail has to be sent.
        rejected = self.arrives(sender="")
        self.command("request", "-u", "alice", "--reason", "please", asked)
        self.command("release", "-u", "alice", gone)
        self.drain()
        ben, alice, lister = (self.visitor(name) for name in ("ben", "alice", "lister"))
        for visitor in (ben, alice, lister):
            self.ask(visitor, "GET", "whoami", wanted=200)
            self.ask(visitor, "GET", "held", wanted=200)
            for query in ("q=sample", "state=any", "sort=time", "limit=2", "class=any-encrypted"):
                self.ask(visitor, "GET", "held?" + query, wanted=200)
        page = self.ask(ben, "GET", "held?limit=3", wanted=200).json()
        seen = [item["id"] for item in page["items"]]
        while page["next"]:
            page = self.ask(ben, "GET", "held?limit=3&after=" +
                            urllib.parse.quote(page["next"]), wanted=200).json()
            seen += [item["id"] for item in page["items"]]
        self.assertEqual(sorted([signed, rejected, *(item for item in items if item != gone)]),
                         sorted(seen))
        self.assertEqual(asked, seen[0])
        for item in (signed, asked, left):
            self.ask(ben, "GET", f"held/{item}?user=alice", wanted=200)
            self.ask(ben, "GET", f"held/{item}/parts?user=alice", wanted=200)
            self.ask(ben, "GET", f"held/{item}/original?user=alice", wanted=200)
        self.ask(ben, "GET", "overview", wanted=200)
        for act, item, more in (("release", released, {}), ("reject", rejected, {}),
                                ("delete", deleted, {}), ("hold", held, {"until": "30d"}),
                                ("note", noted, {"text": "a note"}), ("inspect", left, {}),
                                ("request", left, {})):
            self.ask(ben, "POST", f"held/{item}/{act}", {"user": "alice", "reason": "x", **more}, 200)
            self.ask(ben, "POST", f"held/{item}/{act}", {"user": "alice", "reason": "x", **more})
        self.ask(ben, "POST", "act", {"act": "delete", "reason": "x", "items": [
            {"id": asked, "user": "alice"}, {"id": UNKNOWN, "user": "alice"}]}, 200)
        self.errors(ben, lister, left)
        undone = {(path, method.upper()) for path, item in self.document["paths"].items()
                  for method in item if method in ("get", "post")} - {one[:2] for one in self.seen}
        self.assertEqual({("/api/v1/openapi.json", "GET")}, undone or {("/api/v1/openapi.json", "GET")})

    def errors(self, ben, lister, item):
        nobody = self.visitor()
        for path in ("whoami", "held", f"held/{item}?user=alice", "overview"):
            self.ask(nobody, "GET", path, wanted=401)
            self.ask(nobody, "GET", path, wanted=401, headers={"Authorization": "Bearer nonsense"})
        self.ask(nobody, "POST", f"held/{item}/release", {"user": "alice"}, 401)
        for path in ("held?state=nonsense", "held?limit=0", "held?limit=x", "held?after=x"):
            self.ask(ben, "GET", path, wanted=400)
        self.ask(ben, "GET", f"held/{UNKNOWN}?user=alice", wanted=404)
        self.ask(ben, "POST", f"held/{UNKNOWN}/release", {"user": "alice", "reason": "x"}, 404)
        self.ask(ben, "POST", f"held/{item}/release", {"user": "alice"}, 403,
                 headers={"X-CSRF-Token": "x"})
        self.ask(lister, "POST", f"held/{item}/release", {"user": "alice", "reason": "x"}, 403)
        self.ask(ben, "POST", "act", {"act": "nonsense"}, 400)
        for path in ("nothing", "held/x/y/z"):
            self.assertEqual(404, ben.api("GET", path).status)

    def test_a_token_of_a_program(self):
        item = self.arrives()
        other = self.arrives("carol@other.example")
        self.drain()
        bearer = {"Authorization": "Bearer " + self.token_for_programs("ben", "--label", "tickets")}
        program = self.visitor()
        who = self.ask(program, "GET", "whoami", wanted=200, headers=bearer).json()
        self.assertEqual(("ben", "reviewer"), (who["name"], who["kind"]))
        rows = self.ask(program, "GET", "held", wanted=200, headers=bearer).json()["items"]
        self.assertEqual([item], [row["id"] for row in rows])
        self.ask(program, "GET", f"held/{other}?user=carol", wanted=404, headers=bearer)
        # Of a browser: no page by it, and no act with a wrong one beside a session.
        self.assertNotIn(item, program.get("/held", headers=bearer).text)
        self.ask(program, "POST", f"held/{item}/release", {"user": "alice", "reason": "ticket 7"},
                 200, headers=bearer)
        self.assertEqual("released", self.state(item))
        worker = [PROGRAMS / "smime-desk-worker", "-c", self.instance.dir / "smime-desk.conf", "token"]
        listed = subprocess.run([*worker, "list"], capture_output=True, text=True, check=True,
                                env=self.instance.environment()).stdout
        self.assertIn("tickets", listed)
        self.assertNotIn(bearer["Authorization"][7:], listed)
        self.assertNotIn(bearer["Authorization"][7:],
                         (self.instance.dir / "smime-desk-tokens").read_text())
        (number,) = re.findall(r"^(\S+).*\bben\b", listed, re.M)
        subprocess.run([*worker, "revoke", number], check=True, capture_output=True,
                       env=self.instance.environment())
        self.ask(program, "GET", "held", wanted=401, headers=bearer)


# --- many at once

# Of whom some have a session together: of one name, so many last.
REVIEWERS = 50
SESSIONS = 5
ROWS = 100_000
# What is promised, which is printed; what would be an error.
WANTED, MOST = 0.2, 10.0
SLOW = 300
# Seconds that a person looks at a page.
LOOKS = 5.0


@unittest.skipUnless(os.environ.get("SMIME_LONG"), "SMIME_LONG=1 is for what takes long")
class Load(DeskCase):
    @classmethod
    def roomy(cls):
        cls.instance.extra += "service auth {\n  client_limit = 2000\n}\n"

    def fill(self):
        item = self.arrives()
        self.drain()
        names = [name for name in self.row() if name not in ("id", "subject", "held", "username",
                                                             "recipient", "state")]
        others = ", ".join(names)
        self.database.execute(
            f"WITH RECURSIVE t (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < {ROWS - 1}) "
            f"INSERT INTO smime_register (id, subject, held, username, recipient, state, {others}) "
            "SELECT printf('%032x', n), 'Your invoice ' || n, held - n, 'user' || (n % 1000), "
            "'user' || (n % 1000) || '@example.org', CASE WHEN n % 5000 = 3 THEN 'requested' ELSE "
            f"'held' END, {others} FROM smime_register, t WHERE id = '{item}'; ANALYZE;")
        return item

    def pages(self, visitors, paths, turns, looks=0.0):
        """Seconds of each page. looks: how long each is looked at, about."""
        took = []

        def read(visitor):
            chance = random.Random(id(visitor))
            for turn in range(turns):
                time.sleep(chance.uniform(0, 2 * looks))
                path = paths[turn % len(paths)]
                began = time.monotonic()
                answer = visitor.get(path, timeout=120)
                took.append(time.monotonic() - began)
                if answer.status != 200:
                    raise AssertionError(f"{path}: {answer}")

        with ThreadPoolExecutor(len(visitors)) as pool:
            list(pool.map(read, visitors))
        return sorted(took)

    def test_a_page_of_many(self):
        self.fill()
        ben = self.visitor("ben")
        sessions = [ben, *(self.visitor("ben") for _ in range(SESSIONS - 1))]
        visitors = []
        for number in range(REVIEWERS):
            visitor = self.visitor()
            visitor.cookies = dict(sessions[number % SESSIONS].cookies)
            visitors.append(visitor)
        paths = ["/held", "/held?q=invoice+777", "/held?state=requested", "/held?to=user17@*"]
        self.pages(visitors[:1], paths, len(paths))
        for who, turns, looks in ((visitors[:1], 12, 0), (visitors, 6, LOOKS), (visitors, 4, 0)):
            took = self.pages(who, paths, turns, looks)
            p95 = took[int(len(took) * 0.95)]
            print(f"[{len(who)} at once, each looks at a page for {looks} s, {ROWS} rows: p50 "
                  f"{statistics.median(took):.3f} s, p95 {p95:.3f} s, wanted {WANTED}] ", end="",
                  flush=True)
            self.assertLess(p95, MOST)

    def test_slow_ones_keep_nobody_out(self):
        self.arrives()
        self.drain()
        slow, ended = [], threading.Event()
        for number in range(SLOW):
            connection = socket.create_connection(("127.0.0.1", self.instance.desk_port), 10)
            self.addCleanup(connection.close)
            connection.sendall((b"GET /held HTTP/1.1\r\nHost: x\r\nX-Slow: ", b"POST /login HTTP/1.1\r\n"
                                b"Host: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                                b"Content-Length: 1000\r\n\r\nname=")[number % 2])
            slow.append(connection)

        def drip():
            while not ended.wait(1):
                for connection in slow:
                    try:
                        connection.send(b"x")
                    except OSError:
                        pass

        dripping = threading.Thread(target=drip)
        dripping.start()
        try:
            time.sleep(2)
            began = time.monotonic()
            visitor = self.visitor("ben")
            self.assertEqual(200, visitor.get("/held").status)
            took = time.monotonic() - began
            print(f"[a login and a list in {took:.2f} s beside {SLOW} slow ones] ", end="", flush=True)
            self.assertLess(took, MOST)
        finally:
            ended.set()
            dripping.join()


if __name__ == "__main__":
    unittest.main()
