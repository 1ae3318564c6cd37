"""What is known at one point of a command, and what the stages of a pipe give the next one."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from shellper.safety.listing import Listed, plain_name
from shellper.safety.syntax import Node
from shellper.safety.words import unescaped

MOST_FOLDERS = 8
# A variable in a word, and what stands before the name of a file in `@x`, `key=@x` and `-Tx`.
USED = re.compile(r"\$\{?[#!]?(\w+|[@*])")
NAMED = re.compile(r"^-[A-Za-z]|[=@<:,\s]")
WHOLE_NUMBER = re.compile(r"-?\d{1,18}|")


@dataclass
class State:
    """What is known at one point of a command: the folders it may be in, the variables, the functions.

    `words` are the patterns of `$1`, `$2`... where they are known, None for one that isn't; `arrays` those of the
    elements of arrays. A function that is only known by its name has no body.
    """

    folders: tuple[str, ...] | None
    variables: dict[str, str | None] = field(default_factory=dict)
    functions: dict[str, Node | None] = field(default_factory=dict)
    files: dict[str, str | None] = field(default_factory=dict)
    """What this command itself writes to files: the text, or None for what the network sends."""
    words: tuple[str | None, ...] | None = None
    arrays: dict[str, tuple[str, ...]] = field(default_factory=dict)
    numbers: set[str] = field(default_factory=set)
    """The variables that hold a number, whichever it is."""
    secrets: set[str] = field(default_factory=set)
    """The variables that hold something secret."""
    secret_files: set[str] = field(default_factory=set)
    """The files, by the last part of their path, that this command itself has put something secret in."""

    def copy(self) -> State:
        """Make a state of its own for a part that can't change this one; files are the same for all."""
        variables, functions, arrays = dict(self.variables), dict(self.functions), dict(self.arrays)
        inner = State(self.folders, variables, functions, self.files, self.words, arrays, set(self.numbers))
        inner.secrets, inner.secret_files = set(self.secrets), self.secret_files
        return inner

    def called_with(self, words: tuple[str | None, ...]) -> State:
        """Make a state for a script or function that is given these words."""
        inner = self.copy()
        inner.words = words
        return inner

    def learn(self, inner: State) -> None:
        """Take over what a part that ran in the same shell has changed."""
        self.folders, self.variables = inner.folders, inner.variables
        self.functions, self.arrays, self.numbers = inner.functions, inner.arrays, inner.numbers
        self.secrets = inner.secrets

    def assign(self, name: str, value: str | None, secret: bool = False) -> None:
        """Give a variable a value, None for one that isn't known, and tell whether it is secret."""
        self.variables[name] = value
        (self.secrets.add if secret else self.secrets.discard)(name)
        self.numbers.discard(name)
        self.arrays.pop(name, None)

    def may_hold_as(self, before: State) -> None:
        """Count in that the variables that have changed since then may not have."""
        for name, old in before.variables.items():
            new = self.variables.get(name)
            if old != new:
                self.variables[name] = None if old is None or new is None else f"{{{old},{new}}}"
        self.numbers = {name for name in self.numbers if before.is_number(name)}
        self.arrays = {name: array for name, array in self.arrays.items() if before.arrays.get(name, array) == array}
        self.words = self.words if self.words == before.words or before.words is None else None

    def is_number(self, name: str) -> bool:
        """Tell whether a variable holds a whole number, or nothing."""
        value = self.variables.get(name, "")
        return name in self.numbers or (value is not None and WHOLE_NUMBER.fullmatch(unescaped(value)) is not None)

    def shows_secret(self, raw: str) -> bool:
        """Tell whether a word, as it is written, holds a variable or names a file with something secret in it."""
        if self.secrets and not self.secrets.isdisjoint(USED.findall(raw)):
            return True
        names = {plain_name(part) for part in NAMED.split(raw)} if self.secret_files else set()
        return not self.secret_files.isdisjoint(names - {""})

    def differs(self, before: State) -> bool:
        """Tell whether a variable that had a value has another one now."""
        changed = any(self.variables.get(name) != old for name, old in before.variables.items())
        return changed or self.words != before.words

    def may_also_be(self, folders: tuple[str, ...] | None) -> None:
        """Add folders that the command may be in as well."""
        if self.folders is None or folders is None:
            self.folders = None
        else:
            joined = tuple(dict.fromkeys((*self.folders, *folders)))
            self.folders = joined if len(joined) <= MOST_FOLDERS else None


@dataclass(frozen=True)
class Feed:
    """What the stages of a pipe before this one give it.

    Their programs, the text if it is known and whether that is all of it, the names that they list, whether
    something secret was read, and whether it never ends.
    """

    programs: tuple[str, ...] = ()
    text: str | None = None
    whole: bool = True
    listed: Listed | None = None
    secret: bool = False
    endless: bool = False
