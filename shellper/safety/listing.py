"""Which files the names mean that one program lists for the next one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from shellper.safety.words import Argument, literal_argument, unescaped

# Tests of `find` that leave nearly everything in.
WIDE_TESTS = frozenset({"-type", "-maxdepth", "-mindepth"})
NARROW_ALONE = frozenset({"-empty", "-nouser", "-nogroup"})
ACTIONS = ("-print", "-exec", "-delete", "-ok", "-fprint", "-fls", "-ls", "-prune", "-quit")
RUNS = frozenset({"-exec", "-execdir", "-ok", "-okdir"})
FILTERS = frozenset({"grep", "egrep", "fgrep", "head", "tail", "awk", "sed", "cut", "uniq", "xargs"})
PASSING = frozenset({"sort", "cat", "tr", "tac", "shuf"})


@dataclass(frozen=True)
class Listed:
    """The folders or names that a list is made from, and whether only some of what is there is in it."""

    starts: tuple[Argument, ...]
    narrow: bool
    named: bool = False
    """The names themselves are written out."""
    tests: tuple[str, ...] = ()
    """What the names were picked by."""


def listed_by(arguments: Sequence[Argument], before: Listed | None) -> Listed | None:
    """Return what a program lists on its output; a filter passes on what it is given."""
    name = unescaped(arguments[0].pattern).rsplit("/", 1)[-1] if arguments else ""
    rest = arguments[1:]
    texts = [unescaped(argument.pattern) for argument in rest]
    operands = [argument for argument, text in zip(rest, texts, strict=True) if not text.startswith("-")]
    if name == "find":
        starts, first = find_starts(rest)
        return Listed(tuple(starts), is_narrow(without_runs(texts[first:])), tests=tuple(texts[first:]))
    if name in ("ls", "dir"):
        everything = tuple(_inside(argument) for argument in operands) or (Argument("*", "*"),)
        return Listed(everything, False, named=True)
    if name in ("echo", "printf"):
        words = [word for operand in operands for word in _split_words(operand)]
        return Listed(tuple(words), False, named=True)
    if name == "git" and texts[:1] in (["ls-files"], ["diff"], ["status"], ["grep"], ["branch"]):
        return Listed((literal_argument("."),), True)
    if name in ("rg", "grep", "egrep", "fgrep", "ag") and before is None:
        files = [argument for argument in operands[1:] if not argument.unknown]
        return Listed(tuple(files) or (literal_argument("."),), True)
    if name == "locate":
        return Listed((literal_argument("/"),), bool(operands))
    if name in ("fd", "fdfind"):
        end = next((at for at, text in enumerate(texts) if text in ("-x", "-X", "--exec", "--exec-batch")), len(texts))
        folders = [
            argument for argument in rest[:end] if argument.pattern[:1] in ("/", ".") and argument.literal != "."
        ]
        # A pattern of dots takes in everything.
        return Listed(tuple(folders) or (literal_argument("."),), _picks(texts[:end], folders))
    if before is not None and name in PASSING:
        return before
    if before is not None and name in FILTERS:
        return replace(before, narrow=True)
    return None


def _picks(texts: Sequence[str], folders: Sequence[Argument]) -> bool:
    """Tell whether words of `fd` leave something out; a pattern of dots takes in everything."""
    named = {unescaped(folder.pattern) for folder in folders}
    return any(text.strip(".*") for text in texts if text not in named)


def _split_words(operand: Argument) -> list[Argument]:
    """Split what is printed at white space, as `xargs` does."""
    literal = operand.literal
    if literal is None or not re.search(r"\s|\\[n0]", literal):
        return [operand]
    return [literal_argument(word) for word in re.split(r"\s+|\\n|\\0", literal) if word]


def find_starts(rest: Sequence[Argument]) -> tuple[list[Argument], int]:
    """Return the folders that `find` starts in, and the place of its first test."""
    texts = [unescaped(argument.pattern) for argument in rest]
    skipped = 0
    while texts[skipped : skipped + 1] in (["-H"], ["-L"], ["-P"]):
        skipped += 1
    first = next((place for place in range(skipped, len(texts)) if texts[place][:1] in ("-", "(", "!")), len(texts))
    return list(rest[skipped:first]) or [literal_argument(".")], first


def without_runs(tests: Sequence[str]) -> list[str]:
    """Leave out what `find` runs."""
    kept, running = [], False
    for test in tests:
        if running:
            running = test not in (";", "+")
        elif test in RUNS:
            running = True
        else:
            kept.append(test)
    return kept


def is_narrow(tests: Sequence[str]) -> bool:
    """Tell whether tests of `find` leave only some files in."""
    if "-o" in tests or "-or" in tests:
        branches = _split(tests)
        return all(is_narrow(branch) for branch in branches)
    for before, test, after in zip(["", *tests], tests, [*tests[1:], ""], strict=False):
        if before in ("!", "-not"):
            continue
        if test in NARROW_ALONE:
            return True
        if test.startswith("-") and not test.startswith(ACTIONS) and test not in WIDE_TESTS and _says(test, after):
            return True
    return False


def _says(test: str, value: str) -> bool:
    """Tell whether a test with this value leaves something out."""
    if test in ("-not", "-a", "-and") or (value.startswith("-") and not value[1:2].isdigit()):
        return False
    return bool(value.strip("*./"))


def _split(tests: Sequence[str]) -> list[list[str]]:
    branches: list[list[str]] = [[]]
    for test in tests:
        if test in ("-o", "-or"):
            branches.append([])
        elif not test.startswith(ACTIONS) and test not in ("(", ")"):
            branches[-1].append(test)
    return branches


def _inside(folder: Argument) -> Argument:
    return folder if folder.is_glob else replace(folder, pattern=f"{folder.pattern.rstrip('/')}/*")


def plain_name(text: str) -> str:
    """Return the last part of a path as it would be called later."""
    return text.strip("'\"").rstrip("/").rpartition("/")[2]


def fetched_names(arguments: Sequence[Argument]) -> Iterator[str]:
    """Yield the names of the files that a download leaves: those of `-o`, and the last part of each address."""
    texts = [unescaped(argument.pattern) for argument in arguments]
    for before, text in pairwise(texts):
        if before in ("-o", "-O", "--output", "--output-document") or not text.startswith("-"):
            yield plain_name(text.partition("?")[0])
