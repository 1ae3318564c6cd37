"""The program as it is installed, on the real weights, in a home of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shellper.resources import adapter_folder
from shellper.weights.adapter import ADAPTER_FILE

Shellper = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session", autouse=True)
def tuned() -> None:
    if not (adapter_folder() / ADAPTER_FILE).is_file():
        pytest.skip("there is no adapter in model/adapter yet")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder of real files."""
    folder = tmp_path / "project"
    (folder / "reports").mkdir(parents=True)
    (folder / "notes.txt").write_text("buy milk\ncall Priya\n")
    (folder / "reports" / "summary.md").write_text("# Summary\n\nAll went well.\nNext review in May.\n")
    (folder / "reports" / "numbers.csv").write_text("a,1\nb,2\n")
    return folder


@pytest.fixture
def shellper(tmp_path: Path, weights_path: Path, project: Path) -> Iterator[Shellper]:
    """Run the program in the project folder; its engine is stopped afterwards."""
    home = tmp_path / "shellper"
    home.mkdir()
    config = home / "config"
    config.mkdir()
    (config / "config.toml").write_text(f"weights = {str(weights_path)!r}\n")
    environment = {**os.environ, "SHELLPER_HOME": str(home), "HOME": str(tmp_path)}

    def run(*arguments: str, folder: Path = project) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "shellper", *arguments]
        environment["PWD"] = str(folder)
        return subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120
        )

    yield run
    run("engine", "stop")
