"""The made-up machine of a world: what it answers, always the same from the same seed, and nothing of this one."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import pytest

from model.machine import PROCESSES, PROGRAMS, Machine
from model.world import World
from shellper.calls import Argument, ToolCall
from shellper.dialect import Response


def ask(machine: Machine, tool: str, /, **arguments: Argument) -> Response:
    answer = machine.answers(ToolCall(tool, arguments))
    assert answer is not None
    return answer


@pytest.fixture(params=range(5))
def machine(request: pytest.FixtureRequest) -> Machine:
    return Machine(random.Random(request.param))


def test_a_seed_gives_the_same_machine() -> None:
    first, second = ([ask(Machine(random.Random(9)), name).output for name in ("ps", "df", "date")] for _ in range(2))
    assert first == second
    assert first != [ask(Machine(random.Random(10)), name).output for name in ("ps", "df", "date")]


def test_calls_on_files_are_not_the_machines() -> None:
    assert Machine(random.Random(1)).answers(ToolCall("ls")) is None


def test_processes_are_listed_the_busiest_first(machine: Machine) -> None:
    head, *rows = ask(machine, "ps").output.split("\n")
    assert head.split() == ["PID", "%CPU", "%MEM", "COMMAND"]
    cells = [row.split(maxsplit=3) for row in rows]
    assert {int(row[0]) for row in cells} == {process.pid for process in machine.processes}
    assert len(rows) == len(machine.processes)
    assert [float(row[1]) for row in cells] == sorted((float(row[1]) for row in cells), reverse=True)


def test_processes_are_found_by_a_part_of_their_name(machine: Machine) -> None:
    name = machine.processes[-1].name
    rows = ask(machine, "ps", name=name[1:].upper()).output.split("\n")[1:]
    assert rows
    assert all(name[1:].lower() in row.lower() for row in rows)
    assert ask(machine, "ps", name="no such process").output.split() == ["PID", "%CPU", "%MEM", "COMMAND"]


def test_a_process_that_is_ended_is_gone(machine: Machine) -> None:
    pid = machine.processes[0].pid
    assert ask(machine, "kill", pid=pid) == Response()
    assert str(pid) not in ask(machine, "ps").output.split()
    again = ask(machine, "kill", pid=pid)
    assert (again.exit_code, again.output) == (1, f"kill: ({pid}) - No such process")


def test_disks_add_up(machine: Machine) -> None:
    head, *rows = ask(machine, "df").output.split("\n")
    assert head.split()[:2] == ["Filesystem", "1K-blocks"]
    assert rows[0].split()[-1] == "/"
    for row in rows:
        size, used, free = (int(cell) for cell in row.split()[1:4])
        assert size == used + free
    readable = ask(machine, "df", human_readable=True).output.split("\n")
    assert len(readable) == len(rows) + 1
    assert all(row.split()[1][-1] in "MGT" for row in readable[1:])


def test_programs_are_there_or_not(machine: Machine) -> None:
    name, place = next(iter(machine.programs.items()))
    assert ask(machine, "which", program=name) == Response(output=place)
    missing = next(one for one in PROGRAMS if one not in machine.programs)
    assert ask(machine, "which", program=missing) == Response(exit_code=1)


def test_names_fit_where_the_kernel_puts_them() -> None:
    assert all(len(name) <= 15 for name in PROCESSES)
    assert len(set(PROCESSES)) == len(PROCESSES)
    assert len(set(PROGRAMS)) == len(PROGRAMS)


def test_a_world_shows_its_own_machine(tmp_path: Path) -> None:
    world = World(tmp_path, random.Random(3))
    before = world.run(ToolCall("ps")).output
    assert str(os.getpid()) not in before.split()
    pid = world.machine.processes[0].pid
    assert world.run(ToolCall("kill", {"pid": pid})).exit_code == 0
    assert world.run(ToolCall("ps")).output != before


def test_an_invalid_call_on_the_machine_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="must be a whole number"):
        World(tmp_path, random.Random(3)).run(ToolCall("kill", {"pid": "firefox"}))


def test_patterns_name_what_they_match(tmp_path: Path) -> None:
    world = World(tmp_path, random.Random(3))
    for name in ("one.zzz", "two.zzz", ".hidden.zzz"):
        (world.folder / name).touch()
    assert [path.name for path in world.matches("*.zzz")] == ["one.zzz", "two.zzz"]
    assert world.matches("no*such") == []
    assert world.matches("one.zzz") == [world.folder / "one.zzz"]
    assert world.run(ToolCall("rm", {"file_name": "*.zzz"})) == Response()
    assert [path.name for path in world.folder.glob("*.zzz")] == [".hidden.zzz"]


@pytest.mark.parametrize("ending", [".zip", ".tar.gz"])
def test_archives_are_real_and_the_same_from_the_same_seed(tmp_path: Path, ending: str) -> None:
    tool = "unzip" if ending == ".zip" else "untar"
    if not shutil.which("unzip") and ending == ".zip":
        pytest.skip("unzip is not installed: apt-get install unzip")
    made = []
    for number in range(2):
        (tmp_path / str(number)).mkdir()
        world = World(tmp_path / str(number), random.Random(5))
        name = world.make_archive(world.folder, ending)
        assert name in world.archives(ending)
        listed = world.run(ToolCall(tool, {"archive": name, "list": True}))
        assert listed.exit_code == 0
        made.append((name, (world.folder / name).read_bytes(), listed.output))
        assert world.run(ToolCall(tool, {"archive": name})).exit_code == 0
    assert made[0] == made[1]


def test_archives_are_no_text_files(tmp_path: Path) -> None:
    world = World(tmp_path, random.Random(3))
    names = [world.make_archive(world.folder, ending) for ending in (".zip", ".tar.gz")]
    assert not set(names) & set(world.files())
