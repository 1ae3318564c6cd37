"""What it would mean to delete, write or read at the places that a path means."""

from __future__ import annotations

from collections.abc import Iterator

from shellper.safety.places import (
    Path,
    Places,
    is_bare,
    parts_of,
)
from shellper.safety.verdict import Verdict, allow, block, confirm, shown, warn
from shellper.safety.words import Argument, escaped


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
    elif is_bare(argument.pattern.rstrip("/").removeprefix("./")):
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
