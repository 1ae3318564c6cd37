"""Taking a request to its end: deciding, drawing, printing, and the exit code."""

from __future__ import annotations

import json
import sys
from dataclasses import replace

from shellper.cli.ask import Asker
from shellper.cli.exits import ExitCode
from shellper.cli.opening import Opened
from shellper.cli.record import turn_record
from shellper.cli.show import Screen, Waiting
from shellper.cli.terminal import is_terminal
from shellper.effects import ChangeKind
from shellper.safety import Level
from shellper.sandbox import LeftProcess
from shellper.session import Action, Decide, Decision, Listener, Outcome, Proposal, Session, TurnEnd, TurnResult

_RUN, _STOP, _TAKEN = Decision(Action.RUN), Decision(Action.STOP), Decision(Action.STOP, elsewhere=True)


def take_turn(session: Session, opened: Opened, request: str, attachment: str = "") -> int:
    """Take a request to its end and return the exit code.

    A command's output goes to the stream it was written to, unless `--json` prints it in its object; all that is for
    people goes to the standard error. Raises what `Session.turn` raises, and BrokenPipeError.
    """
    options, screen = opened.options, opened.screen
    deciding = _outside(_decide(opened)) if options.outside else _decide(opened)
    drawn = not options.print_only and (opened.terminal is not None or options.yes)
    listener = _Drawing(opened, session, streams=not options.json) if drawn else _Quiet(screen)
    waiting = listener.waiting
    waiting.start()
    try:
        result = session.turn(request, deciding, listener, attachment=attachment)
    finally:
        waiting.stop()
    _say(result, screen)
    code = exit_code(result)
    if options.json:
        record = turn_record(result, session.folder, session.conversation_id, code)
        print(json.dumps(record), flush=True)
    return code


def exit_code(result: TurnResult) -> int:
    """Return the exit code of a turn: the last command's own where the user did not end the turn before another one."""
    if not result.outcomes:
        return ExitCode.INTERRUPTED if result.end is TurnEnd.STOPPED else ExitCode.NOTHING
    last = result.outcomes[-1]
    if last.exit_code is not None:
        return last.exit_code
    if last.decision.elsewhere:
        return ExitCode.OK
    if last.proposal.verdict.level is Level.BLOCK:
        return ExitCode.BLOCKED
    own = [outcome.exit_code for outcome in result.outcomes if outcome.exit_code is not None]
    return own[-1] if own and last.decision.action is Action.SKIP else ExitCode.DECLINED


def _decide(opened: Opened) -> Decide:
    """Return who decides: the user, `--yes`, or nobody, so that commands are only printed."""
    options, screen = opened.options, opened.screen
    if options.yes:
        return _Consent(screen)
    if options.print_only or opened.terminal is None:
        return _Printer(screen, prints=not options.json, hints=not options.print_only)
    return Asker(opened.terminal, screen, opened.settings.editing_mode)


def _outside(decide: Decide) -> Decide:
    """Return a `Decide` that sends what is run outside the sandbox, as the user has asked for this request."""

    def decided(proposal: Proposal) -> Decision:
        decision = decide(proposal)
        return replace(decision, outside=True) if decision.action is Action.RUN else decision

    return decided


class _Consent:
    """Decides for `--yes`: runs what is at `allow` and `confirm`."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    def __call__(self, proposal: Proposal) -> Decision:
        level = proposal.verdict.level
        if proposal.note and _takes_away(proposal):
            self._screen.note(f"not run: --yes takes away only what was meant at once; {proposal.note}")
            return _STOP
        if level <= Level.CONFIRM:
            return _RUN
        self._screen.note(f"not run: --yes runs what is at allow or confirm, this is at {level}")
        return _STOP


def _takes_away(proposal: Proposal) -> bool:
    """Say whether a command deletes or overwrites something, or what it changes is not known."""
    if proposal.effects is None:
        return proposal.verdict.level > Level.ALLOW
    return any(change.kind in (ChangeKind.DELETED, ChangeKind.OVERWRITTEN) for change in proposal.effects.changes)


class _Printer:
    """Decides where nothing is to run: prints the command, which ends the turn, since the next hangs on its outcome."""

    def __init__(self, screen: Screen, *, prints: bool, hints: bool) -> None:
        self._screen, self._prints, self._hints = screen, prints, hints

    def __call__(self, proposal: Proposal) -> Decision:
        level, reasons = proposal.verdict.level, "; ".join(proposal.verdict.reasons)
        if level is Level.BLOCK:
            self._screen.note(f"blocked: {reasons}")
            return _STOP
        if level is Level.WARN:
            self._screen.note(f"warn: {reasons}")
        if proposal.note:
            self._screen.note(proposal.note)
        if self._prints:
            print(proposal.command, flush=True)
        if self._hints:
            self._screen.note("not run: there is no terminal to ask at (--yes runs without asking)")
        return _TAKEN


class _Quiet(Listener):
    """Draws nothing but warnings."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self.waiting = Waiting(screen, "thinking ...")

    def on_proposal(self, proposal: Proposal) -> None:
        """Take the word for waiting away, since something is printed now."""
        self.waiting.stop()

    def on_warning(self, message: str) -> None:
        """Write the message."""
        self.waiting.stop()
        self._screen.note(message)


class _Drawing(_Quiet):
    """Draws proposals and outcomes, and passes output on as it comes."""

    def __init__(self, opened: Opened, session: Session, *, streams: bool) -> None:
        super().__init__(opened.screen)
        self._session, self._outside = session, opened.options.outside
        self._started_in = opened.folder
        self._streams = streams
        self._unfinished = False
        mode = opened.settings.editing_mode
        self._asker = (
            Asker(opened.terminal, opened.screen, mode) if opened.terminal and not opened.options.yes else None
        )

    def on_proposal(self, proposal: Proposal) -> None:
        """Draw the proposal."""
        self.waiting.stop()
        self._screen.proposal(proposal, self._started_in)
        if proposal.verdict.level is not Level.BLOCK:
            self._screen.sandbox("none (--no-sandbox)" if self._outside else self._session.sandbox)

    def on_output(self, stream: str, text: str) -> None:
        """Pass a piece of output on to the stream of that name."""
        if not self._streams:
            return
        out = sys.stdout if stream == "stdout" else sys.stderr
        out.write(text)
        out.flush()
        if is_terminal(1 if stream == "stdout" else 2):
            self._unfinished = not text.endswith("\n")

    def on_left(self, processes: tuple[LeftProcess, ...]) -> bool:
        """Ask at the terminal; where there is none, or `--yes` answers, what is left ends."""
        self._end_line()
        return self._asker is not None and self._asker.keeps(processes)

    def _end_line(self) -> None:
        if self._unfinished:
            self._screen.write("\n")
            self._unfinished = False

    def on_outcome(self, outcome: Outcome) -> None:
        """Draw the outcome, on a line of its own."""
        self._end_line()
        self._screen.outcome(outcome)
        if outcome.ran:
            self.waiting.start()


def _say(result: TurnResult, screen: Screen) -> None:
    """Write the model's text, or that there is nothing to run."""
    if result.reply:
        screen.line(result.reply)
    elif not result.outcomes and result.end is not TurnEnd.STOPPED:
        screen.note("there is nothing to run for this; say it in other words")
