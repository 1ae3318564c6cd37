"""Conversations survive JSON, and JSON that is no conversation is refused."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shellper.calls import ToolCall
from shellper.dialect import Conversation, ModelStep, Response, Step, Turn
from shellper.engine import Generation, conversation_from_json, conversation_to_json
from shellper.engine.serialize import generation_from_json, generation_to_json

_text = st.text(max_size=20)
_calls = st.builds(ToolCall, _text, st.dictionaries(_text, st.booleans() | st.integers() | _text, max_size=3))
_responses = st.builds(
    Response, _text, st.integers(-64, 255), st.sampled_from(["ran", "skipped", "unknown"]), st.none() | _text
)
_turns = st.builds(Turn, _text, st.tuples(st.builds(Step, _calls, _responses)), _text, st.booleans())


@given(st.lists(_turns, max_size=3).map(tuple))
def test_a_conversation_survives_json(conversation: Conversation) -> None:
    assert conversation_from_json(json.loads(json.dumps(conversation_to_json(conversation)))) == conversation


def test_a_lone_surrogate_of_an_undecodable_file_name_survives() -> None:
    conversation = (Turn("show caf\udce9.txt", done=False),)
    assert conversation_from_json(json.loads(json.dumps(conversation_to_json(conversation)))) == conversation


@pytest.mark.parametrize("step", [ModelStep(reply="which file?"), ModelStep(ToolCall("ls", {"a": True}))])
def test_a_generation_survives_json(step: ModelStep) -> None:
    for alternative in (None, ModelStep(ToolCall("pwd"))):
        generation = Generation(step, 0.5, 10, 5, 3, 0.1, 0.2, alternative)
        assert generation_from_json(json.loads(json.dumps(generation_to_json(generation)))) == generation


@pytest.mark.parametrize(
    ("data", "wrong"),
    [
        ({}, "list of turns"),
        ([1], "a turn is an object"),
        ([{}], "no request"),
        ([{"request": 1}], "'request' is int"),
        ([{"request": "x", "done": "yes"}], "'done' is str"),
        ([{"request": "x", "steps": [{}]}], "a tool call is an object"),
        ([{"request": "x", "steps": [{"call": {"name": "ls"}, "response": {"state": "lost"}}]}], "'lost'"),
        ([{"request": "x", "steps": [{"call": {"name": "ls"}, "response": {"command": 1}}]}], "command"),
        ([{"request": "x", "steps": [{"call": {"name": "ls", "arguments": {"a": []}}}]}], "the argument a of ls"),
    ],
)
def test_other_data_is_refused_in_one_line(data: object, wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong) as caught:
        conversation_from_json(data)
    assert "\n" not in str(caught.value)
