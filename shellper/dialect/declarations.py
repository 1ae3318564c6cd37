"""The declarations of the catalogue, for a FunctionGemma file that was not tuned on it."""

from __future__ import annotations

import json
from collections.abc import Iterator

from shellper.calls import Catalogue, Parameter, Tool
from shellper.dialect import control
from shellper.dialect.prompt import Control, Segment
from shellper.resources import prompts_folder


def declaration_segments(catalogue: Catalogue) -> Iterator[Segment]:
    """Yield the developer turn that declares every tool, in the form of FunctionGemma's model card."""
    texts = json.loads((prompts_folder() / "functiongemma.json").read_text(encoding="utf-8"))
    yield Control(control.START_OF_TURN)
    yield "developer\n"
    yield texts["developer"]
    for tool in catalogue.tools.values():
        yield Control(control.START_DECLARATION)
        yield from _declaration(tool)
        yield Control(control.END_DECLARATION)
    yield Control(control.END_OF_TURN)
    yield "\n"


def _text(text: str) -> Iterator[Segment]:
    yield Control(control.ESCAPE)
    yield text
    yield Control(control.ESCAPE)


def _declaration(tool: Tool) -> Iterator[Segment]:
    """Yield one tool's declaration."""
    yield f"declaration:{tool.name}{{description:"
    yield from _text(tool.description)
    yield ",parameters:{properties:{"
    for index, parameter in enumerate(sorted(tool.parameters, key=lambda parameter: parameter.name)):
        yield "," if index else ""
        yield from _parameter(parameter)
    yield "},required:["
    for index, name in enumerate(sorted(p.name for p in tool.parameters if p.required)):
        yield "," if index else ""
        yield from _text(name)
    yield "],type:"
    yield from _text("OBJECT")
    yield "}}"


def _parameter(parameter: Parameter) -> Iterator[Segment]:
    """Yield one argument's declaration."""
    yield f"{parameter.name}:{{description:"
    yield from _text(parameter.description)
    yield ",type:"
    yield from _text(parameter.type.upper())
    yield "}"
