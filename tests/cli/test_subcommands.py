"""The subcommands, and which words are one."""

import json
import re
from pathlib import Path

import pytest

from shellper.cli.arguments import Options, Subcommand, parse
from tests.cli.conftest import Ended, Program, call, reply


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("model", "build"), "model build"),
        (("engine", "status"), "engine status"),
        (("--no-daemon", "api"), "api"),
        (("sessions", "rm", "3", "4"), "sessions rm"),
        (("sessions", "--json", "list"), "sessions list"),
    ],
)
def test_subcommands(arguments: tuple[str, ...], words: str) -> None:
    found = parse(arguments)
    assert isinstance(found, Subcommand) and found.words == words


@pytest.mark.parametrize(
    ("arguments", "request_"),
    [
        (("model", "the", "data"), "model the data"),
        (("model build",), "model build"),
        (("--", "engine", "status"), "engine status"),
        (("-p", "--", "sessions", "list", "-la"), "sessions list -la"),
        (("engine", "--", "status"), "engine status"),
        (("api", "docs"), "api docs"),
        (("--cwd", ".", "sessions", "please"), "sessions please"),
        (("show", "model", "info"), "show model info"),
    ],
)
def test_requests(arguments: tuple[str, ...], request_: str) -> None:
    found = parse(arguments)
    assert isinstance(found, Options) and found.request == request_


def test_sessions_list_show_and_rm(program: Program) -> None:
    assert program.run("sessions", "list") == Ended(0, "", "")
    program.script(call("cat", file_name="notes.txt"), call("cat", file_name="none"), reply("That is all."))
    program.run("-y", "show notes.txt and none")
    program.script(call("touch", file_name="new"))
    program.run("-p", "make a \x1b[31mfile")
    listed = program.run("sessions", "list")
    assert (listed.code, listed.err) == (0, "")
    date = r"\d{4}-\d\d-\d\d \d\d:\d\d"
    assert re.fullmatch(
        rf" +2  {date}     1 turn  make a <U\+001B>\[31mfile\n +1  {date}     1 turn  show notes\.txt and none\n",
        listed.out,
    )
    shown = program.run("sessions", "show", "1")
    assert (shown.code, shown.err) == (0, "")
    head, rest = shown.out.split("\n", 1)
    assert re.fullmatch(rf"conversation 1, begun {date} in {re.escape(str(program.home))}", head)
    assert rest == (
        "\n> show notes.txt and none\n$ cat notes.txt\none\ntwo\n"
        "$ cat none\ncat: none: No such file or directory\n(exit code 1)\nThat is all.\n"
    )
    assert "$ touch new\n(printed or copied)\n" in program.run("sessions", "show", "2").out
    assert program.run("sessions", "rm", "1") == Ended(0, "", "")
    assert program.ids() == [2]
    missing = program.run("sessions", "rm", "1", "2")
    assert (missing.code, missing.out) == (1, "")
    assert missing.err == "shellper: there is no conversation 1; `shellper sessions list` shows what there is\n"
    assert program.ids() == []


def test_sessions_as_json(program: Program) -> None:
    program.script(call("ls"), reply())
    program.run("-y", "list")
    found = json.loads(program.run("sessions", "list", "--json").out)
    assert (found["id"], found["title"], found["turns"], found["folder"]) == (1, "list", 1, str(program.home))
    whole = json.loads(program.run("sessions", "show", "1", "--json").out)
    assert whole["turns"][0]["request"] == "list"
    assert whole["turns"][0]["steps"][0]["output"] == "docs\nnotes.txt\n"


def test_sessions_show_without_a_number_is_the_last_one(program: Program) -> None:
    program.script(call("ls"), reply(), call("pwd"), reply())
    program.run("-y", "list")
    program.run("-y", "where")
    assert "\n> where\n" in program.run("sessions", "show").out


@pytest.mark.parametrize("arguments", [("sessions", "show"), ("sessions", "show", "9"), ("sessions", "rm", "9")])
def test_sessions_that_are_not_there(program: Program, arguments: tuple[str, ...]) -> None:
    ended = program.run(*arguments)
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith("shellper: ") and ended.err.count("\n") == 1


def test_model_path(program: Program) -> None:
    data = program.home.parent / "shellper" / "data"
    assert program.run("model", "path") == Ended(0, f"{data}/shellper-270m-q8_0.gguf\n", "")


def test_model_path_of_another_file(program: Program) -> None:
    program.config.parent.mkdir(parents=True)
    program.config.write_text('weights = "/else/where.gguf"\n')
    assert program.run("model", "path").out == "/else/where.gguf\n"


@pytest.mark.parametrize("action", ["info", "verify"])
def test_model_that_is_not_there(program: Program, action: str) -> None:
    ended = program.run("model", action)
    assert (ended.code, ended.out) == (6, "")
    assert "shellper model build" in ended.err and ended.err.count("\n") == 1


def test_model_that_is_damaged(program: Program) -> None:
    path = Path(program.run("model", "path").out.strip())
    path.parent.mkdir(parents=True)
    path.write_bytes(b"GGUF and no more")
    inputs: dict[str, object] = {f"{name}_sha256": "0" for name in ("base", "adapter", "vocabulary", "template")}
    inputs |= {"catalogue_version": 1, "builder_version": 1}
    manifest = {"sha256": "ab" * 32, "size": 16, "modified_ns": 0, "inputs": inputs}
    path.with_suffix(".json").write_text(json.dumps(manifest))
    ended = program.run("model", "verify")
    assert (ended.code, ended.out) == (6, "")
    assert f"{path} is damaged" in ended.err
    info = program.run("model", "info")
    assert info.code == 0
    assert f"path               {path}\n" in info.out and "ab" * 32 in info.out
    assert json.loads(program.run("model", "info", "--json").out)["size"] == 16


def test_engine_that_does_not_run(program: Program) -> None:
    assert program.run("engine", "status") == Ended(0, "no engine is running; the next request starts one\n", "")
    assert program.run("engine", "status", "--json").out == '{"running": false}\n'
    assert program.run("engine", "stop") == Ended(0, "no engine was running\n", "")
