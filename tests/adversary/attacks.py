"""What the lying server does wrong, one class for each lie (malicious_server.py)."""

import base64
import json
import os
import secrets
from collections.abc import Iterable
from typing import Any

from inmost_engine import public
from inmost_protocol.conversations import (
    Accepted,
    Commit,
    FetchLog,
    FetchTree,
    Group,
    Item,
    Links,
    LogItem,
    LogPage,
    TakeWelcome,
    Tree,
    Welcomed,
)
from inmost_protocol.devices import KeyPackages, Vault
from inmost_protocol.directory import DirectoryItem, DirectoryPage
from inmost_protocol.frames import Done, Frame
from inmost_protocol.frames import Request as Ask
from protocol.vectors import by_document as formats
from tests.adversary import inmost_attacker
from tests.adversary.malicious_server import Attack, Connection, Request, changed
from tests.adversary.speaking import say


class SwapKeyPackages(Attack):
    """Whoever asks for a person's key packages gets these. packages: [[user, device, key package], ...]"""

    async def told(self, connection: Connection, frame: Frame) -> Iterable[Frame]:
        if isinstance(frame, KeyPackages):
            say("swapped key packages")
            return (changed(frame, packages=[tuple(one) for one in self.arguments["packages"]]),)
        return (frame,)


class FalseKey(SwapKeyPackages):
    """The person's own name, device and position in the package; only the key is the server's. org, user, device, position."""

    def __init__(self, arguments: dict[str, Any]) -> None:
        of = arguments
        claimed = (of["user"], of["device"], of["position"])
        package = inmost_attacker.key_package(of["org"], claimed, os.urandom(32))
        super().__init__({"packages": [[of["user"], of["device"], package]]})


class FalseClaim(Attack):
    """In the directory, a claim is replaced by one with the server's own keys. number: of the claim."""

    def __init__(self, arguments: dict[str, Any]) -> None:
        super().__init__(arguments)
        self._seeds = [os.urandom(32) for _ in range(3)]

    def _false(self, n: int, entry: bytes) -> bytes:
        if n != self.arguments["number"]:
            return entry
        body, signatures = formats.read_cbor(entry)
        parts = formats.read_cbor(body)
        org, payload = parts[1], parts[7]
        publics = [formats.public_of(seed) for seed in self._seeds]
        device = formats.device_of(publics[0], publics[1])
        payload[4][0] = ["add", device, publics[0], publics[1]]
        body = formats.cbor(parts)
        # The seed of the invitation never was on the server: in its place stands one of the server's own.
        seeds = [self._seeds[2], self._seeds[0], *self._seeds[2:]]
        names = [signatures[0][0], device, *(name for name, _ in signatures[2:])]
        signed = [
            [name, formats.dev_sign(seed, "entry", org, body)]
            for name, seed in zip(names, seeds, strict=False)
        ]
        say("forged a claim")
        return formats.cbor([body, signed])

    async def told(self, connection: Connection, frame: Frame) -> Iterable[Frame]:
        if isinstance(frame, DirectoryPage):
            entries = [self._false(n, entry) for n, entry in enumerate(frame.entries, frame.first)]
            return (changed(frame, entries=entries),)
        if isinstance(frame, DirectoryItem):
            return (changed(frame, entry=self._false(frame.n, frame.entry)),)
        return (frame,)


class WithholdDirectory(Attack):
    """As if the directory ended before `number`, for the given people."""

    def _is_for(self, connection: Connection) -> bool:
        return connection.person in self.arguments["people"]

    async def told(self, connection: Connection, frame: Frame) -> Iterable[Frame]:
        end = self.arguments["number"]
        if self._is_for(connection):
            if isinstance(frame, DirectoryItem) and frame.n >= end:
                return ()
            if isinstance(frame, DirectoryPage):
                entries = frame.entries[: max(0, end - frame.first)]
                return (changed(frame, entries=entries, next_n=min(frame.next_n, end)),)
            if hasattr(frame, "directory_next_n"):
                return (changed(frame, directory_next_n=min(frame.directory_next_n, end)),)
        return (frame,)


class FalseRoom(Attack):
    """A conversation of the server's own making in which it is the person's friend. org, friend, package, server_key, head."""

    def __init__(self, arguments: dict[str, Any]) -> None:
        super().__init__(arguments)
        self.conversation, self.group = secrets.token_bytes(16), secrets.token_bytes(16)
        of = arguments
        member = inmost_attacker.Member.create(
            self.conversation,
            self.group,
            of["org"],
            tuple(of["friend"]),
            os.urandom(32),
            "direct",
            of["server_key"],
        )
        create = formats.cbor([1, self.group, member.group_info(), of["friend"][1]])
        aad = inmost_attacker.commit_aad(of["head"][0], of["head"][1], of["time_ms"])
        self.made = member.commit(aad, adds=[of["package"]])
        member.merge()
        self.tree = member.tree()
        self.entries = [(1, create), (2, formats.cbor([1, 0, self.made.commit]))]
        self.hashes = [public.log_start(self.conversation, self.group)]
        for n, (kind, entry) in enumerate(self.entries):
            self.hashes.append(public.log_next(self.hashes[-1], n, kind, public.digest(entry)))

    async def do_welcome(self, person: str) -> bytes:
        assert self.made.welcome is not None
        for connection in [one for one in self.connections if one.person == person]:
            await connection.tell(Welcomed(self.conversation, self.group, 1, 1, self.made.welcome))
        return self.conversation

    async def asked(self, connection: Connection, frame: Frame) -> Iterable[Frame]:
        if not isinstance(frame, Ask) or getattr(frame, "conversation", None) != self.conversation:
            return (frame,)
        if isinstance(frame, FetchTree):
            await connection.tell(Tree(frame.id, self.conversation, 1, self.tree, 1, self.hashes[2]))
        elif isinstance(frame, FetchLog):
            items = [LogItem(n, *entry, None, 0) for n, entry in enumerate(self.entries)][frame.first :]
            before = self.hashes[frame.first]
            await connection.tell(LogPage(frame.id, self.conversation, frame.first, before, items, 2))
        elif isinstance(frame, TakeWelcome):
            say("the Welcome was taken")
            await connection.tell(Done(frame.id))
        else:
            say("the false room was believed", frame=type(frame).__name__)
            await connection.tell(Accepted(frame.id, self.conversation, 2, 0))
        return ()


class StaleGroup(Attack):
    """Whoever comes in from outside gets the group as it was when this attack began."""

    def __init__(self, arguments: dict[str, Any]) -> None:
        super().__init__(arguments)
        self._kept: dict[bytes, Group] = {}
        self._is_stale = False

    async def do_stale(self) -> None:
        self._is_stale = True

    async def told(self, connection: Connection, frame: Frame) -> Iterable[Frame]:
        if not isinstance(frame, Group):
            return (frame,)
        if not self._is_stale:
            self._kept[frame.conversation] = frame
            return (frame,)
        old = self._kept.get(frame.conversation)
        if old is None:
            return (frame,)
        say("gave an old group", epoch=old.epoch, instead_of=frame.epoch)
        return (changed(old, re=frame.re),)


class LosingWelcome(Attack):
    """Two commits of one epoch: the loser's Welcome and tree are handed over as if its commit had won. loser, instead_for: people."""

    def __init__(self, arguments: dict[str, Any]) -> None:
        super().__init__(arguments)
        self.lost: Commit | None = None
        self._tree = b""

    async def do_tree(self, tree: bytes) -> None:
        """The tree that the loser's commit leads to: with the winner's, MLS itself refuses the Welcome."""
        self._tree = tree

    async def asked(self, connection: Connection, frame: Frame) -> Iterable[Frame]:
        is_losers = connection.person == self.arguments["loser"]
        if isinstance(frame, Commit) and is_losers and frame.welcome and self.lost is None:
            self.lost = frame
            say("holds a commit back")
            return ()
        return (frame,)

    async def told(self, connection: Connection, frame: Frame) -> Iterable[Frame]:
        is_victims = connection.person == self.arguments["instead_for"]
        if isinstance(frame, Welcomed) and is_victims and self.lost is not None:
            say("handed over the loser's Welcome")
            return (changed(frame, welcome=self.lost.welcome),)
        if isinstance(frame, Tree) and is_victims and self._tree:
            say("handed over the loser's tree")
            return (changed(frame, tree=self._tree),)
        return (frame,)

    async def do_let_go(self) -> None:
        """Now the commit itself: too late."""
        assert self.lost is not None
        for connection in self.connections:
            if connection.person == self.arguments["loser"]:
                await connection.ask(self.lost)


class WithholdLinks(Attack):
    """History links never come: not live, not in pages, not when asked for; and none is stored."""

    async def told(self, connection: Connection, frame: Frame) -> Iterable[Frame]:
        if isinstance(frame, Links):
            say("withheld links", count=len(frame.links))
            return (changed(frame, links=[]),)
        return (frame,)


class Forge(Attack):
    """Log items of one kind are changed by one bit on their way to people. kind, people."""

    def _forged(self, kind: int, entry: bytes) -> bytes:
        if kind != self.arguments["kind"]:
            return entry
        say("forged an item")
        return entry[:-1] + bytes([entry[-1] ^ 1])

    async def told(self, connection: Connection, frame: Frame) -> Iterable[Frame]:
        if connection.person in self.arguments["people"]:
            if isinstance(frame, Item):
                return (changed(frame, entry=self._forged(frame.kind, frame.entry)),)
            if isinstance(frame, LogPage):
                items = [
                    changed(item, entry=self._forged(item.kind, item.entry)) if item.entry else item
                    for item in frame.items
                ]
                return (changed(frame, items=items),)
        return (frame,)


class Reorder(Attack):
    """Two neighbouring messages change places on their way to people: the log itself is another. people."""

    def __init__(self, arguments: dict[str, Any]) -> None:
        super().__init__(arguments)
        self._held: Item | None = None

    async def told(self, connection: Connection, frame: Frame) -> Iterable[Frame]:
        if (
            connection.person not in self.arguments["people"]
            or not isinstance(frame, Item)
            or frame.kind != 4
        ):
            return (frame,)
        if self._held is None:
            self._held = frame
            return ()
        first, self._held = self._held, None
        say("two messages changed places")
        return changed(first, entry=frame.entry), changed(frame, entry=first.entry)


class LeaveOut(Attack):
    """The next message never reaches these people, and what follows is numbered as if it had not been said. people."""

    def __init__(self, arguments: dict[str, Any]) -> None:
        super().__init__(arguments)
        self._where = b""

    async def told(self, connection: Connection, frame: Frame) -> Iterable[Frame]:
        if connection.person not in self.arguments["people"] or not isinstance(frame, Item):
            return (frame,)
        if not self._where and frame.kind == 4:
            self._where = frame.conversation
            say("left a message out")
            return ()
        return (changed(frame, n=frame.n - 1) if frame.conversation == self._where else frame,)


class OldVault(Attack):
    """The vault as it was when this attack began, to whoever asks later. vault: the old one."""

    async def told(self, connection: Connection, frame: Frame) -> Iterable[Frame]:
        if isinstance(frame, Vault) and frame.vault is not None:
            say("gave an old vault")
            return (changed(frame, vault=self.arguments["vault"]),)
        return (frame,)


class Nonce(Attack):
    """The challenge is a text of the server's choice. nonce: any bytes."""

    def __init__(self, arguments: dict[str, Any]) -> None:
        super().__init__(arguments)
        self._signed: list[str] = []

    async def do_signatures(self) -> list[str]:
        return self._signed

    def answered(self, request: Request, body: bytes) -> bytes:
        if request.path.endswith("/challenges"):
            answer = json.loads(body)
            answer["server_nonce"] = base64.urlsafe_b64encode(self.arguments["nonce"]).rstrip(b"=").decode()
            return json.dumps(answer).encode()
        if request.path.endswith("/sessions") and request.method == "POST":
            self._signed.append(request.body.decode())
            say("signed", body=request.body.decode())
        return body


class SwallowCommits(Attack):
    """Commits of these people never reach the server. people"""

    async def asked(self, connection: Connection, frame: Frame) -> Iterable[Frame]:
        if isinstance(frame, Commit) and connection.person in self.arguments["people"]:
            say("swallowed a commit")
            return ()
        return (frame,)
