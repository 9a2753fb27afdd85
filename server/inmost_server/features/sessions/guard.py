"""Who is behind a REST request: reads the access token, and refuses callers that the route's Access does not name."""

from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.types import Guard

from inmost_server.access import Access, Caller, caller_of
from inmost_server.features.directory.service import DirectoryService
from inmost_server.refusals import NotAllowed, NotSignedIn
from inmost_server.sessions import Session, Sessions

SCHEME = "Bearer "
ACCESS = "access"  # the key in a route's opt


def guard_of(sessions: Sessions, directory: DirectoryService) -> Guard:
    """A guard for every route. It leaves the session in `request.auth` and the token in `request.user`."""

    async def guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
        access = handler.opt[ACCESS]  # a route without it is a mistake, and answers to nobody
        assert isinstance(access, Access)
        if Caller.ANYONE in access.callers:
            return
        header = connection.headers.get("authorization", "")
        token = header.removeprefix(SCHEME) if header.startswith(SCHEME) else ""
        session = await sessions.lookup(token) if token else None
        user = directory.state.user(session.user) if session is not None else None
        if session is None or user is None:
            raise NotSignedIn
        if caller_of(session.kind, user.role, user.is_bot) not in access.callers:
            raise NotAllowed
        connection.scope["auth"] = session
        connection.scope["user"] = token

    return guard


def session_of(auth: object) -> Session:
    """request.auth behind the guard."""
    assert isinstance(auth, Session)
    return auth
