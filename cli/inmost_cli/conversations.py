"""inmost conversations, create, add, remove, leave, channels, join-channel, settings, role: who talks where, and who may do what."""

from typing import Annotated

import typer

from inmost import Client, Conversation
from inmost_cli.asking import confirm
from inmost_cli.here import Here, JsonOption, command, everybody
from inmost_cli.output import ID_DIGITS, json_line, note, say, table

Which = Annotated[
    str, typer.Argument(metavar="CONVERSATION", help="Its title, @account, or the beginning of its id.")
]
Whom = Annotated[list[str], typer.Argument(metavar="PEOPLE...", help="Accounts.")]


def register(app: typer.Typer) -> None:
    command(app, "conversations", rich_help_panel="Talk")(list_conversations)
    command(app, "create", rich_help_panel="Talk")(create)
    command(app, "add", rich_help_panel="Talk")(add)
    command(app, "remove", rich_help_panel="Talk")(remove)
    command(app, "leave", rich_help_panel="Talk")(leave)
    command(app, "channels", rich_help_panel="Talk")(channels)
    command(app, "join-channel", rich_help_panel="Talk")(join_channel)
    command(app, "settings", rich_help_panel="Talk")(settings)
    command(app, "role", rich_help_panel="Talk")(role)


async def list_conversations(
    here: Here,
    every: Annotated[
        bool, typer.Option("--all", help="Also the one that only syncs your own devices.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Your conversations, the most recent first."""
    async with here.client() as client:
        conversations = await client.conversations(personal=every)
        people = await everybody(client)
    if json:
        for each in conversations:
            accounts = [person.account for user in each.people if (person := people.by_id.get(user))]
            json_line({**_fields(each), "people": accounts})
        return
    table(
        ["title*", "kind", "people", "new", "", "id"],
        [
            (each.title, each.kind, str(len(each.people)), _unread(each), _state(each), each.id[:ID_DIGITS])
            for each in conversations
        ],
        "No conversations yet. Make one: inmost create TITLE PEOPLE...",
    )


def _fields(conversation: Conversation) -> dict[str, object]:
    return {name: getattr(conversation, name) for name in Conversation.__struct_fields__}


def _unread(conversation: Conversation) -> str:
    """How many unread, and after an @ how many of them name the reader."""
    if not conversation.unread:
        return ""
    more = "+" if conversation.unread_is_least else ""
    return f"{conversation.unread}{more}" + (f" @{conversation.mentions}" if conversation.mentions else "")


def _state(conversation: Conversation) -> str:
    marks = {
        "pinned": conversation.is_pinned,
        "muted": conversation.is_muted,
        "draft": bool(conversation.draft),
    }
    words = [word for word, is_so in marks.items() if is_so]
    state = {
        "member": "",
        "removed": "you are out",
        "joining": "joining",
        "waiting": "waits for another device",
    }.get(conversation.state, conversation.state)
    return ", ".join([state, *words] if state else words)


async def create(
    here: Here,
    title: Annotated[str, typer.Argument(help="What it is called.")],
    people: Annotated[list[str] | None, typer.Argument(metavar="PEOPLE...", help="Accounts.")] = None,
    channel: Annotated[
        bool, typer.Option("--channel", help="A channel, for a topic rather than a group.")
    ] = False,
    is_open: Annotated[
        bool, typer.Option("--open", help="A channel that every member finds and may join. Not for guests.")
    ] = False,
    announcement: Annotated[
        bool, typer.Option("--announce", help="A channel in which only owners and moderators write.")
    ] = False,
    topic: Annotated[str | None, typer.Option(help="What it is about.")] = None,
    json: JsonOption = False,
) -> None:
    """Start a conversation with people."""
    kind = "channel" if channel or is_open or announcement else "group"
    async with here.client(needs_server=True) as client:
        made = await client.create(
            title, people or [], kind, topic=topic, is_open=is_open, announcement=announcement
        )
    if json:
        json_line(_fields(made))
    else:
        say(
            f"“{made.title}” is there ({made.id[:ID_DIGITS]}). Write: inmost send {_quoted(made.title)} Hello"
        )


def _quoted(title: str) -> str:
    return f'"{title}"' if " " in title else title


async def add(here: Here, conversation: Which, people: Whom) -> None:
    """Bring people into a conversation."""
    async with here.client(needs_server=True) as client:
        found = await client.conversation(conversation)
        await client.add(found, people)
        say(f"{await _names(client, people)} can read “{found.title}” now, what came before too.")


async def remove(
    here: Here,
    conversation: Which,
    people: Whom,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
) -> int:
    """Take people out of a conversation. They keep what they have read and can open nothing that comes after."""
    if not confirm(f"Remove {', '.join(people)} from {conversation}", yes):
        note("Nothing was changed. In scripts pass --yes.")
        return 2
    async with here.client(needs_server=True) as client:
        found = await client.conversation(conversation)
        await client.remove(found, people)
        say(f"{await _names(client, people)} can open nothing new in “{found.title}”.")
    return 0


async def leave(
    here: Here, conversation: Which, yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False
) -> int:
    """Leave a conversation."""
    if not confirm(f"Leave {conversation}", yes):
        note("Nothing was changed. In scripts pass --yes.")
        return 2
    async with here.client(needs_server=True) as client:
        found = await client.conversation(conversation)
        if await client.leave(found):
            say(f"You have left “{found.title}”.")
        else:
            say(f"You leave “{found.title}” as soon as another member is online.")
    return 0


async def channels(here: Here, json: JsonOption = False) -> None:
    """The channels that every member may join."""
    async with here.client(needs_server=True) as client:
        found = await client.open_channels()
    if json:
        for each in found:
            json_line(each)
        return
    table(
        ["title*", "topic*", "", "id"],
        [(each.title, each.topic, "joined" if each.is_joined else "", each.id[:ID_DIGITS]) for each in found],
        "No open channels yet. Make one: inmost create TITLE --open",
    )


async def join_channel(
    here: Here,
    channel: Annotated[str, typer.Argument(help="Its title, or the beginning of its id.")],
) -> None:
    """Come into an open channel. What was said before can be read once another member is online."""
    async with here.client(needs_server=True) as client:
        joined = await client.join_channel(channel)
    say(f"You are in “{joined.title}”. Read: inmost history {_quoted(joined.title)}")


async def settings(
    here: Here,
    conversation: Which,
    is_open: Annotated[
        bool | None, typer.Option("--open/--closed", help="Every member may join a channel, or nobody.")
    ] = None,
    announcement: Annotated[
        bool | None, typer.Option("--announce/--discuss", help="Only owners and moderators write, or all.")
    ] = None,
    guests: Annotated[
        bool | None, typer.Option("--guests/--no-guests", help="Guests may be added, or not.")
    ] = None,
    moderated: Annotated[
        bool | None,
        typer.Option(
            "--moderated/--free", help="Only owners and moderators add people and name it, or all members."
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Show what holds in a conversation, or change it."""
    changes = {"is_open": is_open, "announcement": announcement, "guests": guests, "moderated": moderated}
    is_change = any(value is not None for value in changes.values())
    async with here.client(needs_server=is_change) as client:
        found = await client.conversation(conversation)
        if is_change:
            await client.change_settings(found, **changes)
            found = await client.conversation(found.id)
        people = await everybody(client)
    if json:
        json_line(_fields(found))
        return
    say(f"“{found.title}”: {', '.join(_what_holds(found))}.")
    for user, of in found.roles.items():
        say(f"  {people.name(user)}: {of}")


def _what_holds(conversation: Conversation) -> list[str]:
    return [
        "every member may join" if conversation.is_open else "people are added",
        "owners and moderators write" if conversation.announcement else "all write",
        "guests may be added" if conversation.guests else "without guests",
        "owners and moderators add people" if conversation.moderated else "members add people",
    ]


async def role(
    here: Here,
    conversation: Which,
    who: Annotated[str, typer.Argument(help="An account.")],
    role: Annotated[str, typer.Argument(help="owner, moderator, member or guest.")],
) -> None:
    """Change what a person may do in one conversation. (In the organisation: inmost people role.)"""
    async with here.client(needs_server=True) as client:
        found = await client.conversation(conversation)
        await client.set_conversation_role(found, who, role)
        say(f"{(await client.person(who)).name} is {role} in “{found.title}” now.")


async def _names(client: Client, people: list[str]) -> str:
    return ", ".join([(await client.person(who)).name for who in people])
