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

from inmost import Client, Conversation
from inmost.errors import InmostError, NotFound
from inmost.models import People
from inmost_cli.chat import commands
from inmost_cli.chat.alarms import SETTING as ALARMS_READ
from inmost_cli.chat.alarms import Alarms, Banner
from inmost_cli.chat.background import is_light
from inmost_cli.chat.completion import Candidate, candidates, emoji_candidates
from inmost_cli.chat.composer import SAY, About, Composer
from inmost_cli.chat.conversation import OpenConversation
from inmost_cli.chat.conversations import Conversations, destinations, sign_of
from inmost_cli.chat.drafts import Drafts
from inmost_cli.chat.help import Help
from inmost_cli.chat.look import DARK, LIGHT, THEMES
from inmost_cli.chat.members import Members
from inmost_cli.chat.neutral import isolated, neutral, neutral_line
from inmost_cli.chat.picker import Choice, Confirm, Picker
from inmost_cli.chat.safety import Safety
from inmost_cli.chat.search import MOST_HITS, Search
from inmost_cli.chat.status import Status
from inmost_cli.chat.thread import Thread
from inmost_cli.chat.timeline import Timeline
from inmost_cli.chat.words import addresses_of
from inmost_cli.words import explain

LAST_HERE: Final = "chat here"
THEME: Final = "chat theme"
STATUS_EVERY_S: Final = 0.5
CHANGING: Final = {"message", "sent", "conversation", "directory", "history", "waiting", "ready", "receipt"}
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
        self._drafts = Drafts(client.profile, self._draft_kept)
        self._people = People([], "")
        self._listed: list[Conversation] = []
        self._open: OpenConversation | None = None
        self._panel = ""
        self._events: asyncio.Queue[tuple[str, dict[str, Any]]] = asyncio.Queue()
        self._was_online = False
        self._is_in_front = True
        self._conversations = Conversations()
        self._timeline = Timeline(id="timeline")
        self._composer = Composer(self._candidates, id="composer")
        self._members = Members(id="members")
        self._search = Search(id="search")
        self._thread = Thread(self._candidates, id="thread")
        self._status = Status()

    def compose(self) -> ComposeResult:
        yield Banner()
        with Horizontal(id="body"):
            yield self._conversations
            with Vertical(id="main"):
                yield Static(id="header", markup=False)
                yield self._timeline
                yield Static(id="notice", markup=False)
                yield self._composer
            with ContentSwitcher(initial="members", id="side"):
                yield self._members
                yield self._search
                yield self._thread
        yield self._status

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return DARK.variables

    async def on_mount(self) -> None:
        for theme in THEMES.values():
            self.register_theme(theme)
        kept = await self.client.profile.remembered(THEME)
        self.theme = kept.decode() if kept else (LIGHT if self._is_light else DARK).name
        self.client.host.subscribe(self._events.put_nowait)
        await self._drafts.load()
        self.run_worker(self._begin())
        self.run_worker(self._follow())
        self.set_interval(STATUS_EVERY_S, self._watch_connection)

    # What is here, and what happens

    async def _begin(self) -> None:
        """What is in the store, before there is a connection."""
        await self._read_list()
        wanted = self._first or await self._last_here()
        try:
            if wanted is not None:
                await self._go((await self._found(wanted)).id)
            elif self._listed:
                await self._go(self._listed[0].id)
            else:
                self._say(NOWHERE)
        except InmostError as error:
            if self._first is not None:
                self.failure = error
                self.exit()
        self._composer.field.focus()
        await self._show_alarms()
        await self._show_status()

    async def _last_here(self) -> str | None:
        kept = await self.client.profile.remembered(LAST_HERE)
        is_there = kept is not None and any(each.id == kept.decode() for each in self._listed)
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
                await self._read_list()
                here = self._open
                if (
                    here is not None
                    and "ready" in names
                    and here.history.is_at_end
                    and self._timeline.is_at_end
                ):
                    await here.load()
                await self._show_here()
            if "alarm" in names:
                await self._show_alarms()
            await self._show_status()

    async def _read_list(self) -> None:
        people = People(await self.client.people(), (await self.client.me()).user)
        if people.by_id != self._people.by_id or people.me != self._people.me:
            self._people = people
        self._listed = await self.client.conversations()
        here = self._open
        if here is not None:
            here.conversation = next(
                (each for each in self._listed if each.id == here.conversation.id), here.conversation
            )
        self._show_list()

    def _show_list(self) -> None:
        here = self._open.conversation.id if self._open else None
        self._conversations.show(self._listed, here, self._drafts.places, self._people)

    async def _show_here(self, is_fresh: bool = False) -> None:
        """The open conversation as it is now."""
        here = self._open
        if here is None:
            return
        if not is_fresh:
            await here.refresh(self._timeline.is_at_end)
        self._draw_here()
        if self._timeline.is_at_end and here.history.is_at_end and self._is_in_front:
            self.run_worker(here.mark_read())

    def _draw_here(self) -> None:
        here = self._open
        if here is None:
            return
        marks = here.marks()
        self._timeline.show(
            here.messages, self._people, top=here.top(), unread_after=here.unread_after, marks=marks
        )
        self._thread.show(here.messages, self._people, marks)
        self._members.show(here.conversation, self._people)
        self.query_one("#header", Static).update(self._header(here.conversation))

    def _header(self, conversation: Conversation) -> Content:
        count = len(conversation.people)
        topic = neutral_line(conversation.topic)
        about = topic or (f"{count} people" if conversation.kind != "direct" else "")
        return Content.assemble(
            (f"{sign_of(conversation, self._people)} ", "$dim"),
            (isolated(neutral_line(conversation.title)), "b"),
            (f"   {isolated(about)}" if about else "", "$dim"),
        )

    async def _show_alarms(self) -> None:
        alarms = await self.client.alarms()
        read = await self.client.profile.remembered(ALARMS_READ)
        self.query_one(Banner).show(alarms[int(read or b"0") :])

    async def _show_status(self) -> None:
        waiting = (await self.client.me()).waiting
        self._status.show(self.client.is_online, self.client.trouble, waiting)

    async def _watch_connection(self) -> None:
        if self.client.is_online != self._was_online:
            self._was_online = self.client.is_online
            self._draw_here()
        await self._show_status()

    # Going somewhere

    async def _go(self, conversation: str, at: int | None = None) -> None:
        """Open a conversation, at a message if its number is given."""
        found = await self.client.conversation(conversation)
        before = self._open
        if before is None or before.conversation.id != found.id:
            self._drafts.note(self._composer.place, self._composer.draft)
            self._open = OpenConversation(self.client, found)
            self._composer.load(self._drafts.text(found.id), found.id)
            self._draft_kept(found.id)
            self._composer.invite(f"Write to {neutral_line(found.title)}")
            self._close_thread()
        here = self._open
        assert here is not None
        self.screen.remove_class("-list")
        self._timeline.clear()
        self._show_list()
        await here.load(at)
        if here is not self._open:
            return  # Somebody went on meanwhile.
        await self._show_here(is_fresh=True)
        await self.client.profile.remember(LAST_HERE, found.id)
        if at is not None and (message := next((each for each in here.messages if each.n == at), None)):
            self._timeline.focus()
            self._timeline.select(message.reference)
        elif not self._timeline.has_focus:
            self._composer.field.focus()

    async def on_conversations_chosen(self, event: Conversations.Chosen) -> None:
        await self._attempt(self._go(event.conversation))
        self._composer.field.focus()

    async def action_beside(self, step: int) -> None:
        here = self._open.conversation.id if self._open else None
        if (conversation := self._conversations.beside(here, step)) is not None:
            await self._attempt(self._go(conversation))

    def action_go_to(self) -> None:
        choices = destinations(self._listed, self._people)
        self._ask(
            Picker[str]("Go to", "a conversation or a person", choices, "Nobody and nothing by this name"),
            self._go_where,
        )

    async def _go_where(self, wanted: str) -> None:
        await self._go((await self._found(wanted)).id)

    def _ask(self, screen: Screen[Any], then: Callable[[Any], Awaitable[None]]) -> None:
        """Show a dialog, and go on with its answer if there is one."""

        def answered(answer: Any) -> None:
            if answer is not None and answer is not False:
                self.run_worker(self._attempt(then(answer)))

        if len(self.screen_stack) == 1:
            self.push_screen(screen, answered)

    async def _attempt(self, work: Awaitable[None]) -> bool:
        """Do it; if it is refused, say so in words. False: it was."""
        try:
            await work
        except InmostError as error:
            self._say(" ".join(filter(None, explain(error))), is_bad=True)
            return False
        return True

    def _say(self, words: str, is_bad: bool = False) -> None:
        notice = self.query_one("#notice", Static)
        notice.update(Content(f"! {words}" if is_bad else words))
        notice.set_class(bool(words), "-open")
        notice.set_class(is_bad, "-bad")

    # Writing

    def _candidates(self, word: str) -> list[Candidate]:
        members = set(self._open.conversation.people) if self._open else set()
        everybody = sorted(self._people.by_id.values(), key=lambda person: person.id not in members)
        return candidates(word, [each for each in everybody if each.id != self._people.me], commands.listed())

    def on_composer_typed(self, event: Composer.Typed) -> None:
        self._drafts.note(event.place, event.text)
        event.composer.say_kept(self._drafts.is_kept(event.place))

    def _draft_kept(self, place: str) -> None:
        for composer in (self._composer, self._thread.composer):
            if composer.place == place:
                composer.say_kept(self._drafts.is_kept(place))
        self._show_list()

    def on_composer_submitted(self, event: Composer.Submitted) -> None:
        self._say("")
        self._drafts.hold(event.place, event.text)
        if event.text.startswith("/") and event.about is SAY:
            self.run_worker(self._command(event))
        else:
            self.run_worker(self._speak(event))

    async def _speak(self, event: Composer.Submitted) -> None:
        here, about = self._open, event.about
        thread = event.composer is self._thread.composer
        if thread and about is SAY:
            about = About("reply", self._thread.root)
        kept = asyncio.Event()
        if here is None:
            self._return(event)
            return
        sending = asyncio.ensure_future(here.say(event.text, about, self._people, kept))
        showing = asyncio.ensure_future(kept.wait())
        await asyncio.wait([sending, showing], return_when=asyncio.FIRST_COMPLETED)
        if kept.is_set():
            self._drafts.release(event.place, event.text)
            await self._show_new(here)
        showing.cancel()

        async def sent() -> None:
            await sending

        if not await self._attempt(sent()):
            self._return(event, is_held=not kept.is_set())
            await self._show_here()

    async def _show_new(self, here: OpenConversation) -> None:
        """One's own message: seen at the end, wherever one was reading."""
        if here is self._open:
            if not here.history.is_at_end:
                await here.load()
                self._timeline.clear()
            await self._show_here()
            self._timeline.go_to_end()
        await self._show_status()

    def _return(self, event: Composer.Submitted, is_held: bool = True) -> None:
        """Nothing typed is lost: the words are in the field again, or in the draft of where they were for."""
        if event.composer.place == event.place:
            event.composer.give_back(event.text)
            self._drafts.note(event.place, event.composer.draft)
        else:
            self._drafts.note(
                event.place, "\n".join(filter(None, [event.text, self._drafts.text(event.place)]))
            )
        if is_held:
            self._drafts.release(event.place, event.text)

    async def _command(self, event: Composer.Submitted) -> None:
        name, _, rest = event.text[1:].partition(" ")
        if name in commands.ON_SCREEN:
            self._drafts.release(event.place, event.text)
            await self._attempt(self._on_screen(name, rest.strip()))
        elif not await self._attempt(self._carry_out(event.text)):
            self._return(event)
        else:
            self._drafts.release(event.place, event.text)

    async def _carry_out(self, line: str) -> None:
        here = self._open.conversation if self._open else None
        if here is None and not self._listed:
            raise NotFound("You are in no conversation yet.", "Press Ctrl+K to write to somebody.")
        done = await commands.run(self.client, here or self._listed[0], line)
        if done.go_to is not None:
            await self._read_list()
            await self._go(done.go_to)
        self._say(done.words)

    async def _on_screen(self, name: str, rest: str) -> None:
        if name == "verify":
            await self._compare(rest or self._other())
        elif name == "theme":
            self.theme = (LIGHT if self.theme == DARK.name else DARK).name
            await self.client.profile.remember(THEME, self.theme)
            self._draw_here()
        elif name == "quit":
            await self.action_leave()
        else:
            getattr(self, f"action_{name}")()

    def _other(self) -> str:
        here = self._open.conversation if self._open else None
        others = [user for user in (here.people if here else ()) if user != self._people.me]
        if len(others) != 1:
            raise NotFound("Say with whom.", "For example: /verify @bob")
        return others[0]

    def on_composer_left(self, event: Composer.Left) -> None:
        is_thread = event.composer is self._thread.composer
        timeline = self._thread.timeline if is_thread else self._timeline
        if event.key == "escape":
            self._say("")
            timeline.enter()
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
        here = self._open
        if here is not None and event.timeline is self._timeline:
            self.run_worker(self._extend(here, event.end))

    async def _extend(self, here: OpenConversation, end: str) -> None:
        async def more() -> None:
            if await here.extend(end) and here is self._open:
                await self._show_here(is_fresh=True)

        await self._attempt(more())

    def on_timeline_wanted(self, event: Timeline.Wanted) -> None:
        self.run_worker(self._attempt(self._do(event)))

    async def _do(self, event: Timeline.Wanted) -> None:
        message, action = event.message, event.action
        is_thread = event.timeline is self._thread.timeline
        composer = self._thread.composer if is_thread else self._composer
        if action == "copy":
            self.copy_to_clipboard(neutral(message.text or ""))
            self._say("Copied.")
        elif action == "verify" and message.sender is not None:
            await self._compare(message.sender.id)
        elif message.type != "text" or message.is_deleted:
            self._say("That is only for what somebody wrote.")
        elif action == "reply" or (action == "edit" and message.is_own):
            composer.begin(About(action, message))
            composer.field.focus()
        elif action == "edit":
            self._say("Only its author can change a message.")
        elif action == "react":
            self._pick_reaction(message)
        elif action == "delete":
            self._ask(
                Confirm("Take this message away, for everybody?", "take it away"),
                lambda _: self._change("delete", message),
            )
        elif action == "thread":
            self._open_thread(message)
        elif action == "links":
            self._pick_link(message.text or "")

    def _pick_reaction(self, message: Any) -> None:
        def fitting(typed: str) -> list[Choice[str]]:
            return [
                Choice(each.shown, each.insert) for each in emoji_candidates(typed.casefold().strip(":"))
            ][:50]

        picker = Picker[str]("React", "the name of an emoji", fitting, "No emoji by this name")
        self._ask(picker, lambda emoji: self._change("react", message, emoji))

    def _pick_link(self, text: str) -> None:
        found = addresses_of(text)
        if not found:
            self._say("There is no link in it.")
            return
        choices = [Choice(address, address) for address in found]
        picker = Picker[str]("Open in the browser", "Enter opens the one chosen", lambda _: choices, "")
        self._ask(picker, self._open_link)

    async def _open_link(self, address: str) -> None:
        self.open_url(address)
        self._say(f"Opened: {address}")

    async def _change(self, action: str, message: Any, emoji: str = "") -> None:
        """React to or take away a message; shown as soon as it is in the outbox."""
        here = self._open
        if here is None:
            return
        kept = asyncio.Event()
        changing = asyncio.ensure_future(
            self.client.delete(message, kept)
            if action == "delete"
            else here.react(message, emoji, self._people.me, kept)
        )
        showing = asyncio.ensure_future(kept.wait())
        await asyncio.wait([changing, showing], return_when=asyncio.FIRST_COMPLETED)
        showing.cancel()
        await self._show_here()
        await changing

    # The panel beside

    def _show_panel(self, name: str) -> None:
        """name "": close it."""
        self._panel = name
        self.screen.remove_class("-list")
        self.screen.set_class(bool(name), "-panel")
        self.query_one("#side", ContentSwitcher).current = name or "members"
        if not name:
            self._composer.field.focus()

    def _open_thread(self, message: Any) -> None:
        here = self._open
        if here is None:
            return
        self._drafts.note(self._thread.composer.place, self._thread.composer.draft)
        self._thread.open(here.root_of(message))
        self._thread.composer.load(self._drafts.text(self._thread.place), self._thread.place)
        self._show_panel("thread")
        self._draw_here()
        self._thread.composer.field.focus()

    def _close_thread(self) -> None:
        self._drafts.note(self._thread.composer.place, self._thread.composer.draft)
        self._thread.composer.load("", "")
        self._thread.close()
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
        await self._attempt(self._compare(event.person))

    async def _compare(self, who: str) -> None:
        person = await self.client.person(who)
        if person.id == self._people.me:
            self._say("That is you.")
            return
        number = await self.client.safety_number(person)

        async def same(_: bool) -> None:
            await self.client.mark_verified(person, number)
            await self._read_list()
            await self._show_here()
            self._say(f"Noted: you know {neutral_line(person.name)} in person.")

        self._ask(Safety(person, number, self._people), same)

    def action_search(self) -> None:
        if len(self.screen_stack) == 1:
            self._show_panel("search")
            self._search.begin()

    async def on_search_asked(self, event: Search.Asked) -> None:
        hits = await self.client.search(event.query, limit=MOST_HITS)
        self._search.show(event.query, hits, self._listed, self._people)

    async def on_search_chosen(self, event: Search.Chosen) -> None:
        if self.screen.has_class("-narrow"):
            self._show_panel("")
        await self._attempt(self._go(event.hit.conversation.hex(), event.hit.n))

    # The rest

    def action_help(self) -> None:
        self._ask(Help(commands.listed()), self._nothing)

    async def _nothing(self, _: Any) -> None:
        return

    async def action_alarms(self) -> None:
        alarms = await self.client.alarms()
        await self.client.profile.remember(ALARMS_READ, str(len(alarms)))
        await self._show_alarms()
        self._ask(Alarms(alarms, self._listed, self._people), self._nothing)

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
        if self._panel and not self._timeline.has_focus:
            self._show_panel("")
        else:
            self.screen.remove_class("-list")
            self._composer.field.focus()

    def on_app_focus(self, event: events.AppFocus) -> None:
        self._is_in_front = True
        self.run_worker(self._show_here())

    def on_app_blur(self, event: events.AppBlur) -> None:
        self._is_in_front = False

    async def action_leave(self) -> None:
        """Everything typed is in the store before the screen is gone."""
        self._drafts.note(self._composer.place, self._composer.draft)
        self._drafts.note(self._thread.composer.place, self._thread.composer.draft)
        await self._drafts.settle()
        self.exit()


async def run(client: Client, first: str | None) -> None:
    """Until the person leaves. Raises what ended it otherwise."""
    app = Chat(client, first)
    await app.run_async()
    if app.failure is not None:
        raise app.failure
    if app.return_code:
        raise RuntimeError("The screen ended with an error, shown above.")
