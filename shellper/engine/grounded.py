"""Grounding: a step that can't work on the disk as it is gives way to the likeliest one that can, or to a question."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace

from shellper.calls import Disk, load_catalogue
from shellper.calls.possible import Impossible, impossible
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

    A step that can work stays as it is. So does one that names what isn't there because the user said that name, where
    nothing else is likely. Raises `CallError`, `EngineError` and `GenerationCancelled`.
    """
    if generation.step.call is None:
        return Grounded(generation)
    catalogue = load_catalogue()
    found = impossible(catalogue.validate(generation.step.call), catalogue, disk, conversation[-1].request)
    if found is None:
        return Grounded(generation)
    if found.whole is not None:
        return Grounded(replace(generation, step=ModelStep(found.whole)))
    other = engine.choose(conversation, found.calls, cancelled) if found.calls else None
    if other is not None:
        return Grounded(other, _note(found))
    if found.is_there or found.is_named:
        return Grounded(generation)
    question = f"There is no {found.given} here. Which {found.thing or 'one'} do you mean?"
    return Grounded(replace(generation, step=ModelStep(reply=question)))


def _note(found: Impossible) -> str:
    if found.is_there:
        return f"the model first wrote {found.given}, which can't be; this is the likeliest that can"
    return f"the model first wrote {found.given}, which isn't there; this is the likeliest that is"
