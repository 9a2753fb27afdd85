"""inmost passkey: one's passkeys; the terminal makes them with a security key."""

from typing import Annotated

import typer

from inmost import Client, Passkey, Passkeys
from inmost.errors import NotFound
from inmost_cli.asking import confirm
from inmost_cli.factor import Code, OwnFactor
from inmost_cli.here import Here, JsonOption, command
from inmost_cli.join import PasswordFd, PasswordFile, TotpFile
from inmost_cli.output import ID_DIGITS, json_line, local_time, note, say, table

Which = Annotated[str, typer.Argument(help="Its name, or the beginning of its id.")]


def register(app: typer.Typer) -> None:
    passkey = typer.Typer(help="Your passkeys: list, add, rename, remove.", invoke_without_command=True)
    app.add_typer(passkey, name="passkey", rich_help_panel="This account")
    command(passkey, "list")(list_passkeys)
    command(passkey, "add")(add)
    command(passkey, "rename")(rename)
    command(passkey, "remove")(remove)


async def list_passkeys(here: Here, json: JsonOption = False) -> None:
    """Your passkeys."""
    async with here.client(needs_server=True) as client:
        passkeys = Passkeys(client)
        found = [(each, await passkeys.opens_vault(each.id)) for each in await passkeys.all()]
    if json:
        for each, opens in found:
            json_line({"id": each.id, "name": each.name, "created_ms": each.created_ms, "last_used_day": each.last_used_day, "opens_vault": opens, "alarm_ms": each.alarm_ms})  # fmt: skip
        return
    table(
        ["passkey", "name*", "since", "last used", "opens", ""],
        [
            (
                each.id[:ID_DIGITS],
                each.name,
                local_time(each.created_ms),
                each.last_used_day or "",
                "account and history" if opens else "account",
                "its counter went back: was it copied?" if each.alarm_ms else "",
            )
            for each, opens in found
        ],
        "No passkeys.",
    )


async def add(
    here: Here,
    name: Annotated[str, typer.Option(help="How you will know it.")] = "Security key",
    password_file: PasswordFile = None,
    password_fd: PasswordFd = None,
    totp_secret_file: TotpFile = None,
    code: Code = None,
) -> None:
    """Make a passkey on the security key at this computer."""
    from inmost_cli.security_key import plugged_in

    factor = OwnFactor(password_file, password_fd, totp_secret_file, code)
    async with here.client(needs_server=True, factor=factor) as client:
        key = plugged_in((await client.me()).server)
        passkeys = Passkeys(client)
        made = await passkeys.add(await key.create(await passkeys.options(), name))
        note("Once more, so that it opens your history, too.")
        opens = await passkeys.open_vault(made.id, key.sign)
    say(f"“{made.name}” signs you in{' and brings your history back' if opens else ''}.")
    if not opens:
        note("It cannot open your history: keep the recovery key.")


async def rename(
    here: Here, which: Which, name: Annotated[str, typer.Argument(help="The new name.")]
) -> None:
    """Call a passkey something else."""
    async with here.client(needs_server=True) as client:
        await Passkeys(client).rename((await _found(client, which)).id, name)
    say(f"It is “{name}” now.")


async def remove(
    here: Here,
    which: Which,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    password_file: PasswordFile = None,
    password_fd: PasswordFd = None,
    totp_secret_file: TotpFile = None,
    code: Code = None,
) -> int:
    """Let a passkey open nothing any more."""
    factor = OwnFactor(password_file, password_fd, totp_secret_file, code)
    async with here.client(needs_server=True, factor=factor) as client:
        found = await _found(client, which)
        if not confirm(f"Remove “{found.name}”", yes):
            note("Nothing was changed. In scripts pass --yes.")
            return 2
        await Passkeys(client).remove(found.id)
    say(f"“{found.name}” opens nothing any more.")
    return 0


async def _found(client: Client, which: str) -> Passkey:
    passkeys = await Passkeys(client).all()
    fitting = [each for each in passkeys if each.name == which or each.id.startswith(which)]
    if len(fitting) != 1:
        raise NotFound(
            f"Several of your passkeys are “{which}”." if fitting else f"No passkey of yours is “{which}”."
        )
    return fitting[0]
