"""What the last output said: the lines, names and places that a request can lean on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from shellper.calls import ToolCall
from shellper.dialect import Response

# How people count, and the place in the list that they mean.
COUNTED: dict[str, int] = {
    "first": 0, "1st": 0, "second": 1, "2nd": 1, "third": 2, "3rd": 2, "fourth": 3, "4th": 3, "fifth": 4, "5th": 4,
    "last": -1, "very last": -1, "second to last": -2, "last but one": -2, "top": 0, "bottom": -1, "next to last": -2,
}  # fmt: skip
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
        place = COUNTED[counted]
        enough = len(self.lines) > (place if place >= 0 else -place - 1) and len(self.lines) > 1
        text = self.lines[place].strip() if enough else ""
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
