"""CommonMark as a terminal shows it: formatting is drawn, links say where they really lead, nothing is fetched, nothing is obeyed."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Final

from markdown_it import MarkdownIt
from markdown_it.token import Token
from rich.console import Console, ConsoleOptions, RenderResult
from rich.markdown import CodeBlock, Heading, Markdown, MarkdownElement
from rich.padding import Padding
from rich.segment import Segment
from rich.text import Text

from inmost_cli.chat.neutral import isolated, neutral

# What is longer is shown as it was typed: drawing it must not hold up the screen.
LONGEST_DRAWN_CHARS: Final = 20_000
ADDRESS: Final = re.compile(r"(?:https?://|mailto:)[^\s<>\"'`]+", re.IGNORECASE)
AFTER_ADDRESS: Final = ".,;:!?)]}"

_parser = MarkdownIt("commonmark", {"html": False}).enable("strikethrough").enable("table")


class LeftHeading(Heading):
    """A heading is bold, and stays on the left."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        self.text.justify = "left"
        yield self.text


class PlainCode(CodeBlock):
    """Code on a ground of its own, in the colour of text."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        code = Text(str(self.text).rstrip("\n"), style="markdown.code_block", no_wrap=False)
        yield Padding(code, (0, 1), style="markdown.code_block", expand=True)


class Words(Markdown):
    """One message's text."""

    elements: ClassVar[dict[str, type[MarkdownElement]]] = Markdown.elements | {
        "heading_open": LeftHeading,
        "fence": PlainCode,
        "code_block": PlainCode,
    }

    def __init__(self, text: str) -> None:
        super().__init__("", hyperlinks=False)
        self.markup = text
        self.parsed = list(_harmless(_parser.parse(neutral(text))))


def _harmless(tokens: Sequence[Token]) -> Iterator[Token]:
    """A line end is one; an address is shown once; pictures are named; and what entities decode to is neutral too."""
    plain_links = 0
    for token in tokens:
        token.content = neutral(token.content)
        token.attrs = {
            name: neutral(value) if isinstance(value, str) else value for name, value in token.attrs.items()
        }
        if token.type == "softbreak":
            token.type, token.tag = "hardbreak", "br"
        elif token.type == "image":
            token.type, token.tag = "text", ""
            token.content = f"{token.content or 'picture'} ({token.attrs.get('src', '')})"
            token.children = None
        elif token.type == "link_open" and token.info == "auto":
            plain_links += 1
            continue
        elif token.type == "link_close" and plain_links:
            plain_links -= 1
            continue
        if token.children:
            token.children = list(_harmless(token.children))
        yield token


def lines_of(text: str, console: Console, width: int, accounts: frozenset[str]) -> list[list[Segment]]:
    """Text as lines of at most `width` cells; @accounts that exist stand out."""
    drawn: Any = Words(text) if len(text) <= LONGEST_DRAWN_CHARS else Text(neutral(text))
    options = console.options.update(width=width, height=None)
    lines = console.render_lines(drawn, options, pad=False)
    while lines and not "".join(segment.text for segment in lines[-1]).strip():
        lines.pop()
    mention = console.get_style("mention")
    return [_kept_in(_with_mentions(line, accounts, mention)) for line in lines]


def _with_mentions(line: list[Segment], accounts: frozenset[str], style: Any) -> Iterator[Segment]:
    for segment in line:
        if "@" not in segment.text:
            yield segment
            continue
        for part in re.split(r"(@[\w.-]*\w)", segment.text):
            named = part.startswith("@") and part[1:].casefold() in accounts
            if part:
                yield Segment(
                    part, (segment.style + style if segment.style else style) if named else segment.style
                )


def _kept_in(line: Iterator[Segment]) -> list[Segment]:
    """Whatever a library made of it: no control character leaves here, and what runs the other way stays in its line."""
    segments = [Segment(neutral(segment.text).replace("\n", " "), segment.style) for segment in line]
    while (
        segments and not segments[-1].text.strip() and not (segments[-1].style and segments[-1].style.bgcolor)
    ):
        segments.pop()  # padding
    if segments and not (segments[-1].style and segments[-1].style.bgcolor):
        segments[-1] = Segment(segments[-1].text.rstrip(), segments[-1].style)
    text = "".join(segment.text for segment in segments)
    if isolated(text) == text:
        return segments
    return [Segment("\u2068"), *segments, Segment("\u2069")]


def addresses_of(text: str) -> list[str]:
    """Where the links of a text really lead, each once, in order: those of the web and of mail."""
    found: list[str] = []
    for token in _parser.parse(neutral(text)):
        for child in token.children or ():
            if child.type in ("link_open", "image"):
                found.append(str(child.attrs.get("href") or child.attrs.get("src") or ""))
            elif child.type == "text":
                found += [address.rstrip(AFTER_ADDRESS) for address in ADDRESS.findall(child.content)]
    return list(dict.fromkeys(neutral(address) for address in found if ADDRESS.match(address)))


def plain(text: str) -> str:
    """A text on one line without its formatting, as it is quoted beside an answer."""
    words: list[str] = []
    for token in _parser.parse(neutral(text[:LONGEST_DRAWN_CHARS])):
        words += [child.content or " " for child in token.children or ()]
        words.append(" " if token.children else token.content)
    return " ".join("".join(words).split())
