"""Many changes in few lines: one by one while they are few, then by folder, what deserves a look before all others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from shellper.effects.changes import Change, ChangeKind, Flag, amount, short, visible_name

MOST_LINES = 6
"""How many lines there are at most, the summary and what deserves a look left out."""

_EXAMPLES = 3
_MOST_ODD = 3
_ODD = frozenset({Flag.OUTSIDE, Flag.RUNS_LATER, Flag.LINKED})


def listed(changes: Sequence[Change], folder: Path) -> Iterator[str]:
    """Yield lines on changes, paths relative to a folder where they lie in it."""
    if len(changes) <= MOST_LINES:
        yield from (change.describe(folder) for change in changes)
        return
    odd = [change for change in changes if _ODD.intersection(change.flags)][:_MOST_ODD]
    yield from (change.describe(folder) for change in odd)
    shown = {id(change) for change in odd}
    rest = [change for change in changes if id(change) not in shown]
    if len(rest) <= MOST_LINES:
        yield from (change.describe(folder) for change in rest)
        return
    groups = _grouped(rest, lambda path: path.parent)
    if len(groups) > MOST_LINES:
        groups = _grouped(rest, lambda path: _top(path, folder))
    if len(groups) <= MOST_LINES:
        yield from (_line(group, folder) for group in groups)
        return
    groups.sort(key=lambda group: -sum(change.files for change in group))
    yield from (_line(group, folder) for group in groups[: MOST_LINES - 1])
    left = [change for group in groups[MOST_LINES - 1 :] for change in group]
    yield f"and {sum(change.files for change in left):,} more{_flags(left)}"


def _top(path: Path, folder: Path) -> Path:
    """Return the topmost folder below `folder` that a path lies in."""
    if not path.is_relative_to(folder) or path.parent == folder:
        return path.parent
    return folder / path.relative_to(folder).parts[0]


def _grouped(changes: Iterable[Change], place: Callable[[Path], Path]) -> list[list[Change]]:
    """Return the changes of one kind in one place together; moves also by where they come from."""
    groups: dict[tuple[ChangeKind, Path, Path | None], list[Change]] = {}
    for change in changes:
        key = (change.kind, place(change.path), None if change.source is None else place(change.source))
        groups.setdefault(key, []).append(change)
    return list(groups.values())


def _line(group: Sequence[Change], folder: Path) -> str:
    """Return the line on changes of one kind."""
    if len(group) == 1:
        return group[0].describe(folder)
    word, place = _where([change.path for change in group], folder)
    where = f" {word} {place}"
    if group[0].kind is ChangeKind.MOVED:
        _, source = _where([change.source for change in group if change.source is not None], folder)
        where = f" from {source} to {place}"
    text = amount(group, where) + _modes(group)
    names = [visible_name(change.path.name) for change in group[:_EXAMPLES]]
    more = ", ..." if len(group) > _EXAMPLES else ""
    return f"{text}: {', '.join(names)}{more}{_flags(group)}"


def _where(paths: Sequence[Path], folder: Path) -> tuple[str, str]:
    """Return which folder paths lie in, or below which, with the word for that."""
    parents = {path.parent for path in paths}
    if len(parents) > 1:
        return "below", short(_top(paths[0], folder), folder)
    parent = parents.pop()
    return "in", "this folder" if parent == folder else short(parent, folder)


def _modes(group: Sequence[Change]) -> str:
    """Say which mode all of them had and get, where it is the same."""
    if group[0].kind is not ChangeKind.MODE:
        return ""
    modes = {(change.before.mode, change.after.mode) for change in group if change.before and change.after}
    if len(modes) != 1:
        return ""
    before, after = modes.pop()
    return f" from {before:04o} to {after:04o}"


def _flags(changes: Iterable[Change]) -> str:
    found = {flag for change in changes for flag in change.flags}
    return "".join(f" [{flag}]" for flag in Flag if flag in found)
