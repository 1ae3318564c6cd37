"""From the tokens a model wrote to the step they mean."""

from __future__ import annotations

from collections.abc import Sequence

from shellper.dialect.conversation import ModelStep
from shellper.dialect.grammar import Grammar


class DialectError(ValueError):
    """Tokens that are no valid model step; the message is one line."""


def parse_step(tokens: Sequence[int], grammar: Grammar, after_response: bool = False) -> ModelStep:
    """Return the step that tokens stand for.

    Raises `DialectError` where a token may not stand where it does, or where the tokens end too early or too late.
    """
    walk = grammar.walk(after_response)
    allowed = next(walk)
    for position, token in enumerate(tokens):
        if token not in allowed.tokens and not (allowed.text and grammar.is_text(token)):
            raise DialectError(f"the token {token} may not stand at position {position} of a model step")
        try:
            allowed = walk.send(token)
        except StopIteration as end:
            if position + 1 != len(tokens):
                raise DialectError(
                    f"{len(tokens) - position - 1} tokens stand behind the end of a model step"
                ) from None
            step: ModelStep = end.value
            return step
    raise DialectError("the tokens end before the model step does")
