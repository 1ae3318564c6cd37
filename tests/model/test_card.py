"""The model card: its generated parts say what the committed results and the phrasings are."""

from __future__ import annotations

import pytest

from model.card import CARD, confusion_table, generated, replace_part, smoothed


def test_the_card_is_what_its_sources_give() -> None:
    card = CARD.read_text(encoding="utf-8")
    assert generated(card) == card


def test_only_the_named_part_is_written_anew() -> None:
    card = "a\n<!-- one -->\nold\n<!-- end of one -->\nb\n<!-- two -->\nkept\n<!-- end of two -->\n"
    assert replace_part(card, "one", "new \\1") == card.replace("old", "new \\1")
    with pytest.raises(ValueError, match="three"):
        replace_part(card, "three", "new")


def test_what_was_called_instead_is_told() -> None:
    results = [{"tools": {"cat": {"cat": 3, "tail": 1}}}, {"tools": {"cat": {"none": 1}, "none": {"none": 2}}}]
    assert "| cat | 5 | 60.0 % (3/5, 95 %: 23.1 to 88.2) | tail 1, none 1 |" in confusion_table(results)


def test_the_smoothed_loss_begins_with_the_first_value() -> None:
    assert smoothed([4.0, 2.0, 0.0], width=1) == [4.0, 3.0, 1.0]
