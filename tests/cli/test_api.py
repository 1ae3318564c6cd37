"""`shellper api`: what a conversation of messages becomes, what is answered, and what is refused."""

import io
import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from shellper.calls import ToolCall
from shellper.cli import api
from shellper.engine import ScriptedEngine, conversation_to_json
from tests.cli.conftest import SECONDS, Program, call, error, reply


def user(content: object) -> dict[str, Any]:
    return {"role": "user", "content": content}


def assistant(*calls: dict[str, Any], content: str | None = None) -> dict[str, Any]:
    return {"role": "assistant", "content": content, "tool_calls": list(calls)}


def tool(content: object, **more: str) -> dict[str, Any]:
    return {"role": "tool", "content": content, **more}


def one(name: str, **arguments: object) -> dict[str, Any]:
    return {"name": name, "arguments": arguments}


def openai(name: str, arguments: object, mark: str = "call_1") -> dict[str, Any]:
    return {"id": mark, "type": "function", "function": {"name": name, "arguments": arguments}}


def text_of(lines: Sequence[object]) -> str:
    """Return lines as they are sent: a text as it is, anything else as JSON."""
    return "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)


def answers(engine: ScriptedEngine, folder: Path, *lines: object) -> list[dict[str, Any]]:
    """Serve lines in this process and return the answers."""
    written = io.StringIO()
    api.serve(io.BytesIO(text_of(lines).encode()), written, engine, folder)
    return [json.loads(line) for line in written.getvalue().splitlines()]


def serve(program: Program, *lines: object) -> list[dict[str, Any]]:
    """Give lines to the program and return its answers."""
    ended = program.run("api", stdin=text_of(lines))
    assert (ended.code, ended.err) == (0, "")
    return [json.loads(line) for line in ended.out.splitlines()]


def test_a_call(program: Program) -> None:
    program.script(call("cat", 0.875, file_name="my notes"))
    (answer,) = serve(program, {"id": "a", "messages": [user("show my notes")]})
    assert answer.pop("latency_ms") >= 0
    assert answer == {
        "id": "a",
        "tool_calls": [{"name": "cat", "arguments": {"file_name": "my notes"}}],
        "command": "cat 'my notes'",
        "text": "",
        "confidence": 0.875,
    }


def test_a_text(program: Program) -> None:
    program.script(reply("Which one?"))
    (answer,) = serve(program, {"id": 1, "messages": [user("show it")]})
    del answer["latency_ms"]
    assert answer == {"id": 1, "tool_calls": [], "command": None, "text": "Which one?", "confidence": 1.0}


def test_a_call_is_held_against_the_folder_that_is_named(tmp_path: Path) -> None:
    (tmp_path / "beds").mkdir()
    (tmp_path / "beds" / "roses.txt").touch()
    roses = ToolCall("cat", {"file_name": "roses.txt"})
    engine = ScriptedEngine([roses, roses])
    engine.likely = [ToolCall("cat", {"file_name": "beds/roses.txt"})]
    asked = {"messages": [user("show roses.txt")]}
    held, free = answers(engine, tmp_path, asked | {"folder": str(tmp_path)}, asked)
    assert held["command"] == "cat beds/roses.txt" and "roses.txt" in held["note"]
    assert free["command"] == "cat roses.txt" and "note" not in free


@pytest.mark.parametrize("folder", ["beds", "/not/there", "/" + "a" * 5000, "/nul\0", 7, None])
def test_a_folder_that_is_none_is_refused(tmp_path: Path, folder: object) -> None:
    (answer,) = answers(ScriptedEngine(), tmp_path, {"id": 3, "messages": [user("list")], "folder": folder})
    assert answer["id"] == 3 and "folder" in answer["error"] and set(answer) == {"id", "error"}


def test_nothing_is_run_or_kept(program: Program) -> None:
    program.script(call("rm", file_name="notes.txt"))
    (answer,) = serve(program, {"id": 1, "messages": [user("delete the notes")]})
    assert answer["command"] == "rm notes.txt"
    assert (program.home / "notes.txt").exists()
    assert not program.state.exists()


def test_a_folder_is_copied_as_one(program: Program) -> None:
    program.script(call("cp", source="docs", destination="d"), call("cp", source="plan.md", destination="d"))
    first, second = serve(program, *({"id": n, "messages": [user("copy")]} for n in (1, 2)))
    assert (first["command"], second["command"]) == ("cp -r docs d", "cp plan.md d")


RAN = {"exit_code": 0, "state": "ran", "command": None}
UNKNOWN = {"output": "", "exit_code": 0, "state": "unknown", "command": None}


def turn(request: str, *steps: tuple[dict[str, Any], Any], reply: str = "", done: bool = False) -> dict[str, Any]:
    """Return a turn as the engine's log has it."""
    each = [{"call": called, "response": UNKNOWN if out is None else {"output": out, **RAN}} for called, out in steps]
    return {"request": request, "steps": each, "reply": reply, "done": done}


@pytest.mark.parametrize(
    ("messages", "turns"),
    [
        ([user("a")], [turn("a")]),
        (
            [{"role": "system", "content": "x"}, {"role": "developer", "content": "y"}, user("a")],
            [turn("a")],
        ),
        ([user("a"), assistant(one("ls")), tool("x\ny")], [turn("a", (one("ls"), "x\ny"))]),
        ([user("a"), assistant(one("ls"))], [turn("a", (one("ls"), None))]),
        (
            [user("a"), assistant(one("ls")), tool("x"), user("b")],
            [turn("a", (one("ls"), "x"), done=True), turn("b")],
        ),
        (
            [user("a"), assistant(one("ls")), user("b")],
            [turn("a", (one("ls"), None), done=True), turn("b")],
        ),
        (
            [user("a"), assistant(one("ls"), one("pwd")), tool("x")],
            [turn("a", (one("ls"), "x"), (one("pwd"), None))],
        ),
        (
            [user("a"), assistant(one("ls")), assistant(one("pwd")), tool("x"), tool("y")],
            [turn("a", (one("ls"), "x"), (one("pwd"), "y"))],
        ),
        (
            [user("a"), assistant(one("ls")), tool("x"), assistant(one("pwd"))],
            [turn("a", (one("ls"), "x"), (one("pwd"), None))],
        ),
        (
            [user("a"), assistant(content="Which?"), user("b")],
            [turn("a", reply="Which?", done=True), turn("b")],
        ),
        (
            [user("a"), assistant(one("ls")), tool("x"), assistant(content="Done."), user("b")],
            [turn("a", (one("ls"), "x"), reply="Done.", done=True), turn("b")],
        ),
        ([user("a"), assistant(one("ls"), content="I list."), tool("x")], [turn("a", (one("ls"), "x"))]),
        ([user("a"), user("b")], [turn("a\nb")]),
        ([user([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}])], [turn("ab")]),
        ([user("a"), assistant(openai("ls", {"a": True})), tool("x")], [turn("a", (one("ls", a=True), "x"))]),
        ([user("a"), assistant(openai("ls", '{"a": true}')), tool("x")], [turn("a", (one("ls", a=True), "x"))]),
        ([user("a"), assistant(openai("ls", "")), tool("x")], [turn("a", (one("ls"), "x"))]),
        (
            [
                user("a"),
                assistant(openai("ls", {}, "1"), openai("pwd", {}, "2")),
                tool("y", tool_call_id="2"),
                tool("x", tool_call_id="1"),
            ],
            [turn("a", (one("ls"), "x"), (one("pwd"), "y"))],
        ),
        # As the model itself writes it: without what is the default anyway.
        ([user("a"), assistant(one("ls", a=False, path=".")), tool("x")], [turn("a", (one("ls"), "x"))]),
        ([user("half \ud83d")], [turn("half \ufffd")]),
    ],
)
def test_what_the_model_is_given(tmp_path: Path, messages: list[Any], turns: list[Any]) -> None:
    engine = ScriptedEngine([""])
    (answer,) = answers(engine, tmp_path, {"id": 1, "messages": messages})
    assert "error" not in answer
    assert [conversation_to_json(given) for given in engine.conversations] == [turns]


@pytest.mark.parametrize(
    ("line", "mark", "words"),
    [
        ("{", None, "no JSON"),
        ("[" * 100_000, None, "no JSON"),
        ("[1]", None, "no object"),
        ({"id": 7}, 7, "messages"),
        ({"id": [1], "messages": []}, [1], "messages"),
        ({"messages": [user("a"), 3]}, None, "message 1 is not an object"),
        ({"id": 1, "messages": [{"role": "system", "content": "x"}]}, 1, "role user"),
        ({"id": 1, "messages": [user("a"), {"role": "system", "content": "x"}]}, 1, "come first"),
        ({"id": 1, "messages": [{"role": "wizard", "content": "x"}]}, 1, "'wizard'"),
        ({"id": 1, "messages": [assistant(one("ls"))]}, 1, "begins with a user message"),
        ({"id": 1, "messages": [user(None)]}, 1, '"content" is not a text'),
        ({"id": 1, "messages": [user([{"type": "image"}])]}, 1, '"content" is not a text'),
        ({"id": 1, "messages": [user("a"), tool("x")]}, 1, "no call"),
        ({"id": 1, "messages": [user("a"), assistant(content="Done.")]}, 1, "ends its turn"),
        ({"id": 1, "messages": [user("a"), assistant(content="b"), assistant(content="c")]}, 1, "has ended"),
        ({"id": 1, "messages": [user("a"), assistant({"arguments": {}})]}, 1, '"name"'),
        ({"id": 1, "messages": [user("a"), assistant(openai("ls", "{"))]}, 1, "no JSON"),
        ({"id": 1, "messages": [user("a"), assistant(one("ls", a=0.5))]}, 1, "the argument a of ls"),
        ({"id": 1, "messages": [user("a"), {"role": "assistant", "tool_calls": {}}]}, 1, "not a list"),
        ({"id": 1, "messages": [user("word " * 5000)]}, 1, "too long"),
    ],
)
def test_a_malformed_line_is_answered_and_the_next_one_served(
    tmp_path: Path, line: object, mark: object, words: str
) -> None:
    engine = ScriptedEngine([ToolCall("ls")])
    refused, answered = answers(engine, tmp_path, line, "", {"id": 2, "messages": [user("list")]})
    assert set(refused) == {"id", "error"}
    assert refused["id"] == mark and words in refused["error"]
    assert (answered["id"], answered["command"]) == (2, "ls")


def test_bytes_that_are_no_text(program: Program) -> None:
    program.script(call("ls"))
    ended = program.run("api", stdin=b'\xff\xfe\n{"id": 2, "messages": [{"role": "user", "content": "list"}]}')
    refused, answered = (json.loads(line) for line in ended.out.splitlines())
    assert refused["id"] is None and "no JSON" in refused["error"]
    assert answered["command"] == "ls"


def test_a_line_that_is_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "LONGEST_LINE", 200)
    engine = ScriptedEngine([ToolCall("ls")])
    long = {"id": 1, "messages": [user("x" * 1000)]}
    refused, answered = answers(engine, tmp_path, long, {"id": 2, "messages": [user("list")]})
    assert refused["id"] is None and "longer than" in refused["error"]
    assert answered["command"] == "ls"


def test_an_engine_that_fails_once(program: Program) -> None:
    program.script(error("the engine was ended"), call("ls"))
    refused, answered = serve(program, *({"id": n, "messages": [user("list")]} for n in (1, 2)))
    assert refused == {"id": 1, "error": "the engine was ended"}
    assert answered["command"] == "ls"


def test_a_call_that_can_not_be_rendered(program: Program) -> None:
    program.script(call("cat", file_name=""))
    (answer,) = serve(program, {"id": 1, "messages": [user("show")]})
    assert answer["id"] == 1 and "file_name" in answer["error"]


def test_old_turns_leave_and_outputs_are_cut(program: Program) -> None:
    program.script(reply())
    long = [message for n in range(30) for message in (user(f"{n} " + "word " * 200), assistant(content="So."))]
    messages = [*long, user("list"), assistant(one("ls")), tool("x" * 100_000)]
    (answer,) = serve(program, {"id": 1, "messages": messages})
    assert "error" not in answer
    (given,) = program.given
    assert len(given) < 31 and given[-1]["request"] == "list"
    assert "left out" in given[-1]["steps"][0]["response"]["output"]


def test_each_line_is_answered_at_once(program: Program) -> None:
    program.script(call("ls"), call("pwd"))
    with subprocess.Popen(
        program.command(("api",)),
        cwd=program.home,
        env=program.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin and process.stdout
        for command in ("ls", "pwd"):
            process.stdin.write(json.dumps({"id": command, "messages": [user("x")]}) + "\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["command"] == command
        process.stdin.close()
        assert process.wait(timeout=SECONDS) == 0


def test_a_reader_that_goes_away(program: Program) -> None:
    program.script(call("ls"), call("ls"))
    with subprocess.Popen(
        program.command(("api",)),
        cwd=program.home,
        env=program.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin and process.stdout and process.stderr
        process.stdout.close()
        process.stdin.write(json.dumps({"id": 1, "messages": [user("x")]}) + "\n")
        process.stdin.close()
        assert process.stderr.read() == ""
        assert process.wait(timeout=SECONDS) == 141
