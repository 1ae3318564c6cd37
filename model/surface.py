"""From a phrasing to the text of a request: names quoted as people do, case, politeness and typos varied."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable

from model.phrasings import SLOT
from model.slots import Slots

_NAME_QUOTES = ("'{}'", "'{}'", '"{}"', '"{}"', '"{}"', "`{}`", "“{}”")
_ENDING = re.compile(r"(\.[A-Za-z]\w*)+")
_TEXT_SLOTS = ("content", "pattern")
_BARE_SLOTS = ("n", "nword", "ext", "extname", "nth", "num", "middle", "sizeword", "process", "pid")
_QUOTE_CHARACTERS = "\"'`“”‘’«»"
_TOUCHING = tuple(_QUOTE_CHARACTERS + "/*?")
_BEFORE = (
    "please ",
    "Please ",
    "hey, ",
    "ok, ",
    "okay ",
    "Hi! ",
    "now ",
    "and ",
    "can you please ",
    "next: ",
    "pls ",
    "then ",
    "So, ",
)
_AFTER = (" please", ", please", " thanks", ". Thanks!", " pls", " now", ", thank you", " for me", "!", " ok?")


def _quoted(rng: random.Random, name: str, value: str, before: str, after: str) -> str:
    """Return a slot's value as it stands in the text."""
    kind = name.rstrip("0123456789")
    if kind in _BARE_SLOTS or before[-1:] in _TOUCHING or after[:1] in _TOUCHING:
        return value
    chance = 0.6 if kind in _TEXT_SLOTS else 0.24
    if " " in value:
        chance = 0.75
    if rng.random() >= chance:
        return value
    marks = [form for form in _NAME_QUOTES if form[0] not in value]
    return rng.choice(marks).format(value) if marks else value


def _typo(rng: random.Random, text: str) -> str:
    """Return the text with two letters swapped, one left out or one doubled, inside a word."""
    places = [m.start() for m in re.finditer(r"(?<=[a-z])[a-z](?=[a-z])", text)]
    if not places:
        return text
    at = rng.choice(places)
    return rng.choice(
        (
            text[:at] + text[at + 1] + text[at] + text[at + 2 :],
            text[:at] + text[at + 1 :],
            text[:at] + text[at] + text[at:],
        )
    )


def _loosen(rng: random.Random, parts: list[str]) -> list[str]:
    """Vary the words around the names: parts at even places are words, those at odd places are names."""
    if rng.random() < 0.08:
        parts = [p if i % 2 else p.lower() for i, p in enumerate(parts)]
    elif rng.random() < 0.2 and parts[0]:
        parts[0] = parts[0][0].lower() + parts[0][1:] if not parts[0].startswith("I ") else parts[0]
    elif rng.random() < 0.2 and parts[0]:
        parts[0] = parts[0][0].upper() + parts[0][1:]
    if rng.random() < 0.15:
        parts[-1] = parts[-1].rstrip(".!?")
    if rng.random() < 0.05:
        parts[0] = rng.choice(_BEFORE) + parts[0][:1].lower() + parts[0][1:]
    elif rng.random() < 0.05:
        parts[-1] = parts[-1].rstrip(".!?") + rng.choice(_AFTER)
    if rng.random() < 0.05:
        index = rng.choice(range(0, len(parts), 2))
        parts[index] = _typo(rng, parts[index])
    return parts


def _names(values: Iterable[str]) -> re.Pattern[str] | None:
    """Return what finds the names that calls spell out: arguments, and each folder and file of a path."""
    named = {part for value in values for part in (value, *value.split("/")) if len(part) > 1 and not SLOT.search(part)}
    ordered = sorted(named - {"..", "~"}, key=len, reverse=True)
    return re.compile(f"({'|'.join(map(re.escape, ordered))})") if ordered else None


def request(phrasing: str, slots: Slots, values: Iterable[str] = ()) -> str:
    """Return the text of a request; `values` are the arguments of its calls, whose letters stay as they are.

    Raises `UnfillableError` where a slot can't be filled.
    """
    rng = slots.world.rng
    pieces = SLOT.split(phrasing)
    for i in range(1, len(pieces), 2):
        if ending := _ENDING.match(pieces[i + 1] if pieces[i].startswith("stem") else ""):
            # A stem and the ending behind it are one name.
            slots.values[f"{pieces[i]}{ending[0]}"] = slots.get(pieces[i]) + ending[0]
            pieces[i], pieces[i + 1] = f"{pieces[i]}{ending[0]}", pieces[i + 1][ending.end() :]
    parts = [
        _quoted(rng, piece, slots.get(piece), pieces[i - 1], pieces[i + 1]) if i % 2 else piece
        for i, piece in enumerate(pieces)
    ]
    if names := _names(values):
        parts = [piece for i, part in enumerate(parts) for piece in ([part] if i % 2 else names.split(part))]
    return "".join(_loosen(rng, parts)).strip()
