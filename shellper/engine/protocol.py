"""What an engine is: the next step of a conversation, and the counting that its token budget needs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from shellper.calls import ToolCall
from shellper.dialect import Conversation, ModelStep

LOW_CONFIDENCE = 0.67
"""Below this confidence a step is worth a question; `model/README.md` says what share of errors lies there."""


class EngineError(Exception):
    """The engine can't answer; the message is one line that says why and what mends it."""


class GenerationCancelled(Exception):  # noqa: N818 (an answer to the caller, no error)
    """The caller cancelled the generation."""


@dataclass(frozen=True)
class Generation:
    """What the model wrote.

    `confidence` is the probability of the step: the product of the probabilities of its chosen tokens, 0 to 1, forced
    tokens left out; below `LOW_CONFIDENCE`, `alternative` is the step that the model wavered over, if there is one.
    Times are in seconds; `cached_tokens` of the prompt's tokens stood in the KV cache already.
    """

    step: ModelStep
    confidence: float
    prompt_tokens: int = 0
    cached_tokens: int = 0
    generated_tokens: int = 0
    prefill_seconds: float = 0.0
    decode_seconds: float = 0.0
    alternative: ModelStep | None = None


class Engine(Protocol):
    """A model that goes on with conversations."""

    def generate(
        self,
        conversation: Conversation,
        on_text: Callable[[str], None] | None = None,
        cancelled: threading.Event | None = None,
    ) -> Generation:
        """Return the model's next step; the last turn of the conversation is not done.

        `on_text` gets the step's text as it is written, whole characters only: a reply as it is, a call in the
        dialect's form with quotation marks around texts. Raises `EngineError` and `GenerationCancelled`.
        """

    def choose(
        self,
        conversation: Conversation,
        calls: Sequence[ToolCall],
        least: float,
        cancelled: threading.Event | None = None,
    ) -> Generation | None:
        """Return the step that is the likeliest of some calls; None where none is as likely as `least`.

        The confidence is the call's share of what is likely among them. Raises `EngineError` and `GenerationCancelled`.
        """

    def count_tokens(self, conversation: Conversation) -> int:
        """Return how many tokens a conversation takes."""

    def cut_output(self, text: str) -> str:
        """Return a command's output cut to the tokens that the model is given for it."""

    @property
    def context_tokens(self) -> int:
        """How many tokens a conversation may take."""

    def close(self) -> None:
        """Let go of the engine."""
