"""Background jobs as people are shown them."""

from __future__ import annotations

import time
from collections.abc import Iterator

from shellper.frontend.text import visible
from shellper.jobs import Job, JobState

_LONGEST_LINE = 200


def lines_of(job: Job) -> Iterator[str]:
    """Yield the lines on a job: what it is and how it stands, and the last line that it has printed."""
    if job.about is None:
        mend = "" if job.runs else f"; its output is in {job.folder}, shellper jobs forget {job.number} removes it"
        yield visible(f"{job.number:>3}  {job.state.value:<9}  {job.problem}{mend}")
        return
    about = job.about
    command = visible(about.command).replace("\n", "\\n").replace("\t", "\\t")
    walls = f"sandbox {about.level.value}{' with network' if about.network else ''}"
    where = f"in {visible(str(about.folder))} since {_clock(about.began)}"
    yield f"{job.number:>3}  {_state(job):<9}  {command}  ({where}, {walls})"
    if job.last_line:
        yield f"     {visible(job.last_line)[:_LONGEST_LINE]}"


def _state(job: Job) -> str:
    code = "" if job.exit_code is None or job.state is not JobState.ENDED else f", code {job.exit_code}"
    when = "" if job.ended is None else f" {_clock(job.ended)}"
    return f"{job.state.value}{when}{code}"


def _clock(moment: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(moment))
