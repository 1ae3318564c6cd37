"""The decoder: llama.cpp driven through the grammar, so that every output is a valid model step."""

from __future__ import annotations

import codecs
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from shellper.calls import Catalogue, ToolCall
from shellper.dialect import Grammar, ModelStep, call_segments, encode
from shellper.dialect.control import ESCAPE, START_CALL
from shellper.dialect.grammar import MAX_VALUE_TOKENS
from shellper.engine.choice import Chooser
from shellper.engine.choosing import Chosen, choose
from shellper.engine.context import CONTEXT_TOKENS, LlamaContext, Logits
from shellper.engine.copying import Source
from shellper.engine.protocol import LOW_CONFIDENCE, EngineError
from shellper.weights.errors import WeightsError
from shellper.weights.tokenizer import LlamaTokenizer

Check = Callable[[], None]

_LOG_LOW = math.log(LOW_CONFIDENCE)


@dataclass(frozen=True)
class Fork:
    """The tokens up to the least sure choice, with the runner-up in its place, and their log-probability.

    No tokens where there was no choice.
    """

    tokens: tuple[int, ...] = ()
    log_probability: float = 0.0


@dataclass(frozen=True)
class Decoded:
    """A model step and its tokens; see `Generation` for the other fields.

    `fork` is where the step was least sure.
    """

    step: ModelStep
    tokens: tuple[int, ...]
    log_probability: float
    fork: Fork
    cached_tokens: int
    prefill_seconds: float
    decode_seconds: float


class Decoder:
    """A loaded model that goes on with token sequences.

    Raises `EngineError` where the file can't be loaded or lacks a control token.
    """

    def __init__(
        self, weights: Path, catalogue: Catalogue, size: int = CONTEXT_TOKENS, threads: int | None = None
    ) -> None:
        self.context = LlamaContext(weights, size, threads)
        try:
            self.tokenizer = LlamaTokenizer(self.context.vocab)
            self.grammar = Grammar(catalogue, self.tokenizer)
            self._escape = self.tokenizer.control(ESCAPE)
            self._start = self.tokenizer.control(START_CALL)
            self._chooser = Chooser(self.tokenizer)
        except WeightsError as error:
            self.context.close()
            raise EngineError(f"{weights}: {error}") from error

    def decode(
        self, prompt: Sequence[int], after_response: bool, on_text: Callable[[str], None], check: Check
    ) -> Decoded:
        """Return a step behind a prompt: at each point the likeliest token.

        `check` is called before each token and each batch of the prompt, and stops the decoding by raising; what was
        read until then stays cached. A token that must come is appended unread, and read in one batch with what
        follows. `log_probability` sums the chosen tokens' log-probabilities, each under the softmax over what the
        grammar allows there. `on_text` gets whole characters; an `<escape>` comes as a quotation mark.
        """
        return self._write(prompt, Fork(), after_response, on_text, check)

    def choose(
        self, prompt: Sequence[int], calls: Sequence[ToolCall], least: float, after_response: bool, check: Check
    ) -> Chosen | None:
        """Return the likeliest of some calls behind a prompt; None where none is as likely as `least`."""

        def look(beginning: Sequence[int]) -> Logits:
            tokens = (*prompt, *beginning)
            return self.context.read(tokens[self.context.keep(tokens[:-1]) :], check)

        def free(index: int) -> Sequence[bool]:
            if index not in known:
                known[index] = self._free(written[index], after_response)
            return known[index]

        written = [encode(call_segments(call), self.tokenizer) for call in calls]
        known: dict[int, Sequence[bool]] = {}
        # The model can't write what is longer than a value may be.
        short = [index for index, tokens in enumerate(written) if len(tokens) < MAX_VALUE_TOKENS]
        found = choose([written[index] for index in short], lambda index: free(short[index]), look, least)
        return found and replace(found, index=short[found.index])

    def _free(self, tokens: Sequence[int], after_response: bool) -> Sequence[bool]:
        """Say of each token of a call whether something else could stand there."""
        walk = self.grammar.walk(after_response)
        allowed = next(walk)
        free = []
        for token in tokens:
            free.append(allowed.forced is None)
            allowed = walk.send(token)
        return free

    def alternative(
        self, prompt: Sequence[int], decoded: Decoded, after_response: bool, check: Check
    ) -> Decoded | None:
        """Return the step that the runner-up at the least sure choice leads to, where the model was not sure.

        It may be the likelier one as a whole.
        """
        tokens = decoded.fork.tokens
        # A call and a text are never compared.
        if decoded.log_probability >= _LOG_LOW or not tokens or tokens[0] != self._start:
            return None
        other = self._write(prompt, decoded.fork, after_response, lambda text: None, check)
        return None if other.step == decoded.step else other

    def _write(
        self,
        prompt: Sequence[int],
        begun: Fork,
        after_response: bool,
        on_text: Callable[[str], None],
        check: Check,
    ) -> Decoded:
        """Write a step whose first tokens are given."""
        started = time.monotonic()
        cached = self.context.keep(prompt[:-1])
        unread = list(prompt[cached:])
        written: list[int] = []
        total = begun.log_probability
        weakest, fork = 0.0, Fork()
        prefilled: float | None = None
        characters = codecs.getincrementaldecoder("utf-8")("replace")
        self._chooser.reset()
        source = Source(prompt, self.tokenizer)
        value: tuple[int, ...] | None = None
        walk = self.grammar.walk(after_response)
        allowed = next(walk)
        while True:
            check()
            token = begun.tokens[len(written)] if len(written) < len(begun.tokens) else allowed.forced
            if token is None:
                logits = self.context.read(unread, check)
                prefilled = prefilled or time.monotonic()
                unread = []
                favoured = source.favoured(value, allowed.is_place) if value is not None else ()
                choice = self._chooser.choose(allowed, logits, favoured)
                if choice.log_probability < weakest and choice.runner_up is not None:
                    weakest = choice.log_probability
                    fork = Fork((*written, choice.runner_up), total + choice.runner_up_log_probability)
                token = choice.token
                total += choice.log_probability
            value = self._value(value, token)
            self._chooser.took(token)
            unread.append(token)
            written.append(token)
            if text := characters.decode(b'"' if token == self._escape else self.tokenizer.piece(token)):
                on_text(text)
            try:
                allowed = walk.send(token)
            except StopIteration as end:
                step: ModelStep = end.value
                break
        ended = time.monotonic()
        prefilled = prefilled or ended
        return Decoded(step, tuple(written), total, fork, cached, prefilled - started, ended - prefilled)

    def _value(self, value: tuple[int, ...] | None, token: int) -> tuple[int, ...] | None:
        """Return the tokens of the argument that is being written, behind a token; None outside of one."""
        if token == self._escape:
            return () if value is None else None
        return None if value is None else (*value, token)

    def close(self) -> None:
        """Free the model."""
        self.context.close()
