"""The words of a judgement: levels, verdicts, and the context they hold in."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shellper.safety.rules import Rule

MOST_REASONS = 6


class Level(enum.StrEnum):
    """How much care a command needs, from `allow` up to `block`; levels compare by rank, so `max` works."""

    ALLOW = "allow"
    CONFIRM = "confirm"
    WARN = "warn"
    BLOCK = "block"

    @property
    def rank(self) -> int:
        """The place in the order, 0 for `allow`."""
        return list(Level).index(self)

    # A StrEnum would compare by spelling, where "block" comes before "confirm".
    def __lt__(self, other: str) -> bool:
        return self.rank < Level(other).rank

    def __le__(self, other: str) -> bool:
        return self.rank <= Level(other).rank

    def __gt__(self, other: str) -> bool:
        return self.rank > Level(other).rank

    def __ge__(self, other: str) -> bool:
        return self.rank >= Level(other).rank


@dataclass(frozen=True)
class Verdict:
    """A level and the reasons for it in plain words, the weightiest first; `secret` tells of keys or passwords."""

    level: Level
    reasons: tuple[str, ...]
    secret: bool = field(default=False, compare=False)


@dataclass(frozen=True)
class Context:
    """Where a command would run: the working directory and the user's home, as absolute paths.

    `user` is the user's name if it is known, `rules` are the user's own rules.
    """

    folder: Path
    home: Path
    user: str = ""
    rules: tuple[Rule, ...] = ()


def allow(reason: str) -> Verdict:
    """Say that a part was proven to be read-only."""
    return Verdict(Level.ALLOW, (reason,))


def confirm(reason: str, secret: bool = False) -> Verdict:
    """Say that a part changes something, or isn't proven to change nothing."""
    return Verdict(Level.CONFIRM, (reason,), secret)


def warn(reason: str, secret: bool = False) -> Verdict:
    """Say that a part is risky or can't be read with certainty."""
    return Verdict(Level.WARN, (reason,), secret)


def block(reason: str, secret: bool = False) -> Verdict:
    """Say that a part must not run."""
    return Verdict(Level.BLOCK, (reason,), secret)


def combine(verdicts: Iterable[Verdict]) -> Verdict:
    """Join the verdicts of the parts into the verdict of the whole: the highest level, its reasons first.

    No verdict at all is no proof, so the empty join is `confirm`, never `allow`.
    """
    parts = sorted(verdicts, key=lambda verdict: -verdict.level.rank)
    if not parts:
        return confirm("nothing here was proven to be harmless")
    level = parts[0].level
    kept = [part for part in parts if part.level > Level.ALLOW or level is Level.ALLOW]
    reasons = dict.fromkeys(visible(reason) for part in kept for reason in part.reasons)
    return Verdict(level, tuple(reasons)[:MOST_REASONS], any(part.secret for part in parts))


def shown(text: str, most: int = 60) -> str:
    """Quote a part of a command for a reason, cut to a readable length."""
    line = text if len(text) <= most else text[: most - 1] + "…"
    return f"`{visible(line)}`"


def visible(text: str) -> str:
    """Spell out the characters that a terminal would act on or not show."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )
