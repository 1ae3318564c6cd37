"""Lines typed at a terminal, with editing and a history; this module loads prompt_toolkit."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

from prompt_toolkit import PromptSession
from prompt_toolkit.enums import EditingMode
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.output import create_output

from shellper.config import Settings
from shellper.frontend.history import HISTORY_NAME, unusable


class PrivateHistory(FileHistory):
    """A history in a file that only the user can read; where a line can't be added, one warning is given."""

    def __init__(self, file: Path, warn: Callable[[str], None]) -> None:
        """Make the file if need be. Raises OSError where it can't be used."""
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        super().__init__(file)
        self._warn: Callable[[str], None] | None = warn

    def store_string(self, string: str) -> None:
        """Add a line."""
        try:
            super().store_string(string)
        except OSError as error:
            if self._warn is not None:
                self._warn(unusable(str(self.filename), error))
            self._warn = None


def _history(file: Path, warn: Callable[[str], None]) -> History:
    """Return the history of a file, or one that ends with the program where the file can't be used."""
    try:
        return PrivateHistory(file, warn)
    except OSError as error:
        warn(unusable(str(file), error))
        return InMemoryHistory()


class Prompt:
    """Asks for lines with prompt_toolkit, on the standard error."""

    def __init__(self, settings: Settings, state: Path, warn: Callable[[str], None]) -> None:
        history = _history(state / HISTORY_NAME, warn) if settings.history else InMemoryHistory()
        self._session: PromptSession[str] = PromptSession(
            history=history,
            editing_mode=EditingMode.VI if settings.editing_mode == "vi" else EditingMode.EMACS,
            output=create_output(sys.stderr),
        )

    def __call__(self, prompt: str) -> str:
        """Return the next line. Ctrl+C drops what is typed, as in a shell.

        Raises EOFError, and KeyboardInterrupt where nothing was typed.
        """
        while True:
            try:
                return self._session.prompt(prompt)
            except KeyboardInterrupt:
                if not self._session.default_buffer.text:
                    raise
