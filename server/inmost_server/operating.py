"""REST for the operator: is it well, and how much does it do."""

import secrets
from typing import Any

from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler
from prometheus_client import generate_latest

from inmost_server import metrics
from inmost_server.access import OPERATOR
from inmost_server.refusals import NotAllowed
from inmost_server.store import Reader, Statement, Store

LOOPBACK = frozenset({"127.0.0.1", "::1"})


def operating_routes(store: Store, token: str | None) -> list[HTTPRouteHandler]:
    """/health and /metrics: from loopback, or with the metrics token."""

    def must_be_operator(request: Request[Any, Any, Any]) -> None:
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if token is not None and secrets.compare_digest(given.encode(), token.encode()):
            return
        # Behind a proxy on the same machine everybody comes from loopback: then only the token counts.
        is_forwarded = "x-forwarded-for" in request.headers or "forwarded" in request.headers
        if is_forwarded or request.client is None or request.client.host not in LOOPBACK:
            raise NotAllowed

    @get("/health", opt={"access": OPERATOR}, include_in_schema=False)
    async def health(request: Request[Any, Any, Any]) -> dict[str, str]:
        """Answers when the store can be read and its writer writes."""
        must_be_operator(request)
        await store.read(_touch)
        await store.write(_touch)
        return {"status": "ok"}

    @get("/metrics", opt={"access": OPERATOR}, include_in_schema=False)
    async def show(request: Request[Any, Any, Any]) -> Response[bytes]:
        """Prometheus text."""
        must_be_operator(request)
        return Response(generate_latest(metrics.REGISTRY), media_type="text/plain; version=0.0.4")

    return [health, show]


def _touch(reader: Reader) -> None:
    from sqlalchemy import literal, select

    reader.one(Statement(select(literal(1))))
