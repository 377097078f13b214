"""A private slapd on a loopback port, in a directory of its own."""

import base64
import shutil
import subprocess
import time
from pathlib import Path

from instance import free_port

SUFFIX = "dc=example,dc=org"
ADMIN = f"cn=admin,{SUFFIX}"
PASSWORD = "directory"

CONFIG = """include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
pidfile {dir}/slapd.pid
argsfile {dir}/slapd.args
modulepath /usr/lib/ldap
moduleload back_mdb
database mdb
suffix "{suffix}"
rootdn "{admin}"
rootpw {password}
directory {dir}/db
access to attrs=userCertificate,userSMIMECertificate by dn.exact="cn=reader,{suffix}" read by anonymous auth by * none
access to attrs=userPassword by anonymous auth by * none
access to * by * read
"""


class Slapd:
    def __init__(self, directory):
        self.dir = Path(directory)
        shutil.rmtree(self.dir, ignore_errors=True)
        (self.dir / "db").mkdir(parents=True)
        self.port = free_port()
        self.uri = f"ldap://127.0.0.1:{self.port}"
        (self.dir / "slapd.conf").write_text(CONFIG.format(
            dir=self.dir, suffix=SUFFIX, admin=ADMIN, password=PASSWORD))
        self.process = None

    def start(self):
        log = (self.dir / "slapd.log").open("w")
        # With -d it stays in the foreground.
        self.process = subprocess.Popen(
            ["/usr/sbin/slapd", "-f", str(self.dir / "slapd.conf"), "-h", self.uri + "/", "-d", "0"],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + 30
        while self._run("ldapwhoami", "-x").returncode != 0:
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise RuntimeError(f"slapd did not start: {(self.dir / 'slapd.log').read_text()}")
            time.sleep(0.05)
        self.add(f"dn: {SUFFIX}\nobjectClass: dcObject\nobjectClass: organization\ndc: example\n"
                 "o: Example\n")
        self.add(f"dn: cn=reader,{SUFFIX}\nobjectClass: person\ncn: reader\nsn: reader\n"
                 f"userPassword: {PASSWORD}\n")
        return self

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=30)

    def _run(self, *command, **kwargs):
        return subprocess.run([command[0], "-H", self.uri, *command[1:]], capture_output=True,
                              text=True, timeout=30, **kwargs)

    def add(self, ldif):
        done = self._run("ldapadd", "-x", "-D", ADMIN, "-w", PASSWORD, input=ldif)
        if done.returncode != 0:
            raise RuntimeError(f"ldapadd: {done.stderr}")

    def person(self, name, address, certificate=(), smime=()):
        """certificate, smime: DER values of userCertificate and userSMIMECertificate."""
        lines = [f"dn: cn={name},{SUFFIX}", "objectClass: inetOrgPerson", f"cn: {name}",
                 f"sn: {name}", f"mail: {address}"]
        for attribute, values in (("userCertificate;binary", certificate),
                                  ("userSMIMECertificate", smime)):
            lines += [f"{attribute}:: {base64.b64encode(value).decode()}" for value in values]
        self.add("\n".join(lines) + "\n")
