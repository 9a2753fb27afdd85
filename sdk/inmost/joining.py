"""Joins with an invitation link: makes the device, claims the invitation, and waits until everything is set up."""

import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from inmost.errors import NotAServer, Refused
from inmost.factors import Credential, without_secret
from inmost.places import place_of
from inmost.profile import TRUST, Passphrase, Profile
from inmost.server import Address, Claimed, Organisation, Rest, from_base64url
from inmost.store import Custody

CLAIM = "claim"
TOTP_SECRET_BYTES = 20
# Refusals after which the same claim may be tried with another answer of the person.
ASK_AGAIN = {"WeakPassword", "SecondFactorRefused", "PasswordNeeded", "SignInRefused"}
READY_TIMEOUT_S = 120.0


@dataclass(frozen=True)
class SecondFactor:
    """A TOTP secret (20 bytes) and how it is labelled in an authenticator."""

    secret: bytes
    account: str
    organisation: str


@dataclass(frozen=True)
class Answers:
    """What a person is asked while joining. Each is called again with the refusal when an answer was not good enough.

    password        (None, or why the last one was refused) -> password
    code            (second factor, None or why refused) -> the six digits it shows now
    passkey         (WebAuthn's {"publicKey": creation options}) -> the passkey; then neither password nor code is asked
    """

    password: Callable[[Refused | None], Awaitable[str]]
    code: Callable[[SecondFactor, Refused | None], Awaitable[str]]
    passkey: Callable[[dict[str, Any]], Awaitable[Credential]] | None = None


@dataclass(frozen=True)
class Joined:
    """recovery_key and backup_codes are shown once and kept nowhere; None and [] for a bot, no backup codes without a password."""

    account: str
    is_bot: bool
    recovery_key: str | None
    backup_codes: list[str]


class PendingClaim(msgspec.Struct):
    """A claim not finished, kept (encrypted) so that trying again after a crash is the same claim."""

    entry: bytes
    account: str
    is_bot: bool
    recovery_key: str | None
    totp_secret: bytes
    link: str
    passkey: dict[str, Any] | None = None
    passkey_name: str = ""


async def join(
    link: str,
    *,
    name: str,
    custody: Custody,
    answers: Answers | None = None,
    profile: str = "default",
    home: Path | None = None,
    ca: Path | None = None,
    is_bot: bool = False,
    passphrase: Passphrase = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Joined:
    """Claim an invitation and set this device up. Trying again with the same link goes on where it stopped.

    name: 1 to 80 characters. is_bot: as the invitation says. answers may be None for a bot only. Raises BadLink as Refused, ProfileExists, Offline, NotAServer, KeyUnavailable.
    """
    address = Address.of(link, ca)
    rest = Rest(address)
    try:
        organisation = await rest.organisation()
        opened, pending = await _begin(link, name, is_bot, custody, profile, home, address, passphrase)
        try:
            claimed = await _claim(rest, opened, pending, answers)
            await opened.remember(TRUST, rest.trust)
            progress("Setting up this device")
            await _finish(opened, organisation)
        except Refused as refused:
            if (await opened.host.view("me"))["phase"] == "claiming" and refused.code not in ASK_AGAIN:
                await opened.discard()
            raise
        finally:
            await opened.close()
    finally:
        await rest.close()
    return Joined(pending.account, pending.is_bot, pending.recovery_key, claimed.backup_codes)


async def _begin(
    link: str,
    name: str,
    is_bot: bool,
    custody: Custody,
    profile: str,
    home: Path | None,
    address: Address,
    passphrase: Passphrase,
) -> tuple[Profile, PendingClaim]:
    if (resumed := await _resume(link, profile, home, passphrase or custody.passphrase)) is not None:
        return resumed
    opened = await Profile.make(profile, home, custody, address, "inmost join")
    try:
        begun = await opened.host.command("begin", link=link, name=name, origin=address.origin, is_bot=is_bot)
        pending = PendingClaim(
            entry=begun["entry"],
            account=begun["account"],
            is_bot=begun["is_bot"],
            recovery_key=begun["recovery_key"],
            totp_secret=os.urandom(TOTP_SECRET_BYTES),
            link=link,
        )
        await opened.remember(CLAIM, msgspec.msgpack.encode(pending))
    except BaseException:
        await opened.discard()
        raise
    return opened, pending


async def _resume(
    link: str, profile: str, home: Path | None, passphrase: Passphrase
) -> tuple[Profile, PendingClaim] | None:
    """The same join, begun before and stopped in the middle."""
    if not place_of(profile, home).is_there:
        return None
    opened = await Profile.open(profile, home, passphrase, "inmost join")
    kept = await opened.remembered(CLAIM)
    if kept is not None:
        pending = msgspec.msgpack.decode(kept, type=PendingClaim)
        if pending.link == link:
            return opened, pending
    await opened.close()
    return None


async def _claim(rest: Rest, opened: Profile, pending: PendingClaim, answers: Answers | None) -> Claimed:
    if pending.is_bot:
        return await rest.claim(pending.entry)
    if answers is None:
        raise Refused(
            "PasswordNeeded", "This invitation is for a person: a password and a second factor are needed."
        )
    if answers.passkey is not None:
        return await _claim_with_passkey(rest, opened, pending, answers.passkey)
    factor = SecondFactor(pending.totp_secret, pending.account, rest.address.origin.partition("://")[2])
    refused: Refused | None = None
    password = code = ""
    while True:
        if refused is None or refused.code != "SecondFactorRefused":
            password = await answers.password(refused)
        code = await answers.code(
            factor, refused if refused and refused.code == "SecondFactorRefused" else None
        )
        try:
            return await rest.claim(pending.entry, password, pending.totp_secret, code)
        except Refused as again:
            if again.code not in ASK_AGAIN:
                raise
            refused = again


async def _claim_with_passkey(
    rest: Rest,
    opened: Profile,
    pending: PendingClaim,
    make: Callable[[dict[str, Any]], Awaitable[Credential]],
) -> Claimed:
    """A passkey that a lost answer left behind is tried first: it may be the one that the server has."""
    if pending.passkey is not None:
        try:
            made = Credential(pending.passkey, pending.passkey_name)
            return await rest.claim_with_passkey(pending.entry, made)
        except Refused as refused:
            if refused.code != "PasskeyNotTaken":
                raise
    made = await make(await rest.claim_options(pending.entry))
    pending.passkey, pending.passkey_name = without_secret(made.response), made.name
    await opened.remember(CLAIM, msgspec.msgpack.encode(pending))
    return await rest.claim_with_passkey(pending.entry, made)


async def _finish(opened: Profile, organisation: Organisation) -> None:
    me = await opened.host.view("me")
    if me["phase"] == "claiming":
        await opened.host.command("claimed", server_key=from_base64url(organisation.server_key))
    await opened.connect()
    await opened.host.ready(READY_TIMEOUT_S)
    me = await opened.host.view("me")
    if me["phase"] != "ready":
        raise NotAServer(
            "The server accepted the invitation but this device does not find itself in the directory."
        )
    await opened.remember(CLAIM, None)
