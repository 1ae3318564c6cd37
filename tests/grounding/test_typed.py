"""Requests that are commands already."""

from __future__ import annotations

from pathlib import Path

import pytest

from shellper.calls import LocalDisk, load_catalogue, render
from shellper.grounding.typed import typed


@pytest.fixture
def disk(tmp_path: Path) -> LocalDisk:
    for name in ("plan.txt", "old plan.txt", "that", "run.sh"):
        (tmp_path / name).touch()
    (tmp_path / "beds").mkdir()
    return LocalDisk(tmp_path, tmp_path)


@pytest.mark.parametrize(
    "command",
    [
        "ls",
        "ls -a beds",
        "cat 'old plan.txt'",
        "mv plan.txt beds",
        "diff plan.txt 'old plan.txt'",
        "rm -r beds",
        "grep -r foo .",
        "sort -n -r plan.txt",
        "tail -n 5 plan.txt",
        "chmod +x run.sh",
        "cd ..",
        "date",
        "mkdir -p new/one",
    ],
)
def test_a_command_is_the_call_that_becomes_it(disk: LocalDisk, command: str) -> None:
    call = typed(f" {command} ", load_catalogue(), disk)
    assert call is not None and sorted(render(call).split()) == sorted(command.split())


def test_letters_of_options_may_stand_together(disk: LocalDisk) -> None:
    call = typed("ls -la", load_catalogue(), disk)
    assert call is not None and call.arguments == {"a": True, "long": True}


@pytest.mark.parametrize(
    "request_",
    [
        "cat that",
        "sort it by size",
        "rm the_plan.txt",
        "mv plan.txt",
        "ls -Q",
        "tail -n five plan.txt",
        "mv plan.txt up",
        "mv plan.txt there",
        "mkdir photos!",
        "touch notes.txt;",
        "mkdir photos.",
        "cp plan.txt $HOME",
        "cat plan.txt > beds",
        "rm beds",
        "rm '*'",
        f"tail -n {'9' * 5000} plan.txt",
        "don't",
        "grep `foo` plan.txt",
        "find the plan",
        "cat plan.txt run.sh",
        "",
    ],
)
def test_what_only_begins_like_a_command_or_cannot_work_is_none(disk: LocalDisk, request_: str) -> None:
    assert typed(request_, load_catalogue(), disk) is None
