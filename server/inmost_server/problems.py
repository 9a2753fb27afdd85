"""Refusals over REST: RFC 9457 problems whose `code` is the refusal's name, whoever refused: a handler, the framework, or a mistake of ours."""

from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException

from inmost_server.edge.errors import as_refusal
from inmost_server.refusals import Refusal

MEDIA_TYPE = "application/problem+json"
# Where each problem is described, by its code: a place on the server's own page, so that nothing leads elsewhere.
TYPES = "/api/v1/schema#"
KEPT_HEADERS = frozenset({"allow"})
MAX_SAID_CHARS = 300
FRAMEWORK = {
    400: ("Malformed", "That is not a well-formed request."),
    404: ("NotFound", "There is no such thing."),
    405: ("MethodNotAllowed", "That cannot be done here."),
    413: ("TooLarge", "That is larger than allowed."),
    415: ("NotJson", "A body has to be sent as application/json."),
    429: ("SlowDown", "Too many requests at once."),
}


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """RFC 9457. type: where the problem is described. code: for programs, and stable; detail: for people. retry_after_ms: when to try again.

    act: what StepUpRequired wants a factor for.
    """

    type: str
    code: str
    title: str
    status: int
    detail: str
    retry_after_ms: int | None = None
    act: str | None = None


def problem_of(refusal: Refusal) -> Problem:
    return Problem(
        TYPES + refusal.code,
        refusal.code,
        refusal.words,
        refusal.status,
        refusal.said,
        retry_after_ms=refusal.retry_after_ms,
        act=refusal.act,
    )


def of_refusal(_: Request[Any, Any, Any], refusal: Refusal) -> Response[Problem]:
    """What a handler refused."""
    headers = {}
    if refusal.retry_after_ms is not None:
        headers["Retry-After"] = str(-(-refusal.retry_after_ms // 1000))
    problem = problem_of(refusal)
    return Response(problem, status_code=refusal.status, media_type=MEDIA_TYPE, headers=headers)


def of_framework(request: Request[Any, Any, Any], error: HTTPException) -> Response[Problem]:
    """What the framework refused: no such route, a body that is not what the route takes."""
    if error.status_code >= 500:
        return of_mistake(request, error)
    code, title = FRAMEWORK.get(error.status_code, FRAMEWORK[400])
    problem = Problem(TYPES + code, code, title, error.status_code, _said(error) or title)
    headers = {name: value for name, value in (error.headers or {}).items() if name.lower() in KEPT_HEADERS}
    return Response(problem, status_code=error.status_code, media_type=MEDIA_TYPE, headers=headers)


def of_mistake(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    """What nobody foresaw, or a store that fails: logged, and nothing of it is said."""
    return of_refusal(request, as_refusal(error))


def _said(error: HTTPException) -> str:
    """Which field is wrong and why; never a value that came with it."""
    extra = error.extra if isinstance(error.extra, list) else []
    fields = [f"{one.get('key', '')}: {one.get('message', '')}" for one in extra if isinstance(one, dict)]
    return "; ".join([error.detail, *fields])[:MAX_SAID_CHARS]


HANDLERS: dict[Any, Any] = {Refusal: of_refusal, HTTPException: of_framework, Exception: of_mistake}

__all__ = ["HANDLERS", "MEDIA_TYPE", "TYPES", "Problem", "problem_of"]
