"""Claims over HTTP: the owner's once, others by invitation, a second one suspends both."""

import pytest

from inmost_engine.public import parse_link_fragment
from inmost_server import base64url
from inmost_server.app import owner_link
from server.kit.people import Key
from server.kit.signing_in import Member, Rest


async def test_the_owners_claim_is_the_first_entry_and_the_link_is_dead_after_it(server):
    owner = await server.claimed_owner()
    view = server.directory.user(owner.person.user)
    assert (view.role, view.account, view.level, view.claimed_n) == ("owner", "owner", "owner", 0)
    assert len(owner.backup_codes) == 10
    link = parse_link_fragment(server.owner_fragment)
    thief = server.newcomer("owner")
    entry = thief.person.claim(server.directory, link.invitation, None, Key(link.seed), server.clock())
    again = await server.post("claims", server.claim_body(thief, entry))
    assert again.status_code == 409
    assert await owner_link(server.server) is None
    assert (await server.http.get("/api/v1/organisation")).json()["claimed"] is True


async def test_nobody_becomes_owner_without_the_printed_link(server):
    thief = server.newcomer("owner")
    link = parse_link_fragment(server.owner_fragment)
    entry = thief.person.claim(server.directory, link.invitation, None, Key(), server.clock())
    refused = await server.post("claims", server.claim_body(thief, entry))
    assert (refused.status_code, refused.json()["code"]) == (409, "BadSignature")
    assert server.directory.next_n == 0


async def test_until_it_is_claimed_each_start_prints_a_link_and_only_the_newest_works(tmp_path):
    async with Rest(tmp_path) as first:
        old = first.owner_fragment
    async with Rest(tmp_path) as second:
        assert second.owner_fragment not in (None, old)
        newest, second.owner_fragment = second.owner_fragment, old
        with pytest.raises(AssertionError, match="BadSignature"):
            await second.claimed_owner()
        second.owner_fragment = newest
        await second.claimed_owner()
    async with Rest(tmp_path) as third:
        assert third.owner_fragment is None


async def test_an_invited_person_claims_with_password_and_second_factor(server):
    owner = await server.claimed_owner()
    alice = await server.joined(owner, "alice")
    assert len(set(alice.backup_codes)) == 10
    assert server.directory.user(alice.person.user).account == "alice"
    assert await server.session(alice)


async def test_a_bot_claims_with_the_entry_alone_and_gets_no_codes(server):
    owner = await server.claimed_owner()
    bot = await server.joined(owner, "deploys", is_bot=True)
    assert bot.backup_codes == []
    assert server.directory.user(bot.person.user).is_bot
    assert await server.session(bot)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"password": None}, "PasswordNeeded"),
        ({"totp_secret": None}, "PasswordNeeded"),
        ({"totp_code": None}, "PasswordNeeded"),
        ({"password": "short"}, "WeakPassword"),
        ({"password": "my name is alice, really"}, "WeakPassword"),
        ({"password": "Inmost is what we talk with"}, "WeakPassword"),
        ({"password": "000webhost4ever"}, "WeakPassword"),
        ({"totp_code": "000000"}, "SecondFactorRefused"),
        ({"totp_secret": base64url.text(b"too short")}, "Malformed"),
        ({"entry": base64url.text(b"nonsense")}, "Malformed"),
        ({"entry": "!"}, "Malformed"),
        ({"entry": 7}, "Malformed"),
    ],
)
async def test_a_claim_that_lacks_something_changes_nothing_and_can_be_made_again(server, changed, code):
    owner = await server.claimed_owner()
    alice = server.newcomer("alice")
    entry = server.claim(owner, await server.invite(owner, "alice"), alice)
    before = server.directory.next_n
    refused = await server.post("claims", {**server.claim_body(alice, entry), **changed})
    assert refused.json()["code"] == code
    assert refused.headers["content-type"].startswith("application/problem+json")
    assert server.directory.next_n == before
    assert (await server.post("claims", server.claim_body(alice, entry))).status_code == 200


async def test_a_claim_made_again_gives_the_same_answer_with_fresh_codes_and_the_old_ones_are_void(server):
    owner = await server.claimed_owner()
    alice = server.newcomer("alice")
    entry = server.claim(owner, await server.invite(owner, "alice"), alice)
    first = (await server.post("claims", server.claim_body(alice, entry))).json()
    second = (await server.post("claims", server.claim_body(alice, entry))).json()
    assert {**first, "backup_codes": []} == {**second, "backup_codes": []}
    assert not set(first["backup_codes"]) & set(second["backup_codes"])
    old, new = first["backup_codes"][0], second["backup_codes"][0]
    body = {"account": "alice", "password": alice.password}
    assert (await server.post("recoveries", {**body, "code": old})).status_code == 401
    assert (await server.post("recoveries", {**body, "code": new})).status_code == 201


async def test_who_saw_the_entry_gets_no_codes_by_repeating_it(server):
    owner = await server.claimed_owner()
    alice = server.newcomer("alice")
    entry = server.claim(owner, await server.invite(owner, "alice"), alice)
    await server.post("claims", server.claim_body(alice, entry))
    thief = Member(alice.person, "another long password entirely")
    assert (await server.post("claims", server.claim_body(thief, entry))).json()["code"] == "SignInRefused"
    knows_password = Member(alice.person, alice.password)
    refused = await server.post("claims", server.claim_body(knows_password, entry))
    assert refused.json()["code"] == "SignInRefused"


async def test_a_bots_claim_made_again_gives_the_same_answer(server):
    owner = await server.claimed_owner()
    bot = server.newcomer("deploys", is_bot=True)
    entry = server.claim(owner, await server.invite(owner, "deploys", is_bot=True), bot)
    first = await server.post("claims", server.claim_body(bot, entry))
    second = await server.post("claims", server.claim_body(bot, entry))
    assert first.json() == second.json()
    assert first.json()["backup_codes"] == []


async def test_a_second_claim_is_appended_refused_and_suspends_both_until_an_administrator_decides(server):
    owner = await server.claimed_owner()
    invited = await server.invite(owner, "alice")
    alice, mallory = server.newcomer("alice"), server.newcomer("alice")
    claims = [server.claim(owner, invited, one) for one in (alice, mallory)]
    assert (await server.post("claims", server.claim_body(alice, claims[0]))).status_code == 200
    token = await server.session(alice)
    refused = await server.post("claims", server.claim_body(mallory, claims[1]))
    assert (refused.status_code, refused.json()["code"]) == (409, "InvitationClaimedTwice")
    state = server.directory
    assert state.user(alice.person.user).suspended
    assert state.user(mallory.person.user).suspended
    assert (await server.post("password", {}, token)).json()["code"] in ("NotSignedIn", "Malformed")
    assert server.server.sessions.find(token) is None
    for member in (alice, mallory):
        assert (await server.sign_in(member.person.device)).json()["code"] == "DeviceInactive"
    body = {"account": "alice", "password": alice.password, "code": alice.code(server.clock() + 30_000)}
    assert (await server.post("recoveries", body)).status_code == 401
    again = await server.post("claims", server.claim_body(mallory, claims[1]))
    assert again.json()["code"] == "InvitationClaimedTwice"

    # The administrator decides for the second: that one's password and code count, whatever came first.
    await server.write(owner, "suspend", [mallory.person.user, False])
    assert await server.session(mallory)
    body["code"] = mallory.code(server.clock() + 30_000)
    recovered = await server.post("recoveries", body)
    assert recovered.json()["user"] == base64url.text(mallory.person.user)


async def test_a_third_claim_of_an_invitation_is_not_even_appended(server):
    owner = await server.claimed_owner()
    invited = await server.invite(owner, "alice")
    for n in range(4):
        person = server.newcomer("alice")
        entry = server.claim(owner, invited, person)
        answer = await server.post("claims", server.claim_body(person, entry))
        assert answer.status_code == (200 if n == 0 else 409)
    assert server.directory.next_n == 4


async def test_only_claims_come_in_by_this_door(server):
    owner = await server.claimed_owner()
    entry = owner.person.entry(server.directory, "profile", ["Olga the Great"], server.clock())
    refused = await server.post("claims", {"entry": base64url.text(entry)})
    assert refused.json()["code"] == "Malformed"
    assert server.directory.user(owner.person.user).name == "Owner"
