"""The self-test: a sandboxed program that tries to break out, into things that were planted for it."""

import contextlib
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from shellper.sandbox import bubblewrap, seatbelt, seccomp
from shellper.sandbox.confine import Backend, confine
from shellper.sandbox.levels import Offer, Probe, Trial
from shellper.sandbox.policy import Policy, SandboxError, SandboxLevel
from shellper.sandbox.run import run_behind

_TIME_LIMIT = 20.0

# What is tried: a name, whether level `limited` promises it too, and a program. Each must fail but the first.
_ATTEMPTS = (
    ("write below the root", True, "write('inside/made')"),
    ("create a file elsewhere", True, "write('outside/made')"),
    ("change a file elsewhere", True, "write('outside/file')"),
    ("delete a file elsewhere", True, "os.unlink('outside/doomed')"),
    ("rename a file elsewhere", True, "os.rename('outside/other', 'outside/renamed')"),
    ("link a file of elsewhere", True, "os.link('outside/linked', 'inside/linked')"),
    ("change modes elsewhere", False, "os.chmod('outside/file', 0o600)"),
    ("change times elsewhere", False, "os.utime('outside/file', (1, 1))"),
    ("read a secret", True, "open('secret/key').read()"),
    ("read a secret by /proc", True, "open('/proc/self/root' + os.getcwd() + '/secret/key').read()"),
    ("connect to a UNIX socket", True, "connect(socket.AF_UNIX, 'socket')"),
    ("connect to an abstract socket", True, "connect(socket.AF_UNIX, abstract)"),
    ("connect by TCP", True, "connect(socket.AF_INET, ('127.0.0.1', tcp))"),
    ("send by UDP", True, "send(udp)"),
    ("see another process", False, "open(f'/proc/{victim}/stat').read()"),
    ("signal another process", True, "os.kill(victim, 0)"),
    ("put keystrokes into a terminal", True, "inject()"),
    ("become root of a namespace", True, "unshare()"),
)
MUST_WORK = "write below the root"

_PROGRAM = """
import os, sys
top, victim, tcp, udp, abstract = sys.argv[1], *map(int, sys.argv[2:5]), "\\0" + sys.argv[5]
os.chdir(top)
import ctypes, fcntl, socket
def write(name):
    with open(name, "a") as file:
        file.write("x")
def connect(family, address):
    with socket.socket(family) as one:
        one.settimeout(2)
        one.connect(address)
def send(port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.sendto(b"x", ("127.0.0.1", port))
def inject():
    try:
        fcntl.ioctl(os.open("/dev/null", os.O_RDONLY), 0x5412, b"x")
    except OSError as error:
        if error.errno != 25:  # ENOTTY comes from the device, so the filter has let it through
            raise
def unshare():
    if ctypes.CDLL(None).unshare(0x10000000):
        raise OSError
for number, attempt in enumerate(sys.argv[6:]):
    try:
        exec(attempt)
    except BaseException as error:
        print(number, "failed", type(error).__name__, getattr(error, "errno", None) or "", flush=True)
    else:
        print(number, "worked", flush=True)
"""


@dataclass(frozen=True)
class _Planted:
    """What was planted in a folder, for the program's arguments."""

    top: Path
    arguments: tuple[str, ...]


def find(folder: Path | None = None) -> Offer:
    """Try the ways to put up walls, from the highest level down to the first one that holds."""
    trials = []
    for level, backend in candidates():
        trial = test(level, backend, folder)
        trials.append(trial)
        if trial.holds:
            return Offer(level, backend, tuple(trials))
    return Offer(SandboxLevel.NONE, None, tuple(trials))


def candidates() -> Iterator[tuple[SandboxLevel, Backend | None]]:
    """Yield what could be offered on this system, the highest level first."""
    if sys.platform == "darwin" and seatbelt.PROGRAM.exists():
        yield SandboxLevel.FULL, Backend.SEATBELT
    if sys.platform == "linux" and seccomp.is_supported():
        yield SandboxLevel.FULL, Backend.OWN
        if bubblewrap.find() is not None:
            yield SandboxLevel.FULL, Backend.BUBBLEWRAP
        yield SandboxLevel.LIMITED, None


def test(level: SandboxLevel, backend: Backend | None, folder: Path | None = None) -> Trial:
    """Try to break out of the walls of a level.

    `folder` is where the things to be broken into are planted, for a moment; by default the temporary folder.
    """
    try:
        with _planted(folder) as planted:
            said = _attempt(planted, level, backend)
    except SandboxError as error:
        return Trial(level, backend, failure=str(error))
    except OSError as error:
        return Trial(level, backend, failure=f"the test can't be made: {error}")
    probes = []
    for number, (name, in_limited, _) in enumerate(_ATTEMPTS):
        if level is SandboxLevel.LIMITED and not in_limited:
            continue
        result = said.get(number, "no answer")
        wanted = "worked" if name == MUST_WORK else "failed"
        probes.append(Probe(name, result.startswith(wanted), result))
    return Trial(level, backend, tuple(probes))


def _attempt(planted: _Planted, level: SandboxLevel, backend: Backend | None) -> dict[int, str]:
    """Run the program behind the walls; gives what it says of each attempt."""
    inside = planted.top / "inside"
    policy = Policy(
        folder=inside, home=inside / "home", root=inside, masked=(planted.top / "secret",), time_limit=_TIME_LIMIT
    )
    words = (sys.executable, "-I", "-S", "-c", _PROGRAM, *planted.arguments, *(one for _, _, one in _ATTEMPTS))
    result = run_behind(shlex.join(words), policy, confine(policy, level, backend))
    said = {}
    for line in result.stdout.text.splitlines():
        number, _, rest = line.partition(" ")
        if number.isdigit():
            said[int(number)] = rest.strip()
    if not said:
        last = result.combined.text.strip().splitlines()[-1:] or ["it said nothing"]
        raise SandboxError(f"the test's program did not run: {last[0]}")
    return said


@contextmanager
def _planted(folder: Path | None) -> Iterator[_Planted]:
    """Plant files, sockets and a process to be broken into, and take them away."""
    if folder is not None:
        with contextlib.suppress(OSError):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    usable = folder if folder is not None and os.access(folder, os.W_OK) else None
    top = Path(tempfile.mkdtemp(prefix="sandbox-test-", dir=usable)).resolve()
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, top, ignore_errors=True)
        for name in ("inside", "inside/home", "outside", "secret"):
            (top / name).mkdir()
        for name in ("outside/file", "outside/doomed", "outside/other", "outside/linked", "secret/key"):
            (top / name).write_text("planted", encoding="ascii")
        abstract = f"shellper-{os.urandom(8).hex()}"
        ports = []
        for family, kind, address in (
            (socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
            (socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)),
            (socket.AF_UNIX, socket.SOCK_STREAM, str(top / "socket")),
            (socket.AF_UNIX, socket.SOCK_STREAM, f"\0{abstract}"),
        ):
            listening = stack.enter_context(socket.socket(family, kind))
            with contextlib.suppress(OSError):  # a path too long for a socket, a system without IPv4: nothing to reach
                listening.bind(address)
                if kind == socket.SOCK_STREAM:
                    listening.listen()
            if family == socket.AF_INET:
                ports.append(str(listening.getsockname()[1]))
        victim = subprocess.Popen(["/bin/sleep", "60"], stdin=subprocess.DEVNULL, start_new_session=True)
        stack.callback(victim.wait)
        stack.callback(victim.send_signal, signal.SIGKILL)
        yield _Planted(top, (str(top), str(victim.pid), *ports, abstract))
