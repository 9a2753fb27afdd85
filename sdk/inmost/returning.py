"""Comes back without any device: password and code, or a passkey, for a session that may only recover; recovery key or passkey for the rest."""

import contextlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from inmost.errors import Offline, Refused
from inmost.factors import Assertion
from inmost.joining import READY_TIMEOUT_S
from inmost.places import place_of
from inmost.profile import TRUST, Profile
from inmost.server import Address, Recovery, Rest, Session, from_base64url
from inmost.store import Custody

CONNECT_TIMEOUT_S = 30.0
PAGE = 200
UNFINISHED = {"new", "recovering"}


async def recover(
    server: str,
    *,
    account: str,
    password: str,
    code: str,
    recovery_key: str,
    revoke_others: bool,
    custody: Custody,
    profile: str = "default",
    home: Path | None = None,
    ca: Path | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> None:
    """Make this device one of the account's, and read back every conversation.

    server          the server's address
    code            six digits of the authenticator, or a backup code
    revoke_others   the other devices are lost: shut them out

    Trying again after it was cut short begins anew. Raises Refused (SignInRefused, BadRecoveryKey, ...), ProfileExists, Offline,
    KeyUnavailable.
    """
    address = Address.of(server, ca)
    rest = Rest(address)
    try:
        await rest.organisation()
        session = await rest.recovery(account, password, code)
        trust = rest.trust
    finally:
        await rest.close()
    secret: dict[str, object] = {"recovery_key": recovery_key}
    await _come_back(
        address, session, account, trust, secret, revoke_others, custody, profile, home, progress
    )


async def recover_with_passkey(
    server: str,
    *,
    sign: Callable[[dict[str, Any]], Awaitable[Assertion]],
    recovery_key: str | None = None,
    revoke_others: bool,
    custody: Custody,
    profile: str = "default",
    home: Path | None = None,
    ca: Path | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> str:
    """The same with a passkey, which names the account. Returns the account.

    sign            answers WebAuthn's {"publicKey": request options} with whichever passkey the person takes
    recovery_key    for a passkey that does not open the vault

    Raises as recover() does: PasskeyRefused, PasskeysNeedAName; WrongRecoveryKey when the passkey does not open the vault.
    """
    address = Address.of(server, ca)
    rest = Rest(address)
    try:
        await rest.organisation()
        signed = await sign(await rest.recovery_options())
        if recovery_key is None and signed.secret is None:
            raise Refused(
                "RecoveryKeyNeeded", "This passkey signs you in, but gives nothing that opens your history."
            )
        session = await rest.recovery_by_passkey(signed)
    finally:
        await rest.close()
    secret: dict[str, object] = {"recovery_key": recovery_key}
    if recovery_key is None:
        secret = {"passkey_secret": signed.secret}
    account = session.account
    await _come_back(address, session, account, None, secret, revoke_others, custody, profile, home, progress)
    return account


async def _come_back(
    address: Address,
    session: Recovery,
    account: str,
    trust: str | None,
    secret: dict[str, object],
    revoke_others: bool,
    custody: Custody,
    profile: str,
    home: Path | None,
    progress: Callable[[str], None],
) -> None:
    await _clear_unfinished(profile, home, custody)
    opened = await Profile.make(profile, home, custody, address, "inmost recover")
    try:
        progress("Opening the vault")
        await _become_device(opened, address, session.token, session.expires_ms, {
            **secret,
            "org": from_base64url(session.org),
            "account": account,
            "user": from_base64url(session.user),
            "origin": address.origin,
            "revoke_others": revoke_others,
        })  # fmt: skip
    except BaseException:
        await opened.discard()
        raise
    try:
        await opened.remember(TRUST, trust)
        progress("Joining the conversations")
        await opened.connect()
        await opened.host.ready(READY_TIMEOUT_S)
        progress("Reading back what was said")
        await _read_back(opened)
    finally:
        await opened.close()


async def _read_back(opened: Profile) -> None:
    """Have everything here again: titles and search need it, and the server may not always be there."""
    for seen in await opened.host.view("conversations"):
        before: int | None = None
        with contextlib.suppress(
            Refused
        ):  # One that is lost or waits must not keep the others from coming back.
            while True:
                page = await opened.host.command(
                    "page", conversation=seen["conversation"], before=before, limit=PAGE
                )
                before = page["first"]
                if not page["more"] or page["waiting"] or not before:
                    break


async def _clear_unfinished(profile: str, home: Path | None, custody: Custody) -> None:
    """A return that was cut short before this device was one of the account's begins anew."""
    if not place_of(profile, home).is_there:
        return
    opened = await Profile.open(profile, home, custody.passphrase, "inmost recover")
    if (await opened.host.view("me"))["phase"] in UNFINISHED:
        await opened.discard()
    else:
        await opened.close()


async def _become_device(
    opened: Profile, address: Address, token: str, expires_ms: int, arguments: dict[str, object]
) -> None:
    opened.host.connect(address, Session(token, expires_ms))
    try:
        await opened.host.connected(CONNECT_TIMEOUT_S)
    except TimeoutError:
        raise Offline("The server did not answer in time.") from None
    await opened.host.command("recover", **arguments)
    await opened.host.disconnect()
