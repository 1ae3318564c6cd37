"""The dispatch: from the arguments to what they ask for, and from errors to exit codes and one line each."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from types import FrameType
from typing import TYPE_CHECKING, TextIO, TypeAlias

from shellper.cli.arguments import Options, Subcommand, parse
from shellper.cli.exits import ExitCode, UsageError
from shellper.cli.terminal import has_motion, has_unicode, is_linear, is_terminal

if TYPE_CHECKING:
    from shellper.cli.models import OpenEngine
    from shellper.cli.show import Screen

DEBUG_VARIABLE = "SHELLPER_DEBUG"
"""Where it is set, an error that nobody expected shows where it happened."""

FrontEnd: TypeAlias = "Callable[[Options, Screen, OpenEngine], int]"


def main(
    arguments: Sequence[str] | None = None,
    *,
    open_engine: OpenEngine | None = None,
    conversation: FrontEnd | None = None,
) -> int:
    """Run the command line and return the exit code; nothing is raised.

    `open_engine` takes the place of the real engine (tests); `conversation` is the front end that is used where neither
    a request nor `--plain` is given, by default the plain one.
    """
    try:
        _prepare_streams()
        with _ended_by_signals():
            code = _run(sys.argv[1:] if arguments is None else arguments, open_engine, conversation)
            sys.stdout.flush()
        return int(code)
    except SystemExit as end:  # argparse after --help and --version, and signals
        return _flushed(end.code if isinstance(end.code, int) else ExitCode.OK)
    except KeyboardInterrupt:
        if is_terminal(2):
            _tell("")
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        _let_go_of(sys.stdout)
        return ExitCode.BROKEN_PIPE
    except Exception as error:
        code, message = _failure(error)
        _tell(f"shellper: {message}")
        return code


def _run(arguments: Sequence[str], open_engine: OpenEngine | None, conversation: FrontEnd | None) -> int:
    asked = parse(arguments)
    from shellper.cli.show import Screen

    screen = Screen()
    if isinstance(asked, Options) and open_engine is None:
        from shellper.cli.models import ready_engine as open_engine
    if isinstance(asked, Subcommand):
        from shellper.cli.subcommands import run_subcommand

        return run_subcommand(asked, screen, open_engine)
    assert open_engine is not None
    return pick_front_end(asked, conversation)(asked, screen, open_engine)


def pick_front_end(options: Options, conversation: FrontEnd | None = None) -> FrontEnd:
    """Return what takes the options: the one-shot for a request, the plain conversation, or the given conversation.

    The given one needs a terminal on all three streams, one that can move its cursor and show symbols. Raises
    `UsageError` where an option is about a request and there is none.
    """
    if options.request and not options.plain:
        from shellper.cli.oneshot import one_shot

        return one_shot
    if is_terminal(0) and not options.request and (options.print_only or options.json):
        raise UsageError(f"{'--print' if options.print_only else '--json'} needs a request (see shellper --help)")
    whole = has_motion() and has_unicode() and all(is_terminal(stream) for stream in (0, 1, 2))
    if conversation is not None and not options.plain and whole:
        return conversation
    from shellper.cli.plain import converse

    if conversation is None or options.plain or is_linear() or not is_terminal(0):
        return converse
    return _said_first("the app needs a whole terminal with UTF-8, so this is --plain", converse)


def _said_first(line: str, front_end: FrontEnd) -> FrontEnd:
    """Return a front end that first says a line of the program's own."""

    def told(options: Options, screen: Screen, open_engine: OpenEngine) -> int:
        screen.note(line)
        return front_end(options, screen, open_engine)

    return told


def _failure(error: Exception) -> tuple[ExitCode, str]:
    """Return the exit code of an error and the line that tells of it."""
    from shellper.config import ConfigError
    from shellper.effects.errors import EffectsError
    from shellper.engine.protocol import EngineError
    from shellper.jobs.errors import JobsError
    from shellper.session.errors import SessionError, StoreError
    from shellper.weights.errors import WeightsError

    codes: dict[type[Exception], ExitCode] = {
        UsageError: ExitCode.USAGE,
        ConfigError: ExitCode.USAGE,
        EngineError: ExitCode.ENGINE,
        WeightsError: ExitCode.ENGINE,
        SessionError: ExitCode.FAILED,
        StoreError: ExitCode.FAILED,
        EffectsError: ExitCode.FAILED,
        JobsError: ExitCode.FAILED,
    }
    for kind, code in codes.items():
        if isinstance(error, kind):
            return code, _one_line(str(error))
    if isinstance(error, OSError):
        name = f"{error.filename}: " if error.filename else ""
        return ExitCode.FAILED, _one_line(f"{name}{error.strerror or error}")
    if os.environ.get(DEBUG_VARIABLE):
        import traceback

        _tell("".join(traceback.format_exception(error)).rstrip("\n"))
    what = _one_line(f"{type(error).__name__}: {error}")
    return ExitCode.FAILED, f"this is a bug: {what} (with {DEBUG_VARIABLE}=1 it shows where)"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _tell(line: str) -> None:
    """Write a line to the standard error, which may be closed."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()


def _prepare_streams() -> None:
    """Make the streams take every character: the standard output is UTF-8 where a program reads it."""
    _open_closed_streams()
    for stream, encoding, errors in (
        (sys.stdin, None, "replace"),
        (sys.stdout, None if is_terminal(1) else "utf-8", "replace"),
        (sys.stderr, None, "backslashreplace"),
    ):
        if isinstance(stream, io.TextIOWrapper):  # a test may have put something else in its place
            stream.reconfigure(encoding=encoding, errors=errors)


def _open_closed_streams() -> None:
    """Point streams that are closed to nowhere: else the next file to be opened would take their place."""
    for descriptor, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            nowhere = os.open(os.devnull, os.O_RDWR)
            if nowhere != descriptor:
                os.dup2(nowhere, descriptor)
                os.close(nowhere)
            setattr(sys, name, os.fdopen(descriptor, "r" if name == "stdin" else "w", encoding="utf-8"))


@contextlib.contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Turn SIGTERM and SIGHUP into an exception, so that a command ends and the terminal is as it was before."""

    def end(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _flushed(code: int) -> int:
    """Return a code after what is written is out."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _let_go_of(sys.stdout)
        return ExitCode.BROKEN_PIPE
    return code


def _let_go_of(stream: TextIO) -> None:
    """Point a stream that nobody reads to nowhere, so that the interpreter's last flush is quiet."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
