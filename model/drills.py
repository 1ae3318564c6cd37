"""Drills: one list or text, and then several requests that count in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TypeAlias

from model.phrasings import Group
from model.slots import Memory, Slots, UnfillableError
from model.world import World
from shellper.dialect import Turn

Play: TypeAlias = Callable[[Group, Slots], Turn]

_COUNTING = ("listed_", "dir_nth")
_COUNTING_LINES = ("line_nth", "line_num")
# These leave the list as it is, so that a count still means what it meant.
_LOOKING = ("cat", "wc", "head", "tail", "grep", "sort", "diff", "ls")
_TRIES = 40
_PLAIN: tuple[tuple[str, Mapping[str, str]], ...] = (
    ("ls", {}),
    ("ls", {"path": "{folder}"}),
    ("cat", {"file_name": "{file}"}),
)


def openers(groups: Sequence[Group]) -> list[Group]:
    """Return the groups that list a folder, or show a whole text."""
    return [group for group in groups if len(group.calls) == 1 and group.calls[0] in _PLAIN]


def counting(groups: Sequence[Group], lines: bool) -> list[Group]:
    """Return the groups that count: lines of a text, or entries of a list."""
    marks = _COUNTING_LINES if lines else _COUNTING
    return [group for group in groups if any(slot.startswith(marks) for slot in group.slots)]


def is_looking(group: Group) -> bool:
    """Say whether a group's calls change nothing."""
    return all(tool in _LOOKING for tool, _ in group.calls)


class Drill:
    """Plays drills in worlds."""

    def __init__(self, groups: Sequence[Group], play: Play) -> None:
        """Sort the groups by what they do in a drill; `play` makes a turn of a group."""
        self.play = play
        self.openers = openers(groups)
        self.entries = counting(groups, lines=False)
        self.lines = counting(groups, lines=True)

    def turns(self, world: World) -> tuple[list[Turn], list[str]]:
        """Return the turns of one drill and the groups they are made of; a world without a list gives few turns."""
        rng, memory = world.rng, Memory()
        opener = rng.choice(self.openers)
        lines = opener.tool == "cat"
        try:
            turns, names = [self.play(opener, Slots(world, memory))], [opener.id]
        except UnfillableError:
            return [], []
        listing, heard = memory.listing, memory.heard
        wanted = 1 + rng.choice((2, 3, 3, 4, 5))
        for attempt in range(_TRIES):
            if len(turns) == wanted:
                break
            is_last = len(turns) == wanted - 1 or attempt > _TRIES // 2
            group = rng.choice(self.lines if lines else self.entries)
            if not (is_looking(group) or lines or is_last):
                continue
            memory.listing, memory.heard = listing, heard
            with suppress(UnfillableError):
                turns.append(self.play(group, Slots(world, memory)))
                names.append(group.id)
                if not (is_looking(group) or lines):
                    break
        return turns, names
