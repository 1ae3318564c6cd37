"""Past conversations: searched, opened, renamed, deleted, exported."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from shellper.frontend.text import home_short, visible
from shellper.session import SavedConversation, Store, StoreError, Summary
from shellper.tui.screens.asking import ConfirmScreen, LineScreen
from shellper.tui.widgets.keybar import KeyBar

_MOST = 1000
_FOLDER_CELLS = 30


class SessionsScreen(Screen[int | None]):
    """Lists them, the last one first; gives the number of the one that is to be opened."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "open", priority=True),
        Binding("escape", "leave", "back"),
        Binding("f6", "rename", "rename"),
        Binding("f8", "delete", "delete"),
        Binding("f5", "export", "export"),
        Binding("down", "down", "down", show=False),
        Binding("up", "up", "up", show=False),
    ]

    def __init__(
        self, store: Store, export: Callable[[SavedConversation, str], Path], current: int | None, home: Path
    ) -> None:
        super().__init__()
        self._store, self._export, self._current, self._home = store, export, current, home
        self._all: tuple[Summary, ...] = ()
        self._shown: list[Summary] = []
        self._input = Input(placeholder="search in titles and folders", compact=True)
        self._list = OptionList(compact=True, markup=False)
        self._list.can_focus = False
        self._empty = Static(Content(""), classes="empty")

    def compose(self) -> ComposeResult:
        """Lay it out."""
        yield Static(Content.styled("Conversations", "bold"), id="heading")
        yield self._input
        yield self._list
        yield self._empty
        yield KeyBar()

    async def on_mount(self) -> None:
        """Read the store."""
        self._input.focus()
        await self._read()

    async def _read(self) -> None:
        try:
            self._all = await asyncio.to_thread(self._store.conversations, _MOST)
        except StoreError as error:
            self.notify(str(error), severity="error", markup=False)
        self._show()

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self._show()

    def on_resize(self, event: events.Resize) -> None:
        """Cut the titles to the width."""
        self._show()

    def _show(self) -> None:
        words = self._input.value.lower().split()
        place = self._list.highlighted
        before = self._shown[place].id if place is not None and place < len(self._shown) else None
        self._shown = [one for one in self._all if all(word in f"{one.title} {one.folder}".lower() for word in words)]
        self._list.clear_options()
        self._list.add_options(Option(self._line(one)) for one in self._shown)
        ids = [one.id for one in self._shown]
        self._list.highlighted = ids.index(before) if before in ids else 0 if ids else None
        self._list.display = bool(ids)
        self._empty.display = not ids
        self._empty.update(Content("nothing fits" if self._all else "no conversation is kept yet"))

    def _line(self, one: Summary) -> Content:
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(one.changed_at))
        width = max(20, self.size.width - 4)
        mark = "• " if one.id == self._current else "  "
        turns = f"{one.turns:>4} turn{'s'[: one.turns != 1]:<1}"
        if width < 60:
            return Content.assemble(
                mark, set_cell_size(visible(one.title), width - 13), (f" {when[5:10]}", "$text-muted")
            )
        folders = max(cell_len(self._folder(other)) for other in self._shown)
        room = min(folders, _FOLDER_CELLS, width // 4)
        title = set_cell_size(visible(one.title), width - 32 - room)
        folder = set_cell_size(self._folder(one), room)
        return Content.assemble(mark, title, (f" {folder} {turns}  {when}", "$text-muted"))

    def _folder(self, one: Summary) -> str:
        return visible(home_short(one.folder, self._home))

    @property
    def _chosen(self) -> Summary | None:
        place = self._list.highlighted
        return self._shown[place] if place is not None and place < len(self._shown) else None

    def action_down(self) -> None:
        """Go down."""
        self._list.action_cursor_down()

    def action_up(self) -> None:
        """Go up."""
        self._list.action_cursor_up()

    @on(OptionList.OptionSelected)
    def action_open(self) -> None:
        """Open the chosen one."""
        if self._chosen is not None:
            self.dismiss(self._chosen.id)

    def action_leave(self) -> None:
        """Go back."""
        self.dismiss(None)

    def action_rename(self) -> None:
        """Give the chosen one another title."""
        chosen = self._chosen
        if chosen is None:
            return

        async def named(title: str | None) -> None:
            if title:
                await self._write(lambda: self._store.rename(chosen.id, title))

        self.app.push_screen(LineScreen("Another title", chosen.title), named)

    def action_delete(self) -> None:
        """Delete the chosen one, when that is confirmed."""
        chosen = self._chosen
        if chosen is None:
            return
        if chosen.id == self._current:
            self.notify("this conversation goes on; /new begins another one first", markup=False)
            return

        async def answered(yes: bool | None) -> None:
            if yes:
                await self._write(lambda: self._store.remove(chosen.id))

        turns = f"{chosen.turns} turn{'s'[: chosen.turns != 1]}, for good"
        body = [Content(visible(chosen.title)), Content.styled(turns, "$text-muted")]
        self.app.push_screen(ConfirmScreen("Delete this conversation?", body), answered)

    async def _write(self, write: Callable[[], object]) -> None:
        try:
            await asyncio.to_thread(write)
        except StoreError as error:
            self.notify(str(error), severity="error", markup=False)
        await self._read()

    def action_export(self) -> None:
        """Ask for a file's name, and write the chosen one to it."""
        chosen = self._chosen
        if chosen is None:
            return

        async def named(name: str | None) -> None:
            if name:
                await self._export_to(chosen.id, name)

        self.app.push_screen(
            LineScreen("Export to (.md for Markdown, .json for JSON)", f"shellper-{chosen.id}.md"), named
        )

    async def _export_to(self, conversation: int, name: str) -> None:
        try:
            saved = await asyncio.to_thread(self._store.load, conversation)
            file = await asyncio.to_thread(self._export, saved, name)
        except (StoreError, OSError) as error:
            said = f"{error.filename}: {error.strerror}" if isinstance(error, OSError) else str(error)
            self.notify(f"not exported: {said}", severity="error", markup=False)
        else:
            self.notify(f"exported to {file}", markup=False)
