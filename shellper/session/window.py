"""The token budget: which part of a conversation the model sees."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from shellper.dialect import Conversation, Turn
from shellper.session.errors import SessionError


def turns_to_drop(conversation: Conversation, count: Callable[[Conversation], int], budget: int) -> int:
    """Return how many of the oldest turns must leave so that a conversation fits into a budget of tokens.

    None within the budget; beyond it so many that half of it is free again: the engine keeps what it has read of an
    unchanged beginning, which a turn that left at each request would take away. The last turn never leaves.
    """
    if count(conversation) <= budget:
        return 0
    for first in range(1, len(conversation)):
        if count(conversation[first:]) <= budget // 2:
            return first
    return max(0, len(conversation) - 1)


def shorten(turn: Turn, count: Callable[[Conversation], int], budget: int) -> Turn:
    """Return a turn that fits into a budget of tokens by itself, without the outputs of its oldest calls if need be.

    Raises `SessionError` where the request alone is too long.
    """
    steps = turn.steps
    for index, step in enumerate(steps):
        if count((replace(turn, steps=steps),)) <= budget:
            break
        without = replace(step, response=replace(step.response, output=""))
        steps = (*steps[:index], without, *steps[index + 1 :])
    shorter = replace(turn, steps=steps)
    size = count((shorter,))
    if size > budget:
        raise SessionError(f"the request is too long for the model ({size} tokens, {budget} fit); make it shorter")
    return shorter
