"""Each room of the sources sees what the table lets it see."""

import subprocess
import sys
import unittest
from pathlib import Path

WALLS = Path(__file__).resolve().parent.parent / "walls"
sys.path.insert(0, str(WALLS))
import walls  # noqa: E402


class Walls(unittest.TestCase):
    def faults(self, file, *lines):
        found, _ = walls.faults([(file, "\n".join(lines))])
        return found

    def test_the_sources_keep_to_the_table(self):
        done = subprocess.run([sys.executable, "-B", WALLS / "walls.py"], capture_output=True,
                              text=True)
        self.assertEqual((0, ""), (done.returncode, done.stdout), done.stderr)

    def test_what_is_forbidden_is_found(self):
        for file, line in (("common/report.cpp", '#include "scanner/base/fiber.h"'),
                           ("common/report.cpp", '#include "lib.h"'),
                           ("plugin/rules/policy.cpp", '  # include "mail-user.h"'),
                           ("plugin/scan/spool-file.cpp", '#include "scanner/base/fiber.h"'),
                           ("plugin/scan/spool-file.cpp", '#include "plugin/protect/preserve.h"'),
                           ("scanner/cms/ber.cpp", '#include "scanner/inspection/window.h"'),
                           ("scanner/cms/ber.cpp", '#include "../mime/walk.h"'),
                           ("scanner/mime/walk.cpp", "#include <sys/socket.h>"),
                           ("plugin/delivery/delivery.cpp", '#include "plugin/doveadm/smime.h"'),
                           ("scanner/new/thing.cpp", ""), ("scanner/thing.cpp", "")):
            with self.subTest(file=file, line=line):
                self.assertEqual(1, len(self.faults(file, line)))

    def test_what_is_allowed_is_not(self):
        self.assertEqual([], self.faults("scanner/cms/ber.cpp", '#include "scanner/cms/ber.h"',
                                         '#include "common/report.h"', "#include <vector>",
                                         '#include "istream.h"'))

    def test_a_circle_is_found(self):
        rooms = {"common": ("", "plugin/a"), "plugin/a": ("", "plugin/b/x.h"),
                 "plugin/b": ("", "common")}
        self.assertEqual(2, len(walls.order_faults(rooms)))

    def test_what_nobody_uses_is_found(self):
        rooms = {"common": ("", ""), "plugin/a": ("", "common")}
        _, used = walls.faults([("plugin/a/x.cpp", "")], rooms)
        self.assertEqual(1, len(walls.unused(used, rooms)))


if __name__ == "__main__":
    unittest.main()
