"""What is known, and the screen brought up to it: read again when something happened, drawn at once."""

import asyncio
from typing import TYPE_CHECKING, Any, Final

from textual.widgets import Static

from inmost.models import People
from inmost_cli.chat.alarms import SETTING as ALARMS_READ
from inmost_cli.chat.alarms import Banner
from inmost_cli.chat.conversations import Conversations, header_of, unread_words
from inmost_cli.chat.members import Members
from inmost_cli.chat.status import Status
from inmost_cli.chat.timeline import Timeline

if TYPE_CHECKING:
    from inmost_cli.chat.app import Chat

CHANGING: Final = {
    "message",
    "sent",
    "conversation",
    "directory",
    "history",
    "waiting",
    "ready",
    "receipt",
    "mark",
    "presence",
    "typing",
}


class View:
    """Reads people, conversations and the open one, and shows them."""

    def __init__(self, app: "Chat") -> None:
        self._app = app
        self._events: asyncio.Queue[tuple[str, dict[str, Any]]] = asyncio.Queue()
        self._was_online = False

    def listen(self) -> None:
        """From here on, nothing that happens is missed."""
        self._app.client.host.subscribe(self._events.put_nowait)

    async def follow(self) -> None:
        """Show what happens, as it happens; what came at once is shown at once."""
        while True:
            happened = [await self._events.get()]
            while not self._events.empty():
                happened.append(self._events.get_nowait())
            names = {name for name, _ in happened}
            if names & CHANGING:
                await self._catch_up(was_away="ready" in names)
            if "alarm" in names:
                await self.show_alarms()
            await self.show_status()

    async def _catch_up(self, was_away: bool) -> None:
        await self.read()
        here, timeline = self._app.here, self._app.timeline
        if here is not None and was_away and here.history.is_at_end and timeline.is_at_end:
            await here.load()
        elif here is None and self._app.going.has_begun and self._app.listed:
            # The first conversation there is: nobody has to look for it.
            await self._app.attempt(self._app.going.to(self._app.listed[0].id))
        await self.show_here()

    async def read(self) -> None:
        """People and conversations, as they are now."""
        app = self._app
        people = People(await app.client.people(), (await app.client.me()).user)
        if people.by_id != app.people.by_id or people.me != app.people.me:
            app.people = people
        app.listed = await app.client.conversations()
        here = app.here
        if here is not None:
            here.conversation = next(
                (each for each in app.listed if each.id == here.conversation.id), here.conversation
            )
        self.show_list()

    def show_list(self) -> None:
        app = self._app
        here = app.here.conversation.id if app.here else None
        app.query_one(Conversations).show(app.listed, here, app.drafts.places, app.people)

    async def show_here(self, is_fresh: bool = False) -> None:
        """The open conversation as it is now."""
        here = self._app.here
        if here is None:
            return
        if not is_fresh:
            await here.refresh(self._app.timeline.is_at_end)
        self.draw_here()
        if self._app.timeline.is_at_end and here.history.is_at_end and self._app.is_in_front:
            self._app.run_worker(here.mark_read())

    def draw_here(self) -> None:
        app, here = self._app, self._app.here
        if here is None:
            return
        shown = here.messages
        app.timeline.show(
            shown,
            app.people,
            top=here.top(),
            unread_after=here.unread_after,
            marks=here.marks(shown, app.people),
            answers=here.answers,
        )
        if here.root is not None:
            app.thread.show(here.root, here.thread, app.people, here.marks(here.thread, app.people))
        app.composer.border_title = here.typing(app.people)
        app.query_one(Members).show(here.conversation, app.people)
        app.query_one("#header", Static).update(header_of(here.conversation, app.people))

    async def show_alarms(self) -> None:
        alarms = await self._app.client.alarms()
        read = await self._app.client.profile.remembered(ALARMS_READ)
        self._app.query_one(Banner).show(alarms[int(read or b"0") :])

    async def show_status(self) -> None:
        client = self._app.client
        waiting = (await client.me()).waiting
        self._app.query_one(Status).show(
            client.is_online,
            client.trouble,
            waiting,
            self._out_of_sight(),
            is_among_messages=isinstance(self._app.focused, Timeline),
        )

    def _out_of_sight(self) -> int | None:
        """In how many conversations there is something new, where the list is not to be seen."""
        app = self._app
        if app.query_one(Conversations).display:
            return None
        here = app.here.conversation.id if app.here else None
        return sum(bool(unread_words(each)) for each in app.listed if each.id != here)

    async def watch_connection(self) -> None:
        """What is shown of the connection changes with it, whether or not the engine has something to tell."""
        is_online = self._app.client.is_online
        if is_online != self._was_online:
            self._was_online = is_online
            self.draw_here()
        await self.show_status()
