"""Effects within a session: in the proposal before the decision, in the outcome after it, in the store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from shellper.config import Settings
from shellper.dialect import ModelStep
from shellper.effects import Keeper, Known, What, plan_reversal, reverse
from shellper.effects.undo import Choice
from shellper.engine import Generation, ScriptedEngine
from shellper.session import Action, Decision, Proposal, Session, SessionError, Store
from tests.session.conftest import RUN, SKIP, Notes, User, call, edit

END = ModelStep(None, "")


@pytest.fixture
def keeper(state: Path, home: Path) -> Iterator[Keeper]:
    keeper = Keeper(state, home)
    yield keeper
    keeper.close()


@pytest.fixture
def work(home: Path) -> Path:
    """A folder below home, since home itself is no project."""
    return home / "reports"


def begun(store: Store, home: Path, work: Path, keeper: Keeper, *steps: ModelStep) -> Session:
    engine = ScriptedEngine(Generation(step, 1.0) for step in (*steps, END))
    return Session(engine, Settings(), work, home, store=store, terminal="t1", keeper=keeper)


def test_a_call_is_shown_run_and_undone(store: Store, home: Path, work: Path, keeper: Keeper) -> None:
    session = begun(store, home, work, keeper, ModelStep(call("rm", file_name="q1.csv"), ""))
    user = User(RUN)
    (outcome,) = session.turn("delete it", user).outcomes
    effects = user.asked[0].effects
    assert effects is not None and effects.known is Known.PLANNED and effects.undo
    assert effects.changes.summary() == "deletes 1 file (8 B)"
    assert outcome.changed == (work / "q1.csv",) and outcome.journal_id == "1"
    assert session.conversation_id is not None
    saved = store.load(session.conversation_id).turns[0].steps[0].outcome
    assert saved is not None and (saved.changed, saved.journal_id) == (outcome.changed, "1")
    record = keeper.ledger.stacks()[0][-1]
    reverse(keeper.ledger, plan_reversal(record, What.UNDO), lambda conflict: Choice.SKIP)
    assert (work / "q1.csv").read_text() == "a,b\n1,2\n"


def test_reading_has_none(store: Store, home: Path, work: Path, keeper: Keeper) -> None:
    session = begun(store, home, work, keeper, ModelStep(call("ls"), ""))
    user = User(RUN)
    (outcome,) = session.turn("list", user).outcomes
    assert user.asked[0].effects is None and outcome.journal_id is None and outcome.changed == ()


def test_an_edited_command_is_tried_and_that_run_is_applied(
    store: Store, home: Path, work: Path, keeper: Keeper
) -> None:
    session = begun(store, home, work, keeper, ModelStep(call("ls"), ""))
    user, notes = User(edit("date +%N > stamp; cat stamp"), RUN), Notes()
    (outcome,) = session.turn("list", user, notes).outcomes
    effects = user.asked[1].effects
    assert effects is not None
    if effects.known is not Known.TRIED:
        pytest.skip(effects.notes[0])
    assert outcome.output is not None
    assert (work / "stamp").read_text() == outcome.output.text == "".join(text for _, text in notes.output)
    assert outcome.changed == (work / "stamp",)
    assert not list(keeper.ledger.runs.iterdir())


def test_a_skipped_trial_leaves_nothing(store: Store, home: Path, work: Path, keeper: Keeper) -> None:
    session = begun(store, home, work, keeper, ModelStep(call("ls"), ""))
    session.turn("list", User(edit("echo x > made"), SKIP))
    assert not (work / "made").exists()
    assert not keeper.ledger.runs.exists() or not list(keeper.ledger.runs.iterdir())


def test_what_others_change_meanwhile_is_proposed_again(store: Store, home: Path, work: Path, keeper: Keeper) -> None:
    session = begun(store, home, work, keeper, ModelStep(call("rm", file_name="q1.csv"), ""))
    asked: list[Proposal] = []

    def decide(proposal: Proposal) -> Decision:
        asked.append(proposal)
        if len(asked) == 1:
            (work / "q1.csv").write_text("longer than before\n")
        return RUN

    notes = Notes()
    session.turn("delete it", decide, notes)
    assert [one.effects.changes.bytes for one in asked if one.effects] == [8, 19]
    assert notes.warnings == ["the files have changed since this was shown; look again"]
    assert not (work / "q1.csv").exists()


def test_files_that_never_rest(store: Store, home: Path, work: Path, keeper: Keeper) -> None:
    session = begun(store, home, work, keeper, ModelStep(call("rm", file_name="q1.csv"), ""))

    def decide(proposal: Proposal) -> Decision:
        with (work / "q1.csv").open("a") as file:
            file.write("more\n")
        return RUN

    with pytest.raises(SessionError, match="change all the time"):
        session.turn("delete it", decide)
    assert (work / "q1.csv").exists()


def test_without_a_keeper_nothing_is_previewed(store: Store, home: Path, work: Path) -> None:
    engine = ScriptedEngine([Generation(ModelStep(call("touch", file_name="new"), ""), 1.0), Generation(END, 1.0)])
    session = Session(engine, Settings(), work, home, store=store, terminal="t1")
    user = User(Decision(Action.RUN))
    (outcome,) = session.turn("make it", user).outcomes
    assert user.asked[0].effects is None and outcome.journal_id is None
    assert (work / "new").exists()
