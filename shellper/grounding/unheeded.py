"""Names that the user has said and a call doesn't have, though it has others that nobody said.

A small model that has handled three files is apt to go on with the last one, even where the next request names
another; and of two names of which one begins as the other, it is apt to take the longer.
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from shellper.calls.call import ToolCall
from shellper.calls.catalogue import Catalogue
from shellper.calls.disk import Disk
from shellper.grounding.possible import can_work, is_meant, is_named, paths_of, what_is_there


def heeding(
    call: ToolCall, before: Sequence[ToolCall], catalogue: Catalogue, disk: Disk, request: str
) -> tuple[str, tuple[ToolCall, ...]]:
    """Return the argument of a call that the request doesn't name, and the calls that have there what it does name.

    What is named is there, and no call that came `before` in the same turn has it. Where all is heeded, there are none.
    """
    used = {part for one in (call, *before) for _, path in paths_of(one, catalogue) for part in path.split("/")}
    for parameter, given in paths_of(call, catalogue):
        is_folder = disk.is_folder(given)
        if not (parameter.must_exist or is_folder) or any(
            is_named(part, request) for part in (given, *given.split("/")) if part
        ):
            continue
        unheeded = (
            path
            for path, is_other_folder in what_is_there(disk, given).items()
            if (parameter.must_exist or is_other_folder)
            and posixpath.basename(path) not in used
            and is_meant(posixpath.basename(path), request)
        )
        calls = (ToolCall(call.name, {**call.arguments, parameter.name: path}) for path in unheeded)
        possible = tuple(one for one in calls if can_work(one, catalogue, disk))
        if possible:
            return given, possible
    return "", ()
