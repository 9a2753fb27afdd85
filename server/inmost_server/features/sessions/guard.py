"""Who is behind a REST request, and how fast: reads the access token, and refuses callers that the route's Access does not name."""

from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.types import Guard

from inmost_server.access import Access, Caller, caller_of
from inmost_server.features.directory.service import DirectoryService
from inmost_server.pace import ASKING, Pace
from inmost_server.refusals import NotAllowed, NotJson, NotSignedIn
from inmost_server.sessions import Session, Sessions

SCHEME = "Bearer "
ACCESS = "access"  # the keys in a route's opt
RATE = "rate"
JSON = "application/json"


def guard_of(sessions: Sessions, directory: DirectoryService, pace: Pace) -> Guard:
    """A guard for every route. It leaves the session in `request.auth` and the token in `request.user`."""

    async def guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
        if connection.scope.get("method") == "OPTIONS" and ACCESS not in handler.opt:
            pace.address(address_of(connection), ASKING)
            return  # the framework's own answer: which methods the path has
        access = handler.opt[ACCESS]  # a route without it is a mistake, and answers to nobody
        assert isinstance(access, Access)
        rate: str = handler.opt[RATE]
        _refuse_other_than_json(connection)
        if Caller.ANYONE in access.callers:
            # What proves something is counted where that is known: sign-in, claims, passwords.
            if rate == ASKING:
                pace.address(address_of(connection), ASKING)
            return
        header = connection.headers.get("authorization", "")
        token = header.removeprefix(SCHEME) if header.startswith(SCHEME) else ""
        session = await sessions.lookup(token) if token else None
        user = directory.state.user(session.user) if session is not None else None
        if session is None or user is None:
            pace.address(address_of(connection), ASKING)
            raise NotSignedIn
        pace.account(session.user, rate)
        if caller_of(session.kind, user.role, user.is_bot) not in access.callers:
            raise NotAllowed
        connection.scope["auth"] = session
        connection.scope["user"] = token

    return guard


def address_of(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    """Where a request comes from; of a trusted proxy, what it says."""
    return connection.client.host if connection.client else ""


def _refuse_other_than_json(connection: ASGIConnection[Any, Any, Any, Any]) -> None:
    """A form or plain text is what a page of somebody else's can make a browser send here without asking first."""
    kind = connection.headers.get("content-type")
    has_body = (
        connection.headers.get("content-length", "0") != "0" or "transfer-encoding" in connection.headers
    )
    if has_body and (kind or "").partition(";")[0].strip().lower() != JSON:
        raise NotJson


def session_of(auth: object) -> Session:
    """request.auth behind the guard."""
    assert isinstance(auth, Session)
    return auth
