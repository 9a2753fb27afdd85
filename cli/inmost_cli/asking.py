"""How the command asks: on a terminal by prompt, in scripts from files and descriptors, never from the command line."""

import os
import sys
from pathlib import Path

from rich.prompt import Confirm, Prompt

from inmost.errors import KeyUnavailable
from inmost_cli.output import err


class CannotAsk(Exception):
    """Something must be known, nobody can be asked, and no option gave it. str() says which option would."""


def is_somebody_there() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def secret_from(file: Path | None, descriptor: int | None) -> str | None:
    """The first line of a file or descriptor; None if neither was given."""
    if file is not None:
        try:
            return file.read_text().partition("\n")[0]
        except (OSError, UnicodeDecodeError) as error:
            raise KeyUnavailable(f"{file} cannot be read: {error}") from error
    if descriptor is not None:
        with os.fdopen(os.dup(descriptor)) as stream:
            return stream.readline().rstrip("\n")
    return None


def ask(words: str, option: str) -> str:
    """Raises CannotAsk where nobody is there."""
    if not is_somebody_there():
        raise CannotAsk(f"{words} is needed: pass {option}")
    return Prompt.ask(words, console=err).strip()


def ask_secret(words: str, option: str) -> str:
    """Without showing what is typed. Raises CannotAsk."""
    if not is_somebody_there():
        raise CannotAsk(f"{words} is needed: pass {option}")
    return Prompt.ask(words, console=err, password=True)


def ask_new_secret(words: str, option: str) -> str:
    """Twice the same. Raises CannotAsk."""
    while True:
        first = ask_secret(words, option)
        if first and ask_secret("Once more", option) == first:
            return first
        err.print("These differ; again, please.")


def confirm(words: str, yes: bool) -> bool:
    """yes: answered beforehand by --yes. Without anybody there and without --yes the answer is no."""
    return yes or (is_somebody_there() and Confirm.ask(words, console=err, default=False))
