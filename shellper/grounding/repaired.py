"""Repairs: a call that failed for a name that isn't there, and what the user says next of that name."""

from __future__ import annotations

from shellper.calls import Disk, ToolCall
from shellper.calls.catalogue import Catalogue
from shellper.dialect import Conversation
from shellper.grounding.guard import suggest
from shellper.grounding.possible import can_work, is_named, paths_of, what_is_there


def repairing(
    call: ToolCall, conversation: Conversation, catalogue: Catalogue, disk: Disk
) -> tuple[str, tuple[ToolCall, ...]]:
    """Return the name for which the turn before has failed, and its call with the only name there that is like it.

    "With an s at the end" is hard to spell out for a small model; what is there and almost called so is easy to find.
    Nothing is returned for a call of another tool, for one that can work and goes to a name, or where the request names
    something that is there.
    """
    failed = conversation[-2].steps[-1] if len(conversation) > 1 and conversation[-2].steps else None
    if failed is None or not failed.response.exit_code or failed.call.name != call.name or conversation[-1].steps:
        return "", ()
    is_place = all(not path.strip("./~-") for _, path in paths_of(call, catalogue))
    if can_work(call, catalogue, disk) and call != failed.call and not is_place:
        return "", ()
    missing = [p for one, p in paths_of(failed.call, catalogue) if one.must_exist and not disk.exists(p)]
    found = suggest(failed.call, catalogue, disk, conversation[-1].request) if missing else None
    if found is None or found.given not in missing or found.call == call:
        return "", ()
    request = conversation[-1].request
    if any(
        path.rpartition("/")[2] in request and is_named(path.rpartition("/")[2], request)
        for path in what_is_there(disk, ".")
    ):
        return "", ()
    return found.given, (found.call,)


def was_in_vain(name: str, conversation: Conversation) -> bool:
    """Say whether the turn before has failed for a name, or has ended with a question about it."""
    if len(conversation) < 2:
        return False
    before = conversation[-2]
    if is_named(name, before.reply):
        return True
    return any(step.response.exit_code and name in step.call.arguments.values() for step in before.steps)
