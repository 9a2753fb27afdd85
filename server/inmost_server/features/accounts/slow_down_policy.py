"""How long a try at a password has to wait: a pure function of what failed before (docs/protocol/sign-in.md, "Slowing down").

Three circles, from narrow to wide. A try waits for the widest of those that apply to it.

pair      this account from this place. Applies to everybody.
network   this network, on many accounts: credential stuffing from one place. Not to who brings a trust secret.
account   this account, from many networks: guessing with a botnet. Not from places the account was signed in from before.

So whoever attacks an account from elsewhere never makes its owner wait at a known place, nobody is ever locked for good, and no
botnet, however large, gets more than FREE_ACCOUNT_FAILURES guesses at one account and then four an hour.
"""

from dataclasses import dataclass

FREE_PAIR_FAILURES = 5
FREE_NETWORK_ACCOUNTS = 10
FREE_ACCOUNT_FAILURES = 10
FIRST_WAIT_MS = 1_000
MAX_WAIT_MS = 15 * 60_000
FORGET_AFTER_MS = 24 * 3_600_000  # without a further failure


@dataclass(frozen=True, slots=True)
class Failures:
    """What failed in one circle: how often, and when last. Forgotten FORGET_AFTER_MS after the last one."""

    count: int = 0
    last_ms: int = 0


NONE = Failures()


@dataclass(frozen=True, slots=True)
class TryFacts:
    """One try, before the password is looked at.

    pair, account  its failures in these circles
    network        the failures of its network; count is that of distinct accounts
    is_known       the account was signed in from this network in the last 90 days, or the try brings a trust secret
    is_trusted     it brings a trust secret
    """

    pair: Failures
    network: Failures
    account: Failures
    is_known: bool
    is_trusted: bool


def doubling_ms(excess: int) -> int:
    """1 s for the first failure too many, twice as long for each further one, MAX_WAIT_MS at most."""
    if excess < 0:
        return 0
    return min(MAX_WAIT_MS, FIRST_WAIT_MS << min(excess, 20))


def wait_ms(facts: TryFacts, now_ms: int) -> int:
    """How long this try has to wait still; 0: it may go on."""
    waits = [_left(facts.pair, FREE_PAIR_FAILURES, now_ms)]
    if not facts.is_trusted:
        waits.append(_left(facts.network, FREE_NETWORK_ACCOUNTS, now_ms))
    if not facts.is_known:
        waits.append(_left(facts.account, FREE_ACCOUNT_FAILURES, now_ms))
    return max(waits)


def _left(failures: Failures, free: int, now_ms: int) -> int:
    if failures.count == 0 or now_ms - failures.last_ms >= FORGET_AFTER_MS:
        return 0
    return max(0, failures.last_ms + doubling_ms(failures.count - free) - now_ms)
