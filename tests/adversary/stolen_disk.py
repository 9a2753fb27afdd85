"""Somebody with all of a device's disk: a malicious member, a thief, a revoked device that will not go.

    python -m tests.adversary.stolen_disk HOME PROFILE

It reads the encrypted store with the store's own key, makes with raw MLS what the engine refuses to make
(inmost_attacker), and speaks to servers without the engine. It is spoken to as speaking.py says.
"""

import asyncio
import os
import secrets
import sqlite3
import sys
import time
from pathlib import Path
from typing import Any

import msgspec

from inmost.connection import Connection
from inmost.errors import Refused
from inmost.places import place_of
from inmost.server import Address, Rest
from inmost.store import Database, find_key
from inmost_engine.public import Directory
from inmost_protocol import decode_request, decode_told, encode
from inmost_protocol.conversations import Commit
from inmost_protocol.frames import Answer
from protocol.vectors import by_document as formats
from tests.adversary import inmost_attacker
from tests.adversary.hoarder import Group, Hoard
from tests.adversary.speaking import serve

ANSWER_TIMEOUT_S = 30.0
CONTENT, HISTORY = "inmost/1 content", "inmost/1 history"


class Disk:
    """What stands in the `state` table of a device (engine/core/src/rows.rs), decoded as far as an attacker needs."""

    def __init__(self, rows: dict[bytes, bytes]) -> None:
        self.rows = rows
        me = msgspec.msgpack.decode(rows[b"m"])
        self.org, self.user, self.device = me[0], me[1], me[2]
        self.sig_seed, self.auth_seed, self.device_seed = self._seeds(me)
        self.directory = Directory(self.org)
        for key in sorted(key for key in rows if key[:1] == b"D"):
            self.directory.apply(rows[key])

    def _seeds(self, me: list[Any]) -> list[bytes]:
        """The three secrets of the row, known by what the device's name is made of."""
        fixed = [bytes(one) for one in me if isinstance(one, list | bytes) and len(one) == 32]
        for at in range(len(fixed) - 2):
            publics = [formats.public_of(seed) for seed in fixed[at : at + 2]]
            if formats.device_of(*publics) == self.device:
                return fixed[at : at + 3]
        raise AssertionError("the row of this device has another form than the attackers know")

    @property
    def claimed(self) -> tuple[bytes, bytes, int]:
        view = self.directory.device(self.device)
        assert view is not None
        return self.user, self.device, view.position

    def conversations(self) -> list[bytes]:
        return [key[1:] for key in self.rows if key[:1] == b"c" and len(key) == 17]

    def group_of(self, conversation: bytes) -> tuple[bytes, int]:
        """(group, the slot its rows are in)"""
        state = msgspec.msgpack.decode(self.rows[b"c" + conversation])
        return state[0], state[1]

    def group_rows(self, conversation: bytes, slot: int) -> list[tuple[bytes, bytes]]:
        prefix = b"G" + conversation + bytes([slot])
        return [(key[len(prefix) :], value) for key, value in self.rows.items() if key.startswith(prefix)]

    def member(self, conversation: bytes, bent: str = "") -> inmost_attacker.Member:
        group, slot = self.group_of(conversation)
        return inmost_attacker.Member(
            conversation, group, self.group_rows(conversation, slot), self.sig_seed, bent
        )

    def epoch_keys(self, conversation: bytes) -> dict[int, tuple[bytes, bytes | None, bytes]]:
        """epoch: (C_e, H_e if known, tree hash)"""
        prefix = b"h" + conversation
        found = {}
        for key, value in self.rows.items():
            if key.startswith(prefix):
                content, history, tree_hash, *_ = msgspec.msgpack.decode(value)
                known = bytes(history) if history is not None else None
                found[int.from_bytes(key[-8:], "big")] = bytes(content), known, bytes(tree_hash)
        return found


class Thief:
    """The disk at work. Each `do_...` is something the test can wish for."""

    def __init__(self, home: Path, profile: str) -> None:
        place = place_of(profile, home)
        self._database = Database.open(place.store, find_key(place))
        self.disk = Disk(dict(self._database.state()))
        self._members: dict[bytes, inmost_attacker.Member] = {}
        self._made: dict[bytes, inmost_attacker.Made] = {}
        self._came_in: list[Group] = []
        self._connection: Connection | None = None
        self._answers: dict[bytes, asyncio.Future[Answer]] = {}
        self._told: list[bytes] = []
        self._listening: asyncio.Task[None] | None = None

    async def do(self, name: str, arguments: dict[str, Any]) -> Any:
        return await getattr(self, f"do_{name}")(**arguments)

    def member(self, conversation: bytes, bent: str = "") -> inmost_attacker.Member:
        if bent or conversation not in self._members:
            self._members[conversation] = self.disk.member(conversation, bent)
        return self._members[conversation]

    async def do_who(self) -> dict[str, Any]:
        head = self.disk.directory.head()
        return {
            "org": self.disk.org,
            "user": self.disk.user,
            "device": self.disk.device,
            "head": list(head or ()),
        }

    async def do_sign(self, label: str, item: list[Any], key: str = "sig") -> bytes:
        seed = self.disk.sig_seed if key == "sig" else self.disk.auth_seed
        return formats.dev_sign(seed, label, self.disk.org, item)

    async def do_roster(self, conversation: bytes) -> list[Any]:
        return [list(each) for each in self.member(conversation).roster()]

    async def do_group(self, conversation: bytes) -> bytes:
        return self.disk.group_of(conversation)[0]

    async def do_history_key(self, conversation: bytes, epoch: int) -> bytes:
        """H_e, from the disk or from the group it has followed."""
        known = self.disk.epoch_keys(conversation).get(epoch)
        if known is not None and known[1] is not None:
            return known[1]
        member = self.member(conversation)
        assert member.epoch == epoch
        return member.export(HISTORY)

    def _aad(self, dir_n: int | None, time_ms: int | None) -> bytes:
        head = self.disk.directory.head()
        assert head is not None
        n = head[0] if dir_n is None else dir_n
        hash_ = self.disk.directory.hash_at(n)
        assert hash_ is not None
        return inmost_attacker.commit_aad(n, hash_, time_ms or time.time_ns() // 1_000_000)

    async def do_catch_up(self, conversation: bytes, log: list[Any], bent: str = "") -> int:
        """Follow handshake entries (n, kind, entry) of a log; the epoch reached. bent: what later commits are like."""
        member = self.member(conversation, bent)
        for _, kind, entry in log:
            if kind in (2, 3):
                _, epoch, message, *_ = formats.read_cbor(entry)
                if epoch == member.epoch:
                    member.follow(message)
        return member.epoch

    async def do_learn(self, entries: list[bytes]) -> int:
        """Directory entries it has not on its disk yet."""
        for entry in entries[self.disk.directory.next_n :]:
            self.disk.directory.apply(entry)
        return self.disk.directory.next_n

    async def do_commit(
        self,
        conversation: bytes,
        adds: list[bytes] | None = None,
        removes: list[int] | None = None,
        role: list[Any] | None = None,
        bent: str = "",
        link: str = "right",
        claimed: list[Any] | None = None,
        dir_n: int | None = None,
        time_ms: int | None = None,
        with_pending: bool = True,
    ) -> bytes:
        """The frame of any commit. role: [user, role] in new settings. link: "right", "wrong" or "none"."""
        member = self.member(conversation, bent)
        settings = inmost_attacker.with_role(member.settings, *role) if role else None
        name = (claimed[0], claimed[1], claimed[2]) if claimed else None
        made = member.commit(
            self._aad(dir_n, time_ms),
            adds or [],
            removes or [],
            settings,
            True,
            with_pending,
            self.disk.org if claimed else None,
            name,
        )
        self._made[conversation] = made
        epoch = member.epoch
        entry = None if link == "none" else self._link(conversation, member, made, wrong=link == "wrong")
        return self._frame((conversation, self.disk.group_of(conversation)[0]), epoch, made, entry)

    def _link(
        self, conversation: bytes, before: inmost_attacker.Member, made: inmost_attacker.Made, *, wrong: bool
    ) -> bytes:
        group, _ = self.disk.group_of(conversation)
        content = os.urandom(32) if wrong else before.export(CONTENT)
        plain = formats.cbor([content, before.tree_hash, before.export(HISTORY)])
        link = formats.make_link(made.history_key, group, before.epoch + 1, plain)
        return formats.link_entry(
            self.disk.sig_seed, self.disk.org, (conversation, group), before.epoch + 1, link, self.disk.device
        )

    def _frame(
        self, place: tuple[bytes, bytes], epoch: int, made: inmost_attacker.Made, link: bytes | None
    ) -> bytes:
        """place: (conversation, group)."""
        id_ = secrets.token_bytes(16)
        return encode(Commit(id_, *place, epoch, made.commit, made.group_info, made.welcome, link))

    async def do_external(
        self,
        conversation: bytes,
        group: bytes,
        group_info: bytes,
        tree: bytes,
        epoch: int,
        dir_n: int | None = None,
        instead_of: bytes | None = None,
        time_ms: int | None = None,
    ) -> bytes:
        """The frame of an external commit of this device, by the group the server gives. instead_of: a signature key to remove."""
        member, made = inmost_attacker.external_commit(
            conversation,
            group_info,
            tree,
            self.disk.org,
            self.disk.claimed,
            self.disk.sig_seed,
            self._aad(dir_n, time_ms),
            instead_of,
        )
        self._members[conversation] = member
        self._came_in.append(Group(conversation, group, member))
        return self._frame((conversation, group), epoch, made, None)

    async def do_key_package(self, user: bytes, device: bytes, position: int, own_key: bool = False) -> bytes:
        """Of anybody's name, with a key of this attacker's."""
        seed = self.disk.sig_seed if own_key else os.urandom(32)
        return inmost_attacker.key_package(self.disk.org, (user, device, position), seed)

    async def do_seal(
        self,
        conversation: bytes,
        text: str = "",
        device: bytes | None = None,
        epoch: int | None = None,
        seen: list[Any] | None = None,
        id_: bytes | None = None,
        in_conversation: bytes | None = None,
        content: list[Any] | None = None,
        kind: int = formats.MESSAGE,
    ) -> dict[str, Any]:
        """A sealed message with the keys on the disk, under any device's name, for any place. content: instead of a text.

        kind: MESSAGE, or RECEIPT or EPHEMERAL for what stands beside the log.
        """
        keys = self.disk.epoch_keys(conversation)
        at = max(keys) if epoch is None else epoch
        place = in_conversation or conversation
        group, _ = self.disk.group_of(place)
        message = id_ or secrets.token_bytes(16)
        head = self.disk.directory.head()
        assert head is not None
        body = formats.cbor(
            [
                content or ["text", text, None, []],
                seen or [0, bytes(32)],
                list(head),
                time.time_ns() // 1_000_000,
            ]
        )
        who = device or self.disk.device
        sealed = formats.seal(
            keys[at][0],
            self.disk.sig_seed,
            self.disk.org,
            (place, group, at, who),
            message,
            secrets.token_bytes(16),
            kind,
            body,
        )
        return {"id": message, "sealed": sealed, "epoch": at}

    async def do_open(self, databases: list[str]) -> list[list[Any]]:
        """Everything that opens of what these servers have kept, with all this disk ever had: [conversation, n, content]."""
        hoard = Hoard()
        for conversation in self.disk.conversations():
            group, _ = self.disk.group_of(conversation)
            for epoch, (content, history, _) in self.disk.epoch_keys(conversation).items():
                hoard.know(conversation, group, epoch, content, history)
        for database in databases:
            with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
                hoard.read(connection, [*self._groups_on_disk(), *self._came_in])
        return [list(each) for each in hoard.opened()]

    def _groups_on_disk(self) -> list[Group]:
        """Every group state there is, fresh from the disk: each server's log is followed from there."""
        groups = []
        for conversation in self.disk.conversations():
            group, _ = self.disk.group_of(conversation)
            for slot in (0, 1):
                if rows := self.disk.group_rows(conversation, slot):
                    member = inmost_attacker.Member(conversation, group, rows, self.disk.sig_seed)
                    groups.append(Group(conversation, group, member))
        return groups

    async def do_connect(self, origin: str, address: str = "") -> str:
        """Sign in as this device and open a connection; the code of the refusal, or nothing. address: if it is not the origin."""
        at = Address(address or origin, None)
        rest = Rest(at)
        try:
            nonce = await rest.challenge(self.disk.device)
            session = await rest.session(self._signed(origin, nonce), nonce)
        except Refused as refused:
            return refused.code
        finally:
            await rest.close()
        self._connection = await Connection.open(at, session.token)
        self._listening = asyncio.create_task(self._listen(self._connection))
        return ""

    def _signed(self, origin: str, nonce: bytes) -> dict[str, Any]:
        client_nonce, time_ms = secrets.token_bytes(32), time.time_ns() // 1_000_000
        item = [origin, nonce, client_nonce, self.disk.device, time_ms]
        signature = formats.dev_sign(self.disk.auth_seed, "sign-in", self.disk.org, item)
        return {
            "device": self.disk.device,
            "client_nonce": client_nonce,
            "time_ms": time_ms,
            "signature": signature,
        }

    async def _listen(self, connection: Connection) -> None:
        async for frame in connection.frames():
            told = decode_told(frame)
            if isinstance(told, Answer) and told.re in self._answers:
                self._answers.pop(told.re).set_result(told)
            else:
                self._told.append(frame)

    async def do_ask(self, frame: bytes) -> bytes:
        """Send a request, wait for its answer."""
        assert self._connection is not None
        id_ = decode_request(frame).id
        future = self._answers[id_] = asyncio.get_running_loop().create_future()
        self._connection.send(frame)
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            return encode(await future)

    async def do_merge(self, conversation: bytes) -> int:
        """The own commit was accepted."""
        member = self.member(conversation)
        member.merge()
        return member.epoch


def main(home: str, profile: str) -> None:
    thief = Thief(Path(home), profile)
    asyncio.run(serve(thief.do))


if __name__ == "__main__":
    main(*sys.argv[1:])
