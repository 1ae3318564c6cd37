"""Choosing among calls: the likeliest one as a whole, by logits that the test makes up."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import numpy as np
import pytest

from shellper.engine.choosing import Look, choose
from shellper.engine.context import Logits

Likely: TypeAlias = Mapping[tuple[int, ...], Mapping[int, float]]
_SIZE = 8


def free_from(position: int, until: int = _SIZE) -> Callable[[int], Sequence[bool]]:
    """Return what leaves a choice between two positions, in each call."""
    return lambda index: [position <= place < until for place in range(_SIZE)]


def looking(likely: Likely, looks: list[tuple[int, ...]]) -> Look:
    """Return logits whose softmax is what is said of a beginning; what is not said shares the rest."""

    def look(tokens: Sequence[int]) -> Logits:
        looks.append(tuple(tokens))
        given = likely.get(tuple(tokens), {})
        rest = (1 - sum(given.values())) / (_SIZE - len(given))
        return np.log(np.array([given.get(token, rest) for token in range(_SIZE)], np.float32))

    return look


def test_the_likeliest_whole_wins_over_the_likeliest_beginning() -> None:
    looks: list[tuple[int, ...]] = []
    likely = {(1,): {2: 0.6, 3: 0.3}, (1, 2): {4: 0.01, 5: 0.01}}
    calls = [(1, 2, 4, 7), (1, 2, 5, 7), (1, 3, 7)]
    found = choose(calls, free_from(1, 3), looking({**likely, (1, 3): {7: 1 - 1e-6}}, looks), 1e-3)
    assert found is not None and found.index == 2
    assert found.probability == pytest.approx(0.3, rel=1e-3)
    # What is known of the others: together no more than 0.6 times 0.02.
    assert found.share == pytest.approx(0.3 / 0.312, rel=1e-3)
    assert choose(calls, free_from(1, 3), looking({**likely, (1, 3): {7: 1 - 1e-6}}, looks), 0.1) == found
    assert looks == [(1,), (1, 2), (1, 3)] * 2


def test_each_free_token_counts_even_of_a_single_call_and_what_the_grammar_forces_does_not() -> None:
    looks: list[tuple[int, ...]] = []
    likely = {(1, 3): {2: 0.5}, (1, 3, 2): {4: 0.1}}
    found = choose([(1, 3, 2, 4, 6, 7)], free_from(2, 4), looking(likely, looks), 1e-3)
    assert found is not None and found.probability == pytest.approx(0.05, rel=1e-3) and found.share == 1.0
    assert looks == [(1, 3), (1, 3, 2)]


def test_what_is_not_likely_enough_is_not_chosen_and_not_searched() -> None:
    looks: list[tuple[int, ...]] = []
    likely: Likely = {(): {1: 1e-4, 2: 2e-4, 7: 0.99}}
    calls = [(1, 3, 4), (1, 4, 4), (2, 5, 5), (2, 6, 6)]
    assert choose(calls, free_from(0), looking(likely, looks), 1e-3) is None
    assert choose([], free_from(0), looking(likely, looks), 1e-3) is None
    assert looks == [()]
