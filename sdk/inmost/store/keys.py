"""How the store's key is kept: in the system's keyring, wrapped by a passphrase, or in a file that protects nothing."""

import base64
import contextlib
import json
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import keyring
import keyring.errors
from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from inmost.errors import KeyUnavailable, PassphraseNeeded, WrongKey, WrongPassphrase
from inmost.places import Place, write_private

KEY_BYTES = 32
SERVICE = "inmost"
MEMORY_KIB = 65_536
PASSES = 3
LANES = 1
ASSOCIATED = b"inmost/1 client store key"

KEY_FILE_WARNING = (
    "Key file: no protection against a copied disk. Whoever copies both files reads everything."
)


@dataclass(frozen=True)
class Custody:
    """Who keeps the key of a new store.

    kind         "keyring" (system keyring), "passphrase" (argon2id, 64 MiB, 3 passes) or "key-file"
                 (for bots; no protection against a copied disk)
    passphrase   asked when kind is "passphrase"; called at most once
    key_file     where the key is written when kind is "key-file"; made if missing, mode 0600
    """

    kind: Literal["keyring", "passphrase", "key-file"]
    passphrase: Callable[[], str] | None = None
    key_file: Path | None = None

    @property
    def in_words(self) -> str:
        return {
            "keyring": "key in the system keyring",
            "passphrase": "protected by a passphrase",
            "key-file": KEY_FILE_WARNING,
        }[self.kind]


def keyring_is_usable() -> bool:
    """Whether the system has a keyring that protects what it keeps (a backend of priority 1 or more)."""
    with contextlib.suppress(
        Exception
    ):  # Backends fail in their own ways where there is no desktop; all mean "no keyring".
        return keyring.get_keyring().priority >= 1
    return False


def make_key(place: Place, custody: Custody) -> bytes:
    """Make a new store's key and note how it is kept. Raises KeyUnavailable."""
    key = secrets.token_bytes(KEY_BYTES)
    if custody.kind == "keyring":
        note = _put_in_keyring(place, key)
    elif custody.kind == "passphrase":
        if custody.passphrase is None:
            raise PassphraseNeeded()
        note = _wrap(key, custody.passphrase())
    else:
        if custody.key_file is None:
            raise KeyUnavailable("A key file needs a place.")
        key, note = _put_in_file(custody.key_file, key)
    write_private(place.key, json.dumps(note, indent=2).encode())
    return key


def find_key(place: Place, passphrase: Callable[[], str] | None = None) -> bytes:
    """Get the key of a profile's store. Raises NoProfile, PassphraseNeeded, WrongPassphrase, WrongKey, KeyUnavailable."""
    place.must_be_there()
    note = read_note(place)
    if note["kind"] == "keyring":
        return _take_from_keyring(note)
    if note["kind"] == "passphrase":
        if passphrase is None:
            raise PassphraseNeeded()
        return _unwrap(note, passphrase())
    return _take_from_file(Path(note["path"]))


def forget_key(place: Place) -> None:
    """Take the key out of the keyring, when a profile is given up. A key file stays: it may open other stores."""
    note = read_note(place)
    if note["kind"] == "keyring":
        with contextlib.suppress(keyring.errors.KeyringError):
            keyring.delete_password(SERVICE, note["entry"])


def read_note(place: Place) -> dict[str, Any]:
    """How the key is kept: {kind, ...}. Raises WrongKey."""
    try:
        note = json.loads(place.key.read_bytes())
        if note["kind"] in ("keyring", "passphrase", "key-file"):
            return dict(note)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WrongKey(f"{place.key} cannot be read: {error}") from error
    raise WrongKey(f"{place.key} names a kind of key this Inmost does not know.")


def _put_in_keyring(place: Place, key: bytes) -> dict[str, Any]:
    # The random part keeps two computers' or folders' profiles of one name apart in a shared keyring.
    entry = f"{place.profile} {secrets.token_hex(8)}"
    if not keyring_is_usable():
        raise KeyUnavailable("This computer has no keyring.", "Protect the store by a passphrase instead.")
    try:
        keyring.set_password(SERVICE, entry, key.hex())
    except keyring.errors.KeyringError as error:
        raise KeyUnavailable(f"The keyring refused: {error}") from error
    return {"version": 1, "kind": "keyring", "entry": entry}


def _take_from_keyring(note: dict[str, Any]) -> bytes:
    try:
        kept = keyring.get_password(SERVICE, note["entry"])
    except keyring.errors.KeyringError as error:
        raise KeyUnavailable(f"The keyring cannot be opened: {error}") from error
    if kept is None:
        raise KeyUnavailable("The keyring has no key for this profile any more.")
    return bytes.fromhex(kept)


def _wrap(key: bytes, passphrase: str) -> dict[str, Any]:
    salt = os.urandom(16)
    nonce = os.urandom(12)
    sealed = ChaCha20Poly1305(_stretch(passphrase, salt, MEMORY_KIB, PASSES, LANES)).encrypt(
        nonce, key, ASSOCIATED
    )
    return {
        "version": 1,
        "kind": "passphrase",
        "argon2id": {"salt": _text(salt), "memory_kib": MEMORY_KIB, "passes": PASSES, "lanes": LANES},
        "nonce": _text(nonce),
        "sealed": _text(sealed),
    }


def _unwrap(note: dict[str, Any], passphrase: str) -> bytes:
    cost = note["argon2id"]
    stretched = _stretch(passphrase, _bytes(cost["salt"]), cost["memory_kib"], cost["passes"], cost["lanes"])
    try:
        return ChaCha20Poly1305(stretched).decrypt(_bytes(note["nonce"]), _bytes(note["sealed"]), ASSOCIATED)
    except InvalidTag:
        raise WrongPassphrase() from None


def _stretch(passphrase: str, salt: bytes, memory_kib: int, passes: int, lanes: int) -> bytes:
    return hash_secret_raw(
        passphrase.encode(),
        salt,
        time_cost=passes,
        memory_cost=memory_kib,
        parallelism=lanes,
        hash_len=32,
        type=Type.ID,
    )


def _put_in_file(path: Path, key: bytes) -> tuple[bytes, dict[str, Any]]:
    path = path.expanduser().absolute()
    if path.exists():
        key = _take_from_file(path)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_private(path, key.hex().encode() + b"\n")
    return key, {"version": 1, "kind": "key-file", "path": str(path), "warning": KEY_FILE_WARNING}


def _take_from_file(path: Path) -> bytes:
    try:
        key = bytes.fromhex(path.read_text().strip())
    except OSError as error:
        raise KeyUnavailable(f"The key file cannot be read: {error}") from error
    except ValueError:
        raise WrongKey(f"{path} is not a key file.") from None
    if len(key) != KEY_BYTES:
        raise WrongKey(f"{path} is not a key file.")
    return key


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text)
