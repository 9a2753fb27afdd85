"""The app: what is on the screen, and who does what is asked. It only routes; each noun's file knows its part."""

from collections.abc import Awaitable, Callable
from typing import Any, ClassVar, Final

from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import Screen
from textual.widgets import ContentSwitcher, Static

from inmost import Client, Conversation
from inmost.errors import InmostError
from inmost.models import People
from inmost_cli.chat import commands
from inmost_cli.chat.acts import Acts
from inmost_cli.chat.alarms import SETTING as ALARMS_READ
from inmost_cli.chat.alarms import Alarms, Banner
from inmost_cli.chat.background import is_light
from inmost_cli.chat.completion import Candidate, candidates
from inmost_cli.chat.composer import SAY, About, Composer
from inmost_cli.chat.conversation import OpenConversation
from inmost_cli.chat.conversations import Conversations
from inmost_cli.chat.drafts import Drafts
from inmost_cli.chat.going import Going
from inmost_cli.chat.help import Help
from inmost_cli.chat.look import DARK, LIGHT, THEMES
from inmost_cli.chat.look import SETTING as THEME_SETTING
from inmost_cli.chat.members import Members
from inmost_cli.chat.panel import Panel
from inmost_cli.chat.presence import Presence
from inmost_cli.chat.search import MOST_HITS, Search
from inmost_cli.chat.speaking import Speaking
from inmost_cli.chat.status import Status
from inmost_cli.chat.thread import Thread
from inmost_cli.chat.timeline import Timeline
from inmost_cli.chat.view import View
from inmost_cli.words import explain

WATCH_EVERY_S: Final = 0.5


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
        self.is_in_front = True
        self.drafts = Drafts(client.profile, self.draft_kept)
        self.people = People([], "")
        self.listed: list[Conversation] = []
        self.here: OpenConversation | None = None
        self.timeline = Timeline(id="timeline")
        self.composer = Composer(self._candidates, id="composer")
        self.thread = Thread(self._candidates, id="thread")
        self.view = View(self)
        self.going = Going(self)
        self.panel = Panel(self)
        self.speaking = Speaking(self)
        self.acts = Acts(self)
        self.presence = Presence(self)

    def compose(self) -> ComposeResult:
        yield Banner()
        with Horizontal(id="body"):
            yield Conversations()
            with Vertical(id="main"):
                yield Static(id="header", markup=False)
                yield self.timeline
                yield Static(id="notice", markup=False)
                yield self.composer
            with ContentSwitcher(initial="members", id="side"):
                yield Members(id="members")
                yield Search(id="search")
                yield self.thread
        yield Status()

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return DARK.variables

    async def on_mount(self) -> None:
        self.screen.set_focus(self.composer.field)  # nothing typed meanwhile goes elsewhere
        for theme in THEMES.values():
            self.register_theme(theme)
        kept = await self.client.profile.remembered(THEME_SETTING)
        self.theme = kept.decode() if kept else (LIGHT if self._is_light else DARK).name
        self.view.listen()
        await self.drafts.load()
        self.run_worker(self.going.begin(self._first))
        self.run_worker(self.view.follow())
        self.run_worker(self.presence.load())
        self.set_interval(WATCH_EVERY_S, self._watch)

    async def _watch(self) -> None:
        await self.view.watch_connection()
        await self.presence.watch()

    # Asking and saying

    def ask(self, screen: Screen[Any], then: Callable[[Any], Awaitable[None]]) -> None:
        """Show a dialog, and go on with its answer if there is one."""

        def answered(answer: Any) -> None:
            if answer is not None and answer is not False:
                self.run_worker(self.attempt(then(answer)))

        if not self.is_asking:
            self.push_screen(screen, answered)

    @property
    def is_asking(self) -> bool:
        """A dialog lies over the rest."""
        return len(self.screen_stack) > 1

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

    # Going somewhere

    async def on_conversations_chosen(self, event: Conversations.Chosen) -> None:
        await self.attempt(self.going.to(event.conversation))
        self.composer.field.focus()

    async def action_beside(self, step: int) -> None:
        if not self.is_asking:
            await self.attempt(self.going.beside(step))

    def action_go_to(self) -> None:
        self.going.anywhere()

    # Writing

    def _candidates(self, word: str) -> list[Candidate]:
        members = set(self.here.conversation.people) if self.here else set()
        everybody = sorted(self.people.by_id.values(), key=lambda person: person.id not in members)
        return candidates(word, [each for each in everybody if each.id != self.people.me], commands.listed())

    def on_composer_typed(self, event: Composer.Typed) -> None:
        is_new = event.text != self.drafts.text(event.place)
        self.drafts.note(event.place, event.text)
        event.composer.say_kept(self.drafts.is_kept(event.place))
        is_said = bool(event.text) and not event.text.startswith("/")
        if is_new and is_said and self.here is not None and self.client.is_online:
            self.run_worker(self.here.say_typing())

    def draft_kept(self, place: str) -> None:
        for composer in (self.composer, self.thread.composer):
            if composer.place == place:
                composer.say_kept(self.drafts.is_kept(place))
        self.view.show_list()

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
                await self.view.show_here(is_fresh=True)

        await self.attempt(more())

    def on_timeline_wanted(self, event: Timeline.Wanted) -> None:
        self.run_worker(self.attempt(self.acts.do(event)))

    def on_thread_left(self) -> None:
        self.panel.close_thread()

    def on_members_left(self) -> None:
        self.panel.show("")

    def on_search_left(self) -> None:
        self.panel.show("")

    def action_members(self) -> None:
        if not self.is_asking:
            self.panel.members()

    async def on_members_chosen(self, event: Members.Chosen) -> None:
        await self.attempt(self.acts.compare(event.person))

    def action_search(self) -> None:
        if not self.is_asking:
            self.panel.search()

    async def on_search_asked(self, event: Search.Asked) -> None:
        hits = await self.client.search(event.query, limit=MOST_HITS)
        self.query_one(Search).show(event.query, hits, self.listed, self.people)

    async def on_search_chosen(self, event: Search.Chosen) -> None:
        if self.screen.has_class("-narrow"):
            self.panel.show("")
        await self.attempt(self.going.to(event.hit.conversation.hex(), event.hit.n))

    # The rest

    def action_help(self) -> None:
        self.ask(Help(commands.listed()), self.nothing)

    async def nothing(self, _: Any) -> None:
        return

    async def action_alarms(self) -> None:
        alarms = await self.client.alarms()
        await self.client.profile.remember(ALARMS_READ, str(len(alarms)))
        await self.view.show_alarms()
        self.ask(Alarms(alarms, self.listed, self.people), self.nothing)

    def action_list(self) -> None:
        if self.is_asking:
            return
        if self.screen.has_class("-narrow"):
            if self.panel.open:
                self.panel.show("")
            self.screen.toggle_class("-list")
        else:
            self.screen.toggle_class("-unlisted")
        listed = self.query_one(Conversations)
        if listed.display:
            listed.focus()

    def action_close(self) -> None:
        """Esc, where nothing inside took it."""
        if self.panel.open and not self.timeline.has_focus:
            self.panel.show("")
        else:
            self.screen.remove_class("-list")
            self.composer.field.focus()

    async def on_descendant_focus(self) -> None:
        await self.view.show_status()

    def on_app_focus(self, event: events.AppFocus) -> None:
        self.is_in_front = True
        self.run_worker(self.view.show_here())
        self.run_worker(self.presence.is_here())

    def on_app_blur(self, event: events.AppBlur) -> None:
        self.is_in_front = False
        self.run_worker(self.presence.is_away())

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key):
            await self.presence.is_here()
            if event.key == "slash" and self.focused is self.timeline:
                # At once: what is typed after it belongs to the command.
                self.screen.set_focus(self.composer.field)
        await super().on_event(event)

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
