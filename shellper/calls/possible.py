"""Which calls can work on the disk as it is, and which could be meant where one can't.

A small model now and then takes a folder for a file, a folder of before for the one it is in, or a name that stands
nowhere. The disk knows better, so the model is asked again with what is there to choose from. What the user has named
in so many words is not put in question: then only a longer name or the same name elsewhere comes into consideration.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shellper.calls.call import ToolCall
from shellper.calls.catalogue import Catalogue, Parameter
from shellper.calls.disk import Disk

_DEPTH = 3
_MOST = 400
# The two paths of these must be two.
_PAIRS = {"cp": ("source", "destination"), "mv": ("source", "destination"), "diff": ("file_name1", "file_name2")}
# These make the folders that are missing.
_MAKES_FOLDERS = ("untar", "unzip")
# What is new here and is elsewhere already is most likely meant there: a folder that something goes into, a file that
# gets another line.
_GOES_TO = {("cp", "destination"): "folder", ("mv", "destination"): "folder", ("echo", "file_name"): "file"}


@dataclass(frozen=True)
class Impossible:
    """An argument of a call that can't work, and the calls that could be meant instead.

    `is_certain` says whether the call can't work for sure; else it can, and is only less likely than it seems.
    `is_there` says whether there is such a thing, of the wrong kind; `is_named` whether the user has said that name;
    `whole` is the call that has the longer name of which the user's words are a part, where there is just one.
    """

    given: str
    thing: str
    is_certain: bool
    is_there: bool
    is_named: bool
    calls: tuple[ToolCall, ...]
    whole: ToolCall | None = None


def impossible(call: ToolCall, catalogue: Catalogue, disk: Disk, request: str) -> Impossible | None:
    """Return the first argument that can't work in a call, and what could be meant; None where all can work."""
    paths = [
        (parameter, str(call.arguments[parameter.name]))
        for parameter in catalogue.tools[call.name].parameters
        if parameter.role == "path" and parameter.name in call.arguments
    ]
    for parameter, given in paths:
        if not _works(call, parameter, given, disk):
            return _Doubt(call, parameter, given, disk, request).impossible()
    for parameter, given in paths:
        thing = _GOES_TO.get((call.name, parameter.name))
        if thing and not disk.exists(given):
            doubt = _Doubt(call, parameter, given, disk, request).elsewhere(thing)
            if doubt.calls:
                return doubt
    return None


def _works(call: ToolCall, parameter: Parameter, given: str, disk: Disk) -> bool:
    """Say whether the disk allows an argument; what a pattern matches is left to the shell."""
    if parameter.name in _PAIRS.get(call.name, ())[:1] and _is_in_vain(call, disk):
        return False
    if not parameter.must_exist:
        parent = posixpath.dirname(given.rstrip("/"))
        makes = call.arguments.get("parents") or call.name in _MAKES_FOLDERS
        return not parent or bool(makes) or disk.is_folder(parent)
    # What leads out of a folder does so even where that folder is gone.
    if given in ("-", "~") or not given.strip("./"):
        return True
    if not disk.exists(given):
        return parameter.glob and ("*" in given or "?" in given)
    if call.name == "ls" and not call.arguments.get("long"):
        return disk.is_folder(given)
    if call.name == "rmdir" and disk.below(given, 1, 1):
        return False
    return _fits(_thing(call, parameter), disk.is_folder(given))


def _is_in_vain(call: ToolCall, disk: Disk) -> bool:
    """Say whether the two paths of a call are one: a file and itself, or a thing and the folder in which it lies."""
    if call.name not in _PAIRS:
        return False
    source, target = (posixpath.normpath(str(call.arguments.get(name, ""))) for name in _PAIRS[call.name])
    if source == target:
        return True
    return call.name != "diff" and disk.is_folder(target) and (posixpath.dirname(source) or ".") == target


def _thing(call: ToolCall, parameter: Parameter) -> str:
    return "" if call.arguments.get("recursive") else parameter.thing


def _fits(thing: str, is_folder: bool) -> bool:
    return not thing or is_folder == (thing == "folder")


class _Doubt:
    """A call with an argument that can't work."""

    def __init__(self, call: ToolCall, parameter: Parameter, given: str, disk: Disk, request: str) -> None:
        self.call, self.parameter, self.given, self.disk, self.request = call, parameter, given, disk, request
        self.thing = _thing(call, parameter)
        self.is_named = _is_named(given, request) and not _is_in_vain(call, disk)
        self.there = _there(given, disk)

    def impossible(self) -> Impossible:
        """Return what could be meant in the place of what can't work."""
        values = list(dict.fromkeys(self._values()))
        longer = [value for value in values if self.is_named and _is_longer(value, self.given, self.request)]
        calls = [self._with(self.parameter.name, value) for value in values]
        whole = calls[values.index(longer[0])] if len(longer) == 1 else None
        return self._found([*calls, *self._others()], whole)

    def elsewhere(self, thing: str) -> Impossible:
        """Return where a thing of that name is, if it is elsewhere."""
        base = posixpath.basename(self.given.rstrip("/"))
        paths = (
            path
            for path, is_folder in self.there.items()
            if is_folder == (thing == "folder") and posixpath.basename(path) == base
        )
        return self._found([self._with(self.parameter.name, path) for path in paths], None, is_certain=False)

    def _found(self, calls: Iterable[ToolCall], whole: ToolCall | None, is_certain: bool = True) -> Impossible:
        return Impossible(
            given=self.given,
            thing=self.thing,
            is_certain=is_certain,
            is_there=self.disk.exists(self.given) or not self.parameter.must_exist,
            is_named=self.is_named or posixpath.basename(self.given) in self.request,
            calls=tuple(one for one in calls if one != self.call and not _is_in_vain(one, self.disk)),
            whole=whole,
        )

    def _with(self, name: str, value: Any) -> ToolCall:
        return ToolCall(self.call.name, {**self.call.arguments, name: value})

    def _values(self) -> Iterator[str]:
        """Yield the values that the argument may have instead."""
        if not self.parameter.must_exist:
            base = posixpath.basename(self.given.rstrip("/"))
            yield base
            yield from (posixpath.join(path, base) for path, is_folder in self.there.items() if is_folder)
            return
        for path, is_folder in self.there.items():
            if not _fits(self.thing or ("folder" if self.call.name == "ls" else ""), is_folder):
                continue
            if self.call.name == "rmdir" and self.disk.below(path, 1, 1):
                continue
            if not self.is_named or path.endswith(f"/{self.given}") or _is_longer(path, self.given, self.request):
                yield path

    def _others(self) -> Iterator[ToolCall]:
        """Yield calls that differ in more than the argument's value."""
        if not self.parameter.required and not self.is_named:
            kept = {name: value for name, value in self.call.arguments.items() if name != self.parameter.name}
            yield ToolCall(self.call.name, kept)
        if _is_in_vain(self.call, self.disk):
            second = _PAIRS[self.call.name][1]
            folders = (path for path, is_folder in self.there.items() if is_folder or self.call.name == "diff")
            yield from (self._with(second, path) for path in (".", *folders))
        if not self.disk.exists(self.given):
            return
        if self.disk.is_folder(self.given):
            if self.call.name == "grep":
                yield self._with("recursive", True)
            if self.call.name == "cat":
                yield ToolCall("ls", {"path": self.given})
        elif self.call.name == "ls":
            yield ToolCall("cat", {"file_name": self.given})


def _there(given: str, disk: Disk) -> Mapping[str, bool]:
    """Return what is there: in the folder and below it, beside it, and where the given path points."""
    found = dict(disk.below(".", _DEPTH, _MOST))
    found[".."] = True
    found |= {f"../{path}": is_folder for path, is_folder in disk.below("..", 1, _MOST).items()}
    head, _, rest = given.partition("/")
    if rest and head in ("", "~", ".."):
        start = posixpath.dirname(given) or "/"
        found |= {posixpath.join(start, path): is_folder for path, is_folder in disk.below(start, 1, _MOST).items()}
    return found


def _is_longer(path: str, given: str, request: str) -> bool:
    """Say whether a path is a longer name that the user has said, and what was given is only said as a part of it."""
    return given in path and _is_named(path, request) and not _is_named(given, request.replace(path, ""))


def _is_named(name: str, request: str) -> bool:
    """Say whether a name stands in the request as a whole."""
    return re.search(rf"(?<![\w./~-]){re.escape(name)}(?![\w/~-]|\.\w)", request) is not None
