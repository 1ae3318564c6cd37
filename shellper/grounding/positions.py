"""Positions: which entries of a list a request means by counting ("the third one", "the last two folders").

Read is an ordinal number with an article or a word for things. Nothing is read where a wording counts something else
(lines, words, days), keeps what it counts to, or says what a thing was rather than where it stands.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_COUNTS = {"two": 2, "2": 2, "three": 3, "3": 3, "four": 4, "4": 4}
_THINGS = ("one", "ones", "entry", "entries", "item", "items", "name", "names", "result", "results", "hit", "hits")
_FILES = ("file", "files")
_FOLDERS = ("folder", "folders", "directory", "directories", "dir", "dirs", "subfolder", "subfolders")
_ORDINAL = rf"(?:last\ but\ one|next\ to\ last|last|middle|{'|'.join(_ORDINALS)}|\d{{1,2}}(?:st|nd|rd|th))"
_POSITION = re.compile(
    rf"""(?<![\w./-])(?P<article>the\ (?:very\ )?)?
    (?:(?P<ordinal>{_ORDINAL})(?:\ (?P<count>{"|".join(_COUNTS)}))?|(?:number|no\.?|nr\.?)\ (?P<number>\d{{1,2}}))
    (?P<last>\ to\ last)?(?:\ (?P<extension>\.?[a-z]\w{{0,3}})(?=\ (?:{"|".join((*_THINGS, *_FILES))})\b))?
    (?:\ (?P<thing>{"|".join((*_THINGS, *_FILES, *_FOLDERS))}))?(?:\ from\ the\ (?P<edge>end|bottom|back|top))?
    (?![\w/-]|\.\w)""",
    re.IGNORECASE | re.VERBOSE,
)
_HIDDEN = re.compile(r"\bthe hidden (?P<thing>one|file|folder)\b", re.I)
# A bare ordinal stands for a thing only before one of these, or at the end of a clause.
_GOES_ON = re.compile(
    r"\s*(?:$|[,;:!?)&]|\.(?!\w)|(?:and|n|to|in|into|onto|as|by|with|for|from|against|there|here|too|also|instead|please|pls|"
    r"again|then|now|back|away|up|of (?:them|these|those|the list|that list|all))\b)",
    re.I,
)
# What was first in time or to somebody, not in a list.
_NOT_OF_A_LIST = re.compile(
    r"\s*(?:(?:that |which )?(?:i|we|you|he|she|they|was|were|is|has|had|stays?|can stay)\b|of both\b|"
    r"of (?:these|those|the) two\b|(?:made|added|mentioned|opened|shown|said|called|named)\b)",
    re.I,
)
_NOT_HERE = re.compile(
    r"\b(?:first|second|other|earlier|previous|former|old|older)\s+(?:list|listing|output|search)\b|"
    r"\bfrom the \w+ to the \w+|\b(?:above|below|before|after|under) (?:it|that|this)\b",
    re.I,
)
# "Number 2" may be the number of anything ("invoice number 2").
_COUNTED = re.compile(
    r"(?:^|[,;:]|\b(?:show|open|read|print|cat|see|list|delete|remove|drop|move|copy|rename|compare|and|with|to|is|not?))\s*$",
    re.I,
)
_OF_TEXT = re.compile(r"(?: \d+)? (?:lines?|words?|rows?|columns?|letters?|characters?|times?)\b", re.I)
_NO_POSITION_BEFORE = re.compile(
    r"\b(?:an?|every|each|at|my|your|his|her|their|our|its|that|this|before|after|above|below|under|than|but|not|"
    r"except(?: for)?|apart from|besides|without|instead of|keep|leave|need|seen|had|know|as|like|add|put)\s+$",
    re.I,
)


@dataclass(frozen=True)
class Position:
    """Entries of a list: counted from 0, from the end where negative, `middle`, or the only `hidden` one.

    `kind` is what alone is counted: files, folders, or names with an ending such as `.csv`. Who says "the second file"
    may have counted the folders too.
    """

    places: tuple[int | Literal["middle", "hidden"], ...]
    kind: str = ""

    def entries(self, listed: Sequence[tuple[str, bool]]) -> tuple[str, ...]:
        """Return the entries meant of a list of paths, each with whether it is a folder; none where one is missing."""
        found: dict[str, None] = {}
        for kind in (self.kind, "") if self.kind == "file" and len(self.places) == 1 else (self.kind,):
            counted = [path for path, is_folder in listed if _counts(kind, path, is_folder)]
            entries = [self._entry(place, counted) for place in self.places]
            found |= dict.fromkeys(path for path in entries if path is not None and None not in entries)
        return tuple(found)

    def _entry(self, place: int | Literal["middle", "hidden"], counted: Sequence[str]) -> str | None:
        if place == "hidden":
            hidden = [path for path in counted if posixpath.basename(path).startswith(".")]
            return hidden[0] if len(hidden) == 1 else None
        if place == "middle":
            return counted[len(counted) // 2] if len(counted) % 2 else None
        return counted[place] if -len(counted) <= place < len(counted) else None


def _counts(kind: str, path: str, is_folder: bool) -> bool:
    if kind in ("file", "folder"):
        return is_folder == (kind == "folder")
    return not kind or path.casefold().endswith(kind)


def positions(request: str) -> tuple[Position, ...]:
    """Return what a request means by counting, as it is said; nothing where it counts in a list that isn't the last."""
    if _NOT_HERE.search(request):
        return ()
    found: list[tuple[int, Position]] = []
    is_before = False
    end = 0
    for match in _POSITION.finditer(request):
        chained = is_before and re.fullmatch(r"\s*(?:,|and|n|&|,\s*and|with|to)?\s*", request[end : match.start()])
        is_before = _is_position(match, request, bool(chained))
        end = match.end()
        if is_before:
            found.append((match.start(), _position(match)))
        elif match["article"] and not _OF_TEXT.match(request[end:]):
            # What is counted beside it is then hardly known.
            return ()
    for match in _HIDDEN.finditer(request):
        kind = match["thing"].lower()
        found.append((match.start(), Position(("hidden",), kind if kind in ("file", "folder") else "")))
    return tuple(position for _, position in sorted(found, key=lambda one: one[0]))


def _is_position(match: re.Match[str], request: str, chained: bool) -> bool:
    rest = request[match.end() :]
    if _NO_POSITION_BEFORE.search(request[: match.start()]) or _NOT_OF_A_LIST.match(rest):
        return False
    if match["edge"]:
        return re.match(rf" (?:{'|'.join((*_THINGS, *_FILES, *_FOLDERS))})\b", rest) is None
    if match["number"]:
        return int(match["number"]) > 0 and _COUNTED.search(request[: match.start()]) is not None
    if match["thing"]:
        return True
    if not _GOES_ON.match(rest):
        return False
    if match["ordinal"].lower() == "middle":
        return re.search(r"\bone in $", request[: match.start()], re.I) is not None
    alone = not request[: match.start()].strip()
    return bool(match["article"] or chained or (alone and match["ordinal"][0].isdigit()))


def _position(match: re.Match[str]) -> Position:
    kind = ""
    if match["thing"]:
        thing = match["thing"].lower()
        kind = "file" if thing in _FILES else "folder" if thing in _FOLDERS else ""
    if match["extension"]:
        kind = f".{match['extension'].lower().lstrip('.')}"
    if match["number"]:
        return Position((int(match["number"]) - 1,), kind)
    ordinal = match["ordinal"].lower()
    count = _COUNTS[match["count"].lower()] if match["count"] else 1
    match ordinal:
        case "last":
            return Position(tuple(range(-count, 0)), kind)
        case "middle":
            return Position(("middle",), kind)
        case "last but one" | "next to last":
            return Position((-2,), kind)
        case _ if match["last"] or (match["edge"] and match["edge"].lower() != "top"):
            return Position((-1 - _start(ordinal),), kind)
        case _:
            start = _start(ordinal)
            return Position(tuple(range(start, start + count)), kind)


def _start(ordinal: str) -> int:
    return _ORDINALS.index(ordinal) if ordinal in _ORDINALS else int(ordinal[:-2]) - 1
