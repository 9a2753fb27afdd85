"""Makes the README's terminal picture from a real run: `python -m tests.story.picture`.

A small organisation, each of its people with a device of their own, on a real server. What the picture shows is what `inmost chat` drew in a
real terminal, cell by cell.
"""

import re
import sys
import tempfile
import unicodedata
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from xml.sax.saxutils import escape

import pyte
from pyte.screens import Char
from rich.cells import cell_len

from tests.story.terminal import Terminal
from tests.story.world import Person, World

PICTURE = Path(__file__).parents[2] / "docs" / "pictures" / "terminal.svg"
COLUMNS, LINES = 124, 34
CELL_WIDTH, CELL_HEIGHT = 8.4, 19
FONT_SIZE = 14
FRAME = 16
BAR = 28
STROKES = "─│╭╮╰╯"
# Of a cell: left, top, width, height.
BLOCKS = {
    "▌": (0, 0, 0.5, 1),
    "▎": (0, 0, 0.25, 1),
    "▁": (0, 0.875, 1, 0.125),
    "▂": (0, 0.75, 1, 0.25),
    "▃": (0, 0.625, 1, 0.375),
    "▄": (0, 0.5, 1, 0.5),
    "▅": (0, 0.375, 1, 0.625),
    "▆": (0, 0.25, 1, 0.75),
    "▇": (0, 0.125, 1, 0.875),
}
GROUND, TEXT, EDGE = "#1a1917", "#e9e5de", "#3a3631"


def main() -> None:
    """Run the story, write the picture."""
    with tempfile.TemporaryDirectory(prefix="inmost-picture-") as folder, World(Path(folder)) as world:
        anna = world.person("anna")
        anna.name = "Anna Berg"
        anna.join(world.server.read_owner_link())
        anna.account = "owner"
        bob, carol = _person(world, anna, "bob", "Bob Lind"), _person(world, anna, "carol", "Carol Ek")
        clock = _person(world, anna, "clock", "Ship's clock", "--bot")
        for title in ("Harbour lights", "Winter budget"):
            anna.run("create", title, "bob", "carol")
        anna.run("create", "Summer party", "bob", "carol", "clock")
        anna.run("topic", "Summer party", "Friday, old harbour")
        anna.run("send", "@carol", "Can you bring the lanterns?")
        carol.run("send", "@bob", "Lunch at noon?")
        _confirm(bob, anna)
        _talk(anna, bob, carol, clock)
        carol.run("send", "Harbour lights", "The third lamp is out again.")
        with Terminal(bob, "Summer party", columns=COLUMNS, lines=LINES) as terminal:
            terminal.sees("Connected", "life jackets", "in person, owner")
            terminal.types("I will ask @car")
            terminal.sees("@carol  Carol Ek", "✎")
            PICTURE.parent.mkdir(parents=True, exist_ok=True)
            PICTURE.write_text(drawn(terminal.screen))
    sys.stdout.write(f"{PICTURE}\n")


def _person(world: World, inviter: Person, account: str, name: str, *options: str) -> Person:
    person = world.person(account)
    person.name = name
    person.join(inviter.invite(account, *options), is_bot="--bot" in options)
    return person


def _confirm(who: Person, whom: Person) -> None:
    number = whom.run("verify", who.account).out.strip()
    who.run("verify", whom.account, "--confirm", number)


def _talk(anna: Person, bob: Person, carol: Person, clock: Person) -> None:
    where = "Summer party"
    anna.run("send", where, "Shall we take the **boat** this year? It holds twelve.")
    asked = anna.history(where)[-1]["n"]
    carol.run("send", where, "--reply-to", str(asked), "Yes! I can steer until nine, then somebody else.")
    bob.run("react", where, str(asked), "👍")
    carol.run("react", where, str(asked), "👍")
    bob.run(
        "send",
        where,
        "To bring:\n\n- bread and cheese, from [the mill](https://mill.example)\n- the *big* coffee pot\n- `12` cups",
    )
    clock.run("send", where, "Low tide on Friday is at 20:40. Leave before 20:00.")
    anna.run("send", where, "--mention", "bob", "@bob do we have enough life jackets?")


def drawn(screen: pyte.Screen) -> str:
    """What is on a screen as SVG; fonts are the reader's own."""
    width, height = COLUMNS * CELL_WIDTH + 2 * FRAME, LINES * CELL_HEIGHT + 2 * FRAME + BAR
    body = "\n".join(part for line in range(screen.lines) for part in _line(screen, line))
    dots = "".join(
        f'<circle cx="{FRAME + 6 + 18 * n}" cy="{FRAME + 4}" r="5" fill="{EDGE}"/>' for n in range(3)
    )
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" role="img" aria-label="inmost chat in a terminal">
<rect width="{width:g}" height="{height:g}" rx="10" fill="{GROUND}" stroke="{EDGE}"/>
{dots}
<g transform="translate({FRAME} {FRAME + BAR})" font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="{FONT_SIZE}" fill="{TEXT}" xml:space="preserve">
{body}
</g>
</svg>
"""


def _line(screen: pyte.Screen, number: int) -> Iterator[str]:
    """Grounds first, then text: a run of cells that look alike is one element, stretched to its cells."""
    cells = [(column, screen.buffer[number][column]) for column in range(screen.columns)]
    grounds, texts = [], []
    top = number * CELL_HEIGHT
    for (fore, ground, bold, italic, under), run in groupby(cells, key=lambda cell: _look(cell[1])):
        run_cells = list(run)
        start, text = run_cells[0][0], "".join(cell.data for _, cell in run_cells)
        if ground != GROUND:
            grounds.append(_rect(start, top, len(run_cells) * CELL_WIDTH, CELL_HEIGHT, ground))
        for place, word in _words(text):
            column = start + place
            if word[0] in BLOCKS:
                left, upper, width, height = BLOCKS[word[0]]
                grounds.append(
                    _rect(
                        column + left,
                        top + upper * CELL_HEIGHT,
                        width * CELL_WIDTH,
                        height * CELL_HEIGHT,
                        fore,
                    )
                )
            elif word[0] in STROKES:
                texts += [_stroke(column + at, top, char, fore) for at, char in enumerate(word)]
            else:
                style = (' font-weight="700"' if bold else "") + (' font-style="italic"' if italic else "")
                style += ' text-decoration="underline"' if under else ""
                texts.append(
                    f'<text x="{column * CELL_WIDTH:g}" y="{top + 14}" fill="{fore}"{style}'
                    f' textLength="{cell_len(word) * CELL_WIDTH:g}" lengthAdjust="spacingAndGlyphs">{escape(word)}</text>'
                )
    yield from (*grounds, *texts)


def _rect(column: float, top: float, width: float, height: float, fill: str) -> str:
    return (
        f'<rect x="{column * CELL_WIDTH:g}" y="{top:g}" width="{width:g}" height="{height:g}" fill="{fill}"'
        ' shape-rendering="crispEdges"/>'
    )


def _stroke(column: int, top: int, char: str, colour: str) -> str:
    """A line from cell to cell without gaps, whatever the reader's font."""
    left, middle, right = column * CELL_WIDTH, (column + 0.5) * CELL_WIDTH, (column + 1) * CELL_WIDTH
    half, bottom = top + CELL_HEIGHT / 2, top + CELL_HEIGHT
    path = {
        "─": f"M{left:g} {half:g}H{right:g}",
        "│": f"M{middle:g} {top}V{bottom}",
        "╭": f"M{middle:g} {bottom}Q{middle:g} {half:g} {right:g} {half:g}",
        "╮": f"M{middle:g} {bottom}Q{middle:g} {half:g} {left:g} {half:g}",
        "╰": f"M{middle:g} {top}Q{middle:g} {half:g} {right:g} {half:g}",
        "╯": f"M{middle:g} {top}Q{middle:g} {half:g} {left:g} {half:g}",
    }[char]
    return f'<path d="{path}" stroke="{colour}" fill="none"/>'


def _words(text: str) -> Iterator[tuple[int, str]]:
    """Words with single spaces between them, and the cell each begins in; lines, blocks and what is drawn wide stand apart."""
    cells = list(_placed(text))
    for kind, part in groupby(cells, key=lambda placed: _kind(placed[1])):
        placed = list(part)
        if kind in ("wide", "block"):
            yield from placed
        elif kind == "stroke":
            yield placed[0][0], "".join(char for _, char in placed)
        else:
            joined = "".join(char for _, char in placed)
            for found in re.finditer(r"\S+(?: \S+)*", joined):
                yield placed[found.start()][0], found[0]


def _kind(char: str) -> str:
    if char in STROKES:
        return "stroke"
    if char in BLOCKS:
        return "block"
    return "wide" if unicodedata.east_asian_width(char) in "WF" else "text"


def _placed(text: str) -> Iterator[tuple[int, str]]:
    column = 0
    for char in text:
        yield column, char
        column += cell_len(char)


def _look(cell: Char) -> tuple[str, str, bool, bool, bool]:
    fore = TEXT if cell.fg == "default" else f"#{cell.fg}"
    ground = GROUND if cell.bg == "default" else f"#{cell.bg}"
    if cell.reverse:
        fore, ground = ground, fore
    return fore, ground, cell.bold, cell.italics, cell.underscore


if __name__ == "__main__":
    main()
