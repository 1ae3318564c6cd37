"""Stopping a command from another thread, in two steps."""

from __future__ import annotations

import threading


class Stopping(threading.Event):
    """Set by `set`, a command is asked to end, as Ctrl+C asks; by `kill`, it and all that it started are killed."""

    def __init__(self) -> None:
        super().__init__()
        self._kills = False

    @property
    def kills(self) -> bool:
        """Whether the command is to be killed."""
        return self._kills

    def kill(self) -> None:
        """Kill the command with all that it started."""
        self._kills = True
        self.set()

    def clear(self) -> None:
        """Take both back."""
        self._kills = False
        super().clear()
