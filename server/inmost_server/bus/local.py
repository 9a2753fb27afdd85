"""The bus of a server that is one process: a call."""

from inmost_server.bus.message import Deliver, Told


class LocalBus:
    """Loses nothing and delivers before `publish` returns."""

    def __init__(self) -> None:
        self._deliver: list[Deliver] = []

    def publish(self, told: Told) -> None:
        for deliver in self._deliver:
            deliver(told)

    def subscribe(self, deliver: Deliver) -> None:
        self._deliver.append(deliver)
