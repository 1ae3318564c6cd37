"""Carrying a transaction out item by item, and taking it back: both can be interrupted anywhere and be gone on with."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from shellper.effects.disk import Disk
from shellper.effects.journal import Item, Record, Times
from shellper.effects.node import Kind, State, is_in_state
from shellper.effects.plan import Method


def carry_out(disk: Disk, record: Record) -> None:
    """Bring each item into its new state, the old one going to its slot. Raises OSError, then `take_back` is due."""
    for index, item in enumerate(record.items):
        slot, aside = record.slot(index), record.aside(index, item.path)
        if item.method is Method.SWAP:
            if item.before is not None:
                disk.take(item.path, slot, aside)
            if item.incoming is not None:
                disk.put(item.incoming, item.path, aside)
        elif item.method is Method.IN_PLACE:
            assert item.incoming is not None and item.after is not None
            disk.copy(item.path, slot)
            disk.rewrite(item.path, item.incoming)
            disk.set_facts(item.path, item.after)
        elif item.method is Method.FACTS:
            assert item.after is not None
            disk.set_facts(item.path, item.after)
        else:
            assert item.source is not None
            disk.put(item.source, item.path, aside)
            disk.remove(item.source, record.aside(index, item.source))
    set_times(disk, record.times_after)
    disk.sync(*(path.parent for item in record.items for path in (item.path, item.source) if path is not None))


def set_times(disk: Disk, times: Times) -> None:
    """Set the times of folders, the deepest first; one that is gone is passed over."""
    for folder in sorted(times, key=lambda path: -len(path.parts)):
        if folder.is_dir() and folder.stat().st_mtime_ns != times[folder]:
            disk.set_time(folder, times[folder])


def read_times(paths: Iterable[Path]) -> dict[Path, int]:
    """Return the times of modification of those folders that are there."""
    return {path: path.stat().st_mtime_ns for path in paths if path.is_dir()}


def take_back(disk: Disk, record: Record) -> list[Path]:
    """Bring each item back into its old state, however far it got; gives the paths that others have changed since.

    What stood at such a path before stays in the transaction's slot. Raises OSError.
    """
    left = []
    for index in reversed(range(len(record.items))):
        item = record.items[index]
        if not _take_back(disk, record, index, item):
            left.append(item.path)
    set_times(disk, record.times_before)
    disk.sync(*(item.path.parent for item in record.items))
    return left


def _take_back(disk: Disk, record: Record, index: int, item: Item) -> bool:
    """Take one item back; says whether it is as it was."""
    slot, aside = record.slot(index), record.aside(index, item.path)
    disk.remove(slot.with_name(f"{slot.name}.part"))
    if item.method is Method.SWAP:
        return _swap_back(disk, item, slot, aside)
    disk.remove(aside)
    if item.method is Method.IN_PLACE:
        return _rewrite_back(disk, item, slot)
    if item.method is Method.FACTS:
        if item.before is None or not os.path.lexists(item.path):
            return False
        if not is_in_state(item.path, item.before):
            disk.set_facts(item.path, item.before)
        return is_in_state(item.path, item.before)
    return _move_back(disk, record, index, item)


def _swap_back(disk: Disk, item: Item, slot: Path, aside: Path) -> bool:
    """Undo a swap: the new entry goes back to where it came from, the old one to its place."""
    path, kept = item.path, os.path.lexists(slot)
    if kept or item.before is None:
        disk.remove(aside)  # a copy that was not finished, or the rest of an entry whose copy is in the slot
    _mend_mode(disk, path, item.before, item.after)
    if os.path.lexists(path) and item.incoming is not None and (kept or item.before is None):
        if not is_in_state(path, item.after):
            return _settle(disk, item, slot, aside)
        if os.path.lexists(item.incoming):
            disk.remove(path, aside)
        else:
            disk.rename(path, item.incoming)
    return _settle(disk, item, slot, aside)


def _settle(disk: Disk, item: Item, slot: Path, aside: Path) -> bool:
    """Put the old entry back where nothing is; says whether the path is as it was."""
    if os.path.lexists(slot):
        if os.path.lexists(item.path):
            if not is_in_state(item.path, item.before):
                return False
            disk.remove(slot)
        else:
            disk.put(slot, item.path, aside)
            disk.remove(slot)
    return is_in_state(item.path, item.before)


def _mend_mode(disk: Disk, path: Path, *states: State | None) -> None:
    """Take a permission away that a folder was given only to be moved."""
    for state in states:
        if state is None or state.kind is not Kind.FOLDER or not path.is_dir() or path.is_symlink():
            continue
        if path.stat().st_mode & 0o7777 == state.mode | 0o200 != state.mode and not is_in_state(path, state):
            disk.about_to("mode")
            path.chmod(state.mode)


def _rewrite_back(disk: Disk, item: Item, slot: Path) -> bool:
    """Write the old bytes into the file again, if they were ever touched."""
    if os.path.lexists(slot):
        if not item.path.is_file() or item.path.is_symlink():
            return False
        assert item.before is not None
        if not is_in_state(item.path, item.before):
            disk.rewrite(item.path, slot)
            disk.set_facts(item.path, item.before)
        disk.remove(slot)
    return is_in_state(item.path, item.before)


def _move_back(disk: Disk, record: Record, index: int, item: Item) -> bool:
    """Give an entry its old name again."""
    assert item.source is not None
    back = record.aside(index, item.source)
    whole = os.path.lexists(item.path) and is_in_state(item.path, item.after)
    if whole:
        disk.remove(back)
        if os.path.lexists(item.source):
            if not is_in_state(item.source, item.before):
                return False
            disk.remove(item.path, record.aside(index, item.path))
        else:
            disk.put(item.path, item.source, back)
            disk.remove(item.path, record.aside(index, item.path))
    return is_in_state(item.source, item.before)
