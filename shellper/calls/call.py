"""The tool call: a tool's name and its arguments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

Argument: TypeAlias = str | int | bool


class CallError(ValueError):
    """A tool call that the catalogue does not allow; the message is one line for the user."""


@dataclass(frozen=True)
class ToolCall:
    """A tool's name and the arguments that were given to it."""

    name: str
    arguments: Mapping[str, Argument] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        """Return the call as plain JSON data: `{"name", "arguments"}`."""
        return {"name": self.name, "arguments": dict(self.arguments)}

    @classmethod
    def from_json(cls, data: object) -> ToolCall:
        """Read a call from plain JSON data.

        Raises `CallError` where the data is not an object with a string `name` and an object `arguments`.
        """
        if not isinstance(data, dict) or not isinstance(data.get("name"), str):
            raise CallError('a tool call is an object with "name" and "arguments"')
        arguments = data.get("arguments", {})
        if not isinstance(arguments, dict):
            raise CallError(f"the arguments of {data['name']} are not an object")
        for key, value in arguments.items():
            if not isinstance(value, (str, int, bool)):
                raise CallError(f"the argument {key} of {data['name']} is not a text, a whole number or a boolean")
        return cls(data["name"], dict(arguments))
