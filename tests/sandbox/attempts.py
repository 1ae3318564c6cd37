"""Attempts to break out of the sandbox, as a program: `python attempts.py LEVEL FOLDER` prints what came of each.

LEVEL is `plain` (no sandbox and no launcher: what the attempts do when nothing stops them), a sandbox level, or
`bubblewrap` (level `full`, its walls put up by that program). The
program runs as whoever starts it, so that root and an ordinary user can be compared, and needs nothing but the standard
library and the sandbox room.
"""

from __future__ import annotations

import contextlib
import json
import os
import pty
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from shellper.sandbox import Limits, Offer, Policy, SandboxLevel, bubblewrap, levels, run, selftest
from shellper.sandbox.confine import Backend
from shellper.sandbox.secrets import IN_HOME

FULL, LIMITED = SandboxLevel.FULL, SandboxLevel.LIMITED
BOTH = (FULL, LIMITED)
BUBBLEWRAP = "bubblewrap"
MIB = 1024**2

# What is tried inside one Python program: a name, the levels that promise to refuse it, the code.
INSIDE: dict[str, tuple[tuple[SandboxLevel, ...], str]] = {
    "create": (BOTH, "write(f'{top}/outside/made')"),
    "create in /var/tmp": (BOTH, "os.unlink(write(f'/var/tmp/{os.path.basename(top)}-made'))"),
    "create in home": (BOTH, "write(f'{top}/home/.bashrc')"),
    "write": (BOTH, "write(f'{top}/outside/written')"),
    "truncate": (BOTH, "os.truncate(f'{top}/outside/truncated', 0)"),
    "delete": (BOTH, "os.unlink(f'{top}/outside/deleted')"),
    "remove a folder": (BOTH, "os.rmdir(f'{top}/outside/folder')"),
    "rename": (BOTH, "os.rename(f'{top}/outside/renamed', f'{top}/outside/renamed2')"),
    "move out": (BOTH, "os.rename(write(f'{top}/root/moved'), f'{top}/outside/moved')"),
    "move in": (BOTH, "os.rename(f'{top}/outside/movable', f'{top}/root/movable')"),
    "link out": (BOTH, "os.link(write(f'{top}/root/linked'), f'{top}/outside/linked')"),
    "link in": (BOTH, "os.link(f'{top}/outside/linkable', f'{top}/root/linkable')"),
    "symlink out": (BOTH, "os.symlink('x', f'{top}/outside/symlink')"),
    "make a fifo": (BOTH, "os.mkfifo(f'{top}/outside/fifo')"),
    "chmod": ((FULL,), "os.chmod(f'{top}/outside/modes', 0o700)"),
    "chown": ((FULL,), "os.chown(f'{top}/outside/modes', os.getuid(), os.getgid())"),
    "utime": ((FULL,), "os.utime(f'{top}/outside/modes', (1, 1))"),
    "setxattr": ((FULL,), "os.setxattr(f'{top}/outside/modes', 'user.x', b'x')"),
    "write through a symlink": (BOTH, "write(f'{top}/root/way/through')"),
    "write through a new symlink": (
        BOTH,
        "os.symlink(f'{top}/outside', f'{top}/root/new'); write(f'{top}/root/new/through2')",
    ),
    "write through /proc/self/root": (BOTH, "write(f'/proc/self/root{top}/outside/by-root')"),
    "write through /proc/self/cwd": (BOTH, "write('/proc/self/cwd/../outside/by-cwd')"),
    "write through the root of another": (BOTH, "write(f'/proc/{victim}/root{top}/outside/by-victim')"),
    "read a secret through a symlink": (BOTH, "read(f'{top}/root/key')"),
    "read a secret through /proc/self/root": (BOTH, "read(f'/proc/self/root{top}/home/.ssh/id')"),
    "read a secret through another": (BOTH, "read(f'/proc/{victim}/root{top}/home/.ssh/id')"),
    "link a secret": (BOTH, "read(link(f'{top}/home/.ssh/id', f'{top}/root/stolen'))"),
    "read our own state": (BOTH, "read(f'{top}/state/kept')"),
    "write our own state": (BOTH, "write(f'{top}/state/kept')"),
    "read the environment of another": (BOTH, "read(f'/proc/{victim}/environ')"),
    "write a git hook": ((FULL,), "write(f'{top}/root/.git/hooks/pre-commit')"),
    "write git's settings": ((FULL,), "write(f'{top}/root/.git/config')"),
    "replace git's settings": (
        (FULL,),
        "os.rename(write(f'{top}/root/.git/config.lock'), f'{top}/root/.git/config')",
    ),
    "connect by TCP": (BOTH, "connect(socket.AF_INET, ('127.0.0.1', tcp))"),
    "listen by TCP": (BOTH, "socket.create_server(('127.0.0.1', 0)).close()"),
    "send by UDP": (BOTH, "send(udp)"),
    "connect to a UNIX socket": (BOTH, "connect(socket.AF_UNIX, f'{top}/socket')"),
    "connect to an abstract socket": (BOTH, "connect(socket.AF_UNIX, '\\0' + abstract)"),
    "open a netlink socket": (BOTH, "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0).close()"),
    "see another process": ((FULL,), "read(f'/proc/{victim}/stat')"),
    "signal another process": (BOTH, "os.kill(victim, signal.SIGCONT)"),
    "make a user namespace": (BOTH, "unshare()"),
    "gain rights by a set-uid file": (BOTH, "assert 'NoNewPrivs:\\t0' in open('/proc/self/status').read()"),
}
# These can't be undone, so they come last, in this order.
INSIDE_LAST: dict[str, tuple[tuple[SandboxLevel, ...], str]] = {
    "move a secret": (BOTH, "os.rename(f'{top}/home/.ssh', f'{top}/root/.ssh')"),
    "move .git away": ((FULL,), "os.rename(f'{top}/root/.git', f'{top}/root/.git2')"),
}

READS = [f"{top}/id" if top == ".ssh" or number % 2 else top for number, top in enumerate(IN_HOME)]
"""Where in home the secrets lie: every other one is a folder with a file in it."""

PROGRAM = """
import ctypes, json, os, signal, socket, sys
top, victim, tcp, udp, abstract = sys.argv[1], *map(int, sys.argv[2:5]), sys.argv[5]
def write(name):
    with open(name, "a") as file:
        file.write("x")
    return name
def read(name):
    with open(name, "rb") as file:
        assert file.read(1)
def link(one, other):
    os.link(one, other)
    return other
def connect(family, address):
    with socket.socket(family) as one:
        one.settimeout(20)
        one.connect(address)
def send(port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.sendto(b"x", ("127.0.0.1", port))
def unshare():
    if ctypes.CDLL(None).unshare(0x10000000):
        raise OSError("refused")
for name, code in json.loads(sys.argv[6]).items():
    try:
        exec(code)
    except BaseException as error:
        print(json.dumps([name, f"{type(error).__name__}: {error}"]), flush=True)
    else:
        print(json.dumps([name, "worked"]), flush=True)
"""


@dataclass(frozen=True)
class World:
    """What lies in a folder to be broken into, and the commands' policy."""

    top: Path
    level: str
    arguments: tuple[str, ...]

    @property
    def policy(self) -> Policy:
        """The policy of the sandboxed commands."""
        return Policy(
            folder=self.top / "root",
            home=self.top / "home",
            level=FULL if self.level == BUBBLEWRAP else SandboxLevel(self.level),
            masked=(self.top / "state",),
            time_limit=120.0,
        )

    def shell(self, command: str, policy: Policy | None = None) -> tuple[int, str]:
        """Run a command as the level says; gives its exit code and its standard output."""
        if self.level == "plain":
            done = subprocess.run(
                ["/bin/bash", "-c", command], cwd=self.top / "root", stdin=subprocess.DEVNULL, capture_output=True
            )
            return done.returncode, done.stdout.decode()
        result = run(command, policy or self.policy)
        return result.exit_code, result.stdout.text

    def python(self, program: str, *words: str) -> str:
        """Return the command of a Python program."""
        return shlex.join([sys.executable, "-I", "-S", "-c", program, *words])


def use_bubblewrap() -> str:
    """Have level `full` of this process put up by bubblewrap; gives why that can't be, empty where it can."""
    if bubblewrap.find() is None:
        return "bwrap is not installed"
    trial = selftest.test(FULL, Backend.BUBBLEWRAP)
    levels._known[:] = [Offer(FULL, Backend.BUBBLEWRAP, (trial,))]
    return trial.failure


def main() -> None:
    """Build the world, try everything, print the results as JSON."""
    if sys.argv[1] == BUBBLEWRAP:
        why = use_bubblewrap()
        if why:
            sys.exit(f"{BUBBLEWRAP} is not offered here: {why}")
    with _built(Path(sys.argv[2]).resolve(), sys.argv[1]) as world:
        results = {**_inside(world), **_beyond(world)}
    print(json.dumps(results))


def _inside(world: World) -> dict[str, str]:
    codes = {name: code for name, (_, code) in INSIDE.items()}
    codes |= {f"read ~/{name}": f"read(f'{{top}}/home/{name}')" for name in READS}
    codes |= {name: code for name, (_, code) in INSIDE_LAST.items()}
    done = world.shell(world.python(PROGRAM, *world.arguments, json.dumps(codes)), _wordy(world))
    return dict(json.loads(line) for line in done[1].splitlines())


def _wordy(world: World) -> Policy | None:
    return None if world.level == "plain" else replace(world.policy, head_bytes=MIB)


def _beyond(world: World) -> dict[str, str]:
    """Try what takes a command of its own."""
    return {
        "survive as a daemon": _daemon(world),
        "fork without end": _forks(world),
        "fill the memory": _fills(world, world.python("bytearray(600 << 20)"), Limits(data_bytes=200 * MIB)),
        "fill the disk": _fills(world, "head -c 5000000 /dev/zero > big", Limits(file_bytes=MIB)),
        "fill /tmp": _fills(
            world,
            'name="$(mktemp)"; head -c 5000000 /dev/zero > "$name"; code=$?; rm "$name"; exit $code',
            Limits(temporary_bytes=MIB),
        ),
        "inject keystrokes": _keystrokes(world),
    }


def _daemon(world: World) -> str:
    mark = f"daemon-{os.getpid()}-{world.level}"
    program = (
        "import os, signal, sys\n"
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        "    if os.fork() == 0:\n"
        "        null = os.open('/dev/null', os.O_RDWR)\n"
        "        [os.dup2(null, one) for one in (0, 1, 2)]\n"
        "        os.environ.clear()\n"
        "        signal.alarm(120)\n"
        "        open('alive', 'w').close()\n"
        "        signal.pause()\n"
        "    os._exit(0)\n"
    )
    world.shell(
        f"rm -f alive; {world.python(program, mark)}; for _ in $(seq 3000); do [ -e alive ] && break; sleep 0.01; done"
    )
    found = [pid for pid, words in _processes() if mark in words]
    for pid in found:
        os.kill(pid, signal.SIGKILL)
    return "worked" if found else "gone"


def _processes() -> Iterator[tuple[int, list[str]]]:
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                words = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
                yield int(folder.name), words


def _forks(world: World) -> str:
    """A bomb with a fuse: as many sleeping children as the machine has tasks, and some more."""
    wanted = int(Path("/proc/loadavg").read_text().split()[3].split("/")[1]) + 300
    program = (
        "import os, signal, sys\n"
        "made = []\n"
        "try:\n"
        "    for _ in range(int(sys.argv[1])):\n"
        "        pid = os.fork()\n"
        "        if not pid:\n"
        "            signal.alarm(120); signal.pause(); os._exit(0)\n"
        "        made.append(pid)\n"
        "except OSError:\n"
        "    pass\n"
        "for pid in made:\n"
        "    os.kill(pid, signal.SIGKILL)\n"
        "print(len(made))\n"
    )
    limits = Limits(extra_processes=50)
    policy = None if world.level == "plain" else replace(world.policy, limits=limits)
    _, said = world.shell(world.python(program, str(wanted)), policy)
    return "worked" if said.strip() == str(wanted) else f"{said.strip()} of {wanted}"


def _fills(world: World, command: str, limits: Limits) -> str:
    policy = None if world.level == "plain" else replace(world.policy, limits=limits)
    code, _ = world.shell(command, policy)
    return "worked" if code == 0 else f"exit code {code}"


def _keystrokes(world: World) -> str:
    """Put a character into the terminal that the caller sits at (TIOCSTI)."""
    command = world.python("import fcntl, os; fcntl.ioctl(os.open('/dev/tty', os.O_RDWR), 0x5412, b'x')")
    pid, terminal = pty.fork()
    if pid == 0:
        code = 1
        with contextlib.suppress(Exception):
            if world.level == "plain":
                os.chdir(world.top / "root")
                os.execv("/bin/bash", ["bash", "-c", command])
            code, _ = world.shell(command)
        os._exit(code)
    with contextlib.suppress(OSError):
        while os.read(terminal, 4096):
            pass
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    return "worked" if status == 0 else f"status {status}"


@contextmanager
def _built(top: Path, level: str) -> Iterator[World]:
    """Build the world; what listens and runs ends with it."""
    for name in ("root", "outside", "outside/folder", "home", "state", "root/.git/hooks"):
        (top / name).mkdir(parents=True)
    for name in ("written", "truncated", "deleted", "renamed", "movable", "linkable", "modes"):
        (top / "outside" / name).write_text("planted")
    for name in READS:
        (top / "home" / name).parent.mkdir(parents=True, exist_ok=True)
        (top / "home" / name).write_text("secret")
    (top / "home" / ".ssh" / "id.pub").write_text("public")
    (top / "state" / "kept").write_text("kept")
    (top / "root" / ".git" / "config").write_text("[core]\n")
    (top / "root" / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    (top / "root" / "way").symlink_to("../outside")
    (top / "root" / "key").symlink_to("../home/.ssh/id")
    with ExitStack() as stack:
        tcp = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        udp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        udp.bind(("127.0.0.1", 0))
        abstract = f"shellper-test-{os.getpid()}"
        for name in (str(top / "socket"), f"\0{abstract}"):
            listening = stack.enter_context(socket.socket(socket.AF_UNIX))
            listening.bind(name)
            listening.listen()
        victim = subprocess.Popen(["/bin/sleep", "600"], start_new_session=True)
        stack.callback(victim.wait)
        stack.callback(victim.kill)
        ports = (str(tcp.getsockname()[1]), str(udp.getsockname()[1]))
        yield World(top, level, (str(top), str(victim.pid), *ports, abstract))


if __name__ == "__main__":
    main()
