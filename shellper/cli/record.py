"""A turn as the object that `--json` prints; turn.schema.json is its schema."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from shellper.session import Outcome, TurnResult


def turn_record(result: TurnResult, folder: Path, conversation: int | None, exit_code: int) -> dict[str, Any]:
    """Return a turn as plain JSON data; `folder` is the conversation's working directory afterwards."""
    return {
        "request": result.request,
        "steps": [step_record(outcome) for outcome in result.outcomes],
        "reply": result.reply,
        "end": result.end.value,
        "folder": str(folder),
        "conversation": conversation,
        "exit_code": exit_code,
    }


def step_record(outcome: Outcome) -> dict[str, Any]:
    """Return what happened to one proposal; times in seconds, null for what did not happen."""
    proposal, output = outcome.proposal, outcome.output
    return {
        "call": None if proposal.call is None else proposal.call.as_json(),
        "command": proposal.command,
        "folder": str(proposal.folder),
        "verdict": proposal.verdict.level.value,
        "reasons": list(proposal.verdict.reasons),
        "confidence": proposal.confidence,
        "note": proposal.note,
        "meant": None if proposal.meant is None else proposal.meant.command,
        "decision": outcome.decision.action.value,
        "elsewhere": outcome.decision.elsewhere,
        "outside": outcome.decision.outside,
        "exit_code": outcome.exit_code,
        "output": None if output is None else output.text,
        "left_out_lines": 0 if output is None else output.left_out_lines,
        "duration": round(outcome.duration, 3),
        "timed_out": outcome.timed_out,
        "cancelled": outcome.cancelled,
        "sandbox": outcome.level.value,
        "effects": None if proposal.effects is None else proposal.effects.as_json(),
        "changed": [str(path) for path in outcome.changed],
        "transaction": None if outcome.journal_id is None else int(outcome.journal_id),
        "refusal": outcome.refusal,
        "left": outcome.left,
        "job": outcome.job,
    }
