"""`jobs`: listing background jobs, ending them, their output; as subcommands and within a conversation."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from shellper.cli.exits import ExitCode
from shellper.cli.show import Screen
from shellper.config import paths
from shellper.frontend.jobs import lines_of
from shellper.frontend.text import visible
from shellper.jobs import Jobs, JobsError

_USAGE = "/jobs lists them; /jobs stop N ends one, /jobs log N shows its output, /jobs forget [N] removes ended ones"


def run_jobs(
    words: str, numbers: Sequence[int], screen: Screen, write: Callable[[str], object], *, as_json: bool = False
) -> int:
    """Do what `jobs`, `jobs stop`, `jobs log` or `jobs forget` says and return the exit code. Raises `JobsError`."""
    jobs = Jobs(paths().state)
    if words == "jobs stop":
        for number in numbers:
            jobs.stop(number)
            screen.line(f"job {number} has ended", "dim")
    elif words == "jobs forget":
        gone = jobs.forget(tuple(numbers))
        screen.line(f"forgotten: {', '.join(map(str, gone))}" if gone else "no job has ended", "dim")
    elif words == "jobs log":
        for line in jobs.output(numbers[0]).splitlines():
            write(visible(line))
    else:
        _list(jobs, screen, write, as_json)
    return ExitCode.OK


def _list(jobs: Jobs, screen: Screen, write: Callable[[str], object], as_json: bool) -> None:
    found = jobs.all()
    for job in found:
        if as_json:
            write(json.dumps(job.as_json()))
        else:
            for line in lines_of(job):
                write(line)
    if not found and not as_json:
        screen.line("no jobs", "dim")


def jobs_within_conversation(line: str, screen: Screen) -> bool:
    """Take `/jobs` in a conversation; says whether the line was that."""
    word, *rest = line.split()
    if word != "/jobs":
        return False
    action, numbers = (rest[0], rest[1:]) if rest else ("", [])
    fits = {"": not numbers, "stop": bool(numbers), "log": len(numbers) == 1, "forget": True}.get(action, False)
    if not fits or not all(number.isascii() and number.isdigit() for number in numbers):
        screen.note(_USAGE)
        return True
    try:
        run_jobs(f"jobs {action}".strip(), [int(number) for number in numbers], screen, screen.line)
    except JobsError as error:
        screen.note(str(error))
    return True
