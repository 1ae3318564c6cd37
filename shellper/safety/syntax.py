"""The tree of a command: what both readers turn a text into, and all that the rules look at."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Unreadable(Exception):  # noqa: N818 (it names the text, and isn't an error of ours)
    """Text that can't be read with certainty; the message names the part in plain words."""


class Kind(enum.Enum):
    """What a piece of a word is."""

    TEXT = "text"
    GLOB = "glob"
    TILDE = "tilde"
    VARIABLE = "variable"
    PROGRAM = "program"
    PROCESS = "process"
    OPAQUE = "opaque"


@dataclass(frozen=True)
class Program:
    """A program inside a word: its text, and its tree where it has been read already."""

    text: str
    root: Node | None = None


@dataclass(frozen=True)
class Piece:
    """A part of a word that is read in one way.

    `text` is the text itself, the name of a variable, or the text of an inner program. `programs` are the inner
    program, or those hidden in an opaque piece; `otherwise` is what stands for a variable that isn't set.
    """

    kind: Kind
    text: str
    quoted: bool = False
    programs: tuple[Program, ...] = ()
    otherwise: tuple[Piece, ...] = ()


@dataclass(frozen=True)
class Word:
    """A word of a command with its place in the text, and for `name=(...)` the elements where they are plain words."""

    start: int
    end: int
    pieces: tuple[Piece, ...]
    raw: str
    elements: tuple[Word, ...] | None = None


@dataclass(frozen=True)
class HereDocument:
    """The lines that follow `<<`: their text, the programs that would run in them, and its pieces if it is expanded."""

    text: str
    literal: bool
    programs: tuple[Program, ...]
    pieces: tuple[Piece, ...] = ()


@dataclass(frozen=True)
class Redirect:
    """A redirection; without a target it only copies or closes a file descriptor."""

    operator: str
    target: Word | None
    document: HereDocument | None = None


@dataclass(frozen=True)
class Simple:
    """One program with its words, the assignments before it, and its redirections."""

    words: tuple[Word, ...]
    assignments: tuple[Word, ...] = ()
    redirects: tuple[Redirect, ...] = ()


@dataclass(frozen=True)
class Compound:
    """Commands that belong together.

    `kind` is `list`, `pipe`, `subshell`, `group`, `if`, `loop`, `for`, `case`, `function`, `coproc`, `test`,
    `arithmetic` or `prompt`. In a list, `operators[i]` follows `parts[i]`. `words` are the loop's variable and its
    words, the function's name, the case's words, the words of a test, or the variables of a sum.
    """

    kind: str
    parts: tuple[Node, ...]
    operators: tuple[str, ...] = ()
    words: tuple[Word, ...] = ()
    redirects: tuple[Redirect, ...] = ()


Node = Simple | Compound


@dataclass(frozen=True)
class Tree:
    """What was read, in plain words what wasn't read with certainty, and whether only one reader was there."""

    root: Node
    doubts: tuple[str, ...]
    lone: bool = False


def commands(node: Node) -> list[tuple[tuple[int, int], ...]]:
    """List the simple commands of a tree by the places of their words, without those inside words."""
    if isinstance(node, Simple):
        return [tuple((word.start, word.end) for word in node.words)] if node.words else []
    return [found for part in node.parts for found in commands(part)]
