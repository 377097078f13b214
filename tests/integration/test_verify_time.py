"""What a running scanner remembers of a signer ends when its time does."""

import datetime
import unittest

from pki import DAY, NOW
from test_verify import VerifiedDelivery, shared_world

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


if __name__ == "__main__":
    unittest.main()
