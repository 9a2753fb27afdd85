"""The description of the REST API: complete, of version 3.1, and nothing in it leads elsewhere."""

import json
import re

import pytest

from server.kit.signing_in import Rest

ROUTES = {
    "/api/v1/organisation": {"get"},
    "/api/v1/claims": {"post"},
    "/api/v1/challenges": {"post"},
    "/api/v1/sessions": {"post", "delete"},
    "/api/v1/recoveries": {"post"},
    "/api/v1/password": {"post"},
    "/api/v1/people": {"get"},
    "/api/v1/people/{user}/second-factor-reset": {"post"},
    "/api/v1/second-factor": {"post"},
}


@pytest.fixture
async def server(tmp_path):
    async with Rest(tmp_path) as found:
        yield found


async def test_every_route_of_the_protocol_is_described_and_no_other(server):
    described = (await server.http.get("/api/v1/schema/openapi.json")).json()
    assert described["openapi"].startswith("3.1")
    assert {path: set(operations) for path, operations in described["paths"].items()} == ROUTES


async def test_nothing_in_it_is_loaded_from_elsewhere(server):
    answer = await server.http.get("/api/v1/schema/openapi.json")
    assert not re.search(r"https?://", json.dumps(answer.json()))
    for path in ("/api/v1/schema/swagger", "/api/v1/schema/redoc", "/schema", "/docs"):
        page = await server.http.get(path)
        assert page.status_code == 404
        assert "<script" not in page.text


async def test_what_no_route_takes_is_a_problem_too(server):
    for answer in (
        await server.http.get("/api/v1/claims"),
        await server.http.get("/nowhere"),
        await server.http.post("/api/v1/claims", content=b"{"),
        await server.http.post("/api/v1/claims", content=b"x" * 100_000),
    ):
        assert answer.status_code in (400, 404, 405, 413)
        assert answer.headers["content-type"].startswith("application/problem+json")
        assert set(answer.json()) >= {"code", "title", "status", "detail"}
        assert answer.headers["x-content-type-options"] == "nosniff"
