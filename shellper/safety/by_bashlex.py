"""The second reader: bashlex gives the structure of a command, our own lexer the words, and the two must agree."""

from __future__ import annotations

import contextlib
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from shellper.safety.lexer import REDIRECTIONS, Operator, Tokens
from shellper.safety.syntax import Compound, Node, Redirect, Simple, Tree, Unreadable, Word

RESERVED = frozenset(
    {"!", "{", "}", "[[", "]]", "case", "coproc", "do", "done", "elif", "else", "esac", "fi", "for"}
    | {"function", "if", "in", "select", "then", "time", "until", "while"}
)
# bashlex never returns from a `${` without a `}` in the same word, even in single quotes.
ENDLESS = re.compile(r"\$\{(?![^\s'\"`;|&<>()]*\})")
LONGEST_READING = 1.0
# Without expansions and escapes it has nothing to search for; watching it would cost more than the reading.
TAME = re.compile(r"""(?:[^'"$`\\{}()<\n]|'[^'\n]*'|"[^"$`\\\n]*"){0,500}""")
ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\+?=")
ELEMENT_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\[[^\]]*\]\+?=")


def read(text: str, tokens: Tokens) -> Tree:
    """Read a text, or raise `Unreadable` if there is nothing to go by.

    Where bashlex gives up, or the two don't agree on the words, the commands are cut apart at the operators, so that
    rules can still raise the level, and the doubt is reported.
    """
    if not any(isinstance(item, Word) for item in tokens.items):
        raise Unreadable("no command")
    reading = _bashlex(text)
    if isinstance(reading, str):
        return Tree(_pieces(tokens), (reading, *tokens.doubts))
    builder = _Builder(tokens)
    try:
        root = builder.build(reading)
    except (KeyError, AttributeError, TypeError, RecursionError):
        return Tree(_pieces(tokens), ("its structure", *tokens.doubts))
    if not builder.agrees():
        return Tree(_pieces(tokens), ("its words", *tokens.doubts))
    return Tree(root, (*builder.doubts, *tokens.doubts))


def places(text: str) -> list[tuple[tuple[int, int], ...]] | None:
    """List the simple commands by the places of their words as bashlex alone sees them; None if it gives up."""
    reading = _bashlex(text)
    return None if isinstance(reading, str) else [found for tree in reading for found in _places(tree)]


def _places(node: Any) -> Iterator[tuple[tuple[int, int], ...]]:
    if node.kind == "command":
        words = tuple(tuple(part.pos) for part in node.parts if part.kind == "word")
        if words:
            yield words
        return
    for part in (*getattr(node, "parts", ()), *getattr(node, "list", ())):
        if part.kind not in ("word", "reservedword"):
            yield from _places(part)


def _bashlex(text: str) -> list[Any] | str:
    """Return bashlex's trees, or what kept it from reading."""
    # bashlex takes 200 ms to import.
    import bashlex
    import bashlex.errors

    if ENDLESS.search(text):
        return "an unusual `${`"
    try:
        if TAME.fullmatch(text):
            return list(bashlex.parse(text))
        with _deadline(LONGEST_READING):
            return list(bashlex.parse(text))
    except bashlex.errors.ParsingError:
        return "a syntax error, or syntax that bashlex doesn't know"
    except RecursionError:
        return "too deep nesting"
    except _TooLongError:
        return "it takes too long"
    except Exception:
        # bashlex raises NotImplementedError, AttributeError, IndexError and others on texts it doesn't expect.
        return "syntax that bashlex doesn't know"


class _TooLongError(Exception):
    """A reading that ran past its deadline."""


@contextlib.contextmanager
def _deadline(seconds: float) -> Iterator[None]:
    """Stop what runs inside after that much work of this thread, as long as it calls functions."""
    end = time.thread_time() + seconds
    before = sys.gettrace()

    def check(*_: object) -> None:
        if time.thread_time() > end:
            raise _TooLongError

    sys.settrace(check)
    try:
        yield
    finally:
        sys.settrace(before)


@dataclass
class _Builder:
    """Turns bashlex's nodes into ours, with the second reader's words."""

    tokens: Tokens
    seen: set[tuple[int, int]] = field(default_factory=set)
    doubts: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.words = {(item.start, item.end): item for item in self.tokens.items if isinstance(item, Word)}

    def build(self, trees: list[Any]) -> Node:
        parts = tuple(self.node(tree) for tree in trees)
        return parts[0] if len(parts) == 1 else Compound("list", parts, (";",) * (len(parts) - 1))

    def agrees(self) -> bool:
        operators = {(item.start, item.end) for item in self.tokens.items if isinstance(item, Operator)}
        return self.seen - operators == set(self.words) - self.tokens.descriptors

    def node(self, node: Any) -> Node:
        match node.kind:
            case "command":
                return self.simple(node)
            case "list":
                return self.sequence(node)
            case "pipeline":
                stages = [part for part in node.parts if part.kind not in ("pipe", "reservedword")]
                self.see_reserved(node.parts)
                return Compound("pipe", tuple(self.node(stage) for stage in stages))
            case "compound":
                return self.compound(node)
            case "if" | "while" | "until":
                self.see_reserved(node.parts)
                parts = tuple(self.node(part) for part in node.parts if part.kind != "reservedword")
                return Compound("if" if node.kind == "if" else "loop", parts)
            case "for":
                return self.loop(node)
            case "function":
                return self.function(node)
            case _:
                raise KeyError(node.kind)

    def simple(self, node: Any) -> Simple:
        assignments: list[Word] = []
        words: list[Word] = []
        redirects: list[Redirect] = []
        for part in node.parts:
            if part.kind == "redirect":
                redirects.append(self.redirect(part))
                continue
            word = self.word(part)
            if part.kind == "assignment" and not words:
                assignments.append(word)
                continue
            if not words and word.raw in RESERVED:
                # bashlex takes `coproc` for a program.
                raise KeyError(word.raw)
            if not words and ELEMENT_ASSIGNMENT.match(word.raw):
                self.doubts.append("an assignment to an element of an array")
            words.append(word)
        return Simple(tuple(words), tuple(assignments), tuple(redirects))

    def sequence(self, node: Any) -> Node:
        parts = [self.node(part) for part in node.parts if part.kind != "operator"]
        operators = [part.op for part in node.parts if part.kind == "operator"]
        if len(parts) == 1 and operators in ([";"], ["\n"]):
            return parts[0]
        return Compound("list", tuple(parts), tuple(operators))

    def compound(self, node: Any) -> Node:
        self.see_reserved(node.list)
        inner = [part for part in node.list if part.kind != "reservedword"]
        opening = node.list[0]
        kind = "group"
        if opening.kind == "reservedword" and opening.word == "(":
            kind = "subshell"
        redirects = tuple(self.redirect(part) for part in getattr(node, "redirects", []))
        return Compound(kind, tuple(self.node(part) for part in inner), redirects=redirects)

    def loop(self, node: Any) -> Node:
        self.see_reserved(node.parts)
        words = tuple(self.word(part) for part in node.parts if part.kind == "word")
        body = tuple(self.node(part) for part in node.parts if part.kind not in ("reservedword", "word"))
        return Compound("for", body, words=words)

    def function(self, node: Any) -> Node:
        self.see_reserved(node.parts)
        names = tuple(self.word(part) for part in node.parts if part.kind == "word")
        body = tuple(self.node(part) for part in node.parts if part.kind not in ("reservedword", "word"))
        return Compound("function", body, words=names)

    def redirect(self, node: Any) -> Redirect:
        if not hasattr(node.output, "pos"):
            return Redirect(node.type, None)
        target = self.word(node.output)
        return Redirect(node.type, target, self.tokens.documents.get(target.start))

    def word(self, node: Any) -> Word:
        place = tuple(node.pos)
        self.seen.add(place)
        return self.words[place]

    def see_reserved(self, nodes: list[Any]) -> None:
        self.seen.update(tuple(node.pos) for node in nodes if node.kind == "reservedword")


def _pieces(tokens: Tokens) -> Node:
    """Cut the tokens into simple commands at the operators, without a structure."""
    parts: list[Node] = []
    operators: list[str] = []
    for run, operator in _runs(tokens):
        simple = _simple(run, tokens)
        if simple.words or simple.assignments or simple.redirects:
            parts.append(simple)
            operators.append(operator)
    stages: list[Node] = []
    grouped: list[Node] = []
    joins: list[str] = []
    for part, operator in zip(parts, operators, strict=True):
        stages.append(part)
        if operator not in ("|", "|&"):
            grouped.append(stages[0] if len(stages) == 1 else Compound("pipe", tuple(stages)))
            joins.append(operator if operator == "&&" else ";")
            stages = []
    if stages:
        grouped.append(Compound("pipe", tuple(stages)))
        joins.append(";")
    return Compound("list", tuple(grouped), tuple(joins))


def _runs(tokens: Tokens) -> Iterator[tuple[list[Word | Operator], str]]:
    run: list[Word | Operator] = []
    for item in tokens.items:
        if isinstance(item, Operator) and item.text not in REDIRECTIONS:
            yield run, item.text
            run = []
        else:
            run.append(item)
    yield run, ";"


def _simple(run: list[Word | Operator], tokens: Tokens) -> Simple:
    words: list[Word] = []
    assignments: list[Word] = []
    redirects: list[Redirect] = []
    operator = ""
    for item in run:
        if isinstance(item, Operator):
            operator = item.text
        elif (item.start, item.end) in tokens.descriptors:
            operator = ""
        elif operator:
            redirects.append(Redirect(operator, item, tokens.documents.get(item.start)))
            operator = ""
        elif not words and (item.raw in RESERVED or item.raw == "-p"):
            continue
        elif not words and ASSIGNMENT.match(item.raw):
            assignments.append(item)
        else:
            words.append(item)
    return Simple(tuple(words), tuple(assignments), tuple(redirects))
