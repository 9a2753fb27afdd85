"""The last line: whether the server can be reached, what waits, and the keys one needs most."""

from textual.content import Content
from textual.widgets import Static

from inmost.errors import InmostError, Offline, SignedOut
from inmost_cli.words import explain

KEYS = "F1 help   ^K go to   ^F search   ^Q quit"


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

    def show(self, is_online: bool, trouble: InmostError | None, waiting: int) -> None:
        words = words_of(is_online, trouble, waiting)
        width = self.size.width
        if (words, width) == self._shown:
            return
        self._shown = (words, width)
        room = width - len(words) - len(KEYS) - 2
        keys = f"{' ' * room}{KEYS}" if room >= 2 else ""
        sign = "●" if is_online else "○"
        self.update(
            Content.assemble(
                (f"{sign} ", "$accent" if is_online else "$warning"),
                (words, "" if not is_online else "$dim"),
                (keys, "$dim"),
            )
        )
        self.refresh(layout=False)
