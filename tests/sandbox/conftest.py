"""What the sandbox tests share: a policy on a temporary folder, and small Python programs to run."""

import shlex
import sys
from functools import cache
from pathlib import Path
from textwrap import dedent

import pytest

from shellper.sandbox import Offer, Policy, SandboxLevel, bubblewrap, levels, offer, selftest
from shellper.sandbox.confine import Backend


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def level() -> SandboxLevel:
    """The level that a test's commands run at; a module whose promises hold at each puts `each_level` in its place."""
    return SandboxLevel.NONE


BUBBLEWRAP = "bubblewrap"
"""Stands among the levels for `full` whose walls are put up by that program."""


@cache
def _why_no_bubblewrap() -> str:
    if bubblewrap.find() is None:
        return "bwrap is not installed"
    return selftest.test(SandboxLevel.FULL, Backend.BUBBLEWRAP).failure


def each_level(request: pytest.FixtureRequest) -> SandboxLevel:
    """Return the parameter, a level or `BUBBLEWRAP`; skips the test where it is not offered here."""
    if request.param == BUBBLEWRAP:
        if _why_no_bubblewrap():
            pytest.skip(f"bubblewrap is not offered here: {_why_no_bubblewrap()}")
        monkeypatch: pytest.MonkeyPatch = request.getfixturevalue("monkeypatch")
        monkeypatch.setattr(levels, "_known", [Offer(SandboxLevel.FULL, Backend.BUBBLEWRAP)])
        return SandboxLevel.FULL
    level = SandboxLevel(request.param)
    if not offer().level.reaches(level):
        reasons = "; ".join(trial.failure or "a probe broke out" for trial in offer().trials if trial.level is level)
        pytest.skip(f"the level {level} is not offered here: {reasons}")
    return level


@pytest.fixture
def policy(folder: Path, level: SandboxLevel) -> Policy:
    return Policy(folder=folder, home=folder, level=level)


def python(program: str) -> str:
    """Make a command that runs a Python program, quickly."""
    return f"{shlex.quote(sys.executable)} -I -S -c {shlex.quote(dedent(program))}"
