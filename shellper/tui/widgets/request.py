"""Where requests are typed: several lines, history, search in it, completion."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import OptionList, TextArea
from textual.widgets.option_list import Option

from shellper.frontend.history import History
from shellper.frontend.text import visible
from shellper.tui.completion import complete
from shellper.tui.slashes import Slash
from shellper.tui.widgets.field import Field

_MOST_FOUND = 50

Offering = Literal["", "completion", "search"]


class RequestField(Field):
    """The field itself; keys that move in history or in what is offered go to the `RequestArea`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+r", "search", "search history", id="search"),
        Binding("ctrl+p", "earlier", "earlier request", show=False, id="earlier"),
        Binding("ctrl+n", "later", "later request", show=False, id="later"),
        Binding("ctrl+underscore", "undo", "undo what was typed", show=False),
        Binding("ctrl+d", "end", "quit, on an empty line", show=False),
        Binding("escape", "leave", "leave the line: to a question that waits", priority=True),
        Binding("pageup", "screen.page(-1)", show=False),
        Binding("pagedown", "screen.page(1)", show=False),
    ]

    @property
    def area(self) -> RequestArea:
        """What the field stands in."""
        assert isinstance(self.parent, RequestArea)
        return self.parent

    async def _on_key(self, event: events.Key) -> None:
        area, key = self.area, event.key
        used = True
        if key == "up" and (area.offering or self.cursor_at_first_line):
            area.earlier()
        elif key == "down" and (area.offering or self.cursor_at_last_line):
            area.later()
        elif key == "tab" and (area.offering or self.text):
            area.tab()
        elif key == "tab":
            self.screen.focus_previous()  # the last card
        elif key == "shift+tab" and area.offering:
            area.earlier()
        else:
            used = False
        if used:
            event.stop()
            event.prevent_default()
        else:
            await super()._on_key(event)

    def take(self) -> None:
        """Take what is offered, else the request; the next one can be typed at once."""
        if self.area.take_offered():
            return
        request = self.text.strip()
        if request:
            self.put("")
            self.post_message(RequestArea.Submitted(request))

    def leave(self) -> None:
        """Close what is offered, else go to the question that waits."""
        if not self.area.close() and self.area.question is not None:
            self.screen.set_focus(self.area.question, scroll_visible=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave the line only for something."""
        return action != "leave" or bool(self.area.offering) or self.area.question is not None

    def put(self, text: str) -> None:
        """Put a text in its place."""
        self.text = text
        self.to_end()

    def action_search(self) -> None:
        """Search the history for what is typed."""
        self.area.search()

    def action_earlier(self) -> None:
        """Go to the request before."""
        self.area.earlier()

    def action_later(self) -> None:
        """Go to the request after."""
        self.area.later()

    def action_end(self) -> None:
        """Quit on an empty line, else delete the character to the right, as in shells."""
        if self.text:
            self.action_delete_right()
        else:
            self.app.exit()


class RequestArea(Vertical):
    """The field, and above it what can be chosen: completions, or requests of the history."""

    @dataclass
    class Submitted(Message):
        """A request is to be taken."""

        text: str

    def __init__(self, history: History, words: Iterable[Slash], place: Callable[[], tuple[Path, Path]]) -> None:
        super().__init__()
        self._history, self._place = history, place
        self._words = {word.name: word for word in words}
        self._at = len(history.requests)
        self._typed = ""
        self._inserts: list[str] = []
        self._start = 0
        self._offered_for = ""
        self._cycles = False
        self.offering: Offering = ""
        self.question: Widget | None = None
        """What waits for a decision while something is typed here."""
        self.field = RequestField(placeholder="a request, /word or !command")
        self._offers = OptionList(compact=True, markup=False)
        self._offers.can_focus = False

    def compose(self) -> ComposeResult:
        """Lay it out."""
        yield self._offers
        yield self.field

    def on_mount(self) -> None:
        """Begin without offers."""
        self._offers.display = False

    # History.

    def remember(self, request: str) -> None:
        """Add a request to the history. Raises OSError."""
        try:
            self._history.add(request)
        finally:
            self._at = len(self._history.requests)
            self._typed = ""

    def earlier(self) -> None:
        """Go up in what is offered, or to the request before that begins as what was typed."""
        if self.offering:
            self._offers.action_cursor_up()
            return
        if self._at == len(self._history.requests):
            self._typed = self.field.text
        found = self._history.before(self._at, self._typed)
        if found is not None:
            self._at = found
            self.field.put(self._history.requests[found])

    def later(self) -> None:
        """Go down in what is offered, or to the request after; behind the last one is what was typed."""
        if self.offering:
            self._offers.action_cursor_down()
            return
        found = self._history.after(self._at, self._typed)
        if found is not None:
            self._at = found
            self.field.put(self._history.requests[found])
        elif self._at != len(self._history.requests):
            self._at = len(self._history.requests)
            self.field.put(self._typed)

    def search(self) -> None:
        """Offer the requests of the history that hold what is typed; once more: the next one."""
        if self.offering == "search":
            self._offers.action_cursor_down()
            return
        self._offer_found()

    def _offer_found(self) -> None:
        found = self._history.search(self.field.text, _MOST_FOUND)
        self._offer("search", 0, [(" ".join(one.split("\n")), one) for one in found])

    # Completion.

    @on(TextArea.Changed)
    def _changed(self, event: TextArea.Changed) -> None:
        event.stop()
        if self.offering == "search":
            self._offer_found()
        elif not self.field.text:
            self.close()
        else:
            self._cycles = False
            slash = self.field.text.startswith("/") and not any(one.isspace() for one in self.field.text)
            if self.offering or slash:
                self._complete()

    def tab(self) -> None:
        """Complete as far as it is clear, then go through what is offered."""
        if self.offering == "search":
            self.take_offered()
        elif self.offering and self._cycles:
            self._offers.action_cursor_down()
        else:
            self._cycles = not self._complete(insert=True)

    def _before_cursor(self) -> str:
        return self.field.get_text_range((0, 0), self.field.cursor_location)

    def _complete(self, *, insert: bool = False) -> bool:
        """Offer what can go on from the cursor; says whether something was inserted."""
        before = self._before_cursor()
        folder, home = self._place()
        found = complete(before, folder, home, self._words)
        if not found.choices:
            self.close()
            return False
        longer = insert and len(found.common) > len(before) - found.start
        if longer:
            self._insert(found.start, found.common)
        if insert and len(found.choices) == 1:
            self.close()
        else:
            self._offer("completion", found.start, [(self._described(shown), text) for shown, text in found.choices])
        return longer

    def _described(self, shown: str) -> str:
        word = self._words.get(shown.removeprefix("/")) if shown.startswith("/") else None
        return f"{shown:<12}{word.meaning}" if word else shown

    def _insert(self, start: int, text: str) -> None:
        """Put a text in the place of what stands from an offset to the cursor."""
        before = self._before_cursor()
        row = before.count("\n", 0, start)
        column = start - (before.rfind("\n", 0, start) + 1)
        self.field.replace(text, (row, column), self.field.cursor_location)
        self.field.move_cursor((row, column + len(text)))

    # What is offered.

    def _offer(self, offering: Offering, start: int, choices: list[tuple[str, str]]) -> None:
        self.offering, self._start = offering, start
        self._offered_for = self._before_cursor()
        self._inserts = [text for _, text in choices]
        self._offers.clear_options()
        self._offers.add_options(Option(Content(visible(shown))) for shown, _ in choices)
        self._offers.highlighted = 0 if choices else None
        self._offers.display = bool(choices) or offering == "search"
        self._offers.border_title = "history" if offering == "search" else ""

    def close(self) -> bool:
        """Offer nothing more; says whether something was offered."""
        was, self.offering = self.offering, ""
        self._offers.display = False
        return bool(was)

    def take_offered(self) -> bool:
        """Put what is chosen into the field; says whether that changed anything."""
        offering, place = self.offering, self._offers.highlighted
        self.close()
        if not offering or place is None:
            return offering == "search"
        if offering == "completion" and self._before_cursor() != self._offered_for:
            return False  # typed on since: what is offered belongs to another text
        text = self._inserts[place]
        if offering == "search":
            self.field.put(text)
            return True
        word = self._words.get(text.strip().removeprefix("/")) if self._start == 0 else None
        if self._before_cursor()[self._start :].strip() == text.strip():
            return False
        self._insert(self._start, text)
        return word is None or bool(word.argument)

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self._offers.highlighted = event.option_index
        self.take_offered()
        self.field.focus()

    def give_back(self, request: str) -> None:
        """Put a request that can't be taken now before what was typed since."""
        since = self.field.text
        self.field.put(f"{request}\n{since}" if since else request)
