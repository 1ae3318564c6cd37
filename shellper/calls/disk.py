"""What rendering asks the disk: whether a path is there, is a folder, and which paths a pattern matches."""

from __future__ import annotations

import glob
import os
import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Protocol

# Of a folder with more entries only so many are looked at.
_MOST_LOOKED_AT = 5000


class Disk(Protocol):
    """The file system as a call's paths see it: relative ones from the working directory, `~` is home."""

    def exists(self, path: str) -> bool:
        """Say whether something has that very name, a dangling link included."""

    def is_folder(self, path: str) -> bool:
        """Say whether a path is a folder's."""

    def matches(self, pattern: str) -> Sequence[str]:
        """Return the paths that bash puts in a pattern's place."""

    def below(self, path: str, depth: int, most: int) -> Mapping[str, bool]:
        """Return what lies at most so many levels below a folder, as paths from there, and whether each is a folder.

        The nearest come first, and no more than `most`.
        """


@dataclass(frozen=True)
class LocalDisk:
    """The real file system from a working directory and a home."""

    folder: Path
    home: Path

    def _resolve(self, path: str) -> Path:
        if path == "~" or path.startswith("~/"):
            return self.home / path[2:].lstrip("/")
        return self.folder / path

    def exists(self, path: str) -> bool:
        """Say whether something has that very name, a dangling link included."""
        try:
            return os.path.lexists(self._resolve(path))
        except ValueError:  # a NUL is in no file's name
            return False

    def is_folder(self, path: str) -> bool:
        """Say whether a path is a folder's."""
        try:
            return self._resolve(path).is_dir()
        except (OSError, ValueError):  # a name too long or with a NUL is no folder's
            return False

    def below(self, path: str, depth: int, most: int) -> Mapping[str, bool]:
        """Return what lies at most so many levels below a folder, as paths from there, and whether each is a folder.

        The nearest come first, and no more than `most`; what can't be read holds nothing.
        """
        found: dict[str, bool] = {}
        level = [""]
        for _ in range(depth):
            inner: list[str] = []
            for folder in level:
                if len(found) >= most:
                    break
                for name, is_folder in self._entries(posixpath.join(path, folder)):
                    found[posixpath.join(folder, name)] = is_folder
                    if is_folder and not name.startswith(".") and not self._is_link(posixpath.join(path, folder, name)):
                        inner.append(posixpath.join(folder, name))
            level = inner
        return dict(islice(found.items(), most))

    def _is_link(self, path: str) -> bool:
        return self._resolve(path).is_symlink()

    def _entries(self, path: str) -> Sequence[tuple[str, bool]]:
        """Return a folder's entries in the order of their names, links as what they point to.

        The working directory is not one of the entries of the folder above it.
        """
        own = self.folder.name if posixpath.normpath(path) == ".." else ""
        try:
            with os.scandir(self._resolve(path)) as entries:
                return sorted(
                    (entry.name, _is_folder(entry))
                    for entry in islice(entries, _MOST_LOOKED_AT)
                    if entry.name != own and _is_text(entry.name)
                )
        except (OSError, ValueError):
            return []

    def matches(self, pattern: str) -> Sequence[str]:
        """Return the paths that bash puts in a pattern's place: in it only `*` and `?` are special."""
        at_home = pattern.startswith("~/")
        start, below = (self.home, pattern[2:].lstrip("/")) if at_home else (self.folder, pattern)
        try:
            found = sorted(glob.glob(below.replace("[", "[[]"), root_dir=start))  # noqa: PTH207 (keeps `./` and `..`)
        except (OSError, ValueError):  # a name too long or with a NUL matches nothing
            return []
        return [f"~/{path}" if at_home else path for path in found]


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Say whether an entry is a folder, or a link to one; a link that leads nowhere is none."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def _is_text(name: str) -> bool:
    """Say whether a name is UTF-8; what is not can't be told from others like it by its tokens."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
