"""What a running scanner remembers of a signer ends when its time does."""

import datetime
import json
import re
import unittest

from pki import DAY, FAKETIME, NOW
from test_access import RawImap
from test_verify import TEXT, VerifiedDelivery, clear_signed, head, shared_world

LIFETIME = datetime.timedelta(seconds=15)


class CrlEnds(VerifiedDelivery):
    @classmethod
    def before_start(cls):
        _, cls.world = shared_world()
        cls.trust = cls.directory / "trust"
        cls.trust.mkdir()
        cls.instance.scanner_conf = f"trust_dir = {cls.trust}\ncrl_policy = require\n"

    def test_a_crl_becomes_stale_while_its_signer_is_remembered(self):
        world = self.world
        end = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0) + LIFETIME
        crls = world.pki.crl(world.root) + world.pki.crl(world.one, last=NOW - DAY, following=end)
        (self.trust / "trust.pem").write_bytes(world.root.pem() + crls)
        message = self.message("rsa")
        self.eventually("$SMIMEVerified", message)
        # Without a pause, so that the processes that remember are the ones that are asked.
        flags = []
        while datetime.datetime.now(datetime.timezone.utc) < end + datetime.timedelta(seconds=2):
            flags.append(self.flags_of(message))
        self.assertIn("$SMIMEVerified", flags[0])
        for _ in range(5):
            self.assertEqual({"$SMIMESigned"}, self.flags_of(message))


@unittest.skipUnless(FAKETIME, "libfaketime is not installed")
class BackDating(VerifiedDelivery):
    """Whoever has a key that expired can give any signing time: the arrival counts."""

    @classmethod
    def before_start(cls):
        _, cls.world = shared_world()
        world = cls.world
        cls.trust = cls.directory / "trust"
        cls.trust.mkdir()
        crls = world.pki.crl(world.root) + world.pki.crl(
            world.one, [(world.people["revoked"], NOW - 5 * DAY)])
        (cls.trust / "trust.pem").write_bytes(world.root.pem() + crls)
        cls.instance.scanner_conf = f"trust_dir = {cls.trust}\ncrl_policy = require\n"

    def signed(self, name, days):
        """As if it was so many days from now."""
        who, chain = self.world.people[name], self.world.chains[name]
        return head() + clear_signed(TEXT, self.world.pki.detached(who, TEXT, chain,
                                                                   at=NOW + days * DAY))

    def verified_now(self):
        done = self.instance.doveadm("-f", "json", "smime", "verify", "-u", "alice", "all",
                                     check=False)
        (row,) = json.loads(done.stdout)
        return row["status"], sorted(set(
            re.findall(r"(?:^|; |\n)([a-z-]+):", row["errors"])))

    def store(self, message, days):
        """As mail that arrived so many days from now."""
        self.clear("alice")
        client = RawImap(self.instance)
        date = (NOW + days * DAY).strftime('"%d-%b-%Y %H:%M:%S +0000"')
        client.run(f"APPEND INBOX {date} {{{len(message)}}}", message)
        client.close()

    def test_at_delivery(self):
        """A certificate that is valid from 30 days ago on or in 3 days, that expired 3 days ago,
        that was revoked 5 days ago; and what the signer gives as the time of signing."""
        failed = {"$SMIMESigned", "$SMIMEFailed", "$Odd"}
        for name, days, flags, codes in (
                ("rsa", 0, {"$SMIMESigned", "$SMIMEVerified"}, []),
                ("rsa", -20, {"$SMIMESigned", "$SMIMEVerified"}, []),
                ("rsa", -40, {"$SMIMESigned", "$SMIMEVerified"}, []),
                ("rsa", -6, {"$SMIMESigned", "$SMIMEVerified"}, []),
                ("expired", -4, {"$SMIMESigned", "$SMIMEVerified"}, ["certificate-expired-now"]),
                ("expired", -2, failed, ["certificate-expired-at-signing"]),
                ("expired", -20, failed, ["certificate-expired"]),
                ("expired", 5, failed, ["certificate-expired", "signing-time-in-future"]),
                ("revoked", 0, failed, ["revoked"]),
                ("revoked", -6, failed, ["revoked-after-signing"]),
                ("revoked", -20, failed, ["revoked-after-signing"]),
                ("future", 0, failed, ["certificate-not-yet-valid"]),
                ("future", 4, failed, ["certificate-not-yet-valid", "signing-time-in-future"]),
                ("future", -1, failed, ["certificate-not-yet-valid"])):
            with self.subTest(name, days=days):
                self.assertEqual(flags, self.flags_of(self.signed(name, days)))
                self.assertEqual(codes, self.verified_now()[1])

    def test_mail_that_is_stored_since(self):
        verified, failed, signed = "signed/verified", "signed/failed", "signed"
        for name, days, arrival, status, codes in (
                ("rsa", -20, -20, verified, []),
                ("rsa", -40, -40, failed, ["certificate-not-yet-valid"]),
                ("rsa", -31, -29, failed, ["certificate-not-yet-valid"]),
                ("expired", -20, -20, verified, ["certificate-expired-now"]),
                ("expired", -20, -14, verified, ["certificate-expired-now"]),
                ("expired", -20, -4, verified, ["certificate-expired-now"]),
                ("expired", -20, -2, failed, ["certificate-expired"]),
                ("expired", -4, -2, verified, ["certificate-expired-now"]),
                ("revoked", -20, -20, signed, ["revoked-after-arrival"]),
                ("revoked", -20, -6, signed, ["revoked-after-arrival"]),
                ("revoked", -20, -4, failed, ["revoked-after-signing"]),
                ("revoked", -4, -4, failed, ["revoked"])):
            with self.subTest(name, days=days, arrival=arrival):
                self.store(self.signed(name, days), arrival)
                self.assertEqual((status, codes), self.verified_now())


if __name__ == "__main__":
    unittest.main()
