"""Counting: what ordinals and numbers stand for, in single requests and in drills."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from model.drills import Drill, counting, is_looking
from model.heard import MIDDLE, Heard, pick
from model.phrasings import load
from model.synthesize import play
from model.world import World

ENTRIES = ("a", "b", "c", "d", "e")


@pytest.mark.parametrize(
    ("counted", "entry"),
    [
        ("first", "a"),
        ("2nd", "b"),
        ("last", "e"),
        ("last but one", "d"),
        ("third from the bottom", "c"),
        ("number four", "d"),
        ("#5", "e"),
        ("sixth", None),
        ("number 6", None),
        (MIDDLE[0], "c"),
    ],
)
def test_a_count_picks_its_entry(counted: str, entry: str | None) -> None:
    assert pick(ENTRIES, counted) == entry


def test_a_list_of_one_is_not_counted_and_an_even_one_has_no_middle() -> None:
    assert pick(("a",), "first") is None
    assert pick(("a",), "last") is None
    assert pick(ENTRIES[:4], MIDDLE[0]) is None


def test_lines_are_counted_as_entries_are() -> None:
    assert Heard(("one", "two", "three")).line("no. 2") == "two"
    assert Heard(("one",)).line("first") is None


def test_a_drill_goes_on_counting_in_its_first_output(tmp_path: Path) -> None:
    groups, _ = load()
    drill = Drill(groups, play)
    by_id = {group.id: group for group in groups}
    played = 0
    for seed in range(12):
        root = tmp_path / str(seed)
        root.mkdir()
        turns, names = drill.turns(World(root, random.Random(seed)))
        if len(turns) < 3:
            continue
        played += 1
        opener, *counted = (by_id[name] for name in names)
        is_text = opener.tool == "cat"
        assert all(group in counting(groups, lines=is_text) for group in counted)
        # Only the last one may change a list that is counted in.
        assert is_text or all(is_looking(group) for group in counted[:-1])
    assert played > 4
