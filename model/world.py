"""A small real world: a temporary home with folders and files, in which the calls of a conversation are run."""

from __future__ import annotations

import gzip
import os
import random
import tarfile
import time
import zipfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from model.machine import Machine
from model.names import Names
from model.shell import Shell
from model.words import FIRST_NAMES, THEMES

_ARCHIVE_SHARE = 0.25
_REFERRING_SHARE = 0.5
_REFERRING = (
    "see {}", "See {} for details.", "more in {}", "continued in {}", "the numbers are in {}", "copied from {}",
    "TODO: update {}", "read {} first", "wrote report to {}", "config: {}", "old version: {}", "compare with {}",
    "{} is out of date", "moved to {}",
)  # fmt: skip
_RECENT_SHARE = 0.25
_TWIN_SHARE = 0.2
_BINARY = (".pdf", ".jpg", ".zip", ".tar.gz", ".tgz", ".tar.xz", ".tar")


def is_binary(name: str) -> bool:
    """Say whether a name is that of a file which nobody reads as text."""
    return name.lower().endswith(_BINARY)


@dataclass
class World(Shell):
    """A tree that is filled by chance, all of it from `rng`."""

    rng: random.Random
    names: Names = field(init=False)

    def __post_init__(self) -> None:
        """Fill the tree and choose where to start."""
        rng = self.rng
        self.machine = Machine(rng)
        self.names = Names(rng, rng.choice(tuple(THEMES)))
        self.user = rng.choice(FIRST_NAMES).lower()
        start = self.root
        for _ in range(rng.choice((0, 1, 1, 1, 2, 2, 2, 3))):
            start = start / self._fresh(start, self.names.folder)
            start.mkdir()
        self._fill(start, files=rng.choice((1, 2, 3, 3, 4, 5, 6, 8)), folders=rng.choice((1, 2, 2, 3, 4)), depth=2)
        if start != self.root:
            self._fill(self.root, files=rng.randint(0, 2), folders=rng.randint(0, 1), depth=1)
        self._refer()
        for ending in (".zip", ".tar.gz"):
            if rng.random() < _ARCHIVE_SHARE:
                self.make_archive(start, ending)
        self.folder = self.previous = start

    def _refer(self) -> None:
        """Let some texts speak of a file beside them."""
        for folder in (self.root, *sorted(p for p in self.root.rglob("*") if p.is_dir())):
            texts = [name for name in self.files(folder) if name.endswith((".txt", ".md", ".log"))]
            if not texts or self.rng.random() >= _REFERRING_SHARE:
                continue
            text = self.rng.choice(texts)
            others = [name for name in sorted(p.name for p in folder.iterdir() if p.is_file()) if name != text]
            if others:
                with (folder / text).open("a", encoding="utf-8") as file:
                    file.write(self.rng.choice(_REFERRING).format(self.rng.choice(others)) + "\n")

    def _stamp(self) -> int:
        """Return when a file was changed: some of them lately, so that `find` has some to tell apart by their age."""
        if self.rng.random() < _RECENT_SHARE:
            return int(time.time()) - self.rng.randrange(40 * 86400)
        return self.rng.randint(1_500_000_000, 1_790_000_000)

    def make_archive(self, folder: Path, ending: str) -> str:
        """Make an archive with a few files in a folder, and return its name."""
        rng = self.rng
        name = self._fresh(folder, lambda: self.names.stem() + ending)
        inner = f"{self.names.folder()}/" if rng.random() < 0.5 else ""
        members = {
            inner + one: self.names.contents(one) for one in (self.names.file() for _ in range(rng.randint(1, 4)))
        }
        moment = datetime.fromtimestamp(rng.randint(1_500_000_000, 1_750_000_000), UTC)
        if ending == ".zip":
            with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED) as archive:
                for path, text in members.items():
                    entry = zipfile.ZipInfo(path, moment.timetuple()[:6])
                    entry.external_attr = 0o644 << 16
                    archive.writestr(entry, text, zipfile.ZIP_DEFLATED)
            return name
        with gzip.GzipFile(folder / name, "wb", mtime=0) as packed, tarfile.open(fileobj=packed, mode="w") as tarball:
            for path, text in members.items():
                member = tarfile.TarInfo(path)
                member.size, member.mtime, member.mode = len(text.encode()), int(moment.timestamp()), 0o644
                tarball.addfile(member, BytesIO(text.encode()))
        return name

    def archives(self, ending: str) -> list[str]:
        """Return the names of the archives in the folder that have an ending and can be read."""
        found = sorted(p for p in self.folder.iterdir() if p.is_file() and p.name.endswith(ending))
        readable = zipfile.is_zipfile if ending == ".zip" else tarfile.is_tarfile
        return [path.name for path in found if readable(path)]

    def _fresh(self, folder: Path, make: object) -> str:
        """Return a name from a maker that is not taken in the folder."""
        while True:
            name: str = make()  # type: ignore[operator]
            if not os.path.lexists(folder / name):
                return name

    def _fill(self, folder: Path, files: int, folders: int, depth: int) -> None:
        """Make files and folders below a folder."""
        rng = self.rng
        for _ in range(files):
            name = self._fresh(folder, lambda: self.names.file(text=rng.random() < 0.93))
            if (others := self.files(folder)) and rng.random() < _TWIN_SHARE:
                name = self.names.twin(rng.choice(others))
            if os.path.lexists(folder / name):
                continue
            path = folder / name
            path.write_text(self.names.contents(name), encoding="utf-8")
            stamp = self._stamp()
            os.utime(path, (stamp, stamp))
        for _ in range(folders):
            name = self._fresh(folder, self.names.folder)
            if (others := self.folders(folder)) and rng.random() < _TWIN_SHARE:
                name = self.names.twin(rng.choice(others))
            child = folder / name
            if os.path.lexists(child):
                continue
            child.mkdir()
            if rng.random() < 0.25:
                continue
            self._fill(child, rng.choice((1, 1, 2, 3, 4)), rng.choice((0, 0, 0, 1, 1)) if depth > 1 else 0, depth - 1)

    def files(self, folder: Path | None = None) -> list[str]:
        """Return the names of the text files in a folder."""
        folder = folder or self.folder
        return sorted(p.name for p in folder.iterdir() if p.is_file() and not is_binary(p.name))

    def folders(self, folder: Path | None = None, empty: bool | None = None) -> list[str]:
        """Return the names of the folders in a folder, only the empty or the filled ones where asked."""
        folder = folder or self.folder
        found = sorted(p.name for p in folder.iterdir() if p.is_dir())
        return [name for name in found if empty is None or empty == (not any((folder / name).iterdir()))]
