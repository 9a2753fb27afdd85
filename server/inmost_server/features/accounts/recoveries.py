"""Coming back without a device, changing the password, and a new second factor after an administrator's reset."""

import hmac
from dataclasses import dataclass
from typing import Any

from inmost_protocol.acts import Act
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
from inmost_server.features.passkeys import owning
from inmost_server.features.passkeys.ceremonies import Purpose
from inmost_server.features.sessions.open_sessions import Opened
from inmost_server.pace import PROVING
from inmost_server.refusals import NotAllowed, NotFound, Refusal
from inmost_server.sessions import Session
from inmost_server.store import Tx

RESET_LIFETIME_MS = 24 * 3_600_000
ACTS_OF_A_RETURN: tuple[Act, ...] = ("recovery_key", "add_passkey", "remove_passkey")
SIGN_IN = Purpose("sign in")  # nobody's yet: the authenticator says whose


@dataclass(frozen=True, slots=True)
class Recovery:
    """A session "recovering" of this person, and how far the directory has got. trust: None without a password."""

    opened: Opened
    account: str
    head_n: int
    trust: str | None


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
    return _opened(accounts, proved.user, proved.trust)


async def recover_by_passkey(accounts: Accounts, assertion: dict[str, Any], place: Place) -> Recovery:
    """The same with a passkey alone: it verified its person, and names the account. Refused with PasskeyRefused, SlowDown.

    What proves nothing is counted by the address, what does by the person: nobody at the same address keeps a member out.
    """
    try:
        user = await owning.asserted(accounts.passkeys, SIGN_IN, assertion)
    except Refusal:
        accounts.pace.address(place.address or "", PROVING)
        raise
    accounts.pace.account(user, PROVING)
    await accounts.store.write(lambda tx: store.saw(tx, user, accounts.clock()))
    return _opened(accounts, user, None)


def _opened(accounts: Accounts, user: bytes, trust: str | None) -> Recovery:
    opened = accounts.sessions.open_for_recovery(user)
    # A factor was shown a moment ago, and that for nothing else than coming back.
    for act in ACTS_OF_A_RETURN:
        accounts.step_ups.grant(opened.session, act)
    head = accounts.directory.state.head()
    return Recovery(opened, proof.view_of(accounts, user).account, head[0] if head else 0, trust)


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
    accounts: Accounts, session: Session, of: bytes, password: str | None, code: str | None, place: Place
) -> Reset:
    """An administrator lets a person set a new second factor. Without password and code it needs a step-up.

    Refused with NotAllowed, NotFound, StepUpRequired, SlowDown, SignInRefused.
    """
    author, target = proof.view_of(accounts, session.user), accounts.directory.state.user(of)
    if target is None or target.is_bot:
        raise NotFound
    if not may_reset(author.role, target.role):
        raise NotAllowed
    reset = Reset(new_code(RESET_CODE_CHARS), accounts.clock() + RESET_LIFETIME_MS)
    hashed = backup_hash(accounts.keys.of("reset codes"), reset.code)

    def keep(tx: Tx) -> None:
        if not store.set_reset(tx, of, hashed, reset.expires_ms):
            raise NotFound

    def keep_proved(tx: Tx, facts: Facts) -> None:
        if facts.user != session.user:
            raise SignInRefused
        keep(tx)

    if password is None or code is None:
        accounts.step_ups.require(session, "reset_second_factor")
        await accounts.store.write(keep)
    else:
        await proof.prove(
            accounts, author.account, password, place, proof.by_code(accounts, code), keep_proved
        )
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
