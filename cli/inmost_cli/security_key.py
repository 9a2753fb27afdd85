"""A security key at this computer's USB port, by Yubico's WebAuthn client. Browsers bring their own; this is for the terminal."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from fido2.client import ClientError, DefaultClientDataCollector, Fido2Client, UserInteraction
from fido2.ctap import CtapDevice
from fido2.ctap2.extensions import HmacSecretExtension
from fido2.hid import CtapHidDevice
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import (
    AttestationObject,
    PublicKeyCredentialCreationOptions,
    PublicKeyCredentialRequestOptions,
)

from inmost import Assertion, Credential
from inmost.errors import InmostError
from inmost.factors import PRF_INPUT, without_secret
from inmost_cli.asking import ask_secret
from inmost_cli.output import note

Made = TypeVar("Made")


class NoSecurityKey(InmostError):
    """There is no security key at this computer."""

    hint = "Plug one in; passkeys of phones and browsers are for the web app."


class SecurityKeyFailed(InmostError):
    """The security key did not do it."""

    hint = "Touch it when it blinks; it needs a PIN or a fingerprint of yours."


class _Person(UserInteraction):
    def prompt_up(self) -> None:
        note("Touch your security key.")

    def request_pin(self, permissions: Any, rp_id: str | None) -> str:
        return ask_secret("PIN of your security key", "a security key with a fingerprint")

    def request_uv(self, permissions: Any, rp_id: str | None) -> bool:
        note("Touch your security key's sensor.")
        return True


class SecurityKey:
    """One authenticator, for a server's origin."""

    def __init__(self, device: CtapDevice, origin: str) -> None:
        self._client = Fido2Client(
            device,
            DefaultClientDataCollector(origin),
            _Person(),
            [HmacSecretExtension()],  # type: ignore[no-untyped-call]
        )

    async def create(self, options: dict[str, Any], name: str) -> Credential:
        """A new passkey. Raises SecurityKeyFailed, CannotAsk."""
        asked = {**options["publicKey"], "extensions": {"prf": {}}}

        def make() -> dict[str, Any]:
            made = self._client.make_credential(PublicKeyCredentialCreationOptions.from_dict(asked))
            # Which maker's key it is, is nobody's business.
            plain = AttestationObject.create("none", made.response.attestation_object.auth_data, {})
            response = dict(made)
            response["response"] = {
                **response["response"],
                "attestationObject": websafe_encode(bytes(plain)),
            }
            return without_secret(response)

        return Credential(await _at_the_key(make), name)

    async def sign(self, options: dict[str, Any]) -> Assertion:
        """An assertion, with what the PRF gives if it has one. Raises SecurityKeyFailed, CannotAsk."""
        prf = {"eval": {"first": websafe_encode(PRF_INPUT)}}
        asked = {**options["publicKey"], "extensions": {"prf": prf}}

        def get() -> Assertion:
            found = self._client.get_assertion(PublicKeyCredentialRequestOptions.from_dict(asked))
            answer = found.get_response(0)
            results = (answer.client_extension_results.get("prf") or {}).get("results")
            secret = websafe_decode(results["first"]) if results else None
            return Assertion(without_secret(dict(answer)), secret)

        return await _at_the_key(get)


async def _at_the_key(work: Callable[[], Made]) -> Made:
    """It waits for a finger, so not on the event loop."""
    try:
        return await asyncio.to_thread(work)
    except ClientError as error:
        words = str(error.code.name).lower().replace("_", " ")
        raise SecurityKeyFailed(f"The security key did not do it: {words}.") from error


def plugged_in(origin: str) -> SecurityKey:
    """The first one there is. Raises NoSecurityKey."""
    device = next(iter(CtapHidDevice.list_devices()), None)
    if device is None:
        raise NoSecurityKey
    return SecurityKey(device, origin)


def is_plugged_in() -> bool:
    return next(iter(CtapHidDevice.list_devices()), None) is not None
