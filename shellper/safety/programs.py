"""What a program does with its words: the read-only table, the writing programs, and the rules."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from shellper.safety import reads, told
from shellper.safety.changing import changes, unpacked
from shellper.safety.characters import looks_plain, two_scripts
from shellper.safety.listing import Listed
from shellper.safety.network import sends
from shellper.safety.paths import deleted, read_secrets
from shellper.safety.places import Places
from shellper.safety.rules import Read, Rule, Rules, has_option, like, rules_about
from shellper.safety.verdict import Level, Verdict, allow, block, confirm, shown, warn
from shellper.safety.words import Argument, literal_argument, matches, unescaped

if TYPE_CHECKING:
    from shellper.safety.state import State
    from shellper.safety.walk import Walk


@dataclass(frozen=True)
class Call:
    """A program with its words, and what it is given.

    The programs that feed it, the texts it gets as input (None if unknown), the names that are listed for it, whether
    something secret is among all that, the targets of its redirections, whether its words are all that the same
    program lists, and whether its input never ends.
    """

    arguments: tuple[Argument, ...]
    piped_from: tuple[str, ...] = ()
    documents: tuple[str | None, ...] = ()
    has_input: bool = False
    has_output: bool = False
    secret: bool = False
    listed: Listed | None = None
    targets: tuple[str, ...] = ()
    every: bool = False
    endless: bool = False

    @property
    def name(self) -> str:
        """The program's plain name."""
        text = unescaped(self.arguments[0].pattern)
        return text.rpartition("/")[2] or text

    @property
    def rest(self) -> tuple[Argument, ...]:
        """All words but the program."""
        return self.arguments[1:]

    def of(self, arguments: Sequence[Argument]) -> Call:
        """Make a call of other words in the same place."""
        return replace(self, arguments=tuple(arguments))


# Commands of the shell that work out the index of an array element, and so run what stands in it.
SUBSCRIPTING = (
    *("test", "[", "printf", "read", "unset", "let", "declare", "typeset"),
    *("local", "export", "wait", "readonly", "mapfile"),
)
# Variables in which people say which program they like.
OWN_CHOICE = ("EDITOR", "VISUAL", "PAGER", "BROWSER", "SHELL")
HELP = (["--help"], ["--version"])

Handler = Callable[["Call", "Walk", "State"], Iterator[Verdict]]


def judge_call(call: Call, walk: Walk, state: State) -> Iterator[Verdict]:
    """Judge one call."""
    # nested imports this module: a program inside a program is judged here again.
    from shellper.safety.nested import handler_of

    first = call.arguments[0]
    if first.literal is None and first.is_glob and not first.unknown and not first.unset:
        yield warn(f"which program {shown(first.raw)} stands for is only known when it runs")
        for name in _could_be(first.pattern.rpartition("/")[2], walk.places.rules):
            yield from judge_call(call.of([literal_argument(name, first.raw), *call.rest]), walk, state)
        return
    if first.raw.strip('"{}$') in OWN_CHOICE and first.unset and not first.pattern:
        # The user's own setting, which the command doesn't touch.
        yield confirm(f"runs the program that {shown(first.raw)} names in your settings")
        shell = call.of([literal_argument("bash"), *call.rest]) if "SHELL" in first.unset else None
        yield from judge_call(shell, walk, state) if shell else ()
        return
    if first.literal is None:
        yield warn(f"which program {shown(first.raw)} stands for is only known when it runs")
        guess = told.guessed([unescaped(argument.pattern) for argument in call.rest])
        guesses = judge_call(call.of([literal_argument(guess), *call.rest]), walk, state) if guess else ()
        yield from (verdict for verdict in guesses if verdict.level is Level.BLOCK)
        return
    if two_scripts(first.literal) or looks_plain(first.literal):
        yield block(f"{shown(first.literal)} has letters of another script to look like another program")
        return
    name, trusted = _name(first.literal, walk.places)
    literals = [unescaped(argument.pattern) for argument in call.rest]
    if literals in HELP and _is_known(name, walk.places.rules) and trusted and name not in state.functions:
        yield allow(f"shows what `{name}` says of itself")
        return
    own = [rule for rule in walk.places.context.rules if like(name, rule.programs) and rule.holds(literals)]
    said = _said(name, call, [*rules_about(name), *own], literals, walk.places.rules)
    found = [
        Verdict(verdict.level, tuple(f"`{name}` {reason}" for reason in verdict.reasons), verdict.secret)
        for verdict in said
    ]
    found.extend(told.by_words(name, call, literals, walk, state))
    effects = list(_effects(name, call, walk, state, handler_of(name, call.rest, walk.places.rules)))
    if any(verdict.level > Level.ALLOW for verdict in said):
        # A rule has said what the program does.
        effects = [verdict for verdict in effects if verdict != _unknown(name)]
    if first.dynamic or name in state.functions:
        found.append(confirm(f"which program {shown(first.raw)} stands for is decided in the command itself"))
    fetched = state.files.get(name, "") is None
    if fetched and not (trusted and _is_known(name, walk.places.rules)):
        found.append(block(f"{shown(first.literal)} runs whatever the network sends"))
    elif not trusted and state.files.get(name):
        found.extend(walk.inner(state.files[name] or "", state))
    if not trusted:
        found.append(confirm(f"runs {shown(first.literal)}, which isn't a program of the system"))
    if found:
        effects = [verdict for verdict in effects if verdict.level is not Level.ALLOW]
    lowest = min((rule.verdict.level for rule in own if rule.lowers), default=None)
    for verdict in (*found, *effects):
        # What is blocked stays so, whatever a rule of the user's says.
        kept = lowest is None or verdict.level is Level.BLOCK
        yield verdict if kept else replace(verdict, level=min(verdict.level, lowest or verdict.level))


def _said(name: str, call: Call, known: Sequence[Rule], literals: list[str], rules: Rules) -> list[Verdict]:
    """Return what the rules that hold say of a call."""
    orders = told.orders(call) if name in rules.told_by_input else []
    fed = bool(call.piped_from or call.documents or call.has_input)
    every = call.every or any(told.lists_all(name, program.text) for word in call.rest for program in word.programs)
    return [
        rule.verdict
        for rule in known
        if rule.holds([*literals, *orders]) and rule.fed <= fed and rule.kept <= call.has_output and rule.every <= every
    ]


def _is_known(name: str, rules: Rules) -> bool:
    tables = (rules.reads, rules.writes, rules.wrappers, rules.shells, rules.senders, rules.ordinary_admin)
    return any(name in table for table in tables) or like(name, rules.versioned) or bool(rules_about(name))


def _could_be(pattern: str, rules: Rules) -> list[str]:
    """Name the programs that change things and that a pattern could stand for."""
    names = (*rules.writes, *rules.shells, *rules.senders, "dd", "mkfs", "shred", "find")
    return [name for name in dict.fromkeys(names) if matches(pattern, name)]


def _name(text: str, places: Places) -> tuple[str, bool]:
    """Return a program's plain name, and whether it is the system's program of that name."""
    folder, slash, name = text.rpartition("/")
    return (name or text), not slash or folder in places.rules.trusted_folders


def _effects(name: str, call: Call, walk: Walk, state: State, handler: Handler | None) -> Iterator[Verdict]:
    # options judges calls, too.
    from shellper.safety.options import judge_scripts, passed_on

    rules = walk.places.rules
    read, words = _read_of(name, call, rules)
    write, leading = longest(rules.writes, name, call.rest)
    rest = call.rest[words:]
    if not (read and (read.names or read.free)) and name not in rules.quiet:
        deep = name in rules.recursive and (not rules.recursive[name] or _has_any(rest, rules.recursive[name]))
        operands = reads.operands_of(read, rest) if read else rest
        if deep and len(operands) == 0:
            operands = [literal_argument(".")]
        for argument in operands:
            # What is read in part ends.
            partly = name == "head" and argument.literal in rules.places["endless"]
            yield from () if partly else read_secrets(argument, walk.places, state.folders, below=deep)
    if name in rules.senders:
        yield from sends(name, call, walk, state)
    if name in SUBSCRIPTING:
        for argument in (word for word in call.rest if not word.programs and _subscript_runs(name, word)):
            yield warn(f"{shown(argument.raw)} hides a command that `{name}` can run")
    if state.folders is None and read and not (read.names or read.free):
        for argument in reads.operands_of(read, rest):
            if not argument.pattern.startswith("/"):
                yield confirm(f"which file {shown(argument.raw)} is, depends on a folder that isn't known")
    for _, target in reads.option_values(rules.outputs.get(name, ()), call.rest):
        if target.literal == "-":
            continue
        yield from unpacked(target, walk.places, state.folders)
        if name in rules.downloaders and walk.places.starts(target, state.folders):
            yield block(f"puts what the network sends into {shown(target.raw)}, which runs by itself")
    yield from judge_scripts(name, call, walk, state)
    if _has_any(rest, rules.removing.get(name, ())):
        for argument in rest:
            lost = deleted(argument, walk.places, state.folders) if not argument.pattern.startswith("-") else ()
            yield from (verdict for verdict in lost if verdict.level is Level.BLOCK)
    if handler and not words:
        yield from handler(call, walk, state)
    elif read:
        doubt = reads.why_not_read(name, read, rest)
        if doubt and write:
            yield from changes(name, write, call.rest, walk.places, state.folders)
        found = proven(" ".join([name, *(argument.raw for argument in call.rest[:words])]), doubt)
        yield replace(found, secret=found.secret or (name in rules.environment and not reads.operands_of(read, rest)))
    elif write:
        yield from changes(name, write, call.rest[leading:], walk.places, state.folders)
    elif like(name, rules.versioned) and _texts(call.rest) in (["--version"], ["-V"], ["-v"], ["version"], ["--help"]):
        yield allow(f"shows the version of `{name}`")
    else:
        yield _unknown(name)
        yield from passed_on(name, call, walk, state)


def _read_of(name: str, call: Call, rules: Rules) -> tuple[Read | None, int]:
    """Return what is known of a reading program, and how many words after its name belong to that."""
    found, words = longest(rules.reads, name, call.rest)
    if words == 0 and (name in rules.shells or longest(rules.wrappers, name, call.rest)[0]):
        return None, 0
    return found, words


Known = TypeVar("Known")


def longest(table: Mapping[str, Known], name: str, arguments: Sequence[Argument]) -> tuple[Known | None, int]:
    """Return what a table says of a program and its first words, and how many words that takes after the name."""
    words = _texts(arguments[:2])
    for count in range(len(words), -1, -1):
        found = table.get(" ".join([name, *words[:count]]))
        if found:
            return found, count
    return None, 0


def _texts(arguments: Sequence[Argument]) -> list[str]:
    return [unescaped(argument.pattern) for argument in arguments]


def _has_any(arguments: Sequence[Argument], options: Sequence[str]) -> bool:
    return any(has_option(text, options) for text in _texts(arguments))


def _unknown(name: str) -> Verdict:
    return confirm(f"{shown(name)} isn't known to be read-only")


def _subscript_runs(name: str, argument: Argument) -> bool:
    """Tell whether a quoted word hides a command in an index, or in a value that is read as shell text."""
    text = unescaped(argument.pattern)
    if name in ("declare", "typeset", "local", "readonly", "export"):
        return "$(" in text or "`" in text
    return re.search(r"\[.*(?:\$\(|`)", text) is not None


def proven(name: str, doubt: str | None) -> Verdict:
    """Turn a proof, or what is missing in it, into a verdict."""
    return confirm(doubt) if doubt else allow(f"`{name}` only reads")
