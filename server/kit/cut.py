"""A wire to PostgreSQL that can be cut at the one moment that matters: around the answer to a COMMIT."""

import contextlib
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Self
from urllib.parse import quote

SOCKET = ".s.PGSQL.5432"
COMMIT = b"COMMIT\0"  # the end of a question; "READ COMMITTED" begins each transaction
READ_BYTES = 65_536


class Cut:
    """Passes on what goes between clients and `cluster`'s socket; each COMMIT goes by way of `on_commit`.

    on_commit(ask): ask() has the database carry out the COMMIT and returns its answer. What on_commit returns is passed on; None
    cuts the connection.
    """

    def __init__(self, there: Path, here: Path) -> None:
        self._there, self._here = there, here
        self.on_commit: Callable[[Callable[[], bytes]], bytes | None] = lambda ask: ask()
        self._listening = socket.socket(socket.AF_UNIX)
        self._threads: list[threading.Thread] = []
        self._open: list[socket.socket] = []

    def url(self, url: str) -> str:
        """The same database by way of here."""
        return url.partition("?")[0] + f"?host={quote(str(self._here), safe='')}"

    def __enter__(self) -> Self:
        self._here.mkdir(parents=True)
        self._listening.bind(str(self._here / SOCKET))
        self._listening.listen()
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        for one in (self._listening, *self._open):
            _close(one)
        for thread in self._threads:
            thread.join()

    def _start(self, work: Callable[..., None], *arguments: socket.socket) -> None:
        thread = threading.Thread(target=work, args=arguments)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            self._open += [client, server]
            try:
                server.connect(str(self._there / SOCKET))
            except OSError:
                _close(client)
                continue
            self._start(self._serve, client, server)

    def _serve(self, client: socket.socket, server: socket.socket) -> None:
        """One question, one answer, as our driver speaks."""
        with contextlib.suppress(OSError):
            while asked := client.recv(READ_BYTES):

                def ask(asked: bytes = asked) -> bytes:
                    server.sendall(asked)
                    return _answer(server)

                answer = self.on_commit(ask) if COMMIT in asked else ask()
                if answer is None:
                    break
                client.sendall(answer)
        _close(client)
        _close(server)


def _answer(server: socket.socket) -> bytes:
    """All up to ReadyForQuery, or to a question of the server's while it lets the client in."""
    answer = b""
    while True:
        got = server.recv(READ_BYTES)
        if not got:
            raise ConnectionError
        answer += got
        # The last message of an answer is Z and its state; before that, of a start without a password, too.
        if answer[-6:-1] == b"Z\x00\x00\x00\x05":
            return answer


def _close(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
