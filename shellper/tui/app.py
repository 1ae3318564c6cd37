"""The app: its screens, themes and keys, and how it ends."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Iterable
from typing import ClassVar

from textual import on
from textual.actions import SkipAction
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen

from shellper.tui.screens.conversation import ConversationScreen
from shellper.tui.slashes import SLASHES
from shellper.tui.start import Start
from shellper.tui.themes import OURS, THEMES
from shellper.tui.widgets.step import StepView

_SWITCH_SECONDS = 0.0005
"""How long a thread keeps the interpreter while another one waits for it."""


class ShellperApp(App[int]):
    """The conversation and the screens that open over it."""

    CSS_PATH = "app.tcss"
    TITLE = "shellper"
    COMMAND_PALETTE_BINDING = "f2"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "quit", "quit", priority=True, id="quit"),
        Binding("ctrl+c", "interrupt", "stop the command; else clear the line", show=False, priority=True),
        Binding("ctrl+z", "suspend_process", "suspend, as in shells (fg comes back)", show=False, priority=True),
    ]

    def __init__(self, start: Start) -> None:
        # no-color.org: the terminal's own two colours are all that is left then.
        bare = bool(os.environ.get("NO_COLOR"))
        super().__init__(ansi_color=True if bare else None)
        for theme in OURS:
            self.register_theme(theme)
        self.theme = THEMES["terminal" if bare else start.settings.theme]
        self.conversation = ConversationScreen(start)
        self.set_keymap(start.settings.keys)

    async def on_mount(self) -> None:
        """Open the conversation, and end in good order when the system asks for it."""
        # The thread that reads a flood of output would else keep the screen waiting for 5 ms at each turn.
        sys.setswitchinterval(_SWITCH_SECONDS)
        if threading.current_thread() is threading.main_thread():
            loop = asyncio.get_running_loop()
            for number in (signal.SIGTERM, signal.SIGHUP):
                loop.add_signal_handler(number, self.exit, 128 + number)
        await self.push_screen(self.conversation)

    @on(StepView.Copied)
    def _copied(self, event: StepView.Copied) -> None:
        self.conversation.copy_text(event.text)

    async def action_interrupt(self) -> None:
        """Stop what runs; without that, what Ctrl+C means on the screen that is shown."""
        if self.conversation.turn is not None or self.screen is self.conversation:
            await self.conversation.action_interrupt()
        else:
            raise SkipAction

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Offer the words and the themes in the palette."""
        if screen is not self.conversation:
            return
        take = self.conversation.words.take
        for slash in SLASHES:
            if not slash.argument or slash.argument.startswith("["):
                yield SystemCommand(
                    slash.name, slash.meaning, lambda text=f"/{slash.name}": self.call_later(take, text)
                )
        for name in THEMES:
            yield SystemCommand(
                f"theme {name}", "other colours", lambda text=f"/theme {name}": self.call_later(take, text)
            )

    def _handle_exception(self, error: Exception) -> None:
        super()._handle_exception(error)
        # The caller says it in one line when the terminal is as it was before.
        self._exit_renderables.clear()

    @property
    def failure(self) -> Exception | None:
        """What it ended by, if that was an error that nobody expected."""
        return self._exception


def run(start: Start) -> int:
    """Show the app until its end and return the exit code; raises what nobody expected, the terminal being restored."""
    app = ShellperApp(start)
    app.run()
    if app.failure is not None:
        raise app.failure
    return app.return_value or 0
