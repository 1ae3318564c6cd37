"""The text of requests: varied around the names, never in them."""

from __future__ import annotations

import random
from pathlib import Path

from model.names import Names
from model.slots import Memory, Slots
from model.surface import request
from model.world import World


def test_names_that_calls_spell_out_keep_their_letters(tmp_path: Path) -> None:
    world = World(tmp_path, random.Random(1))
    said = {
        request("Move Zwiebel.TXT to Über uns", Slots(world, Memory()), ("docs/Zwiebel.TXT", "Über uns"))
        for _ in range(400)
    }
    assert len(said) > 10
    assert all("Zwiebel.TXT" in text and "Über uns" in text for text in said)


def test_other_words_are_varied(tmp_path: Path) -> None:
    world = World(tmp_path, random.Random(1))
    assert any("Zwiebel" not in request("Show Zwiebel", Slots(world, Memory())) for _ in range(400))


def test_a_twin_is_another_name_that_is_like_the_first() -> None:
    names = Names(random.Random(2), "photos")
    for name in ("notes.txt", "Dockerfile", "2024-03-05_x.md", ".env.local", "wedding", "IMG_0021.jpg"):
        made = [names.twin(name) for _ in range(60)]
        assert len(set(made)) > 8
        alike = [twin for twin in made if set(name.lower()) & set(twin.lower())]
        assert made == alike
        assert made.count(name) < 5
        assert all(twin.startswith(".") == name.startswith(".") for twin in made)
