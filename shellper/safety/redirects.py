"""What a redirection reads or writes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from shellper.safety.paths import read_secrets, written
from shellper.safety.syntax import Redirect
from shellper.safety.verdict import Level, Verdict, allow, block, combine, confirm, shown
from shellper.safety.words import Argument, expand

if TYPE_CHECKING:
    from shellper.safety.state import State
    from shellper.safety.walk import Walk


# A line of a shell's start-up file that only names something.
SETTING = re.compile(
    r"\s*(?:#.*|(?:export\s+)?(?!LD_|DYLD_|PROMPT_COMMAND|BASH_ENV|ENV=|IFS)[A-Za-z_]\w*=[^;|&`()<>]*|alias\s+[\w.-]+=.*|)"
)
# Folders that others can write to.
OPEN_FOLDERS = ("/tmp", "/var/tmp", "/dev/shm")


def opens_path(raw: str) -> bool:
    """Tell whether `PATH=...` lets programs be looked up where others can put theirs, or wherever one happens to be."""
    parts = raw.partition("PATH=")[2].replace('"', "").replace("'", "").split(":")
    return any(not part.startswith(("/", "~", "$")) or part.startswith(OPEN_FOLDERS) for part in parts)


def keeps_output(redirect: Redirect) -> bool:
    """Tell whether a redirection puts a program's output into a file."""
    if redirect.operator not in (">", ">>", ">|", "&>", "&>>") or redirect.target is None:
        return False
    return not redirect.target.raw.startswith(("/dev/", ">("))


def judge_redirect(
    redirect: Redirect, walk: Walk, state: State, bare: bool = False, text: str | None = None
) -> Iterator[Verdict]:
    """Judge a redirection.

    `bare` tells that no program stands with it, so that `>` only empties the file; `text` is what is written, if known.
    """
    if redirect.target is None:
        return
    if redirect.operator in ("<<", "<<-"):
        for program in redirect.document.programs if redirect.document else ():
            for verdict in walk.program(program, state):
                yield Verdict(verdict.level, ("a here-document runs commands while it is read", *verdict.reasons))
        return
    for argument in expand(redirect.target, walk.values(state)):
        yield from walk.programs_of(argument, state)
        if redirect.operator == "<<<":
            continue
        if redirect.operator == "<":
            if bare:
                yield allow(f"reads {shown(argument.raw)}")
            if argument.unknown or argument.unset:
                yield confirm(f"reads {shown(argument.raw)}, which is only known when it runs")
            yield from read_secrets(argument, walk.places, state.folders)
        elif argument.programs and argument.raw.startswith((">(", "<(")):
            yield allow(f"gives its output to {shown(argument.raw)}")
        else:
            emptied = bare or (text is not None and not text.strip())
            verb = "adds to" if redirect.operator in (">>", "&>>") else "empties" if emptied else "writes to"
            found = list(written(argument, walk.places, state.folders, verb))
            if text is not None and runs_later(argument, walk, state):
                found = _remembered(text, verb, found, walk, state)
            yield from found


def runs_later(argument: Argument, walk: Walk, state: State) -> bool:
    """Tell whether a word names a file that runs later, such as a shell's start-up file."""
    return any(walk.places.in_list(path, "later") for path in walk.places.resolved(argument, state.folders))


def _remembered(text: str, verb: str, found: list[Verdict], walk: Walk, state: State) -> list[Verdict]:
    """Judge a text that is written to a file that runs later by what it would do then."""
    inner = combine(walk.inner(text, state)) if text.strip() else combine(())
    if any("PATH=" in line and any(f in line for f in OPEN_FOLDERS) and opens_path(line) for line in text.splitlines()):
        return [block("lets others put their programs in the place of those that run later")]
    if inner.level is Level.BLOCK:
        return [Verdict(Level.BLOCK, ("that runs later: " + inner.reasons[0],))]
    plain = all(SETTING.fullmatch(line) and not ("PATH=" in line and opens_path(line)) for line in text.splitlines())
    aliased = "alias" in text and inner.level > Level.CONFIRM
    if plain and not aliased and verb == "adds to":
        return [Verdict(min(verdict.level, Level.CONFIRM), verdict.reasons) for verdict in found]
    return found
