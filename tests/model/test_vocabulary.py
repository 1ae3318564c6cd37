"""Choosing the vocabulary: everyday words and counted pieces take turns."""

from __future__ import annotations

from model.vocabulary import rank

MARK = "\u2581"


def test_words_of_the_dictionary_and_counted_pieces_take_turns() -> None:
    ids = {f"{MARK}Thursday": 10, f"{MARK}wedding": 20, "xyz": 30, "rare": 40, "();": 50}
    assert rank(ids, {50: 9, 30: 5}, {"thursday", "wedding"}) == [10, 50, 20, 30, 40]


def test_what_is_never_counted_follows_in_the_order_of_the_base() -> None:
    assert rank({"b": 2, "a": 1, "c": 3}, {3: 1}, set()) == [3, 1, 2]
