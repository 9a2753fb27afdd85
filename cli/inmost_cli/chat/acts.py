"""What is done with a message or a person that was chosen: react, take away, open a link, compare numbers."""

import asyncio
from typing import TYPE_CHECKING, Final

from inmost import Message
from inmost_cli.chat.completion import emoji_candidates
from inmost_cli.chat.composer import About
from inmost_cli.chat.message import is_spoken, name_of, summary_of
from inmost_cli.chat.neutral import neutral, neutral_line
from inmost_cli.chat.picker import Choice, Confirm, Picker
from inmost_cli.chat.safety import Safety
from inmost_cli.chat.timeline import Timeline
from inmost_cli.chat.words import addresses_of

if TYPE_CHECKING:
    from inmost_cli.chat.app import Chat

MOST_EMOJI: Final = 50


class Acts:
    """Each asks what it must, and shows what came of it."""

    def __init__(self, app: "Chat") -> None:
        self._app = app
        self._voting = asyncio.Lock()

    async def do(self, event: Timeline.Wanted) -> None:
        message, action = event.message, event.action
        is_thread = event.timeline is self._app.thread.timeline
        composer = self._app.thread.composer if is_thread else self._app.composer
        if action == "copy":
            self._app.copy_to_clipboard(neutral(message.text or ""))
            self._app.say("Copied.")
        elif action == "verify" and message.sender is not None:
            await self.compare(message.sender.id)
        elif not is_spoken(message) or message.is_deleted:
            self._app.say("That is only for what somebody wrote.")
        elif action == "reply" or (action == "edit" and message.is_own and message.type == "text"):
            composer.begin(About(action, message))
            composer.field.focus()
        elif action == "pin":
            await self._app.client.pin(message, not message.is_pinned)
        elif action.startswith("vote"):
            await self._vote(message, int(action.removeprefix("vote ")) - 1)
        elif action == "edit":
            self._app.say("Only its author can change a message.")
        elif action == "react":
            self._pick_reaction(message)
        elif action == "delete":
            self._app.ask(
                Confirm("Take this message away, for everybody?", "take it away"),
                lambda _: self._change("delete", message),
            )
        elif action == "thread":
            await self._app.panel.open_thread(message)
        elif action == "links":
            self._pick_link(message.text or "")
        elif action == "end poll":
            self._end_poll(message)

    def _pick_reaction(self, message: Message) -> None:
        def fitting(typed: str) -> list[Choice[str]]:
            return [
                Choice(each.shown, each.insert) for each in emoji_candidates(typed.casefold().strip(":"))
            ][:MOST_EMOJI]

        picker = Picker[str]("React", "the name of an emoji", fitting, "No emoji by this name")
        self._app.ask(picker, lambda emoji: self._change("react", message, emoji))

    def _pick_link(self, text: str) -> None:
        found = addresses_of(text)
        if not found:
            self._app.say("There is no link in it.")
            return
        choices = [Choice(address, address) for address in found]
        picker = Picker[str]("Open in the browser", "Enter opens the one chosen", lambda _: choices, "")
        self._app.ask(picker, self._open_link)

    async def _open_link(self, address: str) -> None:
        self._app.open_url(address)
        self._app.say(f"Opened: {address}")

    async def pick_pinned(self) -> None:
        """What is pinned in the open conversation; the one chosen is gone to."""
        here = self._app.here
        if here is None:
            return
        conversation = here.conversation
        choices = [
            Choice(f"{name_of(each)}: {summary_of(each)}", each.n)
            for each in await self._app.client.pinned(conversation)
            if each.n is not None
        ]

        def fitting(typed: str) -> list[Choice[int]]:
            return [each for each in choices if typed.casefold() in str(each.shown).casefold()]

        empty = (
            "Nothing is pinned here. Among the messages p pins one."
            if not choices
            else "Nothing pinned has that"
        )
        picker = Picker[int]("Pinned", "Enter goes to the one chosen", fitting, empty)
        self._app.ask(picker, lambda n: self._app.going.to(conversation.id, n))

    def _end_poll(self, message: Message) -> None:
        poll = message.poll
        if poll is None:
            self._app.say("That is not a poll.")
        elif not message.is_own:
            self._app.say("Only who asked can end a poll.")
        elif poll.is_closed:
            self._app.say("This poll is closed.")
        else:
            self._app.ask(
                Confirm("End this poll? Votes after this do not count.", "end it"),
                lambda _: self._close(message),
            )

    async def _close(self, message: Message) -> None:
        await self._app.client.close_poll(message)

    async def _vote(self, message: Message, choice: int) -> None:
        """Choose an option, or take it back."""
        poll = message.poll
        if poll is None or message.n is None or choice >= len(poll.options):
            return
        if poll.is_closed:
            self._app.say("This poll is closed.")
            return
        async with self._voting:
            # What was pressed just before counts already.
            poll = (await self._app.client.message(message.conversation, message.n)).poll or poll
            own = set(poll.choice_of(self._app.people.me))
            chosen = own ^ {choice} if poll.is_multiple or choice in own else {choice}
            await self._app.client.vote(message, sorted(chosen))

    async def _change(self, action: str, message: Message, emoji: str = "") -> None:
        """React to or take away a message; shown as soon as it is in the outbox."""
        here = self._app.here
        if here is None:
            return
        kept = asyncio.Event()
        changing = asyncio.ensure_future(
            self._app.client.delete(message, kept)
            if action == "delete"
            else here.react(message, emoji, self._app.people.me, kept)
        )
        showing = asyncio.ensure_future(kept.wait())
        await asyncio.wait([changing, showing], return_when=asyncio.FIRST_COMPLETED)
        showing.cancel()
        await self._app.view.show_here()
        await changing

    async def compare(self, who: str) -> None:
        person = await self._app.client.person(who)
        if person.id == self._app.people.me:
            self._app.say("That is you.")
            return
        number = await self._app.client.safety_number(person)

        async def same(_: bool) -> None:
            await self._app.client.mark_verified(person, number)
            await self._app.view.read()
            await self._app.view.show_here()
            self._app.say(f"Noted: you know {neutral_line(person.name)} in person.")

        self._app.ask(Safety(person, number, self._app.people), same)
