"""`shellper api`: JSON lines for other programs; commands are rendered, never run."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from shellper.calls import LocalDisk, load_catalogue, render
from shellper.cli.messages import read_conversation
from shellper.dialect import Conversation, Step, Turn
from shellper.engine import Engine, EngineError, Generation
from shellper.grounding.ground import ground
from shellper.session import SessionError
from shellper.session.window import shorten, turns_to_drop

LONGEST_LINE = 16 << 20
"""Bytes of a line that is read; a longer one is refused."""


def serve(lines: BinaryIO, answers: TextIO, engine: Engine, folder: Path) -> None:
    """Answer each line until the end of the input; blank lines are passed over.

    `folder` is where the names in calls are looked up, to render them. A line that names a folder of its own has its
    call held against what is there as well. A line that can't be answered gets an error.
    """
    while line := lines.readline(LONGEST_LINE + 1):
        if line.isspace():
            continue
        answer = _answer(_whole(line, lines), engine, folder)
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _whole(line: bytes, lines: BinaryIO) -> bytes | None:
    """Return a line, or None for one that is too long, whose rest is passed over."""
    if len(line) <= LONGEST_LINE:
        return line
    while line and not line.endswith(b"\n"):
        line = lines.readline(LONGEST_LINE)
    return None


def _answer(line: bytes | None, engine: Engine, folder: Path) -> dict[str, Any]:
    """Return the answer to a line."""
    began = time.perf_counter()
    if line is None:
        return {"id": None, "error": f"the line is longer than {LONGEST_LINE >> 20} MB"}
    try:
        asked = json.loads(line)
    except (ValueError, RecursionError) as error:
        return {"id": None, "error": f"the line is no JSON: {' '.join(str(error).split())}"}
    if not isinstance(asked, dict):
        return {"id": None, "error": 'the line is no object with "id" and "messages"'}
    mark = asked.get("id")
    try:
        conversation = read_conversation(asked.get("messages"), load_catalogue())
        if "folder" in asked:
            answer = _grounded_step(conversation, engine, LocalDisk(_folder(asked["folder"]), _home()))
        else:
            answer = _as_answer(engine.generate(_fitted(conversation, engine)), LocalDisk(folder, _home()))
    except (ValueError, EngineError, SessionError) as error:
        return {"id": mark, "error": " ".join(str(error).split())}
    return {"id": mark, **answer, "latency_ms": round((time.perf_counter() - began) * 1000, 1)}


def _folder(given: object) -> Path:
    """Return the folder that a line names. Raises `ValueError`."""
    # Unlike `Path.is_dir` this takes a path that is too long, or not to be looked at, for no folder.
    if not isinstance(given, str) or not os.path.isabs(given) or not os.path.isdir(given):  # noqa: PTH112, PTH117
        raise ValueError(f'"folder" must be the whole path of a folder that is there, not {json.dumps(given)}')
    return Path(given)


def _grounded_step(conversation: Conversation, engine: Engine, disk: LocalDisk) -> dict[str, Any]:
    """Return the next step as what is there allows it, and what the user is to be told of it.

    Raises `EngineError`, `SessionError` where the request is too long, `CallError`.
    """
    fitted = _fitted(conversation, engine)
    grounded = ground(engine, fitted, engine.generate(fitted), disk)
    return {**_as_answer(grounded.generation, disk), "note": grounded.note}


def _as_answer(generation: Generation, disk: LocalDisk) -> dict[str, Any]:
    call = generation.step.call
    return {
        "tool_calls": [] if call is None else [call.as_json()],
        "command": None if call is None else render(call, disk=disk),
        "text": generation.step.reply,
        "confidence": round(generation.confidence, 6),
    }


def _fitted(conversation: Conversation, engine: Engine) -> Conversation:
    """Return as much of a conversation as the model can take: outputs cut, the oldest turns left out."""
    cut = tuple(_cut(turn, engine.cut_output) for turn in conversation)
    kept = cut[turns_to_drop(cut, engine.count_tokens, engine.context_tokens) :]
    if len(kept) > 1:
        return kept
    return (shorten(kept[0], engine.count_tokens, engine.context_tokens),)


def _cut(turn: Turn, cut_output: Callable[[str], str]) -> Turn:
    """Return a turn with its outputs cut as a session cuts them."""
    return replace(turn, steps=tuple(_cut_step(step, cut_output) for step in turn.steps))


def _cut_step(step: Step, cut_output: Callable[[str], str]) -> Step:
    return replace(step, response=replace(step.response, output=cut_output(step.response.output)))


def _home() -> Path:
    """Return the user's home; where it isn't known, `~` stays a name like any other."""
    try:
        return Path.home()
    except RuntimeError:
        return Path("~")
