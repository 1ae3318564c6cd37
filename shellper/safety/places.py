"""The places of a context: which of them a path means, as a pattern of parts with links followed."""

from __future__ import annotations

import fnmatch
import functools
import glob
import os
import re
from dataclasses import dataclass

from shellper.safety.rules import Rules, load
from shellper.safety.verdict import Context
from shellper.safety.words import Argument, escaped, has_glob, matches, overlap, unescaped

NEGATED_SET = re.compile(r"\[[!^][^\]]*\]")
PROCESS_PLACE = re.compile(r"^/proc/(?:self|thread-self|\d+)/(cwd|root)(?=/|$)")
WORKING = "the working directory"

Path = tuple[str, ...]


@dataclass(frozen=True)
class Place:
    """A folder that must not be lost, with its name in plain words."""

    path: Path
    label: str


@dataclass(frozen=True)
class Places:
    """The places of one context."""

    context: Context
    rules: Rules

    @property
    def home(self) -> str:
        """The home folder as text."""
        return str(self.context.home)

    @functools.cached_property
    def kept(self) -> tuple[Place, ...]:
        """The folders whose loss would be a disaster, the plainest names first."""
        found: dict[Path, str] = {(): "the root of the disk"}
        for home in spellings(self.home):
            found.setdefault(home, "your home folder")
        for folder in spellings(str(self.context.folder)):
            found.setdefault(folder, WORKING)
            for depth in range(1, len(folder)):
                found.setdefault(folder[:depth], "a folder above the working directory")
        for home in spellings(self.home):
            for depth in range(1, len(home)):
                found.setdefault(home[:depth], "a folder above your home folder")
        for system in self.rules.places["system"]:
            found.setdefault(parts_of(system), f"the system folder {system}")
        return tuple(Place(tuple(map(unescaped, path)), label) for path, label in found.items())

    def someones_home(self, path: Path) -> bool:
        """Tell whether a path is the whole home folder of some user."""
        while path and is_bare(path[-1]):
            path = path[:-1]
        return len(path) == 2 and path[0] in ("home", "Users") and not self.is_working(path)

    def personal(self, path: Path) -> str | None:
        """Name the folder of a user's own things that a path means wholly, or return None."""
        while path and is_bare(path[-1]):
            path = path[:-1]
        for home in spellings(self.home):
            if len(path) > len(home) and path[: len(home)] == home:
                inner = "/".join(map(unescaped, path[len(home) :]))
                kept = self.rules.places["personal"]
                part = path[-1] if len(path) == len(home) + 1 else ""
                meant = [inner] if inner in kept else [name for name in kept if has_glob(part) and matches(part, name)]
                if meant:
                    return meant[0]
        return None

    def all_backups(self, path: Path) -> bool:
        """Tell whether a path means a folder of backups, wholly or all that is in it, but for those deep in home."""
        at_home = any(path[: len(home)] == home and len(path) > len(home) + 1 for home in spellings(self.home))
        return not at_home and self.all_of(path, "backups")

    def all_of(self, path: Path, name: str) -> bool:
        """Tell whether a path means a folder of a list, wholly or by everything in it."""
        while path and is_bare(path[-1]):
            path = path[:-1]
        return self.in_list(path, name)

    def covers_secrets(self, path: Path) -> bool:
        """Tell whether what lies below a path takes in home or the system's secrets."""
        kept = (*spellings(self.home), ("etc",), ("root",), ("home",), ("Users",))
        while path and is_bare(path[-1]):
            path = path[:-1]
        if any(_meets(path, tuple(map(unescaped, place[: len(path)]))) for place in kept):
            return True
        at_home = any(path[: len(home)] == home for home in spellings(self.home))
        below = (pattern[: len(path)] for pattern in self._lists["secret"][1] if len(pattern) > len(path))
        return at_home and any(all(map(overlap, path, pattern)) for pattern in below)

    def whole(self, path: Path) -> str | None:
        """Name the kept place that a path means, wholly or by everything in it, or return None."""
        everything = False
        stripped = path
        while stripped and is_bare(stripped[-1]):
            stripped, everything = stripped[:-1], True
        for candidate, inside in ((path, False), (stripped, everything)):
            for place in self.kept:
                if _meets(candidate, place.path):
                    return f"everything in {place.label}" if inside else place.label
        return None

    def resolved(self, argument: Argument, folders: tuple[str, ...] | None, follow: bool = True) -> list[Path]:
        """Return the absolute paths that an argument can mean; none if the folder isn't known.

        With `follow` the last part is followed if it is a link; deleting a link leaves what it points to.
        """
        pattern = argument.pattern
        if pattern.startswith("/"):
            starts: tuple[str, ...] = ("",)
        elif folders is None:
            return []
        else:
            starts = tuple(escaped(folder) + "/" for folder in folders)
        found: dict[Path, None] = {}
        pattern = self.by_process(pattern)
        for start in starts:
            found[parts_of(start + pattern)] = None
            if not argument.is_glob and not argument.unknown and not argument.unset:
                found[_real(unescaped(start + pattern), follow)] = None
        return list(found)

    def by_process(self, pattern: str) -> str:
        """Spell out the working directory and the root that `/proc/self` names."""
        folder = escaped(str(self.context.folder))
        return PROCESS_PLACE.sub(lambda found: folder if found[1] == "cwd" else "/", pattern)

    def inside(self, path: Path, area: str) -> bool:
        """Tell whether a path lies in or below a folder."""
        return any(path[: len(parts)] == parts for parts in spellings(area))

    def is_working(self, path: Path) -> bool:
        """Tell whether a path lies in the working directory, unless that is a system folder or the root."""
        folder = str(self.context.folder)
        system = {parts_of(area) for area in self.rules.places["system"]} - set(spellings(self.home))
        return self.inside(path, folder) and not system.union({()}).intersection(spellings(folder))

    def is_temporary(self, path: Path) -> bool:
        """Tell whether a path lies below a temporary folder without being all of it."""
        below = [path for area in self.rules.places["temporary"] if self.inside(path, area) and parts_of(area) != path]
        return bool(below) and not is_bare(path[-1])

    def in_list(self, path: Path, name: str) -> bool:
        """Tell whether a path could be one of a list of paths such as the secret ones."""
        exact, parts = self._lists[name]
        text = "/" + "/".join(path)
        if not has_glob(text):
            return exact.fullmatch(unescaped(text)) is not None
        return exact.fullmatch(text) is not None or any(_could_meet(path, pattern) for pattern in parts)

    def starts(self, argument: Argument, folders: tuple[str, ...] | None) -> bool:
        """Tell whether a word names a file that a session begins with, or that lets somebody in."""
        return any(self.in_list(path, "startup") for path in self.resolved(argument, folders))

    def is_secret(self, path: Path) -> bool:
        """Tell whether a path could name something whose content is secret."""
        return self.in_list(path, "secret") and not self.in_list(path, "not_secret")

    @functools.cached_property
    def _lists(self) -> dict[str, tuple[re.Pattern[str], tuple[Path, ...]]]:
        """Each list as one expression for exact paths, and its anchored patterns in parts."""
        homes = tuple(dict.fromkeys(map(glob.escape, (self.home.rstrip("/"), os.path.realpath(self.home)))))
        lists = {}
        for name, entries in self.rules.places.items():
            if name == "secret":
                # The folder itself holds them, too.
                entries = (
                    *entries,
                    *(entry[:-2] for entry in entries if entry.startswith("~/") and entry.endswith("/*")),
                )
            patterns = [home + entry[1:] if entry.startswith("~") else entry for entry in entries for home in homes]
            exact = re.compile("|".join(f"(?:{fnmatch.translate(pattern)})" for pattern in patterns))
            lists[name] = (exact, tuple(parts_of(pattern) for pattern in patterns if not pattern.startswith("*")))
        return lists


@functools.lru_cache(maxsize=16)
def places_of(context: Context) -> Places:
    """Return the places of a context; the same ones for the next command there."""
    return Places(context, load())


def is_bare(part: str) -> bool:
    """Tell whether a part of a pattern takes in everything, or everything hidden."""
    characters = set(NEGATED_SET.sub("?", part))
    return "*" in characters and characters <= set("*?.")


def _meets(path: Path, place: Path) -> bool:
    return len(path) == len(place) and all(matches(part, name) for part, name in zip(path, place, strict=True))


def _could_meet(path: Path, pattern: Path) -> bool:
    """Tell whether two patterns could name the same path; a `*` at the end of the second takes in what is below."""
    if len(path) > len(pattern) and pattern[-1:] == ("*",):
        path = path[: len(pattern)]
    return len(path) == len(pattern) and all(map(overlap, path, pattern))


def parts_of(pattern: str) -> Path:
    """Cut an absolute pattern into its parts, with `.` and `..` taken away."""
    parts: list[str] = []
    for part in pattern.split("/"):
        plain = unescaped(part)
        if plain == ".." and not has_glob(part):
            del parts[-1:]
        elif plain not in ("", "."):
            parts.append(part)
    return tuple(parts)


def _real(text: str, follow: bool) -> Path:
    """Resolve links, of the last part too if it is followed."""
    try:
        if follow:
            return _literal_parts(os.path.realpath(text))
        folder, name = os.path.split(text.rstrip("/") or "/")
        return (*_literal_parts(os.path.realpath(folder)), *((escaped(name),) if name else ()))
    except (OSError, ValueError):
        return parts_of(escaped(text))


def _literal_parts(text: str) -> Path:
    return tuple(escaped(part) for part in text.split("/") if part)


@functools.lru_cache(maxsize=64)
def spellings(text: str) -> tuple[Path, ...]:
    """Return a folder's parts as written and with its links resolved."""
    return tuple(dict.fromkeys((parts_of(escaped(text)), _literal_parts(os.path.realpath(text)))))
