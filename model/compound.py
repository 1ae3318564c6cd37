"""Several wishes in one breath: joining the requests of single turns into one."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

_JOINED = (
    "{0} and {1}",
    "{0}, then {1}",
    "{0} and then {1}",
    "{0}, and after that {1}",
    "{0}. Then {1}.",
    "{0}. After that, {1}.",
    "first {0}, then {1}",
    "First {0}. Next, {1}.",
    "{0}; {1}",
    "{0}, {1}",
    "{0}, and {1}",
    "{0}. Once that is done, {1}.",
    "{0} && {1}",
    "{0} and when you're done {1}",
    "{0}. Also, {1}.",
    "{0} and also {1}",
    "I need two things: {0}, and {1}.",
    "1. {0} 2. {1}",
    "{0}\n{1}",
    "{0} before you go on and {1}",
)
_THREE = (
    "{0}, {1} and {2}",
    "{0}, then {1}, then {2}",
    "{0}, then {1} and finally {2}",
    "first {0}, then {1}, and at the end {2}",
    "First {0}. Then {1}. Finally, {2}.",
    "{0} and {1}, and then {2}",
    "{0}; {1}; {2}",
    "1) {0} 2) {1} 3) {2}",
    "three things: {0}, {1}, {2}",
    "- {0}\n- {1}\n- {2}",
    "{0}, {1}, {2}",
    "{0}. After that {1}, and last of all {2}.",
)
_KEEPS_CAPITAL = re.compile(r"I\b|I'|[A-Z]{2}|['\"`“]")
LONGEST_WORDS = 18


def can_join(text: str) -> bool:
    """Say whether a request reads well beside others: one short sentence."""
    return len(text.split()) <= LONGEST_WORDS and not re.search(r"[.!?:]\s|\n", text)


def join(rng: random.Random, texts: Sequence[str]) -> str:
    """Return one request that asks for all of the texts, in their order."""
    parts = [_inner(text) for text in texts]
    if len(parts) == 2:
        joined = rng.choice(_JOINED).format(*parts)
    elif len(parts) == 3:
        joined = rng.choice(_THREE).format(*parts)
    else:
        joined = rng.choice((", ", ", then ", "; ", " and ")).join(parts[:-1]) + rng.choice(
            (" and ", ", and finally ", ", then ", "; ")
        )
        joined += parts[-1]
    return joined[0].upper() + joined[1:] if rng.random() < 0.5 else joined


def _inner(text: str) -> str:
    """Return a request as it stands inside a sentence."""
    text = re.sub(r"[.!?]+$", "", text.strip())
    return text if _KEEPS_CAPITAL.match(text) else text[:1].lower() + text[1:]
