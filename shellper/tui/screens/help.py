"""The keys and the words."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from shellper.tui import look
from shellper.tui.slashes import SLASHES
from shellper.tui.widgets.keybar import KeyBar

_MARGIN = 5
"""Columns beside the text: the padding and the scrollbar."""


class HelpScreen(Screen[None]):
    """Shows them."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,f1", "close", "close")]

    def __init__(self, keys: Mapping[str, str]) -> None:
        super().__init__()
        self._keys = keys

    def compose(self) -> ComposeResult:
        """Lay it out."""
        with VerticalScroll(can_focus=True):
            yield Static()
        yield KeyBar()

    def on_mount(self) -> None:
        """Let the arrow keys scroll."""
        self.query_one(VerticalScroll).focus()

    def on_resize(self, event: events.Resize) -> None:
        """Break the lines where the screen ends."""
        # Here, since the table is made of all screens, this one's opener among them.
        from shellper.tui.keytable import key_table

        groups = [("Words", [(f"/{one.name} {one.argument}".strip(), one.meaning) for one in SLASHES])]
        groups += [(title, [(row.key, row.meaning) for row in rows]) for title, rows in key_table(self._keys)]
        room = event.size.width - _MARGIN
        self.query_one(Static).update(look.lines(part for title, rows in groups for part in table(title, rows, room)))

    def action_close(self) -> None:
        """Close it."""
        self.dismiss()


def table(title: str, rows: Iterable[tuple[str, str]], room: int) -> list[Content]:
    """Return rows of two columns below a title, broken to fit into `room` columns."""
    found = list(rows)
    width = min(max(len(name) for name, _ in found), room // 2)
    parts = [Content.styled(title, "bold $text-accent")]
    for name, what in found:
        first, *others = textwrap.wrap(what, max(10, room - width - 4)) or [""]
        parts.append(Content.assemble((f"  {name:<{width}}  ", "bold"), (first, look.QUIET)))
        parts += [Content.styled(" " * (width + 4) + other, look.QUIET) for other in others]
    return [*parts, Content("")]
