"""Choosing among given calls: which of them the model is most likely to write.

The calls share their beginnings, so they are searched as a tree, the likeliest beginning first (Dijkstra, 1959): what
comes out first is the likeliest call, and most calls are never looked at to their end.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from shellper.engine.context import Logits

# A look into the model takes some milliseconds; with this many the answer still comes at once.
_MOST_LOOKS = 64

Free = Callable[[int], Sequence[bool]]
"""What says of each token of a call whether the grammar leaves a choice there."""

Look = Callable[[Sequence[int]], Logits]
"""What gives the logits of the token behind a beginning."""


@dataclass(frozen=True)
class Chosen:
    """A call's place among those given, the probability that the model writes it, and its share among those given.

    The others are taken to be as likely as their beginnings, so that the share is rather too low.
    """

    index: int
    probability: float
    share: float


class Beginning:
    """The tokens that some calls begin with, and how likely the model is to write them."""

    def __init__(
        self, calls: Sequence[Sequence[int]], live: Sequence[int], length: int, log_probability: float
    ) -> None:
        self.calls, self.live, self.length, self.log_probability = calls, live, length, log_probability

    def __lt__(self, other: Beginning) -> bool:
        return self.log_probability > other.log_probability

    @property
    def tokens(self) -> Sequence[int]:
        """The tokens so far."""
        return self.calls[self.live[0]][: self.length]

    @property
    def is_whole(self) -> bool:
        """Whether a call ends here; none is the beginning of another."""
        return self.length == len(self.calls[self.live[0]])

    def next_tokens(self) -> dict[int, list[int]]:
        """Return what may come next, each with the calls that go on so."""
        found: dict[int, list[int]] = {}
        for index in self.live:
            found.setdefault(self.calls[index][self.length], []).append(index)
        return found


def choose(calls: Sequence[Sequence[int]], free: Free, look: Look, least: float) -> Chosen | None:
    """Return the likeliest of some calls, each given as its tokens; None where none is as likely as `least`.

    A token counts where the grammar leaves the model a choice: of the others the model was never taught.
    """
    waiting = [Beginning(calls, range(len(calls)), 0, 0.0)] if calls else []
    looks = 0
    left = 0.0
    while waiting:
        one = heapq.heappop(waiting)
        if one.is_whole:
            rest = left + sum(math.exp(other.log_probability) for other in waiting)
            probability = math.exp(one.log_probability)
            return Chosen(one.live[0], probability, probability / (probability + rest))
        following = one.next_tokens()
        if not free(one.live[0])[one.length]:
            heapq.heappush(waiting, Beginning(calls, one.live, one.length + 1, one.log_probability))
            continue
        if looks == _MOST_LOOKS:
            return None
        looks += 1
        logits = look(one.tokens)
        for beginning in _longer(one, following, logits):
            if beginning.log_probability >= math.log(least):
                heapq.heappush(waiting, beginning)
            else:
                left += math.exp(beginning.log_probability)
    return None


def _longer(one: Beginning, following: dict[int, list[int]], logits: Logits) -> Iterable[Beginning]:
    """Return the beginnings that are one token longer."""
    top = logits.max()
    total = float(top) + math.log(float(np.exp(logits - top).sum()))
    return [
        Beginning(one.calls, live, one.length + 1, one.log_probability + float(logits[token]) - total)
        for token, live in following.items()
    ]
