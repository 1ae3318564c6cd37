"""Lists that were shown: the entries of the last one, as the paths that they have from where the user is now."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from shellper.calls import Disk, ToolCall
from shellper.dialect.conversation import Conversation, Response
from shellper.dialect.cut import LEFT_OUT

# An older list is hardly ever the one that is counted in.
_MOST_TURNS = 5
_NOT_ENTRIES = (".", "..", "")
# A line of `ls -l` has eight fields before the name (POSIX, "ls").
_FIELDS_BEFORE_NAME = 8


def last_listed(conversation: Conversation, disk: Disk) -> Sequence[tuple[str, bool]]:
    """Return the entries of the last list shown, in its order, each with whether it is a folder.

    A list is the output of `ls`, `find`, `du` or a search of several files, with two entries or more. There is none
    where a text shown since names files line by line, or where the user has gone where the paths can't be followed.
    """
    gone = "."
    for turn in reversed(conversation[-_MOST_TURNS - 1 :]):
        for step in reversed(turn.steps):
            call, response = step.call, step.response
            if response.state != "ran":
                continue
            if call.name == "cd" and not response.exit_code:
                gone = posixpath.normpath(posixpath.join(str(call.arguments["folder"]), gone))
                if gone.startswith(("..", "/", "~", "-")):
                    return ()
                continue
            entries = _entries(call, response)
            if len(entries) > 1:
                paths = entries if gone == "." else [from_folder(path, gone) for path in entries]
                return [(path, disk.is_folder(path)) for path in paths]
            if _names_files(response, disk):
                return ()
    return ()


def from_folder(path: str, folder: str) -> str:
    """Return a path from another folder; both are below the same one, where the process itself may not be."""
    return posixpath.relpath(f"/{path}", f"/{folder}")


def _entries(call: ToolCall, response: Response) -> Sequence[str]:
    if response.exit_code or response.command is not None:
        return ()
    lines = response.output.strip("\n").split("\n")
    # Of a list that was cut nobody knows what is where.
    if any(LEFT_OUT.fullmatch(line) for line in lines):
        return ()
    match call.name:
        case "ls":
            return _names(call, lines)
        case "find":
            paths = lines
        case "du":
            paths = [line.partition("\t")[2] for line in lines]
            paths = [path for path in paths if posixpath.normpath(path) != str(call.arguments.get("path", "."))]
        case "grep" if call.arguments.get("recursive") or "*" in str(call.arguments["file_name"]):
            paths = [line.partition(":")[0] for line in lines]
            if len(set(paths)) < len(paths):
                return ()
        case _:
            return ()
    return [posixpath.normpath(path) for path in paths if path not in _NOT_ENTRIES]


def _names(call: ToolCall, lines: Sequence[str]) -> Sequence[str]:
    names: Sequence[str] = lines
    if call.arguments.get("long"):
        fields = [line.split(maxsplit=_FIELDS_BEFORE_NAME) for line in lines]
        names = [one[-1].partition(" -> ")[0] for one in fields if len(one) > _FIELDS_BEFORE_NAME]
    folder = str(call.arguments.get("path", "."))
    return [posixpath.normpath(posixpath.join(folder, name)) for name in names if name not in _NOT_ENTRIES]


def _names_files(response: Response, disk: Disk) -> bool:
    """Say whether an output of another kind has two lines that name files."""
    if response.exit_code:
        return False
    lines = response.output.strip("\n").split("\n")
    return sum(any(disk.exists(word.strip("\"',;:.")) for word in line.split()) for line in lines[:100]) > 1
