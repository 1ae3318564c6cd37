"""Text as people are shown it: made visible, shortened, with symbols for verdicts."""

from __future__ import annotations

import unicodedata
from pathlib import Path

CONSENT = "yes"
"""The word that a command at `warn` needs."""

SYMBOLS = {"allow": "✓", "confirm": "?", "warn": "!", "block": "✗"}
PLAIN_SYMBOLS = {**SYMBOLS, "allow": "+", "block": "x"}
"""The symbol of each level, and the same in ASCII."""

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


def visible(text: str) -> str:
    """Return a text with every character that can't be seen, or moves what is seen, written as its code point."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        f"<U+{ord(character):04X}>"
        if character not in "\n\t" and unicodedata.category(character) in _HIDDEN
        else character
        for character in text
    )


def home_short(folder: Path, home: Path) -> str:
    """Return a folder's name with `~` for home."""
    return f"~/{folder.relative_to(home)}".removesuffix("/.") if folder.is_relative_to(home) else str(folder)
