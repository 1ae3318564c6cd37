"""Two hundred hostile file names through the real programs: each does what was meant, and nothing else is touched."""

import random
import subprocess
from pathlib import Path

import pytest

from shellper.calls import ToolCall, render
from tests.calls.strategies import HOSTILE

COUNT = 200
ALPHABET = " -+~=#'\"\\$`(){}[]*?!&|;<>\n\t%.,:@^aZ0é日\u0301\u202e\u2581\x01\x1b\x7f"
LONGEST = 240


def hostile_names() -> list[str]:
    """Return distinct names that a folder can hold; a lone `~` has to be said with its folder."""
    chosen = dict.fromkeys(name for name in HOSTILE if "/" not in name and name not in (".", "..", "~"))
    chosen["~"] = None
    chosen["-" * LONGEST] = None
    source = random.Random(200)
    while len(chosen) < COUNT:
        name = "".join(source.choices(ALPHABET, k=source.randint(1, 40)))
        if name not in (".", "..") and len(name.encode()) <= LONGEST:
            chosen[name] = None
    return list(chosen)


NAMES = hostile_names()


def path_of(name: str) -> str:
    return "./~" if name == "~" else name


class Tree:
    """A folder to work in, and beside it what nothing may touch."""

    def __init__(self, root: Path) -> None:
        self.root, self.folder = root, root / "folder"
        for path in (self.folder, root / "home", root / "beside"):
            path.mkdir()
            (path / "kept.txt").write_text(f"of {path.name}")
        self.outside = self.snapshot(outside=True)

    def snapshot(self, outside: bool = False) -> dict[str, str | None]:
        """Return the contents by name, of the folder or of everything else."""
        paths = [path for path in self.root.rglob("*") if path.is_relative_to(self.folder) is not outside]
        start = self.root if outside else self.folder
        return {
            str(path.relative_to(start)): path.read_text() if path.is_file() else None
            for path in paths
            if path != self.folder
        }

    def run(self, *calls: ToolCall) -> str:
        """Run each call in a shell of its own, and return what they wrote."""
        output = b""
        for call in calls:
            result = subprocess.run(
                ["bash", "--norc", "-c", render(call)],
                cwd=self.folder,
                env={"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(self.root / "home"), "LC_ALL": "C.UTF-8"},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
            )
            assert (result.returncode, result.stderr) == (0, b""), call
            output += result.stdout
        assert self.snapshot(outside=True) == self.outside
        return output.decode()


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def fill(tree: Tree) -> dict[str, str | None]:
    """Write a file of each name, and return the contents by name."""
    for number, name in enumerate(NAMES):
        (tree.folder / name).write_text(f"content {number}\n")
    return tree.snapshot()


def test_there_are_two_hundred_names() -> None:
    assert len(set(NAMES)) == COUNT


def test_touch_makes_each_file(tree: Tree) -> None:
    tree.run(*(ToolCall("touch", {"file_name": path_of(name)}) for name in NAMES))
    assert tree.snapshot() == {"kept.txt": "of folder", **dict.fromkeys(NAMES, "")}


def test_cat_shows_each_file(tree: Tree) -> None:
    before = fill(tree)
    output = tree.run(*(ToolCall("cat", {"file_name": path_of(name)}) for name in NAMES))
    assert output == "".join(f"content {number}\n" for number in range(COUNT))
    assert tree.snapshot() == before


def test_cp_copies_each_file(tree: Tree) -> None:
    before = fill(tree)
    tree.run(*(ToolCall("cp", {"source": path_of(name), "destination": f"{path_of(name)} 2"}) for name in NAMES))
    assert tree.snapshot() == {**before, **{f"{name} 2": before[name] for name in NAMES}}


def test_mv_moves_each_file(tree: Tree) -> None:
    before = fill(tree)
    tree.run(*(ToolCall("mv", {"source": path_of(name), "destination": f"{path_of(name)}\n2"}) for name in NAMES))
    assert tree.snapshot() == {"kept.txt": "of folder", **{f"{name}\n2": before[name] for name in NAMES}}


def test_rm_deletes_each_file_and_no_other(tree: Tree) -> None:
    before = fill(tree)
    tree.run(*(ToolCall("rm", {"file_name": path_of(name)}) for name in NAMES[::2]))
    left = {"kept.txt", *NAMES[1::2]}
    assert tree.snapshot() == {name: content for name, content in before.items() if name in left}
    tree.run(*(ToolCall("rm", {"file_name": path_of(name)}) for name in NAMES[1::2]))
    assert tree.snapshot() == {"kept.txt": "of folder"}
