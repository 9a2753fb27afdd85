"""Counts failed tries in bounded memory and says how long the next one waits; the rule itself is slow_down_policy.

A try counts as failed from the moment it starts, and is taken back when it succeeds: a thousand tries at once are a thousand failures, not one.
Kept in memory: a restart gives an attacker a handful of free tries, and nobody a row to fill the disk with. What is counted for accounts that
exist is kept apart from what is counted for names that don't, so that inventing names pushes nothing out.
"""

from collections import OrderedDict
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from inmost_server.features.accounts.slow_down_policy import (
    FORGET_AFTER_MS,
    FREE_NETWORK_ACCOUNTS,
    NONE,
    Failures,
    TryFacts,
    wait_ms,
)

MAX_KEPT = 50_000  # entries per circle; about 10 MB each when full
MAX_COUNTED_ACCOUNTS = FREE_NETWORK_ACCOUNTS + 20  # more make no longer wait


@dataclass(frozen=True, slots=True)
class Try:
    """Who tries from where.

    account   as written, case-folded
    exists    there is such an account
    network   as of network_of()
    is_known  the account was signed in from this network in the last 90 days
    trust     the id of the trust secret it brought, or None
    """

    account: str
    exists: bool
    network: str
    is_known: bool
    trust: str | None


class Circle:
    """Failures by key; the key longest without a failure goes when there are too many."""

    def __init__(self, max_kept: int) -> None:
        self._kept: OrderedDict[str, Failures] = OrderedDict()
        self._max_kept = max_kept

    def __len__(self) -> int:
        return len(self._kept)

    def of(self, key: str, now_ms: int) -> Failures:
        failures = self._kept.get(key, NONE)
        return NONE if now_ms - failures.last_ms >= FORGET_AFTER_MS else failures

    def add(self, key: str, now_ms: int) -> None:
        self._kept[key] = Failures(self.of(key, now_ms).count + 1, now_ms)
        self._kept.move_to_end(key)
        if len(self._kept) > self._max_kept:
            self._kept.popitem(last=False)

    def take_back(self, key: str, before: Failures) -> None:
        """The failure counted last was none: one less, and the wait counts from the one before."""
        now = self._kept.get(key, NONE)
        if now.count <= 1:
            self._kept.pop(key, None)
        else:
            self._kept[key] = Failures(now.count - 1, max(before.last_ms, 1))

    def clear(self, key: str) -> None:
        self._kept.pop(key, None)


class NetworkCircle:
    """The accounts that failed from each network, each counted once until it is forgotten."""

    def __init__(self, max_kept: int) -> None:
        self._kept: OrderedDict[str, dict[str, int]] = OrderedDict()
        self._max_kept = max_kept

    def __len__(self) -> int:
        return len(self._kept)

    def of(self, network: str, now_ms: int) -> Failures:
        fresh = [at for at in self._kept.get(network, {}).values() if now_ms - at < FORGET_AFTER_MS]
        return Failures(len(fresh), max(fresh)) if fresh else NONE

    def add(self, network: str, account: str, now_ms: int) -> int | None:
        """Count it, and return when this account failed from there before (None: never)."""
        accounts = self._kept.setdefault(network, {})
        before = accounts.pop(account, None)
        accounts[account] = now_ms
        if len(accounts) > MAX_COUNTED_ACCOUNTS:
            del accounts[next(iter(accounts))]
        self._kept.move_to_end(network)
        if len(self._kept) > self._max_kept:
            self._kept.popitem(last=False)
        return before

    def take_back(self, network: str, account: str, before: int | None) -> None:
        accounts = self._kept.get(network, {})
        if before is None:
            accounts.pop(account, None)
        elif account in accounts:
            accounts[account] = before
        if not accounts:
            self._kept.pop(network, None)


@dataclass(frozen=True, slots=True)
class Ticket:
    """A try that may go on, counted as failed until succeeded() takes it back."""

    tried: Try
    facts: TryFacts
    network_before_ms: int | None


class SlowDown:
    """All circles. Not shared between threads; every method is one step of the event loop."""

    def __init__(self, max_kept: int = MAX_KEPT) -> None:
        self._pairs = {True: Circle(max_kept), False: Circle(max_kept)}
        self._accounts = {True: Circle(max_kept), False: Circle(max_kept)}
        self._networks = NetworkCircle(max_kept)

    def begin(self, tried: Try, now_ms: int) -> Ticket | int:
        """A ticket, or how many milliseconds this try has to wait; nothing is counted then."""
        facts = TryFacts(
            pair=self._pairs[tried.exists].of(_pair(tried), now_ms),
            network=self._networks.of(tried.network, now_ms),
            account=self._accounts[tried.exists].of(tried.account, now_ms),
            is_known=tried.is_known or tried.trust is not None,
            is_trusted=tried.trust is not None,
        )
        wait = wait_ms(facts, now_ms)
        if wait > 0:
            return wait
        self._pairs[tried.exists].add(_pair(tried), now_ms)
        before = self._networks.add(tried.network, tried.account, now_ms)
        if not facts.is_known:
            self._accounts[tried.exists].add(tried.account, now_ms)
        return Ticket(tried, facts, before)

    def succeeded(self, ticket: Ticket) -> None:
        """Take the try back, and forget what this pair failed before; other networks' failures on the account stay."""
        self.take_back(ticket)
        self._pairs[ticket.tried.exists].clear(_pair(ticket.tried))

    def take_back(self, ticket: Ticket) -> None:
        """The try neither failed nor succeeded: the server was at fault, or too busy."""
        tried = ticket.tried
        self._pairs[tried.exists].take_back(_pair(tried), ticket.facts.pair)
        self._networks.take_back(tried.network, tried.account, ticket.network_before_ms)
        if not ticket.facts.is_known:
            self._accounts[tried.exists].take_back(tried.account, ticket.facts.account)

    def is_slowed(self, account: str, now_ms: int) -> bool:
        """The account is under attack from unknown networks: what administrators see as `locked`."""
        facts = TryFacts(NONE, NONE, self._accounts[True].of(account, now_ms), False, False)
        return wait_ms(facts, now_ms) > 0


def _pair(tried: Try) -> str:
    """With a trust secret the place is the device that has it: somebody else in its network cannot make it wait."""
    return f"{tried.account}\n{tried.network if tried.trust is None else 'trust ' + tried.trust}"


def network_of(address: str) -> str:
    """The /24 of an IPv4 address or the /64 of an IPv6 one: about what one household or office has."""
    try:
        ip: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    return str(ip_network((ip, 24 if isinstance(ip, IPv4Address) else 64), strict=False))
