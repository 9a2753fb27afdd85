"""A dangerous act needs a fresh factor, in its own session, for itself."""

import os

import pytest

from inmost_protocol.acts import ACTS, STEP_UP_MS
from inmost_protocol.directory import AppendEntry
from inmost_server import base64url
from inmost_server.features.step_ups.step_ups import StepUpRequired, StepUps
from inmost_server.sessions import Session
from server.kit.passkeys import Browser
from server.kit.people import Key
from server.kit.wire import WasRefused

DAY_MS = 86_400_000


def code(answer) -> str:
    return answer.json().get("code", "it was let through")


async def connected(server, member, token):
    wire = await server.wire()
    await wire.open(token)
    return wire


async def append(server, wire, member, kind, payload) -> str:
    """Hand an entry in over the device protocol: "Appended", or the refusal's name."""
    entry = member.person.entry(server.directory, kind, payload, server.clock())
    try:
        answer = await wire.ask(AppendEntry(os.urandom(16), entry))
    except WasRefused as refused:
        return refused.code
    return type(answer).__name__


async def test_each_dangerous_entry_waits_for_a_fresh_factor(server, door, owner, browser):
    alice = await server.joined(owner, "alice")
    token = await server.session(owner)
    await door.add(browser, owner, token)
    wire = await connected(server, owner, token)
    invite = [os.urandom(16), Key().public, "administrator", "carol", False, server.clock() + DAY_MS]
    for act, kind, payload in (
        ("role", "role", [alice.person.user, "guest"]),
        ("suspend", "suspend", [alice.person.user, True]),
        ("invite_administrator", "invite", invite),
    ):
        refused = await append(server, wire, owner, kind, payload)
        assert refused == "StepUpRequired", f"ATTACK SUCCEEDED: {act} without a fresh factor"
        assert (await door.step_up(browser, token, act)).status_code == 201
        assert await append(server, wire, owner, kind, payload) == "Appended"
    member = [os.urandom(16), Key().public, "member", "dave", False, server.clock() + DAY_MS]
    assert await append(server, wire, owner, "invite", member) == "Appended"


async def test_who_may_not_do_it_is_told_so_before_a_factor_is_asked(server, door, owner):
    alice = await server.joined(owner, "alice")
    wire = await connected(server, alice, await server.session(alice))
    assert await append(server, wire, alice, "suspend", [owner.person.user, True]) == "NotAllowed"


async def test_the_problem_says_for_which_act_a_factor_is_asked(server, door, owner):
    answer = await door.ask("POST", "passkeys/options", token=await server.session(owner))
    assert (answer.status_code, code(answer), answer.json()["act"]) == (403, "StepUpRequired", "add_passkey")


async def test_every_dangerous_rest_act_waits_for_a_fresh_factor(server, door, owner, browser):
    alice = await server.joined(owner, "alice")
    token = await server.session(owner)
    id_ = await door.add(browser, owner, token)
    of = base64url.text(alice.person.user)
    fresh = await server.session(owner)
    new = {"new_password": "x", "totp_secret": base64url.text(bytes(20)), "totp_code": "000000"}
    for method, path, body, act in (
        ("POST", "passkeys/options", None, "add_passkey"),
        ("POST", "passkeys", {"credential": {"id": "AAAA"}}, "add_passkey"),
        ("DELETE", f"passkeys/{id_}", None, "remove_passkey"),
        ("PUT", "password", new, "password"),
        ("DELETE", "password", None, "password"),
        ("POST", f"people/{of}/second-factor-reset", {}, "reset_second_factor"),
    ):
        answer = await door.ask(method, path, body, fresh)
        assert (answer.status_code, code(answer)) == (403, "StepUpRequired"), path
        assert answer.json()["act"] == act


async def test_an_administrator_with_a_passkey_resets_a_second_factor(server, door, owner, browser):
    alice = await server.joined(owner, "alice")
    token = await server.session(owner)
    await door.add(browser, owner, token)
    await door.step_up(browser, token, "reset_second_factor")
    path = f"people/{base64url.text(alice.person.user)}/second-factor-reset"
    assert (await door.ask("POST", path, {}, token)).status_code == 201


# --- attacks


async def test_a_factor_for_one_act_opens_no_other(server, door, owner, browser):
    alice = await server.joined(owner, "alice")
    token = await server.session(owner)
    await door.add(browser, owner, token)
    wire = await connected(server, owner, token)
    for act in ACTS - {"suspend"}:
        await door.step_up(browser, token, act)
    refused = await append(server, wire, owner, "suspend", [alice.person.user, True])
    assert refused == "StepUpRequired", "ATTACK SUCCEEDED: a factor for one act opened another"
    # Nor does what was signed for one act count for another.
    signed = await door.assertion(browser, token, "role")
    answer = await door.ask("POST", "step-ups", {"act": "suspend", "assertion": signed}, token)
    assert (answer.status_code, code(answer)) == (401, "PasskeyRefused"), (
        "ATTACK SUCCEEDED: a factor for one act opened another"
    )


async def test_a_factor_shown_in_one_session_opens_nothing_in_another(server, door, owner, browser):
    alice = await server.joined(owner, "alice")
    token = await server.session(owner)
    await door.add(browser, owner, token)
    other = await server.session(owner)
    signed = await door.assertion(browser, token, "suspend")
    answer = await door.ask("POST", "step-ups", {"act": "suspend", "assertion": signed}, other)
    assert (answer.status_code, code(answer)) == (401, "PasskeyRefused"), (
        "ATTACK SUCCEEDED: a factor of one session opened another"
    )
    await door.step_up(browser, token, "suspend")
    wire = await connected(server, owner, other)
    refused = await append(server, wire, owner, "suspend", [alice.person.user, True])
    assert refused == "StepUpRequired", "ATTACK SUCCEEDED: a factor of one session opened another"


async def test_a_factor_is_fresh_for_five_minutes_and_no_longer(server, door, owner, browser):
    token = await server.session(owner)
    await door.add(browser, owner, token)
    await door.step_up(browser, token, "add_passkey")
    server.time.forward(STEP_UP_MS - 1)
    assert (await door.ask("POST", "passkeys/options", token=token)).status_code == 200
    server.time.forward(1)
    assert code(await door.ask("POST", "passkeys/options", token=token)) == "StepUpRequired", (
        "ATTACK SUCCEEDED: an old factor was taken as fresh"
    )


async def test_another_persons_factor_opens_nothing(server, door, owner, browser):
    mallory = await server.joined(owner, "mallory")
    await door.add(browser, mallory, await server.session(mallory))
    token = await server.session(owner)
    options = (await door.ask("POST", "step-ups/options", {"act": "role"}, token)).json()
    assert options["publicKey"]["allowCredentials"] == []
    body = {"act": "role", "assertion": browser.get(options)}
    assert code(await door.ask("POST", "step-ups", body, token)) == "PasskeyRefused", (
        "ATTACK SUCCEEDED: another person's factor was taken"
    )
    body = {"act": "role", "password": mallory.password, "code": server.next_code(mallory)}
    assert code(await door.ask("POST", "step-ups", body, token)) == "SignInRefused", (
        "ATTACK SUCCEEDED: another person's factor was taken"
    )


async def test_a_step_up_needs_a_factor_and_an_act_there_is(server, door, owner):
    token = await server.session(owner)
    assert code(await door.ask("POST", "step-ups", {"act": "role"}, token)) == "SignInRefused"
    assert (
        code(await door.ask("POST", "step-ups", {"act": "role", "password": owner.password}, token))
        == "SignInRefused"
    )
    assert code(await door.ask("POST", "step-ups", {"act": "everything"}, token)) == "Malformed"


async def test_a_passkey_is_told_to_a_browser_of_its_own_person_only(server, door, owner, browser):
    token = await server.session(owner)
    id_ = await door.add(browser, owner, token)
    options = (await door.ask("POST", "step-ups/options", {"act": "role"}, token)).json()["publicKey"]
    assert [each["id"] for each in options["allowCredentials"]] == [id_]
    alice = await server.joined(owner, "alice")
    options = await door.ask("POST", "step-ups/options", {"act": "role"}, await server.session(alice))
    assert options.json()["publicKey"]["allowCredentials"] == []
    assert Browser(door.origin).key.residents == []


def test_what_has_ended_is_forgotten():
    now = [0]
    step_ups = StepUps(lambda: now[0])
    sessions = [Session(bytes(16), bytes(32), "device", 0, bytes([n]) * 16) for n in range(100)]
    for session in sessions:
        step_ups.grant(session, "role")
    now[0] = STEP_UP_MS
    with pytest.raises(StepUpRequired):
        step_ups.require(sessions[0], "role")
    step_ups.grant(sessions[0], "role")
    assert len(step_ups) == 1
