"""A small world of real processes: one server started by `inmost up`, and people who use the `inmost` command."""

import contextlib
import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import psutil

ROOT = Path(__file__).parents[2]
INMOST = [sys.executable, "-m", "inmost_cli.main"]
RECORDED = [sys.executable, "-m", "tests.differential.recorded"]
START_TIMEOUT_S = 60.0
COMMAND_TIMEOUT_S = 120.0
EVENT_TIMEOUT_S = 30.0

# Exit codes (docs/use/terminal.md).
REFUSED = 7
SHUT_OUT = 9


class Lines:
    """The lines of a stream as they come, read by a thread so that the process is never held up."""

    def __init__(self, stream: Any) -> None:
        self._queue: queue.Queue[str | None] = queue.Queue()
        self.seen: list[str] = []
        self._thread = threading.Thread(target=self._read, args=(stream,), daemon=True)
        self._thread.start()

    def _read(self, stream: Any) -> None:
        with stream:
            for line in stream:
                self._queue.put(line.rstrip("\n"))
        self._queue.put(None)

    def wait_for(self, wanted: Callable[[str], Any], timeout_s: float = EVENT_TIMEOUT_S) -> Any:
        """The first thing that `wanted` finds in a line from here on. AssertionError when time or stream end."""
        until = time.monotonic() + timeout_s
        while True:
            try:
                line = self._queue.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"not seen in {timeout_s} s; so far: {self.seen[-20:]}") from None
            if line is None:
                raise AssertionError(f"the stream ended; so far: {self.seen[-20:]}")
            self.seen.append(line)
            if found := wanted(line):
                return found

    def until_now(self) -> list[str]:
        """Every line that has come so far."""
        while not self._queue.empty():
            if (line := self._queue.get_nowait()) is not None:
                self.seen.append(line)
        return self.seen

    def close(self) -> None:
        self._thread.join(10)


class Process:
    """One process of the command, with both its streams read along. under: a command that starts and watches it."""

    def __init__(
        self,
        arguments: list[str],
        environment: dict[str, str],
        folder: Path,
        under: tuple[str, ...] = (),
        inmost: list[str] = INMOST,
    ) -> None:
        self.process = subprocess.Popen(
            [*under, *inmost, *arguments],
            env=environment,
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        self.out = Lines(self.process.stdout)
        self.err = Lines(self.process.stderr)

    def write(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def stop(self, number: int = signal.SIGINT) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        with contextlib.suppress(BrokenPipeError):
            assert self.process.stdin is not None
            self.process.stdin.close()
        try:
            code = self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        self.out.close()
        self.err.close()
        return code


@dataclass(frozen=True)
class Done:
    """A command that ended."""

    code: int
    out: str
    err: str

    @property
    def records(self) -> list[dict[str, Any]]:
        """Its output as JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def last_line(self) -> str:
        return self.out.strip().splitlines()[-1]


class Server:
    """One `inmost up` on a data directory; the port stays the same when it starts again."""

    def __init__(
        self,
        data: Path,
        environment: dict[str, str],
        options: tuple[str, ...] = (),
        under: tuple[str, ...] = (),
    ) -> None:
        self.data = data
        self._options = options
        self._under = under
        self._environment = environment
        self._process: Process | None = None
        self.port = 0
        self.origin = ""
        self.owner_link = ""

    def start(self) -> None:
        self._process = Process(
            ["up", "--data", str(self.data), "--port", str(self.port), *self._options],
            self._environment,
            self.data.parent,
            self._under,
        )
        self.origin = self._process.out.wait_for(
            lambda line: (found := re.search(r"listens at (\S+)", line)) and found[1], START_TIMEOUT_S
        )
        self.port = int(self.origin.rpartition(":")[2])

    def read_owner_link(self) -> str:
        """What a first start prints."""
        assert self._process is not None
        self.owner_link = self._process.out.wait_for(
            lambda line: (found := re.search(r"(http\S+/join#\S+)", line)) and found[1], START_TIMEOUT_S
        )
        return self.owner_link

    @property
    def is_running(self) -> bool:
        return self._process is not None

    @property
    def pid(self) -> int:
        assert self._process is not None
        started = self._process.process.pid
        return psutil.Process(started).children()[0].pid if self._under else started

    def stop(self, number: int = signal.SIGTERM) -> int:
        assert self._process is not None
        if self._under and self._process.process.poll() is None:
            os.kill(self.pid, number)
        code = self._process.stop(number)
        self._process = None
        return code

    def log(self) -> list[str]:
        """What it has printed and logged since it was started."""
        assert self._process is not None
        return self._process.out.until_now() + self._process.err.until_now()


@dataclass
class Person:
    """Somebody with the command on a computer of their own. Another device of theirs is another Person with the same account."""

    account: str
    folder: Path
    environment: dict[str, str]
    password: str = "seven green bottles on a wall"
    name: str = ""
    inmost: list[str] = field(default_factory=lambda: INMOST)
    processes: list[Process] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "password").write_text(self.password + "\n")

    @property
    def totp_file(self) -> Path:
        return self.folder / "totp"

    @property
    def recovery_file(self) -> Path:
        return self.folder / "recovery"

    def try_to(self, *arguments: str, stdin: str | None = None, timeout_s: float = COMMAND_TIMEOUT_S) -> Done:
        """Run a command to its end, however it ends."""
        ended = subprocess.run(
            [*self.inmost, *arguments],
            env=self.environment,
            cwd=self.folder,
            input=stdin,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=timeout_s,
            check=False,
        )
        return Done(ended.returncode, ended.stdout, ended.stderr)

    def run(self, *arguments: str, stdin: str | None = None, timeout_s: float = COMMAND_TIMEOUT_S) -> Done:
        """Run a command that must succeed."""
        done = self.try_to(*arguments, stdin=stdin, timeout_s=timeout_s)
        assert done.code == 0, (
            f"{self.account}: inmost {' '.join(arguments)} ended with {done.code}:\n{done.out}{done.err}"
        )
        return done

    def start(self, *arguments: str) -> Process:
        process = Process(list(arguments), self.environment, self.folder, inmost=self.inmost)
        self.processes.append(process)
        return process

    def join(self, link: str, is_bot: bool = False) -> Done:
        if is_bot:
            return self.run("join", link, "--bot", "--name", self.name or self.account.title())
        return self.run(
            "join", link, "--name", self.name or self.account.title(), "--password-file", str(self.folder / "password"),
            "--totp-secret-file", str(self.totp_file), "--recovery-key-file", str(self.recovery_file), "--yes",
        )  # fmt: skip

    def recovering(self, origin: str, *options: str, backup_code: int = 0) -> list[str]:
        """The arguments of coming back with the recovery key and one of the backup codes in the recovery file."""
        codes = self.recovery_file.read_text().partition("Backup codes:")[2].split()
        return [
            "recover", origin, self.account, *options, "--recovery-key-file", str(self.recovery_file),
            "--password-file", str(self.folder / "password"), "--code", codes[backup_code],
        ]  # fmt: skip

    def try_to_recover(self, origin: str, *options: str, backup_code: int = 0) -> Done:
        return self.try_to(*self.recovering(origin, *options, backup_code=backup_code))

    def recover(self, origin: str, *options: str, backup_code: int = 0) -> None:
        done = self.try_to_recover(origin, *options, backup_code=backup_code)
        assert done.code == 0, f"{self.account} did not come back, {done.code}:\n{done.out}{done.err}"

    def factor(self, number: int) -> list[str]:
        """The options that prove this person once more: the password and an unused backup code."""
        codes = self.recovery_file.read_text().partition("Backup codes:")[2].split()
        return ["--password-file", str(self.folder / "password"), "--code", codes[number]]

    def invite(self, account: str, *options: str) -> str:
        """The link for somebody else."""
        return self.run("invite", account, *options).out.strip().splitlines()[0]

    def history(self, conversation: str, *options: str) -> list[dict[str, Any]]:
        return self.run("history", conversation, "--json", *options).records

    @contextlib.contextmanager
    def listening(self, *options: str) -> Iterator["Listening"]:
        """While this runs, the profile is held by the listening process."""
        process = self.start("listen", *options)
        process.err.wait_for(lambda line: "Listening" in line, COMMAND_TIMEOUT_S)
        try:
            yield Listening(process)
        finally:
            process.stop()
            self.processes.remove(process)


class Listening:
    """An `inmost listen` at work."""

    def __init__(self, process: Process) -> None:
        self.process = process

    def hears(self, text: str, timeout_s: float = EVENT_TIMEOUT_S) -> dict[str, Any]:
        """Wait for a message of exactly this text."""
        return self.hears_what(lambda record: record.get("text") == text, timeout_s)

    def hears_what(
        self, is_wanted: Callable[[dict[str, Any]], bool], timeout_s: float = EVENT_TIMEOUT_S
    ) -> dict[str, Any]:
        """Wait for the first record that is wanted."""

        def wanted(line: str) -> dict[str, Any] | None:
            record: dict[str, Any] = json.loads(line)
            return record if is_wanted(record) else None

        found: dict[str, Any] = self.process.out.wait_for(wanted, timeout_s)
        return found


def on(database: str | None) -> tuple[str, ...]:
    """The server's options that put it on this database."""
    return () if database is None else ("--database", database)


class World:
    """One server and its people, in a folder of their own, ended whole.

    server_options   as for `inmost up`
    under            a command that starts and watches the server
    recordings       where every engine of these people is recorded, with its keys (tests/differential)
    """

    def __init__(
        self,
        folder: Path,
        server_options: tuple[str, ...] = (),
        under: tuple[str, ...] = (),
        recordings: Path | None = None,
    ) -> None:
        self.folder = folder
        self._recordings = recordings
        self._environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("INMOST_")
            and name.lower() not in ("http_proxy", "https_proxy", "all_proxy")
        } | {"PYTHONUNBUFFERED": "1", "NO_COLOR": "1", "COLUMNS": "80"}
        self.server = Server(folder / "data", self._environment, server_options, under)
        self.people: list[Person] = []

    def __enter__(self) -> Self:
        self.server.start()
        return self

    def __exit__(self, *_: object) -> None:
        for person in self.people:
            for process in person.processes:
                process.stop(signal.SIGKILL)
        self.server.stop()

    def person(self, account: str, computer: str | None = None) -> Person:
        """Somebody at a computer that has nothing on it yet."""
        folder = self.folder / (computer or account)
        environment = self._environment | {
            "INMOST_HOME": str(folder / "inmost"),
            "INMOST_PASSPHRASE": f"{account} keeps this computer",
        }
        person = Person(account, folder, environment)
        if self._recordings is not None:
            person.inmost = [*RECORDED, str(self._recordings)]
            person.environment["PYTHONPATH"] = str(ROOT)
        self.people.append(person)
        return person

    def owner(self, account: str) -> Person:
        """The first person, with the link that the server printed."""
        person = self.person(account)
        joined = person.join(self.server.read_owner_link())
        # The first account's name is the server's choice.
        found = re.search(r"as (\S+?)\.", joined.out)
        person.account = found[1] if found else account
        return person

    def invited(self, account: str, by: Person, *options: str) -> Person:
        """Somebody who was invited and has joined."""
        person = self.person(account)
        person.join(by.invite(account, *options), is_bot="--bot" in options)
        return person
