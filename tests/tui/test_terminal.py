"""The real program at a real terminal: it starts, gives the terminal back however it ends, and is loaded late."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pexpect
import pytest

from tests.cli.conftest import ROOT, SECONDS, Program, call, heed_ctrl_c, reply

ALTERNATE, BACK = "\x1b[?1049h", "\x1b[?1049l"
"""DEC private mode 1049: the alternate screen, and back (XTerm Control Sequences)."""


@pytest.fixture
def program(tmp_path: Path) -> Program:
    program = Program(tmp_path)
    program.environment |= {"ACCESSIBLE": "0", "SHELLPER_DEBUG": "0"}
    del program.environment["SHELLPER_DEBUG"]
    program.script()
    return program


def sit(program: Program, *arguments: str, module: str = "tests.tui.entry") -> "pexpect.spawn[str]":
    return pexpect.spawn(
        sys.executable,
        ["-m", module, *arguments],
        cwd=program.home,
        env=program.environment,
        dimensions=(24, 80),
        encoding="utf-8",
        timeout=SECONDS,
        preexec_fn=heed_ctrl_c,
    )


def end(sitting: "pexpect.spawn[str]") -> tuple[str, int | None]:
    """Wait for the end; gives what was written last, and the exit code."""
    sitting.expect(pexpect.EOF)
    sitting.close()
    return str(sitting.before), sitting.exitstatus


def test_it_starts_and_quits(program: Program) -> None:
    program.script(call("ls"), reply())
    sitting = sit(program)
    sitting.expect_exact(ALTERNATE)
    sitting.expect_exact("sandbox ")
    sitting.send("list\r")
    sitting.expect_exact("allow")
    sitting.send("r")  # within the guard, so no answer
    sitting.expect(r"skip")
    while True:
        sitting.send("r")
        if sitting.expect(["notes.txt", pexpect.TIMEOUT], timeout=2) == 0:
            break
    sitting.send("\x11")  # Ctrl+Q
    sitting.expect_exact(BACK)
    assert end(sitting)[1] == 0
    assert (program.state / "history").read_text().splitlines()[-1] == "+list"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_gives_the_terminal_back(program: Program, number: int, code: int) -> None:
    sitting = sit(program)
    sitting.expect_exact("sandbox ")
    sitting.kill(number)
    sitting.expect_exact(BACK)
    assert end(sitting)[1] == code


def test_a_crash_gives_the_terminal_back(program: Program, tmp_path: Path) -> None:
    (tmp_path / "crash.py").write_text(
        "import sys\n"
        "from shellper.tui.screens.conversation import ConversationScreen\n"
        "def boom(self): raise ZeroDivisionError('boom')\n"
        "ConversationScreen.action_help = boom\n"
        "from shellper.__main__ import converse\n"
        "from shellper.cli.main import main\n"
        "from tests.cli.entry import open_scripted\n"
        "sys.exit(main([], open_engine=open_scripted, conversation=converse))\n"
    )
    program.environment["PYTHONPATH"] += f":{tmp_path}"
    sitting = sit(program, module="crash")
    sitting.expect_exact("sandbox ")
    sitting.send("\x1bOP")  # F1
    sitting.expect_exact(BACK)
    last, code = end(sitting)
    assert "this is a bug: ZeroDivisionError: boom" in last and "Traceback" not in last
    assert code == 1


def test_ctrl_z_suspends_and_fg_comes_back(program: Program) -> None:
    shell = pexpect.spawn(
        "bash",
        ["--norc", "--noprofile", "-i"],
        cwd=program.home,
        env={**program.environment, "PS1": "shell> "},
        dimensions=(24, 80),
        encoding="utf-8",
        timeout=SECONDS,
        preexec_fn=heed_ctrl_c,
    )
    shell.expect_exact("shell> ")
    shell.sendline(f"{sys.executable} -m tests.tui.entry")
    shell.expect_exact(ALTERNATE)
    shell.expect_exact("sandbox ")
    shell.send("\x1a")
    shell.expect_exact(BACK)
    shell.expect_exact("Stopped")
    shell.expect_exact("shell> ")
    shell.sendline("fg")
    shell.expect_exact(ALTERNATE)
    shell.expect_exact("sandbox ")
    shell.send("\x11")  # Ctrl+Q
    shell.expect_exact(BACK)
    shell.sendline("exit")
    end(shell)


@pytest.mark.parametrize(
    ("arguments", "variable", "told"),
    [
        (("--plain",), ("X", ""), False),
        ((), ("ACCESSIBLE", "1"), False),
        ((), ("TERM", "dumb"), True),
        ((), ("PYTHONIOENCODING", "ascii"), True),
    ],
)
def test_the_plain_conversation_where_the_app_is_not_wanted(
    program: Program, arguments: tuple[str, ...], variable: tuple[str, str], told: bool
) -> None:
    program.environment[variable[0]] = variable[1]
    sitting = sit(program, *arguments)
    sitting.expect_exact("/help shows more")
    assert ("so this is --plain" in str(sitting.before)) is told
    sitting.expect_exact("~>")
    sitting.send("\x04")
    assert ALTERNATE not in end(sitting)[0]


@pytest.mark.parametrize("arguments", [("--version",), ("-p", "list"), ("sessions", "list")])
def test_nothing_else_loads_textual(program: Program, arguments: tuple[str, ...]) -> None:
    program.script(call("ls"), reply())
    code = (
        "import sys, json\n"
        "from shellper.__main__ import converse\n"
        "from shellper.cli.main import main\n"
        "from tests.cli.entry import open_scripted\n"
        "main(sys.argv[1:], open_engine=open_scripted, conversation=converse)\n"
        "print(json.dumps(['textual' in sys.modules]), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=program.home,
        env={**program.environment, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert json.loads(done.stderr.splitlines()[-1]) == [False]
