"""The engine of tests: it says what it was told to say, and remembers what it was asked."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from shellper.calls import ToolCall
from shellper.dialect import Conversation, ModelStep
from shellper.engine.protocol import Generation, GenerationCancelled

ScriptedStep: TypeAlias = ToolCall | str | Generation | Exception


class ScriptedEngine:
    """An `Engine` that plays steps: a call, a text (empty: the turn just ends), a whole `Generation`, or an error.

    `conversations` holds every conversation it was given; of calls to choose from it takes the one that `likely` holds.
    Being asked beyond the script is an `AssertionError`.
    """

    def __init__(
        self, steps: Iterable[ScriptedStep] = (), *, context_tokens: int = 3584, output_characters: int = 800
    ) -> None:
        self.conversations: list[Conversation] = []
        self.likely: list[ToolCall] = []
        self.closed = False
        self._steps = deque(steps)
        self._context_tokens = context_tokens
        self._output_characters = output_characters

    def enqueue(self, *steps: ScriptedStep) -> None:
        """Add steps to the end of the script."""
        self._steps.extend(steps)

    @property
    def remaining(self) -> int:
        """How many steps were not asked for yet."""
        return len(self._steps)

    def generate(
        self,
        conversation: Conversation,
        on_text: Callable[[str], None] | None = None,
        cancelled: threading.Event | None = None,
    ) -> Generation:
        """Return the next step of the script; a text is streamed word by word."""
        self.conversations.append(conversation)
        if cancelled is not None and cancelled.is_set():
            raise GenerationCancelled
        assert self._steps, "the engine was asked for more steps than the script has"
        step = self._steps.popleft()
        if isinstance(step, Exception):
            raise step
        generation = step if isinstance(step, Generation) else self._generation(step, conversation)
        for word in generation.step.reply.split(" ") if on_text and generation.step.reply else ():
            assert on_text is not None
            on_text(word + " ")
            if cancelled is not None and cancelled.is_set():
                raise GenerationCancelled
        return generation

    def choose(
        self,
        conversation: Conversation,
        calls: Sequence[ToolCall],
        least: float,
        cancelled: threading.Event | None = None,
    ) -> Generation | None:
        """Return the call that is likely, if one of those given is."""
        found = next((call for call in calls if call in self.likely), None)
        return None if found is None else self._generation(found, conversation)

    def _generation(self, step: ToolCall | str, conversation: Conversation) -> Generation:
        model_step = ModelStep(call=step) if isinstance(step, ToolCall) else ModelStep(reply=step)
        return Generation(model_step, 1.0, prompt_tokens=self.count_tokens(conversation))

    def count_tokens(self, conversation: Conversation) -> int:
        """Return the number of words in a conversation."""
        return sum(
            len(text.split())
            for turn in conversation
            for text in (
                turn.request,
                turn.reply,
                *(f"{step.call.name} {step.response.output}" for step in turn.steps),
                *(str(value) for step in turn.steps for value in step.call.arguments.values()),
            )
        )

    def cut_output(self, text: str) -> str:
        """Return a text's first and last characters, with a line that says how many were left out."""
        if len(text) <= self._output_characters:
            return text
        half = self._output_characters // 2
        return f"{text[:half]}\n[... {len(text) - 2 * half} characters left out ...]\n{text[-half:]}"

    @property
    def context_tokens(self) -> int:
        """How many words a conversation may take."""
        return self._context_tokens

    def close(self) -> None:
        """Note that it was let go of."""
        self.closed = True
