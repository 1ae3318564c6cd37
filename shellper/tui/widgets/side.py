"""The panel at the side: the folder's tree, and below it what was changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from shellper.effects import EffectsError, Entry, Ledger
from shellper.frontend.text import visible
from shellper.tui import look
from shellper.tui.widgets.tree import FolderTree

MOST_CHANGES = 20
"""Changes that are listed here; `/history` has them all."""


class SidePanel(Vertical):
    """Follows the session through folders, marks what the last command changed, lists the last changes."""

    @dataclass
    class Chosen(Message):
        """A change is to be shown."""

        entry: Entry

    @dataclass
    class Read(Message):
        """The changes are read, the last one first."""

        entries: Sequence[Entry]

    def __init__(self, folder: Path, state: Path) -> None:
        super().__init__()
        self._state = state
        self._entries: list[Entry] = []
        self.tree_view = FolderTree(folder)
        self.changes = OptionList(compact=True, markup=False)
        self._title = Static(Content.styled("Changes", "bold"))

    def compose(self) -> ComposeResult:
        """Lay it out."""
        yield self.tree_view
        yield self._title
        yield self.changes

    def on_mount(self) -> None:
        """Begin without changes."""
        self._title.display = self.changes.display = False

    def follow(self, folder: Path) -> None:
        """Show a folder as it is now, and the changes."""
        self.tree_view.follow(folder)
        self.read()

    def mark(self, changed: Sequence[Path]) -> None:
        """Mark the paths that the last command changed."""
        self.tree_view.changed = frozenset(changed)

    def read(self) -> None:
        """Read the changes, where they are seen."""
        if self.display:
            self.run_worker(self._read, thread=True, exclusive=True, group="changes", exit_on_error=False)

    def _read(self) -> None:
        try:
            entries = Ledger(self._state).history()[:MOST_CHANGES]
        except EffectsError:
            entries = []  # `/history` says what is wrong with it
        self.post_message(self.Read(entries))

    @on(Read)
    def _show(self, event: Read) -> None:
        event.stop()
        self._entries = list(event.entries)
        self.changes.clear_options()
        self.changes.add_options(Option(_line(entry)) for entry in self._entries)
        self._title.display = self.changes.display = bool(self._entries)

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.post_message(self.Chosen(self._entries[event.option_index]))


def _line(entry: Entry) -> Content:
    title = visible(" ".join(entry.record.title.split()))
    if entry.undone:
        return Content.styled(f"undone  {title}", look.QUIET)
    return Content.assemble(("done    ", look.GOOD), title)
