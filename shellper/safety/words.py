"""What a word stands for once the shell has expanded it: patterns, literal values, and what can't be known."""

from __future__ import annotations

import fnmatch
import itertools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from shellper.safety.operators import worked_out
from shellper.safety.syntax import Kind, Piece, Program, Word

# A pattern is a text in which every quoted special character has a backslash before it.
SPECIAL = frozenset("*?[]{},\\")
UNITS = re.compile(r"\\.|.", re.DOTALL)
MOST_ALTERNATIVES = 64
MOST_FIELDS = 256
LONGEST_VALUE = 4096
SHELL_SPACE = " \t\n"
ASSIGNING = re.compile(r"[A-Za-z_]\w*=")
ELEMENTS = re.compile(r"\$\{(\w+)\[([@*]|\d{1,4})\]\}")
PROCESS_FILE = "/dev/fd/63"
"""What `<(...)` becomes: the name of an open pipe."""


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
    programs: tuple[Program, ...] = ()

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
        """Tell whether all of the word is known before it runs, apart from file name patterns."""
        return not self.unknown and not self.unset


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


def overlap(part: str, name: str) -> bool:
    """Tell whether two patterns for one name could stand for the same one; `*` doesn't take in a hidden name."""
    if name.startswith(".") and part[:1] in ("*", "?", "["):
        return False
    if not has_glob(name):
        return matches(part, name)
    if not has_glob(part):
        return matches(name, unescaped(part))
    heads = [re.split(r"[*?\[]", one)[0] for one in (part, name)]
    tails = [re.split(r"[*?\]]", one)[-1] for one in (part, name)]
    return (heads[0].startswith(heads[1]) or heads[1].startswith(heads[0])) and (
        tails[0].endswith(tails[1]) or tails[1].endswith(tails[0])
    )


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
            if commas:
                bounds = [start, *commas, end]
                choices = [units[left + 1 : right] for left, right in itertools.pairwise(bounds)]
            else:
                choices = _counted("".join(units[start + 1 : end]))
            if not choices:
                return None
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


def _counted(text: str) -> list[list[str]]:
    """Count up what stands in braces such as `1..5` or `a..e`; nothing where it is too much or no such range."""
    found = re.fullmatch(r"(-?\d{1,6})\.\.(-?\d{1,6})|([a-z])\.\.([a-z])|([A-Z])\.\.([A-Z])", text)
    if not found:
        return []
    first, last = (part for part in found.groups() if part is not None)
    numbers = found[1] is not None
    low, high = (int(first), int(last)) if numbers else (ord(first), ord(last))
    if abs(high - low) >= MOST_ALTERNATIVES:
        return []
    steps = range(low, high + 1) if low <= high else range(low, high - 1, -1)
    width = max(len(first), len(last)) if numbers and re.search(r"\b0\d", text) else 0
    return [list(str(step).zfill(width) if numbers else chr(step)) for step in steps]


@dataclass
class _Field:
    pattern: str = ""
    present: bool = False
    dynamic: bool = False
    unknown: bool = False
    unset: list[str] = field(default_factory=list)
    programs: list[Program] = field(default_factory=list)


@dataclass(frozen=True)
class Values:
    """What the shell's variables are known to hold.

    A name that is present with None is set to something unknown; a name that is absent is set by nothing. `words` are
    those of a script or function, where they are known.
    """

    home: str
    folder: str | None
    variables: Mapping[str, str | None]
    user: str = ""
    printed: Callable[[Program], str | None] = lambda program: None
    words: tuple[str | None, ...] | None = None
    arrays: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def of(self, name: str) -> tuple[bool, str | None]:
        """Return whether a variable is set at all, and its pattern if that is known."""
        if self.words is not None and name.isdigit() and name != "0":
            known_word = int(name) <= len(self.words)
            return known_word, self.words[int(name) - 1] if known_word else None
        if self.words is not None and name in ("@", "*"):
            return bool(self.words), None
        if name in self.arrays:
            return bool(self.arrays[name]), next(iter(self.arrays[name]), None)
        if name in self.variables:
            return True, self.variables[name]
        known = {"HOME": self.home, "PWD": self.folder, "IFS": SHELL_SPACE}
        if self.user:
            known |= {"USER": self.user, "LOGNAME": self.user}
        if name in known:
            value = known[name]
            return True, None if value is None else escaped(value)
        return False, None

    def literal(self, name: str) -> str | None:
        """Return a variable's exact text, or None if that isn't known."""
        value = self.of(name)[1]
        plain = value is not None and not has_glob(value) and alternatives(value) == [value]
        return unescaped(value) if value is not None and plain else None

    def elements(self, text: str) -> tuple[str | None, ...] | None:
        """Return the patterns that `@`, `*` or `${name[...]}` stand for, each a word of its own; None if unknown."""
        if text in ("@", "*"):
            return self.words
        found = ELEMENTS.fullmatch(text)
        array = self.arrays.get(found[1]) if found else None
        if found is None or array is None or found[2] in ("@", "*"):
            return array
        return array[int(found[2]) : int(found[2]) + 1]


def expand(word: Word, values: Values) -> list[Argument]:
    """Expand a word the way the shell would, as far as that is known before it runs."""
    fields = [_Field()]
    for piece in _with_homes(word.pieces, values):
        _add(fields, piece, values)
        if len(fields) > MOST_FIELDS or len(fields[-1].pattern) > 4 * LONGEST_VALUE:
            return [unknown_argument(word.raw)]
    arguments = []
    for part in fields:
        if not part.present and not part.pattern and not part.unknown and len(fields) > 1:
            continue
        arguments.extend(_finished(part, word.raw))
    return arguments


def _with_homes(pieces: tuple[Piece, ...], values: Values) -> tuple[Piece, ...]:
    """Expand the tilde in a word that looks like an assignment, such as `of=~/x`, as bash does."""
    first = pieces[0] if pieces else None
    if first is None or first.kind is not Kind.TEXT or first.quoted or not ASSIGNING.match(first.text):
        return pieces
    last = len(pieces) == 1
    ends = r"(?=[/:]|\Z)" if last else "(?=[/:])"
    text = re.sub(rf"(?<=[=:])~{ends}", lambda _: escaped(values.home), first.text)
    return (replace(first, text=text), *pieces[1:])


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
        _add([whole], replace(piece, quoted=True), values)
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
    elif piece.kind is Kind.PROCESS:
        current.pattern += PROCESS_FILE
        current.programs.extend(piece.programs)
    else:
        _add_programs(fields, piece, values)


def _add_programs(fields: list[_Field], piece: Piece, values: Values) -> None:
    """Add what a program prints, which is known only for the plainest ones."""
    opaque = piece.kind is Kind.OPAQUE
    elements = values.elements(piece.text) if opaque else None
    if elements is not None:
        _add_elements(fields, elements, piece.quoted, values)
        fields[-1].programs.extend(piece.programs)
        return
    printed = values.printed(piece.programs[0]) if piece.kind is Kind.PROGRAM and piece.programs else None
    text = worked_out(piece.text, values.literal) if opaque else printed
    part = _part_of_name(piece.text, values) if opaque and text is None else None
    if part is not None:
        fields[-1].pattern += part
        fields[-1].dynamic = True
    elif text is None:
        fields[-1].unknown = True
    else:
        _add_value(fields, escaped(text) if piece.quoted else text, piece.quoted, values)
    fields[-1].programs.extend(piece.programs)


def _add_elements(fields: list[_Field], elements: tuple[str | None, ...], quoted: bool, values: Values) -> None:
    """Add words of which each becomes a field of its own."""
    for place, element in enumerate(elements):
        if place:
            fields.append(_Field(dynamic=True))
        if element is None:
            fields[-1].unknown = True
        else:
            _add_value(fields, element, quoted, values)


def _part_of_name(text: str, values: Values) -> str | None:
    """Return a name that stands for a part of a known name, as in `${f%.txt}`, `${f%.*}` and `${f##*/}`."""
    found = re.fullmatch(r"\$\{(\w+)(%%?[^/}]+|##\*/)\}", text)
    value = values.of(found[1])[1] if found else None
    return None if not value or "/" in value or value[:1] in ".-~" else escaped("(part of a name)")


def _add_tilde(current: _Field, user: str, values: Values) -> None:
    known = {"": values.home, values.home.rsplit("/", 1)[-1]: values.home, "root": "/root", "+": values.folder}
    if values.user:
        known[values.user] = values.home
    folder = known.get(user)
    if folder is not None:
        current.pattern += escaped(folder)
    elif user[:1].isalpha():
        # Another user's home lies beside this one's.
        current.pattern += escaped((values.home.rpartition("/")[0] or "/home") + "/" + user)
        current.dynamic = True
    else:
        current.unknown = current.dynamic = True


def _add_variable(fields: list[_Field], piece: Piece, values: Values) -> None:
    elements = values.elements(piece.text)
    if elements is not None:
        _add_elements(fields, elements, piece.quoted, values)
        return
    is_set, value = values.of(piece.text)
    fields[-1].programs.extend(piece.programs)
    if not is_set or (value == "" and piece.otherwise):
        if not is_set:
            fields[-1].unset.append(piece.text)
        for part in piece.otherwise:
            # Its programs are among the piece's own.
            _add(fields, replace(part, programs=()), values)
    elif value is None:
        fields[-1].unknown = True
    else:
        _add_value(fields, value, piece.quoted, values)


def _add_value(fields: list[_Field], value: str, quoted: bool, values: Values) -> None:
    """Add a value as a pattern; unquoted it is split at white space, or what `IFS` says, and its `*` counts."""
    separators = SHELL_SPACE if quoted else values.literal("IFS")
    if quoted or separators == "":
        fields[-1].pattern += value
        return
    parts = re.split(f"[{re.escape(separators or SHELL_SPACE)}]+", unescaped(value))
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
