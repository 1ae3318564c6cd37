"""The token budget: the scripted engine counts words."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from shellper.config import Settings
from shellper.dialect import Conversation, Response, Step, Turn
from shellper.engine import ScriptedEngine
from shellper.session import Session, SessionError, Store

from .conftest import User, call

WORDS = 8


def count(conversation: Conversation) -> int:
    return ScriptedEngine().count_tokens(conversation)


def talk(session: Session, engine: ScriptedEngine, number: int) -> Conversation:
    """Say something of `WORDS` words that is answered by one, and return what the model was given."""
    engine.enqueue("Yes.")
    session.turn(" ".join([f"request-{number}"] * WORDS), User())
    return engine.conversations[-1]


def numbers(conversation: Conversation) -> list[int]:
    return [int(turn.request.split()[0].removeprefix("request-")) for turn in conversation]


@pytest.fixture
def engine() -> ScriptedEngine:
    return ScriptedEngine(context_tokens=100)


def test_all_turns_stay_within_the_budget(session: Session, engine: ScriptedEngine) -> None:
    for number in range(11):
        assert numbers(talk(session, engine, number)) == list(range(number + 1))


def test_the_oldest_leave_first_and_down_to_half(session: Session, engine: ScriptedEngine) -> None:
    given = [talk(session, engine, number) for number in range(40)]
    for number, conversation in enumerate(given):
        assert count(conversation) <= 100
        assert numbers(conversation) == list(range(number + 1))[-len(conversation) :]
    # 11 turns of 9 words and a request of 8 are too many; then 5 turns and the request are within 50.
    assert [len(conversation) for conversation in given[:13]] == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 5, 6]


def test_the_beginning_changes_seldom(session: Session, engine: ScriptedEngine) -> None:
    given = [talk(session, engine, number) for number in range(60)]
    changed = sum(1 for before, now in pairwise(given) if before[0].request != now[0].request)
    assert changed <= 9


def test_what_left_stays_away_when_the_conversation_is_gone_on_with(
    session: Session, engine: ScriptedEngine, again: Callable[[int], Session]
) -> None:
    for number in range(12):
        talk(session, engine, number)
    assert session.conversation_id is not None
    resumed = again(session.conversation_id)
    assert resumed.conversation == session.conversation
    assert numbers(talk(resumed, engine, 12)) == [7, 8, 9, 10, 11, 12]


def test_outputs_of_the_first_calls_leave_a_turn_that_is_too_long_by_itself(
    session: Session, engine: ScriptedEngine, home: Path
) -> None:
    (home / "long").write_text("word " * 40)
    talk(session, engine, 0)
    engine.enqueue(*[call("cat", file_name="long")] * 4, "")
    session.turn("show it four times", User())
    last = engine.conversations[-1]
    assert count(last) <= 100
    assert numbers(last[:-1]) == []
    assert [bool(step.response.output) for step in last[-1].steps] == [False, False, True, True]


def test_a_request_that_is_too_long_is_refused(session: Session, engine: ScriptedEngine, store: Store) -> None:
    talk(session, engine, 0)
    with pytest.raises(SessionError, match=r"^the request is too long for the model \(200 tokens, 100 fit\)"):
        session.turn("word " * 200, User())
    assert session.conversation_id is not None
    assert store.load(session.conversation_id).turns[-1].notice.startswith("the request is too long")


def test_turns_with_calls_are_counted_whole(home: Path) -> None:
    engine = ScriptedEngine(context_tokens=30)
    session = Session(engine, Settings(), home, home)
    engine.enqueue(*[step for _ in range(6) for step in (call("cat", file_name="notes.txt"), "")])
    for _ in range(6):
        session.turn("one two three four", User())
    assert all(count(conversation) <= 30 for conversation in engine.conversations)
    response = Response("first\nsecond\n")
    assert session.conversation[-1] == Turn("one two three four", (Step(call("cat", file_name="notes.txt"), response),))
