"""What runs later: other names of commands, start-up files, and plans."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from shellper.safety.changing import changes
from shellper.safety.listing import plain_name
from shellper.safety.programs import Call
from shellper.safety.redirects import runs_later
from shellper.safety.verdict import Level, Verdict, allow, block, confirm, shown, warn
from shellper.safety.words import Argument, unescaped

if TYPE_CHECKING:
    from shellper.safety.state import State
    from shellper.safety.walk import Walk

# Programs that people type passwords to, and what a mere shorthand for one of them never holds.
GIVEN_PASSWORDS = frozenset({"sudo", "su", "doas", "ssh", "passwd", "gpg", "login"})
DISGUISE = re.compile(r"[;|&`<>]|\$\(|(?:^|\s)(?:/tmp|/var/tmp|/dev/shm|~|\.|\$HOME|/home)\S*/")


def alias(call: Call, walk: Walk, state: State) -> Iterator[Verdict]:
    """Judge `alias` by what stands behind each name."""
    if not any("=" in argument.pattern for argument in call.rest):
        yield allow("`alias` shows other names of commands")
        return
    for argument in call.rest:
        name, mark, value = unescaped(argument.pattern).partition("=")
        rules = walk.places.rules
        if mark:
            known = (
                name in rules.reads or name in rules.writes or name in rules.wrappers or name in ("cd", "ssh", "git")
            )
            same = value.split()[:1] == [name]
            yield (warn if known and not same else confirm)(f"gives {shown(name)} another meaning")
            if name in GIVEN_PASSWORDS and (DISGUISE.search(value) or rules.shells.intersection(value.split())):
                yield block(f"gives {shown(name)}, to which people type passwords, another meaning")
            state.functions[name] = None
            yield from (found for found in walk.inner(value, state) if found.level > Level.CONFIRM)


def tee(call: Call, walk: Walk, state: State) -> Iterator[Verdict]:
    """Judge `tee`, also by what it adds to a file that runs later."""
    yield from changes("tee", walk.places.rules.writes["tee"], call.rest, walk.places, state.folders)
    for argument in call.rest:
        fetched = walk.places.rules.downloaders.intersection(call.piped_from)
        if fetched and walk.places.starts(argument, state.folders):
            yield block(f"puts what the network sends into {shown(argument.raw)}, which runs by itself")
        if not argument.pattern.startswith("-") and runs_later(argument, walk, state):
            for text in filter(None, call.documents):
                yield from (found for found in walk.inner(text, state) if found.level is Level.BLOCK)


def crontab(call: Call, walk: Walk, state: State) -> Iterator[Verdict]:
    """Judge `crontab` and `at`: what they are given runs later."""
    name = call.name
    texts = [argument.literal for argument in call.rest]
    if "-l" in texts or texts[:1] == ["-V"] or name == "atq":
        yield allow(f"`{name}` shows what is planned")
        return
    if "-e" in texts:
        yield confirm(f"`{name}` opens an editor")
        return
    yield warn(f"`{name}` makes something run later, or no longer")
    if name == "crontab" and (call.documents or call.piped_from) and "crontab" not in call.piped_from:
        yield block("`crontab` puts what it is given in the place of all that was planned")
    fetched = any(_downloads(argument, walk) for argument in call.rest)
    if fetched or "curl" in call.piped_from or "wget" in call.piped_from:
        yield block(f"`{name}` plans whatever the network sends")
    shown_texts = (walk.values(state).printed(program) for word in call.rest for program in word.programs)
    made = (state.files.get(plain_name(text)) for text in texts if text)
    for document in filter(None, (*call.documents, *shown_texts, *made)):
        for line in document.splitlines():
            command = re.sub(r"^\s*(@\w+|(\S+\s+){5})", "", line)
            yield from (found for found in walk.inner(command, state) if found.level > Level.CONFIRM)


def _downloads(argument: Argument, walk: Walk) -> bool:
    names = walk.places.rules.downloaders
    return any(names.intersection(re.findall(r"[\w.+-]+", program.text)) for program in argument.programs)
