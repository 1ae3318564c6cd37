"""What is at a path: a file, a folder with all that is in it, a link; read from the disk, compared, written down."""

from __future__ import annotations

import enum
import hashlib
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

HASHED_BYTES = 16 << 20
"""The content of a larger file is not read: its size and its time stand for it."""

_BLOCK = 1 << 20
# Overlayfs' own marks (kernel documentation, "Overlay Filesystem"); they are none of the user's.
OVERLAY_MARK = "user.overlay."


class Kind(enum.StrEnum):
    """What an entry of a folder is."""

    FILE = "file"
    FOLDER = "folder"
    LINK = "link"
    OTHER = "other"


Content: TypeAlias = tuple[Path | bytes, ...]
"""Where bytes come from: files and pieces, one behind the other."""


@dataclass(frozen=True)
class Node:
    """One entry, as it is or as it will be.

    `mode` holds the permission bits, `owner` user and group, `size` a file's bytes, `modified` nanoseconds since the
    epoch or None for the moment at which the command runs. `sha256` is empty where the content was not read.
    """

    kind: Kind
    mode: int
    owner: tuple[int, int]
    size: int = 0
    modified: int | None = None
    target: str = ""
    links: int = field(default=1, compare=False)
    attributes: tuple[tuple[str, str], ...] = ()
    sha256: str = field(default="", compare=False)
    children: Mapping[str, Node] = field(default_factory=dict)
    content: Content = field(default=(), compare=False)

    @cached_property
    def files(self) -> int:
        """How many entries there are, folders and this one among them."""
        return 1 + sum(child.files for child in self.children.values())

    @cached_property
    def folders(self) -> int:
        """How many of them are folders."""
        return int(self.is_folder) + sum(child.folders for child in self.children.values())

    @cached_property
    def bytes(self) -> int:
        """The bytes of all files."""
        return self.size + sum(child.bytes for child in self.children.values())

    @property
    def is_folder(self) -> bool:
        """Whether this is a folder itself, not a link to one."""
        return self.kind is Kind.FOLDER


@dataclass(frozen=True)
class State:
    """A node as it is written down: its own facts, and a digest of all of it, its children's too.

    `hashed` says whether contents are part of the digest; `shallow` that a folder's time and what is in it are not.
    """

    kind: Kind
    mode: int
    owner: tuple[int, int]
    modified: int
    attributes: tuple[tuple[str, str], ...]
    links: int
    files: int
    bytes: int
    digest: str
    hashed: bool
    shallow: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON data."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> State:
        """Read plain JSON data; raises KeyError, TypeError and ValueError where it is none of ours."""
        values = dict(data)
        values["kind"] = Kind(values["kind"])
        values["owner"] = (int(values["owner"][0]), int(values["owner"][1]))
        values["attributes"] = tuple((str(name), str(value)) for name, value in values["attributes"])
        return cls(**values)


def read_node(path: Path, hashed: bool = False, most: int | None = None) -> Node | None:
    """Return what is at a path, links not followed; None for nothing.

    With `hashed` the contents are read too. Raises OSError where something can't be read, and `TooMany` above `most`
    entries.
    """
    return _Reader(hashed, most).read(os.fspath(path))


class TooMany(Exception):  # noqa: N818 (an answer more than an error)
    """There are more entries than were to be read."""


class _Reader:
    def __init__(self, hashed: bool, most: int | None) -> None:
        self._hashed, self._left = hashed, most

    def read(self, path: str) -> Node | None:
        """Read one entry and what is in it."""
        try:
            found = os.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        if self._left is not None:
            self._left -= 1
            if self._left < 0:
                raise TooMany(path)
        kind = kind_of(found.st_mode)
        children: dict[str, Node] = {}
        target = digest = ""
        if kind is Kind.FOLDER:
            for name in sorted(os.listdir(path)):  # noqa: PTH208 (names, not paths: there may be many)
                child = self.read(f"{path}/{name}")
                if child is not None:
                    children[name] = child
        elif kind is Kind.LINK:
            target = os.readlink(path)  # noqa: PTH115
        elif kind is Kind.FILE and self._hashed and found.st_size <= HASHED_BYTES:
            digest = sha256_of(Path(path))
        return Node(
            kind,
            stat.S_IMODE(found.st_mode),
            (found.st_uid, found.st_gid),
            found.st_size if kind is Kind.FILE else 0,
            found.st_mtime_ns,
            target,
            found.st_nlink,
            read_attributes(path) if kind in (Kind.FILE, Kind.FOLDER) else (),
            digest,
            children,
            (Path(path),) if kind is Kind.FILE else (),
        )


def kind_of(mode: int) -> Kind:
    """Return the kind of an entry by its `st_mode`."""
    if stat.S_ISREG(mode):
        return Kind.FILE
    if stat.S_ISDIR(mode):
        return Kind.FOLDER
    return Kind.LINK if stat.S_ISLNK(mode) else Kind.OTHER


def read_attributes(path: str | Path) -> tuple[tuple[str, str], ...]:
    """Return the extended attributes and access lists of a file or folder as hex; none where there are none."""
    if not hasattr(os, "listxattr"):
        return ()
    try:
        names = os.listxattr(path, follow_symlinks=False)
        return tuple(
            (name, os.getxattr(path, name, follow_symlinks=False).hex())
            for name in sorted(names)
            if not name.startswith((OVERLAY_MARK, "trusted.", "security."))
        )
    except OSError:  # not readable, or a file system without them
        return ()


def sha256_of(path: Path) -> str:
    """Return the digest of a file's content; raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def state_of(node: Node, hashed: bool, shallow: bool = False) -> State:
    """Return a node that was read from the disk as it is written down."""
    assert node.modified is not None
    whole = _digest(replace(node, modified=None, children={}) if shallow and node.is_folder else node)
    return State(
        node.kind,
        node.mode,
        node.owner,
        node.modified,
        node.attributes,
        node.links,
        node.files,
        node.bytes,
        whole,
        hashed,
        shallow,
    )


def read_state(path: Path, hashed: bool = True, shallow: bool = False) -> State | None:
    """Return what is at a path as it is written down; None for nothing. Raises OSError."""
    node = read_node(path, hashed) if not shallow or path.is_symlink() or not path.is_dir() else read_facts(path)
    return None if node is None else state_of(node, hashed, shallow)


def read_like(path: Path, state: State | None) -> State | None:
    """Return what is at a path, as closely looked at as a state that was written down. Raises OSError."""
    return read_state(path) if state is None else read_state(path, state.hashed, state.shallow)


def is_in_state(path: Path, state: State | None) -> bool:
    """Say whether a path is in a state: kind, mode, owner, size, time and content are the same. Raises OSError."""
    if state is None:
        return not os.path.lexists(path)
    found = read_like(path, state)
    return found is not None and found.digest == state.digest


def read_facts(path: Path) -> Node:
    """Return an entry's own facts, without what is in it. Raises OSError."""
    found = path.lstat()
    kind = kind_of(found.st_mode)
    return Node(
        kind,
        stat.S_IMODE(found.st_mode),
        (found.st_uid, found.st_gid),
        found.st_size if kind is Kind.FILE else 0,
        found.st_mtime_ns,
        links=found.st_nlink,
        attributes=read_attributes(path) if kind in (Kind.FILE, Kind.FOLDER) else (),
    )


def _digest(node: Node) -> str:
    """Return the digest of a node's facts and those of all in it."""
    whole = hashlib.sha256()
    own = (node.kind.value, node.mode, node.owner, node.size, node.modified, node.target)
    facts = (*own, node.sha256, node.attributes)
    whole.update(repr(facts).encode("utf-8", "surrogateescape"))
    for name, child in sorted(node.children.items()):
        whole.update(f"\0{name}\0{_digest(child)}".encode("utf-8", "surrogateescape"))
    return whole.hexdigest()
