"""One command as processes: starting it by the launcher, talking to the launcher, ending what is left."""

import contextlib
import errno
import marshal
import os
import select
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

from shellper.sandbox.confine import Confinement
from shellper.sandbox.environment import RUN_MARK, clean_environment
from shellper.sandbox.left import Holding, LeftProcess, identity
from shellper.sandbox.lent import LentTerminal
from shellper.sandbox.policy import Policy, SandboxError, WallsError
from shellper.sandbox.strays import end_strays

SHELLS = (
    (Path("/bin/bash"), ("bash", "--noprofile", "--norc", "-c", "--")),
    (Path("/bin/sh"), ("sh", "-c", "--")),
)
"""The shells that are looked for, in order, and how each is told to run a text and read no file."""

_LAUNCHER = Path(__file__).with_name("launcher.py")
_JOIN = 'if [ -n "$1" ]; then echo 0 >"$1/cgroup.procs" || exit 1; fi; shift; '
_HOLDER = _JOIN + '"$@" & exec >/dev/null 2>&1; wait $!'
"""A shell that bwrap is a child of: it dies with its parent, and a job's launcher must outlive the main program.

It joins the run's cgroup, which can't be reached any more behind bwrap's walls.
"""
_AT_TERMINAL = _JOIN + 'exec "$@"'  # what has the terminal is never a job, and could not read it in the background

_START_PATIENCE = 10.0  # seconds for a spec to be taken by a launcher on a machine that is busy
_END_PATIENCE = 6.0  # seconds for the launcher to have ended all; it gives up by itself after 5
_let_go: list[subprocess.Popen[bytes]] = []  # launchers in other hands, which stay our children while we live


class CommandProcess:
    """A command that runs below its launcher.

    The constructor and `start` raise SandboxError when it can't be started; what only the launcher finds out is
    raised by `listen`.
    """

    def __init__(self, command: str, policy: Policy, confinement: Confinement, terminal: int | None = None) -> None:
        self.began: float | None = None
        """When the command was started, by the monotonic clock; None until it is."""
        self.ended: float | None = None
        """When its shell ended."""
        self.exit_code: int | None = None
        """The command's own exit code, as a shell would report it, once the shell has ended."""
        self.lost = False
        """True when the launcher is gone, whether or not it was told to go."""
        self.left_files = 0
        """How many files the command has left in its private temporary folder."""
        self.alone = False
        """True when the shell has ended and nothing that it has started is left."""
        self._confinement = confinement
        self._folder = policy.folder.absolute()
        self._mark = os.urandom(8).hex()
        self._heard = b""
        self._is_let_go = False
        if "\0" in command:
            raise SandboxError("the command holds a NUL character, which no program can be given; remove it")
        shell, arguments = _find_shell()
        self._terminal = None if terminal is None else LentTerminal(terminal)
        environment = clean_environment(
            os.environ, policy.home, self._folder, policy.environment, at_terminal=terminal is not None
        )
        for name, value in confinement.environment().items():
            environment.pop(name, None)
            if value is not None:
                environment[name] = value
        environment[RUN_MARK] = self._mark
        self._environment = {os.fsencode(name): os.fsencode(value) for name, value in environment.items()}
        # The second "bash" is $0, the name that its error messages begin with.
        argv = [str(shell), *arguments, command, arguments[0]]
        if confinement.before_shell:
            argv = [confinement.before_shell[0], *confinement.before_shell, str(shell), *arguments[1:], *argv[-2:]]
        self._spec = {
            "shell": os.fsencode(argv[0]),
            "argv": [os.fsencode(one) for one in argv[1:]],
            "environment": self._environment,
            "folder": os.fsencode(self._folder),
            "real_folder": os.fsencode(self._folder.resolve()),
            "limits": policy.limits.rlimits(),
            "cgroup": os.fsencode(confinement.cgroup)
            if confinement.cgroup and not confinement.before_launcher
            else b"",
            "walls": confinement.walls,
            "terminal": terminal is not None,
        }
        self._launcher: subprocess.Popen[bytes] | None = None
        self._control, self._theirs = socket.socketpair()

    def start(self) -> tuple[int, ...]:
        """Start the launcher, which starts the command; gives the descriptors of stdout and stderr, if we get them."""
        self._launcher = self._start_launcher()
        self._theirs.close()
        self._send_spec()
        return tuple(pipe.fileno() for pipe in self._pipes())

    @property
    def control(self) -> int:
        """The descriptor that can be read from when `listen` has something to hear."""
        return self._control.fileno()

    def listen(self) -> None:
        """Read what the launcher says; raises SandboxError when it says that the command can't be started."""
        try:
            said = self._control.recv(4096)
        except BlockingIOError:
            return
        except OSError:
            said = b""
        if not said:
            self.lost = True
            if self.began is None:
                raise self._launcher_failed()
        *lines, self._heard = (self._heard + said).split(b"\n")
        for line in lines:
            word, *values = line.decode().split()
            if word == "started":
                self.began = float(values[0])
            elif word == "exited":
                self.exit_code, self.ended = int(values[0]), float(values[1])
            elif word == "left":
                self.left_files = int(values[0])
            elif word == "alone":
                self.alone = True
            elif word == "error":
                raise self._start_failed(values[0], int(values[1]), " ".join(values[2:]))

    def interrupt(self) -> None:
        """Send SIGINT to the command, as Ctrl+C in a terminal would."""
        self._tell(b"I")

    def terminate(self) -> None:
        """Send SIGTERM to the command."""
        self._tell(b"T")

    @property
    def holding(self) -> Holding:
        """How the launcher, which must have been started, is held."""
        assert self._launcher is not None
        made = self._confinement
        return Holding(
            self._launcher.pid,
            identity(self._launcher.pid),
            made.launchers_below,
            self._mark,
            None if made.cgroup is None else str(made.cgroup),
            None if made.temporary is None else str(made.temporary),
        )

    @property
    def descriptors(self) -> tuple[int, int, int]:
        """The launcher's socket and both outputs."""
        out, err = (pipe.fileno() for pipe in self._pipes())
        return self.control, out, err

    @property
    def left(self) -> tuple[LeftProcess, ...]:
        """What of the command is still there."""
        return () if self.alone or self.lost else self.holding.processes

    def let_go(self) -> None:
        """Leave it to others, who have copies of the descriptors: `close` ends and removes nothing then."""
        assert self._launcher is not None
        self._is_let_go = True
        _let_go[:] = [one for one in _let_go if one.poll() is None] + [self._launcher]

    def end(self) -> None:
        """Kill all that is left, and wait until it is gone."""
        self._tell(b"K")
        self._wait_for_launcher()

    def abandon(self) -> None:
        """End the command when there is no time for its result: it is interrupted, and killed half a second later.

        Harmless when it has ended. What goes wrong here is left alone: there is an exception on its way already.
        """
        with contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_WR)  # this is all that the launcher needs, even if we die now
        self._wait_for_launcher()

    def close(self) -> None:
        """Give back the descriptors; the launcher ends the command if it has not ended."""
        self._control.close()
        self._theirs.close()
        for pipe in self._pipes():
            pipe.close()
        if self._terminal is not None:
            self._terminal.take_back()
        if not self._is_let_go:
            self._confinement.clear()

    def _pipes(self) -> list[IO[bytes]]:
        launcher = self._launcher
        return [pipe for pipe in (launcher.stdout, launcher.stderr) if pipe] if launcher else []

    def _start_launcher(self) -> subprocess.Popen[bytes]:
        if not sys.executable:
            raise SandboxError("the Python interpreter can't be found; start shellper by its own command")
        lent = None if self._terminal is None else self._terminal.descriptor
        before = self._confinement.before_launcher
        if before:
            shell = _HOLDER if lent is None else _AT_TERMINAL
            before = ("/bin/sh", "-c", shell, "sh", str(self._confinement.cgroup or ""), *before)
        try:
            return subprocess.Popen(
                [
                    *before,
                    *(sys.executable, "-I", "-S", str(_LAUNCHER), str(self._theirs.fileno())),
                ],
                bufsize=0,
                stdin=subprocess.DEVNULL if lent is None else lent,
                stdout=subprocess.PIPE if lent is None else lent,
                stderr=subprocess.PIPE if lent is None else lent,
                # The launcher's own environment can be read by the command, so it holds nothing more.
                env=self._environment,
                cwd="/",
                # A terminal belongs to a session; the group keeps Ctrl+C at it from the launcher.
                start_new_session=lent is None,
                process_group=None if lent is None else 0,
                pass_fds=(self._theirs.fileno(),),
            )
        except OSError as error:
            raise SandboxError(
                f"no process can be started ({error.strerror}); close some programs and try again"
            ) from error

    def _send_spec(self) -> None:
        data = marshal.dumps(self._spec)
        self._control.settimeout(_START_PATIENCE)
        with contextlib.suppress(OSError):  # if the launcher is gone, `listen` will say so
            self._control.sendall(len(data).to_bytes(8) + data)
        self._control.setblocking(False)

    def _tell(self, word: bytes) -> None:
        with contextlib.suppress(OSError):
            self._control.send(word)

    def _wait_for_launcher(self) -> None:
        """Wait until the launcher is gone, and do its work if it could not."""
        if self._launcher is None or self._launcher.returncode is not None:
            return
        poll = select.poll()
        poll.register(self._control, select.POLLIN)
        until = time.monotonic() + _END_PATIENCE
        # The socket's end comes with the launcher's; to wait for the process itself would mean polling.
        while not self.lost and (left := until - time.monotonic()) > 0:
            if poll.poll(left * 1000):
                with contextlib.suppress(SandboxError):
                    self.listen()
        if not self._launcher_ended_all(self._launcher.pid):
            end_strays(self._mark, self._launcher.pid)
        self._launcher.kill()
        self._launcher.wait()

    def _launcher_ended_all(self, pid: int) -> bool:
        """Say whether the launcher went by itself, as a subreaper.

        It stays a zombie until `wait`, so the number of its session can't become another's.
        """
        if sys.platform != "linux" or not self.lost:
            return False
        ended = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        return ended is not None and (ended.si_code, ended.si_status) == (os.CLD_EXITED, 0)

    def _launcher_failed(self) -> SandboxError:
        said = ""
        with contextlib.suppress(OSError, IndexError):
            said = os.read(self._pipes()[1].fileno(), 4096).decode(errors="replace").strip()
        why = f" ({said.splitlines()[-1]})" if said else ""
        if self._confinement.before_launcher:
            return WallsError(f"the sandbox can't be set up by {self._confinement.before_launcher[0]}{why}")
        return SandboxError(f"the command's launcher did not start{why}; check the Python at {sys.executable}")

    def _start_failed(self, step: str, number: int, where: str) -> SandboxError:
        why = os.strerror(number) if number else where or "unknown error"
        if step == "walls":
            return WallsError(f"the sandbox can't be set up ({where}: {why}); see shellper doctor")
        if step == "folder" and number in (errno.ENOENT, errno.ENOTDIR):
            return SandboxError(f"the working directory {self._folder} is gone; go to another folder")
        if step == "folder":
            return SandboxError(f"the working directory {self._folder} can't be entered ({why}); go to another folder")
        if number == errno.E2BIG:
            return SandboxError("the command is too long for this system; split it or put it in a file")
        return SandboxError(f"the command can't be started ({step}: {why}); try again, or check the limits")


def _find_shell() -> tuple[Path, tuple[str, ...]]:
    for shell, arguments in SHELLS:
        if os.access(shell, os.X_OK):
            return shell, arguments
    raise SandboxError(f"no shell was found ({' and '.join(str(shell) for shell, _ in SHELLS)}); install bash")
