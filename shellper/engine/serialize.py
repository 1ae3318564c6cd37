"""Conversations, steps and generations as plain JSON data, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, TypeVar

from shellper.calls import ToolCall
from shellper.dialect import Conversation, ModelStep, Response, Step, Turn
from shellper.engine.protocol import Generation

_STATES = ("ran", "skipped", "unknown")
_Value = TypeVar("_Value")


def conversation_to_json(conversation: Conversation) -> list[dict[str, object]]:
    """Return a conversation as JSON data: one object a turn."""
    return [_turn_to_json(turn) for turn in conversation]


def conversation_from_json(data: object) -> Conversation:
    """Read a conversation from JSON data.

    Raises `ValueError` with one line that says what is wrong with it.
    """
    if not isinstance(data, list):
        raise ValueError("a conversation is a list of turns")
    return tuple(_turn_from_json(turn) for turn in data)


def step_to_json(step: ModelStep) -> dict[str, object]:
    """Return a model step as JSON data."""
    return {"call": step.call.as_json() if step.call else None, "reply": step.reply}


def step_from_json(data: object) -> ModelStep:
    """Read a model step from JSON data; raises `ValueError`."""
    fields = _object(data, "a model step")
    call = fields.get("call")
    return ModelStep(ToolCall.from_json(call) if call is not None else None, _field(fields, "reply", str, ""))


def generation_to_json(generation: Generation) -> dict[str, object]:
    """Return a generation as JSON data."""
    alternative = generation.alternative and step_to_json(generation.alternative)
    return {**asdict(generation), "step": step_to_json(generation.step), "alternative": alternative}


def generation_from_json(data: object) -> Generation:
    """Read a generation from JSON data; raises `ValueError`."""
    fields = dict(_object(data, "a generation"))
    try:
        step, other = step_from_json(fields.pop("step", None)), fields.pop("alternative", None)
        return Generation(step, **fields, alternative=None if other is None else step_from_json(other))
    except TypeError as error:
        raise ValueError(f"a generation has other fields: {error}") from error


def _turn_to_json(turn: Turn) -> dict[str, object]:
    steps = [{"call": step.call.as_json(), "response": asdict(step.response)} for step in turn.steps]
    return {"request": turn.request, "steps": steps, "reply": turn.reply, "done": turn.done}


def _turn_from_json(data: object) -> Turn:
    fields = _object(data, "a turn")
    if "request" not in fields:
        raise ValueError("a turn has no request")
    steps = tuple(_step_from_json(step) for step in _field(fields, "steps", list, []))
    return Turn(
        _field(fields, "request", str, ""), steps, _field(fields, "reply", str, ""), _field(fields, "done", bool, True)
    )


def _step_from_json(data: object) -> Step:
    fields = _object(data, "a step")
    response = _object(fields.get("response", {"state": "unknown"}), "a response")
    state = response.get("state", "ran")
    if state not in _STATES:
        raise ValueError(f"the state of a response is one of {', '.join(_STATES)}, not {state!r}")
    command = response.get("command")
    if command is not None and not isinstance(command, str):
        raise ValueError(f"the command of a response is a text, not {command!r}")
    exit_code = _field(response, "exit_code", int, 0)
    return Step(
        ToolCall.from_json(fields.get("call")), Response(_field(response, "output", str, ""), exit_code, state, command)
    )


def _object(data: object, what: str) -> Mapping[str, Any]:
    if not isinstance(data, dict):
        raise ValueError(f"{what} is an object, not {type(data).__name__}")
    return data


def _field(fields: Mapping[str, Any], name: str, kind: type[_Value], default: _Value) -> _Value:
    """Return a field of a certain type, or its default where it is missing."""
    value = fields.get(name, default)
    if not isinstance(value, kind):
        raise ValueError(f"the field {name!r} is {type(value).__name__}, not {kind.__name__}")
    return value
