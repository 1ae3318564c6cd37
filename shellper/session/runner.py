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
from shellper.effects import Applied, Effects, EffectsError, Keeper
from shellper.safety import Context, Level, Verdict, judge
from shellper.sandbox import (
    Captured,
    Policy,
    RunResult,
    SandboxError,
    WallsError,
    chosen_level,
    explain_refusal,
    project_root,
    run,
    wants_terminal,
)
from shellper.session.errors import SessionError
from shellper.session.flow import Action, Decision, Meant, Outcome, Proposal
from shellper.session.folder import FolderError, Place, change_folder, is_lone_cd
from shellper.session.leaving import Leaving
from shellper.session.listener import Listener
from shellper.session.own_rules import own_rules
from shellper.session.walls import policy_for, walls_failed

INTERRUPTED = 130
"""The exit code of a command that Ctrl+C has ended, as in shells: 128 + SIGINT."""


class Runner:
    """Proposes and runs commands in the session's place, and moves it where the command is a `cd`."""

    def __init__(self, place: Place, settings: Settings, keeper: Keeper | None = None) -> None:
        self.place = place
        self._settings = settings
        self.rules = own_rules()
        self._keeper = keeper

    @property
    def disk(self) -> LocalDisk:
        """What is there, as seen from the working directory."""
        return LocalDisk(self.place.folder, self.place.home)

    def propose_call(
        self,
        call: ToolCall,
        listener: Listener,
        confidence: float | None = None,
        meant: ToolCall | None = None,
    ) -> Proposal:
        """Return the proposal of a call; `meant` is what else may have been meant, `listener` is told of a preview.

        Raises `CallError` where the catalogue does not allow it, `SessionError` where the working directory is gone.
        """
        command = render(call, disk=self.disk)
        explanation = tuple(explain(call, disk=self.disk))
        verdict = self._judge(call, command)
        proposal = Proposal(command, self.place.folder, verdict, call, explanation, confidence)
        return self._with_effects(replace(proposal, meant=self._meant(command, meant)), listener)

    def _meant(self, command: str, meant: ToolCall | None) -> Meant | None:
        """Return what else may have been meant, where that is another command."""
        other = "" if meant is None else render(meant, disk=self.disk)
        return None if meant is None or other == command else Meant(meant, other)

    def propose_text(self, command: str, listener: Listener) -> Proposal:
        """Return the proposal of a command that the user wrote; `listener` is told of a preview.

        Raises `SessionError` where the working directory is gone.
        """
        verdict = self._judge(None, command)
        proposal = Proposal(command, self.place.folder, verdict, interactive=wants_terminal(command))
        return self._with_effects(proposal, listener)

    def _with_effects(self, proposal: Proposal, listener: Listener) -> Proposal:
        """Return a proposal with what its command changes, where that is worth knowing and somebody keeps it."""
        if self._keeper is None or proposal.verdict.level is Level.BLOCK or is_lone_cd(proposal.command):
            return proposal
        if proposal.call is None and proposal.verdict.level is Level.ALLOW:
            return proposal
        stop = threading.Event()
        listener.on_preview(proposal.command, stop)
        try:
            return replace(proposal, effects=self._effects(self._keeper, proposal, stop))
        finally:
            stop.set()

    def _effects(self, keeper: Keeper, proposal: Proposal, stop: threading.Event) -> Effects | None:
        """Return what a proposal's command changes; setting `stop` leaves a trial out."""
        policy = policy_for(proposal, Decision(Action.RUN), self.place, self._settings)
        root = project_root(self.place.folder, self.place.home) or self.place.folder
        if proposal.call is None:
            effects = keeper.preview_text(proposal.command, policy, root, cancelled=stop)
            if proposal.interactive:  # what it does without a terminal says nothing
                why = f"no preview: `{proposal.interactive}` talks to you at the terminal"
                effects = keeper.untried(effects, root, why)
            return effects
        planned = keeper.preview_call(proposal.call, proposal.command, policy, root, stop)
        # What is shown may be what the user's word opens.
        agreed = policy_for(replace(proposal, effects=planned), Decision(Action.RUN), self.place, self._settings)
        if agreed.granted:
            planned = keeper.preview_call(proposal.call, proposal.command, agreed, root, stop)
        return planned

    def refreshed(self, proposal: Proposal, decision: Decision, listener: Listener) -> Proposal | None:
        """Return the proposal as it is now, where others have changed the files since it was made; else None."""
        if self._keeper is None or proposal.effects is None or decision.action is not Action.RUN:
            return None
        policy = policy_for(proposal, decision, self.place, self._settings)
        if not self._keeper.is_stale(proposal.effects, policy):
            return None
        self.forget(proposal)
        return self._with_effects(replace(proposal, effects=None), listener)

    def forget(self, proposal: Proposal) -> None:
        """Let go of what was kept for a proposal that doesn't run."""
        if self._keeper is not None and proposal.effects is not None:
            self._keeper.drop(proposal.effects.work)

    def _judge(self, call: ToolCall | None, command: str) -> Verdict:
        # Asked before the user is: a question whose answer can't be followed is none. A cd leads out of here.
        if not is_lone_cd(command) and not self.place.folder.is_dir():
            raise SessionError(f"the working directory {self.place.folder} is gone; cd to another folder")
        return judge(call, command, Context(self.place.folder, self.place.home, rules=self.rules))

    def execute(
        self, proposal: Proposal, decision: Decision, listener: Listener, cancelled: threading.Event | None
    ) -> Outcome:
        """Do what was decided and return what happened; what the verdict blocks never runs.

        The first Ctrl+C asks the command to end, the second one kills it and all that it started.
        Raises `SessionError` where the command can't be started.
        """
        untouched = Outcome(proposal, decision, self.place.folder)
        if decision.action is not Action.RUN or proposal.verdict.level is Level.BLOCK:
            self.forget(proposal)
            return untouched
        if is_lone_cd(proposal.command):
            return self._change_folder(untouched, listener)
        policy = policy_for(proposal, decision, self.place, self._settings)
        leaving = Leaving(proposal, listener, network=policy.network or decision.outside)
        began = time.monotonic()
        try:
            with _interrupts(cancelled) as stop:
                applied = self._run(proposal, decision, policy, listener, stop, leaving)
        except EffectsError as error:
            raise SessionError(f"nothing was run: {error}") from error
        except WallsError as error:
            raise walls_failed(error) from error
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
                level=chosen_level(policy),
            )
        if applied.notice:
            listener.on_warning(applied.notice)
        result = applied.result
        return replace(
            untouched,
            exit_code=result.exit_code,
            output=result.combined,
            duration=result.duration,
            timed_out=result.timed_out,
            cancelled=result.cancelled,
            level=result.level,
            refusal=explain_refusal(result, policy, proposal.command),
            changed=applied.changed,
            journal_id=None if applied.transaction is None else str(applied.transaction),
            left=leaving.line(result.left),
            job=leaving.job,
        )

    def _run(
        self,
        proposal: Proposal,
        decision: Decision,
        policy: Policy,
        listener: Listener,
        stop: threading.Event | None,
        leaving: Leaving,
    ) -> Applied:
        """Run a command so that it can be undone, if it can, or apply the run that was shown."""

        def for_real() -> RunResult:
            return run(proposal.command, policy, listener.on_output, stop, decision.terminal, leaving)

        if self._keeper is None:
            return Applied(for_real())
        effects = proposal.effects
        if effects is not None and (decision.outside or decision.terminal is not None):
            root = project_root(self.place.folder, self.place.home) or self.place.folder
            effects = self._keeper.untried(effects, root)
            if effects is not proposal.effects:  # what was shown holds no more, so neither does what it said of undo
                listener.on_warning(effects.notes[-1])
        return self._keeper.run(effects, proposal.command, policy, for_real, listener.on_output)

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
