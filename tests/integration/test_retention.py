"""What becomes of a held message on which nobody decides: what its rule said when it was held."""

import json
import os
import shutil

from clients import without_trace
from test_roles import RolesCase

RULES = """  smime_rule = from=del@* class=any-encrypted hold=30d then=delete warn=7d action=quarantine
  smime_rule2 = from=rel@* class=any-encrypted hold=4w then=release action=quarantine
  smime_rule3 = from=rej@* class=any-encrypted hold=12h then=reject reason="Not here" action=quarantine
  smime_rule4 = origin=delivery class=any-encrypted action=quarantine
"""
ROLES = """  smime_role = reviewer=cleaner may=list,delete
  smime_role2 = reviewer=looker may=list
"""


class Retention(RolesCase):
    settings = RULES + ROLES

    def setUp(self):
        super().setUp()
        self.mta.answer = b"250"

    def paths(self):
        folder = self.instance.home("alice") / "Maildir/.Quarantine"
        return [path for sub in ("new", "cur") for path in (folder / sub).iterdir()]

    def hold(self, kind):
        message = self.samples.encrypted()
        self.assert_accepted(message, sender=f"{kind}@example.org")
        return message

    def age(self, year=b"2020"):
        """As if all of it had been held in that year."""
        for path in self.paths():
            data = path.read_bytes()
            start = data.index(b"X-SMIME-Quarantine-Time: ") + 25
            path.write_bytes(data[:start] + year + data[start + 4:])

    def expire(self, *args, check=True):
        _, rows = self.doveadm_quarantine("expire", "alice", *args, check=check)
        return [row["result"] for row in rows]

    def test_each_as_its_rule_said(self):
        for kind in ("del", "rej", "any"):
            self.hold(kind)
        original = self.hold("rel")
        self.assertEqual([], self.expire())
        self.age()
        self.assertEqual(["would be expired", "would be rejected", "would be released"],
                         self.expire("--dry-run"))
        self.assertEqual(4, len(self.quarantined("alice")))
        self.assertEqual(["expired", "rejected", "released"], self.expire())
        self.assertEqual([original], [without_trace(body) for body in self.bodies()])
        self.assertEqual(1, len(self.mta.mails))
        self.assertIn("Not here", str(self.mta.mails[0]))
        (left,) = self.quarantined("alice")
        self.assertEqual(("any@example.org", "", ""), (left["from"], left["until"], left["then"]))
        self.assertEqual([], self.expire())
        self.assert_logged('"action":"expired"', '"action":"released"', '"action":"rejected"',
                           '"reason":"held until 2020-')

    def test_status_tells_that_nobody_runs_it(self):
        def told():
            done = self.instance.doveadm("-f", "json", "smime", "status", "-u", "alice", check=False)
            return [row["detail"] for row in json.loads(done.stdout) if row["setting"] == "hold"]

        self.hold("del")
        self.hold("any")
        self.assertEqual([], told())
        self.age()
        self.assertEqual(["1 message in Quarantine whose time was over more than a day ago"], told())
        self.expire()
        self.assertEqual([], told())

    def test_list_and_show_tell(self):
        for kind, days, then in (("del", "12-01", "delete"), ("rel", "11-29", "release")):
            self.clear("alice")
            self.hold(kind)
            (path,) = self.paths()
            data = path.read_bytes()
            start = data.index(b"X-SMIME-Quarantine-Time: ") + 25
            path.write_bytes(data[:start] + b"2026-11-01T10:20:30Z" + data[start + 20:])
            (row,) = self.quarantined("alice")
            _, (shown,) = self.doveadm_quarantine("show", "alice", row["id"])
            for told in (row, shown):
                self.assertEqual((f"2026-{days}T10:20:30Z", then), (told["until"], told["then"]))

    def test_a_release_that_was_cut_short(self):
        """The copy is there, and the message still held: it is not saved a second time."""
        self.hold("rel")
        self.age()
        (path,) = self.paths()
        kept = self.directory / "kept"
        shutil.copy2(path, kept)
        self.assertEqual(["released"], self.expire())
        shutil.copy2(kept, path.parent.parent / "new" / path.name.split(":")[0])
        if os.geteuid() == 0:
            shutil.chown(path.parent.parent / "new" / path.name.split(":")[0],
                         *self.instance._mail_owner())
        (result,) = self.expire()
        self.assertIn("already released", result)
        self.assertEqual(1, len(self.bodies()))
        self.assertEqual([], self.quarantined("alice"))

    def test_what_cannot_be_told_stays(self):
        self.hold("rej")
        self.hold("del")
        self.age()
        self.mta.answer = b"550"
        rejected, expired = self.expire(check=False)
        self.assertIn("failed", rejected)
        self.assertEqual("expired", expired)
        self.assertEqual(1, len(self.quarantined("alice")))
        self.mta.answer = b"250"
        self.assertEqual(["rejected"], self.expire())

    def test_a_time_that_is_none_is_for_ever(self):
        self.hold("del")
        self.age(b"20x0")
        self.assertEqual([], self.expire())
        self.assertEqual(1, len(self.quarantined("alice")))

    def test_roles(self):
        self.hold("del")
        self.hold("rel")
        self.age()
        self.assertEqual([], self.expire("--as", "stranger"))
        for result in self.expire("--as", "looker", check=False):
            self.assertIn("failed: looker may not", result)
        expired, refused = self.expire("--as", "cleaner", check=False)
        self.assertEqual("expired", expired)
        self.assertIn("failed: cleaner may not release", refused)
        self.assertEqual(1, len(self.quarantined("alice")))
        self.assertEqual([], self.bodies())

    def test_older_than_goes_by_age_alone(self):
        self.hold("any")
        self.hold("rel")
        self.age()
        self.assertEqual(["expired", "expired"], self.expire("--older-than", "30d"))
        self.assertEqual([], self.bodies())

    def test_over_http_and_for_all(self):
        self.hold("del")
        self.age()
        kind, rows = self.http("smimeQuarantineExpire", allUsers=True)
        self.assertEqual(("doveadmResponse", ["expired"]),
                         (kind, [row["result"] for row in rows]))
