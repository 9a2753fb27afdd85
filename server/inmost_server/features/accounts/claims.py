"""Claiming an invitation: the entry goes into the directory, and what proves the person later is stored in the same transaction."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from inmost_engine.public import Applied, Directory, Refused
from inmost_server.features.accounts import proof, store
from inmost_server.features.accounts.proof import Accounts, Facts, Place, Use
from inmost_server.features.accounts.refusals import (
    InvitationClaimedTwice,
    PasswordNeeded,
    SecondFactorRefused,
    SignInRefused,
)
from inmost_server.features.accounts.second_factor import backup_hash, new_backup_codes, used_step
from inmost_server.features.accounts.store import Claim, Credentials
from inmost_server.features.passkeys import owning
from inmost_server.features.passkeys.ceremonies import Purpose, read_id
from inmost_server.pace import PROVING
from inmost_server.refusals import FromEngine, Malformed, Refusal
from inmost_server.store import Tx

MAX_CLAIMS = 2  # of one invitation; the second suspends both, a third would only fill the directory


@dataclass(frozen=True, slots=True)
class Asked:
    """A claim as it came: the signed entry, and for a person password, TOTP secret and a code of it, or a passkey, or all of them.

    passkey: the response of its registration, made with registration_options().
    """

    entry: bytes
    password: str | None
    totp_secret: bytes | None
    totp_code: str | None
    passkey: dict[str, Any] | None = None
    passkey_name: str = "Passkey"


@dataclass(frozen=True, slots=True)
class Claimed:
    """What the claimant gets. trust is None, and there are no backup codes, for a bot and for whoever has no password."""

    claim: Claim
    backup_codes: list[str]
    trust: str | None


@dataclass(frozen=True, slots=True)
class _Claimant:
    user: bytes
    account: str
    is_bot: bool


async def claim(accounts: Accounts, asked: Asked, place: Place) -> Claimed:
    """Append the claim; asking again with the same entry gives the same answer with fresh backup codes.

    Refused with WeakPassword, PasswordNeeded, SecondFactorRefused, PasskeyNotTaken, InvitationClaimedTwice, the directory's refusals;
    again also SignInRefused.
    """
    digest = hashlib.sha256(asked.entry).digest()
    before = await accounts.store.read(lambda reader: store.claim_of(reader, digest))
    if before is not None:
        accounts.pace.account(digest, PROVING)
        return await _again(accounts, before, asked, place)
    try:
        claimant = _claimant(accounts, asked.entry)
    except Refusal:
        accounts.pace.address(place.address or "", PROVING)
        raise
    accounts.pace.account(claimant.account.encode(), PROVING)
    codes: list[str] = new_backup_codes() if not claimant.is_bot and asked.password is not None else []
    keep = None if claimant.is_bot else await _factors(accounts, claimant, asked, codes, place)
    made: list[Claim] = []

    def side_writes(tx: Tx, applied: Applied) -> None:
        assert applied.user is not None
        assert applied.device is not None
        made.append(Claim(applied.user, applied.device, applied.n, applied.second_claim))
        store.add_claim(tx, digest, made[0])
        store.saw(tx, applied.user, accounts.clock())
        if keep is not None:
            keep(tx, applied.user)

    await accounts.directory.append(asked.entry, side_writes=side_writes)
    if made[0].is_second:
        raise InvitationClaimedTwice
    return Claimed(made[0], codes, await proof.new_trust(accounts, made[0].user) if codes else None)


async def registration_options(accounts: Accounts, entry: bytes, host: str) -> dict[str, Any]:
    """Options for the passkey that is to come with this claim. Refused as claim() refuses the entry, and PasskeysNeedAName."""
    claimant = _claimant(accounts, entry)
    if claimant.is_bot:
        raise Malformed("A bot has no passkeys.")
    return accounts.passkeys.ceremonies.registration(
        _purpose(entry), host, claimant.user, claimant.account, ()
    )


def _purpose(entry: bytes) -> Purpose:
    return Purpose("claim", hashlib.sha256(entry).digest())


def _claimant(accounts: Accounts, entry: bytes) -> _Claimant:
    """Who would be there after this entry. Refused with what the directory says, or Malformed when it is no claim."""
    directory = accounts.directory.state
    try:
        applied = directory.check(entry, accounts.clock())
        if applied.kind != "claim" or applied.invitation is None:
            raise Malformed("That entry is no claim.")
        if applied.n == 0:
            # Nobody was invited yet: read it with a directory of its own.
            alone = Directory(directory.org)
            alone.apply(entry)
            owner = alone.users()[0]
            return _Claimant(owner.user, owner.account, owner.is_bot)
    except Refused as refused:
        raise FromEngine(refused.code, refused.words) from None
    invitation = directory.invitation(applied.invitation)
    assert invitation is not None
    if len(invitation.claimed_by) >= MAX_CLAIMS:
        raise InvitationClaimedTwice
    assert applied.user is not None
    return _Claimant(applied.user, invitation.account, invitation.is_bot)


async def _factors(
    accounts: Accounts, claimant: _Claimant, asked: Asked, codes: list[str], place: Place
) -> Callable[[Tx, bytes], None]:
    """What to store of the new person, as a function of the transaction and the user."""
    with_password = None
    if asked.passkey is None or asked.password is not None:
        with_password = await _credentials(accounts, claimant.account, asked, codes, place)
    # Last, because it uses its challenge up.
    passkey = None
    if asked.passkey is not None:
        passkey = await owning.new(
            accounts.passkeys, _purpose(asked.entry), claimant.user, asked.passkey_name, asked.passkey
        )

    def keep(tx: Tx, user: bytes) -> None:
        if with_password is not None:
            with_password(tx, user)
        if passkey is not None:
            owning.keep(tx, passkey)

    return keep


async def _credentials(
    accounts: Accounts, account: str, asked: Asked, codes: list[str], place: Place
) -> Callable[[Tx, bytes], None]:
    """Password and second factor to store of the new person."""
    if asked.password is None or asked.totp_secret is None or asked.totp_code is None:
        raise PasswordNeeded
    secret = asked.totp_secret
    step = used_step(secret, asked.totp_code, 0, accounts.clock())
    if step is None:
        raise SecondFactorRefused
    password_hash = await accounts.passwords.hashed(proof.refuse_weak(accounts, asked.password, account))

    def keep(tx: Tx, user: bytes) -> None:
        credentials = Credentials(user, password_hash, accounts.keys.seal(user, secret), step, None, None)
        store.add(tx, credentials, _hashes(accounts, codes))
        store.remember_network(tx, user, accounts.keys.network(user, place.network), accounts.clock())

    return keep


async def _again(accounts: Accounts, before: Claim, asked: Asked, place: Place) -> Claimed:
    """The answer was lost. A bot's holds no secret, nor one without password; else a person shows password and TOTP secret once more."""
    if before.is_second:
        raise InvitationClaimedTwice
    user = accounts.directory.state.user(before.user)
    assert user is not None
    if user.is_bot:
        return Claimed(before, [], None)
    if asked.passkey is not None and asked.password is None:
        if read_id(asked.passkey) not in [
            each.id for each in await owning.present(accounts.passkeys, before.user)
        ]:
            raise SignInRefused
        return Claimed(before, [], None)
    if asked.password is None or asked.totp_secret is None or asked.totp_code is None:
        raise PasswordNeeded
    secret, code = asked.totp_secret, asked.totp_code
    codes = new_backup_codes()

    def second(facts: Facts) -> Use | None:
        # Who knows the whole secret gains nothing by using a code twice, and this one may have been used in the lost try.
        is_same = facts.user == before.user and facts.totp_secret == secret
        is_code = used_step(secret, code, 0, accounts.clock()) is not None
        return (lambda tx: True) if is_same and is_code else None

    proved, _ = await proof.prove(
        accounts,
        user.account,
        asked.password,
        place,
        second,
        lambda tx, facts: store.replace_backup_codes(tx, facts.user, _hashes(accounts, codes)),
    )
    return Claimed(before, codes, proved.trust)


def _hashes(accounts: Accounts, codes: list[str]) -> list[bytes]:
    key = accounts.keys.of("backup codes")
    return [backup_hash(key, code) for code in codes]
