"""The change set: what a command creates, overwrites, changes, deletes and moves, counted, flagged and compared."""

from __future__ import annotations

import difflib
import enum
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shellper.effects.node import Content, Kind, Node

DIFF_BYTES = 256 << 10
"""The difference of larger files is not shown."""

_FIRST_BYTES = 4096


class ChangeKind(enum.StrEnum):
    """What happens to one path."""

    CREATED = "created"
    OVERWRITTEN = "overwritten"
    CHANGED = "changed"
    DELETED = "deleted"
    MOVED = "moved"
    MODE = "mode"
    TIME = "time"


VERBS = {
    ChangeKind.CREATED: "creates",
    ChangeKind.OVERWRITTEN: "overwrites",
    ChangeKind.CHANGED: "changes",
    ChangeKind.DELETED: "deletes",
    ChangeKind.MOVED: "moves",
    ChangeKind.MODE: "changes the mode of",
    ChangeKind.TIME: "sets the time of",
}
"""How each kind is said, in the order of a summary."""


class Flag(enum.StrEnum):
    """What deserves a second look, in the words that are shown."""

    NOT_IN_GIT = "not in git"
    OUTSIDE = "outside the project"
    RUNS_LATER = "will run later"
    MANY = "many files"
    LINKED = "has other names (hard links)"


@dataclass(frozen=True)
class Change:
    """One change: a path, the topmost one where a whole folder comes, goes or moves, and its state before and after.

    `source` is where a moved entry was. `old` and `new` are where the contents can be read until it is applied.
    """

    kind: ChangeKind
    path: Path
    before: Node | None = None
    after: Node | None = None
    source: Path | None = None
    flags: tuple[Flag, ...] = ()
    old: Content | None = field(default=None, compare=False, repr=False)
    new: Content | None = field(default=None, compare=False, repr=False)

    @property
    def node(self) -> Node:
        """The state that tells most: what comes, else what goes."""
        node = self.after or self.before
        assert node is not None
        return node

    @property
    def files(self) -> int:
        """How many entries are concerned: of a folder whose mode or time is set, not what is in it."""
        return 1 if self._is_of_facts else self.node.files

    @property
    def folders(self) -> int:
        """How many of them are folders."""
        return int(self.node.is_folder) if self._is_of_facts else self.node.folders

    @property
    def bytes(self) -> int:
        """The bytes of the files that are written, moved or deleted."""
        return 0 if self._is_of_facts else self.node.bytes

    @property
    def _is_of_facts(self) -> bool:
        return self.kind in (ChangeKind.MODE, ChangeKind.TIME)

    def describe(self, folder: Path) -> str:
        """Say it in one line, paths relative to a folder where they lie in it."""
        name = short(self.path, folder)
        size = _size_words(self.node)
        match self.kind:
            case ChangeKind.MOVED:
                assert self.source is not None
                inside = size if self.node.is_folder else ""
                text = f"moves {short(self.source, folder)} to {name}{inside}"
            case ChangeKind.MODE:
                assert self.before is not None and self.after is not None
                text = f"changes the mode of {name} from {self.before.mode:04o} to {self.after.mode:04o}"
            case ChangeKind.TIME:
                text = f"sets the time of {name}"
            case ChangeKind.CHANGED | ChangeKind.OVERWRITTEN if self._has_two_sizes:
                assert self.before is not None and self.after is not None
                old, new = readable(self.before.size), readable(self.after.size)
                text = f"{VERBS[self.kind]} {name} ({old if old == new else f'{old} to {new}'})"
            case _:
                text = f"{VERBS[self.kind]} {name}{size}"
        return text + "".join(f" [{flag}]" for flag in self.flags)

    @property
    def _has_two_sizes(self) -> bool:
        return all(node is not None and node.kind is Kind.FILE for node in (self.before, self.after))

    @property
    def has_diff(self) -> bool:
        """Whether `diff` shows lines, as far as the first bytes tell."""
        if self.old is None or self.new is None or self.old == self.new:
            return False
        return all(map(_begins_as_text, (self.old, self.new)))

    def diff(self, folder: Path) -> tuple[str, ...]:
        """Return a unified diff of a text, or one line that says why there is none."""
        if self.old is None or self.new is None:
            return ()
        name = short(self.path, folder)
        old, new = _text(self.old), _text(self.new)
        if old is None or new is None:
            return (f"{name}: binary or more than {readable(DIFF_BYTES)}, so its difference is not shown",)
        lines = difflib.unified_diff(_lines(old), _lines(new), f"{name} (now)", f"{name} (then)", lineterm="")
        return tuple(lines)

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON data."""
        return {
            "kind": self.kind.value,
            "path": str(self.path),
            "source": None if self.source is None else str(self.source),
            "files": self.files,
            "bytes": self.bytes,
            "flags": [flag.value for flag in self.flags],
        }


@dataclass(frozen=True)
class ChangeSet:
    """All changes of one command, in the order in which they are made."""

    changes: tuple[Change, ...] = ()
    flags: tuple[Flag, ...] = ()

    def __iter__(self) -> Iterator[Change]:
        return iter(self.changes)

    def __bool__(self) -> bool:
        return bool(self.changes)

    def __len__(self) -> int:
        return len(self.changes)

    @property
    def files(self) -> int:
        """How many entries are concerned."""
        return sum(change.files for change in self.changes)

    @property
    def bytes(self) -> int:
        """The bytes of the files concerned."""
        return sum(change.bytes for change in self.changes)

    @property
    def paths(self) -> tuple[Path, ...]:
        """The paths concerned, a moved entry's old one too."""
        paths = [path for change in self.changes for path in (change.source, change.path) if path is not None]
        return tuple(dict.fromkeys(paths))

    def summary(self) -> str:
        """Say how much of each kind in one line, such as `creates 1 folder, deletes 17 files (3.2 MB)`."""
        parts = [amount([change for change in self.changes if change.kind is kind]) for kind in VERBS]
        return ", ".join(part for part in parts if part) or "changes nothing"

    def diff(self, folder: Path) -> tuple[str, ...]:
        """Return the unified diffs of all texts."""
        return tuple(line for change in self.changes for line in change.diff(folder))

    def as_json(self) -> list[dict[str, Any]]:
        """Return plain JSON data."""
        return [change.as_json() for change in self.changes]


def amount(changes: Sequence[Change], where: str = "") -> str:
    """Say how much changes of one kind concern in all, such as `deletes 17 files (3.2 MB)`; nothing where none."""
    if not changes:
        return ""
    folders, size = sum(change.folders for change in changes), sum(change.bytes for change in changes)
    files = sum(change.files for change in changes) - folders
    shown = f" ({readable(size)})" if size else ""
    return f"{VERBS[changes[0].kind]} {counted(files, folders)}{where}{shown}"


def short(path: Path, folder: Path) -> str:
    """Return a path relative to a folder where it lies in it; a line break in it is made visible."""
    return visible_name(str(path.relative_to(folder) if path.is_relative_to(folder) and path != folder else path))


def visible_name(text: str) -> str:
    """Return a text with names in it on one line, what can't be seen as an escape."""
    return text if text.isprintable() else text.encode("unicode_escape", "surrogatepass").decode("ascii")


def counted(files: int, folders: int) -> str:
    """Say how many files and folders, such as `9 files and 1 folder`."""
    words = [(files, "file"), (folders, "folder")]
    return " and ".join(f"{count:,} {word}{'s'[: count != 1]}" for count, word in words if count)


def readable(size: int) -> str:
    """Return a number of bytes for people."""
    if size < 1000:
        return f"{size} B"
    amount = float(size)
    for unit in ("kB", "MB", "GB", "TB"):
        amount /= 1000
        if amount < 999.95 or unit == "TB":
            break
    return f"{amount:.1f} {unit}"


def _size_words(node: Node) -> str:
    if node.is_folder:
        inside = counted(node.files - node.folders, node.folders - 1)
        size = f" ({readable(node.bytes)})" if node.bytes else ""
        return f", a folder with {inside} in it{size}" if inside else ", an empty folder"
    if node.kind is Kind.LINK:
        return f", a link to {short(Path(node.target), Path('/'))}" if node.target else ", a link"
    return f" ({readable(node.size)})" if node.kind is Kind.FILE else ""


def read_content(content: Content, most: int) -> bytes | None:
    """Return the bytes that a content stands for; None where there are more than `most`. Raises OSError."""
    data = bytearray()
    for piece in content:
        if isinstance(piece, bytes):
            data += piece
        else:
            with piece.open("rb") as file:
                data += file.read(most + 1 - min(len(data), most))
        if len(data) > most:
            return None
    return bytes(data)


def _begins_as_text(content: Content) -> bool:
    """Say whether the first bytes of a content are those of a text; a larger one than a diff is made of isn't."""
    for piece in content:
        try:
            if isinstance(piece, bytes):
                data = piece
            elif piece.stat().st_size > DIFF_BYTES:
                return False
            else:
                with piece.open("rb") as file:
                    data = file.read(_FIRST_BYTES)
        except OSError:
            return False
        if b"\0" in data:
            return False
    return True


def _text(content: Content) -> str | None:
    try:
        data = read_content(content, DIFF_BYTES)
    except OSError:
        return None
    if data is None or b"\0" in data:
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def _lines(text: str) -> list[str]:
    """Return the lines of a text; only a newline ends one, and a last line without one is marked as diff does."""
    lines = text.split("\n")
    if lines[-1] == "":
        return lines[:-1]
    return [*lines[:-1], f"{lines[-1]}\n\\ No newline at end of file"]


def join(sets: Iterable[ChangeSet]) -> ChangeSet:
    """Return all changes of several sets as one."""
    sets = tuple(sets)
    flags = dict.fromkeys(flag for one in sets for flag in one.flags)
    return ChangeSet(tuple(change for one in sets for change in one.changes), tuple(flags))
