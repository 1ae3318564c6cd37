"""Drawing for people, on the standard error: proposals, outcomes, messages."""

from __future__ import annotations

import sys
import threading
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

from shellper.cli.terminal import has_colour, has_motion, has_unicode

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from shellper.session import Outcome, Proposal

LOW_CONFIDENCE = 0.6
"""Below this the model's confidence is shown."""

_SYMBOLS = {"allow": "✓", "confirm": "?", "warn": "!", "block": "✗"}
_PLAIN_SYMBOLS = {**_SYMBOLS, "allow": "+", "block": "x"}
_STYLES = {"allow": "green", "confirm": "cyan", "warn": "bold yellow", "block": "bold red"}
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_PATIENCE = 0.4  # seconds until a wait is worth a word


def visible(text: str) -> str:
    """Return a text with every character that can't be seen, or moves what is seen, written as its code point."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        f"<U+{ord(character):04X}>"
        if character not in "\n\t" and unicodedata.category(character) in _HIDDEN
        else character
        for character in text
    )


def home_short(folder: Path, home: Path) -> str:
    """Return a folder's name with `~` for home."""
    return f"~/{folder.relative_to(home)}".removesuffix("/.") if folder.is_relative_to(home) else str(folder)


class Screen:
    """The standard error, coloured where it is a terminal; rich is loaded with the first coloured line."""

    def __init__(self, *, colour: bool | None = None, symbols: bool | None = None, motion: bool | None = None) -> None:
        self.colour = has_colour() if colour is None else colour
        self.motion = has_motion() if motion is None else motion
        self._symbols = _SYMBOLS if (has_unicode() if symbols is None else symbols) else _PLAIN_SYMBOLS
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
        if proposal.confidence is not None and proposal.confidence < LOW_CONFIDENCE:
            self.line(f"the model is unsure ({proposal.confidence:.0%})", "magenta")

    def explanation(self, proposal: Proposal) -> None:
        """Draw what the parts of a command do."""
        if not proposal.explanation:
            self.line("  this command is your own; what is known of it is the verdict above")
            return
        width = min(24, max(len(part) for part, _ in proposal.explanation))
        for part, meaning in proposal.explanation:
            self.line(f"  {part:<{width}}  {meaning}")

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
