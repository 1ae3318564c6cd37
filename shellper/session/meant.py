"""What was most likely meant, where a call names what isn't there or the model was not sure."""

from __future__ import annotations

from shellper.calls import LocalDisk, ToolCall, load_catalogue
from shellper.dialect import Conversation
from shellper.engine.protocol import Generation
from shellper.grounding.ground import said
from shellper.grounding.guard import suggest


def meant(generation: Generation, conversation: Conversation, disk: LocalDisk) -> ToolCall | None:
    """Return another call to offer beside the model's, if there is one; nothing is ever put right in silence.

    The last turn of the conversation is the one that goes on. Raises `CallError` where the catalogue does not allow the
    model's call.
    """
    if generation.step.call is None:
        return None
    catalogue = load_catalogue()
    call = catalogue.validate(generation.step.call)
    found = suggest(call, catalogue, disk, conversation[-1].request, said(conversation))
    if found is not None:
        return found.call
    return None if generation.alternative is None else generation.alternative.call
