"""The turn loop: a request, the model's calls, the user's decisions, what they came to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeAlias

from shellper.calls import CallError, ToolCall
from shellper.config import Settings
from shellper.dialect import Conversation, Response, Step, Turn
from shellper.effects import Keeper
from shellper.engine.protocol import Engine, EngineError, Generation, GenerationCancelled
from shellper.grounding.ground import ground
from shellper.safety import Context, Level, Verdict, judge
from shellper.session.errors import SessionError
from shellper.session.flow import Action, Decision, Outcome, Proposal, TurnEnd, TurnResult
from shellper.session.folder import Place
from shellper.session.listener import Listener
from shellper.session.meant import meant
from shellper.session.recorder import Recorder
from shellper.session.rows import as_text
from shellper.session.runner import Runner
from shellper.session.saved import SavedConversation, context_turn, response_to
from shellper.session.store import Store
from shellper.session.walls import sandbox_offer
from shellper.session.window import shorten, turns_to_drop

MAX_CALLS = 8
"""How many calls one request may become."""

_MOST_REFRESHED = 3  # times that a proposal is made anew because others change what it is about

Decide: TypeAlias = Callable[[Proposal], Decision]

# How a turn ended that raised: for the store alone.
_INTERRUPTED, _FAILED = "interrupted", "failed"


@dataclass(frozen=True)
class _Known:
    """A turn as the model sees it, and its id in the store."""

    turn: Turn
    row: int | None


@dataclass
class _Running:
    """A turn that goes on: as the model sees it, and what has happened in it."""

    turn: Turn
    row: int | None
    listener: Listener
    cancelled: threading.Event | None
    outcomes: list[Outcome] = field(default_factory=list)


class Session:
    """A conversation in a place: turns of the model's, commands of the user's, each written to the store.

    `resumed` is a saved conversation to go on with. It goes on in the folder where it was left, unless the program is
    started in another folder than it was the last time: then the user has moved, and the session follows.
    """

    def __init__(
        self,
        engine: Engine,
        settings: Settings,
        folder: Path,
        home: Path,
        *,
        store: Store | None = None,
        terminal: str = "",
        resumed: SavedConversation | None = None,
        keeper: Keeper | None = None,
    ) -> None:
        self._engine = engine
        self._settings = settings
        self._known: list[_Known] = []
        place = Place(folder, None, home)
        if resumed is not None:
            if resumed.started_in == folder and resumed.folder.is_dir():
                place = Place(resumed.folder, resumed.previous_folder, home)
            turns = ((context_turn(saved), saved.id) for saved in resumed.turns if saved.id >= resumed.context_from)
            self._known = [_Known(turn, row) for turn, row in turns if turn is not None]
        self._runner = Runner(place, settings, keeper)
        self._recorder = Recorder(
            store if settings.history else None, terminal, folder, None if resumed is None else resumed.id
        )

    @property
    def folder(self) -> Path:
        """The working directory, under the name the user knows it by."""
        return self._runner.place.folder

    @property
    def home(self) -> Path:
        """What `~` means."""
        return self._runner.place.home

    @property
    def sandbox(self) -> str:
        """The sandbox level of this machine for people, with what it leaves open."""
        return sandbox_offer().label

    @property
    def conversation(self) -> Conversation:
        """The finished turns that the model sees."""
        return tuple(known.turn for known in self._known)

    def verdict(self, command: str) -> Verdict:
        """Judge a command of the user's as it would be proposed here, to be shown while it is typed."""
        return judge(None, command, Context(self.folder, self.home, rules=self._runner.rules))

    @property
    def conversation_id(self) -> int | None:
        """The conversation's id in the store; None before its first turn, or where nothing is saved."""
        return self._recorder.conversation

    def turn(
        self,
        request: str,
        decide: Decide,
        listener: Listener | None = None,
        cancelled: threading.Event | None = None,
        attachment: str = "",
    ) -> TurnResult:
        """Take a request to its end: at most `MAX_CALLS` calls, each proposed, decided, and run or not.

        `decide` is asked for each proposal, and again for each edit; `attachment` (piped input) stands behind the
        request, cut like an output. Setting `cancelled`, from any thread, ends the turn as `stopped`.
        A skipped call is followed by the model's next one only where a call before it ran: a skip of the first one says
        no to the request. What the verdict blocks never runs and ends the turn.
        Raises `SessionError`, `EngineError`, and KeyboardInterrupt where that comes while no command runs; the turn is
        kept as far as it got.
        """
        if not request.strip():
            raise SessionError("the request is empty; say what you want to be done")
        listener = listener or Listener()
        prompt = as_text(request)
        if attachment.strip():
            prompt = f"{prompt}\n{self._engine.cut_output(as_text(attachment))}"
        self._recorder.warn = listener.on_warning
        row = self._recorder.begin_turn("request", request, prompt)
        running = _Running(Turn(prompt, done=False), row, listener, cancelled)
        with self._kept(running):
            end, reply, notice = self._steps(running, decide)
        self._close(running, end.value, reply, notice)
        return TurnResult(request, tuple(running.outcomes), reply or notice, end)

    def run_command(
        self,
        command: str,
        decide: Decide,
        listener: Listener | None = None,
        cancelled: threading.Event | None = None,
    ) -> Outcome:
        """Propose a command of the user's own, and do what is decided.

        It is written to the store, but the model does not see it (`saved.context_turn` says why).
        Raises `SessionError`.
        """
        if not command.strip():
            raise SessionError("the command is empty; type one")
        listener = listener or Listener()
        self._recorder.warn = listener.on_warning
        row = self._recorder.begin_turn("command", command, "")
        running = _Running(Turn(""), row, listener, cancelled)
        with self._kept(running):
            outcome, _ = self._carry_out(running, None, self._runner.propose_text(command, listener), decide)
        self._recorder.end_turn((TurnEnd.DONE if outcome.ran and not outcome.cancelled else TurnEnd.STOPPED).value)
        return outcome

    @contextmanager
    def _kept(self, running: _Running) -> Iterator[None]:
        """Keep a turn that is left by an exception as far as it got."""
        try:
            yield
        except (SessionError, EngineError) as error:
            self._close(running, _FAILED, notice=str(error))
            raise
        except BaseException:
            self._close(running, _INTERRUPTED)
            raise

    def _close(self, running: _Running, ending: str, reply: str = "", notice: str = "") -> None:
        """End a turn, in the store and for the model, who sees it if there is anything of its own in it."""
        self._recorder.end_turn(ending, reply, notice)
        if running.turn.steps or reply:
            self._known.append(_Known(replace(running.turn, reply=reply, done=True), running.row))

    def _steps(self, running: _Running, decide: Decide) -> tuple[TurnEnd, str, str]:
        """Go on until the turn ends; gives why it did, the model's reply, and a notice of ours."""
        while True:
            try:
                generation, note = self._generate(running)
            except GenerationCancelled:
                return TurnEnd.STOPPED, "", ""
            except CallError as error:
                return _refused(error)
            step = generation.step
            if step.call is None:
                return (TurnEnd.REPLIED if step.reply else TurnEnd.DONE), step.reply, ""
            if _was_skipped(running.turn, step.call):
                return TurnEnd.STOPPED, "", ""
            if len(running.outcomes) == MAX_CALLS:
                return TurnEnd.LIMIT, "", f"stopped after {MAX_CALLS} commands; ask again to go on"
            try:
                other = meant(generation, (*self.conversation, running.turn), self._runner.disk)
                suggested = self._runner.propose_call(step.call, running.listener, generation.confidence, other)
                proposal = replace(suggested, note=note)
            except CallError as error:
                return _refused(error)
            outcome, response = self._carry_out(running, step.call, proposal, decide)
            running.turn = replace(running.turn, steps=(*running.turn.steps, Step(step.call, response)))
            if self._is_last(running, outcome):
                return TurnEnd.STOPPED, "", ""

    def _generate(self, running: _Running) -> tuple[Generation, str]:
        """Make room in the context and ask the model for its next step, as the disk allows it; also gives a note."""
        budget, count = self._engine.context_tokens, self._engine.count_tokens
        drop = turns_to_drop((*self.conversation, running.turn), count, budget)
        if drop:
            del self._known[:drop]
            self._recorder.forget_before(self._known[0].row if self._known else running.row)
        if not self._known:
            running.turn = shorten(running.turn, count, budget)
        conversation = (*self.conversation, running.turn)
        generation = self._engine.generate(conversation, running.listener.on_text, running.cancelled)
        grounded = ground(self._engine, conversation, generation, self._runner.disk, running.cancelled)
        return grounded.generation, grounded.note

    def _carry_out(
        self, running: _Running, call: ToolCall | None, suggested: Proposal, decide: Decide
    ) -> tuple[Outcome, Response]:
        """Have a proposal decided, do what was decided, and tell everyone; gives what the model is told."""
        row = self._recorder.propose(call, suggested)
        proposal, decision = self._decided(suggested, decide, running.listener)
        self._recorder.decide(row, proposal, decision)
        before = self._runner.place
        outcome = self._runner.execute(proposal, decision, running.listener, running.cancelled)
        running.outcomes.append(outcome)
        self._recorder.end_step(row, outcome)
        if self._runner.place != before:
            self._recorder.move(self.folder, self._runner.place.previous)
        running.listener.on_outcome(outcome)
        # Last, since the engine may fail: what has happened is written down by now.
        seen = "" if outcome.output is None or call is None else self._engine.cut_output(outcome.output.text)
        self._recorder.show_model(row, seen)
        return outcome, response_to(suggested.command, decision, outcome, seen)

    def _decided(self, proposal: Proposal, decide: Decide, listener: Listener) -> tuple[Proposal, Decision]:
        """Ask until the decision is no edit; an edited command is a proposal of its own, with its own verdict.

        What others have changed since a proposal was shown makes it another one, too.
        """
        asked_again = 0
        while True:
            listener.on_proposal(proposal)
            if self._settings.auto_run and proposal.verdict.level is Level.ALLOW and not proposal.is_doubtful:
                return proposal, Decision(Action.RUN)
            decision = decide(proposal)
            if decision.action is not Action.EDIT:
                fresh = self._runner.refreshed(proposal, decision, listener)
                if fresh is None:
                    return proposal, decision
                asked_again += 1
                if asked_again > _MOST_REFRESHED:
                    raise SessionError("the files change all the time, so nothing was run; ask again when they rest")
                listener.on_warning("the files have changed since this was shown; look again")
                proposal = fresh
                continue
            if not decision.command.strip():
                return proposal, Decision(Action.SKIP)
            if decision.command != proposal.command:
                self._runner.forget(proposal)
                proposal = self._edited(proposal, decision.command, listener)

    def _edited(self, proposal: Proposal, command: str, listener: Listener) -> Proposal:
        """Return the proposal of an edit: of the call that may have been meant, or of a text."""
        if proposal.meant is not None and proposal.meant.command == command:
            return self._runner.propose_call(proposal.meant.call, listener)
        return self._runner.propose_text(command, listener)

    def _is_last(self, running: _Running, outcome: Outcome) -> bool:
        """Say whether the turn ends with this outcome, without asking the model."""
        if outcome.cancelled or outcome.blocked or outcome.decision.action is Action.STOP:
            return True
        if outcome.decision.action is Action.SKIP:
            return not any(earlier.ran for earlier in running.outcomes)
        return False


def _was_skipped(turn: Turn, call: ToolCall) -> bool:
    """Say whether the model asks again for what the user has just skipped."""
    return bool(turn.steps) and turn.steps[-1].response.state == "skipped" and turn.steps[-1].call == call


def _refused(error: CallError) -> tuple[TurnEnd, str, str]:
    return TurnEnd.REPLIED, "", f"the model's call can't be run: {error}"
