"""Positions: what a request counts to, and what it doesn't."""

from __future__ import annotations

import pytest

from shellper.grounding.positions import positions

LISTED = (("a.txt", False), ("b", True), ("c.csv", False), ("d", True), ("e.txt", False))
HIDDEN = ((".env", False), *LISTED)


def meant(request: str, listed: tuple[tuple[str, bool], ...] = LISTED) -> list[str]:
    return [path for one in positions(request) for path in one.entries(listed)]


@pytest.mark.parametrize(
    ("request_", "paths"),
    [
        ("show me the first one", ["a.txt"]),
        ("The Third, please", ["c.csv"]),
        ("and the 2nd", ["b"]),
        ("3rd", ["c.csv"]),
        ("last one, show", ["e.txt"]),
        ("nr 4", ["d"]),
        ("the one in the middle", ["c.csv"]),
        ("the last but one", ["d"]),
        ("open the second to last", ["d"]),
        ("the third to last entry", ["c.csv"]),
        ("the second from the bottom", ["d"]),
        ("the first two of them", ["a.txt", "b"]),
        ("delete the last two", ["d", "e.txt"]),
        ("look into the second folder", ["d"]),
        ("the last txt file", ["e.txt"]),
        ("compare the first with the last", ["a.txt", "e.txt"]),
        ("move the second and fourth one away", ["b", "d"]),
        ("rename the third to plan.md", ["c.csv"]),
        ("the ninth one", []),
    ],
)
def test_entries_are_counted_as_people_count(request_: str, paths: list[str]) -> None:
    assert meant(request_) == paths


def test_who_says_files_may_have_counted_folders_too() -> None:
    assert meant("the third file") == ["e.txt", "c.csv"]


def test_the_only_hidden_one_is_meant() -> None:
    assert meant("read the hidden one", HIDDEN) == [".env"]
    assert not meant("read the hidden one", (*HIDDEN, (".git", True)))
    assert meant("go into the hidden folder", (*HIDDEN, (".git", True))) == [".git"]


def test_an_even_list_has_no_middle() -> None:
    assert not meant("the middle one", HIDDEN)


@pytest.mark.parametrize(
    "request_",
    [
        "show the first line of it",
        "the last 2 lines",
        "first move a.txt, then the rest",
        "wait a second",
        "keep the first one, delete the rest",
        "delete all except for the first one",
        "leave the last one",
        "I have seen the first two, so the third one now",
        "delete b, the first one is better",
        "delete number 0",
        "search for invoice number 2 in a",
        "move a into c, same folder as the second one",
        "make a second copy",
        "the second from the top folder",
        "move the first ticket and then the second one",
        "call that second file plan.md",
        "put it in the middle",
        "the first one I made",
        "the first of these two",
        "the last folder of the first list",
        "the second week",
        "every second file",
        "not the first",
        "the one above it, not the middle one",
        "delete all, from the first to the last",
        "go to first/second",
        "open the_first.txt",
    ],
)
def test_what_counts_something_else_is_no_position(request_: str) -> None:
    assert not positions(request_)
