"""Turning a transaction round: what it would do, where paths have changed since, and doing it."""

from __future__ import annotations

import enum
import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from shellper.effects.changes import Change, ChangeKind, ChangeSet, counted
from shellper.effects.errors import EffectsError
from shellper.effects.exchange import carry_out, read_times, take_back
from shellper.effects.journal import Item, Record, What
from shellper.effects.ledger import Ledger, translated
from shellper.effects.node import Content, Kind, State, read_facts, read_like, read_node, read_state, state_of
from shellper.effects.plan import Method
from shellper.effects.running import holders


class Choice(enum.StrEnum):
    """What is done about a path that has changed since."""

    SKIP = "skip"
    """It stays as it is."""
    KEEP_BOTH = "keep both"
    """It stays as it is, and the earlier state is put beside it under another name."""
    OVERWRITE = "overwrite"
    """The earlier state takes its place; what is there now goes into the store."""


@dataclass(frozen=True)
class Conflict:
    """A path that is not in the state that the transaction left; `why` says it in plain words."""

    path: Path
    why: str


@dataclass(frozen=True)
class _Step:
    item: Item
    conflict: Conflict | None


@dataclass(frozen=True)
class Reversal:
    """What turning a transaction round would do."""

    record: Record
    what: What
    steps: tuple[_Step, ...]

    @property
    def conflicts(self) -> tuple[Conflict, ...]:
        """The paths to be decided on."""
        return tuple(step.conflict for step in self.steps if step.conflict is not None)

    @cached_property
    def changes(self) -> ChangeSet:
        """What it changes, those paths left out; to be asked for before it is done."""
        return ChangeSet(tuple(_change(step.item) for step in self.steps if step.conflict is None))


def plan_reversal(record: Record, what: What) -> Reversal:
    """Return what undoing (or redoing) a transaction would do by now. Raises `EffectsError`."""
    with translated(record.place):
        gone: set[Path] = set()
        steps = []
        for index in reversed(range(len(record.items))):
            step = _reversed(record, index, gone)
            gone.discard(step.item.path)
            if step.item.method is Method.MOVE and step.item.source is not None:
                gone.add(step.item.source)
            elif step.item.method is Method.SWAP and step.item.after is None:
                gone.add(step.item.path)
            steps.append(step)
        return Reversal(record, what, tuple(steps))


def _reversed(record: Record, index: int, gone: set[Path]) -> _Step:
    """Return the step that turns one item round; `gone` are the paths that are free by then."""
    item, slot = record.items[index], record.slot(index)
    if item.method is Method.MOVE:
        return _move_back(item, gone)
    now = None if item.path in gone else read_like(item.path, item.after)
    if item.method is Method.FACTS:
        return _facts_back(item, now)
    # By its own bytes, where other names must see them too, or where a copy would be another owner's.
    rewrites = (
        item.method is Method.IN_PLACE
        and now is not None
        and now.kind is Kind.FILE
        and (now.links > 1 or os.geteuid() not in (0, now.owner[0]))
    )
    incoming = None if item.before is None else slot
    step = Item(item.path, Method.IN_PLACE if rewrites else Method.SWAP, now, item.before, incoming=incoming)
    why = _difference(now, item.after)
    if incoming is not None and not os.path.lexists(incoming):
        why = "its earlier state is not in the store any more"
    elif not item.path.parent.is_dir():
        why = "its folder is gone"
    return _Step(step, Conflict(item.path, why) if why else None)


def _move_back(item: Item, gone: set[Path]) -> _Step:
    assert item.source is not None
    now = read_like(item.path, item.after)
    step = Item(item.source, Method.MOVE, now, now, source=item.path)
    why = _difference(now, item.after)
    if os.path.lexists(item.source) and item.source not in gone:
        return _Step(step, Conflict(item.source, "something else is there by now"))
    if not item.source.parent.is_dir():
        return _Step(step, Conflict(item.source, "its folder is gone"))
    return _Step(step, Conflict(item.path, why) if why else None)


def _facts_back(item: Item, now: State | None) -> _Step:
    before = item.before
    assert before is not None and item.after is not None
    if now is not None and now.modified != item.after.modified:
        before = replace(before, modified=now.modified)  # only what the command has set is set back
    return _Step(
        Item(item.path, Method.FACTS, now, before),
        Conflict(item.path, why) if (why := _difference(now, item.after)) else None,
    )


def _difference(now: State | None, left: State | None) -> str:
    """Say how a state differs from the one that was left; empty where it doesn't."""
    if now is None or left is None:
        return "" if now is left else "is gone" if now is None else "something else is there by now"
    return "" if now.digest == left.digest else "has changed since"


def _change(item: Item) -> Change:
    """Return the change that an item is, for people."""
    if item.method is Method.MOVE:
        node = read_node(item.source or item.path)
        return Change(ChangeKind.MOVED, item.path, node, node, item.source)
    before = read_node(item.path) if item.before is not None else None
    if item.method is Method.FACTS and item.before is not None and item.after is not None:
        kind = ChangeKind.TIME if item.before.mode == item.after.mode else ChangeKind.MODE
        facts = read_facts(item.path)
        return Change(kind, item.path, facts, replace(facts, mode=item.after.mode, modified=item.after.modified))
    after = read_node(item.incoming) if item.incoming is not None else None
    kind = ChangeKind.CREATED if before is None else ChangeKind.DELETED if after is None else ChangeKind.CHANGED
    files = [node.kind is Kind.FILE for node in (before, after) if node is not None]
    new: Content | None = None if item.incoming is None or not all(files) else (item.incoming,)
    old: Content | None = () if before is None else (item.path,)
    return Change(kind, item.path, before, after, old=None if new is None else old, new=new)


def reverse(ledger: Ledger, reversal: Reversal, choose: Callable[[Conflict], Choice]) -> Record | None:
    """Turn a transaction round, as a transaction of its own; None where every path was skipped.

    Raises `EffectsError`; what was begun is then taken back.
    """
    with ledger.locked():
        return reverse_locked(ledger, reversal, choose)


def reverse_locked(ledger: Ledger, reversal: Reversal, choose: Callable[[Conflict], Choice]) -> Record | None:
    """Do the same as `reverse`, by the one who holds the lock."""
    record = reversal.record
    with ExitStack() as stack, translated(ledger.folder):
        stage = ledger.runs / f"stage-{record.id}-{os.getpid()}"
        stack.callback(ledger.disk.remove, stage)
        items = [item for step in reversal.steps for item in _decided(ledger, step, choose, stage)]
        if not items:
            return None
        done = apply(ledger, reversal.what, record.title, record.folder, items, _times(record, items), of=record.id)
    if not any(step.conflict for step in reversal.steps):
        ledger.empty(record)
    return done


def apply(
    ledger: Ledger,
    what: What,
    title: str,
    folder: Path,
    items: Sequence[Item],
    wanted: dict[Path, int],
    of: int | None = None,
) -> Record:
    """Carry items out as a transaction, which is all or nothing; `wanted` are times that folders get in the end.

    To be used within the ledger's lock. Raises `EffectsError`.
    """
    with ledger.begin(what, title, folder, items, read_times({*holders(items), *wanted}), of) as record:
        record = replace(record, times_after=wanted)
        try:
            carry_out(ledger.disk, record)
        except OSError:
            if not take_back(ledger.disk, record):
                ledger.drop(record)
            raise
        times = read_times({*holders(items), *wanted})
        kept = sum(item.before.bytes for item in items if item.before and item.method in (Method.SWAP, Method.IN_PLACE))
        done = tuple(replace(item, after=_after(item)) for item in items)
        return ledger.finish(replace(record, items=done, times_after=times, bytes=kept))


def _after(item: Item) -> State | None:
    """Return the state that an item came to."""
    if item.method is Method.FACTS:
        return state_of(read_facts(item.path), False, True) if item.after and item.after.shallow else item.after
    return read_state(item.path) if item.after is not None else None


def _times(record: Record, items: Sequence[Item]) -> dict[Path, int]:
    """Return the times that folders had before a transaction, where they still have the ones that it left."""
    now = read_times({*holders(items), *record.times_before})
    return {
        path: record.times_before[path]
        for path, time in now.items()
        if path in record.times_before and record.times_after.get(path) == time
    }


def _decided(ledger: Ledger, step: _Step, choose: Callable[[Conflict], Choice], stage: Path) -> list[Item]:
    """Return the items that a step comes to."""
    item = step.item
    if step.conflict is None:
        return [item]
    choice = choose(step.conflict)
    has_source = item.method is not Method.MOVE or (item.source is not None and os.path.lexists(item.source))
    has_old = item.incoming is None or os.path.lexists(item.incoming)
    if choice is Choice.SKIP or not has_source or not has_old:
        return []
    if choice is Choice.KEEP_BOTH:
        return _beside(ledger, item, stage)
    if item.method is Method.FACTS and item.before is None:
        return []
    items = _missing_folders(ledger, item.path, stage)
    if item.method is Method.MOVE and os.path.lexists(item.path):
        items.append(Item(item.path, Method.SWAP, read_state(item.path), None))
    return [*items, item]


def _beside(ledger: Ledger, item: Item, stage: Path) -> list[Item]:
    """Return the items that put an earlier state beside what is there now."""
    path = _free_name(item.path)
    if item.method is Method.MOVE:
        assert item.source is not None
        ledger.prepare()
        stage.mkdir(mode=0o700, exist_ok=True)
        copy = stage / f"copy-{path.name}"
        ledger.disk.copy(item.source, copy)
        return [Item(path, Method.SWAP, None, item.after, incoming=copy)]
    if item.incoming is None or item.method is Method.FACTS:
        return []
    return [*_missing_folders(ledger, path, stage), Item(path, Method.SWAP, None, item.after, incoming=item.incoming)]


def _free_name(path: Path) -> Path:
    """Return a name beside a path that nothing has: `notes.earlier.txt`."""
    number = 1
    name = path
    while os.path.lexists(name):
        extra = "earlier" if number == 1 else f"earlier-{number}"
        name = path.with_name(f"{path.stem}.{extra}{path.suffix}")
        number += 1
    return name


def _missing_folders(ledger: Ledger, path: Path, stage: Path) -> list[Item]:
    """Return the items that make the folders above a path again where they are gone."""
    missing = [parent for parent in path.parents if not os.path.lexists(parent)]
    items: list[Item] = []
    for parent in reversed(missing):
        made = stage / f"folder-{len(items)}-{parent.name}"
        made.mkdir(parents=True, mode=0o700)
        made.chmod(0o755)
        items.append(Item(parent, Method.SWAP, None, read_state(made), incoming=made))
    return items


def summary_of(record: Record) -> str:
    """Say what a transaction changed in one line, from its journal alone: `deleted 2 files, created 1 folder`."""
    done: dict[str, list[State | None]] = {}
    for item in record.items:
        done.setdefault(_word(item), []).append(item.after or item.before)
    return ", ".join(f"{word} {_amount(states)}" for word, states in done.items()) or "nothing"


def _amount(states: Sequence[State | None]) -> str:
    folders = [state for state in states if state is not None and state.kind is Kind.FOLDER]
    inside = sum(state.files - 1 for state in folders if not state.shallow)
    more = f" with {inside:,} in {'it' if len(folders) == 1 else 'them'}" if inside else ""
    return counted(len(states) - len(folders), len(folders)) + more


def _word(item: Item) -> str:
    if item.method is Method.MOVE:
        return "moved"
    if item.method is Method.FACTS:
        return "set the mode or time of"
    return "created" if item.before is None else "deleted" if item.after is None else "changed"


def newest(records: Sequence[Record], count: int, nothing: str) -> list[Record]:
    """Return the last transactions of a stack, the last one first. Raises `EffectsError` where there are too few."""
    if not records:
        raise EffectsError(nothing)
    if count > len(records):
        raise EffectsError(f"there are only {len(records)} of {count}; `shellper history` shows them")
    return list(reversed(records[-count:]))
