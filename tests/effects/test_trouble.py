"""Full disks, stores that can't be written, other file systems, other owners, mounts: one clear line, nothing lost."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from shellper.effects import EffectsError, Keeper, Known, What, plan_reversal, recover
from shellper.effects.undo import Choice, reverse
from tests.effects.conftest import World, make_old
from tests.effects.test_crash import Dying, Scene, dies


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[Path]:
    """Mount a small file system of memory on a folder; skips the test where that isn't allowed."""
    folder.mkdir(exist_ok=True)
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True, text=True)
    if mount.returncode:
        pytest.skip(f"no tmpfs can be mounted here: {mount.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def one_line(text: str) -> bool:
    return bool(text) and "\n" not in text


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[World]:
    """A world whose store is on another file system."""
    (tmp_path / "state").mkdir()
    with mounted(tmp_path / "state", "size=8m,mode=700"):
        world = World(tmp_path)
        world.fill()
        assert world.root.stat().st_dev != world.state.stat().st_dev
        yield world
        world.keeper.close()


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("rm", {"file_name": "sub", "recursive": True}),
        ("rm", {"file_name": "*", "recursive": True}),
        ("mv", {"source": "a.txt", "destination": "b.txt"}),
        ("cp", {"source": "b.txt", "destination": "a.txt"}),
        ("echo", {"content": "x", "file_name": "a.txt"}),
        ("cp", {"source": "sub", "destination": "dest"}),
        ("rm", {"file_name": "line\nbreak"}),
    ],
)
def test_a_store_on_another_file_system(elsewhere: World, name: str, arguments: dict[str, str | bool]) -> None:
    world = elsewhere
    before = without_links(world.picture())
    call, command = world.call(name, **arguments)
    assert world.apply(world.preview(call, command), command).transaction is not None
    after = without_links(world.picture())
    world.undo()
    assert without_links(world.picture()) == before
    world.redo()
    assert without_links(world.picture()) == after
    assert not list(world.root.rglob(".shellper-*"))


def without_links(found: dict[str, object]) -> dict[str, object]:
    """Leave out which names are one file: a copy to another file system keeps each for itself."""
    return {name: facts[:7] for name, facts in found.items() if isinstance(facts, tuple)}


@pytest.mark.parametrize("what", ["commit", "undo"])
def test_killed_with_the_store_on_another_file_system(tmp_path: Path, what: str) -> None:
    step = 0
    with mounted(tmp_path / "scenes", "size=64m"):
        while True:
            folder = tmp_path / "scenes" / str(step)
            scene = Scene(folder)
            (folder / "state").mkdir()
            with mounted(folder / "state", "size=8m"):
                if what == "undo":
                    scene.commit()
                old = without_links(scene.picture())
                act = (lambda: scene.commit(step)) if what == "commit" else (lambda: scene.turn(What.UNDO, step))  # noqa: B023
                if not dies(act):
                    assert step > 8
                    return
                told = scene.recover()
                now = without_links(scene.picture())
                assert now == old or told == [], f"step {step}"
                assert not list(scene.world.root.rglob(".shellper-*"))
            step += 1


def test_a_full_disk_before_the_decision(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    with mounted(tmp_path / "state", "size=64k,mode=700"):
        world = World(tmp_path)
        world.fill()
        (world.state / "filler").write_bytes(bytes(60 << 10))
        call, command = world.call("rm", file_name="sub", recursive=True)
        effects = world.preview(call, command)
        assert effects is not None and not effects.undo
        assert effects.notes[-1].startswith("no undo: ") and "disk is full" in effects.notes[-1]


def test_a_disk_that_fills_while_a_command_is_tried_out(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    with mounted(tmp_path / "state", "size=512k,mode=700"):
        world = World(tmp_path)
        world.fill()
        before = world.picture()
        effects = world.keeper.preview_text("cat /dev/zero > big; rm a.txt; true", world.policy, world.root)
        assert effects.known is Known.AFTERWARDS and effects.notes[0].startswith("no preview: ")
        assert all(map(one_line, effects.notes))
        assert world.picture() == before
        assert not list(world.keeper.ledger.runs.iterdir())


def test_a_command_that_writes_without_end_is_stopped(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shellper.effects.trying.MOST_BYTES", 1_000_000)
    monkeypatch.setattr("shellper.effects.trying.LONGEST_SECONDS", 500.0)
    policy = replace(world.policy, time_limit=None)
    effects = world.keeper.preview_text("head -c 9000000 /dev/zero > big; sleep 400", policy, world.root)
    assert effects.known is Known.AFTERWARDS
    assert effects.notes[0].startswith("no preview: ")
    if "overlay" not in effects.notes[0]:
        assert effects.notes[0] == "no preview: it writes more than 1 GB"


def test_a_disk_that_fills_with_the_pre_images(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    with mounted(tmp_path / "state", "size=512k,mode=700"):
        world = World(tmp_path)
        (world.root / "big").write_bytes(bytes(2 << 20))
        make_old(world.root)
        before = world.picture()
        call, command = world.call("echo", content="x", file_name="big")
        effects = world.preview(call, command)
        with pytest.raises(EffectsError, match="the disk is full") as raised:
            world.apply(effects, command)
        assert one_line(str(raised.value))
        assert world.picture() == before
        assert world.keeper.ledger.history() == []


def test_the_root_s_disk_fills_while_it_is_undone(tmp_path: Path) -> None:
    with mounted(tmp_path / "small", "size=3m"):
        world = World(tmp_path / "small")
        world.state = tmp_path / "state"
        world.keeper = Keeper(world.state, world.home)
        (world.root / "big").write_bytes(bytes(1 << 20))
        make_old(world.root)
        call, command = world.call("rm", file_name="big")
        world.apply(world.preview(call, command), command)
        (world.root / "filler").write_bytes(bytes(2 << 20) + bytes(600 << 10))
        before = world.picture()
        with pytest.raises(EffectsError, match="the disk is full"):
            world.undo()
        assert world.picture() == before
        (world.root / "filler").unlink()
        world.undo()
        assert (world.root / "big").stat().st_size == 1 << 20


def test_a_read_only_store(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    with mounted(tmp_path / "state", "size=1m,ro"):
        world = World(tmp_path)
        world.fill()
        call, command = world.call("rm", file_name="a.txt")
        effects = world.preview(call, command)
        assert effects is not None and effects.known is Known.PLANNED and not effects.undo
        assert effects.notes[-1].startswith("no undo: ") and one_line(effects.notes[-1])
        assert world.apply(effects, command).transaction is None
        assert not (world.root / "a.txt").exists()


def test_a_mount_below_the_root(world: World) -> None:
    with mounted(world.root / "hollow", "size=1m"):
        (world.root / "hollow" / "on it").write_text("x\n")
        effects = world.keeper.preview_text("echo x > new", world.policy, world.root)
        assert effects.known is Known.AFTERWARDS
        assert effects.notes[0].startswith("no preview: ") and one_line(effects.notes[0])
        for name, arguments in (
            ("mv", {"source": "hollow", "destination": "moved"}),
            ("rm", {"file_name": "hollow", "recursive": True}),
        ):
            call, command = world.call(name, **arguments)
            found = world.preview(call, command)
            assert found is not None and found.known is Known.AFTERWARDS
        before = world.picture()
        call, command = world.call("mv", source="a.txt", destination="hollow")
        world.apply(world.preview(call, command), command)
        after = world.picture()
        world.undo()
        assert world.picture() == before
        world.redo()
        assert world.picture() == after


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to others")
def test_files_of_other_owners(world: World) -> None:
    os.chown(world.root / "a.txt", 12345, 12345)
    os.chown(world.root / "sub" / "x.txt", 12345, 54321)
    make_old(world.root)
    before = world.picture()
    for name, arguments in (
        ("cp", {"source": "b.txt", "destination": "a.txt"}),
        ("rm", {"file_name": "sub", "recursive": True}),
        ("mv", {"source": "a.txt", "destination": "b.txt"}),
    ):
        call, command = world.call(name, **arguments)
        world.apply(world.preview(call, command), command)
        world.undo()
        assert world.picture() == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to others and become another user")
def test_an_ordinary_user_among_the_files_of_others() -> None:
    """In a folder that everybody may write, and whose time therefore can't be set back."""
    top = Path(tempfile.mkdtemp(prefix="shellper-test-", dir="/var/tmp"))
    try:
        world = World(top)
        (world.root / "theirs").write_text("theirs\n")
        (world.root / "theirs").chmod(0o666)
        (world.root / "shown").write_text("shown\n")
        (world.root / "hidden").write_text("hidden\n")
        (world.root / "hidden").chmod(0o600)
        (world.root / "own").write_text("own\n")
        os.chown(world.root / "own", _NOBODY, _NOBODY)
        make_old(world.root)
        for folder in (top, world.root):
            folder.chmod(0o777)
        world.call("ls")  # loads the catalogue, which the other user may not be able to read
        assert not dies(lambda: _as_nobody(world))
    finally:
        shutil.rmtree(top)


_NOBODY = 65534


def _as_nobody(world: World) -> None:
    os.setgroups([])
    os.setgid(_NOBODY)
    os.setuid(_NOBODY)
    for name, arguments, note in (
        ("echo", {"content": "x", "file_name": "theirs"}, ""),
        ("echo", {"content": "x", "file_name": "own"}, ""),
        ("rm", {"file_name": "own"}, ""),
        ("mv", {"source": "own", "destination": "new"}, ""),
        ("mv", {"source": "theirs", "destination": "new"}, ""),
        ("rm", {"file_name": "shown"}, "shown belongs to somebody else; undo may give it back as yours"),
        ("touch", {"file_name": "theirs"}, "no undo: the time of theirs, which belongs to somebody else, stays"),
        ("rm", {"file_name": "hidden"}, "no undo: hidden belongs to somebody else and can't be read"),
    ):
        call, command = world.call(name, **arguments)
        effects = world.preview(call, command)
        before = _bytes(world.root)
        assert effects is not None and effects.notes == ((note,) if note else ()), (command, effects)
        applied = world.apply(effects, command)
        assert applied.result.exit_code == 0, applied.result.combined.text
        if not effects.undo:
            assert applied.transaction is None
            continue
        assert _bytes(world.root) != before
        world.undo()
        assert _bytes(world.root, owners=not note) == (before if not note else _without_owners(before)), command


def _bytes(root: Path, owners: bool = True) -> dict[str, tuple[int, int, bytes]]:
    found = {}
    for path in root.iterdir():
        seen = path.stat()
        data = path.read_bytes() if os.access(path, os.R_OK) else b""
        found[path.name] = (seen.st_mode, seen.st_uid, data)
    return found if owners else _without_owners(found)


def _without_owners(found: dict[str, tuple[int, int, bytes]]) -> dict[str, tuple[int, int, bytes]]:
    return {name: (mode, 0, data) for name, (mode, _, data) in found.items()}


def test_a_folder_that_can_not_be_written_is_moved_and_comes_back(world: World) -> None:
    folder = world.root / "sub" / "odd"
    folder.chmod(0o555)
    make_old(world.root)
    before = world.picture()
    call, command = world.call("rm", file_name="sub/odd", recursive=True)
    world.apply(world.preview(call, command), command)
    world.undo()
    assert world.picture() == before


def test_names_with_line_breaks_in_the_journal(tmp_path: Path) -> None:
    world = World(tmp_path)
    odd = "a\nb\r\x1b[31m\u202e" + os.fsdecode(b"\xff")
    (world.root / odd).write_text("x\n")
    make_old(world.root)
    before = world.picture()
    call, command = world.call("rm", file_name=odd)
    effects = world.preview(call, command)
    assert effects is not None
    assert all(line.isprintable() for line in effects.lines(world.root))
    world.apply(effects, command)
    reloaded = Keeper(world.state, world.home)
    assert recover(reloaded.ledger) == []
    record = reloaded.ledger.stacks()[0][-1]
    assert record.items[0].path == world.root / odd
    reverse(reloaded.ledger, plan_reversal(record, What.UNDO), lambda conflict: Choice.SKIP)
    assert world.picture() == before


def test_a_program_that_is_at_work_is_left_alone(tmp_path: Path) -> None:
    """Recovery by a second program does not touch the transaction that the first one is in."""
    scene = Scene(tmp_path / "scene")
    world = scene.world
    call, command = world.call("rm", file_name="gone")
    effects = world.keeper.preview_call(call, command, world.policy, world.root)
    told: list[list[str]] = []

    def run_and_look() -> object:
        told.append(recover(scene.ledger()))
        return world.run(command)

    world.keeper.run(effects, command, world.policy, run_and_look, lambda stream, text: None)  # type: ignore[arg-type]
    assert told == [[]]
    world.undo()
    assert (world.root / "gone").exists()
    assert isinstance(scene.ledger(3).disk, Dying)
