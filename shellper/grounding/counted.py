"""Counting: a call that has another entry of the last list than the one a request counts to.

A small model looks a number up in a list where it can, and is apt to miss where only folders count, or the list was
shown some turns ago. What was shown is known to the letter, so that it can be counted.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from shellper.calls import Disk, ToolCall
from shellper.calls.catalogue import Catalogue
from shellper.dialect import Conversation
from shellper.grounding.listed import last_listed
from shellper.grounding.positions import positions
from shellper.grounding.possible import can_work, is_named, paths_of

# This takes two of what a request counts to; of the last ones "the last" may be a line's number.
_OF_TWO = ("diff",)
_OF_LINES = ("head", "tail")


def counting(
    call: ToolCall, conversation: Conversation, catalogue: Catalogue, disk: Disk
) -> tuple[str, tuple[ToolCall, ...]]:
    """Return the argument of a call that isn't what the last request counts to, and the calls that have that instead.

    Only another entry of the same list is doubted. What an earlier call of the same turn has is done with. Where the
    call has what is counted, there are none.
    """
    turn = conversation[-1]
    counted = () if call.name in _OF_LINES and "lines" in call.arguments else positions(turn.request)
    listed = last_listed(conversation, disk) if counted else ()
    meant = list(dict.fromkeys(path for one in counted for path in one.entries(listed)))
    # Where an entry is gone since, some count what was shown and others what is left.
    if not meant or not all(one.entries(listed) for one in counted) or not all(disk.exists(path) for path, _ in listed):
        return "", ()
    before = {_plain(path) for step in turn.steps for _, path in paths_of(step.call, catalogue)}
    left = [path for path in meant if path not in before]
    entries = {path for path, _ in listed}
    given = [
        (parameter.name, path)
        for parameter, path in paths_of(call, catalogue)
        if _plain(path) in entries and not _is_said(path, turn.request)
        if parameter.must_exist or disk.is_folder(path)
    ]
    if not left or not given:
        return "", ()
    right = [path for _, path in given if _plain(path) in left]
    in_order = len(meant) > 1 and len(meant) == sum(len(one.places) for one in counted)
    if call.name in _OF_TWO and in_order:
        calls = [_with(call, zip((name for name, _ in given), left, strict=False))] if len(right) < 2 else []
    elif right and (not in_order or left[0] in map(_plain, right)):
        calls = []
    else:
        wanted = left[:1] if in_order else left
        calls = [_with(call, ((name, path),)) for name, _ in given for path in wanted if _may_be(name, path, disk)]
    return given[0][1], tuple(one for one in calls if can_work(one, catalogue, disk))


def _with(call: ToolCall, arguments: Iterable[tuple[str, str]]) -> ToolCall:
    return ToolCall(call.name, {**call.arguments, **dict(arguments)})


def _may_be(name: str, path: str, disk: Disk) -> bool:
    """Say whether an argument may have a path: nothing that is there is overwritten by a second try."""
    return name != "destination" or disk.is_folder(path)


def _plain(path: str) -> str:
    return posixpath.normpath(path)


def _is_said(path: str, request: str) -> bool:
    parts = (path, *path.split("/"), posixpath.splitext(posixpath.basename(path))[0])
    return any(is_named(part, request) for part in parts if part)
