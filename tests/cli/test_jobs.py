"""Background jobs at the command line: the question, `jobs`, and `/jobs` in a conversation."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from shellper.cli.arguments import Options, Subcommand, parse
from shellper.cli.exits import UsageError
from shellper.jobs import Jobs
from tests.cli.conftest import QUESTION, Program, call, reply

ASKED = "; [k]eep it as a job [e]nd it (Enter ends): "
LEAVES = "echo begun; sleep 600.5 &"


@pytest.fixture
def program(program: Program) -> Iterator[Program]:
    """The program, whose jobs end with the test."""
    yield program
    jobs = Jobs(program.state)
    for job in jobs.all():
        if job.runs:
            jobs.stop(job.number)


@pytest.mark.parametrize(
    ("arguments", "words", "ids"),
    [
        (("jobs",), "jobs", ()),
        (("jobs", "--json"), "jobs", ()),
        (("jobs", "stop", "1", "2"), "jobs stop", (1, 2)),
        (("jobs", "log", "3"), "jobs log", (3,)),
        (("jobs", "forget"), "jobs forget", ()),
        (("jobs", "forget", "4"), "jobs forget", (4,)),
    ],
)
def test_subcommands(arguments: tuple[str, ...], words: str, ids: tuple[int, ...]) -> None:
    found = parse(arguments)
    assert isinstance(found, Subcommand) and (found.words, found.ids) == (words, ids)


def test_requests_and_wrong_arguments() -> None:
    assert isinstance(parse(("jobs", "in", "berlin")), Options)
    for wrong in (("jobs", "stop"), ("jobs", "log"), ("jobs", "stop", "all"), ("jobs", "log", "1", "2")):
        with pytest.raises(UsageError):
            parse(wrong)


def leave(program: Program, *arguments: str) -> str:
    """Run a command that leaves a process, by an edit, and answer; gives what was seen from the question on."""
    program.script(call("ls"), reply())
    sitting = program.sit(*arguments, "list")
    sitting.expect(QUESTION)
    sitting.press("e")
    sitting.expect("$ ls")
    sitting.press("\x15" + LEAVES + "\r")
    sitting.expect("[s]kip (Enter runs): ")
    sitting.press("r")
    sitting.expect("still running: sleep (")
    sitting.expect(ASKED)
    sitting.press("k")
    ended = sitting.end()
    assert ended.code == 0
    return ended.err


def test_a_job_is_kept_listed_and_ended(program: Program) -> None:
    seen = leave(program)
    assert "goes on as job 1 (`shellper jobs`, `shellper jobs stop 1`)" in seen
    (found,) = map(json.loads, program.run("jobs", "--json").out.splitlines())
    assert (found["job"], found["state"], found["command"]) == (1, "running", LEAVES)
    assert (found["folder"], found["last_line"], found["exit_code"]) == (str(program.home), "begun", None)
    first, last = program.run("jobs").out.splitlines()
    assert first.startswith(f"  1  running    {LEAVES}  (in {program.home} since ") and last == "     begun"
    assert program.run("jobs", "log", "1").out == "begun\n"
    refused = program.run("jobs", "forget", "1")
    assert (refused.code, refused.err) == (1, "shellper: job 1 is running; `shellper jobs stop 1` ends it\n")
    stopped = program.run("jobs", "stop", "1")
    assert (stopped.code, stopped.err) == (0, "job 1 has ended\n")
    assert "  1  stopped " in program.run("jobs").out
    assert program.run("jobs", "forget").err == "forgotten: 1\n"
    assert program.run("jobs").err == "no jobs\n"
    assert program.run("jobs", "log", "1").code == 1


def test_nobody_to_ask_ends_it(program: Program) -> None:
    """The model has no tool that leaves anything, but what it starts may: here a program of that name."""
    (program.home / "bin").mkdir()
    ls = program.home / "bin" / "ls"
    ls.write_text("#!/bin/sh\nsleep 600.5 &\n")
    ls.chmod(0o755)
    program.environment["PATH"] = f"{ls.parent}:{program.environment['PATH']}"
    program.script(call("ls"), reply())
    ended = program.run("-y", "list")
    assert ended.code == 0 and "ended with its command: sleep (" in ended.err
    program.script(call("ls"), reply())
    (step,) = json.loads(program.run("-y", "--json", "list").out)["steps"]
    assert step["left"].startswith("ended with its command: sleep (") and step["job"] is None
    assert Jobs(program.state).all() == []


def test_words_of_the_conversation(program: Program) -> None:
    leave(program)
    sitting = program.sit("--plain")
    sitting.expect("~> ")
    for line, answer in (
        ("/jobs", "1  running"),
        ("/jobs log 1", "begun"),
        ("/jobs what", "/jobs stop N"),
        ("/jobs stop 5", "there is no job 5"),
        ("/jobs stop 1", "job 1 has ended"),
        ("/jobs forget", "forgotten: 1"),
        ("/jobs", "no jobs"),
    ):
        sitting.press(f"{line}\n")
        sitting.expect(answer)
        sitting.expect("~> ")
    sitting.press("\x04")
    assert sitting.end().code == 0
