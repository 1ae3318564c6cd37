"""Requests that are commands already: the call that stands for exactly what the user has typed."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

from shellper.calls.call import Argument, CallError, ToolCall
from shellper.calls.catalogue import Catalogue, Tool
from shellper.calls.disk import Disk
from shellper.calls.render import render
from shellper.grounding.possible import NO_NAMES, can_work

# What the shell reads otherwise than it stands there, and patterns in quotation marks.
_NO_COMMAND = re.compile(r"[`$;&|<>!]|[\"'][^\"']*[*?]")
# Where a command would have a name people say these of a place.
_NO_NAMES = frozenset(
    ("up", "down", "here", "there", "home", "back", "away", "both", "all", "everything", "again", "please")
)
# What a command's words that are no options can be.
_WORDS = ("positional", "word", "pattern", "start", "archive")


def typed(request: str, catalogue: Catalogue, disk: Disk) -> ToolCall | None:
    """Return the call that becomes the very text of a request and can work, None where there is none.

    `mv a.txt b` is one; what only begins like a command ("sort it by size", "cat that") is none.
    """
    if _NO_COMMAND.search(request):
        return None
    try:
        words = shlex.split(request)
    except ValueError:  # a quotation mark or apostrophe that is alone
        return None
    if words and words[-1].rstrip(".,;:?") not in ("", words[-1]):  # the end of a sentence
        return None
    if not (NO_NAMES | _NO_NAMES).isdisjoint(word.casefold() for word in words[1:]):
        return None
    words = _apart(words)
    if words[:1] == ["rm"] and "-r" not in words and any(disk.is_folder(word) for word in words[1:]):
        return None
    for tool in catalogue.tools.values():
        call = _call(tool, words[1:]) if words[:1] == [tool.program] else None
        try:
            if call is not None and _apart(shlex.split(render(call, catalogue))) == words:
                return catalogue.canonical(call) if can_work(call, catalogue, disk) else None
        except CallError:
            continue
    return None


def _apart(words: Sequence[str]) -> list[str]:
    """Return a command's words with the letters of `-la` as options of their own, options first and in one order."""
    options = [f"-{letter}" for word in words if re.fullmatch(r"-[A-Za-z]+", word) for letter in word[1:]]
    others = [word for word in words if not re.fullmatch(r"-[A-Za-z]+", word)]
    return [*others[:1], *sorted(options), *others[1:]]


def _call(tool: Tool, words: Sequence[str]) -> ToolCall | None:
    """Return the call whose arguments are given in the order of the tool's; an option gives its own."""
    arguments: dict[str, Argument] = {}
    names = [word for word in words if not word.startswith("-")]
    for step in tool.steps:
        if step.kind == "flag" and step.flag in words:
            arguments[step.parameter] = True
        elif step.kind == "choice":
            arguments.update((step.parameter, value) for value, flag in step.flags.items() if flag in words)
        elif step.kind == "option" and step.flag in words and names and re.fullmatch(r"[0-9]{1,9}", names[0]):
            arguments[step.parameter] = int(names.pop(0))
        elif step.kind in _WORDS and names:
            arguments[step.parameter] = names.pop(0)
    return None if names else ToolCall(tool.name, arguments)
