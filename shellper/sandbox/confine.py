"""From a policy and a level to what the launcher is told: the walls, and what has to be there for them."""

import contextlib
import enum
import os
import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from shellper.sandbox import bubblewrap, cgroup, grants, kernel, seatbelt, seccomp
from shellper.sandbox.policy import Policy, SandboxLevel
from shellper.sandbox.view import Overlay, View, see


class Backend(enum.StrEnum):
    """What puts up the walls of level `full`."""

    OWN = "own"
    """The launcher, by system calls."""
    BUBBLEWRAP = "bubblewrap"
    """bwrap(1), where the system lets only named programs have namespaces."""
    SEATBELT = "seatbelt"
    """sandbox-exec(1) of macOS."""


NO_WALLS: dict[str, Any] = {
    "namespaces": 0,
    "all_ids": False,
    "is_init": False,
    "mounts": None,
    "tmp": b"",
    "landlock": None,
    "filter": b"",
    "drop": False,
}
"""What the launcher is told at level `none`."""


@dataclass(frozen=True)
class Confinement:
    """The walls of one run, and what it leaves to be cleared away."""

    level: SandboxLevel
    walls: dict[str, Any]
    before_launcher: tuple[str, ...] = ()
    """A program and its arguments that the launcher is started by."""
    before_shell: tuple[str, ...] = ()
    """A program and its arguments that the shell is started by."""
    cgroup: Path | None = None
    temporary: Path | None = None
    """A folder for the temporary files of this run alone."""
    view: View | None = None

    @property
    def launchers_below(self) -> int:
        """How many processes of the launcher's stand below the one that is started, one below another.

        With a program before it: that and the launcher itself, below a shell that holds them (no terminal being lent).
        """
        if self.before_launcher:
            return 2
        return 1 if self.walls["namespaces"] and self.walls["is_init"] else 0

    def environment(self) -> dict[str, str | None]:
        """Return the variables that are to be set, or left out."""
        if self.level is SandboxLevel.NONE:
            return {}
        return {"TMPDIR": str(self.temporary) if self.temporary else None}

    def clear(self) -> None:
        """Remove what was made for the run."""
        if self.temporary is not None:
            shutil.rmtree(self.temporary, ignore_errors=True)
        if self.cgroup is not None:
            with contextlib.suppress(OSError):
                self.cgroup.rmdir()


def confine(
    policy: Policy, level: SandboxLevel, backend: Backend | None, overlay: Overlay | None = None
) -> Confinement:
    """Prepare the walls of a level for one run; `Confinement.clear` is to be called in the end.

    Raises SandboxError where the policy and the working directory don't fit.
    """
    if level is SandboxLevel.NONE:
        return Confinement(level, NO_WALLS)
    view = see(policy, overlay)
    if level is SandboxLevel.LIMITED:
        return _limited(policy, view)
    if backend is Backend.SEATBELT:
        return _seatbelt(view)
    walls = NO_WALLS | {
        "is_init": not policy.host_processes,
        "filter": seccomp.build(network=policy.network),
        "drop": True,
        "landlock": _landlock(grants.behind_mounts(view), policy, reads=False),
    }
    made = Confinement(level, walls, view=view)
    if backend is Backend.BUBBLEWRAP:
        before = tuple(bubblewrap.arguments(view))
        made = replace(made, walls=walls | {"tmp": view.mounts()["tmp"]}, before_launcher=before)
    else:
        own = {"namespaces": _namespaces(policy), "all_ids": os.geteuid() == 0, "mounts": view.mounts()}
        made = replace(made, walls=walls | own)
    return replace(made, cgroup=_cgroup(policy))


def _namespaces(policy: Policy) -> int:
    flags = kernel.CLONE_NEWUSER | kernel.CLONE_NEWNS | kernel.CLONE_NEWIPC | kernel.CLONE_NEWUTS
    flags |= 0 if policy.host_processes else kernel.CLONE_NEWPID
    return flags | (0 if policy.network else kernel.CLONE_NEWNET)


def _cgroup(policy: Policy) -> Path | None:
    # Root's processes are not counted by RLIMIT_NPROC.
    if os.geteuid() != 0 or policy.limits.extra_processes is None:
        return None
    return cgroup.make(policy.limits.extra_processes)


def _landlock(rules: list[tuple[bytes, int]], policy: Policy, *, reads: bool) -> dict[str, Any]:
    return {"rules": rules, "reads": reads, "network": policy.network, "signals": policy.host_processes}


def _limited(policy: Policy, view: View) -> Confinement:
    temporary = Path(tempfile.mkdtemp(prefix="shellper-", dir=view.temporary))
    walls = NO_WALLS | {
        "landlock": _landlock(grants.alone(view, temporary), policy, reads=True),
        "filter": seccomp.build(network=policy.network),
        "drop": True,
    }
    made = Confinement(SandboxLevel.LIMITED, walls, temporary=temporary, view=view)
    return replace(made, cgroup=_cgroup(policy))


def _seatbelt(view: View) -> Confinement:
    temporary = Path(tempfile.mkdtemp(prefix="shellper-")).resolve()
    return Confinement(
        SandboxLevel.FULL,
        NO_WALLS,
        before_shell=tuple(seatbelt.arguments(view, temporary)),
        temporary=temporary,
        view=view,
    )
