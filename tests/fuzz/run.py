"""Builds the fuzz targets with clang and runs each for a while, as many at a time
as there are processors (or SMIME_FUZZ_JOBS).

    tests/fuzz/run.py DIRECTORY SECONDS [TARGET...]

DIRECTORY keeps the build, what was learned (corpus/), and the findings. Ends
with 1 if there is one; a finding becomes a fixture in tests/data.
SMIME_FUZZ_SEED makes the inputs the same each time (the suite's short runs have
one, so that they are red for what was changed and not by luck).
"""

import base64
import email
import io
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
TOP = HERE.parent.parent
sys.path.insert(0, str(TOP / "tests/integration"))
import carriers  # noqa: E402
import leaves  # noqa: E402
import pieces  # noqa: E402
import records  # noqa: E402
DATA = TOP / "tests/data"
# Largest input, in bytes: what is larger costs time and finds nothing new.
TARGETS = {"message": 20000, "cms": 8000, "ber": 4000, "protocol": 4000, "header-block": 4000, "rules": 1000,
           "protected": 8000, "compound": 20000, "embedded": 4000, "package": 4000, "pdf": 8000,
           "leaf": 8000, "rtf": 8000, "tnef": 8000, "armor": 6000, "openpgp": 6000,
           "zip": 20000, "token": 1500, "desk-request": 4000,
           "desk-http": 4000, "desk-page": 8000}
MEGABYTES = 1024
# Of one call to malloc(): liblzma asks for the dictionary that a header names, up to 4 GB, and uses
# of it what is there. In a service the limit of its address space refuses that.
MALLOC_MEGABYTES = 8192
# Which carriers are seeds of a target, and the endings of files that are.
CARRIED = {"compound": ("doc,", "xls", "ppt", "msg"), "tnef": ("TNEF",), "rtf": ("RTF",),
           "pdf": ("PDF",), "embedded": ("calendar", "card", "HTML", "CSS", "flat", "Word 2003")}
FILES = {"compound": (".doc", ".xls", ".ppt"), "pdf": (".pdf",)}


def build(directory):
    (directory / "build").mkdir(parents=True, exist_ok=True)
    script = (f"test -f Makefile -a Makefile -nt {TOP}/configure || "
              f"CC=clang CXX=clang++ CFLAGS=-O1 CXXFLAGS=-O1 {TOP}/configure --enable-werror --enable-fuzzers && "
              f"make -s -j{os.cpu_count()} fuzzers")
    done = subprocess.run(script, shell=True, cwd=directory / "build", capture_output=True,
                          text=True)
    if done.returncode != 0:
        sys.exit(f"{done.stdout[-2000:]}\n{done.stderr[-3000:]}\nthe fuzz targets do not build")


def openssl(*arguments, data):
    return subprocess.run(["openssl", *arguments], input=data, capture_output=True,
                          check=True).stdout


def cms_objects():
    key = str(HERE / "escrow.pem")
    text = (DATA / "signed.eml").read_bytes()
    signed = ("cms", "-sign", "-nodetach", "-outform", "DER", "-signer", key, "-inkey", key)
    yield openssl(*signed, data=text)
    yield openssl(*signed, "-stream", data=text)
    yield openssl(*signed, "-keyid", data=openssl(*signed, data=text))
    for cipher in ("-aes-256-cbc", "-aes-128-gcm", "-des3"):
        yield openssl("cms", "-encrypt", cipher, "-outform", "DER", key, data=text)
    yield openssl("cms", "-encrypt", "-stream", "-outform", "DER", key,
                  data=openssl(*signed, data=text))
    for path in sorted(DATA.rglob("*")):
        if path.suffix in (".p7m", ".p7s", ".p7c", ".der", ".p7b"):
            yield path.read_bytes()
        elif path.suffix == ".eml":
            for part in email.message_from_bytes(path.read_bytes()).walk():
                if "pkcs7" in part.get_content_type():
                    yield part.get_payload(decode=True) or b""


def gpg(*arguments, data):
    with tempfile.TemporaryDirectory() as home:
        os.chmod(home, 0o700)
        done = subprocess.run(["gpg", "--homedir", home, "--batch", "--yes", "--passphrase", "x",
                               "--pinentry-mode", "loopback", "--quiet", *arguments],
                              input=data, capture_output=True)
        subprocess.run(["gpgconf", "--homedir", home, "--kill", "gpg-agent"], capture_output=True)
    return done.stdout


def pgp_messages(*armor):
    text = (DATA / "signed.eml").read_bytes()[:1500]
    for method in ("none", "zip", "zlib", "bzip2"):
        yield gpg("--store", "--compress-algo", method, *armor, data=text)
    yield gpg("--symmetric", *armor, data=text)
    yield gpg("--store", *armor, data=gpg("--symmetric", data=text))
def zips():
    """As Python writes them, the sizes before or behind the data."""
    for output in (io.BytesIO(), Unseekable()):
        with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a", b"a")
            archive.writestr("b", b"PK" * 100, zipfile.ZIP_STORED)
            archive.comment = b"A comment"
        yield output.getvalue()


class Unseekable(io.BytesIO):
    def seekable(self):
        return False

    def seek(self, *_):
        raise OSError

    def tell(self):
        raise OSError


def attached(content, name):
    return (b"MIME-Version: 1.0\r\nContent-Type: application/octet-stream; name=" + name.encode()
            + b"\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(content))


def seeds(target):
    messages = [path.read_bytes() for path in sorted(DATA.rglob("*.eml"))]
    other = os.environ.get("SMIME_CORPUS")
    if other:
        messages += [path.read_bytes() for path in sorted(Path(other).rglob("*.eml"))]
    if target == "message":
        yield from messages
        for path in sorted((DATA / "files").rglob("*")):
            if path.is_file():
                yield attached(path.read_bytes(), path.name)
        for content in cms_objects():
            yield attached(content, "smime.p7m")
    elif target == "protected":
        yield from messages
    elif target == "leaf":
        for make in {**leaves.LEAVES, **records.RECORDS}.values():
            yield make()
        for make in pieces.FILES.values():
            yield make(bytes(range(256)) * 3)
    elif target == "openpgp":
        for content in pgp_messages():
            yield b"\xff" + content
        yield b"\xff" + b"\xd5\4abcd" + b"\xca\3PGP" + b"\xe9\3abc"
    elif target == "armor":
        for content in pgp_messages("--armor"):
            for before, behind in ((b"", b"\n"), (b"> ", b"\r\n"), (b"<div>", b"</div>"),
                                   (b"&nbsp;", b"<br>"), (b"", b"\r"), (b"\xc2\xa0", b"\0\n")):
                yield b"\xff" + b"".join(before + line + behind for line in content.split(b"\n"))
        yield b"\xff&#45;&#45;---BEGIN&nbsp;PGP MESSAGE, PART 1/2-----\n\nabcd\n=abcd\n"
        yield b"\xff- -----BEGIN CMS OBJECT-----\nMIIB\n- -----END CMS OBJECT-----"
        yield b"\xffU2FsdGVkX18Msic7E7YuKOJ7vrLQ5pXqhyTm8aB4xIg=\n$ANSIBLE_VAULT;1.1;AES256\n"
    elif target == "cms":
        for content in cms_objects():
            yield b"\xff" + content
    elif target == "ber":
        yield from cms_objects()
        yield b"\x3f" + b"\x80" * 40 + b"\x10\xa8" + b"\0" * 39 + b"\x03abc"
        yield b"\x30\x80\x04\x01x" + b"\x30\x80" * 17 + b"\0\0" * 18
    elif target == "protocol":
        yield b"smime-scan\t1\t1234\n"
        yield b"error\tout of order\n"
        yield b"stream: Eicar-Test-Signature FOUND"
        scanner = os.environ.get("SMIME_TEST_ROOT")
        files = sorted(DATA.rglob("*.eml"))
        if scanner:
            done = subprocess.run([scanner + "/usr/lib/dovecot/smime-scanner", "-c", "/dev/null",
                                   "--inspect", *files], capture_output=True, check=True)
            for report in done.stdout.splitlines():
                yield b"report\t%d\n" % len(report) + report
    elif target == "header-block":
        yield (b"X-SMIME-Quarantine-Id: 0123456789abcdef0123456789abcdef\r\n"
               b"X-SMIME-Quarantine-Time: 2024-01-01T00:00:00Z\r\n"
               b"X-SMIME-Quarantine-Mailbox: INBOX\r\nX-SMIME-Quarantine-From: a@example.org\r\n"
               b"X-SMIME-Quarantine-To: b@example.org\r\nX-SMIME-Quarantine-Rule: class=encrypted\r\n"
               b"X-SMIME-Quarantine-Reason: because\r\nX-SMIME-Quarantine-Report: {}\r\n"
               b"X-SMIME-Quarantine-SHA256: " + b"0" * 64 + b"\r\nSubject: x\r\n\r\nbody\r\n")
        for message in messages[:40]:
            header = message.partition(b"\r\n\r\n")[0]
            yield header + b"\xff" + header + b"\r\nX-Spam: no\r\n"
    elif target in CARRIED:
        for name, make in carriers.CARRIERS.items():
            if name.startswith(CARRIED[target]):
                yield make(b"PK\x03\x04 and so on")
        for path in sorted((DATA / "files").rglob("*")):
            if path.suffix in FILES.get(target, ()):
                yield path.read_bytes()
    elif target == "package":
        yield (b"META-INF/manifest.xml:\n" b"<m:manifest xmlns:m='a'><m:encryption-data/></m>")
        yield (b"META-INF/encryption.xml:\n" b"<e><EncryptedData><EncryptionMethod Algorithm='a'/>")
    elif target == "zip":
        for path in sorted((DATA / "files").rglob("*")):
            if path.suffix in (".zip", ".zipx", ".docx", ".odt", ".rar", ".7z"):
                yield path.read_bytes()
        yield from zips()
    elif target == "token":
        yield b"smime1.01234567.ASNFZ4mrze8BI0VniavN7wAAAABrDzLJAWFsaWNl." + b"0" * 64
        yield b"# a key\n0f1e2d3c4b5a69788796a5b4c3d2e1f0\n"
    elif target == "desk-request":
        item = b'{"id":"0123456789abcdef0123456789abcdef","user":"a"}'
        for words in (b'"type":"list","filter":{"q":"x","state":"held"},"sort":"-time","limit":50,'
                      b'"after":"held 2026 x a"', b'"type":"show","item":' + item,
                      b'"type":"act","act":"reject","items":[' + item + b'],"reason":"r","text":'
                      b'"t","mailbox":"m","until":"30d","refilter":false',
                      b'"type":"login","name":"a","password":"b","secure":true',
                      b'"type":"token-act","token":"t","act":"release"', b'"type":"overview"'):
            request = b'{"id":1,"session":"s","ip":"::1",' + words + b"}"
            yield request
            yield len(request).to_bytes(4, "big") + request
        yield b'[{"id":"x","result":"released","mailbox":"INBOX"}]'
    elif target == "desk-http":
        item = "0123456789abcdef0123456789abcdef"
        head = "\nh\n__Host-smime-desk=S; __Host-smime-desk-login=L\n\n"
        form = "application/x-www-form-urlencoded\nde\nnull\nsame-origin\n"
        for line, rest in (("GET\n/held?q=%C3%A4&state=held&after=x", ""),
                           (f"GET\n/held/{item}?user=alice%40example.org", ""),
                           ("GET\n/?t=smime1.01234567.ASNFZ4mrze8BI0VniavN7w", ""),
                           ("POST\n/act", f"act=release&csrf=TOKEN&reason=x&item={item}%3Aalice"),
                           ("POST\n/login", "name=carol&password=secret&csrf=L"),
                           ("GET\n/overview?days=7", "")):
            yield f"{line}{head}{form}\n{rest}".encode()
        yield (f"POST\n/api/v1/act\nh\n\nBearer abc\napplication/json\n\n\n\n\n"
               f'{{"act":"hold","items":[{{"id":"{item}","user":"a"}}],"until":"7d"}}').encode()
    elif target == "desk-page":
        item = (b'{"id":"0123456789abcdef0123456789abcdef","user":"alice","state":"requested",'
                b'"time":"2026-11-30T16:20:35Z","from":"a@b","subject":"<b>","classes":["plain"]}')
        yield b'\0{"ok":true,"items":[' + item + b'],"next":"x","waiting":2}'
        yield (b'\1{"ok":true,"record":' + item + b',"report":{"class":["plain"],"size":1},'
               b'"history":[{"when":"x","state":"held"}],"notes":[{"text":"n"}],"acts":["show"]}')
        yield (b'\2{"ok":true,"headers":[{"name":"a","value":"b"}],"parts":[{"path":"1",'
               b'"type":"text/plain","size":1,"text":"<i>","html":"<b>"}]}')
        yield (b'\3{"ok":true,"waiting":[{"reason":"r","domain":"d","count":1,"oldest":"o"}],"days":'
               b'[{"day":"2026-11-29","held":1}],"rules":[{"rule":"1","held":1,"released":1}]}')
        yield b'\4{"ok":true,"allows":"release","item":' + item + b"}"
        yield b'\5{"ok":true,"results":[{"id":"x","user":"y","result":"done","text":"<"}]}'
    elif target == "rules":
        yield (b'mailbox=Public/* class=signed,encrypted signature=signed scan=uninspectable '
               b'from=*@example.org to=b@* origin=delivery strength=weak recipient=view flag=x '
               b'reason="a \\"b\\"" action=quarantine\nclass=plain action=deliver\n\nPublic/x')


def run(directory, target, seconds):
    """(target, executions, what was found)"""
    corpus, findings = directory / "corpus" / target, directory / "findings"
    given = directory / "seeds" / target
    for path in (corpus, findings, given):
        path.mkdir(parents=True, exist_ok=True)
    for number, content in enumerate(seeds(target)):
        (given / str(number)).write_bytes(content[:TARGETS[target]])
    environment = dict(os.environ, SMIME_FUZZ_KEY=str(HERE / "escrow.pem"),
                       SMIME_FUZZ_TRUST=str(HERE.parent / "data/corpus-trust"),
                       SMIME_FUZZ_DESK=str(TOP / "desk/texts"),
                       UBSAN_OPTIONS="print_stacktrace=1")
    done = subprocess.run(
        [directory / "build/tests/fuzz" / f"fuzz-{target}", f"-max_total_time={seconds}",
         f"-max_len={TARGETS[target]}", f"-rss_limit_mb={MEGABYTES}",
         f"-malloc_limit_mb={MALLOC_MEGABYTES}", "-timeout=20",
         "-print_final_stats=1", f"-seed={os.environ.get('SMIME_FUZZ_SEED', '0')}",
         f"-artifact_prefix={findings}/{target}-", corpus, given],
        capture_output=True, env=environment, cwd=directory)
    log = done.stderr.decode(errors="replace")
    (directory / f"{target}.log").write_text(log)
    executions = re.search(r"number_of_executed_units: (\d+)", log)
    found = "" if done.returncode == 0 else log[-2500:]
    return target, int(executions.group(1)) if executions else 0, found


def fuzz(directory, seconds, targets=TARGETS):
    """Lines for a person, and for each target with a finding a word about it."""
    build(directory)
    failed = []
    jobs = int(os.environ.get("SMIME_FUZZ_JOBS", os.cpu_count()))
    with ThreadPoolExecutor(jobs) as pool:
        for target, executions, found in pool.map(lambda t: run(directory, t, seconds), targets):
            print(f"fuzz-{target}: {executions} executions in {seconds} s"
                  f"{', a finding:' if found else ', no finding'}", flush=True)
            if found:
                print(found)
                summary = re.search(r"^SUMMARY: (.*)", found, re.M)
                failed.append(f"fuzz-{target}: {summary.group(1) if summary else 'see above'}")
    return failed


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(1 if fuzz(Path(sys.argv[1]).resolve(), int(sys.argv[2]),
                       sys.argv[3:] or TARGETS) else 0)
