"""Things that a request calls by their kind."""

from __future__ import annotations

from pathlib import Path

import pytest

from shellper.calls import LocalDisk, ToolCall, load_catalogue
from shellper.grounding.kinds import of_kind


@pytest.fixture
def home(tmp_path: Path) -> Path:
    for name in ("parts.csv", "a.txt", "b.txt", "trip/Beach.JPG", "trip/readme.txt", "trip/plan.csv"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    return tmp_path


def meant(home: Path, request: str, call: ToolCall) -> list[ToolCall]:
    given, calls = of_kind(call, load_catalogue(), LocalDisk(home, home), request)
    assert bool(given) == bool(calls)
    return list(calls)


def cat(name: str) -> ToolCall:
    return ToolCall("cat", {"file_name": name})


@pytest.mark.parametrize("wrong", ["csv", "a.txt", "trip/readme.txt"])
def test_the_only_one_of_a_kind_is_meant(home: Path, wrong: str) -> None:
    (home / "trip" / "plan.csv").unlink()
    for request in ("show the csv", "and now the csv-file, please", "and now this csv."):
        assert meant(home, request, cat(wrong)) == [cat("parts.csv")]


def test_it_is_looked_for_in_the_folder_that_the_call_is_about(home: Path) -> None:
    moved, wanted = (
        ToolCall("mv", {"source": name, "destination": "."}) for name in ("trip/readme.txt", "trip/Beach.JPG")
    )
    assert meant(home, "get the picture out of there", moved) == [wanted]
    assert meant(home, "show the csv in there", cat("trip/readme.txt")) == [cat("trip/plan.csv")]


def test_of_several_none_is_meant(home: Path) -> None:
    assert not meant(home, "show the txt", cat("parts.csv"))
    assert not meant(home, "show the pdf", cat("parts.csv"))


def test_what_is_of_that_kind_or_is_said_stays(home: Path) -> None:
    assert not meant(home, "show the csv", cat("parts.csv"))
    assert not meant(home, "show a.txt, the csv's index", cat("a.txt"))
    assert not meant(home, "show a.txt of the csv", cat("a.txt"))
    assert not meant(
        home, "compare a.txt with the csv", ToolCall("diff", {"file_name1": "a.txt", "file_name2": "parts.csv"})
    )
    assert not meant(home, "make the csv file", ToolCall("touch", {"file_name": "new.txt"}))


@pytest.mark.parametrize(
    "request_", ["put it beside the csv", "move the a thing into the csv", "show the csv.old", "the csv's a"]
)
def test_a_kind_that_is_said_of_something_else_means_nothing(home: Path, request_: str) -> None:
    assert not meant(home, request_, cat("b.txt"))


def test_words_around_the_kind_that_are_in_the_name_mean_the_file(home: Path) -> None:
    (home / "pdf_summary.txt").touch()
    (home / "x.pdf").touch()
    assert not meant(home, "show the pdf summary", cat("pdf_summary.txt"))
    (home / "notes.txt").touch()
    grep = ToolCall("grep", {"file_name": "notes.txt", "pattern": "csv"})
    assert not meant(home, "do the notes mention the csv", grep)


def test_a_folder_called_so_is_no_file_of_that_kind(home: Path) -> None:
    (home / "archive").mkdir()
    (home / "old.zip").touch()
    moved = ToolCall("mv", {"source": "a.txt", "destination": "archive"})
    assert not meant(home, "it goes where the archive is", moved)


def test_a_file_without_an_ending_may_be_the_script(home: Path) -> None:
    (home / "setup.py").touch()
    (home / "deploy").touch()
    mode = ToolCall("chmod", {"file_name": "deploy", "mode": "+x"})
    assert not meant(home, "make the script executable", mode)


def test_what_is_to_be_taken_away_is_not_guessed(home: Path) -> None:
    assert not meant(home, "delete the csv", ToolCall("rm", {"file_name": "csv"}))
