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

HISTORY_NAME = "history"


class PrivateHistory(FileHistory):
    """A history in a file that only the user can read; a file that can't be written costs one warning."""

    def __init__(self, file: Path, warn: Callable[[str], None]) -> None:
        super().__init__(file)
        self._file, self._warn = file, warn
        self._broken = False

    def load_history_strings(self) -> list[str]:
        """Return the lines, the last one first."""
        try:
            return list(super().load_history_strings())
        except OSError as error:
            self._fail(error)
            return []

    def store_string(self, string: str) -> None:
        """Add a line."""
        if self._broken:
            return
        try:
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
            super().store_string(string)
        except OSError as error:
            self._fail(error)

    def _fail(self, error: OSError) -> None:
        if not self._broken:
            self._broken = True
            self._warn(f"{self._file} can't be used ({error.strerror}), so requests are not kept; make it writable")


class Prompt:
    """Asks for lines with prompt_toolkit, on the standard error."""

    def __init__(self, settings: Settings, state: Path, warn: Callable[[str], None]) -> None:
        history: History = PrivateHistory(state / HISTORY_NAME, warn) if settings.history else InMemoryHistory()
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
