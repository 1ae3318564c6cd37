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


@pytest.mark.parametrize("source", ["*.mp3", "a.mp3", "old"])
def test_a_new_folder_is_made_before_something_goes_in(home: Path, source: str) -> None:
    wanted = [ToolCall("mkdir", {"dir_name": "tracks"})]
    assert making(home, f"put {source} into a new folder called tracks", move(source, "tracks")) == wanted
    assert making(home, f"make a folder tracks, {source} goes there", move(source, "tracks/")) == wanted
    assert making(home, f"create the tracks folder and put {source} in", move(source, "tracks")) == wanted
    assert making(home, f"{source} belongs in a folder named 'tracks'", move(source, "tracks")) == wanted


def test_it_is_made_for_a_new_name_in_it_too(home: Path) -> None:
    wanted = [ToolCall("mkdir", {"dir_name": "v1.2"})]
    assert making(home, "a new folder v1.2, and a.mp3 into it as b.mp3", move("a.mp3", "v1.2/b.mp3")) == wanted


def test_what_is_there_or_was_made_is_not_made_again(home: Path) -> None:
    assert not making(home, "make a folder old and put a.mp3 in", move("a.mp3", "old"))
    for name in ("tracks", "tracks/"):
        made = ToolCall("mkdir", {"dir_name": name})
        assert not making(home, "make a folder tracks and put a.mp3 in", move("a.mp3", "tracks"), made)


def test_a_folder_in_one_that_was_just_made_is_made_too(home: Path) -> None:
    (home / "house").mkdir()
    made = ToolCall("mkdir", {"dir_name": "house"})
    wanted = [ToolCall("mkdir", {"dir_name": "house/papers"})]
    assert (
        making(home, "make house, and papers inside, a.mp3 goes there", move("a.mp3", "house/papers"), made) == wanted
    )


@pytest.mark.parametrize(
    ("request_", "source", "name"),
    [
        ("make its new name c.mp3, in this folder", "a.mp3", "c.mp3"),
        ("the folder old gets a new name, older", "old", "older"),
        ("rename a.mp3 to song", "a.mp3", "song"),
        ("a new folder for a.mp3", "a.mp3", "tracks"),
        ("give a.mp3 the new name notes in this folder", "a.mp3", "notes"),
        ("make a copy of a.mp3 called notes in this directory", "a.mp3", "notes"),
        ("a.mp3 becomes notes, and make a folder tracks", "a.mp3", "notes"),
    ],
)
def test_a_new_name_is_no_folder(home: Path, request_: str, source: str, name: str) -> None:
    assert not making(home, request_, move(source, name))


def test_a_folder_to_unpack_into_is_made(home: Path) -> None:
    request = "unpack songs.tar.gz into tracks"
    unpacking = ToolCall("untar", {"archive": "songs.tar.gz", "folder": "tracks"})
    assert making(home, request, unpacking) == [ToolCall("mkdir", {"dir_name": "tracks"})]
    assert not making(home, "unpack songs.tar.gz", unpacking)
    assert not making(home, request, ToolCall("untar", {"archive": "songs.tar.gz"}))
    (home / "tracks").mkdir()
    assert not making(home, request, unpacking)
