"""Folders that a request wants made, and that a call takes for made."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence

from shellper.calls.call import ToolCall
from shellper.calls.catalogue import Catalogue
from shellper.calls.disk import Disk
from shellper.grounding.possible import can_work, is_named

_MAKING = r"\b(?:mak(?:e|ing)|creat\w*|mkdir|new|set(?:ting)? up|open|start|an?)\b"
_FOLDER = r"(?:sub-?)?(?:folder|dir|directory)"


def made_first(
    call: ToolCall, before: Sequence[ToolCall], catalogue: Catalogue, disk: Disk, request: str
) -> tuple[str, tuple[ToolCall, ...]]:
    """Return where a call moves or copies something to, if the request wants a folder of that name, and its making.

    And where it unpacks a tar archive to, which must be there (tar(1), `--directory`). Nothing is returned where it is
    there already, or has been made by a call that came `before` in the same turn.
    """
    if call.name == "untar":
        return _made_to_unpack(call, catalogue, disk, request)
    if call.name not in ("mv", "cp"):
        return "", ()
    target = posixpath.normpath(str(call.arguments["destination"]))
    made = {posixpath.normpath(str(one.arguments["dir_name"])) for one in before if one.name == "mkdir"}
    for folder in (posixpath.dirname(target), target):
        base = posixpath.basename(folder)
        if not base.strip(".~-") or disk.exists(folder) or folder in made or not is_named(base, request):
            continue
        is_inside = posixpath.dirname(folder) in made and not posixpath.splitext(base)[1]
        if is_inside or _is_wanted(base, request):
            making = ToolCall("mkdir", {"dir_name": folder})
            return (folder, (making,)) if can_work(making, catalogue, disk) else ("", ())
    return "", ()


def _made_to_unpack(call: ToolCall, catalogue: Catalogue, disk: Disk, request: str) -> tuple[str, tuple[ToolCall, ...]]:
    folder = posixpath.normpath(str(call.arguments.get("folder", ".")))
    if disk.exists(folder) or not is_named(posixpath.basename(folder), request) or call.arguments.get("list"):
        return "", ()
    making = ToolCall("mkdir", {"dir_name": folder})
    return (folder, (making,)) if can_work(making, catalogue, disk) else ("", ())


def _is_wanted(base: str, request: str) -> bool:
    """Say whether a request has a name as that of a folder to be made: "a new folder called x", "make the x folder"."""
    name = rf"[\"'`“]?{re.escape(base)}(?![\w-]|\.\w)"
    called = rf"{_FOLDER}(?:,? (?:called|named|by the name of|with the name))?:? {name}"
    behind = rf"{name}[\"'`”]? {_FOLDER}\b"
    return re.search(rf"{_MAKING}(?: [\w-]+)?? (?:{called}|{behind})|\bmkdir {name}", request, re.I) is not None
