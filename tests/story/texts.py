"""Ten thousand messages as people really write them: Markdown of every kind, forty scripts, emoji, long pastes."""

import random
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from babel import Locale, localedata

SPECIFICATION = Path(__file__).parent / "data" / "commonmark-0.31.2.txt"  # CC BY-SA 4.0, see beside it
PASTE_BYTES = 60 * 1024
EVERY_NTH_IS_A_PASTE = 500

# Scripts in which no language's calendar is in CLDR: the name of the language or script, as its own people write it.
BEYOND_CLDR = {
    "Mongolian": "ᠮᠣᠩᠭᠣᠯ ᠪᠢᠴᠢᠭ᠌",
    "Thaana": "ދިވެހިބަސް ލިޔަން އެނގޭ",
    "Javanese": "ꦧꦱꦗꦮ ꦲꦏ꧀ꦱꦫꦗꦮ",
    "Balinese": "ᬅᬓ᭄ᬱᬭᬩᬮᬶ",
    "Inuktitut": "ᐃᓄᒃᑎᑐᑦ ᖃᓂᐅᔮᖅᐸᐃᑦ",
    "Gothic": "𐌲𐌿𐍄𐌹𐍃𐌺 𐍂𐌰𐌶𐌳𐌰",
    "Runic": "ᚠᚢᚦᚨᚱᚲ ᚷᚹᚺᚾᛁᛃ",
    "Glagolitic": "ⰃⰎⰀⰃⰑⰎⰉⰜⰀ",
    "Coptic": "ⲙⲉⲧⲣⲉⲙⲛ̀ⲭⲏⲙⲓ",
    "Yi": "ꆈꌠꁱꂷ",
    "Lisu": "ꓡꓲ-ꓢꓴ",
    "Bopomofo": "ㄅㄆㄇㄈ ㄉㄊㄋㄌ",
    "Cuneiform": "𒅴𒂠 𒀭𒂗𒍪",
    "Hieroglyphs": "𓂋𓏺𓈖 𓆎𓅓𓏏𓊖",
}
EMOJI = ["👍", "🎉", "👩🏽‍💻", "🏳️‍🌈", "👨‍👩‍👧‍👦", "🇪🇺", "❤️", "1️⃣", "🫱🏿‍🫲🏻", "🧑‍🚀"]
ODDITIES = [
    "trailing spaces   ",
    "tabs\tinside\tand\nnew\nlines",
    "e\u0301 is not \u00e9 until somebody normalises it",
    "left \u202bright to left\u202c left",
    "zero\u200bwidth\u200djoiners\ufeff",
    "\U0010ffff at the end of Unicode",
    "'; DROP TABLE messages; -- <script>alert(1)</script> {{7*7}} %s %n ${jndi:ldap://}",
]


@cache
def examples() -> tuple[str, ...]:
    """The examples of the CommonMark specification, Markdown side."""
    fence = "`" * 32
    found = re.findall(
        rf"^{fence} example\n(.*?)^\.\n.*?^{fence}$",
        SPECIFICATION.read_text("utf-8"),
        re.MULTILINE | re.DOTALL,
    )
    return tuple(example.replace("→", "\t").rstrip("\n") or "\u00a0" for example in found)


@cache
def scripts() -> dict[str, str]:
    """A line of real text for each script, at least forty of them."""
    lines = dict(BEYOND_CLDR)
    for identifier in sorted(localedata.locale_identifiers()):
        locale = Locale.parse(identifier)
        words = [*[*locale.territories.values()][:25], *locale.days["format"]["wide"].values()]
        text = ", ".join(words)
        letters = Counter(unicodedata.name(letter, "?").split()[0] for letter in text if letter.isalpha())
        if letters:
            lines.setdefault(letters.most_common(1)[0][0].title(), text)
    return lines


def messages(count: int, *, seed: int = 1) -> Iterator[str]:
    """`count` texts, the same for the same seed; every 500th is a paste of 60 KB. Each names its number, so no two are alike."""
    chance = random.Random(seed)
    pool = [*examples(), *scripts().values(), *ODDITIES]
    for number in range(count):
        if number % EVERY_NTH_IS_A_PASTE == EVERY_NTH_IS_A_PASTE - 1:
            yield _paste(number, pool, chance)
            continue
        text = f"{number}: {chance.choice(pool)}"
        if chance.random() < 0.3:
            text += " " + "".join(chance.choices(EMOJI, k=chance.randint(1, 4)))
        yield text


def _paste(number: int, pool: list[str], chance: random.Random) -> str:
    lines = [f"{number}: pasted"]
    size = len(lines[0].encode())
    while size < PASTE_BYTES:
        line = chance.choice(pool)
        size += len(line.encode()) + 1
        lines.append(line)
    return "\n".join(lines)
