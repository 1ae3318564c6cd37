"""The conversation: cards, the field, and what stands around them."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult, SuspendNotSupported
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import DirectoryTree

from shellper.frontend.clipboard import OSC_52, copy
from shellper.frontend.history import HISTORY_NAME, History, unusable
from shellper.safety import Level, Verdict
from shellper.session import Outcome, SavedConversation, SessionError, StoreError
from shellper.tui import look
from shellper.tui.completion import quoted
from shellper.tui.messages import Asked, Ended, Happened, LevelFound, Proposed, Remained, Warned
from shellper.tui.screens.changes import show_entry
from shellper.tui.screens.help import HelpScreen
from shellper.tui.screens.pager import PagerScreen
from shellper.tui.screens.words import Words
from shellper.tui.slashes import SLASHES
from shellper.tui.start import Start
from shellper.tui.turn import MOST_STOPS, RunningTurn, error_of
from shellper.tui.widgets.card import Note, TurnCard
from shellper.tui.widgets.header import Header
from shellper.tui.widgets.keybar import KeyBar
from shellper.tui.widgets.remaining import RemainingView
from shellper.tui.widgets.request import RequestArea
from shellper.tui.widgets.side import SidePanel
from shellper.tui.widgets.stage import State, Surroundings
from shellper.tui.widgets.step import StepView

MOST_CARDS = 100
"""Cards that are kept on the screen; earlier turns are in the store."""

WIDE = 110
"""Columns from which on the folder's tree is shown."""

_TICK = 1 / 20
_GREETING = "Say what you want to be done. F1 shows the keys, /help too, ^Q quits."


class ConversationScreen(Screen[None]):
    """Draws what the session tells, and gives it what the user decides."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "field", "back to the line", id="field"),
        Binding("f1", "help", "help", id="help"),
        Binding("f3", "files", "side panel", id="files"),
        Binding("f4", "sessions", "sessions", id="sessions"),
        Binding("pageup", "page(-1)", "page up", show=False, id="page_up"),
        Binding("pagedown", "page(1)", "page down", show=False, id="page_down"),
    ]

    def __init__(self, start: Start) -> None:
        super().__init__()
        self.start, self.session = start, start.first
        self.turn: RunningTurn | None = None
        self._card: TurnCard | None = None
        self._timer: Timer | None = None
        self._around = Surroundings(start.symbols, self.session.home, self._judge, start.settings.keys)
        self._files_wanted: bool | None = None
        self._told_history = False
        try:
            history = History(start.state / HISTORY_NAME if start.settings.history else None)
            self._problem = ""
        except OSError as error:
            history, self._problem = History(None), unusable(str(start.state / HISTORY_NAME), error)
        self.header = Header(self.session.home)
        self.cards = VerticalScroll(id="cards", can_focus=False)
        self.area = RequestArea(history, SLASHES, lambda: (self.session.folder, self.session.home))
        self.side = SidePanel(self.session.folder, start.state)
        self.words = Words(self)

    def compose(self) -> ComposeResult:
        """Lay it out."""
        yield self.header
        with Horizontal():
            yield self.side
            with Vertical():
                yield self.cards
                yield self.area
        yield KeyBar()

    async def on_mount(self) -> None:
        """Show what there is, and find out the rest."""
        self.header.model = self.start.model.stem
        self.header.folder = self.session.folder
        self._timer = self.set_interval(_TICK, self._tick, pause=True)
        self.cards.anchor()
        self.area.field.focus()
        if self.session.conversation_id is not None and self.start.store is not None:
            await self._replay(await asyncio.to_thread(self.start.store.load, self.session.conversation_id))
        else:
            await self.note(_GREETING)
        from shellper.tui.keytable import unknown_names  # here, since that table is made of all screens

        for notice in (*self.start.notices, self._problem, *unknown_names(self.start.settings.keys)):
            if notice:
                await self.note(notice, bad=True)
        self.run_worker(self._find_level, thread=True, exit_on_error=False)

    def _find_level(self) -> None:
        """Find the sandbox level, which is tested the first time on a machine."""
        self.post_message(LevelFound(self.session.sandbox))

    @on(LevelFound)
    def _level_found(self, event: LevelFound) -> None:
        self.header.level = event.label.split()[0]

    def on_resize(self, event: events.Resize) -> None:
        """Show the tree where there is room, unless the user has said otherwise."""
        wanted = event.size.width >= WIDE if self._files_wanted is None else self._files_wanted
        if wanted is not self.side.display:
            self.side.display = wanted
            self.side.follow(self.session.folder)

    def on_unmount(self) -> None:
        """End what runs: the program waits for its thread."""
        if self.turn is not None:
            self.turn.stop()

    def _judge(self, command: str) -> Verdict:
        return self.session.verdict(command)

    # Turns.

    @on(RequestArea.Submitted)
    async def _submitted(self, event: RequestArea.Submitted) -> None:
        event.stop()
        text = event.text
        if self.turn is not None:
            self.notify("one thing at a time: this goes when the turn has ended (^C stops it)", markup=False)
            return
        self.area.field.put("")
        try:
            self.area.remember(text)
        except OSError as error:
            if not self._told_history:
                self._told_history = True
                await self.note(unusable(str(self.start.state / HISTORY_NAME), error), bad=True)
        if self.words.takes(text):
            await self.words.take(text)
        elif text.startswith("!"):
            if text[1:].strip():
                await self.begin(text[1:].strip(), own=True)
        else:
            await self.begin(text)

    async def begin(self, request: str, *, own: bool = False, at_once: bool = False, attachment: str = "") -> None:
        """Begin a turn: a request, or a command of the user's own; `at_once` runs what is at `allow` unasked."""
        for step in self.query(StepView):
            step.offer_again(False)
        self._card = TurnCard(request, self._around, own=own)
        await self._show(self._card)
        self._card.build("")
        self.turn = RunningTurn(
            self.session, request, self.post_message, own=own, runs_rest=at_once, attachment=attachment
        )
        self.set_focus(None)
        self.run_worker(self.turn.run, thread=True, group="turn", exit_on_error=False)
        if self._timer is not None:
            self._timer.resume()
        self.refresh_bindings()

    async def _show(self, widget: TurnCard | Note) -> None:
        """Put a card below the others; the oldest one leaves where there are too many."""
        shown = list(self.cards.children)
        if len(shown) >= MOST_CARDS:
            await shown[0].remove()
        await self.cards.mount(widget)
        self.cards.anchor()

    async def note(self, title: str, body: list[Content | str] | None = None, *, bad: bool = False) -> None:
        """Show lines of the program's own."""
        await self._show(Note(title, body, bad=bad))

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

    _written = ""

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

    def _point_at(self, widget: StepView | RemainingView) -> None:
        # What is being typed goes on: the keys of the card are no letters of it.
        if not (self.focused is self.area.field and self.area.field.text):
            widget.focus(scroll_visible=False)
            self.cards.anchor()

    @on(Remained)
    async def _remained(self, event: Remained) -> None:
        if self._card is not None and self.turn is not None and not self.turn.cancelled.is_set():
            self._point_at(await self._card.ask_about(event.processes))

    @on(RemainingView.Answered)
    def _answered(self, event: RemainingView.Answered) -> None:
        event.stop()
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
            self.area.field.focus()
        self.refresh_bindings()

    # Keys.

    async def action_interrupt(self) -> None:
        """Stop the command, the model or the question; else copy what is selected, or clear the line."""
        if self.turn is not None and self.turn.stops < MOST_STOPS:
            self.turn.stop()
            if self._card is not None:
                again = "^C again kills it and all it started" if self.turn.stops == 1 else "killing it"
                self._card.say(f"stopping … {again}", look.QUIET)
        elif self.get_selected_text():
            self.copy_text(self.get_selected_text() or "")
        elif self.area.field.text or self.area.offering:
            self.area.close()
            self.area.field.put("")
            self.area.field.focus()
        else:
            self.notify("nothing runs; ^Q quits", markup=False)

    def action_field(self) -> None:
        """Go to the field."""
        self.area.field.focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer the way back only elsewhere."""
        return action != "field" or self.focused is not self.area.field

    def action_page(self, pages: int) -> None:
        """Scroll the cards by a page."""
        self.cards.scroll_relative(y=pages * max(1, self.cards.size.height - 2), animate=False)

    def action_help(self) -> None:
        """Show the keys and the words."""
        self.app.push_screen(HelpScreen(self.start.settings.keys))

    def action_files(self) -> None:
        """Show the panel at the side, or hide it."""
        self._files_wanted = not self.side.display
        self.side.display = self._files_wanted
        if self._files_wanted:
            self.side.follow(self.session.folder)
            self.side.tree_view.focus()
        else:
            self.area.field.focus()

    async def action_sessions(self) -> None:
        """Show past conversations."""
        await self.words.sessions("")

    @on(DirectoryTree.FileSelected)
    def _file_selected(self, event: DirectoryTree.FileSelected) -> None:
        """Put a file's name into the request."""
        event.stop()
        folder = self.session.folder
        path = event.path.relative_to(folder) if event.path.is_relative_to(folder) else event.path
        self.area.field.insert(quoted(str(path)))
        self.area.field.focus()

    @on(StepView.Opened)
    def _opened(self, event: StepView.Opened) -> None:
        event.stop()
        self.app.push_screen(PagerScreen(event.title, event.text, is_diff=event.is_diff))

    @on(SidePanel.Chosen)
    async def _change_chosen(self, event: SidePanel.Chosen) -> None:
        event.stop()
        await show_entry(self, event.entry)

    def copy_text(self, text: str) -> None:
        """Copy a text, and say by what."""
        by = copy(text, lambda _: self.app.copy_to_clipboard(text))
        self.notify(f"copied by {by}" if by != OSC_52 else f"handed to {by}, which may not take it", markup=False)

    # Conversations.

    async def open(self, conversation: int | None) -> None:
        """Go on with a kept conversation, or begin a new one."""
        if self.turn is not None:
            return self.notify("this turn goes on; ^C stops it", markup=False)
        try:
            session = await asyncio.to_thread(self.start.session, conversation)
            saved = None
            if conversation is not None and self.start.store is not None:
                saved = await asyncio.to_thread(self.start.store.load, conversation)
        except (StoreError, SessionError) as error:
            return await self.note(str(error), bad=True)
        self.session = session
        await self.cards.remove_children()
        self.header.folder = session.folder
        self.side.follow(session.folder)
        if saved is None:
            await self.note(_GREETING)
        else:
            await self._replay(saved)
        self.area.field.focus()

    async def _replay(self, saved: SavedConversation) -> None:
        """Show the last turns of a kept conversation."""
        turns = saved.turns[-MOST_CARDS // 2 :]
        if len(turns) < len(saved.turns):
            await self.note(f"{len(saved.turns) - len(turns)} earlier turns are in the store (/export writes them all)")
        for turn in turns:
            card = TurnCard(turn.request, self._around, own=turn.kind == "command")
            await self._show(card)
            await card.replay(turn)
