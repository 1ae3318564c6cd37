"""A kept conversation, as text and as JSON data."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from shellper.cli.record import step_record
from shellper.session import Action, SavedConversation, SavedStep, SavedTurn


def transcript(conversation: SavedConversation) -> Iterator[str]:
    """Yield a conversation line by line: requests behind `>`, commands behind `$`, what they printed, replies."""
    began = time.strftime("%Y-%m-%d %H:%M", time.localtime(conversation.started_at))
    yield f"conversation {conversation.id}, begun {began} in {conversation.started_in}"
    for turn in conversation.turns:
        yield ""
        if turn.kind == "request":
            yield f"> {turn.request}"
        for step in turn.steps:
            yield from _step(step)
        yield from (text for text in (turn.reply, turn.notice) if text)


def _step(step: SavedStep) -> Iterator[str]:
    proposal, decision, outcome = step.proposal, step.decision, step.outcome
    yield f"$ {proposal.command}"
    if outcome is not None and outcome.exit_code is not None:
        if outcome.output is not None and outcome.output.text:
            yield outcome.output.text.removesuffix("\n")
        if outcome.exit_code:
            yield f"(exit code {outcome.exit_code})"
    elif decision is not None and decision.elsewhere:
        yield "(printed or copied)"
    elif decision is not None and decision.action is Action.RUN and outcome is None:
        yield "(its end is not known)"
    else:
        yield f"(not run: {proposal.verdict.level})"


def transcript_record(conversation: SavedConversation) -> dict[str, Any]:
    """Return a conversation as plain JSON data, its steps as `--json` prints them where they were ended."""
    return {
        "id": conversation.id,
        "title": conversation.title,
        "started_in": str(conversation.started_in),
        "folder": str(conversation.folder),
        "started_at": conversation.started_at,
        "changed_at": conversation.changed_at,
        "turns": [_turn_record(turn) for turn in conversation.turns],
    }


def _turn_record(turn: SavedTurn) -> dict[str, Any]:
    return {
        "kind": turn.kind,
        "request": turn.request,
        "steps": [
            {"command": step.proposal.command} if step.outcome is None else step_record(step.outcome)
            for step in turn.steps
        ],
        "reply": turn.reply,
        "notice": turn.notice,
        "end": turn.ending,
        "started_at": turn.started_at,
    }
