"""The modes that chmod understands (GNU coreutils, "File permissions")."""

from __future__ import annotations

import re
import stat

_CLAUSE = re.compile(r"([ugoa]*)((?:[-+=](?:[rwxXst]*|[ugo]))+)")
_ACTION = re.compile(r"([-+=])([ugo]|[rwxXst]*)")
_ALL = 0o7777
_RUN_AS = stat.S_ISUID | stat.S_ISGID
_CLASSES = {"u": stat.S_ISUID | 0o700, "g": stat.S_ISGID | 0o070, "o": stat.S_ISVTX | 0o007, "a": _ALL}
_LETTERS = {"r": 0o444, "w": 0o222, "x": 0o111, "s": _RUN_AS, "t": stat.S_ISVTX}


def changed_mode(mode: int, text: str, is_folder: bool, umask: int) -> int | None:
    """Return the mode that an entry gets; None where the text is no mode.

    A folder keeps its set-user and set-group bits unless the text names them, and where no class is named, the umask
    holds its bits back.
    """
    if re.fullmatch(r"[0-7]+", text):
        number = int(text, 8)
        if number > _ALL:
            return None
        return number | (mode & _RUN_AS if is_folder and len(text) < 5 else 0)
    for clause in text.split(","):
        found = _CLAUSE.fullmatch(clause)
        if found is None:
            return None
        named = 0
        for one in found[1]:
            named |= _CLASSES[one]
        for action in _ACTION.finditer(found[2]):
            mode = _act(mode, named, action[1], action[2], is_folder, umask)
    return mode


def _act(mode: int, named: int, sign: str, letters: str, is_folder: bool, umask: int) -> int:
    """Return the mode after one action such as `g+w`; `named` are the bits of the classes, 0 for none."""
    bits = _bits(mode, letters, is_folder)
    limit = named or _ALL & ~umask
    kept = _RUN_AS & ~(bits & (named or _ALL)) if is_folder else 0
    bits &= limit & ~kept
    if sign == "+":
        return mode | bits
    if sign == "-":
        return mode & ~bits
    return mode & ((_ALL & ~named if named else 0) | kept) | bits


def _bits(mode: int, letters: str, is_folder: bool) -> int:
    """Return the bits that letters mean, for all classes."""
    if letters in ("u", "g", "o"):
        copied = mode & _CLASSES[letters] & 0o777
        return sum(bits for bits in (0o444, 0o222, 0o111) if copied & bits)
    value = 0
    for letter in letters:
        if letter != "X":
            value |= _LETTERS[letter]
        elif is_folder or mode & 0o111:
            value |= 0o111
    return value
