"""Where a command runs: which profile, how its passphrase is got, whether programs or people read along; and how it fails."""

import asyncio
import inspect
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from inmost import Client
from inmost.errors import InmostError, Offline
from inmost.factors import AskFactor
from inmost.models import People
from inmost_cli import exits
from inmost_cli.asking import CannotAsk, ask_secret, is_somebody_there, secret_from
from inmost_cli.meanings import meaning_of
from inmost_cli.output import fail, note, waiting, warn
from inmost_cli.words import exit_code, explain

PASSPHRASE_OPTION = "--passphrase-file FILE, or set INMOST_PASSPHRASE"  # noqa: S105 (not one)

ProfileOption = Annotated[
    str,
    typer.Option(
        "--profile",
        envvar="INMOST_PROFILE",
        help="Which account on this computer.",
        rich_help_panel="Profile",
    ),
]
PassphraseFile = Annotated[
    Path | None,
    typer.Option(
        "--passphrase-file",
        help="The passphrase of the store, in a file's first line.",
        rich_help_panel="Profile",
    ),
]
PassphraseFd = Annotated[
    int | None,
    typer.Option("--passphrase-fd", help="The same, from an open descriptor.", rich_help_panel="Profile"),
]
JsonOption = Annotated[bool, typer.Option("--json", help="JSON, one object a line.")]


@dataclass(frozen=True)
class Here:
    """One run of the command."""

    command: str
    profile: str
    passphrase_file: Path | None
    passphrase_fd: int | None

    def given_passphrase(self) -> str | None:
        return (
            secret_from(self.passphrase_file, self.passphrase_fd)
            or os.environ.get("INMOST_PASSPHRASE")
            or None
        )

    def passphrase(self) -> str:
        """Raises CannotAsk."""
        return self.given_passphrase() or ask_secret("Passphrase", PASSPHRASE_OPTION)

    @asynccontextmanager
    async def client(
        self,
        online: bool = True,
        needs_server: bool = False,
        wait_for_server: bool = True,
        shows_alarms: bool = True,
        factor: AskFactor | None = None,
    ) -> AsyncIterator[Client]:
        """The profile's client, synced if the server can be reached. factor: how a fresh one is asked for, where an act may need it.

        online False: don't even try. needs_server: raise Offline instead of working with what is here. wait_for_server False: begin with
        what is here, and connect meanwhile. shows_alarms False: whoever asks shows them.
        """
        client = Client(
            self.profile,
            passphrase=self._ask_once,
            what=f"inmost {self.command}",
            wait_s=3.0,
            connect=online,
            factor=factor,
        )
        async with client:
            if shows_alarms:
                client.host.subscribe(show_alarm)
            if online and wait_for_server:
                await self._sync(client, needs_server)
            yield client

    def _ask_once(self) -> str:
        given = self.given_passphrase()
        if given is None and is_somebody_there():
            return ask_secret("Passphrase", PASSPHRASE_OPTION)
        if given is None:
            raise CannotAsk(f"The store is protected by a passphrase: pass {PASSPHRASE_OPTION}")
        return given

    async def _sync(self, client: Client, needs_server: bool) -> None:
        try:
            with waiting("Connecting"):
                await client.ready(tries=1)
        except Offline as offline:
            if needs_server:
                raise
            note(f"Offline: {offline} What is here is shown.")


async def everybody(client: Client) -> People:
    """All people by id, for names."""
    return People(await client.people(), (await client.me()).user)


def show_alarm(event: tuple[str, dict[str, Any]]) -> None:
    name, details = event
    if name == "alarm":
        warn(f"{meaning_of(details['kind'])[0]} ({details['kind']}). See: inmost alarms")


Command = Callable[..., Awaitable[int | None]]


def command(app: typer.Typer, name: str, **settings: Any) -> Callable[[Command], Command]:
    """Register an async command whose first argument is Here; its profile options are added, its failures shown."""

    def register(work: Command) -> Command:
        def run(**given: Any) -> None:
            here = Here(name, given.pop("profile"), given.pop("passphrase_file"), given.pop("passphrase_fd"))
            finish(work(here, **given))

        hints = get_type_hints(work, include_extras=True)
        own = [
            parameter.replace(annotation=hints[parameter.name])
            for parameter in list(inspect.signature(work).parameters.values())[1:]
        ]
        kind = inspect.Parameter.KEYWORD_ONLY
        shared = [
            inspect.Parameter("profile", kind, default="default", annotation=ProfileOption),
            inspect.Parameter("passphrase_file", kind, default=None, annotation=PassphraseFile),
            inspect.Parameter("passphrase_fd", kind, default=None, annotation=PassphraseFd),
        ]
        parameters = [*(parameter.replace(kind=kind) for parameter in own), *shared]
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        run.__doc__ = work.__doc__
        app.command(name, **settings)(run)
        return work

    return register


def finish(work: Awaitable[int | None]) -> None:
    """Run it to its end and leave with its exit code."""

    async def whole() -> int | None:
        return await work

    try:
        code = asyncio.run(whole())
    except InmostError as error:
        fail(*explain(error))
        raise typer.Exit(exit_code(error)) from None
    except CannotAsk as error:
        fail(str(error), "")
        raise typer.Exit(exits.WRONG_USE) from None
    except KeyboardInterrupt:
        raise typer.Exit(exits.INTERRUPTED) from None
    except BrokenPipeError:
        # Whoever read our output has gone; Python must not complain again while it shuts down.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(exits.DONE) from None
    raise typer.Exit(code or exits.DONE)
