"""Passkeys over HTTP, by a real WebAuthn client with a software authenticator."""

import base64
import copy
import json

import pytest
from fido2 import cbor
from fido2.client import ClientError

from inmost_engine.public import parse_link_fragment
from inmost_server import base64url
from inmost_server.features.passkeys.ceremonies import CHALLENGE_LIFETIME_MS
from server.kit.passkeys import Browser
from server.kit.people import Key

FIVE_MINUTES_MS = CHALLENGE_LIFETIME_MS


def code(answer) -> str:
    return answer.json()["code"]


async def refused_as(door, assertion) -> tuple[int, str]:
    answer = await door.ask("POST", "recoveries/passkey", {"assertion": assertion})
    return answer.status_code, answer.json().get("code", "it was let in")


async def with_passkey(server, door, owner, browser) -> str:
    return await door.add(browser, owner, await server.session(owner))


async def signed(door, browser):
    return browser.get((await door.ask("POST", "recoveries/options")).json())


async def test_a_person_claims_with_a_passkey_alone_and_comes_back_with_it(server, door, owner, browser):
    alice = server.newcomer("alice")
    entry = server.claim(owner, await server.invite(owner, "alice"), alice)
    claimed = await door.claim(browser, entry)
    assert claimed.status_code == 200, claimed.text
    assert claimed.json()["backup_codes"] == []
    back = (await door.sign_in(browser)).json()
    assert (back["user"], back["account"]) == (base64url.text(alice.person.user), "alice")
    assert server.server.sessions.find(back["token"]).kind == "recovering"
    # Neither password nor code stands beside it.
    tried = {"account": "alice", "password": alice.password, "code": alice.code(server.clock())}
    assert code(await door.ask("POST", "recoveries", tried)) == "SignInRefused"
    people = await door.ask("GET", "people", token=await server.session(owner))
    assert people.status_code == 200, people.text
    assert all(person["second_factor"] for person in people.json()["people"])


async def test_a_claim_whose_answer_was_lost_is_answered_again_for_the_same_passkey_only(
    server, door, owner, browser
):
    alice = server.newcomer("alice")
    entry = base64url.text(server.claim(owner, await server.invite(owner, "alice"), alice))
    options = (await door.ask("POST", "claims/options", {"entry": entry})).json()
    body = {"entry": entry, "passkey": {"credential": browser.create(options), "name": "Phone"}}
    first = await door.ask("POST", "claims", body)
    again = await door.ask("POST", "claims", body)
    assert (again.status_code, again.json()) == (200, first.json())
    other = {"entry": entry, "passkey": {"credential": Browser(door.origin).create(options), "name": "Phone"}}
    assert code(await door.ask("POST", "claims", other)) == "SignInRefused"


async def test_the_owner_may_have_a_passkey_from_the_first_moment(server, door, browser):
    link = parse_link_fragment(server.owner_fragment)
    member = server.newcomer(link.account)
    entry = member.person.claim(server.directory, link.invitation, None, Key(link.seed), server.clock())
    assert (await door.claim(browser, entry)).status_code == 200
    assert (await door.sign_in(browser)).status_code == 201


async def test_one_adds_lists_names_and_removes_passkeys(server, door, owner, browser):
    token = await server.session(owner)
    first = await door.add(browser, owner, token, "Blue key")
    second = await door.add(Browser(door.origin), owner, token)
    await door.ask("PATCH", f"passkeys/{second}", {"name": "  Phone "}, token)
    await door.sign_in(browser)
    listed = (await door.ask("GET", "passkeys", token=token)).json()
    assert [(each["id"], each["name"]) for each in listed] == [(first, "Blue key"), (second, "Phone")]
    assert listed[0]["last_used_day"] is not None
    assert listed[1]["last_used_day"] is None
    await door.step_up_by_password(owner, token, "remove_passkey")
    assert (await door.ask("DELETE", f"passkeys/{first}", token=token)).status_code == 204
    assert code(await door.sign_in(browser)) == "PasskeyRefused"
    assert code(await door.ask("DELETE", f"passkeys/{first}", token=token)) == "NotFound"


async def test_the_same_registration_again_gives_the_same_passkey(server, door, owner, browser):
    token = await server.session(owner)
    await door.step_up_by_password(owner, token, "add_passkey")
    body = {"credential": await door.make(browser, token), "name": "Key"}
    first, again = [await door.ask("POST", "passkeys", body, token) for _ in range(2)]
    assert (again.status_code, again.json()) == (201, first.json())


async def test_one_authenticator_makes_one_passkey_for_an_account(server, door, owner, browser):
    token = await server.session(owner)
    await door.add(browser, owner, token)
    await door.step_up_by_password(owner, token, "add_passkey")
    with pytest.raises(ClientError, match="DEVICE_INELIGIBLE"):
        await door.make(browser, token)


async def test_the_last_factor_stays(server, door, owner, browser):
    token = await server.session(owner)
    await door.step_up_by_password(owner, token, "password")
    assert code(await door.ask("DELETE", "password", token=token)) == "LastFactor"
    id_ = await door.add(browser, owner, token)
    await door.step_up_by_password(owner, token, "password")
    assert (await door.ask("DELETE", "password", token=token)).status_code == 204
    tried = {"account": owner.account, "password": owner.password, "code": server.next_code(owner)}
    assert code(await door.ask("POST", "recoveries", tried)) == "SignInRefused"
    await door.step_up(browser, token, "remove_passkey")
    assert code(await door.ask("DELETE", f"passkeys/{id_}", token=token)) == "LastFactor"
    assert (await door.sign_in(browser)).status_code == 201


async def test_who_has_only_a_passkey_sets_a_password_again(server, door, owner, browser):
    token = await server.session(owner)
    await door.add(browser, owner, token)
    await door.step_up_by_password(owner, token, "password")
    await door.ask("DELETE", "password", token=token)
    await door.step_up(browser, token, "password")
    owner.password = "marble river seventeen lanterns"
    body = {
        "new_password": owner.password,
        "totp_secret": base64url.text(owner.totp_secret),
        "totp_code": server.next_code(owner),
    }
    answer = await door.ask("PUT", "password", body, token)
    assert (answer.status_code, len(answer.json()["backup_codes"])) == (200, 10)
    tried = {"account": owner.account, "password": owner.password, "code": server.next_code(owner)}
    assert (await door.ask("POST", "recoveries", tried)).status_code == 201


async def test_what_the_prf_gives_is_not_taken(server, door, owner, browser):
    await with_passkey(server, door, owner, browser)
    assertion = await signed(door, browser)
    assertion["clientExtensionResults"] = {"prf": {"results": {"first": base64url.text(bytes(32))}}}
    assert await refused_as(door, assertion) == (400, "Malformed")


async def test_passkeys_are_refused_where_the_address_is_a_number(server, door, owner, browser):
    answer = await server.post("recoveries/options", None)
    assert (answer.status_code, code(answer)) == (409, "PasskeysNeedAName")
    assert door.origin in answer.json()["detail"]


async def test_nobody_learns_whether_somebody_has_a_passkey(server, door, owner, browser):
    nobodys = (await door.ask("POST", "recoveries/options")).json()["publicKey"]
    stranger = Browser(door.origin)
    stranger_token = await server.session(await server.joined(owner, "mallory"))
    await door.ask("POST", "recoveries/options")
    await with_passkey(server, door, owner, browser)
    present = (await door.ask("POST", "recoveries/options")).json()["publicKey"]
    assert set(present) == set(nobodys)
    assert present["allowCredentials"] == nobodys["allowCredentials"] == []
    unknown = await signed(door, browser)
    unknown["id"] = unknown["rawId"] = base64url.text(b"never registered")
    wrong = await signed(door, browser)
    wrong["response"]["signature"] = base64url.text(b"0" * 70)
    answers = [
        (await door.ask("POST", "recoveries/passkey", {"assertion": each})).json()
        for each in (unknown, wrong)
    ]
    assert answers[0] == answers[1]
    assert (await door.ask("GET", "passkeys", token=stranger_token)).json() == []
    assert stranger.key.residents == []


# --- attacks


async def test_an_assertion_made_for_another_origin_opens_nothing(server, door, owner, browser):
    await with_passkey(server, door, owner, browser)
    phisher = Browser(door.origin, browser.key, says_origin="https://inmost.example.org")
    assert await refused_as(door, await signed(door, phisher)) == (401, "PasskeyRefused"), (
        "ATTACK SUCCEEDED: a phishing page signed in"
    )
    assert (await door.sign_in(browser)).status_code == 201


async def test_a_passkey_registered_for_another_origin_is_not_taken(server, door, owner, browser):
    token = await server.session(owner)
    await door.step_up_by_password(owner, token, "add_passkey")
    phisher = Browser(door.origin, says_origin="http://localhost:1")
    answer = await door.ask("POST", "passkeys", {"credential": await door.make(phisher, token)}, token)
    assert (answer.status_code, code(answer)) == (422, "PasskeyNotTaken"), (
        "ATTACK SUCCEEDED: a phishing page registered a passkey"
    )


async def test_a_challenge_is_good_once(server, door, owner, browser):
    browser.key.counts = False  # so that only the challenge stands between
    await with_passkey(server, door, owner, browser)
    assertion = await signed(door, browser)
    answer = await door.ask("POST", "recoveries/passkey", {"assertion": assertion})
    assert answer.status_code == 201
    assert await refused_as(door, assertion) == (401, "PasskeyRefused"), (
        "ATTACK SUCCEEDED: an assertion signed in twice"
    )


async def test_a_challenge_ends_after_five_minutes(server, door, owner, browser):
    await with_passkey(server, door, owner, browser)
    late, in_time = await signed(door, browser), await signed(door, browser)
    server.time.forward(FIVE_MINUTES_MS - 1)
    assert (await door.ask("POST", "recoveries/passkey", {"assertion": in_time})).status_code == 201
    server.time.forward(1)
    assert await refused_as(door, late) == (401, "PasskeyRefused"), (
        "ATTACK SUCCEEDED: an old assertion signed in"
    )


async def test_a_challenge_of_ones_own_or_of_another_purpose_opens_nothing(server, door, owner, browser):
    token = await server.session(owner)
    await door.add(browser, owner, token)
    made_up = {
        "publicKey": {"rpId": "localhost", "challenge": base64url.text(bytes(32)), "allowCredentials": []}
    }
    assert await refused_as(door, browser.get(made_up)) == (401, "PasskeyRefused"), (
        "ATTACK SUCCEEDED: an assertion for something else signed in"
    )
    for_act = await door.assertion(browser, token, "role")
    # Unsigned, and whoever relays an assertion may add it: what refuses this must be what its challenge was for.
    for_act["response"]["userHandle"] = base64url.text(owner.person.user)
    assert await refused_as(door, for_act) == (401, "PasskeyRefused"), (
        "ATTACK SUCCEEDED: an assertion for something else signed in"
    )


async def test_an_assertion_without_user_verification_opens_nothing(server, door, owner, browser):
    await with_passkey(server, door, owner, browser)
    browser.key.verifies = False
    assert await refused_as(door, await signed(door, browser)) == (401, "PasskeyRefused"), (
        "ATTACK SUCCEEDED: somebody who only touched the key signed in"
    )
    browser.key.verifies = True
    assert (await door.sign_in(browser)).status_code == 201


async def test_a_passkey_made_without_user_verification_is_not_taken(server, door, owner, browser):
    token = await server.session(owner)
    await door.step_up_by_password(owner, token, "add_passkey")
    browser.key.verifies = False
    answer = await door.ask("POST", "passkeys", {"credential": await door.make(browser, token)}, token)
    assert (answer.status_code, code(answer)) == (422, "PasskeyNotTaken"), (
        "ATTACK SUCCEEDED: a passkey without its person was registered"
    )


async def test_a_copied_authenticator_is_refused_and_shown_to_its_owner(server, door, owner, browser):
    await with_passkey(server, door, owner, browser)
    copied = Browser(door.origin, copy.copy(browser.key))
    copied.key.residents = [copy.copy(one) for one in browser.key.residents]
    assert (await door.sign_in(browser)).status_code == 201
    assert await refused_as(door, await signed(door, copied)) == (401, "PasskeyRefused"), (
        "ATTACK SUCCEEDED: a copied authenticator signed in"
    )
    listed = (await door.ask("GET", "passkeys", token=await server.session(owner))).json()
    assert listed[0]["alarm_ms"] == server.clock()
    assert (await door.sign_in(browser)).status_code == 201


async def test_a_wrong_signature_raises_no_alarm_of_the_counter(server, door, owner, browser):
    await with_passkey(server, door, owner, browser)
    browser.key.residents[0].count = -1  # the next one says 0
    assertion = await signed(door, browser)
    assertion["response"]["signature"] = base64url.text(b"0" * 70)
    assert await refused_as(door, assertion) == (401, "PasskeyRefused")
    listed = (await door.ask("GET", "passkeys", token=await server.session(owner))).json()
    assert listed[0]["alarm_ms"] is None


async def test_an_assertion_signed_by_another_key_opens_nothing(server, door, owner, browser):
    await with_passkey(server, door, owner, browser)
    mallorys = Browser(door.origin)
    mallorys.key.residents = [copy.copy(one) for one in browser.key.residents]
    mallorys.key.residents[0].key = Browser(door.origin).key._agreement
    assert await refused_as(door, await signed(door, mallorys)) == (401, "PasskeyRefused"), (
        "ATTACK SUCCEEDED: another key signed in"
    )


async def test_another_accounts_passkey_is_neither_taken_nor_passed_off_as_ones_own(
    server, door, owner, browser
):
    mallory = await server.joined(owner, "mallory")
    token = await server.session(mallory)
    id_ = await with_passkey(server, door, owner, browser)
    # Registered once more, by the one who saw its id: the credential id is what is sought later.
    await door.step_up_by_password(mallory, token, "add_passkey")
    mallorys = Browser(door.origin)
    made = await door.make(mallorys, token)
    forged = json.loads(json.dumps(made).replace(made["id"], id_))
    own, seen = [base64url.data(each, least=1, most=99) for each in (made["id"], id_)]
    attested = cbor.decode(base64.urlsafe_b64decode(made["response"]["attestationObject"] + "=="))
    forged["response"]["attestationObject"] = base64url.text(
        cbor.encode({"fmt": "none", "attStmt": {}, "authData": attested["authData"].replace(own, seen)})
    )
    answer = await door.ask("POST", "passkeys", {"credential": forged}, token)
    assert (answer.status_code, code(answer)) == (422, "PasskeyNotTaken"), (
        "ATTACK SUCCEEDED: another's credential id was registered"
    )
    # Named, renamed or removed by somebody else it is not there.
    await door.step_up_by_password(mallory, token, "remove_passkey")
    assert code(await door.ask("PATCH", f"passkeys/{id_}", {"name": "Mine"}, token)) == "NotFound"
    assert code(await door.ask("DELETE", f"passkeys/{id_}", token=token)) == "NotFound"
    assert (await door.sign_in(browser)).status_code == 201


async def test_a_user_handle_that_is_not_the_passkeys_opens_nothing(server, door, owner, browser):
    await with_passkey(server, door, owner, browser)
    mallory = await server.joined(owner, "mallory")
    for handle in (base64url.text(mallory.person.user), None):
        assertion = await signed(door, browser)
        assertion["response"]["userHandle"] = handle
        assert await refused_as(door, assertion) == (401, "PasskeyRefused"), (
            "ATTACK SUCCEEDED: a false user handle signed in"
        )


async def test_a_suspended_persons_passkey_opens_nothing(server, door, owner, browser):
    alice = await server.joined(owner, "alice")
    await door.add(browser, alice, await server.session(alice))
    await server.write(owner, "suspend", [alice.person.user, True])
    assert await refused_as(door, await signed(door, browser)) == (401, "PasskeyRefused"), (
        "ATTACK SUCCEEDED: a suspended person signed in"
    )
    await server.write(owner, "suspend", [alice.person.user, False])
    assert (await door.sign_in(browser)).status_code == 201


async def test_what_is_no_passkeys_response_is_malformed_or_refused(server, door, owner, browser):
    await with_passkey(server, door, owner, browser)
    good = await signed(door, browser)
    for broken in (
        {},
        {"id": 5},
        {**good, "id": "%"},
        {**good, "response": []},
        {**good, "response": {}},
        {**good, "response": {**good["response"], "clientDataJSON": "AA"}},
        {**good, "response": {**good["response"], "authenticatorData": "AA"}},
        {**good, "response": {**good["response"], "authenticatorData": 7}},
        {**good, "response": {**good["response"], "clientDataJSON": "A" * 30_000}},
        {**good, "type": "password"},
        {**good, "rawId": "AAAA"},
    ):
        status, name = await refused_as(door, broken)
        assert (status, name) in ((400, "Malformed"), (401, "PasskeyRefused")), broken
    assert await refused_as(door, good) == (201, "it was let in")
