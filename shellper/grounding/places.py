"""Where a request wants a thing: in its own folder, beside another thing, or so many folders up."""

from __future__ import annotations

import posixpath
import re

from shellper.calls.call import ToolCall
from shellper.calls.catalogue import Catalogue
from shellper.calls.disk import Disk
from shellper.grounding.possible import can_work, paths_of

_RENAMING = re.compile(r"\b(?:renam\w*|renmae|call(?:ed)?|new name)\b", re.I)
_MOVING = re.compile(r"\b(?:mov\w*|mv|put|into|up|goes?|there|same)\b", re.I)
_BESIDE = re.compile(r"\b(?:next to|beside|alongside|to where|in the same (?:folder|place) as)\b", re.I)
_NUMBERS = {"two": 2, "2": 2, "three": 3, "3": 3}
_THINGS = r"(?:folders?|director(?:y|ies)|levels?|steps?)"
_LEVELS = re.compile(
    rf"\b(?P<count>two|three|[23])\s+{_THINGS}\s+(?:up|above|higher)\b|\bup\s+(?P<number>two|three|[23])(?:\s+{_THINGS})?"
    r"(?=\s*(?:$|[,.;!?]|and\b|then\b|please\b))",
    re.I,
)


def placed_otherwise(
    call: ToolCall, catalogue: Catalogue, disk: Disk, request: str
) -> tuple[str, tuple[ToolCall, ...]]:
    """Return an argument that isn't where the request wants it, and the calls that have it there.

    A thing that is only renamed stays in its folder; what is to lie beside a file isn't written over that file; two
    folders up are `../..`.
    """
    levels = _LEVELS.search(request)
    for parameter, given in paths_of(call, catalogue):
        if levels and parameter.name in ("destination", "folder", "path") and posixpath.normpath(given) == "..":
            up = "/".join([".."] * _NUMBERS[(levels["count"] or levels["number"]).lower()])
            return given, _possible(call, parameter.name, up, catalogue, disk)
    if call.name not in ("mv", "cp"):
        return "", ()
    source, target = str(call.arguments["source"]), str(call.arguments["destination"])
    if disk.exists(target):
        is_beside = not disk.is_folder(target) and _BESIDE.search(request)
        beside = posixpath.dirname(target) or "."
        return (target, _possible(call, "destination", beside, catalogue, disk)) if is_beside else ("", ())
    folder, base = posixpath.split(target)
    home = posixpath.dirname(source.rstrip("/"))
    if call.name == "cp" or folder == home or not _is_only_renamed(target, folder, request):
        return "", ()
    return target, _possible(call, "destination", posixpath.join(home, base), catalogue, disk)


def _is_only_renamed(target: str, folder: str, request: str) -> bool:
    """Say whether a request calls a thing otherwise, and says of no folder that it goes there."""
    if not _RENAMING.search(request) or _MOVING.search(request) or target in request:
        return False
    there = rf"\b(?:to|in|inside|under)\s+(?:the\s+)?[\"']?{re.escape(folder)}(?![\w/])"
    return re.search(there, request, re.I) is None


def _possible(call: ToolCall, name: str, path: str, catalogue: Catalogue, disk: Disk) -> tuple[ToolCall, ...]:
    other = ToolCall(call.name, {**call.arguments, name: path})
    return (other,) if can_work(other, catalogue, disk) else ()
