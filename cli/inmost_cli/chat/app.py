"""The app: what is on the screen, and who does what is asked. It only routes; each noun's file knows its part."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar, Final

from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import Screen
from textual.widgets import ContentSwitcher, Static

from inmost import Client, Conversation, Message
from inmost.errors import InmostError, NotFound
from inmost.models import People
from inmost_cli.chat import commands
from inmost_cli.chat.acts import Acts
from inmost_cli.chat.alarms import SETTING as ALARMS_READ
from inmost_cli.chat.alarms import Alarms, Banner
from inmost_cli.chat.background import is_light
from inmost_cli.chat.completion import Candidate, candidates
from inmost_cli.chat.composer import SAY, About, Composer
from inmost_cli.chat.conversation import OpenConversation
from inmost_cli.chat.conversations import Conversations, destinations, header_of
from inmost_cli.chat.drafts import Drafts
from inmost_cli.chat.help import Help
from inmost_cli.chat.look import DARK, LIGHT, THEMES
from inmost_cli.chat.look import SETTING as THEME_SETTING
from inmost_cli.chat.members import Members
from inmost_cli.chat.message import key_of
from inmost_cli.chat.neutral import neutral_line
from inmost_cli.chat.picker import Picker
from inmost_cli.chat.search import MOST_HITS, Search
from inmost_cli.chat.speaking import Speaking
from inmost_cli.chat.status import Status
from inmost_cli.chat.thread import Thread
from inmost_cli.chat.timeline import Timeline
from inmost_cli.words import explain

LAST_HERE: Final = "chat here"
STATUS_EVERY_S: Final = 0.5
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
NOWHERE: Final = "No conversations yet. Press Ctrl+K to write to somebody, or type /new TITLE @people."


class Chat(App[None]):
    """first: the conversation to begin with; None: where one was last.

    failure: what ended it, for the command to say.
    """

    CSS_PATH = "look.tcss"
    TITLE = "Inmost"
    ENABLE_COMMAND_PALETTE = False
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 (declared by Textual)
        (0, "-narrow"),
        (72, "-normal"),
        (120, "-wide"),
    ]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1", "help", "help", priority=True),
        Binding("question_mark", "help", "help"),
        Binding("ctrl+k", "go_to", "go to", priority=True),
        Binding("ctrl+f", "search", "search", priority=True),
        Binding("f2", "members", "who can read this", priority=True),
        Binding("f3", "list", "the list", priority=True),
        Binding("f8", "alarms", "alarms", priority=True),
        Binding("alt+up", "beside(-1)", "before", priority=True),
        Binding("alt+down", "beside(1)", "after", priority=True),
        Binding("escape", "close", "close"),
        Binding("ctrl+q", "leave", "leave", priority=True),
    ]

    def __init__(self, client: Client, first: str | None) -> None:
        super().__init__()
        self.client = client
        self.failure: InmostError | None = None
        self._first = first
        self._is_light = is_light()
        self.drafts = Drafts(client.profile, self._draft_kept)
        self.people = People([], "")
        self.listed: list[Conversation] = []
        self.here: OpenConversation | None = None
        self._panel = ""
        self._events: asyncio.Queue[tuple[str, dict[str, Any]]] = asyncio.Queue()
        self._was_online = False
        self._is_in_front = True
        self._conversations = Conversations()
        self.timeline = Timeline(id="timeline")
        self.composer = Composer(self._candidates, id="composer")
        self._members = Members(id="members")
        self._search = Search(id="search")
        self.thread = Thread(self._candidates, id="thread")
        self._status = Status()
        self.speaking = Speaking(self)
        self.acts = Acts(self)

    def compose(self) -> ComposeResult:
        yield Banner()
        with Horizontal(id="body"):
            yield self._conversations
            with Vertical(id="main"):
                yield Static(id="header", markup=False)
                yield self.timeline
                yield Static(id="notice", markup=False)
                yield self.composer
            with ContentSwitcher(initial="members", id="side"):
                yield self._members
                yield self._search
                yield self.thread
        yield self._status

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return DARK.variables

    async def on_mount(self) -> None:
        for theme in THEMES.values():
            self.register_theme(theme)
        kept = await self.client.profile.remembered(THEME_SETTING)
        self.theme = kept.decode() if kept else (LIGHT if self._is_light else DARK).name
        self.client.host.subscribe(self._events.put_nowait)
        await self.drafts.load()
        self.run_worker(self._begin())
        self.run_worker(self._follow())
        self.set_interval(STATUS_EVERY_S, self._watch_connection)

    # What is here, and what happens

    async def _begin(self) -> None:
        """What is in the store, before there is a connection."""
        await self.read_list()
        wanted = self._first or await self._last_here()
        try:
            if wanted is not None:
                await self.go((await self._found(wanted)).id)
            elif self.listed:
                await self.go(self.listed[0].id)
            else:
                self.say(NOWHERE)
        except InmostError as error:
            if self._first is not None:
                self.failure = error
                self.exit()
        self.composer.field.focus()
        await self._show_alarms()
        await self.show_status()

    async def _last_here(self) -> str | None:
        kept = await self.client.profile.remembered(LAST_HERE)
        is_there = kept is not None and any(each.id == kept.decode() for each in self.listed)
        return kept.decode() if kept is not None and is_there else None

    async def _found(self, wanted: str) -> Conversation:
        """As `inmost send` takes it: @account begins a conversation of two."""
        try:
            return await self.client.conversation(wanted)
        except NotFound:
            if not wanted.startswith("@"):
                raise
            await self.client.ready(tries=1)
            return await self.client.direct(wanted)

    async def _follow(self) -> None:
        """Show what happens, as it happens; what came at once is shown at once."""
        while True:
            happened = [await self._events.get()]
            while not self._events.empty():
                happened.append(self._events.get_nowait())
            names = {name for name, _ in happened}
            if names & CHANGING:
                await self.read_list()
                here = self.here
                if (
                    here is not None
                    and "ready" in names
                    and here.history.is_at_end
                    and self.timeline.is_at_end
                ):
                    await here.load()
                await self.show_here()
            if "alarm" in names:
                await self._show_alarms()
            await self.show_status()

    async def read_list(self) -> None:
        people = People(await self.client.people(), (await self.client.me()).user)
        if people.by_id != self.people.by_id or people.me != self.people.me:
            self.people = people
        self.listed = await self.client.conversations()
        here = self.here
        if here is not None:
            here.conversation = next(
                (each for each in self.listed if each.id == here.conversation.id), here.conversation
            )
        self._show_list()

    def _show_list(self) -> None:
        here = self.here.conversation.id if self.here else None
        self._conversations.show(self.listed, here, self.drafts.places, self.people)

    async def show_here(self, is_fresh: bool = False) -> None:
        """The open conversation as it is now."""
        here = self.here
        if here is None:
            return
        if not is_fresh:
            await here.refresh(self.timeline.is_at_end)
        self.draw_here()
        if self.timeline.is_at_end and here.history.is_at_end and self._is_in_front:
            self.run_worker(here.mark_read())

    def draw_here(self) -> None:
        here = self.here
        if here is None:
            return
        shown = here.messages
        self.timeline.show(
            shown,
            self.people,
            top=here.top(),
            unread_after=here.unread_after,
            marks=here.marks(shown, self.people),
            answers=here.answers,
        )
        if here.root is not None:
            self.thread.show(here.root, here.thread, self.people, here.marks(here.thread, self.people))
        self.composer.border_title = here.typing(self.people)
        self._members.show(here.conversation, self.people)
        self.query_one("#header", Static).update(header_of(here.conversation, self.people))

    async def _show_alarms(self) -> None:
        alarms = await self.client.alarms()
        read = await self.client.profile.remembered(ALARMS_READ)
        self.query_one(Banner).show(alarms[int(read or b"0") :])

    async def show_status(self) -> None:
        waiting = (await self.client.me()).waiting
        self._status.show(self.client.is_online, self.client.trouble, waiting)

    async def _watch_connection(self) -> None:
        if self.client.is_online != self._was_online:
            self._was_online = self.client.is_online
            self.draw_here()
        await self.show_status()

    # Going somewhere

    async def go(self, conversation: str, at: int | None = None) -> None:
        """Open a conversation, at a message if its number is given."""
        found = await self.client.conversation(conversation)
        before = self.here
        if before is None or before.conversation.id != found.id:
            self.drafts.note(self.composer.place, self.composer.draft)
            if before is not None:
                self.run_worker(before.share_draft(self.drafts.text(before.conversation.id)))
            self.here = OpenConversation(self.client, found)
            self.composer.load(self.drafts.text(found.id) or found.draft, found.id)
            self._draft_kept(found.id)
            may_write = f"Write to {neutral_line(found.title)}"
            self.composer.invite(may_write if found.may_post else "Only owners and moderators write here")
            self._close_thread()
        here = self.here
        assert here is not None
        self.screen.remove_class("-list")
        self.timeline.clear()
        self._show_list()
        await here.load(at)
        if here is not self.here:
            return  # Somebody went on meanwhile.
        await self.show_here(is_fresh=True)
        await self.client.profile.remember(LAST_HERE, found.id)
        if at is not None and (
            message := next((each for each in here.history.messages if each.n == at), None)
        ):
            await self._point_at(message)
        elif not self.timeline.has_focus:
            self.composer.field.focus()

    async def _point_at(self, message: Message) -> None:
        """Where it stands: in the middle, or in its thread."""
        timeline = self.timeline
        if message.thread is not None:
            await self.open_thread(message)
            timeline = self.thread.timeline
        timeline.focus()
        timeline.select(key_of(message))

    async def on_conversations_chosen(self, event: Conversations.Chosen) -> None:
        await self.attempt(self.go(event.conversation))
        self.composer.field.focus()

    async def action_beside(self, step: int) -> None:
        here = self.here.conversation.id if self.here else None
        if (conversation := self._conversations.beside(here, step)) is not None:
            await self.attempt(self.go(conversation))

    def action_go_to(self) -> None:
        choices = destinations(self.listed, self.people)
        self.ask(
            Picker[str]("Go to", "a conversation or a person", choices, "Nobody and nothing by this name"),
            self._go_where,
        )

    async def _go_where(self, wanted: str) -> None:
        await self.go((await self._found(wanted)).id)

    def ask(self, screen: Screen[Any], then: Callable[[Any], Awaitable[None]]) -> None:
        """Show a dialog, and go on with its answer if there is one."""

        def answered(answer: Any) -> None:
            if answer is not None and answer is not False:
                self.run_worker(self.attempt(then(answer)))

        if len(self.screen_stack) == 1:
            self.push_screen(screen, answered)

    async def attempt(self, work: Awaitable[None]) -> bool:
        """Do it; if it is refused, say so in words. False: it was."""
        try:
            await work
        except InmostError as error:
            self.say(" ".join(filter(None, explain(error))), is_bad=True)
            return False
        return True

    def say(self, words: str, is_bad: bool = False) -> None:
        notice = self.query_one("#notice", Static)
        notice.update(Content(f"! {words}" if is_bad else words))
        notice.set_class(bool(words), "-open")
        notice.set_class(is_bad, "-bad")

    # Writing

    def _candidates(self, word: str) -> list[Candidate]:
        members = set(self.here.conversation.people) if self.here else set()
        everybody = sorted(self.people.by_id.values(), key=lambda person: person.id not in members)
        return candidates(word, [each for each in everybody if each.id != self.people.me], commands.listed())

    def on_composer_typed(self, event: Composer.Typed) -> None:
        is_new = event.text != self.drafts.text(event.place)
        self.drafts.note(event.place, event.text)
        event.composer.say_kept(self.drafts.is_kept(event.place))
        if is_new and event.text and self.here is not None and self.client.is_online:
            self.run_worker(self.here.say_typing())

    def _draft_kept(self, place: str) -> None:
        for composer in (self.composer, self.thread.composer):
            if composer.place == place:
                composer.say_kept(self.drafts.is_kept(place))
        self._show_list()

    def on_composer_submitted(self, event: Composer.Submitted) -> None:
        self.say("")
        self.drafts.hold(event.place, event.text)
        if event.text.startswith("/") and event.about is SAY:
            self.run_worker(self.speaking.command(event))
        else:
            self.run_worker(self.speaking.speak(event))

    def on_composer_left(self, event: Composer.Left) -> None:
        is_thread = event.composer is self.thread.composer
        timeline = self.thread.timeline if is_thread else self.timeline
        if event.key == "escape":
            self.say("")
            timeline.enter()
            return
        if event.key in ("pageup", "pagedown"):
            timeline.action_page(-1 if event.key == "pageup" else 1)
            return
        shown = timeline.messages
        own = next(
            (each for each in reversed(shown) if each.is_own and each.type == "text" and not each.is_deleted),
            None,
        )
        if own is not None:
            event.composer.begin(About("edit", own))

    # Messages

    async def on_timeline_near(self, event: Timeline.Near) -> None:
        here = self.here
        if here is not None and event.timeline is self.timeline:
            self.run_worker(self._extend(here, event.end))

    async def _extend(self, here: OpenConversation, end: str) -> None:
        async def more() -> None:
            if await here.extend(end) and here is self.here:
                await self.show_here(is_fresh=True)

        await self.attempt(more())

    def on_timeline_wanted(self, event: Timeline.Wanted) -> None:
        self.run_worker(self.attempt(self.acts.do(event)))

    # The panel beside

    def _show_panel(self, name: str) -> None:
        """name "": close it."""
        self._panel = name
        self.screen.remove_class("-list")
        self.screen.set_class(bool(name), "-panel")
        self.query_one("#side", ContentSwitcher).current = name or "members"
        if not name:
            self.composer.field.focus()

    async def open_thread(self, message: Message) -> None:
        """Beside the conversation: what was answered to a message, or the thread it is in."""
        here = self.here
        if here is None:
            return
        self.drafts.note(self.thread.composer.place, self.thread.composer.draft)
        self.thread.open(await here.open_thread(message))
        self.thread.composer.load(self.drafts.text(self.thread.place), self.thread.place)
        self._show_panel("thread")
        self.draw_here()
        self.thread.composer.field.focus()

    def _close_thread(self) -> None:
        self.drafts.note(self.thread.composer.place, self.thread.composer.draft)
        self.thread.composer.load("", "")
        self.thread.close()
        if self.here is not None:
            self.here.root = None
        if self._panel == "thread":
            self._show_panel("")

    def on_thread_left(self) -> None:
        self._close_thread()

    def on_members_left(self) -> None:
        self._show_panel("")

    def on_search_left(self) -> None:
        self._show_panel("")

    def action_members(self) -> None:
        if self._panel == "members":
            self._show_panel("")
        else:
            self._show_panel("members")
            self._members.focus_list()

    async def on_members_chosen(self, event: Members.Chosen) -> None:
        await self.attempt(self.acts.compare(event.person))

    def action_search(self) -> None:
        if len(self.screen_stack) == 1:
            self._show_panel("search")
            self._search.begin()

    async def on_search_asked(self, event: Search.Asked) -> None:
        hits = await self.client.search(event.query, limit=MOST_HITS)
        self._search.show(event.query, hits, self.listed, self.people)

    async def on_search_chosen(self, event: Search.Chosen) -> None:
        if self.screen.has_class("-narrow"):
            self._show_panel("")
        await self.attempt(self.go(event.hit.conversation.hex(), event.hit.n))

    # The rest

    def action_help(self) -> None:
        self.ask(Help(commands.listed()), self.nothing)

    async def nothing(self, _: Any) -> None:
        return

    async def action_alarms(self) -> None:
        alarms = await self.client.alarms()
        await self.client.profile.remember(ALARMS_READ, str(len(alarms)))
        await self._show_alarms()
        self.ask(Alarms(alarms, self.listed, self.people), self.nothing)

    def action_list(self) -> None:
        if self.screen.has_class("-narrow"):
            if self._panel:
                self._show_panel("")
            self.screen.toggle_class("-list")
        else:
            self.screen.toggle_class("-unlisted")
        if self._conversations.display:
            self._conversations.focus()

    def action_close(self) -> None:
        """Esc, where nothing inside took it."""
        if self._panel and not self.timeline.has_focus:
            self._show_panel("")
        else:
            self.screen.remove_class("-list")
            self.composer.field.focus()

    def on_app_focus(self, event: events.AppFocus) -> None:
        self._is_in_front = True
        self.run_worker(self.show_here())

    def on_app_blur(self, event: events.AppBlur) -> None:
        self._is_in_front = False

    async def action_leave(self) -> None:
        """Everything typed is in the store before the screen is gone."""
        self.drafts.note(self.composer.place, self.composer.draft)
        self.drafts.note(self.thread.composer.place, self.thread.composer.draft)
        await self.drafts.settle()
        if self.here is not None:
            await self.here.share_draft(self.drafts.text(self.here.conversation.id))
        self.exit()


async def run(client: Client, first: str | None) -> None:
    """Until the person leaves. Raises what ended it otherwise."""
    app = Chat(client, first)
    await app.run_async()
    if app.failure is not None:
        raise app.failure
    if app.return_code:
        raise RuntimeError("The screen ended with an error, shown above.")
