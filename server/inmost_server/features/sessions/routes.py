"""REST: challenges, and sessions made from them."""

from collections.abc import Sequence
from typing import Any

import msgspec
from litestar import Controller, Request, delete, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED

from inmost_server import base64url
from inmost_server.access import ANYONE, SESSIONS
from inmost_server.features.sessions.challenges import LIFETIME_MS, NONCE_BYTES
from inmost_server.features.sessions.guard import address_of
from inmost_server.features.sessions.sign_in import Door, SignIn, sign_in
from inmost_server.pace import ASKING, SIGN_IN

DEVICE_BYTES = 16
SIGNATURE_BYTES = 64
CLIENT_NONCE_BYTES = (16, 64)


class ChallengeRequest(msgspec.Struct, frozen=True):
    """device: 16 bytes, base64url."""

    device: str


class Challenge(msgspec.Struct, frozen=True):
    """server_nonce: 32 bytes, base64url, good once and until expires_ms."""

    server_nonce: str
    expires_ms: int


class SessionRequest(msgspec.Struct, frozen=True):
    """signature: DevSign("sign-in", [origin, server_nonce, client_nonce, device, time_ms]) by the device's `auth` key. Bytes are base64url."""

    device: str
    server_nonce: str
    client_nonce: str
    time_ms: int
    signature: str


class SessionAnswer(msgspec.Struct, frozen=True):
    """token: for `Authorization: Bearer` and for the frame Open, until expires_ms."""

    token: str
    expires_ms: int


class SessionsController(Controller):
    """docs/protocol/sign-in.md."""

    path = ""
    tags: Sequence[str] = ["sessions"]

    @post("/challenges", opt={"access": ANYONE, "rate": SIGN_IN}, status_code=HTTP_200_OK)
    async def challenge(
        self,
        data: JSONBody[ChallengeRequest],
        request: Request[Any, Any, Any],
        door: NamedDependency[Door],
    ) -> Challenge:
        """A nonce to sign; the same shape for devices that do not exist."""
        device = base64url.data(data.device, least=DEVICE_BYTES, most=DEVICE_BYTES)
        door.refuse_fast_challenges(address_of(request), device)
        now_ms = door.clock()
        return Challenge(base64url.text(door.challenges.make(device, now_ms)), now_ms + LIFETIME_MS)

    @post(
        "/sessions",
        opt={"access": ANYONE.where("signed by the device"), "rate": SIGN_IN},
        status_code=HTTP_201_CREATED,
    )
    async def create(
        self,
        data: JSONBody[SessionRequest],
        request: Request[Any, Any, Any],
        door: NamedDependency[Door],
    ) -> SessionAnswer:
        """A session for a device that signed its challenge."""
        least, most = CLIENT_NONCE_BYTES
        given = SignIn(
            device=base64url.data(data.device, least=DEVICE_BYTES, most=DEVICE_BYTES),
            server_nonce=base64url.data(data.server_nonce, least=NONCE_BYTES, most=NONCE_BYTES),
            client_nonce=base64url.data(data.client_nonce, least=least, most=most),
            time_ms=data.time_ms,
            signature=base64url.data(data.signature, least=SIGNATURE_BYTES, most=SIGNATURE_BYTES),
        )
        opened = await sign_in(door, given, address_of(request))
        return SessionAnswer(opened.token, opened.session.expires_ms)

    @delete("/sessions", opt={"access": SESSIONS, "rate": ASKING})
    async def end(self, request: Request[str, Any, Any], door: NamedDependency[Door]) -> None:
        """End the session of this token and close its connections."""
        door.sessions.end(request.user)
