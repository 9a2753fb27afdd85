"""Going somewhere: to a conversation, to a message in it, to a person."""

from typing import TYPE_CHECKING, Final

from inmost import Conversation, Message
from inmost.errors import InmostError, NotFound, Offline
from inmost_cli.chat.conversation import OpenConversation
from inmost_cli.chat.conversations import Conversations, destinations
from inmost_cli.chat.message import key_of
from inmost_cli.chat.neutral import neutral_line
from inmost_cli.chat.picker import Picker

if TYPE_CHECKING:
    from inmost_cli.chat.app import Chat

LAST_HERE: Final = "chat here"
NOWHERE: Final = "No conversations yet. Press Ctrl+K to write to somebody, or type /new TITLE @people."


class Going:
    """Each leaves what was typed where it was typed.

    has_begun: where one was last, or wanted to begin, was looked for.
    """

    def __init__(self, app: "Chat") -> None:
        self._app = app
        self.has_begun = False

    async def begin(self, first: str | None) -> None:
        """What is in the store, before there is a connection."""
        app = self._app
        await app.view.read()
        wanted = first or await self._last_here()
        try:
            if wanted is not None:
                await self.to((await self._found(wanted)).id)
            elif app.listed:
                await self.to(app.listed[0].id)
            else:
                app.say(NOWHERE)
        except InmostError as error:
            if first is not None:
                app.failure = error
                app.exit()
        self.has_begun = True
        app.composer.field.focus()
        await app.view.show_alarms()
        await app.view.show_status()

    async def _last_here(self) -> str | None:
        kept = await self._app.client.profile.remembered(LAST_HERE)
        is_there = kept is not None and any(each.id == kept.decode() for each in self._app.listed)
        return kept.decode() if kept is not None and is_there else None

    async def _found(self, wanted: str) -> Conversation:
        """As `inmost send` takes it: @account begins a conversation of two."""
        client = self._app.client
        try:
            return await client.conversation(wanted)
        except NotFound as unknown:
            # It may have begun while this device was away.
            try:
                await client.ready(tries=1)
            except Offline:
                raise unknown from None
        return await (client.direct(wanted) if wanted.startswith("@") else client.conversation(wanted))

    async def to(self, conversation: str, at: int | None = None) -> None:
        """Open a conversation, at a message if its number is given."""
        app = self._app
        found = await app.client.conversation(conversation)
        here, is_new = app.here, False
        if here is None or here.conversation.id != found.id:
            here, is_new = self._enter(found), True
        app.screen.remove_class("-list")
        app.timeline.clear()
        app.view.show_list()
        await (here.begin() if is_new and at is None else here.load(at))
        if here is not app.here:
            return  # Somebody went on meanwhile.
        app.view.draw_here()
        if is_new and at is None:
            app.timeline.go_to_unread()
        await app.view.show_here(is_fresh=True)
        await app.client.profile.remember(LAST_HERE, found.id)
        if at is not None and (
            message := next((each for each in here.history.messages if each.n == at), None)
        ):
            await self._point_at(message)
        elif not app.timeline.has_focus:
            app.composer.field.focus()

    def _enter(self, found: Conversation) -> OpenConversation:
        app, before = self._app, self._app.here
        app.say("")
        app.drafts.note(app.composer.place, app.composer.draft)
        if before is not None:
            app.run_worker(before.share_draft(app.drafts.text(before.conversation.id)))
        app.here = here = OpenConversation(app.client, found)
        typed_before = "" if app.composer.place else app.composer.draft
        app.composer.load(app.drafts.text(found.id) or found.draft, found.id)
        if typed_before:  # faster than the first conversation came
            app.composer.give_back(typed_before)
        app.draft_kept(found.id)
        app.composer.invite(_invitation(found))
        app.panel.close_thread()
        return here

    async def _point_at(self, message: Message) -> None:
        """Where it stands: in the middle, or in its thread."""
        timeline = self._app.timeline
        if message.thread is not None:
            await self._app.panel.open_thread(message)
            timeline = self._app.thread.timeline
        timeline.focus()
        timeline.select(key_of(message))

    async def beside(self, step: int) -> None:
        """To the conversation listed so many before or after."""
        here = self._app.here.conversation.id if self._app.here else None
        conversation = self._app.query_one(Conversations).beside(here, step)
        if conversation is not None:
            await self.to(conversation)

    def anywhere(self) -> None:
        """Ask where."""
        choices = destinations(self._app.listed, self._app.people)
        self._app.ask(
            Picker[str]("Go to", "a conversation or a person", choices, "Nobody and nothing by this name"),
            self._to_chosen,
        )

    async def _to_chosen(self, wanted: str) -> None:
        await self.to((await self._found(wanted)).id)


def _invitation(conversation: Conversation) -> str:
    """What stands in the empty field."""
    if conversation.state == "removed":
        return "You are out of this conversation; what was said before stays here"
    if not conversation.may_post:
        return "Only owners and moderators write here"
    return f"Write to {neutral_line(conversation.title)}"
