"""The conversation: cards, the field, and what stands around them."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import DirectoryTree

from shellper.frontend.clipboard import OSC_52, copy
from shellper.frontend.history import HISTORY_NAME, History, unusable
from shellper.session import SavedConversation, SessionError, StoreError
from shellper.tui.completion import quoted
from shellper.tui.messages import LevelFound
from shellper.tui.screens.changes import show_entry
from shellper.tui.screens.help import HelpScreen
from shellper.tui.screens.pager import PagerScreen
from shellper.tui.screens.turns import MOST_CARDS, TurnScreen
from shellper.tui.screens.words import Words
from shellper.tui.start import Start
from shellper.tui.widgets.card import TurnCard
from shellper.tui.widgets.keybar import KeyBar
from shellper.tui.widgets.request import RequestArea
from shellper.tui.widgets.side import SidePanel
from shellper.tui.widgets.step import StepView

WIDE = 110
"""Columns from which on the folder's tree is shown."""

_GREETING = "Say what you want to be done. F1 shows the keys, /help too, ^Q quits."


class ConversationScreen(TurnScreen):
    """Draws what the session tells, and gives it what the user decides."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "field", "back to the line", id="field"),
        Binding("f1", "help", "help", id="help"),
        Binding("f3", "files", "side panel", id="files"),
        Binding("f4", "sessions", "sessions", id="sessions"),
        Binding("pageup", "page(-1)", "page up", show=False, id="page_up"),
        Binding("pagedown", "page(1)", "page down", show=False, id="page_down"),
    ]

    def __init__(self, start: Start) -> None:
        try:
            history = History(start.state / HISTORY_NAME if start.settings.history else None)
            self._problem = ""
        except OSError as error:
            history, self._problem = History(None), unusable(str(start.state / HISTORY_NAME), error)
        super().__init__(start, history)
        self._files_wanted: bool | None = None
        self._told_history = False
        self.words = Words(self)

    def compose(self) -> ComposeResult:
        """Lay it out."""
        yield self.header
        with Horizontal():
            yield self.side
            with Vertical():
                yield self.cards
                yield self.area
        yield KeyBar()

    async def on_mount(self) -> None:
        """Show what there is, and find out the rest."""
        self.header.model = self.start.model.stem
        self.header.folder = self.session.folder
        self.cards.anchor()
        self.area.field.focus()
        if self.session.conversation_id is not None and self.start.store is not None:
            await self._replay(await asyncio.to_thread(self.start.store.load, self.session.conversation_id))
        else:
            await self.note(_GREETING)
        from shellper.tui.keytable import unknown_names  # here, since that table is made of all screens

        for notice in (*self.start.notices, self._problem, *unknown_names(self.start.settings.keys)):
            if notice:
                await self.note(notice, bad=True)
        self.run_worker(self._find_level, thread=True, exit_on_error=False)

    def _find_level(self) -> None:
        """Find the sandbox level, which is tested the first time on a machine."""
        self.post_message(LevelFound(self.session.sandbox))

    @on(LevelFound)
    def _level_found(self, event: LevelFound) -> None:
        self.header.level = event.label.split()[0]

    def on_resize(self, event: events.Resize) -> None:
        """Show the tree where there is room, unless the user has said otherwise."""
        wanted = event.size.width >= WIDE if self._files_wanted is None else self._files_wanted
        if wanted is not self.side.display:
            self.side.display = wanted
            self.side.follow(self.session.folder)

    @on(RequestArea.Submitted)
    async def _submitted(self, event: RequestArea.Submitted) -> None:
        event.stop()
        text = event.text
        if self.turn is not None:
            self.area.give_back(text)
            self.notify("one thing at a time: this goes when the turn has ended (^C stops it)", markup=False)
            return
        try:
            self.area.remember(text)
        except OSError as error:
            if not self._told_history:
                self._told_history = True
                await self.note(unusable(str(self.start.state / HISTORY_NAME), error), bad=True)
        if self.words.takes(text):
            await self.words.take(text)
        elif text.startswith("!"):
            if text[1:].strip():
                await self.begin(text[1:].strip(), own=True)
        else:
            await self.begin(text)

    # Keys.

    async def action_interrupt(self) -> None:
        """Stop the command, the model or the question; else copy what is selected, or clear the line."""
        if self.stop_turn():
            return
        if self.get_selected_text():
            self.copy_text(self.get_selected_text() or "")
        elif self.area.field.text or self.area.offering:
            self.area.close()
            self.area.field.put("")
            self.area.field.focus()
        else:
            self.notify("nothing runs; ^Q quits", markup=False)

    def action_field(self) -> None:
        """Go to the field."""
        self.area.field.focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer the way back only elsewhere."""
        return action != "field" or self.focused is not self.area.field

    def action_page(self, pages: int) -> None:
        """Scroll the cards by a page."""
        self.cards.scroll_relative(y=pages * max(1, self.cards.size.height - 2), animate=False)

    def action_help(self) -> None:
        """Show the keys and the words."""
        self.app.push_screen(HelpScreen(self.start.settings.keys))

    def action_files(self) -> None:
        """Show the panel at the side, or hide it."""
        self._files_wanted = not self.side.display
        self.side.display = self._files_wanted
        if self._files_wanted:
            self.side.follow(self.session.folder)
            self.side.tree_view.focus()
        else:
            self.area.field.focus()

    async def action_sessions(self) -> None:
        """Show past conversations."""
        await self.words.sessions("")

    @on(DirectoryTree.FileSelected)
    def _file_selected(self, event: DirectoryTree.FileSelected) -> None:
        """Put a file's name into the request."""
        event.stop()
        folder = self.session.folder
        path = event.path.relative_to(folder) if event.path.is_relative_to(folder) else event.path
        self.area.field.insert(quoted(str(path)))
        self.area.field.focus()

    @on(StepView.Opened)
    def _opened(self, event: StepView.Opened) -> None:
        event.stop()
        self.app.push_screen(PagerScreen(event.title, event.text, is_diff=event.is_diff))

    @on(SidePanel.Chosen)
    async def _change_chosen(self, event: SidePanel.Chosen) -> None:
        event.stop()
        await show_entry(self, event.entry)

    def copy_text(self, text: str) -> None:
        """Copy a text, and say by what."""
        by = copy(text, lambda _: self.app.copy_to_clipboard(text))
        self.notify(f"copied by {by}" if by != OSC_52 else f"handed to {by}, which may not take it", markup=False)

    # Conversations.

    async def open(self, conversation: int | None) -> None:
        """Go on with a kept conversation, or begin a new one."""
        if self.turn is not None:
            return self.notify("this turn goes on; ^C stops it", markup=False)
        try:
            session = await asyncio.to_thread(self.start.session, conversation)
            saved = None
            if conversation is not None and self.start.store is not None:
                saved = await asyncio.to_thread(self.start.store.load, conversation)
        except (StoreError, SessionError) as error:
            return await self.note(str(error), bad=True)
        self.session = session
        await self.cards.remove_children()
        self.header.folder = session.folder
        self.side.follow(session.folder)
        if saved is None:
            await self.note(_GREETING)
        else:
            await self._replay(saved)
        self.area.field.focus()

    async def _replay(self, saved: SavedConversation) -> None:
        """Show the last turns of a kept conversation."""
        turns = saved.turns[-MOST_CARDS // 2 :]
        if len(turns) < len(saved.turns):
            await self.note(f"{len(saved.turns) - len(turns)} earlier turns are in the store (/export writes them all)")
        for turn in turns:
            card = TurnCard(turn.request, self._around, own=turn.kind == "command")
            await self.show(card)
            await card.replay(turn)
