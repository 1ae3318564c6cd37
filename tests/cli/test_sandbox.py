"""The sandbox as the user meets it: the doctor, the least level, the network, outside of it, and what a wall says."""

import json
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from shellper.sandbox import SandboxLevel, offer
from tests.cli.conftest import SECONDS, Program, Sitting, call, reply

LEVEL = offer().level
WALLED = pytest.mark.skipif(LEVEL is SandboxLevel.NONE, reason=f"no sandbox here: {offer().trials}")


def step(program: Program, *arguments: str) -> dict[str, object]:
    found = json.loads(program.run("--json", "-y", *arguments, "request").out)
    first: dict[str, object] = found["steps"][0]
    return first


def test_doctor_shows_every_probe(program: Program) -> None:
    ended = program.run("doctor")
    assert ended.code == 0
    assert ended.out.startswith(f"sandbox: {offer().label}\n")
    assert ("ok   read a secret: refused" in ended.out) == (LEVEL is not SandboxLevel.NONE)


def test_doctor_as_json(program: Program) -> None:
    found = json.loads(program.run("doctor", "--json").out)
    assert found["level"] == LEVEL
    assert all(probe["name"] for trial in found["trials"] for probe in trial["probes"])


def test_a_request_may_begin_with_the_word(program: Program) -> None:
    program.script(call("ls"), reply("Done."))
    assert program.run("-p", "doctor", "my", "files").out == "ls\n"


def test_outcome_tells_the_true_level(program: Program) -> None:
    program.script(call("ls"), reply("Done."))
    assert step(program)["sandbox"] == LEVEL


@WALLED
def test_wall_is_named_on_the_screen(program: Program) -> None:
    program.script(call("touch", file_name="../beside"), reply("Done."))
    ended = program.run("-y", "make a file")
    assert ended.code == 1
    assert f"the sandbox keeps {program.home.parent}/beside read-only" in ended.err
    assert "--no-sandbox" in ended.err
    assert not (program.home.parent / "beside").exists()


@WALLED
def test_outside_the_sandbox_at_the_users_word(program: Program) -> None:
    program.script(call("touch", file_name="../beside"), reply("Done."))
    first = step(program, "--no-sandbox")
    assert (first["sandbox"], first["outside"], first["refusal"]) == ("none", True, "")
    assert (program.home.parent / "beside").exists()


@WALLED
def test_key_for_outside_the_sandbox(program: Program) -> None:
    program.script(call("touch", file_name="../beside"), reply("Done."))
    sitting = program.sit("make a file")
    sitting.expect("(Enter runs): ")
    sitting.press("o")
    ended = sitting.end()
    assert "run outside the sandbox" in ended.err
    assert (program.home.parent / "beside").exists()


def test_least_level_that_is_offered(program: Program) -> None:
    program.script(call("ls"), reply("Done."))
    assert step(program, f"--sandbox={LEVEL}")["exit_code"] == 0


def test_least_level_that_is_not_offered(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    if LEVEL is SandboxLevel.FULL:
        # A test that is remembered stands in for a system that gives less.
        program.run("doctor")
        program.script(call("ls"), reply("Done."))
        program.run("-y", "list")
        memory = program.state / "sandbox.json"
        data = json.loads(memory.read_text())
        memory.write_text(json.dumps(data | {"level": "none", "backend": None}))
    program.script(call("ls"), reply("Done."))
    ended = program.run("-y", "--sandbox", "full", "list")
    assert (ended.code, ended.out) == (1, "")
    assert "the sandbox level full is not offered here" in ended.err
    assert len(ended.err.splitlines()) == 1


def test_least_level_of_the_settings(program: Program) -> None:
    program.config.parent.mkdir(parents=True)
    program.config.write_text('sandbox = "fully"\n')
    ended = program.run("-y", "list")
    assert ended.code == 2
    assert 'did you mean "full"?' in ended.err


@WALLED
def test_network_for_one_request(program: Program) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        (program.home / "go").write_text(f"exec 3<>/dev/tcp/127.0.0.1/{port}\n")
        for arguments, code in (((), 1), (("--network",), 0)):
            program.script(call("ls"), reply("Done."))
            sitting = program.sit(*arguments, "connect")
            sitting.expect("(Enter runs): ")
            sitting.press("e")
            sitting.expect("$ ls")
            sitting.press("\x15bash go\r")
            sitting.expect("$ bash go")
            sitting.expect("[s]kip")
            sitting.press("yes\r")
            assert sitting.end().code == code


@pytest.mark.parametrize(
    "arguments", [("--no-sandbox",), ("--no-sandbox", "--sandbox=full", "list"), ("--sandbox=most", "list")]
)
def test_senseless_arguments_are_refused(program: Program, arguments: tuple[str, ...]) -> None:
    ended = program.run(*arguments)
    assert ended.code == 2
    assert len(ended.err.splitlines()) == 1


def test_state_is_hidden_from_commands(program: Program) -> None:
    program.script(call("ls"), reply("Done."))
    program.run("-y", "list")
    name = next(path for path in program.state.iterdir() if path.is_file())
    program.script(call("cat", file_name=str(name)), reply("Done."))
    assert (step(program)["exit_code"] != 0) == (LEVEL is not SandboxLevel.NONE)
    assert Path(name).exists()


def edited(sitting: Sitting, command: str) -> None:
    """Press the keys that put a command in place of the proposed `ls`."""
    sitting.expect("(Enter runs): ")
    sitting.press("e")
    sitting.expect("$ ls")
    sitting.press(f"\x15{command}\r")
    sitting.expect(f"$ {command}")


def test_processes_can_be_listed_and_ended(program: Program) -> None:
    with subprocess.Popen(["sleep", "60"]) as other:
        program.script(call("ps"), reply())
        assert str(other.pid) in program.run("-y", "what runs").out
        program.script(call("ls"), reply())
        sitting = program.sit("what runs")
        edited(sitting, f"ps -eo pid,comm | grep -w {other.pid}")
        sitting.expect("(Enter runs): ")
        sitting.press("\r")
        assert "sleep" in sitting.end().out
        program.script(call("kill", pid=other.pid), reply())
        sitting = program.sit("end it")
        sitting.expect("type yes to run")
        sitting.press("yes\r")
        assert sitting.end().code == 0
        assert other.wait(60) == -signal.SIGTERM


def test_an_interactive_program_gets_the_terminal(program: Program) -> None:
    program.script(call("ls"), reply())
    sitting = program.sit("talk")
    edited(sitting, "read name && echo hello $name > said")
    sitting.expect("run in this [t]erminal")
    sitting.press("t")
    sitting.expect("terminal\n")
    sitting.press("you\n")
    assert sitting.end().code == 0
    assert (program.home / "said").read_text() == "hello you\n"


def sleeping(seconds: str) -> bool:
    """Say whether somebody sleeps so long."""
    return any(process.info["cmdline"] == ["sleep", seconds] for process in psutil.process_iter(["cmdline"]))


def test_ctrl_c_first_the_command_then_its_tree_then_the_prompt(program: Program) -> None:
    program.script(call("ls"), reply("Done."))
    sitting = program.sit("--plain", "go")
    seconds = f"600.{os.getpid()}"
    background = f"(trap '' INT TERM; exec sleep {seconds}) &"
    (program.home / "deaf").write_text(
        f"trap 'echo asked >&2' INT TERM\n{background}\necho begun >&2\nwhile :; do wait; done\n"
    )
    edited(sitting, "bash deaf")
    sitting.expect("[s]kip")
    sitting.press("yes\r")
    sitting.expect("begun\n")
    until = time.monotonic() + SECONDS  # it is in the background, so it may begin to sleep later
    while not sleeping(seconds) and time.monotonic() < until:
        time.sleep(0.05)
    assert sleeping(seconds)
    sitting.press("\x03")
    sitting.expect("asked\n")
    sitting.press("\x03")
    sitting.expect("stopped\n")
    sitting.expect("~> ")
    assert not sleeping(seconds)
    sitting.press("/quit\n")
    assert sitting.end().code == 0
