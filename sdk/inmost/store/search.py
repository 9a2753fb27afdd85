"""Search over what is shown, in any script: threes of characters through the index, shorter words by reading along."""

import re
import unicodedata
from itertools import product
from typing import Final

import apsw
import msgspec

SHORTEST_INDEXED: Final = 3
COMBINING: Final = re.compile(r"[\u0300-\u036f]")


class SearchHit(msgspec.Struct, frozen=True):
    """One message found.

    n          number in the conversation's log, None while it waits
    text       the whole text as shown
    at_ms      the server's clock, or the author's while it waits
    """

    conversation: bytes
    n: int | None
    device: bytes | None
    id: bytes | None
    user: bytes | None
    at_ms: int
    text: str


def words_of(query: str) -> list[str]:
    """Cut a query at its spaces; "a quoted part" stays together. What no script separates by spaces stays together by itself."""
    return [quoted or plain for quoted, plain in re.findall(r'"([^"]+)"|([^\s"]+)', query)]


def search(
    connection: apsw.Connection, query: str, conversation: bytes | None = None, limit: int = 50
) -> list[SearchHit]:
    """Messages whose shown text contains every word of the query, newest first. An empty query finds nothing."""
    words = words_of(query)
    if not words:
        return []
    conditions: list[str] = []
    values: list[bytes | str | int] = []
    if indexed := [word for word in words if _is_indexed(word)]:
        conditions.append("search MATCH ?")
        values.append(" AND ".join(_phrase(word) for word in indexed))
    for word in words:
        if not _is_indexed(word):
            spellings = _spellings(word)
            conditions.append("(" + " OR ".join(["instr(search.text, ?) > 0"] * len(spellings)) + ")")
            values.extend(spellings)
    if conversation is not None:
        conditions.append("m.conversation = ?")
        values.append(conversation)
    rows = connection.execute(
        "SELECT m.conversation, m.n, m.device, m.id, m.user, coalesce(m.at_ms, m.time_ms, 0), search.text"  # noqa: S608 (constants)
        " FROM search CROSS JOIN messages AS m ON m.row_id = search.rowid"
        f" WHERE {' AND '.join(conditions)} ORDER BY coalesce(m.at_ms, m.time_ms, 0) DESC, m.place DESC LIMIT ?",
        (*values, limit),
    )
    return [SearchHit(*row) for row in rows]


def _is_indexed(word: str) -> bool:
    # The index takes combining marks off (remove_diacritics) before it counts to three.
    return min(len(COMBINING.sub("", form)) for form in _forms(word)) >= SHORTEST_INDEXED


def _forms(word: str) -> list[str]:
    """A word as written, composed and decomposed: the same to a reader, three strings to a computer."""
    return list(
        dict.fromkeys([word, *(unicodedata.normalize(form, word) for form in ("NFC", "NFD", "NFKC"))])
    )


def _phrase(word: str) -> str:
    return "(" + " OR ".join('"' + form.replace('"', '""') + '"' for form in _forms(word)) + ")"


def _spellings(word: str) -> list[str]:
    """Every way a short word may be cased: there are few, and SQLite folds only ASCII by itself."""
    spellings: list[str] = []
    for form in _forms(word):
        choices = [dict.fromkeys([char, char.lower(), char.upper(), char.title()]) for char in form[:4]]
        spellings += ["".join(chosen) + form[4:] for chosen in product(*choices)]
    return list(dict.fromkeys(spellings))
