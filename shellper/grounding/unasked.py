"""Options that a call has and nobody has asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from shellper.calls.call import ToolCall
from shellper.calls.catalogue import Catalogue
from shellper.dialect import Conversation

# What asks for an option, however it is put; a request without any of it may still mean it, so the model decides.
_ASKING: Mapping[tuple[str, str], str] = {
    (
        "grep",
        "line_numbers",
    ): r"number|\bnr|\bno\b|\bnos\b|where|(?:on|in|at) (?:which|what)|(?:which|what) lines? .*\bon\W*$"
    r"|position|spot|place|-\w*n",
    ("grep", "count"): r"count|many|much|number|often|frequen|times|total|occurr|tally|-\w*c",
    (
        "sort",
        "unique",
    ): r"uni[qck]|dup|doubl|twice|once|one time|distinct|repe[at]|redundan|different|same|only one|one of each"
    r"|-\w*u",
    ("ls", "a"): r"hid|dot|invisible|secret|all|every|whole|complete|full|\.\w|-\w*a",
}


def unasked(call: ToolCall, conversation: Conversation, catalogue: Catalogue) -> tuple[str, tuple[ToolCall, ...]]:
    """Return an option of a call that nobody has asked for, and the call without it.

    What a request takes up from an earlier one ("the same for the other") is asked for where that one's call has it;
    so is what was asked for before a question came back.
    """
    asked = "\n".join(_asked(conversation))
    earlier = [step.call for turn in conversation for step in turn.steps if step.call.name == call.name]
    for name, value in call.arguments.items():
        asking = _ASKING.get((call.name, name))
        is_default = value == catalogue.tools[call.name].by_name[name].default
        if asking is None or is_default or re.search(asking, asked, re.I):
            continue
        if any(one.arguments.get(name) == value for one in earlier[-1:]):
            continue
        kept = {one: given for one, given in call.arguments.items() if one != name}
        return name.replace("_", " "), (ToolCall(call.name, kept),)
    return "", ()


def _asked(conversation: Conversation) -> Iterator[str]:
    """Yield the last request, and those just before it that were answered without a call."""
    yield conversation[-1].request
    for turn in reversed(conversation[:-1]):
        if turn.steps:
            return
        yield turn.request
