"""A browser for the tests of the desk: Debian's Chromium, driven by tests/desk/driver.mjs.

SMIME_WITHOUT_BROWSER=1 leaves out what needs it."""

import json
import os
import select
import subprocess
import time
import unittest
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parent.parent / "desk"
MODULES = Path(os.environ["SMIME_TEST_BUILD"]) / "desk-tests/node_modules"
# Of one step.
PATIENCE = 400


def why_not():
    """Why there is no test with a browser, or None. What is missing is no reason: quickstart
    installs it."""
    if os.environ.get("SMIME_WITHOUT_BROWSER"):
        return "SMIME_WITHOUT_BROWSER is set"
    if os.geteuid() != 0:
        return "a service of the desk runs as root"
    return None


class Browser:
    """One node with one Chromium. pictures: what the names of its screenshots begin with."""

    def __init__(self, url, pictures):
        self.url, self.pictures = url, Path(pictures)
        self.pictures.parent.mkdir(parents=True, exist_ok=True)
        self.errors = Path(f"{pictures}-node.log")
        with self.errors.open("wb") as errors:
            self.node = subprocess.Popen(
                ["node", SCRIPTS / "driver.mjs"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=errors, text=False,
                # Chromium keeps files there.
                env={**os.environ, "SMIME_DESK_MODULES": str(MODULES), "HOME": "/tmp",
                     "TMPDIR": "/tmp"})
        self.waiting = b""
        self.version = self._line(60)["ready"]

    def _line(self, seconds):
        deadline = time.monotonic() + seconds
        while b"\n" not in self.waiting:
            ready, _, _ = select.select([self.node.stdout], [], [],
                                        max(0, deadline - time.monotonic()))
            data = os.read(self.node.stdout.fileno(), 1 << 20) if ready else b""
            if not data:
                raise AssertionError(f"the browser {'ended' if ready else 'does not answer'}: "
                                     + self.errors.read_text(errors="replace")[-3000:])
            self.waiting += data
        line, _, self.waiting = self.waiting.partition(b"\n")
        return json.loads(line)

    def run(self, script, step, **given):
        """What the step gave back, the checks that failed, and how many were made."""
        given = {"url": self.url, "pictures": f"{self.pictures}-{script}-{step}", **given}
        self.node.stdin.write(json.dumps({"script": script, "step": step,
                                          "given": given}).encode() + b"\n")
        self.node.stdin.flush()
        failed, checks = [], 0
        while True:
            line = self._line(PATIENCE)
            if "check" in line:
                checks += 1
                if not line["ok"]:
                    failed.append(f"{line['check']}: {line['detail']}")
            elif "picture" in line:
                failed.append(f"see {line['picture']}, of {line['of']}")
            elif line.get("end"):
                if "error" in line:
                    failed.insert(0, line["error"])
                return line.get("result"), failed, checks

    def stop(self):
        self.node.stdin.close()
        try:
            self.node.wait(20)
        except subprocess.TimeoutExpired:
            self.node.kill()
            self.node.wait()
        self.node.stdout.close()


class WithBrowser:
    """For a DeskCase: self.browse("story", "asks", link=...)."""

    browser = None

    @classmethod
    def setUpClass(cls):
        reason = why_not()
        if reason:
            raise unittest.SkipTest(reason)
        super().setUpClass()

    @classmethod
    def tearDownClass(cls):
        if cls.browser:
            cls.browser.stop()
            cls.browser = None
        super().tearDownClass()

    def browse(self, script, step, **given):
        cls = type(self)
        if cls.browser is None:
            cls.browser = Browser(self.url, Path(os.environ["SMIME_TEST_WORK"]) / "pictures"
                                  / cls.__name__)
        result, failed, checks = cls.browser.run(script, step, **given)
        if failed:
            self.fail(f"{script}.{step}: " + "\n".join(failed)
                      + f"\n{self.instance.settled_log()[-2500:]}")
        self.assertGreater(checks, 0, "nothing was looked at")
        return result
