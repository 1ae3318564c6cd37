"""The standard input as context: what another program's output or a file says."""

from __future__ import annotations

import os
import select
import stat
import sys

from shellper.cli.show import Screen
from shellper.cli.terminal import is_terminal
from shellper.sandbox.capture import Catcher

MOST_BYTES = 16 << 20
"""How much is read; a program that writes more is told so by a closed pipe."""

_HEAD_BYTES, _TAIL_BYTES = 8 << 10, 24 << 10  # kept as much as of a command's output
_PATIENCE = 1.0  # seconds until it is said what is waited for
_BLOCK = 1 << 16


def is_piped() -> bool:
    """Say whether the standard input is open and can hold something: it is no terminal and not /dev/null."""
    try:
        mode = os.fstat(0).st_mode
    except OSError:
        return False
    return not is_terminal(0) and not stat.S_ISCHR(mode)


def read_piped(screen: Screen) -> str:
    """Return what was piped in, head and tail where it is long, cleaned like a command's output; empty for nothing."""
    if not is_piped():
        return ""
    if sys.platform != "win32" and not select.select([0], [], [], _PATIENCE)[0]:
        screen.note("waiting for the end of the standard input (with </dev/null there is none)")
    catcher = Catcher(_HEAD_BYTES, _TAIL_BYTES)
    left = MOST_BYTES
    while left > 0 and (data := os.read(0, min(left, _BLOCK))):
        catcher.feed("stdout", data)
        left -= len(data)
    return catcher.finish()[0].text
