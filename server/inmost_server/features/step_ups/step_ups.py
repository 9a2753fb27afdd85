"""Which session has shown a factor for which act, and until when it counts.

In memory, like the sessions: a restart asks once more.
"""

from inmost_protocol.acts import STEP_UP_MS, Act
from inmost_server.clock import Clock
from inmost_server.refusals import Refusal
from inmost_server.sessions import Session


class StepUpRequired(Refusal):
    """`act` needs a fresh factor: POST /api/v1/step-ups with a passkey's assertion, or password and code, then ask again."""

    status = 403
    words = "A fresh factor is needed."

    def __init__(self, act: Act) -> None:
        super().__init__("That needs your passkey, or your password and a code, once more.")
        self.act: str | None = act


class StepUps:
    """Granted on the event loop; may be asked in a transaction."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until: dict[tuple[bytes, Act], int] = {}

    def __len__(self) -> int:
        return len(self._until)

    def grant(self, session: Session, act: Act) -> int:
        """A factor was shown in this session for this act. Returns until when it counts."""
        now_ms = self._clock()
        # In the order of granting, so in that of ending: what has ended stands first.
        for old, ends_ms in list(self._until.items()):
            if ends_ms > now_ms:
                break
            del self._until[old]
        self._until.pop((session.id, act), None)
        self._until[(session.id, act)] = now_ms + STEP_UP_MS
        return now_ms + STEP_UP_MS

    def require(self, session: Session, act: Act) -> None:
        """Refused with StepUpRequired."""
        if self._until.get((session.id, act), 0) <= self._clock():
            raise StepUpRequired(act)
