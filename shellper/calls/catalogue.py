"""The catalogue: which tools there are, what arguments they take, and how each becomes a command."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Literal

from shellper.calls.call import Argument, CallError, ToolCall
from shellper.calls.forms import FORMS
from shellper.resources import prompts_folder

ParameterType = Literal["string", "integer", "boolean"]


@dataclass(frozen=True)
class Parameter:
    """One argument a tool takes; `role` is `path` for a name in the file system and `text` otherwise.

    `glob` says that a path may be a pattern with `*` and `?`, `exists` that it must be there without being one, `thing`
    what must be there, where the call is not recursive; `form` that a text must be a size or a mode.
    """

    name: str
    type: ParameterType
    description: str
    required: bool = False
    default: Argument | None = None
    role: Literal["path", "text"] = "text"
    enum: tuple[str, ...] = ()
    minimum: int | None = None
    glob: bool = False
    exists: bool = False
    thing: Literal["", "file", "folder"] = ""
    form: Literal["", "size", "mode"] = ""

    @property
    def must_exist(self) -> bool:
        """Whether the path names something that has to be there for the call to work."""
        return self.glob or self.exists


@dataclass(frozen=True)
class Step:
    """One part of a command: `kind` says how it is rendered, `parameter` which argument it renders (`fixed`: none).

    `sign` stands before the value; a step is left out where the argument `unless` is true.
    """

    kind: str
    parameter: str
    flag: str = ""
    sign: str = ""
    unless: str = ""
    flags: Mapping[str, str] = field(default_factory=dict)
    explanations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Tool:
    """A tool of the catalogue; `kind` is `read` or `write`, `program` the command's first word."""

    name: str
    description: str
    kind: Literal["read", "write"]
    parameters: tuple[Parameter, ...]
    program: str
    steps: tuple[Step, ...]

    @cached_property
    def by_name(self) -> Mapping[str, Parameter]:
        """The parameters by name."""
        return {parameter.name: parameter for parameter in self.parameters}


@dataclass(frozen=True)
class Catalogue:
    """All tools, by name, and the catalogue's version."""

    version: int
    tools: Mapping[str, Tool]

    def validate(self, call: ToolCall) -> ToolCall:
        """Return the call if the catalogue allows it.

        Raises `CallError` with one line that names the tool, the argument and what is wrong with it.
        """
        tool = self.tools.get(call.name)
        if tool is None:
            raise CallError(f"there is no tool {call.name!r}; there are: {', '.join(sorted(self.tools))}")
        for name in call.arguments:
            if name not in tool.by_name:
                known = ", ".join(tool.by_name) or "none"
                raise CallError(f"{tool.name} has no argument {name!r}; it has: {known}")
        for parameter in tool.parameters:
            if parameter.name in call.arguments:
                _check(tool.name, parameter, call.arguments[parameter.name])
            elif parameter.required:
                raise CallError(f"{tool.name} needs the argument {parameter.name!r}: {parameter.description}")
        return call

    def canonical(self, call: ToolCall) -> ToolCall:
        """Return the call without arguments that equal their default, keys sorted."""
        tool = self.tools[call.name]
        given = {
            name: call.arguments[name]
            for name in sorted(call.arguments)
            if name not in tool.by_name or call.arguments[name] != tool.by_name[name].default
        }
        return ToolCall(call.name, given)


def _check(tool: str, parameter: Parameter, value: Argument) -> None:
    """Raise `CallError` where a value is not what the parameter takes."""
    where = f"the argument {parameter.name!r} of {tool}"
    if parameter.type == "boolean":
        if not isinstance(value, bool):
            raise CallError(f"{where} must be true or false, not {value!r}")
    elif parameter.type == "integer":
        if isinstance(value, bool) or not isinstance(value, int):
            raise CallError(f"{where} must be a whole number, not {value!r}")
        if parameter.minimum is not None and value < parameter.minimum:
            raise CallError(f"{where} must be {parameter.minimum} or more, not {value}")
    elif not isinstance(value, str):
        raise CallError(f"{where} must be a text, not {value!r}")
    elif "\0" in value:
        raise CallError(f"{where} holds a NUL character, which no file name or command can hold")
    elif not _is_encodable(value):
        raise CallError(f"{where} holds a lone surrogate, which no file name or command can hold")
    elif parameter.role == "path" and not value:
        raise CallError(f"{where} is empty: {parameter.description}")
    elif parameter.enum and value not in parameter.enum:
        raise CallError(f"{where} must be one of {', '.join(parameter.enum)}, not {value!r}")
    elif parameter.form and not FORMS[parameter.form].whole.fullmatch(value):
        raise CallError(f"{where} must be {FORMS[parameter.form].example}, not {value!r}")


def _is_encodable(text: str) -> bool:
    """Say whether a text has bytes; names that are not UTF-8 have theirs as surrogate escapes (PEP 383)."""
    try:
        text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return False
    return True


def _parameter(data: Mapping[str, Any]) -> Parameter:
    """Read a parameter from its JSON entry."""
    return Parameter(**{**data, "enum": tuple(data.get("enum", ()))})


# Steps that name their argument by their own key, and those that name their flag by it.
_PLAIN_STEPS = (
    "positional",
    "word",
    "text",
    "append",
    "filter",
    "start",
    "archive",
    "zip_archive",
    "name_contains",
    "pattern",
    "size",
    "choice",
    "when_folder",
    "when_backslash",
)
_FLAG_STEPS = {"option": "value", "option_path": "value", "test": "value", "flag": "when", "fixed": ""}


def _step(data: Mapping[str, Any]) -> Step:
    """Read a part of a command from its JSON entry."""
    explain = data.get("explain", "")
    shared: dict[str, Any] = {
        "sign": data.get("sign", ""),
        "unless": data.get("unless", ""),
        "flags": data.get("flags", {}),
        "explanations": explain if isinstance(explain, dict) else {"": explain},
    }
    for kind in _PLAIN_STEPS:
        if kind in data:
            return Step(kind, data[kind], flag=data.get("flag", ""), **shared)
    for kind, value in _FLAG_STEPS.items():
        if kind in data:
            return Step(kind, data.get(value, ""), flag=data[kind], **shared)
    raise ValueError(f"the catalogue has a step of no known kind: {json.dumps(data)}")


def _tool(data: Mapping[str, Any]) -> Tool:
    """Read a tool from its JSON entry."""
    program, *steps = data["render"]
    return Tool(
        name=data["name"],
        description=data["description"],
        kind=data["kind"],
        parameters=tuple(_parameter(parameter) for parameter in data["parameters"]),
        program=program,
        steps=tuple(_step(step) for step in steps),
    )


@cache
def load_catalogue(path: Path | None = None) -> Catalogue:
    """Load the catalogue from `prompts/tools.json`, or from another file of that form."""
    text = (path or prompts_folder() / "tools.json").read_text(encoding="utf-8")
    data = json.loads(text)
    return Catalogue(data["version"], {tool["name"]: _tool(tool) for tool in data["tools"]})
