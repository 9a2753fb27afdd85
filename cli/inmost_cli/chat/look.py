"""How the client looks: two themes of warm neutrals with one accent, and the styles that text is drawn with."""

from collections.abc import Mapping
from io import StringIO
from typing import Final

from rich.console import Console
from rich.theme import Theme as Styles
from textual.theme import Theme

DARK: Final = Theme(
    name="inmost-dark",
    dark=True,
    primary="#7cc7ba",
    secondary="#7cc7ba",
    accent="#7cc7ba",
    foreground="#e9e5de",
    background="#1a1917",
    surface="#211f1d",
    panel="#2c2926",
    success="#7cc7ba",
    warning="#e6b35a",
    error="#f0857a",
    variables={
        "dim": "#a59d92",
        "line": "#3a3631",
        "quiet": "#201e1c",
        "block-cursor-background": "#34302c",
        "block-cursor-foreground": "#e9e5de",
        "block-cursor-text-style": "bold",
        "block-cursor-blurred-background": "#2c2926",
        "block-cursor-blurred-foreground": "#e9e5de",
        "block-cursor-blurred-text-style": "bold",
        "input-selection-background": "#4a6d67",
        "scrollbar": "#3a3631",
        "scrollbar-hover": "#4a453f",
        "scrollbar-active": "#5b554e",
        "scrollbar-background": "#1a1917",
        "scrollbar-background-hover": "#1a1917",
        "scrollbar-background-active": "#1a1917",
    },
)
LIGHT: Final = Theme(
    name="inmost-light",
    dark=False,
    primary="#0b665e",
    secondary="#0b665e",
    accent="#0b665e",
    foreground="#26231f",
    background="#fbf9f5",
    surface="#f4f1eb",
    panel="#e9e4db",
    success="#0b665e",
    warning="#855300",
    error="#b3261e",
    variables={
        "dim": "#6a6359",
        "line": "#d8d1c5",
        "quiet": "#f4f1eb",
        "block-cursor-background": "#e2dcd1",
        "block-cursor-foreground": "#26231f",
        "block-cursor-text-style": "bold",
        "block-cursor-blurred-background": "#e9e4db",
        "block-cursor-blurred-foreground": "#26231f",
        "block-cursor-blurred-text-style": "bold",
        "input-selection-background": "#b9d8d3",
        "scrollbar": "#d8d1c5",
        "scrollbar-hover": "#c6beb0",
        "scrollbar-active": "#b3aa9b",
        "scrollbar-background": "#fbf9f5",
        "scrollbar-background-hover": "#fbf9f5",
        "scrollbar-background-active": "#fbf9f5",
    },
)
SETTING: Final = "chat theme"
THEMES: Final = {theme.name: theme for theme in (DARK, LIGHT)}

# What each level of trust looks like and is called: shape and word, so that colour says nothing alone.
LEVELS: Final = {
    "in_person": ("●", "in person"),
    "link": ("○", "by link"),
    "owner": ("○", "owner"),
    "server": ("◌", "by server"),
    "reset": ("◍", "reset"),
}


def level_of(level: str) -> tuple[str, str]:
    """(shape, word)."""
    return LEVELS.get(level, ("◌", level or "not known"))


def drawing(variables: Mapping[str, str]) -> Console:
    """What lines of text are drawn with: Rich, with styles of the theme that is on. It writes nowhere."""
    accent, dim, line, panel = (variables[name] for name in ("accent", "dim", "line", "panel"))
    foreground, warning = variables["foreground"], variables["warning"]
    styles = {
        "name": f"bold {foreground}",
        "own": f"bold {accent}",
        "dim": dim,
        "line": line,
        "accent": accent,
        "mention": f"bold {accent}",
        "warning": warning,
        "chip": f"{foreground} on {panel}",
        "own_chip": f"bold {accent} on {panel}",
        "markdown.paragraph": "none",
        "markdown.text": "none",
        "markdown.em": "italic",
        "markdown.strong": "bold",
        "markdown.s": "strike",
        "markdown.code": f"{foreground} on {panel}",
        "markdown.code_inline": f"{foreground} on {panel}",
        "markdown.code_block": f"{foreground} on {panel}",
        "markdown.block_quote": dim,
        "markdown.list": "none",
        "markdown.item": "none",
        "markdown.item.bullet": dim,
        "markdown.item.number": dim,
        "markdown.hr": line,
        "markdown.link": "none",
        "markdown.link_url": f"underline {dim}",
        "markdown.table.border": line,
        "markdown.table.header": "bold",
    } | {f"markdown.h{depth}": "bold" for depth in range(1, 8)}
    return Console(
        file=StringIO(),
        force_terminal=True,
        color_system="truecolor",
        theme=Styles(styles),
        highlight=False,
        legacy_windows=False,
        no_color=False,
    )
