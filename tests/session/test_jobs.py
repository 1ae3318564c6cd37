"""Processes that outlive their command, in a session: who is asked, what is said, and how previews and undo stand."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from shellper.config import Settings
from shellper.effects import Keeper, Known, What, plan_reversal, reverse
from shellper.effects.undo import Choice
from shellper.engine import ScriptedEngine
from shellper.jobs import Jobs
from shellper.sandbox import LeftProcess
from shellper.session import Outcome, Session
from tests.session.conftest import Notes, User

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="jobs are kept on Linux alone: only it has subreapers")


UNTIL_IT_SLEEPS = 'until [ "$(cat /proc/$!/comm)" = sleep ]; do :; done\n'
"""A process has the shell's name for a moment, until it is another program."""


class Answering(Notes):
    """Says yes or no to what is left."""

    def __init__(self, *, keeps: bool) -> None:
        super().__init__()
        self._keeps = keeps
        self.left: list[str] = []

    def on_left(self, processes: tuple[LeftProcess, ...]) -> bool:
        self.left += [process.name for process in processes]
        return self._keeps


@pytest.fixture
def work(home: Path) -> Path:
    """A folder with a script that leaves a process and has no `&` in its call."""
    folder = home / "project"
    folder.mkdir()
    script = folder / "start"
    script.write_text(f"#!/bin/sh\necho begun > log\nsleep 600.5 &\n{UNTIL_IT_SLEEPS}")
    script.chmod(0o755)
    return folder


@pytest.fixture
def keeper(state: Path, home: Path) -> Iterator[Keeper]:
    keeper = Keeper(state, home)
    yield keeper
    keeper.close()


@pytest.fixture
def jobs(state: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Jobs]:
    monkeypatch.setenv("SHELLPER_HOME", str(state.parent))
    jobs = Jobs(state)
    yield jobs
    for job in jobs.all():
        if job.runs:
            jobs.stop(job.number)


@pytest.fixture
def user() -> User:
    return User()


def start(home: Path, work: Path, keeper: Keeper, user: User, listener: Notes) -> Outcome:
    session = Session(ScriptedEngine(), Settings(), work, home, keeper=keeper)
    return session.run_command("./start", user, listener)


def test_a_job_is_no_preview_but_runs_for_real(home: Path, work: Path, keeper: Keeper, jobs: Jobs, user: User) -> None:
    listener = Answering(keeps=True)
    outcome = start(home, work, keeper, user, listener)
    effects = user.asked[0].effects
    assert effects is not None and (effects.known, effects.undo) == (Known.AFTERWARDS, True)
    assert effects.notes[0] == "no preview: sleep goes on in the background, which a preview can't keep"
    assert listener.left == ["sleep"] and (outcome.exit_code, outcome.job) == (0, 1)
    assert "goes on as job 1" in outcome.left and "what it changes from now on can't be undone" in outcome.left
    (job,) = jobs.all()
    assert job.runs and job.about is not None and (job.about.command, job.about.folder) == ("./start", work)
    assert outcome.changed == (work / "log",)
    record = keeper.ledger.stacks()[0][-1]
    reverse(keeper.ledger, plan_reversal(record, What.UNDO), lambda conflict: Choice.SKIP)
    assert not (work / "log").exists() and jobs.find(1).runs


def test_a_listener_that_says_nothing_ends_it(home: Path, work: Path, keeper: Keeper, jobs: Jobs, user: User) -> None:
    outcome = start(home, work, keeper, user, Notes())
    assert outcome.job is None and outcome.left.startswith("ended with its command: sleep (")
    assert jobs.all() == []


def test_what_cannot_be_kept_is_said_and_ends(home: Path, work: Path, keeper: Keeper, jobs: Jobs, user: User) -> None:
    jobs.folder.parent.mkdir(exist_ok=True)
    jobs.folder.write_text("in the way")
    listener = Answering(keeps=True)
    outcome = start(home, work, keeper, user, listener)
    assert len(listener.warnings) == 1 and "can't be kept" in listener.warnings[0]
    assert outcome.job is None and outcome.left.startswith("ended with its command: sleep (")
    jobs.folder.unlink()
