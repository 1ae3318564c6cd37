"""What is written down of a job: one small file each for the job and for its steward, replaced as a whole."""

from __future__ import annotations

import enum
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shellper.jobs.errors import JobsError
from shellper.sandbox import SandboxLevel, identity

RECORD_NAME, STEWARD_NAME = "job.json", "steward.json"
_VERSION = 1


class JobState(enum.StrEnum):
    """How a job stands."""

    RUNNING = "running"
    ENDED = "ended"
    STOPPED = "stopped"
    """Ended because the user said so."""
    LOST = "lost"
    """Ended with its steward, which was killed, or with the machine: nobody saw how."""


@dataclass(frozen=True)
class About:
    """What a job is: the command and its folder as the user knows them, its walls, and when it was kept."""

    command: str
    folder: Path
    level: SandboxLevel
    network: bool
    began: float
    """Seconds since 1970, as `ended`."""


@dataclass(frozen=True)
class Record:
    """A job as it is written down; `state` is `running` until its steward has seen the end."""

    about: About
    state: JobState = JobState.RUNNING
    ended: float | None = None
    exit_code: int | None = None
    """Of the process that ended last; None where that is not known."""
    left_out_bytes: int = 0
    """Of the output's beginning, which had to leave."""


def write_record(folder: Path, record: Record) -> None:
    """Write a job's record. Raises OSError."""
    about = record.about
    data = {
        "version": _VERSION,
        "command": about.command,
        "folder": os.fsencode(about.folder).hex(),
        "level": about.level.value,
        "network": about.network,
        "began": about.began,
        "state": record.state.value,
        "ended": record.ended,
        "exit_code": record.exit_code,
        "left_out_bytes": record.left_out_bytes,
    }
    _replace(folder / RECORD_NAME, data)


def read_record(folder: Path) -> Record:
    """Read a job's record. Raises `JobsError` where it is damaged or can't be read."""
    try:
        data = json.loads((folder / RECORD_NAME).read_bytes())
        if data["version"] != _VERSION:
            raise ValueError(f"it is of version {data['version']}")
        about = About(
            command=_checked(data["command"], str),
            folder=Path(os.fsdecode(bytes.fromhex(data["folder"]))),
            level=SandboxLevel(data["level"]),
            network=_checked(data["network"], bool),
            began=float(data["began"]),
        )
        ended, code = data["ended"], data["exit_code"]
        return Record(
            about,
            JobState(data["state"]),
            None if ended is None else float(ended),
            None if code is None else _checked(code, int),
            _checked(data["left_out_bytes"], int),
        )
    except OSError as error:
        raise JobsError(f"its record can't be read ({error.strerror})") from error
    except (ValueError, KeyError, TypeError) as error:
        raise JobsError("its record is damaged") from error


def write_steward(folder: Path) -> None:
    """Write down that this process is the steward of a job. Raises OSError."""
    _replace(folder / STEWARD_NAME, {"pid": os.getpid(), "identity": identity(os.getpid())})


def read_steward(folder: Path) -> int | None:
    """Return the pid of a job's steward; None where it is gone, even if another process has its number by now."""
    try:
        data = json.loads((folder / STEWARD_NAME).read_bytes())
        pid = _checked(data["pid"], int)
        return pid if pid > 1 and data["identity"] and identity(pid) == data["identity"] else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _checked(value: Any, kind: type) -> Any:
    """Return a value of JSON's if it is of a kind. Raises ValueError; True is no number."""
    if type(value) is not kind:
        raise ValueError(f"{value!r} is no {kind.__name__}")
    return value


def _replace(path: Path, data: dict[str, Any]) -> None:
    """Write a file under another name, on the disk, and then give it its own."""
    part = path.with_name(f"{path.name}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, json.dumps(data).encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    part.replace(path)
