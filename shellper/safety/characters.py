"""Characters that a reader of the screen can't see, or that change what the screen shows."""

from __future__ import annotations

import unicodedata

# Invisible, though Unicode counts them as letters, marks or symbols.
BLANKS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Zs", "Zl", "Zp"})
PLAIN = frozenset(" \n\t")
JOINER = "\u200d"
EMOJI_STYLE = "\ufe0f"
BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
MOST_NAMED = 3


def hidden_characters(text: str) -> list[str]:
    """Describe each kind of hidden character in the text once, in the order of appearance."""
    found = {
        character: None
        for place, character in enumerate(text)
        if not (character.isascii() and character.isprintable()) and _is_hidden(text, place)
    }
    return [_described(character) for character in found]


def hidden_reason(text: str) -> str | None:
    """Say which hidden characters a text holds, or None if it holds none."""
    found = hidden_characters(text)
    if not found:
        return None
    rest = f" and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
    return f"holds hidden characters: {', '.join(found[:MOST_NAMED])}{rest}"


def two_scripts(word: str) -> bool:
    """Tell whether a word mixes plain Latin letters with letters of another script that may look the same."""
    letters = [character for character in word if character.isalpha()]
    return any(letter.isascii() for letter in letters) and any(
        not unicodedata.name(letter, "").startswith("LATIN") for letter in letters
    )


def looks_plain(word: str) -> bool:
    """Tell whether a word of other letters, such as full-width ones, looks like one of plain letters."""
    return not word.isascii() and unicodedata.normalize("NFKC", word).isascii()


def _is_hidden(text: str, place: int) -> bool:
    character = text[place]
    if character in PLAIN:
        return False
    if character in (JOINER, EMOJI_STYLE):
        return not _in_emoji(text, place)
    if "\ufe00" <= character <= "\ufe0e" or "\U000e0100" <= character <= "\U000e01ef":
        return True
    return character in BLANKS or unicodedata.category(character) in HIDDEN_CATEGORIES


def _in_emoji(text: str, place: int) -> bool:
    """Tell whether a joiner or style mark follows a pictogram, as it does in many emoji of real file names."""
    before = text[place - 1] if place else ""
    if not before or before.isascii():
        return False
    if before == EMOJI_STYLE:
        return text[place] == JOINER
    return unicodedata.category(before) in ("So", "Sk")


def _described(character: str) -> str:
    code = f"U+{ord(character):04X}"
    if character in BIDI:
        return f"{code} (turns the direction of the text)"
    if unicodedata.category(character) == "Cc":
        return f"{code} (control character)"
    name = unicodedata.name(character, "")
    return f"{code} ({name.lower()})" if name else code
