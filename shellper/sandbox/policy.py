"""What a command may do and use while it runs: the policy, its limits, and the sandbox levels."""

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

GIB = 1024**3


class SandboxError(Exception):
    """A command could not be started; the message is one line that names what is wrong and the mend."""


class SandboxLevel(enum.StrEnum):
    """How much stands between a command and the rest of the machine, named after what was shown to hold."""

    FULL = "full"
    """A file system view of its own, no network, no other processes; Landlock and a system call filter inside."""
    LIMITED = "limited"
    """Landlock, a system call filter and limits; modes, owners and times of others' files can be changed."""
    NONE = "none"
    """A clean environment, limits and a time limit, which are no walls."""

    def reaches(self, least: "SandboxLevel") -> bool:
        """Say whether this level is at least another one."""
        order = list(SandboxLevel)
        return order.index(self) <= order.index(least)


class WallsError(SandboxError):
    """The walls of a level can't be put up, though they could when it was tested; nothing was run."""


def _limit(rlimit: str, default: int, slack: int = 0) -> int | None:
    """Make a field of `Limits` that stands for one rlimit; `slack` is added for the hard limit."""
    value: int | None = field(default=default, metadata={"rlimit": rlimit, "slack": slack})
    return value


@dataclass(frozen=True)
class Limits:
    """What one process of a command may use at most; None means no limit of ours.

    A limit that already holds for this program is never raised. They are guards against accidents (a full
    disk, a fork bomb), wide enough for compilers, Node.js and Java.
    """

    core_bytes: int | None = _limit("RLIMIT_CORE", 0)
    """Size of a core dump: none, since it would hold the memory of the command."""
    file_bytes: int | None = _limit("RLIMIT_FSIZE", 16 * GIB)
    """Size of any file that is written; a copy of a film must fit, an endless `yes > file` must end."""
    cpu_seconds: int | None = _limit("RLIMIT_CPU", 600, slack=5)
    """Processor time of one process: SIGXCPU at the limit, SIGKILL 5 seconds later."""
    address_space_bytes: int | None = _limit("RLIMIT_AS", 64 * GIB)
    """Reserved addresses; Node.js and Java reserve many times what they use."""
    data_bytes: int | None = _limit("RLIMIT_DATA", 4 * GIB)
    """Private writable memory, which is what fills a machine."""
    open_files: int | None = _limit("RLIMIT_NOFILE", 4096)
    """Open file descriptors."""
    extra_processes: int | None = _limit("RLIMIT_NPROC", 1024)
    """Processes beside those that run already: the kernel counts all of a user's, and exempts root: a cgroup."""
    temporary_bytes: int = 1 * GIB
    """Size of the private temporary folder, at level `full`."""

    def rlimits(self) -> dict[str, tuple[int, int]]:
        """Give soft and hard value for each rlimit that is to be set, by the rlimit's name."""
        result = {}
        for one in fields(self):
            value: int | None = getattr(self, one.name)
            name = one.metadata.get("rlimit")
            if value is None or name is None:
                continue
            if name == "RLIMIT_NPROC":
                running = _running_tasks()
                if running is None:
                    continue
                value += running
            result[name] = (value, value + one.metadata["slack"])
        return result


def _running_tasks() -> int | None:
    """Count the machine's tasks (an upper bound of the user's own) in one read, or None where it can't.

    The fourth field of Linux' /proc/loadavg is "runnable/all" (proc_loadavg(5)).
    """
    try:
        found = re.search(r"/(\d+) ", Path("/proc/loadavg").read_text(encoding="ascii"))
    except OSError:
        return None
    return int(found[1]) if found else None


@dataclass(frozen=True)
class Policy:
    """Where and within which bounds a command runs.

    Raises ValueError when a bound makes no sense.
    """

    folder: Path
    """The working directory."""
    home: Path
    """What HOME says, and so what `~` means."""
    level: SandboxLevel | None = None
    """The sandbox level to run at; None for the highest that is offered here."""
    root: Path | None = None
    """The folder below which may be written; None for the project's: the git working tree, else `folder`."""
    network: bool = False
    """Whether the network can be reached; UNIX sockets can't in any case."""
    host_processes: bool = False
    """Whether the machine's processes are seen and can be signalled, as `ps` and `kill` need it."""
    writable: tuple[Path, ...] = ()
    """Paths outside the root that may be written, too."""
    read_only: tuple[Path, ...] = ()
    """Paths inside the root that may not be written."""
    granted: tuple[Path, ...] = ()
    """Paths inside the root that the user has agreed to have changed, though they run programs later: dotfiles of home,
    git's hooks. What is in `read_only` or masked stays closed, and nothing outside the root is opened."""
    masked: tuple[Path, ...] = ()
    """Paths that can't be read or written, beside the secrets that `secrets` knows: SHELLper's own state."""
    time_limit: float | None = 30.0
    """Seconds until the command is asked to stop; None for no limit."""
    limits: Limits = Limits()
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables beside those that every command gets."""
    head_bytes: int = 8 * 1024
    """How much of the beginning of an output is kept."""
    tail_bytes: int = 24 * 1024
    """How much of its end is kept."""

    def __post_init__(self) -> None:
        if self.time_limit is not None and not self.time_limit > 0:
            raise ValueError(f"time_limit must be above 0, not {self.time_limit}")
        if self.head_bytes < 0 or self.tail_bytes < 0:
            raise ValueError("head_bytes and tail_bytes must not be below 0")
