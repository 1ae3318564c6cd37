"""Choosing among calls: the likeliest one as a whole, by logits that the test makes up."""

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from shellper.engine.choosing import choose
from shellper.engine.context import Logits

ESCAPE = 0
_SIZE = 8


class Tokens:
    """A tokenizer that has an escape token."""

    size = _SIZE

    def text(self, text: str) -> list[int]:
        return [int(letter) for letter in text]

    def control(self, name: str) -> int:
        return ESCAPE

    def piece(self, token: int) -> bytes:
        return str(token).encode()


def looking(likely: Mapping[tuple[int, ...], Mapping[int, float]], looks: list[tuple[int, ...]]) -> object:
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
    found = choose(calls, Tokens(), looking(likely, looks), 1e-3)  # type: ignore[arg-type]
    assert found is not None and found.index == 2
    assert found.probability == pytest.approx(0.3, rel=1e-3)
    # What is known of the others: together less than 0.6 times 0.02.
    assert found.share == pytest.approx(0.3 / 0.312, rel=1e-3)
    assert looks == [(1,), (1, 2)]


def test_inside_of_a_value_each_token_counts_and_what_the_grammar_forces_does_not() -> None:
    looks: list[tuple[int, ...]] = []
    likely = {(1, ESCAPE): {2: 0.5}, (1, ESCAPE, 2): {ESCAPE: 0.1}}
    found = choose([(1, ESCAPE, 2, ESCAPE, 6, 7)], Tokens(), looking(likely, looks), 1e-3)  # type: ignore[arg-type]
    assert found is not None and found.probability == pytest.approx(0.05, rel=1e-3) and found.share == 1.0
    assert looks == [(1, ESCAPE), (1, ESCAPE, 2)]


def test_what_is_not_likely_enough_is_not_chosen_and_not_searched() -> None:
    looks: list[tuple[int, ...]] = []
    likely = {(): {1: 1e-4, 2: 2e-4, 7: 0.99}}
    calls = [(1, 3, 4), (1, 4, 4), (2, 5, 5), (2, 6, 6)]
    assert choose(calls, Tokens(), looking(likely, looks), 1e-3) is None  # type: ignore[arg-type]
    assert looks == [()]
