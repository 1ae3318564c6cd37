"""A long text on a screen of its own: an output or a diff, to be read, searched and copied."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Input, Static, TextArea

from shellper.frontend.text import visible
from shellper.tui.widgets.keybar import KeyBar
from shellper.tui.widgets.step import StepView


class LongText(TextArea):
    """A text that can't be changed; of a diff, each line in its colour."""

    def __init__(self, text: str, *, is_diff: bool) -> None:
        super().__init__(text, read_only=True, soft_wrap=False, compact=True, highlight_cursor_line=False)
        self._is_diff = is_diff

    def get_line(self, line_index: int) -> Text:
        """Return a line."""
        line = super().get_line(line_index)
        if self._is_diff:
            theme = self.app.theme_variables
            if line.plain.startswith(("+++", "---")):
                line.stylize("bold")
                return line
            for mark, name in (("+", "text-success"), ("-", "text-error"), ("@", "text-accent")):
                if line.plain.startswith(mark):
                    line.stylize(_rich_colour(theme.get(name, "")))
        return line


def _rich_colour(value: str) -> str:
    """Return a colour of a theme as Rich writes it; none where Rich has no such form."""
    return value if value.startswith("#") and len(value) == 7 else value.removeprefix("ansi_")


class PagerScreen(Screen[None]):
    """Shows a text; `/` searches, `n` goes on, `c` copies all of it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "close", "close"),
        Binding("slash", "search", "search"),
        Binding("n", "next", "next"),
        Binding("c", "copy", "copy all"),
    ]

    def __init__(self, title: str, text: str, *, is_diff: bool = False) -> None:
        super().__init__()
        self._heading, self._text = title, visible(text)
        self._area = LongText(self._text, is_diff=is_diff)
        self._input = Input(placeholder="search, then Enter", compact=True)

    def compose(self) -> ComposeResult:
        """Lay it out."""
        count = self._text.count("\n") + (not self._text.endswith("\n"))
        heading = visible(" ".join(self._heading.split()))
        yield Static(Content.assemble((heading, "bold"), (f" · {count:,} lines", "$text-muted")), id="heading")
        yield self._area
        yield self._input
        yield KeyBar()

    def on_mount(self) -> None:
        """Begin at the top, without a search."""
        self._input.display = False
        self._area.focus()

    def action_close(self) -> None:
        """Close the search, else the screen."""
        if self._input.display:
            self._input.display = False
            self._area.focus()
        else:
            self.dismiss()

    def action_search(self) -> None:
        """Ask what to search."""
        self._input.display = True
        self._input.focus()

    @on(Input.Submitted)
    def _search(self, event: Input.Submitted) -> None:
        event.stop()
        self._input.display = False
        self._area.focus()
        self.action_next()

    def action_next(self) -> None:
        """Go to the next place of what is searched; behind the last one begins the first."""
        wanted = self._input.value.lower()
        if not wanted:
            return
        row, column = self._area.cursor_location
        lines = self._text.lower().split("\n")
        for step in range(len(lines) + 1):
            index = (row + step) % len(lines)
            found = lines[index].find(wanted, column if step == 0 else 0)
            if found >= 0:
                self._area.move_cursor((index, found))
                self._area.move_cursor((index, found + len(wanted)), select=True, center=True)
                return
        self.notify(f"{visible(self._input.value)} isn't in it", markup=False)

    def action_copy(self) -> None:
        """Copy all of it."""
        self.post_message(StepView.Copied(self._text))
