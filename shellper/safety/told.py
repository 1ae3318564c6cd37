"""What the words and the input of any program tell of themselves, whatever the program is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from shellper.safety.code import judge_code
from shellper.safety.endless import keeps, never_ends, passes
from shellper.safety.verdict import Level, Verdict, block, confirm, shown, warn
from shellper.safety.words import literal_argument

if TYPE_CHECKING:
    from shellper.safety.programs import Call
    from shellper.safety.state import State
    from shellper.safety.walk import Walk

# The options with which a program that isn't known can only be meant to delete.
DELETES = re.compile(r"-[rRfvd]*[rR][rRfvd]*")
MOST_ORDERS = 50
COMPILERS = frozenset({"gcc", "g++", "cc", "c++", "clang", "clang++", "tcc", "rustc"})
SEARCHES = frozenset({"grep", "egrep", "fgrep", "rg", "ag", "awk", "sed"})
ASKS_SECRET = re.compile(r"(?i)token|secret|passw|api_?key|credential|_key|private")
FALSE_SLASHES = "\u2044\u2215\u29f8\uff0f\u2571"
# What picks some of all that a program lists.
PICKS = re.compile(
    r"grep|\b(?:rg|fzf|head|tail|jq)\b|--?filter|--selector|--field-selector|\s-\w*[lf]\b|awk\s+.?/|--prefix"
)
PICKERS = frozenset({"grep", "egrep", "rg", "fzf", "head", "tail", "awk", "sed", "jq"})


def guessed(texts: Sequence[str]) -> str | None:
    """Say which program words can only be meant for, where the program itself isn't known."""
    return "sh" if "-c" in texts[:2] else "rm" if texts and DELETES.fullmatch(texts[0]) else None


def orders(call: Call) -> list[str]:
    """Return the texts that a program is told what to do by on its input, as a whole and line by line."""
    texts = [text for text in call.documents if text]
    return [*texts, *(line.strip().rstrip(";") for text in texts for line in text.splitlines()[:MOST_ORDERS])]


def by_words(name: str, call: Call, texts: Sequence[str], walk: Walk, state: State) -> Iterator[Verdict]:
    """Judge what the words of any program, and what it is fed, show of themselves."""
    rules = walk.places.rules
    endless = rules.places["endless"]
    fed = call.endless or (call.has_input and not set(call.targets).isdisjoint(endless))
    if (call.has_output or keeps(name, texts)) and (never_ends(name, texts, endless) or (fed and passes(name, texts))):
        yield block(f"`{name}` never ends, and so fills the disk")
    for text in filter(None, call.documents if name in COMPILERS else ()):
        yield from (found for found in judge_code(name, text, walk, state) if found.level is Level.BLOCK)
    from_variables = rules.environment.intersection(call.piped_from) and name in SEARCHES
    if from_variables and any(ASKS_SECRET.search(text) for text in texts):
        yield warn("shows the keys or passwords that variables hold", secret=True)
    if walk.places.rules.downloaders.intersection((name, *call.piped_from)):
        for raw in call.targets:
            plain = re.sub(r"^(?:~|\$HOME|\$\{HOME\})(?=/)", lambda _: walk.places.home, raw.strip("'\""))
            if walk.places.starts(literal_argument(plain, raw), state.folders) and call.has_output:
                yield block(f"puts what the network sends into {shown(raw)}, which runs by itself")
    for argument in call.rest:
        if any(mark in argument.pattern for mark in FALSE_SLASHES):
            whole = argument.pattern.lstrip("~.")[:1] in FALSE_SLASHES
            yield (block if whole else confirm)(f"{shown(argument.raw)} holds a sign that only looks like a slash")


def lists_all(name: str, text: str) -> bool:
    """Tell whether a text is a call of the program that lists all that it knows of a kind."""
    return re.match(rf"\s*(?:sudo\s+)?{re.escape(name)}\s", text) is not None and not PICKS.search(text)
