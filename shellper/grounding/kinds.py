"""Things that a request calls by their kind: "the csv", "the picture", where there is just one."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence

from shellper.calls.call import ToolCall
from shellper.calls.catalogue import Catalogue
from shellper.calls.disk import Disk
from shellper.grounding.hinted import hints_at
from shellper.grounding.possible import REMOVING, can_work, is_named, paths_of

_PICTURES = (".jpg", ".jpeg", ".png", ".gif", ".webp", ".heic", ".tif", ".tiff", ".bmp", ".svg")
_VIDEOS = (".mp4", ".mov", ".mkv", ".avi", ".webm")
_ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.xz", ".tar.bz2", ".7z")
_TABLES = (".csv", ".tsv", ".xlsx", ".xls", ".ods")
_SCRIPTS = (".sh", ".py", ".bash", ".pl", ".rb")
# How people call a kind of file, and how the names of such files end.
_KINDS: Mapping[str, Sequence[str]] = {
    "csv": (".csv",), "tsv": (".tsv",), "txt": (".txt",), "pdf": (".pdf",), "json": (".json",), "xml": (".xml",),
    "yaml": (".yaml", ".yml"), "toml": (".toml",), "ini": (".ini",), "html": (".html", ".htm"), "css": (".css",),
    "md": (".md",), "markdown": (".md", ".markdown"), "jpg": (".jpg", ".jpeg"), "jpeg": (".jpg", ".jpeg"),
    "png": (".png",), "gif": (".gif",), "svg": (".svg",), "mp3": (".mp3",), "wav": (".wav",), "mp4": (".mp4",),
    "sql": (".sql",), "doc": (".doc", ".docx"), "docx": (".docx",), "zip": (".zip",), "picture": _PICTURES,
    "photo": _PICTURES, "image": _PICTURES, "screenshot": _PICTURES, "video": _VIDEOS, "movie": _VIDEOS,
    "tarball": _ARCHIVES[1:-1], "archive": _ARCHIVES, "spreadsheet": _TABLES, "script": _SCRIPTS,
}  # fmt: skip
# Where something goes, and what it lies beside, is another thing.
_ELSEWHERE = "".join(rf"(?<!\b{word} )" for word in ("to", "into", "in", "like", "near", "beside", "of"))
_SAID = re.compile(
    rf"{_ELSEWHERE}\b(?:the|that|this|my) (?:only |one )?\.?(?P<kind>{'|'.join(_KINDS)})(?:[ -]file)?\b"
    r"(?!\.\w|[\w'’]|-(?!file))",
    re.I,
)
# The entries of a folder that are looked at.
_MOST_SEEN = 1000


def of_kind(call: ToolCall, catalogue: Catalogue, disk: Disk, request: str) -> tuple[str, tuple[ToolCall, ...]]:
    """Return the argument of a call that is of another kind than the request says, and the call with the one that is.

    There must be just one of that kind in the folder of the argument, or here. What is to be taken away is not guessed.
    """
    if call.name in REMOVING:
        return "", ()
    paths = paths_of(call, catalogue)
    kinds = list(_kinds(call, catalogue, disk, request))
    for parameter, given in paths:
        if not parameter.must_exist or disk.is_folder(given) or "*" in given or "?" in given:
            continue
        if _is_said(given, kinds, request):
            continue
        found = list(dict.fromkeys(path for kind in kinds for path in _only(disk, posixpath.dirname(given), kind)))
        calls = (ToolCall(call.name, {**call.arguments, parameter.name: path}) for path in found)
        possible = tuple(one for one in calls if can_work(one, catalogue, disk))
        if possible:
            return given, possible
    return "", ()


def _kinds(call: ToolCall, catalogue: Catalogue, disk: Disk, request: str) -> Iterator[str]:
    """Yield the kinds that a request speaks of and none of the call's paths is of, and that are no folder's name."""
    paths = [path for _, path in paths_of(call, catalogue)]
    for match in _SAID.finditer(request):
        kind = match["kind"].casefold()
        if not any(_is(path, kind) for path in paths) and not disk.is_folder(kind) and f"{kind}s" not in paths:
            yield kind


def _is_said(given: str, kinds: Sequence[str], request: str) -> bool:
    """Say whether a request means a file by more than a kind; a file without an ending may be any script."""
    base = posixpath.basename(given)
    if base.casefold() in kinds:
        return False
    is_bare = not posixpath.splitext(base)[1] and "script" in kinds
    return is_bare or is_named(base, request) or hints_at(given, request)


def _only(disk: Disk, folder: str, kind: str) -> Iterator[str]:
    """Yield the only file of a kind in a folder, or else here."""
    for place in dict.fromkeys((folder or ".", ".")):
        there = disk.below(place, 1, _MOST_SEEN)
        found = [path for path, is_folder in there.items() if not is_folder and _is(path, kind)]
        # What was not looked at may hold another one.
        if len(found) == 1 and len(there) < _MOST_SEEN:
            yield posixpath.normpath(posixpath.join(place, posixpath.basename(found[0])))
            return


def _is(path: str, kind: str) -> bool:
    return path.casefold().endswith(tuple(_KINDS[kind]))
