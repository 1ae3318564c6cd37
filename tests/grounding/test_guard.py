"""The guard of names: what is offered where a call names nothing that is there, and where nothing is offered."""

from __future__ import annotations

from pathlib import Path

import pytest

from shellper.calls import LocalDisk, ToolCall, load_catalogue
from shellper.grounding.guard import nearest, suggest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("volunteers.csv", "Budget 2024.txt", "notes.txt", "deep/er/lost.md", "a1.txt", "a2.txt", ".profile"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x\n", encoding="utf-8")
    return tmp_path


def meant(folder: Path, call: ToolCall, request: str, said: str = "") -> str | None:
    found = suggest(call, load_catalogue(), LocalDisk(folder, folder), request, said)
    return None if found is None else found.meant


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("volumes.csv", "volunteers.csv"),
        ("volunteer.csv", "volunteers.csv"),
        ("budget_2024.txt", "Budget 2024.txt"),
        ("lost.md", "deep/er/lost.md"),
        (".profil", ".profile"),
        ("notes.txt", None),
        ("*.csv", None),
        ("a3.txt", None),
        ("something else.pdf", None),
    ],
)
def test_a_file_that_is_not_there_is_compared_with_what_is(folder: Path, given: str, wanted: str | None) -> None:
    assert meant(folder, ToolCall("cat", {"file_name": given}), "show it") == wanted


def test_of_two_near_names_the_one_in_the_request_is_meant(folder: Path) -> None:
    assert meant(folder, ToolCall("cat", {"file_name": "a3.txt"}), "open a2.txt") == "a2.txt"


@pytest.mark.parametrize(
    ("call", "request_text", "wanted"),
    [
        (ToolCall("mkdir", {"dir_name": "savings"}), "make a folder for money please", None),
        (ToolCall("mkdir", {"dir_name": "weding photos"}), "make a folder wedding photos", "wedding photos"),
        (ToolCall("touch", {"file_name": "volumteers.txt"}), "create 'volunteers.txt'.", "volunteers.txt"),
        (ToolCall("touch", {"file_name": "volunteers.txt"}), "create 'volunteers.txt'.", None),
        (ToolCall("cd", {"folder": ".."}), "go up", None),
        (ToolCall("wc", {"file_name": "notes.txt", "mode": "w"}), "how many words", None),
    ],
)
def test_a_new_name_is_compared_with_the_words_of_the_request(
    folder: Path, call: ToolCall, request_text: str, wanted: str | None
) -> None:
    assert meant(folder, call, request_text) == wanted


def test_what_was_said_earlier_needs_no_suggestion(folder: Path) -> None:
    call = ToolCall("mkdir", {"dir_name": "photoz"})
    assert meant(folder, call, "make the photos folder", said="call it photoz") is None


def test_the_whole_call_is_offered_with_the_other_arguments_as_they_were(folder: Path) -> None:
    call = ToolCall("mv", {"source": "volumes.csv", "destination": "deep"})
    found = suggest(call, load_catalogue(), LocalDisk(folder, folder), "move volunteers.csv into deep")
    assert found is not None
    assert found.call == ToolCall("mv", {"source": "volunteers.csv", "destination": "deep"})
    assert (found.parameter, found.given) == ("source", "volumes.csv")


def test_none_of_two_names_as_near_is_offered() -> None:
    assert nearest("report.txt", ["reports.txt", "report1.txt"]) is None
