"""Sending what was written: shown at once, given back with the reason if it is refused, and commands carried out."""

import asyncio
from typing import TYPE_CHECKING

from inmost.errors import NotFound
from inmost_cli.chat import commands
from inmost_cli.chat.composer import Composer
from inmost_cli.chat.conversation import OpenConversation
from inmost_cli.chat.look import DARK, LIGHT, SETTING
from inmost_cli.chat.neutral import neutral_line
from inmost_cli.chat.picker import Confirm

if TYPE_CHECKING:
    from inmost_cli.chat.app import Chat


class Speaking:
    """What happens after Enter."""

    def __init__(self, app: "Chat") -> None:
        self._app = app

    async def speak(self, event: Composer.Submitted) -> None:
        here, about = self._app.here, event.about
        root = self._app.thread.root if event.composer is self._app.thread.composer else None
        kept = asyncio.Event()
        if here is None:
            self._return(event)
            return
        sending = asyncio.ensure_future(here.say(event.text, about, self._app.people, kept, root))
        showing = asyncio.ensure_future(kept.wait())
        await asyncio.wait([sending, showing], return_when=asyncio.FIRST_COMPLETED)
        if kept.is_set():
            self._app.drafts.release(event.place, event.text)
            await self._show_new(here)
        showing.cancel()

        async def sent() -> None:
            await sending

        if not await self._app.attempt(sent()):
            self._return(event, is_held=not kept.is_set())
            await self._app.view.show_here()

    async def _show_new(self, here: OpenConversation) -> None:
        """One's own message: seen at the end, wherever one was reading."""
        if here is self._app.here:
            if not here.history.is_at_end:
                await here.load()
                self._app.timeline.clear()
            await self._app.view.show_here()
            self._app.timeline.go_to_end()
        await self._app.view.show_status()

    def _return(self, event: Composer.Submitted, is_held: bool = True) -> None:
        """Nothing typed is lost: the words are in the field again, or in the draft of where they were for."""
        if event.composer.place == event.place:
            event.composer.give_back(event.text)
            self._app.drafts.note(event.place, event.composer.draft)
        else:
            self._app.drafts.note(
                event.place, "\n".join(filter(None, [event.text, self._app.drafts.text(event.place)]))
            )
        if is_held:
            self._app.drafts.release(event.place, event.text)

    async def command(self, event: Composer.Submitted) -> None:
        name, _, rest = event.text[1:].partition(" ")
        if name in commands.ON_SCREEN:
            self._app.drafts.release(event.place, event.text)
            await self._app.attempt(self._on_screen(name, rest.strip()))
        elif not await self._app.attempt(self._carry_out(event.text)):
            self._return(event)
        else:
            self._app.drafts.release(event.place, event.text)

    async def _carry_out(self, line: str) -> None:
        here = self._app.here.conversation if self._app.here else None
        if here is None and not self._app.listed:
            raise NotFound("You are in no conversation yet.", "Press Ctrl+K to write to somebody.")
        done = await commands.run(self._app.client, here or self._app.listed[0], line)
        if done.go_to is not None:
            await self._app.view.read()
            await self._app.going.to(done.go_to)
        self._app.say(done.words)

    async def _on_screen(self, name: str, rest: str) -> None:
        if name == "verify":
            await self._app.acts.compare(rest or self._other())
        elif name == "theme":
            self._app.theme = (LIGHT if self._app.theme == DARK.name else DARK).name
            await self._app.client.profile.remember(SETTING, self._app.theme)
            self._app.view.draw_here()
        elif name == "presence":
            await self._app.presence.switch()
        elif name == "pinned":
            await self._app.acts.pick_pinned()
        elif name == "leave":
            self._leave()
        elif name == "quit":
            await self._app.action_leave()
        else:
            getattr(self._app, f"action_{name}")()

    def _leave(self) -> None:
        here = self._app.here
        if here is None:
            raise NotFound("You are in no conversation yet.", "Press Ctrl+K to write to somebody.")
        conversation = here.conversation

        async def leave(_: bool) -> None:
            has_left = await self._app.client.leave(conversation)
            await self._app.view.read()
            await self._app.view.show_here()
            self._app.say("You have left." if has_left else "You leave as soon as another member is online.")

        question = f"Leave “{neutral_line(conversation.title)}”? You come back only if somebody adds you."
        self._app.ask(Confirm(question, "leave", "stay"), leave)

    def _other(self) -> str:
        here = self._app.here.conversation if self._app.here else None
        others = [user for user in (here.people if here else ()) if user != self._app.people.me]
        if len(others) != 1:
            raise NotFound("Say with whom.", "For example: /verify @bob")
        return others[0]
