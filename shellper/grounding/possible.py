"""Which calls can work on the disk as it is, and which could be meant where one can't.

A small model now and then takes a folder for a file, a folder of before for the one it is in, or a name that stands
nowhere. The disk knows better, so the model is asked again with what is there to choose from. What the user has named
in so many words is not put in question: then only a longer name or the same name elsewhere comes into consideration.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from shellper.calls.call import ToolCall
from shellper.calls.catalogue import Catalogue, Parameter
from shellper.calls.disk import Disk

_DEPTH = 3
_MOST_SEEN = 4000
_MOST_CALLS = 400
# The two paths of these must be two.
_PAIRS = {"cp": ("source", "destination"), "mv": ("source", "destination"), "diff": ("file_name1", "file_name2")}
# Where these unpack to is left to them.
_UNPACKING = ("untar", "unzip")
# What is new here and is elsewhere already, or is here with an ending, is most likely meant there: a folder that
# something goes into, a file that gets another line.
_GOES_TO = {("cp", "destination"): "folder", ("mv", "destination"): "folder", ("echo", "file_name"): "file"}
# What stands behind one of these is named to be left out.
_LEFT_OUT = re.compile(
    r"\b(?:not|but|except(?: for)?|without|than|besides|unlike|instead of|rather than|apart from|keep)"
    r"(?: the)?\s+[\"']?$",
    re.I,
)
# What these are asked to take away is never guessed: where the user has said a name, only that name is looked for.
REMOVING = ("rm", "rmdir")
# Before a file's name this asks for its text.
_WHAT_IS_IN = r"\bwhat(?:['’]?s| is)? (?:there )?in(?:side)? (?:the |my )?[\"']?"
NO_NAMES = frozenset(
    ("a", "an", "the", "this", "that", "these", "those", "it", "its", "them", "one", "ones", "file", "files", "folder")
)
"""Words of a request that are hardly ever names."""


@dataclass(frozen=True)
class Impossible:
    """An argument of a call that can't work, and the calls that could be meant instead, all of which can.

    `is_certain` says whether the call can't work for sure; else it can, and is only less likely than it seems.
    `is_there` says whether something has that name, or it is a new one; `is_named` whether the user has said the name;
    `whole` is the call that has the longer name of which the user's words are a part, where there is just one; `wider`
    are all calls that could be meant if the user did not mean that very name. `is_in_vain` says whether it would change
    or tell nothing, since its two paths are one; `said` are those of the calls that have more names the user has said.
    """

    given: str
    thing: str
    is_certain: bool
    is_there: bool
    is_named: bool
    calls: tuple[ToolCall, ...]
    whole: ToolCall | None = None
    wider: tuple[ToolCall, ...] = ()
    is_in_vain: bool = False
    said: tuple[ToolCall, ...] = ()


def impossible(call: ToolCall, catalogue: Catalogue, disk: Disk, request: str) -> Impossible | None:
    """Return the first argument that can't work in a call, and what could be meant; None where all can work.

    Where all can, it may still be one that is new here and is elsewhere or has an ending there, or an `ls` of a file;
    nothing of that is certain, and nothing is returned where there is nothing else to mean.
    """
    paths = paths_of(call, catalogue)
    for parameter, given in paths:
        if not _works(call, parameter, given, disk):
            return _Doubt(call, catalogue, parameter, given, disk, request).impossible()
    for parameter, given in paths:
        doubt = _Doubt(call, catalogue, parameter, given, disk, request).less_likely()
        if doubt is not None and doubt.calls:
            return doubt
    return None


def paths_of(call: ToolCall, catalogue: Catalogue) -> list[tuple[Parameter, str]]:
    """Return the paths of a call, each with its parameter."""
    return [
        (parameter, str(call.arguments[parameter.name]))
        for parameter in catalogue.tools[call.name].parameters
        if parameter.role == "path" and parameter.name in call.arguments
    ]


def can_work(call: ToolCall, catalogue: Catalogue, disk: Disk) -> bool:
    """Say whether the disk allows all arguments of a call."""
    return all(_works(call, parameter, given, disk) for parameter, given in paths_of(call, catalogue))


def _works(call: ToolCall, parameter: Parameter, given: str, disk: Disk) -> bool:
    """Say whether the disk allows an argument; what a pattern matches is left to the shell."""
    if parameter.name in _PAIRS.get(call.name, ())[:1] and _is_in_vain(call, disk):
        return False
    if not parameter.must_exist:
        parent = posixpath.dirname(given.rstrip("/"))
        makes = call.arguments.get("parents") or call.name in _UNPACKING
        return not parent or bool(makes) or disk.is_folder(parent)
    # What leads out of a folder does so even where that folder is gone.
    if given in ("-", "~") or not given.strip("./"):
        return True
    if not disk.exists(given):
        return parameter.glob and _is_pattern(given)
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
    if call.name == "diff" or not source.strip("./"):
        return False
    return disk.is_folder(target) and (posixpath.dirname(source) or ".") == target


def _is_pattern(given: str) -> bool:
    return "*" in given or "?" in given


def _thing(call: ToolCall, parameter: Parameter) -> str:
    return "" if call.arguments.get("recursive") else parameter.thing


def _fits(thing: str, is_folder: bool) -> bool:
    return not thing or is_folder == (thing == "folder")


class _Doubt:
    """A call, and an argument of it that is doubted."""

    def __init__(
        self, call: ToolCall, catalogue: Catalogue, parameter: Parameter, given: str, disk: Disk, request: str
    ) -> None:
        self.call, self.catalogue, self.parameter, self.given = call, catalogue, parameter, given
        self.disk, self.request = disk, request
        self.base = posixpath.basename(given.rstrip("/"))
        self.is_named = is_named(given, request) and not _is_in_vain(call, disk)

    def impossible(self) -> Impossible:
        """Return what could be meant in the place of what can't work."""
        values = list(dict.fromkeys(self._values()))
        longer = [value for value in values if self.is_named and _is_longer(value, self.given, self.request)]
        calls = [self._with(self.parameter.name, value) for value in values]
        whole = calls[values.index(longer[0])] if len(longer) == 1 else None
        found = self._found([*self._others(), *calls], whole, is_certain=True)
        if not self.is_named or not self.parameter.must_exist or self.call.name in REMOVING:
            return found
        self.is_named = False
        calls = [self._with(self.parameter.name, value) for value in dict.fromkeys(self._values())]
        wider = self._found([*self._others(), *calls], None)
        return replace(found, wider=wider.calls, said=wider.said)

    def less_likely(self) -> Impossible | None:
        """Return what is likelier than what can work, where there is something."""
        if self.call.name == "ls" and not self.call.arguments.get("long"):
            text = ToolCall("cat", {"file_name": self.given})
            is_file = self.disk.exists(self.given) and not self.disk.is_folder(self.given)
            asked = re.search(rf"{_WHAT_IS_IN}{re.escape(self.base)}(?![\w-]|\.\w)", self.request, re.I)
            if is_file and asked and len(self.call.arguments) == 1:
                return self._found([text], whole=text)
            return self._found([text, *self._others()], None) if is_file and not self.is_named else None
        thing = _GOES_TO.get((self.call.name, self.parameter.name))
        if not thing or self.disk.exists(self.given):
            return None
        paths = (
            path
            for path, is_folder in self._there().items()
            if is_folder == (thing == "folder") and self._is_called(posixpath.basename(path), is_folder)
        )
        return self._found([self._with(self.parameter.name, path) for path in paths], None)

    def _is_called(self, name: str, is_folder: bool) -> bool:
        """Say whether what is given names that: wholly, or a file without its ending."""
        if is_folder or "." in self.base:
            return name == self.base
        return self.base.casefold() in (name.casefold(), posixpath.splitext(name)[0].casefold())

    def _found(self, calls: Iterable[ToolCall], whole: ToolCall | None, is_certain: bool = False) -> Impossible:
        all_possible = (one for one in calls if one != self.call and can_work(one, self.catalogue, self.disk))
        # What the user has said goes first, so that a full folder doesn't crowd it out.
        possible = tuple(sorted(all_possible, key=self._said, reverse=True))[:_MOST_CALLS]
        said = tuple(one for one in possible if self._said(one) > self._said(self.call))
        return Impossible(
            given=self.given,
            thing=_thing(self.call, self.parameter),
            is_certain=is_certain,
            is_there=self.disk.exists(self.given) or not self.parameter.must_exist,
            is_named=self.is_named or (self.base.casefold() not in ("", *NO_NAMES) and self.base in self.request),
            calls=possible,
            whole=whole if whole is not None and can_work(whole, self.catalogue, self.disk) else None,
            is_in_vain=_is_in_vain(self.call, self.disk),
            said=said,
        )

    def _said(self, call: ToolCall) -> int:
        """Return how many of a call's paths end in a name that the user has said."""
        names = (posixpath.basename(path.rstrip("/")) for _, path in paths_of(call, self.catalogue))
        return sum(name in self.request and is_meant(name, self.request) for name in names)

    def _with(self, name: str, value: Any) -> ToolCall:
        return ToolCall(self.call.name, {**self.call.arguments, name: value})

    def _values(self) -> Iterator[str]:
        """Yield the values that the argument may have instead."""
        there = self._there()
        if not self.parameter.must_exist:
            targets = (self.base, *(posixpath.join(path, self.base) for path, is_folder in there.items() if is_folder))
            # Nothing that is there is overwritten by a second try.
            yield from (path for path in targets if not self.disk.exists(path) or self.disk.is_folder(path))
            return
        thing = _thing(self.call, self.parameter)
        if self.call.name == "rm" and not self.call.arguments.get("recursive"):
            thing = "file"
        for path, is_folder in there.items():
            if _fits(thing or ("folder" if self.call.name == "ls" else ""), is_folder) and self._may_be(path):
                yield path

    def _may_be(self, path: str) -> bool:
        """Say whether a path could be meant by what was given, as far as the user has said a name."""
        if self.call.name in REMOVING:
            if path.startswith(".."):
                return False
            if self.base and is_named(self.base, self.request):
                return posixpath.basename(path) == self.base or _is_longer(path, self.base, self.request)
        return not self.is_named or path.endswith(f"/{self.given}") or _is_longer(path, self.given, self.request)

    def _others(self) -> Iterator[ToolCall]:
        """Yield calls that differ in more than the argument's value."""
        if not self.parameter.required and not self.is_named:
            kept = {name: value for name, value in self.call.arguments.items() if name != self.parameter.name}
            yield ToolCall(self.call.name, kept)
        if _is_in_vain(self.call, self.disk):
            second = _PAIRS[self.call.name][1]
            wanted = (path for path, is_folder in self._there().items() if is_folder or self.call.name == "diff")
            yield from (self._with(second, path) for path in (".", *wanted, *self._new_names()))
        if self.disk.is_folder(self.given):
            if self.call.name == "grep":
                yield self._with("recursive", True)
            if self.call.name == "cat":
                yield ToolCall("ls", {"path": self.given})

    def _new_names(self) -> Iterator[str]:
        """Yield the request's words as names of what isn't there, here and beside what they could be names for."""
        if self.call.name == "diff":
            return
        folder = posixpath.dirname(str(self.call.arguments[_PAIRS[self.call.name][0]]))
        for word in dict.fromkeys(re.findall(r"[\w.-]*\w", self.request)):
            if word.casefold() not in NO_NAMES:
                names = dict.fromkeys((posixpath.join(folder, word), word))
                yield from (name for name in names if not self.disk.exists(name))

    def _there(self) -> Mapping[str, bool]:
        return what_is_there(self.disk, self.given)


def what_is_there(disk: Disk, given: str) -> Mapping[str, bool]:
    """Return what is there, and whether it is a folder: here and below, beside, and where a given path points."""
    found = dict(disk.below(".", _DEPTH, _MOST_SEEN))
    found[".."] = True
    beside = disk.below("..", 1, _MOST_SEEN)
    found |= {f"../{path}": is_folder for path, is_folder in beside.items()}
    head, _, rest = given.partition("/")
    if rest and head in ("", "~", ".."):
        start = posixpath.dirname(given.rstrip("/")) or "/"
        inner = disk.below(start, 1, _MOST_SEEN)
        found |= {posixpath.join(start, path): is_folder for path, is_folder in inner.items()}
    return found


def _is_longer(path: str, given: str, request: str) -> bool:
    """Say whether a path is a longer name that the user has said, and what was given is only said as a part of it."""
    return given in path and is_named(path, request) and not is_named(given, request.replace(path, ""))


def is_named(name: str, request: str) -> bool:
    """Say whether a name stands in the request as a whole, with a folder's slash behind it or not."""
    bare = name.rstrip("/") or name
    if bare.casefold() in NO_NAMES:
        return False
    return re.search(rf"(?<![\w./~-]){re.escape(bare)}/?(?![\w~-]|\.\w)", request) is not None


def is_meant(name: str, request: str) -> bool:
    """Say whether a name stands in the request as a whole, and not to be left out ("all but a.txt")."""
    if not is_named(name, request):
        return False
    return not any(_LEFT_OUT.search(request[: found.start()]) for found in re.finditer(re.escape(name), request))
