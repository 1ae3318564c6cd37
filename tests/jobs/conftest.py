"""What the tests of jobs share: commands whose rest is kept, at each level that is offered here."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shellper.jobs import About, Job, Jobs, keep
from shellper.sandbox import Leftover, Policy, RunResult, SandboxLevel, run
from tests.sandbox.conftest import BUBBLEWRAP, each_level

SECONDS = 60.0

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="jobs are kept on Linux alone: only it has subreapers")


def wait_for(what: Callable[[], object], name: str) -> None:
    """Wait until something holds."""
    until = time.monotonic() + SECONDS
    while not what():
        assert time.monotonic() < until, f"waited in vain for {name}"
        time.sleep(0.02)


@pytest.fixture(params=[*SandboxLevel, BUBBLEWRAP])
def level(request: pytest.FixtureRequest) -> SandboxLevel:
    return each_level(request)


class World:
    """A project folder, a state folder, and commands in the one that leave jobs in the other."""

    def __init__(self, folder: Path, level: SandboxLevel) -> None:
        self.folder, self.state, self.outside = folder / "project", folder / "state", folder / "outside"
        for one in (self.folder, self.state, self.outside):
            one.mkdir()
        self.jobs = Jobs(self.state)
        self.level = level
        self.policy = Policy(self.folder, folder, level, masked=(self.state,))

    def keep(self, left: Leftover, command: str = "a command") -> bool:
        return keep(self.state, left, About(command, self.folder, left.level, False, time.time())) > 0

    def run(self, command: str) -> RunResult:
        """Run a command, what it leaves being kept."""
        return run(command, self.policy, on_left=lambda left: self.keep(left, command))

    def job(self, command: str) -> Job:
        """Run a command that leaves a job, and return that."""
        result = self.run(command)
        assert result.kept and result.left
        return self.jobs.all()[-1]

    def ended(self, number: int) -> Job:
        """Wait until a job has ended by itself."""
        wait_for(lambda: not self.jobs.find(number).runs, f"the end of job {number}")
        return self.jobs.find(number)

    def make_another_live(self) -> subprocess.Popen[bytes]:
        """Start a process that is none of ours."""
        return subprocess.Popen(["sleep", "600"], env={"PATH": os.environ["PATH"]})

    def close(self) -> None:
        for job in self.jobs.all():
            if job.runs:
                self.jobs.stop(job.number)


@pytest.fixture
def world(tmp_path: Path, level: SandboxLevel) -> Iterator[World]:
    world = World(tmp_path, level)
    yield world
    world.close()
