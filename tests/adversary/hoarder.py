"""Opens whatever can be opened with everything: all keys that were ever on a disk, and all bytes that servers kept."""

import itertools
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidTag

from protocol.vectors import by_document as formats
from tests.adversary import inmost_attacker

COMMIT, PROPOSAL, MESSAGE, LINK = 2, 3, 4, 5


@dataclass
class Group:
    """One MLS group state; it follows a log as far as MLS lets it."""

    conversation: bytes
    group: bytes
    member: inmost_attacker.Member


class Hoard:
    """Keys and bytes. It checks nothing: what opens, opens."""

    def __init__(self) -> None:
        self._content: dict[tuple[bytes, int], set[bytes]] = {}
        self._history: dict[tuple[bytes, bytes, int], set[bytes]] = {}
        self._logs: list[list[tuple[bytes, int, int, bytes]]] = []

    def know(
        self, conversation: bytes, group: bytes, epoch: int, content: bytes, history: bytes | None
    ) -> None:
        self._content.setdefault((conversation, epoch), set()).add(content)
        if history is not None:
            self._history.setdefault((conversation, group, epoch), set()).add(history)

    def read(self, server: sqlite3.Connection, groups: list[Group]) -> None:
        """A server's whole log, followed by these groups as far as MLS lets them."""
        rows = server.execute("SELECT conversation, n, kind, entry FROM log_items ORDER BY conversation, n")
        log = [row for row in rows if row[3] is not None]
        self._logs.append(log)
        for group in groups:
            self._follow(group, log)

    def opened(self) -> Iterator[tuple[bytes, int, list[Any]]]:
        """(conversation, n, content) of every message that opens."""
        while self._walk_links():
            pass
        for conversation, n, kind, entry in itertools.chain(*self._logs):
            if kind == MESSAGE:
                epoch = formats.header_of(entry)[3]
                for key in self._content.get((conversation, epoch), ()):
                    body = formats.unseal(entry, key)
                    if body is not None:
                        yield conversation, n, body[0]

    def _follow(self, group: Group, log: list[tuple[bytes, int, int, bytes]]) -> None:
        self._export(group)
        for conversation, _, kind, entry in log:
            if conversation == group.conversation and kind in (COMMIT, PROPOSAL):
                _, epoch, message, *_ = formats.read_cbor(entry)
                if epoch == group.member.epoch and group.member.follow(message) and kind == COMMIT:
                    self._export(group)

    def _export(self, group: Group) -> None:
        content, history = (group.member.export(f"inmost/1 {name}") for name in ("content", "history"))
        self.know(group.conversation, group.group, group.member.epoch, content, history)

    def _walk_links(self) -> bool:
        """One step back through every link that opens; whether something new was learnt."""
        before = sum(map(len, self._content.values())) + sum(map(len, self._history.values()))
        for conversation, _, kind, entry in itertools.chain(*self._logs):
            if kind != LINK:
                continue
            _, epoch, link, *_ = formats.read_cbor(entry)
            for (of, group, at), keys in list(self._history.items()):
                for key in list(keys) if (of, at) == (conversation, epoch) else ():
                    try:
                        content, _, history = formats.open_link(key, group, epoch, link)
                    except InvalidTag:
                        continue
                    self.know(conversation, group, epoch - 1, content, history)
        return sum(map(len, self._content.values())) + sum(map(len, self._history.values())) > before
