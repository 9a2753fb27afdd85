"""REST: showing a factor once more, for one dangerous act."""

from collections.abc import Sequence
from typing import Any

import msgspec
from litestar import Controller, Request, Response, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED

from inmost_protocol.acts import Act
from inmost_server.access import PERSONS
from inmost_server.features.accounts import proof
from inmost_server.features.accounts.proof import Accounts
from inmost_server.features.accounts.refusals import SignInRefused
from inmost_server.features.accounts.routes import Code, Password, place_of, trusted
from inmost_server.features.passkeys import owning
from inmost_server.features.passkeys.ceremonies import Purpose
from inmost_server.features.passkeys.shape import CeremonyOptions, host_of
from inmost_server.features.passkeys.shape import Response as PasskeyResponse
from inmost_server.features.sessions.guard import session_of
from inmost_server.pace import ASKING, PROVING
from inmost_server.sessions import Session


class ActRequest(msgspec.Struct, frozen=True):
    """What the factor is to be shown for."""

    act: Act


class StepUpRequest(msgspec.Struct, frozen=True):
    """A factor for this act: either `assertion`, the AuthenticationResponseJSON of the options of step-ups/options, or password and code."""

    act: Act
    assertion: PasskeyResponse | None = None
    password: Password | None = None
    code: Code | None = None


class StepUpAnswer(msgspec.Struct, frozen=True):
    """In this session the act is open until expires_ms."""

    act: Act
    expires_ms: int


class StepUpsController(Controller):
    """docs/protocol/sign-in.md."""

    path = ""
    tags: Sequence[str] = ["step-up"]

    @post("/step-ups/options", opt={"access": PERSONS, "rate": ASKING}, status_code=HTTP_200_OK)
    async def options(
        self,
        data: JSONBody[ActRequest],
        request: Request[Any, Any, Any],
        accounts: NamedDependency[Accounts],
    ) -> CeremonyOptions:
        """Options to sign with one of the person's own passkeys for this act; allowCredentials is empty when there are none."""
        session = session_of(request.auth)
        present = await owning.present(accounts.passkeys, session.user)
        purpose = _purpose(session, data.act)
        return CeremonyOptions(
            accounts.passkeys.ceremonies.assertion(purpose, host_of(request), [each.id for each in present])
        )

    @post(
        "/step-ups",
        opt={
            "access": PERSONS.where("with a passkey, or password and code, of the session's person"),
            "rate": PROVING,
        },
        status_code=HTTP_201_CREATED,
    )
    async def create(
        self,
        data: JSONBody[StepUpRequest],
        request: Request[Any, Any, Any],
        accounts: NamedDependency[Accounts],
    ) -> Response[StepUpAnswer]:
        """Show a factor: the act is open to this session for five minutes, no other act and no other session."""
        session = session_of(request.auth)
        new_trust = None
        if data.assertion is not None:
            await owning.asserted(
                accounts.passkeys, _purpose(session, data.act), data.assertion, of=session.user
            )
            expires_ms = accounts.step_ups.grant(session, data.act)
        elif data.password is not None and data.code is not None:
            expires_ms, new_trust = await proof.stepped_up(
                accounts, session, data.act, data.password, data.code, place_of(request)
            )
        else:
            raise SignInRefused
        return trusted(request, StepUpAnswer(data.act, expires_ms), new_trust, HTTP_201_CREATED)


def _purpose(session: Session, act: Act) -> Purpose:
    return Purpose("step up", session.id, act.encode())
