"""What flows between the session and a front end: proposal, decision, outcome."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from shellper.calls import ToolCall
from shellper.effects import Effects
from shellper.engine.protocol import LOW_CONFIDENCE
from shellper.safety import Level, Verdict
from shellper.sandbox import Captured, SandboxLevel


@dataclass(frozen=True)
class Meant:
    """Another call that may have been meant, and its command."""

    call: ToolCall
    command: str


@dataclass(frozen=True)
class Proposal:
    """Everything the user needs to decide on one command.

    `call` is None where the user wrote the command; `explanation` pairs parts of the command with what they do;
    `confidence` is the model's, 0 to 1; `effects` is what the command changes, None where it only reads; `interactive`
    is the program in it that talks to a person at a terminal, empty where none does; `meant` is what else may have been
    meant, where the call names what isn't there or the model was not sure; `note` says in a line where the call stands
    for one of the model's that can't work.
    """

    command: str
    folder: Path
    verdict: Verdict
    call: ToolCall | None = None
    explanation: tuple[tuple[str, str], ...] = ()
    confidence: float | None = None
    effects: Effects | None = None
    interactive: str = ""
    meant: Meant | None = None
    note: str = ""

    @property
    def is_doubtful(self) -> bool:
        """Whether something else may have been meant, so that the user is asked in any case."""
        return self.meant is not None or bool(self.note)

    @property
    def is_unsure(self) -> bool:
        """Whether the model was not sure of its call."""
        return self.confidence is not None and self.confidence < LOW_CONFIDENCE


class Action(StrEnum):
    """What the user can decide."""

    RUN = "run"
    EDIT = "edit"
    SKIP = "skip"
    STOP = "stop"


@dataclass(frozen=True)
class Decision:
    """The user's decision; `command` is the new text of an edit, which is proposed again before it runs.

    An edit whose text is the command that may have been meant stands for that call.

    `elsewhere` says of a stop that the user takes the command along (printed, copied), so that nothing is known of it.
    `outside` says of a run that it happens outside the sandbox: the user's word for this command alone. `terminal` is
    the descriptor of the user's terminal where the command gets that for itself, and nothing of its output is kept.
    """

    action: Action
    command: str = ""
    elsewhere: bool = False
    outside: bool = False
    terminal: int | None = None


@dataclass(frozen=True)
class Outcome:
    """What happened to a proposal.

    `exit_code` and `output` are None where it did not run; `folder` is the working directory afterwards; `duration` is
    in seconds; `changed` are the paths that it changed, as far as they are known, and `journal_id` the number of the
    transaction by which that can be undone. `level` is the sandbox level that it ran at, `refusal`
    a line on the wall that it ran into, if it did; `left` is a line on processes that outlived it, `job` the number of
    the job that they became, None where they were ended.
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
    refusal: str = ""
    changed: tuple[Path, ...] = ()
    journal_id: str | None = None
    left: str = ""
    job: int | None = None

    @property
    def ran(self) -> bool:
        """Whether the command ran, to its end or not."""
        return self.exit_code is not None

    @property
    def failed(self) -> bool:
        """Whether it ran to an end that was no success."""
        return bool(self.exit_code) and not self.cancelled

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
