"""Folders that a request wants made, and that a call takes for made."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence

from shellper.calls.call import ToolCall
from shellper.calls.catalogue import Catalogue
from shellper.calls.disk import Disk
from shellper.grounding.possible import can_work, is_named

_MAKING = re.compile(r"\b(?:make|creat\w*|mkdir|new|set up|open a|start a)\b", re.I)
_FOLDER = re.compile(r"\b(?:folders?|dir|dirs|director(?:y|ies)|subfolders?|subdir\w*|mkdir)\b", re.I)


def made_first(
    call: ToolCall, before: Sequence[ToolCall], catalogue: Catalogue, disk: Disk, request: str
) -> tuple[str, tuple[ToolCall, ...]]:
    """Return where a call moves or copies something to, if the request wants a folder of that name, and its making.

    Nothing is returned where that is there already, or has been made by a call that came `before` in the same turn.
    """
    if call.name not in ("mv", "cp"):
        return "", ()
    target = str(call.arguments["destination"]).rstrip("/")
    base = posixpath.basename(target)
    if not base.strip(".~-") or disk.exists(target) or not is_named(base, request):
        return "", ()
    is_folder = not posixpath.splitext(base)[1] and not disk.is_folder(str(call.arguments["source"]))
    if not is_folder or not _MAKING.search(request) or not _FOLDER.search(request):
        return "", ()
    making = ToolCall("mkdir", {"dir_name": target})
    return (target, (making,)) if making not in before and can_work(making, catalogue, disk) else ("", ())
