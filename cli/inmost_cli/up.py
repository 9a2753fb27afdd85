"""inmost up: run a server. The only command that needs the server installed."""

from pathlib import Path
from typing import Annotated, Any

import typer

from inmost_cli import exits
from inmost_cli.output import fail


def register(app: typer.Typer) -> None:
    app.command("up", rich_help_panel="Server")(up)


def up(
    data: Annotated[Path, typer.Option(help="The folder that holds everything; back that up.")] = Path(
        "data"
    ),
    database: Annotated[
        str | None,
        typer.Option(
            help="postgresql://… instead of SQLite. With a password in it, rather set INMOST_DATABASE."
        ),
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="443 with TLS, 8080 without; 0 takes a free one.", min=0, max=65535)
    ] = None,
    bind: Annotated[str | None, typer.Option(help="The address to listen on.")] = None,
    domain: Annotated[
        str | None, typer.Option(help="The name people reach it by; ACME gets a certificate for it.")
    ] = None,
    cert: Annotated[Path | None, typer.Option(help="A certificate chain of your own (PEM).")] = None,
    key: Annotated[Path | None, typer.Option(help="Its private key (PEM).")] = None,
    proxy: Annotated[
        list[str] | None, typer.Option(help="A reverse proxy that does TLS; its address or network.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="The organisation's name.")] = None,
    log_level: Annotated[str | None, typer.Option(help="debug, info, warning or error.")] = None,
) -> None:
    """Run a server. The first start prints the link that makes you its owner."""
    try:
        from inmost_server.main import run
        from inmost_server.settings import load
    except ImportError:
        fail("The server is not installed here.", "Install it with: pip install 'inmost-cli[server]'")
        raise typer.Exit(exits.FAILED) from None
    if (cert is None) != (key is None):
        fail("A certificate needs its key, and a key its certificate.", "Pass both: --cert FILE --key FILE")
        raise typer.Exit(exits.WRONG_USE)
    given: dict[str, Any] = {
        "database": database,
        "port": port,
        "host": bind,
        "domain": domain,
        "certificate": cert,
        "key": key,
        "trusted_proxies": tuple(proxy) if proxy else None,
        "organisation_name": name,
        "log_level": log_level,
    }
    try:
        settings = load(data, given)
    except (ValueError, OSError) as error:
        fail(
            f"The settings cannot be used: {error}",
            f"See {data / 'inmost.toml'} and INMOST_* in the environment.",
        )
        raise typer.Exit(exits.WRONG_USE) from None
    raise typer.Exit(run(settings))
