"""The slots of phrasings: what they are filled with fits the world."""

from __future__ import annotations

import os
import random
import re
from pathlib import Path

import pytest

from model.slots import Memory, Slots, UnfillableError, size_word
from model.world import World
from shellper.calls import ToolCall
from shellper.calls.catalogue import load_catalogue


def fill(root: Path, seed: int, *names: str, bare: bool = True) -> tuple[World, dict[str, str]]:
    """Fill slots in a new world; what a name's chance has taken already is tried again."""
    world = World(root, random.Random(seed))
    while True:
        slots = Slots(world, Memory(), bare=bare)
        try:
            return world, {name: slots.get(name) for name in names}
        except UnfillableError:
            continue


@pytest.fixture(params=range(4))
def seed(request: pytest.FixtureRequest) -> int:
    return int(request.param)


def test_archives_exist_and_can_be_read(tmp_path: Path, seed: int) -> None:
    world, values = fill(tmp_path, seed, "archive", "archive2", "tarball", "tarball2")
    assert len(set(values.values())) == 4
    for name in ("tarball", "tarball2"):
        assert world.run(ToolCall("untar", {"archive": values[name], "list": True})).exit_code == 0
    assert all(
        values[name].endswith(".zip") and (world.folder / values[name]).is_file() for name in ("archive", "archive2")
    )


def test_an_archive_does_not_appear_in_the_middle_of_a_conversation(tmp_path: Path) -> None:
    world = World(tmp_path, random.Random(1))
    for path in world.folder.iterdir():
        if path.is_file():
            path.unlink()
    before = list(world.folder.iterdir())
    with pytest.raises(UnfillableError):
        Slots(world, Memory()).get("archive")
    assert list(world.folder.iterdir()) == before


def test_new_names_are_new(tmp_path: Path, seed: int) -> None:
    world, values = fill(tmp_path, seed, "newzip", "newtar", "stem", "stem2")
    assert values["newzip"].endswith(".zip")
    assert values["newtar"].endswith((".tar.gz", ".tgz"))
    assert values["stem"] != values["stem2"]
    assert not any(os.path.lexists(world.folder / name) for name in values.values())
    for name in ("stem", "stem2"):
        assert "." not in values[name]
        assert not [path for path in world.folder.iterdir() if path.stem == values[name]]


def test_a_process_and_its_number_belong_together(tmp_path: Path, seed: int) -> None:
    order = ("process", "pid", "process2", "pid2") if seed % 2 else ("pid", "process", "pid2", "process2")
    world, values = fill(tmp_path, seed, *order)
    running = {(str(one.pid), one.name) for one in world.machine.processes}
    assert {(values["pid"], values["process"]), (values["pid2"], values["process2"])} <= running
    assert values["pid"] != values["pid2"]


def test_a_program_is_installed(tmp_path: Path, seed: int) -> None:
    world, values = fill(tmp_path, seed, "program")
    assert world.run(ToolCall("which", {"program": values["program"]})).exit_code == 0


def test_a_size_is_said_as_people_say_it(tmp_path: Path, seed: int) -> None:
    _, values = fill(tmp_path, seed, "sizeword2", "size2", "size")
    load_catalogue().validate(ToolCall("find", {"larger": values["size"], "smaller": values["size2"]}))
    match = re.match(r"(\d+) ?([kmg])", values["sizeword2"], re.IGNORECASE)
    assert match
    assert f"{match[1]}{match[2]}".lower() == values["size2"].lower()


def test_one_of_a_unit_is_said_in_the_singular() -> None:
    said = {size_word(random.Random(seed), "1G") for seed in range(60)}
    assert {"1 gigabyte", "1 GB", "1 gig"} <= said
    assert not any(word.endswith("s") for word in said)
    assert "2 gigabytes" in {size_word(random.Random(seed), "2G") for seed in range(60)}
