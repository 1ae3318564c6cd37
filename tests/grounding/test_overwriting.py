"""What a call writes over."""

from __future__ import annotations

from pathlib import Path

import pytest

from shellper.calls import LocalDisk, ToolCall, load_catalogue
from shellper.dialect import Step, Turn
from shellper.grounding.overwriting import keeping_files, turned_round, written_over


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "css").mkdir()
    for name in ("main.css", "mobile.css", "current.txt", "css/main.css"):
        (tmp_path / name).touch()
    return tmp_path


def call(tool: str, source: str, destination: str) -> ToolCall:
    return ToolCall(tool, {"source": source, "destination": destination})


def turned(home: Path, request: str, given: ToolCall) -> list[ToolCall]:
    return list(turned_round(given, load_catalogue(), LocalDisk(home, home), request)[1])


def over(home: Path, request: str, given: ToolCall, *before: Turn, steps: tuple[Step, ...] = ()) -> str:
    return written_over(given, (*before, Turn(request, steps, done=False)), LocalDisk(home, home))


@pytest.mark.parametrize(
    "request_", ["replace mobile.css by a copy of main.css", "overwrite the mobile one with main.css"]
)
def test_what_is_to_be_replaced_is_written_over(home: Path, request_: str) -> None:
    wrong, right = call("cp", "mobile.css", "main.css"), call("cp", "main.css", "mobile.css")
    assert turned(home, request_, wrong) == [right]
    assert not turned(home, request_, right)


def test_other_copies_stay_as_they_are(home: Path) -> None:
    assert not turned(home, "copy mobile.css over main.css", call("cp", "mobile.css", "main.css"))
    assert not turned(home, "replace mobile.css with main.css", call("cp", "mobile.css", "css"))
    assert not turned(home, "replace it with that", call("cp", "mobile.css", "main.css"))
    assert not turned(home, "substitute mobile.css for main.css", call("cp", "mobile.css", "main.css"))
    assert not turned(home, "replace *.css with main.css", call("cp", "*.css", "main.css"))


@pytest.mark.parametrize("request_", ["I'd like main.css renamed", "rename main.css", "main.css needs another name"])
def test_a_file_that_is_only_to_be_called_otherwise_is_not_written_over(home: Path, request_: str) -> None:
    assert over(home, request_, call("mv", "mobile.css", "main.css")) == "main.css"


def test_its_own_name_does_not_ask_for_it_to_be_written_over(home: Path) -> None:
    assert over(home, "current.txt needs a new name", call("mv", "mobile.css", "current.txt")) == "current.txt"


@pytest.mark.parametrize(
    "request_",
    [
        "rename mobile.css to main.css", "the mobile one gets the new name main.css", "give it its new name",
        "rename it to main.css", "move the second one to main.css", "just call it main.css", "put it over main.css",
        "move it, it takes the place of main.css", "name it main.css again", "use it as main.css", "show main.css",
    ],
)  # fmt: skip
def test_what_may_be_wanted_over_a_file_is_not_asked_about(home: Path, request_: str) -> None:
    assert not over(home, request_, call("mv", "mobile.css", "main.css"))


def test_a_new_name_a_folder_and_a_later_step_are_not_asked_about(home: Path) -> None:
    assert not over(home, "rename new.css", call("mv", "mobile.css", "new.css"))
    assert not over(home, "move css", call("mv", "mobile.css", "css"))
    step = Step(call("mv", "current.txt", "css"))
    assert not over(home, "move main.css", call("mv", "mobile.css", "main.css"), steps=(step,))


def test_what_answers_a_question_is_not_asked_about_again(home: Path) -> None:
    asked = Turn("move the mobile one", (), "To what?")
    assert not over(home, "main.css, move it", call("mv", "mobile.css", "main.css"), asked)


def test_another_call_keeps_the_files_that_the_call_keeps(home: Path) -> None:
    disk = LocalDisk(home, home)
    given, fine = call("mv", "current.txt", "css"), call("mv", "mobile.css", "css")
    assert keeping_files(given, (call("mv", "main.css", "css"), fine), disk) == (fine,)
    replacing, another = call("cp", "mobile.css", "main.css"), call("cp", "current.txt", "main.css")
    assert keeping_files(replacing, (another, call("cp", "main.css", "mobile.css")), disk) == (another,)
    read = ToolCall("cat", {"file_name": "main.css"})
    assert keeping_files(read, (read,), disk) == (read,)
