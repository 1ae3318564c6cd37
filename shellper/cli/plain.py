"""The plain conversation: a line in, a turn out; at a terminal with history and editing."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from shellper.cli.arguments import Options
from shellper.cli.background import jobs_within_conversation
from shellper.cli.exits import ExitCode
from shellper.cli.models import OpenEngine
from shellper.cli.opening import Opened, opened
from shellper.cli.show import Screen
from shellper.cli.terminal import is_linear, is_terminal
from shellper.cli.turns import take_turn
from shellper.cli.undoing import within_conversation
from shellper.config import paths
from shellper.engine import EngineError
from shellper.frontend.text import home_short, visible
from shellper.session import SessionError

_GREETING = "Say what you want to be done. /help shows more, Ctrl+D ends."
_HELP = (
    "A line is a request, such as: show me what is in this folder",
    "/undo  takes the last change back (/undo 3 the last three), /redo does it again, /history lists them",
    "/jobs  lists what goes on in the background; /jobs stop N ends it, /jobs log N shows its output",
    "/new   begins a new conversation, back in the folder where you started",
    "/help  shows this",
    "/quit  ends, as Ctrl+D does",
)
_QUIT = ("/quit", "/exit", "quit", "exit")


def converse(options: Options, screen: Screen, open_engine: OpenEngine) -> int:
    """Hold a conversation until its end; raises what `opened` raises.

    At a terminal a request that fails costs one line, and the exit code is 0; else it ends all, and the exit code is
    the last request's.
    """
    with opened(options, screen, open_engine) as everything:
        return _Conversation(everything).hold()


class _Conversation:
    """A session, and the lines that go into it."""

    def __init__(self, everything: Opened) -> None:
        self._opened = everything
        self._session = everything.session(everything.options.resume)
        self._interactive = is_terminal(0)
        self._code: int = ExitCode.OK

    def hold(self) -> int:
        """Take each line."""
        options, screen = self._opened.options, self._opened.screen
        read = self._reader()
        if options.request:
            self._take(options.request)
        elif self._interactive:
            screen.line(_GREETING, "dim")
            screen.line(f"sandbox: {self._session.sandbox}", "dim")
        while True:
            try:
                request = read(self._prompt()).strip()
            except EOFError:
                break
            if request in _QUIT:
                break
            if request:
                self._take(request)
        return ExitCode.OK if self._interactive else self._code

    def _reader(self) -> Callable[[str], str]:
        """Return what asks for lines: with editing at a terminal that can move its cursor, else line by line."""
        terminal = self._opened.terminal
        if terminal is not None and terminal.is_standard_input and not is_linear():
            from shellper.cli.lines import Prompt

            return Prompt(self._opened.settings, paths().state, self._opened.screen.note)
        return self._read_line

    def _read_line(self, prompt: str) -> str:
        if self._interactive:
            self._opened.screen.write(prompt)
        line = sys.stdin.readline()
        if not line:
            raise EOFError
        return line

    def _prompt(self) -> str:
        return f"{visible(home_short(self._session.folder, Path.home()))}> "

    def _is_word(self, line: str) -> bool:
        """Take a word that is also a subcommand; says whether the line was one."""
        screen = self._opened.screen
        return within_conversation(line, screen, self._opened.terminal) or jobs_within_conversation(line, screen)

    def _take(self, request: str) -> None:
        """Take one line: a request, or a word of the conversation's own."""
        screen = self._opened.screen
        if request == "/help":
            for line in _HELP:
                screen.line(line)
        elif request == "/new":
            self._session = self._opened.session()
        elif request.startswith("/") and self._is_word(request):
            pass
        elif request.startswith("/") and request[1:].isalpha():
            screen.note(f"there is no {request}; /help shows what there is")
        elif not self._interactive:
            self._code = take_turn(self._session, self._opened, request)
        else:
            try:
                take_turn(self._session, self._opened, request)
            except (SessionError, EngineError) as error:
                screen.note(str(error))
            except KeyboardInterrupt:
                screen.write("\n")
                screen.line("stopped", "yellow")
