"""Synthesizing conversations: `python -m model.synthesize --count 6000 --seed 1 --out data.jsonl`.

Every call of a conversation is run in a temporary world; one whose calls fail where they should work is dropped.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from model.compound import join
from model.conversations import Example, to_json
from model.drills import Drill
from model.heard import Heard
from model.phrasings import SLOT, Group, Scenario, load, thinned
from model.slots import Memory, Slots, UnfillableError, is_moving
from model.surface import request
from model.world import World, is_binary
from shellper.calls import ToolCall, load_catalogue
from shellper.dialect import Response, Step, Turn

# How often a turn is about each tool, by how often people need it.
_WEIGHTS = {
    "cat": 9,
    "cd": 9,
    "ls": 9,
    "mv": 9,
    "cp": 8,
    "rm": 7,
    "grep": 8,
    "wc": 8,
    "find": 7,
    "echo": 8,
    "mkdir": 6,
    "touch": 5,
}
_WEIGHTS |= {"tail": 6, "sort": 6, "diff": 5, "rmdir": 5, "du": 5, "pwd": 3, "steps": 22, "reply": 12}
_OTHER_WEIGHT = 2.5
_SPECIAL_SHARE = 0.3
_SPECIAL_ARGUMENTS = (
    "depth", "line_numbers", "count", "type", "larger", "smaller", "newer", "older", "order", "reverse", "unique",
    "parents", "ignore_case", "numeric", "long",
)  # fmt: skip
_LENGTHS = (1, 2, 2, 3, 3, 4, 4, 4, 5, 5, 6, 7, 8, 10, 12)
_REFERENCE_SHARE = 0.3
_OUTPUT_SHARE = 0.4
_SCENARIO_SHARE = 0.55
_GOES_ON_SHARE = 0.3
_DRILL_SHARE = 0.18
_COMPOUND_SHARE = 0.13
_UNKNOWN_SHARE = 0.5
_ABSENT_SHARE = 0.03
_TRIES = 60
_SPOKEN_SLOTS = ("it", "it_parent", "it_folder", "prev")
_READING = ("cat", "tail", "head", "wc", "sort", "grep", "diff")


class FailedError(Exception):
    """A call failed where it should have worked."""


def fill(group: Group, slots: Slots) -> list[ToolCall]:
    """Return a group's calls with their slots filled. Raises `UnfillableError`."""
    tools = load_catalogue().tools
    calls = []
    for tool, arguments in group.calls:
        given: dict[str, Any] = {}
        for name, value in arguments.items():
            if isinstance(value, str):
                value = SLOT.sub(lambda match: slots.get(match[1]), value)
            given[name] = int(value) if tools[tool].by_name[name].type == "integer" else value
        calls.append(load_catalogue().canonical(ToolCall(tool, given)))
    return calls


def remember(memory: Memory, world: World, call: ToolCall, response: Response) -> None:
    """Note what a call that has just been run has spoken of."""
    memory.listing = []
    memory.heard = Heard.of(call, response)
    text = {name: value for name, value in call.arguments.items() if isinstance(value, str)}
    if call.name == "cd":
        memory.folders, memory.since_folder = [], 99
        return
    if call.name in ("ls", "find"):
        _remember_listing(memory, call, response)
        if call.name == "find" and (found := memory.heard.found()) and world.resolve(found).is_file():
            memory.files.append(world.resolve(found))
            memory.since_file = 0
        if call.name == "find" or "path" not in text:
            return
    spoken = [
        text[key]
        for key in ("source", "file_name", "file_name1", "file_name2", "dir_name", "path", "name")
        if key in text
    ]
    if "destination" in text:
        target = world.resolve(text["destination"])
        source = Path(text["source"]).name
        spoken = [str(target / source) if call.name == "mv" and target.is_dir() else text["source"]]
        if not target.is_dir():
            spoken.append(str(target))
        else:
            memory.folders.append(target)
    for name in spoken:
        path = world.resolve(name)
        if path.is_dir():
            memory.folders.append(path)
            memory.since_folder = 0
        elif path.exists():
            memory.files.append(path)
            memory.since_file = 0


def _remember_listing(memory: Memory, call: ToolCall, response: Response) -> None:
    if call.arguments.get("long") or response.exit_code:
        return
    lines = [line.removeprefix("./") for line in response.output.split("\n") if line not in ("", ".", "..")]
    where = str(call.arguments.get("path", "."))
    if call.name == "ls" and where != ".":
        lines = [f"{where}/{line}" for line in lines]
    memory.listing = lines


def play(group: Group, slots: Slots, absent: bool = False) -> Turn:
    """Return a turn made from a group, its calls run in the world.

    Raises `UnfillableError` before anything is run, and `FailedError` where a call fails that should work.
    """
    world, memory = slots.world, slots.memory
    calls = fill(group, slots)
    if calls and calls[0].name == "cd" and not world.holds(str(calls[0].arguments["folder"])):
        raise UnfillableError
    if any(is_binary(str(value)) for call in calls if call.name in _READING for value in call.arguments.values()):
        raise UnfillableError
    given = [value for call in calls for value in call.arguments.values() if isinstance(value, str)]
    text = request(world.rng.choice(group.say), slots, given)
    memory.since_file += 1
    memory.since_folder += 1
    if not calls:
        reply = SLOT.sub(lambda match: slots.get(match[1]), world.rng.choice(group.reply))
        memory.listing, memory.heard = [], Heard()
        return Turn(text, (), reply)
    steps = []
    for call in calls:
        response = world.run(call)
        worked = response.exit_code == 0 or (call.name in ("diff", "grep") and response.exit_code == 1)
        if not worked and not absent:
            raise FailedError(f"{group.id}: {call} -> {response.output}")
        if not world.folder.is_dir():
            raise FailedError(f"{group.id}: {call} takes the folder away that one is in")
        remember(memory, world, call, response)
        steps.append(Step(call, response))
    return Turn(text, tuple(steps))


def _names_something_new(turn: Group, files: str) -> bool:
    """Say whether a turn reads a file by a name that is not there: a scenario's deliberate mistake."""
    read = (str(arguments) for tool, arguments in turn.calls if tool in _READING)
    return any(slot.startswith("newfile") and f"{{{slot}}}" not in files for one in read for slot in SLOT.findall(one))


def _share(group: Group) -> float:
    """Return how often a group is taken beside the others of its tool: plain wishes more often than special ones."""
    is_special = group.id.startswith("pattern.") or any(
        name in _SPECIAL_ARGUMENTS for _, arguments in group.calls for name in arguments
    )
    return math.sqrt(len(group.say)) * (_SPECIAL_SHARE if is_special else 1.0)


def _leans_on_output(group: Group) -> bool:
    """Say whether a group's calls name something that only the last output has told."""
    return "listed" in str(group.slots) or ".heard" in group.id


def _needs_outputs(scenario: Scenario) -> bool:
    """Say whether a scenario's requests may make sense only with the outputs: it has files to tell of, or says so."""
    told = (slot for slot in scenario.slots if is_moving(slot) and slot not in _SPOKEN_SLOTS)
    return bool(scenario.files) or any(told) or scenario.id.startswith("wordy.")


class Synthesizer:
    """A deterministic stream of conversations from a seed."""

    def __init__(self, seed: int, favoured: tuple[str, ...] = (), times: int = 3, share: float = 1.0) -> None:
        """Load the phrasings and sort them by tool.

        `favoured` are what the ids begin with of scenarios played so many `times` as often as the others; `share` is
        how much of the corpus is used.
        """
        self.rng = random.Random(seed)
        self.groups, self.scenarios = load() if share == 1.0 else thinned(*load(), share)
        self.dropped: Counter[str] = Counter()
        self.by_tool: dict[str, list[Group]] = {}
        for group in self.groups:
            self.by_tool.setdefault(group.tool, []).append(group)
        self.references = [g for g in self.groups if g.id.endswith(".it") or "it" in g.slots or _leans_on_output(g)]
        self.leaning = [g for g in self.groups if _leans_on_output(g)]
        self.drill = Drill(self.groups, play)
        # Drawn like cards, so that each scenario comes before the whole deck is dealt again.
        favoured_ones = [s for s in self.scenarios if s.id.startswith(favoured)]
        self.cards = [*self.scenarios, *favoured_ones * (times - 1)]
        self.deck: list[Scenario] = []
        self.showing = {g.id for g in self.leaning} | {s.id for s in self.scenarios if _needs_outputs(s)}
        self.references += [g for g in self.groups if {"it_folder", "prev"} & g.slots]

    def examples(self, count: int) -> Iterator[Example]:
        """Yield a number of conversations."""
        made = 0
        while made < count:
            with tempfile.TemporaryDirectory(prefix="world-") as folder:
                world = World(Path(folder).resolve(), self.rng)
                try:
                    example = self._one(world)
                except FailedError as failure:
                    self.dropped[str(failure).split(":")[0]] += 1
                    continue
                except UnfillableError:
                    continue
            if example.conversation:
                made += 1
                yield self._without_outputs(example)

    def _one(self, world: World) -> Example:
        if self.scenarios and self.rng.random() < _SCENARIO_SHARE:
            return self._scenario(world)
        if self.rng.random() < _DRILL_SHARE:
            turns, names = self.drill.turns(world)
            return Example(tuple(turns) if len(turns) > 2 else (), tuple(names))
        return self._mixed(world, Memory(), self.rng.choice(_LENGTHS))

    def _scenario(self, world: World) -> Example:
        """Play a hand-written scenario."""
        if not self.deck:
            self.deck = self.rng.sample(self.cards, len(self.cards))
        scenario: Scenario = self.deck.pop()
        slots = Slots(world, Memory(), bare=True)
        # Chosen before the first call, while everything still lies where the scenario begins.
        for name in scenario.slots:
            if not is_moving(name):
                slots.get(name)
        for path, text in scenario.files:
            self._put(world, slots, path, text)
        made = str([path for path, _ in scenario.files])
        turns = [play(turn, slots, turn.fails or _names_something_new(turn, made)) for turn in scenario.turns]
        example = Example(tuple(turns), (scenario.id,))
        if self.rng.random() >= _GOES_ON_SHARE:
            return example
        more = self._mixed(world, slots.memory, self.rng.choice((1, 2, 3, 4)))
        return Example(example.conversation + more.conversation, example.groups + more.groups)

    def _put(self, world: World, slots: Slots, path: str, text: str) -> None:
        """Write one of a scenario's files; a path that ends in a slash is an empty folder."""
        path, text = (SLOT.sub(lambda match: slots.get(match[1]), one) for one in (path, text))
        target = world.folder / path
        if path.endswith("/"):
            target.mkdir(parents=True, exist_ok=True)
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        stamp = self.rng.randint(1_500_000_000, 1_790_000_000)
        os.utime(target, (stamp, stamp))

    def _mixed(self, world: World, memory: Memory, length: int) -> Example:
        """Play turns of one group each, or of several groups in one breath."""
        turns: list[Turn] = []
        groups: list[str] = []
        for _ in range(_TRIES):
            if len(turns) == length:
                break
            try:
                if self.rng.random() < _COMPOUND_SHARE:
                    turn, names = self._compound(world, memory)
                else:
                    turn, names = self._single(world, memory, first=not turns)
            except UnfillableError:
                continue
            turns.append(turn)
            groups += names
        return Example(tuple(turns), tuple(groups))

    def _single(self, world: World, memory: Memory, first: bool) -> tuple[Turn, list[str]]:
        """Play a turn of one group. Raises `UnfillableError` before anything is run."""
        heard = bool(memory.listing or memory.heard.lines or memory.heard.hits)
        if heard and self.rng.random() < _OUTPUT_SHARE:
            for group in self.rng.sample(self.leaning, len(self.leaning)):
                with suppress(UnfillableError):
                    return play(group, Slots(world, memory)), [group.id]
        group = self._pick(first, spoken=min(memory.since_file, memory.since_folder) < 3)
        slots = Slots(world, memory)
        absent = group.slots == {"file"} and self.rng.random() < _ABSENT_SHARE
        if absent:
            slots.values["file"] = world.names.file()
        return play(group, slots, absent), [group.id]

    def _compound(self, world: World, memory: Memory) -> tuple[Turn, list[str]]:
        """Play several groups as one turn, each on the world that the one before has left.

        Raises `UnfillableError` before anything is run.
        """
        parts: list[Turn] = []
        names: list[str] = []
        wanted = self.rng.choice((2, 2, 2, 3, 3, 4))
        for _ in range(_TRIES):
            if len(parts) == wanted:
                break
            group = self._pick(first=not parts, spoken=True)
            if len(group.calls) != 1 or group.say_short == () or _leans_on_output(group):
                continue
            try:
                parts.append(play(replace(group, say=group.say_short), Slots(world, memory)))
            except UnfillableError:
                continue
            names.append(group.id)
        if not parts:
            raise UnfillableError
        text = join(self.rng, [part.request for part in parts]) if len(parts) > 1 else parts[0].request
        return Turn(text, tuple(step for part in parts for step in part.steps)), names

    def _pick(self, first: bool, spoken: bool) -> Group:
        """Choose a group: a tool by its weight, then a meaning by the square root of its phrasings."""
        if not first and self.rng.random() < _REFERENCE_SHARE:
            return self.rng.choice(self.references)
        tools = tuple(self.by_tool)
        tool = self.rng.choices(tools, [_WEIGHTS.get(tool, _OTHER_WEIGHT) for tool in tools])[0]
        # A question back is right only while nothing was spoken of that the request could mean.
        pool = [g for g in self.by_tool[tool] if not (g.id.startswith("missing.") and spoken)]
        return self.rng.choices(pool, [_share(group) for group in pool])[0]

    def _without_outputs(self, example: Example) -> Example:
        """Hide the outputs of some conversations, where no request leans on them."""
        if self.rng.random() >= _UNKNOWN_SHARE or not self.showing.isdisjoint(example.groups):
            return example
        hidden = tuple(
            replace(turn, steps=tuple(Step(step.call, Response(state="unknown")) for step in turn.steps))
            for turn in example.conversation
        )
        return Example(hidden, example.groups)


def main() -> None:
    """Write conversations to a file, and statistics to stderr."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=6000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--favour", nargs="*", default=(), help="beginnings of the ids of scenarios that are played more"
    )
    parser.add_argument("--times", type=int, default=3, help="how many times as often as the others")
    parser.add_argument("--share", type=float, default=1.0, help="how much of the corpus is used, 0 to 1")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    if arguments.times < 1:
        parser.error(f"--times {arguments.times} is less than 1; 1 plays all scenarios alike")
    if not 0 < arguments.share <= 1:
        parser.error(f"--share {arguments.share} is not above 0 and at most 1; 0.1 is a tenth of the corpus")
    synthesizer = Synthesizer(arguments.seed, tuple(arguments.favour), arguments.times, arguments.share)
    for begin in arguments.favour:
        if not any(scenario.id.startswith(begin) for scenario in synthesizer.scenarios):
            parser.error(f"no scenario's id begins with {begin!r}; see phrasings/scenarios*.toml, and --share")
    tools: Counter[str] = Counter()
    with arguments.out.open("w", encoding="utf-8") as out:
        for example in synthesizer.examples(arguments.count):
            out.write(to_json(example) + "\n")
            tools.update(step.call.name for turn in example.conversation for step in turn.steps)
    print(f"calls by tool: {dict(tools.most_common())}", file=sys.stderr)
    print(f"dropped: {sum(synthesizer.dropped.values())} {dict(synthesizer.dropped.most_common(12))}", file=sys.stderr)


if __name__ == "__main__":
    main()
