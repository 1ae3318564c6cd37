"""What a run in an overlay changed: from overlayfs' upper folder to a change set and the items that apply it.

The form is overlayfs' own (kernel documentation, "Overlay Filesystem"): whiteouts, opaque folders, copies of what was
only touched.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from shellper.effects.changes import Change, ChangeKind, ChangeSet
from shellper.effects.disk import remove_tree
from shellper.effects.journal import Item
from shellper.effects.node import (
    OVERLAY_MARK,
    Kind,
    Node,
    is_in_state,
    read_facts,
    read_node,
    sha256_of,
    state_of,
)
from shellper.effects.plan import Method

_COMPARED_BYTES = 1 << 20


class Unreadable(Exception):  # noqa: N818 (an answer more than an error)
    """An upper folder has something that can't be applied; the message says what."""


@dataclass(frozen=True)
class Upper:
    """The changes of one run: the items that apply them, and the times that folders have in the end."""

    root: Path
    changes: ChangeSet
    items: tuple[Item, ...]
    times: dict[Path, int] = field(default_factory=dict)


@dataclass
class _Reader:
    root: Path
    items: list[Item] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    times: dict[Path, int] = field(default_factory=dict)


def read_upper(upper: Path, root: Path) -> Upper:
    """Return what an upper folder changes in a root; overlayfs' marks are removed from it.

    Raises OSError, and `Unreadable` where there is a kind of entry that can't be applied.
    """
    reader = _Reader(root)
    _read_folder(reader, upper, root)
    changes = _joined_moves(reader.changes)
    return Upper(root, ChangeSet(tuple(changes)), tuple(reader.items), reader.times)


def _read_folder(reader: _Reader, upper: Path, lower: Path) -> None:
    """Read a folder that is in both: its own facts, then what is in it."""
    facts, before = read_facts(upper), read_facts(lower)
    if _mark(upper, "redirect"):
        raise Unreadable(f"{lower} was moved in a way that can't be applied")
    count = len(reader.items)
    names = set(os.listdir(upper))  # noqa: PTH208
    if _mark(upper, "opaque") == b"y":
        for name in sorted(set(os.listdir(lower)) - names):  # noqa: PTH208
            _delete(reader, lower / name)
    for name in sorted(names):
        _read_entry(reader, upper / name, lower / name)
    if (facts.mode, facts.owner, facts.attributes) != (before.mode, before.owner, before.attributes):
        _set_facts(reader, lower, before, facts, ChangeKind.MODE)
    elif facts.modified != before.modified and len(reader.items) == count:
        _set_facts(reader, lower, before, facts, ChangeKind.TIME)
    if facts.modified is not None and (facts.modified != before.modified or len(reader.items) > count):
        reader.times[lower] = facts.modified  # applying entries touches their folder, whether the command did or not


def _read_entry(reader: _Reader, upper: Path, lower: Path) -> None:
    """Read one entry of an upper folder."""
    if _is_whiteout(upper):
        if os.path.lexists(lower):
            _delete(reader, lower)
        return
    if _mark(upper, "metacopy") is not None:
        _take_bytes(upper, lower)
    is_folder = upper.is_dir() and not upper.is_symlink()
    if is_folder and lower.is_dir() and not lower.is_symlink():
        _read_folder(reader, upper, lower)
        return
    _clean(upper)
    after = read_node(upper)
    assert after is not None
    before = read_node(lower)
    if before is None:
        reader.items.append(_swap(lower, None, upper))
        new = (upper,) if after.kind is Kind.FILE else None
        reader.changes.append(Change(ChangeKind.CREATED, lower, None, after, old=None if new is None else (), new=new))
    elif _has_same_bytes(before, after, lower, upper):
        if before != after:
            same_mode = (before.mode, before.owner, before.attributes) == (after.mode, after.owner, after.attributes)
            _set_facts(reader, lower, before, after, ChangeKind.TIME if same_mode else ChangeKind.MODE)
    else:
        reader.items.append(_swap(lower, before, upper))
        is_text = before.kind is after.kind is Kind.FILE
        reader.changes.append(
            Change(
                ChangeKind.CHANGED,
                lower,
                before,
                after,
                old=(lower,) if is_text else None,
                new=(upper,) if is_text else None,
            )
        )


def _swap(path: Path, before: Node | None, upper: Path | None) -> Item:
    state = None if before is None else state_of(before, False)
    node = None if upper is None else read_node(upper, hashed=True)
    return Item(path, Method.SWAP, state, None if node is None else state_of(node, True), incoming=upper)


def _delete(reader: _Reader, path: Path) -> None:
    before = read_node(path)
    if before is not None:
        reader.items.append(_swap(path, before, None))
        reader.changes.append(Change(ChangeKind.DELETED, path, before))


def _set_facts(reader: _Reader, path: Path, before: Node, after: Node, kind: ChangeKind) -> None:
    """Note that only mode, owner, attributes or time of an entry change."""
    old, new = state_of(before, False, True), state_of(after, False, True)
    reader.items.append(Item(path, Method.FACTS, old, new))
    reader.changes.append(Change(kind, path, before, after))


def _is_whiteout(path: Path) -> bool:
    """Say whether an entry stands for a deletion: a device 0:0, or an empty file with a mark."""
    found = path.lstat()
    if stat.S_ISCHR(found.st_mode) and found.st_rdev == 0:
        return True
    return stat.S_ISREG(found.st_mode) and found.st_size == 0 and _mark(path, "whiteout") is not None


def _mark(path: Path, name: str) -> bytes | None:
    """Return one of overlayfs' marks; None where it isn't there."""
    if path.is_symlink():
        return None
    for prefix in (OVERLAY_MARK, "trusted.overlay."):
        try:
            return os.getxattr(path, prefix + name)
        except OSError:
            continue
    return None


def _clean(path: Path) -> None:
    """Remove overlayfs' marks and whiteouts from an entry that comes new."""
    if path.is_symlink():
        return
    for name in os.listxattr(path):
        if name.startswith((OVERLAY_MARK, "trusted.overlay.")):
            os.removexattr(path, name)
    if path.is_dir():
        modified = path.stat().st_mtime_ns
        for child in list(path.iterdir()):
            if _is_whiteout(child):
                remove_tree(child)
            else:
                _clean(child)
        if path.stat().st_mtime_ns != modified:
            os.utime(path, ns=(path.stat().st_atime_ns, modified))


def _take_bytes(upper: Path, lower: Path) -> None:
    """Give a copy that has only the facts of a file its bytes."""
    found = upper.stat()
    upper.write_bytes(lower.read_bytes())
    os.utime(upper, ns=(found.st_atime_ns, found.st_mtime_ns))


def _has_same_bytes(before: Node, after: Node, lower: Path, upper: Path) -> bool:
    """Say whether two entries differ in facts at most."""
    if before.kind is not after.kind or before.kind not in (Kind.FILE, Kind.LINK):
        return False
    if before.kind is Kind.LINK:
        return before.target == after.target
    if before.size != after.size:
        return False
    with lower.open("rb") as one, upper.open("rb") as other:
        while piece := one.read(_COMPARED_BYTES):
            if piece != other.read(_COMPARED_BYTES):
                return False
    return True


def _joined_moves(changes: list[Change]) -> list[Change]:
    """Return changes with what went here and came there, the same in every byte, as one move."""
    goes = [change for change in changes if change.kind is ChangeKind.DELETED and change.before is not None]
    comes = [change for change in changes if change.kind is ChangeKind.CREATED and change.after is not None]
    candidates: dict[tuple[object, ...], list[Change]] = {}
    for old in goes:
        candidates.setdefault(_look(old.node), []).append(old)
    moves: dict[int, Change] = {}
    taken: set[int] = set()
    for new in comes:
        alike = candidates.get(_look(new.node), [])
        found = next((old for old in alike if _is_moved(old, new)), None)
        if found is not None:
            alike.remove(found)
            taken.add(id(found))
            moves[id(new)] = Change(ChangeKind.MOVED, new.path, new.after, new.after, source=found.path)
    return [moves.get(id(change), change) for change in changes if id(change) not in taken]


def _look(node: Node) -> tuple[object, ...]:
    """Return what a moved entry keeps: mv keeps times, so that what was only written anew is no move."""
    return (node.kind, node.size, node.files, node.bytes, node.modified)


def _is_moved(old: Change, new: Change) -> bool:
    """Say whether what came is what went, by its bytes."""
    assert old.before is not None and new.after is not None
    if old.before != new.after:
        return False
    return _files_equal(old.before, new.after)


def _files_equal(old: Node, new: Node) -> bool:
    if old.kind is Kind.FILE and old.content and new.content:
        one, other = old.content[0], new.content[0]
        return not (isinstance(one, Path) and isinstance(other, Path)) or sha256_of(one) == sha256_of(other)
    return all(_files_equal(child, new.children[name]) for name, child in old.children.items())


def changed_since(upper: Upper, moment: int) -> list[Path]:
    """Return the paths that others have changed: after a moment (nanoseconds), or from the state that was seen."""
    return [item.path for item in upper.items if _is_changed(item, moment)]


def _is_changed(item: Item, moment: int) -> bool:
    if not is_in_state(item.path, item.before):
        return True
    return item.before is not None and any(time > moment for time in _change_times(item.path, item.method))


def _change_times(path: Path, method: Method) -> Iterator[int]:
    """Yield when an entry, and what is in it, was changed last."""
    found = path.lstat()
    yield found.st_ctime_ns
    if method is Method.SWAP and stat.S_ISDIR(found.st_mode):
        for child in path.iterdir():
            yield from _change_times(child, method)


def with_sizes(upper: Upper) -> int:
    """Return the bytes of the pre-images that undo needs."""
    return sum(item.before.bytes for item in upper.items if item.before is not None and item.method is Method.SWAP)


def ordered(upper: Upper) -> Upper:
    """Return the changes with folders' facts last, since a folder may lose the permission to be written."""
    facts = [item for item in upper.items if item.method is Method.FACTS]
    return replace(upper, items=tuple([item for item in upper.items if item.method is not Method.FACTS] + facts))
