"""What a front end can follow while a turn goes on."""

from __future__ import annotations

import threading

from shellper.sandbox import LeftProcess
from shellper.session.flow import Outcome, Proposal


class Listener:
    """Told of what happens, in the thread that runs the turn, and asked what only shows while it goes on.

    This one does nothing, and says no: a front end inherits from it and overrides what it shows.
    """

    def on_text(self, text: str) -> None:
        """Take a piece of what the model writes, as it is written."""

    def on_preview(self, command: str, stop: threading.Event) -> None:
        """Take a command that is tried out before it is proposed; setting `stop` leaves that out.

        `stop` is set, too, when the trial is over.
        """

    def on_proposal(self, proposal: Proposal) -> None:
        """Take a proposal, also one that is run without asking, before it is decided on."""

    def on_output(self, stream: str, text: str) -> None:
        """Take a piece of a command's clean output; `stream` is "stdout" or "stderr"."""

    def on_left(self, processes: tuple[LeftProcess, ...]) -> bool:
        """Say whether processes that outlive their command are to be kept as a job; else they end."""
        return False

    def on_outcome(self, outcome: Outcome) -> None:
        """Take what happened to a proposal."""

    def on_warning(self, message: str) -> None:
        """Take one line on what went wrong without ending the turn."""
