"""REST: what anybody may know of the organisation before signing in."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from litestar import Controller, get
from litestar.di import NamedDependency

from inmost_protocol.limits import PROTOCOL_VERSION
from inmost_server import base64url
from inmost_server.access import ANYONE
from inmost_server.clock import Clock
from inmost_server.features.directory.service import DirectoryService
from inmost_server.pace import ASKING


@dataclass(frozen=True, slots=True)
class Shown:
    """server_key: the public half of the external-sender key."""

    directory: DirectoryService
    server_key: bytes
    clock: Clock


class OrganisationAnswer(msgspec.Struct, frozen=True):
    """claimed: somebody is the owner. Bytes are base64url."""

    org: str
    protocol: list[int]
    server_key: str
    claimed: bool
    server_time_ms: int


class OrganisationController(Controller):
    """docs/protocol/sign-in.md."""

    path = ""
    tags: Sequence[str] = ["organisation"]

    @get("/organisation", opt={"access": ANYONE, "rate": ASKING})
    async def organisation(self, shown: NamedDependency[Shown]) -> OrganisationAnswer:
        """The organisation's id and state."""
        return OrganisationAnswer(
            org=base64url.text(shown.directory.state.org),
            protocol=[PROTOCOL_VERSION],
            server_key=base64url.text(shown.server_key),
            claimed=shown.directory.state.next_n > 0,
            server_time_ms=shown.clock(),
        )
