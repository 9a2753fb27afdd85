"""REST: claiming an invitation, coming back without a device, password and second factor."""

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from litestar import Controller, Request, Response, delete, post, put
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED
from msgspec import Meta

from inmost_protocol.limits import MAX_ACCOUNT_CHARS, MAX_ENTRY_BYTES
from inmost_server import base64url
from inmost_server.access import ADMINISTRATORS, ANYONE, PERSONS, Access, Caller
from inmost_server.features.accounts import claims, factors, recoveries, trust
from inmost_server.features.accounts.proof import Accounts, Place
from inmost_server.features.accounts.recoveries import NewFactor
from inmost_server.features.accounts.second_factor import TOTP_SECRET_BYTES
from inmost_server.features.accounts.slow_down import network_of
from inmost_server.features.passkeys.shape import CeremonyOptions, host_of
from inmost_server.features.passkeys.shape import Response as PasskeyResponse
from inmost_server.features.sessions.guard import address_of, session_of
from inmost_server.pace import ASKING, PROVING
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


class NewPasskey(msgspec.Struct, frozen=True):
    """credential: the RegistrationResponseJSON of the options of claims/options. name: how its owner will know it."""

    credential: PasskeyResponse
    name: str = "Passkey"


class ClaimOptionsRequest(msgspec.Struct, frozen=True):
    """entry: the signed claim that is to be made, base64url."""

    entry: str


class ClaimRequest(msgspec.Struct, frozen=True):
    """entry: the signed claim. A person also gives a passkey; or a password, a TOTP secret (20 bytes) and a code of it; or all. Bytes are base64url."""

    entry: str
    password: Password | None = None
    totp_secret: str | None = None
    totp_code: Code | None = None
    passkey: NewPasskey | None = None


class ClaimAnswer(msgspec.Struct, frozen=True):
    """n: the entry's number in the directory. backup_codes: ten with a password, none without."""

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
    account: str


class PasskeyRecoveryRequest(msgspec.Struct, frozen=True):
    """assertion: the AuthenticationResponseJSON of the options of recoveries/options."""

    assertion: PasskeyResponse


class PasswordRequest(msgspec.Struct, frozen=True):
    """The present password and a code, and the new password."""

    password: Password
    code: Code
    new_password: Password


class NewPasswordRequest(msgspec.Struct, frozen=True):
    """A password with its second factor: totp_secret (20 bytes, base64url), and totp_code, a code of it."""

    new_password: Password
    totp_secret: str
    totp_code: Code


class ResetRequest(msgspec.Struct, frozen=True):
    """The administrator's own password and code; or neither, after a step-up."""

    password: Password | None = None
    code: Code | None = None


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
            passkey=data.passkey.credential if data.passkey else None,
            passkey_name=data.passkey.name if data.passkey else "",
        )
        done = await claims.claim(accounts, asked, place_of(request))
        user, device = base64url.text(done.claim.user), base64url.text(done.claim.device)
        return trusted(request, ClaimAnswer(user, device, done.claim.n, done.backup_codes), done.trust)

    @post(
        "/claims/options",
        opt={"access": ANYONE.where("signed by the invitation's seed"), "rate": ASKING},
        status_code=HTTP_200_OK,
    )
    async def claim_options(
        self,
        data: JSONBody[ClaimOptionsRequest],
        request: Request[Any, Any, Any],
        accounts: NamedDependency[Accounts],
    ) -> CeremonyOptions:
        """Options to make the passkey that this claim will bring."""
        entry = base64url.data(data.entry, least=1, most=MAX_ENTRY_BYTES)
        return CeremonyOptions(await claims.registration_options(accounts, entry, host_of(request)))

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
        done = await recoveries.recover(accounts, data.account, data.password, data.code, place_of(request))
        return trusted(request, _recovering(accounts, done), done.trust, HTTP_201_CREATED)

    @post("/recoveries/options", opt={"access": ANYONE, "rate": ASKING}, status_code=HTTP_200_OK)
    async def recovery_options(
        self, request: Request[Any, Any, Any], accounts: NamedDependency[Accounts]
    ) -> CeremonyOptions:
        """Options to sign with whichever passkey the authenticator has for this server: no account is named, so none is told."""
        return CeremonyOptions(accounts.passkeys.ceremonies.assertion(recoveries.SIGN_IN, host_of(request)))

    @post(
        "/recoveries/passkey",
        opt={"access": ANYONE.where("with a passkey"), "rate": PROVING},
        status_code=HTTP_201_CREATED,
    )
    async def recover_by_passkey(
        self,
        data: JSONBody[PasskeyRecoveryRequest],
        request: Request[Any, Any, Any],
        accounts: NamedDependency[Accounts],
    ) -> RecoveryAnswer:
        """The same session as by password and code, with a passkey alone."""
        done = await recoveries.recover_by_passkey(accounts, data.assertion, place_of(request))
        return _recovering(accounts, done)

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
            accounts, session, data.password, data.code, data.new_password, place_of(request)
        )
        return trusted(request, None, new_trust, 204)

    @put("/password", opt={"access": PERSONS.where("after a step-up"), "rate": PROVING}, status_code=200)
    async def new_password(
        self,
        data: JSONBody[NewPasswordRequest],
        request: Request[Any, Any, Any],
        accounts: NamedDependency[Accounts],
    ) -> Response[BackupCodes]:
        """Set a password with its second factor, in place of those before or beside passkeys."""
        factor = NewFactor(_secret(data.totp_secret), data.totp_code)
        codes, new_trust = await factors.set_password(
            accounts, session_of(request.auth), data.new_password, factor, place_of(request)
        )
        return trusted(request, BackupCodes(codes), new_trust)

    @delete(
        "/password", opt={"access": PERSONS.where("after a step-up, with a passkey left"), "rate": PROVING}
    )
    async def remove_password(
        self, request: Request[Any, Any, Any], accounts: NamedDependency[Accounts]
    ) -> None:
        """Do without password, second factor and backup codes from here on."""
        await factors.remove_password(accounts, session_of(request.auth))

    @post(
        "/people/{user:str}/second-factor-reset",
        opt={
            "access": ADMINISTRATORS.where(
                "with password and code or after a step-up, for roles below; owners for all"
            ),
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
            accounts, session, of, data.password, data.code, place_of(request)
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
            accounts, data.account, data.password, data.reset_code, factor, place_of(request)
        )
        return trusted(request, BackupCodes(codes), new_trust)


def _recovering(accounts: Accounts, done: recoveries.Recovery) -> RecoveryAnswer:
    session = done.opened.session
    return RecoveryAnswer(
        token=done.opened.token,
        expires_ms=session.expires_ms,
        org=base64url.text(accounts.directory.state.org),
        user=base64url.text(session.user),
        head_n=done.head_n,
        account=done.account,
    )


def _secret(text: str) -> bytes:
    return base64url.data(text, least=TOTP_SECRET_BYTES, most=TOTP_SECRET_BYTES)


def place_of(request: Request[Any, Any, Any]) -> Place:
    """Who has shown a session was counted by it already."""
    address = address_of(request)
    has_session = isinstance(request.scope.get("auth"), Session)
    return Place(network_of(address), request.cookies.get(trust.COOKIE), None if has_session else address)


def trusted(
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
