"""What a call writes over: the wrong one of two files, or something that nobody wants written over."""

from __future__ import annotations

import re
from collections.abc import Sequence

from shellper.calls.call import ToolCall
from shellper.calls.catalogue import Catalogue
from shellper.calls.disk import Disk
from shellper.grounding.hinted import hints_at
from shellper.grounding.possible import can_work, is_named

_REPLACING = re.compile(
    r"\b(?:replac\w+|overwrit\w+|exchang\w+|substitut\w+)\b(?P<old>.+?)\b(?:with|by|for)\b(?P<new>.+)", re.I
)
# With any of these something is wanted in the place of something else.
_OVER = re.compile(
    r"\b(?:replac|overwrit|over|instead|back|again|restor|swap|exchang|substitut|updat|becom|becam|place of|current"
    r"|version|same|force|already|old one|original|anyway)\w*",
    re.I,
)


def turned_round(call: ToolCall, catalogue: Catalogue, disk: Disk, request: str) -> tuple[str, tuple[ToolCall, ...]]:
    """Return what a copy or a move would write over though a request replaces the other one, and the call turned round.

    "Replace a by b" takes b and writes over a.
    """
    match = _REPLACING.search(request)
    if call.name not in ("cp", "mv") or match is None:
        return "", ()
    source, target = str(call.arguments["source"]), str(call.arguments["destination"])
    old, new = match["old"], match["new"]
    is_turned = hints_at(source, old, target) and hints_at(target, new, source)
    if disk.is_folder(target) or not is_turned or hints_at(source, new, target) or hints_at(target, old, source):
        return "", ()
    other = ToolCall(call.name, {**call.arguments, "source": target, "destination": source})
    return (target, (other,)) if can_work(other, catalogue, disk) else ("", ())


def written_over(call: ToolCall, before: Sequence[ToolCall], disk: Disk, request: str) -> str:
    """Return the file that a move would write over though the request names only that file and wants nothing over it.

    Empty where it would not. Where a request says "rename a.txt" and nothing else, a small model is apt to find a file
    that could get that name.
    """
    if call.name != "mv" or before:
        return ""
    source, target = str(call.arguments["source"]), str(call.arguments["destination"])
    if not disk.exists(target) or disk.is_folder(target) or _OVER.search(request):
        return ""
    return target if is_named(target, request) and not hints_at(source, request, target) else ""
