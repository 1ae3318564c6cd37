"""SIGKILL before every step of a commit, a command's transaction, an undo and a redo: recovery loses nothing."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import pytest

from shellper.effects import Keeper, Ledger, What, plan_reversal, recover, reverse
from shellper.effects.disk import Disk
from shellper.effects.journal import Item
from shellper.effects.node import read_node, read_state, state_of
from shellper.effects.plan import Method
from shellper.effects.undo import Choice, apply
from tests.effects.conftest import World, make_old, picture

Prepare: TypeAlias = "Callable[[Scene], object]"
Act: TypeAlias = "Callable[[Scene, int], object]"


class Dying(Disk):
    """A disk whose process is killed before its step of a number."""

    def __init__(self, number: int) -> None:
        self._left = number

    def about_to(self, step: str) -> None:
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self._left -= 1


def dies(act: Callable[[], object]) -> bool:
    """Do something in a child process; says whether that was killed."""
    child = os.fork()
    if child == 0:
        try:
            act()
        except BaseException:
            import traceback

            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return True
    assert os.WEXITSTATUS(status) == 0
    return False


class Scene:
    """A world in which a transaction can be begun again and again."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.world = World(folder)
        root = self.world.root
        (root / "changed").write_text("old\n")
        (root / "gone").write_text("gone\n")
        (root / "tree" / "deep").mkdir(parents=True)
        (root / "tree" / "deep" / "x").write_text("x\n")
        (root / "twin-1").write_text("twin\n")
        (root / "twin-2").hardlink_to(root / "twin-1")
        (root / "mode").write_text("m\n")
        (root / "from").write_text("moved\n")
        make_old(root)
        self.new = folder / "new"
        self.new.mkdir()
        (self.new / "changed").write_text("new\n")
        (self.new / "fresh" / "deep").mkdir(parents=True)
        (self.new / "fresh" / "deep" / "y").write_text("y\n")
        (self.new / "twin").write_text("twin, longer\n")

    def items(self) -> list[Item]:
        root, new = self.world.root, self.new
        mode = read_node(root / "mode")
        assert mode is not None
        facts = state_of(mode, False, True)
        return [
            Item(
                root / "changed",
                Method.SWAP,
                read_state(root / "changed"),
                read_state(new / "changed"),
                incoming=new / "changed",
            ),
            Item(root / "gone", Method.SWAP, read_state(root / "gone"), None),
            Item(root / "tree", Method.SWAP, read_state(root / "tree", False), None),
            Item(root / "fresh", Method.SWAP, None, read_state(new / "fresh"), incoming=new / "fresh"),
            Item(
                root / "twin-1",
                Method.IN_PLACE,
                read_state(root / "twin-1"),
                read_state(new / "twin"),
                incoming=new / "twin",
            ),
            Item(root / "to", Method.MOVE, read_state(root / "from"), read_state(root / "from"), root / "from"),
            Item(root / "mode", Method.FACTS, facts, replace(facts, mode=0o600, modified=1_000_000_000)),
        ]

    def ledger(self, steps: int = -1) -> Ledger:
        return Ledger(self.world.state, Dying(steps))

    def commit(self, steps: int = -1) -> None:
        ledger = self.ledger(steps)
        with ledger.locked():
            apply(
                ledger, What.COMMIT, "make", self.world.root, self.items(), {self.world.root: 1_700_000_000_000_000_000}
            )

    def turn(self, what: What, steps: int = -1) -> None:
        ledger = self.ledger(steps)
        stack = ledger.stacks()[0 if what is What.UNDO else 1]
        reverse(ledger, plan_reversal(stack[-1], what), lambda conflict: Choice.SKIP)

    def run(self, steps: int = -1) -> None:
        world = self.world
        keeper = Keeper(world.state, world.home, ledger=self.ledger(steps))
        call, command = world.call("rm", file_name="*", recursive=True)
        effects = keeper.preview_call(call, command, world.policy, world.root)
        keeper.run(effects, command, world.policy, lambda: world.run(command), lambda stream, text: None)

    def picture(self) -> dict[str, object]:
        return picture(self.world.root)

    def recover(self) -> list[str]:
        return recover(Ledger(self.world.state))

    def bytes_in_store(self) -> set[bytes]:
        return {path.read_bytes() for path in (self.world.state / "effects").rglob("*") if path.is_file()}


def killed_everywhere(tmp_path: Path, prepare: Prepare, act: Act, back: What) -> int:
    """Kill an act before each of its steps; gives how many there are."""
    step = 0
    while True:
        scene = Scene(tmp_path / f"step-{step}")
        prepare(scene)
        old = scene.picture()
        if not dies(lambda scene=scene, step=step: act(scene, step)):  # type: ignore[misc]
            assert step > 0
            return step
        told = scene.recover()
        now = scene.picture()
        if now != old:
            assert told == [], f"step {step}: something in between"
            whole = complete(tmp_path / f"whole-{step}", prepare, act)
            assert without_times(now) == without_times(whole), f"step {step}: neither old nor new"
            scene.turn(back)
            assert scene.picture() == old
        assert len(told) <= 1
        assert scene.recover() == []
        assert not list(scene.world.root.rglob(".shellper-*"))
        # All is as if nothing had happened: the same act works now.
        if now == old:
            act(scene, -1)
            assert scene.picture() != old
            scene.turn(back)
            assert scene.picture() == old
        step += 1


def complete(folder: Path, prepare: Prepare, act: Act) -> dict[str, object]:
    scene = Scene(folder)
    prepare(scene)
    act(scene, -1)
    return scene.picture()


def without_times(found: dict[str, object]) -> dict[str, object]:
    """Leave out what differs from one run to the next."""
    return {name: (*facts[:3], *facts[4:]) for name, facts in found.items() if isinstance(facts, tuple)}


def nothing(scene: Scene) -> None:
    pass


def committed(scene: Scene) -> None:
    scene.commit()


def undone(scene: Scene) -> None:
    scene.commit()
    scene.turn(What.UNDO)


@pytest.mark.parametrize(
    ("prepare", "act", "back"),
    [
        (nothing, lambda scene, step: scene.commit(step), What.UNDO),
        (committed, lambda scene, step: scene.turn(What.UNDO, step), What.REDO),
        (undone, lambda scene, step: scene.turn(What.REDO, step), What.UNDO),
        (nothing, lambda scene, step: scene.run(step), What.UNDO),
    ],
    ids=["commit", "undo", "redo", "command"],
)
def test_killed_before_each_step(tmp_path: Path, prepare: Prepare, act: Act, back: What) -> None:
    assert killed_everywhere(tmp_path, prepare, act, back) >= 8


def test_killed_while_recovering(tmp_path: Path) -> None:
    """A commit that was killed in its middle, whose recovery is killed before each of its own steps."""
    step = 0
    while True:
        scene = Scene(tmp_path / f"step-{step}")
        old = scene.picture()
        assert dies(lambda scene=scene: scene.commit(9))  # type: ignore[misc]
        killed = dies(lambda scene=scene, step=step: recover(scene.ledger(step)))  # type: ignore[misc]
        scene.recover()
        assert scene.picture() == old
        if not killed:
            assert step > 3
            return
        step += 1


def test_nothing_is_lost_where_others_change_a_path_in_between(tmp_path: Path) -> None:
    scene = Scene(tmp_path / "scene")
    assert dies(lambda: scene.commit(8))
    (scene.world.root / "changed").write_text("by another\n")
    (told,) = scene.recover()
    assert "changed" in told and str(scene.world.state) in told
    assert (scene.world.root / "changed").read_text() == "by another\n"
    assert b"old\n" in scene.bytes_in_store()
