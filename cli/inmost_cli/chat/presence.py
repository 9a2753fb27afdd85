"""Whether others see that one is here: only if one wants it, sealed, and never stored by anybody else."""

import time
from typing import TYPE_CHECKING, Final

from inmost.errors import Offline, Refused

if TYPE_CHECKING:
    from inmost_cli.chat.app import Chat

SETTING: Final = "chat presence"
# Nothing pressed for so long: away.
AWAY_AFTER_S: Final = 5 * 60
WORDS: Final = {"active": "online", "idle": "away"}


def word_of(presence: str | None) -> str:
    """What is said of somebody else, or nothing."""
    return WORDS.get(presence or "", "")


class Presence:
    """What this screen says of its person: online while keys are pressed, away after a while or in another window."""

    def __init__(self, app: "Chat") -> None:
        self._app = app
        self._is_said = False
        self._is_active: bool | None = None
        self._here_until = 0.0

    async def load(self) -> None:
        """As it was chosen before; at first nothing is said."""
        self._is_said = await self._app.client.profile.remembered(SETTING) is not None
        await self.is_here()

    async def switch(self) -> None:
        """Say it from here on, or not any more."""
        self._is_said = not self._is_said
        await self._app.client.profile.remember(SETTING, b"on" if self._is_said else None)
        self._is_active = None
        if self._is_said:
            await self.is_here()
            self._app.say("Others see now when you are online. /presence again: not any more.")
        else:
            await self._tell(None)
            self._app.say("Nobody sees any more when you are online; what was said is over in three minutes.")

    async def is_here(self) -> None:
        """A key was pressed, or this window came to the front."""
        self._here_until = time.monotonic() + AWAY_AFTER_S
        await self._say(True)

    async def watch(self) -> None:
        """Called again and again: nobody pressed anything for a while."""
        if time.monotonic() > self._here_until:
            await self._say(False)

    async def is_away(self) -> None:
        await self._say(False)

    async def _say(self, is_active: bool) -> None:
        if self._is_said and is_active != self._is_active:
            self._is_active = is_active
            await self._tell(is_active)

    async def _tell(self, active: bool | None) -> None:
        try:
            await self._app.client.presence(active)
        except (Offline, Refused):
            self._is_active = None  # Said with the next key.
