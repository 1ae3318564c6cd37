"""The one-shot for scripts: `-p`, `-y`, `--json`, pipes, and no terminal at all."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from shellper.session import STORE_NAME
from tests.cli.conftest import Ended, Program, call, reply, shown
from tests.cli.schema import problems

SCHEMA = json.loads((Path(__file__).resolve().parents[2] / "shellper" / "cli" / "turn.schema.json").read_text())
NOT_RUN = "shellper: not run: there is no terminal to ask at (--yes runs without asking)\n"


def record(ended: Ended) -> Any:
    """Return the one object that was printed, after it is checked against its schema."""
    assert ended.out.count("\n") == 1
    found = json.loads(ended.out)
    assert problems(SCHEMA, found) == []
    return found


def test_without_a_terminal_nothing_runs(program: Program) -> None:
    program.script(call("touch", file_name="new"))
    assert program.run("make a file") == Ended(0, "touch new\n", NOT_RUN)
    assert not (program.home / "new").exists()


def test_without_a_terminal_auto_run_does_not_hold(program: Program) -> None:
    program.config.parent.mkdir(parents=True)
    program.config.write_text("auto_run = true\n")
    program.script(call("ls"))
    assert program.run("list") == Ended(0, "ls\n", NOT_RUN)


def test_print_at_a_terminal_with_auto_run(program: Program) -> None:
    program.config.parent.mkdir(parents=True)
    program.config.write_text("auto_run = true\n")
    program.script(call("ls"))
    assert program.sit("-p", "list").end() == Ended(0, "ls\n", "")


def test_print_takes_the_command_along(program: Program) -> None:
    program.script(call("ls"))
    assert program.run("-p", "list") == Ended(0, "ls\n", "")
    program.script(reply("Fine."))
    program.run("-c", "-p", "and?")
    assert program.given[-1][0]["steps"][0]["response"]["state"] == "unknown"


def test_print_with_nothing_to_run(program: Program) -> None:
    program.script(reply("Which file?"))
    assert program.run("-p", "show the file") == Ended(3, "", "Which file?\n")


def test_print_warns(program: Program) -> None:
    (program.home / ".bashrc").write_text("")
    program.script(call("echo", content="x", file_name=".bashrc"))
    ended = program.run("--print", "add x")
    assert (ended.code, ended.out) == (0, "echo x >> .bashrc\n")
    assert ended.err.startswith("shellper: warn: ") and ended.err.count("\n") == 1


def test_print_keeps_back_what_is_blocked(program: Program) -> None:
    program.script(call("rm", file_name="/", recursive=True))
    ended = program.run("-p", "delete it all")
    assert (ended.code, ended.out) == (5, "")
    assert ended.err.startswith("shellper: blocked: deletes `/`") and ended.err.count("\n") == 1


def test_yes_runs_allow_and_confirm(program: Program) -> None:
    mkdir, ls = call("mkdir", dir_name="a b"), call("ls")
    program.script(mkdir, ls, reply("Made."))
    proposals = shown(program, mkdir, "mkdir 'a b'", "confirm", "?", "creates a b, an empty folder")
    proposals += shown(program, ls, "ls", "allow", "✓")
    assert program.run("-y", "make it") == Ended(0, "a b\ndocs\nnotes.txt\n", f"{proposals}Made.\n")


def test_yes_never_runs_warn(program: Program) -> None:
    (program.home / ".bashrc").write_text("")
    echo = call("echo", content="x", file_name=".bashrc")
    program.script(call("ls"), echo)
    ended = program.run("--yes", "list, then add x")
    assert (ended.code, ended.out) == (4, "docs\nnotes.txt\n")
    note = "shellper: not run: --yes runs what is at allow or confirm, this is at warn\n"
    effects = ("changes .bashrc (0 B to 2 B) [will run later]", "(d shows the differences)")
    assert ended.err.endswith(shown(program, echo, "echo x >> .bashrc", "warn", "!", *effects) + note)
    assert (program.home / ".bashrc").read_text() == ""


def test_yes_never_runs_block(program: Program) -> None:
    program.script(call("rm", file_name="~", recursive=True))
    ended = program.run("-y", "delete it all")
    assert (ended.code, ended.out) == (5, "")
    assert ended.err.endswith("this is at block\n")
    assert program.home.is_dir()


def test_json_of_what_ran(program: Program) -> None:
    program.script(call("cat", 0.9, file_name="notes.txt"), call("cat", 0.8, file_name="none"), reply("There."))
    ended = program.run("--json", "-y", "show notes.txt and none")
    found = record(ended)
    assert ended.code == 1
    assert "two" not in ended.err
    first, second = found.pop("steps")
    assert found == {
        "request": "show notes.txt and none",
        "reply": "There.",
        "end": "replied",
        "folder": str(program.home),
        "conversation": 1,
        "exit_code": 1,
    }
    assert first["duration"] > 0
    assert first | {"duration": 0, "sandbox": "none"} == {
        "call": {"name": "cat", "arguments": {"file_name": "notes.txt"}},
        "command": "cat notes.txt",
        "folder": str(program.home),
        "verdict": "allow",
        "reasons": ["`cat` only reads"],
        "confidence": 0.9,
        "note": "",
        "meant": None,
        "decision": "run",
        "elsewhere": False,
        "outside": False,
        "exit_code": 0,
        "output": "one\ntwo\n",
        "left_out_lines": 0,
        "duration": 0,
        "timed_out": False,
        "cancelled": False,
        "sandbox": "none",
        "effects": None,
        "changed": [],
        "transaction": None,
        "refusal": "",
        "left": "",
        "job": None,
    }
    assert (second["exit_code"], second["output"]) == (1, "cat: none: No such file or directory\n")


def test_json_of_what_is_printed(program: Program) -> None:
    program.script(call("touch", file_name="new"))
    ended = program.run("--json", "-p", "make a file")
    step = record(ended)["steps"][0]
    assert ended.code == 0 and not (program.home / "new").exists()
    assert (step["command"], step["elsewhere"], step["exit_code"]) == ("touch new", True, None)


def test_json_of_a_reply(program: Program) -> None:
    program.script(reply("Which file?"))
    ended = program.run("--json", "delete it")
    found = record(ended)
    assert (ended.code, found["steps"], found["reply"], found["exit_code"]) == (3, [], "Which file?", 3)


def test_json_of_a_decision_at_a_terminal(program: Program) -> None:
    program.script(call("touch", file_name="new"))
    sitting = program.sit("--json", "make a file")
    sitting.expect("[s]kip")
    sitting.press("s")
    ended = sitting.end()
    assert (ended.code, record(ended)["steps"][0]["decision"]) == (4, "skip")


def test_the_schema_finds_what_is_wrong(program: Program) -> None:
    program.script(call("ls"))
    found = record(program.run("--json", "-p", "list"))
    for wrong in (
        {key: value for key, value in found.items() if key != "reply"},
        found | {"extra": 1},
        found | {"end": "over"},
        found | {"exit_code": True},
        found | {"steps": [found["steps"][0] | {"confidence": 1.5}]},
        found | {"steps": [found["steps"][0] | {"call": {"name": "ls"}}]},
    ):
        assert problems(SCHEMA, wrong) != []


def test_piped_input_is_cut(program: Program) -> None:
    program.script(reply("I see."))
    text = "".join(f"line {number}\n" for number in range(200_000))
    assert program.run("what is this?", stdin=text).code == 3
    request = program.given[0][0]["request"]
    assert request.startswith("what is this?\nline 0\nline 1\n")
    assert request.rstrip().endswith("line 199999")
    assert len(request) < 2000


def test_piped_escapes_and_binary_are_no_context(program: Program) -> None:
    program.script(reply(), reply())
    program.run("what?", stdin="\x1b[31mred\x1b[0m \x1b]0;title\x07text\n")
    program.run("what?", stdin=bytes(range(256)) * 10)
    requests = [given[0]["request"] for given in program.given]
    assert requests == ["what?\nred text\n", "what?\n[binary output, 2,560 bytes]\n"]


@pytest.mark.parametrize("stdin", ["", None])
def test_empty_input_is_no_context(program: Program, stdin: str | None) -> None:
    program.script(reply())
    program.run("what?", stdin=stdin)
    assert program.given[0][0]["request"] == "what?"


def test_waiting_for_the_input_is_said(program: Program) -> None:
    program.script(call("ls"))
    with subprocess.Popen(
        program.command(("-p", "list")),
        cwd=program.home,
        env=program.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdin and process.stdout and process.stderr
        assert process.stderr.readline().startswith("shellper: waiting for the end of the standard input")
        process.stdin.close()
        assert process.stdout.read() == "ls\n"


def test_cwd(program: Program) -> None:
    program.script(call("ls"), reply())
    assert program.run("--cwd", "docs", "-y", "list").out == "plan.md\n"


def test_the_requests_words_and_options_may_mix(program: Program) -> None:
    program.script(call("ls"))
    assert program.run("show", "me", "-p", "the", "files").out == "ls\n"
    assert program.given[0][0]["request"] == "show me the files"


def test_a_hostile_name_stays_one_line_on_stderr_and_whole_on_stdout(program: Program) -> None:
    (program.home / "a\nb; rm x").touch()
    program.script(call("cat", file_name="a\nb; rm x"))
    ended = program.run("-p", "show it")
    assert ended.out == "cat 'a\nb; rm x'\n"


def test_nothing_is_kept_where_the_history_is_off(program: Program) -> None:
    program.config.parent.mkdir(parents=True)
    program.config.write_text("history = false\n")
    program.script(call("ls"), reply())
    assert record(program.run("--json", "-y", "xyzzy list"))["conversation"] is None
    kept = [path for path in program.state.rglob("*") if path.is_file()]
    assert [path for path in kept if b"xyzzy" in path.read_bytes()] == []
    assert not (program.state / STORE_NAME).exists()
