"""Conversations to train on, as lines of JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from shellper.calls import ToolCall
from shellper.dialect import Conversation, Response, Step, Turn


@dataclass(frozen=True)
class Example:
    """A conversation and the groups its turns were made from."""

    conversation: Conversation
    groups: tuple[str, ...]


def to_json(example: Example) -> str:
    """Return an example as one line of JSON."""
    turns = [
        {
            "request": turn.request,
            "steps": [{**step.call.as_json(), "response": asdict(step.response)} for step in turn.steps],
            "reply": turn.reply,
        }
        for turn in example.conversation
    ]
    return json.dumps({"groups": example.groups, "turns": turns}, ensure_ascii=False)


def from_json(line: str) -> Example:
    """Read an example from one line of JSON."""
    data: Mapping[str, Any] = json.loads(line)
    turns = tuple(
        Turn(
            turn["request"],
            tuple(Step(ToolCall.from_json(step), Response(**step["response"])) for step in turn["steps"]),
            turn["reply"],
        )
        for turn in data["turns"]
    )
    return Example(turns, tuple(data["groups"]))
