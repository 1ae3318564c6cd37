"""The rules as data: `rules.toml` and `programs.toml`, loaded once into frozen values."""

from __future__ import annotations

import fnmatch
import functools
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shellper.safety.verdict import Level, Verdict

DATA = Path(__file__).parent


@dataclass(frozen=True)
class Read:
    """A read-only program and the options that keep it so; `programs.toml` explains the fields."""

    flags: str = ""
    values: str = ""
    long: tuple[str, ...] = ()
    numbers: bool = False
    most: int | None = None
    operand: str | None = None
    glob: bool = False
    names: bool = False
    pattern: bool = False
    free: bool = False
    format: bool = False


@dataclass(frozen=True)
class Write:
    """A program that changes files, and what happens to its operands."""

    effect: str
    values: tuple[str, ...] = ()
    into: tuple[str, ...] = ()
    verb: str = ""


@dataclass(frozen=True)
class Wrapper:
    """A program that runs another program."""

    values: tuple[str, ...] = ()
    positionals: int = 0
    assignments: bool = False
    shell: bool = False
    verdict: Verdict | None = None


@dataclass(frozen=True)
class Rule:
    """What holds for a program with certain words and options; whatever is given must be there."""

    programs: tuple[str, ...]
    verdict: Verdict
    words: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    last: tuple[str, ...] = ()
    options: tuple[str, ...] = ()

    def holds(self, arguments: list[str]) -> bool:
        """Tell whether the rule holds for a call of one of its programs with these arguments."""
        return (
            (not self.words or any(like(argument, self.words) for argument in arguments))
            and (not self.also or any(like(argument, self.also) for argument in arguments))
            and (not self.last or like(arguments[-1] if arguments else "", self.last))
            and (not self.options or any(has_option(argument, self.options) for argument in arguments))
        )


@dataclass(frozen=True)
class GitRules:
    """Which parts of git only read."""

    subcommands: frozenset[str]
    listing: frozenset[str]
    listing_options: frozenset[str]
    forbidden: tuple[str, ...]


@dataclass(frozen=True)
class Rules:
    """All that is known about places and programs."""

    trusted_folders: tuple[str, ...]
    plain_variables: tuple[str, ...]
    steering_variables: tuple[str, ...]
    shells: frozenset[str]
    downloaders: frozenset[str]
    versioned: tuple[str, ...]
    interpreters: Mapping[str, str]
    places: Mapping[str, tuple[str, ...]]
    wrappers: Mapping[str, Wrapper]
    writes: Mapping[str, Write]
    reads: Mapping[str, Read]
    outputs: Mapping[str, tuple[str, ...]]
    tools: Mapping[str, Mapping[str, str]]
    find_tests: Mapping[str, int]
    git: GitRules
    rules: tuple[Rule, ...]


def like(text: str, patterns: Iterable[str]) -> bool:
    """Tell whether a text is one of the patterns."""
    return any(fnmatch.fnmatchcase(text, pattern) for pattern in patterns)


def has_option(argument: str, options: Iterable[str]) -> bool:
    """Tell whether an argument is one of the options, also inside a cluster such as `-xf`."""
    for option in options:
        if fnmatch.fnmatchcase(argument, option):
            return True
        is_letter = len(option) == 2 and option[0] == "-" and option[1].isalnum()
        if is_letter and argument[:1] == "-" and argument[1:2] != "-" and option[1] in argument[1:]:
            return True
    return False


@functools.lru_cache(maxsize=256)
def rules_about(name: str) -> tuple[Rule, ...]:
    """Return the rules that name a program."""
    return tuple(rule for rule in load().rules if like(name, rule.programs))


@functools.cache
def load() -> Rules:
    """Load the rules that come with the package."""
    data = tomllib.loads((DATA / "rules.toml").read_text("utf-8"))
    reads = tomllib.loads((DATA / "programs.toml").read_text("utf-8"))
    git, find = reads.pop("git"), reads.pop("find")
    return Rules(
        trusted_folders=tuple(data["trusted_folders"]),
        plain_variables=tuple(data["plain_variables"]),
        steering_variables=tuple(data["steering_variables"]),
        shells=frozenset(data["shells"]),
        downloaders=frozenset(data["downloaders"]),
        versioned=tuple(data["versioned"]),
        interpreters=data["interpreters"],
        places={name: tuple(paths) for name, paths in data["places"].items()},
        wrappers={name: _wrapper(name, entry) for name, entry in data["wrappers"].items()},
        writes={name: Write(**_frozen(entry)) for name, entry in data["writes"].items()},
        reads={name: Read(**_frozen(entry)) for name, entry in reads.items()},
        outputs={name: tuple(options) for name, options in data["outputs"].items()},
        tools=data["tools"],
        find_tests=dict.fromkeys(find["alone"], 0) | dict.fromkeys(find["with_value"], 1),
        git=GitRules(
            subcommands=frozenset(git["subcommands"]),
            listing=frozenset(git["listing"]),
            listing_options=frozenset(git["listing_options"]),
            forbidden=tuple(git["forbidden"]),
        ),
        rules=tuple(_rule(entry) for entry in data["rule"]),
    )


def _frozen(entry: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()}


def _wrapper(name: str, entry: dict[str, Any]) -> Wrapper:
    rest = {key: value for key, value in entry.items() if key not in ("level", "reason")}
    verdict = None
    if "level" in entry:
        verdict = Verdict(Level(entry["level"]), (f"`{name}` {entry['reason']}",))
    return Wrapper(**_frozen(rest), verdict=verdict)


def _rule(entry: dict[str, Any]) -> Rule:
    rest = {key: value for key, value in entry.items() if key not in ("level", "reason")}
    return Rule(**_frozen(rest), verdict=Verdict(Level(entry["level"]), (entry["reason"],)))
