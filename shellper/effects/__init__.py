"""What a command changes: preview, transactions, journal and undo."""

from shellper.effects.changes import Change, ChangeKind, ChangeSet, Flag
from shellper.effects.effects import Effects, Known
from shellper.effects.errors import EffectsError
from shellper.effects.journal import Record, What
from shellper.effects.keeper import Applied, Keeper
from shellper.effects.layout import listed
from shellper.effects.ledger import Budget, Entry, Ledger
from shellper.effects.recovery import recover
from shellper.effects.undo import Choice, Conflict, Reversal, newest, plan_reversal, reverse, summary_of

__all__ = [
    "Applied",
    "Budget",
    "Change",
    "ChangeKind",
    "ChangeSet",
    "Choice",
    "Conflict",
    "Effects",
    "EffectsError",
    "Entry",
    "Flag",
    "Keeper",
    "Known",
    "Ledger",
    "Record",
    "Reversal",
    "What",
    "listed",
    "newest",
    "plan_reversal",
    "recover",
    "reverse",
    "summary_of",
]
