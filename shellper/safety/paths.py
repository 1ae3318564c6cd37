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
        while path and _is_bare(path[-1]):
            path = path[:-1]
        return len(path) == 2 and path[0] in ("home", "Users") and not self.is_working(path)

    def personal(self, path: Path) -> str | None:
        """Name the folder of a user's own things that a path means wholly, or return None."""
        while path and _is_bare(path[-1]):
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
        while path and _is_bare(path[-1]):
            path = path[:-1]
        return self.in_list(path, name)

    def covers_secrets(self, path: Path) -> bool:
        """Tell whether what lies below a path takes in home or the system's secrets."""
        kept = (*spellings(self.home), ("etc",), ("root",), ("home",), ("Users",))
        while path and _is_bare(path[-1]):
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
        return bool(below) and not _is_bare(path[-1])

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


def deleted(
    argument: Argument,
    places: Places,
    folders: tuple[str, ...] | None,
    verb: str = "deletes",
    recursive: bool = True,
) -> Iterator[Verdict]:
    """Judge that what an argument names is deleted, or moved away."""
    name = shown(argument.raw)
    if argument.literal == "":
        return
    if argument.unknown or (argument.unset and not argument.pattern):
        if argument.unknown and argument.pattern.startswith("/") and places.whole(parts_of(argument.pattern)):
            yield block(f"{verb} {name}: if the rest is empty, that is {places.whole(parts_of(argument.pattern))}")
            return
        yield warn(f"{verb} {name}: what that is, is only known when it runs")
        return
    trailing = argument.pattern.endswith(("/", "/.", "..")) or argument.pattern == "."
    paths = places.resolved(argument, folders, follow=trailing)
    for path in paths:
        label = places.whole(path) or ("someone's home folder" if places.someones_home(path) else None)
        if label:
            because = f"if `${argument.unset[0]}` is empty, " if argument.unset else ""
            yield block(f"{verb} {name}: {because}that is {label}")
            return
        if recursive and (own := places.personal(path)):
            yield block(f"{verb} {name}: that is all of your {own}")
            return
    if argument.unset:
        yield warn(f"{verb} {name}: what that is, is only known when it runs")
    elif paths:
        yield from (_removed(name, path, places, verb, recursive) for path in paths)
    elif _is_bare(argument.pattern.rstrip("/").removeprefix("./")):
        yield block(f"{verb} {name}: that is everything in a folder that isn't known")
    else:
        yield warn(f"{verb} {name} in a folder that is only known when it runs")


def _removed(name: str, path: Path, places: Places, verb: str, recursive: bool) -> Verdict:
    """Judge that one path that is no kept folder is deleted or moved away."""
    if places.in_list(path, "guarded"):
        return block(f"{verb} {name}: the system can't do without it")
    if places.is_secret(path) and not places.in_list(path, "private"):
        return warn(f"{verb} {name}: that can hold keys or passwords", secret=verb == "moves away")
    if places.in_list(path, "disks"):
        return warn(f"{verb} {name}: that stands for a disk or the memory itself")
    if places.is_working(path) or places.is_temporary(path) or places.in_list(path, "made_again"):
        return confirm(f"{verb} {name}")
    if recursive and verb != "moves away" and places.all_backups(path):
        return block(f"{verb} {name}: that is where backups are kept")
    if recursive and places.all_of(path, "databases"):
        return block(f"{verb} {name}: that is where databases are kept")
    if places.in_list(path, "later"):
        return warn(f"{verb} {name}: other programs run or trust that file")
    if places.is_secret(path):
        return warn(f"{verb} {name}: that can hold keys, passwords or the record of past commands")
    if places.inside(path, places.home):
        judged = warn if recursive and verb != "moves away" else confirm
        return judged(f"{verb} {name}, outside the working directory")
    if any(places.inside(path, area) for area in places.rules.places["system"]):
        return warn(f"{verb} {name}, in a system folder")
    return warn(f"{verb} {name}, outside your home folder")


def written(argument: Argument, places: Places, folders: tuple[str, ...] | None, verb: str) -> Iterator[Verdict]:
    """Judge that what an argument names is written."""
    name = shown(argument.raw)
    paths = places.resolved(argument, folders)
    if argument.unknown or argument.unset:
        for path in places.resolved(Argument(argument.pattern, argument.raw), folders):
            if places.in_list(path, "disks") or places.in_list(path, "network"):
                yield _written(argument, path, places, verb)
                return
        yield _open_target(argument, places, f"{verb} {name}")
    elif not paths:
        yield warn(f"{verb} {name} in a folder that is only known when it runs")
    else:
        yield from (_written(argument, path, places, verb) for path in paths)


def _open_target(argument: Argument, places: Places, what: str) -> Verdict:
    """Judge a target of which only the beginning is known, such as `log-$(date +%F).txt`."""
    # What is worked out by `$((...))` is a number.
    head = f"0{argument.pattern}" if argument.raw.lstrip('"').startswith("$((") else argument.pattern
    own = head and not argument.unset and not head.startswith(("/", ".", "~", "-")) and "/" not in head
    return (confirm if own else warn)(f"{what}: where that is, is only known when it runs")


def _written(argument: Argument, path: Path, places: Places, verb: str) -> Verdict:
    name = shown(argument.raw)
    if places.in_list(path, "harmless_devices") and not argument.is_glob:
        return allow(f"throws output away in {name}")
    if places.in_list(path, "open_devices"):
        return confirm(f"{verb} {name}")
    if places.in_list(path, "disks"):
        return block(f"{verb} {name}: that is a disk or the memory itself, not a file")
    if places.in_list(path, "network"):
        return warn(f"sends data to the network through {name}")
    loses = verb in ("empties", "overwrites", "cuts")
    label = places.whole(path) if argument.is_glob or loses else None
    if label and loses:
        return block(f"{verb} {name}: that is {label}")
    if label:
        return warn(f"{verb} {name}: that is {label}")
    return _placed(name, path, places, verb)


def read_secrets(
    argument: Argument, places: Places, folders: tuple[str, ...] | None, below: bool = False
) -> Iterator[Verdict]:
    """Judge that the content of what an argument names, or of all below it, is read or passed on."""
    for candidate in _candidates(argument, places):
        for path in places.resolved(candidate, folders):
            if places.is_secret(path):
                judged = confirm if places.in_list(path, "private") else warn
                yield judged(f"{shown(argument.raw)} can hold keys or passwords", secret=True)
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
            if below and places.covers_secrets(path):
                yield confirm(f"{shown(argument.raw)} takes in the folders that hold keys or passwords", secret=True)
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


_SETTINGS = "/etc"


def _placed(name: str, path: Path, places: Places, verb: str) -> Verdict:
    """Judge a change at one path by where it lies."""
    shielding = verb.startswith("changes the")
    guarded = places.in_list(path, "guarded")
    private = places.in_list(path, "private")
    needed = places.in_list(path, "later") or (places.is_secret(path) and not private)
    settings = verb in ("empties", "cuts") and places.inside(path, _SETTINGS)
    if guarded or settings or (verb == "empties" and needed):
        return block(f"{verb} {name}: that decides who may do what here, or what runs")
    if shielding and places.inside(path, places.home):
        return confirm(f"{verb} {name}")
    if places.in_list(path, "later"):
        return warn(f"{verb} {name}: other programs run or trust that file later")
    if places.is_secret(path) and not private:
        return (confirm if verb == "creates" else warn)(f"{verb} {name}: that can hold keys or passwords")
    into_temporary = path in [parts_of(area) for area in places.rules.places["temporary"]] and not shielding
    if places.is_working(path) or places.is_temporary(path) or into_temporary:
        return confirm(f"{verb} {name}")
    if places.inside(path, places.home):
        judged = warn if verb in ("cuts", "empties", "overwrites") else confirm
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
