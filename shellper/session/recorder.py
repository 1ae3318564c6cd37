"""Writing a session down as it goes, for as long as the store can be written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Concatenate, Literal, ParamSpec, TypeVar

from shellper.calls import ToolCall
from shellper.session.errors import StoreError
from shellper.session.flow import Decision, Outcome, Proposal
from shellper.session.store import Store

_P = ParamSpec("_P")
_T = TypeVar("_T")


class Recorder:
    """One conversation's way into the store; without a store, or once that has failed, nothing is written.

    The session must not end because the disk is full: the first failure is told to `warn`, in one line.
    """

    def __init__(self, store: Store | None, terminal: str, started_in: Path, conversation: int | None = None) -> None:
        self._store = store
        self._terminal, self._started_in = terminal, started_in
        self._gone_on = False
        self._turn: int | None = None
        self.conversation = conversation
        """The conversation's id; None until its first turn is written."""
        self.warn: Callable[[str], None] = lambda message: None

    def _try(self, write: Callable[Concatenate[Store, _P], _T], *values: _P.args, **named: _P.kwargs) -> _T | None:
        """Write, unless there is no store."""
        if self._store is None:
            return None
        try:
            return write(self._store, *values, **named)
        except StoreError as error:
            self._store = None
            self.warn(f"this conversation is no longer saved: {error}")
            return None

    def begin_turn(self, kind: Literal["request", "command"], request: str, prompt: str) -> int | None:
        """Begin a turn, and the conversation with its first one; gives the turn's id."""
        self._turn = None
        if self.conversation is None:
            self.conversation = self._try(Store.add_conversation, request, self._terminal, self._started_in)
        elif not self._gone_on:
            self._try(Store.go_on, self.conversation, self._terminal, self._started_in)
        self._gone_on = True
        if self.conversation is not None:
            self._turn = self._try(Store.add_turn, self.conversation, kind, request, prompt)
        return self._turn

    def end_turn(self, ending: str, reply: str = "", notice: str = "") -> None:
        """End the turn."""
        if self._turn is not None:
            self._try(Store.end_turn, self._turn, ending, reply, notice)

    def propose(self, call: ToolCall | None, proposal: Proposal) -> int | None:
        """Write a proposal down and return the step's id."""
        return None if self._turn is None else self._try(Store.add_step, self._turn, call, proposal)

    def decide(self, step: int | None, proposal: Proposal, decision: Decision) -> None:
        """Write a decision down."""
        if step is not None:
            self._try(Store.decide, step, proposal, decision)

    def end_step(self, step: int | None, outcome: Outcome) -> None:
        """Write an outcome down."""
        if step is not None:
            self._try(Store.end_step, step, outcome)

    def show_model(self, step: int | None, seen: str) -> None:
        """Write down the output as the model is given it."""
        if step is not None and seen:
            self._try(Store.show_model, step, seen)

    def move(self, folder: Path, previous: Path | None) -> None:
        """Write the working directory down."""
        if self.conversation is not None:
            self._try(Store.move, self.conversation, folder, previous)

    def forget_before(self, turn: int | None) -> None:
        """Write down that the model sees the conversation only from this turn on."""
        if self.conversation is not None and turn is not None:
            self._try(Store.forget_before, self.conversation, turn)
