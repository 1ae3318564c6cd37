"""Things that a request calls by their kind: "the csv", "the picture", where there is just one."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence

from shellper.calls.call import ToolCall
from shellper.calls.catalogue import Catalogue
from shellper.calls.disk import Disk
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
_SAID = re.compile(
    rf"\b(?:the|that|this|my) (?:only |one )?\.?(?P<kind>{'|'.join(_KINDS)})(?: file)?\b(?![.\w'’-])", re.I
)
# The entries of a folder that are looked at.
_MOST_SEEN = 1000


def of_kind(call: ToolCall, catalogue: Catalogue, disk: Disk, request: str) -> tuple[str, tuple[ToolCall, ...]]:
    """Return the argument of a call that is of another kind than the request says, and the call with the one that is.

    There must be just one of that kind in the folder of the argument, or here. What is to be taken away is not guessed.
    """
    if call.name in REMOVING:
        return "", ()
    kinds = [match["kind"].casefold() for match in _SAID.finditer(request)]
    for parameter, given in paths_of(call, catalogue):
        base = posixpath.basename(given)
        is_said = is_named(base, request) and base.casefold() not in kinds
        if not parameter.must_exist or disk.is_folder(given) or "*" in given or is_said:
            continue
        # One of them is another argument's.
        wanted = [kind for kind in kinds if not any(_is(path, kind) for _, path in paths_of(call, catalogue))]
        paths = list(dict.fromkeys(path for kind in wanted for path in _only(disk, posixpath.dirname(given), kind)))
        calls = (ToolCall(call.name, {**call.arguments, parameter.name: path}) for path in paths)
        possible = tuple(one for one in calls if can_work(one, catalogue, disk))
        if possible:
            return given, possible
    return "", ()


def _only(disk: Disk, folder: str, kind: str) -> Iterator[str]:
    """Yield the only file of a kind in a folder, or else here."""
    for place in dict.fromkeys((folder or ".", ".")):
        there = disk.below(place, 1, _MOST_SEEN)
        found = [path for path, is_folder in there.items() if not is_folder and _is(path, kind)]
        if len(found) == 1:
            yield posixpath.normpath(posixpath.join(place, posixpath.basename(found[0])))
            return


def _is(path: str, kind: str) -> bool:
    return path.casefold().endswith(tuple(_KINDS[kind]))
