"""From shfmt's syntax tree to ours.

The names of nodes and fields are those of the Go package `syntax` of mvdan/sh. Offsets count bytes.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from shellper.safety.ansi_c import decoded
from shellper.safety.syntax import (
    Compound,
    HereDocument,
    Kind,
    Node,
    Piece,
    Program,
    Redirect,
    Simple,
    Unreadable,
    Word,
)

MOST_NESTING = 40
TILDE = re.compile(r"~[A-Za-z0-9_.+-]*(?=/|\Z)")
NUMBER = re.compile(r"\d+|-|\d+-")
# bashlex 0.18 doesn't read these inside `$(...)`.
JOINED = re.compile(r"&|\|\|")

Json = dict[str, Any]


@dataclass
class Converter:
    """Turns shfmt's nodes into ours; `base` is where the text begins in what shfmt read, in bytes."""

    text: str
    base: int = 0
    beyond: set[str] = field(default_factory=set)
    depth: int = 0

    def __post_init__(self) -> None:
        self.places: list[int] | None = None
        if not self.text.isascii():
            widths = (len(character.encode()) for character in self.text)
            starts = list(itertools.accumulate(widths, initial=0))
            self.places = [0] * (starts[-1] + 1)
            for place, start in enumerate(starts):
                self.places[start] = place

    def span(self, node: Json) -> tuple[int, int]:
        """Return a node's place in characters."""
        start, end = node["Pos"]["Offset"] - self.base, node["End"]["Offset"] - self.base
        return (start, end) if self.places is None else (self.places[start], self.places[end])

    def raw(self, node: Json) -> str:
        """Return a node's text."""
        start, end = self.span(node)
        return self.text[start:end]

    def statements(self, statements: list[Json]) -> Node:
        """Turn statements that follow each other into one node."""
        self.depth += 1
        if self.depth > MOST_NESTING:
            raise Unreadable("too deep nesting")
        parts = tuple(self.statement(statement) for statement in statements)
        operators = tuple("&" if statement.get("Background") else ";" for statement in statements)
        self.depth -= 1
        return parts[0] if len(parts) == 1 and operators == (";",) else Compound("list", parts, operators)

    def statement(self, statement: Json) -> Node:
        """Turn a statement, whose background mark is its list's, into a node."""
        redirects = tuple(self.redirect(redirect) for redirect in statement.get("Redirs") or [])
        command = statement.get("Cmd")
        if command is None:
            return Simple((), (), redirects)
        node = self.command(command)
        if statement.get("Coprocess"):
            node = Compound("coproc", (node,))
        if not redirects:
            return node
        if isinstance(node, Simple):
            return Simple(node.words, node.assignments, node.redirects + redirects)
        if node.redirects or node.kind in ("list", "pipe"):
            return Compound("group", (node,), redirects=redirects)
        return Compound(node.kind, node.parts, node.operators, node.words, redirects)

    def command(self, node: Json) -> Node:
        """Turn a command into a node."""
        match node["Type"]:
            case "CallExpr":
                assignments = tuple(self.assignment(assign) for assign in node.get("Assigns") or [])
                return Simple(tuple(map(self.word, node.get("Args") or [])), assignments)
            case "BinaryCmd":
                return self.binary(node)
            case "Block":
                return Compound("group", (self.statements(node.get("Stmts") or []),))
            case "Subshell":
                return Compound("subshell", (self.statements(node.get("Stmts") or []),))
            case "IfClause":
                return Compound("if", tuple(self.branches(node)))
            case "WhileClause":
                parts = (self.statements(node.get("Cond") or []), self.statements(node.get("Do") or []))
                return Compound("loop", parts)
            case "ForClause":
                return self.loop(node)
            case "CaseClause":
                return self.case(node)
            case "FuncDecl":
                return self.function(node)
            case "TimeClause":
                self.beyond.add("time")
                return self.statement(node["Stmt"]) if node.get("Stmt") else Compound("test", ())
            case "CoprocClause":
                self.beyond.add("coproc")
                return Compound("coproc", (self.statement(node["Stmt"]),))
            case "TestClause":
                self.beyond.add("[[")
                return Compound("test", (self.arithmetic(node, comparing=True),), words=tuple(self.operands(node["X"])))
            case "ArithmCmd" | "LetClause":
                self.beyond.add("arithmetic")
                return self.arithmetic(node)
            case "DeclClause":
                return self.declaration(node)
            case kind:
                raise Unreadable(f"a construct called {kind}")

    def binary(self, node: Json) -> Node:
        """Turn a chain such as `a && b || c`, or a pipe, into one flat node."""
        piped = node["Op"] in ("|", "|&")
        parts: list[Node] = []
        operators: list[str] = []
        stack = [node["X"]]
        rest = [(node["Op"], node["Y"])]
        while True:
            left = stack.pop()
            command = left.get("Cmd") or {}
            same = command.get("Type") == "BinaryCmd" and (command["Op"] in ("|", "|&")) == piped
            if not same or left.get("Redirs") or left.get("Negated"):
                break
            stack.append(command["X"])
            rest.append((command["Op"], command["Y"]))
        parts.append(self.statement(left))
        for operator, right in reversed(rest):
            operators.append(operator)
            parts.append(self.statement(right))
        return Compound("pipe", tuple(parts)) if piped else Compound("list", tuple(parts), (*operators, ";"))

    def branches(self, node: Json) -> Iterator[Node]:
        """Yield conditions and branches of an `if`."""
        if node.get("Cond"):
            yield self.statements(node["Cond"])
        yield self.statements(node.get("Then") or [])
        if node.get("Else"):
            yield from self.branches(node["Else"])

    def loop(self, node: Json) -> Node:
        """Turn `for` and `select` into a node."""
        body = self.statements(node.get("Do") or [])
        loop = node["Loop"]
        if node.get("Select") or loop["Type"] == "CStyleLoop":
            self.beyond.add("for ((")
        if loop["Type"] == "CStyleLoop":
            return Compound("loop", (self.arithmetic(loop), body))
        name = self.name(loop["Name"])
        kind = "select" if node.get("Select") else "for"
        return Compound(kind, (body,), words=(name, *map(self.word, loop.get("Items") or [])))

    def case(self, node: Json) -> Node:
        """Turn `case` into a node with its branches."""
        self.beyond.add("case")
        items = node.get("Items") or []
        patterns = (pattern for item in items for pattern in item.get("Patterns") or [])
        words = (self.word(node["Word"]), *map(self.word, patterns))
        return Compound("case", tuple(self.statements(item.get("Stmts") or []) for item in items), words=words)

    def function(self, node: Json) -> Node:
        """Turn the making of a function into a node."""
        names = [node["Name"]] if node.get("Name") else node.get("Names") or []
        return Compound("function", (self.statement(node["Body"]),), words=tuple(map(self.name, names)))

    def declaration(self, node: Json) -> Simple:
        """Turn `declare`, `export` and the like into a command with words."""
        words = [self.name(node["Variant"])]
        words.extend(self.assignment(assign) for assign in node.get("Args") or [])
        return Simple(tuple(words))

    def name(self, literal: Json) -> Word:
        """Turn a bare name into a word."""
        start, end = self.span(literal)
        return Word(start, end, (Piece(Kind.TEXT, literal["Value"]),), literal["Value"])

    def assignment(self, node: Json) -> Word:
        """Turn an assignment into the word that it is."""
        start, end = self.span(node)
        raw = self.text[start:end]
        name = (node.get("Name") or {}).get("Value", "")
        value = node.get("Value")
        if node.get("Naked"):
            return self.word(value) if value else self.name(node["Name"])
        if node.get("Index") or node.get("Array"):
            self.beyond.add("array")
            programs = self.programs(node.get("Index"), sums=True) + self.programs(node.get("Array"))
            sign = "+=" if node.get("Append") else "="
            elements = [] if node.get("Index") else (node.get("Array") or {}).get("Elems") or []
            plain = bool(elements) and all(one.get("Value") and not one.get("Index") for one in elements)
            words = tuple(self.word(one["Value"]) for one in elements) if plain else None
            pieces = (Piece(Kind.TEXT, name + sign), Piece(Kind.OPAQUE, raw, True, programs))
            return Word(start, end, pieces, raw, words)
        head = Piece(Kind.TEXT, name + ("+=" if node.get("Append") else "="))
        return Word(start, end, (head, *(self.pieces(value["Parts"]) if value else ())), raw)

    def redirect(self, node: Json) -> Redirect:
        """Turn a redirection into ours."""
        operator = node["Op"]
        target = self.word(node["Word"])
        if operator in ("<<", "<<-"):
            return Redirect(operator, target, self.here_document(node, target))
        if operator in (">&", "<&") and NUMBER.fullmatch(target.raw):
            return Redirect(operator, None)
        if str((node.get("N") or {}).get("Value", "")).startswith("{"):
            self.beyond.add("{fd}")
        return Redirect(operator, target)

    def here_document(self, node: Json, mark: Word) -> HereDocument:
        """Turn the lines behind `<<` into our form."""
        parts = (node.get("Hdoc") or {}).get("Parts") or []
        text = "".join(part.get("Value", "") for part in parts if part["Type"] == "Lit")
        if any(piece.quoted for piece in mark.pieces):
            self.beyond.add("<<'")
            return HereDocument(text, True, ())
        literal = all(part["Type"] == "Lit" for part in parts)
        pieces = () if literal else tuple(self.pieces(parts, quoted=True))
        return HereDocument(re.sub(r"\\([$`\\])", r"\1", text), literal, self.programs(parts), pieces)

    def word(self, node: Json) -> Word:
        """Turn a word into ours."""
        start, end = self.span(node)
        return Word(start, end, tuple(self.pieces(node["Parts"])), self.text[start:end])

    def pieces(self, parts: list[Json], quoted: bool = False) -> Iterator[Piece]:
        """Yield the pieces of a word."""
        for place, part in enumerate(parts):
            match part["Type"]:
                case "Lit" if quoted:
                    value = re.sub(r'\\([$`"\\])|\\\n', lambda found: found[1] or "", part["Value"])
                    yield Piece(Kind.TEXT, value, quoted=True)
                case "Lit":
                    yield from literal_pieces(part["Value"], place == 0, place == len(parts) - 1)
                case "SglQuoted" if part.get("Dollar"):
                    self.beyond.add("$'")
                    yield Piece(Kind.TEXT, decoded(part.get("Value", "")), quoted=True)
                case "SglQuoted":
                    yield Piece(Kind.TEXT, part.get("Value", ""), quoted=True)
                case "DblQuoted":
                    yield Piece(Kind.TEXT, "", quoted=True)
                    yield from self.pieces(part.get("Parts") or [], quoted=True)
                case "ParamExp":
                    yield self.variable(part, quoted)
                case "CmdSubst" | "ProcSubst":
                    kind = Kind.PROGRAM if part["Type"] == "CmdSubst" else Kind.PROCESS
                    program = self.program(part)
                    yield Piece(kind, program.text, quoted, (program,))
                case "ExtGlob":
                    # What `!(x)` takes in is nearly everything.
                    self.beyond.add("extglob")
                    yield Piece(Kind.GLOB, "*")
                case _:
                    self.beyond.add("arithmetic")
                    yield Piece(Kind.OPAQUE, self.raw(part), quoted, self.programs(part, sums=True))

    def variable(self, node: Json, quoted: bool) -> Piece:
        """Turn `$x` or `${...}` into a piece."""
        name = (node.get("Param") or {}).get("Value", "")
        operation = node.get("Exp")
        altered = {"Flags", "Excl", "Length", "Width", "IsSet", "NestedParam", "Index", "Modifiers", "Slice", "Repl"}
        programs = self.programs([node.get("Repl"), node.get("Exp")]) + self.programs(
            [node.get("Slice"), node.get("Index")], sums=True
        )
        if node.get("Excl") and not node.get("Names"):
            programs += (Program(self.raw(node), Compound("prompt", ())),)
        if altered.intersection(key for key, value in node.items() if value) or node.get("Names"):
            self.beyond.add("${")
            return Piece(Kind.OPAQUE, self.raw(node), quoted, programs)
        if not operation:
            return Piece(Kind.VARIABLE, name, quoted)
        self.beyond.add("${")
        word = operation.get("Word")
        if operation["Op"] in (":-", "-", ":=", "=") and word:
            otherwise = tuple(self.pieces(word["Parts"], quoted))
            return Piece(Kind.VARIABLE, name, quoted, programs, otherwise or (Piece(Kind.TEXT, "", True),))
        if operation["Op"] in (":-", "-", ":=", "=", ":?", "?"):
            return Piece(Kind.VARIABLE, name, quoted, programs)
        if operation["Op"].startswith("@"):
            programs += (Program(self.raw(node), Compound("prompt", ())),)
        return Piece(Kind.OPAQUE, self.raw(node), quoted, programs)

    def program(self, node: Json) -> Program:
        """Turn `$(...)`, backticks and `<(...)` into a program."""
        raw = self.raw(node)
        if JOINED.search(raw) and not raw.startswith("`"):
            self.beyond.add("$(&&")
        opening = 1 if raw.startswith("`") else 2
        return Program(raw[opening:-1].strip(), self.statements(node.get("Stmts") or []))

    def programs(self, node: Any, sums: bool = False) -> tuple[Program, ...]:
        """Find the programs anywhere below a node, and the sum that it is itself where `sums` is set."""
        found = tuple(self._programs(node))
        return (*found, Program("", self.arithmetic(node))) if sums and node else found

    def _programs(self, node: Any) -> Iterator[Program]:
        if isinstance(node, list):
            for part in node:
                yield from self._programs(part)
        elif isinstance(node, dict):
            if node.get("Type") in ("CmdSubst", "ProcSubst"):
                yield self.program(node)
                return
            if node.get("Type") == "ArithmExp":
                yield Program("", self.arithmetic(node))
            evaluates = str((node.get("Exp") or {}).get("Op", "")).startswith("@") or node.get("Excl")
            if node.get("Type") == "ParamExp" and evaluates and not node.get("Names"):
                yield Program(self.raw(node), Compound("prompt", ()))
            for key, value in node.items():
                if key not in ("Pos", "End") and isinstance(value, (dict, list)):
                    yield from self._programs(value)

    def arithmetic(self, node: Any, comparing: bool = False) -> Compound:
        """Turn a sum into a node that names its variables; their values are worked out as sums, too."""
        programs = tuple(program.root for program in self._programs_of_parts(node) if program.root)
        names = dict.fromkeys(self._names(node, comparing))
        return Compound("arithmetic", programs, words=tuple(Word(0, 0, (), name) for name in names))

    def _programs_of_parts(self, node: Any) -> Iterator[Program]:
        if isinstance(node, dict) and node.get("Type") == "ArithmExp":
            node = node.get("X")
        yield from self._programs(node)

    def _names(self, node: Any, comparing: bool) -> Iterator[str]:
        """Yield what a sum may look up: every bare word and variable; in `[[`, only beside a numeric operator."""
        if isinstance(node, list):
            for part in node:
                yield from self._names(part, comparing)
        elif isinstance(node, dict):
            kind, operator = node.get("Type"), str(node.get("Op", ""))
            if kind in ("CmdSubst", "ProcSubst"):
                yield "?"
                return
            if kind == "ParamExp":
                yield (node.get("Param") or {}).get("Value", "?")
            if kind in ("BinaryTest", "UnaryTest") and comparing and operator not in ("&&", "||", "!"):
                comparing = not re.fullmatch(r"-(eq|ne|lt|le|gt|ge|v|R)", operator)
                if comparing:
                    return
            if kind == "SglQuoted" and re.search(r"[$`\[]", node.get("Value", "")):
                yield "?"
            if kind == "Lit" and not comparing and "[" in node["Value"]:
                yield "?"
            if kind == "Lit" and not comparing:
                yield from re.findall(r"[A-Za-z_]\w*", node["Value"])
            for key, value in node.items():
                if key not in ("Pos", "End") and isinstance(value, (dict, list)):
                    yield from self._names(value, comparing)

    def operands(self, node: Json) -> Iterator[Word]:
        """Yield the words of a `[[` test."""
        if node.get("Type") == "Word" or "Parts" in node:
            yield self.word(node)
        for key in ("X", "Y"):
            if node.get(key):
                yield from self.operands(node[key])


def literal_pieces(text: str, first: bool, last: bool) -> Iterator[Piece]:
    """Yield the pieces of a stretch of unquoted text, with its backslashes; `first` and `last` tell its place."""
    tilde = TILDE.match(text) if first else None
    if tilde and (last or tilde.end() < len(text)):
        yield Piece(Kind.TILDE, tilde.group()[1:])
        text = text[tilde.end() :]
    for found in re.finditer(r"\\\n|\\(.)|([*?\[])|([^\\*?\[]+)|\\\Z", text, re.DOTALL):
        escaped, special, plain = found.groups()
        if escaped is not None:
            yield Piece(Kind.TEXT, escaped, quoted=True)
        elif special:
            yield Piece(Kind.GLOB, special)
        elif plain:
            yield Piece(Kind.TEXT, plain)
