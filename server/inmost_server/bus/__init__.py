"""Carries what happened to every process that has somebody to tell."""

from inmost_server.bus.local import LocalBus
from inmost_server.bus.message import Bus, Deliver, Told

__all__ = ["Bus", "Deliver", "LocalBus", "Told"]
