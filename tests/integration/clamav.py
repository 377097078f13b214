"""A private clamd whose only signature is EICAR's."""

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from instance import free_port

# In two halves: a file with all of it is an infection to the scanner of whoever
# reads this.
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}" + b"$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


class Clamd:
    def __init__(self, directory, **options):
        self.dir = Path(directory)
        self.dir.mkdir(parents=True)
        self.dir.chmod(0o755)
        self.socket = self.dir / "clamd.sock"
        self.port = free_port()
        (self.dir / "db").mkdir()
        (self.dir / "tmp").mkdir()
        (self.dir / "db/eicar.ndb").write_text(f"Eicar-Test-Signature:0:0:{EICAR.hex()}\n")
        settings = {"LocalSocket": self.socket, "LocalSocketMode": "666", "TCPSocket": self.port,
                    "TCPAddr": "127.0.0.1", "DatabaseDirectory": self.dir / "db",
                    "TemporaryDirectory": self.dir / "tmp", "LogFile": self.dir / "log",
                    "Foreground": "yes", "AlertEncrypted": "yes", **options}
        if os.geteuid() == 0:
            settings["User"] = "root"
        (self.dir / "clamd.conf").write_text("".join(f"{k} {v}\n" for k, v in settings.items()))
        self.process = None
        self.start()

    def start(self):
        self.process = subprocess.Popen([shutil.which("clamd") or "/usr/sbin/clamd", "-c",
                                         self.dir / "clamd.conf"], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while not self.answers():
            if time.monotonic() > deadline or self.process.poll() is not None:
                log = self.dir / "log"
                raise RuntimeError("clamd did not start: " +
                                   (log.read_text() if log.exists() else ""))
            time.sleep(0.05)

    def answers(self):
        with socket.socket(socket.AF_UNIX) as client:
            try:
                client.connect(str(self.socket))
                client.sendall(b"zPING\0")
                return client.recv(10).startswith(b"PONG")
            except OSError:
                return False

    def log(self):
        return (self.dir / "log").read_text()

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def stop(self):
        self.resume()
        self.process.kill()
        self.process.wait()


class WithClamd:
    """A mixin for a DovecotCase, whose scanner asks a clamd of its own."""

    # What else is in smime-scanner.conf.
    more_scanner_conf = ""

    @classmethod
    def before_start(cls):
        super().before_start()
        cls.clamd = Clamd(cls.directory / "clamav")
        cls.instance.scanner_conf = f"clamd = {cls.clamd.socket}\n{cls.more_scanner_conf}"

    @classmethod
    def tearDownClass(cls):
        cls.clamd.stop()
        super().tearDownClass()
