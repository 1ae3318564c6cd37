"""Drawing for people, on the standard error: proposals, outcomes, messages."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from shellper.cli.terminal import has_colour, has_motion, has_unicode
from shellper.frontend.text import PLAIN_SYMBOLS, SYMBOLS, visible

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from shellper.session import Outcome, Proposal

_STYLES = {"allow": "green", "confirm": "cyan", "warn": "bold yellow", "block": "bold red"}
MOST_DIFFERENCES = 200
"""How many lines of differences are drawn."""

_ODD = ("no undo", "will fail", "the sandbox", "it ends with")
"""How lines on effects begin that deserve a second look."""

_PATIENCE = 0.4  # seconds until a wait is worth a word


class Screen:
    """The standard error, coloured where it is a terminal; rich is loaded with the first coloured line."""

    def __init__(self, *, colour: bool | None = None, symbols: bool | None = None, motion: bool | None = None) -> None:
        self.colour = has_colour() if colour is None else colour
        self.motion = has_motion() if motion is None else motion
        self._symbols = SYMBOLS if (has_unicode() if symbols is None else symbols) else PLAIN_SYMBOLS
        self._rich: Console | None = None

    def write(self, text: str) -> None:
        """Write a text as it is."""
        sys.stderr.write(text)
        sys.stderr.flush()

    def line(self, text: str, style: str = "") -> None:
        """Write a line, made visible."""
        text = visible(text)
        if style and self.colour:
            from rich.text import Text

            self._styled(Text(text, style))
        else:
            self.write(f"{text}\n")

    def note(self, message: str) -> None:
        """Write a message of the program's own."""
        self.line(f"shellper: {message}", "dim")

    @property
    def console(self) -> Console:
        """Rich's console on the standard error."""
        if self._rich is None:
            from rich.console import Console

            self._rich = Console(stderr=True, highlight=False, markup=False, emoji=False)
        return self._rich

    def _styled(self, *texts: Text) -> None:
        self.console.print(*texts, soft_wrap=True, sep="")

    def command(self, command: str) -> None:
        """Write a command behind a prompt sign; its further lines are set in."""
        text = visible(command)
        if not self.colour:
            self.write("$ " + text.replace("\n", "\n  ") + "\n")
            return
        from rich.syntax import Syntax
        from rich.text import Text

        code = Syntax(text, "bash", theme="ansi_dark", background_color="default").highlight(text)
        code.rstrip()
        for number, line in enumerate(code.split("\n")):
            self._styled(Text("  " if number else "$ ", "dim"), line)

    def sandbox(self, label: str) -> None:
        """Say what stands between commands and the machine, where that is not all there could be."""
        if label != "full":
            self.line(f"sandbox: {label}", "dim")

    def proposal(self, proposal: Proposal, started_in: Path) -> None:
        """Draw a proposal: the folder where it is another one, the command, the verdict, a low confidence."""
        if proposal.folder != started_in:
            self.line(f"in {proposal.folder}", "dim")
        self.command(proposal.command)
        level = proposal.verdict.level.value
        head = f"{self._symbols[level]} {level}"
        first, *others = proposal.verdict.reasons or ("",)
        self.line(f"{head}: {first}" if first else head, _STYLES[level])
        for reason in others:
            self.line(" " * (len(head) + 2) + reason, _STYLES[level])
        if proposal.effects is not None:
            for text in proposal.effects.lines(proposal.folder):
                self.line(text, "yellow" if text.startswith(_ODD) else "")
            if any(change.has_diff for change in proposal.effects.changes):
                self.line("(d shows the differences)", "dim")
        if proposal.is_unsure:
            self.line(f"the model is unsure ({proposal.confidence:.0%})", "magenta")
        if proposal.note:
            self.line(proposal.note, "magenta")
        if proposal.meant is not None:
            self.line(f"did you mean: {proposal.meant.command}   (m takes it)", "magenta")

    def explanation(self, proposal: Proposal) -> None:
        """Draw what the parts of a command do."""
        if not proposal.explanation:
            self.line("  this command is your own; what is known of it is the verdict above")
            return
        width = min(24, max(len(part) for part, _ in proposal.explanation))
        for part, meaning in proposal.explanation:
            self.line(f"  {part:<{width}}  {meaning}")

    def difference(self, proposal: Proposal) -> None:
        """Draw the differences that a command makes in texts."""
        lines = () if proposal.effects is None else proposal.effects.changes.diff(proposal.folder)
        styles = {"+": "green", "-": "red", "@": "cyan"}
        for text in lines[:MOST_DIFFERENCES]:
            self.line(f"  {text}", styles.get(text[:1], ""))
        if len(lines) > MOST_DIFFERENCES:
            self.line(f"  ... {len(lines) - MOST_DIFFERENCES:,} more lines", "dim")
        if not lines:
            self.line("  no text is changed")

    def outcome(self, outcome: Outcome) -> None:
        """Draw how a command ended, where that is not plain from its output."""
        if outcome.timed_out:
            self.line(f"stopped by the time limit after {outcome.duration:.0f} s (--time-limit)", "yellow")
        elif outcome.cancelled:
            self.line("stopped", "yellow")
        elif outcome.exit_code:
            self.line(f"exit code {outcome.exit_code}", "yellow")
        elif outcome.ran and outcome.folder != outcome.proposal.folder:
            self.line(f"this conversation is now in {outcome.folder}; your shell stays where it is", "dim")
        if outcome.refusal:
            self.line(outcome.refusal, "yellow")
        if outcome.left:
            self.line(outcome.left, "dim" if outcome.job is not None else "yellow")


class Waiting:
    """A word on the screen while something takes long; nothing where lines can't change."""

    def __init__(self, screen: Screen, word: str) -> None:
        self._screen, self._word = screen, word
        self._timer: threading.Timer | None = None
        self._lock = threading.Lock()
        self._shown = False

    def start(self) -> None:
        """Begin to wait."""
        self.stop()
        if self._screen.motion:
            self._timer = threading.Timer(_PATIENCE, self._show)
            self._timer.daemon = True
            self._timer.start()

    def _show(self) -> None:
        with self._lock:
            if self._timer is not None:
                self._screen.write(self._word)
                self._shown = True

    def stop(self) -> None:
        """End the wait and take the word away."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            if self._shown:
                self._screen.write("\r\x1b[K")  # ECMA-48: erase to the end of the line
                self._shown = False
