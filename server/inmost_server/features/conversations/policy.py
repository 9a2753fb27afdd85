"""Who may do what in a conversation: facts in, verdict out."""

from dataclasses import dataclass

from inmost_server.refusals import (
    ClockSkewed,
    Malformed,
    NotAllowed,
    NotAMember,
    NotFound,
    RemovalPending,
    StaleEpoch,
)


@dataclass(frozen=True, slots=True)
class PostingFacts:
    """since_epoch: the epoch in which the device came in, None when it has no leaf now. may_speak: by its role here."""

    since_epoch: int | None
    removal_pending: bool
    epoch: int
    removal_epoch: int
    may_speak: bool


def may_post(facts: PostingFacts, epoch: int) -> None:
    """Refuse a post from outside the roster, or sealed for a membership that has since shrunk."""
    if facts.since_epoch is None:
        raise NotAMember
    if facts.removal_pending:
        raise RemovalPending
    if epoch < facts.removal_epoch or epoch < facts.since_epoch or epoch > facts.epoch:
        raise StaleEpoch(current_epoch=facts.epoch)


def may_speak(facts: PostingFacts) -> None:
    """Refuse a message where only owners and moderators write, or of a guest where there are none.

    The server sees no content, so this is for whatever goes into the log; read positions and typing are everybody's.
    """
    if not facts.may_speak:
        raise NotAllowed("Only owners and moderators write here.")


def may_commit(has_leaf: bool, may_join: bool) -> None:
    """Whoever has no business here hears what somebody hears who asks for what is not there."""
    if not has_leaf and not may_join:
        raise NotAMember


@dataclass(frozen=True, slots=True)
class ReadingFacts:
    """has_leaf: now. until_n: the commit that removed it. may_join: an external commit of its would be allowed now."""

    has_leaf: bool
    until_n: int | None
    may_join: bool


def last_readable(facts: ReadingFacts, next_n: int) -> int:
    """The last number this device may fetch: all for members and who may join at will, else up to its removal."""
    if facts.has_leaf or facts.may_join:
        return next_n - 1
    if facts.until_n is not None:
        return min(facts.until_n, next_n - 1)
    raise NotAMember


def may_see_group(facts: ReadingFacts) -> None:
    """What an external joiner needs is for leaves and for who may join."""
    if not facts.has_leaf and not facts.may_join:
        raise NotAMember


def may_see_tree(has_leaf: bool, welcome_epoch: int | None, epoch: int) -> None:
    """The tree of an epoch is for members and for the one whose Welcome of that epoch waits."""
    if not has_leaf and welcome_epoch != epoch:
        raise NotAMember


def may_delete(user: bytes, author: bytes | None, role: str | None, kind_is_message: bool) -> None:
    """The own user's message, or anybody's by owner or moderator of the conversation."""
    if not kind_is_message:
        raise NotFound
    if user != author and role not in {"owner", "moderator"}:
        raise NotAMember("Only its author, an owner or a moderator may delete a message.")


def must_be_near(time_ms: int, now_ms: int, most_ms: int) -> None:
    if abs(time_ms - now_ms) > most_ms:
        raise ClockSkewed


def must_be_range(first: int, last: int, most: int) -> None:
    """A range both ends of which are included."""
    if last < first or last - first >= most:
        raise Malformed("That range is empty or too long.")
