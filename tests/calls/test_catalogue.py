"""The catalogue file, and what it allows."""

import json

import pytest
from hypothesis import given

from shellper.calls import CallError, ToolCall, load_catalogue
from shellper.calls.forms import size_in_bytes
from shellper.resources import prompts_folder
from tests.calls.strategies import CATALOGUE, calls

# The published task: name, required arguments, optional arguments with their defaults.
PUBLISHED: dict[str, tuple[set[str], dict[str, object]]] = {
    "cat": ({"file_name"}, {}),
    "cd": ({"folder"}, {}),
    "cp": ({"source", "destination"}, {}),
    "diff": ({"file_name1", "file_name2"}, {}),
    "du": (set(), {"human_readable": False}),
    "echo": ({"content"}, {"file_name": None}),
    "find": (set(), {"path": ".", "name": None}),
    "grep": ({"file_name", "pattern"}, {}),
    "ls": (set(), {"a": False}),
    "mkdir": ({"dir_name"}, {}),
    "mv": ({"source", "destination"}, {}),
    "pwd": (set(), {}),
    "rm": ({"file_name"}, {}),
    "rmdir": ({"dir_name"}, {}),
    "sort": ({"file_name"}, {}),
    "tail": ({"file_name"}, {"lines": 10}),
    "touch": ({"file_name"}, {}),
    "wc": ({"file_name"}, {"mode": "l"}),
}
# The tools beside it: name, required arguments, optional arguments with their defaults.
ADDED: dict[str, tuple[set[str], dict[str, object]]] = {
    "head": ({"file_name"}, {"lines": 10}),
    "chmod": ({"file_name", "mode"}, {}),
    "tar": ({"archive", "source"}, {}),
    "untar": ({"archive"}, {"folder": None, "list": False}),
    "zip": ({"archive", "source"}, {}),
    "unzip": ({"archive"}, {"folder": None, "list": False}),
    "ps": (set(), {"name": None}),
    "kill": ({"pid"}, {}),
    "df": (set(), {"human_readable": False}),
    "which": ({"program"}, {}),
    "date": (set(), {}),
}
PROGRAMS = {"untar": "tar"}
STEP_KINDS = {
    "fixed",
    "archive",
    "zip_archive",
    "option_path",
    "word",
    "filter",
    "test",
    "size",
    "positional",
    "text",
    "append",
    "start",
    "name_contains",
    "pattern",
    "choice",
    "option",
    "when_folder",
    "when_backslash",
    "flag",
}


def test_the_tools_are_those_of_the_published_task_and_the_added_ones() -> None:
    assert set(CATALOGUE.tools) == set(PUBLISHED | ADDED)
    for name, (required, optional) in (PUBLISHED | ADDED).items():
        tool = CATALOGUE.tools[name]
        assert {parameter.name for parameter in tool.parameters if parameter.required} == required, name
        for key, default in optional.items():
            assert tool.by_name[key].default == default, (name, key)
            assert not tool.by_name[key].required


def test_what_is_added_to_the_published_task_is_off_by_default() -> None:
    for name, (required, optional) in PUBLISHED.items():
        for parameter in CATALOGUE.tools[name].parameters:
            if parameter.name not in required | set(optional):
                assert parameter.default in (False, ".", None, "name"), (name, parameter.name)
                assert not parameter.required


def test_the_catalogue_file_is_consistent() -> None:
    assert CATALOGUE.version >= 1
    for tool in CATALOGUE.tools.values():
        assert tool.program == PROGRAMS.get(tool.name, tool.name)
        assert tool.description.endswith(".")
        assert {step.kind for step in tool.steps} <= STEP_KINDS
        assert {step.parameter for step in tool.steps} - {""} == set(tool.by_name), tool.name
        assert {step.kind for step in tool.steps if not step.parameter} <= {"fixed"}
        assert {step.unless for step in tool.steps} <= {"", *tool.by_name}
        for parameter in tool.parameters:
            assert parameter.description
            assert parameter.name.isidentifier()
            assert not (parameter.required and parameter.default is not None)
            if parameter.enum:
                assert parameter.default is None or parameter.default in parameter.enum
            assert not parameter.glob or parameter.role == "path"


def test_no_name_of_a_tool_or_argument_begins_with_another_one() -> None:
    """The decoder chooses names token by token: in `name{` and `name:` no name is the start of another."""
    for tool in CATALOGUE.tools.values():
        for names in ([f"{name}{{" for name in CATALOGUE.tools], [f"{name}:" for name in tool.by_name]):
            assert not [(a, b) for a in names for b in names if a != b and b.startswith(a)]


def test_the_file_is_what_is_loaded() -> None:
    data = json.loads((prompts_folder() / "tools.json").read_text(encoding="utf-8"))
    assert [tool["name"] for tool in data["tools"]] == list(CATALOGUE.tools)
    assert data["version"] == CATALOGUE.version
    assert load_catalogue() is load_catalogue()


@given(call=calls)
def test_valid_calls_are_valid(call: ToolCall) -> None:
    assert CATALOGUE.validate(call) is call
    assert ToolCall.from_json(call.as_json()) == call


@given(call=calls)
def test_the_canonical_call_means_the_same(call: ToolCall) -> None:
    canonical = CATALOGUE.canonical(call)
    tool = CATALOGUE.tools[call.name]
    assert list(canonical.arguments) == sorted(canonical.arguments)
    for parameter in tool.parameters:
        given_value = call.arguments.get(parameter.name, parameter.default)
        assert canonical.arguments.get(parameter.name, parameter.default) == given_value
        assert parameter.default is None or canonical.arguments.get(parameter.name) != parameter.default


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (ToolCall("format"), "there is no tool 'format'; there are: cat, cd, chmod, "),
        (ToolCall("cat"), "cat needs the argument 'file_name': the file to show"),
        (ToolCall("cp", {"source": "a"}), "cp needs the argument 'destination'"),
        (ToolCall("cat", {"file_name": "a", "color": True}), "cat has no argument 'color'; it has: file_name"),
        (ToolCall("pwd", {"x": 1}), "pwd has no argument 'x'; it has: none"),
        (ToolCall("cat", {"file_name": ""}), "the argument 'file_name' of cat is empty: the file to show"),
        (ToolCall("cat", {"file_name": 3}), "the argument 'file_name' of cat must be a text, not 3"),
        (ToolCall("cat", {"file_name": "a\0b"}), "the argument 'file_name' of cat holds a NUL character"),
        (ToolCall("cat", {"file_name": "\ud800"}), "the argument 'file_name' of cat holds a lone surrogate"),
        (
            ToolCall("tail", {"file_name": "a", "lines": "3"}),
            "the argument 'lines' of tail must be a whole number, not '3'",
        ),
        (ToolCall("tail", {"file_name": "a", "lines": True}), "the argument 'lines' of tail must be a whole number"),
        (ToolCall("tail", {"file_name": "a", "lines": -1}), "the argument 'lines' of tail must be 0 or more, not -1"),
        (ToolCall("ls", {"a": "yes"}), "the argument 'a' of ls must be true or false, not 'yes'"),
        (ToolCall("ls", {"a": 1}), "the argument 'a' of ls must be true or false, not 1"),
        (ToolCall("wc", {"file_name": "a", "mode": "x"}), "the argument 'mode' of wc must be one of l, w, c, not 'x'"),
        (ToolCall("find", {"type": "x"}), "the argument 'type' of find must be one of f, d, not 'x'"),
        (
            ToolCall("find", {"larger": "big"}),
            "the argument 'larger' of find must be a size such as 500k, 10M or 1.5G, not 'big'",
        ),
        (ToolCall("find", {"smaller": "-1M"}), "the argument 'smaller' of find must be a size such as"),
        (ToolCall("find", {"larger": "1M\n"}), "the argument 'larger' of find must be a size such as"),
        (ToolCall("find", {"newer": 0}), "the argument 'newer' of find must be 1 or more, not 0"),
        (ToolCall("find", {"older": "3"}), "the argument 'older' of find must be a whole number, not '3'"),
        (
            ToolCall("chmod", {"file_name": "a", "mode": "executable"}),
            "the argument 'mode' of chmod must be permissions such as +x, a-w or 644, not 'executable'",
        ),
        (ToolCall("chmod", {"file_name": "a", "mode": "888"}), "the argument 'mode' of chmod must be permissions"),
        (ToolCall("chmod", {"file_name": "a", "mode": "--help"}), "the argument 'mode' of chmod must be permissions"),
        (ToolCall("chmod", {"file_name": "a", "mode": ""}), "the argument 'mode' of chmod must be permissions"),
        (ToolCall("chmod", {"mode": "+x"}), "chmod needs the argument 'file_name': the file or folder"),
        (ToolCall("kill", {"pid": 0}), "the argument 'pid' of kill must be 1 or more, not 0"),
        (ToolCall("kill", {"pid": "firefox"}), "the argument 'pid' of kill must be a whole number, not 'firefox'"),
        (ToolCall("kill"), "kill needs the argument 'pid': the process's number"),
        (ToolCall("ls", {"order": "date"}), "the argument 'order' of ls must be one of name, size, time, not 'date'"),
        (ToolCall("tar", {"archive": "", "source": "a"}), "the argument 'archive' of tar is empty: the new archive"),
        (ToolCall("unzip", {"archive": "a.zip", "list": "yes"}), "the argument 'list' of unzip must be true or false"),
        (ToolCall("du", {"depth": -1}), "the argument 'depth' of du must be 0 or more, not -1"),
    ],
)
def test_an_invalid_call_is_one_line(call: ToolCall, message: str) -> None:
    with pytest.raises(CallError) as caught:
        CATALOGUE.validate(call)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_texts_may_be_empty_and_names_of_other_bytes_are_names() -> None:
    assert CATALOGUE.validate(ToolCall("echo", {"content": ""}))
    assert CATALOGUE.validate(ToolCall("grep", {"file_name": "a", "pattern": ""}))
    assert CATALOGUE.validate(ToolCall("cat", {"file_name": b"\xff.txt".decode("utf-8", "surrogateescape")}))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], 'a tool call is an object with "name" and "arguments"'),
        ({}, 'a tool call is an object with "name" and "arguments"'),
        ({"name": 3}, 'a tool call is an object with "name" and "arguments"'),
        ({"name": "ls", "arguments": []}, "the arguments of ls are not an object"),
        ({"name": "ls", "arguments": {"a": None}}, "the argument a of ls is not a text, a whole number or a boolean"),
        ({"name": "ls", "arguments": {"a": 1.5}}, "the argument a of ls is not a text, a whole number or a boolean"),
    ],
)
def test_what_is_no_call_is_one_line(data: object, message: str) -> None:
    with pytest.raises(CallError) as caught:
        ToolCall.from_json(data)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("size", "count"),
    [
        ("0", 0),
        ("12", 12),
        ("1k", 1024),
        ("500K", 512000),
        ("10M", 10485760),
        ("10MB", 10485760),
        ("1.5G", 1610612736),
        ("0.3k", 307),
        ("2TiB", 2 * 1024**4),
    ],
)
def test_a_size_is_a_number_of_bytes(size: str, count: int) -> None:
    assert CATALOGUE.validate(ToolCall("find", {"larger": size}))
    assert size_in_bytes(size) == count


def test_what_is_no_size_is_one_line() -> None:
    with pytest.raises(CallError, match=r"^'big' is not a size such as"):
        size_in_bytes("big")


def test_arguments_may_be_left_out_of_json() -> None:
    assert ToolCall.from_json({"name": "pwd"}) == ToolCall("pwd")
