"""Where a server is and how it is reached: its address, whom its certificate is trusted from, and its REST routes."""

import base64
import contextlib
import ipaddress
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

import httpx2
import msgspec

from inmost.errors import CertificateRefused, InsecureAddress, NotAServer, Offline, Refused
from inmost.factors import Assertion, Credential, Password, without_secret
from inmost_protocol.acts import Act
from inmost_protocol.limits import PROTOCOL_VERSION

Shape = TypeVar("Shape")

TIMEOUT_S = 30.0
PEOPLE_PAGE = 200
# Given at a success, shown at the next try, so that strangers' failures do not slow this person down.
TRUST_COOKIE = "inmost_trust"
DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Address:
    """A server's address.

    origin   scheme://host[:port], as signed at sign-in
    ca       PEM of a private certificate authority, None for the system's
    """

    origin: str
    ca: str | None = None

    @classmethod
    def of(cls, link: str, ca: Path | None = None) -> Self:
        """The address in a link or origin. Raises NotAServer for none, InsecureAddress for http:// to another computer."""
        if "://" not in link:
            link = "https://" + link
        try:
            parts = urlsplit(link)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            host, port = "", None
        if not host or parts.scheme not in DEFAULT_PORTS:
            raise NotAServer("That is not a server's address.", "It looks like https://chat.example.org")
        if parts.scheme == "http" and not _is_loopback(host):
            raise InsecureAddress("http:// is allowed for this computer only.", f"Use https://{host}")
        name = f"[{host}]" if ":" in host else host
        at_port = f":{port}" if port and port != DEFAULT_PORTS[parts.scheme] else ""
        return cls(f"{parts.scheme}://{name}{at_port}", ca.read_text() if ca else None)

    @property
    def is_here(self) -> bool:
        """On this computer: never through a proxy."""
        return _is_loopback(urlsplit(self.origin).hostname or "")

    @property
    def socket_url(self) -> str:
        return "ws" + self.origin.removeprefix("http") + "/v1/connect"

    def tls(self) -> ssl.SSLContext | None:
        """None for http://. A private authority is trusted beside the system's own."""
        if not self.origin.startswith("https"):
            return None
        context = ssl.create_default_context()
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self.ca is not None:
            context.load_verify_locations(cadata=self.ca)
        return context


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return False


class Organisation(msgspec.Struct, frozen=True):
    """What a server says of itself to anybody. Bytes are base64url."""

    org: str
    protocol: list[int]
    server_key: str
    claimed: bool
    server_time_ms: int


class Session(msgspec.Struct, frozen=True):
    """token: for Open and Authorization, until expires_ms (unix milliseconds, the server's clock)."""

    token: str
    expires_ms: int


class Claimed(msgspec.Struct, frozen=True):
    """An accepted claim. backup_codes: ten with a password, none without; shown once."""

    user: str
    device: str
    n: int
    backup_codes: list[str] = []


class Recovery(msgspec.Struct, frozen=True):
    """A session that may only do what a return needs."""

    token: str
    org: str
    user: str
    expires_ms: int = 0
    account: str = ""


class Passkey(msgspec.Struct, frozen=True):
    """One of the person's passkeys. id: its credential id, base64url. synced: its maker keeps copies on other devices.

    alarm_ms: when its counter went back, which is when somebody may have copied it; None: never.
    """

    id: str
    name: str
    synced: bool
    created_ms: int
    last_used_day: str | None = None
    alarm_ms: int | None = None


class Rest:
    """The server's REST routes (docs/protocol/sign-in.md). Every call raises Offline, CertificateRefused, NotAServer or Refused."""

    def __init__(self, address: Address, trust: str | None = None) -> None:
        self.address = address
        cookies = {TRUST_COOKIE: trust} if trust else None
        self._http = httpx2.AsyncClient(
            base_url=address.origin + "/api/v1",
            verify=address.tls() or True,
            timeout=TIMEOUT_S,
            trust_env=not address.is_here,
            cookies=cookies,
        )

    async def close(self) -> None:
        await self._http.aclose()

    @property
    def trust(self) -> str | None:
        return next((cookie.value for cookie in self._http.cookies.jar if cookie.name == TRUST_COOKIE), None)

    async def organisation(self) -> Organisation:
        found = await self._ask(Organisation, "GET", "/organisation")
        if PROTOCOL_VERSION not in found.protocol:
            raise NotAServer(
                "This server speaks another version of Inmost.", "Update Inmost here or on the server."
            )
        return found

    async def claim(
        self,
        entry: bytes,
        password: str | None = None,
        totp_secret: bytes | None = None,
        totp_code: str | None = None,
    ) -> Claimed:
        """Raises Refused: WeakPassword, SecondFactorRefused, InvitationClaimedTwice, InvitationExpired, ..."""
        body: dict[str, Any] = {"entry": base64url(entry)}
        if password is not None and totp_secret is not None:
            body |= {"password": password, "totp_secret": base64url(totp_secret), "totp_code": totp_code}
        return await self._ask(Claimed, "POST", "/claims", body)

    async def challenge(self, device: bytes) -> bytes:
        answer = await self._ask(dict[str, Any], "POST", "/challenges", {"device": base64url(device)})
        return from_base64url(answer["server_nonce"])

    async def session(self, signed: dict[str, Any], server_nonce: bytes) -> Session:
        """signed: what the engine's sign_in gave."""
        body = {
            "device": base64url(signed["device"]),
            "server_nonce": base64url(server_nonce),
            "client_nonce": base64url(signed["client_nonce"]),
            "time_ms": signed["time_ms"],
            "signature": base64url(signed["signature"]),
        }
        return await self._ask(Session, "POST", "/sessions", body)

    async def recovery(self, account: str, password: str, code: str) -> Recovery:
        body = {"account": account, "password": password, "code": code}
        return await self._ask(Recovery, "POST", "/recoveries", body)

    async def recovery_options(self) -> dict[str, Any]:
        """WebAuthn's {"publicKey": PublicKeyCredentialRequestOptionsJSON} for whichever passkey the authenticator has."""
        return await self._ask(dict[str, Any], "POST", "/recoveries/options")

    async def recovery_by_passkey(self, assertion: Assertion) -> Recovery:
        body = {"assertion": without_secret(assertion.response)}
        return await self._ask(Recovery, "POST", "/recoveries/passkey", body)

    async def claim_options(self, entry: bytes) -> dict[str, Any]:
        """WebAuthn's {"publicKey": PublicKeyCredentialCreationOptionsJSON} for the passkey that comes with this claim."""
        return await self._ask(dict[str, Any], "POST", "/claims/options", {"entry": base64url(entry)})

    async def claim_with_passkey(self, entry: bytes, made: Credential) -> Claimed:
        """Raises Refused: PasskeyNotTaken, InvitationClaimedTwice, ..."""
        passkey = {"credential": without_secret(made.response), "name": made.name}
        return await self._ask(Claimed, "POST", "/claims", {"entry": base64url(entry), "passkey": passkey})

    async def step_up_options(self, session: Session, act: Act) -> dict[str, Any]:
        return await self._ask(dict[str, Any], "POST", "/step-ups/options", {"act": act}, session)

    async def step_up(self, session: Session, act: Act, factor: Password | Assertion) -> None:
        """Open an act to this session for some minutes."""
        body: dict[str, Any] = {"act": act}
        if isinstance(factor, Assertion):
            body["assertion"] = without_secret(factor.response)
        else:
            body |= {"password": factor.password, "code": factor.code}
        await self._answer("POST", "/step-ups", body, session)

    async def passkeys(self, session: Session) -> list[Passkey]:
        return await self._ask(list[Passkey], "GET", "/passkeys", None, session)

    async def passkey_options(self, session: Session) -> dict[str, Any]:
        return await self._ask(dict[str, Any], "POST", "/passkeys/options", None, session)

    async def add_passkey(self, session: Session, made: Credential) -> Passkey:
        body = {"credential": without_secret(made.response), "name": made.name}
        return await self._ask(Passkey, "POST", "/passkeys", body, session)

    async def rename_passkey(self, session: Session, id_: str, name: str) -> None:
        await self._answer("PATCH", f"/passkeys/{id_}", {"name": name}, session)

    async def remove_passkey(self, session: Session, id_: str) -> None:
        await self._answer("DELETE", f"/passkeys/{id_}", None, session)

    async def change_password(self, session: Session, password: str, code: str, new_password: str) -> None:
        body = {"password": password, "code": code, "new_password": new_password}
        await self._answer("POST", "/password", body, session)

    async def set_password(
        self, session: Session, new_password: str, totp_secret: bytes, totp_code: str
    ) -> list[str]:
        """With its second factor, in place of those before. Needs a step-up "password". Returns fresh backup codes."""
        body = {
            "new_password": new_password,
            "totp_secret": base64url(totp_secret),
            "totp_code": totp_code,
        }
        answer = await self._ask(dict[str, Any], "PUT", "/password", body, session)
        return [str(code) for code in answer["backup_codes"]]

    async def remove_password(self, session: Session) -> None:
        """Password, second factor and backup codes go. Needs a step-up "password"; refused as LastFactor without a passkey."""
        await self._answer("DELETE", "/password", None, session)

    async def reset_second_factor(
        self, session: Session, user: bytes, password: str | None = None, code: str | None = None
    ) -> tuple[str, int]:
        """Returns (one-time code for the person, when it ends in unix milliseconds). Without password and code it needs a step-up."""
        body = {"password": password, "code": code}
        path = f"/people/{base64url(user)}/second-factor-reset"
        answer = await self._ask(dict[str, Any], "POST", path, body, session)
        return str(answer["reset_code"]), int(answer["expires_ms"])

    async def set_second_factor(
        self, account: str, password: str, reset_code: str, totp_secret: bytes, totp_code: str
    ) -> list[str]:
        """Returns fresh backup codes."""
        body = {
            "account": account,
            "password": password,
            "reset_code": reset_code,
            "totp_secret": base64url(totp_secret),
            "totp_code": totp_code,
        }
        answer = await self._ask(dict[str, Any], "POST", "/second-factor", body)
        return [str(code) for code in answer["backup_codes"]]

    async def people(self, session: Session) -> list[dict[str, Any]]:
        """Everybody, page by page."""
        found: list[dict[str, Any]] = []
        after: str | None = None
        while True:
            query = f"?limit={PEOPLE_PAGE}" + (f"&after={after}" if after else "")
            page = await self._ask(dict[str, Any], "GET", f"/people{query}", None, session)
            found += page["people"]
            after = page["next"]
            if after is None:
                return found

    async def _ask(
        self,
        shape: type[Shape],
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        session: Session | None = None,
    ) -> Shape:
        answer = await self._answer(method, path, body, session)
        try:
            return msgspec.json.decode(answer, type=shape)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise NotAServer(f"What answers at {self.address.origin} is not an Inmost server.") from error

    async def _answer(
        self, method: str, path: str, body: dict[str, Any] | None, session: Session | None
    ) -> bytes:
        headers = {"Authorization": f"Bearer {session.token}"} if session else {}
        try:
            answer = await self._http.request(method, path, json=body, headers=headers)
        except httpx2.TransportError as error:
            raise unreachable(self.address, error) from error
        if answer.status_code >= 400:
            raise _refusal(self.address, answer)
        return answer.content


def unreachable(address: Address, error: BaseException) -> Offline:
    """The typed refusal for a connection that did not come about."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return CertificateRefused(
                f"The certificate of {address.origin} is not trusted: {cause.verify_message}."
            )
        cause = cause.__cause__ or cause.__context__
    return Offline(f"{address.origin} cannot be reached: {str(error) or type(error).__name__}")


def _refusal(address: Address, answer: httpx2.Response) -> Exception:
    try:
        problem = answer.json()
        code, words = (
            str(problem["code"]),
            str(problem.get("detail") or problem.get("title") or problem["code"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        if answer.status_code in (502, 503, 504):
            return Offline(f"{address.origin} is not ready (HTTP {answer.status_code}).")
        return NotAServer(f"{address.origin} answered HTTP {answer.status_code}, not as an Inmost server.")
    if answer.status_code in (502, 503, 504):
        return Offline(words)
    retry_ms = problem.get("retry_after_ms")
    return Refused(code, words, retry_ms / 1000 if retry_ms is not None else None)


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
