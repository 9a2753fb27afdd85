"""What had to be shown: something did not add up. Each with what to do now."""

from collections.abc import Sequence
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from inmost import Alarm, Conversation
from inmost.models import People
from inmost_cli.chat.neutral import neutral_line
from inmost_cli.output import local_time

SETTING: Final = "chat alarms read"

TELL: Final = "Tell an administrator, by another way than this conversation."
# By kind (docs/protocol/engine.md): what it means, what to do now.
KINDS: Final[dict[str, tuple[str, str]]] = {
    "DirectoryForked": (
        "The server shows different people different lists of who is here",
        f"Nobody can be added meanwhile. Share nothing sensitive. {TELL}",
    ),
    "LogForked": (
        "The server shows different people different messages",
        f"Ask the others what they see, by telephone. {TELL}",
    ),
    "IdentityMismatch": (
        "Somebody is not who they were",
        "Share nothing sensitive with them until you have compared numbers: select a message and press v.",
    ),
    "WrongLink": ("A member's device gave wrong keys to older messages", f"Those messages stay closed until another device repairs it. {TELL}"),
    "LinkMissing": ("Keys to older messages are missing", "They come when a colleague's device has been online. Nothing is to be done."),
    "RemovalWithoutCause": ("The server tried to remove somebody without a reason", f"It was not followed. {TELL}"),
    "Equivocation": ("A device sent two different messages as one", f"The first is shown. Ask its owner, and revoke the device if in doubt. {TELL}"),
    "BadSeal": ("A message is not what a member sealed", f"It is not shown as theirs. Once may be an error; if it comes again: {TELL[0].lower()}{TELL[1:]}"),
    "VaultRolledBack": ("The server gave an old copy of what your recovery key opens", f"It was refused. {TELL}"),
    "CommitRefused": ("A change of who can read was against the rules", f"It was not followed. {TELL}"),
    "BackdatedDevice": ("A device claims to be older than it is", f"Do not trust what it says of the past. {TELL}"),
    "InvitationClaimedTwice": (
        "Two people used one invitation: one of them may have intercepted it",
        "Both accounts are stopped. An administrator asks the invited person, face to face or by telephone, and invites them again.",
    ),
    "ServerMisbehaved": ("The server answered as no honest server does", f"This device goes on by itself if it can. If it comes again: {TELL[0].lower()}{TELL[1:]}"),
}  # fmt: skip


def meaning_of(kind: str) -> tuple[str, str]:
    """(what it means, what to do)."""
    return KINDS.get(kind, ("Something did not add up", TELL))


class Banner(Static):
    """The newest alarm nobody has read yet, above everything."""

    def __init__(self) -> None:
        super().__init__(id="alarm", markup=False)

    def show(self, unread: Sequence[Alarm]) -> None:
        """None: be gone."""
        self.set_class(bool(unread), "-open")
        if unread:
            meaning, act = meaning_of(unread[-1].kind)
            more = f" ({len(unread) - 1} more)" if len(unread) > 1 else ""
            self.update(Content.assemble((f"! {meaning}.{more} ", "b"), act, ("  F8: details", "$dim")))


class Alarms(ModalScreen[None]):
    """All of them, newest first."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,f8", "close", "close")]

    def __init__(
        self, alarms: Sequence[Alarm], conversations: Sequence[Conversation], people: People
    ) -> None:
        super().__init__()
        self._alarms = alarms
        self._titles = {each.id: each.title for each in conversations}
        self._people = people

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog"):
            yield Static("What did not add up", classes="title")
            if not self._alarms:
                yield Static("\nNothing. Everything added up so far.")
            for alarm in reversed(self._alarms):
                yield Static(self._entry(alarm))
            yield Static("\nEsc: close", classes="aside")

    def _entry(self, alarm: Alarm) -> Content:
        meaning, act = meaning_of(alarm.kind)
        about = [local_time(alarm.at_ms)]
        if alarm.conversation in self._titles:
            about.append(f"in “{neutral_line(self._titles[alarm.conversation])}”")
        if alarm.person:
            about.append(neutral_line(self._people.name(alarm.person)))
        return Content.assemble(
            (f"\n! {meaning}\n", "b $warning"),
            (f"{', '.join(about)}: {neutral_line(alarm.words)} ({alarm.kind})\n", "$dim"),
            act,
        )

    def action_close(self) -> None:
        self.dismiss(None)
