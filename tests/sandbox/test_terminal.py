"""A command that has the user's terminal for itself: keys, Ctrl+C and Ctrl+Z are its own, and we get it back."""

import contextlib
import os
import pty
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pexpect
import pexpect.fdpexpect
import pytest

from shellper.sandbox import Policy, SandboxLevel, wants_terminal

from .conftest import each_level, python

SECONDS = 120


@pytest.fixture(params=list(SandboxLevel))
def level(request: pytest.FixtureRequest) -> SandboxLevel:
    return each_level(request)


MAIN = """
import os, signal, sys, termios
from pathlib import Path
from shellper.sandbox import Policy, SandboxLevel, run
before = termios.tcgetattr(0)
policy = Policy(Path(sys.argv[1]), Path(sys.argv[1]), SandboxLevel(sys.argv[2]))
result = run(sys.argv[3], policy, terminal=0)
print("code", result.exit_code, "caught", repr(result.combined.text))
print("ours again:", os.tcgetpgrp(0) == os.getpgrp(), termios.tcgetattr(0) == before)
"""


@dataclass
class Sitting:
    """A program at a terminal of its own, and what was seen of it."""

    screen: "pexpect.fdpexpect.fdspawn[str]"
    pid: int

    def expect(self, text: str) -> None:
        self.screen.expect_exact(text)

    def press(self, keys: str) -> None:
        self.screen.send(keys)

    def end(self) -> list[str]:
        """Return the lines that were not yet seen, up to the program's end."""
        with contextlib.suppress(OSError):  # what Linux gives when the last one has let go of a terminal
            self.screen.expect(pexpect.EOF)
        os.waitpid(self.pid, 0)
        return str(self.screen.before).split("\r\n")


@contextlib.contextmanager
def sitting(policy: Policy, command: str) -> Iterator[Sitting]:
    pid, master = pty.fork()
    if pid == 0:
        words = [sys.executable, "-c", MAIN, str(policy.folder), str(policy.level), command]
        root = str(Path(__file__).parents[2])
        os.execve(sys.executable, words, {**os.environ, "PYTHONPATH": root, "TERM": "xterm"})
    screen = pexpect.fdpexpect.fdspawn(master, encoding="utf-8", timeout=SECONDS)
    try:
        yield Sitting(screen, pid)
    finally:
        screen.close()


def test_it_is_a_terminal_and_nothing_is_caught(policy: Policy) -> None:
    command = f"read -p 'name? ' name; echo \"hello $name\"; {python('import os; print(*map(os.isatty, range(3)))')}"
    with sitting(policy, f"{command}; echo $TERM; exit 3") as sat:
        sat.expect("name? ")
        sat.press("you\n")
        sat.expect("hello you")
        sat.expect("True True True")
        sat.expect("xterm")
        assert sat.end() == ["", "code 3 caught ''", "ours again: True True", ""]


def test_dev_tty_is_that_terminal(policy: Policy) -> None:
    with sitting(policy, 'exec >/dev/null; echo question >/dev/tty; read x </dev/tty; [ "$x" = word ]') as sat:
        sat.expect("question")
        sat.press("word\n")
        assert sat.end()[-3:] == ["code 0 caught ''", "ours again: True True", ""]


def test_ctrl_c_is_the_commands_own(policy: Policy) -> None:
    with sitting(policy, "trap 'echo caught it; exit 7' INT; echo ready; while :; do sleep 0.05; done") as sat:
        sat.expect("ready")
        sat.press("\x03")
        sat.expect("caught it")
        assert sat.end() == ["", "code 7 caught ''", "ours again: True True", ""]


def test_ctrl_z_leaves_nobody_stuck(policy: Policy) -> None:
    with sitting(policy, 'echo ready; read x; echo "$x"') as sat:
        sat.expect("ready")
        sat.press("\x1a")
        sat.press("word\n")
        sat.expect("word\r\nword")
        assert sat.end()[-3:] == ["code 0 caught ''", "ours again: True True", ""]


def test_modes_are_given_back(policy: Policy) -> None:
    with sitting(policy, "stty raw -echo; kill -9 $$") as sat:
        assert sat.end()[-3:] == ["code 137 caught ''", "ours again: True True", ""]


def test_walls_stand_and_keystrokes_are_refused(policy: Policy, level: SandboxLevel) -> None:
    inject = python("import fcntl; fcntl.ioctl(0, 0x5412, b'x')")
    with sitting(
        policy, f"touch /var/tmp/shellper-{os.getpid()} && echo open; {inject} 2>/dev/null || echo no keys"
    ) as sat:
        said = "\n".join(sat.end())
    made = Path(f"/var/tmp/shellper-{os.getpid()}")
    assert made.exists() == (level is SandboxLevel.NONE)
    made.unlink(missing_ok=True)
    if level is not SandboxLevel.NONE:
        assert "no keys" in said


@pytest.mark.parametrize(
    ("command", "program"),
    [
        ("vim x", "vim"),
        ("cd /x && /usr/bin/nano y", "nano"),
        ("cat x | less", "less"),
        ("man ls | head", ""),
        ("LANG=C top", "top"),
        ("top -b -n1", ""),
        ("sudo apt update | tee x", "sudo"),
        ("sudo -n true", ""),
        ("python", "python"),
        ("python x.py", ""),
        ("python3 -c 'x'", ""),
        ("echo x | python", ""),
        ("bash < x", ""),
        ("sqlite3 a.db", "sqlite3"),
        ("sqlite3 a.db 'select 1'", ""),
        ("read x", "read"),
        ("git commit", "git"),
        ("git commit -am x", ""),
        ("git rebase -i HEAD~2", "git"),
        ("git add -p", "git"),
        ("echo 'vim x; top'", ""),
        ("grep top x", ""),
        ("less --version", ""),
        ("echo 'open", ""),
        ("", ""),
    ],
)
def test_what_wants_a_terminal(command: str, program: str) -> None:
    assert wants_terminal(command) == program
