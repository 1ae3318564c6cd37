"""What the sandbox keeps a planned command from, said before it runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from shellper.effects.changes import short
from shellper.effects.plan import Plan
from shellper.sandbox import Policy, SandboxError, SandboxLevel, chosen_level
from shellper.sandbox.refusals import OUTSIDE
from shellper.sandbox.view import View, see


@dataclass(frozen=True)
class Walls:
    """The walls that a command will run behind; `view` is None where there are none."""

    level: SandboxLevel = SandboxLevel.NONE
    view: View | None = None

    @property
    def mounts(self) -> tuple[Path, ...]:
        """The folders between which nothing can be renamed; none where there are no walls."""
        view = self.view
        return () if view is None else (*view.writable, *view.pinned, *view.read_only, *view.git)

    def problem(self, plan: Plan, folder: Path) -> str:
        """Say which of a plan's paths is hidden or kept from changes; empty where all goes."""
        view = self.view
        if view is None:
            return ""
        for path in plan.named:
            if self.level is SandboxLevel.FULL and view.is_hidden(path):
                top = view.temporary if view.temporary in path.parents else Path(*path.parts[:2])
                if path in plan.changes.paths:
                    return f"the sandbox has a private {top}, gone with {path} when the command ends: {OUTSIDE}"
                return f"will fail: the sandbox has a private {top} and hides {path}: {OUTSIDE}"
            if _lies_in(path, view.masked):
                return f"will fail: the sandbox hides {path}, which can hold secrets: {OUTSIDE}"
        for path in plan.changes.paths:
            if not _lies_in(path, view.writable) or _lies_in(path, (*view.read_only, *view.git)):
                return f"will fail: the sandbox keeps {short(path, folder)} from changes: {OUTSIDE}"
        return ""


def walls_of(policy: Policy) -> Walls:
    """Return the walls of a policy's command; none where the policy can't be kept, which running it will tell."""
    try:
        level = chosen_level(policy)
        return Walls() if level is SandboxLevel.NONE else Walls(level, see(policy))
    except SandboxError:
        return Walls()


def _lies_in(path: Path, folders: Iterable[Path]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)
