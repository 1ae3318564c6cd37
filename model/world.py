"""A small real world: a temporary home with folders and files, in which the calls of a conversation are run."""

from __future__ import annotations

import os
import random
from dataclasses import dataclass, field
from pathlib import Path

from model.names import Names
from model.shell import Shell
from model.words import FIRST_NAMES, THEMES


@dataclass
class World(Shell):
    """A tree that is filled by chance, all of it from `rng`."""

    rng: random.Random
    names: Names = field(init=False)

    def __post_init__(self) -> None:
        """Fill the tree and choose where to start."""
        rng = self.rng
        self.names = Names(rng, rng.choice(tuple(THEMES)))
        self.user = rng.choice(FIRST_NAMES).lower()
        start = self.root
        for _ in range(rng.choice((0, 1, 1, 1, 1, 2, 2))):
            start = start / self._fresh(start, self.names.folder)
            start.mkdir()
        self._fill(start, files=rng.choice((1, 2, 3, 3, 4, 5, 6, 8)), folders=rng.choice((1, 2, 2, 3, 4)), depth=2)
        if start != self.root:
            self._fill(self.root, files=rng.randint(0, 2), folders=rng.randint(0, 1), depth=1)
        self.folder = self.previous = start

    def _fresh(self, folder: Path, make: object) -> str:
        """Return a name from a maker that is not taken in the folder."""
        while True:
            name: str = make()  # type: ignore[operator]
            if not os.path.lexists(folder / name):
                return name

    def _fill(self, folder: Path, files: int, folders: int, depth: int) -> None:
        """Make files and folders below a folder."""
        rng = self.rng
        shared = self.names.file() if rng.random() < 0.3 else ""
        for index in range(files):
            name = self._fresh(folder, lambda: self.names.file(text=rng.random() < 0.93))
            if shared and index and rng.random() < 0.3:
                stem, dot, ending = shared.partition(".")
                name = f"{stem}{rng.choice(('_', '-', ' ', ''))}{rng.randint(1, 9)}{dot}{ending}"
            if os.path.lexists(folder / name):
                continue
            path = folder / name
            path.write_text(self.names.contents(name), encoding="utf-8")
            stamp = rng.randint(1_500_000_000, 1_790_000_000)
            os.utime(path, (stamp, stamp))
        for _ in range(folders):
            child = folder / self._fresh(folder, self.names.folder)
            child.mkdir()
            if rng.random() < 0.25:
                continue
            self._fill(child, rng.choice((1, 1, 2, 3, 4)), rng.choice((0, 0, 0, 1, 1)) if depth > 1 else 0, depth - 1)

    def files(self, folder: Path | None = None) -> list[str]:
        """Return the names of the text files in a folder."""
        folder = folder or self.folder
        return sorted(
            p.name for p in folder.iterdir() if p.is_file() and p.suffix.lower() not in (".pdf", ".jpg", ".zip")
        )

    def folders(self, folder: Path | None = None, empty: bool | None = None) -> list[str]:
        """Return the names of the folders in a folder, only the empty or the filled ones where asked."""
        folder = folder or self.folder
        found = sorted(p.name for p in folder.iterdir() if p.is_dir())
        return [name for name in found if empty is None or empty == (not any((folder / name).iterdir()))]
