"""The launcher: a small program that starts one command below itself and sees to its end.

It is run as `python -I -S launcher.py FD`, in a session of its own, and imports nothing but the standard library.
FD is its end of a socket to the main program, on which it reads a spec (8 bytes with the length, then a dictionary by
`marshal`: both ends are the same interpreter, and json would cost 7 ms of import), and then single bytes:
`I` interrupts the command, `T` terminates it, `K` ends all that is left of it, and then the launcher.
It answers with lines: `started`, `error STEP ERRNO`, `exited CODE`.

Why a program between: limits must be set after the fork, where a main program with threads can run no Python;
the walls of the sandbox are put up here, in the child, before the command begins; on Linux, processes that were
left by their parents become children of the launcher and not of init, so none is lost; and when the main program
dies, the socket closes, and the launcher ends the command.
"""

from __future__ import annotations

import contextlib
import ctypes
import marshal
import os
import resource
import select
import signal
import sys
import time

TYPE_CHECKING = False  # known to type checkers; importing typing would cost every command 4 ms
if TYPE_CHECKING:
    from typing import Any, NoReturn

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36  # linux/prctl.h
_GRACE = 0.5  # seconds for a command whose main program is gone
_PATIENCE = 5.0  # seconds for killed processes to be gone; one that waits for a dead disk can't be waited for
_SIGNALS = {b"I": signal.SIGINT, b"T": signal.SIGTERM}
_OURS_TO_IGNORE = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


def main() -> NoReturn:
    """Start the command, and serve until it is over and the main program says so or is gone."""
    for number in _OURS_TO_IGNORE:  # a command that says `pkill python` must not lose its reaper
        signal.signal(number, signal.SIG_IGN)
    control = int(sys.argv[1])
    os.set_inheritable(control, False)
    wake = _wake_on_child()
    spec = marshal.loads(_read(control, int.from_bytes(_read(control, 8))))
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    launcher = os.getpid()
    shell = os.fork()
    if shell == 0:
        _become_command(spec, control, launcher)
    with contextlib.suppress(OSError):
        os.setpgid(shell, shell)  # the child does it too; whoever comes first
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (1, 2):  # or the main program would never see the outputs end
        os.dup2(nothing, descriptor)
    _say(control, "started")
    keeper = _Keeper(shell, control)
    keeper.serve(wake)
    keeper.end_all()
    os._exit(0)


def _become_command(spec: dict[str, Any], control: int, launcher: int) -> NoReturn:
    """In the child: set the process up and replace it by the command's shell."""
    step = "process"
    try:
        for number in signal.valid_signals():
            # What Python ignores (SIGPIPE, SIGXFSZ) and what we do would be ignored by every command.
            with contextlib.suppress(OSError, ValueError):
                signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        # A group, not a session of its own: only the leader of a session can get hold of a terminal.
        os.setpgid(0, 0)
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != launcher:
            os._exit(128 + signal.SIGKILL)
        # The walls (namespaces, Landlock, seccomp) belong here, before the limits and the folder.
        step = "limits"
        for name, values in spec["limits"].items():
            _limit(name, *values)
        step = "folder"
        os.chdir(spec["folder"])
        step = "shell"
        os.execve(spec["shell"], spec["argv"], spec["environment"])
    except OSError as error:
        _say(control, f"error {step} {error.errno}")
    except BaseException:
        _say(control, f"error {step} 0")
    os._exit(127)


def _limit(name: str, soft: int, hard: int) -> None:
    """Lower one rlimit; what is lower already stays, what this system doesn't have is left out."""
    which = getattr(resource, name, None)
    if which is None:
        return
    current_soft, current_hard = resource.getrlimit(which)
    hard = hard if current_hard == resource.RLIM_INFINITY else min(hard, current_hard)
    soft = soft if current_soft == resource.RLIM_INFINITY else min(soft, current_soft)
    resource.setrlimit(which, (min(soft, hard), hard))


class _Keeper:
    """What the launcher knows of its command, and how it ends it."""

    def __init__(self, shell: int, control: int) -> None:
        self._shell = shell
        self._control = control
        self._running = True

    def serve(self, wake: int) -> None:
        """Pass signals on and report the shell's exit, until all is to be ended."""
        poll = select.poll()  # select() fails on descriptors above 1023
        poll.register(self._control, select.POLLIN)
        poll.register(wake, select.POLLIN)
        while True:
            ready = {descriptor for descriptor, _ in poll.poll()}
            if wake in ready:
                os.read(wake, 4096)
                self._reap()
            if self._control in ready:
                try:
                    words = os.read(self._control, 64)
                except OSError:
                    words = b""
                if not words:
                    return self._let_down()
                for word in (words[at : at + 1] for at in range(len(words))):
                    if word not in _SIGNALS:
                        return None
                    self._signal(_SIGNALS[word])

    def end_all(self) -> None:
        """Kill everything below the launcher until nothing is left."""
        until = time.monotonic() + _PATIENCE
        while self._reap() and time.monotonic() < until:
            for group in self._groups():
                with contextlib.suppress(OSError):
                    os.killpg(group, signal.SIGKILL)
            for pid in _children():
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.001)

    def _let_down(self) -> None:
        """The main program is gone: a short time for the command to clean up."""
        self._signal(signal.SIGINT)
        until = time.monotonic() + _GRACE
        while self._running and time.monotonic() < until:
            time.sleep(0.01)
            self._reap()

    def _groups(self) -> set[int]:
        """The process groups of our children: one signal to a group can't be outrun by a fork bomb in it.

        A group that one of our children is in can't be anybody else's, though its number may have been the pid
        of a process that is gone.
        """
        groups = {self._shell} if self._running else set()
        for pid in _children():
            with contextlib.suppress(OSError):
                groups.add(os.getpgid(pid))
        return groups - {os.getpgrp()}

    def _signal(self, number: int) -> None:
        if self._running:  # else the number of the group may be another's by now
            with contextlib.suppress(OSError):
                os.killpg(self._shell, number)
                os.killpg(self._shell, signal.SIGCONT)

    def _reap(self) -> bool:
        """Collect the processes that have ended; says whether any are left."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == 0:
                return True
            if pid == self._shell:
                self._running = False
                code = os.waitstatus_to_exitcode(status)
                _say(self._control, f"exited {code if code >= 0 else 128 - code}")


def _children() -> list[int]:
    """Our direct children on Linux (processes left by their parents are among them); elsewhere none."""
    me = os.getpid()
    try:
        return [int(pid) for pid in _contents(f"/proc/self/task/{me}/children").split()]
    except OSError:  # a kernel without CONFIG_PROC_CHILDREN
        return [pid for pid in _all_pids() if _parent(pid) == me]


def _all_pids() -> list[int]:
    with contextlib.suppress(OSError), os.scandir("/proc") as entries:
        return [int(entry.name) for entry in entries if entry.name.isdigit()]
    return []


def _parent(pid: int) -> int:
    """Read a process' parent from /proc; its name, in parentheses before it, may hold anything."""
    with contextlib.suppress(OSError, IndexError, ValueError):
        return int(_contents(f"/proc/{pid}/stat").rpartition(b")")[2].split()[1])
    return 0


def _contents(path: str) -> bytes:
    """Read a file of /proc (by descriptors: pathlib is too dear an import here)."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        data = b""
        while piece := os.read(descriptor, 65536):
            data += piece
        return data
    finally:
        os.close(descriptor)


def _wake_on_child() -> int:
    """Make a pipe that can be read from when a child has ended."""
    wake, write = os.pipe()
    os.set_blocking(write, False)
    signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    return wake


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        arguments = [ctypes.c_ulong(one) for one in (value, 0, 0, 0)]
        ctypes.CDLL(None).prctl(option, *arguments)


def _read(descriptor: int, size: int) -> bytes:
    """Read exactly `size` bytes; the main program being gone means that there is nothing to do."""
    data = b""
    while len(data) < size:
        piece = os.read(descriptor, size - len(data))
        if not piece:
            os._exit(0)
        data += piece
    return data


def _say(control: int, line: str) -> None:
    with contextlib.suppress(OSError):
        os.write(control, line.encode() + b"\n")


if __name__ == "__main__":
    main()
