"""What the tests of effects share: a world of files, a keeper beside it, and exact pictures of a tree."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from shellper.calls import LocalDisk, ToolCall, render
from shellper.effects import (
    Applied,
    ChangeKind,
    ChangeSet,
    Choice,
    Effects,
    Keeper,
    What,
    newest,
    plan_reversal,
    reverse,
)
from shellper.effects.changes import read_content
from shellper.effects.node import Kind, Node, read_node
from shellper.sandbox import Captured, Policy, RunResult, SandboxLevel

ANCIENT = 1_600_000_000_000_000_000
"""The time that everything in a test's world has, in nanoseconds."""


class World:
    """A root with files, a home beside it, and a keeper with its store."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "root"
        self.home = folder / "home"
        self.state = folder / "state"
        self.level: SandboxLevel | None = None
        self.root.mkdir()
        self.home.mkdir()
        self.keeper = Keeper(self.state, self.home)

    @property
    def policy(self) -> Policy:
        return Policy(folder=self.root, home=self.home, level=self.level)

    def fill(self) -> None:
        """Make the files that most tests use, all of the same old time."""
        root = self.root
        (root / "a.txt").write_text("first\nsecond\n")
        (root / "b.txt").write_text("other\n")
        (root / "empty").touch()
        (root / "one.log").write_text("1\n")
        (root / "two.log").write_text("2\n")
        (root / ".hidden.log").write_text("h\n")
        (root / "with space").write_text("s\n")
        (root / "line\nbreak").write_text("n\n")
        (root / "-dash").write_text("d\n")
        (root / os.fsdecode(b"latin-\xe9")).write_bytes(b"\xff\xfe\0")
        (root / "run.sh").write_text("#!/bin/sh\necho hi\n")
        (root / "run.sh").chmod(0o755)
        (root / "locked").write_text("l\n")
        (root / "locked").chmod(0o400)
        (root / "sub" / "deep" / "er").mkdir(parents=True)
        (root / "sub" / "x.txt").write_text("x\n")
        (root / "sub" / "a.txt").write_text("sub a\n")
        (root / "sub" / "deep" / "y.bin").write_bytes(bytes(range(256)) * 10)
        (root / "sub" / "deep" / "link").symlink_to("y.bin")
        (root / "sub" / "odd").mkdir(mode=0o750)
        (root / "dest" / "sub").mkdir(parents=True)
        (root / "dest" / "a.txt").write_text("old a in dest\n")
        (root / "dest" / "sub" / "x.txt").write_text("old x\n")
        (root / "hollow").mkdir()
        (root / "private").mkdir(mode=0o700)
        (root / "to-file").symlink_to("a.txt")
        (root / "to-folder").symlink_to("dest")
        (root / "nowhere").symlink_to("missing")
        (root / "twin-1").write_text("twins\n")
        (root / "twin-2").hardlink_to(root / "twin-1")
        make_old(root)

    def call(self, name: str, **arguments: str | int | bool) -> tuple[ToolCall, str]:
        call = ToolCall(name, arguments)
        return call, render(call, disk=LocalDisk(self.root, self.home))

    def preview(self, call: ToolCall, command: str) -> Effects | None:
        return self.keeper.preview_call(call, command, self.policy, self.root)

    def apply(self, effects: Effects | None, command: str) -> Applied:
        return self.keeper.run(effects, command, self.policy, lambda: self.run(command), lambda stream, text: None)

    def run(self, command: str) -> RunResult:
        """Run a command without the sandbox, whose start would cost most of these tests' time."""
        done = subprocess.run(
            ["bash", "-c", "--", os.fsencode(command)],
            cwd=self.root,
            env={"HOME": str(self.home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        text = done.stdout.decode(errors="replace")
        said = Captured(text, text, "", 0, 0, len(text), binary=False)
        nothing = Captured("", "", "", 0, 0, 0, binary=False)
        return RunResult(done.returncode, said, nothing, said, 0.0, False, False, SandboxLevel.NONE)

    def undo(self, count: int = 1, choice: Choice = Choice.SKIP) -> None:
        self._turn(What.UNDO, count, choice)

    def redo(self, count: int = 1, choice: Choice = Choice.SKIP) -> None:
        self._turn(What.REDO, count, choice)

    def _turn(self, what: What, count: int, choice: Choice) -> None:
        ledger = self.keeper.ledger
        applied, undone = ledger.stacks()
        for record in newest(applied if what is What.UNDO else undone, count, "nothing"):
            reverse(ledger, plan_reversal(record, what), lambda conflict: choice)

    def picture(self) -> dict[str, object]:
        return picture(self.root)


def make_old(root: Path) -> None:
    """Give all in a tree the same old time."""
    for folder, folders, names in os.walk(root, topdown=False):
        for name in (*names, *folders):
            os.utime(Path(folder, name), ns=(ANCIENT, ANCIENT), follow_symlinks=False)
    os.utime(root, ns=(ANCIENT, ANCIENT))


def picture(root: Path) -> dict[str, object]:
    """Return all that can be told of a tree: facts, times, attributes, bytes, which names are one file."""
    found: dict[str, object] = {}
    files: dict[tuple[int, int], int] = {}
    for path in sorted([root, *root.rglob("*")], key=os.fspath):
        seen = path.lstat()
        node = read_node(path)
        assert node is not None
        same = files.setdefault((seen.st_dev, seen.st_ino), len(files)) if seen.st_nlink > 1 else None
        data = path.read_bytes() if node.kind is Kind.FILE else None
        same = None if node.is_folder else same
        found[str(path.relative_to(root))] = (
            node.kind,
            node.mode,
            node.owner,
            node.modified,
            node.target,
            node.attributes,
            data,
            same,
        )
    return found


def expected(root: Path, changes: ChangeSet) -> dict[str, tuple[object, ...]]:
    """Return the tree that a change set predicts; a time of None is one that is not known before."""
    before = read_node(root)
    assert before is not None
    tree: dict[Path, tuple[Node, bytes | None]] = {}
    _put(tree, root, before)
    for change in changes:
        if change.source is not None:
            moved = {path: entry for path, entry in tree.items() if path.is_relative_to(change.source)}
            _drop(tree, change.source)
            _drop(tree, change.path)
            tree |= {change.path / path.relative_to(change.source): entry for path, entry in moved.items()}
            _touch(tree, change.source.parent)
            _touch(tree, change.path.parent)
            continue
        in_place = change.kind in (ChangeKind.MODE, ChangeKind.TIME) or (
            change.before is not None and change.after is not None and change.old is not None
        )
        if in_place and change.after is not None and change.after.is_folder:
            tree[change.path] = (replace(change.after, children={}), None)
            continue
        names = [change.path]
        if in_place:  # the other names of the file see it, too
            names += [
                one
                for one in tree
                if one != change.path and not one.is_symlink() and one.is_file() and one.samefile(change.path)
            ]
        for name in names:
            _drop(tree, name)
            if change.after is not None:
                _put(tree, name, change.after)
        if not in_place:
            _touch(tree, change.path.parent)
    inside = {path: entry for path, entry in tree.items() if path.is_relative_to(root)}
    return {str(path.relative_to(root)): _facts(*entry) for path, entry in sorted(inside.items())}


def _is_same_file(one: Path, other: Path) -> bool:
    return not one.is_symlink() and one.is_file() and one.samefile(other)


def _facts(node: Node, data: bytes | None) -> tuple[object, ...]:
    return (node.kind, node.mode, node.owner, node.modified, node.target, node.attributes, data)


def _put(tree: dict[Path, tuple[Node, bytes | None]], path: Path, node: Node) -> None:
    data = read_content(node.content, 1 << 30) if node.kind is Kind.FILE else None
    tree[path] = (replace(node, children={}), data)
    for name, child in node.children.items():
        _put(tree, path / name, child)


def _drop(tree: dict[Path, tuple[Node, bytes | None]], path: Path) -> None:
    for one in [one for one in tree if one == path or one.is_relative_to(path)]:
        del tree[one]


def _touch(tree: dict[Path, tuple[Node, bytes | None]], folder: Path) -> None:
    if folder in tree:
        node, data = tree[folder]
        tree[folder] = (replace(node, modified=None), data)


def matches(expected: dict[str, tuple[object, ...]], real: dict[str, object], began: int) -> list[str]:
    """Return how a tree differs from the one that was predicted; an unknown time must be after `began`."""
    wrong = [f"{name} is {'missing' if name in expected else 'there'}" for name in expected.keys() ^ real.keys()]
    for name in expected.keys() & real.keys():
        want, have = list(expected[name]), list(real[name])  # type: ignore[call-overload]
        if want[3] is None:
            # The clock of file systems is coarser.
            if have[3] < began - 20_000_000:
                wrong.append(f"{name} was not touched")
            want[3] = have[3]
        if want != have[:7]:
            wrong.append(f"{name}: predicted {want}, is {have[:7]}")
    return wrong


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    world.fill()
    yield world
    world.keeper.close()
