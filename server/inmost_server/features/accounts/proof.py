"""The one way in for a person without a device: slowed down, then password and code together, then what they are for.

Every path that ends in SignInRefused does the same work, whatever was wrong.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from inmost_engine.public import UserView
from inmost_protocol.acts import Act
from inmost_server.clock import Clock
from inmost_server.features.accounts import store, trust
from inmost_server.features.accounts.keys import AccountKeys
from inmost_server.features.accounts.known_passwords import KnownPasswordList
from inmost_server.features.accounts.password_policy import prepared, weakness
from inmost_server.features.accounts.passwords import Passwords
from inmost_server.features.accounts.refusals import SignInRefused, WeakPassword
from inmost_server.features.accounts.second_factor import TOTP_SECRET_BYTES, used_code
from inmost_server.features.accounts.slow_down import SlowDown, Try
from inmost_server.features.accounts.store import Credentials
from inmost_server.features.directory.service import DirectoryService
from inmost_server.features.passkeys.owning import Passkeys
from inmost_server.features.sessions.open_sessions import OpenSessions
from inmost_server.features.step_ups.step_ups import StepUps
from inmost_server.pace import PROVING, Pace
from inmost_server.refusals import SlowDown as SlowDownRefused
from inmost_server.sessions import Session
from inmost_server.store import Reader, Store, Tx

R = TypeVar("R")
Use = Callable[[Tx], bool]
NOBODY = bytes(32)


@dataclass(frozen=True, slots=True)
class Accounts:
    """What the handlers of accounts work with. near_words: what no password may contain, beside the account."""

    store: Store
    directory: DirectoryService
    sessions: OpenSessions
    keys: AccountKeys
    passwords: Passwords
    slow_down: SlowDown
    known_passwords: KnownPasswordList
    pace: Pace
    clock: Clock
    near_words: tuple[str, ...]
    passkeys: Passkeys
    step_ups: StepUps


@dataclass(frozen=True, slots=True)
class Place:
    """Where a request comes from: its network (slow_down.network_of), the trust secret it brings, and the address that pays for it.

    address  None when it showed a session, which was counted instead
    """

    network: str
    trust: str | None
    address: str | None


@dataclass(frozen=True, slots=True)
class Facts:
    """What is stored of the one who tries; of nobody, when there is no such account."""

    user: bytes
    password_hash: str | None = field(repr=False)
    totp_secret: bytes = field(repr=False)
    totp_last_step: int
    reset_hash: bytes | None
    reset_expires_ms: int
    backup_hashes: tuple[bytes, ...]
    is_known_network: bool
    now_ms: int


@dataclass(frozen=True, slots=True)
class Proved:
    """Who it is, and a new trust secret to hand out."""

    user: bytes
    trust: str


# What a second proof finds: how to use it up in the transaction, or None when it does not hold.
Second = Callable[[Facts], Use | None]


async def prove(
    accounts: Accounts,
    account: str,
    password: str,
    place: Place,
    second: Second,
    then: Callable[[Tx, Facts], R],
    resets: Callable[[Facts], bool] = lambda facts: False,
) -> tuple[Proved, R]:
    """Run `then` in one transaction with using up the second proof, if password and second proof are right.

    resets: whether the try brings the account's reset code, which counts like a trust secret.
    Refused with SlowDown, SignInRefused, and what `then` refuses.
    """
    now_ms = accounts.clock()
    user = user_of(accounts, account)
    facts = await accounts.store.read(lambda reader: _facts(accounts, reader, user, place, now_ms))
    tried = _try(accounts, account, facts, place, resets(facts))
    if tried.trust is None and place.address is not None:
        accounts.pace.address(place.address, PROVING)
    ticket = accounts.slow_down.begin(tried, now_ms)
    if isinstance(ticket, int):
        raise SlowDownRefused(retry_after_ms=ticket)
    try:
        proved = await _proved(accounts, facts, password, place, second, then)
    except SignInRefused:
        raise
    except Exception:
        accounts.slow_down.take_back(ticket)
        raise
    accounts.slow_down.succeeded(ticket)
    return proved


async def _proved(
    accounts: Accounts,
    facts: Facts,
    password: str,
    place: Place,
    second: Second,
    then: Callable[[Tx, Facts], R],
) -> tuple[Proved, R]:
    is_right = await accounts.passwords.is_right(facts.password_hash, prepared(password))
    use = second(facts)
    if not is_right or use is None:
        raise SignInRefused
    network = accounts.keys.network(facts.user, place.network)

    def write(tx: Tx) -> R:
        if not use(tx):
            raise SignInRefused  # somebody used the same code in between
        store.remember_network(tx, facts.user, network, accounts.clock())
        return then(tx, facts)

    result = await accounts.store.write(write)
    return Proved(facts.user, await new_trust(accounts, facts.user)), result


def by_code(accounts: Accounts, code: str) -> Second:
    """The usual second proof: a code of the authenticator or a backup code."""

    def second(facts: Facts) -> Use | None:
        used = used_code(
            code,
            facts.totp_secret,
            facts.totp_last_step,
            facts.backup_hashes,
            accounts.keys.of("backup codes"),
            accounts.clock(),
        )
        return None if used is None else lambda tx: store.use_code(tx, facts.user, used)

    return second


def user_of(accounts: Accounts, account: str) -> bytes | None:
    """The user of an account who is not suspended. After a second claim two users have the account, and an administrator decided."""
    directory = accounts.directory.state
    first = directory.user_by_account(account)
    if first is None or not first.suspended:
        return first.user if first else None
    return next(
        (user.user for user in directory.users() if user.account == account and not user.suspended), None
    )


def view_of(accounts: Accounts, user: bytes) -> UserView:
    """Of a user who has a session."""
    found = accounts.directory.state.user(user)
    assert found is not None
    return found


def refuse_weak(accounts: Accounts, password: str, account: str) -> str:
    """The password as it is to be hashed. Refused with WeakPassword."""
    ready = prepared(password)
    weak = weakness(ready, (account, *accounts.near_words), accounts.known_passwords)
    if weak is not None:
        raise WeakPassword(weak)
    return ready


def _facts(accounts: Accounts, reader: Reader, user: bytes | None, place: Place, now_ms: int) -> Facts:
    found = store.of_user(reader, user or NOBODY)
    hashes = tuple(store.backup_hashes(reader, user or NOBODY))
    network = accounts.keys.network(user or NOBODY, place.network)
    is_known = store.is_known_network(reader, user or NOBODY, network, now_ms)
    if found is None:
        return Facts(NOBODY, None, bytes(TOTP_SECRET_BYTES), 0, None, 0, hashes, is_known, now_ms)
    return Facts(
        user=found.user,
        password_hash=found.password_hash,
        totp_secret=accounts.keys.open(found.user, found.totp_sealed),
        totp_last_step=found.totp_last_step,
        reset_hash=found.reset_hash,
        reset_expires_ms=found.reset_expires_ms or 0,
        backup_hashes=hashes,
        is_known_network=is_known,
        now_ms=now_ms,
    )


def _try(accounts: Accounts, account: str, facts: Facts, place: Place, brings_reset: bool) -> Try:
    trusted = None
    if facts.password_hash is not None and place.trust is not None:
        trusted = trust.checked(accounts.keys, place.trust, facts.user, facts.password_hash, accounts.clock())
    return Try(
        account=account,
        exists=facts.password_hash is not None,
        network=place.network,
        is_known=facts.is_known_network,
        trust="reset" if brings_reset else trusted,
    )


async def stepped_up(
    accounts: Accounts, session: Session, act: Act, password: str, code: str, place: Place
) -> tuple[int, str]:
    """Password and code as the fresh factor for an act: until when it counts, and a trust secret. Refused with SlowDown, SignInRefused."""

    def then(tx: Tx, facts: Facts) -> None:
        if facts.user != session.user:
            raise SignInRefused

    account = view_of(accounts, session.user).account
    proved, _ = await prove(accounts, account, password, place, by_code(accounts, code), then)
    return accounts.step_ups.grant(session, act), proved.trust


async def new_trust(accounts: Accounts, user: bytes) -> str:
    found: Credentials | None = await accounts.store.read(lambda reader: store.of_user(reader, user))
    assert found is not None
    return trust.new(accounts.keys, user, found.password_hash, accounts.clock())
