"""The stretch of one conversation's history that is loaded: it grows backwards page by page, and follows what is new."""

from typing import Final

from inmost import Client, Message

PAGE: Final = 60
AROUND: Final = 30
# While somebody reads the newest, no more than this is kept; what was let go is loaded again on the way back.
MOST_KEPT: Final = 400
KEPT_AFTER_TRIMMING: Final = 200


class History:
    """Messages of one conversation, oldest first, without a gap.

    is_at_end         the newest message is among them
    has_older         there may be more before the first
    """

    def __init__(self, client: Client, conversation: str) -> None:
        self._client = client
        self.conversation = conversation
        self.messages: list[Message] = []
        self.is_at_end = True
        self.has_older = True

    async def open(self) -> None:
        """The newest page."""
        self.messages = await self._page(None, PAGE)
        self.is_at_end = True
        self.has_older = self._may_have_older(len(self.messages), PAGE)

    async def open_at(self, n: int) -> None:
        """What surrounds number n."""
        newest = await self._page(None, 1)
        last = newest[-1].n if newest else None
        upto = n + AROUND
        page = await self._page(upto, 2 * AROUND)
        self.messages = page
        self.has_older = self._may_have_older(len(page), 2 * AROUND)
        self.is_at_end = last is not None and any(message.n == last for message in page)
        if self.is_at_end or last is None or last < upto:
            self.is_at_end = True
            await self.refresh()

    async def older(self) -> bool:
        """One page more, before the first. False: nothing came."""
        first = self._first
        if first is None:
            return False
        page = await self._page(first, PAGE)
        self.has_older = self._may_have_older(len(page), PAGE)
        self.messages = page + self.messages
        return bool(page)

    async def newer(self) -> bool:
        """One page more, after the last. False: nothing came."""
        last = self._last
        if self.is_at_end or last is None:
            return False
        page = [
            each for each in await self._page(last + PAGE + 1, PAGE) if each.n is not None and each.n > last
        ]
        newest = await self._page(None, 1)
        self.messages = self.messages + page
        self.is_at_end = not newest or any(each.reference == newest[-1].reference for each in page)
        if not page and not self.is_at_end:
            await self.open()
        return bool(page)

    async def refresh(self) -> None:
        """Read again what is loaded, with what has come since if the newest is."""
        first, wanted = self._first, len(self.messages) + PAGE
        before = None if self.is_at_end or self._last is None else self._last + 1
        while True:
            page = await self._page(before, wanted, load=False)
            numbers = [each.n for each in page if each.n is not None]
            if first is None or len(numbers) < wanted or numbers[0] <= first:
                break
            wanted *= 2
        self.messages = [each for each in page if first is None or each.n is None or each.n >= first]

    def trim(self) -> None:
        """Let the oldest go again."""
        if self.is_at_end and len(self.messages) > MOST_KEPT:
            self.messages = self.messages[-KEPT_AFTER_TRIMMING:]
            self.has_older = True

    async def _page(self, before: int | None, limit: int, load: bool = True) -> list[Message]:
        """load: from the server, where it is not here."""
        return await self._client.history(self.conversation, before=before, limit=limit, load=load)

    @staticmethod
    def _may_have_older(count: int, asked: int) -> bool:
        return count >= asked

    @property
    def _first(self) -> int | None:
        return next((message.n for message in self.messages if message.n is not None), None)

    @property
    def _last(self) -> int | None:
        return next((message.n for message in reversed(self.messages) if message.n is not None), None)
