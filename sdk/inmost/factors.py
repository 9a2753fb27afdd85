"""What proves a person to the server: a password with a code, or a passkey. A program that asks its person passes a function for it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from inmost_protocol.acts import Act

# The fixed input of a passkey's PRF (WebAuthn's `prf.eval.first`); the authenticator gets SHA-256("WebAuthn PRF" || 0 || this).
PRF_INPUT = b"inmost/1 vault"
PRF_BYTES = 32


@dataclass(frozen=True)
class Password:
    """code: six digits of the authenticator, or a backup code."""

    password: str = field(repr=False)
    code: str = field(repr=False)


@dataclass(frozen=True)
class Assertion:
    """A passkey has signed. response: WebAuthn's AuthenticationResponseJSON.

    secret: what its PRF gave for PRF_INPUT, 32 bytes, or None. It goes to the engine and nowhere else.
    """

    response: dict[str, Any] = field(repr=False)
    secret: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Credential:
    """A new passkey. response: WebAuthn's RegistrationResponseJSON."""

    response: dict[str, Any]
    name: str = "Passkey"


@dataclass(frozen=True)
class StepUp:
    """A dangerous act that needs a fresh factor.

    origin: the server's address, which a passkey is bound to.
    options: WebAuthn's {"publicKey": PublicKeyCredentialRequestOptionsJSON} for a passkey of the person's; None when the person has none,
    or the server's address is an IP number.
    """

    act: Act
    origin: str
    options: dict[str, Any] | None


AskFactor = Callable[[StepUp], Awaitable[Password | Assertion]]


def without_secret(response: dict[str, Any]) -> dict[str, Any]:
    """A passkey's response as it may go to the server: what its PRF gave stays here."""
    return {**response, "clientExtensionResults": {}}
