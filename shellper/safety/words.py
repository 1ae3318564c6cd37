"""What a word stands for once the shell has expanded it: patterns, literal values, and what can't be known."""

from __future__ import annotations

import fnmatch
import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from shellper.safety.lexer import Kind, Piece, Word

# A pattern is a text in which every quoted special character has a backslash before it.
SPECIAL = frozenset("*?[]{},\\")
UNITS = re.compile(r"\\.|.", re.DOTALL)
MOST_ALTERNATIVES = 64
MOST_FIELDS = 256
LONGEST_VALUE = 4096
SHELL_SPACE = " \t\n"


@dataclass(frozen=True)
class Argument:
    """One field after expansion.

    `pattern` holds what is known; parts that aren't are left out. `unset` names the variables among them that nothing
    sets, which are empty in the sandbox's clean environment; `unknown` tells that other parts are open.
    """

    pattern: str
    raw: str
    dynamic: bool = False
    unknown: bool = False
    unset: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()

    @cached_property
    def is_glob(self) -> bool:
        """Tell whether the shell would match the pattern against file names."""
        return has_glob(self.pattern)

    @cached_property
    def literal(self) -> str | None:
        """The exact text, or None if it isn't known before the command runs."""
        if self.unknown or self.unset or self.is_glob:
            return None
        return unescaped(self.pattern)

    @property
    def is_proven(self) -> bool:
        """Tell whether the word is written out in full, apart from file name patterns."""
        return not self.dynamic


def literal_argument(value: str, raw: str | None = None) -> Argument:
    """Make an argument that is exactly this text."""
    return Argument(escaped(value), value if raw is None else raw)


def unknown_argument(raw: str) -> Argument:
    """Make an argument of which nothing is known."""
    return Argument("", raw, dynamic=True, unknown=True)


def escaped(text: str) -> str:
    """Turn a text into the pattern that matches only it."""
    return "".join("\\" + character if character in SPECIAL else character for character in text)


def unescaped(pattern: str) -> str:
    """Turn a pattern without active characters into its text."""
    return "".join(unit[-1] for unit in UNITS.findall(pattern))


def has_glob(pattern: str) -> bool:
    """Tell whether a pattern has an active `*`, `?` or `[...]`."""
    units = UNITS.findall(pattern)
    if "*" in units or "?" in units:
        return True
    return "[" in units and "]" in units[units.index("[") + 1 :]


def matches(pattern: str, name: str) -> bool:
    """Tell whether a pattern for one path component could match a name."""
    if not has_glob(pattern):
        return unescaped(pattern) == name
    # fnmatch quotes with brackets, and negates a set only with `!`.
    parts = [f"[{unit[1]}]" if len(unit) == 2 and unit[1] in "*?[" else unit[-1] for unit in UNITS.findall(pattern)]
    return fnmatch.fnmatchcase(name, "".join(parts).replace("[^", "[!"))


def alternatives(pattern: str) -> list[str] | None:
    """Expand braces such as `{a,b}`, or return None if they count up or give too many words."""
    if pattern.count("{") > MOST_ALTERNATIVES:
        return None
    results, waiting = [], [UNITS.findall(pattern)]
    while waiting:
        units = waiting.pop()
        place = _braces(units)
        if place is None:
            results.append("".join(units))
        else:
            start, commas, end = place
            if not commas:
                return None
            bounds = [start, *commas, end]
            choices = [units[left + 1 : right] for left, right in itertools.pairwise(bounds)]
            waiting.extend(units[:start] + choice + units[end + 1 :] for choice in reversed(choices))
        if len(results) + len(waiting) > MOST_ALTERNATIVES:
            return None
    return results


def _braces(units: list[str]) -> tuple[int, list[int], int] | None:
    """Find the first braces that expand: their start, their commas (none for a range), their end."""
    for start, unit in enumerate(units):
        if unit != "{":
            continue
        depth, commas = 0, []
        for place in range(start, len(units)):
            depth += (units[place] == "{") - (units[place] == "}")
            if units[place] == "," and depth == 1:
                commas.append(place)
            if depth == 0:
                if commas or ".." in "".join(units[start:place]):
                    return start, commas, place
                break
    return None


@dataclass
class _Field:
    pattern: str = ""
    present: bool = False
    dynamic: bool = False
    unknown: bool = False
    unset: list[str] = field(default_factory=list)
    programs: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Values:
    """What the shell's variables are known to hold.

    A name that is present with None is set to something unknown; a name that is absent is set by nothing.
    """

    home: str
    folder: str | None
    variables: Mapping[str, str | None]

    def of(self, name: str) -> tuple[bool, str | None]:
        """Return whether a variable is set at all, and its pattern if that is known."""
        if name in self.variables:
            return True, self.variables[name]
        known = {"HOME": self.home, "PWD": self.folder, "IFS": SHELL_SPACE}
        if name in known:
            value = known[name]
            return True, None if value is None else escaped(value)
        return False, None


def expand(word: Word, values: Values) -> list[Argument]:
    """Expand a word the way the shell would, as far as that is known before it runs."""
    fields = [_Field()]
    for piece in word.pieces:
        _add(fields, piece, values)
        if len(fields) > MOST_FIELDS or len(fields[-1].pattern) > 4 * LONGEST_VALUE:
            return [unknown_argument(word.raw)]
    arguments = []
    for part in fields:
        if not part.present and not part.pattern and not part.unknown and len(fields) > 1:
            continue
        arguments.extend(_finished(part, word.raw))
    return arguments


def assigned(word: Word, values: Values) -> tuple[str, str | None] | None:
    """Read `NAME=value` and return the name with its pattern, None for a value that isn't known."""
    found = re.match(r"([A-Za-z_][A-Za-z0-9_]*)(\+?)=", word.raw)
    if not found:
        return None
    first = word.pieces[0]
    rest = Piece(first.kind, first.text[found.end() :], first.quoted)
    pieces = (rest, *word.pieces[1:])
    # A value isn't split into words, so every piece counts as quoted, but a leading tilde is still home.
    whole = _Field()
    for piece in pieces:
        _add([whole], Piece(piece.kind, piece.text, True, piece.programs), values)
        if len(whole.pattern) > LONGEST_VALUE:
            return found.group(1), None
    if found.group(2) or whole.unknown or whole.unset or len(whole.pattern) > LONGEST_VALUE:
        return found.group(1), None
    pattern = whole.pattern
    if not rest.quoted and rest.text.startswith("~") and rest.text[1:2] in ("", "/"):
        pattern = escaped(values.home) + pattern[1:]
    return found.group(1), pattern


def _add(fields: list[_Field], piece: Piece, values: Values) -> None:
    current = fields[-1]
    current.dynamic |= piece.kind not in (Kind.TEXT, Kind.GLOB, Kind.TILDE)
    if piece.kind is Kind.TEXT:
        current.pattern += escaped(piece.text) if piece.quoted else piece.text
        current.present = True
    elif piece.kind is Kind.GLOB:
        current.pattern += escaped(piece.text) if piece.quoted else piece.text
    elif piece.kind is Kind.TILDE:
        _add_tilde(current, piece.text, values)
    elif piece.kind is Kind.VARIABLE:
        _add_variable(fields, piece, values)
    else:
        if piece.kind is Kind.PROGRAM and piece.text.strip() == "pwd" and values.folder is not None:
            current.pattern += escaped(values.folder)
        else:
            current.unknown = True
        current.programs.extend([piece.text] if piece.kind is not Kind.OPAQUE else piece.programs)


def _add_tilde(current: _Field, user: str, values: Values) -> None:
    if user == "" or values.home.rsplit("/", 1)[-1] == user:
        current.pattern += escaped(values.home)
    elif user == "+" and values.folder is not None:
        current.pattern += escaped(values.folder)
    else:
        current.unknown = current.dynamic = True


def _add_variable(fields: list[_Field], piece: Piece, values: Values) -> None:
    is_set, value = values.of(piece.text)
    if not is_set:
        fields[-1].unset.append(piece.text)
    elif value is None:
        fields[-1].unknown = True
    elif piece.quoted:
        fields[-1].pattern += value
    else:
        # Unquoted, the value is split at white space, and its `*` counts.
        parts = re.split(f"[{SHELL_SPACE}]+", unescaped(value))
        fields[-1].pattern += parts[0]
        fields.extend(_Field(pattern=part, dynamic=True) for part in parts[1:])


def _finished(part: _Field, raw: str) -> list[Argument]:
    found = alternatives(part.pattern)
    unknown = part.unknown or found is None
    return [
        Argument(
            pattern=pattern,
            raw=raw,
            dynamic=part.dynamic or found is None,
            unknown=unknown,
            unset=tuple(part.unset),
            # The programs of a word run once, however many words its braces make.
            programs=tuple(part.programs) if place == 0 else (),
        )
        for place, pattern in enumerate(found or [""])
    ]
