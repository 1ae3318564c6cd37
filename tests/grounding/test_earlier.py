"""What earlier calls tell of a call."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from shellper.calls import LocalDisk, ToolCall, load_catalogue
from shellper.dialect import Response, Step, Turn
from shellper.grounding.earlier import asked_again, moved


def did(tool: str, exit_code: int = 0, **arguments: str) -> Step:
    return Step(ToolCall(tool, dict(arguments)), Response("", exit_code))


def cat(name: str) -> ToolCall:
    return ToolCall("cat", {"file_name": name})


def test_a_thing_is_where_the_turn_has_moved_it(tmp_path: Path) -> None:
    (tmp_path / "back").mkdir()
    (tmp_path / "back" / "ladder.txt").touch()
    (tmp_path / "new.txt").touch()
    into, away = did("mv", source="loans/ladder.txt", destination="back"), did("cd", folder="back")
    here, inside = (LocalDisk(folder, tmp_path) for folder in (tmp_path, tmp_path / "back"))
    catalogue = load_catalogue()
    assert moved(cat("loans/ladder.txt"), (into,), catalogue, here) == cat("back/ladder.txt")
    assert moved(cat("loans/ladder.txt"), (into, away), catalogue, inside) == cat("ladder.txt")
    assert moved(cat("old.txt"), (did("mv", source="old.txt", destination="new.txt"),), catalogue, here) == cat(
        "new.txt"
    )


def test_what_was_not_moved_or_is_there_has_no_other_place(tmp_path: Path) -> None:
    (tmp_path / "new.txt").touch()
    disk, catalogue = LocalDisk(tmp_path, tmp_path), load_catalogue()
    assert moved(cat("old.txt"), (did("mv", 1, source="old.txt", destination="new.txt"),), catalogue, disk) is None
    assert moved(cat("other.txt"), (did("mv", source="old.txt", destination="new.txt"),), catalogue, disk) is None
    assert moved(cat("new.txt"), (), catalogue, disk) is None
    assert moved(cat("old.txt"), (did("cd", folder=".."),), catalogue, disk) is None
    into = did("mv", source="old.txt", destination="new.txt")
    for response in (Response(state="skipped"), Response(command="mv old.txt x")):
        assert moved(cat("old.txt"), (replace(into, response=response),), catalogue, disk) is None


def test_what_is_to_be_deleted_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "v1.2").mkdir()
    (tmp_path / "v1.2" / "a.txt").touch()
    steps, disk = (did("mv", source="a.txt", destination="v1.2"),), LocalDisk(tmp_path, tmp_path)
    assert moved(ToolCall("rm", {"file_name": "a.txt"}), steps, load_catalogue(), disk) is None
    assert moved(cat("a.txt"), steps, load_catalogue(), disk) == cat("v1.2/a.txt")


def test_a_folder_that_is_gone_is_no_hindrance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gone").mkdir()
    (tmp_path / "b.txt").touch()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    steps = (did("mv", source="a.txt", destination="in/b.txt"), did("cd", folder="in"))
    assert moved(cat("a.txt"), steps, load_catalogue(), LocalDisk(tmp_path, tmp_path)) == cat("b.txt")


def again(before: ToolCall, request: str, call: ToolCall, *, done: bool = False) -> list[ToolCall]:
    steps = (Step(call),) if done else ()
    conversation = (Turn("first", (Step(before, Response("x")),)), Turn(request, steps, done=False))
    return list(asked_again(call, conversation, load_catalogue())[1])


def test_an_option_is_asked_for_with_the_same_path() -> None:
    ship, option = ToolCall("du", {"path": "ship"}), ToolCall("du", {"human_readable": True})
    wanted = ToolCall("du", {"path": "ship", "human_readable": True})
    assert again(ship, "in sizes I can read", option) == [wanted]
    assert not again(ship, "and here", ToolCall("du", {}))
    assert not again(ship, "in sizes I can read", option, done=True)


def test_the_very_same_call_is_hardly_a_correction() -> None:
    call = ToolCall("sort", {"file_name": "a", "reverse": True, "numeric": True})
    found = again(call, "I mean normal order", call)
    assert [sorted(one.arguments) for one in found] in (
        [["file_name", "numeric"], ["file_name", "reverse"]],
        [["file_name", "reverse"], ["file_name", "numeric"]],
    )
    assert not again(call, "once more", call)
    wolf, witch = (ToolCall("grep", {"file_name": "a", "pattern": name}) for name in ("WOLF", "WITCH"))
    assert witch in again(wolf, "and those of WITCH", wolf)
    assert not again(wolf, "WOLF, I said", wolf)
    assert not again(ToolCall("sort", {"file_name": "a"}), "normal", ToolCall("sort", {"file_name": "a"}))


@pytest.mark.parametrize(
    "request_", ["is it still in there", "has it come yet?", "and now?", "rerun it", "one more time"]
)
def test_what_is_asked_once_more_is_asked_in_the_same_way(request_: str) -> None:
    call = ToolCall("grep", {"file_name": "a", "pattern": "WOLF", "ignore_case": True})
    assert not again(call, request_, call)


def test_what_was_not_run_is_asked_for_again() -> None:
    call = ToolCall("sort", {"file_name": "a", "reverse": True})
    skipped = Turn("reversed", (Step(call, Response(state="skipped")),))
    conversation = (skipped, Turn("ok, do it", (), done=False))
    assert asked_again(call, conversation, load_catalogue()) == ("", ())


@pytest.mark.parametrize("tool", ["mkdir", "touch"])
def test_what_changes_something_is_left_alone(tool: str) -> None:
    name = next(iter(load_catalogue().tools[tool].by_name))
    call = ToolCall(tool, {name: "a"})
    assert not again(call, "no", call)
