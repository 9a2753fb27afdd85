"""The `inmost` command: one word for each thing a person does."""

import sys

import typer

from inmost_cli import up

# `inmost people` alone lists people, `inmost devices` devices, `inmost password` changes it: with the options of the first.
GROUPS = {
    "people": ("list", "invite", "deactivate", "reactivate", "role", "reset-second-factor"),
    "devices": ("list", "revoke"),
    "passkey": ("list", "add", "rename", "remove"),
    "password": ("change", "set", "remove"),
}
HELP = {"-h", "--help"}


def make_app(whole: bool = True) -> typer.Typer:
    """whole False: only `up`, without loading a client that the server's process would carry about for ever."""
    app = typer.Typer(
        name="inmost",
        help="Team communication that only its members can read, on your own server.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": sorted(HELP)},
    )
    # A second command keeps Typer from making the only one the whole program.
    app.callback()(lambda: None)
    up.register(app)
    if whole:
        from inmost_cli import (
            changing,
            conversations,
            devices,
            join,
            marks,
            passkeys,
            password,
            people,
            reading,
            sharing,
            talk,
            verify_web,
        )

        for part in (
            join,
            marks,
            talk,
            changing,
            sharing,
            reading,
            conversations,
            people,
            devices,
            passkeys,
            password,
            verify_web,
        ):
            part.register(app)
    return app


def main() -> None:
    """The console script."""
    arguments = sys.argv[1:]
    first = arguments[0] if arguments else ""
    if first in GROUPS and not (len(arguments) > 1 and arguments[1] in HELP.union(GROUPS[first])):
        arguments.insert(1, GROUPS[first][0])
    make_app(whole=first != "up")(arguments)


if __name__ == "__main__":
    main()
