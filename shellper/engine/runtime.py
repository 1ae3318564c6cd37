"""Where a host and its clients meet: the socket, the lock, the log, and what both must agree on."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

from shellper import __version__
from shellper.engine.protocol import EngineError
from shellper.resources import prompts_folder

# The bytes of sockaddr_un.sun_path, its NUL left out: unix(7) and macOS's <sys/un.h>.
_MAX_PATH = 103 if sys.platform == "darwin" else 107
_LOG_BYTES = 64 << 10
_PACKAGE = Path(__file__).resolve().parent.parent
_SERVING_ROOMS = ("calls", "dialect", "weights", "engine")


@dataclass(frozen=True)
class Meeting:
    """The files of one host: its socket, the lock it holds while it lives, its log."""

    socket: Path
    lock: Path
    log: Path


def meeting(weights: Path) -> Meeting:
    """Return the files of the host that serves some weights to this installation; the folder exists afterwards.

    Raises `EngineError` where no safe folder can be had.
    """
    marks = (os.path.realpath(weights), str(_PACKAGE), __version__, os.environ.get("SHELLPER_HOME", ""))
    name = hashlib.sha256("\0".join(marks).encode("utf-8", "surrogateescape")).hexdigest()[:16]
    folder = runtime_folder(len(name) + len("/.sock"))
    return Meeting(folder / f"{name}.sock", folder / f"{name}.lock", _log_path(folder))


def runtime_folder(room: int = 22) -> Path:
    """Return the folder of the sockets, made with mode 0700: below XDG_RUNTIME_DIR, or below the temporary folder.

    `room` is the bytes that a name in it needs. Raises `EngineError` where the folder belongs to someone else or is
    open to others.
    """
    given = Path(os.environ.get("XDG_RUNTIME_DIR") or "relative")
    if given.is_absolute() and _private(given) and _fits(given / "shellper", room):
        with contextlib.suppress(OSError):
            (given / "shellper").mkdir(mode=0o700, exist_ok=True)
        if _private(given / "shellper") and os.access(given / "shellper", os.W_OK | os.X_OK):
            return given / "shellper"
    name = f"shellper-{os.geteuid()}"
    temporary = Path(os.environ.get("TMPDIR") or "/tmp").absolute()
    folder = temporary / name if temporary.is_dir() and _fits(temporary / name, room) else Path("/tmp") / name
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise EngineError(
            f"the engine's folder {folder} can't be made ({error.strerror}); mend: set XDG_RUNTIME_DIR"
        ) from error
    if not _private(folder):
        raise EngineError(f"{folder} is not a folder of yours alone (mode 0700); mend: remove it")
    return folder


def _private(folder: Path) -> bool:
    """Say whether a path is a real folder, ours, and closed to everyone else."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o077


def _fits(folder: Path, room: int) -> bool:
    return len(os.fsencode(folder)) + room <= _MAX_PATH


def _log_path(folder: Path) -> Path:
    """Return the log in the state folder, or beside the socket where the state folder can't be written to."""
    from shellper.config import paths

    state = paths().state
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        return folder / "engine.log"
    return (state if os.access(state, os.W_OK | os.X_OK) else folder) / "engine.log"


def open_log(path: Path) -> int:
    """Open a log for appending and return its descriptor; a long one is put aside first, over the one before.

    Raises `EngineError` where it can't be opened.
    """
    try:
        if path.exists() and path.stat().st_size > _LOG_BYTES:
            path.replace(path.with_suffix(".log.1"))
        return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise EngineError(f"the engine's log {path} can't be written ({error.strerror}); mend: remove it") from error


def last_line(path: Path) -> str:
    """Return the last line of a log, empty where there is none."""
    try:
        with path.open("rb") as log:
            log.seek(max(0, path.stat().st_size - 4096))
            lines = log.read().decode("utf-8", "replace").split("\n")
    except OSError:
        return ""
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def identity(weights: Path) -> str:
    """Return what a host must share with its client: the same weights, catalogue and code, as they are on the disk.

    Raises `EngineError` where there are no weights.
    """
    try:
        found = weights.stat()
    except OSError as error:
        raise EngineError(
            f"there are no weights at {weights} ({error.strerror}); mend: shellper model build"
        ) from error
    digest = hashlib.sha256(f"{__version__} {found.st_mtime_ns} {found.st_size} {found.st_ino}".encode())
    folders = [prompts_folder(), *(_PACKAGE / room for room in _SERVING_ROOMS)]
    for folder in folders:
        for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
            if entry.name.endswith((".py", ".json")):
                digest.update(f"{entry.path}\0{entry.stat().st_mtime_ns}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:16]
