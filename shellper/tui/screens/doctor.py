"""Doctor: what the sandbox keeps from commands on this machine, tried out anew, and where everything lies."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from shellper.frontend.text import visible
from shellper.sandbox import Offer, Probe, Trial, forget, offer
from shellper.sandbox.selftest import MUST_WORK
from shellper.tui import look
from shellper.tui.start import Start
from shellper.tui.widgets.keybar import KeyBar


class DoctorScreen(Screen[None]):
    """Tests when it is opened, and again by a key."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "test", "test again"),
        Binding("escape,q", "close", "close"),
    ]

    def __init__(self, start: Start, places: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self._start, self._places = start, places
        self._testing = False
        self._report = Static()

    def compose(self) -> ComposeResult:
        """Lay it out."""
        yield Static(Content.styled("Doctor", "bold"), id="heading")
        with VerticalScroll(can_focus=True):
            yield self._report
        yield KeyBar()

    def on_mount(self) -> None:
        """Begin to test."""
        self.query_one(VerticalScroll).focus()
        self.action_test()

    def action_test(self) -> None:
        """Test the sandbox; what was remembered is forgotten."""
        if not self._testing:
            self._testing = True
            self._report.update(look.lines([*self._head(), Content.styled("testing the sandbox …", look.QUIET)]))
            self.run_worker(self._test(), exclusive=True)

    async def _test(self) -> None:
        forget(self._start.state)
        found = await asyncio.to_thread(offer, self._start.state)
        self._testing = False
        self._report.update(look.lines([*self._head(), *self._told(found)]))

    def _head(self) -> list[Content]:
        width = max(len(name) for name, _ in self._places)
        rows = [Content.assemble((f"{name:<{width}}  ", look.QUIET), visible(value)) for name, value in self._places]
        return [*rows, Content("")]

    def _told(self, found: Offer) -> list[Content]:
        parts = [Content.assemble(("sandbox  ", look.QUIET), (visible(found.label), "bold"))]
        for trial in found.trials:
            by = f" by {trial.backend}" if trial.backend else ""
            parts += [Content(""), Content.assemble((f"level {trial.level}{by}: ", "bold"), *self._state(trial))]
            for probe in trial.probes:
                mark = (self._start.symbols["allow"], look.GOOD) if probe.holds else ("BAD", look.BAD)
                detail = f" ({visible(probe.detail)})" if probe.detail and not probe.holds else ""
                parts.append(
                    Content.assemble("  ", mark, f" {visible(probe.name)}", (f": {_said(probe)}{detail}", look.QUIET))
                )
        return parts

    def _state(self, trial: Trial) -> list[tuple[str, str]]:
        if trial.holds:
            return [("holds", look.GOOD)]
        return [(visible(f"can't be had: {trial.failure}" if trial.failure else "does not hold"), look.ODD)]

    def action_close(self) -> None:
        """Close it."""
        self.dismiss()


def _said(probe: Probe) -> str:
    """Return what came of an attempt, in a word."""
    if probe.holds:
        return "works" if probe.name == MUST_WORK else "refused"
    return "is refused" if probe.name == MUST_WORK else "is possible"
