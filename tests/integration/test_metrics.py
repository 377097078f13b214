"""What doveadm smime metrics says of held mail, and the alerts on it."""

import re
import time
import unittest

import register_databases
from case import ROOT, DovecotCase
from test_register import RegisterCase

try:
    import yaml
    from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
    from prometheus_client.parser import text_string_to_metric_families as prometheus_text
except ImportError:
    yaml = None


def samples_of(text):
    """By name and labels. Two that are the same, and what is no OpenMetrics, are errors."""
    found = {}
    for family in open_metrics(text):
        assert family.type == "gauge" and family.documentation, family
        for sample in family.samples:
            key = (sample.name, tuple(sorted(sample.labels.items())))
            assert key not in found, key
            found[key] = sample.value
    # What node_exporter reads.
    read = {(sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in prometheus_text(text) for sample in family.samples}
    assert read == found, (read, found)
    return found


def alerts():
    (file,) = ROOT.glob("usr/**/doc/dovecot-smime/smime-alerts.yml")
    (group,) = yaml.safe_load(file.read_text())["groups"]
    return group["rules"]


class Measured:
    def metrics(self, *args, check=True):
        done = self.instance.doveadm("smime", "metrics", *args, check=check)
        self.said = done.stderr.decode()
        self.text = done.stdout.decode()
        return samples_of(self.text)

    def value(self, name, **labels):
        return self.found[("smime_" + name, tuple(sorted(labels.items())))]

    def values(self, name):
        return {labels: value for (found, labels), value in self.found.items()
                if found == "smime_" + name}


@unittest.skipUnless(yaml, "python3-prometheus-client or python3-yaml is not installed")
class OfTheRegister(Measured, RegisterCase):
    def ago(self, item, seconds):
        self.database.execute(f"UPDATE smime_register SET held = {int(time.time()) - seconds} "
                              f"WHERE id = '{item}';")

    def test_nothing_is_held(self):
        self.found = self.metrics()
        self.assertEqual(0, self.value("held_messages", state="held"))
        self.assertEqual(0, self.value("held_oldest_wait_seconds", state="requested"))
        self.assertEqual(1, self.value("register_up"))
        self.assertEqual("", self.said)
        self.assertTrue(self.text.endswith("\n# EOF\n"), self.text)

    def test_held_and_requested_by_reason_and_domain(self):
        old, asked, gone = self.held(), self.held(), self.held("bob")
        self.doveadm_quarantine("delete", "bob", gone)
        self.drain()
        self.ago(old, 90000)
        self.database.execute(
            f"UPDATE smime_register SET state = 'requested', domain = 'b.example', reason = '', "
            f"changed = {int(time.time()) - 3600}000000 WHERE id = '{asked}';")
        self.held("bob")
        self.found = self.metrics()
        for state in ("held", "requested"):
            self.assertEqual(1, self.value("held_messages", state=state))
        near = lambda wanted, found: self.assertTrue(wanted <= found < wanted + 60, found)
        near(90000, self.value("held_oldest_wait_seconds", state="held"))
        near(3600, self.value("held_oldest_wait_seconds", state="requested"))
        near(90000, self.value("held_by_domain_oldest_wait_seconds", domain="example.org",
                               state="held"))
        self.assertEqual(1, self.value("held_by_domain_messages", domain="b.example",
                                       state="requested"))
        self.assertEqual(1, self.value("held_by_reason_messages", reason="none",
                                       state="requested"))
        near(3600, self.value("held_by_reason_oldest_wait_seconds", reason="none",
                              state="requested"))
        self.assertEqual(1, self.value("register_spool_rows"))
        self.assertEqual(0, self.value("register_spool_refused_files"))
        self.assertNotIn("smime_notices_due", self.text)

    def test_names_are_harmless_and_few(self):
        self.held()
        self.drain()
        row = self.row()
        hostile = ['a"} 9\nsmime_held_messages{state="held"} 999\n', "\\", "x" * 499, "ü", "\x01",
                   "other", *(f"d{number}" for number in range(40))]
        columns = ", ".join(f'"{name}"' if name == "class" else name for name in row)
        for number, domain in enumerate(hostile):
            for reason in range(2):
                values = {**row, "id": f"{number * 2 + reason:032x}", "domain": domain,
                          "reason": domain, "held": 1000 + number}
                quoted = ", ".join(str(value) if isinstance(value, int) else
                                   "'" + value.replace("'", "''") + "'" for value in values.values())
                self.database.execute(f"INSERT INTO smime_register ({columns}) VALUES ({quoted});")
        self.found = self.metrics()
        self.assertEqual(1 + 2 * len(hostile), self.value("held_messages", state="held"))
        for name, label in (("held_by_domain_messages", "domain"),
                            ("held_by_reason_messages", "reason")):
            values = self.values(name)
            # Of two states each, and one for the rest.
            self.assertLessEqual(len(values), 2 * 21)
            self.assertEqual(1 + 2 * len(hostile), sum(values.values()))
            self.assertIn(((label, "other"), ("state", "held")), values)

    def test_a_register_that_is_down(self):
        self.held()
        self.database.down()
        try:
            self.found = self.metrics()
        finally:
            self.database.up()
        self.assertEqual(0, self.value("register_up"))
        self.assertEqual(1, self.value("register_spool_rows"))
        self.assertNotIn("smime_held", self.text)
        self.assertIn("smime register", self.said)

    def test_alerts_are_about_what_is_there(self):
        self.held()
        self.drain()
        self.found = {**self.metrics(), **self.metrics("-A")}
        names = {name for name, _ in self.found}
        for alert in alerts():
            asked = set(re.findall(r"smime_[a-z_]+", alert["expr"]))
            self.assertTrue(asked, alert)
            self.assertEqual(set(), asked - names, alert["alert"])

    def test_of_the_mailboxes_with_a_register(self):
        self.held()
        self.found = self.metrics("-A")
        self.assertEqual(1, self.value("held_messages", state="held"))
        self.assertEqual((1, 1), (self.value("register_up"), self.value("register_spool_rows")))


class OfPostgres(OfTheRegister):
    make_database = register_databases.Postgres


@unittest.skipUnless(yaml, "python3-prometheus-client or python3-yaml is not installed")
class OfTheMailboxes(Measured, DovecotCase):
    instance_options = {"replace_rules": True}
    settings = ("  smime_rule = class=any-encrypted origin=delivery notify=recipient "
                "action=quarantine\n  smime_notice_interval = 1m\n"
                f"  smime_notice_texts = {ROOT}/etc/dovecot/smime-notices\n")

    def test_users_are_added_up(self):
        for user in ("alice", "alice", "bob"):
            self.assert_accepted(self.samples.encrypted(), f"{user}@example.org")
        self.found = self.metrics("-A")
        self.assertEqual(3, self.value("held_messages", state="held"))
        self.assertEqual(3, self.value("held_by_domain_messages", domain="example.org",
                                       state="held"))
        self.assertLess(self.value("held_oldest_wait_seconds", state="held"), 60)
        self.assertEqual(0, self.value("metrics_users_failed"))
        # A minute has to be over.
        self.assertEqual(0, self.value("notices_due"))
        for user in ("alice", "bob"):
            folder = self.instance.home(user) / "Maildir/.Quarantine"
            for path in [*folder.glob("new/*"), *folder.glob("cur/*")]:
                data = path.read_bytes()
                start = data.index(b"X-SMIME-Quarantine-Time: ") + 25
                path.write_bytes(data[:start] + b"2020" + data[start + 4:])
        self.found = self.metrics("-A")
        self.assertEqual(3, self.value("notices_due"))
        self.assertGreater(self.value("held_oldest_wait_seconds", state="held"), 365 * 86400)
        self.instance.doveadm("smime", "notify", "-u", "alice")
        self.found = self.metrics("-A")
        self.assertEqual(1, self.value("notices_due"))
        self.assertNotIn("smime_register", self.text)

    def test_without_a_register_users_are_asked_for(self):
        done = self.instance.doveadm("smime", "metrics", check=False)
        self.assertEqual((78, b""), (done.returncode, done.stdout))
        self.assertIn(b"-A", done.stderr)


if __name__ == "__main__":
    unittest.main()
