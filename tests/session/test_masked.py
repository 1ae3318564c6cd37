"""A session's commands can't reach SHELLper's own state: neither the undo store, nor conversations, nor jobs."""

from __future__ import annotations

import dataclasses
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from shellper.config import Settings, paths
from shellper.dialect import ModelStep
from shellper.effects import Keeper
from shellper.engine import Generation, ScriptedEngine
from shellper.sandbox import Offer, SandboxLevel, levels, offer
from shellper.session import STORE_NAME, Outcome, Session, open_store
from tests.session.conftest import RUN, Notes, User, call


@pytest.fixture(params=[SandboxLevel.FULL, SandboxLevel.LIMITED])
def level(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> SandboxLevel:
    found = offer()
    if not found.level.reaches(request.param):
        pytest.skip(f"the level {request.param} is not offered here, only {found.label}")
    backend = found.backend if request.param is SandboxLevel.FULL else None
    monkeypatch.setattr(levels, "_known", [Offer(request.param, backend)])
    return SandboxLevel(request.param)


@pytest.fixture(params=["beside the project", "in the project"])
def top(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that is not below /tmp, which is private in the sandbox; SHELLper's own lie in it or in its project."""
    top = Path(tempfile.mkdtemp(prefix="shellper-test-", dir="/var/tmp")).resolve()
    (top / "project").mkdir()
    (top / "project" / "notes.txt").write_text("one\n")
    own = top / "own" if request.param == "beside the project" else top / "project" / "own"
    monkeypatch.setenv("SHELLPER_HOME", str(own))
    yield top
    shutil.rmtree(top)


class Talk:
    """A session that has changed a file and said a word, so that there is something to be hidden."""

    def __init__(self, top: Path, state: Path) -> None:
        self.state, self._store = state, open_store(state)
        self._keeper = Keeper(state, top)
        job = state / "jobs" / "1"
        job.mkdir(parents=True)
        (job / "job.json").write_text("{}")
        work = top / "project"
        steps = (ModelStep(call("rm", file_name="notes.txt"), ""), ModelStep(None, ""))
        engine = ScriptedEngine(Generation(step, 1.0) for step in steps)
        self._session = Session(engine, Settings(), work, top, store=self._store, keeper=self._keeper)
        (outcome,) = self._session.turn("delete it", User(dataclasses.replace(RUN, outside=True))).outcomes
        assert outcome.journal_id == "1"

    def run(self, command: str, *, outside: bool = False) -> Outcome:
        return self._session.run_command(command, User(dataclasses.replace(RUN, outside=outside)), Notes())

    def close(self) -> None:
        self._keeper.close()
        self._store.close()


@pytest.fixture
def talk(top: Path, level: SandboxLevel) -> Iterator[Talk]:
    talk = Talk(top, paths().state)
    yield talk
    talk.close()


def files(talk: Talk) -> dict[Path, bytes]:
    """Return what lies there, without the conversations, which the session itself writes."""
    found = [path for path in talk.state.rglob("*") if path.is_file() and not path.name.startswith(STORE_NAME)]
    return {path: path.read_bytes() for path in found}


def test_nothing_of_it_can_be_read(talk: Talk) -> None:
    texts = [path for path, data in files(talk).items() if data]
    assert {"journal.jsonl", "job.json"} <= {path.name for path in texts}
    command = "; ".join(f"cat '{path}'" for path in texts)
    command += f"; head -c 15 '{talk.state / STORE_NAME}'; find '{talk.state}' -type f"
    inside, outside = talk.run(command), talk.run(command, outside=True)
    assert inside.output is not None and outside.output is not None
    assert inside.level is not SandboxLevel.NONE and outside.level is SandboxLevel.NONE
    assert (
        "rm notes.txt" in outside.output.text and str(talk.state / "jobs" / "1" / "job.json\n") in outside.output.text
    )
    assert "SQLite format 3" in outside.output.text
    assert "rm notes.txt" not in inside.output.text and "SQLite format 3" not in inside.output.text
    if inside.level is SandboxLevel.FULL:  # Landlock leaves names to be seen
        assert f"{talk.state}/jobs/1/job.json\n" not in inside.output.text


@pytest.mark.parametrize(
    "command",
    [
        "echo x > '{state}/planted'",
        "echo x >> '{state}/jobs/1/job.json'",
        "rm -r '{state}/effects' '{state}/jobs'",
        "mv '{state}' '{state}.away'",
        "ln '{state}/jobs/1/job.json' linked",
    ],
)
def test_nothing_of_it_can_be_changed(talk: Talk, command: str, top: Path) -> None:
    before = files(talk)
    outcome = talk.run(command.format(state=talk.state))
    assert outcome.ran and outcome.exit_code != 0 and outcome.level is not SandboxLevel.NONE
    after = files(talk)
    assert {path: after.get(path) for path in before} == before
    assert not (talk.state / "planted").exists() and not (top / "project" / "linked").exists()
