"""What the session tests share: a small world of files, a scripted model, and users who decide as told."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from shellper.calls import ToolCall
from shellper.config import Settings
from shellper.engine import ScriptedEngine
from shellper.session import Action, Decision, Listener, Outcome, Proposal, Session, Store, open_store

RUN, SKIP, STOP = Decision(Action.RUN), Decision(Action.SKIP), Decision(Action.STOP)


def edit(command: str) -> Decision:
    return Decision(Action.EDIT, command)


def call(name: str, **arguments: str | int | bool) -> ToolCall:
    return ToolCall(name, arguments)


class User:
    """Decides as told, the last decision again and again, and remembers what was proposed."""

    def __init__(self, *decisions: Decision) -> None:
        self.decisions = list(decisions) or [RUN]
        self.asked: list[Proposal] = []

    def __call__(self, proposal: Proposal) -> Decision:
        self.asked.append(proposal)
        return self.decisions.pop(0) if len(self.decisions) > 1 else self.decisions[0]


class Notes(Listener):
    """Remembers all that it is told."""

    def __init__(self) -> None:
        self.text = ""
        self.output: list[tuple[str, str]] = []
        self.proposals: list[Proposal] = []
        self.outcomes: list[Outcome] = []
        self.warnings: list[str] = []

    def on_text(self, text: str) -> None:
        self.text += text

    def on_proposal(self, proposal: Proposal) -> None:
        self.proposals.append(proposal)

    def on_output(self, stream: str, text: str) -> None:
        self.output.append((stream, text))

    def on_outcome(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)

    def on_warning(self, message: str) -> None:
        self.warnings.append(message)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    (home / "reports" / "2024").mkdir(parents=True)
    (home / "notes.txt").write_text("first\nsecond\n")
    (home / "reports" / "q1.csv").write_text("a,b\n1,2\n")
    return home


@pytest.fixture
def engine() -> ScriptedEngine:
    return ScriptedEngine()


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def store(state: Path) -> Iterator[Store]:
    store = open_store(state)
    yield store
    store.close()


@pytest.fixture
def session(engine: ScriptedEngine, home: Path, store: Store) -> Session:
    return Session(engine, Settings(), home, home, store=store, terminal="t1")


@pytest.fixture
def again(engine: ScriptedEngine, home: Path, store: Store) -> Callable[[int], Session]:
    """Make the session of a program that goes on with a saved conversation."""

    def again(conversation: int) -> Session:
        return Session(engine, Settings(), home, home, store=store, terminal="t1", resumed=store.load(conversation))

    return again


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[Path]:
    """Mount a small file system of memory on a folder; skips the test where that isn't allowed."""
    folder.mkdir()
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True, text=True)
    if mount.returncode:
        pytest.skip(f"no tmpfs can be mounted here: {mount.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)
