"""One proposal on a card: the keys that decide it, and those that look at what it came to."""

from __future__ import annotations

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


class StepField(Field):
    """A field on a card, for an edit of the command or for the word that it needs."""

    def __init__(self, step: StepView, placeholder: str = "", command: str = "") -> None:
        self.edits = bool(command)
        super().__init__(command, placeholder=placeholder, id="edit" if self.edits else "consent")
        self._step = step

    def take(self) -> None:
        """Take the text."""
        self._step.take_field(self)

    def leave(self) -> None:
        """Leave the field."""
        self._step.leave_field(self)


class StepView(StepFace, can_focus=True):
    """A proposal and what becomes of it; decides by keys while it is asked."""

    # With priority a key is heeded before the next one is looked at: what is typed behind a decision goes to the line.
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "enter", "run; open the output", show=False, priority=True),
        Binding("r,y", "run", "run", show=False, id="run", priority=True),
        Binding("e", "edit", "edit", show=False, id="edit", priority=True),
        Binding("x,question_mark", "explain", "explain", show=False, id="explain", priority=True),
        Binding("d", "diff", "diff", show=False, id="diff", priority=True),
        Binding("s,n", "skip", "skip", show=False, id="skip", priority=True),
        Binding("q", "stop", "stop", show=False, id="stop", priority=True),
        Binding("a", "rest", "run it and what follows, as far as that is allow", show=False, id="rest", priority=True),
        Binding("v", "output", "whole output", id="output", priority=True),
        Binding("f", "again", "ask again with the error", id="again", priority=True),
        Binding("m", "meant", "take what may have been meant instead", show=False, id="meant", priority=True),
        Binding("o", "outside", "run outside the sandbox", id="outside", priority=True),
        Binding("t", "terminal", "run in this terminal", id="terminal", priority=True),
        Binding("c", "copy", "copy the command", id="copy", priority=True),
        Binding("C", "copy_output", "copy the output", id="copy_output", priority=True),
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
            case "enter" | "copy":
                return asked or self.state is State.ENDED
            case "again":
                return self._offers_again
            case "explain":
                return self.state in (State.ASKED, State.ENDED)
            case "output" | "copy_output":
                return bool(self.output)
        return True

    def _decide(self, decision: Decision, *, rest: bool = False) -> None:
        self._around.go_on()
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
            self._set(State.CONSENTING)
            await self._open_field(StepField(self, f"type {CONSENT} and Enter; Escape leaves"))
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
        self._set(State.EDITED)
        await self._open_field(StepField(self, command=self.proposal.command))

    async def _open_field(self, field: StepField) -> None:
        await self.mount(field, before=self._above if field.edits else self._below)
        self.screen.set_focus(field, scroll_visible=False)

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

    def leave_field(self, field: StepField) -> None:
        """Close a field; nothing is decided."""
        self._draft = None
        self._set(State.ASKED)
        self.screen.set_focus(self, scroll_visible=False)
        field.remove()

    def take_field(self, field: StepField) -> None:
        """Take an edit, or the word."""
        text = field.text.strip()
        self.leave_field(field)
        if field.edits:
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
