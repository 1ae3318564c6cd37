"""Which places a path means, and what it would mean to delete, write or read there."""

from __future__ import annotations

import fnmatch
import functools
import glob
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass

from shellper.safety.rules import Rules, load
from shellper.safety.verdict import Context, Verdict, allow, block, confirm, shown, warn
from shellper.safety.words import Argument, escaped, has_glob, matches, unescaped

NEGATED_SET = re.compile(r"\[[!^][^\]]*\]")
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
        for home in _spellings(self.home):
            found.setdefault(home, "your home folder")
        for folder in _spellings(str(self.context.folder)):
            found.setdefault(folder, WORKING)
            for depth in range(1, len(folder)):
                found.setdefault(folder[:depth], "a folder above the working directory")
        for home in _spellings(self.home):
            for depth in range(1, len(home)):
                found.setdefault(home[:depth], "a folder above your home folder")
        for system in self.rules.places["system"]:
            found.setdefault(_parts(system), f"the system folder {system}")
        return tuple(Place(tuple(map(unescaped, path)), label) for path, label in found.items())

    def whole(self, path: Path) -> str | None:
        """Name the kept place that a path means, wholly or by everything in it, or return None."""
        everything = False
        stripped = path
        while stripped and _is_bare(stripped[-1]):
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
        for start in starts:
            found[_parts(start + pattern)] = None
            if not argument.is_glob and not argument.unknown and not argument.unset:
                found[_real(unescaped(start + pattern), follow)] = None
        return list(found)

    def inside(self, path: Path, area: str) -> bool:
        """Tell whether a path lies in or below a folder."""
        return any(path[: len(parts)] == parts for parts in _spellings(area))

    def is_working(self, path: Path) -> bool:
        """Tell whether a path lies in the working directory, unless that is a system folder or the root."""
        folder = str(self.context.folder)
        system = {_parts(area) for area in self.rules.places["system"]} - set(_spellings(self.home))
        return self.inside(path, folder) and not system.union({()}).intersection(_spellings(folder))

    def is_temporary(self, path: Path) -> bool:
        """Tell whether a path lies below a temporary folder without being all of it."""
        below = [path for area in self.rules.places["temporary"] if self.inside(path, area) and _parts(area) != path]
        return bool(below) and not _is_bare(path[-1])

    def in_list(self, path: Path, name: str) -> bool:
        """Tell whether a path could be one of a list of paths such as the secret ones."""
        exact, parts = self._lists[name]
        text = "/" + "/".join(path)
        if not has_glob(text):
            return exact.fullmatch(unescaped(text)) is not None
        return exact.fullmatch(text) is not None or any(_meets(path, pattern) for pattern in parts)

    def is_secret(self, path: Path) -> bool:
        """Tell whether a path could name something whose content is secret."""
        return self.in_list(path, "secret") and not self.in_list(path, "not_secret")

    @functools.cached_property
    def _lists(self) -> dict[str, tuple[re.Pattern[str], tuple[Path, ...]]]:
        """Each list as one expression for exact paths, and its anchored patterns in parts."""
        homes = tuple(dict.fromkeys(map(glob.escape, (self.home.rstrip("/"), os.path.realpath(self.home)))))
        lists = {}
        for name, entries in self.rules.places.items():
            patterns = [home + entry[1:] if entry.startswith("~") else entry for entry in entries for home in homes]
            exact = re.compile("|".join(f"(?:{fnmatch.translate(pattern)})" for pattern in patterns))
            lists[name] = (exact, tuple(_parts(pattern) for pattern in patterns if not pattern.startswith("*")))
        return lists


@functools.lru_cache(maxsize=16)
def places_of(context: Context) -> Places:
    """Return the places of a context; the same ones for the next command there."""
    return Places(context, load())


def deleted(
    argument: Argument, places: Places, folders: tuple[str, ...] | None, verb: str = "deletes"
) -> Iterator[Verdict]:
    """Judge that what an argument names is deleted, or moved away."""
    name = shown(argument.raw)
    if argument.literal == "":
        return
    if argument.unknown or (argument.unset and not argument.pattern):
        yield warn(f"{verb} {name}: what that is, is only known when it runs")
        return
    trailing = argument.pattern.endswith(("/", "/.", "..")) or argument.pattern == "."
    paths = places.resolved(argument, folders, follow=trailing)
    for label in filter(None, map(places.whole, paths)):
        because = f"if `${argument.unset[0]}` is empty, " if argument.unset else ""
        yield block(f"{verb} {name}: {because}that is {label}")
        return
    if argument.unset:
        yield warn(f"{verb} {name}: what that is, is only known when it runs")
    elif paths:
        yield from (_placed(name, path, places, verb) for path in paths)
    elif _is_bare(argument.pattern.rstrip("/").removeprefix("./")):
        yield block(f"{verb} {name}: that is everything in a folder that isn't known")
    else:
        yield warn(f"{verb} {name} in a folder that is only known when it runs")


def written(argument: Argument, places: Places, folders: tuple[str, ...] | None, verb: str) -> Iterator[Verdict]:
    """Judge that what an argument names is written."""
    name = shown(argument.raw)
    paths = places.resolved(argument, folders)
    if argument.unknown or argument.unset:
        yield warn(f"{verb} {name}: where that is, is only known when it runs")
    elif not paths:
        yield warn(f"{verb} {name} in a folder that is only known when it runs")
    else:
        yield from (_written(argument, path, places, verb) for path in paths)


def _written(argument: Argument, path: Path, places: Places, verb: str) -> Verdict:
    name = shown(argument.raw)
    if places.in_list(path, "harmless_devices") and not argument.is_glob:
        return allow(f"throws output away in {name}")
    if places.in_list(path, "disks"):
        return block(f"{verb} {name}: that is a disk or the memory itself, not a file")
    if places.in_list(path, "network"):
        return warn(f"sends data to the network through {name}")
    if places.in_list(path, "open_devices"):
        return confirm(f"{verb} {name}")
    label = places.whole(path) if argument.is_glob else None
    if label:
        return warn(f"{verb} {name}: that is {label}")
    return _placed(name, path, places, verb)


def read_secrets(argument: Argument, places: Places, folders: tuple[str, ...] | None) -> Iterator[Verdict]:
    """Judge that the content of what an argument names is read or passed on."""
    for candidate in _candidates(argument, places):
        for path in places.resolved(candidate, folders):
            if places.is_secret(path):
                yield warn(f"{shown(argument.raw)} can hold keys or passwords")
                return
            if places.in_list(path, "disks"):
                yield warn(f"{shown(argument.raw)} is a disk or the memory itself, not a file")
                return
            if places.in_list(path, "endless"):
                yield confirm(f"{shown(argument.raw)} never ends")
                return
            if places.in_list(path, "network"):
                yield warn(f"{shown(argument.raw)} opens a connection to the network")
                return


def _candidates(argument: Argument, places: Places) -> Iterator[Argument]:
    """Find the paths in an argument such as `--file=~/x`, `@~/x` or `host:x`."""
    yield argument
    for mark in "=@:":
        before, _, after = argument.pattern.partition(mark)
        if after.startswith("~/"):
            after = escaped(places.home) + after[1:]
        for text in (before, after):
            if text and text != argument.pattern:
                yield Argument(text, argument.raw)


def _placed(name: str, path: Path, places: Places, verb: str) -> Verdict:
    """Judge a change at one path by where it lies."""
    if places.in_list(path, "later"):
        return warn(f"{verb} {name}: other programs run or trust that file later")
    if places.is_secret(path):
        return warn(f"{verb} {name}: that can hold keys or passwords")
    if places.is_working(path) or places.is_temporary(path):
        return confirm(f"{verb} {name}")
    if places.inside(path, places.home):
        judged = warn if verb == "deletes" else confirm
        return judged(f"{verb} {name}, outside the working directory")
    if any(places.inside(path, area) for area in places.rules.places["system"]):
        return warn(f"{verb} {name}, in a system folder")
    return warn(f"{verb} {name}, outside your home folder")


def _is_bare(part: str) -> bool:
    """Tell whether a part of a pattern takes in everything, or everything hidden."""
    characters = set(NEGATED_SET.sub("?", part))
    return "*" in characters and characters <= set("*?.")


def _meets(path: Path, place: Path) -> bool:
    return len(path) == len(place) and all(matches(part, name) for part, name in zip(path, place, strict=True))


def _parts(pattern: str) -> Path:
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
        return _parts(escaped(text))


def _literal_parts(text: str) -> Path:
    return tuple(escaped(part) for part in text.split("/") if part)


@functools.lru_cache(maxsize=64)
def _spellings(text: str) -> tuple[Path, ...]:
    """Return a folder's parts as written and with its links resolved."""
    return tuple(dict.fromkeys((_parts(escaped(text)), _literal_parts(os.path.realpath(text)))))
