"""What the sandbox tests share: a policy on a temporary folder, and small Python programs to run."""

import shlex
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from shellper.sandbox import Policy


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def policy(folder: Path) -> Policy:
    return Policy(folder=folder, home=folder)


def python(program: str) -> str:
    """Make a command that runs a Python program, quickly."""
    return f"{shlex.quote(sys.executable)} -I -S -c {shlex.quote(dedent(program))}"
