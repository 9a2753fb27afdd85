"""What a feature sees of a connection, and how it says which frames it handles and for whom."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

from inmost_protocol.frames import Answer, Frame, Request
from inmost_server.access import Access
from inmost_server.sessions import Session


class Peer(Protocol):
    """The device (or recovering person) that asks."""

    session: Session | None

    @property
    def device(self) -> bytes: ...
    @property
    def user(self) -> bytes: ...
    def send(self, frame: Frame) -> None:
        """Answer it."""

    def refuse(self, re: bytes, error: BaseException) -> None:
        """Answer with the refusal this error stands for."""

    def begin(self) -> None:
        """A request is at work that answers by itself later."""

    def end(self) -> None:
        """It has been answered."""


# A coroutine's result is the answer; None: it answers by itself, or not at all.
Handle = Callable[[Any, Any], Awaitable[Answer | None] | None]


@dataclass(frozen=True, slots=True)
class Handled:
    """One frame: who may send it, how often (edge/rates.py), and what does it."""

    frame: type[Request]
    access: Access
    rate: str
    handle: Handle
