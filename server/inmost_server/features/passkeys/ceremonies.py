"""The two ceremonies of WebAuthn: options to sign, and the verdict over what came back (by py_webauthn).

Challenges are made like those of devices: nothing is stored when one is handed out, each is good once, for five minutes, and only for
what it was made for.
"""

import asyncio
import hashlib
import importlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from inmost_server import base64url
from inmost_server.clock import Clock
from inmost_server.features.passkeys.refusals import PasskeyNotTaken, PasskeyRefused
from inmost_server.features.passkeys.relying_party import RelyingParty
from inmost_server.features.sessions.challenges import Challenges
from inmost_server.refusals import Malformed, Refusal

CHALLENGE_LIFETIME_MS = 5 * 60_000
MAX_CREDENTIAL_ID_BYTES = 1_023
MAX_RESPONSE_CHARS = 24 * 1_024  # of one field; an attestation with certificates is a few thousand
FORMATS = frozenset({"none", "packed"})  # packed: Touch ID signs for itself though nothing was asked of it
# Checked in place of an unknown credential's key: ES256 with P-256's base point, so that the work is the same.
_NOBODYS_KEY = bytes.fromhex(
    "a5010203262001215820"
    "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
    "225820"
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
)


@dataclass(frozen=True, slots=True)
class NewCredential:
    """What a registration brings. is_synced: its maker keeps copies of it on other devices."""

    id: bytes
    public_key: bytes
    sign_count: int
    is_synced: bool


class Purpose:
    """What a challenge is good for: a kind of request and whose it is. No two have the same bytes."""

    def __init__(self, kind: str, *whose: bytes) -> None:
        self.bytes = (
            b"passkey "
            + hashlib.sha256(
                b"".join(len(part).to_bytes(8) + part for part in (kind.encode(), *whose))
            ).digest()
        )


class Ceremonies:
    """For one relying party. On the event loop only; registered() and asserted() after ready()."""

    def __init__(self, party: RelyingParty, clock: Clock) -> None:
        self.party = party
        self._clock = clock
        self._challenges = Challenges(lifetime_ms=CHALLENGE_LIFETIME_MS)

    async def ready(self) -> None:
        """Load py_webauthn: half a second of imports, wanted by few requests, so beside the event loop and not at the start."""
        await asyncio.to_thread(importlib.import_module, "webauthn")

    def registration(
        self, purpose: Purpose, host: str, user: bytes, account: str, present: Iterable[bytes]
    ) -> dict[str, Any]:
        """PublicKeyCredentialCreationOptions as JSON. present: the user's credential ids, which are not to be made again."""
        return {
            "rp": {"id": self.party.named(host), "name": self.party.title},
            "user": {"id": base64url.text(user), "name": account, "displayName": account},
            "challenge": self._challenge(purpose),
            "pubKeyCredParams": [{"type": "public-key", "alg": alg} for alg in (-8, -7, -257)],
            "timeout": CHALLENGE_LIFETIME_MS,
            "excludeCredentials": [_described(id_) for id_ in present],
            "authenticatorSelection": {
                "residentKey": "required",
                "requireResidentKey": True,
                "userVerification": "required",
            },
            "attestation": "none",
        }

    def assertion(self, purpose: Purpose, host: str, allowed: Iterable[bytes] = ()) -> dict[str, Any]:
        """PublicKeyCredentialRequestOptions as JSON. allowed: credential ids; none: any that the authenticator finds."""
        return {
            "rpId": self.party.named(host),
            "challenge": self._challenge(purpose),
            "timeout": CHALLENGE_LIFETIME_MS,
            "allowCredentials": [_described(id_) for id_ in allowed],
            "userVerification": "required",
        }

    def registered(self, purpose: Purpose, response: dict[str, Any]) -> NewCredential:
        """Uses the challenge up. Refused with PasskeyNotTaken."""
        import webauthn
        from webauthn.helpers import parse_attestation_object
        from webauthn.helpers.structs import CredentialDeviceType

        read_id(response)
        challenge = self._fresh(purpose, response, PasskeyNotTaken)
        try:
            attested = parse_attestation_object(_field(response, "attestationObject"))
            if attested.fmt not in FORMATS:
                raise PasskeyNotTaken
            verified = webauthn.verify_registration_response(
                credential=response,
                expected_challenge=challenge,
                expected_rp_id=self.party.id or "",
                expected_origin=list(self.party.origins),
                require_user_verification=True,
            )
        except Refusal:
            raise
        except Exception as error:
            # py_webauthn lets what its parsers find wrong through as whatever it is.
            raise PasskeyNotTaken from error
        if (
            not 0 < len(verified.credential_id) <= MAX_CREDENTIAL_ID_BYTES
            or read_id(response) != verified.credential_id
        ):
            raise PasskeyNotTaken
        self._challenges.use(challenge, self._clock())
        return NewCredential(
            id=verified.credential_id,
            public_key=verified.credential_public_key,
            sign_count=verified.sign_count,
            is_synced=verified.credential_device_type is CredentialDeviceType.MULTI_DEVICE,
        )

    def asserted(self, purpose: Purpose, response: dict[str, Any], public_key: bytes | None) -> int:
        """The authenticator's counter, if all of it is right; uses the challenge up. public_key None: of nobody.

        Refused with PasskeyRefused. The counter is for the caller to compare.
        """
        import webauthn

        challenge = self._fresh(purpose, response, PasskeyRefused)
        try:
            verified = webauthn.verify_authentication_response(
                credential=response,
                expected_challenge=challenge,
                expected_rp_id=self.party.id or "",
                expected_origin=list(self.party.origins),
                credential_public_key=public_key or _NOBODYS_KEY,
                # Compared in the transaction that stores it: py_webauthn would look at it before it knows whether the signature is right.
                credential_current_sign_count=0,
                require_user_verification=True,
            )
        except Exception as error:
            raise PasskeyRefused from error
        if public_key is None:
            raise PasskeyRefused
        self._challenges.use(challenge, self._clock())
        return verified.new_sign_count

    def _challenge(self, purpose: Purpose) -> str:
        return base64url.text(self._challenges.make(purpose.bytes, self._clock()))

    def _fresh(self, purpose: Purpose, response: dict[str, Any], refusal: type[Refusal]) -> bytes:
        """The challenge that was signed, if it is one of ours for this purpose."""
        from webauthn.helpers import parse_client_data_json

        try:
            challenge = parse_client_data_json(_field(response, "clientDataJSON")).challenge
        except Refusal:
            raise
        except Exception as error:
            raise refusal from error
        if not self._challenges.is_fresh(purpose.bytes, challenge, self._clock()):
            raise refusal
        return challenge


def read_id(response: dict[str, Any]) -> bytes:
    """The credential id of a response. Malformed when it has none, or brings the PRF's output, which nobody but the device may see."""
    results = response.get("clientExtensionResults")
    prf = results.get("prf") if isinstance(results, dict) else None
    if isinstance(prf, dict) and prf.get("results"):
        raise Malformed(
            "The output of a passkey's PRF stays on the device. Leave clientExtensionResults.prf out."
        )
    id_ = response.get("id")
    if not isinstance(id_, str):
        raise Malformed("A passkey's response has an id.")
    return base64url.data(id_, least=1, most=MAX_CREDENTIAL_ID_BYTES)


def read_user(response: dict[str, Any]) -> bytes | None:
    """The user handle of an assertion: whose passkey the authenticator says it is."""
    inner = response.get("response")
    handle = inner.get("userHandle") if isinstance(inner, dict) else None
    return base64url.data(handle, least=1, most=64) if isinstance(handle, str) else None


def _field(response: dict[str, Any], name: str) -> bytes:
    inner = response.get("response")
    value = inner.get(name) if isinstance(inner, dict) else None
    if not isinstance(value, str) or len(value) > MAX_RESPONSE_CHARS:
        raise Malformed(f"A passkey's response has {name}.")
    return base64url.data(value, least=1, most=MAX_RESPONSE_CHARS)


def _described(id_: bytes) -> dict[str, str]:
    return {"type": "public-key", "id": base64url.text(id_)}
