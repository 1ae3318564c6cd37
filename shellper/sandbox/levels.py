"""Which sandbox level is offered here: found by trying, remembered until something changes that it hangs on."""

import contextlib
import hashlib
import json
import os
import platform
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from shellper import __version__
from shellper.sandbox.confine import Backend
from shellper.sandbox.policy import SandboxLevel

CACHE_NAME = "sandbox.json"
_SWITCHES = (
    "/proc/sys/user/max_user_namespaces",
    "/proc/sys/user/max_mnt_namespaces",
    "/proc/sys/kernel/unprivileged_userns_clone",
    "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
    "/proc/self/attr/current",
    "/proc/self/uid_map",
)
"""What an administrator, a container or an update may change, and with it what is offered."""


@dataclass(frozen=True)
class Probe:
    """One attempt of the self-test to break out, or to do what must work."""

    name: str
    holds: bool
    detail: str = ""
    """What was seen, where that says more."""


@dataclass(frozen=True)
class Trial:
    """All probes of one way to put up the walls of a level; `failure` says why none could be made."""

    level: SandboxLevel
    backend: Backend | None
    probes: tuple[Probe, ...] = ()
    failure: str = ""

    @property
    def holds(self) -> bool:
        """Whether the level may bear its name."""
        return not self.failure and bool(self.probes) and all(probe.holds for probe in self.probes)


@dataclass(frozen=True)
class Offer:
    """The highest level that holds here, and what puts up its walls."""

    level: SandboxLevel
    backend: Backend | None
    trials: tuple[Trial, ...] = ()

    @property
    def label(self) -> str:
        """The level for people, with what it leaves open."""
        if self.level is SandboxLevel.FULL and self.backend not in (Backend.OWN, None):
            return f"{self.level} ({self.backend})"
        return f"{self.level} ({OPEN[self.level]})" if self.level in OPEN else str(self.level)


OPEN = {
    SandboxLevel.LIMITED: "open: modes, owners and times of other files, git hooks, names of processes",
    SandboxLevel.NONE: "nothing is kept from the command",
}
"""What a level does not keep a command from."""

_known: list[Offer] = []


def offer(folder: Path | None = None) -> Offer:
    """Return what is offered here; the first time on a machine that takes a self-test of some tenths of a second.

    It is remembered in this process and, where `folder` is given, in a file there. Commands must not be able to write
    to that folder.
    """
    if not _known:
        key = _key()
        found = _load(folder, key) if folder else None
        if found is None:
            from shellper.sandbox.selftest import find

            found = find(folder)
            if folder is not None:
                _save(folder, key, found)
        _known.append(found)
    return _known[-1]


def current_level() -> SandboxLevel:
    """Name the level that commands run at where their policy names none."""
    return offer().level


def forget(folder: Path | None = None) -> None:
    """Test anew the next time: what was offered has failed."""
    _known.clear()
    if folder is not None:
        with contextlib.suppress(OSError):
            (folder / CACHE_NAME).unlink()


def _key() -> str:
    facts = [__version__, platform.release(), platform.machine(), str(os.geteuid()), sys.executable]
    for name in _SWITCHES:
        try:
            facts.append(Path(name).read_text(encoding="ascii", errors="replace"))
        except OSError:
            facts.append("")
    code = sorted((path.name, path.stat().st_mtime_ns) for path in Path(__file__).parent.glob("*.py"))
    return hashlib.sha256(repr((facts, code)).encode()).hexdigest()


def _load(folder: Path, key: str) -> Offer | None:
    """Read what was found before; a file that doesn't fit means a new test."""
    try:
        with (folder / CACHE_NAME).open("rb") as file:
            if os.fstat(file.fileno()).st_uid != os.geteuid():
                return None
            data = json.load(file)
        return _offer(data) if data["key"] == key else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _offer(data: dict[str, Any]) -> Offer:
    trials = tuple(
        Trial(
            SandboxLevel(one["level"]),
            Backend(one["backend"]) if one["backend"] else None,
            tuple(Probe(**probe) for probe in one["probes"]),
            one["failure"],
        )
        for one in data["trials"]
    )
    return Offer(SandboxLevel(data["level"]), Backend(data["backend"]) if data["backend"] else None, trials)


def _save(folder: Path, key: str, found: Offer) -> None:
    """Write the file whole or not at all; without it the next start tests again."""
    new = folder / f"{CACHE_NAME}.{os.getpid()}"
    with contextlib.suppress(OSError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(new, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump({"key": key, **asdict(found)}, file)
        new.replace(folder / CACHE_NAME)
