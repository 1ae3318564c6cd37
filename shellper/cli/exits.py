"""The exit codes, and the error of wrong arguments."""

from __future__ import annotations

import enum


class ExitCode(enum.IntEnum):
    """What the program ends with, unless a command ran: then it ends with the command's own code."""

    OK = 0
    FAILED = 1
    """The store, the working directory, or a thing that the system refused."""
    USAGE = 2
    """Wrong arguments, or a wrong file of settings."""
    NOTHING = 3
    """Nothing to run: the model asked back, or had no call for the request."""
    DECLINED = 4
    """The user, or `--yes`, did not run it."""
    BLOCKED = 5
    ENGINE = 6
    """The engine or the weights."""
    TIMED_OUT = 124
    INTERRUPTED = 130
    BROKEN_PIPE = 141
    """Nobody reads the standard output any more: 128 + SIGPIPE, as in shells."""


class UsageError(Exception):
    """The arguments are wrong; the message is one line that says which and what is expected."""
