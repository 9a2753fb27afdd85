"""The REST API does what its description says: schemathesis makes requests from it, valid and not, the same ones in each run."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Response
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from fuzz.server.inside import Inside

EXAMPLES = 40
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
HERE = "http://inmost.test"
schema = schemathesis.openapi.from_path(Path(__file__).parents[2] / "docs/protocol/openapi.json")


@pytest.fixture(scope="module")
def inside(tmp_path_factory):
    made = Inside(tmp_path_factory.mktemp("data"))
    yield made
    made.close()


def answered(inside: Inside, request: requests.PreparedRequest) -> Response:
    """The server's answer to a request, without a network between."""
    url = urlsplit(request.url)
    body = request.body.encode() if isinstance(request.body, str) else request.body or b""
    headers = [(name.lower().encode("latin-1"), _sent(value)) for name, value in request.headers.items()]
    status, sent, content = inside.run(
        inside.request(request.method, requests.utils.unquote(url.path), url.query.encode(), headers, body)
    )
    return Response(
        status_code=status,
        headers={name.decode(): [value.decode("latin-1")] for name, value in sent.items()},
        content=content,
        request=request,
        elapsed=0.0,
        verify=False,
    )


def _sent(value) -> bytes:
    return value if isinstance(value, bytes) else value.encode("latin-1", "replace")


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_a_request_made_from_the_description_is_answered_as_it_says(case, inside):
    owner = inside.people["owner"].device
    headers = (
        {"Authorization": f"Bearer {inside.token(owner)}"}
        if case.operation.definition.raw.get("security")
        else {}
    )
    asked = case.as_transport_kwargs(base_url=HERE, headers=headers)
    asked = {
        name: asked[name]
        for name in ("method", "url", "params", "headers", "json", "data", "cookies")
        if name in asked
    }
    response = answered(inside, requests.Request(**asked).prepare())
    if response.status_code >= 400:
        assert response.headers["content-type"][0].startswith("application/problem+json")
    case.validate_response(response, checks=CHECKS)
