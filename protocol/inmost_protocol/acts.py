"""What a session may do only with a fresh factor, by name: client and server use the same words (docs/protocol/sign-in.md, "Step-up")."""

from typing import Final, Literal, get_args

Act = Literal[
    "suspend",
    "role",
    "invite_administrator",
    "reset_second_factor",
    "recovery_key",
    "add_passkey",
    "remove_passkey",
    "password",
]
ACTS: Final[frozenset[str]] = frozenset(get_args(Act))
STEP_UP_MS: Final = 5 * 60_000  # a factor is fresh this long
