"""What a command leaves behind when its shell has ended: the processes, and what it takes to keep them."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from shellper.sandbox.policy import SandboxLevel
from shellper.sandbox.strays import end_strays

_GONE = ("Z", "X", "x")
"""States of processes that have ended (proc_pid_stat(5))."""
_NO_SESSION = -1  # the launcher is gone, so the number of its session may be another's by now


@dataclass(frozen=True)
class LeftProcess:
    """A process by the number that the user sees it under, and its name, which may hold any character."""

    pid: int
    name: str


@dataclass(frozen=True)
class Holding:
    """How a run's launcher is held: its process, how many of its own stand below it, and what its end leaves."""

    launcher: int
    identity: str
    inner: int
    mark: str
    cgroup: str | None
    temporary: str | None

    def as_json(self) -> dict[str, Any]:
        """Return it as plain JSON data; `Holding(**data)` reads it."""
        return asdict(self)

    @property
    def processes(self) -> tuple[LeftProcess, ...]:
        """The command's processes that live now, the oldest number first; none where the launcher is gone."""
        return processes_below(self.launcher, self.inner) if identity(self.launcher) == self.identity else ()


@dataclass(frozen=True)
class Leftover:
    """A command's processes that outlive its shell, and how to take them over."""

    processes: tuple[LeftProcess, ...]
    level: SandboxLevel
    so_far: str
    """What the command has printed, as clean text, its beginning and its end."""
    descriptors: tuple[int, int, int]
    """The launcher's socket and both outputs; who keeps the processes must keep copies of these open."""
    holding: Holding


OnLeft = Callable[[Leftover], bool]
"""Decides what becomes of what is left: True where it is kept, and the descriptors are in other hands."""


class Kept:
    """A run that outlives the program that began it, from its keeper's side."""

    def __init__(self, control: int, holding: Holding) -> None:
        self.control, self._holding = control, holding
        self.lost = False
        """Whether the launcher is gone, and with it all that it kept."""
        self.exit_code: int | None = None
        """The exit code of the process that ended last, once none is left."""
        self._heard = b""

    def listen(self) -> None:
        """Read what the launcher says; when nothing is left to keep, tell it to go."""
        try:
            said = os.read(self.control, 4096)
        except BlockingIOError:
            return
        except OSError:
            said = b""
        self.lost = not said
        *lines, self._heard = (self._heard + said).split(b"\n")
        for line in lines:
            word, *values = line.decode().split()
            if word == "alone":
                self.exit_code = int(values[0])
                self.end()

    def terminate(self) -> None:
        """Send SIGTERM to every process of the command."""
        for process in self._holding.processes:
            with contextlib.suppress(OSError):
                os.kill(process.pid, signal.SIGTERM)

    def end(self) -> None:
        """Have the launcher kill all that is left, and then go itself."""
        with contextlib.suppress(OSError):
            os.write(self.control, b"K")

    def kill_launcher(self) -> None:
        """Kill a launcher that doesn't go."""
        if identity(self._holding.launcher) == self._holding.identity:
            with contextlib.suppress(OSError):
                os.kill(self._holding.launcher, signal.SIGKILL)

    def clear(self) -> None:
        """End what a killed launcher has left, and remove what was made for the run."""
        end_strays(self._holding.mark, _NO_SESSION)
        if self._holding.temporary is not None:
            shutil.rmtree(self._holding.temporary, ignore_errors=True)
        if self._holding.cgroup is not None:
            _remove_cgroup(Path(self._holding.cgroup))


def _remove_cgroup(folder: Path) -> None:
    """Remove a cgroup, which takes a moment after its last process has ended."""
    until = time.monotonic() + 1
    while time.monotonic() < until:
        try:
            folder.rmdir()
        except FileNotFoundError:
            return
        except OSError:
            time.sleep(0.01)


def processes_below(launcher: int, inner: int) -> tuple[LeftProcess, ...]:
    """Return the living processes below a launcher; `inner` is how many of its own stand between, one below another.

    On Linux alone; elsewhere none is found.
    """
    children: dict[int, list[int]] = {}
    names = {}
    for pid in _all_pids():
        found = _stat(pid)
        if found is not None:
            name, fields = found
            children.setdefault(int(fields[1]), []).append(pid)
            if fields[0] not in _GONE:
                names[pid] = name
    roots = [launcher]
    for _ in range(inner):
        roots = [child for root in roots for child in children.get(root, ())]
    waiting, below = list(roots), []
    while waiting:
        found_here = children.get(waiting.pop(), [])
        below += found_here
        waiting += found_here
    return tuple(LeftProcess(pid, names[pid]) for pid in sorted(below) if pid in names)


def identity(pid: int) -> str:
    """Return what tells a process from a later one of the same number; empty where it has ended.

    It is the machine's start and the process' own, in clock ticks after it (proc_pid_stat(5), field 22).
    """
    found = _stat(pid)
    if found is None or found[1][0] in _GONE:
        return ""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return f"{boot} {found[1][19]}"


def _all_pids() -> list[int]:
    with contextlib.suppress(OSError), os.scandir("/proc") as entries:
        return [int(entry.name) for entry in entries if entry.name.isdigit()]
    return []


def _stat(pid: int) -> tuple[str, list[str]] | None:
    """Return a process' name, and the fields behind it; None where it is gone. A name may hold parentheses."""
    try:
        text = Path(f"/proc/{pid}/stat").read_bytes().decode("utf-8", "replace")
    except OSError:
        return None
    head, _, rest = text.rpartition(")")
    return head.partition("(")[2], rest.split()
