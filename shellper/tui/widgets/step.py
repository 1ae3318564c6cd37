"""One proposal on a card: the keys that decide it, and those that look at what it came to."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import TextArea

from shellper.frontend.text import CONSENT
from shellper.safety import Level
from shellper.session import Action, Decision, Outcome, Proposal
from shellper.tui.widgets.face import StepFace
from shellper.tui.widgets.field import Field
from shellper.tui.widgets.stage import TERMINAL, State, Surroundings

KEY_GUARD = 0.25
"""Seconds in which keys don't decide: one that was hit before the question stood there is no answer to it."""


class StepView(StepFace, can_focus=True):
    """A proposal and what becomes of it; decides by keys while it is asked."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "enter", "run; open the output", show=False),
        Binding("r,y", "run", "run", show=False, id="run"),
        Binding("e", "edit", "edit", show=False, id="edit"),
        Binding("x,question_mark", "explain", "explain", show=False, id="explain"),
        Binding("d", "diff", "diff", show=False, id="diff"),
        Binding("s,n", "skip", "skip", show=False, id="skip"),
        Binding("q", "stop", "stop", show=False, id="stop"),
        Binding("a", "rest", "run it and what follows, as far as that is allow", show=False, id="rest"),
        Binding("v", "output", "whole output", id="output"),
        Binding("f", "again", "ask again with the error", id="again"),
        Binding("m", "meant", "take what may have been meant instead", show=False, id="meant"),
        Binding("o", "outside", "run outside the sandbox", id="outside"),
        Binding("t", "terminal", "run in this terminal", id="terminal"),
        Binding("c", "copy", "copy the command", id="copy"),
        Binding("C", "copy_output", "copy the output", id="copy_output"),
        Binding("up", "app.focus_previous", "the card before", show=False),
        Binding("down", "app.focus_next", "the card after", show=False),
    ]

    @dataclass
    class Decided(Message):
        """The user has decided; `rest` is about what follows in this turn, too."""

        proposal: Proposal
        decision: Decision
        rest: bool = False

    @dataclass
    class Copied(Message):
        """A text is to be copied."""

        text: str

    @dataclass
    class Again(Message):
        """The request is to be asked again, with the error that its command came to."""

        step: StepView
        outcome: Outcome

    @dataclass
    class Opened(Message):
        """A long text is to be shown whole."""

        title: str
        text: str
        is_diff: bool

    def __init__(self, proposal: Proposal, surroundings: Surroundings) -> None:
        super().__init__(proposal, surroundings)
        self._consented = Decision(Action.RUN)
        self._asked_at = 0.0

    def ask(self) -> None:
        """Wait for a decision."""
        self._asked_at = time.monotonic()
        super().ask()

    # What applies.

    @property
    def actions_on_card(self) -> dict[str, str]:
        """The actions whose keys stand on the card now, and what they do."""
        if self.state is not State.ASKED:
            return {}
        level = self.proposal.verdict.level
        what = "run in this terminal" if self.proposal.interactive else "run"
        wanted = {"run": f"type {CONSENT} to {what}" if level is Level.WARN else what}
        wanted |= {"edit": "edit", "explain": "explain", "copy": "copy", "diff": "diff", "skip": "skip", "stop": "stop"}
        if self.proposal.call:
            wanted["rest"] = "run the rest too"
        return {action: what for action, what in wanted.items() if self.check_action(action, ())}

    # Deciding.

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what applies now."""
        level = self.proposal.verdict.level
        asked = self.state is State.ASKED
        match action:
            case "run" | "outside" | "terminal":
                return asked and level is not Level.BLOCK
            case "edit" | "skip" | "stop":
                return asked
            case "rest":
                return asked and level is Level.ALLOW
            case "meant":
                return asked and self.proposal.meant is not None
            case "diff":
                return bool(self._diff)
            case "copy":
                return asked or self.state is State.ENDED
            case "again":
                return self._offers_again
            case "explain":
                return self.state in (State.ASKED, State.ENDED)
            case "output" | "copy_output":
                return bool(self.output)
        return True

    def _decide(self, decision: Decision, *, rest: bool = False) -> None:
        if time.monotonic() - self._asked_at < KEY_GUARD:
            return
        if decision.action is Action.RUN:
            self.started()
        else:
            self._set(State.SHOWN)
        self.post_message(self.Decided(self.proposal, decision, rest))

    async def action_run(self) -> None:
        """Run it, or ask for the word that it needs."""
        await self._run(Decision(Action.RUN, terminal=self._terminal))

    async def action_outside(self) -> None:
        """Run it outside the sandbox, or ask for the word that it needs."""
        await self._run(Decision(Action.RUN, outside=True, terminal=self._terminal))

    async def action_terminal(self) -> None:
        """Give it the terminal while it runs, or ask for the word that it needs."""
        await self._run(Decision(Action.RUN, terminal=TERMINAL))

    @property
    def _terminal(self) -> int | None:
        """The terminal, for a command that talks to a person."""
        return TERMINAL if self.proposal.interactive else None

    async def _run(self, decision: Decision) -> None:
        self._consented = decision
        if self.proposal.verdict.level is Level.WARN:
            if time.monotonic() - self._asked_at >= KEY_GUARD:
                self._set(State.CONSENTING)
                await self._open_field(Field(placeholder=f"type {CONSENT} and Enter; Escape leaves", id="consent"))
        else:
            self._decide(decision)

    async def action_enter(self) -> None:
        """Run what needs no word; open the output of what has ended."""
        if self.state is State.ASKED and self.proposal.verdict.level <= Level.CONFIRM:
            self._decide(Decision(Action.RUN, terminal=self._terminal))
        elif self.state is State.ENDED and self.output:
            self.action_output()

    def action_rest(self) -> None:
        """Run it and what follows in this turn, as far as that is at `allow`."""
        self._decide(Decision(Action.RUN), rest=True)

    def action_meant(self) -> None:
        """Have what may have been meant proposed instead."""
        if self.proposal.meant is not None:
            self._decide(Decision(Action.EDIT, self.proposal.meant.command))

    def action_skip(self) -> None:
        """Skip it."""
        self._decide(Decision(Action.SKIP))

    def action_stop(self) -> None:
        """End the turn here."""
        self._decide(Decision(Action.STOP))

    async def action_edit(self) -> None:
        """Edit the command in its place."""
        if time.monotonic() - self._asked_at >= KEY_GUARD:
            self._set(State.EDITED)
            await self._open_field(Field(self.proposal.command, id="edit"))

    async def _open_field(self, field: Field) -> None:
        edits = field.id == "edit"
        await self.mount(field, before=self._above if edits else self._below)
        field.focus(scroll_visible=False)

    @on(TextArea.Changed, "#edit")
    def _judge_draft(self, event: TextArea.Changed) -> None:
        """Show the verdict of what is typed."""
        event.stop()
        if self.state is State.EDITED:
            text = event.text_area.text
            self._draft = self._around.judge(text) if text.strip() and text != self.proposal.command else None
            self._set(State.EDITED)

    @on(TextArea.Changed, "#consent")
    def _keep(self, event: TextArea.Changed) -> None:
        event.stop()

    @on(Field.Left)
    async def _leave(self, event: Field.Left) -> None:
        """Close the field; nothing is decided."""
        event.stop()
        await self._close_field(event.field)

    async def _close_field(self, field: Field) -> None:
        self._draft = None
        self._set(State.ASKED)
        await field.remove()
        self.focus(scroll_visible=False)

    @on(Field.Taken)
    async def _take(self, event: Field.Taken) -> None:
        """Take an edit, or the word."""
        event.stop()
        edits, text = event.field.id == "edit", event.text.strip()
        await self._close_field(event.field)
        if edits:
            if text and text != self.proposal.command:
                self._decide(Decision(Action.EDIT, text))
        elif text.lower() == CONSENT:
            self._decide(self._consented)

    # Looking.

    def action_explain(self) -> None:
        """Say what the parts of the command do, or no longer."""
        self._explains = not self._explains
        self._draw()

    def action_copy(self) -> None:
        """Copy the command."""
        self.post_message(self.Copied(self.proposal.command))

    def action_again(self) -> None:
        """Ask again, with the error."""
        if self.outcome is not None:
            self.post_message(self.Again(self, self.outcome))

    def action_copy_output(self) -> None:
        """Copy the output."""
        self.post_message(self.Copied(self.output))

    def action_output(self) -> None:
        """Show the whole output."""
        self.post_message(self.Opened(self.proposal.command, self.output, is_diff=False))

    def action_diff(self) -> None:
        """Show what the command changes, line by line."""
        self.post_message(self.Opened(self.proposal.command, "\n".join(self._diff), is_diff=True))
