"""What a call writes over."""

from __future__ import annotations

from pathlib import Path

import pytest

from shellper.calls import LocalDisk, ToolCall, load_catalogue
from shellper.grounding.overwriting import turned_round, written_over


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "css").mkdir()
    for name in ("main.css", "mobile.css", "css/old.css"):
        (tmp_path / name).touch()
    return tmp_path


def call(tool: str, source: str, destination: str) -> ToolCall:
    return ToolCall(tool, {"source": source, "destination": destination})


def turned(home: Path, request: str, given: ToolCall) -> list[ToolCall]:
    return list(turned_round(given, load_catalogue(), LocalDisk(home, home), request)[1])


@pytest.mark.parametrize(
    "request_",
    ["replace mobile.css by a copy of main.css", "overwrite the mobile one with main.css", "exchange mobile for main"],
)
def test_what_is_to_be_replaced_is_written_over(home: Path, request_: str) -> None:
    wrong, right = call("cp", "mobile.css", "main.css"), call("cp", "main.css", "mobile.css")
    assert turned(home, request_, wrong) == [right]
    assert not turned(home, request_, right)


def test_other_copies_stay_as_they_are(home: Path) -> None:
    assert not turned(home, "copy mobile.css over main.css", call("cp", "mobile.css", "main.css"))
    assert not turned(home, "replace mobile.css with main.css", call("cp", "mobile.css", "css"))
    assert not turned(home, "replace it with that", call("cp", "mobile.css", "main.css"))


def test_only_a_file_that_is_named_alone_is_not_written_over(home: Path) -> None:
    disk, moved = LocalDisk(home, home), call("mv", "mobile.css", "main.css")
    assert written_over(moved, (), disk, "I'd like main.css renamed") == "main.css"
    for request in ("rename mobile.css to main.css", "the mobile one gets the name main.css", "give it its new name"):
        assert not written_over(moved, (), disk, request)
    for request in ("put it over main.css", "it takes the place of main.css", "call it main.css again"):
        assert not written_over(moved, (), disk, request)
    assert not written_over(call("mv", "mobile.css", "new.css"), (), disk, "rename new.css")
    assert not written_over(call("mv", "mobile.css", "css"), (), disk, "move css")
    assert not written_over(moved, (call("mv", "main.css", "css"),), disk, "main.css away")
