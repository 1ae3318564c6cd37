"""`undo`, `redo` and `history`: what they show and ask, as subcommands and within a conversation."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shellper.cli.exits import ExitCode, UsageError
from shellper.cli.show import Screen
from shellper.cli.terminal import END, ENTER, ESCAPE, Terminal
from shellper.config import paths
from shellper.effects import (
    Choice,
    Conflict,
    EffectsError,
    Ledger,
    Record,
    Reversal,
    What,
    listed,
    newest,
    plan_reversal,
    recover,
    reverse,
    summary_of,
)
from shellper.frontend.text import visible

_CHOICES = {"s": Choice.SKIP, "b": Choice.KEEP_BOTH, "o": Choice.OVERWRITE}
_QUESTION = "[s]kip keep [b]oth [o]verwrite: "


@dataclass(frozen=True)
class Manner:
    """How a change is taken back: asked for at a terminal, or not; `choice` is for paths that have changed since."""

    screen: Screen
    terminal: Terminal | None = None
    yes: bool = False
    json: bool = False
    choice: Choice | None = None


class Declined(Exception):  # noqa: N818 (an answer more than an error)
    """The user said no."""


def turn_back(what: What, count: int, manner: Manner) -> int:
    """Undo (or redo) the last changes, each shown and asked for first, and return the exit code.

    Raises `EffectsError`, and `UsageError` where a path has changed since and nobody says what to do about it.
    """
    ledger = opened_ledger(manner.screen)
    applied, undone = ledger.stacks()
    stack, nothing = (applied, "nothing to undo") if what is What.UNDO else (undone, "nothing to redo")
    if not stack:
        manner.screen.note(nothing)
        if manner.json:
            print("[]")
        return ExitCode.NOTHING
    told: list[dict[str, Any]] = []
    code = ExitCode.OK
    for record in newest(stack, count, nothing):
        reversal = plan_reversal(record, what)
        _show(reversal, manner)
        if not _agreed(manner):
            code = ExitCode.DECLINED
            break
        choices = {conflict: _choose(conflict, manner) for conflict in reversal.conflicts}
        done = reverse(ledger, reversal, choices.__getitem__)
        told.append(_record(reversal, choices, done))
        _tell(reversal, choices, done, manner.screen)
    if manner.json:
        print(json.dumps(told))
    return code


def opened_ledger(screen: Screen) -> Ledger:
    """Return the transactions, what was interrupted taken back; raises `EffectsError`."""
    ledger = Ledger(paths().state)
    for line in recover(ledger):
        screen.note(line)
    return ledger


def _show(reversal: Reversal, manner: Manner) -> None:
    """Say what would be done."""
    screen, folder = manner.screen, reversal.record.folder
    verb = "undo" if reversal.what is What.UNDO else "redo"
    screen.line(f"{verb} `{_one_line(reversal.record.title)}` in {folder}:")
    changes = reversal.changes.changes
    if len(changes) > 1:
        screen.line(f"  {reversal.changes.summary()}")
    for line in listed(changes, folder):
        screen.line(f"  {line}")
    for conflict in reversal.conflicts:
        screen.line(f"  {_shown(conflict, folder)}", "yellow")


def _shown(conflict: Conflict, folder: Path) -> str:
    path = conflict.path
    name = path.relative_to(folder) if path.is_relative_to(folder) and path != folder else path
    return f"{_one_line(str(name))} {conflict.why}"


def _one_line(text: str) -> str:
    return visible(text).replace("\n", "\\n").replace("\t", "\\t")


def _agreed(manner: Manner) -> bool:
    if manner.yes:
        return True
    if manner.terminal is None:
        manner.screen.note("not done: there is no terminal to ask at (--yes does it without asking)")
        return False
    with manner.terminal.keys():
        manner.screen.write("do that? [y]es [n]o (Enter does it): ")
        while True:
            key = manner.terminal.key()
            if key in ("y", "Y", ENTER):
                manner.screen.write("yes\n")
                return True
            if key in ("n", "N", "q", "Q", ESCAPE, END):
                manner.screen.write("no\n")
                return False


def _choose(conflict: Conflict, manner: Manner) -> Choice:
    """Ask what to do about a path that has changed since."""
    if manner.choice is not None:
        return manner.choice
    if manner.terminal is None or manner.yes:
        name = _one_line(conflict.path.name)
        raise UsageError(f"{name} {conflict.why}, so nothing was done; say --changed=skip, keep-both or overwrite")
    with manner.terminal.keys():
        manner.screen.write(f"{_one_line(str(conflict.path))} {conflict.why}: {_QUESTION}")
        while True:
            choice = _CHOICES.get(manner.terminal.key().lower())
            if choice is not None:
                manner.screen.write(f"{choice}\n")
                return choice


def _tell(reversal: Reversal, choices: dict[Conflict, Choice], done: Record | None, screen: Screen) -> None:
    word = "undone" if reversal.what is What.UNDO else "redone"
    left = sum(choice is Choice.SKIP for choice in choices.values())
    if done is None:
        screen.line("nothing was changed", "yellow")
    elif left:
        screen.line(f"{word}, but {left} skipped", "yellow")
    else:
        screen.line(word, "dim")


def _record(reversal: Reversal, choices: dict[Conflict, Choice], done: Record | None) -> dict[str, Any]:
    return {
        "transaction": None if done is None else done.id,
        "of": reversal.record.id,
        "command": reversal.record.title,
        "changes": reversal.changes.as_json(),
        "conflicts": [
            {"path": str(conflict.path), "why": conflict.why, "choice": choice.value}
            for conflict, choice in choices.items()
        ],
    }


def show_history(write: Callable[[str], object], screen: Screen, *, as_json: bool = False) -> int:
    """Write one line a transaction, the last one first; raises `EffectsError`."""
    ledger = opened_ledger(screen)
    for line in _history(ledger, as_json):
        write(line)
    return ExitCode.OK


def _history(ledger: Ledger, as_json: bool) -> Iterator[str]:
    for entry in ledger.history():
        record = entry.record
        state = "undone" if entry.undone else "done"
        if as_json:
            yield json.dumps(
                {
                    "transaction": record.id,
                    "state": state,
                    "command": record.title,
                    "folder": str(record.folder),
                    "time": record.began,
                    "summary": summary_of(record),
                    "bytes": record.bytes,
                    "paths": [str(item.path) for item in record.items],
                }
            )
        else:
            when = time.strftime("%Y-%m-%d %H:%M", time.localtime(record.began))
            yield f"{record.id:>5}  {when}  {state:<6}  {_one_line(record.title)}  ({summary_of(record)})"


def within_conversation(line: str, screen: Screen, terminal: Terminal | None) -> bool:
    """Take `/undo`, `/redo` and `/history` in a conversation; says whether the line was one of them."""
    word, _, rest = line.partition(" ")
    if word == "/history" and not rest:
        _safely(lambda: show_history(screen.line, screen), screen)
        return True
    if word not in ("/undo", "/redo"):
        return False
    number = rest.strip() or "1"
    if not (number.isascii() and number.isdigit() and int(number) > 0):
        screen.note(f"{word} takes a number: how many of the last changes")
        return True
    what = What.UNDO if word == "/undo" else What.REDO
    _safely(lambda: turn_back(what, int(number), Manner(screen, terminal)), screen)
    return True


def _safely(act: Callable[[], int], screen: Screen) -> None:
    try:
        act()
    except (EffectsError, UsageError) as error:
        screen.note(str(error))
