"""What flows between the session and a front end: proposal, decision, outcome."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from shellper.calls import ToolCall
from shellper.safety import Level, Verdict
from shellper.sandbox import Captured, SandboxLevel


@dataclass(frozen=True)
class Proposal:
    """Everything the user needs to decide on one command.

    `call` is None where the user wrote the command; `explanation` pairs parts of the command with what they do;
    `confidence` is the model's, 0 to 1.
    """

    command: str
    folder: Path
    verdict: Verdict
    call: ToolCall | None = None
    explanation: tuple[tuple[str, str], ...] = ()
    confidence: float | None = None


class Action(StrEnum):
    """What the user can decide."""

    RUN = "run"
    EDIT = "edit"
    SKIP = "skip"
    STOP = "stop"


@dataclass(frozen=True)
class Decision:
    """The user's decision; `command` is the new text of an edit, which is proposed again before it runs.

    `elsewhere` says of a stop that the user takes the command along (printed, copied), so that nothing is known of it.
    """

    action: Action
    command: str = ""
    elsewhere: bool = False


@dataclass(frozen=True)
class Outcome:
    """What happened to a proposal.

    `exit_code` and `output` are None where it did not run; `folder` is the working directory afterwards; `duration` is
    in seconds; `changed` and `journal_id` are filled by effects.
    """

    proposal: Proposal
    decision: Decision
    folder: Path
    exit_code: int | None = None
    output: Captured | None = None
    duration: float = 0.0
    timed_out: bool = False
    cancelled: bool = False
    level: SandboxLevel = SandboxLevel.NONE
    changed: tuple[Path, ...] = ()
    journal_id: str | None = None

    @property
    def ran(self) -> bool:
        """Whether the command ran, to its end or not."""
        return self.exit_code is not None

    @property
    def blocked(self) -> bool:
        """Whether the user wanted to run it and the verdict forbade that."""
        return self.decision.action is Action.RUN and not self.ran and self.proposal.verdict.level is Level.BLOCK


class TurnEnd(StrEnum):
    """Why a turn ended: the model had no more to do, it answered with text, the user stopped, or too many calls."""

    DONE = "done"
    REPLIED = "replied"
    STOPPED = "stopped"
    LIMIT = "limit"


@dataclass(frozen=True)
class TurnResult:
    """A whole turn: its outcomes in order, the model's text (empty where it said nothing), and why it ended."""

    request: str
    outcomes: tuple[Outcome, ...]
    reply: str
    end: TurnEnd
