"""Programs that run another program on many names: `find`, `xargs`, `parallel`."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from shellper.safety import reads
from shellper.safety.listing import RUNS, Listed, find_starts, is_narrow, without_runs
from shellper.safety.paths import deleted, read_secrets, written
from shellper.safety.places import Places, spellings
from shellper.safety.programs import Call, judge_call, proven
from shellper.safety.told import PICKERS
from shellper.safety.verdict import Verdict, block, confirm, shown, warn
from shellper.safety.words import Argument, escaped, literal_argument, unescaped, unknown_argument

if TYPE_CHECKING:
    from shellper.safety.state import State
    from shellper.safety.walk import Walk

XARGS_VALUES = (
    "-a",
    "-d",
    "-E",
    "-I",
    "-L",
    "-n",
    "-P",
    "-s",
    "--arg-file",
    "--delimiter",
    "--max-args",
    "--max-procs",
)
MOST_STARTS = 8
FIND_WRITES = frozenset({"-fprint", "-fprint0", "-fls", "-fprintf"})


def xargs(call: Call, walk: Walk, state: State) -> Iterator[Verdict]:
    """Judge a command that `xargs` runs on each of many names."""
    skipped = count_options(XARGS_VALUES, call.rest)
    inner = call.rest[skipped:]
    marks = [
        text.removeprefix("-I") or (after.literal or "")
        for option, after in zip(call.rest[:skipped], [*call.rest[1:], literal_argument("")], strict=False)
        if (text := option.literal or "").startswith("-I")
    ]
    if not inner:
        inner = (literal_argument("echo"),)
    read = walk.places.rules.reads.get(inner[0].literal or "")
    listed = call.listed
    for _, file in reads.option_values(("-a", "--arg-file"), call.rest[:skipped]):
        told = walk.values(state).printed(file.programs[0]) if file.programs else None
        given = told.split()[:MOST_STARTS] if told else []
        listed = Listed(tuple(map(literal_argument, given)), narrow=False, named=True) if given else None
    if listed is None and len(call.documents) == 1 and call.documents[0] is not None:
        names = re.split(r"[\s\0]+", call.documents[0].strip())[:MOST_STARTS]
        listed = Listed(tuple(literal_argument(name) for name in names), narrow=False, named=True)
    careless = read is not None and (read.free or (read.names and read.glob))
    if not careless and (listed is None or not (read and read.glob)):
        yield confirm("`xargs` runs a command on names that are only known when it runs")
    if walk.places.rules.downloaders.intersection(call.piped_from) and inner[0].literal in walk.places.rules.shells:
        yield block("`xargs` runs whatever the network sends")
    for found in found_names(listed, walk.places, state.folders):
        words = [filled(argument, marks[0], found) for argument in inner] if marks and marks[0] else [*inner, found]
        every = inner[0].literal in call.piped_from and not PICKERS.intersection(call.piped_from)
        secret = call.secret or any(_is_key(test, walk.places) for test in (listed.tests if listed else ()))
        yield from judge_call(Call(tuple(words), secret=secret, every=every), walk, state)


def filled(argument: Argument, mark: str, found: Argument) -> Argument:
    """Put a name in the place of the mark, such as `{}`."""
    text = unescaped(argument.pattern)
    if text == mark:
        return found
    before, present, after = text.partition(mark)
    if not present:
        return argument
    if found.unknown:
        return Argument(escaped(before), argument.raw, dynamic=True, unknown=True)
    if before.endswith("/"):
        # Behind a folder stands the name alone.
        found = replace(found, pattern=found.pattern.rstrip("/").rpartition("/")[2])
    return replace(found, pattern=escaped(before) + found.pattern + escaped(after), raw=argument.raw)


def found_names(listed: Listed | None, places: Places, folders: tuple[str, ...] | None) -> Sequence[Argument]:
    """Return words that stand for the names of a list: its folders, or something in each of them.

    Where keys or passwords can be among them, nothing is said of the names.
    """
    unknown = unknown_argument("the input of xargs")
    if listed is None or len(listed.starts) > MOST_STARTS:
        return (unknown,)
    narrow = listed.narrow and not listed.named
    names = [matching(start, places, folders, listed.tests) if narrow else start for start in listed.starts]
    if _has_secrets(listed, places, folders):
        return [unknown, *(name for name in names if name.pattern == "/*")]
    return names


def _is_key(test: str, places: Places) -> bool:
    """Tell whether a name that is looked for is one of keys or passwords."""
    return not test.startswith("-") and (places.is_secret(("x", test)) or places.in_list(("x", test), "keys"))


def _has_secrets(listed: Listed, places: Places, folders: tuple[str, ...] | None) -> bool:
    if any(places.is_secret(("x", test)) for test in listed.tests):
        return True
    if listed.named or not listed.narrow:
        return False
    paths = (path for start in listed.starts for path in places.resolved(start, folders))
    return any(places.covers_secrets(path) or places.is_secret(path) for path in paths)


def matching(start: Argument, places: Places, folders: tuple[str, ...] | None, tests: Sequence[str] = ()) -> Argument:
    """Return a word for a name that is found below a folder: below the root of the disk that can be anything."""
    if start.unknown or start.unset:
        return unknown_argument(start.raw)
    if () in places.resolved(start, folders) and not _made_again(tests, places):
        return replace(start, pattern="/*", programs=())
    pattern = f"{start.pattern.rstrip('/')}/{escaped('(what is found)')}"
    return replace(start, pattern=pattern, raw=f"{start.raw.rstrip('/')}/(what is found)", programs=())


def below(
    start: Argument, narrow: bool, places: Places, folders: tuple[str, ...] | None, verb: str
) -> Iterator[Verdict]:
    """Judge that files below a folder are deleted: all of them, or those that some test picks."""
    if not narrow:
        yield from deleted(start, places, folders, verb)
        return
    name = shown(start.raw)
    paths = places.resolved(start, folders)
    known = not (start.unknown or start.unset) and paths
    if known and all(_is_own(path, places) for path in paths):
        yield confirm(f"{verb} all that matches below {name}")
    else:
        yield warn(f"{verb} all that matches below {name}")


def _is_own(path: tuple[str, ...], places: Places) -> bool:
    """Tell whether a path is the working directory, a temporary folder, or a folder of its own in home."""
    working = places.is_working(path)
    temporary = any(places.inside(path, area) for area in places.rules.places["temporary"])
    at_home = any(len(path) > len(home) and path[: len(home)] == home for home in spellings(places.home))
    hidden = any(part.startswith(".") for part in path[len(spellings(places.home)[0]) :][:1])
    return working or temporary or (at_home and not hidden)


def _made_again(tests: Sequence[str], places: Places) -> bool:
    """Tell whether tests pick only what programs make again, such as `*.pyc`."""
    return any(
        places.in_list(("x", value), "made_again") for test, value in pairwise(tests) if test in ("-name", "-iname")
    )


def find(call: Call, walk: Walk, state: State) -> Iterator[Verdict]:
    """Judge `find` by what it does with what it finds."""
    doubt = reads.why_not_find(walk.places.rules.find_tests, call.rest)
    if doubt is None:
        yield proven("find", None)
        return
    texts = [unescaped(argument.pattern) for argument in call.rest]
    starts, first = find_starts(call.rest)
    narrow = is_narrow(without_runs(texts[first:]))
    sought = [value for test, value in pairwise(texts) if test in ("-name", "-iname", "-path")]
    secret = any(walk.places.is_secret(("x", value)) for value in sought)
    keys = secret or any(_is_key(value, walk.places) for value in sought)
    place, acts, plain = first, False, True
    while place < len(texts):
        text = texts[place]
        place += 1
        if text == "-delete":
            acts = True
            for start in starts:
                anywhere = () in walk.places.resolved(start, state.folders) and not _made_again(texts, walk.places)
                yield from below(start, narrow and not anywhere, walk.places, state.folders, "deletes")
        elif text in FIND_WRITES and place < len(texts):
            yield from written(call.rest[place], walk.places, state.folders, "writes to")
            plain = False
        elif text in RUNS:
            acts = True
            end = next((at for at in range(place, len(texts)) if texts[at] in (";", "+")), len(texts))
            inner = call.rest[place:end]
            for start in starts if len(starts) <= MOST_STARTS else [unknown_argument("{}")]:
                found = matching(start, walk.places, state.folders, texts) if narrow else start
                yield from _find_runs(inner, found, start, keys, walk, state)
            if secret:
                yield warn("works on files that can hold keys or passwords", secret=True)
            place = end + 1
    rest = _without_runs(call.rest, texts)
    if not (acts and plain and reads.why_not_find(walk.places.rules.find_tests, rest) is None):
        yield confirm(doubt)


def _without_runs(rest: Sequence[Argument], texts: Sequence[str]) -> list[Argument]:
    """Leave out the actions that are judged on their own."""
    kept, running = [], False
    for argument, text in zip(rest, texts, strict=True):
        if text in RUNS:
            running = True
        elif running:
            running = text not in (";", "+")
        elif text != "-delete":
            kept.append(argument)
    return kept


def _find_runs(
    inner: Sequence[Argument], found: Argument, start: Argument, secret: bool, walk: Walk, state: State
) -> Iterator[Verdict]:
    words = [filled(argument, "{}", found) for argument in inner]
    if not words:
        return
    name = unescaped(words[0].pattern).rsplit("/", 1)[-1]
    if name in walk.places.rules.shells:
        # The names come as `$1`, or inside the text, where a name could hold a command.
        if any("{}" in unescaped(word.pattern) and unescaped(word.pattern) != "{}" for word in inner):
            yield confirm("names of files become part of a command")
        name_in_text = shlex.quote(found.literal) if found.literal else "./found"
        words = [
            word
            if before.literal == "{}"
            else replace(word, pattern=word.pattern.replace("\\{\\}", escaped(name_in_text)))
            for before, word in zip(inner, words, strict=True)
        ]
    yield from read_secrets(start, walk.places, state.folders, below=True)
    yield from judge_call(Call(tuple(words), secret=secret), walk, state)


def parallel(call: Call, walk: Walk, state: State) -> Iterator[Verdict]:
    """Judge a command that `parallel` runs on each of many words; without one, the words are the commands."""
    yield confirm("`parallel` runs a command on each of many words")
    place = count_options(("-j", "--jobs", "-n", "-N", "-a", "--colsep"), call.rest)
    end = next((at for at, word in enumerate(call.rest) if word.literal in (":::", "::::", ":::+")), len(call.rest))
    words = call.rest[place:end]
    given = list(call.rest[end + 1 :])
    if not words and not given:
        for document in call.documents or (None,):
            yield from walk.inner(document, state) if document else [warn("`parallel` runs what it gets as input")]
        return
    for found in (given or list(found_names(call.listed, walk.places, state.folders)))[:MOST_STARTS]:
        inner = [filled(word, "{}", found) for word in words]
        text = [*inner, *([] if any("{" in word.pattern for word in words) else [found])]
        if len(words) <= 1:
            yield from judge_text(text, walk, state)
        elif text:
            yield from judge_call(Call(tuple(text)), walk, state)


def count_options(values: Sequence[str], arguments: Sequence[Argument]) -> int:
    """Count the words at the start that are options or their values."""
    place = 0
    while place < len(arguments):
        text = arguments[place].literal
        if text == "--":
            return place + 1
        if text is None or not text.startswith("-") or text == "-":
            break
        place += 2 if text in values else 1
    return min(place, len(arguments))


def judge_text(words: Sequence[Argument], walk: Walk, state: State) -> Iterator[Verdict]:
    """Judge words that together are the text of a command."""
    unknown = [word for word in words if word.unknown or word.unset]
    if unknown:
        yield warn(f"what {shown(unknown[0].raw)} runs is only known when it runs")
    text = " ".join(unescaped(word.pattern) for word in words)
    if text.strip():
        yield from walk.inner(text, state)
