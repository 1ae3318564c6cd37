"""New names and texts that a call has otherwise than the request says them: with words around, or the wrong word."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence

from shellper.calls.call import ToolCall
from shellper.calls.catalogue import Catalogue
from shellper.calls.disk import Disk
from shellper.grounding.possible import NO_NAMES, can_work, paths_of

_QUOTED = re.compile(r"(?<!\w)(?:\"([^\"]+)\"|'([^']+)'|“([^”]+)”|`([^`]+)`)(?!\w)")
_CALLED = r"\b(?:called|call|named?|folders?|director(?:y|ies)|files?|as|to|into)\b(?: it| this| that)?"
# What comes behind a name that stands without quotation marks.
_GOING_ON = re.compile(r" (?:in|into|inside|here|please|pls|for|from|with|at|on|now|too)\b")
_EDGES = ".,;:!?\"'`“”()"


def said_otherwise(call: ToolCall, catalogue: Catalogue, disk: Disk, request: str) -> tuple[str, tuple[ToolCall, ...]]:
    """Return an argument that the request doesn't say so, and the calls that have there what it may say.

    It is a name in the place of a number or of one in quotation marks, one with words that may not belong to it, one
    that is nothing but an ending; or a text that is the name of the file it is for, or the beginning of a quotation.
    """
    values = [str(value) for value in call.arguments.values()]
    used = {part.casefold() for value in values for part in (value, *value.split("/"))}
    for parameter, given in paths_of(call, catalogue):
        if parameter.must_exist or disk.exists(given) or not given.strip("./~-"):
            continue
        folder, base = posixpath.split(given)
        renamed = (re.match(rf"{re.escape(value)} (?:2|to|as|into) (.+)", base) for value in values)
        names = [
            *_names(base, str(call.arguments.get("source", "")), request),
            *(match[1] for match in renamed if match),
        ]
        names = [name for name in names if name.casefold() not in used and not disk.exists(name)]
        if names:
            paths = dict.fromkeys(path for name in names for path in (posixpath.join(folder, name), name))
            calls = (ToolCall(call.name, {**call.arguments, parameter.name: path}) for path in paths)
            return given, tuple(one for one in calls if can_work(one, catalogue, disk))
    return _text_otherwise(call, catalogue, request)


def _text_otherwise(call: ToolCall, catalogue: Catalogue, request: str) -> tuple[str, tuple[ToolCall, ...]]:
    in_quotes = quoted(request)
    for parameter in catalogue.tools[call.name].parameters:
        given = str(call.arguments.get(parameter.name, ""))
        if not given or parameter.role != "text" or parameter.type != "string" or parameter.enum or parameter.form:
            continue
        texts = [text for text in in_quotes if text != given and text.startswith(given)]
        if given in in_quotes or (not texts and not _is_file_of(given, call, catalogue)):
            continue
        texts = [text for text in (texts or in_quotes or words(request)) if text != given]
        return given, tuple(ToolCall(call.name, {**call.arguments, parameter.name: text}) for text in texts)
    return "", ()


def quoted(request: str) -> Sequence[str]:
    """Return what a request has in quotation marks."""
    return [next(text for text in match.groups() if text) for match in _QUOTED.finditer(request)]


def words(request: str) -> Sequence[str]:
    """Return the words of a request that may be names or texts, without their punctuation."""
    found = dict.fromkeys(word.strip(_EDGES) for word in request.split())
    return [word for word in found if word and word.casefold() not in NO_NAMES]


def _names(base: str, source: str, request: str) -> Iterator[str]:
    """Yield what a request may call something new that a call has by another name."""
    in_quotes = quoted(request)
    if base in in_quotes:
        return
    if base.casefold() not in request.casefold():
        yield from (name for name in in_quotes if re.search(rf"{_CALLED}\W{{0,3}}{re.escape(name)}", request, re.I))
        numbers = (word for word in words(request) if re.search(r"\d", word))
        yield from (word for word in numbers if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", base))
    elif re.fullmatch(r"\.\w{1,4}", base):
        yield from (word for word in words(request) if word.endswith(base))
        yield from (posixpath.splitext(source)[0] + base,) if source else ()
    elif " " in base:
        for part in (*re.split(r"[:;] ", base), _GOING_ON.split(base, maxsplit=1)[0]):
            # An apostrophe at its beginning is the name's own.
            yield f"'{part}" if f"'{part} " in request else part


def _is_file_of(text: str, call: ToolCall, catalogue: Catalogue) -> bool:
    return bool(text) and any(text in (path, posixpath.basename(path)) for _, path in paths_of(call, catalogue))
