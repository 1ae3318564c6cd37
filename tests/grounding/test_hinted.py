"""Things that a request hints at by a part of their names."""

from __future__ import annotations

from pathlib import Path

import pytest

from shellper.calls import LocalDisk, ToolCall, load_catalogue
from shellper.grounding.hinted import hinted


@pytest.fixture
def home(tmp_path: Path) -> Path:
    for name in (
        "blue_vase.txt", "green_bowl.txt", "twin_one.txt", "twin_two.txt", "backup_jan/site.cfg", "backup_feb/site.cfg",
        "shelf/",
    ):  # fmt: skip
        path = tmp_path / name
        if name.endswith("/"):
            path.mkdir()
            continue
        path.parent.mkdir(exist_ok=True)
        path.write_text("x\n", encoding="utf-8")
    return tmp_path


def meant(folder: Path, request: str, call: ToolCall, *before: ToolCall) -> list[ToolCall]:
    given, calls = hinted(call, before, load_catalogue(), LocalDisk(folder, folder), request)
    assert bool(given) == bool(calls)
    return list(calls)


def cat(name: str) -> ToolCall:
    return ToolCall("cat", {"file_name": name})


@pytest.mark.parametrize("request_", ["show the bowl's", "now the one about bowls", "and the Bowl?"])
def test_a_word_of_only_one_name_hints_at_it(home: Path, request_: str) -> None:
    assert meant(home, request_, cat("blue_vase.txt")) == [cat("green_bowl.txt")]


def test_what_hints_at_the_call_itself_is_heeded(home: Path) -> None:
    assert not meant(home, "the vase, not the bowl", cat("blue_vase.txt"))
    assert not meant(home, "show blue_vase.txt of the bowl", cat("blue_vase.txt"))
    assert not meant(home, "the one that isn't the bowl", cat("blue_vase.txt"))


def test_a_month_hints_at_its_short_name_in_a_folder_beside(home: Path) -> None:
    call = ToolCall("cp", {"source": "site.cfg", "destination": "other"})
    wanted = ToolCall("cp", {"source": "../backup_feb/site.cfg", "destination": "other"})
    (home / "backup_jan" / "other").mkdir()
    given, calls = hinted(call, (), load_catalogue(), LocalDisk(home / "backup_jan", home), "copy february's to other")
    assert (given, calls) == ("site.cfg", (wanted,))


def test_a_folder_is_not_meant_where_a_file_is(home: Path) -> None:
    assert not meant(home, "the one on the shelf", cat("blue_vase.txt"))


def test_words_of_the_text_to_write_hint_at_nothing(home: Path) -> None:
    assert not meant(home, "add bowl to it", ToolCall("echo", {"content": "bowl", "file_name": "blue_vase.txt"}))


def test_what_an_earlier_call_of_the_request_has_is_heeded(home: Path) -> None:
    assert not meant(home, "the bowl's, then the other", cat("blue_vase.txt"), cat("green_bowl.txt"))


def test_a_line_for_a_file_that_is_not_there_may_be_for_one_that_is(home: Path) -> None:
    line = {"content": "price 45", "file_name": "red_plate.txt"}
    wanted = ToolCall("echo", line | {"file_name": "green_bowl.txt"})
    assert meant(home, "and price 45 to the bowl's", ToolCall("echo", line)) == [wanted]
    assert not meant(home, "price 45 into a new file for the bowl", ToolCall("echo", line))
    assert not meant(home, "a new file about the bowl", ToolCall("touch", {"file_name": "b.txt"}))


def test_a_file_that_is_written_over_is_not_another_one(home: Path) -> None:
    copied = ToolCall("cp", {"source": "blue_vase.txt", "destination": "twin_one.txt"})
    assert not meant(home, "put the vase over it, the bowl is done", copied)


def test_what_something_lies_beside_or_is_wanted_for_hints_at_nothing(home: Path) -> None:
    moved = ToolCall("mv", {"source": "blue_vase.txt", "destination": "shelf"})
    assert not meant(home, "move it to the shelf beside the bowl", moved)
    assert not meant(home, "show it, so I can sell the bowl", cat("blue_vase.txt"))


def test_of_several_the_ones_with_most_of_the_words_are_meant(home: Path) -> None:
    assert meant(home, "the twin", cat("blue_vase.txt")) == [cat("twin_one.txt"), cat("twin_two.txt")]


def test_everyday_words_hint_at_nothing(home: Path) -> None:
    (home / "copy_last.txt").touch()
    assert not meant(home, "show me the last lines of the copy", cat("blue_vase.txt"))


@pytest.mark.parametrize("tool", ["rm", "rmdir"])
def test_what_is_to_be_taken_away_is_not_guessed(home: Path, tool: str) -> None:
    name = {"rm": "file_name", "rmdir": "dir_name"}[tool]
    assert not meant(home, "the bowl's can go", ToolCall(tool, {name: "blue_vase.txt"}))


def test_the_words_of_a_long_story_hint_at_nothing(home: Path) -> None:
    story = "since the exhibition is on Monday and the mayor wants to see a bowl I have to read that file"
    assert not meant(home, f"{story}, show it", cat("blue_vase.txt"))
    assert meant(home, "the mayor wants to see a bowl, show it", cat("blue_vase.txt"))
