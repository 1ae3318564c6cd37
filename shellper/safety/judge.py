"""The verdict on a command's text, and on a tool call together with the command made from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from shellper.safety import by_shfmt
from shellper.safety.changing import created, moved
from shellper.safety.characters import hidden_reason
from shellper.safety.paths import deleted, read_secrets, written
from shellper.safety.places import Places, places_of
from shellper.safety.state import State
from shellper.safety.verdict import Context, Level, Verdict, allow, block, combine, confirm, shown, warn
from shellper.safety.walk import Walk
from shellper.safety.words import Argument, escaped, literal_argument

if TYPE_CHECKING:
    from shellper.calls import ToolCall

LONGEST = 8 * 1024


def read_command(command: str, context: Context) -> Verdict:
    """Judge a command by its text.

    Nothing is run or expanded by running it, and no text raises: what can't be read with certainty is at least `warn`.
    """
    hidden = hidden_reason(command)
    if hidden:
        return block(hidden)
    if len(command.encode()) > LONGEST:
        return warn(f"is too long to be read with certainty (more than {LONGEST // 1024} KB)")
    if not command.strip():
        return confirm("there is no command")
    try:
        places = places_of(context)
        state = State((str(context.folder),))
        return combine(Walk(places).text(command, state))
    except RecursionError:
        return warn("can't be read with certainty: too deep nesting")


def read_commands(commands: Sequence[tuple[str, Context]]) -> Iterator[Verdict]:
    """Judge many commands by their text, in their order; quicker than one by one."""
    by_shfmt.read_ahead([command for command, _ in commands if _is_readable(command)])
    for command, context in commands:
        yield read_command(command, context)


def _is_readable(command: str) -> bool:
    return len(command.encode(errors="replace")) <= LONGEST and not hidden_reason(command) and bool(command.strip())


def judge(call: ToolCall | None, command: str, context: Context) -> Verdict:
    """Judge a tool call and the command made from it; the higher level holds.

    The call says exactly which paths are meant, so its verdict doesn't hang on how the text was read.
    """
    read = read_command(command, context)
    if call is None:
        return read
    return combine([read, _judge_call(call, context)])


def _judge_call(call: ToolCall, context: Context) -> Verdict:
    places = places_of(context)
    effects = places.rules.tools.get(call.name)
    if effects is None:
        return warn(f"{shown(call.name)} isn't a tool of the catalogue")
    folders = (str(context.folder),)
    verdicts = [_by_effects(call, effects)]
    for name, value in call.arguments.items():
        if isinstance(value, str):
            hidden = hidden_reason(value)
            if hidden:
                verdicts.append(block(hidden))
            elif name in effects:
                whole = bool(call.arguments.get("recursive"))
                verdicts.extend(_judge_path(effects[name], _argument(value, context.home), places, folders, whole))
    return combine(verdicts)


def _by_effects(call: ToolCall, effects: Mapping[str, str]) -> Verdict:
    """Judge what kind of tool it is, whatever its paths are."""
    if "end" in effects.values():
        return warn(f"`{call.name}` ends a process, which can't be undone")
    if _only_reads(call, effects):
        return allow(f"`{call.name}` only reads")
    return confirm(f"`{call.name}` changes files")


def _only_reads(call: ToolCall, effects: Mapping[str, str]) -> bool:
    for name, effect in effects.items():
        if effect == "listing":
            return bool(call.arguments.get(name))
    given = {effect for name, effect in effects.items() if call.arguments.get(name) not in (None, "")}
    return given <= {"read", "list"}


def _argument(value: str, home: Path) -> Argument:
    """Make the argument that a path of a tool call means: a `~` at its start is home, all else is literal."""
    if value == "~" or value.startswith("~/"):
        return Argument(escaped(str(home) + value[1:]), value)
    return literal_argument(value)


def _judge_path(
    effect: str, path: Argument, places: Places, folders: tuple[str, ...], whole: bool
) -> Iterator[Verdict]:
    match effect:
        case "read":
            yield from read_secrets(path, places, folders)
        case "delete":
            yield from deleted(path, places, folders, recursive=whole)
        case "empty":
            yield from (
                Verdict(min(found.level, Level.WARN), found.reasons) for found in deleted(path, places, folders)
            )
        case "move":
            yield from read_secrets(path, places, folders)
            yield from moved(path, places, folders)
        case "write" | "add":
            yield from written(path, places, folders, "writes to" if effect == "write" else "adds to")
        case "mode":
            yield from written(path, places, folders, "changes the permissions of")
        case "create":
            yield from created(path, places, folders)
