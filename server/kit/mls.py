"""MLS groups of one and key packages, as bytes (RFC 9420), for tests that need a conversation and nobody else in it."""

import hashlib
import os
import time
from dataclasses import dataclass

from server.kit.cbor import encode
from server.kit.people import Device, Key

SUITE = 0x004D
SETTINGS = 0xF0A1
LAST_RESORT = 0x000A
SELF_REMOVE = 0x000A
REQUIRED_CAPABILITIES = 3
EXTERNAL_SENDERS = 5
XWING_PUBLIC_BYTES = 1216


def u8(x: int) -> bytes:
    return x.to_bytes(1, "big")


def u16(x: int) -> bytes:
    return x.to_bytes(2, "big")


def u32(x: int) -> bytes:
    return x.to_bytes(4, "big")


def u64(x: int) -> bytes:
    return x.to_bytes(8, "big")


def vector(content: bytes) -> bytes:
    """RFC 9420 section 2.1.2."""
    size = len(content)
    if size < 64:
        return u8(size) + content
    if size < 16_384:
        return u16(size | 0x4000) + content
    return u32(size | 0x8000_0000) + content


def extension(kind: int, content: bytes) -> bytes:
    return u16(kind) + vector(content)


def sign(key: Key, label: str, content: bytes) -> bytes:
    """RFC 9420 section 5.1.2."""
    return key.sign(vector(b"MLS 1.0 " + label.encode()) + vector(content))


def credential(identity: bytes) -> bytes:
    return u16(1) + vector(identity)


def leaf_node(device: Device) -> bytes:
    """A leaf with source key_package."""
    capabilities = b"".join(
        vector(b"".join(map(u16, of))) for of in ([1], [SUITE], [SETTINGS, LAST_RESORT], [SELF_REMOVE], [1])
    )
    now = int(time.time())
    content = (
        vector(os.urandom(XWING_PUBLIC_BYTES))
        + vector(device.sig.public)
        + credential(device.identity)
        + capabilities
        + u8(1)
        + u64(now - 3600)
        + u64(now + 28 * 24 * 3600)
        + vector(b"")
    )
    return content + vector(sign(device.sig, "LeafNodeTBS", content))


def key_package(device: Device, *, last_resort: bool = False) -> bytes:
    """An MLSMessage with a KeyPackage."""
    extensions = extension(LAST_RESORT, b"") if last_resort else b""
    content = (
        u16(1) + u16(SUITE) + vector(os.urandom(XWING_PUBLIC_BYTES)) + leaf_node(device) + vector(extensions)
    )
    return u16(1) + u16(5) + content + vector(sign(device.sig, "KeyPackageTBS", content))


@dataclass
class GroupOfOne:
    """A group at epoch 0 with its creator's leaf alone."""

    id: bytes
    group_info: bytes
    tree: bytes


def group_of_one(
    device: Device,
    kind: str,
    server_key: bytes | None,
    *,
    owner: bytes | None = None,
    is_open: bool = False,
    announcement: bool = False,
) -> GroupOfOne:
    leaf = leaf_node(device)
    group = os.urandom(16)
    roles = [] if kind in {"direct", "personal"} else [[owner or device.user, "owner"]]
    settings = encode(
        [1, kind, roles, "member", None, [], False, is_open or kind == "general", announcement, False, []]
    )
    extensions = extension(
        REQUIRED_CAPABILITIES, vector(u16(SETTINGS)) + vector(u16(SELF_REMOVE)) + vector(u16(1))
    )
    if server_key is not None:
        identity = encode(["inmost/1 server", device.org])
        extensions += extension(EXTERNAL_SENDERS, vector(vector(server_key) + credential(identity)))
    extensions += extension(SETTINGS, settings)
    tree_hash = hashlib.sha256(u8(1) + u32(0) + u8(1) + leaf).digest()
    context = (
        u16(1) + u16(SUITE) + vector(group) + u64(0) + vector(tree_hash) + vector(b"") + vector(extensions)
    )
    content = context + vector(b"") + vector(os.urandom(32)) + u32(0)
    info = content + vector(sign(device.sig, "GroupInfoTBS", content))
    tree = vector(u8(1) + u8(1) + leaf)
    return GroupOfOne(group, u16(1) + u16(4) + info, tree)
