"""Taking changes back: what that would do, the question, and the list of what was changed."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any, ClassVar

from rich.cells import set_cell_size
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen, Screen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from shellper.effects import (
    Choice,
    EffectsError,
    Entry,
    Ledger,
    Record,
    Reversal,
    What,
    newest,
    plan_reversal,
    reverse,
    summary_of,
)
from shellper.frontend.text import home_short, visible
from shellper.tui import look
from shellper.tui.screens.pager import PagerScreen
from shellper.tui.widgets.keybar import KeyBar

_MOST_LINES = 10


def next_reversal(ledger: Ledger, what: What) -> Reversal:
    """Return what undoing (or redoing) the last change would do. Raises `EffectsError`, also where there is none."""
    applied, undone = ledger.stacks()
    stack, nothing = (
        (applied, "there is nothing to undo") if what is What.UNDO else (undone, "there is nothing to redo")
    )
    return plan_reversal(newest(stack, 1, nothing)[0], what)


def carry_out(ledger: Ledger, reversal: Reversal, choice: Choice) -> str:
    """Do it, with the same choice for all paths that have changed since; gives a line on it. Raises `EffectsError`."""
    done = reverse(ledger, reversal, lambda conflict: choice)
    word = "undone" if reversal.what is What.UNDO else "redone"
    title = visible(" ".join(reversal.record.title.split()))
    if done is None:
        return "nothing was changed"
    left = len(reversal.conflicts) if choice is Choice.SKIP else 0
    return f"{word}: {title}" + (f", but {left} skipped" if left else "")


class ReversalScreen(ModalScreen[Choice | None]):
    """Shows what would be done and asks; where paths have changed since, what is to be done about those."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,enter", "do_it", "do it"),
        Binding("s", "choose('skip')", "skip those"),
        Binding("b", "choose('keep both')", "keep both"),
        Binding("o", "choose('overwrite')", "overwrite them"),
        Binding("d", "diff", "diff"),
        Binding("n,escape,q", "leave", "leave"),
    ]

    def __init__(self, reversal: Reversal, home: Path) -> None:
        super().__init__()
        self._reversal, self._home = reversal, home
        self._diff = reversal.changes.diff(reversal.record.folder)

    def compose(self) -> ComposeResult:
        """Lay it out."""
        reversal, folder = self._reversal, self._reversal.record.folder
        verb = "Undo" if reversal.what is What.UNDO else "Redo"
        changes = reversal.changes.changes
        body = [
            Content.styled(f"{verb} this in {visible(home_short(folder, self._home))}?", "bold"),
            look.command(reversal.record.title),
            *(Content(visible(change.describe(folder))) for change in changes[:_MOST_LINES]),
        ]
        if len(changes) > _MOST_LINES:
            body.append(Content.styled(f"and {len(changes) - _MOST_LINES:,} more", look.QUIET))
        body += [
            Content.styled(f"{visible(str(conflict.path))} {visible(conflict.why)}", look.ODD)
            for conflict in reversal.conflicts[:_MOST_LINES]
        ]
        keys = [("y", "yes")]
        if reversal.conflicts:
            keys = [("s", "skip what has changed since"), ("b", "keep both"), ("o", "overwrite")]
        if self._diff:
            keys.append(("d", "diff"))
        with Vertical(classes="box"):
            yield VerticalScroll(Static(look.lines(body)), can_focus=False)
            yield Static(look.keys([*keys, ("n", "no")]))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Ask for a choice where there is one, and for yes where there is none."""
        match action:
            case "diff":
                return bool(self._diff)
            case "do_it":
                return not self._reversal.conflicts
            case "choose":
                return bool(self._reversal.conflicts)
        return True

    def action_do_it(self) -> None:
        """Do it."""
        self.dismiss(Choice.SKIP)

    def action_choose(self, choice: str) -> None:
        """Do it, and that about what has changed since."""
        self.dismiss(Choice(choice))

    def action_diff(self) -> None:
        """Show it line by line."""
        self.app.push_screen(PagerScreen(self._reversal.record.title, "\n".join(self._diff), is_diff=True))

    def action_leave(self) -> None:
        """Leave everything as it is."""
        self.dismiss(None)


class ChangesScreen(Screen[What | None]):
    """Lists what was changed, the last one first; gives what is to be done: undo or redo."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("u", "turn('undo')", "undo the last"),
        Binding("r", "turn('redo')", "redo"),
        Binding("enter,d", "diff", "what undo would do"),
        Binding("escape,q", "leave", "back"),
    ]

    def __init__(self, ledger: Ledger) -> None:
        super().__init__()
        self._ledger = ledger
        self._entries: list[Entry] = []
        self._list = OptionList(compact=True, markup=False)
        self._empty = Static(Content("nothing was changed yet"), classes="empty")

    def compose(self) -> ComposeResult:
        """Lay it out."""
        yield Static(Content.styled("Changes", "bold"), id="heading")
        yield self._list
        yield self._empty
        yield KeyBar()

    async def on_mount(self) -> None:
        """Read the ledger."""
        try:
            self._entries = await asyncio.to_thread(self._ledger.history)
        except EffectsError as error:
            self.notify(str(error), severity="error", markup=False)
        self._show()
        self._list.focus()

    def on_resize(self, event: events.Resize) -> None:
        """Cut the lines to the width."""
        self._show()

    def _show(self) -> None:
        place = self._list.highlighted
        self._list.clear_options()
        self._list.add_options(Option(self._line(entry)) for entry in self._entries)
        self._list.highlighted = (place or 0) if self._entries else None
        self._list.display = bool(self._entries)
        self._empty.display = not self._entries

    def _line(self, entry: Entry) -> Content:
        record = entry.record
        when = time.strftime("%m-%d %H:%M", time.localtime(record.began))
        state = "undone" if entry.undone else "done"
        title = visible(" ".join(record.title.split()))
        wide = self.size.width >= 60
        end = f"  {set_cell_size(visible(summary_of(record)), 24)}" if wide else ""
        width = max(10, self.size.width - 24 - len(end))
        head = (f"{when}  {state:<6}  ", look.QUIET if entry.undone else look.GOOD)
        return Content.assemble(head, set_cell_size(title, width), (end, look.QUIET))

    async def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter opens the chosen one."""
        event.stop()
        await self.action_diff()

    async def action_diff(self) -> None:
        """Show what turning the chosen one round would change now."""
        place = self._list.highlighted
        if place is None:
            return
        await show_entry(self, self._entries[place])

    def action_turn(self, what: str) -> None:
        """Undo or redo the last one."""
        self.dismiss(What(what))

    def action_leave(self) -> None:
        """Go back."""
        self.dismiss(None)


async def show_entry(screen: Screen[Any], entry: Entry) -> None:
    """Show over a screen what turning a change round would do now."""
    try:
        text = await asyncio.to_thread(_told, entry.record, What.REDO if entry.undone else What.UNDO)
    except EffectsError as error:
        screen.notify(str(error), severity="error", markup=False)
    else:
        screen.app.push_screen(PagerScreen(entry.record.title, text, is_diff=True))


def _told(record: Record, what: What) -> str:
    """Return in words and as a diff what turning a transaction round would do."""
    reversal = plan_reversal(record, what)
    verb = "undo" if what is What.UNDO else "redo"
    lines = [f"{verb}: {reversal.changes.summary()}"]
    lines += [f"  {change.describe(record.folder)}" for change in reversal.changes]
    lines += [f"  {conflict.path} {conflict.why}" for conflict in reversal.conflicts]
    return "\n".join([*lines, "", *reversal.changes.diff(record.folder)]).rstrip("\n")
