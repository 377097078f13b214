"""A private Dovecot on loopback ports, in a directory of its own.

Uses the installed Dovecot's programs and the freshly built modules; reads and
writes nothing in /etc/dovecot or of a Dovecot that runs already.
"""

import grp
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import dovecot_conf

SYSTEM_MODULES = Path("/usr/lib/dovecot/modules")
DOVECOT = "/usr/sbin/dovecot"
PASSWORD = "quickstart"
USERS = ("alice", "bob", "carol")


class InstanceError(Exception):
    pass


# Below those that the kernel gives to connections, and each class that runs beside others has
# its own: a server that is started again must find its port free.
FIRST_PORT = 10000 + int(os.environ.get("SMIME_TEST_SLOT", "0")) % 7 * 3000
PORTS = itertools.cycle(range(FIRST_PORT + os.getpid() % 40 * 64, FIRST_PORT + 3000))


def free_port():
    return next(port for port in PORTS if not port_is_taken(port))


def port_is_taken(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def age_of(pid):
    """Seconds since the process was started; 0 if it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        up = float(Path("/proc/uptime").read_text().split()[0])
    except OSError:
        return 0
    return up - int(fields[19]) / os.sysconf("SC_CLK_TCK")


class Instance:
    """root: where `make install DESTDIR=` put the build. settings: lines that
    go into plugin { }, instead of the shipped rule if replace_rules. earlier, extra:
    further configuration, before the shipped files and at the end. desk_port: where the
    review desk answers; desk_conf: lines of smime-desk.conf; desk_tls: by HTTPS."""

    def __init__(self, directory, root, *, imap_port=None, lmtp_port=None, http_port=None,
                 settings="", extra="", plugins="sieve", location="maildir:~/Maildir",
                 replace_rules=False, load_smime=True, scanner_conf="",
                 global_plugins="", protocols="imap lmtp", test_modules=(), users=USERS,
                 earlier="", desk_port=None, desk_conf="", desk_tls=False):
        self.dir = Path(directory)
        self.root = Path(root)
        self.imap_port = imap_port or free_port()
        self.lmtp_port = lmtp_port or free_port()
        self.http_port = http_port
        self.settings = settings
        self.earlier = earlier
        self.extra = extra
        self.plugins = plugins
        self.location = location
        self.replace_rules = replace_rules
        self.load_smime = load_smime
        self.scanner_conf = scanner_conf
        self.global_plugins = global_plugins
        self.protocols = protocols
        self.test_modules = test_modules
        self.users = users
        self.desk_port = desk_port
        self.desk_conf = desk_conf
        self.desk_tls = desk_tls
        self.dovecot = DOVECOT

    # -- files

    @property
    def conf(self):
        return self.dir / "dovecot.conf"

    @property
    def log_file(self):
        return self.dir / "dovecot.log"

    @property
    def base_dir(self):
        return self.dir / "run"

    def log(self):
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def settled_log(self):
        """The log process writes behind the answer that a client gets."""
        before = None
        while before != (now := self.log()):
            before = now
            time.sleep(0.3)
        return now

    def log_with(self, text):
        """The log once it holds text, or what there is after a while."""
        deadline = time.monotonic() + 10
        while text not in self.log() and time.monotonic() < deadline:
            time.sleep(0.05)
        return self.log()

    def home(self, user):
        return self.dir / "home" / user

    def _mail_owner(self):
        """User and group that own the mail: never root."""
        if os.geteuid() == 0:
            return "mail", "mail"
        me = pwd.getpwuid(os.geteuid())
        return me.pw_name, grp.getgrgid(me.pw_gid).gr_name

    def _users_lines(self):
        owner, group = self._mail_owner()
        lines = [f"mail_uid = {owner}", f"mail_gid = {group}",
                 "first_valid_uid = 1", "first_valid_gid = 1"]
        if os.geteuid() != 0:
            # Before $default_login_user is used.
            lines += [f"default_login_user = {owner}", f"default_internal_user = {owner}",
                      f"default_internal_group = {group}"]
        return "\n".join(lines)

    def _rootless_lines(self):
        """What only root may do is switched off, after everything that sets it."""
        if os.geteuid() == 0:
            return ""
        services = ["anvil", "imap-login", "pop3-login", "stats"]
        if self.load_smime:
            services += ["smime-scanner", "smime-scanner-user"]
        if self.desk_port:
            services += ["smime-desk"]
        return "\n".join(f"service {name} {{\n  chroot =\n}}" for name in services)

    def _shipped_conf(self):
        """The conf.d file as it is installed; paths alone are ours."""
        text = (self.root / "etc/dovecot/conf.d/90-smime.conf").read_text()
        if self.replace_rules:
            text = dovecot_conf.without_rules(text)
        return text

    def _smime_lines(self):
        if not self.load_smime:
            return ""
        scanner = self.root / "usr/lib/dovecot/smime-scanner"
        http = ""
        if self.http_port:
            http = (f"service doveadm {{\n  inet_listener http {{\n    address = 127.0.0.1\n"
                    f"    port = {self.http_port}\n  }}\n}}\ndoveadm_api_key = quickstart\n")
        return f"""!include {self.dir}/90-smime.conf
!include {self.root}/etc/dovecot/conf.d/91-smime-audit.conf
service smime-scanner {{
  executable = {scanner} -c {self.dir}/smime-scanner.conf
}}
service smime-scanner-user {{
  executable = {scanner} --no-escrow -c {self.dir}/smime-scanner.conf
}}
service smime-startup {{
  executable = {self.root}/usr/lib/dovecot/smime-startup
}}
import_environment = $import_environment {" ".join(self._preload())}
service doveadm {{
  executable = {self.dir}/doveadm-server
}}
{http}plugin {{
{self.settings}
}}
"""

    def _desk_lines(self):
        """The shipped services of the desk, with a port and our paths."""
        if not self.desk_port:
            return ""
        programs = self.root / "usr/lib/dovecot"
        conf = f"-c {self.dir}/smime-desk.conf"
        return f"""!include {self.root}/etc/dovecot/conf.d/92-smime-desk.conf
service smime-desk {{
  executable = {programs}/smime-desk {conf}
  inet_listener smime-desk {{
    address = 127.0.0.1
    port = {self.desk_port}
    ssl = {"yes" if self.desk_tls else "no"}
  }}
}}
service smime-desk-worker {{
  executable = {programs}/smime-desk-worker {conf}
}}
"""

    def _write_desk_conf(self):
        if not self.desk_port:
            return
        texts = next(self.root.glob("usr/**/share/dovecot-smime/desk"), None)
        # The master passdb of the tests asks whether the user exists.
        lines = [f"token_file = {self.dir}/smime-desk-tokens", "master_login = alice",
                 self.desk_conf]
        if texts:
            lines.append(f"texts = {texts}")
        if not self.desk_tls:
            lines.append("insecure = yes")
        (self.dir / "smime-desk.conf").write_text("\n".join(lines) + "\n")

    @property
    def desk_url(self):
        return f"http{'s' if self.desk_tls else ''}://127.0.0.1:{self.desk_port}"

    def write_conf(self):
        for sub in ("home", "run"):
            (self.dir / sub).mkdir(parents=True, exist_ok=True)
        owner, group = self._mail_owner()
        if os.geteuid() == 0:
            shutil.chown(self.dir / "home", owner, group)
        self._link_modules()
        ids = f"{pwd.getpwnam(owner).pw_uid}:{grp.getgrnam(group).gr_gid}"
        (self.dir / "passwd").write_text(
            "".join(f"{user}:{{PLAIN}}{PASSWORD}:{ids}::{self.home(user)}::\n"
                    for user in self.users))
        (self.dir / "masters").write_text(f"reviewer:{{PLAIN}}{PASSWORD}\n")
        (self.dir / "90-smime.conf").write_text(self._shipped_conf())
        if self.load_smime:
            # What 90-smime.conf includes stands beside it.
            shutil.copy(self.root / "etc/dovecot/conf.d/smime-load.conf.ext", self.dir)
        (self.dir / "smime-scanner.conf").write_text(self.scanner_conf)
        self._write_desk_conf()
        self.conf.write_text(dovecot_conf.configuration(f"""
base_dir = {self.base_dir}
state_dir = {self.dir}/state
instance_name = smime-{self.imap_port}
log_path = {self.log_file}
protocols = {self.protocols}
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
mail_plugin_dir = {self.dir}/modules
mail_home = {self.dir}/home/%n
mail_location = {self.location}
auth_username_format = %n
auth_master_user_separator = *
default_vsz_limit = 1G
{self._users_lines()}
passdb {{
  driver = passwd-file
  args = {self.dir}/masters
  master = yes
  result_success = continue
}}
passdb {{
  driver = passwd-file
  args = {self.dir}/passwd
}}
userdb {{
  driver = passwd-file
  args = {self.dir}/passwd
}}
service imap-login {{
  inet_listener imap {{
    port = {self.imap_port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {self.lmtp_port}
  }}
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
lda_mailbox_autocreate = yes
postmaster_address = postmaster@example.org
mail_plugins = {self.global_plugins}
{self.earlier}
{self._smime_lines()}
{self._desk_lines()}
{self._rootless_lines()}
protocol lmtp {{
  mail_plugins = $mail_plugins {self.plugins}
}}
protocol lda {{
  mail_plugins = $mail_plugins {self.plugins}
}}
{self.extra}
"""))

    def _link_modules(self):
        ours = self.root / "usr/lib/dovecot/modules"
        plugin = ours / "lib99_smime_plugin.so"
        wanted = {source.name: source for source in SYSTEM_MODULES.glob("lib*.so")}
        if self.load_smime:
            wanted[plugin.name] = plugin
        wanted.update({name: self.root / name for name in self.test_modules})
        self._link(self.dir / "modules", wanted)
        self._write_wrapper("doveadm", f'/usr/bin/doveadm -c {self.conf} "$@"')
        self._write_wrapper("doveadm-server", '/usr/lib/dovecot/doveadm-server "$@"')

    def _preload(self):
        """Dovecot looks for modules of doveadm and of doveconf in directories that are
        compiled in; the preloaded library shows it ours."""
        if not self.load_smime:
            return {}
        modules = self.root / "usr/lib/dovecot/modules"
        return {"LD_PRELOAD": f"{self.root}/libprivate-doveadm.so",
                "SMIME_DOVEADM_MODULES": f"{modules}/doveadm",
                "SMIME_SETTINGS_MODULES": f"{modules}/settings"}

    def environment(self):
        """For programs of Dovecot that read the configuration."""
        return {**os.environ, **self._preload()}

    def _write_wrapper(self, name, command):
        script = self.dir / name
        preload = "".join(f"{key}={value} " for key, value in self._preload().items())
        script.write_text(f"#!/bin/sh\n{preload}exec {command}\n")
        script.chmod(0o755)

    @staticmethod
    def _link(directory, wanted):
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir()
        for name, source in wanted.items():
            (directory / name).symlink_to(source)

    # -- the server

    def start(self):
        for name, port in (("IMAP", self.imap_port), ("LMTP", self.lmtp_port)):
            # The processes of a master that has ended hold the port until they see it, which
            # is a while on a busy machine.
            deadline = time.monotonic() + 20
            while port_is_taken(port):
                if time.monotonic() > deadline:
                    raise InstanceError(f"port {port} ({name}) of 127.0.0.1 is taken by another "
                                        "program")
                time.sleep(0.02)
        self.write_conf()
        # The daemon keeps its output open: a pipe would never end.
        output = self.dir / "start.log"
        with output.open("w") as log:
            done = subprocess.run([self.dovecot, "-c", str(self.conf)], stdin=subprocess.DEVNULL,
                                  stdout=log, stderr=log, timeout=60, env=self.environment())
        if done.returncode != 0:
            raise InstanceError(f"dovecot did not start:\n{output.read_text()}"
                                f"{self.log()[-2000:]}")
        self.wait_for_port(self.imap_port)
        self.wait_for_port(self.lmtp_port)
        if self.desk_port:
            self.wait_for_port(self.desk_port)
        return self

    def wait_for_port(self, port):
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=2).close()
                return
            except OSError:
                time.sleep(0.02)
        raise InstanceError(f"nothing answers on port {port}:\n{self.log()[-2000:]}")

    def master_pid(self):
        try:
            return int((self.base_dir / "master.pid").read_text())
        except (OSError, ValueError):
            return None

    def running(self):
        pid = self.master_pid()
        if pid is None:
            return False
        try:
            return b"dovecot" in Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return False

    def stop(self):
        pid = self.master_pid()
        if not self.running():
            return False
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + 15
        while self.running() and time.monotonic() < deadline:
            time.sleep(0.02)
        if self.running():
            os.kill(pid, signal.SIGKILL)
        return True

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    # -- programs

    def doveadm(self, *args, check=True, **kwargs):
        done = subprocess.run([str(self.dir / "doveadm"), *map(str, args)],
                              capture_output=True, timeout=120, **kwargs)
        if check and done.returncode != 0:
            raise InstanceError(f"doveadm {args}: {done.returncode}\n"
                                f"{done.stdout.decode(errors='replace')}"
                                f"{done.stderr.decode(errors='replace')}")
        return done

    def processes(self, name):
        """Pids of this instance's processes with this name."""
        pids = []
        master = self.master_pid()
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                stat = (entry / "stat").read_text()
            except OSError:
                continue
            comm = stat[stat.index("(") + 1:stat.rindex(")")]
            parent = int(stat[stat.rindex(")") + 2:].split()[1])
            if parent == master and comm == name[:15]:
                pids.append(int(entry.name))
        return pids
