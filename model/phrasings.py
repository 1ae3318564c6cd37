"""The hand-written phrasings: groups (one meaning, many ways to say it) and scenarios (several turns)."""

from __future__ import annotations

import math
import random
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any, TypeVar

from model.compound import can_join

SLOT = re.compile(r"\{(\w+)\}")
PHRASINGS_FOLDER = Path(__file__).parent / "phrasings"

_Item = TypeVar("_Item")


@dataclass(frozen=True)
class Group:
    """Calls with slots, the ways to ask for them, and the replies where there is no call; `fails` means on purpose."""

    id: str
    calls: tuple[tuple[str, Mapping[str, Any]], ...]
    say: tuple[str, ...]
    reply: tuple[str, ...] = ()
    fails: bool = False

    @cached_property
    def slots(self) -> frozenset[str]:
        """The slots of the calls."""
        return frozenset(SLOT.findall(str(self.calls)))

    @cached_property
    def say_short(self) -> tuple[str, ...]:
        """The ways to say it that can stand beside other wishes in one sentence."""
        return tuple(text for text in self.say if can_join(text))

    @property
    def tool(self) -> str:
        """The tool of a single call, `steps` for several, `reply` for none."""
        return "reply" if not self.calls else self.calls[0][0] if len(self.calls) == 1 else "steps"


@dataclass(frozen=True)
class Scenario:
    """Turns that belong together and share their slots, and the files that they need (path to text)."""

    id: str
    turns: tuple[Group, ...]
    files: tuple[tuple[str, str], ...] = ()

    @cached_property
    def slots(self) -> tuple[str, ...]:
        """All slots of its files and its turns, those of calls and those of phrasings, in the order they appear."""
        texts = (str(self.files), *(str(turn.calls) + str(turn.say) + str(turn.reply) for turn in self.turns))
        return tuple(dict.fromkeys(slot for text in texts for slot in SLOT.findall(text)))


def _group(data: Mapping[str, Any], name: str) -> Group:
    calls = tuple((tool, arguments) for call in data["calls"] for tool, arguments in call.items())
    return Group(name, calls, tuple(data["say"]), tuple(data.get("reply", ())), bool(data.get("fails")))


@cache
def load(folder: Path = PHRASINGS_FOLDER) -> tuple[Sequence[Group], Sequence[Scenario]]:
    """Load all groups and scenarios of a folder of TOML files."""
    groups: list[Group] = []
    scenarios: list[Scenario] = []
    for file in sorted(folder.glob("*.toml")):
        data = tomllib.loads(file.read_text(encoding="utf-8"))
        groups += [_group(group, group["id"]) for group in data.get("group", ())]
        scenarios += [
            Scenario(
                one["id"],
                tuple(_group(turn, f"{one['id']}.{i}") for i, turn in enumerate(one["turns"])),
                tuple(one.get("files", {}).items()),
            )
            for one in data.get("scenario", ())
        ]
    return tuple(groups), tuple(scenarios)


def thinned(
    groups: Sequence[Group], scenarios: Sequence[Scenario], share: float
) -> tuple[Sequence[Group], Sequence[Scenario]]:
    """Return a smaller corpus: a share of each group's ways (one at least) and of the scenarios, the same each time.

    What a smaller share keeps a larger one keeps too, so that a curve over the corpus's size has one cause. A scenario
    that is kept keeps all its ways.
    """
    kept_groups = [replace(g, say=_first_drawn(g.say, math.ceil(len(g.say) * share), g.id)) for g in groups]
    return kept_groups, _first_drawn(scenarios, math.ceil(len(scenarios) * share), "scenarios")


def _first_drawn(items: Sequence[_Item], count: int, seed: str) -> tuple[_Item, ...]:
    return tuple(random.Random(seed).sample(items, len(items))[:count])
