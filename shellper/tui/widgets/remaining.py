"""The question what becomes of processes that outlive their command, on its card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from shellper.frontend.text import visible
from shellper.sandbox import LeftProcess
from shellper.session import named
from shellper.tui import look
from shellper.tui.keys import key_for


class RemainingView(Static, can_focus=True):
    """Names the processes and takes one answer."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("k", "answer(True)", "keep it as a job", id="keep"),
        Binding("enter,n", "answer(False)", "end it", id="end"),
    ]

    @dataclass
    class Answered(Message):
        """The user has said what becomes of them."""

        keeps: bool

    def __init__(self, processes: tuple[LeftProcess, ...], keys: Mapping[str, str]) -> None:
        ways = [(key_for(self.BINDINGS, f"answer({keeps})", keys), what) for keeps, what in _WAYS]
        still = Content.styled(f"still running: {visible(named(processes))}", look.ODD)
        super().__init__(look.lines([still, look.keys(ways)]), classes="remaining")

    def action_answer(self, keeps: bool) -> None:
        """Take the answer."""
        self.post_message(self.Answered(keeps))


_WAYS = ((True, "keep it as a job"), (False, "end it"))
