"""The server's inputs: frames over the WebSocket, requests over REST."""

from collections.abc import Callable
from typing import Final

from fuzz.server.bodies import Bodies
from fuzz.server.frames import Frames
from fuzz.server.inside import Inside

# By the names of fuzz/corpus's folders.
TARGETS: Final = {"frames": Frames, "bodies": Bodies}


def target(name: str, inside: Inside) -> Callable[[bytes], None]:
    """The function that runs one input."""
    return TARGETS[name](inside).run
