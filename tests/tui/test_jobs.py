"""Background jobs in the app: the question on the card, and `/jobs`."""

from collections.abc import Iterator

import pytest

from shellper.jobs import Jobs, JobState
from shellper.tui.widgets.remaining import RemainingView
from tests.tui.conftest import Room, Seat


@pytest.fixture
def jobs(room: Room) -> Iterator[Jobs]:
    """The jobs of the room, which end with the test."""
    jobs = Jobs(room.state)
    yield jobs
    for job in jobs.all():
        if job.runs:
            jobs.stop(job.number)


async def ask(seat: Seat) -> None:
    """Run a command that leaves a process, up to the question about it."""
    await seat.say("!echo begun; sleep 600.25 &")
    await seat.asked()
    await seat.press("r")
    await seat.sees("still running: sleep (", "k keep it as a job", "Enter end it")
    await seat.until(lambda: isinstance(seat.app.focused, RemainingView), "the question's keys")


async def test_a_job_is_kept_by_a_key(room: Room, jobs: Jobs) -> None:
    async with room.open() as seat:
        await ask(seat)
        await seat.press("k")
        await seat.ended()
        await seat.sees("begun", "goes on as job 1")
        assert not seat.main.query(RemainingView) and seat.at(seat.field)
        (job,) = jobs.all()
        assert job.runs and job.about is not None and job.about.command == "echo begun; sleep 600.25 &"
        await seat.say("/jobs")
        await seat.sees("1  running", "begun")
        await seat.say("/jobs log 1")
        await seat.sees("job 1")
        await seat.press("escape")
        await seat.say("/jobs stop 1")
        await seat.sees("job 1 has ended")
        await seat.say("/jobs forget")
        await seat.sees("forgotten: 1")
        await seat.say("/jobs")
        await seat.sees("no jobs")
        await seat.say("/jobs what")
        await seat.sees("/jobs stop N")
        await seat.say("/jobs stop 7")
        await seat.sees("there is no job 7")
    assert jobs.all() == []


@pytest.mark.parametrize("key", ["enter", "n"])
async def test_without_that_key_it_ends(room: Room, jobs: Jobs, key: str) -> None:
    async with room.open() as seat:
        await ask(seat)
        await seat.press(key)
        await seat.ended()
        await seat.sees("ended with its command: sleep (")
    assert jobs.all() == []


async def test_ctrl_c_at_the_question_ends_it(room: Room, jobs: Jobs) -> None:
    async with room.open() as seat:
        await ask(seat)
        await seat.press("ctrl+c")
        await seat.ended()
        await seat.sees("ended with its command: sleep (")
    assert jobs.all() == []


async def test_a_job_outlives_the_app(room: Room, jobs: Jobs) -> None:
    async with room.open() as seat:
        await ask(seat)
        await seat.press("k")
        await seat.ended()
    (job,) = jobs.all()
    assert job.state is JobState.RUNNING
