"""Coming back without a device, over HTTP; password changes and second-factor resets."""

import asyncio
import time

import pytest

from inmost_server import base64url
from inmost_server.features.accounts import slow_down_policy
from server.kit.signing_in import DAY_MS, Member, Rest

NEW_PASSWORD = "marble river seventeen lanterns"


def code(answer) -> str:
    return answer.json()["code"]


async def recover(server, member: Member, keeps_trust: bool = False, **changed):
    body = {"account": member.account, "password": member.password, **changed}
    body["code"] = changed.get("code") or server.next_code(member)
    return await server.post("recoveries", body, keeps_trust=keeps_trust)


async def fail(server, member: Member, times: int) -> list[str]:
    return [
        code(await recover(server, member, password=f"wrong password {n}", code="000000"))
        for n in range(times)
    ]


async def test_password_and_code_open_a_session_that_may_only_return(server, owner):
    answer = (await recover(server, owner)).json()
    assert answer["user"] == base64url.text(owner.person.user)
    assert answer["org"] == base64url.text(server.org)
    assert answer["head_n"] == 0
    session = server.server.sessions.find(answer["token"])
    assert (session.kind, session.device) == ("recovering", bytes(16))
    refused = await server.http.get("/api/v1/people", headers={"Authorization": f"Bearer {answer['token']}"})
    assert (refused.status_code, code(refused)) == (403, "NotAllowed")


async def test_a_backup_code_is_good_once(server, owner):
    assert (await recover(server, owner, code=owner.backup_codes[3])).status_code == 201
    assert code(await recover(server, owner, code=owner.backup_codes[3])) == "SignInRefused"
    assert (await recover(server, owner, code=owner.backup_codes[4].lower())).status_code == 201


async def test_an_authenticators_code_is_good_once(server, owner):
    used = server.next_code(owner)
    assert (await recover(server, owner, code=used)).status_code == 201
    assert code(await recover(server, owner, code=used)) == "SignInRefused"
    assert (await recover(server, owner)).status_code == 201


async def test_the_same_code_at_the_same_time_opens_one_session(server, owner):
    body = {"account": "owner", "password": owner.password, "code": server.next_code(owner)}
    answers = await asyncio.gather(*(server.post("recoveries", body) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 401, 401, 401]


async def test_nobody_learns_what_was_wrong(tmp_path):
    """Unknown account, wrong password, wrong code, both: one answer, and about one time."""
    server = Rest(tmp_path)
    async with server:
        owner = await server.claimed_owner()
        await _nobody_learns(server, owner)


async def _nobody_learns(server, owner):
    cases = {
        "nobody": {"account": "nobody"},
        "password": {"password": "wrong password altogether"},
        "code": {"code": "000000"},
        "both": {"password": "wrong password altogether", "code": "000000"},
    }
    answers, seconds = set(), {}
    for name, changed in cases.items():
        for _ in range(5):
            start = time.perf_counter()
            answer = await recover(server, owner, **changed)
            seconds[name] = min(seconds.get(name, 9.0), time.perf_counter() - start)
            answers.add((answer.status_code, answer.text))
            server.time.forward(slow_down_policy.FORGET_AFTER_MS)
    assert len(answers) == 1
    assert max(seconds.values()) < 2 * min(seconds.values())


async def test_a_suspended_person_does_not_come_back(server, owner):
    alice = await server.joined(owner, "alice")
    token = (await recover(server, alice)).json()["token"]
    await server.write(owner, "suspend", [alice.person.user, True])
    assert server.server.sessions.find(token) is None
    assert code(await recover(server, alice)) == "SignInRefused"


async def test_a_bot_has_no_password_to_guess(server, owner):
    bot = await server.joined(owner, "deploys", is_bot=True)
    assert code(await recover(server, bot, code="000000")) == "SignInRefused"


async def test_after_five_failures_a_pair_waits_before_the_password_is_looked_at(server, owner):
    alice = await server.joined(owner, "alice")
    assert await fail(server, alice, 6) == ["SignInRefused"] * 5 + ["SlowDown"]
    # From this network she was known, but without her trust secret she waits like whoever failed here.
    slowed = await recover(server, alice, code=alice.backup_codes[0])
    assert (slowed.status_code, code(slowed)) == (429, "SlowDown")
    assert int(slowed.headers["retry-after"]) >= 1
    assert slowed.json()["retry_after_ms"] > 0
    server.time.forward(60_000)
    assert (await recover(server, alice)).status_code == 201
    assert await fail(server, alice, 1) == ["SignInRefused"]


async def test_who_brings_the_trust_secret_does_not_wait_for_others_failures(server, owner):
    alice = await server.joined(owner, "alice")
    assert (await recover(server, alice)).status_code == 201
    trusted = dict(server.http.cookies)
    assert list(trusted) == ["inmost_trust"]
    await fail(server, alice, 6)
    for name, value in trusted.items():
        server.http.cookies.set(name, value, domain="127.0.0.1", path="/api/v1")
    back = await recover(server, alice, keeps_trust=True, code=alice.backup_codes[0])
    assert back.status_code == 201
    assert code(await recover(server, alice, code=alice.backup_codes[1])) == "SlowDown"


async def test_the_trust_secret_is_out_of_reach_for_scripts_and_other_sites(server, owner):
    cookie = (await recover(server, owner)).headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "path=/api/v1" in cookie


async def test_signing_in_by_device_is_not_slowed_by_any_of_this(server, owner):
    alice = await server.joined(owner, "alice")
    await fail(server, alice, 8)
    assert await server.session(alice)


async def test_a_new_password_counts_at_once_and_ends_what_the_old_one_opened(server, owner):
    thief = (await recover(server, owner)).json()["token"]
    token = await server.session(owner)
    body = {"password": owner.password, "code": server.next_code(owner), "new_password": NEW_PASSWORD}
    changed = await server.post("password", body, token)
    assert changed.status_code == 204
    assert server.server.sessions.find(thief) is None
    assert server.server.sessions.find(token) is not None
    assert code(await recover(server, owner)) == "SignInRefused"
    owner.password = NEW_PASSWORD
    assert (await recover(server, owner)).status_code == 201


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"new_password": "too short"}, "WeakPassword"),
        ({"new_password": "i am the owner of all this"}, "WeakPassword"),
        ({"password": "wrong password altogether"}, "SignInRefused"),
        ({"code": "000000"}, "SignInRefused"),
        ({"new_password": None}, "Malformed"),
    ],
)
async def test_a_password_is_not_changed_without_all_of_it(server, owner, changed, expected):
    token = await server.session(owner)
    body = {"password": owner.password, "code": server.next_code(owner), "new_password": NEW_PASSWORD}
    assert code(await server.post("password", {**body, **changed}, token)) == expected
    assert (await recover(server, owner)).status_code == 201


async def test_a_password_is_changed_by_a_person_with_a_session_only(server, owner):
    body = {"password": owner.password, "code": server.next_code(owner), "new_password": NEW_PASSWORD}
    assert code(await server.post("password", body)) == "NotSignedIn"
    bot = await server.joined(owner, "deploys", is_bot=True)
    assert code(await server.post("password", body, await server.session(bot))) == "NotAllowed"


async def reset(server, by: Member, of: Member, **changed):
    body = {"password": by.password, "code": server.next_code(by), **changed}
    path = f"people/{base64url.text(of.person.user)}/second-factor-reset"
    return await server.post(path, body, await server.session(by))


async def set_factor(server, member: Member, reset_code: str, **changed):
    new = Member(member.person)
    body = {
        "account": member.account,
        "password": member.password,
        "reset_code": reset_code,
        "totp_secret": base64url.text(new.totp_secret),
        "totp_code": new.code(server.clock()),
        **changed,
    }
    return new, await server.post("second-factor", body)


async def test_a_lost_second_factor_is_replaced_with_an_administrators_code_once(server, owner):
    alice = await server.joined(owner, "alice")
    given = (await reset(server, owner, alice)).json()
    assert 0 < given["expires_ms"] - server.clock() <= DAY_MS
    # Others' failures meanwhile do not keep out who has the code.
    await fail(server, alice, 6)
    new, answer = await set_factor(server, alice, given["reset_code"])
    assert answer.status_code == 200
    assert len(answer.json()["backup_codes"]) == 10
    _, again = await set_factor(server, alice, given["reset_code"])
    assert code(again) in ("SignInRefused", "SlowDown")
    server.time.forward(slow_down_policy.FORGET_AFTER_MS)
    assert code(await recover(server, alice)) == "SignInRefused"
    assert code(await recover(server, alice, code=alice.backup_codes[0])) == "SignInRefused"
    assert (await recover(server, new)).status_code == 201


async def test_a_reset_code_is_nothing_without_the_password_and_the_new_code_and_ends_after_a_day(
    server, owner
):
    alice = await server.joined(owner, "alice")
    given = (await reset(server, owner, alice)).json()["reset_code"]
    for changed in ({"password": "wrong password altogether"}, {"totp_code": "000000"}, {"account": "owner"}):
        _, refused = await set_factor(server, alice, given, **changed)
        assert code(refused) == "SignInRefused"
    _, wrong = await set_factor(server, alice, "AAAA-BBBB-CCCC-DDDD-EEEE")
    assert code(wrong) == "SignInRefused"
    server.time.forward(DAY_MS)
    _, late = await set_factor(server, alice, given)
    assert code(late) == "SignInRefused"


async def test_a_reset_needs_the_administrators_own_password_and_code(server, owner):
    alice = await server.joined(owner, "alice")
    assert code(await reset(server, owner, alice, code="000000")) == "SignInRefused"
    assert code(await reset(server, owner, alice, password="wrong password altogether")) == "SignInRefused"


async def test_nobody_resets_above_or_beside_themselves(server, owner):
    admin = await server.joined(owner, "anna", "administrator")
    other = await server.joined(owner, "adam", "administrator")
    member = await server.joined(owner, "mia")
    guest = await server.joined(owner, "gus", "guest")
    bot = await server.joined(owner, "deploys", is_bot=True)
    assert code(await reset(server, admin, owner)) == "NotAllowed"
    assert code(await reset(server, admin, other)) == "NotAllowed"
    assert code(await reset(server, member, guest)) == "NotAllowed"
    assert code(await reset(server, admin, bot)) == "NotFound"
    assert (await reset(server, admin, member)).status_code == 201
    assert (await reset(server, admin, guest)).status_code == 201
    assert (await reset(server, owner, admin)).status_code == 201


async def test_what_a_person_typed_is_nowhere_in_the_data_directory_or_the_log(server, owner, capfd):
    await recover(server, owner, password="wrong Password Nobody Has", code="000000")
    await recover(server, owner)
    stored = b"".join(path.read_bytes() for path in server.data.rglob("*") if path.is_file())
    said = "".join(capfd.readouterr())
    for secret in (owner.password, "wrong Password Nobody Has", owner.backup_codes[0], "127.0.0.1"):
        assert secret not in said
        assert secret.encode() not in stored
    assert owner.totp_secret not in stored
