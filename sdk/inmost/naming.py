"""What people call things: conversations by title, `@account` or the beginning of an id; people by account."""

from collections.abc import Sequence

from inmost.errors import NotFound
from inmost.models import Conversation, OpenChannel, People, Person

SHORTEST_ID = 4
MOST_NAMES = 3


def title_of(kind: str, title: str | None, users: Sequence[str], people: People) -> str:
    """What to show as a conversation's title when nobody gave it one."""
    if title:
        return title
    if kind == "general":
        return "general"
    if kind == "personal":
        return "your devices"
    others = [people.name(user) for user in users if user != people.me]
    if not others:
        return "only you"
    named = ", ".join(others[:MOST_NAMES])
    return named if len(others) <= MOST_NAMES else f"{named} and {len(others) - MOST_NAMES} more"


def find_person(who: str, people: People) -> Person:
    """By account with or without @, else by id or a unique beginning of it. Raises NotFound."""
    account = who.removeprefix("@").casefold()
    for person in people.by_id.values():
        if person.account.casefold() == account:
            return person
    fitting = [person for person in people.by_id.values() if _begins(person.id, who)]
    if len(fitting) == 1:
        return fitting[0]
    raise NotFound(f"There is nobody with the account “{who}”.", "inmost people shows everybody.")


def find_conversation(which: str, conversations: Sequence[Conversation], people: People) -> Conversation:
    """By `@account` (the conversation of two), title in any case, id or a unique beginning of it. Raises NotFound."""
    if which.startswith("@"):
        person = find_person(which, people)
        for conversation in conversations:
            if (
                conversation.kind == "direct"
                and person.id in conversation.people
                and conversation.state != "removed"
            ):
                return conversation
        raise NotFound(f"You have no conversation with {person.name} yet.")
    fitting = [each for each in conversations if each.title.casefold() == which.casefold()]
    if len(fitting) > 1:  # One that was left does not hide one of the same title that goes on.
        fitting = [each for each in fitting if each.state == "member"] or fitting
    if not fitting:
        fitting = [each for each in conversations if _begins(each.id, which)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        ids = ", ".join(each.id[:8] for each in fitting)
        raise NotFound(f"“{which}” fits several conversations: {ids}", "Use one of these ids.")
    raise NotFound(f"There is no conversation “{which}” here.", "inmost conversations shows them all.")


def find_channel(which: str, channels: Sequence[OpenChannel]) -> OpenChannel:
    """By title in any case, id or a unique beginning of it. Raises NotFound."""
    fitting = [each for each in channels if each.title.casefold() == which.casefold()]
    fitting = fitting or [each for each in channels if _begins(each.id, which)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        ids = ", ".join(each.id[:8] for each in fitting)
        raise NotFound(f"“{which}” fits several open channels: {ids}", "Use one of these ids.")
    raise NotFound(f"There is no open channel “{which}”.", "inmost channels shows them all.")


def _begins(id_: str, beginning: str) -> bool:
    return len(beginning) >= SHORTEST_ID and id_.startswith(beginning.lower())
