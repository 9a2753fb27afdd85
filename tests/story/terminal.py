"""A real terminal for a full-screen program: a pty, and an emulator that says what is on the screen."""

import os
import signal
import termios
import time
from typing import Self

import pexpect
import pyte

from tests.story.world import INMOST, Person

SEEN_TIMEOUT_S = 60.0
READ_S = 0.05
READS_A_KEY = 6
KEYS = {
    "enter": "\r",
    "esc": "\x1b",
    "tab": "\t",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "home": "\x1b[H",
    "end": "\x1b[F",
    "page up": "\x1b[5~",
    "page down": "\x1b[6~",
    "alt+up": "\x1b[1;3A",
    "alt+down": "\x1b[1;3B",
    "ctrl+up": "\x1b[1;5A",
    "ctrl+f": "\x06",
    "ctrl+k": "\x0b",
    "ctrl+j": "\n",
    "ctrl+q": "\x11",
    "ctrl+u": "\x15",
    "focus": "\x1b[I",
    "blur": "\x1b[O",
    "f1": "\x1bOP",
    "f2": "\x1bOQ",
    "f3": "\x1bOR",
    "f8": "\x1b[19~",
}


ASKED_FOR_GROUND = b"\x1b]11;?"


class Terminal:
    """`inmost chat` of one person in a terminal of so many columns and lines. Use as a context; it ends with it.

    ground   what the terminal answers when asked for its background: red, green, blue, each 0 to 255
    """

    def __init__(
        self,
        person: Person,
        *arguments: str,
        columns: int = 100,
        lines: int = 30,
        environment: dict[str, str] | None = None,
        ground: tuple[int, int, int] = (0, 0, 0),
    ) -> None:
        command, *first = INMOST
        given = {
            name: value for name, value in person.environment.items() if name not in ("NO_COLOR", "COLUMNS")
        }
        given |= {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"} | (environment or {})
        self._child = pexpect.spawn(
            command,
            [*first, "chat", *arguments],
            env=given,  # type: ignore[arg-type]
            dimensions=(lines, columns),
            cwd=str(person.folder),
            timeout=SEEN_TIMEOUT_S,
        )
        self.modes_before = self._modes()
        self.screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self.screen)
        self.written = b""
        self._ground = ground
        self._until(lambda: ASKED_FOR_GROUND in self.written, "it did not ask whether the terminal is light")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    # What is seen

    @property
    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self.screen.display)

    def sees(self, *wanted: str) -> None:
        """Wait until all of this is on the screen. A string of several lines is looked for line by line."""
        self._until(lambda: all(part in self.text for part in wanted), f"not seen: {wanted}")

    def sees_no_more(self, *gone: str) -> None:
        self._until(lambda: not any(part in self.text for part in gone), f"still seen: {gone}")

    def line_of(self, words: str) -> int:
        """The line of the screen, from 0, on which words stand first."""
        return next(number for number, line in enumerate(self.screen.display) if words in line)

    def _until(self, is_so, otherwise: str) -> None:  # type: ignore[no-untyped-def]
        until = time.monotonic() + SEEN_TIMEOUT_S
        while not is_so():
            assert time.monotonic() < until, f"{otherwise}; the screen:\n{self.text}"
            if not self._read() and not self._child.isalive():
                self._drain()
                assert is_so(), f"{otherwise}; it ended with {self._child.exitstatus}:\n{self.text}"

    def _read(self) -> bool:
        try:
            said = self._child.read_nonblocking(65536, READ_S)
        except pexpect.TIMEOUT:
            return True
        except pexpect.EOF:
            return False
        self.written += said
        if ASKED_FOR_GROUND in said:
            colour = "/".join(f"{part:02x}" * 2 for part in self._ground)
            self._child.send(f"\x1b]11;rgb:{colour}\x1b\\\x1b[?62;c")
        self._stream.feed(said)
        return True

    def _drain(self) -> None:
        while self._read() and self._child.isalive():
            pass

    def colours(self) -> set[str]:
        """Of text and ground, of every cell: "rrggbb", or "default"."""
        cells = [
            self.screen.buffer[line][column]
            for line in range(self.screen.lines)
            for column in range(self.screen.columns)
        ]
        return {cell.fg for cell in cells} | {cell.bg for cell in cells}

    # What is done

    def types(self, text: str) -> None:
        self._child.send(text)

    def presses(self, *keys: str) -> None:
        for key in keys:
            self._child.send(KEYS.get(key, key))

    def presses_until(self, key: str, words: str) -> None:
        """Again and again, until words are on the screen."""
        until = time.monotonic() + SEEN_TIMEOUT_S
        while words not in self.text:
            assert time.monotonic() < until, f"{key} never led to {words}; the screen:\n{self.text}"
            self.presses(key)
            for _ in range(READS_A_KEY):
                self._read()

    def clicks(self, words: str) -> None:
        """With the mouse, in the middle of words that are on the screen."""
        line = self.line_of(words)
        column = self.screen.display[line].index(words) + len(words) // 2
        for end in "Mm":
            self._child.send(f"\x1b[<0;{column + 1};{line + 1}{end}")

    def resizes(self, columns: int, lines: int) -> None:
        self.screen.resize(lines, columns)
        self.screen.erase_in_display(2)  # what is seen from here on was drawn for this size
        self._child.setwinsize(lines, columns)

    # How it ends

    def ends(self) -> int:
        """Wait until it has ended by itself; its exit code."""
        until = time.monotonic() + SEEN_TIMEOUT_S
        while self._read():
            assert time.monotonic() < until, f"it did not end; the screen:\n{self.text}"
        self._child.wait()
        return int(self._child.exitstatus if self._child.exitstatus is not None else -1)

    def kill(self) -> None:
        """As a power cut would."""
        if self._child.isalive():
            os.kill(self._child.pid, signal.SIGKILL)
            self._child.wait()
        self._child.close()

    @property
    def is_as_before(self) -> bool:
        """Lines are read and echoed again as they were."""
        return self._modes() == self.modes_before

    def _modes(self) -> list[object]:
        return termios.tcgetattr(self._child.child_fd)[:4]
