"""Grounding: a step that can't work on the disk as it is gives way to the likeliest one that can, or to a question."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace

from shellper.calls import Disk, ToolCall, load_catalogue, render
from shellper.calls.guard import suggest
from shellper.calls.possible import Impossible, impossible
from shellper.calls.unheeded import heeding
from shellper.dialect import Conversation, ModelStep
from shellper.engine.protocol import Engine, Generation

LEAST_LIKELY = 1e-3
"""How likely a call must have been to take the place of one that can't work."""

LEAST_LIKELIER = 0.02
"""How likely it must have been to take the place of one that can, or that has a name which the user has said."""


@dataclass(frozen=True)
class Grounded:
    """A generation, and what the user is to be told where it stands for another step, in one line."""

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

    A step that can work gives way only to what is most likely meant for another reason (see `impossible` and `heeding`,
    and new names that the request has almost so). One that names what isn't there because the user said that name stays
    where nothing else is likely; a command that the user has typed always stays. Raises `CallError`, `EngineError` and
    `GenerationCancelled`.
    """
    if generation.step.call is None:
        return Grounded(generation)
    call = load_catalogue().validate(generation.step.call)
    typed = next((one for one in (call, _exchanged(call)) if render(one) == conversation[-1].request.strip()), None)
    if typed is not None:
        return Grounded(replace(generation, step=ModelStep(typed)))
    found = impossible(call, load_catalogue(), disk, conversation[-1].request)
    if found is not None and found.whole is not None:
        return Grounded(replace(generation, step=ModelStep(found.whole)))
    if found is not None and found.is_certain:
        other = engine.choose(conversation, found.calls, LEAST_LIKELY, cancelled) if found.calls else None
        if other is None and found.wider:
            other = engine.choose(conversation, found.wider, LEAST_LIKELIER, cancelled)
        if other is not None:
            other = replace(other, alternative=generation.step if found.is_named else None)
            return Grounded(other, _note(found.given, "possible" if found.is_there else "there"))
        is_kept = (found.is_there or found.is_named) and not found.is_in_vain
        return Grounded(generation) if is_kept else _asking(generation, found)
    given, calls = (found.given, found.calls) if found is not None else _likelier(call, conversation, disk)
    other = engine.choose(conversation, calls, LEAST_LIKELIER, cancelled) if calls else None
    if other is None:
        return Grounded(generation)
    return Grounded(replace(other, alternative=generation.step), f"the model first wrote {given}; this is likelier")


def _exchanged(call: ToolCall) -> ToolCall:
    """Return a comparison the other way round, and any other call as it is."""
    names = ("file_name1", "file_name2") if call.name == "diff" else ()
    exchanged = {one: call.arguments[other] for one, other in zip(names, reversed(names), strict=True)}
    return ToolCall(call.name, {**call.arguments, **exchanged})


def _likelier(call: ToolCall, conversation: Conversation, disk: Disk) -> tuple[str, Sequence[ToolCall]]:
    """Return an argument of a call that can work but isn't as the user has said it, and the calls that are."""
    turn = conversation[-1]
    before = [step.call for step in turn.steps]
    given, calls = heeding(call, before, load_catalogue(), disk, turn.request)
    return (given, calls) if calls else _almost_said(call, conversation, disk)


def _almost_said(call: ToolCall, conversation: Conversation, disk: Disk) -> tuple[str, Sequence[ToolCall]]:
    """Return a call's new name that the request has almost so, and the call with the name as it is said."""
    catalogue = load_catalogue()
    found = suggest(call, catalogue, disk, conversation[-1].request, said(conversation))
    if found is None:
        return "", ()
    parameter = catalogue.tools[call.name].by_name[found.parameter]
    return found.given, () if parameter.must_exist or parameter.role != "path" else (found.call,)


def _asking(generation: Generation, found: Impossible) -> Grounded:
    if found.is_in_vain:
        question = f"That would be {found.given} and the very same. Which other one do you mean?"
    else:
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
