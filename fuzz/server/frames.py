"""Frames from a device: raw bytes, or valid frames with changes, on a connection that is open or not yet."""

import os
from typing import Any

import msgspec

from fuzz.server.inside import Inside
from fuzz.server.script import Script
from inmost_protocol import encode
from inmost_protocol.conversations import (
    Commit,
    Complain,
    CreateConversation,
    FetchGroup,
    FetchLinks,
    FetchLog,
    FetchOnline,
    FetchTree,
    Propose,
    PutLink,
    Sync,
    TakeWelcome,
)  # fmt: skip
from inmost_protocol.devices import ClaimKeyPackages, FetchVault, PublishKeyPackages, PutVault, PutVaultRows
from inmost_protocol.directory import AppendEntry, FetchDirectory
from inmost_protocol.frames import Open
from inmost_protocol.messages import Delete, FetchReceipts, PutReceipt, Send, Signal
from server.kit import cbor
from server.kit.mls import group_of_one, key_package
from server.kit.wire import new_id

MOST_FRAMES = 12
RAW, TEXT = 0, 1


class Frames:
    """The target: `run` takes one input."""

    def __init__(self, inside: Inside) -> None:
        self.inside = inside
        self.others: list[Any] = [
            inside.conversation,
            inside.group,
            inside.fuzzed.user,
            bytes(16),
            bytes(32),
            2**63,
            b"",
            0,
        ]

    def valid(self) -> list[Any]:
        """One of each request, as a device would send it now."""
        inside, conversation = self.inside, self.inside.conversation
        device, group = inside.fuzzed, inside.group
        made = group_of_one(device, "group", inside.server.organisation.server_key.public)
        id_, sealed = device.sealed(conversation, group, 0)
        _, receipt = device.sealed(conversation, group, 0, kind=2)
        _, signal = device.sealed(conversation, group, 0, kind=3)
        entry = inside.people["fuzzed"].entry(inside.directory, "profile", ["Fuzz"], inside.clock())
        vault = inside.people["fuzzed"].entry(inside.directory, "vault", [1, os.urandom(32)], inside.clock())
        return [
            Open(new_id(), inside.token(device), 1, "fuzz"),
            AppendEntry(new_id(), entry),
            FetchDirectory(new_id(), 0, 200),
            CreateConversation(new_id(), new_id(), made.id, made.group_info, made.tree),
            Commit(new_id(), conversation, group, 0, made.group_info, made.group_info, None, None),
            Propose(new_id(), conversation, group, 0, made.group_info),
            PutLink(new_id(), conversation, 1, self._signed("link", [1], [os.urandom(90)])),
            Complain(new_id(), conversation, self._signed("complaint", [0], [1, "does not open"])),
            FetchLog(new_id(), conversation, 0, 200, False),
            FetchLog(new_id(), conversation, 0, 200, True),
            FetchLinks(new_id(), conversation, 0, 5),
            FetchGroup(new_id(), conversation),
            FetchTree(new_id(), conversation, 0),
            TakeWelcome(new_id(), conversation),
            FetchOnline(new_id(), conversation),
            Sync(new_id(), None),
            Sync(new_id(), conversation),
            Send(id_, conversation, 0, sealed),
            Delete(new_id(), conversation, 1),
            PutReceipt(new_id(), conversation, receipt),
            FetchReceipts(new_id(), conversation),
            Signal(new_id(), conversation, signal),
            PublishKeyPackages(new_id(), [key_package(device)], key_package(device, last_resort=True)),
            ClaimKeyPackages(new_id(), [device.user]),
            PutVault(new_id(), sealed, vault),
            PutVaultRows(new_id(), [(conversation, sealed)]),
            FetchVault(new_id(), None),
        ]

    def _signed(self, label: str, before: list[Any], fields: list[Any]) -> bytes:
        """An entry of the log that the fuzzed device signs: a link of epoch 1, or a complaint."""
        inside, device = self.inside, self.inside.fuzzed
        place: list[Any] = [inside.conversation, inside.group]
        # A link's epoch is signed with it; a complaint's is not.
        signed = [*place, *(before if label == "link" else []), *fields]
        signature = device.sig.dev_sign(inside.server.organisation.org, label, signed)
        return cbor.encode([1, *before, *fields, device.id, signature])

    def run(self, data: bytes) -> None:
        """Whether the connection is open; then frames: which, how many bytes change it, the changes."""
        script = Script(data)
        is_open = script.byte() < 224
        payloads: list[bytes | None] = []
        valid: list[Any] = []
        while not script.is_over() and len(payloads) < MOST_FRAMES:
            which, size = script.byte(), script.byte()
            edits = Script(script.take(size))
            if which == RAW:
                payloads.append(edits.rest())
            elif which == TEXT:
                payloads.append(None)
            else:
                valid = valid or self.valid()
                payloads.append(self._changed(valid[which % len(valid)], edits))
        self.inside.run(self.inside.frames(payloads, is_open))

    def _changed(self, frame: Any, edits: Script) -> bytes:
        value = msgspec.msgpack.decode(encode(frame))
        while not edits.is_over():
            value = edits.edit(value, self.others)
        try:
            return msgspec.msgpack.encode(value)
        except (OverflowError, TypeError):
            return b"\xc1"
