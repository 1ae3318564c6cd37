"""From the rows of the store to what they stand for."""

from __future__ import annotations

import json
import os
import re
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from shellper.calls import ToolCall
from shellper.safety import Level, Verdict
from shellper.sandbox import Captured, SandboxLevel
from shellper.session.flow import Action, Decision, Outcome, Proposal
from shellper.session.saved import SavedConversation, SavedStep, SavedTurn, Summary

# Python's way to hold a byte that is no UTF-8 in a text.
_SURROGATE = re.compile("[\ud800-\udfff]")


def as_text(text: str) -> str:
    """Return a text that SQLite and a tokenizer can take: half a surrogate pair is no character and becomes U+FFFD."""
    return _SURROGATE.sub("\ufffd", text)


def read_summary(row: sqlite3.Row) -> Summary:
    """Read the one line on a conversation."""
    return Summary(row["id"], row["title"], _path(row["folder"]), row["turns"], row["started_at"], row["changed_at"])


def read_conversation(row: sqlite3.Row, turns: tuple[SavedTurn, ...]) -> SavedConversation:
    """Read a conversation, whose turns are given."""
    return SavedConversation(
        id=row["id"],
        title=row["title"],
        started_in=_path(row["started_in"]),
        folder=_path(row["folder"]),
        previous_folder=None if row["previous_folder"] is None else _path(row["previous_folder"]),
        context_from=row["context_from"],
        started_at=row["started_at"],
        changed_at=row["changed_at"],
        turns=turns,
    )


def read_turn(row: sqlite3.Row, steps: Sequence[sqlite3.Row]) -> SavedTurn:
    """Read a turn and its steps.

    Raises ValueError where a word or the JSON of a row is none that was written.
    """
    return SavedTurn(
        id=row["id"],
        kind=row["kind"],
        request=row["request"],
        prompt=row["prompt"],
        steps=tuple(_step(step) for step in steps),
        ending=row["ending"],
        reply=row["reply"],
        notice=row["notice"],
        started_at=row["started_at"],
    )


def _step(row: sqlite3.Row) -> SavedStep:
    call = None if row["call"] is None else ToolCall.from_json(json.loads(row["call"]))
    proposal = Proposal(
        command=row["command"],
        folder=_path(row["folder"]),
        verdict=Verdict(Level(row["level"]), tuple(json.loads(row["reasons"]))),
        call=call if row["command"] == row["suggested"] else None,
        confidence=row["confidence"],
    )
    if row["action"] is None:
        return SavedStep(call, row["suggested"], proposal, None, None, "")
    decision = Decision(Action(row["action"]), elsewhere=bool(row["elsewhere"]))
    if row["ended_at"] is None:
        return SavedStep(call, row["suggested"], proposal, decision, None, "")
    return SavedStep(call, row["suggested"], proposal, decision, _outcome(row, proposal, decision), row["seen"] or "")


def _outcome(row: sqlite3.Row, proposal: Proposal, decision: Decision) -> Outcome:
    return Outcome(
        proposal,
        decision,
        _path(row["folder_after"]),
        exit_code=row["exit_code"],
        output=_output(row),
        duration=row["duration"],
        timed_out=bool(row["timed_out"]),
        cancelled=bool(row["cancelled"]),
        level=SandboxLevel(row["sandbox_level"]),
        changed=tuple(Path(path) for path in json.loads(row["changed"] or "[]")),
        journal_id=row["journal_id"],
    )


def _output(row: sqlite3.Row) -> Captured | None:
    if row["output_head"] is None:
        return None
    return Captured(
        text=row["output_head"] + row["output_gap"] + row["output_tail"],
        head=row["output_head"],
        tail=row["output_tail"],
        left_out_lines=row["left_out_lines"],
        left_out_bytes=row["left_out_bytes"],
        total_bytes=row["total_bytes"],
        binary=bool(row["is_binary"]),
    )


def _path(stored: bytes) -> Path:
    return Path(os.fsdecode(stored))
