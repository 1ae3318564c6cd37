"""What earlier calls tell of a call: where a thing lies since it was moved, and what is asked for again otherwise."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence

from shellper.calls import Disk, ToolCall
from shellper.calls.catalogue import Catalogue
from shellper.dialect import Conversation, Step
from shellper.grounding.listed import from_folder
from shellper.grounding.new_names import words
from shellper.grounding.possible import REMOVING, can_work, paths_of

_ONCE_MORE = re.compile(
    r"\b(?:again|anew|once more|another time|one more time|repeat|re-?run|refresh|go ahead|same|still|yet)\b|\bnow\W*$",
    re.I,
)
_AS_WELL = re.compile(r"\b(?:now|too)\b", re.I)


def moved(call: ToolCall, steps: Sequence[Step], catalogue: Catalogue, disk: Disk) -> ToolCall | None:
    """Return a call with the path that a thing has since the same turn has moved it or gone elsewhere, if any.

    What is to be taken away is never followed: it may have been meant where it was.
    """
    if call.name in REMOVING:
        return None
    for parameter, given in paths_of(call, catalogue):
        paths = {posixpath.normpath(given)}
        if disk.exists(given) or not _is_below(*paths):
            continue
        for step in steps:
            if step.response.state == "ran" and not step.response.exit_code and step.response.command is None:
                paths = {after for path in paths for after in _after(path, step.call)}
        # In a folder it is rather than that folder.
        there = sorted((path for path in paths if disk.exists(path)), key=len)
        other = ToolCall(call.name, {**call.arguments, parameter.name: there[-1]}) if there else None
        if other is not None and can_work(other, catalogue, disk):
            return other
    return None


def _is_below(path: str) -> bool:
    return not path.startswith(("..", "/", "~", "-"))


def _after(path: str, call: ToolCall) -> Sequence[str]:
    """Return the paths that a thing may have after a call that has run, from where the user is then."""
    if call.name == "mv" and posixpath.normpath(str(call.arguments["source"])) == path:
        target = posixpath.normpath(str(call.arguments["destination"]))
        # In a folder of that name, or under that name.
        return (posixpath.join(target, posixpath.basename(path)), target) if _is_below(target) else ()
    if call.name == "cd":
        folder = posixpath.normpath(str(call.arguments["folder"]))
        return (from_folder(path, folder),) if _is_below(folder) else ()
    return (path,)


def asked_again(call: ToolCall, conversation: Conversation, catalogue: Catalogue) -> tuple[str, tuple[ToolCall, ...]]:
    """Return what a call leaves out of the call before or has again, and the calls that are as that was otherwise.

    "In readable sizes" is asked of the same path; and who corrects something doesn't want the very same once more.
    """
    if len(conversation) < 2 or len(conversation[-2].steps) != 1 or conversation[-1].steps:
        return "", ()
    before = conversation[-2].steps[0].call
    tool = catalogue.tools[call.name]
    if conversation[-2].steps[0].response.state == "skipped":
        return "", ()
    if before.name != call.name or tool.kind != "read":
        return "", ()
    if call == before:
        request = conversation[-1].request
        if _ONCE_MORE.search(request):
            return "", ()
        for parameter in tool.parameters:
            given = call.arguments.get(parameter.name)
            if parameter.role == "text" and parameter.required and isinstance(given, str) and given not in request:
                return given, tuple(
                    ToolCall(call.name, {**call.arguments, parameter.name: word}) for word in words(request)
                )
        options = [
            name for name in call.arguments if not tool.by_name[name].required and tool.by_name[name].role != "path"
        ]
        if _AS_WELL.search(request) or not options:
            return "", ()
        return options[0], tuple(_without(call, name) for name in options)
    left_out = [
        one.name
        for one, _ in paths_of(before, catalogue)
        if not one.required and one.name not in call.arguments and str(before.arguments[one.name]) not in (".", "..")
    ]
    if not left_out or len(call.arguments) < len(before.arguments):
        return "", ()
    name = left_out[0]
    return f"no {name}", (ToolCall(call.name, {**call.arguments, name: before.arguments[name]}),)


def _without(call: ToolCall, name: str) -> ToolCall:
    return ToolCall(call.name, {one: value for one, value in call.arguments.items() if one != name})
