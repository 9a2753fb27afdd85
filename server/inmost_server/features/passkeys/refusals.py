"""What passkeys refuse."""

from inmost_server.refusals import Refusal


class PasskeyRefused(Refusal):
    """Not the assertion of a passkey that counts here; which part of it is wrong is not said. Get new options and try again."""

    status = 401
    words = "That passkey does not open anything here."


class PasskeyNotTaken(Refusal):
    """The new passkey was not registered as this server asked. Get new options and try again."""

    status = 422
    words = "That passkey could not be registered. Begin again."


class PasskeysNeedAName(Refusal):
    """Browsers and authenticators refuse passkeys for addresses that are IP numbers. Open the server by its name."""

    status = 409
    words = "Passkeys need a name, not an IP number."


class TooManyPasskeys(Refusal):
    """Remove one first."""

    status = 409
    words = "That are as many passkeys as one person may have."


class LastFactor(Refusal):
    """It is the last thing that proves the person. Add another passkey, or a password, first."""

    status = 409
    words = "Without it you could not come back. Add another passkey or a password first."
