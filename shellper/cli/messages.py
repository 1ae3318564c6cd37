"""Conversations as other programs send them: chat messages with tool calls, in our form or in OpenAI's."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from shellper.calls import Catalogue, ToolCall
from shellper.dialect import Conversation, Response, Step, Turn
from shellper.session.rows import as_text


class MessageError(ValueError):
    """Messages that are no conversation; the message is one line that names the place and the mend."""


def read_conversation(messages: object, catalogue: Catalogue) -> Conversation:
    """Return the conversation that messages stand for, its last turn open for the model's next step.

    A tool message answers the call of its `tool_call_id`, else the earliest one without an answer; a call that never
    gets one is `unknown`. Raises `MessageError` and `CallError`.
    """
    if not isinstance(messages, list) or not messages:
        raise MessageError('"messages" must be a list with at least one message')
    reader = _Reader(catalogue)
    for number, message in enumerate(messages):
        if not isinstance(message, dict):
            raise MessageError(f"message {number} is not an object")
        reader.take(number, message)
    return reader.conversation()


class _Reader:
    """Puts turns together, message by message."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._turns: list[Turn] = []
        self._unanswered: list[tuple[int, str]] = []

    def conversation(self) -> Conversation:
        """Return the turns, the last one open."""
        if not self._turns:
            raise MessageError("there is no message of the role user")
        if self._turns[-1].reply:
            raise MessageError("the last message is the assistant's text, which ends its turn; add a user message")
        return (*self._turns[:-1], replace(self._turns[-1], done=False))

    def take(self, number: int, message: Mapping[str, Any]) -> None:
        """Take the next message."""
        role = message.get("role")
        if role in ("system", "developer"):
            if self._turns:
                raise MessageError(f"message {number}: a {role} message must come first")
        elif role == "user":
            self._user(_content(number, message))
        elif role not in ("assistant", "tool"):
            raise MessageError(f"message {number}: the role must be user, assistant or tool, not {role!r}")
        elif not self._turns:
            raise MessageError(f"message {number}: a conversation begins with a user message, not with {role}")
        elif role == "assistant":
            self._assistant(number, message)
        else:
            self._tool(number, message)

    def _user(self, content: str) -> None:
        last = self._turns[-1] if self._turns else None
        if last and not last.steps and not last.reply:
            # Two user messages in a row are one request: the model has never seen a turn without an answer.
            self._turns[-1] = Turn(f"{last.request}\n{content}")
        else:
            self._turns.append(Turn(content))
        self._unanswered = []

    def _assistant(self, number: int, message: Mapping[str, Any]) -> None:
        turn = self._turns[-1]
        if turn.reply:
            raise MessageError(f"message {number}: the assistant's turn has ended with a text; a user message follows")
        calls = list(self._calls(number, message))
        for call, mark in calls:
            self._unanswered.append((len(turn.steps), mark))
            turn = replace(turn, steps=(*turn.steps, Step(call)))
        text = _content(number, message)
        # A text beside calls is a remark: in the dialect a text ends the turn.
        self._turns[-1] = turn if calls else replace(turn, reply=text)

    def _calls(self, number: int, message: Mapping[str, Any]) -> Iterator[tuple[ToolCall, str]]:
        """Yield the calls of a message, each with its id or an empty text."""
        calls = message.get("tool_calls")
        if calls is None:
            return
        if not isinstance(calls, list):
            raise MessageError(f'message {number}: "tool_calls" is not a list')
        for data in calls:
            if not isinstance(data, dict):
                raise MessageError(f"message {number}: a tool call is not an object")
            body = data["function"] if isinstance(data.get("function"), dict) else data
            call = ToolCall.from_json({**body, "arguments": _arguments(number, body.get("arguments"))})
            yield _clean(call, self._catalogue), str(data.get("id") or "")

    def _tool(self, number: int, message: Mapping[str, Any]) -> None:
        if not self._unanswered:
            raise MessageError(f"message {number}: there is no call that this tool message could answer")
        marks = [mark for _, mark in self._unanswered]
        mark = str(message.get("tool_call_id") or "")
        place, _ = self._unanswered.pop(marks.index(mark) if mark in marks else 0)
        turn = self._turns[-1]
        step = replace(turn.steps[place], response=Response(_content(number, message)))
        self._turns[-1] = replace(turn, steps=(*turn.steps[:place], step, *turn.steps[place + 1 :]))


def _clean(call: ToolCall, catalogue: Catalogue) -> ToolCall:
    """Return a call as the model itself would write it, without defaults and half characters."""
    texts = {name: as_text(value) if isinstance(value, str) else value for name, value in call.arguments.items()}
    cleaned = ToolCall(as_text(call.name), {as_text(name): value for name, value in texts.items()})
    return catalogue.canonical(cleaned) if cleaned.name in catalogue.tools else cleaned


def _content(number: int, message: Mapping[str, Any]) -> str:
    """Return a message's text, also where it comes in parts."""
    content = message.get("content")
    if content is None and message.get("role") == "assistant":
        return ""
    if isinstance(content, list) and all(isinstance(part, dict) for part in content):
        texts = [part.get("text") for part in content if part.get("type") == "text"]
        if len(texts) == len(content) and all(isinstance(text, str) for text in texts):
            content = "".join(str(text) for text in texts)
    if not isinstance(content, str):
        raise MessageError(f'message {number}: "content" is not a text')
    return as_text(content)


def _arguments(number: int, arguments: object) -> object:
    """Return a call's arguments, which OpenAI's form has as JSON in a text."""
    if not isinstance(arguments, str):
        return {} if arguments is None else arguments
    try:
        return json.loads(arguments or "{}")
    except ValueError as error:
        raise MessageError(f"message {number}: the arguments of a tool call are no JSON: {error}") from error
