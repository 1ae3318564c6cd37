"""The launcher's work: it puts up the walls, starts one command below itself, and sees to its end.

It runs in a session of its own with one argument, the descriptor of its end of a socket to the main program. There it
reads a spec (8 bytes with the length, then a dictionary by `marshal`: both ends are the same interpreter, and json
would cost 7 ms of import), and then single bytes: `I` interrupts the command, `T` terminates it, `K` ends all that is
left of it, and then the launcher. It answers with lines: `started SECONDS`, `error STEP ERRNO WHERE`, `left COUNT`,
`exited CODE SECONDS`, `alone CODE`; seconds are those of the monotonic clock, which both ends share, and the last code
is that of the process that ended last.

Why a program between: limits must be set after the fork, where a main program with threads can run no Python;
the walls of the sandbox are put up here, in the child, before the command begins; on Linux, processes that were
left by their parents become children of the launcher and not of init, so none is lost; and when the main program
dies, the socket closes, and the launcher ends the command.

Whatever is imported here costs every command; nothing is imported after the walls are up, since the interpreter's own
files may lie behind them.
"""

# pathlib is too dear an import here.
# ruff: noqa: PTH208

from __future__ import annotations

import marshal
import os
import resource
import select
import sys
import time

from shellper.sandbox import kernel, landlock, namespaces

TYPE_CHECKING = False  # known to type checkers; importing typing would cost every command 4 ms
if TYPE_CHECKING:
    import signal
    from types import TracebackType
    from typing import Any, NoReturn
else:
    import _signal as signal  # the names in `signal` are made by enum, whose import costs 3 ms

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
    nothing = os.open(os.devnull, os.O_RDWR)  # now, since there is a moment without it while the mounts are made
    spec = marshal.loads(_read(control, int.from_bytes(_read(control, 8))))
    walls = spec["walls"]
    try:
        _join_cgroup(spec["cgroup"])
        if walls["tmp"]:  # a private folder that was made by who has started us
            walls["tmp_names"] = set(os.listdir(walls["tmp"]))
        if walls["namespaces"]:
            _enter_namespaces(walls, nothing)
    except OSError as error:
        _fail(control, "walls", error)
    except BaseException as error:
        _say(control, f"error walls 0 {error!r}")
        os._exit(0)
    if sys.platform == "linux" and not walls["is_init"]:
        _prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)
    _start_and_keep(spec, control, wake, nothing)


def _enter_namespaces(walls: dict[str, Any], nothing: int) -> None:
    """Move into the command's namespaces; returns in the process that is to start the command.

    With a pid namespace that is a child, its pid 1, whose end the kernel makes the end of all in it. This process then
    only waits for it, and takes it along when it is killed itself.
    """
    namespaces.enter(walls["namespaces"], walls["all_ids"])
    if walls["is_init"]:
        alive, holder = os.pipe()
        init = os.fork()
        if init:
            _point_to(nothing, 1, 2)
            os.close(alive)
            os.waitpid(init, 0)
            os._exit(0)
        os.close(holder)
        _prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
        poll = select.poll()
        poll.register(alive, 0)
        if poll.poll(0):  # the parent died before it could be followed
            os._exit(0)
        os.close(alive)
    walls["tmp"], walls["tmp_names"] = walls["mounts"]["tmp"], namespaces.build(walls["mounts"])


def _start_and_keep(spec: dict[str, Any], control: int, wake: int, nothing: int) -> NoReturn:
    """Fork the command's shell, and keep it."""
    launcher, began = os.getpid(), time.monotonic()
    shell = os.fork()
    if shell == 0:
        _become_command(spec, control, launcher)
    with _Ignored(OSError):
        os.setpgid(shell, shell)  # the child does it too; whoever comes first
    _point_to(nothing, 1, 2)  # or the main program would never see the outputs end
    if spec["walls"]["namespaces"]:
        kernel.drop_capabilities()
        _prctl(kernel.PR_SET_DUMPABLE, 0)  # the command can't look into its keeper
    _say(control, f"started {began}")
    keeper = _Keeper(shell, control, spec["walls"], has_terminal=spec["terminal"])
    keeper.serve(wake)
    if spec["walls"]["is_init"]:
        os._exit(0)  # the kernel kills all that is left in the namespace, and waits for it
    keeper.end_all()
    os._exit(0)


def _become_command(spec: dict[str, Any], control: int, launcher: int) -> NoReturn:
    """In the child: set the process up and replace it by the command's shell."""
    step = "process"
    try:
        if spec["terminal"]:
            _take_terminal()
        for number in signal.valid_signals():
            # What Python ignores (SIGPIPE, SIGXFSZ) and what we do would be ignored by every command.
            with _Ignored(OSError, ValueError):
                signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        # A group, not a session of its own: only the leader of a session can get hold of a terminal.
        os.setpgid(0, 0)
        if sys.platform == "linux":
            _prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != launcher:
            os._exit(128 + signal.SIGKILL)
        step = "limits"
        for name, values in spec["limits"].items():
            _limit(name, *values)
        step = "folder"
        _enter_folder(spec["folder"], spec["real_folder"])
        step = "walls"
        _confine(spec["walls"])
        step = "shell"
        os.execve(spec["shell"], spec["argv"], spec["environment"])
    except OSError as error:
        _fail(control, step, error)
    except BaseException as error:
        _say(control, f"error {step} 0 {error!r}")
    os._exit(127)


def _enter_folder(folder: bytes, real_folder: bytes) -> None:
    """Go to the working directory; a link on the way to it may lie in a folder that is private now."""
    try:
        os.chdir(folder)
    except FileNotFoundError:
        os.chdir(real_folder)


def _take_terminal() -> None:
    """Become a group of our own, in the terminal's foreground: its keys and signals are the command's from now on."""
    os.setpgid(0, 0)
    # The signal would stop us, as a group in the background (tcsetpgrp(3)).
    signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTTOU,))
    with _Ignored(OSError):
        os.tcsetpgrp(0, os.getpgrp())


def _confine(walls: dict[str, Any]) -> None:
    """Put up the walls that stand in the process itself; from here on nothing can be taken back."""
    if walls["drop"]:
        kernel.drop_capabilities()
        _prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    if walls["landlock"]:
        landlock.restrict(**walls["landlock"])
    if walls["filter"]:
        kernel.install_filter(walls["filter"])


def _join_cgroup(folder: bytes) -> None:
    """Move into the cgroup that bounds the number of processes, where there is one."""
    if folder:
        descriptor = os.open(folder + b"/cgroup.procs", os.O_WRONLY)
        os.write(descriptor, b"0")
        os.close(descriptor)


def _fail(control: int, step: str, error: OSError) -> NoReturn:
    _say(control, f"error {step} {error.errno or 0} {error.filename or ''}")
    os._exit(0)


def _point_to(target: int, *descriptors: int) -> None:
    for descriptor in descriptors:
        os.dup2(target, descriptor)


def _limit(name: str, soft: int, hard: int) -> None:
    """Lower one rlimit; what is lower already stays, what this system doesn't have is left out."""
    which = getattr(resource, name, None)
    if which is None:
        return
    current_soft, current_hard = resource.getrlimit(which)
    hard = hard if current_hard == resource.RLIM_INFINITY else min(hard, current_hard)
    soft = soft if current_soft == resource.RLIM_INFINITY else min(soft, current_soft)
    resource.setrlimit(which, (min(soft, hard), hard))


class _Ignored:
    """`contextlib.suppress`, whose import would cost every command 5 ms."""

    def __init__(self, *errors: type[BaseException]) -> None:
        self._errors = errors

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        return kind is not None and issubclass(kind, self._errors)


class _Keeper:
    """What the launcher knows of its command, and how it ends it."""

    def __init__(self, shell: int, control: int, walls: dict[str, Any], *, has_terminal: bool) -> None:
        self._shell = shell
        self._control = control
        self._walls = walls
        self._flags = os.WNOHANG | (os.WUNTRACED if has_terminal else 0)
        self._running = True
        self._is_alone = False

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
                with _Ignored(OSError):
                    os.killpg(group, signal.SIGKILL)
            for pid in _children():
                with _Ignored(OSError):
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
            with _Ignored(OSError):
                groups.add(os.getpgid(pid))
        return groups - {os.getpgrp()}

    def _signal(self, number: int) -> None:
        if self._running:  # else the number of the group may be another's by now
            with _Ignored(OSError):
                os.killpg(self._shell, number)
                os.killpg(self._shell, signal.SIGCONT)

    def _reap(self) -> bool:
        """Collect the processes that have ended; says whether any are left."""
        lines = []
        last = 0
        while True:
            try:
                pid, status = os.waitpid(-1, self._flags)
            except ChildProcessError:
                pid = -1
            if pid <= 0:
                break
            if os.WIFSTOPPED(status):
                # Ctrl+Z: there is no shell that the user could go back to, so the command goes on.
                if pid == self._shell:
                    self._signal(signal.SIGCONT)
                continue
            code = os.waitstatus_to_exitcode(status)
            last = code if code >= 0 else 128 - code
            if pid == self._shell:
                self._running = False
                ended = time.monotonic()
                self._tell_what_is_left()
                lines.append(f"exited {last} {ended}")
        if pid < 0 and not self._running and not self._is_alone:
            self._is_alone = True
            lines.append(f"alone {last}")
        if lines:
            _say(self._control, "\n".join(lines))  # at once: the main program must not wait for the second line
        return pid == 0

    def _tell_what_is_left(self) -> None:
        """Say how many files lie in the private temporary folder, which goes with its mount."""
        known = self._walls.get("tmp_names")
        if known is not None:
            with _Ignored(OSError):
                _say(self._control, f"left {len(set(os.listdir(self._walls['tmp'])) - known)}")


def _children() -> list[int]:
    """Our direct children on Linux (processes left by their parents are among them); elsewhere none."""
    me = os.getpid()
    try:
        return [int(pid) for pid in _contents(f"/proc/self/task/{me}/children").split()]
    except OSError:  # a kernel without CONFIG_PROC_CHILDREN
        return [pid for pid in _all_pids() if _parent(pid) == me]


def _all_pids() -> list[int]:
    with _Ignored(OSError), os.scandir("/proc") as entries:
        return [int(entry.name) for entry in entries if entry.name.isdigit()]
    return []


def _parent(pid: int) -> int:
    """Read a process' parent from /proc; its name, in parentheses before it, may hold anything."""
    with _Ignored(OSError, IndexError, ValueError):
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
        kernel.prctl(option, value)


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
    with _Ignored(OSError):
        os.write(control, line.encode() + b"\n")
