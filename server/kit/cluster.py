"""A PostgreSQL of the tests' own: Debian's, in a folder of its own, reached by a socket there, synced to disk as in production."""

import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

import psutil
import psycopg

from inmost_server.store.postgresql import Postgresql

START_TIMEOUT_S = 60.0
USER = "inmost"


class Cluster:
    """Databases by `fresh()`; start(), stop() and kill() are the operator's and the fate's."""

    def __init__(self, under: tuple[str, ...] = (), of: Self | None = None) -> None:
        """under: a command that starts it. of: another that runs; this one begins with everything that is in it."""
        self._under = under
        self._of = of
        self.folder = Path(tempfile.mkdtemp(prefix="inmost-postgresql-"))
        self.data = self.folder / "data"
        self._log = self.folder / "log"
        self._numbers = itertools.count(1)
        self._process: subprocess.Popen[bytes] | None = None
        self._free: list[str] = []
        self._as: dict[str, Any] = {"cwd": self.folder}
        # PostgreSQL refuses to run as root.
        if os.geteuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
            self._as |= {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}

    def __enter__(self) -> Self:
        made_by = (
            [binary("initdb"), "--auth", "trust", "--encoding", "UTF8", "--locale", "C"]
            if self._of is None
            else [binary("pg_basebackup"), "--host", self._of.folder, "--checkpoint", "fast"]
        )
        subprocess.run(  # noqa: S603
            [*made_by, "--pgdata", self.data, "--username", USER],
            check=True,
            stdout=subprocess.DEVNULL,
            **self._as,
        )
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        shutil.rmtree(self.folder)

    def url(self, database: str) -> str:
        return f"postgresql://{USER}@/{database}?host={quote(str(self.folder), safe='')}"

    @contextmanager
    def fresh(self) -> Iterator[str]:
        """The URL of a database at the newest revision, with no rows: one used before if there is any, because making one is slow."""
        if self._free:
            url = self._free.pop()
            _wipe(url)
        else:
            url = self.empty()
            Postgresql(url).upgrade()
        yield url
        self._free.append(url)

    def empty(self) -> str:
        """The URL of a new database without anything."""
        name = f"inmost_{next(self._numbers)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self.url(name)

    def start(self, **settings: str) -> None:
        """Start, and return when it takes connections."""
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.folder),
            "max_connections": "200",
            **settings,
        }
        given = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603
                [*self._under, binary("postgres"), "-D", self.data, *given],
                stdout=log,
                stderr=log,
                **self._as,
            )
        until = time.monotonic() + START_TIMEOUT_S
        while True:
            try:
                psycopg.connect(self.url("postgres")).close()
                return
            except psycopg.OperationalError:
                if self._process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(
                        f"PostgreSQL did not start:\n{self._log.read_text()[-2000:]}"
                    ) from None
            time.sleep(0.02)

    def stop(self) -> None:
        """As `systemctl stop` does: connections are ended, everything is written."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(START_TIMEOUT_S)
            self._process = None

    def kill(self) -> None:
        """kill -9 of the postmaster and of every process it has started."""
        assert self._process is not None
        children = psutil.Process(self._process.pid).children(recursive=True)
        self._process.kill()
        self._process.wait()
        for child in children:
            try:
                child.kill()
            except psutil.NoSuchProcess:
                continue
        psutil.wait_procs(children, START_TIMEOUT_S)
        self._process = None


def _wipe(url: str) -> None:
    """No rows, no numbers given out, and nobody connected."""
    with psycopg.connect(url) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        for (name,) in tables:
            if name not in ("alembic_version", "writer"):
                connection.execute(f"DELETE FROM {name}".encode())  # noqa: S608
        connection.execute("SELECT setval(sequencename::regclass, 1, false) FROM pg_sequences")
        connection.execute("UPDATE writer SET turn = 0, batch = 0")


def binary(name: str) -> str:
    """Debian keeps PostgreSQL's programs out of PATH, by version."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: float(path.parts[4]))
    return str(found[-1]) if found else shutil.which(name) or name
