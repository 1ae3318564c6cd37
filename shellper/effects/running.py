"""A command that runs for real within a transaction: pre-images before, what really changed after."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from shellper.effects.clone import expanded
from shellper.effects.exchange import read_times
from shellper.effects.journal import Item, Record, What
from shellper.effects.ledger import Ledger, translated
from shellper.effects.node import Kind, State, is_in_state, read_state
from shellper.effects.plan import Method, Target


class Running:
    """A transaction around a command: `start`, the command, `seal`.

    Raises `EffectsError` where the pre-images can't be kept: then nothing has happened, and the command must not run.
    """

    def __init__(self, ledger: Ledger, title: str, folder: Path, targets: Iterable[Target]) -> None:
        self._ledger, self._title, self._folder = ledger, title, folder
        self._targets = tuple(targets)
        self._stack = ExitStack()
        self._record: Record | None = None

    def start(self) -> None:
        """Take the pre-images."""
        with self._ledger.locked():
            with translated(self._ledger.folder):
                items = [_item(target) for target in self._targets]
                times = read_times(holders(items))
            begun = self._ledger.begin(What.RUN, self._title, self._folder, items, times)
            record = self._stack.enter_context(begun)
            try:
                with translated(self._ledger.folder):
                    self._take(record)
                self._record = self._ledger.ready(record)
            except BaseException:
                self._ledger.drop(record)
                self._stack.close()
                raise

    def _take(self, record: Record) -> None:
        disk = self._ledger.disk
        for index, item in enumerate(record.items):
            if item.before is None:
                continue
            if item.method is Method.SWAP:
                disk.link(item.path, record.slot(index))
            elif item.method is Method.IN_PLACE:
                disk.copy(item.path, record.slot(index))
            elif item.method is Method.TREE:
                disk.copy(item.path, record.slot(index), sync=False)

    def seal(self) -> Record | None:
        """Write down what really changed; None where nothing did."""
        assert self._record is not None
        with self._stack, self._ledger.locked():
            return seal(self._ledger, self._record)


def seal(ledger: Ledger, record: Record, interrupted: bool = False) -> Record | None:
    """Finish a transaction with what is on the disk now; one that changed nothing is removed."""
    with translated(ledger.folder):
        record, changed = _now(ledger, expanded(ledger.disk, record))
    if not changed:
        ledger.drop(record)
        return None
    kept = sum(item.before.bytes for item in record.items if item.before and item.method in _KEPT)
    with translated(ledger.folder):
        times = read_times({*holders(record.items), *record.times_before})
    return ledger.finish(replace(record, times_after=times, interrupted=interrupted, bytes=kept))


_KEPT = (Method.SWAP, Method.IN_PLACE)


def _item(target: Target) -> Item:
    """Return the item of a target, as the disk is now."""
    shallow = target.method is Method.FACTS
    where = target.source or target.path
    return Item(target.path, target.method, read_state(where, False, shallow), None, target.source)


def holders(items: Iterable[Item]) -> list[Path]:
    """Return the folders whose entries come or go, where they are there."""
    paths = [path for item in items for path in (item.path, item.source) if path and item.method in _COME_AND_GO]
    found = []
    for path in dict.fromkeys(path.parent for path in paths):
        while not path.is_dir():  # a folder that comes with what is in it
            path = path.parent
        found.append(path)
    return list(dict.fromkeys(found))


_COME_AND_GO = (Method.SWAP, Method.IN_PLACE, Method.MOVE)


def _now(ledger: Ledger, record: Record) -> tuple[Record, bool]:
    """Return a record with what its items came to be, slots numbered anew, and whether anything changed."""
    moved = {item.path for item in record.items if _has_moved(item)}
    items: list[Item] = []
    for index, item in enumerate(record.items):
        slot = record.slot(index)
        found = _after(item, moved)
        if found is None:
            ledger.disk.remove(slot)
            continue
        if len(items) != index and os.path.lexists(slot):
            ledger.disk.rename(slot, record.slot(len(items)))
        items.append(found)
    return replace(record, items=tuple(items)), bool(items)


def _has_moved(item: Item) -> bool:
    return item.method is Method.MOVE and not os.path.lexists(item.source or "") and os.path.lexists(item.path)


def _after(item: Item, moved: set[Path]) -> Item | None:
    """Return an item with its state now; None where nothing changed."""
    if item.method is Method.MOVE:
        if item.path not in moved:
            return None
        return replace(item, after=read_state(item.path))
    if item.method is Method.FACTS:
        after = read_state(item.path, False, shallow=True)
        same = after == item.before
        return None if same else replace(item, after=after)
    if item.path in moved:  # what is there now came by the move that follows
        return replace(item, after=None)
    if is_in_state(item.path, item.before):
        return None
    after = read_state(item.path)
    if item.method is Method.IN_PLACE and not _is_file(after):
        return replace(item, method=Method.SWAP, after=after)
    return replace(item, after=after)


def _is_file(state: State | None) -> bool:
    return state is not None and state.kind is Kind.FILE
