"""What `${name%.txt}`, `${name/a/b}`, `${name:1:2}` and the like make of a value that is known."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable

PLAIN = r"[^$`\\{}\"']*"
CUT = re.compile(rf"\$\{{(\w+)(%%?|##?)({PLAIN})\}}")
REPLACED = re.compile(rf"\$\{{(\w+)(/#|/%|//?)([^$`\\{{}}\"'/]+)(?:/({PLAIN}))?\}}")
SLICED = re.compile(r"\$\{(\w+):\s*(-?\d+|\(-\d+\))(?::\s*(-?\d+))?\}")
CASED = re.compile(r"\$\{(\w+)(\^\^?|,,?)\}")
INDIRECT = re.compile(r"\$\{!(\w+)\}")


def worked_out(text: str, value_of: Callable[[str], str | None]) -> str | None:
    """Return what `${...}` with an operator stands for; None where the value or the operator isn't known."""
    for expression, work in ((CUT, _cut), (REPLACED, _replaced), (SLICED, _sliced), (CASED, _cased)):
        found = expression.fullmatch(text)
        value = value_of(found[1]) if found else None
        if found and value is not None:
            return work(found, value)
    found = INDIRECT.fullmatch(text)
    name = value_of(found[1]) if found else None
    return value_of(name) if name is not None and re.fullmatch(r"\w+", name) else None


def _cut(found: re.Match[str], value: str) -> str:
    """Cut what the pattern matches from the end or the start, the longest for a doubled sign."""
    sign, pattern = found[2], found[3]
    places = range(len(value) + 1)
    ends = sign[0] == "%"
    for place in places if (ends == (len(sign) == 2)) else reversed(places):
        rest, taken = (value[:place], value[place:]) if ends else (value[place:], value[:place])
        if fnmatch.fnmatchcase(taken, pattern):
            return rest
    return value


def _replaced(found: re.Match[str], value: str) -> str:
    sign, pattern, new = found[2], fnmatch.translate(found[3]).removesuffix("\\Z").removesuffix("\\z"), found[4] or ""
    anchored = {"/#": rf"\A{pattern}", "/%": rf"{pattern}\Z"}.get(sign, pattern)
    return re.sub(anchored, lambda _: new, value, count=0 if sign == "//" else 1)


def _sliced(found: re.Match[str], value: str) -> str:
    start = int(found[2].strip("()"))
    part = value[start:] if start >= 0 or -start <= len(value) else ""
    if found[3] is None:
        return part
    length = int(found[3])
    return part[:length]


def _cased(found: re.Match[str], value: str) -> str:
    change = str.upper if found[2][0] == "^" else str.lower
    return change(value) if len(found[2]) == 2 else change(value[:1]) + value[1:]
