"""The key beside the database, and trust secrets made with it."""

import pytest

from inmost_server.features.accounts import keys, trust

USER, OTHER = b"u" * 32, b"o" * 32


def test_the_key_is_made_once_and_only_for_its_owner_to_read(tmp_path):
    made = keys.load(tmp_path, is_new=True)
    assert (tmp_path / keys.FILE_NAME).stat().st_mode & 0o777 == 0o600
    assert keys.load(tmp_path, is_new=False) == made
    assert made.secret.hex() not in repr(made)


def test_a_lost_key_is_said_and_never_replaced(tmp_path):
    with pytest.raises(keys.KeyLost):
        keys.load(tmp_path, is_new=False)
    (tmp_path / keys.FILE_NAME).write_bytes(b"short")
    with pytest.raises(keys.KeyLost):
        keys.load(tmp_path, is_new=True)


def test_a_sealed_secret_opens_for_its_user_only(tmp_path):
    made = keys.load(tmp_path, is_new=True)
    sealed = made.seal(USER, b"s" * 20)
    assert b"s" * 20 not in sealed
    assert made.open(USER, sealed) == b"s" * 20
    with pytest.raises(keys.KeyLost):
        made.open(OTHER, sealed)


def test_a_trust_secret_counts_for_its_user_until_the_password_changes_or_ninety_days(tmp_path):
    made = keys.load(tmp_path, is_new=True)
    secret = trust.new(made, USER, "hash 1", 1_000)
    assert trust.checked(made, secret, USER, "hash 1", 2_000)
    assert not trust.checked(made, secret, OTHER, "hash 1", 2_000)
    assert not trust.checked(made, secret, USER, "hash 2", 2_000)
    assert not trust.checked(made, secret, USER, "hash 1", 1_000 + trust.LIFETIME_MS)
    assert not trust.checked(made, secret[:-4] + "AAAA", USER, "hash 1", 2_000)
    assert not trust.checked(made, "ü nonsense", USER, "hash 1", 2_000)
