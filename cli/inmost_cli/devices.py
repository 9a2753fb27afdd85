"""inmost devices, status, alarms: this computer, one's other devices, and what had to be shown."""

from typing import Annotated

import typer

from inmost.store.keys import read_note
from inmost_cli.asking import confirm
from inmost_cli.here import Here, JsonOption, command, everybody
from inmost_cli.meanings import meaning_of
from inmost_cli.output import ID_DIGITS, json_line, local_time, note, say, table

KEPT = {
    "keyring": "the system keyring",
    "passphrase": "your passphrase",
    "key-file": "a key file: no protection against a copied disk",
}


def register(app: typer.Typer) -> None:
    devices = typer.Typer(help="Your devices: list them, shut one out.", invoke_without_command=True)
    app.add_typer(devices, name="devices", rich_help_panel="This account")
    command(devices, "list")(list_devices)
    command(devices, "revoke")(revoke)
    command(app, "status", rich_help_panel="This account")(status)
    command(app, "whoami", rich_help_panel="This account")(whoami)
    command(app, "alarms", rich_help_panel="This account")(alarms)


async def list_devices(here: Here, json: JsonOption = False) -> None:
    """Your devices."""
    async with here.client() as client:
        devices = await client.devices()
    if json:
        for device in devices:
            json_line(device)
        return
    table(
        ["device", "since", ""],
        [
            (
                device.id[:ID_DIGITS],
                local_time(device.added_ms) if device.added_ms else "",
                "this one" if device.is_this else "" if device.is_active else "shut out",
            )
            for device in devices
        ],
        "No devices.",
    )


async def revoke(
    here: Here,
    device: Annotated[str, typer.Argument(help="The beginning of its id.")],
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
) -> int:
    """Shut one of your devices out, for ever."""
    if not confirm(f"Shut out device {device}? This cannot be undone", yes):
        note("Nothing was changed. In scripts pass --yes.")
        return 2
    async with here.client(needs_server=True) as client:
        await client.revoke(device)
    say("That device is shut out.")
    return 0


async def status(here: Here, json: JsonOption = False) -> None:
    """How things stand: account, server, what waits, how the key is kept."""
    async with here.client() as client:
        me = await client.me()
        alarms = await client.alarms()
        kept = str(read_note(client.profile.place)["kind"])
        online = client.is_online
    if json:
        json_line({
            "profile": here.profile, "account": me.account, "name": me.name, "role": me.role, "server": me.server,
            "user": me.user, "device": me.device, "online": online, "waiting": me.waiting, "alarms": len(alarms), "key": kept,
        })  # fmt: skip
        return
    rows = [
        ("Account", f"{me.account} ({me.name}, {'bot' if me.is_bot else me.role})"),
        ("Server", f"{me.server} ({'connected' if online else 'not reachable now'})"),
        ("Device", me.device[:ID_DIGITS]),
        ("Stored key", f"kept by {KEPT[kept]}"),
        ("To be sent", f"{me.waiting} waiting" if me.waiting else "nothing waits"),
        ("Alarms", f"{len(alarms)}, see inmost alarms" if alarms else "none"),
    ]
    for name, value in rows:
        say(f"{name:<11} {value}")


async def whoami(here: Here) -> None:
    """Only the account's name."""
    async with here.client(online=False) as client:
        say((await client.me()).account)


async def alarms(here: Here, json: JsonOption = False) -> None:
    """Everything that had to be shown to you: a server or member that did not do what it must."""
    async with here.client() as client:
        found = await client.alarms()
        titles = {each.id: each.title for each in await client.conversations(personal=True)}
        people = await everybody(client)
    for alarm in found:
        if json:
            json_line(alarm)
            continue
        where = f" in “{titles[alarm.conversation]}”" if alarm.conversation in titles else ""
        who = f", {people.name(alarm.person)}" if alarm.person else ""
        meaning, act = meaning_of(alarm.kind)
        say(f"{local_time(alarm.at_ms)}{where}{who}: {meaning}. {act}")
        note(f"  {alarm.kind}: {alarm.words}")
    if not found and not json:
        note("Nothing. Everything added up so far.")
