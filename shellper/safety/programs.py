"""What a program does with its words: the read-only table, the writing programs, and the rules."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from shellper.safety import reads
from shellper.safety.characters import two_scripts
from shellper.safety.paths import WORKING, Places, deleted, read_secrets, written
from shellper.safety.rules import Write, like, rules_about
from shellper.safety.verdict import Level, Verdict, allow, block, confirm, shown, warn
from shellper.safety.words import Argument, unescaped

if TYPE_CHECKING:
    from shellper.safety.walk import State, Walk


@dataclass(frozen=True)
class Call:
    """A program with its words, the programs that feed it, and the texts it gets as input (None if unknown)."""

    arguments: tuple[Argument, ...]
    piped_from: tuple[str, ...] = ()
    documents: tuple[str | None, ...] = ()
    has_input: bool = False

    @property
    def rest(self) -> tuple[Argument, ...]:
        """All words but the program."""
        return self.arguments[1:]

    def of(self, arguments: Sequence[Argument]) -> Call:
        """Make a call of other words in the same place."""
        return replace(self, arguments=tuple(arguments))


# Commands of the shell that work out the index of an array element, and so run what stands in it.
SUBSCRIPTING = frozenset(
    {"test", "[", "printf", "read", "unset", "let", "declare", "typeset", "local", "export", "wait"}
)

Handler = Callable[["Call", "Walk", "State"], Iterator[Verdict]]


def judge_call(call: Call, walk: Walk, state: State) -> Iterator[Verdict]:
    """Judge one call."""
    # nested imports this module: a program inside a program is judged here again.
    from shellper.safety.nested import handler_of

    first = call.arguments[0]
    if first.literal is None:
        yield warn(f"which program {shown(first.raw)} stands for is only known when it runs")
        return
    if two_scripts(first.literal):
        yield block(f"{shown(first.literal)} mixes letters of two scripts to look like another program")
        return
    name, trusted = _name(first.literal, walk.places)
    if first.dynamic or name in state.functions:
        yield confirm(f"which program {shown(first.raw)} stands for is decided in the command itself")
    literals = [unescaped(argument.pattern) for argument in call.rest]
    told = [rule.verdict for rule in rules_about(name) if rule.holds(literals)]
    for verdict in told:
        yield Verdict(verdict.level, tuple(f"`{name}` {reason}" for reason in verdict.reasons))
    found = list(_effects(name, call, walk, state, handler_of(name, walk.places.rules)))
    if told:
        # A rule has said what the program does.
        found = [verdict for verdict in found if verdict != _unknown(name)]
    if first.dynamic or name in state.functions or not trusted:
        found = [verdict for verdict in found if verdict.level is not Level.ALLOW]
    if not trusted:
        yield confirm(f"runs {shown(first.literal)}, which isn't a program of the system")
    yield from found


def _name(text: str, places: Places) -> tuple[str, bool]:
    """Return a program's plain name, and whether it is the system's program of that name."""
    folder, slash, name = text.rpartition("/")
    return (name or text), not slash or folder in places.rules.trusted_folders


def _effects(name: str, call: Call, walk: Walk, state: State, handler: Handler | None) -> Iterator[Verdict]:
    rules = walk.places.rules
    read = rules.reads.get(name)
    if not (read and (read.names or read.free)) and name not in rules.wrappers and name != "find":
        for argument in reads.operands_of(read, call.rest) if read else call.rest:
            yield from read_secrets(argument, walk.places, state.folders)
    if name in SUBSCRIPTING:
        for argument in filter(_subscript_runs, call.rest):
            yield warn(f"{shown(argument.raw)} hides a command that `{name}` can run")
    if state.folders is None and read and not (read.names or read.free):
        for argument in reads.operands_of(read, call.rest):
            if not argument.pattern.startswith("/"):
                yield confirm(f"which file {shown(argument.raw)} is, depends on a folder that isn't known")
    for target in _outputs(rules.outputs.get(name, ()), call.rest):
        yield from written(target, walk.places, state.folders, "writes to")
    if handler:
        yield from handler(call, walk, state)
    elif read:
        yield proven(name, reads.why_not_read(name, read, call.rest))
    elif name in rules.writes:
        yield from changes(name, rules.writes[name], call.rest, walk.places, state.folders)
    elif like(name, rules.versioned) and [argument.literal for argument in call.rest] == ["--version"]:
        yield allow(f"shows the version of `{name}`")
    else:
        yield _unknown(name)


def _unknown(name: str) -> Verdict:
    return confirm(f"{shown(name)} isn't known to be read-only")


def _subscript_runs(argument: Argument) -> bool:
    """Tell whether a quoted word hides a command in an index, which `test -v` and others of the shell run."""
    return re.search(r"\[.*(?:\$\(|`)", unescaped(argument.pattern)) is not None


def _outputs(options: Sequence[str], arguments: Sequence[Argument]) -> Iterator[Argument]:
    """Find the paths that follow the options for an output file or folder."""
    waiting = False
    for argument in arguments:
        option, mark, value = argument.pattern.partition("=")
        attached = argument.pattern[:2] in options and argument.pattern[2:]
        if waiting:
            yield argument
            waiting = False
        elif argument.pattern in options:
            waiting = True
        elif attached:
            yield replace(argument, pattern=attached)
        elif mark and option in options:
            yield replace(argument, pattern=value)


def proven(name: str, doubt: str | None) -> Verdict:
    """Turn a proof, or what is missing in it, into a verdict."""
    return confirm(doubt) if doubt else allow(f"`{name}` only reads")


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
            for operand in operands:
                yield from deleted(operand, places, folders)
        case "empty":
            for operand in operands:
                yield from _lowered(deleted(operand, places, folders), Level.WARN)
        case "move" | "copy":
            targets = into or operands[-1:]
            sources = operands if into else operands[:-1]
            for target in targets:
                yield from written(target, places, folders, "writes to")
                if write.effect == "move" and target.literal == "/dev/null":
                    yield warn("moving something to `/dev/null` loses it")
            for source in sources:
                if write.effect == "move":
                    yield from moved(source, places, folders)
        case "write":
            for operand in operands:
                yield from written(operand, places, folders, write.verb or "writes to")
        case "create":
            for operand in operands:
                yield from created(operand, places, folders)
        case "mode":
            yield from _modes(write, arguments, operands, options, places, folders)


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
    targets = operands if removing or by_example else operands[1:]
    recursive = any(option == "--recursive" or (option[:2] != "--" and "R" in option) for option in options)
    for target in targets:
        found = list(deleted(target, places, folders, write.verb))
        here = all(reason.endswith(WORKING) for verdict in found for reason in verdict.reasons)
        yield from _lowered(found, Level.BLOCK if recursive and not here else Level.WARN)


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
