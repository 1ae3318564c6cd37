"""What a command and its flags do, from the catalogue."""

from __future__ import annotations

from shellper.calls.call import ToolCall
from shellper.calls.catalogue import Catalogue, load_catalogue
from shellper.calls.disk import Disk
from shellper.calls.render import render_parts, spelling


def explain(call: ToolCall, catalogue: Catalogue | None = None, disk: Disk | None = None) -> list[tuple[str, str]]:
    """Return pairs of a part of the command, as it stands there, and what it does, the program first.

    Raises `CallError` where the call is not valid.
    """
    catalogue = catalogue or load_catalogue()
    tool = catalogue.tools[catalogue.validate(call).name]
    command, parts = render_parts(call, catalogue, disk)
    pairs = [(command.argv[0], tool.description)]
    for part in parts:
        parameter = tool.by_name[part.step.parameter] if part.step.parameter else None
        given = parameter is None or part.step.kind == "choice" or part.value != parameter.default
        if not given or not part.text:
            continue
        value = spelling(part.value)
        meaning = part.step.explanations.get(value) or part.step.explanations.get("")
        pairs.append(
            (part.text, meaning.replace("{}", value) if meaning else parameter.description if parameter else "")
        )
    return pairs
