"""The list of people, for administrators."""

from datetime import UTC, datetime

import pytest

from inmost_server import base64url


async def people(server, token, **asked):
    headers = {"Authorization": f"Bearer {token}"}
    return await server.http.get("/api/v1/people", params=asked, headers=headers)


async def test_administrators_see_accounts_second_factors_and_days(server):
    owner = await server.claimed_owner()
    anna = await server.joined(owner, "anna", "administrator")
    bot = await server.joined(owner, "deploys", is_bot=True)
    listed = (await people(server, await server.session(anna))).json()["people"]
    by_account = {person["account"]: person for person in listed}
    assert set(by_account) == {"owner", "anna", "deploys"}
    today = datetime.now(UTC).date().isoformat()
    assert by_account["anna"] == {
        "user": base64url.text(anna.person.user),
        "account": "anna",
        "second_factor": True,
        "last_seen_day": today,
        "locked": False,
    }
    assert by_account["deploys"]["second_factor"] is False
    assert by_account["deploys"]["user"] == base64url.text(bot.person.user)


@pytest.mark.parametrize(("role", "is_bot"), [("member", False), ("guest", False), ("member", True)])
async def test_others_do_not(server, role, is_bot):
    owner = await server.claimed_owner()
    other = await server.joined(owner, "other", role, is_bot=is_bot)
    refused = await people(server, await server.session(other))
    assert (refused.status_code, refused.json()["code"]) == (403, "NotAllowed")


async def test_pages_hold_everybody_once_though_others_join_meanwhile(server):
    owner = await server.claimed_owner()
    for n in range(4):
        await server.joined(owner, f"bot{n}", is_bot=True)
    token = await server.session(owner)
    seen, after, pages = [], None, 0
    while after is not None or not pages:
        page = (await people(server, token, limit=2, **({"after": after} if after else {}))).json()
        assert len(page["people"]) <= 2
        seen += [person["account"] for person in page["people"]]
        after, pages = page["next"], pages + 1
        if pages < 3:
            await server.joined(owner, f"later{pages}", is_bot=True)
    assert seen == ["owner", "bot0", "bot1", "bot2", "bot3", "later1", "later2"]


@pytest.mark.parametrize(
    "asked",
    [{"limit": 0}, {"limit": 201}, {"limit": "x"}, {"after": "!"}, {"after": "AAAA"}, {"after": "A" * 99}],
)
async def test_a_page_that_cannot_be_is_a_problem(server, asked):
    owner = await server.claimed_owner()
    refused = await people(server, await server.session(owner), **asked)
    assert (refused.status_code, refused.json()["code"]) == (400, "Malformed")
