"""Grounding: a step that doesn't fit the disk or the user's words gives way to the likeliest one that does."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from shellper.calls import Disk, ToolCall, load_catalogue, render
from shellper.dialect import Conversation, ModelStep
from shellper.engine.protocol import Engine, Generation
from shellper.grounding.counted import counting
from shellper.grounding.earlier import asked_again, moved
from shellper.grounding.guard import suggest
from shellper.grounding.hinted import hinted
from shellper.grounding.kinds import of_kind
from shellper.grounding.made_first import made_first
from shellper.grounding.new_names import said_otherwise
from shellper.grounding.overwriting import keeping_files, turned_round, written_over
from shellper.grounding.places import placed_otherwise
from shellper.grounding.possible import REMOVING, Impossible, can_work, impossible, is_named, paths_of
from shellper.grounding.repaired import repairing, was_in_vain
from shellper.grounding.told_first import told_first
from shellper.grounding.typed import typed
from shellper.grounding.unasked import unasked
from shellper.grounding.unheeded import heeding

LEAST_LIKELY = 1e-3
"""How likely a call must have been to take the place of one that can't work."""

LEAST_LIKELIER = 0.02
"""How likely it must have been to take the place of one that can, or that has a name which the user has said."""

# Words that tell of a thing rather than name it: "last month's list".
_DESCRIPTION = re.compile(r"(?:last|next|this|my|the|old|new|other) .*|[a-z]+['’]s [a-z ]+")

LEAST_TOLD = 1e-6
"""How likely it must have been where the request's words tell: a place in a list, what is to go first, a name."""


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
    """Return a conversation's next step as the disk allows it and the user's words have it.

    A step that can work gives way only to what the user has told otherwise, or to what is most likely meant (see
    `impossible` and `heeding`, and new names that the request has almost so). One that names what isn't there because
    the user said that name stays where nothing else is likely; a move over a file that is only to be called otherwise
    becomes a question; a command that the user has typed always stays.

    Raises `CallError`, `EngineError` and `GenerationCancelled`.
    """
    if generation.step.call is None:
        return Grounded(generation)
    call = load_catalogue().validate(generation.step.call)
    if render(call) == conversation[-1].request.strip():
        return Grounded(generation)
    command = typed(conversation[-1].request, load_catalogue(), disk)
    if command is not None and command.name == call.name and not conversation[-1].steps and not _alike(command, call):
        return Grounded(replace(generation, step=ModelStep(command)))
    for doubt in _told_otherwise(call, conversation, disk):
        other = engine.choose(conversation, doubt.calls, doubt.least, cancelled) if doubt.calls else None
        if other is not None:
            return _other(other, generation, doubt)
    over = written_over(call, conversation, disk)
    if over:
        question = f"There is {over} already. What should become of it, and under what name or where?"
        return Grounded(replace(generation, step=ModelStep(reply=question)))
    found = impossible(call, load_catalogue(), disk, conversation[-1].request)
    if found is not None and found.whole is not None:
        return Grounded(replace(generation, step=ModelStep(found.whole)))
    if found is not None and found.is_certain:
        return _possible(engine, conversation, generation, found, disk, cancelled)
    doubt = _Doubt(found.given, found.calls) if found is not None else _likelier(call, conversation, disk)
    other = engine.choose(conversation, doubt.calls, doubt.least, cancelled) if doubt.calls else None
    return Grounded(generation) if other is None else _other(other, generation, doubt)


def _alike(one: ToolCall, other: ToolCall) -> bool:
    """Say whether two calls differ in nothing but a folder's slash."""
    texts = ({name: str(value).rstrip("/") for name, value in call.arguments.items()} for call in (one, other))
    return next(texts) == next(texts)


@dataclass(frozen=True)
class _Doubt:
    """An argument that is doubted, and the calls that could be meant, the likeliest of which is taken."""

    given: str
    calls: Sequence[ToolCall]
    least: float = LEAST_LIKELIER
    note: str = "the model first wrote {given}; this is likelier"


def _other(other: Generation, generation: Generation, doubt: _Doubt) -> Grounded:
    note = doubt.note.format(given=doubt.given)
    return Grounded(replace(other, alternative=generation.step), note)


def _told_otherwise(call: ToolCall, conversation: Conversation, disk: Disk) -> Iterator[_Doubt]:
    """Yield what the user has told otherwise: by counting, by an order, by a kind, by spelling a name that isn't there.

    And what is to be made or replaced first, and options that the user hasn't told at all.
    """
    catalogue, turn = load_catalogue(), conversation[-1]
    before = [step.call for step in turn.steps]
    told = LEAST_LIKELIER if call.name in (*REMOVING, "mv") else LEAST_TOLD
    yield _Doubt(*counting(call, conversation, catalogue, disk), told)
    told = LEAST_LIKELIER if call.name in REMOVING else LEAST_TOLD
    yield _Doubt(*told_first(call, before, catalogue, disk, turn.request), told)
    yield _Doubt(*repairing(call, conversation, catalogue, disk), LEAST_LIKELY)
    least = LEAST_TOLD if call.name == "cp" else LEAST_LIKELY
    yield _Doubt(*placed_otherwise(call, catalogue, disk, turn.request), least)
    yield _Doubt(*asked_again(call, conversation, catalogue), LEAST_LIKELY)
    made = made_first(call, before, catalogue, disk, turn.request)
    least = LEAST_TOLD if call.name == "untar" else LEAST_LIKELIER
    yield _Doubt(*made, least, "{given} isn't there yet, so it is made first")
    given, calls = of_kind(call, catalogue, disk, turn.request)
    yield _Doubt(given, keeping_files(call, calls, disk), LEAST_LIKELY if disk.exists(given) else LEAST_TOLD)
    yield _Doubt(*turned_round(call, catalogue, disk, turn.request), LEAST_LIKELY)
    unsaid = unasked(call, conversation, catalogue)
    yield _Doubt(*unsaid, LEAST_LIKELIER, "the model first added {given}, which you haven't asked for")
    given, calls = said_otherwise(call, catalogue, disk, turn.request)
    is_path = bool(calls) and any(calls[0].arguments[one.name] != path for one, path in paths_of(call, catalogue))
    is_said_name = is_path and given in turn.request
    told = LEAST_LIKELY if call.name == "mv" else LEAST_TOLD
    yield _Doubt(given, calls, LEAST_LIKELIER if is_said_name else told)


def _possible(
    engine: Engine,
    conversation: Conversation,
    generation: Generation,
    found: Impossible,
    disk: Disk,
    cancelled: threading.Event | None,
) -> Grounded:
    """Return what stands in the place of a call that can't work: the likeliest that can, or a question."""
    steps = conversation[-1].steps
    other_place = moved(generation.step.call, steps, load_catalogue(), disk) if generation.step.call else None
    if other_place is not None:
        return Grounded(replace(generation, step=ModelStep(other_place)), _note(found.given, "there"))
    call = generation.step.call
    is_read = call is not None and load_catalogue().tools[call.name].kind == "read"
    if is_read and len(found.said) == 1 and not found.is_named:
        told = ModelStep(found.said[0])
        return Grounded(replace(generation, step=told), f"the model first wrote {found.given}, which you haven't said")
    is_harmless = is_read or (call is not None and call.name == "cp")
    least = LEAST_TOLD if is_harmless and not found.is_named else LEAST_LIKELY
    other = engine.choose(conversation, found.said, least, cancelled) if found.said else None
    if other is None and found.calls:
        other = engine.choose(conversation, found.calls, LEAST_LIKELY, cancelled)
    if other is None and found.wider:
        other = engine.choose(conversation, found.wider, LEAST_LIKELIER, cancelled)
    if other is not None:
        other = replace(other, alternative=generation.step if found.is_named else None)
        return Grounded(other, _note(found.given, "possible" if found.is_there else "there"))
    near = _near_what_was_in_vain(call, found, conversation, disk)
    if near is not None:
        return Grounded(replace(generation, step=ModelStep(near)), _note(found.given, "there"))
    is_name = found.is_named and not _DESCRIPTION.fullmatch(found.given)
    is_kept = (found.is_there or is_name) and not found.is_in_vain
    return Grounded(generation) if is_kept else _asking(generation, found)


def _near_what_was_in_vain(
    call: ToolCall | None, found: Impossible, conversation: Conversation, disk: Disk
) -> ToolCall | None:
    """Return the call with the only name like the one that was in vain before, if there is one.

    What was said again stays, and what is to be taken away is never guessed.
    """
    request = conversation[-1].request
    if call is None or call.name in REMOVING or is_named(found.given, request):
        return None
    near = suggest(call, load_catalogue(), disk, request) if was_in_vain(found.given, conversation) else None
    return near.call if near is not None and near.given == found.given else None


def _likelier(call: ToolCall, conversation: Conversation, disk: Disk) -> _Doubt:
    """Return an argument of a call that can work but isn't as the user has said it, and the calls that are."""
    turn = conversation[-1]
    given, calls = heeding(call, [step.call for step in turn.steps], load_catalogue(), disk, turn.request)
    if calls:
        # A place such as `..` is what the model writes where it knows no name.
        return _Doubt(given, calls, LEAST_LIKELIER if given.strip("./~-") else LEAST_LIKELY)
    given, calls = hinted(call, [step.call for step in turn.steps], load_catalogue(), disk, turn.request)
    if calls:
        return _Doubt(given, keeping_files(call, calls, disk), LEAST_LIKELIER)
    return _Doubt(*_almost_said(call, conversation, disk))


def _almost_said(call: ToolCall, conversation: Conversation, disk: Disk) -> tuple[str, Sequence[ToolCall]]:
    """Return a call's new name that the request has almost so, and the call with the name as it is said."""
    catalogue = load_catalogue()
    found = suggest(call, catalogue, disk, conversation[-1].request, said(conversation))
    if found is None:
        return "", ()
    parameter = catalogue.tools[call.name].by_name[found.parameter]
    is_new_path = parameter.role == "path" and not parameter.must_exist
    return found.given, (found.call,) if is_new_path and can_work(found.call, catalogue, disk) else ()


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
