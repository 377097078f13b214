"""Certificate authorities of an organisation, their CRLs and people's
certificates, made with openssl's ca command."""

import datetime
import subprocess
from pathlib import Path

CONFIG = """[ca]
default_ca = own
[own]
database = {dir}/index.txt
new_certs_dir = {dir}
serial = {dir}/serial
crlnumber = {dir}/crlnumber
certificate = {dir}/ca.pem
private_key = {dir}/ca.key
default_md = sha256
default_days = 30
default_crl_days = 30
policy = any
unique_subject = no
copy_extensions = none
[any]
commonName = supplied
organizationName = optional
[crl]
authorityKeyIdentifier = keyid
"""


def moment(days):
    """A time so many days from now, as openssl ca wants it."""
    when = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)
    return when.strftime("%Y%m%d%H%M%SZ")


class Authority:
    """A root, or below the issuer. begin and end: days from now."""

    def __init__(self, directory, name, issuer=None, begin=-400, end=3650):
        self.dir = Path(directory) / name.replace(" ", "-")
        self.dir.mkdir(parents=True)
        self.name = name
        for file, text in (("index.txt", ""), ("serial", "1000\n"), ("crlnumber", "01\n")):
            (self.dir / file).write_text(text)
        (self.dir / "ca.cnf").write_text(CONFIG.format(dir=self.dir))
        self.key = self.dir / "ca.key"
        self.pem = self.dir / "ca.pem"
        extensions = ("basicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign,cRLSign\n"
                      "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n")
        (issuer or self)._sign(self.key, self.pem, f"/O=Example/CN={name}", extensions, begin, end,
                               self_signed=issuer is None)

    def openssl(self, *args, **kwargs):
        return subprocess.run(["openssl", *map(str, args)], cwd=self.dir, check=True,
                              capture_output=True, **kwargs).stdout

    def _sign(self, key, pem, subject, extensions, begin, end, self_signed=False):
        request = pem.with_suffix(".csr")
        self.openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", request,
                     "-subj", subject)
        file = pem.with_suffix(".ext")
        file.write_text(extensions)
        self.openssl("ca", "-batch", "-config", "ca.cnf", "-in", request, "-out", pem, "-notext",
                     "-extfile", file, "-startdate", moment(begin), "-enddate", moment(end),
                     *(("-selfsign", "-keyfile", key) if self_signed else ()))

    def issue(self, name, address, usage="emailProtection", begin=-10, end=300, crl_url=None,
              subject=None):
        """Returns (key, certificate)."""
        key, pem = self.dir / f"{name}.key", self.dir / f"{name}.pem"
        extensions = (f"keyUsage=digitalSignature,keyEncipherment\nextendedKeyUsage={usage}\n"
                      f"subjectAltName=email:{address}\nsubjectKeyIdentifier=hash\n"
                      "authorityKeyIdentifier=keyid\n")
        if crl_url:
            extensions += f"crlDistributionPoints=URI:{crl_url}\n"
        self._sign(key, pem, f"/CN={subject or name}", extensions, begin, end)
        return key, pem

    def revoke(self, pem):
        self.openssl("ca", "-config", "ca.cnf", "-revoke", pem)

    def crl(self, name="ca.crl", begin=-1, end=30):
        """begin and end: thisUpdate and nextUpdate, days from now."""
        path = self.dir / name
        self.openssl("ca", "-config", "ca.cnf", "-gencrl", "-out", path, "-crlexts", "crl",
                     "-crl_lastupdate", moment(begin), "-crl_nextupdate", moment(end))
        return path

    def der(self, pem, kind="x509"):
        return self.openssl(kind, "-in", pem, "-outform", "DER")

    def certs_only(self, *pems):
        """PKCS #7 with the certificates, as userSMIMECertificate has them."""
        options = [word for pem in pems for word in ("-certfile", pem)]
        return self.openssl("crl2pkcs7", "-nocrl", *options, "-outform", "DER")


def signed_message(key, pem, sender, subject="signed", chain=(), text="A text.\n", to="alice@example.org"):
    entity = f"Content-Type: text/plain\r\n\r\n{text}".replace("\n", "\r\n").replace("\r\r", "\r")
    options = [word for file in chain for word in ("-certfile", file)]
    done = subprocess.run(["openssl", "cms", "-sign", "-signer", str(pem), "-inkey", str(key),
                           *map(str, options), "-from", sender, "-to", to, "-subject", subject],
                          input=entity.encode(), capture_output=True, check=True)
    return done.stdout.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
