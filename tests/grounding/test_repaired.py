"""Repairs: what the user says of a name for which the turn before has failed."""

from __future__ import annotations

from pathlib import Path

import pytest

from shellper.calls import LocalDisk, ToolCall, load_catalogue
from shellper.dialect import Response, Step, Turn
from shellper.grounding.repaired import repairing, was_in_vain


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("flights", "hotels"):
        (tmp_path / name).mkdir()
    return tmp_path


def cd(name: str) -> ToolCall:
    return ToolCall("cd", {"folder": name})


def failed(name: str, exit_code: int = 1) -> Turn:
    return Turn(f"go to {name}", (Step(cd(name), Response("no such folder", exit_code)),))


def repaired(folder: Path, before: Turn, request: str, call: ToolCall) -> list[ToolCall]:
    found = repairing(call, (before, Turn(request, done=False)), load_catalogue(), LocalDisk(folder, folder))
    return list(found[1])


def test_what_is_there_and_almost_called_so_is_meant(folder: Path) -> None:
    assert repaired(folder, failed("flight"), "with an s at the end", cd("..")) == [cd("flights")]


def test_another_wish_is_no_repair(folder: Path) -> None:
    assert not repaired(folder, failed("flight"), "then go to hotels", cd("hotels"))
    assert not repaired(folder, failed("flight"), "what is here", ToolCall("ls", {}))
    assert not repaired(folder, failed("flight"), "never mind, the other", cd("hotels"))
    assert not repaired(folder, failed("flight"), "with an s", cd("flights"))
    assert not repaired(folder, failed("trains"), "with a g", cd(".."))
    assert not repaired(folder, failed("flights", 0), "up again", cd(".."))


def test_a_name_was_in_vain_where_it_failed_or_was_asked_about(folder: Path) -> None:
    now = Turn("capital F", done=False)
    assert was_in_vain("flight", (failed("flight"), now))
    assert was_in_vain("flight", (Turn("go", reply="There is no flight here."), now))
    assert not was_in_vain("i", (Turn("go", reply="There is no flight here."), now))
    assert not was_in_vain("flights", (failed("flight"), now)) and not was_in_vain("flight", (now,))
