"""Keeping what a command has left: its steward is started, which takes over the launcher and the outputs."""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

from shellper.jobs.errors import JobsError
from shellper.jobs.folder import Jobs
from shellper.jobs.output import OUTPUT_NAME
from shellper.jobs.record import About, Record, write_record
from shellper.sandbox import Leftover

_START_SECONDS = 30.0
_ABANDONED_SECONDS = 3600.0
_stewards: list[subprocess.Popen[bytes]] = []  # they outlive us, and are our children until then


def keep(state: Path, left: Leftover, about: About) -> int:
    """Keep what is left of a command as a job of the state folder and return its number.

    Raises `JobsError`; then nobody has taken it over.
    """
    jobs = Jobs(state)
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        jobs.folder.mkdir(mode=0o700, exist_ok=True)
        jobs.folder.chmod(0o700)
        _sweep(jobs.folder)
        jobs.tidy()
        folder = jobs.folder / f".new-{os.getpid()}-{time.monotonic_ns()}"
        folder.mkdir(mode=0o700)
    except OSError as error:
        raise _not_kept(f"{jobs.folder} can't be written: {error.strerror}") from error
    try:
        write_record(folder, Record(about))
        with os.fdopen(os.open(folder / OUTPUT_NAME, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(left.so_far.encode("utf-8", "replace"))
        return _start_steward(folder, left)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise _not_kept(f"{jobs.folder} can't be written: {error.strerror}") from error
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _not_kept(why: str) -> JobsError:
    return JobsError(f"it can't be kept ({why}), so it ends")


def _sweep(folder: Path) -> None:
    """Remove what a program that was killed has begun here."""
    for one in folder.glob(".new-*"):
        with contextlib.suppress(OSError):
            if time.time() - one.stat().st_mtime > _ABANDONED_SECONDS:
                shutil.rmtree(one)


def _start_steward(folder: Path, left: Leftover) -> int:
    """Start the steward, which gives the folder its number, and wait until it is ready."""
    package = str(Path(__file__).resolve().parent.parent.parent)
    listening, reporting = os.pipe()
    control, out, err = left.descriptors
    spec = {"folder": str(folder), "report": reporting, "control": control, "outputs": [out, err]}
    try:
        process = subprocess.Popen(
            [sys.executable, "-I", "-c", _PROGRAM, package],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={},
            start_new_session=True,
            pass_fds=(*left.descriptors, reporting),
        )
    except OSError as error:
        os.close(listening)
        raise _not_kept(f"no process can be started: {error.strerror}") from error
    finally:
        os.close(reporting)
    with os.fdopen(listening, "rb", buffering=0) as pipe:
        assert process.stdin is not None
        with contextlib.suppress(BrokenPipeError), process.stdin as theirs:
            theirs.write(json.dumps({**spec, "holding": left.holding.as_json()}).encode())
        said = pipe.read(64) if select.select([pipe], [], [], _START_SECONDS)[0] else b""
    if not said:
        process.kill()
        process.wait()
        raise _not_kept(f"its steward did not start; check the Python at {sys.executable}")
    _stewards[:] = [one for one in _stewards if one.poll() is None] + [process]
    return int(said)


# The package may lie anywhere, and an isolated interpreter looks nowhere but where it is told.
_PROGRAM = "import sys; sys.path.insert(0, sys.argv[1]); from shellper.jobs.steward import main; main()"
