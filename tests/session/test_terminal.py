"""Which terminal a program is in: real sessions and pseudo terminals."""

import os
import pty
import subprocess
import sys
from pathlib import Path

from shellper.session import terminal_identity

PROGRAM = "from shellper.session.terminal import terminal_identity; print(terminal_identity())"


def in_terminal(command: list[str]) -> list[str]:
    """Run a program as the leader of a new session that has a terminal, and return the lines it prints."""
    leader, terminal = pty.openpty()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.setsid()
        os.close(os.open(os.ttyname(terminal), os.O_RDWR))  # the session's terminal: the first it opens
        os.dup2(writing, 1)
        os.execv(command[0], command)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        lines = pipe.read().splitlines()
    os.waitpid(child, 0)
    os.close(leader)
    os.close(terminal)
    return lines


def test_programs_of_one_terminal_agree_however_they_are_piped() -> None:
    run = f"{sys.executable} -c '{PROGRAM}'"
    lines = in_terminal(
        ["/bin/sh", "-c", f"{run}; echo x | {run} 2>/dev/null; sh -c '{run.replace(chr(39), chr(34))}'"]
    )
    assert len(lines) == 3
    assert len(set(lines)) == 1
    assert lines[0].startswith("session=")


def test_another_terminal_is_another_one_even_with_the_same_variables() -> None:
    command = ["/usr/bin/env", "TERM_SESSION_ID=inherited", sys.executable, "-c", PROGRAM]
    assert in_terminal(command) != in_terminal(command)


def test_without_a_terminal_the_pane_counts() -> None:
    def identity(**variables: str) -> str:
        environment = {"PATH": os.environ["PATH"], **variables}
        ran = subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
            start_new_session=True,
            cwd=Path.cwd(),
        )
        return ran.stdout.strip()

    pane = identity(TMUX="/tmp/tmux-0/default,77,0", TMUX_PANE="%3")
    assert pane == identity(TMUX="/tmp/tmux-0/default,77,5", TMUX_PANE="%3", TERM_SESSION_ID="x")
    assert pane != identity(TMUX="/tmp/tmux-0/default,77,0", TMUX_PANE="%4")
    assert pane != identity(TMUX="/tmp/tmux-0/default,78,0", TMUX_PANE="%3")
    assert identity(TERM_SESSION_ID="a") != identity(TERM_SESSION_ID="b")
    assert identity() != identity()


def test_it_is_one_line_of_text() -> None:
    assert terminal_identity()
    assert "\n" not in terminal_identity()
