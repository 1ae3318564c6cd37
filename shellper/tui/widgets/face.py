"""How a proposal looks on its card: the command, its verdict and effects, what it prints, how it ends."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from shellper.safety import Level, Verdict
from shellper.session import Outcome, Proposal
from shellper.tui import look
from shellper.tui.keys import key_for
from shellper.tui.widgets.field import Field
from shellper.tui.widgets.stage import State, Surroundings
from shellper.tui.widgets.tail import Tail

_MOST, _HEAD, _TAIL = 16, 8, 6


class StepFace(Vertical):
    """Draws a proposal and what becomes of it; its keys are those of the heir, as far as they apply."""

    def __init__(self, proposal: Proposal, surroundings: Surroundings) -> None:
        super().__init__()
        self.proposal = proposal
        self.outcome: Outcome | None = None
        self.state = State.SHOWN
        self._around = surroundings
        self._explains = False
        self._draft: Verdict | None = None
        self._tail = Tail()
        self._diff: tuple[str, ...] = ()
        self._offers_again = False
        self._shape: tuple[int, ...] = ()
        self._above, self._below = Static(classes="above"), Static(classes="below")

    def compose(self) -> ComposeResult:
        """Lay it out: what is proposed, and what comes of it; fields come between them."""
        yield self._above
        yield self._below

    def on_mount(self) -> None:
        """Draw it."""
        self._draw()

    def on_resize(self, event: events.Resize) -> None:
        """Break what is proposed anew."""
        self._draw_above()

    # What the turn tells.

    def propose(self, proposal: Proposal) -> None:
        """Show another proposal in its place, which the user has made of it."""
        self.proposal = proposal
        self._explains = False
        self._set(State.SHOWN)

    def ask(self) -> None:
        """Wait for a decision."""
        self._diff = look.diff_of(self.proposal)
        self._set(State.ASKED)

    def started(self) -> None:
        """Show that it runs."""
        self._tail.begin()
        self._set(State.RUNNING)

    def feed(self, text: str, lines: int) -> None:
        """Take what the command prints; only the last lines are kept here."""
        self._tail.feed(text, lines)

    def tick(self) -> None:
        """Draw what has changed while it runs."""
        if self.state is State.RUNNING:
            self._draw_below()

    def end(self, outcome: Outcome) -> None:
        """Show what it came to."""
        self.proposal, self.outcome = outcome.proposal, outcome
        self._draft = None
        self.query(Field).remove()
        self._tail = Tail()
        self._set(State.ENDED)

    def close(self) -> None:
        """Show that nothing more comes of it: the turn is over."""
        if self.state is not State.ENDED:
            self.query(Field).remove()
            self._set(State.ENDED)

    def offer_again(self, offered: bool) -> None:
        """Offer to ask again after a failure, or no longer."""
        if (offered and self.outcome is not None and self.outcome.failed) is not self._offers_again:
            self._offers_again = not self._offers_again
            self._draw_below()

    # Drawing.

    def _set(self, state: State) -> None:
        self.state = state
        for kind in State:
            self.set_class(kind is state, f"-{kind.value}")
        for level in Level:
            self.set_class(level is self._verdict.level, f"-{level.value}")
        self._draw()
        if self.is_attached:
            self.refresh_bindings()

    @property
    def _verdict(self) -> Verdict:
        return self._draft or self.proposal.verdict

    @property
    def output(self) -> str:
        """What the command has printed, as far as it was kept."""
        return "" if self.outcome is None or self.outcome.output is None else self.outcome.output.text

    def _draw(self) -> None:
        self._draw_above()
        self._draw_below()

    def _draw_above(self) -> None:
        parts = [] if self.state is State.EDITED else [look.command(self.proposal.command)]
        decided = self.state in (State.RUNNING, State.ENDED) and not self._explains
        width = self.content_size.width
        if not decided or self.proposal.verdict.level is not Level.ALLOW:
            found = self._verdict
            if self.state is not State.EDITED:
                found = look.beside_effects(found, self.proposal, self._around.home)
            parts.append(look.verdict(found, self._around.symbols, width, with_reasons=not decided))
        if self.state is not State.ENDED:
            parts += look.doubt(self.proposal, self._key("meant"))
        if self.state is not State.EDITED:
            parts += look.effects(self.proposal)
        if self._explains:
            parts += look.explanation(self.proposal)
        if self.state is State.ASKED:
            parts.append(look.keys(self._keys(), width))
        self._above.update(look.lines(parts))

    def _keys(self) -> list[tuple[str, str]]:
        """Return the keys that decide, the first one being what can be done about running it."""
        return [(self._key(action), what) for action, what in self.actions_on_card.items()]

    @property
    def actions_on_card(self) -> dict[str, str]:
        """The actions whose keys stand on the card now, and what they do."""
        return {}

    def _key(self, action: str) -> str:
        return key_for(self.BINDINGS, action, self._around.keys)

    def _draw_below(self) -> None:
        parts: list[Content] = []
        if self.state is State.RUNNING:
            parts += self._tail.draw()
        elif self.outcome is not None:
            hint = f" · Tab, then {self._key('output')} shows them"
            parts += look.folded(self.output, _MOST, _HEAD, _TAIL, hint)
            parts.append(look.ending(self.outcome, self._around.symbols, self._around.home))
            if self._offers_again:
                parts.append(Content.styled(f"Tab, then {self._key('again')} asks again with the error", look.QUIET))
        self._below.display = bool(parts)
        # Laying everything out anew is dear, and a flood asks for it at every tick.
        width = max(1, self.content_size.width)
        shape = tuple(-(-line.cell_length // width) for part in parts for line in part.split("\n", allow_blank=True))
        self._below.update(look.lines(parts), layout=shape != self._shape)
        self._shape = shape
