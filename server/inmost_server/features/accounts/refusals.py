"""What accounts refuse, beside SlowDown."""

from inmost_server.features.accounts.password_policy import WORDS, Weakness
from inmost_server.refusals import Refusal


class SignInRefused(Refusal):
    """Account, password or code is wrong; which one is not said, nor whether there is such an account. Ask the person again."""

    status = 401
    words = "Account, password or code is not right."


class WeakPassword(Refusal):
    """The password is not good enough; the words say why. Ask the person for another."""

    status = 422

    def __init__(self, weakness: Weakness) -> None:
        super().__init__(WORDS[weakness])
        self.weakness = weakness


class PasswordNeeded(Refusal):
    """A person's claim needs password, totp_secret and totp_code, or a passkey."""

    status = 422
    words = "A person needs a password and a second factor, or a passkey."


class SecondFactorRefused(Refusal):
    """The code is not one of this secret at this time. Let the person scan the secret and type a new code; check the clock."""

    status = 422
    words = "That code does not belong to this second factor. Is the clock right?"


class InvitationClaimedTwice(Refusal):
    """Somebody else claimed this invitation before. Both accounts are suspended now; ask the inviter to lift it for the right one."""

    status = 409
    words = "Somebody else has used this invitation before. Both accounts are stopped until an administrator decides."
