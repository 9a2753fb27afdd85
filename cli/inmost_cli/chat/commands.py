"""What can be written with a / in front: changes to the conversation one is in."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from inmost import Client, Conversation
from inmost.errors import NotFound
from inmost_cli.sharing import seconds_in


@dataclass(frozen=True)
class Done:
    """What a command led to: words to show, a conversation to go to."""

    words: str = ""
    go_to: str | None = None


@dataclass(frozen=True)
class Command:
    """needs: what must stand after it, or nothing."""

    does: str
    needs: str
    run: Callable[[Client, Conversation, str], Awaitable[Done]]


class NotACommand(NotFound):
    """There is no such command."""


async def run(client: Client, here: Conversation, line: str) -> Done:
    """Carry out "/name rest". Raises NotACommand, and what the SDK raises."""
    name, _, rest = line.removeprefix("/").partition(" ")
    command = COMMANDS.get(name)
    if command is None:
        raise NotACommand(
            f"There is no command /{name}.", "F1 shows them all; a space before the / sends it as it is."
        )
    if command.needs and not rest.strip():
        raise NotACommand(
            f"/{name} needs {command.needs}.", f"For example: /{name} {EXAMPLES.get(name, '@bob')}"
        )
    return await command.run(client, here, rest.strip())


async def _new(client: Client, here: Conversation, rest: str) -> Done:
    words = rest.split()
    people = [word for word in words if word.startswith("@")]
    title = " ".join(word for word in words if not word.startswith("@"))
    if not title:
        raise NotACommand("/new needs a title.", f"For example: /new {EXAMPLES['new']}")
    made = await client.create(title, people)
    return Done(f"“{made.title}” is there.", made.id)


async def _to(client: Client, here: Conversation, rest: str) -> Done:
    return Done(go_to=(await client.direct(rest)).id)


async def _add(client: Client, here: Conversation, rest: str) -> Done:
    people = rest.split()
    await client.add(here, people)
    return Done(f"{await _names(client, people)} can read this now, what came before too.")


async def _remove(client: Client, here: Conversation, rest: str) -> Done:
    people = rest.split()
    await client.remove(here, people)
    return Done(f"{await _names(client, people)} can open nothing new here.")


async def _title(client: Client, here: Conversation, rest: str) -> Done:
    await client.set_title(here, rest)
    return Done(f"It is called “{rest}” now.")


async def _topic(client: Client, here: Conversation, rest: str) -> Done:
    await client.set_topic(here, rest)
    return Done("The topic is set.")


async def _poll(client: Client, here: Conversation, rest: str) -> Done:
    return await _asked(client, here, rest, multiple=False)


async def _poll_several(client: Client, here: Conversation, rest: str) -> Done:
    return await _asked(client, here, rest, multiple=True)


async def _asked(client: Client, here: Conversation, rest: str, multiple: bool) -> Done:
    question, *options = (part.strip() for part in rest.split("|"))
    if len(options) < FEWEST_OPTIONS:
        raise NotACommand(
            "A poll needs a question and two options.", f"For example: /poll {EXAMPLES['poll']}"
        )
    await client.poll(here, question, options, multiple=multiple)
    return Done("Asked. Among the messages x ends it.")


async def _expiring(client: Client, here: Conversation, rest: str) -> Done:
    after, _, text = rest.partition(" ")
    seconds = seconds_in(after)
    if seconds is None or not text.strip():
        raise NotACommand(
            "Say how long (30s, 10m, 8h or 7d), then the words.",
            f"For example: /expiring {EXAMPLES['expiring']}",
        )
    await client.send(here, text.strip(), expires_in_s=seconds)
    return Done("Every device deletes it then.")


async def _mute(client: Client, here: Conversation, rest: str) -> Done:
    await client.mute(here, not here.is_muted)
    return Done("Not muted any more." if here.is_muted else "Muted, on all your devices.")


async def _keep_on_top(client: Client, here: Conversation, rest: str) -> Done:
    await client.pin_conversation(here, not here.is_pinned)
    return Done("" if here.is_pinned else "It stays at the top of your list.")


async def _names(client: Client, people: list[str]) -> str:
    return ", ".join([(await client.person(who)).name for who in people])


FEWEST_OPTIONS: Final = 2
EXAMPLES: Final = {
    "poll": "Which colour? | blue | green",
    "poll-several": "Which days suit you? | Monday | Tuesday | Friday",
    "expiring": "8h The code of the shed is 4711.",
    "new": "Summer party @bob @carol",
    "title": "Summer party",
    "topic": "Food and boats",
}
COMMANDS: Final[dict[str, Command]] = {
    "new": Command("a new conversation: title, and @people", "a title", _new),
    "to": Command("the conversation of two with @somebody", "a person", _to),
    "add": Command("bring @people in", "people", _add),
    "remove": Command("take @people out", "people", _remove),
    "title": Command("name this conversation", "a title", _title),
    "poll": Command("ask all: question | option | option", "a question and options", _poll),
    "poll-several": Command("the same, where several may be chosen", "a question and options", _poll_several),
    "expiring": Command("what every device deletes after a time: 8h words", "a time and words", _expiring),
    "mute": Command("count nothing new here but your name; again: do", "", _mute),
    "top": Command("keep this at the top of your list; again: not", "", _keep_on_top),
    "topic": Command("say what it is about", "words", _topic),
}
# Those that open something on the screen; the app does them.
ON_SCREEN: Final = {
    "search": "find messages",
    "members": "who can read this",
    "pinned": "what is pinned here",
    "leave": "leave this conversation",
    "presence": "let others see when you are online; again: not",
    "verify": "compare numbers with @somebody",
    "theme": "light or dark",
    "help": "all keys",
    "quit": "leave; what you typed stays",
}


def listed() -> list[tuple[str, str]]:
    """(name, what it does) of all."""
    return [(name, command.does) for name, command in COMMANDS.items()] + list(ON_SCREEN.items())
