"""The description of the REST API: complete, of version 3.1, the one in the repository, and nothing of it leads elsewhere."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from inmost_server import openapi
from server.kit.signing_in import Rest

ROUTES = {
    "/api/v1/organisation": {"get"},
    "/api/v1/claims": {"post"},
    "/api/v1/claims/options": {"post"},
    "/api/v1/challenges": {"post"},
    "/api/v1/sessions": {"post", "delete"},
    "/api/v1/recoveries": {"post"},
    "/api/v1/recoveries/options": {"post"},
    "/api/v1/recoveries/passkey": {"post"},
    "/api/v1/password": {"post", "put", "delete"},
    "/api/v1/passkeys": {"get", "post"},
    "/api/v1/passkeys/options": {"post"},
    "/api/v1/passkeys/{passkey}": {"patch", "delete"},
    "/api/v1/step-ups": {"post"},
    "/api/v1/step-ups/options": {"post"},
    "/api/v1/people": {"get"},
    "/api/v1/people/{user}/second-factor-reset": {"post"},
    "/api/v1/second-factor": {"post"},
}
IN_THE_REPOSITORY = Path(__file__).parents[2] / "docs/protocol/openapi.json"
LOADING = {
    "src",
    "srcset",
    "href",
    "action",
    "formaction",
    "poster",
    "data",
    "background",
    "cite",
    "ping",
    "manifest",
}


class Links(HTMLParser):
    """What a page links to or loads, and its tags."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.urls: list[str] = []
        self.ids: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.urls += [value or "" for name, value in attrs if name in LOADING]
        self.ids |= {value for name, value in attrs if name == "id"}


@pytest.fixture
async def server(tmp_path):
    async with Rest(tmp_path) as found:
        yield found


async def description(server):
    return (await server.http.get("/api/v1/schema/openapi.json")).json()


async def test_every_route_of_the_protocol_is_described_and_no_other(server):
    described = await description(server)
    assert described["openapi"].startswith("3.1")
    assert {path: set(operations) for path, operations in described["paths"].items()} == ROUTES


async def test_the_description_in_the_repository_is_the_servers(server):
    assert IN_THE_REPOSITORY.read_text() == openapi.whole_description()
    assert json.loads(IN_THE_REPOSITORY.read_text()) == await description(server)


async def test_every_operation_says_who_may_call_it_and_how_it_is_refused(server):
    for path, operations in (await description(server))["paths"].items():
        for method, operation in operations.items():
            assert operation["x-callers"], (path, method)
            assert ("anyone" in operation["x-callers"]) != ("security" in operation), (path, method)
            assert "Retry-After" in operation["responses"]["429"]["headers"]
            for status, response in operation["responses"].items():
                if status.startswith("4") or status == "default":
                    assert set(response["content"]) == {"application/problem+json"}, (path, method, status)


async def test_nothing_in_it_is_loaded_from_elsewhere(server):
    answer = await server.http.get("/api/v1/schema/openapi.json")
    assert not re.search(r"https?:|//[a-z]", answer.text)
    for path in ("/api/v1/schema/swagger", "/api/v1/schema/redoc", "/schema", "/docs"):
        page = await server.http.get(path)
        assert page.status_code == 404
        assert "<script" not in page.text


async def test_the_page_loads_nothing_and_links_only_to_this_server(server):
    answer = await server.http.get("/api/v1/schema")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    page = Links(answer.text)
    assert not page.tags & {"script", "link", "img", "iframe", "object", "embed", "base", "form", "svg"}
    elsewhere = [url for url in page.urls if not re.match(r"#|/(?!/)", url)]
    assert elsewhere == []
    assert not re.search(r"https?:|//[a-z]|@import|url\(", answer.text)
    targets = {url.removeprefix("#") for url in page.urls if url.startswith("#")}
    assert targets <= page.ids


async def test_the_page_may_load_nothing_even_if_it_wanted_to(server):
    policy = (await server.http.get("/api/v1/schema")).headers["content-security-policy"]
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert directives["default-src"] == "'none'"
    assert re.fullmatch(r"'sha256-[A-Za-z0-9+/=]+'", directives["style-src"])
    assert set(directives) == {"default-src", "style-src", "frame-ancestors", "base-uri", "form-action"}


async def test_the_page_has_every_request_and_every_problem(server):
    text = (await server.http.get("/api/v1/schema")).text
    described = await description(server)
    for path in described["paths"]:
        assert f"<code>{path}</code>" in text
    for problem in described["x-problems"]:
        assert f'id="{problem["code"]}"' in text
