"""The last line: whether the server can be reached, what waits, and the keys one needs most."""

from typing import Final

from textual.content import Content
from textual.widgets import Static

from inmost.errors import InmostError, Offline, SignedOut
from inmost_cli.words import explain

# What fits is shown: the longest first.
KEYS: Final = ("F1 help   ^K go to   ^F search   ^Q quit", "F1 help   ^K go to")
KEYS_AMONG_MESSAGES: Final = (
    "r answer   a react   t thread   ? all keys   Esc write",
    "r answer   a react   ? all keys",
    "? all keys",
)


def words_of(is_online: bool, trouble: InmostError | None, waiting: int) -> str:
    """How the connection stands, in words."""
    messages = "1 message waits" if waiting == 1 else f"{waiting} messages wait"
    if is_online:
        return f"Sending: {messages}" if waiting else "Connected"
    if isinstance(trouble, SignedOut):
        return f"{explain(trouble)[0]} What is here can be read; nothing new comes."
    if trouble is None:
        return f"Connecting: {messages}" if waiting else "Connecting"
    why = "Offline." if type(trouble) is Offline else explain(trouble)[0]
    return (
        f"{why} {messages} and {'goes' if waiting == 1 else 'go'} out by {'itself' if waiting == 1 else 'themselves'}."
        if waiting
        else why
    )


class Status(Static):
    """Words on the left, keys on the right."""

    def __init__(self) -> None:
        super().__init__(id="status", markup=False)
        self._shown: tuple[object, ...] = ()

    def show(
        self,
        is_online: bool,
        trouble: InmostError | None,
        waiting: int,
        elsewhere: int | None = None,
        is_among_messages: bool = False,
    ) -> None:
        """elsewhere: how many conversations that are out of sight have something new; None: none is out of sight."""
        words = words_of(is_online, trouble, waiting)
        width = self.size.width
        wanted = KEYS_AMONG_MESSAGES if is_among_messages else _keys(elsewhere)
        if (words, width, wanted) == self._shown:
            return
        self._shown = (words, width, wanted)
        room = width - len(words) - 4
        fitting = next((keys for keys in wanted if len(keys) <= room), "")
        keys = fitting.rjust(room + 2)
        sign = "●" if is_online else "○"
        self.update(
            Content.assemble(
                (f"{sign} ", "$accent" if is_online else "$warning"),
                (words, "" if not is_online else "$dim"),
                (keys, "$dim"),
            )
        )
        self.refresh(layout=False)


def _keys(elsewhere: int | None) -> tuple[str, ...]:
    """Where the list is out of sight, it is said what is in it."""
    if elsewhere is None:
        return KEYS
    new = f" ({elsewhere} new)" if elsewhere else ""
    return (f"F1 help   F3 list{new}   ^K go to", f"F3 list{new}", "F1 help")
