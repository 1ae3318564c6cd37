"""The promises that hold for the whole project: types, style, import directions, file sizes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LONGEST_FILE = 420


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "command",
    [
        ("ruff", "check", "."),
        ("ruff", "format", "--check", "."),
        ("mypy",),
    ],
    ids=lambda command: " ".join(command[:2]),
)
def test_the_tools_find_nothing(command: tuple[str, ...]) -> None:
    done = _run(*command)
    assert done.returncode == 0, done.stdout + done.stderr


def test_rooms_import_in_one_direction() -> None:
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_files_fit_on_a_few_screens() -> None:
    long = {
        str(path.relative_to(ROOT)): count
        for folder in ("shellper", "model")
        for path in (ROOT / folder).rglob("*.py")
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST_FILE
    }
    assert not long


def test_every_room_says_what_lives_there() -> None:
    rooms = [path for path in (ROOT / "shellper").iterdir() if path.is_dir() and not path.name.startswith("_")]
    assert rooms
    for room in rooms:
        first = (room / "__init__.py").read_text(encoding="utf-8").splitlines()[0]
        assert first.startswith('"""'), room
