"""Folders that a request wants made before something goes into them."""

from __future__ import annotations

from pathlib import Path

import pytest

from shellper.calls import LocalDisk, ToolCall, load_catalogue
from shellper.grounding.made_first import made_first


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "old").mkdir()
    for name in ("a.mp3", "b.mp3"):
        (tmp_path / name).touch()
    return tmp_path


def making(home: Path, request: str, call: ToolCall, *before: ToolCall) -> list[ToolCall]:
    given, calls = made_first(call, before, load_catalogue(), LocalDisk(home, home), request)
    assert bool(given) == bool(calls)
    return list(calls)


def move(source: str, destination: str) -> ToolCall:
    return ToolCall("mv", {"source": source, "destination": destination})


@pytest.mark.parametrize("source", ["*.mp3", "a.mp3"])
def test_a_new_folder_is_made_before_something_goes_in(home: Path, source: str) -> None:
    wanted = [ToolCall("mkdir", {"dir_name": "tracks"})]
    assert making(home, f"put {source} into a new folder called tracks", move(source, "tracks")) == wanted
    assert making(home, f"make a folder tracks, {source} goes there", move(source, "tracks/")) == wanted


def test_what_is_there_or_was_made_is_not_made_again(home: Path) -> None:
    assert not making(home, "make a folder old and put a.mp3 in", move("a.mp3", "old"))
    made = ToolCall("mkdir", {"dir_name": "tracks"})
    assert not making(home, "make a folder tracks and put a.mp3 in", move("a.mp3", "tracks"), made)


def test_a_new_name_is_no_folder(home: Path) -> None:
    assert not making(home, "make its new name c.mp3, in this folder", move("a.mp3", "c.mp3"))
    assert not making(home, "the folder old gets a new name, older", move("old", "older"))
    assert not making(home, "rename a.mp3 to song", move("a.mp3", "song"))
    assert not making(home, "a new folder for a.mp3", move("a.mp3", "tracks"))
