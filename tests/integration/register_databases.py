"""Databases for the register of held messages: SQLite's file, and a private PostgreSQL."""

import os
import shutil
import sqlite3
import subprocess
import tempfile
from pathlib import Path

import dovecot_conf

POSTGRES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
DRIVERS = Path("/usr/lib/dovecot/modules/dict")


class Sqlite:
    """The database is a file that root owns."""

    name = "sqlite"

    def __init__(self, directory, root):
        self.file = Path(directory) / "register.sqlite"
        schema = (Path(root) / "etc/dovecot/smime-register-sqlite.sql").read_text()
        with sqlite3.connect(self.file) as database:
            database.executescript(schema)
        self.file.chmod(0o600)

    @staticmethod
    def is_there():
        return (DRIVERS / "libdriver_sqlite.so").exists()

    @property
    def connect(self):
        return str(self.file)

    def settings_24(self):
        return f"sql_driver = sqlite\nsqlite_path = {self.file}\n"

    def rows(self, query, *values):
        with sqlite3.connect(self.file) as database:
            database.row_factory = sqlite3.Row
            return [dict(row) for row in database.execute(query, values)]

    def execute(self, text):
        with sqlite3.connect(self.file) as database:
            database.executescript(text)

    def down(self):
        """Nobody can open it."""
        self.file.rename(self.file.with_suffix(".away"))
        self.file.mkdir()

    def up(self):
        self.file.rmdir()
        self.file.with_suffix(".away").rename(self.file)

    def stop(self):
        pass


class Postgres:
    """A cluster of its own on a unix socket."""

    name = "pgsql"

    def __init__(self, directory, root):
        self.directory = Path(tempfile.mkdtemp(prefix="smime-pg-", dir="/tmp"))
        shutil.chown(self.directory, "postgres", "postgres")
        self._run("initdb", "-D", self.directory / "data", "-A", "trust", "-N", "-E", "UTF8",
                  "--locale=C.UTF-8")
        self.up()
        self._run("createdb", "-h", self.directory, "-U", "postgres", "smime")
        schema = (Path(root) / "etc/dovecot/smime-register-pgsql.sql").read_text()
        self.execute(schema)

    @staticmethod
    def is_there():
        return (os.geteuid() == 0 and bool(POSTGRES)
                and (DRIVERS / "libdriver_pgsql.so").exists())

    def _run(self, program, *arguments, text=None, check=True):
        command = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups",
                   POSTGRES[-1] / program, *arguments]
        done = subprocess.run([str(word) for word in command], input=text, text=True,
                              capture_output=True, cwd="/", timeout=600,
                              env={**os.environ, "LC_ALL": "C.UTF-8"})
        if check and done.returncode != 0:
            raise AssertionError(f"{program}: {done.stdout}{done.stderr}")
        return done.stdout

    @property
    def connect(self):
        return f"host={self.directory} dbname=smime user=postgres"

    def settings_24(self):
        return (f"sql_driver = pgsql\npgsql {self.directory} {{\n  parameters {{\n"
                "    dbname = smime\n    user = postgres\n  }\n}\n")

    def rows(self, query, *values):
        for value in values:
            quoted = "'" + str(value).replace("'", "''") + "'"
            query = query.replace("?", quoted, 1)
        import json
        out = self._run("psql", "-h", self.directory, "-U", "postgres", "-d", "smime", "-At", "-c",
                        f"SELECT COALESCE(json_agg(t), '[]') FROM ({query}) t")
        return json.loads(out)

    def execute(self, text):
        self._run("psql", "-v", "ON_ERROR_STOP=1", "-q", "-h", self.directory, "-U", "postgres",
                  "-d", "smime", text=text)

    def down(self):
        self._run("pg_ctl", "-D", self.directory / "data", "-m", "fast", "-w", "stop")

    def up(self):
        self._run("pg_ctl", "-D", self.directory / "data", "-w", "-l", self.directory / "log", "-o",
                  f"-c listen_addresses='' -k {self.directory}", "start")

    def stop(self):
        self._run("pg_ctl", "-D", self.directory / "data", "-m", "immediate", "stop", check=False)
        shutil.rmtree(self.directory, ignore_errors=True)


def settings(spool, more=""):
    name = "smime" if dovecot_conf.IS_24 else "proxy::smime"
    return f"smime_register = {name}\nsmime_register_spool = {spool}\n{more}"


def configuration(database, directory):
    """The dict that smime_register names."""
    if dovecot_conf.IS_24:
        return f"dict_server {{\n  dict smime {{\n    driver = sql\n{database.settings_24()}\n  }}\n}}\n"
    file = Path(directory) / "register.conf.ext"
    file.write_text(f"connect = {database.connect}\n")
    file.chmod(0o600)
    return f"dict {{\n  smime = {database.name}:{file}\n}}\n"
