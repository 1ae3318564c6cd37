"""Jobs live on behind their walls, lose nothing that they print, and end as a whole."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import stat
import subprocess
import sys
import uuid
from pathlib import Path
from textwrap import dedent

import pytest

from shellper.jobs import MOST_ENDED, JobsError, JobState
from shellper.jobs.record import read_steward
from shellper.sandbox import SandboxLevel, run
from tests.jobs.conftest import World, wait_for
from tests.sandbox.conftest import python
from tests.sandbox.test_ending import DAEMON, alive

ONE_LEVEL = pytest.mark.parametrize("level", [SandboxLevel.NONE], indirect=True)
"""For what has nothing to do with walls."""


@pytest.fixture
def mark() -> str:
    """A number of seconds to sleep that nobody else sleeps."""
    return f"600.{uuid.uuid4().int % 10**15:015}"


def test_a_job_outlives_the_program_that_kept_it(world: World, mark: str) -> None:
    program = f"""
        import time
        from pathlib import Path
        from shellper.jobs import About, keep
        from shellper.sandbox import Policy, SandboxLevel, run
        state, folder = Path({str(world.state)!r}), Path({str(world.folder)!r})
        level = SandboxLevel({str(world.level)!r})
        def on_left(left):
            return keep(state, left, About("c", folder, level, False, time.time())) == 1
        result = run("echo before; (until [ -e go ]; do sleep 0.05; done; echo after; sleep {mark}) &",
                     Policy(folder, folder, level, masked=(state,)), on_left=on_left)
        print(result.exit_code, result.kept, result.stdout.text.strip())
    """
    done = subprocess.run([sys.executable, "-c", dedent(program)], capture_output=True, text=True, check=True)
    assert done.stdout == "0 True before\n"
    (world.folder / "go").touch()
    wait_for(lambda: "after" in world.jobs.output(1), "what it prints afterwards")
    (job,) = world.jobs.all()
    assert (job.state, job.last_line) == (JobState.RUNNING, "after")
    assert job.about is not None and (job.about.command, job.about.level) == ("c", world.level)
    assert world.jobs.output(1) == "before\nafter\n"
    assert alive(mark)


def test_a_job_stays_behind_its_walls(world: World) -> None:
    (world.state / "secret").write_text("hidden")
    attempts = f"""
        until [ -e go ]; do sleep 0.05; done
        touch here
        (echo x > {world.outside}/new) 2>/dev/null
        cat {world.state}/secret > seen 2>/dev/null
        (echo x > {world.state}/jobs/1/planted) 2>/dev/null
    """
    job = world.job(f"({attempts}) &")
    (world.folder / "go").touch()
    world.ended(job.number)
    assert (world.folder / "here").exists()
    walled = world.level is not SandboxLevel.NONE
    assert (world.outside / "new").exists() is not walled
    assert ((world.folder / "seen").read_text() == "hidden") is not walled
    assert (world.state / "jobs" / "1" / "planted").exists() is not walled


def test_stop_ends_the_tree_with_a_daemon_in_it(world: World, mark: str) -> None:
    job = world.job(f"({python(DAEMON)} {mark}; sleep {mark}) & sleep 0.2; bash -c 'sleep {mark}; true' &")
    wait_for(lambda: len(alive(mark)) >= 4, "the tree")
    world.jobs.stop(job.number)
    assert alive(mark) == []
    assert world.jobs.find(job.number).state is JobState.STOPPED
    with pytest.raises(JobsError, match=r"job 1 has ended already; `shellper jobs forget 1` removes it"):
        world.jobs.stop(job.number)


def test_a_job_that_is_stopped_may_clean_up(world: World) -> None:
    job = world.job("bash -c 'trap \"echo cleaned; exit 3\" TERM; echo ready; while :; do sleep 0.05; done' &")
    wait_for(lambda: "ready" in world.jobs.output(job.number), "its start")
    world.jobs.stop(job.number)
    assert "cleaned" in world.jobs.output(job.number)


def test_what_is_not_kept_ends(world: World, mark: str) -> None:
    asked = []

    def on_left(left: object) -> bool:
        asked.append(alive(mark))
        return False

    result = run(f"sleep {mark} >/dev/null 2>&1 & exit 4", world.policy, on_left=on_left)
    assert (result.exit_code, result.kept, [one.name for one in result.left]) == (4, False, ["sleep"])
    assert asked == [["sleep"]] and alive(mark) == []
    assert world.jobs.all() == []


def test_processes_are_named_as_the_user_sees_them(world: World, mark: str) -> None:
    result = world.run(f"sleep {mark} &")
    (process,) = result.left
    assert process.name == "sleep"
    assert mark.encode() in Path(f"/proc/{process.pid}/cmdline").read_bytes()


def test_nobody_is_asked_about_what_ends_in_a_moment(world: World) -> None:
    result = world.run("(sleep 0.05; touch done) >/dev/null 2>&1 &")
    assert (result.left, result.kept) == ((), False)
    assert (world.folder / "done").exists()


def test_what_ends_while_the_user_thinks_is_a_job_that_has_ended(world: World) -> None:
    def late(left: object) -> bool:
        (world.folder / "go").touch()
        wait_for(lambda: (world.folder / "gone").exists(), "its end")
        return world.keep(left)  # type: ignore[arg-type]

    result = run("(until [ -e go ]; do sleep 0.02; done; echo last; touch gone; exit 7) &", world.policy, on_left=late)
    assert result.kept
    job = world.ended(1)
    assert (job.state, job.exit_code, world.jobs.output(1)) == (JobState.ENDED, 7, "last\n")


def test_a_stopped_command_is_not_asked_about(world: World, mark: str) -> None:
    policy = dataclasses.replace(world.policy, time_limit=0.5)
    result = run(f"sleep {mark} & sleep {mark}", policy, on_left=lambda left: pytest.fail("asked"))
    assert result.timed_out and alive(mark) == []


def test_a_killed_steward_takes_its_job_along(world: World, mark: str) -> None:
    job = world.job(f"sleep {mark} &")
    os.kill(json.loads((job.folder / "steward.json").read_text())["pid"], signal.SIGKILL)
    wait_for(lambda: not alive(mark), "its end")
    assert world.jobs.find(1).state is JobState.LOST


@ONE_LEVEL
def test_a_later_process_of_the_same_number_is_left_alone(world: World, mark: str) -> None:
    job = world.job(f"sleep {mark} &")
    place = job.folder / "steward.json"
    steward = json.loads(place.read_text())
    with world.make_another_live() as other:
        place.write_text(json.dumps({**steward, "pid": other.pid}))
        assert world.jobs.find(1).state is JobState.LOST
        with pytest.raises(JobsError, match="has ended already"):
            world.jobs.stop(1)
        assert other.poll() is None
        other.kill()
    place.write_text(json.dumps(steward))
    assert world.jobs.find(1).runs


@ONE_LEVEL
def test_output_is_bounded_and_its_end_is_kept(world: World) -> None:
    flood = "for i in 1 2 3 4; do head -c 3000000 /dev/zero | tr '\\0' a; echo; done; echo last"
    job = world.job(f"(until [ -e go ]; do sleep 0.02; done; {flood}) &")
    (world.folder / "go").touch()
    world.ended(job.number)
    size = sum(path.stat().st_size for path in job.folder.glob("output*"))
    assert size <= 8 << 20
    text = world.jobs.output(job.number)
    assert text.startswith("[... ") and text.endswith("a\nlast\n")
    assert int(text.split()[1].replace(",", "")) + size == 4 * 3_000_001 + len("last\n")


@ONE_LEVEL
def test_a_job_that_floods_is_not_held_up(world: World) -> None:
    """Neither by a full pipe nor by one that nobody reads."""
    job = world.job("(until [ -e go ]; do sleep 0.02; done; seq 300000; echo $? > code) &")
    (world.folder / "go").touch()
    assert world.ended(job.number).last_line == "300000"
    assert (world.folder / "code").read_text() == "0\n"


@ONE_LEVEL
def test_a_job_goes_on_when_its_output_cannot_be_written(world: World) -> None:
    job = world.job("(until [ -e go ]; do sleep 0.02; done; echo unseen; echo $? > code; exit 5) &")
    (job.folder / "output").unlink()
    (job.folder / "output").mkdir()
    (world.folder / "go").touch()
    assert world.ended(job.number).exit_code == 5
    assert (world.folder / "code").read_text() == "0\n"


@ONE_LEVEL
def test_escapes_and_binary_output_are_made_harmless(world: World) -> None:
    job = world.job("(sleep 0.5; printf 'a\\033[31mred\\033]52;c;eHg=\\007 end\\n') &")
    world.ended(job.number)
    assert world.jobs.output(job.number) == "ared end\n"
    job = world.job("(sleep 0.5; head -c 1000 /dev/zero) &")
    world.ended(job.number)
    assert world.jobs.output(job.number) == "[binary output, 1,000 bytes]\n"


@ONE_LEVEL
def test_a_damaged_record_loses_nothing(world: World, mark: str) -> None:
    running, ended = world.job(f"echo said; sleep {mark} &"), world.job("(sleep 0.5; echo once) &")
    world.ended(ended.number)
    # A steward ends a little later than its job's record says.
    wait_for(lambda: read_steward(ended.folder) is None, "the end of the steward")
    for job in (running, ended):
        (job.folder / "job.json").write_text('{"version": 1, "comm')
    found = world.jobs.all()
    assert [(job.state, job.problem, job.last_line) for job in found] == [
        (JobState.RUNNING, "its record is damaged", "said"),
        (JobState.LOST, "its record is damaged", "once"),
    ]
    assert world.jobs.forget() == [2]
    with pytest.raises(JobsError, match="job 1 is running"):
        world.jobs.forget((1,))
    world.jobs.stop(1)
    assert alive(mark) == []
    assert world.jobs.find(1).problem == ""  # its steward has written it anew


@ONE_LEVEL
def test_ended_jobs_stay_until_they_are_forgotten_or_too_many(world: World) -> None:
    for number in range(1, MOST_ENDED + 1):
        place = world.state / "jobs" / str(number)
        place.mkdir(parents=True)
        data = {"version": 1, "command": "c", "folder": "2f", "level": "none", "network": False, "began": 1.0}
        rest = {"state": "ended", "ended": 2.0, "exit_code": 0, "left_out_bytes": 0}
        (place / "job.json").write_text(json.dumps({**data, **rest}))
    job = world.job("(sleep 0.5) &")
    assert [job.number for job in world.jobs.all()] == list(range(2, MOST_ENDED + 2))
    world.ended(job.number)
    assert world.jobs.forget((3, 5)) == [3, 5]
    assert len(world.jobs.forget()) == MOST_ENDED - 2
    assert world.jobs.all() == []


@ONE_LEVEL
def test_only_the_user_can_read_them(world: World) -> None:
    job = world.job("(sleep 0.5) &")
    world.ended(job.number)
    places = [job.folder.parent, job.folder, *job.folder.iterdir()]
    assert {stat.S_IMODE(place.stat().st_mode) for place in places if place.is_dir()} == {0o700}
    assert {stat.S_IMODE(place.stat().st_mode) for place in places if place.is_file()} == {0o600}


@ONE_LEVEL
def test_where_it_cannot_be_kept_it_ends_with_one_line(world: World, mark: str) -> None:
    (world.state / "jobs").write_text("in the way")
    said = []

    def on_left(left: object) -> bool:
        with pytest.raises(JobsError) as raised:
            world.keep(left)  # type: ignore[arg-type]
        said.append(str(raised.value))
        return False

    run(f"sleep {mark} &", world.policy, on_left=on_left)
    assert said == [f"it can't be kept ({world.state}/jobs can't be written: File exists), so it ends"]
    assert alive(mark) == []
    (world.state / "jobs").unlink()


@ONE_LEVEL
def test_there_is_no_such_job(world: World) -> None:
    for act in (world.jobs.stop, world.jobs.output, lambda number: world.jobs.forget((number,))):
        with pytest.raises(JobsError, match="there is no job 9; `shellper jobs` lists them"):
            act(9)
