"""Copying: what an argument's text is taken from, so that a name keeps its letters.

A small model knows which word to copy and now and then slips into a like one. Tokens that go on with a word of the
conversation, cut into tokens as a value is, get a bonus in the choice; the model still may write what stands nowhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from shellper.weights.tokenizer import LlamaTokenizer

BONUS = 6.0
"""What is added to the logits of tokens that copy."""

_EDGES = ".,;:!?\"'`“”‘’()[]{}<>"


class Source:
    """The words of a conversation as the tokens that a value of that text has."""

    def __init__(self, tokens: Iterable[int], tokenizer: LlamaTokenizer) -> None:
        """Take the words between spaces and control tokens, whole, without their punctuation, and behind each slash."""
        text = b"".join(tokenizer.piece(token) or b"\n" for token in tokens).decode("utf-8", "replace")
        found = dict.fromkeys(text.split())
        found |= dict.fromkeys(word.strip(_EDGES) for word in tuple(found))
        found |= dict.fromkeys(match[1] for word in tuple(found) for match in re.finditer(r"/(?=(.+))", word))
        self._paths = {tuple(tokenizer.text(f" {word}")) for word in found if word}
        self._piece = tokenizer.piece

    def favoured(self, written: Sequence[int]) -> Sequence[int]:
        """Return the tokens that go on with words which begin as a value's last word does; none where that is whole."""
        begun = self._last_word(written)
        length = len(begun)
        if begun in self._paths:
            return ()
        return sorted({path[length] for path in self._paths if len(path) > length and path[:length] == begun})

    def _last_word(self, written: Sequence[int]) -> tuple[int, ...]:
        """Return the tokens from the last one on that begins with a space."""
        for start in range(len(written) - 1, -1, -1):
            if self._piece(written[start]).startswith(b" "):
                return tuple(written[start:])
        return tuple(written)
