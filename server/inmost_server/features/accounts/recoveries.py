"""Coming back without a device, changing the password, and a new second factor after an administrator's reset."""

import hmac
from dataclasses import dataclass

from inmost_server.features.accounts import proof, store
from inmost_server.features.accounts.proof import Accounts, Facts, Place, Use
from inmost_server.features.accounts.refusals import SignInRefused
from inmost_server.features.accounts.reset_policy import may_reset
from inmost_server.features.accounts.second_factor import (
    RESET_CODE_CHARS,
    backup_hash,
    new_backup_codes,
    new_code,
    used_step,
)
from inmost_server.features.sessions.open_sessions import Opened
from inmost_server.refusals import NotAllowed, NotFound
from inmost_server.sessions import Session
from inmost_server.store import Tx

RESET_LIFETIME_MS = 24 * 3_600_000


@dataclass(frozen=True, slots=True)
class Recovery:
    """A session "recovering" of this person, and how far the directory has got."""

    opened: Opened
    head_n: int
    trust: str


@dataclass(frozen=True, slots=True)
class Reset:
    """The one-time code that an administrator hands to the person."""

    code: str
    expires_ms: int


@dataclass(frozen=True, slots=True)
class NewFactor:
    """A second factor as the client made it, and a code that proves it was stored."""

    totp_secret: bytes
    totp_code: str


async def recover(accounts: Accounts, account: str, password: str, code: str, place: Place) -> Recovery:
    """Refused with SlowDown, SignInRefused."""
    proved, _ = await proof.prove(
        accounts, account, password, place, proof.by_code(accounts, code), _nothing_more
    )
    head = accounts.directory.state.head()
    return Recovery(accounts.sessions.open_for_recovery(proved.user), head[0] if head else 0, proved.trust)


async def change_password(
    accounts: Accounts, session: Session, password: str, code: str, new_password: str, place: Place
) -> str:
    """Set the new password, end recoveries begun with the old one, return a new trust secret (the old ones are void).

    Refused with WeakPassword, SlowDown, SignInRefused.
    """
    account = proof.view_of(accounts, session.user).account
    ready = proof.refuse_weak(accounts, new_password, account)
    new_hash = await accounts.passwords.hashed(ready)

    def change(tx: Tx, facts: Facts) -> None:
        assert facts.password_hash is not None
        if facts.user != session.user or not store.set_password(
            tx, facts.user, facts.password_hash, new_hash
        ):
            raise SignInRefused
        accounts.sessions.end_recoveries(tx, facts.user, but=session)

    proved, _ = await proof.prove(accounts, account, password, place, proof.by_code(accounts, code), change)
    return proved.trust


async def reset_second_factor(
    accounts: Accounts, session: Session, of: bytes, password: str, code: str, place: Place
) -> Reset:
    """An administrator lets a person set a new second factor. Refused with NotAllowed, NotFound, SlowDown, SignInRefused."""
    author, target = proof.view_of(accounts, session.user), accounts.directory.state.user(of)
    if target is None or target.is_bot:
        raise NotFound
    if not may_reset(author.role, target.role):
        raise NotAllowed
    reset = Reset(new_code(RESET_CODE_CHARS), accounts.clock() + RESET_LIFETIME_MS)
    hashed = backup_hash(accounts.keys.of("reset codes"), reset.code)

    def keep(tx: Tx, facts: Facts) -> None:
        if facts.user != session.user:
            raise SignInRefused
        if not store.set_reset(tx, of, hashed, reset.expires_ms):
            raise NotFound

    await proof.prove(accounts, author.account, password, place, proof.by_code(accounts, code), keep)
    return reset


async def set_second_factor(
    accounts: Accounts, account: str, password: str, reset_code: str, factor: NewFactor, place: Place
) -> tuple[list[str], str]:
    """With the reset code in place of a code: the new second factor counts from here on. Backup codes and trust secret.

    Refused with SlowDown, SignInRefused (also when the new code does not belong to the new secret).
    """
    given = backup_hash(accounts.keys.of("reset codes"), reset_code)
    codes = new_backup_codes()
    key = accounts.keys.of("backup codes")

    def brings_reset(facts: Facts) -> bool:
        is_code = hmac.compare_digest(given, facts.reset_hash or bytes(32))
        return is_code and facts.reset_hash is not None and accounts.clock() < facts.reset_expires_ms

    def second(facts: Facts) -> Use | None:
        step = used_step(factor.totp_secret, factor.totp_code, 0, accounts.clock())
        if not brings_reset(facts) or step is None:
            return None
        sealed = accounts.keys.seal(facts.user, factor.totp_secret)
        return lambda tx: store.set_second_factor(tx, facts.user, given, sealed, step)

    def then(tx: Tx, facts: Facts) -> None:
        store.replace_backup_codes(tx, facts.user, [backup_hash(key, one) for one in codes])

    proved, _ = await proof.prove(accounts, account, password, place, second, then, brings_reset)
    return codes, proved.trust


def _nothing_more(tx: Tx, facts: Facts) -> None:
    store.saw(tx, facts.user, facts.now_ms)
