"""What a postmaster would use instead, private and on loopback: amavisd-new and rspamd
with the same clamd, openssl for each message; behind each a stock Dovecot."""

import http.client
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time

from clients import Lmtp
from instance import free_port

AMAVISD = shutil.which("amavisd-new", path="/usr/sbin") or shutil.which("amavisd",
                                                                        path="/usr/sbin")
RSPAMD = shutil.which("rspamd", path="/usr/bin:/usr/sbin")


class Server:
    """A daemon in the foreground. With its children in a session of its own, it is ended
    as a group."""

    def __init__(self, directory, port, command, **options):
        self.log = directory / "output"
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output,
                                            stderr=output, start_new_session=True, **options)
        try:
            self.wait_for(port)
        except BaseException as problem:
            self.stop()
            if isinstance(problem, TimeoutError):
                raise RuntimeError(f"{command[0]} did not start: {self.log.read_text()}")
            raise

    def wait_for(self, port):
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=2).close()
                return
            except OSError:
                time.sleep(0.1)
        raise TimeoutError

    def stop(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()


def lmtp_senders(server, check=lambda message: None):
    """Deliver to the server's LMTP port, each to its recipient; the check is made before
    each delivery."""
    class Sender:
        def __init__(self, recipient):
            self.lmtp = Lmtp(server, timeout=600)
            self.recipient = recipient

        def send(self, message):
            check(message)
            return self.lmtp.send(message, self.recipient)

        def close(self):
            self.lmtp.close()
    return Sender


AMAVIS_CONF = r"""
use strict;
$MYHOME = '%(dir)s'; $TEMPBASE = "$MYHOME/tmp"; $db_home = "$MYHOME/db";
$QUARANTINEDIR = undef; $lock_file = "$MYHOME/lock"; $pid_file = "$MYHOME/pid";
$daemon_user = '%(user)s'; $daemon_group = '%(group)s'; $daemonize = 0;
$max_servers = %(servers)d; $max_requests = 1000;
$mydomain = 'example.org'; $myhostname = 'amavis.example.org';
$inet_socket_bind = '127.0.0.1'; $inet_socket_port = %(port)d; $unix_socketname = undef;
$protocol = 'SMTP'; @inet_acl = qw(127.0.0.1);
$forward_method = 'lmtp:[127.0.0.1]:%(next)d'; $notify_method = undef;
$final_virus_destiny = D_DISCARD; $final_bad_header_destiny = D_PASS;
$final_banned_destiny = D_PASS; $final_spam_destiny = D_PASS;
$virus_quarantine_to = undef; $bad_header_quarantine_to = undef;
$banned_quarantine_to = undef; $spam_quarantine_to = undef; $virus_admin = undef;
@bypass_spam_checks_maps = (1); @bypass_header_checks_maps = (1);
@bypass_banned_checks_maps = (1);
$enable_dkim_verification = 0; $enable_dkim_signing = 0; $enable_db = 0;
$log_level = 0; $do_syslog = 0; $logfile = "$MYHOME/log"; $enable_zmq = 0;
$sa_tag_level_deflt = undef;
$MAXLEVELS = 14; $MAXFILES = 3000;
@av_scanners = (['ClamAV', \&ask_daemon, ["CONTSCAN {}\n", '%(clamd)s'],
  qr/\bOK$/m, qr/\bFOUND$/m, qr/^.*?: (?!Infected Archive)(.*) FOUND$/m]);
@av_scanners_backup = ();
1;
"""


class Amavis:
    """The MTA's content filter: SMTP in, LMTP to a stock Dovecot out."""

    name = "amavisd-new"

    def __init__(self, directory, stock, clamd):
        if AMAVISD is None:
            raise RuntimeError("amavisd-new is not installed")
        directory.mkdir()
        self.port = self.lmtp_port = free_port()
        owner = pwd.getpwnam("amavis" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name)
        for sub in ("tmp", "db"):
            (directory / sub).mkdir()
        for path in (directory, directory / "tmp", directory / "db"):
            os.chown(path, owner.pw_uid, owner.pw_gid)
            path.chmod(0o755)
        # It refuses one in a directory that it can write to.
        conf = directory.with_suffix(".conf")
        conf.write_text(AMAVIS_CONF % {
            "dir": directory, "user": owner.pw_name, "group": owner.pw_gid, "port": self.port,
            "servers": 8, "next": stock.lmtp_port, "clamd": clamd.socket})
        self.server = Server(directory, self.port, [AMAVISD, "-c", str(conf), "foreground"])

    def sender(self):
        """amavisd-new speaks LMTP where SMTP is configured, too."""
        return lmtp_senders(self)

    def stop(self):
        self.server.stop()


RSPAMD_CONF = """
options {{ pidfile = "{dir}/pid"; filters = ""; tempdir = "{dir}"; cores_dir = "{dir}";
  control_socket = "{dir}/control.sock mode=0600"; max_message = 200M;
  dns {{ nameserver = "127.0.0.1:9"; timeout = 0.1s; retransmits = 1; }} }}
logging {{ type = "file"; filename = "{dir}/log"; level = "warning"; }}
worker "normal" {{ bind_socket = "127.0.0.1:{port}"; count = 2; max_tasks = 0; }}
modules {{ path = "/usr/share/rspamd/plugins/antivirus.lua"; }}
actions {{ reject = 15; add_header = 6; }}
antivirus {{ clamav {{ type = "clamav"; symbol = "CLAM_VIRUS"; servers = "{clamd}";
  scan_mime_parts = false; max_size = 200000000; timeout = 60; }} }}
"""


class Rspamd:
    """A scan by HTTP with the antivirus module alone, as its milter proxy makes it."""

    name = "rspamd"

    def __init__(self, directory, stock, clamd):
        if RSPAMD is None:
            raise RuntimeError("rspamd is not installed")
        directory.mkdir()
        self.port = free_port()
        self.stock = stock
        conf = directory / "rspamd.conf"
        conf.write_text(RSPAMD_CONF.format(dir=directory, port=self.port, clamd=clamd.socket))
        insecure = ["-i"] if os.geteuid() == 0 else []
        self.server = Server(directory, self.port, [RSPAMD, "-f", "-c", str(conf), *insecure])

    def check(self, message):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)
        connection.request("POST", "/checkv2", body=message)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise AssertionError(f"rspamd: {answer.status} {body[:200]}")
        connection.close()

    def sender(self):
        return lmtp_senders(self.stock, self.check)

    def stop(self):
        self.server.stop()


class OpenSsl:
    """A script that starts openssl cms -verify for each message."""

    name = "openssl cms -verify"

    def __init__(self, samples, stock):
        self.samples = samples
        self.stock = stock

    def sender(self):
        def check(message):
            subprocess.run(["openssl", "cms", "-verify", "-CAfile", "ca.pem", "-out", "/dev/null"],
                           cwd=self.samples.dir, input=message, capture_output=True, check=False)
        return lmtp_senders(self.stock, check)

    def stop(self):
        pass
