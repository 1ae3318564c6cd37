"""The end of what a command prints while it runs: however much comes, little is kept."""

from __future__ import annotations

import time
from collections import deque

from textual.content import Content

from shellper.tui import look

LIVE_LINES = 10
"""How many lines are shown."""


class Tail:
    """The last lines, how many there were before, and since when it runs."""

    def __init__(self) -> None:
        self.lines: deque[str] = deque([""], maxlen=LIVE_LINES + 1)
        self._count = 0
        self._began = 0.0

    def begin(self) -> None:
        """Begin to count the time."""
        self._began = time.monotonic()

    def feed(self, text: str, lines: int) -> None:
        """Take what is printed, and how many lines that were in all."""
        if not text:
            return
        self._count += lines
        first, *others = text.split("\n")[-LIVE_LINES - 1 :]
        self.lines[-1] = (self.lines[-1] + first)[-look.LONGEST_LINE :]
        self.lines.extend(line[-look.LONGEST_LINE :] for line in others)

    def draw(self) -> list[Content]:
        """Return what stands on the card."""
        shown = list(self.lines) if self.lines[-1] else list(self.lines)[:-1]
        hidden = self._count + bool(self.lines[-1]) - len(shown[-LIVE_LINES:])
        parts = [Content.styled(f"⋯ {hidden:,} lines above", look.QUIET)] if hidden > 0 else []
        parts += [look.line(line) for line in shown[-LIVE_LINES:]]
        running = f"running · {look.elapsed(time.monotonic() - self._began)} · ^C stops it"
        return [*parts, Content.styled(running, look.QUIET)]
