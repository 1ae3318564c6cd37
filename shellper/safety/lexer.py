"""Part of the second reader: cuts a command into words and operators, and each word into its pieces.

It knows less than bash and says so: whatever it doesn't read with certainty raises `Unreadable`. bashlex gives the
structure of a command; the words are taken from here, since bashlex loses which parts of a word were quoted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from shellper.safety.syntax import HereDocument, Kind, Piece, Program, Unreadable, Word

MOST_NESTING = 40
OPERATORS = (
    *("&>>", "<<<", "<<-", ";;&", "&&", "||", ";;", ";&", "|&", "&>", "<<", "<&", "<>", ">>", ">&", ">|"),
    *(";", "&", "|", "<", ">", "(", ")", "\n"),
)
REDIRECTIONS = frozenset({"&>>", "&>", "<<<", "<<-", "<<", "<&", "<>", ">>", ">&", ">|", "<", ">"})
METACHARACTERS = frozenset(" \t\n|&;()<>")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
SPECIAL_PARAMETERS = frozenset("0123456789@*#?$!-")
TILDE = re.compile(r"~[A-Za-z0-9_.+-]*(?=/|[ \t\n|&;()<>]|\Z)")
FILE_DESCRIPTOR = re.compile(r"[0-9]+|-|[0-9]+-")


@dataclass(frozen=True)
class Operator:
    """An operator with its place in the text."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Tokens:
    """All words and operators of a text, its here-documents by the place of their mark, and doubts about it."""

    items: tuple[Word | Operator, ...]
    descriptors: frozenset[tuple[int, int]]
    documents: dict[int, HereDocument]
    doubts: tuple[str, ...]


def tokenize(text: str) -> Tokens:
    """Cut a text into tokens, or raise `Unreadable`."""
    return _Lexer(text).run()


@dataclass
class _Lexer:
    text: str
    place: int = 0
    items: list[Word | Operator] = field(default_factory=list)
    descriptors: set[tuple[int, int]] = field(default_factory=set)
    documents: dict[int, HereDocument] = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)
    awaited: list[tuple[Word, bool]] = field(default_factory=list)

    def run(self) -> Tokens:
        while self.place < len(self.text):
            self._step()
        if self.awaited:
            raise Unreadable("a here-document without its text")
        return Tokens(tuple(self.items), frozenset(self.descriptors), self.documents, tuple(dict.fromkeys(self.doubts)))

    def _step(self) -> None:
        character = self.text[self.place]
        if character in " \t":
            self.place += 1
        elif self.text.startswith("\\\n", self.place):
            # Elsewhere a broken line can hide what it splits: `$` and `(` on two lines are one `$(`.
            if self.place and self.text[self.place - 1] not in " \t\n":
                self.doubts.append("a line broken inside a word or operator")
            self.place += 2
        elif character == "#":
            end = self.text.find("\n", self.place)
            self.place = len(self.text) if end < 0 else end
        elif character in METACHARACTERS and not self._at_process():
            self._operator()
        else:
            self._word()

    def _at_process(self) -> bool:
        return self.text.startswith(("<(", ">("), self.place)

    def _operator(self) -> None:
        found = next(op for op in OPERATORS if self.text.startswith(op, self.place))
        operator = Operator(self.place, self.place + len(found), found)
        if found == "(" and self.items and self.items[-1].end == self.place:
            before = self.items[-1]
            # bashlex takes the arithmetic `((` for two subshells.
            if isinstance(before, Operator) and before.text == "(":
                self.doubts.append("arithmetic in `((`")
        self.items.append(operator)
        self.place = operator.end
        if found == "\n" and self.awaited:
            self._here_documents()

    def _word(self) -> None:
        start = self.place
        pieces = _Pieces(self.text, self.place).run()
        self.place = pieces.place
        if pieces.broken:
            self.doubts.append("a line broken inside a word or operator")
        word = Word(start, self.place, tuple(pieces.found), self.text[start : self.place])
        before = self.items[-1] if self.items else None
        self.items.append(word)
        if self.place < len(self.text) and self.text[self.place] in "<>" and not self._at_process():
            self._before_redirection(word)
        if isinstance(before, Operator) and before.text in ("<<", "<<-"):
            self.awaited.append((word, before.text == "<<-"))
        elif isinstance(before, Operator) and before.text in (">&", "<&") and FILE_DESCRIPTOR.fullmatch(word.raw):
            self.descriptors.add((word.start, word.end))

    def _before_redirection(self, word: Word) -> None:
        if word.raw.isascii() and word.raw.isdigit():
            self.descriptors.add((word.start, word.end))
        elif re.fullmatch(r"\{\w+\}", word.raw):
            # bash keeps the number of the opened file in a variable; bashlex sees an ordinary word.
            self.doubts.append("a redirection into a variable")

    def _here_documents(self) -> None:
        for mark, tabs in self.awaited:
            delimiter = "".join(piece.text for piece in mark.pieces)
            literal = any(piece.quoted for piece in mark.pieces)
            if any(piece.kind not in (Kind.TEXT, Kind.GLOB, Kind.TILDE) for piece in mark.pieces):
                raise Unreadable("a here-document with an unusual end mark")
            body = self._until(delimiter, tabs)
            programs = () if literal else programs_in(body)
            self.documents[mark.start] = HereDocument(body, literal or ("$" not in body and not programs), programs)
        self.awaited.clear()

    def _until(self, delimiter: str, tabs: bool) -> str:
        lines: list[str] = []
        while self.place < len(self.text):
            end = self.text.find("\n", self.place)
            stop = len(self.text) if end < 0 else end
            line = self.text[self.place : stop]
            if (line.lstrip("\t") if tabs else line) == delimiter:
                # The line break stays: it ends the command.
                self.place = stop
                return "\n".join(lines)
            lines.append(line)
            self.place = stop + 1
        raise Unreadable("a here-document that doesn't end")


@dataclass
class _Pieces:
    """Reads one word."""

    text: str
    place: int
    found: list[Piece] = field(default_factory=list)
    broken: bool = False

    def run(self) -> _Pieces:
        tilde = TILDE.match(self.text, self.place)
        if tilde:
            self.found.append(Piece(Kind.TILDE, tilde.group()[1:]))
            self.place = tilde.end()
        while self.place < len(self.text):
            character = self.text[self.place]
            if character in METACHARACTERS:
                if not self.text.startswith(("<(", ">("), self.place):
                    break
                # `<(` starts a process substitution only where a word does; after letters it is a redirection.
                if self.found:
                    raise Unreadable("a process substitution inside a word")
                end = closing(self.text, self.place + 2, ")")
                inner = self.text[self.place + 2 : end]
                self.found.append(Piece(Kind.PROCESS, inner, programs=(Program(inner),)))
                self.place = end + 1
            else:
                self._unquoted(character)
        return self

    def _unquoted(self, character: str) -> None:
        if character == "'":
            end = self.text.find("'", self.place + 1)
            if end < 0:
                raise Unreadable("a quote that isn't closed")
            self.found.append(Piece(Kind.TEXT, self.text[self.place + 1 : end], quoted=True))
            self.place = end + 1
        elif character == '"':
            self.place += 1
            self._double_quoted()
        elif character == "\\":
            self._escaped()
        elif character in "$`":
            self._expansion(quoted=False)
        elif character in "*?[":
            self.found.append(Piece(Kind.GLOB, character))
            self.place += 1
        else:
            self._add_text(character, quoted=False)
            self.place += 1

    def _escaped(self) -> None:
        if self.place + 1 >= len(self.text):
            raise Unreadable("a backslash at the end")
        following = self.text[self.place + 1]
        if following == "\n":
            self.broken = True
        else:
            self.found.append(Piece(Kind.TEXT, following, quoted=True))
        self.place += 2

    def _add_text(self, character: str, quoted: bool) -> None:
        last = self.found[-1] if self.found else None
        if last and last.kind is Kind.TEXT and last.quoted == quoted:
            self.found[-1] = Piece(Kind.TEXT, last.text + character, quoted)
        else:
            self.found.append(Piece(Kind.TEXT, character, quoted))

    def _double_quoted(self) -> None:
        self.found.append(Piece(Kind.TEXT, "", quoted=True))
        while self.place < len(self.text):
            character = self.text[self.place]
            if character == '"':
                self.place += 1
                return
            if character == "\\" and self.text[self.place + 1 : self.place + 2] in ("$", "`", '"', "\\", "\n"):
                following = self.text[self.place + 1]
                if following == "\n":
                    self.broken = True
                else:
                    self._add_text(following, quoted=True)
                self.place += 2
            elif character in "$`":
                self._expansion(quoted=True)
            else:
                self._add_text(character, quoted=True)
                self.place += 1
        raise Unreadable("a quote that isn't closed")

    def _expansion(self, quoted: bool) -> None:
        text, start = self.text, self.place
        following = text[start + 1 : start + 2]
        if text[start] == "`":
            end = closing(text, start + 1, "`")
            inner = re.sub(r"\\([\\`$])", r"\1", text[start + 1 : end])
            self._add(Kind.PROGRAM, inner, quoted, end + 1)
        elif text.startswith("$((", start):
            self._add_opaque(closing(text, start + 2, ")") + 1, quoted)
        elif following == "(":
            end = closing(text, start + 2, ")")
            self._add(Kind.PROGRAM, text[start + 2 : end], quoted, end + 1)
        elif following == "{":
            self._braced_variable(quoted)
        elif following == "[":
            self._add_opaque(closing(text, start + 2, "]") + 1, quoted)
        elif following == "'" and not quoted:
            ending = re.compile(r"(?:[^'\\]|\\.)*'", re.DOTALL).match(text, start + 2)
            if not ending:
                raise Unreadable("a quote that isn't closed")
            self._add_opaque(ending.end(), quoted)
        elif following == '"' and not quoted:
            self._add_opaque(start + 1, quoted)
        elif name := NAME.match(text, start + 1):
            self._add(Kind.VARIABLE, name.group(), quoted, name.end())
        elif following and following in SPECIAL_PARAMETERS:
            self._add(Kind.VARIABLE, following, quoted, start + 2)
        else:
            self._add_text("$", quoted)
            self.place += 1

    def _braced_variable(self, quoted: bool) -> None:
        start = self.place
        end = closing(self.text, start + 2, "}")
        inner = self.text[start + 2 : end]
        if NAME.fullmatch(inner) or inner in SPECIAL_PARAMETERS:
            self._add(Kind.VARIABLE, inner, quoted, end + 1)
        elif "'" in inner or '"' in inner:
            # Which quotes count in here depends on the quotes around it.
            raise Unreadable("quotes inside `${`")
        else:
            self._add_opaque(end + 1, quoted)

    def _add(self, kind: Kind, text: str, quoted: bool, end: int) -> None:
        programs = (Program(text),) if kind is Kind.PROGRAM else ()
        self.found.append(Piece(kind, text, quoted, programs))
        self.place = end

    def _add_opaque(self, end: int, quoted: bool) -> None:
        raw = self.text[self.place : end]
        self.found.append(Piece(Kind.OPAQUE, raw, quoted, programs_in(raw[1:])))
        self.place = end


def programs_in(text: str) -> tuple[Program, ...]:
    """Find the programs of every `$(...)` and backtick in a text, whatever the quotes around them."""
    found, place = [], 0
    while place < len(text):
        if text[place] == "\\":
            place += 2
        elif text.startswith(("$(", "<(", ">("), place):
            end = closing(text, place + 2, ")")
            found.append(Program(text[place + 2 : end]))
            place = end + 1
        elif text[place] == "`":
            end = closing(text, place + 1, "`")
            found.append(Program(text[place + 1 : end]))
            place = end + 1
        else:
            place += 1
    return tuple(found)


def closing(text: str, place: int, closer: str, depth: int = 0) -> int:
    """Find the place of the closer that ends what was opened before `place`, past quotes and inner pairs."""
    if depth > MOST_NESTING:
        raise Unreadable("too deep nesting")
    while place < len(text):
        character = text[place]
        if character == closer:
            return place
        if character == "\\":
            place += 2
        elif closer == "`":
            place += 1
        elif character == "'" and closer != '"':
            end = text.find("'", place + 1)
            if end < 0:
                break
            place = end + 1
        elif character in '"`':
            place = closing(text, place + 1, character, depth + 1) + 1
        elif text.startswith("${", place):
            place = closing(text, place + 2, "}", depth + 1) + 1
        elif text.startswith("$(", place):
            place = closing(text, place + 2, ")", depth + 1) + 1
        elif character == "(" and closer == ")":
            place = closing(text, place + 1, ")", depth + 1) + 1
        elif character == "#" and closer == ")" and text[place - 1] in " \t\n;|&(":
            end = text.find("\n", place)
            place = len(text) if end < 0 else end
        else:
            place += 1
    raise Unreadable(f"a `{closer}` that is missing")
