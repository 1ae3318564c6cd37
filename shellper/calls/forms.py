"""Texts of a fixed form: sizes for find, modes for chmod."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from shellper.calls.call import CallError

_NUMBER = r"[0-9]{1,12}"
_SIZE = rf"({_NUMBER}(?:\.[0-9]{{1,6}})?)([kKmMgGtT]?)(?:[iI]?[bB])?"
# chmod(1): whose permissions, then what is added, taken or set; bounded, so that a decoder comes to an end.
_ACTIONS = r"(?:[-+=](?:[rwxXst]{0,6}|[ugo]))"
_CLAUSE = rf"[ugoa]{{0,4}}{_ACTIONS}{{1,2}}"
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}


@dataclass(frozen=True)
class Form:
    """What a text must look like: `whole` matches all of it, `start` every beginning of one; `letters` may be in it."""

    whole: re.Pattern[str]
    start: re.Pattern[str]
    letters: frozenset[str]
    example: str


FORMS = {
    "size": Form(
        re.compile(_SIZE),
        re.compile(rf"{_NUMBER}(?:\.[0-9]{{0,6}}|(?:\.[0-9]{{1,6}})?[kKmMgGtT]?(?:[iI]|[iI]?[bB])?)"),
        frozenset("0123456789.kKmMgGtTiIbB"),
        "a size such as 500k, 10M or 1.5G",
    ),
    "mode": Form(
        re.compile(rf"[0-7]{{3,4}}|{_CLAUSE}(?:,{_CLAUSE}){{0,3}}"),
        re.compile(rf"[0-7]{{1,4}}|(?:{_CLAUSE},){{0,3}}[ugoa]{{0,4}}{_ACTIONS}{{0,2}}"),
        frozenset("01234567ugoarwxXst+-=,"),
        "permissions such as +x, a-w or 644",
    ),
}


def size_in_bytes(size: str) -> int:
    """Return the bytes of a size: k, M, G and T are powers of 1024. Raises `CallError` where it is none."""
    match = FORMS["size"].whole.fullmatch(size)
    if match is None:
        raise CallError(f"{size!r} is not {FORMS['size'].example}")
    return int(Decimal(match[1]) * Decimal(1024) ** _POWERS[match[2].lower()])
