"""Records the README's terminal picture from a real run: `python -m tests.story.picture`.

Two people of a small organisation, each command run for real in a terminal of 80 columns; what they print is what is drawn.
"""

import re
import shlex
import sys
import tempfile
from io import StringIO
from pathlib import Path

import pexpect
import pyte
from rich.console import Console
from rich.text import Text

from tests.story.world import INMOST, Person, World

PICTURE = Path(__file__).parents[2] / "docs" / "pictures" / "terminal.svg"
COLUMNS = 80
COLOURS = {
    "red": "red",
    "green": "green",
    "brown": "yellow",
    "blue": "blue",
    "magenta": "magenta",
    "cyan": "cyan",
}


def main() -> None:
    """Run the story, write the picture."""
    with tempfile.TemporaryDirectory(prefix="inmost-picture-") as folder, World(Path(folder)) as world:
        anna = world.person("anna")
        anna.name = "Anna"
        anna.join(world.server.read_owner_link())
        bob = world.person("bob")
        bob.name = "Bob"
        bob.join(anna.invite("bob"))
        console = Console(record=True, width=COLUMNS, file=StringIO(), force_terminal=True)
        _tell(console, "Anna's computer")
        _run(console, anna, 'create "Summer party" bob')
        _run(console, anna, 'send "Summer party" "Shall we take the **boat** this year?"')
        _tell(console, "Bob's computer")
        _run(console, bob, "conversations")
        _run(console, bob, 'send "Summer party" "Yes. Friday at six, from the old harbour."')
        _run(console, bob, 'history "Summer party"')
        _run(console, bob, "search harbour")
        _run(console, bob, "verify owner", "y")
        PICTURE.parent.mkdir(parents=True, exist_ok=True)
        svg = console.export_svg(title="inmost", code_format=_format())
        PICTURE.write_text(svg)
    sys.stdout.write(f"{PICTURE}\n")


def _format() -> str:
    """Rich's own frame, without the fonts it would load from elsewhere."""
    from rich._export_format import CONSOLE_SVG_FORMAT

    return re.sub(r"@font-face \{\{.*?\}\}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL).replace(
        "Fira Code", "ui-monospace"
    )


def _tell(console: Console, words: str) -> None:
    console.print(Text(f"# {words}", style="bright_black"))


def _run(console: Console, who: Person, arguments: str, answer: str | None = None) -> None:
    console.print(Text.assemble(("$ ", "bold green"), f"inmost {arguments}"))
    environment = {name: value for name, value in who.environment.items() if name != "NO_COLOR"}
    command, *first = INMOST
    child = pexpect.spawn(
        command,
        [*first, *shlex.split(arguments)],
        env=environment | {"TERM": "xterm-256color"},  # type: ignore[arg-type]
        dimensions=(40, COLUMNS),
        encoding="utf-8",
        cwd=str(who.folder),
        timeout=60,
    )
    said = ""
    if answer is not None:
        child.expect_exact("(n)")
        said = (child.before or "") + "(n)"
        child.sendline(answer)
    child.expect(pexpect.EOF)
    child.close()
    said += child.before or ""
    if child.exitstatus != 0:
        raise RuntimeError(f"inmost {arguments}: {said}")
    for line in _shown(said):
        console.print(line)


def _shown(said: str) -> list[Text]:
    """What stays on the terminal of all that was written to it: spinners are gone, colours are there."""
    screen = pyte.Screen(COLUMNS, 60)
    pyte.Stream(screen).feed(said)
    lines = []
    for number in range(screen.lines):
        row = screen.buffer[number]
        line = Text()
        for column in range(COLUMNS):
            cell = row[column]
            colour = "bright_black" if cell.fg == "brightblack" else COLOURS.get(cell.fg, "")
            line.append(cell.data, " ".join(filter(None, (colour, "bold" if cell.bold else ""))))
        line.rstrip()
        lines.append(line)
    while lines and not lines[-1].plain:
        lines.pop()
    return lines


if __name__ == "__main__":
    main()
