"""A card: one turn, from the request to the reply."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from shellper.frontend.text import visible
from shellper.sandbox import LeftProcess
from shellper.session import Outcome, Proposal, SavedTurn
from shellper.tui import look
from shellper.tui.widgets.remaining import RemainingView
from shellper.tui.widgets.stage import Surroundings
from shellper.tui.widgets.step import StepView

_DONE = {"stopped": "stopped", "limit": "stopped after too many commands", "interrupted": "interrupted"}


class TurnCard(Vertical):
    """The request, its proposals in order, and at the foot what the model does or says."""

    def __init__(self, request: str, surroundings: Surroundings, *, own: bool = False) -> None:
        super().__init__()
        self.request, self.own = request, own
        self._around = surroundings
        self.steps: list[StepView] = []
        self._remaining: RemainingView | None = None
        self._head, self._foot = Static(classes="request"), Static(classes="foot")

    def compose(self) -> ComposeResult:
        """Lay it out; steps come before the foot."""
        sign, text = ("!", self.request) if self.own else ("›", self.request)
        first, *others = visible(text).split("\n")
        rest = "".join(f"\n  {line}" for line in others)
        self._head.update(Content.assemble((f"{sign} ", "bold $text-accent"), (first + rest, "bold")))
        yield self._head
        yield self._foot

    def on_mount(self) -> None:
        """Begin without a foot."""
        self._foot.display = bool(self._foot.content)

    @property
    def step(self) -> StepView | None:
        """The last step."""
        return self.steps[-1] if self.steps else None

    async def propose(self, proposal: Proposal, *, again: bool) -> StepView:
        """Show a proposal: below the others, or in the place of the one that it was made of."""
        self.say()
        if again and self.step is not None:
            self.step.propose(proposal)
            return self.step
        step = StepView(proposal, self._around)
        self.steps.append(step)
        await self.mount(step, before=self._foot)
        return step

    async def ask_about(self, processes: tuple[LeftProcess, ...]) -> RemainingView:
        """Ask what becomes of processes that outlive the last step's command, until `answered`."""
        self._remaining = RemainingView(processes, self._around.keys)
        await self.mount(self._remaining, before=self._foot)
        return self._remaining

    def answered(self) -> None:
        """Take the question away, if there is one."""
        if self._remaining is not None:
            self._remaining.remove()
            self._remaining = None

    def build(self, written: str) -> None:
        """Show what the model has written of the next step."""
        text = visible(" ".join(written.split())).removeprefix("call:")[-200:]
        self._show(Content.assemble(("thinking · ^C cancels" if not text else "building  ", look.QUIET), text))

    def try_out(self) -> None:
        """Show that the command is tried out."""
        self.say("trying it out · ^C leaves that out", look.QUIET)

    def say(self, text: str = "", style: str = "") -> None:
        """Show a text at the foot, or nothing."""
        self._show(Content.styled(visible(text), style))

    def _show(self, content: Content) -> None:
        self._foot.display = bool(content.plain)
        self._foot.update(content)

    async def replay(self, turn: SavedTurn) -> None:
        """Show a kept turn as it went."""
        for saved in turn.steps:
            step = await self.propose(saved.proposal, again=False)
            if saved.decision is not None:
                step.end(saved.outcome or Outcome(saved.proposal, saved.decision, saved.proposal.folder))
        if turn.reply or turn.notice:
            self.say(turn.reply or turn.notice, "" if turn.reply else look.QUIET)
        elif not turn.steps:
            self.say(_DONE.get(turn.ending or "interrupted", ""), look.QUIET)


class Note(Static):
    """Lines of the program's own between the cards."""

    def __init__(self, title: str, body: list[Content | str] | None = None, *, bad: bool = False) -> None:
        parts = [Content.styled(visible(title), look.BAD if bad else look.QUIET)]
        parts += [Content(visible(line)) if isinstance(line, str) else line for line in body or ()]
        super().__init__(look.lines(parts))
        self.set_class(bad, "-bad")
