"""Small questions in the middle of the screen: a line of text, or a key."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from shellper.frontend.text import visible
from shellper.tui import look


class LineScreen(ModalScreen[str | None]):
    """Asks for a line; gives None where the user leaves."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "leave")]

    def __init__(self, question: str, text: str = "") -> None:
        super().__init__()
        self._question, self._value = question, text

    def compose(self) -> ComposeResult:
        """Lay it out."""
        with Vertical(classes="box"):
            yield Static(Content(visible(self._question)))
            yield Input(self._value, compact=True, select_on_focus=False)
            yield Static(look.keys([("Enter", "take"), ("Esc", "leave")]))

    @on(Input.Submitted)
    def _take(self, event: Input.Submitted) -> None:
        event.stop()
        self.dismiss(event.value.strip() or None)

    def action_leave(self) -> None:
        """Leave."""
        self.dismiss(None)


class ConfirmScreen(ModalScreen[bool]):
    """Asks for `y` or `n`, with what would happen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "yes"),
        Binding("n,escape,q", "answer(False)", "no"),
    ]

    def __init__(self, question: str, body: list[Content] | None = None) -> None:
        super().__init__()
        self._question, self._body = question, body or []

    def compose(self) -> ComposeResult:
        """Lay it out."""
        with Vertical(classes="box"):
            yield Static(look.lines([Content.styled(visible(self._question), "bold"), *self._body]))
            yield Static(look.keys([("y", "yes"), ("n", "no")]))

    def action_answer(self, yes: bool) -> None:
        """Answer."""
        self.dismiss(yes)
