"""Runs every test and ends with a plain count line."""

import argparse
import os
import re
import subprocess
import sys
import time
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent


class Result(unittest.TextTestResult):
    """One line a test, as it ends, with its time."""

    def startTest(self, test):
        self.started = time.monotonic()
        super().startTest(test)

    def failed_tests(self):
        """A test with failing subtests is one."""
        return {getattr(test, "test_case", test).id() for test, _ in self.failures + self.errors}

    def passed(self):
        # A class whose set-up failed ran no test.
        failed = [name for name in self.failed_tests() if not name.startswith(("setUp", "tearDown"))]
        return self.testsRun - len(failed) - len(self.skipped)


class Totals:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def add(self, passed, failed, skipped=0):
        self.passed += passed
        self.failed += failed
        self.skipped += skipped


def step(name):
    print(f"== {name}", flush=True)


def unit_tests(build, totals):
    """CppUTest's own count; a build that fails counts as one failure."""
    step(f"unit tests ({build})")
    made = subprocess.run(["make", "-s", f"-j{os.cpu_count()}", "-C", str(build),
                           "tests/unit/unit-tests"], capture_output=True, text=True)
    if made.returncode != 0:
        print(made.stdout[-3000:], made.stderr[-3000:])
        totals.add(0, 1)
        return
    environment = dict(os.environ, SMIME_TEST_DATA=str(HERE / "data"))
    done = subprocess.run([str(build / "tests/unit/unit-tests")], capture_output=True, text=True,
                          env=environment, timeout=600)
    count = re.search(r"\((?:(\d+) failures, )?(\d+) tests, (\d+) ran", done.stdout)
    print(done.stdout.strip()[-3000:])
    if count is None or (done.returncode != 0) != bool(count.group(1)):
        print(done.stderr[-3000:])
        totals.add(0, 1)
        return
    failed = int(count.group(1) or 0)
    totals.add(int(count.group(3)) - failed, failed)


def sanitized_unit_tests(build, totals):
    """The same tests under ASan and UBSan."""
    directory = build / "sanitized"
    directory.mkdir(exist_ok=True)
    step("building the unit tests with sanitizers")
    done = subprocess.run(
        f"test -f Makefile || {HERE.parent}/configure --enable-werror --enable-sanitizers",
        shell=True, cwd=directory, capture_output=True, text=True)
    if done.returncode != 0:
        print(done.stdout[-2000:], done.stderr[-2000:])
        totals.add(0, 1)
        return
    unit_tests(directory, totals)


def fuzz_targets(build, totals):
    """A short run of each; "make fuzz" runs them for long."""
    step("fuzz targets")
    sys.path.insert(0, str(HERE / "fuzz"))
    import run as fuzz
    seconds = int(os.environ.get("SMIME_FUZZ_SECONDS", "60"))
    try:
        failed = fuzz.fuzz(build / "fuzz", seconds)
        totals.add(len(fuzz.TARGETS) - failed, failed)
    except SystemExit as problem:
        print(problem)
        totals.add(0, len(fuzz.TARGETS))


def clang_tidy(build, totals):
    """One test. Which checks there are, and what they find, differs from version to version:
    that of the release which has this Dovecot."""
    step("clang-tidy")
    if not dovecot_version().startswith("Dovecot 2.3"):
        print("skipped: the sources are kept clean for Debian 12's clang-tidy")
        totals.add(0, 0, 1)
        return
    sys.path.insert(0, str(HERE / "tidy"))
    from tidy import tidy
    files, bad = tidy(build)
    print(f"{files} files, {bad} with findings")
    totals.add(not bad, bool(bad))


def integration_tests(pattern, totals, directories):
    step("integration tests")
    sys.path.insert(0, str(HERE / "integration"))
    # A loader keeps the first directory as the top of all others.
    suite = unittest.TestSuite(
        unittest.TestLoader().discover(str(HERE / directory), pattern="test_*.py")
        for directory in directories)
    if pattern:
        suite = unittest.TestSuite(test for test in flatten(suite) if pattern in test.id())
    runner = unittest.TextTestRunner(stream=sys.stdout, verbosity=2, resultclass=Result)
    result = runner.run(suite)
    if result.testsRun == 0:
        print("no test was found")
        totals.add(0, 1)
    totals.add(result.passed(), len(result.failed_tests()), len(result.skipped))


def dovecot_version():
    done = subprocess.run(["/usr/sbin/dovecot", "--version"], capture_output=True, text=True)
    return f"Dovecot {done.stdout.split()[0]}"


def flatten(suite):
    for entry in suite:
        if isinstance(entry, unittest.TestSuite):
            yield from flatten(entry)
        else:
            yield entry


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--totals", type=Path, help="where the counts go, for who adds them up")
    parser.add_argument("build", type=Path)
    parser.add_argument("root", type=Path)
    parser.add_argument("only", nargs="?", help="integration tests whose name has this in it")
    parser.add_argument("--faults", action="store_true", help="only tests/faults")
    options = parser.parse_args()
    options.build, options.root = options.build.resolve(), options.root.resolve()
    work = options.build / "test-work"
    work.mkdir(exist_ok=True)
    os.environ["SMIME_TEST_ROOT"] = str(options.root)
    os.environ["SMIME_TEST_BUILD"] = str(options.build)
    os.environ["SMIME_TEST_WORK"] = str(work)
    totals = Totals()
    if not options.only and not options.faults:
        unit_tests(options.build, totals)
        sanitized_unit_tests(options.build, totals)
        clang_tidy(options.build, totals)
        fuzz_targets(options.build, totals)
    directories = ["faults"] if options.faults else ["integration"]
    integration_tests(options.only, totals, directories)
    skipped = f", {totals.skipped} skipped" if totals.skipped else ""
    line = f"{totals.passed} passed, {totals.failed} failed{skipped}"
    if options.totals:
        options.totals.write_text(f"{totals.passed} {totals.failed} {totals.skipped}\n")
        step(f"with {dovecot_version()}: {line}")
    else:
        print(f"\n{line}", flush=True)
    return 1 if totals.failed else 0


if __name__ == "__main__":
    sys.exit(main())
