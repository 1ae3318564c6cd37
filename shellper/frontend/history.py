"""The history of requests: a file that both front ends add to, in prompt_toolkit's form (FileHistory)."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

HISTORY_NAME = "history"
MOST_BYTES = 1 << 20
"""How much of the end of the file is read."""


def unusable(file: str, error: OSError) -> str:
    """Say that a history can't be used."""
    return f"{file} can't be used ({error.strerror}), so requests are not kept in it; make it writable"


class History:
    """The requests of this and earlier programs, the last one last; `file` is None where nothing is kept."""

    def __init__(self, file: Path | None) -> None:
        """Read the file, which is made when the first request is added. Raises OSError where it can't be read."""
        self._file = file
        self.requests = [] if file is None else list(_read(file))

    def add(self, request: str) -> None:
        """Add a request, unless it is the last one again. Raises OSError where the file can't be written."""
        if self.requests[-1:] == [request]:
            return
        self.requests.append(request)
        if self._file is None:
            return
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lines = "".join(f"+{line}\n" for line in request.split("\n"))
        entry = f"\n# {time.strftime('%Y-%m-%d %H:%M:%S')}\n{lines}".encode("utf-8", "replace")
        descriptor = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            os.write(descriptor, entry)  # one write, so that two programs don't mix their lines
        finally:
            os.close(descriptor)

    def before(self, place: int, prefix: str) -> int | None:
        """Return the place of the request before a place that begins with a text, or None."""
        return next((i for i in range(min(place, len(self.requests)) - 1, -1, -1) if self._fits(i, prefix)), None)

    def after(self, place: int, prefix: str) -> int | None:
        """Return the place of the request after a place that begins with a text, or None."""
        return next((i for i in range(place + 1, len(self.requests)) if self._fits(i, prefix)), None)

    def _fits(self, place: int, prefix: str) -> bool:
        return self.requests[place].startswith(prefix)

    def search(self, text: str, most: int) -> list[str]:
        """Return the requests that hold all words of a text, the last one first, each once."""
        words = text.lower().split()
        found = dict.fromkeys(one for one in reversed(self.requests) if all(word in one.lower() for word in words))
        return list(found)[:most]


def _read(file: Path) -> Iterator[str]:
    try:
        with file.open("rb") as opened:
            opened.seek(max(0, file.stat().st_size - MOST_BYTES))
            text = opened.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return
    lines: list[str] = []
    for line in [*text.split("\n"), ""]:
        if line.startswith("+"):
            lines.append(line[1:])
        elif lines:
            yield "\n".join(lines)
            lines = []
