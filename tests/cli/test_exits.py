"""Exit codes, and the one line that each failure costs."""

import os
import signal
import subprocess
import sys

import pytest

from shellper.cli.main import main
from tests.cli.conftest import QUESTION, SECONDS, Ended, Program, call, error, heed_ctrl_c, reply


def fails(ended: Ended, code: int, *words: str) -> None:
    """Check that a program failed with one line on the standard error that holds these words, and nothing else."""
    assert (ended.code, ended.out) == (code, ""), ended.err
    assert ended.err.startswith("shellper: ") and ended.err.count("\n") == 1, ended.err
    for word in words:
        assert word in ended.err


def start(program: Program, *arguments: str) -> "subprocess.Popen[str]":
    """Start the program without a terminal, its streams in pipes."""
    return subprocess.Popen(
        program.command(arguments),
        cwd=program.home,
        env=program.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=heed_ctrl_c,
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--frobnicate", "list"), ("--frobnicate", "--help")),
        (("--time-limit", "soon", "list"), ("'soon'", "seconds")),
        (("--time-limit", "-1", "list"), ("seconds",)),
        (("--time-limit", "nan", "list"), ("seconds",)),
        (("--cwd", "/no/such/folder", "list"), ("/no/such/folder",)),
        (("-p", "-y", "list"), ("not allowed with",)),
        (("",), ("empty",)),
        (("sessions",), ("list, show, rm", "shellper -- sessions")),
        (("sessions", "rm"), ("ID",)),
        (("sessions", "rm", "last"), ("'last'", "sessions list")),
        (("model", "info", "please"), ("please", "in quotes")),
        (("api", "--json"), ("--json",)),
    ],
)
def test_usage(capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], words: tuple[str, ...]) -> None:
    code = main(arguments)
    fails(Ended(code, *capsys.readouterr()), 2, *words)


def test_usage_of_the_program(program: Program) -> None:
    fails(program.run("--frobnicate", "list"), 2, "--frobnicate")


def test_options_that_need_a_request(program: Program) -> None:
    ended = program.sit("-p").end()
    assert (ended.code, ended.err) == (2, "shellper: --print needs a request (see shellper --help)\n")


def test_a_wrong_setting(program: Program) -> None:
    program.config.parent.mkdir(parents=True)
    program.config.write_text("time_limt = 3\n")
    fails(program.run("-p", "list"), 2, str(program.config), "line 1", "time_limit")


def test_the_engine_fails(program: Program) -> None:
    program.script(error("the engine can't answer; mend: start again"))
    fails(program.run("-p", "list"), 6, "the engine can't answer")


def test_the_engine_fails_after_a_command(program: Program) -> None:
    program.script(call("ls"), error("the engine is gone"))
    ended = program.run("-y", "list")
    assert (ended.code, ended.out) == (6, "docs\nnotes.txt\n")
    assert ended.err.endswith("shellper: the engine is gone\n")


@pytest.mark.parametrize("content", [None, b"no model"])
def test_weights_that_the_settings_name(program: Program, content: bytes | None) -> None:
    program.config.parent.mkdir(parents=True)
    program.config.write_text('weights = "mine.gguf"\n')
    file = program.config.with_name("mine.gguf")
    if content is not None:
        file.write_bytes(content)
    done = subprocess.run(
        [sys.executable, "-m", "shellper", "-p", "list"],
        cwd=program.home,
        env=program.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    fails(Ended(done.returncode, done.stdout, done.stderr), 6, str(file))


def test_a_damaged_store_costs_a_line_and_nothing_else(program: Program) -> None:
    program.state.mkdir(parents=True)
    store = program.state / "conversations.sqlite3"
    store.write_bytes(b"no database at all, but long enough to be looked at" * 100)
    program.script(call("ls"), reply())
    ended = program.run("-y", "list")
    assert (ended.code, ended.out) == (0, "docs\nnotes.txt\n")
    assert ended.err.startswith(f"shellper: this conversation is not saved: {store} is damaged")
    assert store.read_bytes().startswith(b"no database")


@pytest.mark.parametrize("arguments", [("-c", "-y", "list"), ("sessions", "list"), ("sessions", "show", "1")])
def test_a_damaged_store_that_is_needed(program: Program, arguments: tuple[str, ...]) -> None:
    program.state.mkdir(parents=True)
    (program.state / "conversations.sqlite3").write_bytes(b"no database at all" * 1000)
    fails(program.run(*arguments), 1, "conversations.sqlite3 is damaged", "move it away")


def test_a_folder_that_is_gone(program: Program) -> None:
    gone = program.home / "gone"
    gone.mkdir()
    program.script(call("ls"))
    command = " ".join(program.command(("-p", "list")))
    done = subprocess.run(
        ["sh", "-c", f"rmdir {gone}; exec {command}"],
        cwd=gone,
        env=program.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    fails(Ended(done.returncode, done.stdout, done.stderr), 1, "the working directory is gone")


def test_the_time_limit(program: Program) -> None:
    os.mkfifo(program.home / "fifo")
    program.script(call("cat", file_name="fifo"), reply())
    ended = program.run("-y", "--time-limit", "0.3", "show it")
    assert ended.code == 124
    assert "stopped by the time limit" in ended.err


def test_ctrl_c_at_the_question(program: Program) -> None:
    program.script(call("ls"))
    sitting = program.sit("list")
    sitting.expect(QUESTION)
    sitting.press("\x03")
    ended = sitting.end()
    assert (ended.code, ended.out) == (130, "")
    assert ended.err.endswith(f"{QUESTION}\n")


def test_ctrl_c_in_the_editor(program: Program) -> None:
    program.script(call("ls"))
    sitting = program.sit("list")
    sitting.expect(QUESTION)
    sitting.press("e")
    sitting.expect("$ ")
    sitting.press("\x03")
    ended = sitting.end()
    assert ended.code == 130 and "Traceback" not in ended.err


def test_ctrl_c_while_the_command_runs(program: Program) -> None:
    program.script(call("ls"))
    sitting = program.sit("list")
    sitting.expect(QUESTION)
    sitting.press("e")
    sitting.expect("ls")
    sitting.press("\x15echo begun >&2; cat fifo\r")
    os.mkfifo(program.home / "fifo")
    sitting.expect(QUESTION)
    sitting.press("r")
    sitting.expect("begun\n")
    sitting.press("\x03")
    ended = sitting.end()
    assert ended.code == 130
    assert ended.err.endswith("stopped\n") and "Traceback" not in ended.err


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)])
def test_signals_end_the_command_too(program: Program, number: signal.Signals, code: int) -> None:
    fifo = program.home / "fifo"
    os.mkfifo(fifo)
    program.script(call("cat", file_name="fifo"))
    with start(program, "-y", "show it") as process:
        assert process.stderr
        writer = os.open(fifo, os.O_WRONLY)  # waits until the command reads
        process.send_signal(number)
        assert process.wait(timeout=SECONDS) == code
        assert "Traceback" not in process.stderr.read()
    with pytest.raises(BrokenPipeError):  # nobody reads any more
        os.write(writer, b"x")
    os.close(writer)


def test_a_broken_pipe_is_quiet(program: Program) -> None:
    (program.home / "long").write_text("a line\n" * 200_000)
    program.script(call("cat", file_name="long"), reply())
    with start(program, "-y", "show it") as process:
        assert process.stdout and process.stderr
        assert process.stdout.readline() == "a line\n"
        process.stdout.close()
        assert process.stderr.read() == "$ cat long\n✓ allow: `cat` only reads\n"
        assert process.wait(timeout=SECONDS) == 141


def test_closed_streams(program: Program) -> None:
    program.script(call("ls"), reply())
    command = " ".join(program.command(("-y", "list")))
    done = subprocess.run(
        ["sh", "-c", f"{command} <&- 2>&-"],
        cwd=program.home,
        env=program.environment,
        stdout=subprocess.PIPE,
        text=True,
        timeout=SECONDS,
    )
    assert (done.returncode, done.stdout) == (0, "docs\nnotes.txt\n")


def test_a_bug_costs_one_line(program: Program) -> None:
    program.script()  # the engine has nothing to say, which is an AssertionError
    del program.environment["SHELLPER_DEBUG"]
    fails(program.run("-p", "list"), 1, "this is a bug: AssertionError", "SHELLPER_DEBUG=1")


def test_help_and_version(program: Program) -> None:
    version = program.run("--version")
    assert (version.code, version.err) == (0, "")
    assert version.out.startswith("shellper ")
    help_text = program.run("--help")
    assert (help_text.code, help_text.err) == (0, "")
    for word in ("exit codes", "--json", "sessions", "shellper -- engine status"):
        assert word in help_text.out
    for words in (("model",), ("sessions", "rm"), ("api",)):
        assert program.run(*words, "--help").out.startswith(f"usage: shellper {' '.join(words)}")


def test_help_in_a_closed_pipe(program: Program) -> None:
    command = " ".join(program.command(("--help",)))
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command} | true"],
        cwd=program.home,
        env=program.environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.stderr == ""
