"""The grammar of a model step: at each point, which tokens may come next."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from shellper.calls import FORMS, Argument, Catalogue, Form, Parameter, Tool, ToolCall
from shellper.dialect import control
from shellper.dialect.control import Tokenizer
from shellper.dialect.conversation import ModelStep
from shellper.dialect.prompt import spaced, unspaced

MAX_VALUE_TOKENS = 400
MAX_REPLY_TOKENS = 120
MAX_DIGITS = 7
_WHERE = ("destination", "folder", "path")


@dataclass(frozen=True)
class Allowed:
    """The tokens that may come next: those listed and, where `text` is set, every token that stands for text.

    `is_place` says whether they are those of a path that says where to look, to go, or to put something.
    """

    tokens: tuple[int, ...]
    text: bool = False
    is_place: bool = False

    @property
    def forced(self) -> int | None:
        """The only token that may come next, if there is just one."""
        return self.tokens[0] if len(self.tokens) == 1 and not self.text else None


Walk: TypeAlias = Generator[Allowed, int, ModelStep]
Options: TypeAlias = Mapping[str, tuple[int, ...]]


class Grammar:
    """The tokens of every valid model step, for a catalogue and a tokenizer."""

    def __init__(self, catalogue: Catalogue, tokenizer: Tokenizer) -> None:
        """Tokenize the names of the catalogue once."""
        self._tools = catalogue.tools
        self._tokenizer = tokenizer
        self._names = {name: self._tokens(name) + self._tokens("{") for name in catalogue.tools}
        self._escape = tokenizer.control(control.ESCAPE)
        self._pieces: dict[str, Mapping[int, str]] = {}
        self._digits = {self._tokens(digit)[-1]: digit for digit in "0123456789"}

    def is_text(self, token: int) -> bool:
        """Say whether a token stands for text that a command can hold: a control token and NUL do not."""
        return self._tokenizer.piece(token) not in (b"", b"\0")

    def _tokens(self, text: str) -> tuple[int, ...]:
        return tuple(self._tokenizer.text(text))

    def walk(self, after_response: bool) -> Walk:
        """Yield what may come next, be sent what came, and return the step.

        A call ends with `<start_function_response>`, a reply or the end of the turn with `<end_of_turn>`;
        ending the turn without a word is allowed only after a response.
        """
        start, end = self._tokenizer.control(control.START_CALL), self._tokenizer.control(control.END_OF_TURN)
        first = yield Allowed((start, end) if after_response else (start,), text=True)
        if first == start:
            call = yield from self._call()
            return ModelStep(call=call)
        reply = yield from self._text(end, MAX_REPLY_TOKENS, first)
        return ModelStep(reply=reply.strip())

    def _call(self) -> Generator[Allowed, int, ToolCall]:
        """Walk through a call, behind its start token."""
        yield from self._force(self._tokens("call:"))
        name = yield from self._choose(self._names)
        arguments = yield from self._arguments(self._tools[name])
        yield from self._force(
            (self._tokenizer.control(control.END_CALL), self._tokenizer.control(control.START_RESPONSE))
        )
        return ToolCall(name, arguments)

    def _arguments(self, tool: Tool) -> Generator[Allowed, int, dict[str, Argument]]:
        """Walk through the arguments, sorted by name, to the closing brace."""
        arguments: dict[str, Argument] = {}
        remaining = sorted(tool.parameters, key=lambda parameter: parameter.name)
        pending: int | None = None
        while True:
            name = yield from self._choose(self._following(remaining, "," if arguments else ""), pending)
            if not name:
                return arguments
            remaining = [parameter for parameter in remaining if parameter.name > name]
            arguments[name], pending = yield from self._value(tool.by_name[name], remaining)

    def _following(self, remaining: Sequence[Parameter], separator: str) -> Options:
        """Return what may stand next: an argument's name up to the next required one, or the closing brace."""
        options: dict[str, tuple[int, ...]] = {}
        for parameter in remaining:
            options[parameter.name] = (
                *(self._tokens(separator) if separator else ()),
                *self._tokens(parameter.name),
                *self._tokens(":"),
            )
            if parameter.required:
                return options
        options[""] = self._tokens("}")
        return options

    def _value(
        self, parameter: Parameter, remaining: Sequence[Parameter]
    ) -> Generator[Allowed, int, tuple[Argument, int | None]]:
        """Walk through one argument's value; a number's end is seen only by the token behind it, returned too."""
        if parameter.type == "boolean":
            word = "false" if parameter.default else "true"
            yield from self._force(self._tokens(word))
            return word == "true", None
        if parameter.type == "integer":
            return (yield from self._integer(self._following(remaining, ","), parameter.minimum))
        yield Allowed((self._escape,))
        if parameter.enum:
            options = {value: (*self._tokens(spaced(value)), self._escape) for value in parameter.enum}
            return (yield from self._choose(options)), None
        if parameter.form:
            return (yield from self._formed(parameter.form)), None
        is_path = parameter.role == "path"
        is_place = is_path and parameter.name in _WHERE
        first = yield Allowed(() if is_path else (self._escape,), text=True, is_place=is_place)
        text = yield from self._text(self._escape, MAX_VALUE_TOKENS, first, is_path, is_place)
        return unspaced(text), None

    def _integer(self, following: Options, minimum: int | None) -> Generator[Allowed, int, tuple[int, int | None]]:
        """Walk through a whole number of at most `MAX_DIGITS` digits; one that may not be 0 doesn't begin with it."""
        first = tuple(token for token, digit in self._digits.items() if digit != "0" or not minimum)
        digits = ""
        while len(digits) < MAX_DIGITS:
            closing = {tokens[0] for tokens in following.values()} if digits else set()
            token = yield Allowed((*(self._digits if digits else first), *sorted(closing)))
            if token not in self._digits:
                return int(digits), token
            digits += self._digits[token]
        return int(digits), None

    def _formed(self, name: str) -> Generator[Allowed, int, str]:
        """Walk through a text of a form, behind a space, up to its `<escape>`."""
        form = FORMS[name]
        if name not in self._pieces:
            self._pieces[name] = self._pieces_of(form)
        pieces = self._pieces[name]
        text = ""
        while True:
            tokens = [token for token, piece in pieces.items() if _is_start(form, text + piece)]
            token = yield Allowed((*tokens, self._escape) if form.whole.fullmatch(unspaced(text)) else tuple(tokens))
            if token == self._escape:
                return unspaced(text)
            text += pieces[token]

    def _pieces_of(self, form: Form) -> Mapping[int, str]:
        """Return the tokens that can be a part of a text of a form, with their texts."""
        pieces = ((token, self._tokenizer.piece(token)) for token in range(self._tokenizer.size))
        letters = frozenset((" " + "".join(form.letters)).encode())
        return {token: piece.decode() for token, piece in pieces if piece and letters.issuperset(piece)}

    def _text(
        self, end: int, limit: int, first: int, is_path: bool = False, is_place: bool = False
    ) -> Generator[Allowed, int, str]:
        """Walk through free text up to its end token, at most `limit` tokens long.

        A path is more than the space before it.
        """
        data = b""
        token = first
        for count in range(limit):
            if token == end:
                return data.decode("utf-8", "replace")
            data += self._tokenizer.piece(token)
            is_enough = not is_path or data != b" "
            token = yield Allowed((end,) if is_enough else (), text=count + 2 < limit, is_place=is_place)
        return data.decode("utf-8", "replace")

    def _force(self, tokens: Sequence[int]) -> Generator[Allowed, int, None]:
        """Walk through tokens that must come."""
        for token in tokens:
            yield Allowed((token,))

    def _choose(self, options: Options, pending: int | None = None) -> Generator[Allowed, int, str]:
        """Walk through one of several token sequences, none of which begins with another, and return its key.

        `pending` is the first token where it has been read already.
        """
        live = dict(options)
        position = 0
        while True:
            token = pending
            if token is None:
                token = yield Allowed(tuple(dict.fromkeys(tokens[position] for tokens in live.values())))
            pending = None
            live = {key: tokens for key, tokens in live.items() if tokens[position] == token}
            position += 1
            for key, tokens in live.items():
                if len(tokens) == position:
                    return key


def _is_start(form: Form, text: str) -> bool:
    """Say whether a text of a form, behind a space, may begin so."""
    return text == " " or (text.startswith(" ") and bool(form.start.fullmatch(text[1:])))
