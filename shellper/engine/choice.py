"""Choosing the next token among those that the grammar allows."""

from __future__ import annotations

import codecs
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shellper.dialect import Allowed
from shellper.engine.context import Logits
from shellper.engine.copying import BONUS
from shellper.engine.protocol import EngineError
from shellper.weights.tokenizer import LlamaTokenizer

_CONTINUATION = range(0x80, 0xC0)


@dataclass(frozen=True)
class Choice:
    """A chosen token, and the next likeliest, if there is one, each with its log-probability among the allowed ones."""

    token: int
    log_probability: float
    runner_up: int | None
    runner_up_log_probability: float


class Chooser:
    """Greedy choice over what is allowed; text is kept to valid UTF-8, which byte tokens alone would not ensure.

    Only the grammar's limit on a text's length can cut a character short.
    """

    def __init__(self, tokenizer: LlamaTokenizer) -> None:
        self._bytes = {byte: tokenizer.control(f"<0x{byte:02X}>") for byte in range(0x80, 0x100)}
        self._by_token = {token: bytes([byte]) for byte, token in self._bytes.items()}
        mask = tokenizer.text_mask()
        mask[[token for byte, token in self._bytes.items() if not _may_follow(b"", byte)]] = False
        self._bias = np.where(mask, np.float32(0), np.float32(-np.inf))
        self._scores: npt.NDArray[np.float32] = np.empty(len(mask), np.float32)
        self._unfinished = b""

    def reset(self) -> None:
        """Begin a new step."""
        self._unfinished = b""

    def choose(self, allowed: Allowed, logits: Logits, favoured: Sequence[int] = ()) -> Choice:
        """Return the likeliest allowed token.

        `favoured` tokens get `BONUS` where text is free. Raises `EngineError` where the logits are no numbers.
        """
        if not allowed.text:
            return _best(np.array(allowed.tokens), logits[list(allowed.tokens)])
        if self._unfinished:
            tokens = [self._bytes[byte] for byte in _CONTINUATION if _may_follow(self._unfinished, byte)]
            return _best(np.array(tokens), logits[tokens])
        np.add(logits, self._bias, out=self._scores)
        tokens = list(allowed.tokens)
        self._scores[tokens] = logits[tokens]
        self._scores[list(favoured)] += BONUS
        return _best(None, self._scores)

    def took(self, token: int) -> None:
        """Note the token that was appended."""
        data = self._unfinished + self._by_token.get(token, b"")
        self._unfinished = data if data and token in self._by_token and not _complete(data) else b""


def _best(tokens: npt.NDArray[np.int64] | None, scores: Logits) -> Choice:
    """Return the choice of the highest score, its log-probability under the softmax over the scores.

    The scores are changed.
    """
    best = int(scores.argmax())
    top = scores[best]
    log_probability = -math.log(float(np.exp(scores - top).sum())) if np.isfinite(top) else math.nan
    if math.isnan(log_probability):
        raise EngineError("the weights give no numbers; mend: shellper model verify")
    scores[best] = -np.inf
    second = int(scores.argmax())
    behind = float(scores[second] - top)
    if tokens is not None:
        best, second = int(tokens[best]), int(tokens[second])
    return Choice(best, log_probability, second if math.isfinite(behind) else None, log_probability + behind)


def _may_follow(unfinished: bytes, byte: int) -> bool:
    """Say whether a byte may stand behind the unfinished bytes of a character."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(unfinished + bytes([byte]))
    except UnicodeDecodeError:
        return False
    return True


def _complete(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
