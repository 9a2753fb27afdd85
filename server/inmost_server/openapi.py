"""The description of the REST API (OpenAPI 3.1) at /api/v1/schema/openapi.json, and the page made of it at /api/v1/schema.

docs/protocol/openapi.json is the same description in the repository: `python -m inmost_server.openapi --check FILE` says whether it is.
"""

import argparse
import copy
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from litestar import Litestar, Request, Router
from litestar.enums import MediaType
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin, OpenAPIRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.routes import HTTPRoute

from inmost_server.access import ANYONE, Access, Caller
from inmost_server.pace import ASKING
from inmost_server.problems import MEDIA_TYPE, Problem
from inmost_server.reference import page
from inmost_server.refusals import FromEngine, Refusal

PATH = "/api/v1/schema"
SESSION = "session"
PROBLEM = {"$ref": "#/components/schemas/Problem"}
RETRY_AFTER = {
    "description": "Seconds to wait before trying again.",
    "schema": {"type": "integer", "minimum": 1},
    "required": True,
}
DESCRIPTION = """Accounts and sign-in of an Inmost server (docs/protocol/sign-in.md). Everything else goes over the device protocol.

Bytes are base64url without padding; times are unix milliseconds. Every refusal is a problem of RFC 9457 whose `code` is stable.
A list comes in pages: give `next` of one page as `after` to get the following one, until it is null."""


class _Described(JsonRenderPlugin):
    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        return self.render_json(request, described(request.app, openapi_schema))


class _Page(OpenAPIRenderPlugin):
    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        return page(described(request.app, openapi_schema)).encode()


def config() -> OpenAPIConfig:
    """A new one for each application: the router in it belongs to one."""
    return OpenAPIConfig(
        title="Inmost",
        version="1",
        description=DESCRIPTION,
        openapi_router=Router(
            PATH, route_handlers=[], include_in_schema=False, opt={"access": ANYONE, "rate": ASKING}
        ),
        render_plugins=[
            _Page(path="/", media_type=MediaType.HTML),
            _Described(path="/openapi.json"),
        ],
        components=Components(
            security_schemes={
                SESSION: SecurityScheme(type="http", scheme="bearer", description="A session's token.")
            }
        ),
    )


def described(app: Litestar, schema: dict[str, Any]) -> dict[str, Any]:
    """The framework's description, and what only we know: who may call, what is refused, and what each refusal means."""
    whole = copy.deepcopy(schema)
    whole["components"]["schemas"]["Problem"] = _problem_schema()
    whole["x-problems"] = [
        {"code": code, "status": refusal.status, "title": refusal.words, "what_to_do": refusal.__doc__}
        for code, refusal in sorted(_refusals())
    ]
    for path, method, access in _accesses(app):
        operation = whole["paths"].get(path, {}).get(method)
        if operation is not None:
            _describe(operation, access)
    return whole


def _describe(operation: dict[str, Any], access: Access) -> None:
    operation["x-callers"] = [caller.value for caller in Caller if caller in access.callers]
    if access.rule:
        operation["x-only"] = access.rule
    refused = {"400": "Not well-formed.", "429": "Too many requests."}
    if Caller.ANYONE not in access.callers:
        operation["security"] = [{SESSION: []}]
        refused |= {"401": "No session.", "403": "Not for this session."}
    if "requestBody" in operation:
        refused |= {"413": "A body that is too large.", "415": "A body that is not JSON."}
    responses = operation["responses"]
    for status, words in refused.items():
        responses[status] = {"description": words, "content": {MEDIA_TYPE: {"schema": PROBLEM}}}
    responses["429"]["headers"] = {"Retry-After": RETRY_AFTER}
    responses["default"] = {
        "description": "Refused; `code` says why.",
        "content": {MEDIA_TYPE: {"schema": PROBLEM}},
    }
    operation["responses"] = dict(sorted(responses.items()))


def _problem_schema() -> dict[str, Any]:
    numbers = {"status", "retry_after_ms"}
    fields = Problem.__struct_fields__
    return {
        "type": "object",
        "title": "Problem",
        "description": Problem.__doc__,
        "properties": {name: {"type": "integer" if name in numbers else "string"} for name in fields},
        "required": [name for name in fields if name not in {"retry_after_ms", "act"}],
    }


def _accesses(app: Litestar) -> Iterator[tuple[str, str, Access]]:
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for handler in route.route_handlers:
                access = handler.opt.get("access")
                if isinstance(access, Access):
                    yield from (
                        (route.path_format, method.lower(), access) for method in handler.http_methods
                    )


def _refusals(of: type[Refusal] = Refusal) -> Iterator[tuple[str, type[Refusal]]]:
    """Every refusal that a feature may answer with, by its code. Those of the engine have their codes in docs/protocol."""
    for refusal in of.__subclasses__():
        if refusal is not FromEngine:
            yield refusal.__name__, refusal
        yield from _refusals(refusal)


def whole_description() -> str:
    """The description as text, without a server: what stands in the repository."""
    from inmost_server.app import described_only  # all features: each brings its refusals

    app = Litestar(route_handlers=[described_only()], openapi_config=config())
    return json.dumps(described(app, app.openapi_schema.to_schema()), indent=1, sort_keys=True) + "\n"


def main() -> int:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("file", type=Path)
    words.add_argument("--check", action="store_true", help="only compare")
    given = words.parse_args()
    present = whole_description()
    if not given.check:
        given.file.write_text(present)
    elif given.file.read_text() != present:
        sys.stderr.write(
            f"{given.file} is not what the server says: python -m inmost_server.openapi {given.file}\n"
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
