"""inmost people, invite, verify: who is here and how they are known."""

import time
from typing import Annotated

import typer

from inmost import Client
from inmost_cli.asking import confirm, is_somebody_there
from inmost_cli.factor import Code, OwnFactor
from inmost_cli.here import Here, JsonOption, command, everybody
from inmost_cli.join import PasswordFd, PasswordFile, TotpFile
from inmost_cli.output import err, json_line, local_time, note, say, table

HOUR_MS = 3_600_000
DAY_HOURS = 24

LEVELS = {
    "owner": "owner",
    "link": "by link",
    "in_person": "in person",
    "server": "by server",
    "reset": "reset",
}

Who = Annotated[str, typer.Argument(help="An account, like anna or @anna.")]


def register(app: typer.Typer) -> None:
    people = typer.Typer(
        help="Everybody in the organisation: list, invite, deactivate, reset.", invoke_without_command=True
    )
    app.add_typer(people, name="people", rich_help_panel="People")
    command(people, "list")(list_people)
    command(people, "invite")(invite)
    command(people, "deactivate")(deactivate)
    command(people, "reactivate")(reactivate)
    command(people, "role")(role)
    command(people, "reset-second-factor")(reset_second_factor)
    command(app, "invite", rich_help_panel="People")(invite)
    command(app, "verify", rich_help_panel="People")(verify)


async def list_people(here: Here, json: JsonOption = False) -> None:
    """Everybody: account, name, role, and how well you know that it is them."""
    async with here.client() as client:
        people = await everybody(client)
    if json:
        for person in people.by_id.values():
            json_line(person)
        return
    table(
        ["account", "name*", "role", "known", ""],
        [
            (
                person.account,
                person.name,
                "bot" if person.is_bot else person.role,
                "in person" if person.is_verified else LEVELS.get(person.level, person.level),
                "deactivated" if person.is_suspended else "you" if person.id == people.me else "",
            )
            for person in people.by_id.values()
        ],
        "Nobody is here yet.",
    )


async def invite(
    here: Here,
    account: Annotated[str, typer.Argument(help="The account's name, like anna.")],
    role: Annotated[str, typer.Option(help="member, guest or administrator.")] = "member",
    bot: Annotated[bool, typer.Option("--bot", help="For a program, not a person.")] = False,
    name: Annotated[str, typer.Option(help="How others see the account until it has joined.")] = "",
    expires: Annotated[float, typer.Option(help="Hours the link is good for.", min=0.1, max=24 * 30)] = 3
    * DAY_HOURS,
    password_file: PasswordFile = None,
    password_fd: PasswordFd = None,
    totp_secret_file: TotpFile = None,
    code: Code = None,
    json: JsonOption = False,
) -> None:
    """Make a link for one person or bot. Whoever has it first may use it, once: hand it over safely."""
    expires_ms = int(time.time() * 1000 + expires * HOUR_MS)
    factor = OwnFactor(password_file, password_fd, totp_secret_file, code)
    async with here.client(needs_server=True, factor=factor) as client:
        link = await client.invite(account, role=role, is_bot=bot, name=name, expires_ms=expires_ms)
    if json:
        json_line({"account": account, "link": link, "expires_ms": expires_ms})
        return
    say(link)
    note(f"Good once, until {local_time(expires_ms)}. Give it to {account} only.")


async def deactivate(
    here: Here,
    who: Who,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    password_file: PasswordFile = None,
    password_fd: PasswordFd = None,
    totp_secret_file: TotpFile = None,
    code: Code = None,
) -> int:
    """Shut a person out everywhere, at once."""
    if not confirm(f"Deactivate {who}? All their devices are shut out at once", yes):
        note("Nothing was changed. In scripts pass --yes.")
        return 2
    factor = OwnFactor(password_file, password_fd, totp_secret_file, code)
    async with here.client(needs_server=True, factor=factor) as client:
        await client.suspend(who)
    say(f"{who} is deactivated.")
    return 0


async def reactivate(
    here: Here,
    who: Who,
    password_file: PasswordFile = None,
    password_fd: PasswordFd = None,
    totp_secret_file: TotpFile = None,
    code: Code = None,
) -> None:
    """Let a deactivated person in again."""
    factor = OwnFactor(password_file, password_fd, totp_secret_file, code)
    async with here.client(needs_server=True, factor=factor) as client:
        await client.suspend(who, suspended=False)
    say(f"{who} is active again.")


async def role(
    here: Here,
    who: Who,
    role: Annotated[str, typer.Argument(help="owner, administrator, member or guest.")],
    password_file: PasswordFile = None,
    password_fd: PasswordFd = None,
    totp_secret_file: TotpFile = None,
    code: Code = None,
) -> None:
    """Change what a person may do."""
    factor = OwnFactor(password_file, password_fd, totp_secret_file, code)
    async with here.client(needs_server=True, factor=factor) as client:
        await client.set_role(who, role)
    say(f"{who} is {role} now.")


async def reset_second_factor(
    here: Here,
    who: Who,
    password_file: PasswordFile = None,
    password_fd: PasswordFd = None,
    totp_secret_file: TotpFile = None,
    code: Code = None,
) -> None:
    """Let a person who lost the authenticator set a new one. You prove yourself with your own password and code."""
    factor = OwnFactor(password_file, password_fd, totp_secret_file, code)
    async with here.client(needs_server=True, factor=factor) as client:
        person = await client.person(who)
        reset_code, expires_ms = await client.stepping_up(
            "reset_second_factor",
            lambda rest, session: rest.reset_second_factor(session, bytes.fromhex(person.id)),
        )
        me = await client.me()
    say(reset_code)
    note(
        f"Tell it to {person.name} by word of mouth; good until {local_time(expires_ms)}. There: inmost second-factor {me.server} {person.account}"
    )


async def verify(
    here: Here,
    who: Who,
    confirm_number: Annotated[
        str | None,
        typer.Option("--confirm", help="The number the other person reads to you; noted if it is the same."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Show the number you and this person both see, to compare over a channel you trust."""
    async with here.client() as client:
        person = await client.person(who)
        number = await client.safety_number(person)
        if confirm_number is None and is_somebody_there() and not json:
            _show_number(number, person.name)
            if not confirm("Did you compare it, and is it the same", yes=False):
                return
            confirm_number = number
        if confirm_number is not None:
            await _mark(client, person.id, confirm_number, number)
    if json:
        json_line(
            {
                "account": person.account,
                "number": number,
                "verified": person.is_verified or confirm_number is not None,
            }
        )
    elif confirm_number is not None:
        say(f"Noted: you know {person.name} in person.")
    else:
        _show_number(number, person.name)


async def _mark(client: Client, person: str, given: str, number: str) -> None:
    same = "".join(given.split()) == "".join(number.split())
    await client.mark_verified(person, number if same else given)


def _show_number(number: str, name: str) -> None:
    err.print(f"Ask {name} for the number on the other side. It must be the same:", markup=False)
    say(number)
