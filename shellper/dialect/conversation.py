"""The conversation as the model sees it: requests, tool calls, responses, replies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from shellper.calls import ToolCall


@dataclass(frozen=True)
class Response:
    """What came back from a call.

    `state` is `ran`, `skipped` (the user did not run it) or `unknown` (nothing is known of it);
    `command` is given where the user changed the command before running it.
    """

    output: str = ""
    exit_code: int = 0
    state: Literal["ran", "skipped", "unknown"] = "ran"
    command: str | None = None


@dataclass(frozen=True)
class Step:
    """One call of a turn and its response."""

    call: ToolCall
    response: Response = Response(state="unknown")


@dataclass(frozen=True)
class Turn:
    """A request, the calls it became, and the text that ended it; `done` once the model has ended the turn."""

    request: str
    steps: tuple[Step, ...] = ()
    reply: str = ""
    done: bool = True


@dataclass(frozen=True)
class ModelStep:
    """What the model does next: a call, or (with no call) the end of the turn, with a text or without."""

    call: ToolCall | None = None
    reply: str = ""


Conversation: TypeAlias = tuple[Turn, ...]
