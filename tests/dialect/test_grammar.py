"""The grammar and the parser: every valid call comes back from its tokens, and nothing else is let through."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shellper.calls import ToolCall, load_catalogue
from shellper.dialect import DialectError, Grammar, ModelStep, parse_step
from shellper.dialect.grammar import MAX_DIGITS, MAX_REPLY_TOKENS, MAX_VALUE_TOKENS
from shellper.dialect.prompt import call_segments, encode
from shellper.weights import LlamaTokenizer
from tests.calls.strategies import CATALOGUE, calls, calls_of

LONGEST_WALK = 3000


def tokens_of(call: ToolCall, tokenizer: LlamaTokenizer) -> list[int]:
    return [*encode(call_segments(call), tokenizer), tokenizer.control("<start_function_response>")]


@pytest.mark.parametrize("name", CATALOGUE.tools)
@settings(max_examples=25)
@given(data=st.data())
def test_calls_come_back_from_their_tokens(
    name: str, data: st.DataObject, tokenizer: LlamaTokenizer, grammar: Grammar
) -> None:
    # The grammar has no words for a boolean's default, which the canonical call leaves out.
    call = CATALOGUE.canonical(data.draw(calls_of(CATALOGUE.tools[name])))
    for after_response in (False, True):
        assert parse_step(tokens_of(call, tokenizer), grammar, after_response) == ModelStep(call=call)


@pytest.mark.parametrize(
    ("call", "is_place"),
    [
        (ToolCall("cd", {"folder": "x"}), True),
        (ToolCall("ls", {"path": "x"}), True),
        (ToolCall("mv", {"destination": "x", "source": "x"}), True),
        (ToolCall("rm", {"file_name": "x"}), False),
        (ToolCall("echo", {"content": "x"}), False),
    ],
)
def test_only_what_says_where_is_a_place(
    call: ToolCall, is_place: bool, tokenizer: LlamaTokenizer, grammar: Grammar
) -> None:
    walk = grammar.walk(False)
    allowed = [next(walk), *map(walk.send, encode(call_segments(call), tokenizer)[:-1])]
    assert any(one.is_place for one in allowed) == is_place
    assert all(one.text for one in allowed if one.is_place)


class Walker:
    """Walks through the grammar at random; text is mostly short, and of any tokens."""

    def __init__(self, grammar: Grammar, tokenizer: LlamaTokenizer, seed: int) -> None:
        self.grammar, self.random = grammar, random.Random(seed)
        self.texts = [token for token in range(tokenizer.size) if grammar.is_text(token)]

    def choose(self, tokens: tuple[int, ...], text: bool) -> int:
        if text and (not tokens or self.random.random() < 0.7):
            return self.random.choice(self.texts)
        return self.random.choice(tokens)

    def walk(self, after_response: bool) -> tuple[list[int], ModelStep]:
        walk = self.grammar.walk(after_response)
        allowed = next(walk)
        tokens: list[int] = []
        for _ in range(LONGEST_WALK):
            assert allowed.tokens or allowed.text
            token = self.choose(allowed.tokens, allowed.text)
            assert allowed.forced in (None, token)
            tokens.append(token)
            try:
                allowed = walk.send(token)
            except StopIteration as end:
                step: ModelStep = end.value
                return tokens, step
        raise AssertionError("the walk does not end")


@pytest.mark.parametrize("after_response", [False, True])
def test_every_walk_ends_in_a_valid_step(after_response: bool, grammar: Grammar, tokenizer: LlamaTokenizer) -> None:
    walker = Walker(grammar, tokenizer, seed=after_response)
    seen: set[str] = set()
    while len(seen) < len(CATALOGUE.tools):
        tokens, step = walker.walk(after_response)
        assert parse_step(tokens, grammar, after_response) == step
        if step.call is None:
            assert tokens[-1] == tokenizer.control("<end_of_turn>")
        else:
            assert CATALOGUE.validate(step.call) is step.call
            assert tokens[-1] == tokenizer.control("<start_function_response>")
            seen.add(step.call.name)


def test_endless_text_is_ended(grammar: Grammar, tokenizer: LlamaTokenizer) -> None:
    letter, end = tokenizer.text("x")[0], tokenizer.control("<end_of_turn>")
    reply = [letter] * (MAX_REPLY_TOKENS - 1)
    assert parse_step([*reply, end], grammar) == ModelStep(reply="x" * (MAX_REPLY_TOKENS - 1))
    with pytest.raises(DialectError):
        parse_step([*reply, letter, end], grammar)
    call = tokens_of(ToolCall("cat", {"file_name": "@"}), tokenizer)
    at = call.index(tokenizer.text(" @")[0])
    longest = [*call[:at], *[letter] * (MAX_VALUE_TOKENS - 1), *call[at + 1 :]]
    assert parse_step(longest, grammar) == ModelStep(ToolCall("cat", {"file_name": "x" * (MAX_VALUE_TOKENS - 1)}))
    with pytest.raises(DialectError):
        parse_step([*call[:at], *[letter] * MAX_VALUE_TOKENS, *call[at + 1 :]], grammar)


def test_numbers_have_an_end(grammar: Grammar, tokenizer: LlamaTokenizer) -> None:
    longest = ToolCall("tail", {"file_name": "a", "lines": 10**MAX_DIGITS - 1})
    assert parse_step(tokens_of(longest, tokenizer), grammar) == ModelStep(longest)
    with pytest.raises(DialectError):
        parse_step(tokens_of(ToolCall("tail", {"file_name": "a", "lines": 10**MAX_DIGITS}), tokenizer), grammar)


@pytest.mark.parametrize(
    "call",
    [
        ToolCall("format", {"disk": "a"}),
        ToolCall("cat"),
        ToolCall("cat", {"file_name": ""}),
        ToolCall("cat", {"file_name": "a\0b"}),
        ToolCall("cat", {"file_name": True}),
        ToolCall("cat", {"file_name": "a", "number": True}),
        ToolCall("cp", {"source": "a"}),
        ToolCall("tail", {"file_name": "a", "lines": -1}),
        ToolCall("tail", {"file_name": "a", "lines": "3"}),
        ToolCall("wc", {"file_name": "a", "mode": "x"}),
        ToolCall("wc", {"file_name": "a", "mode": ""}),
        ToolCall("chmod", {"file_name": "a", "mode": "executable"}),
        ToolCall("chmod", {"file_name": "a", "mode": "64"}),
        ToolCall("chmod", {"file_name": "a", "mode": ""}),
        ToolCall("find", {"larger": "big"}),
        ToolCall("find", {"smaller": "10 M"}),
        ToolCall("find", {"newer": 0}),
        ToolCall("kill", {"pid": 0}),
        ToolCall("ls", {"a": "true"}),
        ToolCall("ls", {"a": 1}),
    ],
)
def test_invalid_calls_are_refused_as_the_catalogue_does(
    call: ToolCall, grammar: Grammar, tokenizer: LlamaTokenizer
) -> None:
    with pytest.raises(ValueError):
        load_catalogue().validate(call)
    with pytest.raises(DialectError):
        parse_step(tokens_of(call, tokenizer), grammar)


def test_a_turn_ends_without_a_word_only_after_a_response(grammar: Grammar, tokenizer: LlamaTokenizer) -> None:
    end = tokenizer.control("<end_of_turn>")
    assert parse_step([end], grammar, after_response=True) == ModelStep()
    with pytest.raises(DialectError, match="may not stand at position 0"):
        parse_step([end], grammar)


def test_a_reply_is_text(grammar: Grammar, tokenizer: LlamaTokenizer) -> None:
    end = tokenizer.control("<end_of_turn>")
    text = "Which file? call:rm{} é \U0001f600 \u2581"
    assert parse_step([*tokenizer.text(text), end], grammar) == ModelStep(reply=text)


@given(call=calls, data=st.data())
def test_broken_tokens_are_one_line(
    call: ToolCall, data: st.DataObject, grammar: Grammar, tokenizer: LlamaTokenizer
) -> None:
    tokens = tokens_of(CATALOGUE.canonical(call), tokenizer)
    at = data.draw(st.integers(0, len(tokens) - 1))
    for broken in (tokens[:at], [*tokens, tokens[at]], [*tokens[:at], tokenizer.control("<bos>"), *tokens[at:]]):
        with pytest.raises(DialectError) as caught:
            parse_step(broken, grammar)
        assert "\n" not in str(caught.value)
