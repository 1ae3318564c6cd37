"""Free-form commands: tried out in an overlay, shown, applied as they were tried, undone and redone exactly."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from shellper.effects import ChangeKind, Effects, Known
from shellper.sandbox import OverlayImpossible, Policy, run, run_in_overlay
from tests.effects.conftest import World, expected, make_old, matches, picture

COMMANDS = [
    "true",
    "false",
    "echo new > new",
    "echo more >> a.txt",
    "printf x > a.txt",
    ": > a.txt",
    "truncate -s 3 a.txt",
    "sed -i s/first/1st/ a.txt",
    "cat a.txt b.txt > both",
    "sort -r a.txt -o a.txt",
    "tr a-z A-Z < a.txt > t && mv t a.txt",
    "tee c.txt d.txt < a.txt",
    "cp a.txt new",
    "cp -a sub sub2",
    "cp -p run.sh again.sh",
    "cp -r sub/. dest/sub",
    "mv a.txt c.txt",
    "mv a.txt b.txt",
    "mv sub moved",
    "mv sub dest/",
    "mv dest/sub/x.txt dest/y.txt",
    "rm a.txt",
    "rm -rf sub",
    "rm -rf sub && mkdir sub",
    "rm -rf sub && mkdir sub && echo x > sub/x.txt",
    "rm -rf sub && echo file > sub",
    "rm a.txt && mkdir a.txt",
    "rm -f *.log",
    "rm -- -dash 'line\nbreak' 'with space'",
    "find . -name '*.txt' -delete",
    "mkdir -p p/q/r",
    "mkdir p && touch p/f && chmod 700 p",
    "rmdir hollow private",
    "touch a.txt",
    "touch -d 2001-02-03 a.txt",
    "touch -d 2001-02-03 sub",
    "touch new 'line\nbreak 2'",
    "chmod 600 a.txt",
    "chmod -R go-rwx sub",
    "chmod 500 sub",
    "chmod +x a.txt && echo more >> a.txt",
    "ln -s a.txt link",
    "ln -sf b.txt to-file",
    "ln a.txt hard",
    "rm to-folder && mkdir to-folder",
    "cd sub && echo x > y && cd deep && rm y.bin",
    "for i in 1 2 3; do echo $i > file-$i; done",
    "echo a > x; rm x",
    "echo x > sub/odd/new",
    "umask 077; echo secret > secret; mkdir hidden",
    "tar -caf all.tar.gz sub dest",
    "mkdir out && tar -caf all.tar sub && tar -xf all.tar -C out",
    "gzip -k a.txt",
    "head -c 100000 /dev/zero > zeros",
    "dd if=/dev/zero of=a.txt bs=1 count=2 conv=notrunc",
    "echo x > a.txt; exit 3",
    "git init -q . && git add a.txt",
    "split -l 1 a.txt part-",
    "mktemp -p . name.XXXX",
    "install -m 640 a.txt installed",
]


def needs_overlay(folder: Path) -> None:
    """Skip where no overlay can be made."""
    root = folder / "probe"
    root.mkdir()
    try:
        run_in_overlay("true", Policy(folder=root, home=root), folder / "probe-run")
    except OverlayImpossible as error:
        pytest.skip(str(error))


@pytest.fixture
def tried(world: World, tmp_path: Path) -> World:
    needs_overlay(tmp_path)
    return world


def preview(world: World, command: str) -> Effects:
    return world.keeper.preview_text(command, world.policy, world.root)


@pytest.mark.parametrize("command", COMMANDS)
def test_what_was_tried_is_what_is_applied(tried: World, command: str) -> None:
    world = tried
    before = world.picture()
    effects = preview(world, command)
    assert world.picture() == before
    assert effects.known is Known.TRIED and effects.undo, effects.notes
    predicted = expected(world.root, effects.changes)
    for folder, modified in effects.work.upper.times.items():  # what no change says, but was tried
        name = str(folder.relative_to(world.root))
        predicted[name] = (*predicted[name][:3], modified, *predicted[name][4:])
    applied = world.apply(effects, command)
    after = world.picture()
    assert matches(predicted, after, 0) == []
    assert (applied.transaction is None) == (not effects.changes)
    assert not any(".shellper" in name for name in after)
    if applied.transaction is None:
        assert after == before
        return
    world.undo()
    assert world.picture() == before
    world.redo()
    assert world.picture() == after


@pytest.mark.parametrize("command", [one for one in COMMANDS if "git" not in one and "mktemp" not in one])
def test_the_same_as_a_plain_run(tried: World, tmp_path: Path, command: str) -> None:
    """Apart from times, the tree is the one that the command makes when it runs for real."""
    world = tried
    other = tmp_path / "other"
    shutil.copytree(world.root, other, symlinks=True)
    (other / "twin-2").unlink()
    (other / "twin-2").hardlink_to(other / "twin-1")
    make_old(other)
    real = run(command, Policy(folder=other, home=world.home))
    effects = preview(world, command)
    applied = world.apply(effects, command)
    assert applied.result.exit_code == real.exit_code
    # dd tells its speed, and a folder can't be renamed in an overlay, so that mv copies it and fails in other words.
    if not command.startswith("dd") and command != "mv sub dest/":
        assert applied.result.combined.text == real.combined.text

    def shape(root: Path) -> dict[str, object]:
        # Which names are one file is compared elsewhere: a hard link that is written to is broken in an overlay.
        return {name: (*facts[:3], *facts[4:7]) for name, facts in picture(root).items() if isinstance(facts, tuple)}

    if ".gz" not in command and "tar" not in command and "gzip" not in command:
        assert shape(world.root) == shape(other)


def test_a_move_is_seen_as_one(tried: World) -> None:
    effects = preview(tried, "mv sub moved && mv a.txt c.txt")
    kinds = {(change.kind, change.path.name, change.source and change.source.name) for change in effects.changes}
    assert kinds == {(ChangeKind.MOVED, "moved", "sub"), (ChangeKind.MOVED, "c.txt", "a.txt")}


def test_a_change_by_others_in_between_is_noticed(tried: World) -> None:
    effects = preview(tried, "echo more >> a.txt; rm -r sub")
    assert not tried.keeper.is_stale(effects, tried.policy)
    (tried.root / "sub" / "deep" / "new").write_text("just now\n")
    assert tried.keeper.is_stale(effects, tried.policy)


def test_a_trial_that_is_not_applied_leaves_nothing(tried: World) -> None:
    effects = preview(tried, "echo x > new")
    assert list(tried.keeper.ledger.runs.iterdir())
    tried.keeper.drop(effects.work)
    assert not list(tried.keeper.ledger.runs.iterdir())
    assert not (tried.root / "new").exists()


def test_output_comes_with_the_commit(tried: World) -> None:
    effects = preview(tried, "echo out; echo err >&2; touch new")
    told: list[tuple[str, str]] = []
    world = tried
    applied = world.keeper.run(
        effects,
        "x",
        world.policy,
        lambda: pytest.fail("it must not run again"),
        lambda stream, text: told.append((stream, text)),
    )
    assert sorted(told) == [("stderr", "err\n"), ("stdout", "out\n")]
    assert applied.changed == (world.root / "new",)


@pytest.mark.parametrize(
    "command",
    ["curl http://x > y", "sudo rm x", "kill 5", "vim a.txt", "git push", "sleep 9 & echo x > y", "a=1 pip install x"],
)
def test_what_is_not_only_files_is_not_tried(world: World, command: str) -> None:
    effects = preview(world, command)
    assert effects.known is Known.AFTERWARDS
    assert effects.notes[0].startswith("no preview: ")
    assert not list(world.keeper.ledger.runs.iterdir()) if world.keeper.ledger.runs.exists() else True


def test_tried_archives(tried: World) -> None:
    for name, arguments in (
        ("tar", {"archive": "x.tar.gz", "source": "sub"}),
        ("untar", {"archive": "x.tar.gz", "folder": "hollow"}),
        *((("zip", {"archive": "x.zip", "source": "sub"}),) if shutil.which("zip") else ()),
        *((("unzip", {"archive": "x.zip", "folder": "private"}),) if shutil.which("unzip") else ()),
    ):
        call, command = tried.call(name, **arguments)
        before = tried.picture()
        effects = tried.preview(call, command)
        assert effects is not None and effects.known is Known.TRIED, effects
        predicted = expected(tried.root, effects.changes)
        tried.apply(effects, command)
        after = tried.picture()
        assert matches(predicted, after, 0) == []
        tried.undo()
        assert tried.picture() == before
        tried.redo()
        assert tried.picture() == after
