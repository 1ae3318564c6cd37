"""Preview equals reality for tool calls: the plan is what comes of the real command, undo and redo are exact."""

from __future__ import annotations

import os
import time
import zipfile

import pytest

from shellper.effects import Known
from shellper.sandbox import SandboxLevel
from tests.effects.conftest import World, expected, matches

Arguments = dict[str, str | int | bool]


def one(name: str, **arguments: str | int | bool) -> tuple[str, Arguments]:
    return name, arguments


CALLS = [
    one("cp", source="a.txt", destination="new.txt"),
    one("cp", source="a.txt", destination="b.txt"),
    one("cp", source="a.txt", destination="a.txt"),
    one("cp", source="a.txt", destination="dest"),
    one("cp", source="a.txt", destination="dest/"),
    one("cp", source="a.txt", destination="missing/"),
    one("cp", source="a.txt", destination="missing/x"),
    one("cp", source="a.txt", destination="to-file"),
    one("cp", source="b.txt", destination="to-file"),
    one("cp", source="b.txt", destination="to-folder"),
    one("cp", source="b.txt", destination="nowhere"),
    one("cp", source="to-file", destination="copy"),
    one("cp", source="nowhere", destination="copy"),
    one("cp", source="missing.txt", destination="copy"),
    one("cp", source="run.sh", destination="run2.sh"),
    one("cp", source="locked", destination="unlocked"),
    one("cp", source="b.txt", destination="twin-1"),
    one("cp", source="twin-1", destination="twin-2"),
    one("cp", source="twin-1", destination="single"),
    one("cp", source="to-*", destination="."),
    one("cp", source="with space", destination="also space"),
    one("cp", source="line\nbreak", destination="dest"),
    one("cp", source="-dash", destination="plain"),
    one("cp", source=os.fsdecode(b"latin-\xe9"), destination="dest"),
    one("cp", source="sub", destination="sub2"),
    one("cp", source="sub", destination="sub2/"),
    one("cp", source="sub", destination="dest"),
    one("cp", source="sub/", destination="dest"),
    one("cp", source="sub", destination="to-folder"),
    one("cp", source="sub", destination="a.txt"),
    one("cp", source="sub/deep", destination="hollow"),
    one("cp", source="sub/.", destination="hollow"),
    one("cp", source="to-folder", destination="folder-copy"),
    one("cp", source="hollow", destination="hollow2"),
    one("cp", source="private", destination="public"),
    one("cp", source="*.log", destination="dest"),
    one("cp", source="*.log", destination="missing"),
    one("cp", source="*.none", destination="dest"),
    one("cp", source="?.txt", destination="hollow"),
    one("cp", source="*-?", destination="hollow"),
    one("cp", source="a.txt", destination="~"),
    one("mv", source="a.txt", destination="new.txt"),
    one("mv", source="a.txt", destination="b.txt"),
    one("mv", source="a.txt", destination="a.txt"),
    one("mv", source="a.txt", destination="dest"),
    one("mv", source="a.txt", destination="to-folder"),
    one("mv", source="a.txt", destination="to-file"),
    one("mv", source="a.txt", destination="missing/x"),
    one("mv", source="a.txt", destination="missing/"),
    one("mv", source="to-file", destination="renamed-link"),
    one("mv", source="nowhere", destination="dest"),
    one("mv", source="sub", destination="moved"),
    one("mv", source="sub", destination="moved/"),
    one("mv", source="sub", destination="hollow"),
    one("mv", source="sub", destination="dest"),
    one("mv", source="hollow", destination="dest/sub/deep"),
    one("mv", source="dest/sub", destination="hollow"),
    one("mv", source="sub", destination="sub/deep"),
    one("mv", source="sub", destination="a.txt"),
    one("mv", source="hollow", destination="private"),
    one("mv", source="*.log", destination="dest"),
    one("mv", source="*.log", destination="a.txt"),
    one("mv", source="twin-1", destination="triplet"),
    one("mv", source="b.txt", destination="twin-1"),
    one("mv", source="line\nbreak", destination="no break"),
    one("mv", source="missing", destination="x"),
    one("mv", source="run.sh", destination="locked"),
    one("rm", file_name="a.txt"),
    one("rm", file_name="missing"),
    one("rm", file_name="sub"),
    one("rm", file_name="sub", recursive=True),
    one("rm", file_name="sub/", recursive=True),
    one("rm", file_name="hollow", recursive=True),
    one("rm", file_name="a.txt", recursive=True),
    one("rm", file_name="to-file"),
    one("rm", file_name="to-folder"),
    one("rm", file_name="to-folder", recursive=True),
    one("rm", file_name="nowhere"),
    one("rm", file_name="locked"),
    one("rm", file_name="twin-1"),
    one("rm", file_name="*.log"),
    one("rm", file_name="*", recursive=True),
    one("rm", file_name="-dash"),
    one("rm", file_name="line\nbreak"),
    one("rm", file_name="sub/deep/link"),
    one("rm", file_name="dest/sub/../a.txt"),
    one("rmdir", dir_name="hollow"),
    one("rmdir", dir_name="sub"),
    one("rmdir", dir_name="a.txt"),
    one("rmdir", dir_name="missing"),
    one("rmdir", dir_name="to-folder"),
    one("mkdir", dir_name="new"),
    one("mkdir", dir_name="sub/new"),
    one("mkdir", dir_name="hollow"),
    one("mkdir", dir_name="missing/new"),
    one("mkdir", dir_name="to-folder/new"),
    one("mkdir", dir_name="missing/new/newer", parents=True),
    one("mkdir", dir_name="sub/deep", parents=True),
    one("mkdir", dir_name="to-folder/p/q", parents=True),
    one("mkdir", dir_name="a.txt/p", parents=True),
    one("touch", file_name="new"),
    one("touch", file_name="a.txt"),
    one("touch", file_name="sub"),
    one("touch", file_name="to-file"),
    one("touch", file_name="nowhere"),
    one("touch", file_name="missing/new"),
    one("touch", file_name="twin-2"),
    one("echo", content="line", file_name="a.txt"),
    one("echo", content="line", file_name="new.txt"),
    one("echo", content="-n", file_name="new.txt"),
    one("echo", content="back\\slash $(x) 'q'", file_name="a.txt"),
    one("echo", content="", file_name="empty"),
    one("echo", content="ü\n€", file_name="to-file"),
    one("echo", content="x", file_name="nowhere"),
    one("echo", content="x", file_name="sub"),
    one("echo", content="x", file_name="missing/x"),
    one("echo", content="x", file_name="twin-1"),
    one("chmod", file_name="run.sh", mode="600"),
    one("chmod", file_name="a.txt", mode="+x"),
    one("chmod", file_name="a.txt", mode="u+x,go-r"),
    one("chmod", file_name="a.txt", mode="a=r"),
    one("chmod", file_name="a.txt", mode="644"),
    one("chmod", file_name="sub", mode="700"),
    one("chmod", file_name="private", mode="a+rX"),
    one("chmod", file_name="to-file", mode="g+w"),
    one("chmod", file_name="*.log", mode="600"),
    one("chmod", file_name="a.txt", mode="-w"),
    one("chmod", file_name="a.txt", mode="4755"),
    one("chmod", file_name="missing", mode="600"),
    one("chmod", file_name="twin-1", mode="600"),
]


@pytest.mark.parametrize(("name", "arguments"), CALLS, ids=[f"{name} {list(given.values())}" for name, given in CALLS])
def test_preview_is_what_happens_and_undo_and_redo_are_exact(world: World, name: str, arguments: Arguments) -> None:
    world.level = SandboxLevel.NONE
    call, command = world.call(name, **arguments)
    before = world.picture()
    effects = world.preview(call, command)
    assert effects is not None and effects.known is Known.PLANNED, effects
    predicted = expected(world.root, effects.changes)
    began = time.time_ns()
    applied = world.apply(effects, command)
    after = world.picture()
    assert matches(predicted, after, began) == []
    failed = any(note.startswith("will fail") for note in effects.notes)
    assert failed == bool(applied.result.exit_code), applied.result.combined.text
    assert (applied.transaction is None) == (not effects.changes)
    if applied.transaction is None:
        return
    world.undo()
    assert world.picture() == before
    world.redo()
    assert world.picture() == after
    world.undo()
    assert world.picture() == before


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        one("touch", file_name="missing/../new"),
        one("touch", file_name="missing/."),
        one("rm", file_name="a.txt/../b.txt"),
    ],
)
def test_a_way_through_what_is_not_there_is_not_planned(world: World, name: str, arguments: Arguments) -> None:
    call, command = world.call(name, **arguments)
    effects = world.preview(call, command)
    assert effects is not None and effects.known is not Known.PLANNED
    assert not effects.changes


def test_an_archive_whose_name_is_a_pattern(world: World) -> None:
    call, command = world.call("unzip", archive="a[1].zip", folder="hollow")
    effects = world.preview(call, command)
    assert effects is not None and effects.notes == ("will fail: there is no a[1].zip",)
    with zipfile.ZipFile(world.root / "a[1].zip", "w") as archive:
        archive.writestr("inside", "x\n")
    effects = world.preview(call, command)
    assert effects is not None
    assert [change.path for change in effects.changes] == [world.root / "hollow" / "inside"]


def test_listing_an_archive_only_reads(world: World) -> None:
    for name in ("untar", "unzip"):
        call, command = world.call(name, archive="a.tar", list=True)
        assert world.preview(call, command) is None
