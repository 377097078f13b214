"""Where the bench has its mail: a file system as mail servers have one."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

GIGABYTE = 1 << 30


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


class MailStore:
    """A directory on an ext4 of its own, in an image, which has a journal. The machine's own
    file system may have none; then ext4 looks, for each new file, at all inodes that were
    freed in the last minutes: which server pays for which deletions is chance, and more than
    what is measured. Without root or loop devices it is a directory in /tmp."""

    def __init__(self, size=12 * GIGABYTE):
        self.directory = Path(tempfile.mkdtemp(prefix="smime-bench-", dir="/tmp"))
        self.directory.chmod(0o755)
        self.image, self.path = self.directory / "image", self.directory / "store"
        self.path.mkdir()
        try:
            self.mount(size)
            self.mounted, self.description = True, "ext4 in an image"
        except (OSError, subprocess.SubprocessError) as problem:
            self.mounted, self.description = False, f"/tmp ({problem})"
            self.image.unlink(missing_ok=True)

    def mount(self, size):
        with self.image.open("wb") as image:
            os.posix_fallocate(image.fileno(), 0, size)
        run("mkfs.ext4", "-q", "-E", "lazy_itable_init=0,lazy_journal_init=0", self.image)
        # Writes go straight to the disk below, as a disk's would.
        self.device = run("losetup", "--find", "--show", "--direct-io=on", self.image).strip()
        try:
            run("mount", self.device, self.path)
        except subprocess.SubprocessError:
            run("losetup", "--detach", self.device)
            raise
        self.path.chmod(0o755)

    def remove(self):
        if self.mounted:
            # Lazily: a process that did not end keeps it, and not this.
            run("umount", "--lazy", self.path)
            run("losetup", "--detach", self.device)
        shutil.rmtree(self.directory, ignore_errors=True)
