"""Frames of the directory (docs/protocol/directory.md)."""

from inmost_protocol.frames import Answer, Event, Request


class AppendEntry(Request, tag=10, frozen=True, gc=False):
    """Append one signed entry. Refused with the refusals of docs/protocol/directory.md (StaleChain, NotAllowed, ...)."""

    entry: bytes


class Appended(Answer, tag=110, frozen=True, gc=False):
    """The entry stands at n."""

    n: int


class FetchDirectory(Request, tag=11, frozen=True, gc=False):
    """Entries from number `first` on, `limit` at most (MAX_PAGE_ITEMS)."""

    first: int
    limit: int


class DirectoryPage(Answer, tag=111, frozen=True, gc=False):
    """Entries first, first + 1, ...; next_n is the number the next new entry will get."""

    first: int
    entries: list[bytes]
    next_n: int


class DirectoryItem(Event, tag=161, frozen=True, gc=False):
    """A new entry stands at n."""

    n: int
    entry: bytes
