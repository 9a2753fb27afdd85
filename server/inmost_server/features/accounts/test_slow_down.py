"""Slowing down: the rule as a table, and the attacks it is for, played through on a clock of their own."""

import random

import pytest

from inmost_server.features.accounts.slow_down import SlowDown, Ticket, Try, network_of
from inmost_server.features.accounts.slow_down_policy import (
    FORGET_AFTER_MS,
    MAX_WAIT_MS,
    NONE,
    Failures,
    TryFacts,
    wait_ms,
)

NOW = 10**12
HOUR_MS = 3_600_000


def facts(pair=NONE, network=NONE, account=NONE, is_known=False, is_trusted=False):
    return TryFacts(pair, network, account, is_known or is_trusted, is_trusted)


def just(count: int, ago_ms: int = 0) -> Failures:
    return Failures(count, NOW - ago_ms)


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        (facts(), 0),
        (facts(pair=just(4)), 0),
        (facts(pair=just(5)), 1_000),
        (facts(pair=just(5, ago_ms=400)), 600),
        (facts(pair=just(5, ago_ms=1_000)), 0),
        (facts(pair=just(8)), 8_000),
        (facts(pair=just(1_000)), MAX_WAIT_MS),
        (facts(pair=just(1_000, ago_ms=FORGET_AFTER_MS)), 0),
        (facts(pair=just(6), is_trusted=True), 2_000),
        (facts(network=just(9)), 0),
        (facts(network=just(12)), 4_000),
        (facts(network=just(12), is_known=True), 4_000),
        (facts(network=just(1_000), is_trusted=True), 0),
        (facts(account=just(9)), 0),
        (facts(account=just(11)), 2_000),
        (facts(account=just(1_000)), MAX_WAIT_MS),
        (facts(account=just(1_000), is_known=True), 0),
        (facts(pair=just(5), network=just(12), account=just(11)), 4_000),
    ],
)
def test_a_try_waits_for_the_widest_circle_that_applies_to_it(case, expected):
    assert wait_ms(case, NOW) == expected


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("not an address", "unknown"),
    ],
)
def test_a_network_is_what_one_household_has(address, network):
    assert network_of(address) == network


def member_at_home(account: str = "alice") -> Try:
    return Try(account, exists=True, network="192.0.2.0/24", is_known=True, trust=None)


def attack(account: str, network: int) -> Try:
    return Try(
        account, exists=True, network=f"10.{network // 256}.{network % 256}.0/24", is_known=False, trust=None
    )


def test_stuffing_from_many_networks_over_many_accounts_gets_few_guesses_at_each():
    """A botnet of 2,000 networks, 100 accounts, a day long, as fast as it may: every network tries whatever the server lets it."""
    slow_down, chance = SlowDown(), random.Random(7)
    guesses = dict.fromkeys((f"member{n}" for n in range(100)), 0)
    for minute in range(24 * 60):
        now = NOW + minute * 60_000
        for _ in range(200):
            account = chance.choice(list(guesses))
            ticket = slow_down.begin(attack(account, chance.randrange(2_000)), now + chance.randrange(60_000))
            guesses[account] += isinstance(ticket, Ticket)
    # Ten free ones, ten while the wait doubles, and one every 15 minutes.
    assert max(guesses.values()) <= 20 + 24 * 4 + 4


def test_one_network_that_tries_many_accounts_is_slowed_for_all_of_them():
    slow_down = SlowDown()
    tried = sum(isinstance(slow_down.begin(attack(f"member{n}", 1), NOW + n), Ticket) for n in range(1_000))
    assert tried == 10


def test_an_attacker_cannot_lock_a_member_out_of_a_known_network():
    """The attacker hammers one account from everywhere; the member signs in from home at once, every time."""
    slow_down = SlowDown()
    for n in range(5_000):
        slow_down.begin(attack("alice", n), NOW + n * 100)
        if n % 100 == 0:
            ticket = slow_down.begin(member_at_home(), NOW + n * 100)
            assert isinstance(ticket, Ticket)
            slow_down.succeeded(ticket)
    assert not isinstance(slow_down.begin(attack("alice", 9_999), NOW + 500_000), Ticket)
    assert slow_down.is_slowed("alice", NOW + 500_000)


def test_an_attacker_in_the_same_network_cannot_lock_out_who_brings_a_trust_secret():
    slow_down = SlowDown()
    for n in range(200):
        slow_down.begin(member_at_home(), NOW + n)
        slow_down.begin(member_at_home(f"colleague{n}"), NOW + n)
    with_trust = Try("alice", exists=True, network="192.0.2.0/24", is_known=True, trust="secret")
    assert isinstance(slow_down.begin(with_trust, NOW + 200), Ticket)


def test_a_thousand_tries_at_once_are_a_thousand_failures():
    slow_down = SlowDown()
    started = [slow_down.begin(member_at_home(), NOW) for _ in range(1_000)]
    assert sum(isinstance(ticket, Ticket) for ticket in started) == 5


def test_a_success_forgets_the_pair_and_what_it_added_itself():
    slow_down = SlowDown()
    for _ in range(4):
        slow_down.begin(member_at_home(), NOW)
    ticket = slow_down.begin(member_at_home(), NOW)
    assert isinstance(ticket, Ticket)
    slow_down.succeeded(ticket)
    assert sum(isinstance(slow_down.begin(member_at_home(), NOW), Ticket) for _ in range(10)) == 5


def test_a_try_that_the_server_failed_is_no_failure():
    slow_down = SlowDown()
    for _ in range(100):
        ticket = slow_down.begin(attack("alice", 3), NOW)
        assert isinstance(ticket, Ticket)
        slow_down.take_back(ticket)
    assert not slow_down.is_slowed("alice", NOW)


def test_what_is_kept_is_bounded_and_invented_names_push_no_member_out():
    slow_down = SlowDown(max_kept=100)
    for n in range(30):
        slow_down.begin(attack("alice", n), NOW)
    for n in range(1_000):
        invented = Try(f"nobody{n}", exists=False, network=f"172.16.{n}.0/24", is_known=False, trust=None)
        slow_down.begin(invented, NOW + n)
    assert slow_down.is_slowed("alice", NOW)
    kept = [*slow_down._pairs.values(), *slow_down._accounts.values(), slow_down._networks]
    assert all(len(circle) <= 100 for circle in kept)


def test_an_account_that_does_not_exist_is_slowed_like_one_that_does():
    for exists in (True, False):
        slow_down = SlowDown()
        verdicts = [
            slow_down.begin(Try("x", exists, "192.0.2.0/24", is_known=False, trust=None), NOW + n)
            for n in range(30)
        ]
        assert [v if isinstance(v, int) else 0 for v in verdicts] == [0] * 5 + [999 - n for n in range(25)]
