"""Running one command to its end: time limit, cancelling, and the pipes."""

import os
import selectors
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from shellper.sandbox.capture import Captured, Catcher
from shellper.sandbox.confine import Backend, Confinement, confine
from shellper.sandbox.left import Leftover, LeftProcess, OnLeft
from shellper.sandbox.levels import offer
from shellper.sandbox.policy import Policy, SandboxError, SandboxLevel
from shellper.sandbox.process import CommandProcess
from shellper.sandbox.roots import code_of_git
from shellper.sandbox.stopping import Stopping

TIMED_OUT, INTERRUPTED, KILLED = 124, 130, 137
"""Exit codes as in shells: of timeout(1), of SIGINT, of SIGKILL."""

_ASK_PATIENCE = 2.0  # seconds that a command has to end after SIGINT, and again after SIGTERM
_LEFT_PATIENCE = 0.3  # seconds for what the shell has left to end when it has; a background child may go on for ever
_CANCEL_INTERVAL = 0.05  # seconds between two looks at `cancelled`
_DRAIN_PATIENCE = 1.0  # seconds to read what lies in the pipes when all writers are dead
_READ_BYTES = 64 * 1024


@dataclass(frozen=True)
class RunResult:
    """What came of one run."""

    exit_code: int
    """The command's own; 128 + N when signal N killed it; 124 when timed out; 130 when cancelled."""
    stdout: Captured
    stderr: Captured
    combined: Captured
    """Both outputs in the order in which they arrived."""
    duration: float
    """Seconds from the start of the command to its exit."""
    timed_out: bool
    cancelled: bool
    level: SandboxLevel
    """The sandbox level that the command ran at."""
    left_files: int = 0
    """How many files it left in its private temporary folder, which is gone with it."""
    planted: tuple[Path, ...] = ()
    """What it changed of git's hooks and settings, which run code later."""
    left: tuple[LeftProcess, ...] = ()
    """The processes that outlived its shell: ended by now, unless `kept` says otherwise."""
    kept: bool = False
    """Whether they go on in other hands."""


def run(
    command: str,
    policy: Policy,
    on_output: Callable[[str, str], None] | None = None,
    cancelled: threading.Event | None = None,
    terminal: int | None = None,
    on_left: OnLeft | None = None,
) -> RunResult:
    """Run the text of a command in a shell of its own, wait for its end, and end all that it leaves behind.

    `on_left` is asked, in the caller's thread, about processes that live 0.3 s after the shell has ended, unless the
    command was stopped or has a terminal; where it has taken them over, they go on behind the same walls.

    `on_output` is called with "stdout" or "stderr" and a piece of clean text, in the caller's thread, as output
    arrives. Setting `cancelled`, from any thread, stops the command (within 50 ms, unless `on_output` takes longer):
    SIGINT, 2 s later SIGTERM, 2 s later SIGKILL; the time limit does the same. A `Stopping` can end it sooner: its
    `kill` kills the whole process tree at once. When an exception passes through
    (KeyboardInterrupt, or one of `on_output`), the command gets SIGINT and after half a second SIGKILL.
    `terminal` is the descriptor of the user's terminal where the command is to have that for itself: its output goes
    there and is not caught, and Ctrl+C reaches the command alone.
    Raises SandboxError when the command can't be started, WallsError among them when the walls can't be put up.
    """
    level, backend = chosen(policy)
    return run_behind(command, policy, confine(policy, level, backend), on_output, cancelled, terminal, on_left)


def chosen(policy: Policy) -> tuple[SandboxLevel, Backend | None]:
    """Return the level that a policy's command runs at, and what puts up its walls.

    Raises SandboxError where the policy's level is not offered here.
    """
    if policy.level is SandboxLevel.NONE:
        return policy.level, None
    found = offer()
    level = policy.level or found.level
    if not found.level.reaches(level):
        raise SandboxError(f"the sandbox level {level} is not offered here, only {found.level}; see shellper doctor")
    return level, found.backend if level is SandboxLevel.FULL else None


def chosen_level(policy: Policy) -> SandboxLevel:
    """Return the level that a policy's command runs at. Raises SandboxError where it is not offered here."""
    return chosen(policy)[0]


def run_behind(
    command: str,
    policy: Policy,
    confinement: Confinement,
    on_output: Callable[[str, str], None] | None = None,
    cancelled: threading.Event | None = None,
    terminal: int | None = None,
    on_left: OnLeft | None = None,
) -> RunResult:
    """Run as `run` does, behind walls that are prepared; they are cleared in the end."""
    catcher = Catcher(policy.head_bytes, policy.tail_bytes, on_output)
    level = confinement.level
    if cancelled is not None and cancelled.is_set():
        confinement.clear()
        return RunResult(INTERRUPTED, *catcher.finish(), 0.0, timed_out=False, cancelled=True, level=level)
    try:
        process = CommandProcess(command, policy, confinement, terminal)
    except BaseException:
        confinement.clear()
        raise
    git_folder = confinement.view.git_folder if confinement.view and not confinement.view.overlay else None
    before = code_of_git(git_folder)
    try:
        result = _Run(process, policy, catcher, cancelled).result(level, None if terminal is not None else on_left)
        after = code_of_git(git_folder)
        return replace(result, planted=tuple(path for path in after if after[path] != before.get(path)))
    except BaseException:
        process.abandon()
        raise
    finally:
        process.close()


class _Run:
    """The loop around one command, and what it has to remember."""

    def __init__(
        self, process: CommandProcess, policy: Policy, catcher: Catcher, cancelled: threading.Event | None
    ) -> None:
        self._process = process
        self._catcher = catcher
        self._cancelled = cancelled
        self._began = time.monotonic()
        self._time_limit = policy.time_limit
        self._exited: float | None = None
        self._stopped_by: str | None = None
        self._asks: Iterator[Callable[[], None]] = iter((process.interrupt, process.terminate))
        self._next_ask = 0.0
        self._selector = selectors.DefaultSelector()
        self._pipes: dict[int, str] = {}

    def result(self, level: SandboxLevel, on_left: OnLeft | None) -> RunResult:
        """Wait for the command's end and tell what came of it."""
        with self._selector:
            self._pipes = dict(zip(self._process.start(), ("stdout", "stderr"), strict=False))
            for descriptor in (self._process.control, *self._pipes):
                os.set_blocking(descriptor, False)
                self._selector.register(descriptor, selectors.EVENT_READ)
            while not self._is_over():
                self._wait(self._patience())
            left = () if self._stopped_by else self._process.left
            kept = bool(left) and on_left is not None and on_left(self._leftover(left, level))
            if kept:
                self._process.let_go()
            else:
                self._end()
        ended = self._process.ended or time.monotonic()
        return RunResult(
            self._exit_code(),
            *self._catcher.finish(),
            duration=ended - self._began,
            timed_out=self._stopped_by == "time limit",
            cancelled=self._stopped_by == "cancelled",
            level=level,
            left_files=0 if kept else self._process.left_files,
            left=left,
            kept=kept,
        )

    def _leftover(self, left: tuple[LeftProcess, ...], level: SandboxLevel) -> Leftover:
        so_far = self._catcher.so_far()
        return Leftover(left, level, so_far, self._process.descriptors, self._process.holding)

    def _end(self) -> None:
        """End what is left, and read what it has written."""
        self._process.end()
        self._selector.unregister(self._process.control)
        until = time.monotonic() + _DRAIN_PATIENCE
        while self._pipes and (patience := until - time.monotonic()) > 0:
            self._wait(patience)

    @property
    def _limit(self) -> float | None:
        """When the time is over, which runs from the command's own start as soon as that is known."""
        return None if self._time_limit is None else self._began + self._time_limit

    def _is_over(self) -> bool:
        """Say whether there is nothing more to wait for; asks the command to stop when that is due."""
        now = time.monotonic()
        if self._process.lost:
            return True
        if isinstance(self._cancelled, Stopping) and self._cancelled.kills:
            self._stopped_by = self._stopped_by or "cancelled"
            return True
        if self._exited is not None:
            # A launcher's own helpers may hold the pipes; elsewhere than on Linux a daemon isn't known of.
            over = self._process.alone and (sys.platform == "linux" or not self._pipes)
            return over or now >= self._exited + _LEFT_PATIENCE
        if self._stopped_by is None:
            if self._cancelled is not None and self._cancelled.is_set():
                self._stopped_by = "cancelled"
            elif self._limit is not None and now >= self._limit:
                self._stopped_by = "time limit"
            else:
                return False
        if now < self._next_ask:
            return False
        ask = next(self._asks, None)
        if ask is None:
            return True
        ask()
        self._next_ask = now + _ASK_PATIENCE
        return False

    def _patience(self) -> float | None:
        """Seconds until `_is_over` has to be asked again even if nothing arrives."""
        if self._exited is not None:
            due: float | None = self._exited + _LEFT_PATIENCE
        else:
            due = self._limit if self._stopped_by is None else self._next_ask
        patience = None if due is None else max(0.0, due - time.monotonic())
        # What is set already is asked again only where it can still be raised to killing.
        waits = self._stopped_by is None or isinstance(self._cancelled, Stopping)
        if self._cancelled is None or not waits or self._exited is not None:
            return patience
        return _CANCEL_INTERVAL if patience is None else min(patience, _CANCEL_INTERVAL)

    def _wait(self, patience: float | None) -> None:
        """Wait for something to arrive, and take it."""
        for key, _ in self._selector.select(patience):
            if key.fd in self._pipes:
                self._read(key.fd)
            else:
                self._process.listen()
                self._began = self._process.began or self._began
                if self._exited is None and self._process.exit_code is not None:
                    self._exited = time.monotonic()

    def _read(self, descriptor: int) -> None:
        try:
            data = os.read(descriptor, _READ_BYTES)
        except BlockingIOError:
            return
        if data:
            self._catcher.feed(self._pipes[descriptor], data)
        else:
            self._selector.unregister(descriptor)
            del self._pipes[descriptor]

    def _exit_code(self) -> int:
        if self._stopped_by is not None:
            return INTERRUPTED if self._stopped_by == "cancelled" else TIMED_OUT
        # No code: the launcher was killed, and the command with it.
        return KILLED if self._process.exit_code is None else self._process.exit_code
