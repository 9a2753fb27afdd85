"""The frozen vectors say what the documents say: recomputed without the engine (vectors/by_document.py)."""

import json
from pathlib import Path
from typing import Any

import pytest

from protocol.vectors import by_document as formats

FROZEN = Path(__file__).parent / "vectors" / "v1"
x = bytes.fromhex


def read(name: str) -> Any:
    return json.loads((FROZEN / f"{name}.json").read_text())


def test_lengths_are_padded_as_padme_says() -> None:
    for length, padded in read("padme")["padded"]:
        assert formats.padme(length) == padded


@pytest.mark.parametrize("message", read("messages")["messages"], ids=lambda message: message["name"])
def test_a_message_is_sealed_to_the_same_bytes(message: dict[str, Any]) -> None:
    of = read("messages")
    content = x(message["content"])
    salt = formats.hmac.digest(
        x(of["device_seed"]), x(message["random"]) + formats.sha256(content), "sha256"
    )[:16]
    seen, dir_ = ([n, x(hash_)] for n, hash_ in (of["seen"], of["dir"]))
    body = formats.cbor([formats.read_cbor(content), seen, dir_, of["time_ms"]])
    place = (x(of["conversation"]), x(of["group"]), of["epoch"], x(of["device"]))
    args = (x(of["content_key"]), x(of["sig_seed"]), x(of["org"]), place, x(message["id"]), salt)
    sealed = formats.seal(*args, message["kind"], body)
    assert sealed.hex() == message["sealed"]
    opened = formats.unseal(sealed, x(of["content_key"]))
    assert opened is not None
    assert formats.cbor(opened[0]) == content


def test_history_links_are_the_same_bytes_for_everybody() -> None:
    of = read("links")
    group = x(of["group"])
    for link in of["links"]:
        names = ("previous_content_key", "previous_tree_hash", "previous_history_key")
        plain = formats.cbor([x(link[name]) for name in names])
        made = formats.make_link(x(link["history_key"]), group, link["epoch"], plain)
        assert made.hex() == link["alices"] == link["bobs"]
    segment = of["segment"]
    past = formats.cbor([[epoch, x(key), x(tree_hash)] for epoch, key, tree_hash in segment["list"]])
    made = formats.make_link(
        x(segment["history_key"]), group, segment["epoch"], past, segment["first"], seg=True
    )
    assert made.hex() == segment["link"]


def test_a_recovery_key_is_written_and_its_keys_are_derived_alike() -> None:
    for of in read("recovery")["keys"]:
        key = x(of["key"])
        assert formats.recovery_text(key) == of["text"]
        seed = formats.recovery_sign_seed(x(of["org"]), key)
        public = formats.public_of(seed)
        assert (seed.hex(), public.hex()) == (of["sign_seed"], of["sign_public"])
        assert formats.sha256(b"inmost/1 recovery", public)[:16].hex() == of["id"]


def test_a_passkeys_keys_are_derived_alike() -> None:
    of = read("vault-2")
    public = formats.public_of(formats.passkey_sign_seed(x(of["org"]), x(of["passkey_secret"])))
    assert formats.sha256(b"inmost/1 recovery", public)[:16].hex() == of["passkey_id"]


def test_both_sides_compute_one_safety_number() -> None:
    of = read("safety")
    alice, bob = ([x(device) for device in of[name]] for name in ("alice", "bob"))
    assert formats.safety_number(x(of["org"]), alice, bob) == of["number"]
    assert formats.safety_number(x(of["org"]), bob, alice) == of["number"]
