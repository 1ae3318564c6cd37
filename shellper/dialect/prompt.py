"""Conversations as token ids."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from shellper.calls import Argument, ToolCall
from shellper.dialect import control
from shellper.dialect.control import Tokenizer
from shellper.dialect.conversation import Conversation, Response, Step, Turn
from shellper.dialect.cut import numbered


@dataclass(frozen=True)
class Control:
    """A control token, by name."""

    name: str


Segment: TypeAlias = Control | str


@dataclass(frozen=True)
class Rendered:
    """A conversation as token ids; `written` marks those that the model itself writes (the labels of training)."""

    tokens: tuple[int, ...]
    written: tuple[bool, ...]


def spaced(text: str) -> str:
    """Return a text with a space before each line, so that a name in it has the tokens it has inside of a sentence."""
    return "\n".join(f" {line}" for line in text.split("\n"))


def unspaced(text: str) -> str:
    """Return a text without the space before each line; the inverse of `spaced`."""
    return "\n".join(line.removeprefix(" ") for line in text.split("\n"))


def value_segments(value: Argument) -> Iterator[Segment]:
    """Yield an argument's value: text, spaced, between `<escape>` tokens, booleans and numbers bare."""
    if isinstance(value, bool):
        yield "true" if value else "false"
    elif isinstance(value, int):
        yield str(value)
    else:
        yield Control(control.ESCAPE)
        yield spaced(value)
        yield Control(control.ESCAPE)


def call_segments(call: ToolCall) -> Iterator[Segment]:
    """Yield a call, arguments sorted by name, each part tokenized on its own so that decoding can force it."""
    yield Control(control.START_CALL)
    yield "call:"
    yield call.name
    yield "{"
    for index, name in enumerate(sorted(call.arguments)):
        if index:
            yield ","
        yield name
        yield ":"
        yield from value_segments(call.arguments[name])
    yield "}"
    yield Control(control.END_CALL)


def response_segments(call: ToolCall, response: Response) -> Iterator[Segment]:
    """Yield what the model is told of a call's outcome, behind `<start_function_response>`."""
    fields: dict[str, Argument] = {}
    if response.command is not None:
        fields["command"] = response.command
    if response.state == "skipped":
        fields["skipped"] = True
    elif response.state == "ran":
        if response.exit_code:
            fields["exit"] = response.exit_code
        if response.output:
            fields["output"] = response.output
        if not fields:
            fields["ok"] = True
    yield f"response:{call.name}{{"
    for index, name in enumerate(sorted(fields)):
        yield f"{',' if index else ''}{name}:"
        if name == "output" and "\n" in response.output:
            # The number is followed by the space that stands before each line.
            yield from (Control(control.ESCAPE), numbered(response.output), Control(control.ESCAPE))
        else:
            yield from value_segments(fields[name])
    yield "}"
    yield Control(control.END_RESPONSE)


def _step_segments(step: Step) -> Iterator[tuple[Segment, bool]]:
    """Yield a call and its response, each segment with whether the model writes it."""
    for segment in call_segments(step.call):
        yield segment, True
    yield Control(control.START_RESPONSE), True
    for segment in response_segments(step.call, step.response):
        yield segment, False


def turn_segments(turn: Turn) -> Iterator[tuple[Segment, bool]]:
    """Yield a turn, each segment with whether the model writes it; an unfinished turn ends where the model goes on."""
    yield Control(control.START_OF_TURN), False
    yield "user\n", False
    yield turn.request, False
    yield Control(control.END_OF_TURN), False
    yield "\n", False
    yield Control(control.START_OF_TURN), False
    yield "model\n", False
    for step in turn.steps:
        yield from _step_segments(step)
    if turn.reply:
        yield turn.reply, True
    if turn.done:
        yield Control(control.END_OF_TURN), True
        yield "\n", False


def encode(segments: Iterable[Segment], tokenizer: Tokenizer) -> list[int]:
    """Return the token ids of segments; only a `Control` becomes a control token."""
    tokens: list[int] = []
    for segment in segments:
        if isinstance(segment, Control):
            tokens.append(tokenizer.control(segment.name))
        else:
            tokens += tokenizer.text(segment)
    return tokens


def render_conversation(conversation: Conversation, tokenizer: Tokenizer, prefix: Iterable[Segment] = ()) -> Rendered:
    """Return a conversation as token ids; `prefix` stands between `<bos>` and the first turn."""
    tokens = encode([Control(control.BOS), *prefix], tokenizer)
    written = [False] * len(tokens)
    for turn in conversation:
        for segment, by_model in turn_segments(turn):
            new = encode([segment], tokenizer)
            tokens += new
            written += [by_model] * len(new)
    return Rendered(tuple(tokens), tuple(written))
