"""Hashing: argon2id as promised, and nobody costs as much as somebody."""

import asyncio
import time

import pytest
from argon2 import extract_parameters
from argon2.low_level import Type

from inmost_server.features.accounts import passwords as module
from inmost_server.features.accounts.passwords import Passwords
from inmost_server.refusals import SlowDown


async def test_a_hash_is_argon2id_with_64_mib_and_three_passes():
    pool = Passwords()
    encoded = await pool.hashed("violet anchor parade tundra")
    found = extract_parameters(encoded)
    assert (found.type, found.memory_cost, found.time_cost, found.parallelism) == (Type.ID, 65_536, 3, 1)
    assert extract_parameters(pool._nobodys_hash) == found
    assert await pool.is_right(encoded, "violet anchor parade tundra")
    assert not await pool.is_right(encoded, "violet anchor parade tundrA")
    assert not await pool.is_right("no hash at all", "x")
    pool.close()


async def test_nobodys_password_takes_as_long_as_somebodys():
    pool = Passwords()
    encoded = await pool.hashed("violet anchor parade tundra")

    async def seconds(hashed: str | None) -> float:
        times = []
        for _ in range(5):
            start = time.perf_counter()
            assert not await pool.is_right(hashed, "another one altogether")
            times.append(time.perf_counter() - start)
        return min(times)

    somebody, nobody = await seconds(encoded), await seconds(None)
    assert 0.5 < nobody / somebody < 2
    pool.close()


async def test_who_would_wait_too_long_is_told_to_come_back(monkeypatch):
    monkeypatch.setattr(module, "MAX_WAITING", 3)
    pool = Passwords()
    done = await asyncio.gather(*(pool.hashed("x") for _ in range(10)), return_exceptions=True)
    assert sum(isinstance(one, SlowDown) for one in done) == 7
    with pytest.raises(SlowDown):
        raise next(one for one in done if isinstance(one, SlowDown))
    pool.close()
