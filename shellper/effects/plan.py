"""The plan of a command, and the world as it becomes while a plan is made."""

from __future__ import annotations

import enum
import os
import re
import stat
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from shellper.effects.changes import Change, ChangeKind, ChangeSet, visible_name
from shellper.effects.node import Content, Kind, Node, TooMany, read_facts, read_node

MOST_ENTRIES = 200_000
"""A command that concerns more entries is not planned."""


class Method(enum.StrEnum):
    """How a path is brought from one state to the other."""

    SWAP = "swap"
    """One entry takes the place of another, or of nothing, by renaming."""
    IN_PLACE = "in place"
    """The bytes of a file are rewritten, so that its other names see them too."""
    FACTS = "facts"
    """Mode, owner, time or attributes are set."""
    MOVE = "move"
    """An entry is renamed from `source`."""
    TREE = "tree"
    """What changes in a folder is found afterwards, by a copy of all of it."""


@dataclass(frozen=True)
class Target:
    """A path that a command concerns; a path may stand in several, which hold in their order."""

    path: Path
    method: Method
    before: Node | None = None
    source: Path | None = None


@dataclass(frozen=True)
class Plan:
    """What a command will do; `exact` is False where only the paths are known; `problems` says what will fail."""

    targets: tuple[Target, ...] = ()
    changes: ChangeSet = field(default_factory=ChangeSet)
    exact: bool = True
    problems: tuple[str, ...] = ()
    named: tuple[Path, ...] = ()
    """The paths that the command reads or writes."""

    @property
    def bytes(self) -> int:
        """The bytes of the pre-images that undo needs."""
        kept = [target for target in self.targets if target.method in (Method.SWAP, Method.IN_PLACE)]
        return sum(target.before.bytes for target in kept if target.before is not None)


class Unplannable(Exception):  # noqa: N818 (an answer more than an error)
    """A planner can't know what the command does; the message says why."""


class World:
    """The disk as a command finds it, and as it is after each of its steps.

    Paths are physical but for their last name, so that one entry has one path. `mounts` are the folders that the
    sandbox mounts for themselves, so that nothing can be renamed from one into the other; none where there is none.
    """

    def __init__(self, folder: Path, home: Path, mounts: Iterable[Path] = ()) -> None:
        self.folder, self.home, self.umask = folder, home, current_umask()
        self.user = os.geteuid()
        self._mounts = sorted(mounts, key=lambda path: -len(path.parts))
        self._named: dict[Path, None] = {}
        self._now: dict[Path, Node | None] = {}
        self._targets: list[Target] = []
        self._changes: list[Change] = []
        self._problems: list[str] = []

    def plan(self, exact: bool = True) -> Plan:
        """Return what was planned."""
        changes = ChangeSet(tuple(self._changes))
        return Plan(tuple(self._targets), changes, exact, tuple(self._problems), tuple(self._named))

    @property
    def problem_count(self) -> int:
        """How many parts of the command are known to fail so far."""
        return len(self._problems)

    def problem(self, text: str) -> None:
        """Note that a part of the command will fail."""
        self._problems.append(visible_name(text))

    def place(self, word: str) -> Path:
        """Return the place that a word of a command means, links followed but for the last name."""
        place = self._place(word)
        self._named[place] = None
        return place

    def entry(self, word: str, done: str) -> tuple[Path, Node] | None:
        """Return the place of an entry that a word names, and what it is; notes the problem where it can't be `done`.

        `.` and `..` name no entry. Raises `Unplannable`.
        """
        place = self.place(word)
        node = self.look(place)
        if os.path.basename(word.rstrip("/")) in ("", ".", ".."):  # noqa: PTH119
            self.problem(f"{word} can't be {done}")
        elif node is None:
            self.problem(f"there is no {word}")
        else:
            return place, node
        return None

    def _place(self, word: str) -> Path:
        path = os.path.join(self.folder, word)  # noqa: PTH118 (a trailing slash matters below)
        name = os.path.basename(path.rstrip("/"))  # noqa: PTH119
        goes_up = name == "." or ".." in path.split("/")
        if goes_up and not os.path.isdir(os.path.dirname(path.rstrip("/"))):  # noqa: PTH112, PTH120
            raise Unplannable(f"{visible_name(word)} goes through a folder that isn't there")
        if name in ("", ".", ".."):
            return Path(os.path.realpath(path))
        return Path(os.path.realpath(os.path.dirname(path.rstrip("/"))), name)  # noqa: PTH120

    def look(self, path: Path) -> Node | None:
        """Return what is at a place by now. Raises `Unplannable` where it can't be read."""
        if path in self._now:
            return self._now[path]
        for parent in path.parents:
            if parent in self._now:
                node = self._now[parent]
                for name in path.relative_to(parent).parts:
                    node = None if node is None else node.children.get(name)
                return node
        try:
            return read_node(path, most=MOST_ENTRIES)
        except TooMany:
            raise Unplannable(f"there are more than {MOST_ENTRIES:,} files") from None
        except OSError as error:
            raise Unplannable(f"{path} can't be read ({error.strerror})") from error

    def look_or_none(self, path: Path) -> os.stat_result | None:
        """Return what the disk says of one entry, without what is in it; None for nothing."""
        try:
            return path.lstat()
        except OSError:
            return None

    def topmost_missing(self, path: Path) -> Path:
        """Return the topmost part of a path that is not there."""
        while not os.path.lexists(path.parent):
            path = path.parent
        return path

    def follow(self, path: Path) -> Path:
        """Return the place behind a link, or the path where it is none."""
        node = self.look(path)
        return Path(os.path.realpath(path)) if node is not None and node.kind is Kind.LINK else path

    def owner_in(self, folder: Path) -> tuple[tuple[int, int], int]:
        """Return the owner that a new entry of a folder gets, and the mode bit that a new folder there inherits."""
        node = self.look_at(folder)
        if any(name.startswith("system.posix_acl") for name, _ in node.attributes):
            raise Unplannable(f"{folder} has an access list that new files inherit")
        inherits = node.mode & stat.S_ISGID
        # BSD and macOS always take the folder's group (open(2)).
        group = node.owner[1] if inherits or sys.platform == "darwin" else os.getegid()
        return (self.user, group), inherits

    def look_at(self, folder: Path) -> Node:
        """Return a folder's own facts, without what is in it."""
        if folder in self._now and (known := self._now[folder]) is not None:
            return known
        try:
            return read_facts(folder)
        except OSError as error:
            raise Unplannable(f"{folder} can't be read ({error.strerror})") from error

    def can_change(self, folder: Path, name: str) -> bool:
        """Say whether entries can come and go in a folder; notes the problem where they can't."""
        if folder in self._now:
            return True
        if not folder.is_dir():
            self.problem(f"{name}: there is no folder {folder}")
            return False
        if not os.access(folder, os.W_OK | os.X_OK):
            self.problem(f"{name}: the folder {folder} can't be written")
            return False
        return True

    def create(self, path: Path, node: Node) -> None:
        """Plan a new entry."""
        self._targets.append(Target(path, Method.SWAP))
        new = node.content if node.kind is Kind.FILE else None
        self._changes.append(Change(ChangeKind.CREATED, path, None, node, new=new, old=None if new is None else ()))
        self._now[path] = node

    def delete(self, path: Path, node: Node) -> None:
        """Plan that an entry goes."""
        self._targets.append(Target(path, Method.SWAP, node))
        self._changes.append(Change(ChangeKind.DELETED, path, node))
        self._now[path] = None

    def replace(self, path: Path, before: Node, after: Node) -> None:
        """Plan that another entry takes the place of one."""
        self._targets.append(Target(path, Method.SWAP, before))
        self._changes.append(Change(ChangeKind.OVERWRITTEN, path, before, after))
        self._now[path] = after

    def write(self, path: Path, before: Node, content: Content, size: int, kind: ChangeKind) -> None:
        """Plan that a file's bytes change, in place."""
        after = replace(before, size=size, modified=None, content=content, sha256="")
        self._targets.append(Target(path, Method.IN_PLACE, before))
        self._changes.append(Change(kind, path, before, after, old=(path,), new=content))
        self._now[path] = after

    def move(self, source: Path, path: Path, node: Node) -> None:
        """Plan that an entry is moved, in place of what may be there.

        Where it can't be renamed it is copied and then deleted, which can end in between.
        """
        before, renamed = self.look(path), self._can_rename(source, path)
        if before is not None or not renamed:
            self._targets.append(Target(path, Method.SWAP, before))
        if before is not None:
            self._changes.append(Change(ChangeKind.OVERWRITTEN, path, before, node))
        self._targets.append(Target(path, Method.MOVE, node, source) if renamed else Target(source, Method.SWAP, node))
        self._changes.append(Change(ChangeKind.MOVED, path, node, node, source))
        self._now[source], self._now[path] = None, node

    def _can_rename(self, source: Path, path: Path) -> bool:
        """Say whether two paths lie on one disk, and in the sandbox in one mount that can be written."""
        if source.lstat().st_dev != path.parent.stat().st_dev:
            return False
        found = {next((one for one in self._mounts if place.is_relative_to(one)), None) for place in (source, path)}
        return not self._mounts or (len(found) == 1 and None not in found)

    def set_facts(self, path: Path, before: Node, after: Node, kind: ChangeKind) -> None:
        """Plan that mode or time of an entry are set."""
        self._targets.append(Target(path, Method.FACTS, before))
        self._changes.append(Change(kind, path, before, after))
        self._now[path] = after

    def watch(self, path: Path, change: Change | None) -> None:
        """Plan that a path may change in a way that is not known."""
        before = self.look(path)
        is_file = before is not None and before.kind is Kind.FILE
        self._targets.append(Target(path, Method.IN_PLACE if is_file else Method.SWAP, before))
        if change is not None:
            self._changes.append(change)

    def watch_facts(self, folder: Path) -> None:
        """Plan that mode or time of a folder may change."""
        self._targets.append(Target(folder, Method.FACTS, self.look_at(folder)))


def current_umask() -> int:
    """Return the process' umask, which is not changed where Linux says it (proc_pid_status(5))."""
    try:
        found = re.search(
            r"(?m)^Umask:\s*([0-7]+)$", Path("/proc/self/status").read_text(encoding="utf-8", errors="replace")
        )
    except OSError:
        found = None
    if found:
        return int(found[1], 8)
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def mounts_below(path: Path) -> list[Path]:
    """Return the mount points at and below a path (proc_pid_mountinfo(5)); none where the system doesn't tell."""
    try:
        lines = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return []
    points = [Path(re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), line.split(" ")[4])) for line in lines]
    return [point for point in points if point.is_relative_to(path)]
