"""inmost password, second-factor: what one signs in with beside passkeys."""

import os
from pathlib import Path
from typing import Annotated

import typer

from inmost import SecondFactor
from inmost.joining import TOTP_SECRET_BYTES
from inmost.server import Address, Rest
from inmost_cli.asking import ask, ask_secret, confirm, secret_from
from inmost_cli.factor import Code, OwnFactor
from inmost_cli.here import Here, command
from inmost_cli.join import CaFile, PasswordFd, PasswordFile, Script, TotpFile, choose_password
from inmost_cli.output import note, say

NewPasswordFile = Annotated[
    Path | None, typer.Option("--new-password-file", help="The new password, in a file.")
]
NewTotpFile = Annotated[
    Path | None,
    typer.Option("--new-totp-secret-file", help="Write the new authenticator's secret here, mode 0600."),
]


def register(app: typer.Typer) -> None:
    password = typer.Typer(
        help="Your password: change it, set a new one with its second factor, do without.",
        invoke_without_command=True,
    )
    app.add_typer(password, name="password", rich_help_panel="This account")
    command(password, "change")(change)
    command(password, "set")(set_password)
    command(password, "remove")(remove)
    command(app, "second-factor", rich_help_panel="Start")(second_factor)


async def change(
    here: Here,
    password_file: PasswordFile = None,
    password_fd: PasswordFd = None,
    totp_secret_file: TotpFile = None,
    code: Code = None,
    new_password_file: NewPasswordFile = None,
) -> None:
    """Change your password. The authenticator stays."""
    own = OwnFactor(password_file, password_fd, totp_secret_file, code).password()
    new = _new_password(new_password_file)
    async with (
        here.client(needs_server=True) as client,
        client.signed_in() as (rest, session),
    ):
        await rest.change_password(session, own.password, own.code, new)
    say("The new password counts from now on.")


async def set_password(
    here: Here,
    password_file: PasswordFile = None,
    password_fd: PasswordFd = None,
    totp_secret_file: TotpFile = None,
    code: Code = None,
    new_password_file: NewPasswordFile = None,
    new_totp_secret_file: NewTotpFile = None,
) -> None:
    """Set a password with an authenticator, beside your passkeys or in place of those before. Proved by a security key, or the old ones."""
    factor = OwnFactor(password_file, password_fd, totp_secret_file, code)
    async with here.client(needs_server=True, factor=factor) as client:
        me = await client.me()
        new = _new_password(new_password_file)
        secret = os.urandom(TOTP_SECRET_BYTES)
        asked = SecondFactor(secret, me.account, me.server.partition("://")[2])
        new_code = await Script(new, new_totp_secret_file).give_code(asked, None)
        codes = await client.stepping_up(
            "password", lambda rest, session: rest.set_password(session, new, secret, new_code)
        )
    say("Password and authenticator count from now on. New backup codes:")
    say("  ".join(codes))


async def remove(
    here: Here,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    password_file: PasswordFile = None,
    password_fd: PasswordFd = None,
    totp_secret_file: TotpFile = None,
    code: Code = None,
) -> int:
    """Do without password, authenticator and backup codes: only your passkeys sign you in from then on."""
    factor = OwnFactor(password_file, password_fd, totp_secret_file, code)
    if not confirm(
        "Remove password, authenticator and backup codes? Only your passkeys open this account then", yes
    ):
        note("Nothing was changed. In scripts pass --yes.")
        return 2
    async with here.client(needs_server=True, factor=factor) as client:
        await client.stepping_up("password", lambda rest, session: rest.remove_password(session))
    say("Only your passkeys sign you in from now on. The recovery key still brings your history back.")
    return 0


def _new_password(file: Path | None) -> str:
    """Raises CannotAsk."""
    return secret_from(file, None) or choose_password("--new-password-file FILE", words="New password")


async def second_factor(
    here: Here,
    server: Annotated[str, typer.Argument(help="The server's address.")],
    account: Annotated[str, typer.Argument(help="Your account.")],
    reset_code_file: Annotated[
        Path | None, typer.Option("--reset-code-file", help="The administrator's code, in a file.")
    ] = None,
    password_file: PasswordFile = None,
    password_fd: PasswordFd = None,
    totp_secret_file: TotpFile = None,
    ca: CaFile = None,
) -> None:
    """Set a new second factor with the code an administrator told you."""
    own = secret_from(password_file, password_fd) or ask_secret("Password", "--password-file FILE")
    reset_code = secret_from(reset_code_file, None) or ask(
        "The administrator's code", "--reset-code-file FILE"
    )
    secret = os.urandom(TOTP_SECRET_BYTES)
    address = Address.of(server, ca)
    code = await Script(own, totp_secret_file).give_code(
        SecondFactor(secret, account, address.origin.partition("://")[2]), None
    )
    rest = Rest(address)
    try:
        codes = await rest.set_second_factor(account, own, reset_code, secret, code)
    finally:
        await rest.close()
    say("The new authenticator counts from now on. New backup codes:")
    say("  ".join(codes))
