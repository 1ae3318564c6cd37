"""What the sandbox keeps a planned command from is said before it runs, and nothing is lost behind its walls."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from shellper.effects import Applied, ChangeKind, Effects, Known
from shellper.sandbox import SandboxLevel, current_level, run
from tests.effects.conftest import World, make_old


class Walled(World):
    """A world whose commands run in the real sandbox."""

    def apply(self, effects: Effects | None, command: str) -> Applied:
        return self.keeper.run(
            effects, command, self.policy, lambda: run(command, self.policy), lambda name, text: None
        )


@pytest.fixture
def walled(tmp_path: Path) -> Walled:
    if current_level() is not SandboxLevel.FULL:
        pytest.skip(f"the sandbox level full is not offered here, only {current_level()}")
    world = Walled(tmp_path)
    world.fill()
    return world


def notes(world: World, name: str, **arguments: str | int | bool) -> tuple[str, ...]:
    call, command = world.call(name, **arguments)
    effects = world.preview(call, command)
    assert effects is not None
    return effects.notes


@pytest.mark.parametrize("source", ["a.txt", "sub"])
def test_what_is_moved_to_the_private_tmp_comes_back(walled: Walled, source: str) -> None:
    world = walled
    target = Path("/tmp", f"shellper-lost-{os.getpid()}")
    call, command = world.call("mv", source=source, destination=str(target))
    before = world.picture()
    effects = world.preview(call, command)
    assert effects is not None and effects.undo
    assert "private /tmp, gone with" in effects.notes[-1] and "--no-sandbox" in effects.notes[-1]
    applied = world.apply(effects, command)
    assert applied.result.exit_code == 0 and not target.exists()
    assert not (world.root / source).exists() and applied.transaction is not None
    world.undo()
    assert world.picture() == before
    world.redo()
    assert not (world.root / source).exists()


def test_outside_of_the_root_nothing_can_be_written(walled: Walled) -> None:
    world = walled
    before = world.picture()
    for name, arguments in (
        ("cp", {"source": "a.txt", "destination": "~"}),
        ("mv", {"source": "a.txt", "destination": "~"}),
        ("echo", {"content": "x", "file_name": "~/new"}),
    ):
        call, command = world.call(name, **arguments)
        effects = world.preview(call, command)
        assert effects is not None
        assert effects.notes[-1].startswith("will fail: the sandbox keeps ") and "--no-sandbox" in effects.notes[-1]
        applied = world.apply(effects, command)
        assert applied.result.exit_code and applied.transaction is None
        assert world.picture() == before and not list(world.home.iterdir())


def test_outside_the_sandbox_the_same_works_and_is_undone(walled: Walled) -> None:
    world = walled
    before = world.picture()
    call, command = world.call("mv", source="a.txt", destination="~")
    effects = world.preview(call, command)
    world.level = SandboxLevel.NONE
    assert effects is not None and not world.keeper.is_stale(effects, world.policy)
    assert World.apply(world, effects, command).transaction is not None
    assert (world.home / "a.txt").exists() and not (world.root / "a.txt").exists()
    world.undo()
    assert world.picture() == before and not list(world.home.iterdir())


def test_what_the_sandbox_hides_is_named(walled: Walled) -> None:
    hidden = Path("/tmp", f"shellper-hidden-{os.getpid()}")
    hidden.write_text("x\n")
    try:
        assert f"hides {hidden}" in notes(walled, "cp", source=str(hidden), destination="copy")[-1]
    finally:
        hidden.unlink()
    (walled.home / ".ssh").mkdir()
    (walled.home / ".ssh" / "id").write_text("secret\n")
    assert "can hold secrets" in notes(walled, "cp", source="~/.ssh/id", destination="copy")[-1]


def test_no_more_is_said_than_is_so(walled: Walled) -> None:
    for name, arguments in (
        ("cp", {"source": "a.txt", "destination": "copy"}),
        ("mv", {"source": "sub", "destination": "moved"}),
        ("cp", {"source": "/etc/passwd", "destination": "copy"}),
    ):
        assert notes(walled, name, **arguments) == ()


@pytest.fixture
def repository(walled: Walled) -> Walled:
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    subprocess.run(["git", "init", "-q", str(walled.root)], check=True)
    make_old(walled.root)
    return walled


def test_git_s_settings_are_kept(repository: Walled) -> None:
    assert "keeps .git/config from changes" in notes(repository, "echo", content="x", file_name=".git/config")[-1]


def test_a_move_out_of_the_git_folder_is_a_copy(repository: Walled) -> None:
    """The git folder is a mount of its own, out of which nothing is renamed."""
    world = repository
    before = world.picture()
    call, command = world.call("mv", source=".git/description", destination="about")
    effects = world.preview(call, command)
    assert effects is not None and [change.kind for change in effects.changes] == [ChangeKind.MOVED]
    assert world.apply(effects, command).result.exit_code == 0
    after = world.picture()
    world.undo()
    assert world.picture() == before
    world.redo()
    assert world.picture() == after


def test_archives_that_go_elsewhere(walled: Walled) -> None:
    subprocess.run(["tar", "-cf", "a.tar", "sub"], cwd=walled.root, check=True)
    call, command = walled.call("untar", archive="a.tar", folder=str(walled.home))
    effects = walled.preview(call, command)
    assert effects is not None and effects.known is Known.NAMES
    assert [change.path for change in effects.changes] == [walled.home / "sub"]
    assert effects.notes[0].startswith("will fail: the sandbox keeps ")


def test_a_trial_that_failed_says_why(walled: Walled) -> None:
    effects = walled.keeper.preview_text("touch ~/new", walled.policy, walled.root)
    assert effects.known is Known.TRIED, effects.notes
    assert effects.notes[0].startswith("it ends with exit code 1: touch: ")
    assert effects.notes[1].startswith(f"the sandbox keeps {walled.home}/new read-only")
