"""REST: one's own passkeys."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from litestar import Controller, Request, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED
from msgspec import Meta

from inmost_server import base64url
from inmost_server.access import PERSONS
from inmost_server.features.accounts import factors, proof
from inmost_server.features.accounts.proof import Accounts
from inmost_server.features.passkeys import owning
from inmost_server.features.passkeys.ceremonies import MAX_CREDENTIAL_ID_BYTES, Purpose
from inmost_server.features.passkeys.owning import MAX_NAME_CHARS
from inmost_server.features.passkeys.shape import CeremonyOptions, Response, host_of
from inmost_server.features.passkeys.store import DAY_MS, Passkey
from inmost_server.features.sessions.guard import session_of
from inmost_server.pace import ASKING, PROVING
from inmost_server.sessions import Session

Name = Annotated[str, Meta(max_length=MAX_NAME_CHARS)]


class PasskeyShown(msgspec.Struct, frozen=True):
    """id: the credential's, base64url. synced: its maker keeps copies on other devices. last_used_day: YYYY-MM-DD (UTC) or null.

    alarm_ms: when its counter went back, which is when somebody may have copied it; null: never.
    """

    id: str
    name: str
    synced: bool
    created_ms: int
    last_used_day: str | None
    alarm_ms: int | None


class PasskeyRequest(msgspec.Struct, frozen=True):
    """credential: the RegistrationResponseJSON of the options of passkeys/options."""

    credential: Response
    name: Name = "Passkey"


class NameRequest(msgspec.Struct, frozen=True):
    """How its owner calls the passkey from here on."""

    name: Name


class PasskeysController(Controller):
    """docs/protocol/sign-in.md."""

    path = ""
    tags: Sequence[str] = ["passkeys"]

    @get("/passkeys", opt={"access": PERSONS.where("its own person's"), "rate": ASKING})
    async def list_passkeys(
        self, request: Request[Any, Any, Any], accounts: NamedDependency[Accounts]
    ) -> list[PasskeyShown]:
        """One's own passkeys, oldest first; there are never more than twenty."""
        session = session_of(request.auth)
        return [_shown(each) for each in await owning.present(accounts.passkeys, session.user)]

    @post(
        "/passkeys/options",
        opt={"access": PERSONS.where("after a step-up"), "rate": PROVING},
        status_code=HTTP_200_OK,
    )
    async def options(
        self, request: Request[Any, Any, Any], accounts: NamedDependency[Accounts]
    ) -> CeremonyOptions:
        """Options to make one more passkey."""
        session = session_of(request.auth)
        accounts.step_ups.require(session, "add_passkey")
        present = await owning.present(accounts.passkeys, session.user)
        account = proof.view_of(accounts, session.user).account
        return CeremonyOptions(
            accounts.passkeys.ceremonies.registration(
                _purpose(session), host_of(request), session.user, account, [each.id for each in present]
            )
        )

    @post(
        "/passkeys",
        opt={"access": PERSONS.where("after a step-up"), "rate": PROVING},
        status_code=HTTP_201_CREATED,
    )
    async def add(
        self,
        data: JSONBody[PasskeyRequest],
        request: Request[Any, Any, Any],
        accounts: NamedDependency[Accounts],
    ) -> PasskeyShown:
        """Register the passkey that was made. The same again gives the same answer."""
        session = session_of(request.auth)
        accounts.step_ups.require(session, "add_passkey")
        made = await owning.add(
            accounts.passkeys, _purpose(session), session.user, data.name, data.credential
        )
        return _shown(made)

    @patch(
        "/passkeys/{passkey:str}",
        opt={"access": PERSONS.where("its own person's"), "rate": ASKING},
        status_code=204,
    )
    async def rename(
        self,
        passkey: FromPath[str],
        data: JSONBody[NameRequest],
        request: Request[Any, Any, Any],
        accounts: NamedDependency[Accounts],
    ) -> None:
        """Call a passkey something else."""
        session = session_of(request.auth)
        await owning.rename(accounts.passkeys, session.user, _id(passkey), data.name)

    @delete(
        "/passkeys/{passkey:str}",
        opt={
            "access": PERSONS.where("its own person's, after a step-up, never the last factor"),
            "rate": PROVING,
        },
    )
    async def remove(
        self, passkey: FromPath[str], request: Request[Any, Any, Any], accounts: NamedDependency[Accounts]
    ) -> None:
        """It signs nobody in from here on. What it opens in the vault ends by the chain (docs/protocol/vault.md)."""
        await factors.remove_passkey(accounts, session_of(request.auth), _id(passkey))


def _purpose(session: Session) -> Purpose:
    return Purpose("register", session.id)


def _id(text: str) -> bytes:
    return base64url.data(text, least=1, most=MAX_CREDENTIAL_ID_BYTES)


def _shown(of: Passkey) -> PasskeyShown:
    day = of.last_used_day
    return PasskeyShown(
        id=base64url.text(of.id),
        name=of.name,
        synced=of.is_synced,
        created_ms=of.created_ms,
        last_used_day=None
        if day is None
        else datetime.fromtimestamp(day * DAY_MS // 1000, UTC).date().isoformat(),
        alarm_ms=of.alarm_ms,
    )
