"""Security headers on every response of the server, whoever made it. A handler that sets one itself keeps its own."""

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from inmost_server import openapi, reference

_ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"geolocation=(), payment=(), usb=()"),
    (b"cache-control", b"no-store"),
)
_POLICY = b"content-security-policy"
_NOTHING = b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
# The one page there is may have its own style, and nothing else either.
_POLICIES = {openapi.PATH: reference.POLICY.encode()}
_HTTPS = ((b"strict-transport-security", b"max-age=63072000"),)


class SecurityHeaders:
    """Wraps the whole application, so that refusals and errors have them too."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        policy = _POLICIES.get(scope.get("path", "").rstrip("/"), _NOTHING)
        added = ((_POLICY, policy), *_ALWAYS, *(_HTTPS if scope.get("scheme") in ("https", "wss") else ()))

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", ()))
                present = {name.lower() for name, _ in headers}
                message["headers"] = headers + [pair for pair in added if pair[0] not in present]
            await send(message)

        await self._app(scope, receive, with_headers if scope["type"] == ScopeType.HTTP else send)
