"""Loads each feature's tables into the one metadata, for migrations and the test that compares them."""

from inmost_server.features.conversations import log as _log
from inmost_server.features.conversations import store as _conversations
from inmost_server.features.devices import store as _devices
from inmost_server.features.directory import store as _directory
from inmost_server.features.messages import store as _messages
from inmost_server.features.organisation import store as _organisation
from inmost_server.features.passkeys import store as _passkeys
from inmost_server.store.schema import metadata

MODULES = (_organisation, _directory, _conversations, _log, _messages, _devices, _passkeys)

__all__ = ["MODULES", "metadata"]
