"""A turn in a thread of its own: what it tells, what it is told, and the buffers between it and the screen."""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Callable

from textual.message import Message

from shellper.engine.protocol import EngineError
from shellper.safety import Level
from shellper.sandbox import LeftProcess, Stopping
from shellper.session import Action, Decision, Listener, Outcome, Proposal, Session, SessionError
from shellper.tui.messages import Asked, Ended, Happened, Proposed, Remained, Trying, Warned

MOST_PENDING = 64 * 1024
"""Characters of output that wait for the screen; what is older is passed over, since the screen shows the end."""

FLOOD_PAUSE = 0.02
"""Seconds that the reader of a command's output rests at most after a piece, while more comes than can be shown."""

MOST_STOPS = 2
"""How often stopping means something: the command is asked to end, then it is killed."""

_ERROR_LINES = 12

_STOP = Decision(Action.STOP)


class Pending:
    """Text on its way from one thread to another: the end of it, where the reader is slower than the writer."""

    def __init__(self, most: int = MOST_PENDING) -> None:
        self._lock = threading.Lock()
        self._pieces: deque[str] = deque()
        self._size, self._most = 0, most
        self._lines = 0

    def put(self, text: str) -> bool:
        """Add text; says whether more waits than the reader will get."""
        with self._lock:
            self._pieces.append(text[-self._most :])
            self._size += len(self._pieces[-1])
            self._lines += text.count("\n")
            is_late = False
            while self._size > self._most:
                self._size -= len(self._pieces.popleft())
                is_late = True
        return is_late

    def take(self) -> tuple[str, int]:
        """Take what waits; gives it, and how many lines were put in since the last time."""
        with self._lock:
            text, lines = "".join(self._pieces), self._lines
            self._pieces.clear()
            self._size = self._lines = 0
        return text, lines


class RunningTurn(Listener):
    """Runs a turn: `run` in the thread, the others from the screen."""

    def __init__(
        self,
        session: Session,
        request: str,
        post: Callable[[Message], object],
        *,
        own: bool = False,
        runs_rest: bool = False,
        attachment: str = "",
    ) -> None:
        self._session, self._request, self._own = session, request, own
        self._post, self._attachment = post, attachment
        self._answers: queue.SimpleQueue[Decision] = queue.SimpleQueue()
        self._words: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._is_open = False
        self.runs_rest = runs_rest
        """Whether what is at `allow` runs unasked."""
        self._rested = 0.0
        self._preview: threading.Event | None = None
        self.stops = 0
        """How often it was stopped."""
        self.happened = threading.Event()
        """Set when the last decision has come to its outcome."""
        self.cancelled = Stopping()
        self.written = Pending()
        """What the model writes."""
        self.printed = Pending()
        """What the command prints."""

    def run(self) -> None:
        """Take the turn to its end; nothing is raised, the last message says how it ended."""
        try:
            if self._own:
                self._session.run_command(self._request, self._decide, self, self.cancelled)
                ended = Ended()
            else:
                turn = self._session.turn(self._request, self._decide, self, self.cancelled, self._attachment)
                ended = Ended(turn)
        except (SessionError, EngineError) as error:
            ended = Ended(problem=str(error))
        except Exception as error:
            ended = Ended(bug=error)
        self.happened.set()
        self._post(ended)

    def answer(self, decision: Decision, *, rest: bool = False) -> None:
        """Decide on what was asked; `rest` also runs what follows in this turn and is at `allow`."""
        self.runs_rest = self.runs_rest or rest
        self.happened.clear()
        self._answers.put(decision)

    def stop(self) -> None:
        """End the turn: the model stops writing, the command is asked to end, a question is answered.

        The second time the command is killed with all that it started.
        """
        self.stops += 1
        if self.stops < MOST_STOPS:
            self.cancelled.set()
        else:
            self.cancelled.kill()
        self._answers.put(_STOP)
        self._words.put(False)

    def keep(self, keeps: bool) -> None:
        """Say what becomes of processes that outlive their command."""
        self._words.put(keeps)

    def on_left(self, processes: tuple[LeftProcess, ...]) -> bool:
        """Ask what becomes of processes that outlive their command."""
        if self.cancelled.is_set():
            return False
        self._post(Remained(processes))
        return self._words.get()

    def skip_preview(self) -> bool:
        """Leave out the trial that goes on; says whether one does."""
        preview = self._preview
        if preview is None or preview.is_set():
            return False
        preview.set()
        return True

    def abandon(self) -> None:
        """End the turn without asking anything more of anyone."""
        self.skip_preview()
        self.stop()

    def _decide(self, proposal: Proposal) -> Decision:
        if self.cancelled.is_set():
            return _STOP
        if self.runs_rest and proposal.verdict.level is Level.ALLOW and not proposal.note:
            return Decision(Action.RUN)
        self._post(Asked(proposal))
        return self._answers.get()

    def on_text(self, text: str) -> None:
        """Keep what the model writes for the screen."""
        self.written.put(text)

    def on_preview(self, command: str, stop: threading.Event) -> None:
        """Tell of a trial, which can be left out."""
        self._preview = stop
        if self.cancelled.is_set():
            stop.set()
        else:
            self.written.take()
            self._post(Trying())

    def on_proposal(self, proposal: Proposal) -> None:
        """Tell of a proposal."""
        self.written.take()
        self._post(Proposed(proposal, again=self._is_open))
        self._is_open = True

    def on_output(self, stream: str, text: str) -> None:
        """Keep what a command prints for the screen."""
        if self.printed.put(text):
            # A flood: its reader rests as long as it has worked, so that the screen heeds keys.
            time.sleep(min(FLOOD_PAUSE, time.monotonic() - self._rested))
            self._rested = time.monotonic()

    def on_outcome(self, outcome: Outcome) -> None:
        """Tell of an outcome."""
        self._is_open = False
        self.happened.set()
        self._post(Happened(outcome))

    def on_warning(self, message: str) -> None:
        """Tell of a warning."""
        self._post(Warned(message))


def error_of(outcome: Outcome) -> str:
    """Return what the model is told of a command that failed: the command, its exit code, the end of its output."""
    text = "" if outcome.output is None else outcome.output.text
    last = [line for line in text.split("\n") if line.strip()][-_ERROR_LINES:]
    return "\n".join([f"{outcome.proposal.command} (exit code {outcome.exit_code})", *last])
