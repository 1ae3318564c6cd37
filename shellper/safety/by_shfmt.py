"""The first reader: shfmt, which prints its syntax tree as JSON."""

from __future__ import annotations

import contextlib
import functools
import importlib.metadata
import json
import re
import secrets
import shutil
import subprocess
import sysconfig
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from shellper.safety.convert import Converter, Json
from shellper.safety.syntax import Node, Unreadable

LONGEST_WORK = 1
"""Seconds of work after which a reading is given up."""
LONGEST_WAIT = 5.0
MOST_AT_ONCE = 32
# One small text needs neither threads nor a collector of garbage.
THRIFTY = {"GOMAXPROCS": "1", "GOGC": "800"}

_ahead: dict[str, tuple[list[Json], int]] = {}


class NoReaderError(Exception):
    """shfmt isn't installed or can't be started."""


@dataclass(frozen=True)
class Reading:
    """What shfmt read, and the constructs in it that bashlex is known not to read."""

    root: Node
    beyond: frozenset[str]


@functools.cache
def binary() -> str | None:
    """Find the program that the package brings, else the system's; None if there is none."""
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        for file in importlib.metadata.files("shfmt-py") or ():
            if file.name in ("shfmt", "shfmt.exe") and (path := Path(str(file.locate()))).is_file():
                return str(path)
    scripts = Path(sysconfig.get_path("scripts")) / "shfmt"
    return str(scripts) if scripts.is_file() else shutil.which("shfmt")


def read(text: str) -> Reading:
    """Read a text; raises `Unreadable` where shfmt rejects it or works too long, `NoReaderError` without shfmt."""
    statements, base = _ahead.pop(text, None) or (_parsed(text).get("Stmts") or [], 0)
    converter = Converter(text, base)
    return Reading(converter.statements(statements), frozenset(converter.beyond))


def read_ahead(texts: Sequence[str]) -> None:
    """Let one process read many texts, which `read` then has at hand; what can't be read together is left alone.

    Between the texts stand marks. Where each is found as a command of its own, no text reaches beyond its lines.
    """
    _ahead.clear()
    texts = list(dict.fromkeys(texts))
    for start in range(0, len(texts), MOST_AT_ONCE):
        _read_together(texts[start : start + MOST_AT_ONCE])


def _read_together(texts: Sequence[str]) -> None:
    mark = f"mark{secrets.token_hex(8)}"
    try:
        statements = _parsed("".join(f"{text}\n{mark}\n" for text in texts)).get("Stmts") or []
        pieces = list(_apart(statements, texts, mark))
    except (Unreadable, NoReaderError, UnicodeEncodeError):
        pieces = []
    if pieces:
        _ahead.update(zip(texts, pieces, strict=True))
    elif len(texts) > 1:
        half = len(texts) // 2
        _read_together(texts[:half])
        _read_together(texts[half:])


def _apart(statements: list[Json], texts: Sequence[str], mark: str) -> Iterator[tuple[list[Json], int]]:
    """Yield each text's statements and where it begins; raises `Unreadable` where a mark isn't where it should be."""
    waiting = iter(statements)
    base = 0
    for text in texts:
        end = base + len(text.encode()) + 1
        found: list[Json] = []
        for statement in waiting:
            if statement["Pos"]["Offset"] >= end:
                break
            found.append(statement)
        else:
            raise Unreadable("no mark")
        if statement["Pos"]["Offset"] != end or statement["End"]["Offset"] != end + len(mark):
            raise Unreadable("no mark")
        yield found, base
        base = end + len(mark) + 1


def _parsed(text: str) -> Json:
    program = binary()
    if program is None:
        raise NoReaderError
    command = [program, "-ln", "bash", "--to-json"]
    try:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd="/", env=THRIFTY
        )
    except OSError as error:
        raise NoReaderError from error
    with process:
        _limit(process.pid)
        try:
            out, err = process.communicate(text.encode(), LONGEST_WAIT)
        except subprocess.TimeoutExpired:
            process.kill()
            raise Unreadable("it takes too long") from None
    if process.returncode < 0:
        raise Unreadable("it takes too long")
    if process.returncode:
        said = err.decode(errors="replace").strip().splitlines()[:1]
        raise Unreadable(re.sub(r"^.*?:\d+:\d+: ", "", said[0])[:80] if said else "a syntax error")
    try:
        found = json.loads(out)
    except RecursionError:
        raise Unreadable("too deep nesting") from None
    return dict(found)


def _limit(process: int) -> None:
    """Let the system end a reading that works too long, whatever else the machine does."""
    # Only Linux can limit another process; elsewhere the wait is the limit.
    import resource

    limit = getattr(resource, "prlimit", None)
    if limit is not None:
        with contextlib.suppress(OSError, ValueError):
            limit(process, resource.RLIMIT_CPU, (LONGEST_WORK, LONGEST_WORK))
