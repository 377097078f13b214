"""Disks that are full or answer with errors, and indexes that are overwritten."""

import os
import shutil
import unittest
from pathlib import Path

from faults import FaultCase, SmallDisk, load, long_form, scaled

FIU = Path("/usr/lib/fiu")


class FullDiskCase(FaultCase):
    """Mail comes in until the disk is full, and after there is room again."""

    def small_disk(self, directory, size):
        if os.geteuid() != 0:
            self.skipTest("only root can mount a small file system")
        disk = SmallDisk(directory, size, self.instance._mail_owner())
        if disk.problem:
            self.skipTest(f"a small file system cannot be mounted here: {disk.problem}")
        self.addCleanup(disk.remove)
        return disk

    def fill(self, ledger, disk):
        load(self.instance, ledger, scaled(60))
        disk.resize("200m")
        self.assert_recovered(ledger)
        self.check(ledger)


class FullMailDisk(FullDiskCase):
    def test_mail(self):
        disk = self.small_disk(self.instance.home("alice"), "600k")
        ledger = self.ledger(filler=200)
        self.fill(ledger, disk)
        self.assertGreater(len(ledger.outcomes), len(ledger.acknowledged()))


@long_form
class FullMailDiskMdbox(FullMailDisk):
    instance_options = {**FaultCase.instance_options, "location": "mdbox:~/mdbox"}


class FullQuarantineDisk(FullDiskCase):
    """What is not for the quarantine is not affected."""

    settings = FaultCase.settings + "  smime_quarantine_mailbox = Central/held\n"
    quarantine = "Central/held"
    extra = """
namespace central {
  type = public
  prefix = Central/
  separator = /
  location = sdbox:DIRECTORY/central
  subscriptions = no
  list = children
}
"""

    @classmethod
    def before_start(cls):
        cls.instance.extra = cls.extra.replace("DIRECTORY", str(cls.directory))
        super().before_start()
        central = cls.directory / "central"
        central.mkdir()
        if os.geteuid() == 0:
            shutil.chown(central, *cls.instance._mail_owner())

    def test_quarantine(self):
        disk = self.small_disk(self.directory / "central", "200k")
        ledger = self.ledger(filler=200)
        self.fill(ledger, disk)
        deferred = set(ledger.outcomes) - ledger.acknowledged()
        self.assertEqual({"encrypted"}, {ledger.kind(number) for number in deferred})


class FullTemporaryDisk(FullDiskCase):
    @classmethod
    def before_start(cls):
        super().before_start()
        cls.instance.extra += f"mail_temp_dir = {cls.directory}/temp\n"
        (cls.directory / "temp").mkdir()
        (cls.directory / "temp").chmod(0o1777)

    def test_temporary_files(self):
        disk = self.small_disk(self.directory / "temp", "64k")
        self.fill(self.ledger(filler=6000), disk)


# libfiu's names, and how often each fails: those that also carry the dialogue
# with the MTA, or are used when a process starts, more seldom.
CALLS = {"posix/io/rw/write": 0.02, "posix/io/rw/pwrite": 0.1, "posix/io/rw/writev": 0.1,
         "posix/io/sync/fsync": 0.2, "posix/io/sync/fdatasync": 0.2,
         "posix/io/rw/read": 0.004, "posix/io/rw/pread": 0.05,
         "posix/io/dir/rename": 0.2, "posix/io/rw/ftruncate": 0.2,
         "posix/io/oc/open": 0.01, "posix/mm/mmap": 0.02}
EIO, ENOSPC = 5, 28
# What lmtp 2.3.19 without the plugin does when a call fails in a dbox.
STOCK_CRASHES = ("killed with signal 11", "Panic: Leaked view for index", "Raw backtrace",
                 "killed with signal 6")


@unittest.skipUnless((FIU / "fiu_posix_preload.so").exists(), "libfiu is not installed (fiu-utils)")
class FailingCalls(FaultCase):
    """System calls of lmtp fail at random."""

    may_hang = True

    def failing(self, call, probability, errno):
        return (f"export LD_PRELOAD='{FIU}/fiu_run_preload.so {FIU}/fiu_posix_preload.so'\n"
                "export FIU_CTRL_FIFO=\n"
                f"export FIU_ENABLE='enable_random name={call},probability={probability},"
                f"failinfo={errno}'\n")

    def test_each_call(self):
        ledger = self.ledger()
        for errno in (EIO, ENOSPC):
            for call, probability in CALLS.items():
                before = ledger.numbers, len(ledger.acknowledged())
                self.with_lmtp_faults(self.failing(call, probability, errno))
                load(self.instance, ledger, scaled(6), connections=2, patience=20)
                numbers, acknowledged = ledger.numbers - before[0], (
                    len(ledger.acknowledged()) - before[1])
                print(f"[{call.split('/')[-1]}: {acknowledged}/{numbers}] ", end="", flush=True)
        self.with_lmtp_faults("")
        self.remove_stale_locks()
        self.assert_recovered(ledger)
        self.check(ledger)
        self.assertGreater(ledger.numbers, len(ledger.acknowledged()), "nothing has failed")


@long_form
class FailingCallsSdbox(FailingCalls):
    """Stock Dovecot 2.3.19 without the plugin ends with signal 11 when fdatasync fails in
    an sdbox, or says "Leaked view for index" (82 and 7 times in 1,800 deliveries with one
    in twenty failing): the connection ends and the sender tries again."""

    forgiven = STOCK_CRASHES
    instance_options = {**FaultCase.instance_options, "location": "sdbox:~/sdbox"}


@long_form
class FailingCallsMdbox(FailingCalls):
    """Dovecot may rebuild an mdbox, and then takes up what a cut transaction left.

    Stock Dovecot 2.3.19 without the plugin ends with signal 11 when fdatasync fails in an
    mdbox (60 times in 600 deliveries with one in five failing): the connection ends and
    the sender tries again, which is all that is asked here."""

    instance_options = {**FaultCase.instance_options, "location": "mdbox:~/mdbox"}
    once = False
    forgiven = STOCK_CRASHES


class OverwrittenIndexes(FaultCase):
    """Index files become garbage, shorter or empty between deliveries."""

    patterns = ("dovecot.index", "dovecot.index.log", "dovecot.index.cache",
                "dovecot.index.log.2", "dovecot-uidlist")

    def damage(self):
        count = 0
        for path in sorted(self.instance.home("alice").rglob("dovecot*")):
            if path.name not in self.patterns or self.random.random() < 0.4:
                continue
            size = path.stat().st_size
            with path.open("r+b") as file:
                choice = self.random.randrange(4)
                if choice == 0:
                    file.write(self.random.randbytes(size))
                elif choice == 1:
                    file.truncate(size // 2)
                elif choice == 2:
                    file.truncate(0)
                else:
                    file.seek(self.random.randrange(max(size, 1)))
                    file.write(self.random.randbytes(16))
            count += 1
        return count

    def test_nothing_is_lost(self):
        ledger = self.ledger()
        damaged = 0
        for _ in range(scaled(6)):
            load(self.instance, ledger, 8, connections=2)
            damaged += self.damage()
        self.assert_recovered(ledger)
        self.check(ledger)
        self.assertGreater(damaged, 5)
