"""`shellper check`: the verdict on a command, which isn't run."""

from __future__ import annotations

import getpass
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from shellper.cli.exits import ExitCode, UsageError
from shellper.safety import Context, Level, Verdict, read_command, read_commands
from shellper.safety.verdict import visible
from shellper.session import own_rules

EXITS = {Level.ALLOW: 0, Level.CONFIRM: 3, Level.WARN: 4, Level.BLOCK: int(ExitCode.BLOCKED)}
"""The exit code of each level."""
EPILOG = """\
Nothing is run, and nothing is expanded by running it.

exit codes: 0 allow (it only reads), 3 confirm (it changes something), 4 warn (it is risky, or can't be read with
certainty), 5 block (it must not run); 2 usage.

--jsonl reads lines {"cmd", "cwd"?, "home"?, "user"?} and answers each with a line {"verdict", "reasons"}, or {"error"};
what a line doesn't say is the caller's own. Many lines at once are quicker than one by one. The exit code is 0.

Your own rules stand in rules.toml beside config.toml; they raise levels, and lower one only with lowers = true:
  [[rule]]
  programs = ["terraform"]
  first = ["apply"]
  level = "warn"
  reason = "changes the servers"
"""
MOST_READ = 1 << 16
LONGEST_LINE = 1 << 20


def check(command: str | None, lines: bool, as_json: bool, folder: Path) -> int:
    """Print the verdict on a command, or those on the lines of the standard input."""
    context = Context(folder, Path.home(), _user(), own_rules())
    if lines:
        if command is not None:
            raise UsageError("--jsonl takes its commands from the standard input, so none can stand beside it")
        serve(sys.stdin.buffer, sys.stdout, context)
        return ExitCode.OK
    if command is None:
        raise UsageError("shellper check needs a command in quotes, or --jsonl (see shellper check --help)")
    verdict = read_command(command, context)
    if as_json:
        print(json.dumps(_answer(verdict)))
    else:
        print(verdict.level)
        for reason in verdict.reasons:
            print(f"  {visible(reason)}")
    return EXITS[verdict.level]


def serve(source: BinaryIO, target: TextIO, context: Context) -> None:
    """Answer JSON lines in their order until the source ends; lines that come together are read together."""
    for batch in _batches(source):
        rows = [_row(line, context) for line in batch]
        verdicts = read_commands([row for row in rows if not isinstance(row, str)])
        for row in rows:
            answer = {"error": row} if isinstance(row, str) else _answer(next(verdicts))
            target.write(json.dumps(answer) + "\n")
        target.flush()


def _batches(source: BinaryIO) -> Iterator[list[bytes]]:
    """Yield the whole lines that are there, without waiting for more."""
    rest = b""
    read = getattr(source, "read1", source.read)
    while chunk := read(MOST_READ):
        *lines, rest = (rest + chunk).split(b"\n")
        if len(rest) > LONGEST_LINE:
            lines, rest = [*lines, rest], b""
        if kept := [line for line in lines if line.strip()]:
            yield kept
    if rest.strip():
        yield [rest]


def _row(line: bytes, context: Context) -> tuple[str, Context] | str:
    """Read a line; a text says what is wrong with it."""
    try:
        row: Any = json.loads(line)
    except (ValueError, RecursionError):
        return "this line is no JSON"
    if not isinstance(row, dict) or not isinstance(row.get("cmd"), str):
        return 'a line must be an object with a text "cmd"'
    wrong = [key for key in ("cwd", "home", "user") if not isinstance(row.get(key, ""), str | None)]
    if wrong:
        return f'"{wrong[0]}" must be a text'
    folder, home = (Path(row[key]) if row.get(key) else None for key in ("cwd", "home"))
    if any(path is not None and not path.is_absolute() for path in (folder, home)):
        return '"cwd" and "home" must be absolute paths'
    own = Context(folder or context.folder, home or context.home, row.get("user") or _of(home, context), context.rules)
    return row["cmd"], own


def _of(home: Path | None, context: Context) -> str:
    return context.user if home is None else home.name


def _answer(verdict: Verdict) -> dict[str, Any]:
    return {"verdict": str(verdict.level), "reasons": list(verdict.reasons)}


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""
