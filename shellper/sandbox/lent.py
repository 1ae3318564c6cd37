"""Lending the user's terminal to a command, and taking it back as it was."""

from __future__ import annotations

import contextlib
import os
import signal
import termios


class LentTerminal:
    """A terminal by its descriptor, and how it was before a command got it."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self._modes = None
        with contextlib.suppress(termios.error):  # no terminal: there is nothing to be restored
            self._modes = termios.tcgetattr(descriptor)

    def take_back(self) -> None:
        """Become the terminal's foreground again, and give it the modes that it had."""
        if self._modes is None:
            return
        # A program in the background that sets a terminal is stopped by SIGTTOU (tcsetpgrp(3)).
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
        try:
            with contextlib.suppress(OSError):
                os.tcsetpgrp(self.descriptor, os.getpgrp())
            with contextlib.suppress(termios.error):
                termios.tcsetattr(self.descriptor, termios.TCSADRAIN, self._modes)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
