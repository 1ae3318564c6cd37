"""Orders that are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from shellper.calls import LocalDisk, ToolCall, load_catalogue
from shellper.grounding.told_first import told_first


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "talk").mkdir()
    for name in ("bear.txt", "duck.txt", "side_a.txt", "side_b.txt", "the.txt", "talk/slides_talk.md"):
        (tmp_path / name).touch()
    return tmp_path


def told(folder: Path, request: str, call: ToolCall, *before: ToolCall) -> list[ToolCall]:
    given, calls = told_first(call, before, load_catalogue(), LocalDisk(folder, folder), request)
    assert bool(given) or not calls
    return list(calls)


def move(name: str) -> ToolCall:
    return ToolCall("mv", {"source": name, "destination": "talk"})


@pytest.mark.parametrize("request_", ["both into talk, the duck first", "move bear and duck, duck.txt first, please"])
def test_what_is_wanted_first_goes_first(folder: Path, request_: str) -> None:
    assert told(folder, request_, move("bear.txt")) == [move("duck.txt")]


def test_a_comparison_is_turned_round(folder: Path) -> None:
    one, other = (
        ToolCall("diff", {"file_name1": first, "file_name2": second})
        for first, second in (("side_b.txt", "side_a.txt"), ("side_a.txt", "side_b.txt"))
    )
    assert told(folder, "compare them, side_a first", one) == [other]
    assert told(folder, "compare both, a first", one) == [other]


def test_what_is_first_already_or_done_stays(folder: Path) -> None:
    assert not told(folder, "both, the duck first", move("duck.txt"))
    assert not told(folder, "both, the duck first", move("bear.txt"), move("duck.txt"))
    assert told(folder, "make it, then both, the duck first", move("bear.txt"), ToolCall("mkdir", {"dir_name": "duck"}))


@pytest.mark.parametrize(
    "request_",
    [
        "show me the duck first, then delete the bear",
        "copy a duck first, then the bear",
        "do that one first",
        "the horse first",
        "show the duck first line",
        "duck.txt",
    ],
)
def test_nothing_is_told_by_other_words(folder: Path, request_: str) -> None:
    assert not told(folder, request_, move("bear.txt"))
