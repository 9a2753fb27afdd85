"""Refusals over REST: RFC 9457 problems whose `code` is the refusal's name."""

from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException

from inmost_server.refusals import Refusal

MEDIA_TYPE = "application/problem+json"


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """code is for programs and stable; detail is for people."""

    code: str
    title: str
    status: int
    detail: str
    retry_after_ms: int | None = None


def of_refusal(_: Request[Any, Any, Any], refusal: Refusal) -> Response[Problem]:
    """What a handler refused."""
    headers = {}
    if refusal.retry_after_ms is not None:
        headers["Retry-After"] = str(-(-refusal.retry_after_ms // 1000))
    problem = Problem(
        refusal.code, refusal.words, refusal.status, refusal.said, retry_after_ms=refusal.retry_after_ms
    )
    return Response(problem, status_code=refusal.status, media_type=MEDIA_TYPE, headers=headers)


def of_framework(_: Request[Any, Any, Any], error: HTTPException) -> Response[Problem]:
    """What the framework refused: no such route, a body that is not what the route takes."""
    codes = {400: "Malformed", 404: "NotFound", 405: "NotAllowed", 413: "TooLarge", 429: "SlowDown"}
    code = codes.get(error.status_code, "Malformed" if error.status_code < 500 else "Unavailable")
    problem = Problem(code, error.detail[:200], error.status_code, error.detail[:200])
    return Response(problem, status_code=error.status_code, media_type=MEDIA_TYPE)


HANDLERS: dict[Any, Any] = {Refusal: of_refusal, HTTPException: of_framework}

__all__ = ["HANDLERS", "MEDIA_TYPE", "Problem"]
