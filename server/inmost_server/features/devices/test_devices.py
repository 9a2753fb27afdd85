"""Key packages and vaults."""

import hashlib
import os

import pytest

from inmost_protocol.devices import (
    ClaimKeyPackages,
    FetchVault,
    KeyPackagesLow,
    PublishKeyPackages,
    PutVault,
    PutVaultRows,
)
from inmost_protocol.limits import MAX_KEY_PACKAGES, MAX_VAULT_BYTES, MAX_VAULT_ROWS
from inmost_server.clock import now_ms
from server.kit.mls import key_package
from server.kit.wire import WasRefused, new_id


async def published(talker, count, last_resort=True):
    packages = [key_package(talker.device) for _ in range(count)]
    last = key_package(talker.device, last_resort=True) if last_resort else None
    return packages, last, (await talker.wire.ask(PublishKeyPackages(new_id(), packages, last))).count


async def test_each_key_package_is_given_out_once_and_then_the_last_resort_again_and_again(team):
    owner = await team.connect(team.people["owner"])
    bob = await team.connect(await team.invited("bob"))
    packages, last, count = await published(bob, 2)
    assert count == 2
    given = []
    for _ in range(4):
        answer = await owner.wire.ask(ClaimKeyPackages(new_id(), [team.people["bob"].user]))
        ((user, device, package),) = answer.packages
        assert (user, device) == (team.people["bob"].user, bob.device.id)
        given.append(package)
    assert given == [*packages, last, last]


async def test_a_device_is_told_when_few_are_left(team):
    owner = await team.connect(team.people["owner"])
    bob = await team.connect(await team.invited("bob"))
    await published(bob, 20)
    await owner.wire.ask(ClaimKeyPackages(new_id(), [team.people["bob"].user]))
    assert (await bob.wire.next(KeyPackagesLow))[0].count == 19


async def test_no_more_are_kept_than_the_protocol_says(team):
    owner = await team.connect(team.people["owner"])
    await published(owner, 60)
    assert (await published(owner, 60))[2] == MAX_KEY_PACKAGES
    assert (await owner.sync()).key_packages == MAX_KEY_PACKAGES


async def test_only_the_own_devices_packages_of_the_right_sort_are_taken(team):
    owner = await team.connect(team.people["owner"])
    bob = await team.invited("bob")
    with pytest.raises(WasRefused, match="IdentityMismatch"):
        await owner.wire.ask(PublishKeyPackages(new_id(), [key_package(bob.device)], None))
    with pytest.raises(WasRefused, match="Malformed"):
        await owner.wire.ask(
            PublishKeyPackages(new_id(), [key_package(owner.device, last_resort=True)], None)
        )
    with pytest.raises(WasRefused, match="TooLarge"):
        await owner.wire.ask(PublishKeyPackages(new_id(), [b"x"] * (MAX_KEY_PACKAGES + 1), None))
    assert (await owner.sync()).key_packages == 0


async def test_a_revoked_devices_packages_are_gone(team):
    owner = team.people["owner"]
    first = await team.connect(owner)
    second = await team.connect(await team.further_device(owner))
    await published(second, 3)
    await team.append(owner.revoke(team.directory, second.device.id, now_ms()))
    answer = await first.wire.ask(ClaimKeyPackages(new_id(), [owner.user]))
    assert answer.packages == []


async def test_a_vault_comes_with_the_entry_that_pins_it(team):
    owner = team.people["owner"]
    talker = await team.connect(owner)
    vault = os.urandom(5_000)
    pin = owner.entry(team.directory, "vault", [1, hashlib.sha256(vault).digest()], now_ms())
    with pytest.raises(WasRefused, match="NotAllowed"):
        await talker.wire.ask(PutVault(new_id(), vault + b"x", pin))
    n = team.directory.next_n
    assert (await talker.wire.ask(PutVault(new_id(), vault, pin))).n == n
    assert (await talker.wire.ask(FetchVault(new_id(), None))).vault == vault
    with pytest.raises(WasRefused, match="TooLarge"):
        await talker.wire.ask(PutVault(new_id(), bytes(MAX_VAULT_BYTES + 1), pin))


async def test_vault_rows_are_replaced_one_by_one_and_fetched_page_by_page(team):
    talker = await team.connect(team.people["owner"])
    rows = sorted((new_id(), os.urandom(50)) for _ in range(MAX_VAULT_ROWS + 5))
    await talker.wire.ask(PutVaultRows(new_id(), rows[:MAX_VAULT_ROWS]))
    await talker.wire.ask(PutVaultRows(new_id(), rows[MAX_VAULT_ROWS:]))
    rows[3] = (rows[3][0], b"newer")
    await talker.wire.ask(PutVaultRows(new_id(), [rows[3]]))
    first = await talker.wire.ask(FetchVault(new_id(), None))
    assert (first.vault, first.more, len(first.rows)) == (None, True, MAX_VAULT_ROWS)
    second = await talker.wire.ask(FetchVault(new_id(), first.rows[-1][0]))
    assert [tuple(row) for row in (*first.rows, *second.rows)] == rows
    assert not second.more
    stranger = await team.connect(await team.invited("stranger"))
    assert (await stranger.wire.ask(FetchVault(new_id(), None))).rows == []
