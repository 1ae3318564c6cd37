"""Copying: the words of a conversation, cut into tokens as a value is, lead the choice."""

from __future__ import annotations

from typing import cast

from shellper.engine.copying import Source
from shellper.weights.tokenizer import LlamaTokenizer


class Letters:
    """A tokenizer of one token a letter; 0 is a control token."""

    def text(self, text: str) -> list[int]:
        return [ord(letter) for letter in text]

    def piece(self, token: int) -> bytes:
        return chr(token).encode() if token else b""


def favoured(text: str, written: str, is_place: bool = False) -> str:
    source = Source([0, *map(ord, text), 0], cast(LlamaTokenizer, Letters()))
    return "".join(chr(token) for token in source.favoured([ord(letter) for letter in written], is_place))


def test_a_value_begins_with_a_space() -> None:
    assert favoured("open cat.txt", "") == " "


def test_a_value_may_begin_like_any_word_of_the_conversation() -> None:
    assert favoured("open cat.txt", " ") == "co"


def test_what_is_begun_goes_on_as_the_word_does() -> None:
    assert favoured("open forged.txt please", " forge") == "d"
    assert favoured("open forged.txt please", " forgx") == ""


def test_a_whole_word_is_not_stretched_to_a_longer_one() -> None:
    assert favoured("go into wedding or wedding_backup", " wedding") == ""


def test_each_word_of_a_value_is_copied() -> None:
    assert favoured("make a folder Summer Photos", " Summer P") == "h"
    assert favoured("make a folder Summer Photos", " Summer") == ""


def test_quotation_marks_and_folders_are_not_part_of_a_name() -> None:
    assert favoured("show 'my.txt', then src/lib/a.c", " m") == "y"
    assert favoured("show src/lib/xy.c", " x") == "y"
    assert favoured("show src/lib/xy.c", " src/l") == "i"


def test_a_value_does_not_begin_with_the_quotation_mark_around_it() -> None:
    assert favoured('put "water it" and “soon” in', " ") == "aipsw"
    assert favoured("a folder '80s", " ") == "'8af"
    assert favoured('append he said "no" to it', ' he said "') == "n"


def test_behind_a_slash_each_word_may_begin() -> None:
    assert favoured("go to src, open cat.txt", " src/") == ".cgost"
    assert favoured("compare src/day1.txt with day3.txt", " src/day") == "13"
    assert favoured("make materials in building", " building/material") == "s"


def test_a_path_may_be_a_place_that_nobody_has_said() -> None:
    assert favoured("go up", " ", is_place=True) == "-.gu~"
    assert favoured("go up", " ..", is_place=True) == "/"
    assert favoured("go up", " ") == "gu"
    assert favoured("go up", " up .", is_place=True) == ""


def test_a_whole_word_behind_a_slash_is_not_stretched() -> None:
    assert favoured("move day1.txt and day1.txt.bak to src", " src/day1.txt") == ""
    assert favoured("go to lost/and/found and look", " lost/and") == "/"
