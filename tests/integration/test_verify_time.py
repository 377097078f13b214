"""What a running scanner remembers of a signer ends when its time does."""

import datetime
import json
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
        cls.trust = cls.directory / "trust"
        cls.trust.mkdir()
        (cls.trust / "trust.pem").write_bytes(cls.world.root.pem())
        cls.instance.scanner_conf = f"trust_dir = {cls.trust}\ncrl_policy = off\n"

    def signed_before_the_expiry(self):
        who, chain = self.world.people["expired"], self.world.chains["expired"]
        return head() + clear_signed(TEXT, self.world.pki.detached(who, TEXT, chain,
                                                                   at=NOW - 20 * DAY))

    def verified_now(self):
        done = self.instance.doveadm("-f", "json", "smime", "verify", "-u", "alice", "all",
                                     check=False)
        (row,) = json.loads(done.stdout)
        return row["status"], row["errors"].partition(":")[0]

    def test_mail_that_arrives_late(self):
        self.assertEqual({"$SMIMESigned", "$SMIMEFailed", "$Odd"},
                         self.flags_of(self.signed_before_the_expiry()))
        self.assertEqual(("signed/failed", "certificate-expired"), self.verified_now())

    def test_mail_that_is_stored_since(self):
        for days, expected in ((20, ("signed/verified", "certificate-expired-now")),
                               (14, ("signed/verified", "certificate-expired-now")),
                               (4, ("signed/verified", "certificate-expired-now")),
                               (2, ("signed/failed", "certificate-expired"))):
            with self.subTest(days=days):
                self.clear("alice")
                client = RawImap(self.instance)
                message = self.signed_before_the_expiry()
                date = (NOW - days * DAY).strftime('"%d-%b-%Y %H:%M:%S +0000"')
                client.run(f"APPEND INBOX {date} {{{len(message)}}}", message)
                client.close()
                self.assertEqual(expected, self.verified_now())


if __name__ == "__main__":
    unittest.main()
