"""A control group for the command of a root user, whose processes RLIMIT_NPROC does not count (cgroups(7))."""

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

_MOUNT = Path("/sys/fs/cgroup")
_NAME = "shellper-"
_OLD = 3600.0  # seconds after which an empty group is nobody's; a new one is empty until its command starts


def make(most_processes: int) -> Path | None:
    """Make a group that can hold so many processes; None where that isn't possible."""
    for parent in _parents():
        _sweep(parent)
        group = parent / f"{_NAME}{os.urandom(8).hex()}"
        try:
            group.mkdir()
        except OSError:
            continue
        try:
            (group / "pids.max").write_text(f"{most_processes}\n", encoding="ascii")
        except OSError:
            with contextlib.suppress(OSError):
                group.rmdir()
            continue
        return group
    return None


def _parents() -> Iterator[Path]:
    """Yield the groups below which one could be made: our own (version 1), the root of version 2."""
    try:
        lines = Path("/proc/self/cgroup").read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if "pids" in controllers.split(","):
            yield _MOUNT / "pids" / path.lstrip("/")
    # Below our own group of version 2 the controller can't be switched on while we are in it.
    if (_MOUNT / "cgroup.subtree_control").exists():
        yield _MOUNT


def _sweep(parent: Path) -> None:
    """Remove the empty groups of programs that were killed."""
    with contextlib.suppress(OSError):
        for group in parent.glob(f"{_NAME}*"):
            with contextlib.suppress(OSError):  # one that has processes stays
                if time.time() - group.stat().st_mtime > _OLD:
                    group.rmdir()
