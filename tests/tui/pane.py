"""A pane of a real terminal emulator (tmux): keys go in, the screen is read as text."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import psutil

from tests.tui.stacks import STACKS

SECONDS = 90


class Pane:
    """A pane of a tmux server of its own, 80 columns by 24 lines, in which a module runs in a folder."""

    def __init__(self, module: str, folder: Path, environment: Mapping[str, str], socket: Path) -> None:
        self._tmux = ["tmux", "-S", str(socket), "-f", os.devnull]
        self._stacks = socket.with_name(f"{socket.name}-stacks")
        self._environment = {**environment, STACKS: str(self._stacks)}
        command = shlex.join([sys.executable, "-m", module])
        # The shell waits, so that what stands on the screen in the end can be read.
        self.run("new-session", "-d", "-x", "80", "-y", "24", "-c", str(folder), f"{command}; echo code $?; cat")

    def run(self, *arguments: str) -> str:
        done = subprocess.run(
            [*self._tmux, *arguments], env=self._environment, capture_output=True, text=True, timeout=SECONDS
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

    @property
    def rested(self) -> str:
        """The screen when it has come to rest."""
        before = ""
        while before != (now := self.screen):
            before = now
            time.sleep(0.4)
        return before

    def sees(self, *texts: str) -> None:
        """Wait until all texts stand on the screen."""
        self.until(lambda: all(text in self.screen for text in texts), texts)

    def until(self, done: Callable[[], object], what: object = "it") -> None:
        """Wait until something holds."""
        end = time.monotonic() + SECONDS
        while not done():
            assert time.monotonic() < end, f"waited in vain for {what}; the screen shows:\n{self.screen}\n{self.state}"
            time.sleep(0.05)

    @property
    def state(self) -> str:
        """Where each thread of the program stands, and how its terminal is open."""
        shell = psutil.Process(int(self.run("display-message", "-p", "#{pane_pid}")))
        told = []
        for program in shell.children():
            program.send_signal(signal.SIGUSR1)
            opened = Path(f"/proc/{program.pid}/fdinfo/2")
            told.append(opened.read_text() if opened.exists() else "")
        time.sleep(1)
        return "\n".join([*told, self._stacks.read_text() if self._stacks.exists() else "no stacks"])

    def decide(self, key: str, *texts: str) -> None:
        """Press a key and wait for texts."""
        self.press(key)
        self.sees(*texts)

    def close(self) -> None:
        self.run("kill-server")


def settled(text: str) -> str:
    """Return a screen without what differs from run to run: durations, confidence, the weights' name, dates.

    The scrollbar is left out, too: how far it has come depends on when the screen is drawn.
    """
    text = re.sub(r" +[\u2581-\u2588]+$", "", text, flags=re.M)
    text = re.sub(r"\d+(\.\d+)? (s|min)(?= ·)", "N s", text)
    text = re.sub(r"unsure \(\d+%\)", "unsure (N%)", text)
    text = re.sub(r" +shellper-\S+ · (?=sandbox)", "  MODEL · ", text)
    return re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d", "DATE", text)
