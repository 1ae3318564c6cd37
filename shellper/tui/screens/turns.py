"""The conversation's turns: what the thread of a turn tells is drawn, what the user decides is handed to it."""

from __future__ import annotations

from functools import partial

from textual import on
from textual.app import SuspendNotSupported
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.timer import Timer

from shellper.frontend.history import History
from shellper.safety import Level, Verdict
from shellper.session import Outcome
from shellper.tui import look
from shellper.tui.messages import Asked, Ended, Happened, Proposed, Remained, Trying, Warned
from shellper.tui.slashes import SLASHES
from shellper.tui.start import Start
from shellper.tui.turn import MOST_STOPS, RunningTurn, error_of
from shellper.tui.widgets.card import Note, TurnCard
from shellper.tui.widgets.header import Header
from shellper.tui.widgets.remaining import RemainingView
from shellper.tui.widgets.request import RequestArea
from shellper.tui.widgets.side import SidePanel
from shellper.tui.widgets.stage import State, Surroundings
from shellper.tui.widgets.step import StepView

MOST_CARDS = 100
"""Cards that are kept on the screen; earlier turns are in the store."""

KEY_GUARD = 0.25
"""Seconds for which a question leaves the focus alone: a key that was hit before anyone could read it is no answer."""

_TICK = 1 / 20


class TurnScreen(Screen[None]):
    """Runs turns of a session and shows them as cards; what stands around them is laid out by its heir."""

    def __init__(self, start: Start, history: History) -> None:
        super().__init__()
        self.start, self.session = start, start.first
        self.turn: RunningTurn | None = None
        self._card: TurnCard | None = None
        self._timer: Timer | None = None
        self._written = ""
        self._around = Surroundings(start.symbols, self.session.home, self._judge, self._go_on, start.settings.keys)
        self.header = Header(self.session.home)
        self.cards = VerticalScroll(id="cards", can_focus=False)
        self.area = RequestArea(history, SLASHES, lambda: (self.session.folder, self.session.home))
        self.side = SidePanel(self.session.folder, start.state)

    async def on_mount(self) -> None:
        """Draw at intervals while a turn goes on."""
        self._timer = self.set_interval(_TICK, self._tick, pause=True)

    def on_unmount(self) -> None:
        """End what runs: the program waits for its thread."""
        if self.turn is not None:
            self.turn.abandon()

    def _judge(self, command: str) -> Verdict:
        return self.session.verdict(command)

    def _go_on(self) -> None:
        self.area.question = None
        self.set_focus(self.area.field, scroll_visible=False)

    # Cards.

    async def show(self, widget: TurnCard | Note) -> None:
        """Put a card below the others; the oldest one leaves where there are too many."""
        shown = list(self.cards.children)
        if len(shown) >= MOST_CARDS:
            await shown[0].remove()
        await self.cards.mount(widget)
        self.cards.anchor()

    async def note(self, title: str, body: list[Content | str] | None = None, *, bad: bool = False) -> None:
        """Show lines of the program's own."""
        await self.show(Note(title, body, bad=bad))

    # Turns.

    async def begin(self, request: str, *, own: bool = False, at_once: bool = False, attachment: str = "") -> None:
        """Begin a turn: a request, or a command of the user's own; `at_once` runs what is at `allow` unasked."""
        for step in self.query(StepView):
            step.offer_again(False)
        self._card = TurnCard(request, self._around, own=own)
        self._card.build("")
        await self.show(self._card)
        self.turn = RunningTurn(
            self.session, request, self.post_message, own=own, runs_rest=at_once, attachment=attachment
        )
        self._go_on()
        self.run_worker(self.turn.run, thread=True, group="turn", exit_on_error=False)
        if self._timer is not None:
            self._timer.resume()
        self.refresh_bindings()

    def _tick(self) -> None:
        """Draw what has come since the last time."""
        if self.turn is None or self._card is None:
            return
        step = self._card.step
        written, _ = self.turn.written.take()
        self._written = self._written + written if written else self._written
        printed = self.turn.printed.take()
        if step is not None and step.state is State.RUNNING:
            step.feed(*printed)
            step.tick()
        elif written:
            self._card.build(self._written)

    @on(Trying)
    def _trying(self) -> None:
        if self._card is not None:
            self._written = ""
            self._card.try_out()

    @on(Proposed)
    async def _proposed(self, event: Proposed) -> None:
        if self._card is not None:
            self._written = ""
            step = await self._card.propose(event.proposal, again=event.again)
            at_once = self.start.settings.auto_run or (self.turn is not None and self.turn.runs_rest)
            if at_once and event.proposal.verdict.level is Level.ALLOW:
                step.started()

    @on(Asked)
    def _asked(self, event: Asked) -> None:
        step = self._card.step if self._card is not None else None
        if step is None or self.turn is None or self.turn.cancelled.is_set():
            return
        step.ask()
        self._point_at(step)

    def _point_at(self, question: StepView | RemainingView) -> None:
        self.area.question = question
        # Through the field, behind the keys that it has yet to take.
        to_question = partial(self.area.field.call_later, self._to_question, question)
        if KEY_GUARD:
            self.set_timer(KEY_GUARD, to_question)
        else:
            to_question()

    def _to_question(self, question: StepView | RemainingView) -> None:
        """Give a question the focus, unless something is being typed: the keys of the card are no letters of it."""
        if self.area.question is question and not self.area.field.text:
            self.set_focus(question, scroll_visible=False)
            self.cards.anchor()

    @on(Remained)
    async def _remained(self, event: Remained) -> None:
        if self._card is not None and self.turn is not None and not self.turn.cancelled.is_set():
            self._point_at(await self._card.ask_about(event.processes))

    @on(RemainingView.Answered)
    def _answered(self, event: RemainingView.Answered) -> None:
        event.stop()
        self._go_on()
        if self.turn is not None:
            self.turn.keep(event.keeps)

    @on(StepView.Decided)
    def _decided(self, event: StepView.Decided) -> None:
        event.stop()
        if self.turn is None:
            return
        if event.decision.terminal is None:
            self.turn.answer(event.decision, rest=event.rest)
            return
        try:
            with self.app.suspend():
                self.turn.answer(event.decision)
                # The app stands still meanwhile, so that it draws nothing over the command.
                self.turn.happened.wait()
        except SuspendNotSupported:
            self.notify("this terminal can't be handed over; run it outside of the app", markup=False)
            self._asked(Asked(event.proposal))

    @on(StepView.Again)
    async def _again(self, event: StepView.Again) -> None:
        """Ask again, with what the command came to; a command of the user's own is what is to be mended."""
        event.stop()
        card = next((one for one in self.query(TurnCard) if event.step in one.steps), None)
        if card is None or self.turn is not None:
            return
        request = f"this command failed, mend it: {card.request}" if card.own else card.request
        await self.begin(request, attachment=error_of(event.outcome))

    @on(Happened)
    def _happened(self, event: Happened) -> None:
        if self._card is None or self._card.step is None or self.turn is None:
            return
        outcome = event.outcome
        self._card.answered()
        self._card.step.end(outcome)
        self.turn.printed.take()
        if outcome.ran and not outcome.cancelled and not self._card.own:
            self._card.build("")
        self._follow(outcome)

    def _follow(self, outcome: Outcome) -> None:
        """Show where the session is by now, and what has changed there."""
        if outcome.ran:
            self.header.folder = self.session.folder
            self.header.watch_folder(self.session.folder)
            self.side.mark(outcome.changed)
            self.side.follow(self.session.folder)

    @on(Warned)
    async def _warned(self, event: Warned) -> None:
        self.notify(event.message, severity="warning", markup=False)

    @on(Ended)
    async def _ended(self, event: Ended) -> None:
        card, self.turn, self._card = self._card, None, None
        self.area.question = None
        if self._timer is not None:
            self._timer.pause()
        if event.bug is not None:
            raise event.bug
        if card is None:
            return
        result = event.result
        if event.problem:
            card.say(event.problem, look.BAD)
        elif result is not None and result.reply:
            card.say(result.reply)
        elif result is not None and not result.outcomes:
            stopped = result.end == "stopped"
            card.say("stopped" if stopped else "there is nothing to run for this; say it in other words", look.QUIET)
        else:
            card.say()
        for step in card.steps:
            step.close()
        if card.step is not None:
            card.step.offer_again(True)
        if self.focused is None or self.focused in card.steps or not self.focused.is_attached:
            self._go_on()
        self.refresh_bindings()

    def stop_turn(self) -> bool:
        """Stop the preview, the command, the model or the question; says whether there was anything to stop."""
        if self.turn is None or self.turn.stops >= MOST_STOPS:
            return False
        if self.turn.skip_preview():
            return True
        self.turn.stop()
        if self._card is not None:
            again = "^C again kills it and all it started" if self.turn.stops == 1 else "killing it"
            self._card.say(f"stopping … {again}", look.QUIET)
        return True
