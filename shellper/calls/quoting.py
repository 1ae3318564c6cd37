"""Words as the shell reads them."""

from __future__ import annotations

import re
import shlex

# What a shell reads in double quotes (bash(1), "QUOTING").
_SPECIAL = frozenset('$`"\\!')
_MARKS = re.compile(r"""([*?]+|['"\\])""")


def quote(word: str) -> str:
    """Quote a word; one with an apostrophe by quotation marks where nothing in these is special to the shell."""
    if "'" in word and _SPECIAL.isdisjoint(word):
        return f'"{word}"'
    return shlex.quote(word)


def quote_path(path: str) -> str:
    """Quote a path, leaving a leading `~` or `~/` to the shell."""
    if path == "~":
        return path
    if path.startswith("~/"):
        return "~/" + (_quote_inside(path[2:]) if path[2:] else "")
    return quote(path)


def _quote_inside(text: str) -> str:
    """Quote what does not begin a word, by parts; quotation marks and backslashes get a backslash.

    Inside quotes in the middle of a word bashlex 0.18 loses them.
    """
    parts = (part for part in re.split(r"""(['"\\])""", text) if part)
    return "".join(f"\\{part}" if part in ("'", '"', "\\") else quote(part) for part in parts)


def quote_glob(pattern: str) -> str:
    """Quote a path but for its wildcards `*` and `?`, which are left to the shell like a leading `~/`.

    Quotation marks and backslashes get a backslash: inside quotes in the middle of a word, bashlex 0.18 loses them.
    """
    home, rest = ("~/", pattern[2:]) if pattern.startswith("~/") else ("", pattern)
    parts = (part for part in _MARKS.split(rest) if part)
    return home + "".join(
        part if part[0] in "*?" else f"\\{part}" if part in ("'", '"', "\\") else quote(part) for part in parts
    )
