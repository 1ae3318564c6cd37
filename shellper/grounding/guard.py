"""The guard of names: what a call names and isn't there, and the name that was most likely meant.

Nothing is put right in silence: a front end offers the other call.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from shellper.calls.call import ToolCall
from shellper.calls.catalogue import Catalogue, Parameter
from shellper.calls.disk import Disk

_NEAR = 0.7
# How much nearer the best name must be than the next one, to be the only one meant.
_AHEAD = 0.08
_MOST_WORDS = 6
_EDGES = " \t\n.,;:!?\"'`“”‘’()"


@dataclass(frozen=True)
class Suggestion:
    """Another call that was most likely meant: its argument `parameter` holds `meant` where `given` stood."""

    call: ToolCall
    parameter: str
    given: str
    meant: str


def suggest(call: ToolCall, catalogue: Catalogue, disk: Disk, request: str, said: str = "") -> Suggestion | None:
    """Return what was most likely meant where an argument names nothing that is there or that was said, else None.

    `request` is the user's; `said` is all that was said and shown before. A name is near where more than two thirds of
    its letters stand in the same order (`difflib`), and is offered only where no other one is as near.
    """
    tool = catalogue.tools[call.name]
    for name, given in call.arguments.items():
        parameter = tool.by_name[name]
        if not isinstance(given, str) or parameter.enum or parameter.form or not given.strip():
            continue
        meant = _meant(given, parameter, disk, request, said)
        if meant is not None and meant != given:
            return Suggestion(ToolCall(call.name, {**call.arguments, name: meant}), name, given, meant)
    return None


def _meant(given: str, parameter: Parameter, disk: Disk, request: str, said: str) -> str | None:
    if parameter.must_exist:
        if _is_there(given, parameter, disk):
            return None
        return _nearest_there(given, disk, request)
    if given in request or given in said or given in (".", "..", "~", "-"):
        return None
    folder, base = posixpath.split(given) if parameter.role == "path" else ("", given)
    if not base or base in request:
        return None
    meant = nearest(base, phrases(request))
    return meant and posixpath.join(folder, meant)


def _is_there(given: str, parameter: Parameter, disk: Disk) -> bool:
    if given in ("-", "~") or disk.exists(given):
        return True
    return parameter.glob and bool(disk.matches(given))


def _nearest_there(given: str, disk: Disk, request: str) -> str | None:
    """Return the only thing on the disk that is called so elsewhere, or nearly so in its place."""
    folder, base = posixpath.split(given.rstrip("/"))
    if not base:
        return None
    elsewhere = [path for depth in ("*", "*/*", ".*") for path in disk.matches(f"{depth}/{base}")]
    if len(elsewhere) == 1:
        return elsewhere[0]
    beside = [path for stars in ("*", ".*") for path in disk.matches(posixpath.join(folder, stars))]
    spoken = [path for path in beside if posixpath.basename(path) in request]
    return nearest(given, spoken) or nearest(given, beside)


def nearest(given: str, candidates: Iterable[str]) -> str | None:
    """Return the only candidate that is near what was given, if there is one."""
    scored = sorted(((_nearness(given, candidate), candidate) for candidate in set(candidates)), reverse=True)
    if not scored or scored[0][0] < _NEAR:
        return None
    score, best = scored[0]
    # A run of words and a longer one around it are the same place in a text.
    rivals = [value for value, candidate in scored[1:] if candidate not in best and best not in candidate]
    return best if not rivals or score - rivals[0] >= _AHEAD else None


def _nearness(one: str, other: str) -> float:
    """Return how alike two names are, 0 to 1; what differs in case or in separators alone is as good as the same."""
    plain, plain_other = (re.sub(r"[\s_-]+", "_", text.casefold()) for text in (one, other))
    if plain == plain_other:
        return 0.99
    matcher = SequenceMatcher(None, plain, plain_other, autojunk=False)
    return matcher.ratio() if matcher.quick_ratio() >= _NEAR else 0.0


def phrases(text: str) -> Sequence[str]:
    """Return the runs of at most six words of a text, without the punctuation around them."""
    words = text.split()
    runs = (" ".join(words[i : i + n]).strip(_EDGES) for n in range(1, _MOST_WORDS + 1) for i in range(len(words)))
    return [run for run in dict.fromkeys(runs) if run]
