"""Where nothing can be known beforehand: names only, a copy of the folder, or the label that there is no undo."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from shellper.effects import Budget, Effects, Keeper, Known
from shellper.effects.clone import MOST_FILES
from tests.effects.conftest import World

COMMANDS = [
    "true",
    "echo new > new",
    "echo more >> a.txt",
    "rm -rf sub",
    "rm -rf sub && mkdir sub && echo z > sub/z",
    "mv sub moved",
    "chmod -R go-rwx sub",
    "echo x >> twin-1",
    "rm a.txt && mkdir a.txt",
    "touch a.txt",
    "rm to-file; ln -s b.txt to-file",
    "cp -p a.txt keep; printf 'FIRST\\nsecond\\n' > a.txt; touch -r keep a.txt; rm keep",
]


def cloned(world: World) -> Effects:
    effects = world.keeper.preview_text("wget x", world.policy, world.root)
    assert effects.known is Known.AFTERWARDS and effects.undo
    return effects


@pytest.mark.parametrize("command", COMMANDS)
def test_a_copy_of_the_folder_gives_undo(world: World, command: str) -> None:
    before = world.picture()
    applied = world.apply(cloned(world), command)
    after = world.picture()
    assert (applied.transaction is None) == (before == after)
    if applied.transaction is not None:
        world.undo()
        assert world.picture() == before
        world.redo()
        assert world.picture() == after


def test_too_many_files_are_named_before(world: World) -> None:
    many = world.root / "many"
    many.mkdir()
    for number in range(MOST_FILES):
        (many / str(number)).touch()
    effects = world.keeper.preview_text("wget x", world.policy, world.root)
    assert not effects.undo
    assert effects.notes[-1].startswith("no undo: ") and "20,000 files" in effects.notes[-1]
    assert world.apply(effects, "echo x > new").transaction is None
    assert (world.root / "new").exists()


def test_home_is_not_copied(world: World) -> None:
    effects = world.keeper.preview_text("wget x", world.policy, world.home)
    assert not effects.undo and effects.notes[-1].startswith("no undo: ")


def test_pre_images_beyond_the_budget_are_named_before(world: World) -> None:
    keeper = Keeper(world.state, world.home, Budget(bytes=100))
    call, command = world.call("rm", file_name="sub", recursive=True)
    effects = keeper.preview_call(call, command, world.policy, world.root)
    assert effects is not None and not effects.undo
    assert effects.notes[-1].startswith("no undo: ") and "100 B" in effects.notes[-1]
    world.keeper = keeper
    assert world.apply(effects, command).transaction is None
    assert not (world.root / "sub").exists()


@pytest.mark.parametrize("how", ["tar", "zip"])
def test_archives_without_an_overlay(world: World, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    if shutil.which(how) is None or shutil.which("unzip") is None:
        pytest.skip("zip is not installed")
    monkeypatch.setattr("shellper.effects.keeper.try_out", _no_overlay)
    ending = "tar.gz" if how == "tar" else "zip"
    for name, arguments in (
        (how, {"archive": f"x.{ending}", "source": "sub"}),
        (how, {"archive": f"x.{ending}", "source": "*.txt"}),
        (f"un{how}", {"archive": f"x.{ending}", "folder": "hollow"}),
        (f"un{how}", {"archive": f"x.{ending}"}),
    ):
        call, command = world.call(name, **arguments)
        before = world.picture()
        effects = world.preview(call, command)
        assert effects is not None and effects.known is Known.NAMES and effects.undo, effects
        applied = world.apply(effects, command)
        after = world.picture()
        if applied.transaction is None:  # what was unpacked is what was there
            del before["."], after["."]
            assert before == after
            continue
        assert set(applied.changed) <= {change.path for change in effects.changes}
        world.undo()
        assert world.picture() == before
        world.redo()
        assert world.picture() == after


def _no_overlay(*arguments: object) -> None:
    from shellper.effects.trying import NotTried

    raise NotTried("no preview: none here")


def test_kill_says_that_it_can_not_be_undone(world: World) -> None:
    call, command = world.call("kill", pid=99999999)
    effects = world.preview(call, command)
    assert (
        effects is not None and not effects.undo and effects.notes == ("no undo: it acts on a process, not on files",)
    )


def test_reading_has_no_effects(world: World, tmp_path: Path) -> None:
    for name, arguments in (("ls", {}), ("cat", {"file_name": "a.txt"}), ("echo", {"content": "x"})):
        call, command = world.call(name, **arguments)
        assert world.preview(call, command) is None
