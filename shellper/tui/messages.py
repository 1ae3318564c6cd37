"""What the thread of a turn tells the screen."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message

from shellper.sandbox import LeftProcess
from shellper.session import Outcome, Proposal, TurnResult


@dataclass
class Trying(Message):
    """A command is tried out before it is proposed."""


@dataclass
class Proposed(Message):
    """A proposal is there; `again` where it takes the place of the one before: an edit, or other files."""

    proposal: Proposal
    again: bool


@dataclass
class Asked(Message):
    """The turn waits for a decision on the last proposal."""

    proposal: Proposal


@dataclass
class Remained(Message):
    """The turn waits for a word on processes that outlive their command."""

    processes: tuple[LeftProcess, ...]


@dataclass
class Happened(Message):
    """A proposal has come to its outcome."""

    outcome: Outcome


@dataclass
class Warned(Message):
    """Something went wrong without ending the turn."""

    message: str


@dataclass
class LevelFound(Message):
    """The sandbox level of this machine is known."""

    label: str


@dataclass
class Ended(Message):
    """The turn is over: with a result (None for a command of the user's own), or with what went wrong."""

    result: TurnResult | None = None
    problem: str = ""
    bug: Exception | None = None
