"""Passkeys as a browser would use them: Yubico's WebAuthn client with a software authenticator, and what it says as JSON."""

from dataclasses import dataclass, field
from typing import Any

import httpx2
from fido2.client import DefaultClientDataCollector, Fido2Client, UserInteraction
from fido2.ctap2.extensions import HmacSecretExtension
from fido2.webauthn import PublicKeyCredentialCreationOptions, PublicKeyCredentialRequestOptions

from inmost_server import base64url
from server.kit.authenticator import Authenticator
from server.kit.signing_in import Member, Rest

PRF_INPUT = "aW5tb3N0LzEgdmF1bHQ"  # base64url of "inmost/1 vault"


class Finger(UserInteraction):
    """Touches and verifies whenever it is asked."""

    def request_uv(self, permissions: Any, rp_id: str | None) -> bool:
        return True


@dataclass
class Browser:
    """One browser at an origin, with one authenticator. says_origin: what it puts into the client data, if it lies."""

    origin: str
    key: Authenticator = field(default_factory=Authenticator)
    says_origin: str | None = None

    def _client(self) -> Fido2Client:
        collector = DefaultClientDataCollector(self.says_origin or self.origin, lambda rp_id, origin: True)
        return Fido2Client(self.key, collector, Finger(), [HmacSecretExtension()])

    def create(self, options: dict[str, Any]) -> dict[str, Any]:
        """navigator.credentials.create(): the RegistrationResponseJSON."""
        asked = {**options["publicKey"], "extensions": {"prf": {}}}
        made = self._client().make_credential(PublicKeyCredentialCreationOptions.from_dict(asked))
        return _plain(dict(made))

    def get(self, options: dict[str, Any]) -> dict[str, Any]:
        """navigator.credentials.get(): the AuthenticationResponseJSON, without what the PRF gave."""
        return self.get_with_secret(options)[0]

    def get_with_secret(self, options: dict[str, Any]) -> tuple[dict[str, Any], bytes | None]:
        """The same, and the PRF's output."""
        asked = {**options["publicKey"], "extensions": {"prf": {"eval": {"first": PRF_INPUT}}}}
        answer = (
            self._client().get_assertion(PublicKeyCredentialRequestOptions.from_dict(asked)).get_response(0)
        )
        results = answer.client_extension_results.get("prf")
        secret = results["results"]["first"] if results else None
        return _plain(dict(answer)), secret


def _plain(response: dict[str, Any]) -> dict[str, Any]:
    return {**response, "clientExtensionResults": {}}


class Door:
    """A server of `Rest` by its name, as a browser reaches it."""

    def __init__(self, server: Rest) -> None:
        self.server = server
        self.origin = server.address.replace("127.0.0.1", "localhost")
        self.http = httpx2.AsyncClient(base_url=self.origin + "/api/v1/", timeout=30)

    async def ask(
        self, method: str, path: str, body: Any = None, token: str | None = None
    ) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return await self.http.request(method, path, json=body, headers=headers)

    async def step_up_by_password(self, member: Member, token: str, act: str) -> httpx2.Response:
        body = {"act": act, "password": member.password, "code": self.server.next_code(member)}
        return await self.ask("POST", "step-ups", body, token)

    async def assertion(self, browser: Browser, token: str, act: str) -> dict[str, Any]:
        options = await self.ask("POST", "step-ups/options", {"act": act}, token)
        return browser.get(options.json())

    async def step_up(self, browser: Browser, token: str, act: str) -> httpx2.Response:
        """With a passkey."""
        assertion = await self.assertion(browser, token, act)
        return await self.ask("POST", "step-ups", {"act": act, "assertion": assertion}, token)

    async def make(self, browser: Browser, token: str) -> dict[str, Any]:
        """The response of a new passkey, not sent yet."""
        options = await self.ask("POST", "passkeys/options", token=token)
        assert options.status_code == 200, options.text
        return browser.create(options.json())

    async def add(self, browser: Browser, member: Member, token: str, name: str = "Key") -> str:
        """A passkey of somebody who has a password. Its id."""
        assert (await self.step_up_by_password(member, token, "add_passkey")).status_code == 201
        credential = await self.make(browser, token)
        answer = await self.ask("POST", "passkeys", {"credential": credential, "name": name}, token)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def sign_in(self, browser: Browser) -> httpx2.Response:
        """Come back with whatever passkey the authenticator has."""
        options = await self.ask("POST", "recoveries/options")
        return await self.ask("POST", "recoveries/passkey", {"assertion": browser.get(options.json())})

    async def claim(self, browser: Browser, entry: bytes) -> httpx2.Response:
        """Claim with a passkey and nothing else."""
        options = await self.ask("POST", "claims/options", {"entry": base64url.text(entry)})
        assert options.status_code == 200, options.text
        passkey = {"credential": browser.create(options.json()), "name": "Phone"}
        return await self.ask("POST", "claims", {"entry": base64url.text(entry), "passkey": passkey})
