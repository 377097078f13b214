"""The audit trail and the metrics, as conf.d/91-smime-audit.conf has them."""

import json
import time
import urllib.request

from case import DovecotCase
from clients import Imap
from instance import free_port


class Events(DovecotCase):
    settings = ("  smime_reviewers = reviewer\n"
                "  smime_rule2 = mailbox=Safe class=signed action=reject\n")

    @classmethod
    def before_start(cls):
        cls.port = free_port()
        cls.instance.extra = ("service stats {\n  inet_listener http {\n    address = 127.0.0.1\n"
                              f"    port = {cls.port}\n  }}\n}}\n")

    def trail(self):
        """The JSON lines of our events."""
        lines = []
        for line in self.instance.settled_log().splitlines():
            start = line.find('{"event":"smime_')
            if start >= 0:
                lines.append(json.loads(line[start:]))
        return lines

    def metrics(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=10) as page:
            return page.read().decode()

    def held(self):
        self.assert_accepted(self.samples.encrypted())
        return self.quarantined("alice")[-1]["id"]

    def test_who_did_what_from_where(self):
        by_doveadm, by_reviewer, deleted = self.held(), self.held(), self.held()
        self.doveadm_quarantine("release", "alice", by_doveadm)
        self.doveadm_quarantine("delete", "alice", deleted)
        client = Imap(self.instance, "alice*reviewer", "Quarantine")
        client.uid("move", client.uids()[0], "INBOX")
        client.logout()
        client = Imap(self.instance, "alice")
        client.create("Safe")
        self.assertEqual("NO", client.append("Safe", None, None, self.samples.signed())[0])
        client.logout()
        deadline = time.monotonic() + 10
        while len(self.trail()) < 7 and time.monotonic() < deadline:
            time.sleep(0.2)
        trail = [{"event": line["event"], **line["fields"]} for line in self.trail()]
        self.assertTrue(all(line["user"].startswith("alice") for line in trail), trail)

        def of(event, **fields):
            return [line for line in trail if line["event"] == event
                    and all(line.get(key) == value for key, value in fields.items())]

        self.assertEqual([by_doveadm, by_reviewer, deleted],
                         [line["id"] for line in of("smime_message_quarantined")])
        self.assertEqual("INBOX", of("smime_message_quarantined")[0]["mailbox"])
        (line,) = of("smime_message_released", id=by_doveadm)
        self.assertEqual("released", line["action"])
        self.assertTrue(line["actor"])
        (line,) = of("smime_message_released", id=by_reviewer)
        self.assertEqual(("reviewer", "127.0.0.1"), (line["actor"], line["remote_ip"]))
        (line,) = of("smime_message_released", action="deleted")
        self.assertEqual(deleted, line["id"])
        (line,) = of("smime_message_rejected")
        self.assertEqual(("Safe", "alice", "127.0.0.1", "reject"),
                         (line["mailbox"], line["actor"], line["remote_ip"], line["action"]))
        page = self.metrics()
        self.assertIn('dovecot_smime_message_quarantined_total{class="encrypted"} 3', page)
        self.assertIn('dovecot_smime_message_released_total{action="deleted"} 1', page)

FIELDS = "user mailbox rule action id sha256 actor login remote_ip session"


class Subjects(DovecotCase):
    """The event of a delivery has the message's subject and From: so the comment in
    91-smime-audit.conf, and so how to leave them out."""

    def trail(self):
        self.assert_accepted(self.samples.encrypted())
        (held,) = self.quarantined("alice")
        self.instance.doveadm("smime", "quarantine", "delete", "-u", "alice", held["id"])
        (line,) = [line for line in self.instance.settled_log().splitlines()
                   if '{"event":"smime_message_quarantined"' in line and held["id"] in line]
        return json.loads(line[line.index("{"):])["fields"]

    def test_they_are_there_and_can_be_left_out(self):
        self.assertEqual("encrypted sample", self.trail()["message_subject"])
        self.instance.stop()
        self.instance.extra = f"metric smime_message_quarantined {{\n  fields = {FIELDS}\n}}\n"
        self.instance.start()
        fields = self.trail()
        self.assertEqual(("alice", "INBOX", "quarantine"),
                         (fields["user"], fields["mailbox"], fields["action"]))
        self.assertLessEqual(set(fields), set(FIELDS.split()))
