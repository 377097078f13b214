"""doveadm smime token check: what a token says, and the word for each one that is refused.
The tokens are made here, by the description of them and with Python's own HMAC."""

import base64
import hashlib
import hmac
import json
import time

from case import DovecotCase

KEY = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
OLD_KEY = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"
ID = "0123456789abcdef0123456789abcdef"
ACTS = ("view", "request", "release")


def mac(key, text):
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()


def name_of(key):
    return mac(key, "dovecot-smime: the name of this key")[:8]


def token(recipient="alice@example.org", allows="request", expires=None, key=KEY, name=None):
    content = (bytes.fromhex(ID) + (expires or int(time.time()) + 600).to_bytes(8, "big")
               + bytes([ACTS.index(allows)]) + recipient.encode())
    text = ".".join(("smime1", name or name_of(key),
                     base64.urlsafe_b64encode(content).decode().rstrip("=")))
    return f"{text}.{mac(key, 'dovecot-smime: a token' + chr(10) + text)}"


class Tokens(DovecotCase):
    @classmethod
    def before_start(cls):
        cls.file = cls.directory / "token.key"
        cls.instance.settings += f"  smime_token_key = {cls.file}\n"
        cls.write_keys(KEY, OLD_KEY)

    @classmethod
    def write_keys(cls, *keys, mode=0o600):
        cls.file.write_text("".join(f"{key}\n" for key in keys))
        cls.file.chmod(mode)

    def check(self, text, code=0, **kwargs):
        done = self.instance.doveadm("-f", "json", "smime", "token", "check", text, check=False,
                                     **kwargs)
        self.assertEqual(code, done.returncode, done.stdout.decode() + done.stderr.decode())
        rows = json.loads(done.stdout or b"[]")
        return rows[0] if rows else done.stderr.decode()

    def test_a_token_is_explained(self):
        for key, number in ((KEY, "1"), (OLD_KEY, "2")):
            row = self.check(token(key=key, expires=4102444800))
            self.assertEqual({"result": "valid", "id": ID, "recipient": "alice@example.org",
                              "allows": "request", "expires": "2100-01-01T00:00:00Z",
                              "key": number, "detail": "the token is valid"}, row)

    def test_it_is_read_from_standard_input(self):
        self.assertEqual("valid", self.check("-", input=token().encode() + b"\n")["result"])

    def test_each_refusal_has_its_word(self):
        right = token()
        other = "ab" * 32
        for word, text in (("malformed", "token"), ("truncated", right[:-1]),
                           ("truncated", right[:30]), ("unknown-version", "smime2" + right[6:]),
                           ("unknown-key", token(key=other)),
                           ("altered", token(key=other, name=name_of(KEY))),
                           ("altered", right[:40] + "AAAA" + right[44:]),
                           ("expired", token(expires=int(time.time()) - 1))):
            with self.subTest(word, text=text):
                row = self.check(text, code=65)
                self.assertEqual(word, row["result"])
                self.assertEqual(ID if word == "expired" else "", row["id"])

    def test_a_recipient_does_nothing_to_the_terminal(self):
        done = self.instance.doveadm("smime", "token", "check", token("a\x1b[2J\n\u202eb"))
        self.assertIn(rb"a\x1b[2J\x0a\xe2\x80\xaeb", done.stdout)

    def test_the_setting_is_known_where_there_is_no_user(self):
        rows = json.loads(self.instance.doveadm("-f", "json", "smime", "status", check=False).stdout)
        self.assertEqual([], [row for row in rows if "token_key" in str(row)])

    def test_a_file_that_others_may_read_is_refused(self):
        self.write_keys(KEY, mode=0o644)
        self.addCleanup(self.write_keys, KEY, OLD_KEY)
        error = self.check(token(), code=78)
        self.assertIn(f"{self.file} is open to all users", error)
        self.assertNotIn(KEY, error)
        self.write_keys("short")
        self.assertIn("5 bytes", self.check(token(), code=78))


class NoTokens(DovecotCase):
    def test_without_keys_nothing_is_believed(self):
        done = self.instance.doveadm("smime", "token", "check", token(), check=False)
        self.assertEqual(78, done.returncode)
        self.assertIn(b"smime_token_key", done.stderr)
