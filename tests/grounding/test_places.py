"""Where a request wants a thing."""

from __future__ import annotations

from pathlib import Path

import pytest

from shellper.calls import LocalDisk, ToolCall, load_catalogue
from shellper.grounding.places import placed_otherwise


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "home" / "in" / "deep").mkdir(parents=True)
    for name in ("plan.txt", "in/a.txt", "in/deep/b.txt"):
        (tmp_path / "home" / name).touch()
    return tmp_path / "home"


def placed(folder: Path, request: str, call: ToolCall) -> list[ToolCall]:
    given, calls = placed_otherwise(call, load_catalogue(), LocalDisk(folder, folder), request)
    assert bool(given) or not calls
    return list(calls)


def move(source: str, destination: str, tool: str = "mv") -> ToolCall:
    return ToolCall(tool, {"source": source, "destination": destination})


def test_what_is_renamed_stays_in_its_folder(folder: Path) -> None:
    assert placed(folder, "rename a.txt to c.txt and list deep", move("in/a.txt", "in/deep/c.txt")) == [
        move("in/a.txt", "in/c.txt")
    ]
    assert placed(folder, "call the plan c.txt", move("plan.txt", "in/c.txt")) == [move("plan.txt", "c.txt")]


def test_what_is_told_to_go_elsewhere_goes_there(folder: Path) -> None:
    assert not placed(folder, "rename plan.txt to in/c.txt", move("plan.txt", "in/c.txt"))
    assert not placed(folder, "move plan.txt into in as c.txt", move("plan.txt", "in/c.txt"))
    assert not placed(folder, "move it up and rename it c.txt", move("in/a.txt", "c.txt"))
    assert not placed(folder, "transfer the file called plan.txt to in, with the date", move("plan.txt", "in/c.txt"))
    assert not placed(folder, "put it there under a new name", move("in/a.txt", "c.txt"))
    assert placed(folder, "give it a new name", move("in/a.txt", "c.txt"))
    assert not placed(folder, "rename it", move("in/a.txt", "in/c.txt"))
    assert not placed(folder, "a copy called c.txt", move("plan.txt", "in/c.txt", "cp"))


@pytest.mark.parametrize("tool", ["cp", "mv"])
def test_what_goes_beside_a_file_does_not_go_over_it(folder: Path, tool: str) -> None:
    assert placed(folder, "put it next to a.txt", move("plan.txt", "in/a.txt", tool)) == [move("plan.txt", "in", tool)]
    assert placed(folder, "beside the plan", move("in/a.txt", "plan.txt", tool)) == [move("in/a.txt", ".", tool)]
    assert not placed(folder, "over a.txt", move("plan.txt", "in/a.txt", tool))


@pytest.mark.parametrize(
    ("request_", "up"),
    [
        ("move it two folders up", "../.."),
        ("up 3 levels", "../../.."),
        ("one folder up", ""),
        ("up two files: a and b", ""),
    ],
)
def test_levels_are_counted(folder: Path, request_: str, up: str) -> None:
    (folder / "in/deep/x/y").mkdir(parents=True)
    calls = placed(folder / "in" / "deep", request_, ToolCall("cd", {"folder": ".."}))
    assert [one.arguments["folder"] for one in calls] == ([up] if up else [])
