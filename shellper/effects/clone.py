"""A copy of a whole folder as the pre-image of what can't be known beforehand, and what differs from it afterwards."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from shellper.effects.disk import Disk
from shellper.effects.journal import Item, Record
from shellper.effects.node import Kind, Node, TooMany, kind_of, read_facts, read_node, read_state, sha256_of, state_of
from shellper.effects.plan import Method

MOST_FILES = 20_000
MOST_BYTES = 500 * 1000**2
"""A larger folder is not copied."""

_CLOCK_STEP = 20_000_000  # nanoseconds that the kernel's clock for files may lag behind


def cost(root: Path) -> Node | None:
    """Return what is in a folder; None where there is too much of it, or it can't all be read."""
    try:
        node = read_node(root, most=MOST_FILES)
    except (TooMany, OSError):
        return None
    return None if node is None or node.bytes > MOST_BYTES else node


@dataclass(frozen=True)
class _Difference:
    item: Item
    kept: Path | None


def expanded(disk: Disk, record: Record) -> Record:
    """Return a transaction with the changed paths in the place of a folder that was copied, their copies as slots."""
    if not any(item.method is Method.TREE for item in record.items):
        return record
    items: list[Item] = [item for item in record.items if item.method is not Method.TREE]
    assert not items, "a folder that is copied stands alone"
    tree = record.items[0]
    copy = record.slot(0)
    moment = int(record.began * 1e9) - _CLOCK_STEP
    all_times = _folder_times(copy, tree.path)
    for number, found in enumerate(list(_differences(copy, tree.path, moment)), 1):
        if found.kept is not None:
            disk.rename(found.kept, record.slot(number))
        items.append(found.item)
    disk.remove(copy)
    for number, _ in enumerate(items):
        if os.path.lexists(record.slot(number + 1)):
            disk.rename(record.slot(number + 1), record.slot(number))
    concerned = {item.path.parent for item in items}
    times = {
        folder: time for folder, time in all_times.items() if folder in concerned or folder.stat().st_mtime_ns != time
    }
    return replace(record, items=tuple(items), times_before=times)


def _folder_times(copy: Path, place: Path) -> dict[Path, int]:
    """Return the times that those folders had that are still there."""
    found: dict[Path, int] = {}
    for folder, names, _ in os.walk(copy):
        real = place / Path(folder).relative_to(copy)
        if real.is_dir() and not real.is_symlink():
            found[real] = Path(folder).stat().st_mtime_ns
        else:
            names.clear()
    return found


def _differences(copy: Path, place: Path, moment: int) -> Iterator[_Difference]:
    """Yield the differences between a folder's copy and the folder as it is now."""
    names = {name: True for folder in (copy, place) for name in sorted(os.listdir(folder))}  # noqa: PTH208
    for name in names:
        old, new = copy / name, place / name
        if not os.path.lexists(old):
            yield _Difference(Item(new, Method.SWAP, None, None), None)
        elif _is_folder(old) and _is_folder(new):
            yield from _differences(old, new, moment)
            before, after = read_facts(old), read_facts(new)
            if (before.mode, before.owner, before.attributes) != (after.mode, after.owner, after.attributes):
                yield _Difference(Item(new, Method.FACTS, state_of(before, False, True), None), None)
        elif not os.path.lexists(new):
            yield _Difference(Item(new, Method.SWAP, read_state(old, False), None), old)
        else:
            yield from _compared(old, new, moment)


def _compared(old: Path, new: Path, moment: int) -> Iterator[_Difference]:
    """Yield the difference between two entries that are not both folders."""
    before, after = read_node(old), read_node(new)
    assert before is not None and after is not None
    same_facts = before == after
    if before.kind is after.kind is Kind.FILE:
        # Same facts and no change of any kind since the copy: then the bytes are the same, too.
        same_bytes = before.size == after.size and (
            (same_facts and new.lstat().st_ctime_ns < moment) or sha256_of(old) == sha256_of(new)
        )
        if not same_bytes:
            yield _Difference(Item(new, Method.IN_PLACE, read_state(old), None), old)
            return
    elif not (before.kind is after.kind is Kind.LINK and before.target == after.target):
        yield _Difference(Item(new, Method.SWAP, read_state(old, False), None), old)
        return
    if not same_facts:
        yield _Difference(Item(new, Method.FACTS, state_of(before, False, True), None), None)


def _is_folder(path: Path) -> bool:
    return kind_of(path.lstat().st_mode) is Kind.FOLDER if os.path.lexists(path) else False
