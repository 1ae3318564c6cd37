"""Names that the user has said and a call doesn't have: which calls have them."""

from __future__ import annotations

from pathlib import Path

import pytest

from shellper.calls import LocalDisk, ToolCall, load_catalogue
from shellper.grounding.unheeded import heeding


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("peru.txt", "nepal.txt", "trip/nepal.txt", "wedding/a.txt", "wedding_backup/a.txt"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x\n", encoding="utf-8")
    return tmp_path


def heeded(folder: Path, request: str, call: ToolCall, *before: ToolCall) -> set[str]:
    """Return the paths that the calls have which heed a request."""
    given, calls = heeding(call, before, load_catalogue(), LocalDisk(folder, folder), request)
    assert bool(given) == bool(calls)
    assert all(one.name == call.name for one in calls)
    return {str(one.arguments[next(iter(call.arguments))]) for one in calls}


def cat(name: str) -> ToolCall:
    return ToolCall("cat", {"file_name": name})


def cd(name: str) -> ToolCall:
    return ToolCall("cd", {"folder": name})


def test_a_name_that_is_said_may_be_meant_wherever_it_is(folder: Path) -> None:
    assert heeded(folder, "now nepal.txt", cat("peru.txt")) == {"nepal.txt", "trip/nepal.txt"}


def test_the_whole_name_is_said_and_not_its_beginning_only(folder: Path) -> None:
    assert heeded(folder, "go into wedding", cd("wedding_backup")) == {"wedding"}
    assert not heeded(folder, "go into wedding_backup", cd("wedding_backup"))
    assert not heeded(folder, "show nepal.txt.old", cat("peru.txt"))


def test_only_what_can_work_is_meant(folder: Path) -> None:
    assert not heeded(folder, "go to peru.txt", cd("wedding"))
    assert not heeded(folder, "show what is in wedding", cat("peru.txt"))


def test_a_call_whose_name_is_said_heeds_the_user(folder: Path) -> None:
    assert not heeded(folder, "move peru.txt to where nepal.txt is", ToolCall("mv", {"source": "peru.txt"}))
    assert not heeded(folder, "nepal.txt in trip, please, not wedding", cat("trip/nepal.txt"))


def test_what_an_earlier_call_of_the_request_has_is_heeded(folder: Path) -> None:
    assert not heeded(folder, "show nepal.txt and then the other", cat("peru.txt"), cat("nepal.txt"))


@pytest.mark.parametrize("word", ["not", "instead of", "all but the", "except", 'Rather than the "'])
def test_what_is_to_be_left_out_is_not_meant(folder: Path, word: str) -> None:
    end = '"' if word.endswith('"') else ""
    space = "" if end else " "
    assert not heeded(folder, f"{word}{space}nepal.txt{end}", cat("peru.txt"))


def test_new_names_are_left_alone(folder: Path) -> None:
    assert not heeded(folder, "like wedding", ToolCall("mkdir", {"dir_name": "party"}))


def test_a_folder_that_is_said_goes_before_one_that_nobody_said(folder: Path) -> None:
    call = ToolCall("mv", {"source": "peru.txt", "destination": "wedding"})
    given, calls = heeding(call, (), load_catalogue(), LocalDisk(folder, folder), "move peru.txt to the trip")
    assert given == "wedding" and [one.arguments["destination"] for one in calls] == ["trip"]
    new = ToolCall("mv", {"source": "peru.txt", "destination": "chile.txt"})
    assert not heeding(new, (), load_catalogue(), LocalDisk(folder, folder), "rename peru.txt as the trip went")[1]
