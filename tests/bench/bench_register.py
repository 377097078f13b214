"""What a page of the register costs: "doveadm smime quarantine list" without a user.

    unshare -n bash -c "ip link set lo up; python3 tests/bench/bench_register.py build/root"

1,000,000 held messages of 100,000 users in PostgreSQL, 100,000 in SQLite, and a tenth as many that
left their quarantine. Each line is a page of 50, by the start of a process as a person has it.
"""

import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "integration"))

import register_databases  # noqa: E402
from bench_quarantine import MEASURE  # noqa: E402
from instance import Instance  # noqa: E402

PAGE = 50
WANTED = 0.3
ROUNDS = 5

ROLES = ("  smime_role = reviewer=wide to=*@d3.example may=list,show\n"
         "  smime_role2 = reviewer=narrow to=*@rare.example may=list,show\n"
         "  smime_role3 = reviewer=one to=user00017@* may=list,show\n"
         "  smime_role4 = reviewer=none to=*@nowhere.example may=list,show\n"
         "  smime_role5 = reviewer=classes class=signed may=list,show\n")

# What is asked for, and the words of the command.
QUESTIONS = [
    ("the oldest", []),
    ("--sort -time", ["--sort", "-time"]),
    ("--sort size", ["--sort", "size"]),
    ("--sort -size", ["--sort", "-size"]),
    ("--sort user", ["--sort", "user"]),
    ("--to one address", ["--to", "user00017@d17.example"]),
    ("--to a user's name", ["--to", "user00017"]),
    ("--to pattern, many", ["--to", "*@d3.example"]),
    ("--to pattern, few", ["--to", "*@rare.example"]),
    ("--to pattern, none", ["--to", "*@nowhere.example"]),
    ("--to !pattern", ["--to", "!*@d3.example"]),
    ("--domain, many", ["--domain", "d3.example"]),
    ("--domain, few", ["--domain", "rare.example"]),
    ("--domain --sort -size", ["--domain", "d3.example", "--sort", "-size"]),
    ("--domain --sort user", ["--domain", "d3.example", "--sort", "user"]),
    ("--subject, many", ["--subject", "invoice"]),
    ("--subject, few", ["--subject", "Zebrafish"]),
    ("--subject, none", ["--subject", "no such word"]),
    ("--subject, two letters, few", ["--subject", "zf"]),
    ("--subject --sort -size", ["--subject", "invoice", "--sort", "-size"]),
    ("--subject few --domain", ["--subject", "Zebrafish", "--domain", "d3.example"]),
    ("--from one address", ["--from", "sender5@p5.example"]),
    ("--from pattern, many", ["--from", "*@p5.example"]),
    ("--from pattern, none", ["--from", "*@nowhere.example"]),
    ("--state requested, few", ["--state", "requested"]),
    ("--state released", ["--state", "released"]),
    ("--state any", ["--state", "any"]),
    ("--state any --sort -time", ["--state", "any", "--sort", "-time"]),
    ("--older-than, most", ["--older-than", "1d"]),
    ("--older-than, none", ["--older-than", "1000d"]),
    ("--since", ["--since", "1days"]),
    ("--held-because, many", ["--held-because", "encrypted"]),
    ("--held-because, few", ["--held-because", "macro"]),
    ("--held-because, none", ["--held-because", "no such reason"]),
    ("--rule, many", ["--rule", "smime_rule2"]),
    ("--rule, none", ["--rule", "smime_rule9"]),
    ("--class, many", ["--class", "encrypted"]),
    ("--class, none", ["--class", "plain"]),
    ("--held-for", ["--held-for", "user00017"]),
    ("--as, a wide role", ["--as", "wide"]),
    ("--as, a narrow role", ["--as", "narrow"]),
    ("--as, one user's", ["--as", "one"]),
    ("--as, nothing there for him", ["--as", "none"]),
    ("--as, by class, none", ["--as", "classes"]),
]

# Of row number n of so many: the words of either database for its columns.
COLUMNS = """
  {md5}, {user}, {now} - ({n} * 2591 % 7776000), 'INBOX',
  'sender' || ({n} % 5000) || '@p' || ({n} % 50) || '.example', {to}, {domain},
  CASE WHEN {n} % 20000 = 77 THEN 'About a Zebrafish ' ELSE '' END ||
  CASE {n} % 4 WHEN 0 THEN 'Your invoice ' WHEN 1 THEN 'Re: meeting of the board '
    WHEN 2 THEN 'Angebot und Bestellung ' ELSE 'Fwd: minutes, please read ' END || {word},
  CASE {n} % 3 WHEN 0 THEN 'encrypted' ELSE 'encrypted opaque-signed' END, 'unknown',
  'decrypt-no-key', 'aes256-gcm',
  CASE WHEN {n} % 20000 = 99 THEN 'A document with a macro'
    ELSE 'Mail of class encrypted is held for review' END,
  'smime_rule' || (1 + {n} % 3) || ': class=any-encrypted action=quarantine hold=30d then=delete',
  '', 1000 + ({n} * 7919 % 900000), {md5} || {md5}, {state}, {present},
  ({now} - ({n} * 2591 % 7776000)) * 1000000, '', ''"""
NAMES = ("id, username, held, mailbox, sender, recipient, domain, subject, class, status, findings, "
         "strength, reason, rule, attachments, size, digest, state, present, changed, who, why")


def columns(held, md5, user, pad, word):
    """Of {n}, a number from 0 on: the first so many are held."""
    domain = ("CASE WHEN {n} % 25000 = 5 THEN 'rare.example' ELSE 'd' || ({n} % 100000 % 100) || "
              "'.example' END")
    return COLUMNS.format(
        n="n", md5=md5, user=user, now=int(time.time()) - 100, word=word,
        to=f"'user' || {pad} || '@' || {domain.format(n='n')}", domain=domain.format(n="n"),
        state=f"CASE WHEN n >= {held} THEN 'released' WHEN n % 5000 = 3 THEN 'requested' "
              "ELSE 'held' END", present=f"CASE WHEN n < {held} THEN 1 ELSE 0 END")


def fill_postgres(database, count):
    indexes = database.rows("SELECT indexname FROM pg_indexes WHERE tablename = 'smime_register' "
                            "AND indexname NOT LIKE '%pkey'")
    for row in indexes:
        database.execute(f"DROP INDEX {row['indexname']};")
    pad = "lpad((n % 100000)::text, 5, '0')"
    text = columns(count, "md5(n::text)", f"'user' || {pad}", pad, "substr(md5((n * 3)::text), 1, 12)")
    database.execute(f"INSERT INTO smime_register ({NAMES}) SELECT {text} "
                     f"FROM generate_series(0::bigint, {count + count // 10 - 1}) AS t (n);")


def fill_sqlite(database, count):
    pad = "substr('00000' || (n % 100000), -5)"
    text = columns(count, "md5(n)", f"'user' || {pad}", pad, "substr(md5(n * 3), 1, 12)")
    import hashlib
    with sqlite3.connect(database.file) as connection:
        connection.create_function("md5", 1, lambda n: hashlib.md5(str(n).encode()).hexdigest())
        connection.execute(f"WITH RECURSIVE t (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM t "
                           f"WHERE n < {count + count // 10 - 1}) "
                           f"INSERT INTO smime_register ({NAMES}) SELECT {text} FROM t")


def measured(instance, words):
    """Seconds and kilobytes of one process."""
    command = [str(instance.dir / "doveadm"), "-f", "json", "smime", "quarantine", "list", "--limit",
               str(PAGE), *words]
    done = subprocess.run([sys.executable, "-S", "-c", MEASURE, *command], check=True,
                          capture_output=True)
    seconds, kilobytes = done.stdout.split()
    return float(seconds), int(kilobytes)


def table(instance, questions):
    missed = 0
    for name, words in questions:
        figures = [measured(instance, words) for _ in range(ROUNDS)]
        seconds = [figure[0] for figure in figures]
        median = statistics.median(seconds)
        missed += median >= WANTED
        print(f"  {name:30} {median:8.3f} {max(seconds):8.3f} "
              f"{max(figure[1] for figure in figures) / 1024:8.1f}"
              f"{'' if median < WANTED else '  more than wanted'}", flush=True)
    return missed


def measure(root, make_database, fill, count, questions):
    work = Path(tempfile.mkdtemp(prefix="smime-bench-", dir="/tmp"))
    work.chmod(0o755)
    (work / "d").mkdir()
    spool = work / "spool"
    spool.mkdir()
    spool.chmod(0o1733)
    database = make_database(work, root)
    instance = Instance(work / "d", root)
    instance.settings = ROLES + register_databases.settings(spool)
    instance.extra = register_databases.configuration(database, work)
    try:
        started = time.monotonic()
        fill(database, count)
        schema = f"smime-register-{database.name}.sql"
        database.execute((Path(root) / "etc/dovecot" / schema).read_text() + "\nANALYZE;")
        print(f"register, {database.name}: {count} held, made in {time.monotonic() - started:.0f} s"
              "\n  a page of 50                     median  slowest  peak MB")
        instance.start()
        return table(instance, questions)
    finally:
        instance.stop()
        database.stop()
        shutil.rmtree(work, ignore_errors=True)


def run(root, only=""):
    questions = [question for question in QUESTIONS if only in question[0]]
    for make_database, fill, count in ((register_databases.Sqlite, fill_sqlite, 100000),
                                       (register_databases.Postgres, fill_postgres, 1000000)):
        if not make_database.is_there():
            print(f"register, {make_database.name}: not installed")
            continue
        missed = measure(root, make_database, fill, count, questions)
        print(f"  {missed} of {len(questions)} take more than {WANTED} s")


if __name__ == "__main__":
    run(sys.argv[1], *sys.argv[2:])
