"""The fresh factor that a dangerous act needs: a security key that is plugged in, or password and code from options or by asking."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from inmost import Assertion, Password, StepUp
from inmost_cli.asking import ask, ask_secret, secret_from
from inmost_cli.join import code_from
from inmost_cli.output import note

Code = Annotated[str | None, typer.Option("--code", help="Your six digits, or a backup code.")]

ACTS = {
    "suspend": "To deactivate or reactivate somebody",
    "role": "To change what somebody may do",
    "invite_administrator": "To invite an administrator",
    "reset_second_factor": "To reset somebody's second factor",
    "recovery_key": "To change the recovery key",
    "add_passkey": "To add a passkey",
    "remove_passkey": "To remove a passkey",
    "password": "To change what signs you in",
}


@dataclass(frozen=True)
class OwnFactor:
    """One's own password and code, as far as options give them."""

    password_file: Path | None
    password_fd: int | None
    totp_secret_file: Path | None
    code: str | None

    async def __call__(self, step_up: StepUp) -> Password | Assertion:
        """Raises CannotAsk."""
        if self.password_file is None and self.password_fd is None:
            note(f"{ACTS[step_up.act]}, prove once more that it is you.")
            if step_up.options is not None:
                from inmost_cli.security_key import is_plugged_in, plugged_in

                if is_plugged_in():
                    return await plugged_in(step_up.origin).sign(step_up.options)
        return self.password()

    def password(self) -> Password:
        """Raises CannotAsk."""
        own = secret_from(self.password_file, self.password_fd) or ask_secret(
            "Your password", "--password-file FILE"
        )
        code = self.code or code_from(self.totp_secret_file)
        return Password(own, code or ask("Your six digits, or a backup code", "--code CODE"))
