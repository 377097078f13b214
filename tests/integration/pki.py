"""A public key infrastructure for tests, made with the openssl command: CAs,
people, CRLs, and messages that they sign. `pki.py DIRECTORY` makes the one of
test_verify.py for looking at."""

import datetime
import os
import subprocess
import sys
from pathlib import Path

DAY = datetime.timedelta(days=1)
NOW = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)

CONFIG = """
[ca]
default_ca = this
[this]
database = {dir}/index.txt
new_certs_dir = {dir}
rand_serial = yes
unique_subject = no
default_md = sha256
policy = policy
x509_extensions = ext
[policy]
organizationName = optional
commonName = optional
emailAddress = optional
[req]
distinguished_name = name
prompt = no
[name]
[crl_ext]
authorityKeyIdentifier = keyid
"""

CA_EXTENSIONS = """basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid"""

KEYS = {"rsa": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
        "rsa1024": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"],
        "ec": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
        "ed25519": ["-algorithm", "ED25519"],
        "mldsa": ["-algorithm", "ML-DSA-44"]}


def openssl_version():
    """(3, 5) of OpenSSL 3.5.1."""
    words = subprocess.run(["openssl", "version"], capture_output=True, text=True).stdout.split()
    return tuple(map(int, words[1].split(".")[:2]))


FAKETIME = next(iter(Path("/usr/lib").glob("*/faketime/libfaketime.so.1")), None)


def openssl(*arguments, data=None, at=None):
    """at: what the program takes for the present, with libfaketime."""
    environment = dict(os.environ)
    if at is not None:
        environment.update(LD_PRELOAD=str(FAKETIME), TZ="UTC",
                           FAKETIME=at.strftime("@%Y-%m-%d %H:%M:%S"))
    done = subprocess.run(["openssl", *map(str, arguments)], input=data, capture_output=True,
                          env=environment)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {arguments}: {done.stderr.decode(errors='replace')}")
    return done.stdout


def asn1_time(time):
    return time.strftime("%Y%m%d%H%M%SZ")


def rfc3339(time):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def leaf_extensions(email, purpose="emailProtection", usage="digitalSignature", crl=None):
    lines = ["basicConstraints = CA:false", "subjectKeyIdentifier = hash",
             "authorityKeyIdentifier = keyid"]
    if email:
        lines.append("subjectAltName = email:" + email)
    if purpose:
        lines.append("extendedKeyUsage = " + purpose)
    if usage:
        lines.append("keyUsage = critical, " + usage)
    if crl:
        lines.append("crlDistributionPoints = URI:" + crl)
    return "\n".join(lines)


class Party:
    def __init__(self, name, key, certificate):
        self.name, self.key, self.certificate = name, key, certificate

    def serial(self):
        text = openssl("x509", "-in", self.certificate, "-noout", "-serial").decode()
        return text.strip().partition("=")[2]

    def pem(self):
        return self.certificate.read_bytes()


class Pki:
    def __init__(self, directory):
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.count = 0

    def _file(self, name, text=None):
        path = self.directory / name
        if text is not None:
            path.write_text(text)
        return path

    def certificate(self, name, extensions, issuer=None, key="rsa", start=NOW - 30 * DAY,
                    end=NOW + 300 * DAY, subject=None, reuse=None, digest="sha256"):
        """A Party. issuer None: signed by itself. reuse: a party whose key it is."""
        config = self._file("openssl.cnf", CONFIG.format(dir=self.directory))
        self._file("index.txt", "")
        self._file("index.txt.attr", "unique_subject = no\n")
        self.count += 1
        path = self.directory / f"{self.count}-{name.replace(' ', '-')}"
        key_file = reuse.key if reuse else path.with_suffix(".key")
        if not reuse:
            openssl("genpkey", *KEYS[key], "-out", key_file)
        request = path.with_suffix(".csr")
        openssl("req", "-new", "-config", config, "-key", key_file, "-out", request, "-subj",
                subject or f"/O=Example/CN={name}")
        certificate = path.with_suffix(".pem")
        by = ["-selfsign", "-keyfile", key_file] if issuer is None else \
             ["-cert", issuer.certificate, "-keyfile", issuer.key]
        openssl("ca", "-batch", "-notext", "-config", config, "-in", request, "-out", certificate,
                "-startdate", asn1_time(start), "-enddate", asn1_time(end), "-md",
                "null" if key in ("ed25519", "mldsa") and issuer is None else digest, "-extfile",
                self._file("ext.cnf", "[ext]\n" + extensions), "-extensions", "ext", *by)
        return Party(name, key_file, certificate)

    def ca(self, name, issuer=None, **options):
        return self.certificate(name, CA_EXTENSIONS, issuer, **options)

    def person(self, name, issuer, email="alice@example.org", start=NOW - 30 * DAY,
               end=NOW + 300 * DAY, key="rsa", digest="sha256", **extensions):
        return self.certificate(name, leaf_extensions(email, **extensions), issuer, key=key,
                                start=start, end=end, digest=digest)

    def crl(self, ca, revoked=(), last=NOW - DAY, following=NOW + 30 * DAY, name_key=True):
        """PEM. revoked: pairs of a Party and a time. name_key: with the key's identifier."""
        config = self._file("openssl.cnf", CONFIG.format(dir=self.directory))
        lines = [f"R\t{asn1_time(NOW + 300 * DAY)[2:]}\t{asn1_time(when)[2:]}\t{party.serial()}\t"
                 f"unknown\t/CN={party.name}\n" for party, when in revoked]
        self._file("index.txt", "".join(lines))
        return openssl("ca", "-gencrl", "-config", config, "-cert", ca.certificate, "-keyfile",
                       ca.key, "-crl_lastupdate", asn1_time(last), "-crl_nextupdate",
                       asn1_time(following), *(["-crlexts", "crl_ext"] if name_key else []))

    # --- messages

    def detached(self, signers, entity, chain=(), options=(), at=None):
        """The DER of a signature over a MIME entity (bytes)."""
        return self._sign(signers, entity, chain, ["-binary", *options], at)

    def opaque(self, signers, entity, chain=(), options=()):
        return self._sign(signers, entity, chain, ["-binary", "-nodetach", *options])

    def _sign(self, signers, entity, chain, options, at=None):
        arguments = ["cms", "-sign", "-outform", "DER", *options]
        for signer in signers if isinstance(signers, (list, tuple)) else [signers]:
            arguments += ["-signer", signer.certificate, "-inkey", signer.key]
            if "pss" in signer.name:
                arguments += ["-keyopt", "rsa_padding_mode:pss"]
        if chain:
            bundle = self.directory / "chain.pem"
            bundle.write_bytes(b"".join(party.pem() for party in chain))
            arguments += ["-certfile", bundle]
        return openssl(*arguments, data=entity, at=at)

    def encrypted(self, party, entity):
        return openssl("cms", "-encrypt", "-binary", "-aes256", "-outform", "DER",
                       party.certificate, data=entity)


if __name__ == "__main__":
    from test_verify import make_world
    make_world(Path(sys.argv[1]))
