"""A kept conversation as Markdown."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

from shellper.frontend.text import visible
from shellper.session import Action, SavedConversation, SavedStep, SavedTurn


def markdown(conversation: SavedConversation) -> str:
    """Return a conversation as Markdown (CommonMark): requests as headings, commands and outputs as code."""
    began = time.strftime("%Y-%m-%d %H:%M", time.localtime(conversation.started_at))
    parts = [f"# {_line(conversation.title)}", f"Begun {began} in {_code(str(conversation.started_in))}."]
    for turn in conversation.turns:
        parts += _turn(turn)
    return "\n\n".join(parts) + "\n"


def _turn(turn: SavedTurn) -> Iterator[str]:
    yield f"## {_line(turn.request) if turn.kind == 'request' else 'A command of my own'}"
    for step in turn.steps:
        yield from _step(step)
    yield from (_paragraph(text) for text in (turn.reply, turn.notice) if text)


def _step(step: SavedStep) -> Iterator[str]:
    proposal, decision, outcome = step.proposal, step.decision, step.outcome
    yield _block(proposal.command, "sh")
    reasons = "; ".join(proposal.verdict.reasons)
    yield f"{proposal.verdict.level}: {_line(reasons)}" if reasons else str(proposal.verdict.level)
    if outcome is not None and outcome.exit_code is not None:
        if outcome.output is not None and outcome.output.text:
            yield _block(outcome.output.text.removesuffix("\n"), "")
        yield f"exit code {outcome.exit_code}, {outcome.duration:.2f} s, sandbox {outcome.level}"
    elif decision is not None and decision.action is Action.RUN and outcome is None:
        yield "its end is not known"
    else:
        yield "not run"


def _block(text: str, language: str) -> str:
    """Return a fenced block; the fence is longer than any in the text."""
    longest = max((len(found) for found in re.findall(r"`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{visible(text)}\n{fence}"


def _code(text: str) -> str:
    fence = "`" * (max((len(found) for found in re.findall("`+", text)), default=0) + 1)
    space = " " if "`" in text else ""
    return f"{fence}{space}{visible(text)}{space}{fence}"


def _line(text: str) -> str:
    """Return a text on one line, with what Markdown would read as its own escaped."""
    return re.sub(r"([\\`*_{}\[\]<>#|~])", r"\\\1", visible(" ".join(text.split())))


def _paragraph(text: str) -> str:
    return "\n".join(_line(line) for line in text.split("\n"))
