"""What the register costs a delivery: servers without it, with it, and with its service at work
beside, taking turns in one run. Usage: compare_register.py ROOT [--rounds N], of a build with -O2.

Ends with 1 if plain mail costs more than without, beyond the error, or a held message more than
0.3 ms."""

import argparse
import statistics
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "integration"))

import register_databases  # noqa: E402
import results  # noqa: E402
from compare import KINDS, SIZES, Bench  # noqa: E402

# Milliseconds more than without, by kind.
LIMITS = {"plain": 0.0, "encrypted": 0.3}
OFF, ON, SERVED = "register off", "register on", "on, with its service"
# Deliveries in a turn, and turns until the mailboxes are emptied.
COUNT, TURNS = 20, 10


class RegisterBench(Bench):
    def start_all(self):
        self.start(OFF)
        for name in (ON, SERVED):
            place = self.work / ("of-" + name.replace(" ", "-").replace(",", ""))
            place.mkdir()
            spool = place / "spool"
            spool.mkdir()
            spool.chmod(0o1733)
            database = register_databases.Sqlite(place, self.root)
            self.more = register_databases.configuration(database, place)
            if name == SERVED:
                self.more += (
                    f"service smime-register {{\n  executable = {self.root}/usr/lib/dovecot/"
                    f"smime-register {spool}\n  process_min_avail = 1\n  process_limit = 1\n"
                    "  client_limit = 1\n  unix_listener smime-register {\n    mode = 0600\n  }\n}\n")
            self.start(name, settings=register_databases.settings(spool))

    more = ""

    def start(self, name, root=None, **options):
        super().start(name, root, earlier=self.more, **options)

    def measure(self, kind, rounds):
        """Milliseconds of a delivery by server, one figure a round."""
        message = KINDS[kind](self.samples, SIZES["3 kB"])
        senders = {name: self.sender(name)("alice@example.org") for name in self.instances}
        names, found = list(senders), {name: [] for name in senders}
        try:
            for turn in range(rounds):
                for name in names[turn % 3:] + names[:turn % 3]:
                    self.timed([senders[name]], message, 1)
                    found[name].append(1000 * self.timed([senders[name]], message, COUNT))
                if turn % TURNS == TURNS - 1:
                    self.empty()
        finally:
            for sender in senders.values():
                sender.close()
            self.empty()
        return found


def median_with_error(values):
    """Of the median, as of a normal distribution of the same middle half."""
    low, _, high = statistics.quantiles(values, n=4)
    return statistics.median(values), 1.253 * (high - low) / 1.349 / len(values) ** 0.5


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", type=Path)
    parser.add_argument("--rounds", type=int, default=60)
    options = parser.parse_args()
    bench = RegisterBench(options.root.resolve(), options.rounds, held=200)
    where, failed = results.machine(), False
    print(f"{where['cpu']}, {where['cores']} cores, Dovecot {where['dovecot']}, load "
          f"{where['load_at_start']:.2f}, mail on {bench.store.description}")
    try:
        bench.start_all()
        for kind, limit in LIMITS.items():
            found = bench.measure(kind, options.rounds)
            for name, values in found.items():
                more, error = median_with_error([a - b for a, b in zip(values, found[OFF])])
                print(f"{kind} 3 kB, {name}: {statistics.median(values):.3f} ms"
                      + (f", {more:+.3f} ms +- {error:.3f} in the same round" if name != OFF else ""),
                      flush=True)
                # The service is other work of the machine: it is shown.
                failed |= name == ON and more - 2 * error > limit
    finally:
        bench.stop()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
