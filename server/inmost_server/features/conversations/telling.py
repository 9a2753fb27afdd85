"""What is told of conversations once it is durable."""

from typing import Protocol

from inmost_protocol import encode
from inmost_protocol.conversations import Item, WaitingWelcome, Welcomed
from inmost_protocol.frames import Event
from inmost_server.bus import Bus, Told
from inmost_server.features.conversations.log import Placed


class Followers(Protocol):
    """Who is connected and follows what; edge/connections.py."""

    def follow_if_synced(self, device: bytes, conversation: bytes) -> None: ...
    def unfollow(self, device: bytes, conversation: bytes) -> None: ...
    def is_online(self, device: bytes) -> bool: ...
    def follow(self, device: bytes, conversations: list[bytes]) -> None: ...


class Teller:
    """Encodes an event once and hands it to the bus."""

    def __init__(self, bus: Bus, followers: Followers) -> None:
        self._bus = bus
        self.followers = followers

    def item(self, placed: Placed) -> None:
        frame = encode(Item(placed.conversation, placed.n, placed.kind, placed.entry, placed.at_ms))
        self._bus.publish(Told(frame, placed.conversation, placed.n))

    def welcomed(self, waiting: WaitingWelcome, devices: tuple[bytes, ...]) -> None:
        event = Welcomed(waiting.conversation, waiting.group, waiting.epoch, waiting.n, waiting.welcome)
        self._bus.publish(Told(encode(event), devices=devices))

    def event(self, conversation: bytes, event: Event, but: bytes | None = None) -> None:
        """Something without a number: deleted, a receipt, a signal."""
        self._bus.publish(Told(encode(event), conversation, but=but))

    def device(self, device: bytes, event: Event) -> None:
        self._bus.publish(Told(encode(event), devices=(device,)))

    def everybody(self, event: Event) -> None:
        self._bus.publish(Told(encode(event)))
