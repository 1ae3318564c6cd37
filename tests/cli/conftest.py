"""What the tests of the command line share: the program with a scripted engine, alone and at a terminal."""

import contextlib
import fcntl
import json
import os
import pty
import re
import signal
import subprocess
import sys
import termios
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pexpect
import pexpect.fdpexpect
import pytest

from shellper.calls import ToolCall
from shellper.safety import Context, judge

ROOT = Path(__file__).resolve().parents[2]
QUESTION = "[r]un [e]dit e[x]plain [c]opy [s]kip (Enter runs): "
SECONDS = 120


def call(name: str, confidence: float = 1.0, **arguments: str | int | bool) -> dict[str, Any]:
    """Make a step of the script: a call."""
    return {"call": {"name": name, "arguments": arguments}, "confidence": confidence}


def reply(text: str = "") -> dict[str, object]:
    """Make a step of the script: a text, or just the end of the turn."""
    return {"reply": text}


def error(text: str) -> dict[str, object]:
    """Make a step of the script: an engine that fails."""
    return {"error": text}


@dataclass(frozen=True)
class Ended:
    """A program that has ended."""

    code: int
    out: str
    err: str


def heed_ctrl_c() -> None:
    """Have a new process heed Ctrl+C, which one that was started in the background would inherit as ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _take_terminal() -> None:
    heed_ctrl_c()
    fcntl.ioctl(2, termios.TIOCSCTTY, 0)


class Sitting:
    """A program whose standard input and error are a terminal, while its standard output goes to a file."""

    def __init__(self, command: list[str], folder: Path, environment: Mapping[str, str], out: Path, piped: str | None):
        master, slave = pty.openpty()
        # Lines are as long as they like, and a newline stays one character.
        modes = termios.tcgetattr(slave)
        modes[1] &= ~termios.OPOST
        termios.tcsetattr(slave, termios.TCSANOW, modes)
        self._out = out
        with out.open("wb") as file:
            self.process = subprocess.Popen(
                command,
                cwd=folder,
                env=dict(environment),
                stdin=slave if piped is None else subprocess.PIPE,
                stdout=file,
                stderr=slave,
                start_new_session=True,
                preexec_fn=_take_terminal,
            )
        os.close(slave)
        if piped is not None:
            assert self.process.stdin is not None
            self.process.stdin.write(piped.encode())
            self.process.stdin.close()
        self._screen = pexpect.fdpexpect.fdspawn(master, encoding="utf-8", timeout=SECONDS)
        self.seen = ""

    def expect(self, text: str) -> None:
        """Wait until a text stands on the screen."""
        self._screen.expect_exact(text)
        self.seen += str(self._screen.before) + text

    def press(self, keys: str) -> None:
        """Type keys."""
        self._screen.send(keys)

    def end(self) -> Ended:
        """Wait for the end; what was seen in all is `err`."""
        with contextlib.suppress(OSError):  # what Linux gives when the last one has let go of a terminal
            self._screen.expect(pexpect.EOF)
        rest = self._screen.before
        self.seen += rest if isinstance(rest, str) else ""
        code = self.process.wait(timeout=SECONDS)
        self._screen.close()
        return Ended(code, self._out.read_text(), self.seen)


class Program:
    """Starts the program in a small world of files, with the steps of a scripted engine."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.state = folder / "shellper" / "state"
        self.config = folder / "shellper" / "config" / "config.toml"
        self._script = folder / "script"
        self._out = folder / "stdout"
        (self.home / "docs").mkdir(parents=True)
        (self.home / "notes.txt").write_text("one\ntwo\n")
        (self.home / "docs" / "plan.md").write_text("# Plan\n")
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "SHELLPER_HOME": str(folder / "shellper"),
            "SHELLPER_SCRIPTED_ENGINE": str(self._script),
            "SHELLPER_DEBUG": "1",
            "PYTHONPATH": str(ROOT),
            "TERM": "xterm-256color",
            "NO_COLOR": "1",
            "ACCESSIBLE": "1",
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "PROMPT_TOOLKIT_NO_CPR": "1",
        }

    def command(self, arguments: tuple[str, ...]) -> list[str]:
        """Return the words that start the program."""
        return [sys.executable, "-m", "tests.cli.entry", *arguments]

    def script(self, *steps: Mapping[str, object]) -> None:
        """Say what the engine is to answer."""
        self._script.write_text("".join(json.dumps(step) + "\n" for step in steps))

    @property
    def given(self) -> list[Any]:
        """The conversations that the engine was given, as JSON data."""
        return [json.loads(line) for line in self._script.with_suffix(".given").read_text().splitlines()]

    def run(self, *arguments: str, stdin: str | bytes | None = None) -> Ended:
        """Run it without a terminal."""
        data = stdin.encode() if isinstance(stdin, str) else stdin
        given: dict[str, Any] = {"stdin": subprocess.DEVNULL} if data is None else {"input": data}
        done = subprocess.run(
            self.command(arguments),
            cwd=self.home,
            env=self.environment,
            capture_output=True,
            timeout=SECONDS,
            start_new_session=True,  # no controlling terminal either
            **given,
        )
        return Ended(done.returncode, done.stdout.decode(), done.stderr.decode())

    def sit(self, *arguments: str, piped: str | None = None) -> Sitting:
        """Start it at a terminal, its standard output in a file; `piped` is a standard input that is none."""
        return Sitting(self.command(arguments), self.home, self.environment, self._out, piped)

    def ids(self) -> list[int]:
        """Return the numbers of the kept conversations, the last one first."""
        return [int(line) for line in re.findall(r"(?m)^ *(\d+)  ", self.run("sessions", "list").out)]


def shown(program: Program, step: dict[str, Any], command: str, level: str, symbol: str, *effects: str) -> str:
    """Return how a proposal looks; the reasons are the judge's own, level and effects are what the test expects."""
    call = ToolCall.from_json(step["call"])
    verdict = judge(call, command, Context(program.home, program.home))
    assert verdict.level == level
    between = "\n" + " " * len(f"{symbol} {level}: ")
    lines = "".join(f"{line}\n" for line in effects)
    return f"$ {command}\n{symbol} {level}: {between.join(verdict.reasons)}\n{lines}"


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    yield Program(tmp_path)
