"""Which passwords are good enough: a pure function of the password, the words near it, and the shipped list (docs/protocol/sign-in.md)."""

import unicodedata
from enum import StrEnum
from typing import Protocol

from zxcvbn_rs_py import zxcvbn

MIN_PASSWORD_CHARS = 12
MAX_PASSWORD_CHARS = 256
MIN_STRENGTH = 3  # zxcvbn's 0..4; 3 is 10^8 guesses or more
MIN_NEAR_WORD_CHARS = 3  # "al" is in too many good passwords to forbid it


class Weakness(StrEnum):
    """Why a password is refused. The value is a code; WORDS says it to a person."""

    TOO_SHORT = "TooShort"
    TOO_LONG = "TooLong"
    NOT_TEXT = "NotText"
    NEAR_WORD = "NearWord"
    KNOWN = "Known"
    GUESSABLE = "Guessable"


WORDS = {
    Weakness.TOO_SHORT: f"The password needs at least {MIN_PASSWORD_CHARS} characters.",
    Weakness.TOO_LONG: f"The password may have {MAX_PASSWORD_CHARS} characters at most.",
    Weakness.NOT_TEXT: "The password may not contain control characters.",
    Weakness.NEAR_WORD: "The password may not contain the account's or the organisation's name.",
    Weakness.KNOWN: "This password is on lists of stolen or common passwords, which attackers try first.",
    Weakness.GUESSABLE: "This password is easy to guess. A few unrelated words make a good one.",
}


class KnownPasswords(Protocol):
    """The lists of common and stolen passwords."""

    def __contains__(self, password: object) -> bool: ...


def prepared(password: str) -> str:
    """The password as it is checked and hashed: NFC, so that every keyboard's way to write it is one password."""
    return unicodedata.normalize("NFC", password)


def weakness(password: str, near_words: tuple[str, ...], known: KnownPasswords) -> Weakness | None:
    """The first reason to refuse `password` (prepared), or None. near_words: the account's and the organisation's names."""
    if len(password) < MIN_PASSWORD_CHARS:
        return Weakness.TOO_SHORT
    if len(password) > MAX_PASSWORD_CHARS:
        return Weakness.TOO_LONG
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in password):
        return Weakness.NOT_TEXT
    folded = password.casefold()
    if any(len(word) >= MIN_NEAR_WORD_CHARS and word.casefold() in folded for word in near_words):
        return Weakness.NEAR_WORD
    if folded in known:
        return Weakness.KNOWN
    if int(zxcvbn(password, list(near_words)).score) < MIN_STRENGTH:
        return Weakness.GUESSABLE
    return None
