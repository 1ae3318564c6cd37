"""Conversations as the store gives them back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from shellper.calls import ToolCall
from shellper.dialect import Response, Step, Turn
from shellper.session.flow import Action, Decision, Outcome, Proposal


@dataclass(frozen=True)
class Summary:
    """One line on a conversation; times are seconds since the epoch, `folder` is where it was left."""

    id: int
    title: str
    folder: Path
    turns: int
    started_at: float
    changed_at: float


@dataclass(frozen=True)
class SavedStep:
    """One call, or command of the user's own, as far as it got: decided on, ended.

    `suggested` is the command before the user edited it; `seen` the output that the model was given.
    """

    call: ToolCall | None
    suggested: str
    proposal: Proposal
    decision: Decision | None
    outcome: Outcome | None
    seen: str


@dataclass(frozen=True)
class SavedTurn:
    """A turn; `prompt` is the request as the model was given it, `ending` is None where the program was killed.

    `reply` is the model's, `notice` is ours: what went wrong. The `kind` is `command` for a command of the user's own.
    """

    id: int
    kind: Literal["request", "command"]
    request: str
    prompt: str
    steps: tuple[SavedStep, ...]
    ending: str | None
    reply: str
    notice: str
    started_at: float


@dataclass(frozen=True)
class SavedConversation:
    """A whole conversation; the model sees its turns from the one with the id `context_from` on.

    `started_in` is the working directory of the program when it last went on with it, `folder` that of the session.
    """

    id: int
    title: str
    started_in: Path
    folder: Path
    previous_folder: Path | None
    context_from: int
    started_at: float
    changed_at: float
    turns: tuple[SavedTurn, ...]


def response_to(suggested: str, decision: Decision | None, outcome: Outcome | None, seen: str) -> Response:
    """Return what the model is told of a step; `seen` is the output, cut for it.

    A command that was begun and whose end is not known (the program was killed) is `unknown`.
    """
    if outcome is not None and outcome.exit_code is not None:
        command = outcome.proposal.command
        return Response(seen, outcome.exit_code, "ran", command if command != suggested else None)
    if decision is not None and (decision.elsewhere or (decision.action is Action.RUN and outcome is None)):
        return Response(state="unknown")
    return Response(state="skipped")


def context_turn(turn: SavedTurn) -> Turn | None:
    """Return a turn as the model sees it, or None for one that it doesn't.

    A command of the user's own is left out: the dialect knows only calls of the catalogue, and tuned weights have never
    seen another text in their place. A turn without a call and a reply is left out for the same reason.
    """
    steps = tuple(
        Step(step.call, response_to(step.suggested, step.decision, step.outcome, step.seen))
        for step in turn.steps
        if step.call is not None and step.decision is not None
    )
    if turn.kind == "command" or not (steps or turn.reply):
        return None
    return Turn(turn.prompt, steps, turn.reply)
