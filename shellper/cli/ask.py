"""Asking the user: a single key for each proposal."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Literal

from shellper.cli.show import Screen
from shellper.cli.terminal import END, ENTER, ERASE, ERASE_LINE, ESCAPE, Terminal
from shellper.frontend.clipboard import OSC_52, copy
from shellper.frontend.text import CONSENT, visible
from shellper.safety import Level
from shellper.sandbox import LeftProcess
from shellper.session import Action, Decision, Proposal, named

_WORDS = {"e": "edit", "x": "explain", "?": "explain", "d": "diff", "c": "copy", "s": "skip", "n": "skip"}
_OUTSIDE = "run outside the sandbox"
_AT_TERMINAL = "run in this terminal"
_OTHER_WAYS = {"o": _OUTSIDE, "t": _AT_TERMINAL}
_CHOICES = "[e]dit e[x]plain [c]opy [s]kip"
_QUESTIONS = {
    Level.ALLOW: f"[r]un {_CHOICES} (Enter runs): ",
    Level.CONFIRM: f"[r]un {_CHOICES} (Enter runs): ",
    Level.WARN: f"type {CONSENT} to run, or {_CHOICES}: ",
    Level.BLOCK: f"can't be run; {_CHOICES}: ",
}
_FOR_INTERACTIVE = {
    Level.ALLOW: f"run in this [t]erminal {_CHOICES} (Enter runs): ",
    Level.CONFIRM: f"run in this [t]erminal {_CHOICES} (Enter runs): ",
}


class Asker:
    """Decides by asking at a terminal; a `Decide` of the session's."""

    def __init__(self, terminal: Terminal, screen: Screen, editing_mode: Literal["emacs", "vi"]) -> None:
        self._terminal, self._screen, self._editing_mode = terminal, screen, editing_mode

    def __call__(self, proposal: Proposal) -> Decision:
        """Ask until there is a decision; editing that changes nothing asks again."""
        while True:
            chosen = self._choice(proposal)
            terminal = self._terminal.descriptor if proposal.interactive or chosen == _AT_TERMINAL else None
            if chosen in ("run", _AT_TERMINAL):
                return Decision(Action.RUN, terminal=terminal)
            if chosen == _OUTSIDE:
                return Decision(Action.RUN, outside=True, terminal=terminal)
            if chosen == "edit":
                edited = edit_line(self._terminal, proposal.command, self._editing_mode)
                if edited.strip() and edited.strip() != proposal.command:
                    return Decision(Action.EDIT, edited)
                self._screen.note("nothing was changed")
            elif chosen == "meant" and proposal.meant is not None:
                return Decision(Action.EDIT, proposal.meant.command)
            elif chosen == "diff":
                self._screen.difference(proposal)
            elif chosen == "explain":
                self._screen.explanation(proposal)
            elif chosen == "copy":
                self._copy(proposal.command)
                return Decision(Action.STOP, elsewhere=True)
            else:
                return Decision(Action.SKIP if chosen == "skip" else Action.STOP)

    def keeps(self, processes: Sequence[LeftProcess]) -> bool:
        """Ask what becomes of processes that outlive their command; without a word they end."""
        with self._terminal.keys():
            self._screen.write(
                f"still running: {visible(named(processes))}; [k]eep it as a job [e]nd it (Enter ends): "
            )
            while True:
                key = self._terminal.key()
                if key in ("k", "K"):
                    self._screen.write("keep\n")
                    return True
                if key in ("e", "E", "n", "N", "q", "Q", ENTER, ESCAPE, END):
                    self._screen.write("end\n")
                    return False

    def _choice(self, proposal: Proposal) -> str:
        """Ask once and return the word for what was chosen."""
        level = proposal.verdict.level
        with self._terminal.keys():
            self._screen.write(
                _FOR_INTERACTIVE.get(level, _QUESTIONS[level]) if proposal.interactive else _QUESTIONS[level]
            )
            chosen = self._keys(level, has_other=proposal.meant is not None)
            self._screen.write(f"{chosen}\n")
        return chosen

    def _keys(self, level: Level, has_other: bool) -> str:
        """Read keys until one means something here; `has_other` says that another command is offered."""
        while True:
            key = self._terminal.key()
            word = _WORDS.get(key.lower())
            if word:
                return word
            if has_other and key in ("m", "M"):
                return "meant"
            if key == ESCAPE:
                return "skip"
            if key in ("q", "Q", END):
                return "stop"
            if level <= Level.CONFIRM and key in ("r", "R", "y", "Y", ENTER):
                return "run"
            other = _OTHER_WAYS.get(key.lower())
            if level <= Level.CONFIRM and other:
                return other
            if level is Level.WARN and (other or key in ("y", "Y", "r", "R")):
                if self._typed(key if key in "yY" else "").strip().lower() == CONSENT:
                    return other or "run"
                self._screen.write(f"\nnot {CONSENT}; {_QUESTIONS[level]}")

    def _typed(self, text: str) -> str:
        """Read a word that Enter ends, shown as it is typed; Escape gives it up."""
        if not text:
            self._screen.write(f"\ntype {CONSENT}: ")
        self._screen.write(text)
        while True:
            key = self._terminal.key()
            if key == ENTER:
                self._screen.write(" - ")
                return text
            if key in (ESCAPE, END):
                return ""
            if key in (ERASE, ERASE_LINE):
                gone = len(text) if key == ERASE_LINE else min(1, len(text))
                text = text[: len(text) - gone]
                self._screen.write("\b \b" * gone)
            elif key.isprintable():
                text += key
                self._screen.write(key)

    def _copy(self, command: str) -> None:
        by = copy(command, self._screen.write)
        self._screen.note(f"copied by {by}" if by != OSC_52 else f"handed to {by}, which may not take it")


def edit_line(terminal: Terminal, text: str, editing_mode: Literal["emacs", "vi"]) -> str:
    """Return a text as the user has edited it; empty where the user gave it up with Ctrl+D on an empty line."""
    from prompt_toolkit import PromptSession
    from prompt_toolkit.enums import EditingMode
    from prompt_toolkit.input import create_input
    from prompt_toolkit.output import create_output

    mode = EditingMode.VI if editing_mode == "vi" else EditingMode.EMACS
    with os.fdopen(os.dup(terminal.descriptor), encoding="utf-8", errors="replace") as keys:
        session: PromptSession[str] = PromptSession(
            editing_mode=mode, input=create_input(keys), output=create_output(sys.stderr)
        )
        try:
            return session.prompt("$ ", default=text)
        except EOFError:
            return ""
