"""A real clamd, and the organisation's own key: what is inside every layer that
can be opened is scanned, and what cannot be opened is never called clean."""

import json
import os
import socket
import subprocess
import threading
import time

import formats
from case import DovecotCase
from clamav import EICAR, Clamd, WithClamd
from clients import crlf
from test_inspect import SCANNER, InspectCase, attached, part


def infected_entity():
    return (b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=inner\r\n\r\n--inner\r\n"
            b"Content-Type: text/plain\r\n\r\nRumpelstilzchen\r\n--inner\r\n" + part(EICAR, "eicar.com")
            + b"\r\n--inner--\r\n")


def opaque(samples, entity):
    return crlf(samples.openssl("cms", "-sign", "-nodetach", "-binary", "-signer", "user.pem",
                                "-inkey", "user.key", "-from", "sender@example.org",
                                input=entity))


def entity_of(message):
    """The message's MIME entity, as it goes into another layer."""
    header, _, body = message.partition(b"\r\n\r\n")
    fields = [line for line in header.split(b"\r\n")
              if line.lower().startswith((b"content-", b"mime-", b"\t", b" "))]
    return b"\r\n".join(fields) + b"\r\n\r\n" + body


def compressed(entity):
    return (b"From: sender@example.org\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
            + part(formats.compressed_data(entity), "smime.p7z",
                   "application/pkcs7-mime; smime-type=compressed-data"))


def encrypted(samples, entity, *recipients, cipher="-aes-256-cbc"):
    return crlf(samples.openssl("cms", "-encrypt", cipher, "-from", "sender@example.org",
                                *(recipients or ("user.pem",)), input=entity))


def forwarded(message):
    return (b"From: sender@example.org\r\nSubject: Fwd: x\r\nMIME-Version: 1.0\r\n"
            b"Content-Type: message/rfc822\r\n\r\n" + message)


class EngineCase(InspectCase):
    clamd_options: dict = {}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clamd = Clamd(cls.directory / "clamav", **cls.clamd_options)
        cls.configure(f"clamd = {cls.clamd.socket}\n")

    @classmethod
    def tearDownClass(cls):
        cls.clamd.stop()
        super().tearDownClass()

    @classmethod
    def configure(cls, text):
        (cls.directory / "scanner.conf").write_text(text)

    def verdict(self, message):
        return self.inspect(message)["scan"]


class Eicar(EngineCase):
    def test_found_in_every_layer(self):
        samples, inner = self.samples, infected_entity()
        clear = crlf(samples.openssl("cms", "-sign", "-signer", "user.pem", "-inkey", "user.key",
                                     "-from", "sender@example.org", input=inner))
        messages = {"plain attachment": attached(EICAR, "eicar.com"),
                    "clear-signed": clear,
                    "opaque-signed": opaque(samples, inner),
                    "opaque-signed, no MIME-Version inside": opaque(
                        samples, inner.partition(b"\r\n")[2]),
                    "compressed": compressed(inner),
                    "opaque-signed in compressed": compressed(entity_of(opaque(samples, inner))),
                    "compressed in opaque-signed": opaque(samples, entity_of(compressed(inner))),
                    "signed as a file": attached(samples.openssl(
                        "cms", "-sign", "-nodetach", "-binary", "-outform", "DER", "-signer",
                        "user.pem", "-inkey", "user.key", input=EICAR), "x.p7m"),
                    "a signed zip": attached(samples.openssl(
                        "cms", "-sign", "-nodetach", "-binary", "-outform", "DER", "-signer",
                        "user.pem", "-inkey", "user.key",
                        input=formats.zipped("eicar.com", EICAR)), "x.zip.p7m"),
                    "signed, labelled as an image": attached(samples.openssl(
                        "cms", "-sign", "-nodetach", "-binary", "-outform", "DER", "-signer",
                        "user.pem", "-inkey", "user.key", input=EICAR), "x.png", "image/png")}
        messages |= {f"{name}, forwarded": forwarded(message)
                     for name, message in messages.items()}
        for (name, message), report in zip(messages.items(),
                                           self.inspect_all(list(messages.values()))):
            with self.subTest(name):
                scan = report["scan"]
                self.assertEqual(("infected", "clamd"), (scan["verdict"], scan["engine"]), report)
                self.assertIn("Eicar-Test-Signature", scan["name"])

    def test_clean_twins(self):
        messages = [self.samples.plain(), self.samples.signed(), self.samples.opaque_signed(),
                    compressed(self.samples.entity()), attached(b"text", "a.txt"),
                    forwarded(self.samples.opaque_signed())]
        for report in self.inspect_all(messages):
            self.assertEqual({"verdict": "clean", "engine": "clamd", "name": ""}, report["scan"],
                             report)

    def test_never_clean_in_what_is_encrypted(self):
        samples, inner = self.samples, infected_entity()
        secret = encrypted(samples, inner)
        messages = [secret, forwarded(secret), opaque(samples, entity_of(secret)),
                    compressed(entity_of(secret)), encrypted(samples, inner, cipher="-aes-128-gcm"),
                    attached(b"-----BEGIN PGP MESSAGE-----\r\n\r\nwcBM\r\n-----END PGP MESSAGE-----",
                             "x.asc", "text/plain")]
        for report in self.inspect_all(messages):
            self.assertEqual("uninspectable", report["scan"]["verdict"], report)

    def test_infected_beside_encrypted(self):
        """What was found counts more than what could not be looked into."""
        message = (b"From: sender@example.org\r\nMIME-Version: 1.0\r\n"
                   b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
                   + part(EICAR, "eicar.com") + b"\r\n--b\r\n"
                   + entity_of(encrypted(self.samples, b"x")) + b"\r\n--b--\r\n")
        report = self.inspect(message)
        self.assertEqual("infected", report["scan"]["verdict"])
        self.assertIn("encrypted", report["class"])

    def test_what_the_engine_calls_encrypted_is_no_infection(self):
        files = formats.unreadable(self.directory, self.samples)
        for name in ("zip", "7z", "pdf"):
            content = next(v[0] for k, v in files.items() if name in k.lower())
            report = self.inspect(attached(content, "x." + name))
            self.assertEqual("uninspectable", report["scan"]["verdict"], report)
            self.assertEqual({"2"}, {u["path"] for u in report["uninspectable"] if u["path"]},
                             report)


class EngineLimits(EngineCase):
    clamd_options = {"StreamMaxLength": "1M"}

    def test_a_stream_that_is_too_long_is_not_clean(self):
        report = self.inspect(attached(formats.sound(3_000_000)))
        self.assertEqual("uninspectable", report["scan"]["verdict"])
        self.assertIn("size limit exceeded", json_text(report))
        # It ended nothing for the next message.
        self.assertEqual("clean", self.verdict(self.samples.plain())["verdict"])


def json_text(report):
    return json.dumps(report)


class EngineAddresses(EngineCase):
    def tearDown(self):
        self.clamd.resume()
        if not self.clamd.answers():
            self.clamd.start()

    def test_tcp(self):
        self.configure(f"clamd = 127.0.0.1:{self.clamd.port}\n")
        self.assertEqual("infected", self.verdict(attached(EICAR))["verdict"])
        self.assertEqual("clean", self.verdict(attached(formats.sound(500_000)))["verdict"])

    def test_the_next_address(self):
        """A dead socket, a closed port, and one that hangs up before the living."""
        with socket.socket() as rude:
            rude.bind(("127.0.0.1", 0))
            rude.listen(5)

            def hang_up():
                try:
                    while True:
                        rude.accept()[0].close()
                except OSError:
                    pass
            threading.Thread(target=hang_up, daemon=True).start()
            self.configure(f"clamd = {self.directory}/nothing.sock 127.0.0.1:1 "
                           f"127.0.0.1:{rude.getsockname()[1]} {self.clamd.socket}\n")
            self.assertEqual("infected", self.verdict(attached(EICAR))["verdict"])
            self.assertEqual("clean", self.verdict(self.samples.plain())["verdict"])

    def test_none_answers(self):
        self.clamd.stop()
        self.configure(f"clamd = {self.clamd.socket} 127.0.0.1:{self.clamd.port}\n")
        report = self.inspect(self.samples.plain())
        self.assertEqual("error", report["scan"]["verdict"])
        for word in (str(self.clamd.socket), str(self.clamd.port)):
            self.assertIn(word, json_text(report))

    def test_no_answer_in_time(self):
        self.configure(f"clamd = {self.clamd.socket}\ntimeout = 2s\n")
        self.clamd.pause()
        started = time.monotonic()
        report = self.inspect(self.samples.plain())
        self.assertEqual("error", report["scan"]["verdict"], report)
        self.assertLess(time.monotonic() - started, 10)

    def test_encrypted_stays_uninspectable_without_an_engine(self):
        """What is known for certain is not hidden by the engine's failure."""
        self.configure(f"clamd = {self.directory}/nothing.sock\n")
        report = self.inspect(encrypted(self.samples, b"x"))
        self.assertIn("encrypted", report["class"])
        self.assertNotEqual("clean", report["scan"]["verdict"])
        self.assertTrue(report["uninspectable"])


class Service(WithClamd, DovecotCase):
    """The engine from within the sandbox, and what the rules make of it."""

    instance_options = {"replace_rules": True}
    settings = ("smime_rule = scan=infected action=reject\n"
                "smime_rule2 = scan=error action=tempfail\n"
                "smime_rule3 = scan=uninspectable action=quarantine\n")

    def setUp(self):
        self.clear("alice")

    def code(self, message):
        return self.deliver(message)[0]

    def restart_with(self, settings):
        self.instance.stop()
        self.instance.settings = settings
        self.instance.start()

    def test_verdicts_become_actions(self):
        self.assertEqual(250, self.code(self.samples.plain())[0])
        reply = self.code(opaque(self.samples, infected_entity()))
        self.assertEqual(550, reply[0], reply)
        self.assertIn("malware (Eicar", str(reply[1]))
        self.assertEqual(250, self.code(self.samples.encrypted())[0])
        self.assertEqual(1, len(self.bodies()))
        self.assertEqual(1, len(self.quarantined("alice")))

    def test_engine_away_and_back(self):
        """Mail waits while the engine is away; none is lost, none is delivered."""
        self.assertEqual(250, self.code(self.samples.plain("before"))[0])
        self.clamd.stop()
        reply = self.code(self.samples.plain("meanwhile"))
        self.assertEqual(451, reply[0], reply)
        self.clamd.start()
        self.assertEqual(250, self.code(self.samples.plain("after"))[0])
        self.assertEqual(2, len(self.bodies()))

    def test_without_a_rule_for_it(self):
        """An engine that is away is a scanner that fails."""
        settings = self.instance.settings
        self.restart_with(settings.replace("smime_rule2 = scan=error action=tempfail\n", ""))
        self.assertNotEqual(settings, self.instance.settings)
        self.clamd.stop()
        try:
            reply = self.code(self.samples.plain("meanwhile"))
            self.assertEqual(451, reply[0], reply)
            self.assertIn("Virus scanner", reply[1])
            self.assert_logged(str(self.clamd.socket))
        finally:
            self.clamd.start()
            self.restart_with(settings)
        self.assertEqual([], self.bodies())

    def test_large(self):
        message = attached(formats.sound(8_000_000))
        self.assertEqual(250, self.code(message)[0])


class HungEngine(WithClamd, DovecotCase):
    """An engine that takes connections and says nothing: each of a message's
    layers waits for it, and the scanner's own end comes first."""

    instance_options = {"replace_rules": True}
    settings = "smime_rule = scan=infected action=reject\n"
    failure = "tempfail"
    more_scanner_conf = "timeout = 2s\n"

    @classmethod
    def before_start(cls):
        super().before_start()
        cls.instance.settings = cls.settings + f"smime_scanner_failure = {cls.failure}\n"

    def deliver_while_hung(self):
        self.clear("alice")
        self.clamd.pause()
        try:
            return [self.deliver(message)[0] for message in
                    (self.samples.plain(), opaque(self.samples, infected_entity()))]
        finally:
            self.clamd.resume()

    def test_what_was_not_scanned_is_not_delivered(self):
        for reply in self.deliver_while_hung():
            self.assertEqual(451, reply[0], reply)
        self.assertEqual([], self.bodies())
        self.assertEqual([], self.quarantined("alice"))


class HungEngineQuarantine(HungEngine):
    failure = "quarantine"

    def test_what_was_not_scanned_is_not_delivered(self):
        for reply in self.deliver_while_hung():
            self.assertEqual(250, reply[0], reply)
        self.assertEqual([], self.bodies())
        items = self.quarantined("alice")
        self.assertEqual(2, len(items))
        for item in items:
            self.doveadm_quarantine("release", "alice", item["id"])
        self.assertEqual(2, len(self.bodies()))


class Escrow(EngineCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not (cls.samples.dir / "escrow.pem").exists():
            cls.samples.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30",
                                "-keyout", "escrow.key", "-out", "escrow.pem", "-subj",
                                "/CN=Escrow")
            (cls.samples.dir / "escrow.key").chmod(0o600)
        cls.escrow = (f"escrow_key = {cls.samples.dir}/escrow.key\n"
                      f"escrow_certificate = {cls.samples.dir}/escrow.pem\n")
        cls.configure(f"clamd = {cls.clamd.socket}\n{cls.escrow}")

    def to_both(self, entity, **options):
        return encrypted(self.samples, entity, "user.pem", "escrow.pem", **options)

    def test_infected_inside(self):
        for cipher in ("-aes-256-cbc", "-aes-128-gcm", "-aes-256-gcm", "-des3"):
            with self.subTest(cipher):
                report = self.inspect(self.to_both(infected_entity(), cipher=cipher))
                self.assertEqual("infected", report["scan"]["verdict"], report)
                self.assertIn("encrypted", report["class"])

    def test_clean_inside(self):
        report = self.inspect(self.to_both(self.samples.entity()))
        self.assertEqual((["encrypted"], "clean", []),
                         (report["class"], report["scan"]["verdict"], report["uninspectable"]))

    def test_deep(self):
        samples, inner = self.samples, infected_entity()
        for message in (opaque(samples, entity_of(self.to_both(inner))),
                        self.to_both(entity_of(opaque(samples, inner))),
                        forwarded(self.to_both(entity_of(compressed(inner)))),
                        attached(formats.zipped("inner.p7m", samples.openssl(
                            "cms", "-encrypt", "-aes-256-cbc", "-outform", "DER", "escrow.pem",
                            input=inner)))):
            report = self.inspect(message)
            self.assertEqual("infected", report["scan"]["verdict"], report)

    def test_uninspectable_inside(self):
        report = self.inspect(self.to_both(entity_of(encrypted(self.samples, b"x"))))
        self.assertEqual("uninspectable", report["scan"]["verdict"])
        self.assertEqual(["smime-encrypted"], [u["reason"] for u in report["uninspectable"]])

    def test_for_others_only(self):
        report = self.inspect(encrypted(self.samples, infected_entity()))
        self.assertEqual("uninspectable", report["scan"]["verdict"])
        self.assertEqual(["smime-encrypted"], [u["reason"] for u in report["uninspectable"]])

    def test_damaged(self):
        """What does not decrypt to its end is never clean."""
        der = bytearray(self.samples.openssl(
            "cms", "-encrypt", "-aes-256-cbc", "-outform", "DER", "escrow.pem",
            input=self.samples.entity() * 50))
        der[-17] ^= 0x55  # becomes the byte that tells the length of the padding
        report = self.inspect(attached(bytes(der), "smime.p7m", "application/pkcs7-mime"))
        self.assertEqual("uninspectable", report["scan"]["verdict"], report)
        self.assertEqual(["smime-encrypted"], [u["reason"] for u in report["uninspectable"]])
        self.assertEqual(["encrypted"], report["class"])
        # That it stands beside a text is all that is said.
        self.assertEqual({"spliced-encryption"}, {error["code"] for error in report["errors"]})

    def test_what_is_no_mail_inside(self):
        """So would another recipient's message look to a sender who gives each
        recipient a key of their own."""
        report = self.inspect(self.to_both(os.urandom(3000)))
        self.assertEqual("uninspectable", report["scan"]["verdict"], report)

    def test_the_report_tells_nothing_of_the_inside(self):
        entity = attached(b"very secret words", "secret-name.txt")
        report = json_text(self.inspect(self.to_both(entity)))
        self.assertNotIn("secret", report)

    def test_bad_keys(self):
        (self.samples.dir / "locked.key").write_bytes(self.samples.openssl(
            "pkey", "-in", "escrow.key", "-aes256", "-passout", "pass:x"))
        (self.samples.dir / "none.key").write_text("no key\n")
        cases = {"nothing.key": "No such file", "none.key": "", "locked.key": "",
                 "user.key": "does not belong"}
        path = self.directory / "m.eml"
        path.write_bytes(self.samples.plain())
        for key, words in cases.items():
            with self.subTest(key):
                (self.directory / "bad.conf").write_text(
                    f"escrow_key = {self.samples.dir}/{key}\n"
                    f"escrow_certificate = {self.samples.dir}/escrow.pem\n")
                done = subprocess.run([SCANNER, "-c", self.directory / "bad.conf", "--inspect",
                                       path], capture_output=True, text=True, timeout=20,
                                      stdin=subprocess.DEVNULL)
                self.assertEqual(78, done.returncode, done.stderr)
                self.assertIn(key, done.stderr)
                self.assertIn("escrow_key", done.stderr)
                self.assertIn(words, done.stderr)
        (self.directory / "bad.conf").write_text(f"escrow_key = {self.samples.dir}/user.key\n")
        done = subprocess.run([SCANNER, "-c", self.directory / "bad.conf", "--inspect", path],
                              capture_output=True, text=True, timeout=20)
        self.assertEqual(78, done.returncode)
        self.assertIn("escrow_certificate", done.stderr)


class EscrowService(WithClamd, DovecotCase):
    instance_options = {"replace_rules": True}
    settings = ("smime_rule = scan=infected action=quarantine\n"
                "smime_rule2 = scan=uninspectable action=reject\n")

    @classmethod
    def before_start(cls):
        if not (cls.samples.dir / "escrow.pem").exists():
            cls.samples.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30",
                                "-keyout", "escrow.key", "-out", "escrow.pem", "-subj",
                                "/CN=Escrow")
        cls.more_scanner_conf = (f"escrow_key = {cls.samples.dir}/escrow.key\n"
                                 f"escrow_certificate = {cls.samples.dir}/escrow.pem\n")
        super().before_start()

    def test_inspected_inside_and_stored_as_it_was(self):
        secret = b"Content-Type: text/plain\r\n\r\nthe word is Rumpelstilzchen\r\n"
        clean = encrypted(self.samples, secret, "user.pem", "escrow.pem")
        bad = encrypted(self.samples, infected_entity(), "user.pem", "escrow.pem")
        for number in range(3):
            self.assert_accepted(clean)
            self.assert_accepted(b"X-Number: %d\r\n" % number + bad)
        other = self.deliver(encrypted(self.samples, secret))[0]
        self.assertEqual(550, other[0])
        stored = self.bodies()
        self.assertEqual(3, len(stored))
        for message in stored:
            self.assertTrue(message.endswith(clean))
        self.assertEqual(3, len(self.quarantined("alice")))
        # Nowhere but in memory, and not for who reviews either.
        for row in self.quarantined("alice"):
            shown = self.instance.doveadm("-f", "json", "smime", "quarantine", "preview", "-u", "alice",
                                          row["id"])
            (seen,) = json.loads(shown.stdout)
            self.assertEqual(["smime-encrypted"],
                             [part["state"] for part in json.loads(seen["parts"])], seen)
            self.assertNotIn(b"Rumpelstilzchen", shown.stdout)
        for path in self.directory.rglob("*"):
            if path.is_file() and "clamav/tmp" not in str(path):
                self.assertNotIn(b"Rumpelstilzchen", path.read_bytes(), path)
