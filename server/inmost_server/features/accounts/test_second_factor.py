"""Codes: once each, one step of drift, however a person types them."""

import base64

import pyotp
import pytest

from inmost_server.features.accounts.second_factor import (
    BACKUP_CODES,
    BackupCode,
    TotpStep,
    backup_hash,
    new_backup_codes,
    used_code,
    used_step,
)

SECRET = b"12345678901234567890"
NOW_MS = 1_111_111_109_000
KEY = b"k" * 32


def code_at(ms: int) -> str:
    return pyotp.TOTP(base64.b32encode(SECRET).decode()).at(ms // 1000)


@pytest.mark.parametrize(("at_s", "code"), [(59, "287082"), (1111111109, "081804"), (2000000000, "279037")])
def test_codes_are_those_of_rfc_6238(at_s, code):
    assert used_step(SECRET, code, 0, at_s * 1000) == at_s // 30


@pytest.mark.parametrize(
    ("drift_s", "is_taken"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)]
)
def test_a_clock_may_be_one_step_off(drift_s, is_taken):
    assert (used_step(SECRET, code_at(NOW_MS + drift_s * 1000), 0, NOW_MS) is not None) == is_taken


def test_a_code_is_used_once_and_an_older_one_not_after_it():
    step = used_step(SECRET, code_at(NOW_MS), 0, NOW_MS)
    assert step is not None
    assert used_step(SECRET, code_at(NOW_MS), step, NOW_MS) is None
    assert used_step(SECRET, code_at(NOW_MS - 30_000), step, NOW_MS) is None
    assert used_step(SECRET, code_at(NOW_MS + 30_000), step, NOW_MS) == step + 1


def test_backup_codes_are_ten_and_all_different():
    codes = new_backup_codes()
    assert len(set(codes)) == BACKUP_CODES


@pytest.mark.parametrize("typed", ["{}", " {} ", "{lower}", "{spaced}"])
def test_a_backup_code_is_taken_however_it_is_typed(typed):
    code = "ABCD-0EF1-WXYZ"
    written = typed.format(
        code, lower=code.lower().replace("0", "o").replace("1", "l"), spaced=code.replace("-", " ")
    )
    hashes = [backup_hash(KEY, one) for one in [code, *new_backup_codes()]]
    assert used_code(written, SECRET, 0, hashes, KEY, NOW_MS) == BackupCode(hashes[0])


def test_a_code_of_the_authenticator_is_told_from_a_backup_code():
    assert used_code(code_at(NOW_MS)[:3] + " " + code_at(NOW_MS)[3:], SECRET, 0, [], KEY, NOW_MS) == TotpStep(
        NOW_MS // 30_000
    )
    assert used_code("no such code", SECRET, 0, [backup_hash(KEY, "other")], KEY, NOW_MS) is None
    assert used_code("\ud800", SECRET, 0, [], KEY, NOW_MS) is None
