"""The real program in a real terminal emulator (tmux): ten requests, the screen after each, as text.

`SHELLPER_NEW_SNAPSHOTS=1` writes tests/tui/snapshots/tmux.txt anew, to be looked at before it is committed.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shellper.sandbox import SandboxLevel, current_level
from tests.cli.conftest import Program, call, reply

SECONDS = 90
GOLDEN = Path(__file__).parent / "snapshots" / "tmux.txt"

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")


class Pane:
    """A pane of a tmux server of its own."""

    def __init__(self, program: Program, folder: Path) -> None:
        self._tmux = ["tmux", "-S", str(folder / "tmux"), "-f", os.devnull]
        self.environment = {**program.environment, "ACCESSIBLE": "0", "NO_COLOR": ""}
        command = shlex.join([sys.executable, "-m", "tests.tui.entry"])
        # The shell waits, so that what stands on the screen in the end can be read.
        self.run("new-session", "-d", "-x", "80", "-y", "24", "-c", str(program.home), f"{command}; echo code $?; cat")
        self.seen: list[str] = []

    def run(self, *arguments: str) -> str:
        done = subprocess.run(
            [*self._tmux, *arguments], env=self.environment, capture_output=True, text=True, timeout=SECONDS
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def type(self, text: str) -> None:
        self.run("send-keys", "-l", text)

    def press(self, *keys: str) -> None:
        self.run("send-keys", *keys)

    def say(self, text: str) -> None:
        self.type(text)
        self.press("Enter")

    @property
    def screen(self) -> str:
        return "\n".join(line.rstrip() for line in self.run("capture-pane", "-p").split("\n")).strip("\n")

    def sees(self, *texts: str) -> None:
        """Wait until all texts stand on the screen."""
        self.until(lambda: all(text in self.screen for text in texts), texts)

    def until(self, done: Callable[[], bool], what: object = "it") -> None:
        """Wait until something holds."""
        end = time.monotonic() + SECONDS
        while not done():
            assert time.monotonic() < end, f"waited in vain for {what}; the screen shows:\n{self.screen}"
            time.sleep(0.05)

    def decide(self, key: str, *texts: str) -> None:
        """Press a key and wait for texts."""
        self.press(key)
        self.sees(*texts)

    def keep(self, title: str) -> None:
        """Keep what stands on the screen when it has come to rest."""
        before = ""
        while before != self.screen:
            before = self.screen
            time.sleep(0.4)
        self.seen.append(f"== {title}\n{settled(before)}\n")

    def close(self) -> None:
        self.run("kill-server")


def settled(text: str) -> str:
    """Return a screen without what differs from run to run."""
    text = re.sub(r"\d+(\.\d+)? s(?= ·)", "N s", text)
    text = re.sub(r" +shellper-\S+ · (?=sandbox)", "  MODEL · ", text)
    return re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d", "DATE", text)


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path)


@pytest.fixture
def pane(program: Program, tmp_path: Path) -> Iterator[Pane]:
    program.script(
        call("ls"),
        reply(),
        call("wc", file_name="notes.txt"),
        reply("Two lines."),
        call("echo", content="three", file_name="notes.txt"),
        reply(),
        call("rm", file_name="notes.txt"),
        call("cat", file_name="plan.md"),
        reply(),
        call("cat", file_name="docs/plan.md"),
        reply(),
        call("ls"),
        reply(),
        call("mkdir", dir_name="old"),
        call("mv", source="notes.txt", destination="old"),
        reply(),
        reply("Which file do you mean?"),
    )
    pane = Pane(program, tmp_path)
    yield pane
    pane.close()


def test_ten_requests(pane: Pane, program: Program) -> None:
    if current_level() is not SandboxLevel.FULL:
        pytest.skip("the screens show the sandbox level full, which is not offered here")
    pane.sees("Say what you want", "sandbox full")
    pane.keep("the start")
    pane.say("what is in here?")
    pane.sees("r run")
    pane.keep("1: a command at allow")
    pane.decide("r", "docs", "exit 0", "search history")
    pane.say("how many lines do my notes have?")
    pane.sees("wc -l")
    pane.decide("r", "Two lines.", "search history")
    pane.keep("2: a reply")
    pane.say("add three to them")
    pane.sees("d diff")
    pane.decide("d", "+three")
    pane.keep("3: the diff")
    pane.press("Escape")
    pane.sees("r run", "add three to them")
    pane.decide("r", "search history")
    pane.say("delete them")
    pane.sees("$ rm notes.txt", "s skip")
    pane.decide("s", "skipped, nothing was run", "search history")
    pane.keep("4: a skip")
    pane.say("show the plan")
    pane.sees("$ cat plan.md", "r run")
    pane.decide("r", "No such file", "f asks again", "search history")
    pane.keep("5: a failure")
    pane.press("Tab")
    pane.sees("v whole output")
    pane.press("f")
    pane.sees("$ cat docs/plan.md", "r run")
    pane.decide("r", "# Plan", "search history")
    pane.keep("6: asked again")
    pane.say("list the files there")
    pane.sees("list the files there", "r run")
    pane.press("e")
    pane.sees("▌  ls")
    pane.type(" docs; rm -rf ~")
    pane.sees("block")
    pane.keep("7: an edit that is blocked")
    pane.press(*["BSpace"] * len("; rm -rf ~"))
    pane.sees("allow")
    pane.press("Enter")
    pane.sees("$ ls docs", "r run")
    pane.decide("r", "plan.md", "search history")
    pane.keep("7: the edit has run")
    pane.say("make a folder old and move my notes there")
    pane.sees("$ mkdir old", "r run")
    pane.decide("r", "$ mv notes.txt old", "r run")
    pane.keep("8: the second of two calls")
    pane.decide("r", "search history")
    pane.say("/undo")
    pane.sees("Undo this in ~?", "y yes")
    pane.keep("9: an undo")
    pane.decide("y", "undone: mv notes.txt old")
    pane.say("!rm -rf ~")
    pane.sees("✗ block")
    pane.keep("10: a block")
    pane.decide("s", "search history")
    pane.say("delete the other one")
    pane.sees("Which file do you mean?")
    pane.press("F4")
    pane.sees("Conversations", "10 turns")
    pane.keep("the sessions")
    pane.press("Escape")
    pane.sees("a request, /word or !command")
    pane.press("C-q")
    pane.sees("code 0")
    assert (program.home / "notes.txt").read_text() == "one\ntwo\nthree\n"
    text = "\n".join(pane.seen)
    if os.environ.get("SHELLPER_NEW_SNAPSHOTS"):
        GOLDEN.write_text(text)
    assert text == GOLDEN.read_text()


def test_a_command_gets_the_terminal(pane: Pane, program: Program) -> None:
    pane.sees("Say what you want")
    pane.say("!read -p 'Your name: ' name; echo \"$name\" > name")
    pane.sees("skip")
    pane.press("t")
    pane.until(lambda: pane.screen.strip() == "Your name:")
    pane.say("Priya")
    pane.sees("exit 0", "a request, /word or !command")
    assert (program.home / "name").read_text() == "Priya\n"
    pane.press("C-q")
    pane.sees("code 0")
