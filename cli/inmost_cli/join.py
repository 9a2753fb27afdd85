"""inmost join and inmost recover: how an account comes to this computer."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from inmost import (
    Answers,
    Credential,
    Custody,
    Joined,
    Passkeys,
    SecondFactor,
    join,
    recover,
    recover_with_passkey,
)
from inmost.errors import KeyUnavailable, Refused
from inmost.places import write_private
from inmost.server import Address
from inmost.store import keyring_is_usable
from inmost.store.keys import KEY_FILE_WARNING
from inmost_cli import totp
from inmost_cli.asking import CannotAsk, ask, ask_new_secret, ask_secret, is_somebody_there, secret_from
from inmost_cli.here import PASSPHRASE_OPTION, Here, command
from inmost_cli.output import err, fail, note, say, waiting, warn
from inmost_cli.words import explain

KeyFile = Annotated[
    Path | None,
    typer.Option("--key-file", help="Keep the store's key in this file, for bots. " + KEY_FILE_WARNING),
]
PasswordFile = Annotated[
    Path | None, typer.Option("--password-file", help="The password, in a file's first line.")
]
PasswordFd = Annotated[int | None, typer.Option("--password-fd", help="The same, from an open descriptor.")]
TotpFile = Annotated[
    Path | None,
    typer.Option(
        "--totp-secret-file", help="Keep the second factor's secret in this file and make codes of it."
    ),
]
WithPasskey = Annotated[
    bool,
    typer.Option("--passkey", help="With the security key at this computer: no password, no second factor."),
]
CaFile = Annotated[Path | None, typer.Option("--ca", help="Trust this certificate authority too (PEM).")]


def register(app: typer.Typer) -> None:
    command(app, "join", rich_help_panel="Start")(join_command)
    command(app, "recover", rich_help_panel="Start")(recover_command)


def choose_password(option: str, is_first: bool = True, words: str = "Password") -> str:
    """Raises CannotAsk, which names the option."""
    if is_first and is_somebody_there():
        note("Choose a password: 12 characters or more; a few words are good.")
    return ask_new_secret(words, option)


@dataclass
class Script:
    """What a person would be asked while joining, as far as options answered it."""

    password: str | None
    totp_file: Path | None
    is_first: bool = True

    async def give_password(self, refused: Refused | None) -> str:
        if refused is not None:
            if self.password is not None:
                raise refused
            fail(*explain(refused))
        if self.password is not None:
            return self.password
        return choose_password("--password-file FILE", is_first=refused is None)

    async def give_code(self, factor: SecondFactor, refused: Refused | None) -> str:
        if self.totp_file is not None:
            if refused is not None:
                raise refused
            write_private(self.totp_file, totp.base32(factor.secret).encode() + b"\n")
            return totp.code_of(factor.secret)
        if refused is not None:
            fail(*explain(refused))
        elif not is_somebody_there():
            raise CannotAsk("A second factor is needed: pass --totp-secret-file FILE")
        elif self.is_first:
            self.is_first = False
            address = totp.address(factor.secret, factor.account, factor.organisation)
            err.print("Scan this with your authenticator, or type in the secret:")
            err.print(totp.picture(address), soft_wrap=True)
            err.print(f"Secret  {totp.base32(factor.secret)}")
        return ask("Six digits it shows now", "--totp-secret-file FILE")


async def join_command(
    here: Here,
    link: Annotated[str, typer.Argument(help="The invitation link, all of it.")],
    name: Annotated[str | None, typer.Option(help="How others see you.")] = None,
    bot: Annotated[
        bool, typer.Option("--bot", help="The invitation is for a program: no password, no second factor.")
    ] = False,
    password_file: PasswordFile = None,
    password_fd: PasswordFd = None,
    totp_secret_file: TotpFile = None,
    recovery_key_file: Annotated[
        Path | None,
        typer.Option(
            "--recovery-key-file",
            help="Write the recovery key and backup codes to this file instead of showing them.",
        ),
    ] = None,
    key_file: KeyFile = None,
    ca: CaFile = None,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing that can be left out.")] = False,
    passkey: WithPasskey = False,
) -> None:
    """Join with an invitation link: name, password and code or passkey, recovery key, done."""
    custody = custody_for(here, key_file)
    name = name or ask("Your name", "--name NAME")
    if passkey:
        await _join_with_passkey(here, link, name, custody, recovery_key_file, ca, yes)
        return
    script = Script(secret_from(password_file, password_fd), totp_secret_file)
    joined = await join(
        link,
        name=name,
        custody=custody,
        answers=Answers(script.give_password, script.give_code),
        profile=here.profile,
        ca=ca,
        is_bot=bot,
        progress=note,
    )
    hand_over(joined, recovery_key_file, yes)
    say(f"You are in, as {joined.account}. Try: inmost conversations")


async def _join_with_passkey(
    here: Here,
    link: str,
    name: str,
    custody: Custody,
    recovery_key_file: Path | None,
    ca: Path | None,
    yes: bool,
) -> None:
    from inmost_cli.security_key import plugged_in

    key = plugged_in(Address.of(link, ca).origin)
    script = Script(None, None)
    made: list[Credential] = []

    async def create(options: dict[str, Any]) -> Credential:
        made.append(await key.create(options, "Security key"))
        return made[-1]

    joined = await join(
        link,
        name=name,
        custody=custody,
        answers=Answers(script.give_password, script.give_code, create),
        profile=here.profile,
        ca=ca,
        progress=note,
    )
    hand_over(joined, recovery_key_file, yes)
    if made:
        note("Once more, so that it opens your history, too.")
        async with here.client(needs_server=True) as client:
            if not await Passkeys(client).open_vault(made[-1].response["id"], key.sign):
                note("It cannot open your history: keep the recovery key.")
    say(f"You are in, as {joined.account}. Try: inmost conversations")


def custody_for(here: Here, key_file: Path | None) -> Custody:
    """A key file when asked for, a passphrase when given, the keyring where there is one, else a passphrase."""
    if key_file is not None:
        warn(KEY_FILE_WARNING)
        return Custody("key-file", key_file=key_file)
    given = here.given_passphrase()
    if given is not None:
        return Custody("passphrase", passphrase=lambda: given)
    if keyring_is_usable():
        return Custody("keyring")
    if not is_somebody_there():
        raise KeyUnavailable(
            "This computer has no keyring.", f"Protect the store by a passphrase: {PASSPHRASE_OPTION}"
        )
    note("This computer has no keyring: a passphrase protects what is stored here.")
    chosen = ask_new_secret("Passphrase", PASSPHRASE_OPTION)
    return Custody("passphrase", passphrase=lambda: chosen)


def hand_over(joined: Joined, file: Path | None, yes: bool) -> None:
    """Show what is shown once: to a file for scripts, else on the terminal, and have it confirmed."""
    if joined.recovery_key is None:
        return
    if file is not None:
        codes = ["", "Backup codes:", *joined.backup_codes] if joined.backup_codes else []
        lines = [joined.recovery_key, *codes]
        write_private(file, ("\n".join(lines) + "\n").encode())
        note(f"Recovery key and backup codes are in {file}. Move them to a safe place.")
        return
    err.print()
    err.print("Your recovery key. It brings everything back when you lose your devices. Nobody else has it;")
    err.print("it is shown only now. Write it down or print it:")
    err.print(f"\n    {joined.recovery_key}\n", style="bold")
    if joined.backup_codes:
        err.print("Backup codes, each good once in place of the six digits:")
        err.print("    " + "  ".join(joined.backup_codes) + "\n")
    last = joined.recovery_key.replace("-", "")[-4:]
    while not yes and is_somebody_there() and ask("Its last four characters", "--yes").upper() != last:
        err.print("That is not how it ends. Look again.")


async def recover_command(
    here: Here,
    server: Annotated[str, typer.Argument(help="The server's address, like https://chat.example.org")],
    account: Annotated[str | None, typer.Argument(help="Your account; a passkey knows it.")] = None,
    recovery_key_file: Annotated[
        Path | None, typer.Option("--recovery-key-file", help="The recovery key, in a file's first line.")
    ] = None,
    password_file: PasswordFile = None,
    password_fd: PasswordFd = None,
    totp_secret_file: Annotated[
        Path | None, typer.Option("--totp-secret-file", help="The second factor's secret, as join wrote it.")
    ] = None,
    code: Annotated[str | None, typer.Option(help="Six digits, or a backup code.")] = None,
    revoke_others: Annotated[
        bool | None,
        typer.Option("--revoke-others/--keep-others", help="Shut your other devices out for ever."),
    ] = None,
    key_file: KeyFile = None,
    ca: CaFile = None,
    passkey: WithPasskey = False,
) -> None:
    """Come back without any of your devices, with your recovery key or a passkey."""
    custody = custody_for(here, key_file)
    if passkey:
        await _recover_with_passkey(here, server, recovery_key_file, revoke_others, custody, ca)
        return
    account = account or ask("Your account", "ACCOUNT")
    recovery_key = secret_from(recovery_key_file, None) or ask("Recovery key", "--recovery-key-file FILE")
    password = secret_from(password_file, password_fd) or ask_secret("Password", "--password-file FILE")
    revoke_others = _are_others_lost(revoke_others)
    code = (
        code
        or code_from(totp_secret_file)
        or ask("Six digits of your authenticator, or a backup code", "--code CODE")
    )
    with waiting("Coming back"):
        await recover(
            server,
            account=account,
            password=password,
            code=code,
            recovery_key=recovery_key,
            revoke_others=revoke_others,
            custody=custody,
            profile=here.profile,
            ca=ca,
            progress=note,
        )
    say(f"Welcome back, {account}. Your conversations are here: inmost conversations")


async def _recover_with_passkey(
    here: Here,
    server: str,
    recovery_key_file: Path | None,
    revoke_others: bool | None,
    custody: Custody,
    ca: Path | None,
) -> None:
    from inmost_cli.security_key import plugged_in

    account = await recover_with_passkey(
        server,
        sign=plugged_in(Address.of(server, ca).origin).sign,
        recovery_key=secret_from(recovery_key_file, None),
        revoke_others=_are_others_lost(revoke_others),
        custody=custody,
        profile=here.profile,
        ca=ca,
        progress=note,
    )
    say(f"Welcome back, {account}. Your conversations are here: inmost conversations")


def _are_others_lost(given: bool | None) -> bool:
    if given is not None:
        return given
    return is_somebody_there() and (
        ask("Are your other devices lost? Type yes to shut them out", "--revoke-others").lower() == "yes"
    )


def code_from(totp_secret_file: Path | None) -> str | None:
    """A code of a secret kept in a file."""
    secret = secret_from(totp_secret_file, None)
    if secret is None:
        return None
    try:
        return totp.code_of(totp.of_base32(secret))
    except ValueError:
        raise KeyUnavailable(f"{totp_secret_file} holds no secret of a second factor.") from None
