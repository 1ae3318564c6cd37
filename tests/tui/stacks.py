"""Telling where a program under test stands: SIGUSR1 has it write the stacks of its threads to a file."""

from __future__ import annotations

import faulthandler
import os
import signal

STACKS = "SHELLPER_TEST_STACKS"


def tell_stacks() -> None:
    """Write the stacks on SIGUSR1, where the environment names a file for them."""
    if name := os.environ.get(STACKS):
        faulthandler.register(signal.SIGUSR1, file=os.open(name, os.O_WRONLY | os.O_CREAT, 0o600))
