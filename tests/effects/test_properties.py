"""The planners on random trees and calls: what they say is what happens, and undo gives the first tree back."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from typing import TypeAlias

from hypothesis import HealthCheck, example, given, reject, settings
from hypothesis import strategies as st

from shellper.calls import CallError
from shellper.effects import Known
from shellper.effects.modes import changed_mode
from tests.effects.conftest import World, expected, make_old, matches

Tree: TypeAlias = dict[str, tuple[str, object, int]]

NAMES = ("a", "b", "c.txt", "d d", "-e", "f\ng", "*", "[h]")
MODES = st.sampled_from([0o644, 0o600, 0o755, 0o444, 0o4755, 0o200])
FOLDER_MODES = st.sampled_from([0o755, 0o700, 0o1777, 0o2755, 0o500])

entries = st.recursive(
    st.one_of(
        st.tuples(st.just("file"), st.binary(max_size=20), MODES),
        st.tuples(st.just("link"), st.sampled_from(NAMES), st.just(0)),
    ),
    lambda inner: st.tuples(
        st.just("folder"), st.dictionaries(st.sampled_from(NAMES), inner, max_size=4), FOLDER_MODES
    ),
    max_leaves=10,
)
trees = st.dictionaries(st.sampled_from(NAMES), entries, min_size=1, max_size=6)
paths = st.builds(
    lambda parts, slash: "/".join(parts) + slash,
    st.lists(st.sampled_from((*NAMES, "..", ".")), min_size=1, max_size=3).filter(lambda parts: parts[0] != ".."),
    st.sampled_from(("", "", "", "/")),
)
patterns = st.one_of(paths, st.sampled_from(("*", "?", "*.txt", "a/*", "*/*")))
modes = st.one_of(
    st.sampled_from(["600", "755", "4711", "00700", "0"]),
    st.builds(
        lambda clauses: ",".join(clauses),
        st.lists(
            st.builds(
                lambda who, sign, bits: who + sign + bits,
                st.sampled_from(("", "u", "g", "o", "a", "ug", "go")),
                st.sampled_from("+-="),
                st.sampled_from(("r", "w", "x", "rw", "rwX", "X", "s", "t", "u", "g", "o", "")),
            ),
            min_size=1,
            max_size=3,
        ),
    ),
)
texts = st.sampled_from(("x", "-n", "a\\b"))
calls = st.one_of(
    st.tuples(st.just("cp"), st.fixed_dictionaries({"source": patterns, "destination": paths})),
    st.tuples(st.just("mv"), st.fixed_dictionaries({"source": patterns, "destination": paths})),
    st.tuples(st.just("rm"), st.fixed_dictionaries({"file_name": patterns, "recursive": st.booleans()})),
    st.tuples(st.just("rmdir"), st.fixed_dictionaries({"dir_name": patterns})),
    st.tuples(st.just("mkdir"), st.fixed_dictionaries({"dir_name": paths, "parents": st.booleans()})),
    st.tuples(st.just("touch"), st.fixed_dictionaries({"file_name": paths})),
    st.tuples(st.just("echo"), st.fixed_dictionaries({"content": texts, "file_name": paths})),
    st.tuples(st.just("chmod"), st.fixed_dictionaries({"file_name": patterns, "mode": modes})),
)


def make(folder: Path, tree: Tree) -> None:
    for name, (kind, what, mode) in tree.items():
        path = folder / name
        if kind == "folder":
            path.mkdir()
            assert isinstance(what, dict)
            make(path, what)
        elif kind == "link":
            path.symlink_to(str(what))
            continue
        else:
            assert isinstance(what, bytes)
            path.write_bytes(what)
        path.chmod(mode)


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(trees, calls)
@example(
    {
        "a": ("file", b"", 0o644),
        "b": ("folder", {"a": ("folder", {}, 0o755), "b": ("file", b"", 0o644)}, 0o755),
        "c.txt": ("folder", {"a": ("link", "a", 0)}, 0o755),
    },
    ("cp", {"source": "*/*", "destination": "b/.."}),
)
def test_plans_are_what_happens(tree: Tree, call: tuple[str, dict[str, str | bool]]) -> None:
    name, arguments = call
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder))
        make(world.root, tree)
        make_old(world.root)
        try:
            made, command = world.call(name, **arguments)
        except CallError:
            reject()
        before = world.picture()
        effects = world.preview(made, command)
        assert effects is not None
        if effects.known is not Known.PLANNED:  # it said that it does not know
            world.keeper.close()
            return
        predicted = expected(world.root, effects.changes)
        began = time.time_ns()
        applied = world.apply(effects, command)
        after = world.picture()
        assert matches(predicted, after, began) == [], applied.result.combined.text
        if applied.transaction is None:
            assert {name: facts for name, facts in after.items() if name != "."} == {
                name: facts for name, facts in before.items() if name != "."
            }
            return
        world.undo()
        assert world.picture() == before
        world.redo()
        assert world.picture() == after


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 0o7777), modes, st.booleans())
def test_modes_are_those_of_chmod(mode: int, text: str, is_folder: bool) -> None:
    import subprocess

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "it")
        path.mkdir() if is_folder else path.touch()
        path.chmod(mode)
        real = path.stat().st_mode & 0o7777
        umask = os.umask(0o022)
        try:
            done = subprocess.run(["chmod", "--", text, str(path)], capture_output=True)
            predicted = changed_mode(real, text, is_folder, 0o022)
        finally:
            os.umask(umask)
        now = path.stat().st_mode & 0o7777
        path.chmod(0o700)
        if done.stderr and now == real and b"invalid" in done.stderr:
            assert predicted is None
        else:
            assert predicted == now
