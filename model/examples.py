"""Training examples: conversations as token ids, with the tokens that the model chooses marked."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from shellper.dialect import Conversation, Grammar, Response, Tokenizer, Turn, cut_output, render_conversation


@dataclass(frozen=True)
class Sequenced:
    """A conversation's tokens; `chosen` marks those that decoding leaves to the model."""

    tokens: tuple[int, ...]
    chosen: tuple[bool, ...]


def cut(conversation: Conversation, tokenizer: Tokenizer) -> Conversation:
    """Return the conversation with its outputs cut as the session cuts them."""

    def cut_response(response: Response) -> Response:
        return replace(response, output=cut_output(response.output, tokenizer))

    return tuple(
        replace(turn, steps=tuple(replace(step, response=cut_response(step.response)) for step in turn.steps))
        for turn in conversation
    )


def sequence(conversation: Conversation, tokenizer: Tokenizer, grammar: Grammar) -> Sequenced:
    """Return a conversation as tokens, walking the grammar to see where there is a choice.

    Raises `ValueError` where the grammar does not allow what stands there.
    """
    rendered = render_conversation(cut(conversation, tokenizer), tokenizer)
    runs = list(_written_runs(rendered.written))
    starts = [step > 0 for turn in conversation for step in range(len(turn.steps) + 1)]
    chosen = [False] * len(rendered.tokens)
    for (first, end), after_response in zip(runs, starts, strict=True):
        walk = grammar.walk(after_response)
        allowed = next(walk)
        for position in range(first, end):
            token = rendered.tokens[position]
            if token not in allowed.tokens and not allowed.text:
                raise ValueError(f"token {token} at {position} is not allowed: {conversation}")
            chosen[position] = allowed.forced is None
            try:
                allowed = walk.send(token)
            except StopIteration:
                break
    return Sequenced(rendered.tokens, tuple(chosen))


def _written_runs(written: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """Yield begin and end of each stretch that the model writes."""
    start = None
    for position, is_written in enumerate((*written, False)):
        if is_written and start is None:
            start = position
        elif not is_written and start is not None:
            yield start, position
            start = None


def batches(sequences: Sequence[Sequenced], tokens: int, seed: int) -> list[list[Sequenced]]:
    """Return the sequences in random batches of like length, at most `tokens` padded tokens each."""
    rng = random.Random(seed)
    order = sorted(sequences, key=lambda s: (len(s.tokens) // 24, rng.random()))
    made: list[list[Sequenced]] = []
    current: list[Sequenced] = []
    for one in order:
        if current and max(len(one.tokens), len(current[0].tokens)) * (len(current) + 1) > tokens:
            made.append(current)
            current = []
        current.append(one)
    made.append(current)
    rng.shuffle(made)
    return made


def padded(batch: Iterable[Sequenced], padding: int) -> tuple[Tensor, Tensor]:
    """Return token ids and choice marks (batch, time), padded at the end."""
    rows = list(batch)
    longest = max(len(row.tokens) for row in rows)
    tokens = torch.full((len(rows), longest), padding)
    chosen = torch.zeros((len(rows), longest), dtype=torch.bool)
    for index, row in enumerate(rows):
        tokens[index, : len(row.tokens)] = torch.tensor(row.tokens)
        chosen[index, : len(row.tokens)] = torch.tensor(row.chosen)
    return tokens, chosen


def unfinished(turn: Turn, steps: int) -> Turn:
    """Return a turn up to a number of its steps, where the model goes on."""
    return replace(turn, steps=turn.steps[:steps], reply="", done=False)
