"""A text that is typed: Enter takes it, Alt+Enter or Ctrl+J breaks the line, Escape leaves it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import TextArea


class Field(TextArea):
    """One or more lines, as high as they are."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("alt+enter,shift+enter,ctrl+j", "break_line", "new line", show=False, id="new_line"),
    ]

    @dataclass
    class Taken(Message):
        """Enter was pressed."""

        field: Field
        text: str

    @dataclass
    class Left(Message):
        """Escape was pressed."""

        field: Field

    def __init__(self, text: str = "", *, placeholder: str = "", id: str | None = None) -> None:  # noqa: A002
        super().__init__(
            text,
            id=id,
            placeholder=placeholder,
            compact=True,
            highlight_cursor_line=False,
            soft_wrap=True,
            tab_behavior="focus",
        )
        self.cursor_blink = False

    def on_mount(self) -> None:
        """Begin behind the text."""
        self.to_end()

    def to_end(self) -> None:
        """Put the cursor behind the text."""
        self.move_cursor(self.document.end)

    async def _on_key(self, event: events.Key) -> None:
        if event.key == "enter":
            event.stop()
            event.prevent_default()
            self.take()
        elif event.key == "escape":
            event.stop()
            event.prevent_default()
            self.leave()
        else:
            await super()._on_key(event)

    def take(self) -> None:
        """Take the text."""
        self.post_message(self.Taken(self, self.text))

    def leave(self) -> None:
        """Leave the field."""
        self.post_message(self.Left(self))

    def action_break_line(self) -> None:
        """Begin a new line."""
        start, end = self.selection
        self._replace_via_keyboard("\n", start, end)
