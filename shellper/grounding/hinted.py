"""Things that a request hints at by a part of their names: "the bowl's" where there are a bowl and a vase.

A small model in a long conversation goes on with the thing of before, where a person would see at once that only one of
the names has the word in it.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence

from shellper.calls.call import ToolCall
from shellper.calls.catalogue import Catalogue, Parameter
from shellper.calls.disk import Disk
from shellper.grounding.possible import NO_NAMES, REMOVING, can_work, is_named, paths_of, what_is_there

# With more, the word says little.
_MOST_HINTED = 6
_SHORTEST = 3
# Of a longer request hardly any word is a hint.
_MOST_WORDS = 15
_WORD = re.compile(r"[^\W_]+")
_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
# What is left out is said too.
_LEAVING_OUT = re.compile(r"\b(?:not|except|but|without|than|besides|instead of|rather than)\b|n['’]t\b", re.I)
# What stands behind one of these is beside the thing, or why it is wanted.
_ASIDE = re.compile(r"\b(?:beside|next to|near|like|so|because|since)\b", re.I)
_NEW = re.compile(r"\b(?:new|creat\w*|mak(?:e|ing)|start)\b", re.I)
# Words that ask for something to be done or tell how, though files may be called so too.
_NO_HINTS = NO_NAMES | {
    "add", "after", "all", "and", "any", "append", "back", "both", "but", "called", "content", "contents",
    "copy", "count", "data", "delete", "diff", "dir", "directory", "done", "find", "first", "for", "from",
    "has", "have", "here", "how", "inside", "into", "just", "last", "line", "lines", "list", "log", "look",
    "make", "many", "may", "move", "much", "name", "named", "new", "next", "not", "now", "off", "only", "open",
    "other", "out", "over", "please", "print", "put", "read", "remove", "rename", "same", "save", "search",
    "see", "show", "size", "some", "sort", "take", "text", "than", "them", "then", "there", "too", "two", "txt",
    "use", "was", "what", "where", "which", "who", "will", "with", "word", "words", "write", "you",
}  # fmt: skip


def hinted(
    call: ToolCall, before: Sequence[ToolCall], catalogue: Catalogue, disk: Disk, request: str
) -> tuple[str, tuple[ToolCall, ...]]:
    """Return the argument of a call at which no word of the request hints, and the calls with what it hints at.

    That is there, is a file where the argument is one, and no call that came `before` in the same turn has it. Words of
    the call's own texts hint at nothing, and what is to be taken away is never guessed.
    """
    if call.name in REMOVING or len(request.split()) > _MOST_WORDS or _LEAVING_OUT.search(request):
        return "", ()
    asked = _words(_ASIDE.split(request, maxsplit=1)[0])
    paths = paths_of(call, catalogue)
    heeded = {part for _, path in paths for part in _parts(path)}
    hints = asked - _NO_HINTS - heeded - {word for text in _texts(call, catalogue) for word in _words(text)}
    used = {path for one in before for _, path in paths_of(one, catalogue)}
    for parameter, given in paths:
        is_said = not given.strip("./~-") or asked & _parts(given) or is_named(posixpath.basename(given), request)
        if is_said or not hints or not _may_be_another(call, parameter, given, disk, request):
            continue
        there = {path: len(hints & _parts(path)) for path in _alike(disk, given) if path not in used}
        best = max(there.values(), default=0)
        wanted = [path for path, hit in there.items() if hit == best] if best else []
        if len(wanted) > _MOST_HINTED:
            continue
        calls = (ToolCall(call.name, {**call.arguments, parameter.name: path}) for path in wanted)
        possible = tuple(one for one in calls if can_work(one, catalogue, disk))
        if possible:
            return given, possible
    return "", ()


def _may_be_another(call: ToolCall, parameter: Parameter, given: str, disk: Disk, request: str) -> bool:
    """Say whether something else may be meant in its place: it is read, is a folder, or is a file that gets a line."""
    if call.name == "echo":
        return disk.exists(given) or not _NEW.search(request)
    return disk.exists(given) and (parameter.must_exist or disk.is_folder(given))


def hints_at(path: str, text: str, beside: str = "") -> bool:
    """Say whether a text has a path's name, or a part of it that is no everyday word and no part of the one beside."""
    base, other = (posixpath.basename(one.rstrip("/")) for one in (path, beside))
    return is_named(base, text) or bool((_words(text) - _NO_HINTS) & (_parts(base) - _parts(other)))


def _alike(disk: Disk, given: str) -> Iterator[str]:
    """Yield what is there of the same kind, and what has the same name in a folder beside this one.

    Other things beside this folder are rarely meant by a part of their names, unless the call has gone there already.
    """
    is_folder = disk.is_folder(given)
    there = what_is_there(disk, given)
    for path, is_other_folder in there.items():
        if is_other_folder == is_folder and (given.startswith("..") or is_folder or not path.startswith("../")):
            yield path
        if is_other_folder and path.startswith("../") and not is_folder:
            beside = posixpath.join(path, posixpath.basename(given))
            if disk.exists(beside) and not disk.is_folder(beside):
                yield beside


def _parts(path: str) -> set[str]:
    """Return the words of a path's names, and in full those that are a month or a day in short."""
    parts = _words(path)
    short = {part for part in parts if len(part) == _SHORTEST}
    return parts | {full for full in (*_MONTHS, *_DAYS) if full[:_SHORTEST] in short}


def _words(text: str) -> set[str]:
    """Return the words of a text in small letters, each without the ending of a plural or an owner too."""
    found = {word for word in _WORD.findall(text.casefold()) if len(word) >= _SHORTEST}
    return found | {word.removesuffix("s") for word in found if len(word) > _SHORTEST}


def _texts(call: ToolCall, catalogue: Catalogue) -> Iterator[str]:
    for parameter in catalogue.tools[call.name].parameters:
        if parameter.role != "path" and isinstance(call.arguments.get(parameter.name), str):
            yield str(call.arguments[parameter.name])
