"""Challenges: this server's, this device's, a minute long, once."""

from inmost_server.features.sessions.challenges import LIFETIME_MS, Challenges

DEVICE, OTHER = b"d" * 16, b"o" * 16
NOW = 10**12


def test_a_challenge_is_good_once():
    challenges = Challenges()
    nonce = challenges.make(DEVICE, NOW)
    assert challenges.is_fresh(DEVICE, nonce, NOW + 5)
    challenges.use(nonce, NOW + 5)
    assert not challenges.is_fresh(DEVICE, nonce, NOW + 6)


def test_a_challenge_is_good_for_one_device_at_one_server_for_a_minute():
    challenges = Challenges()
    nonce = challenges.make(DEVICE, NOW)
    assert not challenges.is_fresh(OTHER, nonce, NOW)
    assert not Challenges().is_fresh(DEVICE, nonce, NOW)
    assert not challenges.is_fresh(DEVICE, nonce[:-1] + bytes([nonce[-1] ^ 1]), NOW)
    assert not challenges.is_fresh(DEVICE, b"", NOW)
    assert challenges.is_fresh(DEVICE, nonce, NOW + LIFETIME_MS - 1)
    assert not challenges.is_fresh(DEVICE, nonce, NOW + LIFETIME_MS)


def test_asking_for_a_million_stores_nothing_and_used_ones_are_forgotten():
    challenges = Challenges()
    for n in range(10_000):
        challenges.make(DEVICE, NOW + n)
    assert len(challenges) == 0
    for n in range(100):
        challenges.use(challenges.make(DEVICE, NOW + n), NOW + n)
    challenges.use(challenges.make(DEVICE, NOW + 2 * LIFETIME_MS), NOW + 2 * LIFETIME_MS)
    assert len(challenges) == 1
