"""Whatever goes wrong over REST is a problem of RFC 9457, made by whomever; and nobody waits for what somebody else did."""

import asyncio

import pytest

from inmost_server import base64url
from inmost_server.edge.rates import Rate
from inmost_server.pace import ACCOUNT_RATES, ADDRESS_RATES, ASKING, PROVING, SIGN_IN, Pace, household_of
from inmost_server.refusals import SlowDown
from inmost_server.test_openapi import Links
from server.kit.people import Key
from server.kit.signing_in import Rest

DEVICE = {"device": base64url.text(bytes(16))}


@pytest.fixture
async def server(tmp_path):
    async with Rest(tmp_path) as found:
        yield found


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status", "code"),
    [
        ("GET", "/nowhere", None, {}, 404, "NotFound"),
        ("GET", "/api/v1/nowhere", None, {}, 404, "NotFound"),
        ("GET", "/api/v1/schema/nowhere.json", None, {}, 404, "NotFound"),
        ("GET", "/api/v1/claims", None, {}, 405, "MethodNotAllowed"),
        ("DELETE", "/api/v1/organisation", None, {}, 405, "MethodNotAllowed"),
        ("POST", "/api/v1/claims", b"x" * 100_000, {}, 413, "TooLarge"),
        ("POST", "/api/v1/claims", b"entry=1", {"Content-Type": "text/plain"}, 415, "NotJson"),
        (
            "POST",
            "/api/v1/claims",
            b"entry=1",
            {"Content-Type": "application/x-www-form-urlencoded"},
            415,
            "NotJson",
        ),
        ("POST", "/api/v1/challenges", b'{"device": "AAAA"}', {"Content-Type": ""}, 415, "NotJson"),
        ("POST", "/api/v1/claims", b"{", {}, 400, "Malformed"),
        ("POST", "/api/v1/claims", b"", {}, 400, "Malformed"),
        ("POST", "/api/v1/claims", b"[]", {}, 400, "Malformed"),
        ("POST", "/api/v1/claims", b'{"entry": 5}', {}, 400, "Malformed"),
        ("POST", "/api/v1/claims", b"\xff\xfe", {}, 400, "Malformed"),
        ("POST", "/api/v1/challenges", b'{"device": "not base64url!"}', {}, 400, "Malformed"),
        ("GET", "/api/v1/people", None, {}, 401, "NotSignedIn"),
        ("GET", "/api/v1/people", None, {"Authorization": "Bearer no"}, 401, "NotSignedIn"),
        ("POST", "/api/v1/password", b"{", {}, 401, "NotSignedIn"),
    ],
)
async def test_what_goes_wrong_is_a_problem(server, method, path, body, headers, status, code):
    sent = {"Content-Type": "application/json", **headers} if body is not None else headers
    answer = await server.http.request(method, path, content=body, headers=sent)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    problem = answer.json()
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["title"]
    assert problem["detail"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    if status == 405:
        assert answer.headers["allow"]


async def test_which_methods_a_path_has_may_be_asked(server):
    answer = await server.http.request("OPTIONS", "/api/v1/claims")
    assert answer.status_code == 204
    assert "POST" in answer.headers["allow"]


async def test_the_type_of_a_problem_is_its_place_on_the_servers_page(server):
    problem = (await server.http.get("/nowhere")).json()
    page, _, place = problem["type"].partition("#")
    assert place in Links((await server.http.get(page)).text).ids


async def test_a_mistake_of_ours_is_a_problem_that_says_nothing_of_it(server, capsys):
    await server.claimed_owner()
    # The store is gone: nothing that reads it can answer.
    server.server.store.close()
    answer = await server.post("claims", {"entry": base64url.text(b"anything")})
    assert answer.status_code == 503
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.json()["code"] == "Unavailable"
    assert "Traceback" not in answer.text


async def test_a_value_that_came_with_a_bad_request_does_not_come_back(server):
    answer = await server.post("recoveries", {"account": "alice", "password": ["correct horse"], "code": "1"})
    assert answer.status_code == 400
    assert "correct horse" not in answer.text


async def test_an_address_that_asks_too_much_waits_as_long_as_it_is_told(server):
    assert (await server.http.get("/api/v1/organisation")).status_code == 200
    await use_up(server, ASKING)
    refused = await server.http.get("/api/v1/organisation")
    assert (refused.status_code, refused.json()["code"]) == (429, "SlowDown")
    assert int(refused.headers["retry-after"]) >= 1
    server.time.forward(int(refused.headers["retry-after"]) * 1000)
    assert (await server.http.get("/api/v1/organisation")).status_code == 200


async def use_up(server, kind):
    """Everything that this address has, as somebody at it would use it up."""
    pace = server.server.pace
    with pytest.raises(SlowDown):
        for _ in range(ADDRESS_RATES[kind].burst + 1):
            pace.address("127.0.0.1", kind)


async def test_challenges_of_an_address_that_has_used_up_its_own_are_refused_for_strangers(server):
    await server.claimed_owner()
    await use_up(server, SIGN_IN)
    refused = await server.post("challenges", DEVICE)
    assert (refused.status_code, refused.json()["code"]) == (429, "SlowDown")
    assert refused.headers["retry-after"]


async def test_a_device_signs_in_though_somebody_at_its_address_has_used_up_everything(server):
    owner = await server.claimed_owner()
    for kind in ADDRESS_RATES:
        await use_up(server, kind)
    assert await server.session(owner)
    forged = await server.sign_in(owner.person.device, key=Key())
    assert (forged.status_code, forged.json()["code"]) == (429, "SlowDown")
    assert await server.session(owner)


async def test_an_invitation_is_claimed_though_somebody_at_that_address_has_used_up_everything(server):
    owner = await server.claimed_owner()
    for kind in ADDRESS_RATES:
        await use_up(server, kind)
    refused = await server.post("claims", {"entry": base64url.text(b"no entry")})
    assert (refused.status_code, refused.json()["code"]) == (429, "SlowDown")
    assert await server.joined(owner, "anna")


async def test_who_brings_a_trust_secret_comes_back_though_somebody_at_that_address_has_used_up_everything(
    server,
):
    owner = await server.claimed_owner()
    body = {"account": "owner", "password": owner.password, "code": server.next_code(owner)}
    first = await server.post("recoveries", body)
    assert first.status_code == 201
    again = {**body, "code": server.next_code(owner)}
    for kind in ADDRESS_RATES:
        await use_up(server, kind)
    assert (await server.http.post("/api/v1/recoveries", json=again)).status_code == 201
    stranger = await server.post("recoveries", again)
    assert (stranger.status_code, stranger.json()["code"]) == (429, "SlowDown")


async def test_one_account_that_asks_too_much_waits_and_no_other_does(server):
    owner = await server.claimed_owner()
    anna = await server.joined(owner, "anna", "administrator")
    tokens = [await server.session(owner), await server.session(anna)]

    async def asks(token):
        return await server.http.get("/api/v1/people", headers={"Authorization": f"Bearer {token}"})

    assert (await asks(tokens[0])).status_code == 200
    for _ in range(ACCOUNT_RATES[ASKING].burst - 1):
        server.server.pace.account(owner.person.user, ASKING)
    assert (await asks(tokens[0])).status_code == 429
    assert (await asks(tokens[1])).status_code == 200


async def test_every_route_says_how_fast_it_may_be_asked(server):
    from inmost_server.app import create_app

    undeclared = [
        route.path_format
        for route in create_app(server.server).routes
        if route.path_format.startswith("/api/v1")
        for handler in route.route_handlers
        if handler.opt.get("rate") not in ADDRESS_RATES
        if handler.http_methods != {"OPTIONS"}
    ]
    assert undeclared == []


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("fe80::1%eth0", "fe80::1%eth1", True),
        ("no address", "neither", True),
    ],
)
def test_an_address_is_what_one_household_has(one, other, same):
    assert (household_of(one) == household_of(other)) == same


def test_a_bucket_fills_again_at_its_rate():
    at = [0]
    pace = Pace(lambda: at[0], {PROVING: Rate(per_second=0.5, burst=1)}, {PROVING: Rate(1, 1)})
    pace.address("192.0.2.1", PROVING)
    with pytest.raises(SlowDown) as refused:
        pace.address("192.0.2.1", PROVING)
    assert refused.value.retry_after_ms == 2_000
    pace.address("192.0.2.2", PROVING)
    at[0] = 2_000
    pace.address("192.0.2.1", PROVING)


@pytest.mark.parametrize(
    "asked",
    [
        b"POST /api/v1/recoveries/options?\x86 HTTP/1.1\r\nHost: 127.0.0.1",
        b"POST /api/v1/recoveries/options HTTP/1.1\r\nHost: [",
        b"POST /api/v1/recoveries/options HTTP/1.1\r\nHost: x[y]:z",
        b"GET /api/v1/people?after=\xff HTTP/1.1\r\nHost: \xff",
        b"POST /api/v1/recoveries/options HTTP/1.1\r\nHost: a:b",
        # To say what is wrong with the body the framework would name the address.
        b"POST /api/v1/challenges HTTP/1.1\r\nContent-Type: application/json\r\nHost: x[y]",
    ],
)
async def test_a_query_or_a_host_that_is_no_urls_is_refused_and_no_mistake(server, asked, mistakes):
    host, port = server.address.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(asked + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 4"), answer
    assert mistakes == []
