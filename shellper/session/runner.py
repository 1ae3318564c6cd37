"""From a call or a text to a proposal, and from a decision to an outcome."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import FrameType

from shellper.calls import LocalDisk, ToolCall, explain, render
from shellper.config import Settings
from shellper.safety import Context, Level, Verdict, judge
from shellper.sandbox import Captured, Policy, SandboxError, current_level, run
from shellper.session.errors import SessionError
from shellper.session.flow import Action, Decision, Outcome, Proposal
from shellper.session.folder import FolderError, Place, change_folder, is_lone_cd
from shellper.session.listener import Listener
from shellper.session.own_rules import own_rules

INTERRUPTED = 130
"""The exit code of a command that Ctrl+C has ended, as in shells: 128 + SIGINT."""


class Runner:
    """Proposes and runs commands in the session's place, and moves it where the command is a `cd`."""

    def __init__(self, place: Place, settings: Settings) -> None:
        self.place = place
        self._rules = own_rules()
        self._time_limit = settings.time_limit or None

    def propose_call(self, call: ToolCall, confidence: float | None = None) -> Proposal:
        """Return the proposal of a call.

        Raises `CallError` where the catalogue does not allow it, `SessionError` where the working directory is gone.
        """
        disk = LocalDisk(self.place.folder, self.place.home)
        command = render(call, disk=disk)
        explanation = tuple(explain(call, disk=disk))
        return Proposal(command, self.place.folder, self._judge(call, command), call, explanation, confidence)

    def propose_text(self, command: str) -> Proposal:
        """Return the proposal of a command that the user wrote.

        Raises `SessionError` where the working directory is gone.
        """
        return Proposal(command, self.place.folder, self._judge(None, command))

    def _judge(self, call: ToolCall | None, command: str) -> Verdict:
        # Asked before the user is: a question whose answer can't be followed is none. A cd leads out of here.
        if not is_lone_cd(command) and not self.place.folder.is_dir():
            raise SessionError(f"the working directory {self.place.folder} is gone; cd to another folder")
        return judge(call, command, Context(self.place.folder, self.place.home, rules=self._rules))

    def execute(
        self, proposal: Proposal, decision: Decision, listener: Listener, cancelled: threading.Event | None
    ) -> Outcome:
        """Do what was decided and return what happened; what the verdict blocks never runs.

        The first Ctrl+C asks the command to end, the second one kills it and all that it started.
        Raises `SessionError` where the command can't be started.
        """
        untouched = Outcome(proposal, decision, self.place.folder)
        if decision.action is not Action.RUN or proposal.verdict.level is Level.BLOCK:
            return untouched
        if is_lone_cd(proposal.command):
            return self._change_folder(untouched, listener)
        policy = Policy(folder=self.place.folder, home=self.place.home, time_limit=self._time_limit)
        began = time.monotonic()
        try:
            with _interrupts(cancelled) as stop:
                result = run(proposal.command, policy, listener.on_output, stop)
        except SandboxError as error:
            raise SessionError(str(error)) from error
        except KeyboardInterrupt:
            duration = time.monotonic() - began
            return replace(
                untouched,
                exit_code=INTERRUPTED,
                output=_captured(""),
                duration=duration,
                cancelled=True,
                level=current_level(),
            )
        return replace(
            untouched,
            exit_code=result.exit_code,
            output=result.combined,
            duration=result.duration,
            timed_out=result.timed_out,
            cancelled=result.cancelled,
            level=result.level,
        )

    def _change_folder(self, untouched: Outcome, listener: Listener) -> Outcome:
        try:
            self.place, text = change_folder(untouched.proposal.command, self.place)
            exit_code, stream = 0, "stdout"
        except FolderError as error:
            text, exit_code, stream = f"{error}\n", error.exit_code, "stderr"
        if text:
            listener.on_output(stream, text)
        return replace(untouched, folder=self.place.folder, exit_code=exit_code, output=_captured(text))


def _captured(text: str) -> Captured:
    """Make an output that no command wrote."""
    return Captured(text, text, "", 0, 0, len(text.encode("utf-8", "replace")), binary=False)


@contextmanager
def _interrupts(cancelled: threading.Event | None) -> Iterator[threading.Event | None]:
    """Turn the first Ctrl+C into `cancelled`, so that the command's output is kept, and leave the next ones alone.

    Only where this thread gets them and nobody else has a handler: a front end's own comes first.
    """
    if (
        threading.current_thread() is not threading.main_thread()
        or signal.getsignal(signal.SIGINT) is not signal.default_int_handler
    ):
        yield cancelled
        return
    stop = cancelled or threading.Event()

    def on_interrupt(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            signal.default_int_handler(number, frame)
        stop.set()

    signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
