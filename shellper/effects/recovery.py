"""What was interrupted, by a crash or a power cut, is taken back at the next start."""

from __future__ import annotations

import os
from pathlib import Path

from shellper.effects.disk import remove_tree
from shellper.effects.exchange import take_back
from shellper.effects.journal import Record, What
from shellper.effects.ledger import Ledger, translated
from shellper.effects.running import seal
from shellper.effects.undo import Choice, plan_reversal, reverse_locked


def recover(ledger: Ledger) -> list[str]:
    """Bring the files of interrupted transactions into their old state; gives one line for each.

    What is there now goes into the store, so that `redo` brings it back. Raises `EffectsError`.
    """
    if not ledger.transactions.is_dir():
        return []
    told: list[str] = []
    with ledger.locked():
        for record in reversed(ledger.unfinished()):
            line = _recover(ledger, record)
            if line:
                told.append(line)
        _clear_runs(ledger)
    return told


def _recover(ledger: Ledger, record: Record) -> str:
    """Recover one transaction; gives the line that tells of it, empty where nothing had happened."""
    if record.what is not What.RUN:
        with translated(ledger.folder):
            left = take_back(ledger.disk, record)
        if not left:
            ledger.drop(record)
            return f"`{record.title}` was interrupted while {_doing(record)}; the files are as they were before"
        return _kept(ledger, record, left)
    if not record.ready:
        ledger.drop(record)
        return ""
    if not record.done:
        sealed = seal(ledger, record, interrupted=True)
        if sealed is None:
            return ""
        record = sealed
    if not any(other.of == record.id and other.done for other in ledger.records()):
        reverse_locked(ledger, plan_reversal(record, What.UNDO), lambda conflict: Choice.OVERWRITE)
    ledger.settle(record)
    was = f"`{record.title}` was interrupted; the files are as they were before it"
    return f"{was} (`shellper redo` brings back what it did)"


def _doing(record: Record) -> str:
    words = {What.COMMIT: "its changes were made", What.UNDO: "it was undone", What.REDO: "it was redone"}
    return words.get(record.what, "it ran")


def _kept(ledger: Ledger, record: Record, left: list[Path]) -> str:
    """Put a transaction out of the way whose paths others have changed, with the pre-images that are left in it."""
    kept = ledger.folder / "kept"
    with translated(ledger.folder):
        kept.mkdir(mode=0o700, exist_ok=True)
        place = kept / record.place.name
        record.place.rename(place)
    first = left[0].name if left[0].name.isprintable() else repr(left[0].name)
    more = f" and {len(left) - 1} more" if len(left) > 1 else ""
    return (
        f"`{record.title}` was interrupted, and {first}{more} has changed since: it stays as it is, its earlier state "
        f"is in {place}"
    )


def _clear_runs(ledger: Ledger) -> None:
    """Remove what is left of runs whose programs are gone."""
    with translated(ledger.folder):
        for run in ledger.runs.iterdir():
            number = run.name.rpartition("-")[2]
            if not number.isdigit() or not _is_alive(int(number)):
                remove_tree(run)


def _is_alive(process: int) -> bool:
    """Say whether there is a process of a number."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
