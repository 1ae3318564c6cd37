"""Processes that outlive their command: the user is asked, and they become a job or end."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from shellper.config import paths
from shellper.jobs import About, JobsError, keep
from shellper.sandbox import Leftover, LeftProcess
from shellper.session.flow import Proposal
from shellper.session.listener import Listener

_MOST_NAMED = 3


class Leaving:
    """Decides about what one command leaves; an `OnLeft` of the sandbox's."""

    def __init__(self, proposal: Proposal, listener: Listener, *, network: bool) -> None:
        self._proposal, self._listener, self._network = proposal, listener, network
        self.job: int | None = None
        """The number of the job that it became."""

    def __call__(self, left: Leftover) -> bool:
        """Ask, and keep it where the user wants that."""
        with _plain_interrupts():
            try:
                wanted = self._listener.on_left(left.processes)
            except KeyboardInterrupt:
                wanted = False
        if not wanted:
            return False
        about = About(self._proposal.command, self._proposal.folder, left.level, self._network, time.time())
        try:
            self.job = keep(paths().state, left, about)
        except JobsError as error:
            self._listener.on_warning(str(error))
        return self.job is not None

    def line(self, left: Sequence[LeftProcess]) -> str:
        """Return what became of it, in one line; empty where nothing was left."""
        if self.job is not None:
            ways = f"`shellper jobs`, `shellper jobs stop {self.job}`"
            return f"{named(left)} goes on as job {self.job} ({ways}); what it changes from now on can't be undone"
        return f"ended with its command: {named(left)}" if left else ""


def named(processes: Sequence[LeftProcess]) -> str:
    """Return processes by their names and numbers: `make (4711), cc (4712) and 2 more`."""
    shown = ", ".join(f"{process.name} ({process.pid})" for process in processes[:_MOST_NAMED])
    more = len(processes) - _MOST_NAMED
    return f"{shown} and {more} more" if more > 0 else shown


@contextmanager
def _plain_interrupts() -> Iterator[None]:
    """Have Ctrl+C answer the question: there is no command that it could stop."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
