"""Grounding: what stands in the place of a call that the disk does not allow."""

from pathlib import Path

import pytest

from shellper.calls import LocalDisk, ToolCall
from shellper.dialect import ModelStep, Turn
from shellper.engine import Generation, ScriptedEngine
from shellper.engine.grounded import Grounded, ground


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "beds").mkdir()
    (tmp_path / "beds" / "roses.txt").touch()
    (tmp_path / "New folder").mkdir()
    return tmp_path


def grounded(folder: Path, step: ModelStep, request: str, likely: ToolCall | None = None) -> Grounded:
    engine = ScriptedEngine()
    engine.likely = [likely] if likely else []
    conversation = (Turn(request, done=False),)
    return ground(engine, conversation, Generation(step, 0.5), LocalDisk(folder, folder))


def cd(path: str) -> ToolCall:
    return ToolCall("cd", {"folder": path})


def test_what_can_work_and_what_is_said_stay(folder: Path) -> None:
    for step in (ModelStep(cd("beds")), ModelStep(reply="Which one?"), ModelStep()):
        found = grounded(folder, step, "go there", likely=cd("New folder"))
        assert found.generation == Generation(step, 0.5) and not found.note


def test_the_likeliest_call_that_can_work_is_taken_and_the_user_is_told(folder: Path) -> None:
    found = grounded(folder, ModelStep(cd("beds/roses.txt")), "go where it is", likely=cd("beds"))
    assert found.generation.step.call == cd("beds")
    assert "beds/roses.txt" in found.note and "isn't possible" in found.note
    found = grounded(folder, ModelStep(cd("bets")), "go there", likely=cd("beds"))
    assert found.generation.step.call == cd("beds")
    assert "bets" in found.note and "isn't there" in found.note


def test_a_name_that_nobody_has_said_is_asked_about(folder: Path) -> None:
    found = grounded(folder, ModelStep(ToolCall("cat", {"file_name": "the_file.txt"})), "show the file")
    assert found.generation.step == ModelStep(reply="There is no the_file.txt here. Which file do you mean?")


def test_a_name_that_the_user_has_said_stays_where_nothing_else_is_likely(folder: Path) -> None:
    step = ModelStep(ToolCall("cat", {"file_name": "roses.txt"}))
    assert grounded(folder, step, "show roses.txt").generation.step == step
    likely = ToolCall("cat", {"file_name": "beds/roses.txt"})
    assert grounded(folder, step, "show roses.txt", likely).generation.step.call == likely


def test_a_part_of_a_name_becomes_the_whole_without_asking_the_model(folder: Path) -> None:
    found = grounded(folder, ModelStep(cd("New")), "go to New folder")
    assert found.generation.step.call == cd("New folder") and not found.note
