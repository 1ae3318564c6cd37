"""What a program that changes files does to each of its paths."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from shellper.safety.paths import deleted, read_secrets, written
from shellper.safety.places import WORKING, Places
from shellper.safety.rules import Write, has_option
from shellper.safety.verdict import Level, Verdict, block, confirm, shown, warn
from shellper.safety.words import Argument, literal_argument, unescaped

if TYPE_CHECKING:
    pass


def unpacked(
    target: Argument, places: Places, folders: tuple[str, ...] | None, verb: str = "writes to"
) -> Iterator[Verdict]:
    """Judge an output that may be a file or a folder in which anything can be overwritten."""
    for path in places.resolved(target, folders):
        if places.in_list(path, "never_into"):
            yield block(f"writes to {shown(target.raw)}: files that the system needs can be overwritten there")
            return
    yield from written(target, places, folders, verb)


def changes(
    name: str,
    write: Write,
    arguments: Sequence[Argument],
    places: Places,
    folders: tuple[str, ...] | None,
) -> Iterator[Verdict]:
    """Judge a program that changes files by what happens to each of its paths."""
    found = list(_changes(write, arguments, places, folders))
    yield from found or [confirm(f"`{name}` changes files")]


def _changes(
    write: Write, arguments: Sequence[Argument], places: Places, folders: tuple[str, ...] | None
) -> Iterator[Verdict]:
    operands, into, options = _split(write, arguments)
    match write.effect:
        case "delete":
            deep = not write.recursive or any(has_option(option, write.recursive) for option in options)
            for operand in operands:
                yield from deleted(operand, places, folders, write.verb or "deletes", deep)
        case "empty":
            for operand in operands:
                yield from _lowered(deleted(operand, places, folders), Level.WARN)
        case "move" | "copy":
            targets = into or operands[-1:]
            sources = operands if into else operands[:-1]
            for target in targets:
                empty = any(source.literal == "/dev/null" for source in sources)
                yield from unpacked(target, places, folders, "empties" if empty else "writes to")
                if write.effect == "move" and target.literal == "/dev/null":
                    yield warn("moving something to `/dev/null` loses it")
            for source in sources:
                if write.effect == "move":
                    yield from moved(source, places, folders)
                elif write.verb == "links":
                    continue
                else:
                    yield from read_secrets(source, places, folders)
                for target in targets:
                    yield from into_folder(source, target, places, folders)
        case "write":
            verb = write.verb or "writes to"
            given = " ".join(unescaped(argument.pattern) for argument in arguments)
            if verb == "cuts" and re.search(r"(?:^| )(?:-s ?|--size[= ])0(?: |$)", given):
                verb = "empties"
            for operand in operands:
                yield from written(operand, places, folders, verb)
        case "create":
            for operand in operands:
                yield from created(operand, places, folders)
        case "mode":
            yield from _modes(write, arguments, operands, options, places, folders)


def into_folder(
    source: Argument, target: Argument, places: Places, folders: tuple[str, ...] | None
) -> Iterator[Verdict]:
    """Judge the file that a copy makes where the target is a folder, if that file is one that matters."""
    name = (source.literal or "").rstrip("/").rpartition("/")[2]
    if name and target.literal:
        inside = literal_argument(f"{target.literal.rstrip('/')}/{name}", target.raw)
        yield from (found for found in written(inside, places, folders, "writes to") if found.level is Level.BLOCK)


def created(argument: Argument, places: Places, folders: tuple[str, ...] | None) -> Iterator[Verdict]:
    """Judge that something new is made, which leaves the rest as it is."""
    if argument.unknown or argument.unset:
        yield confirm(f"creates {shown(argument.raw)}, a name that is only known when it runs")
    else:
        yield from written(argument, places, folders, "creates")


def moved(argument: Argument, places: Places, folders: tuple[str, ...] | None) -> Iterator[Verdict]:
    """Judge that something is moved away: all files may leave the working directory, but not the folder itself."""
    for verdict in deleted(argument, places, folders, "moves away"):
        contents = argument.is_glob and any(reason.endswith(f"everything in {WORKING}") for reason in verdict.reasons)
        yield confirm(f"moves away {shown(argument.raw)}") if contents else verdict


def _modes(
    write: Write,
    arguments: Sequence[Argument],
    operands: list[Argument],
    options: list[str],
    places: Places,
    folders: tuple[str, ...] | None,
) -> Iterator[Verdict]:
    """Judge a change of permissions or owners; the first operand is what they become."""
    removing = any(set(option[1:]) <= set("rwxXst,+=ugoa-") and len(option) > 1 for option in options)
    by_example = any(option.startswith("--reference") for option in options)
    targets = operands if removing or by_example or not write.first else operands[1:]
    given = unescaped(operands[0].pattern) if operands and write.first else ""
    recursive = any(option == "--recursive" or (option[:2] != "--" and "R" in option) for option in options)
    open_to_all = re.fullmatch(r"[0-7]?77[67]|[0-7]?666|a[+=]rwx|o[+=]r?w.*|000|0", given) is not None
    for target in targets:
        found = list(deleted(target, places, folders, write.verb, recursive))
        here = all(reason.endswith(WORKING) for verdict in found for reason in verdict.reasons)
        shielded = [verdict for verdict in found if verdict.level is Level.BLOCK]
        if shielded:
            yield from _lowered(shielded, Level.BLOCK if (recursive or open_to_all) and not here else Level.WARN)
        yield from written(target, places, folders, write.verb)
        if recursive and open_to_all:
            yield warn(f"{write.verb} all below {shown(target.raw)} so that everybody, or nobody, may use it")


def _split(write: Write, arguments: Sequence[Argument]) -> tuple[list[Argument], list[Argument], list[str]]:
    """Split the words of a writing program: its operands, the folders named by an option, its options."""
    operands: list[Argument] = []
    into: list[Argument] = []
    options: list[str] = []
    waiting = ""
    ended = False
    for argument in arguments:
        text = unescaped(argument.pattern)
        option, mark, _ = text.partition("=")
        if waiting:
            if waiting == "into":
                into.append(argument)
            waiting = ""
        elif ended or not text.startswith("-") or text == "-":
            operands.append(argument)
        elif argument.unknown and not argument.raw.lstrip("'\"").startswith("-"):
            # What stands before the `-` isn't known: it is an option only if that is nothing.
            operands.append(argument)
            options.append(text)
        elif text == "--":
            ended = True
        elif option in write.into:
            if mark:
                into.append(replace(argument, pattern=argument.pattern.partition("=")[2]))
            else:
                waiting = "into"
        else:
            options.append(text)
            waiting = "value" if text in write.values else ""
    return operands, into, options


def _lowered(verdicts: Iterator[Verdict] | list[Verdict], most: Level) -> Iterator[Verdict]:
    for verdict in verdicts:
        yield Verdict(min(verdict.level, most), verdict.reasons)
