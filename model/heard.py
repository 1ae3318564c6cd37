"""What the last output said: the lines, names and places that a request can lean on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from shellper.calls import ToolCall
from shellper.dialect import Response

# How people count, and the place in the list that they mean.
COUNTED: dict[str, int] = {
    "first": 0, "1st": 0, "second": 1, "2nd": 1, "third": 2, "3rd": 2, "fourth": 3, "4th": 3, "fifth": 4, "5th": 4,
    "sixth": 5, "6th": 5, "seventh": 6, "7th": 6, "eighth": 7, "last": -1, "very last": -1, "second to last": -2,
    "last but one": -2, "top": 0, "bottom": -1, "next to last": -2, "third to last": -3, "very first": 0,
    "topmost": 0, "third from the bottom": -3, "second from the top": 1,
}  # fmt: skip
# The same by a number: "number three", "no. 3", "#3".
NUMBERED: dict[str, int] = {
    word: place
    for place, name in enumerate(("one", "two", "three", "four", "five", "six", "seven", "eight"))
    for word in (f"number {name}", f"number {place + 1}", f"#{place + 1}", f"no. {place + 1}", f"nr {place + 1}")
}
MIDDLE = ("middle one", "one in the middle", "middle entry", "one in between the others")


def pick(entries: Sequence[str], counted: str) -> str | None:
    """Return the entry that people mean by a count, or none where the list is too short or has no middle."""
    if counted in MIDDLE:
        return entries[len(entries) // 2] if len(entries) % 2 and len(entries) > 2 else None
    place = COUNTED[counted] if counted in COUNTED else NUMBERED[counted]
    enough = len(entries) > 1 and len(entries) > (place if place >= 0 else -place - 1)
    return entries[place] if enough else None


_TEXT_TOOLS = ("cat", "tail", "head", "sort", "grep")
_LONGEST_LINE = 40


@dataclass(frozen=True)
class Heard:
    """An output: its lines where it is a text, and the paths of its hits where it is a search."""

    lines: tuple[str, ...] = ()
    hits: tuple[str, ...] = ()

    @classmethod
    def of(cls, call: ToolCall, response: Response) -> Heard:
        """Read what a call has put out."""
        if response.exit_code or not response.output:
            return cls()
        lines = tuple(response.output.split("\n"))
        if call.name == "find":
            return cls(hits=tuple(line.removeprefix("./") for line in lines))
        if call.name == "grep" and call.arguments.get("recursive"):
            paths = (line.split(":", 1)[0].removeprefix("./") for line in lines if ":" in line)
            return cls(hits=tuple(dict.fromkeys(paths)))
        return cls(lines) if call.name in _TEXT_TOOLS else cls()

    def line(self, counted: str) -> str | None:
        """Return a line by how people count it, if it is short and plain enough to be named."""
        text = (pick(self.lines, counted) or "").strip()
        return text if 0 < len(text) <= _LONGEST_LINE and not re.search(r"[/\\\"'`{}<>|]", text) else None

    def found(self) -> str | None:
        """Return the only hit of a search."""
        return self.hits[0] if len(self.hits) == 1 else None

    def found_folder(self) -> str | None:
        """Return the folder in which the only hit lies, if it is another one."""
        parent = str(PurePosixPath(self.hits[0]).parent) if len(self.hits) == 1 else "."
        return parent if parent != "." else None

    def names(self, name: str) -> bool:
        """Say whether a text speaks of a name."""
        return any(re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", line) for line in self.lines)
