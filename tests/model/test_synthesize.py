"""The synthesized conversations: valid, executed, free of the development sets, the same from the same seed."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from difflib import SequenceMatcher
from pathlib import Path

import pytest

from model.conversations import Example, from_json, to_json
from model.phrasings import SLOT, Group, load, thinned
from model.slots import Memory, Slots, is_moving
from model.synthesize import FailedError, Synthesizer, play
from model.world import World
from shellper.calls import load_catalogue

# Of the letters of two requests, the share in the same order from which on they count as one.
NEAR = 0.8
EVAL = Path(__file__).resolve().parent.parent / "eval"


def words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", text.lower()))


@pytest.fixture(scope="module")
def examples() -> list[Example]:
    return list(Synthesizer(seed=7).examples(120))


def test_every_call_is_valid_and_canonical(examples: list[Example]) -> None:
    catalogue = load_catalogue()
    calls = [step.call for example in examples for turn in example.conversation for step in turn.steps]
    assert len(calls) > 300
    for call in calls:
        catalogue.validate(call)
        assert catalogue.canonical(call) == call


def test_most_conversations_carry_real_outputs_and_some_carry_none(examples: list[Example]) -> None:
    states = [step.response.state for example in examples for turn in example.conversation for step in turn.steps]
    assert 0.5 < states.count("ran") / len(states) < 0.95
    assert set(states) == {"ran", "unknown"}


def test_a_seed_gives_the_same_requests_and_calls() -> None:
    first, second = (
        [[(t.request, [s.call for s in t.steps]) for t in e.conversation] for e in Synthesizer(seed=3).examples(20)]
        for _ in range(2)
    )
    assert first == second


def test_a_smaller_corpus_is_a_part_of_a_larger_one() -> None:
    (small, few), (large, many) = (thinned(*load(), share) for share in (0.1, 0.3))
    groups, scenarios = load()
    assert [group.id for group in small] == [group.id for group in groups]
    assert all(set(one.say) <= set(more.say) for one, more in zip(small, large, strict=True))
    assert {one.id for one in few} < {one.id for one in many} < {one.id for one in scenarios}
    said = [sum(len(group.say) for group in one) for one in (small, large, groups)]
    assert 0.1 <= said[0] / said[2] < 0.16
    assert 0.3 <= said[1] / said[2] < 0.36


def test_favoured_scenarios_are_played_so_many_times_as_often() -> None:
    begins = load()[1][0].id
    played = Counter(scenario.id for scenario in Synthesizer(1, (begins,), times=5).cards)
    assert {count for name, count in played.items() if name.startswith(begins)} == {5}
    assert {count for name, count in played.items() if not name.startswith(begins)} == {1}


def test_a_conversation_ends_with_the_folder_that_it_is_in(tmp_path: Path) -> None:
    world = World(tmp_path, random.Random(1))
    world.folder = tmp_path / "inner"
    world.folder.mkdir()
    group = Group("away", (("rm", {"file_name": "../inner", "recursive": True}),), ("away with this folder",))
    with pytest.raises(FailedError, match="takes the folder away"):
        play(group, Slots(world, Memory()))


def test_an_example_survives_json(examples: list[Example]) -> None:
    for example in examples[:30]:
        assert from_json(to_json(example)) == example


def test_phrasings_name_what_their_calls_need() -> None:
    groups, scenarios = load()
    assert sum(len(group.say) for group in groups) > 4000
    assert len(scenarios) > 80
    for group in groups:
        for phrasing in group.say:
            said = set(SLOT.findall(phrasing))
            # What stands for another slot in words.
            said |= {slot.replace("extname", "ext").replace("word", "") for slot in said}
            needed = {slot for slot in group.slots if not is_moving(slot)}
            assert needed <= said, f"{group.id}: {phrasing!r} does not say {needed - said}"


def test_no_phrasing_is_nearly_a_request_of_a_development_set() -> None:
    groups, scenarios = load()
    said = [p for group in groups for p in group.say] + [p for s in scenarios for turn in s.turns for p in turn.say]
    asked: set[str] = set()
    for file in EVAL.glob("*.jsonl"):
        for line in file.read_text(encoding="utf-8").splitlines():
            asked |= {turn["request"] for turn in json.loads(line)["turns"]}
    # Two people do write the same everyday sentence of a few words.
    long_asked = [(text, words(text)) for text in sorted(asked) if len(words(text)) > 8]
    by_word: dict[str, list[int]] = {}
    for index, (_, held) in enumerate(long_asked):
        for word in held:
            by_word.setdefault(word, []).append(index)
    near = []
    for phrasing in said:
        spoken = words(phrasing)
        shared = Counter(index for word in spoken for index in by_word.get(word, ()))
        for index, count in shared.items():
            if count >= NEAR * max(len(spoken), len(long_asked[index][1])):
                near.append((phrasing, long_asked[index][0]))
    assert not [pair for pair in near if SequenceMatcher(None, *pair).ratio() > NEAR]
