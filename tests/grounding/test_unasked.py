"""Options that nobody has asked for."""

from __future__ import annotations

import pytest

from shellper.calls import ToolCall, load_catalogue
from shellper.dialect import Response, Step, Turn
from shellper.grounding.unasked import unasked

NUMBERED = ToolCall("grep", {"file_name": "a.txt", "pattern": "x", "line_numbers": True})
PLAIN = ToolCall("grep", {"file_name": "a.txt", "pattern": "x"})
ONCE = ToolCall("sort", {"file_name": "a.txt", "unique": True})


def without(call: ToolCall, request: str, *before: ToolCall) -> list[ToolCall]:
    earlier = tuple(Turn("earlier", (Step(one, Response(output="")),)) for one in before)
    given, calls = unasked(call, (*earlier, Turn(request, (), done=False)), load_catalogue())
    assert bool(given) == bool(calls)
    return list(calls)


def test_an_option_that_no_word_asks_for_may_go() -> None:
    assert without(NUMBERED, "which line has x in it") == [PLAIN]
    assert without(ONCE, "sort it 4 me") == [ToolCall("sort", {"file_name": "a.txt"})]


@pytest.mark.parametrize(
    "request_", ["on which line is x", "x, with numbers", "what line is x on", "grep -n x", "where is x?"]
)
def test_an_option_that_is_asked_for_stays(request_: str) -> None:
    assert not without(NUMBERED, request_)


def test_an_option_that_is_taken_up_from_before_stays() -> None:
    assert not without(NUMBERED, "and in a.txt", PLAIN, NUMBERED)
    assert without(NUMBERED, "and in a.txt", NUMBERED, PLAIN) == [PLAIN]


def test_what_was_asked_for_before_a_question_is_asked_for() -> None:
    conversation = (Turn("sort it, each line one time", (), "Which file?"), Turn("a.txt", (), done=False))
    assert unasked(ONCE, conversation, load_catalogue()) == ("", ())


def test_a_default_that_is_written_out_stays() -> None:
    assert not without(ToolCall("sort", {"file_name": "a.txt", "unique": False}), "sort it")


def test_other_options_are_let_alone() -> None:
    assert not without(ToolCall("rm", {"file_name": "a", "recursive": True}), "away with a")
