"""A text that is typed: Enter takes it, Alt+Enter or Ctrl+J breaks the line, Escape leaves it."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.widgets import TextArea


class Field(TextArea):
    """One or more lines, as high as they are."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("alt+enter,shift+enter,ctrl+j", "break_line", "new line", show=False, id="new_line"),
        # With priority the next key is looked at when these are done: it goes where the focus is by then.
        Binding("enter", "take", show=False, priority=True),
        Binding("escape", "leave", show=False, priority=True),
    ]

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
        # Keys that edit would be heeded only when they have gone up to the app, behind letters that were hit later.
        bound = None if event.is_printable else self.screen.active_bindings.get(event.key)
        if bound is not None and bound.node is self:
            event.stop()
            event.prevent_default()
            await self.run_action(bound.binding.action)
        else:
            await super()._on_key(event)

    async def _all_typed(self) -> None:
        """Wait until all keys that were hit so far stand in the text."""
        typed = asyncio.Event()
        if self.call_later(typed.set):
            await typed.wait()

    async def action_take(self) -> None:
        """Take the text, all of it."""
        await self._all_typed()
        self.take()

    async def action_leave(self) -> None:
        """Leave the field."""
        await self._all_typed()
        self.leave()

    def take(self) -> None:
        """Do what Enter means."""

    def leave(self) -> None:
        """Do what Escape means."""

    def action_break_line(self) -> None:
        """Begin a new line."""
        start, end = self.selection
        self._replace_via_keyboard("\n", start, end)
