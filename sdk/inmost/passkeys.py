"""One's own passkeys: made, listed, named, removed, and made to open the vault."""

from collections.abc import Awaitable, Callable
from typing import Any

from inmost.client import Client
from inmost.errors import Refused
from inmost.factors import Assertion, Credential
from inmost.server import Passkey, Rest, Session, from_base64url

Sign = Callable[[dict[str, Any]], Awaitable[Assertion]]


class Passkeys:
    """The passkeys of a client's person; the client must be online. Adding and removing ask for a fresh factor (Client's `factor`).

    A passkey is known by its credential id, base64url. Every call raises Refused (StepUpRequired, PasskeyNotTaken, PasskeysNeedAName,
    LastFactor, ...), Offline.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    async def all(self) -> list[Passkey]:
        """Oldest first."""
        async with self._client.signed_in() as (rest, session):
            return await rest.passkeys(session)

    async def opens_vault(self, id_: str) -> bool:
        """Whether it brings the history back, not only the account: by the directory, not by what the server says."""
        seen = await self._client.host.view("passkey", credential=from_base64url(id_))
        return bool(seen["opens_vault"])

    async def options(self) -> dict[str, Any]:
        """WebAuthn's {"publicKey": PublicKeyCredentialCreationOptionsJSON} for one more."""

        async def ask(rest: Rest, session: Session) -> dict[str, Any]:
            return await rest.passkey_options(session)

        return await self._client.stepping_up("add_passkey", ask)

    async def add(self, made: Credential) -> Passkey:
        """Register what was made with options(). It signs in from here on; open_vault() lets it bring the history back, too."""

        async def ask(rest: Rest, session: Session) -> Passkey:
            return await rest.add_passkey(session, made)

        return await self._client.stepping_up("add_passkey", ask)

    async def open_vault(self, id_: str, sign: Sign) -> bool:
        """Let a passkey open the vault. sign: answers WebAuthn's options with the passkey, its secret included.

        False when the authenticator has no PRF: then the passkey signs in, and the recovery key brings the history back.
        """
        async with self._client.signed_in() as (rest, session):
            signed = await sign(await rest.step_up_options(session, "add_passkey"))
            if signed.secret is None:
                return False
            if signed.response.get("id") != id_:
                raise Refused("AnotherPasskey", "Another passkey has answered.")
            await rest.step_up(session, "add_passkey", signed)
            await self._client.host.command(
                "add_passkey", credential=from_base64url(id_), secret=signed.secret
            )
        return True

    async def rename(self, id_: str, name: str) -> None:
        async with self._client.signed_in() as (rest, session):
            await rest.rename_passkey(session, id_, name)

    async def remove(self, id_: str) -> None:
        """It signs nobody in and opens nothing sealed from here on. Begun and cut short, it may be said again."""

        async def ask(rest: Rest, session: Session) -> None:
            try:
                await rest.remove_passkey(session, id_)
            except Refused as refused:
                if refused.code != "NotFound" or not await self.opens_vault(id_):
                    raise

        await self._client.stepping_up("remove_passkey", ask)
        await self._client.host.command("remove_passkey", credential=from_base64url(id_))
