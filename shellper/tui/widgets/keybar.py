"""The line at the foot: the keys that do something now."""

from __future__ import annotations

from rich.cells import cell_len
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget

from shellper.tui import look
from shellper.tui.keys import key_name
from shellper.tui.widgets.step import StepView


class KeyBar(Widget):
    """The shown bindings that are active, as many as fit; the focused widget's come first."""

    def on_mount(self) -> None:
        """Follow the bindings."""
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def _changed(self, screen: Screen[object]) -> None:
        self.refresh()

    @property
    def shown(self) -> list[tuple[str, str]]:
        """The keys and what they do."""
        found: dict[str, tuple[str, str]] = {}
        focused = self.screen.focused
        elsewhere = focused.actions_on_card if isinstance(focused, StepView) else ()
        for _, binding, enabled, _ in self.screen.active_bindings.values():
            if binding.show and enabled and binding.description and binding.action not in elsewhere:
                found.setdefault(binding.action, (key_name(binding), binding.description))
        return list(found.values())

    def render(self) -> Content:
        """Draw the keys that fit."""
        pairs: list[tuple[str, str]] = []
        used = 0
        for key, what in self.shown:
            cells = cell_len(f"{key} {what}   ")
            if used + cells - 3 <= self.size.width - 2:
                used += cells
                pairs.append((key, what))
        return look.keys(pairs)
