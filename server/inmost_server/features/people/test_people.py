"""The list of people, for administrators."""

from datetime import UTC, datetime

import pytest

from inmost_server import base64url


async def people(server, token):
    return await server.http.get("/api/v1/people", headers={"Authorization": f"Bearer {token}"})


async def test_administrators_see_accounts_second_factors_and_days(server):
    owner = await server.claimed_owner()
    anna = await server.joined(owner, "anna", "administrator")
    bot = await server.joined(owner, "deploys", is_bot=True)
    listed = (await people(server, await server.session(anna))).json()
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
