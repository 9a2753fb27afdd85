"""What was typed and not sent, for each conversation and thread: in the encrypted store as soon as it is typed."""

import asyncio
from collections.abc import Callable
from typing import Final

import msgspec

from inmost.profile import Profile

SETTING: Final = "chat drafts"


class Drafts:
    """All drafts of one profile. kept: called with a place when its draft, as it stands, has reached the disk."""

    def __init__(self, profile: Profile, kept: Callable[[str], None]) -> None:
        self._profile = profile
        self._kept = kept
        self._texts: dict[str, str] = {}
        self._on_disk: dict[str, str] = {}
        self._going_out: dict[str, list[str]] = {}
        self._written: dict[str, str] = {}
        self._writing: asyncio.Task[None] | None = None

    async def load(self) -> None:
        stored = await self._profile.remembered(SETTING)
        if stored is not None:
            self._texts = msgspec.msgpack.decode(stored, type=dict[str, str])
            self._on_disk = dict(self._texts)
            self._written = dict(self._texts)

    def text(self, place: str) -> str:
        return self._texts.get(place, "")

    @property
    def places(self) -> set[str]:
        """Where something was begun and not sent."""
        return set(self._texts)

    def is_kept(self, place: str) -> bool:
        return self._texts.get(place) == self._on_disk.get(place)

    def note(self, place: str, text: str) -> None:
        """This is what stands in the field of a place now."""
        if place:
            self._written[place] = text
            self._put_together(place)

    def hold(self, place: str, text: str) -> None:
        """These words left the field, and are not among what is to be sent yet: until then they are part of the draft."""
        self._going_out.setdefault(place, []).append(text)
        self._put_together(place)

    def release(self, place: str, text: str) -> None:
        """They are in the outbox now, or back in the field."""
        self._going_out[place].remove(text)
        self._put_together(place)

    def _put_together(self, place: str) -> None:
        text = "\n".join(filter(None, [*self._going_out.get(place, ()), self._written.get(place, "")]))
        if self._texts.get(place, "") == text:
            return
        if text:
            self._texts[place] = text
        else:
            self._texts.pop(place, None)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())

    async def settle(self) -> None:
        """Before the store is closed."""
        if self._writing is not None:
            await self._writing

    async def _write(self) -> None:
        while self._texts != self._on_disk:
            texts = dict(self._texts)
            await self._profile.remember(SETTING, msgspec.msgpack.encode(texts) if texts else None)
            changed = {
                place for place in texts | self._on_disk if texts.get(place) != self._on_disk.get(place)
            }
            self._on_disk = texts
            for place in changed:
                self._kept(place)
