"""inmost verify-web: does a server hand out the web app of a release, byte for byte?"""

import asyncio
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import httpx2
import msgspec
import typer

from inmost.errors import InmostError
from inmost.server import Address, unreachable
from inmost_cli import exits
from inmost_cli.output import fail, json_line, say, warn

TIMEOUT_S: Final = 30.0
LIST: Final = "files.json"
PAGE: Final = "index.html"
# Where the page is handed out; each must be the same.
PAGES: Final = ("/", "/join")
MOST_FILE_BYTES: Final = 64 * 1024 * 1024
# What the policy of every answer must say, so that nothing from elsewhere runs beside the files that were compared.
MUST_SAY: Final = (
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "connect-src 'self'",
    "worker-src 'self'",
    "base-uri 'none'",
    "require-trusted-types-for 'script'",
)


class Release(msgspec.Struct, frozen=True):
    """files.json as a build writes it. files: SHA-256 (hex) of each file by its path."""

    version: str
    files: dict[str, str]


@dataclass(frozen=True)
class Difference:
    """One thing that is not as released. place: the URL's path; what: in words."""

    place: str
    what: str


def register(app: typer.Typer) -> None:
    app.command("verify-web", rich_help_panel="Server")(verify_web)


def verify_web(
    url: Annotated[str, typer.Argument(help="The server's address.")],
    release: Annotated[
        Path, typer.Option(help="files.json of the release, or of a build of your own (web/dist/files.json).")
    ],
    ca: Annotated[Path | None, typer.Option(help="A private certificate authority (PEM).")] = None,
    json: Annotated[bool, typer.Option("--json", help="JSON, one difference a line.")] = False,
) -> None:
    """Compare the web app that a server hands out with a release. Exit code 1 when anything differs."""
    try:
        expected = msgspec.json.decode(release.read_bytes(), type=Release)
        differences = asyncio.run(compare(Address.of(url, ca), expected))
    except (OSError, msgspec.DecodeError) as error:
        fail(f"{release} cannot be used: {error}", "It is the list that a build of the web app ends with.")
        raise typer.Exit(exits.WRONG_USE) from None
    except InmostError as error:
        fail(str(error), "")
        raise typer.Exit(exits.FAILED) from None
    for each in differences:
        if json:
            json_line({"place": each.place, "what": each.what})
        else:
            warn(f"{each.place}: {each.what}")
    if differences:
        raise typer.Exit(exits.FAILED)
    if not json:
        say(f"{len(expected.files)} files, all as in release {expected.version}.")


async def compare(address: Address, expected: Release) -> list[Difference]:
    """Ask for everything the release has, as a browser would, and say what differs. Raises Offline, CertificateRefused."""
    async with httpx2.AsyncClient(
        base_url=address.origin,
        verify=address.tls() or True,
        timeout=TIMEOUT_S,
        trust_env=not address.is_here,
        follow_redirects=False,
    ) as http:
        found: list[Difference] = []
        for path, digest in sorted(expected.files.items()):
            for place in PAGES if path == PAGE else (f"/{path}",):
                found += await _compared(http, address, place, digest)
        return found + await _listed(http, address, expected)


async def _compared(http: httpx2.AsyncClient, address: Address, place: str, digest: str) -> list[Difference]:
    answer = await _asked(http, address, place)
    if answer.status_code != httpx2.codes.OK:
        return [Difference(place, f"answered HTTP {answer.status_code}")]
    found = []
    if hashlib.sha256(answer.content).hexdigest() != digest:
        found.append(Difference(place, "is not the file of the release"))
    policy = {part.strip() for part in answer.headers.get("content-security-policy", "").split(";")}
    if missing := [rule for rule in MUST_SAY if rule not in policy]:
        found.append(Difference(place, f"comes without the rule {missing[0]}"))
    return found


async def _listed(http: httpx2.AsyncClient, address: Address, expected: Release) -> list[Difference]:
    """What the server lists itself: a service worker or page may ask for nothing that the release does not have."""
    place = f"/{LIST}"
    answer = await _asked(http, address, place)
    try:
        listed = msgspec.json.decode(answer.content, type=Release)
    except msgspec.DecodeError:
        return [Difference(place, "is no list of a build")]
    return [
        Difference(f"/{path}", "is in no release") for path in sorted(set(listed.files) - set(expected.files))
    ]


async def _asked(http: httpx2.AsyncClient, address: Address, place: str) -> httpx2.Response:
    try:
        answer = await http.get(place)
    except httpx2.TransportError as error:
        raise unreachable(address, error) from error
    if len(answer.content) > MOST_FILE_BYTES:
        raise InmostError(f"{place} has more than {MOST_FILE_BYTES // 1_048_576} MiB.")
    return answer
