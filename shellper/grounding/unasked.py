"""Options that a call has and nobody has asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping

from shellper.calls.call import ToolCall
from shellper.calls.catalogue import Catalogue
from shellper.dialect import Conversation

# What asks for an option, however it is put; a request without any of it may still mean it, so the model decides.
_ASKING: Mapping[tuple[str, str], str] = {
    ("grep", "line_numbers"): r"number|\bnr|\bno\b|\bnos\b|where|(?:on|in|at) (?:which|what)|position|spot|place|-\w*n",
    ("sort", "unique"): r"uni[qck]|dupl|doubl|twice|once|distinct|repeat|different|same|only one|one of each|-\w*u",
    ("ls", "order"): r"sort|order|new|old|recent|latest|date|time|chang|modif|touch|edit|big|small|large|size|heav|last"
    r"|first|fresh|young|fat|short|-\w*[tS]",
    ("ls", "a"): r"hid|dot|invisible|secret|all|every|whole|complete|full|\.\w|-\w*a",
    ("grep", "count"): r"count|many|much|number|often|times|total|occurr|tally|-\w*c",
}
_AGAIN = re.compile(r"\b(?:again|once more|another time|repeat|same|also|too|as well|likewise|ditto|still|now)\b", re.I)


def unasked(call: ToolCall, conversation: Conversation, catalogue: Catalogue) -> tuple[str, tuple[ToolCall, ...]]:
    """Return an option of a call that nobody has asked for, and the call without it.

    What a request takes up from an earlier one ("the same for the other") is asked for where that one's call has it.
    """
    turn = conversation[-1]
    earlier = [step.call for one in conversation for step in one.steps if step.call.name == call.name]
    for name, value in call.arguments.items():
        asking = _ASKING.get((call.name, name))
        if asking is None or re.search(asking, turn.request, re.I):
            continue
        if any(one.arguments.get(name) == value for one in earlier[-1:]):
            continue
        kept = {one: given for one, given in call.arguments.items() if one != name}
        return f"{name} {value}", (catalogue.canonical(ToolCall(call.name, kept)),)
    return "", ()
