"""The sign-in challenge as a signature oracle, and as a relay."""

import base64
import json
import os
from pathlib import Path

import pytest

from inmost.client import Client
from inmost_engine import public
from protocol.vectors import by_document as formats
from tests.adversary.speaking import Attacker
from tests.adversary.world import World, free_ports, until

# Everything a device signs that is not a sign-in (docs/protocol).
OTHER_LABELS = ("message", "entry", "link", "complaint", "vault", "vault row")


def from_base64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def verifies(org: bytes, label: str, item: object, key: bytes, signature: bytes) -> bool:
    try:
        public.verify_device(org, label, formats.cbor(item), key, signature)
    except public.Refused:
        return False
    return True


async def test_nothing_that_a_device_signs_as_a_sign_in_is_any_other_signature(world: World) -> None:
    org, bob = world.known().org, world.device("bob")
    # What would be worth a signature: the hash of a directory entry that makes Mallory an owner.
    worth = formats.sha256(
        formats.cbor([1, org, "role", bob.user, 0, bytes(32), 0, [world.who("mallory").user, "owner"]])
    )
    await world.attack("Nonce", nonce=worth)
    client = await world.wake_without_sync("bob")
    signed = json.loads((await world.lies.did("signed"))["body"])
    signature, client_nonce = from_base64(signed["signature"]), from_base64(signed["client_nonce"])
    item = [world.organisation.origins["bob"], worth, client_nonce, bob.device, signed["time_ms"]]
    assert verifies(org, "sign-in", item, bob.auth_public, signature)  # it is a sign-in
    for label in OTHER_LABELS:
        for key in (bob.auth_public, bob.sig_public):
            for of in (item, worth, [worth], formats.cbor(item)):
                assert not verifies(org, label, of, key, signature), (
                    f"ATTACK SUCCEEDED: a sign-in is a signature of a {label}"
                )
    assert not verifies(org, "sign-in", item, bob.sig_public, signature), (
        "ATTACK SUCCEEDED: devices sign in with the key that signs messages"
    )
    await world.honest()
    await client.ready(60)


@pytest.mark.parametrize("length", [0, 16, 31, 33, 200])
async def test_a_challenge_of_another_length_is_not_signed(world: World, length: int) -> None:
    await world.attack("Nonce", nonce=os.urandom(length))
    client = await world.wake_without_sync("bob")
    await until(lambda: has_failed(client))
    seen = await world.lies.do("signatures")
    assert not seen, "ATTACK SUCCEEDED: a challenge of the server's own making was signed"
    await world.honest()
    await client.ready(60)


async def has_failed(client: Client) -> bool:
    return client.host._attempts_failed > 1


async def test_a_signature_for_one_server_does_not_open_another(world: World) -> None:
    """The relay: Bob is made to believe in another address, and what he signs there is handed on to the real server."""
    (evil,) = free_ports(1)
    arguments = json.dumps({"ports": {"evil": evil}, "server": world.server.url})
    async with Attacker("tests.adversary.malicious_server", arguments):
        address = f"http://127.0.0.1:{evil}"
        # A device that signs for whoever it talks to: the real server does not take what was meant for another.
        naive = await world.attacker("bob")
        answer = await naive.do("connect", origin=address)
        assert answer != "", "ATTACK SUCCEEDED: a relay signed in with what a device signed for it"
        assert answer == "SignatureRefused"
        # And Bob's own client does not sign for another address than the one it joined at.
        await lure(world, "bob", address)
        client = await world.wake_without_sync("bob")
        await until(lambda: has_failed(client))
    assert not client.is_online, "ATTACK SUCCEEDED: Bob is online through the relay"
    assert await naive.do("connect", origin=world.organisation.origins["bob"]) == ""


async def lure(world: World, profile: str, address: str) -> None:
    """Change where a profile connects to."""
    async with Client(profile, home=Path(world.homes), connect=False) as client:
        await client.profile.remember("server", address)
