"""Counting: calls that have another entry of a list than the one a request counts to."""

from __future__ import annotations

from pathlib import Path

import pytest

from shellper.calls import LocalDisk, ToolCall, load_catalogue
from shellper.dialect import Conversation, Response, Step, Turn
from shellper.grounding.counted import counting

SHOWN = Turn("list them", (Step(ToolCall("ls", {}), Response("a.txt\nb\nc.txt\nd\ne.txt")),))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b", "d"):
        (tmp_path / name).mkdir()
    for name in ("a.txt", "c.txt", "e.txt", "x.txt"):
        (tmp_path / name).touch()
    return tmp_path


def counted(folder: Path, request: str, call: ToolCall, *before: ToolCall) -> list[ToolCall]:
    steps = tuple(Step(one, Response()) for one in before)
    conversation: Conversation = (SHOWN, Turn(request, steps, done=False))
    given, calls = counting(call, conversation, load_catalogue(), LocalDisk(folder, folder))
    assert bool(given) or not calls
    return list(calls)


def cat(name: str) -> ToolCall:
    return ToolCall("cat", {"file_name": name})


def move(source: str, destination: str) -> ToolCall:
    return ToolCall("mv", {"source": source, "destination": destination})


def test_the_entry_counted_to_is_found(folder: Path) -> None:
    assert counted(folder, "show the third", cat("a.txt")) == [cat("c.txt")]
    assert counted(folder, "open the last but two", cat("a.txt")) == []
    cd = [ToolCall("cd", {"folder": name}) for name in ("b", "d")]
    assert counted(folder, "go into the second folder", cd[0]) == [cd[1]]


def test_what_is_right_or_said_or_not_of_the_list_stays(folder: Path) -> None:
    assert not counted(folder, "show the third", cat("c.txt"))
    assert not counted(folder, "show a.txt and then the third", cat("a.txt"))
    assert not counted(folder, "show the third", cat("x.txt"))
    assert not counted(folder, "show it", cat("a.txt"))
    assert not counted(folder, "the last one", ToolCall("tail", {"file_name": "a.txt", "lines": 1}))


def test_what_an_earlier_step_has_is_done_with(folder: Path) -> None:
    assert counted(folder, "show the last two files", cat("a.txt"), cat("c.txt")) == [cat("e.txt")]
    assert not counted(folder, "show the first and the third", cat("a.txt"), cat("a.txt"), cat("c.txt"))


def test_a_list_of_which_something_is_gone_is_not_counted_in(folder: Path) -> None:
    (folder / "b").rmdir()
    assert not counted(folder, "show the third", cat("a.txt"))


def test_several_are_taken_in_their_order(folder: Path) -> None:
    assert counted(folder, "show the first and the third", cat("c.txt")) == [cat("a.txt")]
    assert not counted(folder, "show the first and the third", cat("a.txt"))


def test_a_comparison_takes_two(folder: Path) -> None:
    wrong, right = (ToolCall("diff", {"file_name1": "a.txt", "file_name2": name}) for name in ("c.txt", "e.txt"))
    assert counted(folder, "compare the first with the last", wrong) == [right]
    assert not counted(folder, "compare the first with the last", right)


def test_nothing_that_is_there_is_overwritten(folder: Path) -> None:
    calls = counted(folder, "move the third into the second folder", move("a.txt", "b"))
    assert move("c.txt", "b") in calls
    assert {one.arguments["destination"] for one in calls} <= {"b", "d"}
