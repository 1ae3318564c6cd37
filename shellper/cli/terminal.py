"""The terminal that a user sits at: keys, one at a time."""

from __future__ import annotations

import errno
import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager

ENTER, ESCAPE, END, ERASE, ERASE_LINE = "\n", "\x1b", "\x04", "\x7f", "\x15"
"""Keys by what a terminal sends for them; END is Ctrl+D, and also what a closed terminal gives."""

_ESCAPE_SECONDS = 0.05  # the rest of an arrow key's sequence arrives at once, a second key doesn't


class Terminal:
    """Where keys come from: the standard input, or the controlling terminal where that is a pipe."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    @property
    def is_standard_input(self) -> bool:
        """Whether lines of the standard input come from here, too."""
        return self.descriptor == 0

    @contextmanager
    def keys(self) -> Iterator[None]:
        """Have the terminal give each key at once, without showing it; what was typed before is dropped.

        A key that was hit before the question stood there is no answer to it.
        """
        import termios

        before = termios.tcgetattr(self.descriptor)
        raw = termios.tcgetattr(self.descriptor)
        raw[3] &= ~(termios.ICANON | termios.ECHO)
        raw[6][termios.VMIN], raw[6][termios.VTIME] = 1, 0
        termios.tcsetattr(self.descriptor, termios.TCSAFLUSH, raw)
        try:
            yield
        finally:
            termios.tcsetattr(self.descriptor, termios.TCSADRAIN, before)

    def key(self) -> str:
        """Wait for a key within `keys` and return its character; keys that send a sequence are passed over."""
        while True:
            data = self._read()
            if not data:
                return END
            if data != b"\x1b":
                return self._character(data)
            if not self._has_more():
                return ESCAPE
            self._pass_sequence()

    def _read(self) -> bytes:
        try:
            return os.read(self.descriptor, 1)
        except OSError as error:
            if error.errno != errno.EIO:  # what a terminal gives that has been closed
                raise
            return b""

    def _pass_sequence(self) -> None:
        """Read what follows an escape: ECMA-48's CSI up to its final byte, SS3 and one more byte, or Alt's key."""
        data = self._read()
        if data == b"[":
            while (data := self._read()) and not b"@" <= data <= b"~":
                pass
        elif data == b"O":
            self._read()

    def _has_more(self) -> bool:
        return bool(select.select([self.descriptor], [], [], _ESCAPE_SECONDS)[0])

    def _character(self, data: bytes) -> str:
        """Return the character that begins with a byte; UTF-8's first byte tells how many follow."""
        length = 1 if data < b"\xc0" else 2 if data < b"\xe0" else 3 if data < b"\xf0" else 4
        while len(data) < length and (more := os.read(self.descriptor, 1)):
            data += more
        text = data.decode("utf-8", "replace")
        return ENTER if text == "\r" else ERASE if text == "\b" else text


def find_terminal() -> Terminal | None:
    """Return the terminal to ask at, or None where nobody could see a question or answer it."""
    if not is_terminal(2):
        return None
    if is_terminal(0):
        return Terminal(0)
    try:
        return Terminal(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC))
    except OSError:
        return None


def is_terminal(descriptor: int) -> bool:
    """Say whether a descriptor is open and a terminal."""
    try:
        return os.isatty(descriptor)
    except OSError:
        return False


def is_linear() -> bool:
    """Say whether the user asked for text without anything that moves: `ACCESSIBLE` is set and not 0."""
    return os.environ.get("ACCESSIBLE", "0") not in ("", "0")


def has_motion() -> bool:
    """Say whether the standard error can show a line that changes."""
    return is_terminal(2) and not is_linear() and os.environ.get("TERM", "dumb") != "dumb"


def has_colour() -> bool:
    """Say whether the standard error is to be coloured (no-color.org: any value of NO_COLOR but an empty one)."""
    return is_terminal(2) and not os.environ.get("NO_COLOR") and os.environ.get("TERM", "dumb") != "dumb"


def has_unicode() -> bool:
    """Say whether the standard error can show symbols beyond ASCII."""
    encoding = getattr(sys.stderr, "encoding", None) or "ascii"
    return encoding.lower().replace("-", "").startswith("utf")
