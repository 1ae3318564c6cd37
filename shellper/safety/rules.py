"""The rules as data: `rules.toml`, `runners.toml` and `programs.toml`, loaded once into frozen values."""

from __future__ import annotations

import fnmatch
import functools
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shellper.safety.verdict import Level, Verdict

DATA = Path(__file__).parent
SHORTEST = 6
"""The fewest characters by which a long option is known when it is cut short."""


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
    needs: str = ""


@dataclass(frozen=True)
class Write:
    """A program that changes files, and what happens to its operands."""

    effect: str
    values: tuple[str, ...] = ()
    into: tuple[str, ...] = ()
    verb: str = ""
    recursive: tuple[str, ...] = ()
    first: bool = True


@dataclass(frozen=True)
class Wrapper:
    """A program that runs another program."""

    values: tuple[str, ...] = ()
    positionals: int = 0
    assignments: bool = False
    shell: bool = False
    each: bool = False
    input: bool = False
    raises: bool = False
    elsewhere: bool = False
    verdict: Verdict | None = None


@dataclass(frozen=True)
class Script:
    """Words of a program that hold a command; `runners.toml` explains the fields."""

    programs: tuple[str, ...]
    options: tuple[str, ...] = ()
    value: re.Pattern[str] = re.compile("(?s)(.*)")
    code: bool = False
    rest: bool = False
    names: bool = False
    level: Level = Level.WARN


@dataclass(frozen=True)
class Rule:
    """What holds for a program with certain words and options; whatever is given must be there.

    With `fed` it holds only if the program gets something as input, with `kept` only if its output goes into a file,
    with `every` only if its words are all that the same program lists.
    """

    programs: tuple[str, ...]
    verdict: Verdict
    words: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    last: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    first: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    fed: bool = False
    kept: bool = False
    every: bool = False
    lowers: bool = False

    def holds(self, arguments: list[str]) -> bool:
        """Tell whether the rule holds for a call of one of its programs with these arguments."""
        return (
            (not self.words or any(like(argument, self.words) for argument in arguments))
            and (not self.also or any(like(argument, self.also) for argument in arguments))
            and (not self.last or like(arguments[-1] if arguments else "", self.last))
            and (
                not self.first or like(next((word for word in arguments if word[:1] not in ("-", "+")), ""), self.first)
            )
            and not any(has_option(argument, self.without, whole=True) for argument in arguments)
            and (not self.options or any(has_option(argument, self.options) for argument in arguments))
        )


@dataclass(frozen=True)
class GitRules:
    """Which parts of git only read."""

    subcommands: frozenset[str]
    listing: frozenset[str]
    listing_options: frozenset[str]
    forbidden: tuple[str, ...]
    deeper: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Rules:
    """All that is known about places and programs."""

    trusted_folders: tuple[str, ...]
    plain_variables: tuple[str, ...]
    steering_variables: tuple[str, ...]
    run_variables: tuple[str, ...]
    hostile_variables: tuple[str, ...]
    secret_variables: tuple[str, ...]
    helpers: frozenset[str]
    tellers: frozenset[str]
    environment: frozenset[str]
    shells: frozenset[str]
    downloaders: frozenset[str]
    senders: frozenset[str]
    feeders: frozenset[str]
    told_by_input: frozenset[str]
    kept_variables: tuple[str, ...]
    sends_with: Mapping[str, tuple[str, ...]]
    decoders: frozenset[str]
    quiet: frozenset[str]
    recursive: Mapping[str, tuple[str, ...]]
    removing: Mapping[str, tuple[str, ...]]
    setups: tuple[str, ...]
    scripts: tuple[Script, ...]
    ordinary_admin: Mapping[str, tuple[str, ...]]
    versioned: tuple[str, ...]
    interpreters: Mapping[str, str]
    code_options: tuple[str, ...]
    places: Mapping[str, tuple[str, ...]]
    wrappers: Mapping[str, Wrapper]
    wrapper_names: frozenset[str]
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


def has_option(argument: str, options: Iterable[str], whole: bool = False) -> bool:
    """Tell whether an argument is one of the options, also inside a cluster such as `-xf`, or cut short.

    `whole` asks for long options as they are written out.
    """
    for option in options:
        if fnmatch.fnmatchcase(argument, option) or (not whole and is_short_for(argument, option)):
            return True
        is_letter = len(option) == 2 and option[0] == "-" and option[1].isalnum()
        if is_letter and argument[:1] == "-" and argument[1:2] != "-" and option[1] in argument[1:]:
            return True
    return False


def is_short_for(argument: str, option: str) -> bool:
    """Tell whether an argument is a long option that is cut short, as in `--recurs` or `--checkpoint-act=x`."""
    given = argument.partition("=")[0]
    return len(given) >= SHORTEST and given[:2] == "--" and option[:2] == "--" and option.startswith(given)


@functools.lru_cache(maxsize=256)
def scripts_about(name: str) -> tuple[Script, ...]:
    """Return what is known of the words of a program that hold a command."""
    return tuple(script for script in load().scripts if like(name, script.programs))


@functools.lru_cache(maxsize=256)
def rules_about(name: str) -> tuple[Rule, ...]:
    """Return the rules that name a program."""
    return tuple(rule for rule in load().rules if like(name, rule.programs))


@functools.cache
def load() -> Rules:
    """Load the rules that come with the package."""
    data = tomllib.loads((DATA / "rules.toml").read_text("utf-8"))
    runners = tomllib.loads((DATA / "runners.toml").read_text("utf-8"))
    reads = tomllib.loads((DATA / "programs.toml").read_text("utf-8"))
    git, find = reads.pop("git"), reads.pop("find")
    return Rules(
        trusted_folders=tuple(data["trusted_folders"]),
        plain_variables=tuple(data["plain_variables"]),
        steering_variables=tuple(data["steering_variables"]),
        run_variables=tuple(runners["run_variables"]),
        hostile_variables=tuple(data["hostile_variables"]),
        secret_variables=tuple(data["secret_variables"]),
        helpers=frozenset(runners["helpers"]),
        tellers=frozenset(runners["tellers"]),
        environment=frozenset(data["environment"]),
        shells=frozenset(runners["shells"]),
        downloaders=frozenset(data["downloaders"]),
        senders=frozenset(data["senders"]),
        feeders=frozenset((*data["downloaders"], *data["feeders"])),
        told_by_input=frozenset(data["told_by_input"]),
        kept_variables=tuple(data["kept_variables"]),
        sends_with=_tuples(data["sends_with"]),
        decoders=frozenset(data["decoders"]),
        quiet=frozenset(data["quiet"]),
        recursive=_tuples(data["recursive"]),
        removing=_tuples(data["removing"]),
        setups=tuple(runners["setups"]),
        scripts=tuple(_script(entry) for entry in runners["script"]),
        ordinary_admin=_tuples(data["ordinary_admin"]),
        versioned=tuple(data["versioned"]),
        interpreters=runners["interpreters"],
        code_options=tuple(runners["code_options"]),
        places=_tuples(data["places"]),
        wrappers={name: _wrapper(name, entry) for name, entry in runners["wrappers"].items()},
        wrapper_names=frozenset(name for name in runners["wrappers"] if " " not in name),
        writes={name: Write(**_frozen(entry)) for name, entry in data["writes"].items()},
        reads={name: Read(**_frozen(entry)) for name, entry in reads.items()},
        outputs=_tuples(data["outputs"]),
        tools=data["tools"],
        find_tests=dict.fromkeys(find["alone"], 0) | dict.fromkeys(find["with_value"], 1),
        git=GitRules(
            subcommands=frozenset(git["subcommands"]),
            listing=frozenset(git["listing"]),
            listing_options=frozenset(git["listing_options"]),
            forbidden=tuple(git["forbidden"]),
            deeper=_tuples(git["deeper"]),
        ),
        rules=tuple(_rule(entry) for entry in data["rule"]),
    )


def _tuples(table: Mapping[str, Iterable[str]]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(values) for name, values in table.items()}


def _frozen(entry: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()}


def _wrapper(name: str, entry: dict[str, Any]) -> Wrapper:
    rest = {key: value for key, value in entry.items() if key not in ("level", "reason")}
    verdict = None
    if "level" in entry:
        verdict = Verdict(Level(entry["level"]), (f"`{name}` {entry['reason']}",))
    return Wrapper(**_frozen(rest), verdict=verdict)


def _script(entry: dict[str, Any]) -> Script:
    rest = {key: value for key, value in entry.items() if key not in ("level", "value")}
    level = Level(entry.get("level", "warn"))
    return Script(**_frozen(rest), value=re.compile(entry.get("value", "(?s)(.*)")), level=level)


def _rule(entry: dict[str, Any]) -> Rule:
    rest = {key: value for key, value in entry.items() if key not in ("level", "reason", "secret")}
    return Rule(**_frozen(rest), verdict=Verdict(Level(entry["level"]), (entry["reason"],), entry.get("secret", False)))


class RulesError(Exception):
    """The user's own rules can't be read; the message is one line that names the file and the mend."""


def read_rules(file: Path) -> tuple[Rule, ...]:
    """Read the user's own rules from a TOML file; no file means none. Raises `RulesError`."""
    try:
        data = tomllib.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        said = " ".join(str(error).split())
        raise RulesError(f"{file} can't be read ({said}); mend it, or move the file away") from error
    entries = data.pop("rule", [])
    if data or not isinstance(entries, list):
        raise RulesError(f"{file}: only [[rule]] tables can stand there, not {next(iter(data), 'rule')!r}")
    return tuple(_own_rule(entry, f"{file}, rule {number}") for number, entry in enumerate(entries, start=1))


def _own_rule(entry: object, place: str) -> Rule:
    """Check one of the user's rules."""
    if not isinstance(entry, dict):
        raise RulesError(f"{place}: a rule begins with [[rule]]")
    known = {"programs", "level", "reason", "words", "also", "last", "options", "first", "without", "lowers"}
    if wrong := sorted(set(entry) - known):
        raise RulesError(f"{place}: there is no key {wrong[0]!r}; there are: {', '.join(sorted(known))}")
    levels = [str(level) for level in Level]
    if entry.get("level") not in levels:
        raise RulesError(f"{place}: level must be one of {', '.join(levels)}")
    for key, value in entry.items():
        if key in ("level", "reason"):
            right = isinstance(value, str) and bool(value.strip())
        elif key == "lowers":
            right = isinstance(value, bool)
        else:
            right = isinstance(value, list) and bool(value) and all(isinstance(one, str) for one in value)
        if not right:
            raise RulesError(f"{place}: {key} has a value of the wrong kind, {value!r}")
    if not entry.get("programs"):
        raise RulesError(f'{place}: it must name its programs, as in programs = ["make"]')
    return _rule({"reason": "is told so by your own rules", **entry})
