"""What the server says instead of doing something: a refusal is data, its docstring tells the caller what to do."""

from typing import ClassVar


class Refusal(Exception):
    """Not done, nothing changed. The class name is the code on the wire; status is its HTTP status."""

    status: ClassVar[int] = 400
    words: ClassVar[str] = "Not done."
    act: str | None = None

    def __init__(
        self, words: str | None = None, *, retry_after_ms: int | None = None, current_epoch: int | None = None
    ) -> None:
        self.said = words or self.words
        self.retry_after_ms = retry_after_ms
        self.current_epoch = current_epoch
        super().__init__(self.said)

    @property
    def code(self) -> str:
        return type(self).__name__


class FromEngine(Refusal):
    """A refusal of inmost_engine.public, by its own code (commit_allowed, directory entries)."""

    status = 409

    def __init__(self, code: str, words: str, *, current_epoch: int | None = None) -> None:
        super().__init__(words, current_epoch=current_epoch)
        self._code = code

    @property
    def code(self) -> str:
        return self._code


class Malformed(Refusal):
    """Not a frame of this protocol, or a field out of its bounds. Sending it again does not help."""

    words = "That is not a well-formed request."


class UnknownFrame(Refusal):
    """This server does not know that frame's tag. Ask for less, or update the server."""

    words = "This server does not know that request."


class TooLarge(Refusal):
    """A field is larger than the limits of docs/protocol/README.md."""

    status = 413
    words = "That is larger than allowed."


class NotJson(Refusal):
    """A body that is not sent as JSON. Send it with `Content-Type: application/json`."""

    status = 415
    words = "A body has to be sent as application/json."


class NotSignedIn(Refusal):
    """No session, or one that ended. Sign in again."""

    status = 401
    words = "Sign in first."


class NotAllowed(Refusal):
    """This session may not do that."""

    status = 403
    words = "This session may not do that."


class NotAMember(Refusal):
    """This device has no leaf in that conversation, or there is none."""

    status = 403
    words = "This device is not in that conversation."


class NotFound(Refusal):
    """There is no such thing, or this session may not know of it."""

    status = 404
    words = "There is no such thing."


class ConversationExists(Refusal):
    """Somebody created that conversation before. Fetch its group and join it, or choose another id."""

    status = 409
    words = "That conversation exists already."


class StaleEpoch(Refusal):
    """The group moved on. Fetch commits up to current_epoch, build or seal again, resend."""

    status = 409
    words = "The conversation has changed since."


class RemovalPending(Refusal):
    """Somebody is being removed. Commit the pending proposals of the log first, then send again."""

    status = 409
    words = "Somebody is being removed first."


class ClockSkewed(Refusal):
    """The time in it is too far from this server's clock. Set the clock, sign again."""

    status = 409
    words = "The device's clock differs too much from the server's."


class SlowDown(Refusal):
    """Too many requests. Wait retry_after_ms, then go on."""

    status = 429
    words = "Too many requests at once."


class Unavailable(Refusal):
    """The server could not store that now. Nothing changed; try again."""

    status = 503
    words = "The server could not do that now."
