"""The exit codes of the command (docs/use/terminal.md) that no refusal gives; the others stand in words.py."""

from typing import Final

DONE: Final = 0
FAILED: Final = 1
WRONG_USE: Final = 2
INTERRUPTED: Final = 130
