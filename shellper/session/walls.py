"""How a session's commands are walled in: the policy of each, and the level that it runs at."""

from __future__ import annotations

import re
from pathlib import Path

from shellper.config import Settings, paths
from shellper.effects import Known
from shellper.safety import Level
from shellper.sandbox import Offer, Policy, SandboxLevel, WallsError, forget, offer
from shellper.session.errors import SessionError
from shellper.session.flow import Decision, Proposal
from shellper.session.folder import Place

_LISTERS = "ps|pgrep|pidof|pstree|top|htop|lsof|fuser"
_ABOUT_PROCESSES = re.compile(rf"\s*(?:{_LISTERS}|kill|pkill|killall)(?:\s|$)")
"""Commands that mean the machine's processes; of one that holds several programs only proven reading is let in."""
_LISTS_PROCESSES = re.compile(rf"(?:^|[\s|;&(])(?:{_LISTERS})(?:\s|$)")
_SHELL_SYNTAX = re.compile(r"[;&|<>`$()\n]")


def sandbox_offer() -> Offer:
    """Return the sandbox level that is offered here; the first time on a machine it is tested."""
    return offer(paths().state)


def check_level(settings: Settings) -> None:
    """Raise `SessionError` where the least level that the user accepts is not offered here."""
    least = SandboxLevel(settings.sandbox)
    found = sandbox_offer()
    if not found.level.reaches(least):
        raise SessionError(f"the sandbox level {least} is not offered here, only {found.label}; see shellper doctor")


def policy_for(proposal: Proposal, decision: Decision, place: Place, settings: Settings) -> Policy:
    """Return the policy of a command that is to run.

    Raises `SessionError` where the least level that the user accepts is not offered; outside the sandbox is where only
    the user sends a command, one at a time.
    """
    if not decision.outside:
        check_level(settings)
    own = paths()
    return Policy(
        folder=place.folder,
        home=place.home,
        level=SandboxLevel.NONE if decision.outside else None,
        network=settings.network,
        host_processes=_is_about_processes(proposal),
        masked=(own.state,),
        read_only=(own.config, own.data, own.cache),
        granted=_granted(proposal),
        time_limit=settings.time_limit or None if decision.terminal is None else None,
    )


def _granted(proposal: Proposal) -> tuple[Path, ...]:
    """Return what the user has agreed to have changed: at `warn`, shown path by path, by the word that it takes."""
    effects = proposal.effects
    if effects is None or effects.known is not Known.PLANNED or proposal.verdict.level is not Level.WARN:
        return ()
    return tuple(path for change in effects.changes.changes for path in (change.path, change.source) if path)


def walls_failed(error: WallsError) -> SessionError:
    """Return the error of walls that can't be put up any more; what holds now is tested with the next command."""
    forget(paths().state)
    return SessionError(f"nothing was run: {error}; ask again, and what the sandbox still offers is shown")


def _is_about_processes(proposal: Proposal) -> bool:
    """Say whether a command needs to see the machine's processes: those tools, or one such command of the user's."""
    if proposal.call is not None:
        return proposal.call.name in ("ps", "kill")
    if proposal.verdict.level is Level.ALLOW and _LISTS_PROCESSES.search(proposal.command):
        return True
    return _ABOUT_PROCESSES.match(proposal.command) is not None and not _SHELL_SYNTAX.search(proposal.command)
