"""A request whose address is none is refused before anything reads it.

The query and the Host header are whatever somebody sends. The framework makes a URL of both when it is asked for one, also to say what is wrong
with a body, and fails when they are none: that would be a mistake of ours in the log and an answer of 503.
"""

from urllib.parse import urlsplit

import msgspec
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from inmost_server.problems import MEDIA_TYPE, problem_of
from inmost_server.refusals import Malformed


class AddressesOnly:
    """Wraps the application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or is_address(scope):
            await self._app(scope, receive, send)
            return
        problem = problem_of(Malformed("The query or the Host header is not well formed."))
        headers = [(b"content-type", MEDIA_TYPE.encode())]
        await send({"type": "http.response.start", "status": problem.status, "headers": headers})
        await send({"type": "http.response.body", "body": msgspec.json.encode(problem), "more_body": False})


def is_address(scope: Scope) -> bool:
    """The query is ASCII, as RFC 3986 has it, and each Host header is a host."""
    hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
    try:
        for host in hosts:
            urlsplit(f"//{host}").port  # noqa: B018 (reading it is what checks it)
    except ValueError:
        return False
    return scope["query_string"].isascii()
