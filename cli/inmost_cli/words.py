"""Refusals in a person's words, each with what to do next, and as exit codes."""

from typing import Final

from inmost.errors import (
    InmostError,
    InsecureAddress,
    KeyUnavailable,
    NoProfile,
    NotAServer,
    NotFound,
    Offline,
    ProfileExists,
    ProfileInUse,
    Refused,
    SignedOut,
    StoreDamaged,
    StoreTooNew,
)
from inmost_cli.exits import FAILED

CODES: Final[tuple[tuple[type[InmostError], int], ...]] = (
    (NoProfile, 3),
    (ProfileExists, 3),
    (ProfileInUse, 4),
    (KeyUnavailable, 5),
    (Offline, 6),
    (NotAServer, 6),
    (InsecureAddress, 6),
    (Refused, 7),
    (NotFound, 8),
    (SignedOut, 9),
    (StoreDamaged, 10),
    (StoreTooNew, 10),
)

# By code: what happened, what to do. What is not here is shown in the refuser's own words.
REFUSALS: dict[str, tuple[str, str]] = {
    "BadLink": ("That is not an invitation link.", "Copy all of it, with everything after the #."),
    "SignInRefused": (
        "Account, password or code is not right.",
        "Check all three; a code is good once, for half a minute.",
    ),
    "SecondFactorRefused": (
        "That code is not right.",
        "Type the six digits that your authenticator shows now; check this computer's clock.",
    ),
    "StepUpRequired": (
        "This needs your passkey, or your password and a code, once more.",
        "In scripts: --password-file FILE, and --totp-secret-file FILE or --code CODE",
    ),
    "PasskeyRefused": ("That passkey does not open anything here.", "Take another, or sign in by password."),
    "LastFactor": (
        "Without it you could not come back.",
        "Add another passkey or a password first.",
    ),
    "SlowDown": ("Too many tries.", "Wait, then try again."),
    "ClockSkewed": (
        "This computer's clock is wrong by more than two minutes.",
        "Set the clock, then try again.",
    ),
    "NotAMember": ("You are not in this conversation.", "Ask somebody in it to add you."),
    "NotAllowed": ("Your role does not allow this.", "Ask an owner or administrator."),
    "InvitationExpired": ("This invitation has run out.", "Ask for a new one."),
    "InvitationClaimedTwice": (
        "Somebody else has used this invitation before you. Both accounts are stopped.",
        "Tell the person who invited you; an administrator decides which one is right.",
    ),
    "RemovalPending": ("Somebody is being removed from this conversation.", "Try again in a moment."),
    "TooLarge": ("That is too long for one message.", "At most 65,536 bytes; send it in parts."),
    "BadRecoveryKey": ("That is not a recovery key.", "Check each group of four; it has seven."),
    "WrongPhase": ("This device is not set up yet.", "Join or recover first."),
    "ConversationExists": ("This conversation exists already.", "inmost conversations shows it."),
    "WrongNumber": (
        "The numbers differ. Do not share anything sensitive.",
        "Compare once more over a channel you trust; if they still differ, tell an administrator.",
    ),
}


def explain(error: InmostError) -> tuple[str, str]:
    """(one sentence, what to do next or nothing)."""
    if isinstance(error, Refused):
        said, hint = REFUSALS.get(error.code, (_sentence(str(error)), ""))
        if error.code == "SlowDown" and error.retry_after_s:
            hint = f"Wait {error.retry_after_s:.0f} seconds, then try again."
        return said, hint or f"({error.code})"
    return _sentence(str(error)), error.hint


def _sentence(words: str) -> str:
    words = words[:1].upper() + words[1:]
    return words if words.endswith((".", "!", "?", ":")) else words + "."


def exit_code(error: InmostError) -> int:
    return next((code for kind, code in CODES if isinstance(error, kind)), FAILED)
