"""The jobs of a state folder: listing, ending and forgetting them."""

from __future__ import annotations

import os
import select
import shutil
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shellper.jobs.errors import JobsError
from shellper.jobs.output import last_line, read_output
from shellper.jobs.record import About, JobState, read_record, read_steward

JOBS_NAME = "jobs"
MOST_ENDED = 20
"""How many ended jobs are remembered; the oldest leave when a new one is kept."""

_STOP_SECONDS = 20.0  # the steward needs at most 2 for SIGTERM, 6 for SIGKILL, and 1 for the outputs


@dataclass(frozen=True)
class Job:
    """A job by its number, and how it stands now; `about` is None where its record is damaged, as `problem` says."""

    number: int
    folder: Path
    about: About | None
    state: JobState
    ended: float | None = None
    exit_code: int | None = None
    last_line: str = ""
    problem: str = ""

    @property
    def runs(self) -> bool:
        """Whether it has not ended."""
        return self.state is JobState.RUNNING

    def as_json(self) -> dict[str, Any]:
        """Return it as plain JSON data; times in seconds since 1970."""
        about = self.about
        return {
            "job": self.number,
            "state": self.state.value,
            "command": None if about is None else about.command,
            "folder": None if about is None else str(about.folder),
            "sandbox": None if about is None else about.level.value,
            "network": None if about is None else about.network,
            "began": None if about is None else about.began,
            "ended": self.ended,
            "exit_code": self.exit_code,
            "last_line": self.last_line,
            "problem": self.problem,
        }


class Jobs:
    """The jobs that are kept below a state folder; nothing is made by looking."""

    def __init__(self, state: Path) -> None:
        self.folder = state / JOBS_NAME

    def all(self) -> list[Job]:
        """Return the jobs by their numbers. Raises `JobsError` where the folder can't be read."""
        try:
            names = [path.name for path in self.folder.iterdir() if path.name.isdecimal()]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise JobsError(f"{self.folder} can't be read ({error.strerror}); make it readable") from error
        return [self._job(number) for number in sorted(int(name) for name in names)]

    def find(self, number: int) -> Job:
        """Return a job. Raises `JobsError` where there is none of that number."""
        if not (self.folder / str(number)).is_dir():
            raise JobsError(f"there is no job {number}; `shellper jobs` lists them")
        return self._job(number)

    def _job(self, number: int) -> Job:
        folder = self.folder / str(number)
        steward = read_steward(folder)  # before the record: a steward that is gone has written its last
        line = last_line(folder)
        try:
            record = read_record(folder)
        except JobsError as error:
            state = JobState.LOST if steward is None else JobState.RUNNING
            return Job(number, folder, None, state, last_line=line, problem=str(error))
        state = record.state
        if state is JobState.RUNNING and steward is None:
            state = JobState.LOST
        return Job(number, folder, record.about, state, record.ended, record.exit_code, line)

    def output(self, number: int) -> str:
        """Return what a job has printed, as clean text. Raises `JobsError`."""
        job = self.find(number)
        try:
            left_out = 0 if job.problem else read_record(job.folder).left_out_bytes
            return read_output(job.folder, left_out)
        except OSError as error:
            raise JobsError(f"the output of job {number} can't be read ({error.strerror})") from error

    def stop(self, number: int) -> None:
        """End a job with its whole tree, and wait until it is gone. Raises `JobsError`."""
        job = self.find(number)
        steward = read_steward(job.folder) if job.runs else None
        if steward is None:
            raise JobsError(f"job {number} has ended already; `shellper jobs forget {number}` removes it")
        try:
            handle = os.pidfd_open(steward)
        except OSError as error:
            raise JobsError(f"job {number} can't be ended ({error.strerror}); end process {steward} by kill") from error
        try:
            # The handle is a process' own; the number was the steward's after it had been opened, so it is its.
            if read_steward(job.folder) == steward and not _signalled(handle, signal.SIGTERM):
                _signalled(handle, signal.SIGKILL)  # its launcher ends the job then
        except OSError as error:
            raise JobsError(f"job {number} can't be ended ({error.strerror}); end process {steward} by kill") from error
        finally:
            os.close(handle)

    def forget(self, numbers: tuple[int, ...] = ()) -> list[int]:
        """Remove ended jobs with their output, by default all; gives their numbers. Raises `JobsError`."""
        chosen = [self.find(number) for number in numbers] or [job for job in self.all() if not job.runs]
        running = [str(job.number) for job in chosen if job.runs]
        if running:
            raise JobsError(f"job {', '.join(running)} is running; `shellper jobs stop {' '.join(running)}` ends it")
        for job in chosen:
            self._remove(job)
        return [job.number for job in chosen]

    def tidy(self) -> None:
        """Forget the oldest ended jobs, where there are too many. Raises `JobsError`."""
        ended = [job for job in self.all() if not job.runs and not job.problem]
        for job in sorted(ended, key=lambda one: one.number)[: max(0, len(ended) - MOST_ENDED + 1)]:
            self._remove(job)

    def _remove(self, job: Job) -> None:
        try:
            shutil.rmtree(job.folder)
        except OSError as error:
            raise JobsError(f"job {job.number} can't be removed ({error.strerror}): {job.folder}") from error


def _signalled(handle: int, number: int) -> bool:
    """Send a signal to a process; says whether it has ended within some seconds. Raises OSError."""
    try:
        signal.pidfd_send_signal(handle, number)
    except ProcessLookupError:
        return True
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    return bool(poll.poll(_STOP_SECONDS * 1000))
