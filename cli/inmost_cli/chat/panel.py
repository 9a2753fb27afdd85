"""The panel on the right: who can read this, search, or a thread. On a narrow screen it takes the whole of it."""

from typing import TYPE_CHECKING

from textual.widgets import ContentSwitcher

from inmost import Message
from inmost_cli.chat.members import Members
from inmost_cli.chat.search import Search

if TYPE_CHECKING:
    from inmost_cli.chat.app import Chat


class Panel:
    """open: the name of what is shown because somebody asked for it, or nothing."""

    def __init__(self, app: "Chat") -> None:
        self._app = app
        self.open = ""

    def show(self, name: str) -> None:
        """name "": close it."""
        app = self._app
        self.open = name
        app.screen.remove_class("-list")
        app.screen.set_class(bool(name), "-panel")
        app.query_one("#side", ContentSwitcher).current = name or "members"
        if not name:
            app.composer.field.focus()

    def members(self) -> None:
        """Open or close."""
        if self.open == "members":
            self.show("")
        else:
            self.show("members")
            self._app.query_one(Members).focus_list()

    def search(self) -> None:
        self.show("search")
        self._app.query_one(Search).begin()

    async def open_thread(self, message: Message) -> None:
        """Beside the conversation: what was answered to a message, or the thread it is in."""
        app = self._app
        here = app.here
        if here is None:
            return
        app.drafts.note(app.thread.composer.place, app.thread.composer.draft)
        app.thread.open(await here.open_thread(message))
        app.thread.composer.load(app.drafts.text(app.thread.place), app.thread.place)
        self.show("thread")
        app.view.draw_here()
        app.thread.composer.field.focus()

    def close_thread(self) -> None:
        app = self._app
        app.drafts.note(app.thread.composer.place, app.thread.composer.draft)
        app.thread.composer.load("", "")
        app.thread.close()
        if app.here is not None:
            app.here.root = None
        if self.open == "thread":
            self.show("")
