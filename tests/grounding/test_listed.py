"""Lists that were shown: whose entries a request can count."""

from __future__ import annotations

from pathlib import Path

import pytest

from shellper.calls import LocalDisk, ToolCall
from shellper.dialect import Response, Step, Turn
from shellper.grounding.listed import last_listed


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "pets" / "old").mkdir(parents=True)
    for name in ("cat.txt", "dog.txt"):
        (tmp_path / "pets" / name).touch()
    (tmp_path / "notes.txt").touch()
    return tmp_path


def did(tool: str, output: str = "", exit_code: int = 0, **arguments: str | bool) -> Turn:
    return Turn("do it", (Step(ToolCall(tool, dict(arguments)), Response(output, exit_code)),))


def listed(folder: Path, *turns: Turn) -> list[str]:
    return [path for path, _ in last_listed((*turns, Turn("now", done=False)), LocalDisk(folder, folder))]


PETS = did("ls", "cat.txt\ndog.txt\nold", path="pets")
IN_PETS = ["pets/cat.txt", "pets/dog.txt", "pets/old"]


def test_entries_have_their_folder_and_say_whether_they_are_one(folder: Path) -> None:
    found = last_listed((PETS, Turn("now", done=False)), LocalDisk(folder, folder))
    assert found == [("pets/cat.txt", False), ("pets/dog.txt", False), ("pets/old", True)]


def test_other_lists_count_too(folder: Path) -> None:
    long = (
        "total 4\ndrwxr-xr-x 2 me me 40 Nov  1 10:00 .\n-rw-r--r-- 1 me me 3 Nov  1 10:00 my cat.txt\n"
        "lrwxrwxrwx 1 me me 3 Nov  1 10:00 l -> x"
    )
    assert listed(folder, did("ls", long, long=True)) == ["my cat.txt", "l"]
    assert listed(folder, did("find", "./pets/cat.txt\n./pets/dog.txt", name="*.txt")) == IN_PETS[:2]
    assert listed(folder, did("du", "4\tpets/old\n8\tpets/new\n12\tpets", path="pets")) == ["pets/old", "pets/new"]
    hits = "pets/cat.txt:meow\npets/dog.txt:no meow"
    assert listed(folder, did("grep", hits, pattern="meow", file_name=".", recursive=True)) == IN_PETS[:2]
    assert listed(folder, did("ls", ".\n..\n.env\na", a=True)) == [".env", "a"]


def test_what_comes_between_does_not_hide_a_list(folder: Path) -> None:
    between = (
        did("cat", "meow\nmeow", file_name="pets/cat.txt"),
        did("mkdir", dir_name="x"),
        Turn("?", reply="Which?"),
    )
    assert listed(folder, PETS, *between) == IN_PETS
    assert not listed(folder, PETS, *between * 3)


def test_a_newer_list_and_a_text_that_names_files_do(folder: Path) -> None:
    assert listed(folder, PETS, did("ls", "notes.txt\npets")) == ["notes.txt", "pets"]
    assert not listed(folder, PETS, did("cat", "1. notes.txt\n2. pets", file_name="todo.txt"))


def test_a_list_is_followed_into_a_folder_and_no_further(folder: Path) -> None:
    inside = LocalDisk(folder / "pets", folder)
    found = last_listed((PETS, did("cd", folder="pets"), Turn("now", done=False)), inside)
    assert found == [("cat.txt", False), ("dog.txt", False), ("old", True)]
    assert not listed(folder, PETS, did("cd", folder=".."))
    assert listed(folder, PETS, did("cd", exit_code=1, folder="pest")) == IN_PETS


def test_a_list_that_was_cut_is_none(folder: Path) -> None:
    assert not listed(folder, did("ls", "a\nb\n[... 20 lines left out ...]\nz"))


def test_what_failed_was_changed_or_has_one_entry_is_no_list(folder: Path) -> None:
    call = ToolCall("ls", {})
    edited = Turn("do it", (Step(call, Response("a\nb", command="ls -t")),))
    skipped = Turn("do it", (Step(call, Response("a\nb", state="skipped")),))
    assert not listed(folder, did("ls", "a\nb", 2), did("ls", "a"), edited, skipped)
