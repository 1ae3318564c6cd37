"""Grounding: a step that can't work on the disk as it is gives way to the likeliest one that can, or to a question."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace

from shellper.calls import Disk, load_catalogue
from shellper.calls.guard import suggest
from shellper.calls.possible import impossible
from shellper.dialect import Conversation, ModelStep
from shellper.engine.protocol import Engine, Generation


@dataclass(frozen=True)
class Grounded:
    """A generation, and what the user is to be told where it stands for a step that can't work, in one line."""

    generation: Generation
    note: str = ""


def ground(
    engine: Engine,
    conversation: Conversation,
    generation: Generation,
    disk: Disk,
    cancelled: threading.Event | None = None,
) -> Grounded:
    """Return a conversation's next step as the disk allows it.

    A step that can work stays as it is, but for a new name that the request has almost so. A step that names what isn't
    there because the user said that name stays, too, where nothing else is likely.
    Raises `CallError`, `EngineError` and `GenerationCancelled`.
    """
    if generation.step.call is None:
        return Grounded(generation)
    catalogue, request = load_catalogue(), conversation[-1].request
    call = catalogue.validate(generation.step.call)
    found = impossible(call, catalogue, disk, request)
    if found is None:
        meant = suggest(call, catalogue, disk, request, said(conversation))
        other = engine.choose(conversation, [meant.call], cancelled) if meant else None
        return Grounded(generation) if other is None or meant is None else Grounded(other, _note(meant.given, "said"))
    if found.whole is not None:
        return Grounded(replace(generation, step=ModelStep(found.whole)))
    other = engine.choose(conversation, found.calls, cancelled) if found.calls else None
    if other is not None:
        return Grounded(other, _note(found.given, "possible" if found.is_there else "there"))
    if not found.is_certain or found.is_there or found.is_named:
        return Grounded(generation)
    question = f"There is no {found.given} here. Which {found.thing or 'one'} do you mean?"
    return Grounded(replace(generation, step=ModelStep(reply=question)))


def said(conversation: Conversation) -> str:
    """Return all that was said, called and shown."""
    texts: list[str] = []
    for turn in conversation:
        texts.append(turn.request)
        for step in turn.steps:
            texts += (*map(str, step.call.arguments.values()), step.response.output)
    return "\n".join(texts)


def _note(given: str, wanted: str) -> str:
    return f"the model first wrote {given}, which isn't {wanted}; this is the likeliest that is"
