"""Runs every test and ends with a plain count line."""

import argparse
import json
import os
import queue
import re
import subprocess
import sys
import time
import unittest
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from types import SimpleNamespace

HERE = Path(__file__).resolve().parent
# Classes of integration tests that run at the same time: they wait for most of their time.
JOBS = min(2 * (os.cpu_count() or 1) + 1, 7)
# Names of classes that take longest begin so.
LONG = ("test_inspect.Bombs", "test_install.", "test_policy.Table", "test_failure.Scanner")


class Result(unittest.TextTestResult):
    """One line a test, as it ends, with its time."""

    def startTest(self, test):
        self.started = time.monotonic()
        super().startTest(test)

    def failed_tests(self):
        """A test with failing subtests is one."""
        return {getattr(test, "test_case", test).id() for test, _ in self.failures + self.errors}

    def failure_texts(self):
        """The first of each failing test, its end alone: subtests are many, and alike."""
        texts = {}
        for test, text in self.failures + self.errors:
            texts.setdefault(getattr(test, "test_case", test).id(), f"{test}\n{text[-1500:]}")
        return texts

    def passed(self):
        # A class whose set-up failed ran no test.
        failed = [name for name in self.failed_tests() if not name.startswith(("setUp", "tearDown"))]
        return self.testsRun - len(failed) - len(self.skipped)


class Totals:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    # What went wrong before the integration tests, which are long enough to hide it.
    failed_steps = ()

    def add(self, passed, failed, skipped=0, step_name=None):
        self.passed += passed
        self.failed += failed
        self.skipped += skipped
        if failed and step_name:
            self.failed_steps += (f"{step_name}: {failed} failed",)


BEGAN = time.monotonic()


def step(name):
    """Says what begins, and how many seconds of the run are over."""
    print(f"== {name} ({time.monotonic() - BEGAN:.0f} s)", flush=True)


def unit_tests(build, totals):
    """CppUTest's own count; a build that fails counts as one failure."""
    step(f"unit tests ({build})")
    made = subprocess.run(["make", "-s", f"-j{os.cpu_count()}", "-C", str(build),
                           "tests/unit/unit-tests"], capture_output=True, text=True)
    if made.returncode != 0:
        print(made.stdout[-3000:], made.stderr[-3000:])
        totals.add(0, 1, step_name=f"building the unit tests ({build})")
        return
    environment = dict(os.environ, SMIME_TEST_DATA=str(HERE / "data"))
    done = subprocess.run([str(build / "tests/unit/unit-tests")], capture_output=True, text=True,
                          env=environment, timeout=600)
    count = re.search(r"\((?:(\d+) failures, )?(\d+) tests, (\d+) ran", done.stdout)
    print(done.stdout.strip()[-3000:])
    if count is None or (done.returncode != 0) != bool(count.group(1)):
        print(done.stderr[-3000:])
        totals.add(0, 1, step_name=f"unit tests ({build})")
        return
    failed = int(count.group(1) or 0)
    totals.add(int(count.group(3)) - failed, failed, step_name=f"unit tests ({build})")


def sanitized_unit_tests(build, totals):
    """The same tests under ASan and UBSan."""
    directory = build / "sanitized"
    directory.mkdir(exist_ok=True)
    step("building the unit tests with sanitizers")
    done = subprocess.run(
        f"test -f Makefile || {HERE.parent}/configure --enable-werror --enable-sanitizers",
        shell=True, cwd=directory, capture_output=True, text=True,
        # Half of the time that -O2 takes, and the sanitizers find the same.
        env=dict(os.environ, CFLAGS="-O1 -g1", CXXFLAGS="-O1 -g1"))
    if done.returncode != 0:
        print(done.stdout[-2000:], done.stderr[-2000:])
        totals.add(0, 1, step_name="configure with sanitizers")
        return
    unit_tests(directory, totals)


def fuzz_targets(build, totals):
    """A short run of each; "make fuzz" runs them for long."""
    step("fuzz targets")
    sys.path.insert(0, str(HERE / "fuzz"))
    import run as fuzz
    seconds = int(os.environ.get("SMIME_FUZZ_SECONDS", "10"))
    os.environ.setdefault("SMIME_FUZZ_SEED", "1")
    try:
        failed = fuzz.fuzz(build / "fuzz", seconds)
        totals.add(len(fuzz.TARGETS) - len(failed), len(failed),
                   step_name="; ".join(failed) or None)
    except SystemExit as problem:
        print(problem)
        totals.add(0, len(fuzz.TARGETS), step_name="fuzz targets")


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
    totals.add(not bad, bool(bad), step_name="clang-tidy")


def clang_format(totals):
    """One test, with the same release's version."""
    step("clang-format")
    if not dovecot_version().startswith("Dovecot 2.3"):
        print("skipped: the sources have Debian 12's format")
        totals.add(0, 0, 1)
        return
    done = subprocess.run([sys.executable, "-B", str(HERE / "format/format.py")], capture_output=True,
                          text=True)
    print(done.stdout, done.stderr, end="")
    totals.add(done.returncode == 0, done.returncode != 0, step_name="clang-format")


def load(pattern, directories):
    """The integration tests whose name has the pattern in it, or all."""
    sys.path.insert(0, str(HERE / "integration"))
    # A loader keeps the first directory as the top of all others.
    tests = flatten(unittest.TestSuite(
        unittest.TestLoader().discover(str(HERE / directory), pattern="test_*.py")
        for directory in directories))
    # A class that a module imports from another is found in both.
    return list({test.id(): test for test in tests if not pattern or pattern in test.id()}.values())


def run_here(tests, totals):
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2, resultclass=Result).run(
        unittest.TestSuite(tests))
    totals.add(result.passed(), len(result.failed_tests()), len(result.skipped))
    return result.failure_texts()


def class_of(test):
    """A class shares one Dovecot, so its tests stay together. A module that does not
    load, or whose set-up fails, is a test of unittest's own."""
    return f"{type(test).__module__}.{type(test).__qualname__}"


def integration_tests(pattern, totals, options):
    """Classes side by side: each has a Dovecot, ports and directories of its own, and
    waits more than it computes."""
    step("integration tests")
    tests = load(pattern, options.directories)
    if not tests:
        print("no test was found")
        totals.add(0, 1)
        return
    classes = {}
    for test in tests:
        classes.setdefault(class_of(test), []).append(test)
    jobs = int(os.environ.get("SMIME_TEST_JOBS", JOBS))
    if jobs == 1 or len(classes) == 1 or any("unittest.loader" in name for name in classes):
        run_here(tests, totals)
        return
    slots = queue.SimpleQueue()
    for number in range(jobs):
        slots.put(number)
    # What takes longest begins first, as nothing else fills the time at the end.
    order = sorted(classes, key=lambda name: (not name.startswith(LONG), name))
    # What installs anew the files that all others run from goes before them, by itself.
    alone = [name for name in order if getattr(classes[name][0], "alone", False)]
    began, failed = time.monotonic(), {}

    def run_side_by_side(names, jobs):
        with ThreadPoolExecutor(jobs) as pool:
            running = [pool.submit(run_class, name, pattern, slots, options) for name in names]
            for done in (future.result() for future in as_completed(running)):
                print(done.output, flush=True)
                totals.add(done.passed, done.failed, done.skipped)
                failed.update(done.failed_texts)

    run_side_by_side(alone, 1)
    run_side_by_side([name for name in order if name not in alone], jobs)
    print(f"{len(tests)} tests in {time.monotonic() - began:.0f} s, {jobs} at a time")
    # Once more at the end, which is what is kept of a long log.
    for text in sorted(failed.values()):
        print(f"-- {text}")
    for name in sorted(failed):
        print(f"FAIL: {name}")


def run_class(name, pattern, slots, options):
    """One class in a process of its own, and what came of it."""
    slot = slots.get()
    work = options.work / str(slot)
    work.mkdir(exist_ok=True)
    result = work / "result.json"
    result.unlink(missing_ok=True)
    began = time.monotonic()
    command = [sys.executable, __file__, "--class", name, "--result", str(result),
               "--directories", *options.directories, "--", str(options.build), str(options.root)]
    done = subprocess.run(command + ([pattern] if pattern else []), stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace",
                          stdin=subprocess.DEVNULL, env=dict(os.environ, SMIME_TEST_WORK=str(work),
                                   SMIME_TEST_SLOT=str(slot)))
    took = time.monotonic() - began
    slots.put(slot)
    try:
        counted = json.loads(result.read_text())
    except (OSError, ValueError):
        counted = {"passed": 0, "failed": 1, "skipped": 0,
                   "failed_texts": {name: f"{name} ended with {done.returncode}"}}
    return SimpleNamespace(output=f"-- {name}: {took:.0f} s\n{done.stdout.strip()}", **counted)


def run_one_class(options, totals):
    """The other side of run_class()."""
    tests = [test for test in load(options.only, options.directories)
             if class_of(test) == options.one_class]
    failed = run_here(tests, totals)
    options.result.write_text(json.dumps({**vars(totals), "failed_texts": failed}))


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
    parser.add_argument("--directories", nargs="+", default=["integration"], help=argparse.SUPPRESS)
    parser.add_argument("--class", dest="one_class", help="integration tests of this class alone")
    parser.add_argument("--result", type=Path, help="where the counts of the class go, as JSON")
    options = parser.parse_args()
    options.build, options.root = options.build.resolve(), options.root.resolve()
    os.environ["SMIME_TEST_ROOT"] = str(options.root)
    os.environ["SMIME_TEST_BUILD"] = str(options.build)
    totals = Totals()
    if options.one_class:
        run_one_class(options, totals)
        return 1 if totals.failed else 0
    options.work = options.build / "test-work"
    options.work.mkdir(exist_ok=True)
    os.environ["SMIME_TEST_WORK"] = str(options.work)
    if options.faults:
        options.directories = ["faults"]
        # They count what a disturbance does to one server.
        os.environ["SMIME_TEST_JOBS"] = "1"
    if not options.only and not options.faults:
        unit_tests(options.build, totals)
        sanitized_unit_tests(options.build, totals)
        clang_tidy(options.build, totals)
        clang_format(totals)
        fuzz_targets(options.build, totals)
    integration_tests(options.only, totals, options)
    for problem in totals.failed_steps:
        print(f"FAIL: {problem}")
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
