"""What a command and its flags do, from the catalogue."""

from __future__ import annotations

from collections.abc import Callable

from shellper.calls.call import ToolCall
from shellper.calls.catalogue import Catalogue, Step, load_catalogue
from shellper.calls.render import glob, quote, quote_path, render_command, start


def explain(
    call: ToolCall, catalogue: Catalogue | None = None, is_folder: Callable[[str], bool] | None = None
) -> list[tuple[str, str]]:
    """Return pairs of a part of the command, as it stands there, and what it does, the program first.

    Raises `CallError` where the call is not valid.
    """
    catalogue = catalogue or load_catalogue()
    tool = catalogue.tools[catalogue.validate(call).name]
    pairs = [(render_command(call, catalogue, is_folder).argv[0], tool.description)]
    for step in tool.steps:
        parameter = tool.by_name[step.parameter]
        value = call.arguments.get(step.parameter, parameter.default)
        if value is None or value is False:
            continue
        if step.kind == "when_folder" and not (is_folder and is_folder(str(value))):
            continue
        part = _part(step, str(value))
        given = value != parameter.default or step.kind == "choice"
        if given and part:
            pairs.append(
                (
                    part,
                    step.explanations.get(str(value)) or step.explanations.get("") or parameter.description,
                )
            )
    return pairs


def _part(step: Step, value: str) -> str:
    """Return how a step's part of the command looks."""
    match step.kind:
        case "flag" | "when_folder":
            return step.flag
        case "choice":
            return step.flags[value]
        case "option":
            return f"{step.flag} {value}"
        case "append":
            return f">> {quote_path(value)}"
        case "name_contains":
            return f"-name {quote(glob(value))}"
        case "start":
            return quote_path(start(value))
        case "positional":
            return quote_path(value)
        case _:
            return quote(value)
