"""A transaction on the disk: a folder with a journal of JSON lines and a slot for the pre-image of each item.

The lines: `begin` with all items, before anything is done; `ready` when the pre-images for a command are there;
`done` with the items as they came to be. What has no `done` was interrupted.
"""

from __future__ import annotations

import enum
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from shellper.effects.disk import Disk
from shellper.effects.errors import EffectsError
from shellper.effects.node import State
from shellper.effects.plan import Method

JOURNAL_NAME, SLOTS_NAME, LOCK_NAME = "journal.jsonl", "slots", "lock"
_VERSION = 1


class What(enum.StrEnum):
    """What a transaction came from."""

    RUN = "run"
    """A command that ran for real, with its pre-images taken before."""
    COMMIT = "commit"
    """A run in an overlay, or of a plan, that is applied by us."""
    UNDO = "undo"
    REDO = "redo"


@dataclass(frozen=True)
class Item:
    """One path's way from one state to another; None for nothing there.

    `incoming` is where the new entry comes from; `source` where a moved one was.
    """

    path: Path
    method: Method
    before: State | None
    after: State | None
    source: Path | None = None
    incoming: Path | None = None

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON data."""
        return {
            "path": str(self.path),
            "method": self.method.value,
            "before": None if self.before is None else self.before.as_json(),
            "after": None if self.after is None else self.after.as_json(),
            "source": None if self.source is None else str(self.source),
            "incoming": None if self.incoming is None else str(self.incoming),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Item:
        """Read plain JSON data; raises KeyError, TypeError and ValueError where it is none of ours."""
        return cls(
            Path(data["path"]),
            Method(data["method"]),
            None if data["before"] is None else State.from_json(data["before"]),
            None if data["after"] is None else State.from_json(data["after"]),
            None if data["source"] is None else Path(data["source"]),
            None if data["incoming"] is None else Path(data["incoming"]),
        )


Times = Mapping[Path, int]
"""Times of modification of folders, in nanoseconds."""


@dataclass(frozen=True)
class Record:
    """A transaction as its journal tells it; `of` is the one that an undo or redo turns round.

    `place` is its folder, `folder` the working directory, `times_before` and `times_after` those of the folders whose
    entries came or went.
    """

    id: int
    place: Path
    what: What
    title: str
    folder: Path
    began: float
    items: tuple[Item, ...]
    times_before: Times = field(default_factory=dict)
    times_after: Times = field(default_factory=dict)
    of: int | None = None
    ready: bool = False
    done: bool = False
    interrupted: bool = False
    bytes: int = 0

    def slot(self, index: int) -> Path:
        """Return where the pre-image of an item is."""
        return self.place / SLOTS_NAME / str(index)

    def aside(self, index: int, path: Path) -> Path:
        """Return a name beside a path for what is on its way, which no other transaction uses."""
        return path.with_name(f".shellper-{self.id}-{index}.part")

    @property
    def has_slots(self) -> bool:
        """Whether any pre-image is in the store."""
        slots = self.place / SLOTS_NAME
        return slots.is_dir() and any(slots.iterdir())


def begin_line(record: Record) -> bytes:
    """Return the first line of a journal."""
    return _line(
        event="begin",
        version=_VERSION,
        what=record.what.value,
        title=record.title,
        folder=str(record.folder),
        of=record.of,
        began=record.began,
        items=[item.as_json() for item in record.items],
        times=_times(record.times_before),
    )


def done_line(record: Record) -> bytes:
    """Return the last line of a journal."""
    return _line(
        event="done",
        items=[item.as_json() for item in record.items],
        times=_times(record.times_after),
        times_before=_times(record.times_before),
        interrupted=record.interrupted,
        bytes=record.bytes,
    )


READY_LINE = b'{"event": "ready"}\n'


def _line(**values: object) -> bytes:
    # Escapes keep names that are not UTF-8, and a line break in a name breaks no line.
    return json.dumps(values).encode("ascii") + b"\n"


def _times(times: Times) -> dict[str, int]:
    return {str(path): time for path, time in times.items()}


def read_record(place: Path) -> Record | None:
    """Read a transaction's journal; None where it was never begun. A last line that was torn is left out.

    Raises `EffectsError` where it is damaged.
    """
    file = place / JOURNAL_NAME
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise EffectsError(f"{file} can't be read ({error.strerror}); mend that, or move {place} away") from error
    lines = data.split(b"\n")[:-1]
    if not lines:
        return None
    try:
        return _read(place, [json.loads(line) for line in lines])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise EffectsError(f"{file} is damaged ({type(error).__name__}); move {place} away to go on") from error


def _read(place: Path, lines: list[dict[str, Any]]) -> Record:
    first, *others = lines
    if first["event"] != "begin" or first["version"] != _VERSION:
        raise ValueError("another version")
    record = Record(
        int(place.name),
        place,
        What(first["what"]),
        first["title"],
        Path(first["folder"]),
        float(first["began"]),
        tuple(Item.from_json(item) for item in first["items"]),
        {Path(path): int(time) for path, time in first["times"].items()},
        of=first["of"],
    )
    for line in others:
        if line["event"] == "ready":
            record = replace(record, ready=True)
        elif line["event"] == "done":
            record = replace(
                record,
                items=tuple(Item.from_json(item) for item in line["items"]),
                times_before={Path(path): int(time) for path, time in line["times_before"].items()},
                times_after={Path(path): int(time) for path, time in line["times"].items()},
                done=True,
                interrupted=bool(line["interrupted"]),
                bytes=int(line["bytes"]),
            )
    return record


def write(disk: Disk, record: Record, line: bytes, sync: bool = True) -> None:
    """Add a line to a transaction's journal; raises OSError."""
    disk.append(record.place / JOURNAL_NAME, line, sync)
