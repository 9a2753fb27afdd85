"""Signing in with a device's key over HTTP: what is accepted, what is not, and that a server gets no other signature out of it."""

import os

import pytest

from inmost_engine.public import Refused, verify_device, verify_sign_in
from inmost_protocol.limits import CLOCK_SKEW_MS
from inmost_server import base64url
from inmost_server.features.sessions.challenges import LIFETIME_MS
from server.kit.cbor import encode
from server.kit.people import Device, Key


def code(answer) -> str:
    return answer.json()["code"]


async def test_a_device_signs_a_challenge_and_gets_a_quarter_of_an_hour(server, owner):
    answer = await server.sign_in(owner.person.device)
    assert answer.status_code == 201
    assert 0 < answer.json()["expires_ms"] - server.clock() <= 15 * 60_000
    token = answer.json()["token"]
    session = server.server.sessions.find(token)
    assert (session.device, session.user, session.kind) == (
        owner.person.device.id,
        owner.person.user,
        "device",
    )
    server.time.forward(15 * 60_000)
    assert (
        await server.http.get("/api/v1/people", headers={"Authorization": f"Bearer {token}"})
    ).status_code == 401


async def test_the_wrong_address_is_refused(server, owner):
    """A look-alike site passes our challenge on; what the device signs there names its address, not ours."""
    for origin in ("https://inmost.evil.test", server.address + "/", server.address.upper(), ""):
        assert code(await server.sign_in(owner.person.device, origin=origin)) == "SignatureRefused"


async def test_a_nonce_is_used_once(server, owner):
    nonce = await server.challenge(owner.person.device.id)
    assert (await server.sign_in(owner.person.device, server_nonce=nonce)).status_code == 201
    assert code(await server.sign_in(owner.person.device, server_nonce=nonce)) == "ChallengeRefused"


async def test_the_very_same_request_is_refused_the_second_time(server, owner):
    body = server.signed(owner.person.device, await server.challenge(owner.person.device.id))
    assert (await server.post("sessions", body)).status_code == 201
    assert code(await server.post("sessions", body)) == "ChallengeRefused"


async def test_a_nonce_that_is_not_ours_not_this_devices_or_old_is_refused(server, owner):
    device = owner.person.device
    assert code(await server.sign_in(device, server_nonce=os.urandom(32))) == "ChallengeRefused"
    others = await server.challenge(Device(server.org).id)
    assert code(await server.sign_in(device, server_nonce=others)) == "ChallengeRefused"
    old = await server.challenge(device.id)
    server.time.forward(LIFETIME_MS)
    assert code(await server.sign_in(device, server_nonce=old)) == "ChallengeRefused"


@pytest.mark.parametrize("skew_ms", [-CLOCK_SKEW_MS - 5_000, CLOCK_SKEW_MS + 5_000, -(10**15), 2**62])
async def test_a_clock_that_is_off_is_refused_and_named(server, owner, skew_ms):
    time_ms = server.clock() + skew_ms if abs(skew_ms) < 2**62 else 2**62
    refused = await server.sign_in(owner.person.device, time_ms=abs(time_ms))
    assert (refused.status_code, code(refused)) == (409, "ClockSkewed")


async def test_a_clock_that_is_a_minute_off_is_fine(server, owner):
    for skew_ms in (-60_000, 60_000):
        answer = await server.sign_in(owner.person.device, time_ms=server.clock() + skew_ms)
        assert answer.status_code == 201


async def test_another_key_another_organisation_or_another_label_is_refused(server, owner):
    device = owner.person.device
    for changed in (
        {"key": Key()},
        {"key": device.sig},
        {"org": os.urandom(16)},
        {"label": "entry"},
        {"label": "sign-in "},
        {"label": ""},
    ):
        assert code(await server.sign_in(device, **changed)) == "SignatureRefused"


async def test_an_unknown_device_gets_the_same_challenge_and_no_session(server, owner):
    stranger = Device(server.org)
    assert len(await server.challenge(stranger.id)) == 32
    assert code(await server.sign_in(stranger)) == "SignatureRefused"


async def test_the_nonce_of_a_malicious_server_makes_no_other_signature(server, owner):
    """The server chooses its nonce: the bytes of an entry, of a message, of another sign-in. The device signs it as a challenge, and the
    signature is good for nothing else: the label and the place in the array are fixed, and `auth` signs nothing but sign-ins."""
    device, org = owner.person.device, server.org
    time_ms = server.clock()
    entry_body = encode([1, org, "role", owner.person.user, 0, bytes(32), time_ms, [bytes(32), "owner"]])
    for chosen in (
        encode(["inmost/1 entry", org, entry_body])[:64],
        encode(["inmost/1 sign-in", org, []])[:64],
        entry_body[:64],
        bytes(64),
    ):
        nonce, client_nonce = chosen.ljust(32, b"\0"), os.urandom(32)
        signed = [server.address, nonce, client_nonce, device.id, time_ms]
        signature = device.auth.dev_sign(org, "sign-in", signed)
        verify_sign_in(
            org, server.address, nonce, client_nonce, device.id, time_ms, device.auth.public, signature
        )
        for label in ("entry", "message", "link", "complaint", "vault", "sign-in2"):
            with pytest.raises(Refused):
                verify_device(org, label, encode(signed), device.auth.public, signature)
            with pytest.raises(Refused):
                verify_device(org, label, encode(nonce), device.auth.public, signature)
        # Nor as the signature of a directory entry, with either of the device's names.
        forged = encode([entry_body, [[device.id, signature]]])
        with pytest.raises(Refused):
            server.directory.check(forged, time_ms)
        # Nor at another server, for another device, or as another organisation's.
        for other in (
            (os.urandom(16), server.address, device.id),
            (org, "https://other.test", device.id),
            (org, server.address, os.urandom(16)),
        ):
            with pytest.raises(Refused):
                verify_sign_in(
                    other[0], other[1], nonce, client_nonce, other[2], time_ms, device.auth.public, signature
                )


async def test_what_stands_in_an_entry_is_no_sign_in(server, owner):
    """The other way round: a signature of the device's `sig` key over an entry opens no session."""
    device = owner.person.device
    nonce = await server.challenge(device.id)
    body = server.signed(device, nonce, key=device.sig, label="entry")
    assert code(await server.post("sessions", body)) == "SignatureRefused"


async def test_a_suspended_persons_sessions_end_and_no_new_one_opens(server, owner):
    alice = await server.joined(owner, "alice")
    token = await server.session(alice)
    await server.write(owner, "suspend", [alice.person.user, True])
    assert server.server.sessions.find(token) is None
    assert code(await server.sign_in(alice.person.device)) == "DeviceInactive"
    await server.write(owner, "suspend", [alice.person.user, False])
    assert await server.session(alice)


async def test_a_revoked_devices_sessions_end_and_the_others_stay(server, owner):
    second, added = owner.person.add_device(server.directory, server.clock())
    await server.append(added)
    first_token = await server.session(owner)
    second_token = (await server.sign_in(second)).json()["token"]
    await server.append(owner.person.revoke(server.directory, second.id, server.clock()))
    assert server.server.sessions.find(second_token) is None
    assert server.server.sessions.find(first_token) is not None
    assert code(await server.sign_in(second)) == "DeviceInactive"


async def test_a_session_can_be_ended_and_its_connection_closes(server, owner):
    token = await server.session(owner)
    wire = await server.wire()
    await wire.open(token)
    assert server.server.connections.is_online(owner.person.device.id)
    ended = await server.http.delete("/api/v1/sessions", headers={"Authorization": f"Bearer {token}"})
    assert ended.status_code == 204
    assert not server.server.connections.is_online(owner.person.device.id)
    again = await server.http.delete("/api/v1/sessions", headers={"Authorization": f"Bearer {token}"})
    assert (again.status_code, code(again)) == (401, "NotSignedIn")


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer nonsense", "Basic b3duZXI6eA==", "Bearer \xff"]
)
async def test_without_a_session_nobody_is_signed_in(server, owner, header):
    headers = {} if header is None else {"Authorization": header.encode("latin-1")}
    assert (await server.http.get("/api/v1/people", headers=headers)).status_code == 401


@pytest.mark.parametrize(
    "changed",
    [
        {"device": "AA"},
        {"device": "!" * 22},
        {"server_nonce": "AA"},
        {"client_nonce": base64url.text(bytes(15))},
        {"client_nonce": base64url.text(bytes(65))},
        {"signature": base64url.text(bytes(63))},
        {"time_ms": "now"},
        {"time_ms": None},
    ],
)
async def test_what_is_no_sign_in_is_malformed(server, owner, changed):
    body = server.signed(owner.person.device, await server.challenge(owner.person.device.id))
    assert code(await server.post("sessions", {**body, **changed})) == "Malformed"
