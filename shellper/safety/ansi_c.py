"""The text that `$'...'` stands for (bash manual, ANSI-C Quoting)."""

from __future__ import annotations

import re

NAMED = {"a": "\a", "b": "\b", "e": "\x1b", "E": "\x1b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
ESCAPE = re.compile(
    r"\\(?:([abeEfnrtv])|([0-7]{1,3})|x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8})|c(.)|(.))", re.DOTALL
)


def decoded(text: str) -> str:
    """Work out the escapes of a text; bytes above 127 stand for themselves, as in Latin-1."""

    def character(found: re.Match[str]) -> str:
        named, octal, byte, short, long, control, other = found.groups()
        if named:
            return NAMED[named]
        if octal:
            return chr(int(octal, 8) & 0xFF)
        number = int(byte or short or long or "0", 16)
        if byte or short or long:
            return chr(number) if number < 0x110000 and not 0xD800 <= number < 0xE000 else "\ufffd"
        if control:
            return chr(ord(control) & 0x1F)
        return str(other) if other in "\\'\"?" else found.group()

    # bash ends the text at a NUL.
    return ESCAPE.sub(character, text).partition("\0")[0]
