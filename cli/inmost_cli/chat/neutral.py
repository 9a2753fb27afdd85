"""What other people wrote, made harmless for a terminal: nothing in it moves the cursor, changes a colour, or turns the line round."""

import unicodedata
from typing import Final

BIDI_CONTROLS: Final = {
    "\u061c": "ALM",
    "\u200e": "LRM",
    "\u200f": "RLM",
    "\u202a": "LRE",
    "\u202b": "RLE",
    "\u202c": "PDF",
    "\u202d": "LRO",
    "\u202e": "RLO",
    "\u2066": "LRI",
    "\u2067": "RLI",
    "\u2068": "FSI",
    "\u2069": "PDI",
}
# They join what is written together, in Persian and Hindi as in emoji.
JOINERS: Final = frozenset("\u200c\u200d")
RIGHT_TO_LEFT: Final = frozenset({"R", "AL", "AN"})
# More marks on one letter than any script needs would be drawn over the lines above and below.
MOST_MARKS: Final = 8
DELETE: Final = 0x7F
FIRST_CONTROL_PICTURE: Final = 0x2400
PICTURE_OF_DELETE: Final = "\u2421"
SHOWN_INSTEAD: Final = "\N{REPLACEMENT CHARACTER}"


def neutral(text: str) -> str:
    """Line ends and tabs stay; controls are shown as pictures, direction overrides by name, what cannot be seen is left out."""
    shown: list[str] = []
    marks = 0
    for char in text:
        if " " <= char <= "~":
            shown.append(char)
            marks = 0
            continue
        category = unicodedata.category(char)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if marks <= MOST_MARKS:
            shown.append(_shown(char, category))
    return "".join(shown)


def neutral_line(text: str) -> str:
    """The same, on one line."""
    return " ".join(neutral(text).split())


def _shown(char: str, category: str) -> str:
    if char in BIDI_CONTROLS:
        return f"⟨{BIDI_CONTROLS[char]}⟩"
    if char in "\n\t" or char in JOINERS:
        return char
    if category == "Cc":
        return _picture(ord(char))
    if category in ("Zl", "Zp"):
        return "\n"
    if category == "Zs":
        return " "
    if category == "Cf":
        return ""
    return SHOWN_INSTEAD if category in ("Cs", "Co", "Cn") else char


def _picture(code: int) -> str:
    if code < ord(" "):
        return chr(FIRST_CONTROL_PICTURE + code)
    return PICTURE_OF_DELETE if code == DELETE else SHOWN_INSTEAD


def isolated(line: str) -> str:
    """A line as it is to be drawn: text that runs from right to left cannot carry what stands beside it along."""
    if line.isascii() or not any(unicodedata.bidirectional(char) in RIGHT_TO_LEFT for char in line):
        return line
    return f"\u2068{line}\u2069"
