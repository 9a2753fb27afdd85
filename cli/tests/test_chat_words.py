"""What others wrote, drawn: nothing of it steers the terminal, and formatting is what CommonMark says."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.segment import Segment

from inmost_cli.chat.completion import candidates, emoji_candidates, word_before
from inmost_cli.chat.look import DARK, LIGHT, drawing
from inmost_cli.chat.neutral import BIDI_CONTROLS, isolated, neutral, neutral_line
from inmost_cli.chat.words import addresses_of, lines_of, plain

WIDTH = 40
ISOLATES = "\u2068\u2069"
steering = st.sampled_from(
    [
        "\x1b[2J",
        "\x9b",
        "\u202e",
        "&#27;",
        "&#x202e;",
        "\x00",
        "\u2028",
        "[a](b\x1b)",
        "```\n",
        "> ",
        "| a |\n|---|\n",
    ]
)
written = st.lists(st.one_of(st.text(max_size=12), steering), max_size=8).map("".join)


def console():
    return drawing(
        {
            "accent": "#7cc7ba",
            "dim": "#a59d92",
            "line": "#3a3631",
            "panel": "#2c2926",
            "foreground": "#e9e5de",
            "warning": "#e6b35a",
        }
    )


def shown(text, width=WIDTH):
    lines = lines_of(text, console(), width, frozenset({"anna"}))
    return ["".join(segment.text for segment in line).rstrip() for line in lines]


@given(written)
def test_whatever_is_written_no_control_character_reaches_the_terminal(text):
    for line in lines_of(text, console(), WIDTH, frozenset()):
        drawn = "".join(segment.text for segment in line)
        inner = drawn[1:-1] if drawn.startswith(ISOLATES[0]) and drawn.endswith(ISOLATES[1]) else drawn
        assert not any(unicodedata.category(char) in ("Cc", "Zl", "Zp", "Cs") for char in inner)
        assert not set(inner) & set(BIDI_CONTROLS)
        assert Segment.get_line_length(line) <= WIDTH
        assert not any(segment.control or (segment.style and segment.style.link) for segment in line)
    assert "\n" not in neutral_line(text)


def test_controls_are_shown_as_pictures_and_overrides_by_name():
    assert neutral("a\x1b[31m\x07\x7f\x9b") == "a␛[31m␇␡\N{REPLACEMENT CHARACTER}"
    assert neutral("\u202eabc\u202c\u2066") == "⟨RLO⟩abc⟨PDF⟩⟨LRI⟩"
    assert neutral("in\u200bvis\u00adible\ufeff") == "invisible"
    assert neutral("👩🏽\u200d💻 می\u200cخواهم") == "👩🏽\u200d💻 می\u200cخواهم"
    assert len(neutral("a" + "\u0301" * 100)) < 12


def test_text_that_runs_the_other_way_stays_in_its_line():
    assert isolated("shalom") == "shalom"
    assert isolated("שלום") == "\u2068שלום\u2069"


def test_formatting_is_drawn_and_line_ends_are_kept():
    assert shown("one\ntwo **bold**") == ["one", "two bold"]
    assert shown("# Title\n\n- a\n- b") == ["Title", "", " • a", " • b"]
    assert shown("```\nx = 1\n```") == [" x = 1"]
    assert shown("<b>not html</b>") == ["<b>not html</b>"]


def test_a_link_shows_where_it_leads():
    assert shown("[bank](https://evil.example)") == ["bank (https://evil.example)"]
    assert shown("<https://a.example>") == ["https://a.example"]
    assert shown("![cat](https://a.example/cat.png)", 60) == ["cat (https://a.example/cat.png)"]
    text = "[x](https://a.example) https://b.example/c. [no](javascript:alert(1)) mailto:bob@a.example"
    assert addresses_of(text) == ["https://a.example", "https://b.example/c", "mailto:bob@a.example"]


def test_a_quoted_text_has_no_formatting():
    assert plain("Take the **boat**\n\n- and `bread`") == "Take the boat and bread"


def test_words_are_completed_where_they_begin():
    assert word_before("hello @an") == "@an"
    assert word_before("mail@an") == ""
    assert word_before("/le") == "/le"
    assert word_before("so /le") == ""
    assert [each.insert for each in candidates("/le", [], [("leave", "go")])] == ["/leave "]
    assert emoji_candidates("tada")[0].insert == "🎉"
    assert candidates(":t", [], []) == []


@pytest.mark.parametrize("theme", [DARK, LIGHT])
def test_text_has_the_contrast_that_is_promised(theme):
    for ground in (theme.background, theme.surface, theme.panel):
        for text in (theme.foreground, theme.accent, theme.variables["dim"], theme.warning, theme.error):
            assert contrast(text, ground) >= 4.5, (theme.name, text, ground)


def contrast(one: str, other: str) -> float:
    """As WCAG 2 says."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
