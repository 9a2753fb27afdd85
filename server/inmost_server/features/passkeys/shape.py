"""What passkeys look like over REST: WebAuthn's own JSON, taken and handed on as it is."""

from typing import Any

import msgspec
from litestar import Request

# A RegistrationResponseJSON or AuthenticationResponseJSON of WebAuthn, level 3; py_webauthn reads it.
Response = dict[str, Any]


class CeremonyOptions(msgspec.Struct, frozen=True, rename={"public_key": "publicKey"}):
    """publicKey: PublicKeyCredentialCreationOptionsJSON or PublicKeyCredentialRequestOptionsJSON, good once and for five minutes."""

    public_key: dict[str, Any]


def host_of(request: Request[Any, Any, Any]) -> str:
    """The name or number under which the client reached this server."""
    return request.url.hostname or ""
