"""The engine in the process that asks: what the host serves, and what evaluation uses."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from shellper.calls import Catalogue, ToolCall, load_catalogue
from shellper.dialect import (
    Conversation,
    ModelStep,
    Rendered,
    cut_output,
    declaration_segments,
    encode,
    render_conversation,
)
from shellper.dialect.prompt import Segment
from shellper.engine.context import CONTEXT_TOKENS
from shellper.engine.decoder import Check, Decoder
from shellper.engine.protocol import EngineError, Generation, GenerationCancelled
from shellper.weights.build import CATALOGUE_KEY
from shellper.weights.tokenizer import LlamaTokenizer

# What is left for the model's own step; most take 10 to 30 tokens.
ANSWER_TOKENS = 512


class DirectEngine:
    """An `Engine` that decodes in this process.

    Loading takes a fraction of a second; a llama.cpp assertion ends the process, which is why front ends use
    `open_engine`. Raises `EngineError` where the weights are missing, damaged or of another catalogue.
    """

    def __init__(
        self,
        weights: Path,
        *,
        threads: int | None = None,
        size: int = CONTEXT_TOKENS,
        catalogue: Catalogue | None = None,
    ) -> None:
        if not weights.is_file():
            raise EngineError(f"there are no weights at {weights}; mend: shellper model build")
        catalogue = catalogue or load_catalogue()
        self._decoder = Decoder(weights, catalogue, size, threads)
        self._prefix = self._declarations(weights, catalogue)
        self._prefix_tokens = len(encode(self._prefix, self._decoder.tokenizer))
        self._context_tokens = size - self._prefix_tokens - min(ANSWER_TOKENS, size // 4)

    def _declarations(self, weights: Path, catalogue: Catalogue) -> tuple[Segment, ...]:
        """Return what an untuned file has to be told before the conversation, nothing for tuned weights."""
        version = self._decoder.context.metadata(CATALOGUE_KEY)
        if version is None:
            return tuple(declaration_segments(catalogue))
        if version != str(catalogue.version):
            self._decoder.close()
            raise EngineError(
                f"{weights} is tuned for version {version} of the tool catalogue, not {catalogue.version};"
                " mend: shellper model build"
            )
        return ()

    @property
    def context_tokens(self) -> int:
        """How many tokens a conversation may take."""
        return self._context_tokens

    @property
    def threads(self) -> int:
        """How many threads decode."""
        return self._decoder.context.threads

    @property
    def tokenizer(self) -> LlamaTokenizer:
        """The vocabulary of the weights."""
        return self._decoder.tokenizer

    def render(self, conversation: Conversation) -> Rendered:
        """Return the prompt of a conversation as tokens."""
        return render_conversation(conversation, self._decoder.tokenizer, self._prefix)

    def generate(
        self,
        conversation: Conversation,
        on_text: Callable[[str], None] | None = None,
        cancelled: threading.Event | None = None,
    ) -> Generation:
        """Return the model's next step."""
        prompt, check = self._prompt(conversation), _checking(cancelled)
        after_response = bool(conversation[-1].steps)
        first = self._decoder.decode(prompt, after_response, on_text or _ignore, check)
        second = self._decoder.alternative(prompt, first, after_response, check)
        tries = [first] if second is None else [first, second]
        best, *others = sorted(tries, key=lambda decoded: -decoded.log_probability)
        return Generation(
            step=best.step,
            confidence=min(1.0, math.exp(best.log_probability)),
            prompt_tokens=len(prompt),
            cached_tokens=first.cached_tokens,
            generated_tokens=sum(len(decoded.tokens) for decoded in tries),
            prefill_seconds=first.prefill_seconds,
            decode_seconds=sum(decoded.decode_seconds for decoded in tries),
            alternative=others[0].step if others else None,
        )

    def choose(
        self,
        conversation: Conversation,
        calls: Sequence[ToolCall],
        least: float,
        cancelled: threading.Event | None = None,
    ) -> Generation | None:
        """Return the step that is the likeliest of some calls, if any is likely enough."""
        prompt = self._prompt(conversation)
        chosen = self._decoder.choose(prompt, calls, least, bool(conversation[-1].steps), _checking(cancelled))
        return None if chosen is None else Generation(ModelStep(calls[chosen.index]), chosen.share, len(prompt))

    def _prompt(self, conversation: Conversation) -> Sequence[int]:
        """Return the tokens of a conversation that goes on, if they fit."""
        if not conversation or conversation[-1].done:
            raise EngineError("the conversation's last turn has ended; add a request to it")
        prompt = self.render(conversation).tokens
        taken = len(prompt) - self._prefix_tokens
        if taken > self._context_tokens:
            raise EngineError(
                f"the conversation takes {taken} tokens, and {self._context_tokens} fit; mend: start a new conversation"
            )
        return prompt

    def count_tokens(self, conversation: Conversation) -> int:
        """Return how many tokens a conversation takes, without the declarations of an untuned file."""
        return len(render_conversation(conversation, self._decoder.tokenizer).tokens)

    def cut_output(self, text: str) -> str:
        """Return a command's output cut to the tokens that the model is given for it."""
        return cut_output(text, self._decoder.tokenizer)

    def close(self) -> None:
        """Free the model."""
        self._decoder.close()


def _checking(cancelled: threading.Event | None) -> Check:
    """Return what raises where the event is set."""

    def check() -> None:
        if cancelled is not None and cancelled.is_set():
            raise GenerationCancelled

    return check


def _ignore(text: str) -> None:
    """Do nothing with the text."""
