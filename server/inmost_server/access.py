"""Who may call what: every route and every frame declares it here, and a test prints the whole grid."""

from dataclasses import dataclass
from enum import Enum
from typing import Final


class Caller(Enum):
    """Who is at the other end. Guest to owner are roles of the directory; a bot is a member that is no person."""

    ANYONE = "anyone"
    RECOVERING = "recovering"
    GUEST = "guest"
    BOT = "bot"
    MEMBER = "member"
    ADMINISTRATOR = "administrator"
    OWNER = "owner"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Access:
    """callers may call at all; `rule` says in words what the feature's policy decides beyond that."""

    callers: frozenset[Caller]
    rule: str = ""

    def where(self, rule: str) -> "Access":
        return Access(self.callers, rule)


_DEVICES: Final = frozenset({Caller.GUEST, Caller.BOT, Caller.MEMBER, Caller.ADMINISTRATOR, Caller.OWNER})

ANYONE: Final = Access(frozenset(Caller) - {Caller.OPERATOR})
DEVICES: Final = Access(_DEVICES)
PERSONS: Final = Access(_DEVICES - {Caller.BOT})
SESSIONS: Final = Access(_DEVICES | {Caller.RECOVERING})
ADMINISTRATORS: Final = Access(frozenset({Caller.ADMINISTRATOR, Caller.OWNER}))
OPERATOR: Final = Access(frozenset({Caller.OPERATOR}))


def caller_of(kind: str, role: str, is_bot: bool) -> Caller:
    """The caller behind a session: its kind first, then what the directory says of its user."""
    if kind == "recovering":
        return Caller.RECOVERING
    return Caller.BOT if is_bot else Caller(role)


# Whose sessions have ended: they may what anybody may.
OUT: Final = ("suspended", "revoked")


def grid(actions: dict[str, Access]) -> str:
    """The table of actions and callers as text; a dot is a no."""
    width = max(len(action) for action in actions)
    columns = {caller.value: caller for caller in Caller} | dict.fromkeys(OUT, Caller.ANYONE)
    lines = [" " * width + "  " + "  ".join(columns) + "  and then only"]
    for action, access in sorted(actions.items()):
        marks = [("x" if as_ in access.callers else ".").center(len(name)) for name, as_ in columns.items()]
        lines.append(f"{action.ljust(width)}  {'  '.join(marks)}  {access.rule}".rstrip())
    return "\n".join(lines) + "\n"
