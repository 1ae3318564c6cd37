"""The effects of a command as they are proposed, and how a front end says them."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shellper.effects.changes import ChangeSet, Flag
from shellper.effects.layout import listed


class Known(enum.StrEnum):
    """How the change set came to be known."""

    PLANNED = "planned"
    """Exactly, from the call's arguments and the disk."""
    TRIED = "tried"
    """Exactly, by a run in an overlay; running it means to apply that run."""
    NAMES = "names"
    """The paths only."""
    AFTERWARDS = "afterwards"
    """Not yet: it shows when the command has run."""


@dataclass(frozen=True)
class Effects:
    """What a command changes; `undo` says whether that can be taken back, `notes` what else there is to know."""

    changes: ChangeSet
    known: Known
    undo: bool
    notes: tuple[str, ...] = ()
    work: Any = field(default=None, compare=False, repr=False)
    """What the keeper needs to carry it out; nothing for others."""

    def lines(self, folder: Path) -> Iterator[str]:
        """Yield what is to be known before a decision, the summary first."""
        if self.known is not Known.AFTERWARDS:
            about = "by names alone: " if self.known is Known.NAMES and self.changes else ""
            many = f" [{Flag.MANY}]" if Flag.MANY in self.changes.flags else ""
            found = list(listed(self.changes.changes, folder))
            if len(found) == 1:
                yield about + found[0] + many
            elif found or not self.notes or self.known is Known.TRIED:
                yield about + self.changes.summary() + many
                yield from (f"  {line}" for line in found)
        yield from self.notes

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON data."""
        return {
            "known": self.known.value,
            "undo": self.undo,
            "summary": "" if self.known is Known.AFTERWARDS else self.changes.summary(),
            "changes": self.changes.as_json(),
            "flags": [flag.value for flag in self.changes.flags],
            "notes": list(self.notes),
        }
