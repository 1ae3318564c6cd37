"""The session: the turn loop over proposal, decision and outcome, the conversation, and its store."""

from shellper.session.errors import SessionError, StoreError
from shellper.session.flow import Action, Decision, Meant, Outcome, Proposal, TurnEnd, TurnResult
from shellper.session.folder import current_folder
from shellper.session.leaving import named
from shellper.session.listener import Listener
from shellper.session.own_rules import own_rules
from shellper.session.saved import SavedConversation, SavedStep, SavedTurn, Summary
from shellper.session.session import MAX_CALLS, Decide, Session
from shellper.session.store import STORE_NAME, Store, open_store
from shellper.session.terminal import terminal_identity
from shellper.session.walls import check_level, sandbox_offer

__all__ = [
    "MAX_CALLS",
    "STORE_NAME",
    "Action",
    "Decide",
    "Decision",
    "Listener",
    "Meant",
    "Outcome",
    "Proposal",
    "SavedConversation",
    "SavedStep",
    "SavedTurn",
    "Session",
    "SessionError",
    "Store",
    "StoreError",
    "Summary",
    "TurnEnd",
    "TurnResult",
    "check_level",
    "current_folder",
    "named",
    "open_store",
    "own_rules",
    "sandbox_offer",
    "terminal_identity",
]
