"""REST: claiming an invitation, coming back without a device, password and second factor."""

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from litestar import Controller, Request, Response, post
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED
from msgspec import Meta

from inmost_protocol.limits import MAX_ACCOUNT_CHARS, MAX_ENTRY_BYTES
from inmost_server import base64url
from inmost_server.access import ADMINISTRATORS, ANYONE, PERSONS, Access, Caller
from inmost_server.features.accounts import claims, recoveries, trust
from inmost_server.features.accounts.proof import Accounts, Place
from inmost_server.features.accounts.recoveries import NewFactor
from inmost_server.features.accounts.second_factor import TOTP_SECRET_BYTES
from inmost_server.features.accounts.slow_down import network_of
from inmost_server.features.sessions.guard import address_of, session_of
from inmost_server.pace import PROVING
from inmost_server.sessions import Session

# Refused as too short or too weak by the rules, which give words; here only what no rule needs to look at.
MAX_GIVEN_PASSWORD_CHARS = 1_024
MAX_CODE_CHARS = 64
USER_BYTES = 32
PATH = "/api/v1"
WHO_HAS_A_PASSWORD = Access(PERSONS.callers | {Caller.RECOVERING})

Password = Annotated[str, Meta(max_length=MAX_GIVEN_PASSWORD_CHARS)]
Code = Annotated[str, Meta(max_length=MAX_CODE_CHARS)]
Account = Annotated[str, Meta(max_length=MAX_ACCOUNT_CHARS)]


class ClaimRequest(msgspec.Struct, frozen=True):
    """entry: the signed claim. A person also gives a password, a TOTP secret (20 bytes) and a code of it. Bytes are base64url."""

    entry: str
    password: Password | None = None
    totp_secret: str | None = None
    totp_code: Code | None = None


class ClaimAnswer(msgspec.Struct, frozen=True):
    """n: the entry's number in the directory. backup_codes: ten for a person, none for a bot."""

    user: str
    device: str
    n: int
    backup_codes: list[str]


class RecoveryRequest(msgspec.Struct, frozen=True):
    """code: six digits of the authenticator, or a backup code."""

    account: Account
    password: Password
    code: Code


class RecoveryAnswer(msgspec.Struct, frozen=True):
    """token: a session "recovering". head_n: the newest entry of the directory."""

    token: str
    expires_ms: int
    org: str
    user: str
    head_n: int


class PasswordRequest(msgspec.Struct, frozen=True):
    """The present password and a code, and the new password."""

    password: Password
    code: Code
    new_password: Password


class ResetRequest(msgspec.Struct, frozen=True):
    """The administrator's own password and code."""

    password: Password
    code: Code


class ResetAnswer(msgspec.Struct, frozen=True):
    """reset_code: to be handed to the person by word of mouth; good once, until expires_ms."""

    reset_code: str
    expires_ms: int


class SecondFactorRequest(msgspec.Struct, frozen=True):
    """reset_code: from the administrator. totp_secret: the new one (20 bytes, base64url). totp_code: a code of it."""

    account: Account
    password: Password
    reset_code: Code
    totp_secret: str
    totp_code: Code


class BackupCodes(msgspec.Struct, frozen=True):
    """Ten new ones; the old ones are void."""

    backup_codes: list[str]


class AccountsController(Controller):
    """docs/protocol/sign-in.md."""

    path = ""
    tags: Sequence[str] = ["accounts"]

    @post(
        "/claims",
        opt={"access": ANYONE.where("signed by the invitation's seed"), "rate": PROVING},
        status_code=HTTP_200_OK,
    )
    async def claim(
        self,
        data: JSONBody[ClaimRequest],
        request: Request[Any, Any, Any],
        accounts: NamedDependency[Accounts],
    ) -> Response[ClaimAnswer]:
        """Claim an invitation. The same again gives the same answer, with fresh backup codes for a person."""
        asked = claims.Asked(
            entry=base64url.data(data.entry, least=1, most=MAX_ENTRY_BYTES),
            password=data.password,
            totp_secret=_secret(data.totp_secret) if data.totp_secret is not None else None,
            totp_code=data.totp_code,
        )
        done = await claims.claim(accounts, asked, _place(request))
        user, device = base64url.text(done.claim.user), base64url.text(done.claim.device)
        return _trusted(request, ClaimAnswer(user, device, done.claim.n, done.backup_codes), done.trust)

    @post(
        "/recoveries",
        opt={"access": ANYONE.where("with password and code"), "rate": PROVING},
        status_code=HTTP_201_CREATED,
    )
    async def recover(
        self,
        data: JSONBody[RecoveryRequest],
        request: Request[Any, Any, Any],
        accounts: NamedDependency[Accounts],
    ) -> Response[RecoveryAnswer]:
        """A session for a person without a device, which may only do what a return needs."""
        done = await recoveries.recover(accounts, data.account, data.password, data.code, _place(request))
        session = done.opened.session
        org = base64url.text(accounts.directory.state.org)
        answer = RecoveryAnswer(
            done.opened.token, session.expires_ms, org, base64url.text(session.user), done.head_n
        )
        return _trusted(request, answer, done.trust, HTTP_201_CREATED)

    @post(
        "/password",
        opt={"access": WHO_HAS_A_PASSWORD.where("with password and code"), "rate": PROVING},
        status_code=204,
    )
    async def password(
        self,
        data: JSONBody[PasswordRequest],
        request: Request[Any, Any, Any],
        accounts: NamedDependency[Accounts],
    ) -> Response[None]:
        """Change one's own password."""
        session = session_of(request.auth)
        new_trust = await recoveries.change_password(
            accounts, session, data.password, data.code, data.new_password, _place(request)
        )
        return _trusted(request, None, new_trust, 204)

    @post(
        "/people/{user:str}/second-factor-reset",
        opt={
            "access": ADMINISTRATORS.where("with password and code, for roles below; owners for all"),
            "rate": PROVING,
        },
        status_code=HTTP_201_CREATED,
    )
    async def reset(
        self,
        user: FromPath[str],
        data: JSONBody[ResetRequest],
        request: Request[Any, Any, Any],
        accounts: NamedDependency[Accounts],
    ) -> ResetAnswer:
        """Let a person who lost the second factor set a new one."""
        of = base64url.data(user, least=USER_BYTES, most=USER_BYTES)
        session = session_of(request.auth)
        done = await recoveries.reset_second_factor(
            accounts, session, of, data.password, data.code, _place(request)
        )
        return ResetAnswer(done.code, done.expires_ms)

    @post(
        "/second-factor",
        opt={"access": ANYONE.where("with password and reset code"), "rate": PROVING},
        status_code=200,
    )
    async def second_factor(
        self,
        data: JSONBody[SecondFactorRequest],
        request: Request[Any, Any, Any],
        accounts: NamedDependency[Accounts],
    ) -> Response[BackupCodes]:
        """Set a new second factor with an administrator's reset code."""
        factor = NewFactor(_secret(data.totp_secret), data.totp_code)
        codes, new_trust = await recoveries.set_second_factor(
            accounts, data.account, data.password, data.reset_code, factor, _place(request)
        )
        return _trusted(request, BackupCodes(codes), new_trust)


def _secret(text: str) -> bytes:
    return base64url.data(text, least=TOTP_SECRET_BYTES, most=TOTP_SECRET_BYTES)


def _place(request: Request[Any, Any, Any]) -> Place:
    """Who has shown a session was counted by it already."""
    address = address_of(request)
    has_session = isinstance(request.scope.get("auth"), Session)
    return Place(network_of(address), request.cookies.get(trust.COOKIE), None if has_session else address)


def _trusted(
    request: Request[Any, Any, Any], answer: Any, new_trust: str | None, status: int = HTTP_200_OK
) -> Response[Any]:
    """The answer, with the trust secret as a cookie that only these routes get."""
    cookies = []
    if new_trust is not None:
        cookies.append(
            Cookie(
                key=trust.COOKIE,
                value=new_trust,
                path=PATH,
                max_age=trust.LIFETIME_MS // 1000,
                httponly=True,
                secure=request.url.scheme == "https",
                samesite="strict",
            )
        )
    return Response(answer, status_code=status, cookies=cookies)
