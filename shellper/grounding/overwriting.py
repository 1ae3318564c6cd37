"""What a call writes over: the wrong one of two files, or something that nobody wants written over."""

from __future__ import annotations

import posixpath
import re

from shellper.calls.call import ToolCall
from shellper.calls.catalogue import Catalogue
from shellper.calls.disk import Disk
from shellper.dialect import Conversation
from shellper.grounding.hinted import hints_at
from shellper.grounding.possible import can_work, is_named

# "Substitute a for b" and "exchange" are said both ways round.
_REPLACING = re.compile(r"\b(?:replac\w+|overwrit\w+)\b(?P<old>.+?)\b(?:with|by)\b(?P<new>.+)", re.I)
_RENAMING = re.compile(r"\b(?:renam\w*|mov(?:e|ed|ing)|mv|(?:new|another|other|different) name)\b", re.I)
# With any of these something is wanted in the place of something else.
_OVER = re.compile(
    r"\b(?:over|back|again|same|instead|anyway|already|place of|(?:replac|overwrit|restor|swap|exchang|updat)\w*)\b",
    re.I,
)
# What stands behind one of these is what something is to be.
_TO = r"\b(?:to|as|into|in|on|with|be|is|becomes?|named?|call(?:ed)?(?: it| this| that)?)(?: the| my)?\s+[\"'`]?"


def turned_round(call: ToolCall, catalogue: Catalogue, disk: Disk, request: str) -> tuple[str, tuple[ToolCall, ...]]:
    """Return what a copy or a move would write over though a request replaces the other one, and the call turned round.

    "Replace a by b" takes b and writes over a.
    """
    match = _REPLACING.search(request)
    if call.name not in ("cp", "mv") or match is None:
        return "", ()
    source, target = str(call.arguments["source"]), str(call.arguments["destination"])
    if disk.is_folder(target) or not disk.exists(source):
        return "", ()
    old, new = match["old"], match["new"]
    is_turned = hints_at(source, old, target) and hints_at(target, new, source)
    if not is_turned or hints_at(source, new, target) or hints_at(target, old, source):
        return "", ()
    other = ToolCall(call.name, {**call.arguments, "source": target, "destination": source})
    return (target, (other,)) if can_work(other, catalogue, disk) else ("", ())


def written_over(call: ToolCall, conversation: Conversation, disk: Disk) -> str:
    """Return the file that a move would write over though the request only wants that file called otherwise, if any.

    Where a request says "rename a.txt" and nothing else, a small model is apt to find a file that could get that name.
    What answers a question is taken as it is.
    """
    turn = conversation[-1]
    is_answer = len(conversation) > 1 and not conversation[-2].steps
    if call.name != "mv" or turn.steps or is_answer or not _RENAMING.search(turn.request):
        return ""
    target = str(call.arguments["destination"])
    base = posixpath.basename(target)
    if not is_named(base, turn.request) or not disk.exists(target) or disk.is_folder(target):
        return ""
    if re.search(_TO + re.escape(base), turn.request, re.I) or _OVER.search(turn.request.replace(base, "")):
        return ""
    return "" if hints_at(str(call.arguments["source"]), turn.request, target) else target


def keeping_files(call: ToolCall, others: tuple[ToolCall, ...], disk: Disk) -> tuple[ToolCall, ...]:
    """Return those of other calls that write over no file, or over the one that the call itself would."""
    over = _file_written_over(call, disk)
    return tuple(one for one in others if _file_written_over(one, disk) in ("", over))


def _file_written_over(call: ToolCall, disk: Disk) -> str:
    """Return the file that a copy or a move writes over, empty where there is none."""
    if call.name not in ("cp", "mv"):
        return ""
    source, target = str(call.arguments["source"]), str(call.arguments["destination"])
    if disk.is_folder(target):
        target = posixpath.join(target, posixpath.basename(source.rstrip("/")))
    return posixpath.normpath(target) if disk.exists(target) and not disk.is_folder(target) else ""
