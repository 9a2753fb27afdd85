"""The formats of docs/protocol once more, from the documents alone: it shares no line with the engine.

The frozen vectors are recomputed with it, and the attackers of tests/adversary read and write with it.
"""

import hashlib
import hmac
from collections.abc import Iterable
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
MESSAGE, RECEIPT, EPHEMERAL = 1, 2, 3


def sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def u64(number: int) -> bytes:
    return number.to_bytes(8, "big")


def expand(key: bytes, info: bytes, length: int) -> bytes:
    return HKDFExpand(hashes.SHA256(), length, info).derive(key)


# Deterministic CBOR (README.md, "Conventions")


def _head(major: int, number: int) -> bytes:
    if number < 24:
        return bytes([major << 5 | number])
    size, info = next(
        (size, info) for size, info in ((1, 24), (2, 25), (4, 26), (8, 27)) if number < 1 << 8 * size
    )
    return bytes([major << 5 | info]) + number.to_bytes(size, "big")


def cbor(item: Any) -> bytes:
    """One item: None, bool, int, bytes, str, or a list of them."""
    if item is None:
        return b"\xf6"
    if isinstance(item, bool):
        return b"\xf5" if item else b"\xf4"
    if isinstance(item, int):
        return _head(0, item) if item >= 0 else _head(1, -1 - item)
    if isinstance(item, bytes):
        return _head(2, len(item)) + item
    if isinstance(item, str):
        return _head(3, len(item.encode())) + item.encode()
    return _head(4, len(item)) + b"".join(map(cbor, item))


def read_cbor(data: bytes) -> Any:
    """The first item; what stands behind it (padding) is not looked at."""
    return _read(data, 0)[0]


def _read(data: bytes, at: int) -> tuple[Any, int]:
    major, info = data[at] >> 5, data[at] & 31
    at += 1
    if major == 7:
        return {20: False, 21: True, 22: None}[info], at
    size = {24: 1, 25: 2, 26: 4, 27: 8}.get(info, 0)
    number = int.from_bytes(data[at : at + size], "big") if size else info
    at += size
    if major == 0:
        return number, at
    if major == 1:
        return -1 - number, at
    if major in (2, 3):
        content = data[at : at + number]
        return (content if major == 2 else content.decode()), at + number
    items = []
    for _ in range(number):
        item, at = _read(data, at)
        items.append(item)
    return items, at


# Signatures


def public_of(seed: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def signed_bytes(label: str, org: bytes, item: Any) -> bytes:
    return cbor([f"inmost/1 {label}", org, item])


def dev_sign(seed: bytes, label: str, org: bytes, item: Any) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(seed).sign(signed_bytes(label, org, item))


def device_of(sig_public: bytes, auth_public: bytes) -> bytes:
    return sha256(b"inmost/1 device", sig_public, auth_public)[:16]


# Messages (messages.md)


def padme(length: int) -> int:
    if length < 2:
        return length
    e = length.bit_length() - 1
    mask = (1 << (e - e.bit_length())) - 1
    return (length + mask) & ~mask


def _message_keys(content_key: bytes, hdr: bytes) -> tuple[bytes, bytes, bytes]:
    okm = expand(content_key, b"inmost/1 message" + sha256(hdr), 76)
    return okm[:32], okm[32:44], okm[44:]


def seal(
    content_key: bytes,
    sig_seed: bytes,
    org: bytes,
    place: tuple[bytes, bytes, int, bytes],
    id_: bytes,
    salt: bytes,
    kind: int,
    body: bytes,
) -> bytes:
    """place: (conversation, group, epoch, device). body: CBOR[content, seen, dir, time_ms]."""
    hdr = cbor([1, *place, id_, salt, kind])
    key, nonce, commitment = _message_keys(content_key, hdr)
    signature = dev_sign(sig_seed, "message", org, [sha256(hdr), commitment, sha256(body)])
    plain = cbor([body, signature])
    plain += bytes(padme(len(plain)) - len(plain))
    return cbor([1, hdr, commitment, ChaCha20Poly1305(key).encrypt(nonce, plain, hdr + commitment)])


def header_of(sealed: bytes) -> list[Any]:
    """[1, conversation, group, epoch, device, id, salt, kind]"""
    header: list[Any] = read_cbor(read_cbor(sealed)[1])
    return header


def unseal(sealed: bytes, content_key: bytes) -> list[Any] | None:
    """[content, seen, dir, time_ms] if the key opens it. Whoever only wants to read checks no signature."""
    _, hdr, commitment, ciphertext = read_cbor(sealed)
    key, nonce, expected = _message_keys(content_key, hdr)
    if expected != commitment:
        return None
    body: list[Any] = read_cbor(
        read_cbor(ChaCha20Poly1305(key).decrypt(nonce, ciphertext, hdr + commitment))[0]
    )
    return body


# History links (conversations.md)


def _link_keys(history_key: bytes, group: bytes, epoch: int) -> tuple[bytes, bytes]:
    okm = expand(history_key, b"inmost/1 link" + group + u64(epoch), 64)
    return okm[:32], okm[32:]


def make_link(
    history_key: bytes, group: bytes, epoch: int, plain: bytes, first: int = 0, seg: bool = False
) -> bytes:
    """plain: CBOR[C_{e-1}, tree_hash_{e-1}, H_{e-1}], or the list of a segment."""
    key, nonce_key = _link_keys(history_key, group, epoch)
    nonce = hmac.digest(nonce_key, plain, "sha256")[:12]
    return nonce + ChaCha20Poly1305(key).encrypt(nonce, plain, cbor([1, group, epoch, first, seg]))


def open_link(history_key: bytes, group: bytes, epoch: int, link: bytes) -> Any:
    """What make_link sealed, read. Raises InvalidTag."""
    key, _ = _link_keys(history_key, group, epoch)
    return read_cbor(ChaCha20Poly1305(key).decrypt(link[:12], link[12:], cbor([1, group, epoch, 0, False])))


def link_entry(
    sig_seed: bytes, org: bytes, place: tuple[bytes, bytes], epoch: int, link: bytes, device: bytes
) -> bytes:
    """Log entry of kind 5. place: (conversation, group)."""
    return cbor([1, epoch, link, device, dev_sign(sig_seed, "link", org, [*place, epoch, link])])


# Recovery key (vault.md) and safety number


def recovery_text(key: bytes) -> str:
    number = int.from_bytes(key + sha256(b"inmost/1 recovery check", key)[:1], "big") << 4
    text = "".join(CROCKFORD[number >> 5 * place & 31] for place in reversed(range(28)))
    return "-".join(text[at : at + 4] for at in range(0, 28, 4))


def recovery_sign_seed(org: bytes, key: bytes) -> bytes:
    return expand(hmac.digest(org, key, "sha256"), b"inmost/1 recovery sign", 32)


def passkey_sign_seed(org: bytes, secret: bytes) -> bytes:
    return expand(hmac.digest(b"inmost/1 passkey" + org, secret, "sha256"), b"inmost/1 passkey sign", 32)


def safety_number(org: bytes, *people: Iterable[bytes]) -> str:
    """people: the chain of each of two."""
    digits = "".join(sorted(_safety_half(org, list(chain)) for chain in people))
    return " ".join(digits[at : at + 5] for at in range(0, 60, 5))


def _safety_half(org: bytes, chain: list[bytes]) -> str:
    digest = sha256(b"inmost/1 safety", org, u64(len(chain)), *chain)
    return "".join(f"{int.from_bytes(digest[at : at + 5], 'big') % 100_000:05}" for at in range(0, 30, 5))
