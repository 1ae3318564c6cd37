"""Copying: what an argument's text is taken from, so that a name keeps its letters.

A small model knows which word to copy and now and then slips into a like one. Tokens that go on with a word of the
conversation, cut into tokens as a value is, get a bonus in the choice; the model still may write what stands nowhere.
A path may be put together of several words, so behind a slash each word may begin; and it may be one of a few that are
seldom said in so many letters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cached_property

from shellper.weights.tokenizer import LlamaTokenizer

BONUS = 4.0
"""What is added to the logits of tokens that copy."""

_EDGES = ".,;:!?\"'`“”‘’()[]{}<>"
# Whoever puts a value in quotation marks means what is between them; an apostrophe may be the name's own.
_OPENING_QUOTES = ('"', "“", "„", "`")
_PLACES = (".", "..", "../..", "../../..", "-", "~")


class Source:
    """The words of a conversation as the tokens that a value of that text has."""

    def __init__(self, tokens: Iterable[int], tokenizer: LlamaTokenizer) -> None:
        """Take the words between spaces and control tokens, whole, without their punctuation, and behind each slash."""
        self._tokenizer = tokenizer
        text = b"".join(tokenizer.piece(token) or b"\n" for token in tokens).decode("utf-8", "replace")
        found = dict.fromkeys(text.split())
        found |= dict.fromkeys(word.strip(_EDGES) for word in tuple(found))
        found |= dict.fromkeys(match[1] for word in tuple(found) for match in re.finditer(r"/(?=(.+))", word))
        self._found = [word for word in found if word]
        self._words = {tuple(tokenizer.text(f" {word}")) for word in self._found}
        quoted = (word for word in self._found if word.startswith(_OPENING_QUOTES))
        self._first_words = self._words - {tuple(tokenizer.text(f" {word}")) for word in quoted}

    @cached_property
    def _parts(self) -> set[tuple[int, ...]]:
        """The words that may stand behind a slash."""
        return {tuple(self._tokenizer.text(word)) for word in (*self._found, "..") if "/" not in word.rstrip("/")}

    @cached_property
    def _places(self) -> set[tuple[int, ...]]:
        return {tuple(self._tokenizer.text(f" {place}")) for place in _PLACES}

    def favoured(self, written: Sequence[int], is_place: bool) -> Sequence[int]:
        """Return the tokens that go on with words which begin as a value's last word does; none where that is whole."""
        begun = self._last_word(written)
        if begun in self._words:
            return ()
        is_first = len(begun) == len(written)
        following = _following(begun, self._first_words if is_first else self._words)
        if is_first and is_place:
            following |= _following(begun, self._places)
        part = self._last_part(begun)
        if part is not None and part not in self._parts:
            following |= _following(part, self._parts)
        return sorted(following)

    def _last_word(self, written: Sequence[int]) -> tuple[int, ...]:
        """Return the tokens from the last one on that begins with a space."""
        for start in range(len(written) - 1, -1, -1):
            if self._tokenizer.piece(written[start]).startswith(b" "):
                return tuple(written[start:])
        return tuple(written)

    def _last_part(self, word: Sequence[int]) -> tuple[int, ...] | None:
        """Return the tokens behind the last one that ends in a slash; None where there is none."""
        for start in range(len(word), 0, -1):
            if self._tokenizer.piece(word[start - 1]).endswith(b"/"):
                return tuple(word[start:])
        return None


def _following(begun: tuple[int, ...], words: Iterable[tuple[int, ...]]) -> set[int]:
    length = len(begun)
    return {word[length] for word in words if len(word) > length and word[:length] == begun}
