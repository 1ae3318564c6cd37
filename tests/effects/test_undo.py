"""Undo, redo and history: their order, paths that have changed since, and what leaves when the budget is spent."""

from __future__ import annotations

from pathlib import Path

import pytest

from shellper.effects import (
    Budget,
    Choice,
    Conflict,
    EffectsError,
    Keeper,
    Ledger,
    What,
    newest,
    plan_reversal,
    recover,
    summary_of,
)
from tests.effects.conftest import World


def do(world: World, name: str, **arguments: str | int | bool) -> int | None:
    call, command = world.call(name, **arguments)
    return world.apply(world.preview(call, command), command).transaction


def conflicts(world: World) -> tuple[Conflict, ...]:
    return plan_reversal(world.keeper.ledger.stacks()[0][-1], What.UNDO).conflicts


def test_several_are_undone_in_their_order(world: World) -> None:
    pictures = [world.picture()]
    for name, arguments in (
        ("mv", {"source": "a.txt", "destination": "c.txt"}),
        ("rm", {"file_name": "sub", "recursive": True}),
        ("echo", {"content": "x", "file_name": "c.txt"}),
        ("mkdir", {"dir_name": "sub"}),
    ):
        do(world, name, **arguments)
        pictures.append(world.picture())
    world.undo(2)
    assert world.picture() == pictures[2]
    world.undo(1)
    assert world.picture() == pictures[1]
    world.redo(2)
    assert world.picture() == pictures[3]
    world.redo()
    assert world.picture() == pictures[4]
    world.undo(4)
    assert world.picture() == pictures[0]
    with pytest.raises(EffectsError, match="nothing"):
        world.undo()


def test_a_new_change_ends_what_could_be_redone(world: World) -> None:
    do(world, "touch", file_name="one")
    world.undo()
    do(world, "touch", file_name="two")
    with pytest.raises(EffectsError, match="nothing"):
        world.redo()
    world.undo()
    assert not (world.root / "two").exists()


def test_more_than_there_are(world: World) -> None:
    do(world, "touch", file_name="one")
    with pytest.raises(EffectsError, match="only 1 of 3"):
        newest(world.keeper.ledger.stacks()[0], 3, "nothing")


def test_history(world: World) -> None:
    do(world, "touch", file_name="one")
    do(world, "rm", file_name="a.txt")
    world.undo()
    found = [(entry.record.title, entry.undone, summary_of(entry.record)) for entry in world.keeper.ledger.history()]
    assert found == [("rm a.txt", True, "created 1 file"), ("touch one", False, "created 1 file")]


def test_history_names_what_it_counts(world: World) -> None:
    (world.root / "branches" / "deep").mkdir(parents=True)
    (world.root / "bare").mkdir()
    for name in ("one", "two", "deep/three"):
        (world.root / "branches" / name).write_text("x")
    do(world, "rm", file_name="branches", recursive=True)
    do(world, "rmdir", dir_name="bare")
    do(world, "rm", file_name="a.txt")
    assert [summary_of(entry.record) for entry in world.keeper.ledger.history()] == [
        "deleted 1 file",
        "deleted 1 folder",
        "deleted 1 folder with 4 in it",
    ]


@pytest.mark.parametrize("choice", list(Choice))
def test_a_changed_file_that_was_overwritten(world: World, choice: Choice) -> None:
    do(world, "cp", source="b.txt", destination="a.txt")
    (world.root / "a.txt").write_text("mine\n")
    assert [(conflict.path.name, conflict.why) for conflict in conflicts(world)] == [("a.txt", "has changed since")]
    world.undo(choice=choice)
    texts = {path.name: path.read_text() for path in world.root.glob("a*.txt")}
    old = "first\nsecond\n"
    assert (
        texts
        == {
            Choice.SKIP: {"a.txt": "mine\n"},
            Choice.KEEP_BOTH: {"a.txt": "mine\n", "a.earlier.txt": old},
            Choice.OVERWRITE: {"a.txt": old},
        }[choice]
    )
    if choice is Choice.OVERWRITE:
        world.redo()
        assert (world.root / "a.txt").read_text() == "mine\n"


@pytest.mark.parametrize("choice", list(Choice))
def test_something_else_where_a_file_was_deleted(world: World, choice: Choice) -> None:
    do(world, "rm", file_name="sub", recursive=True)
    (world.root / "sub").write_text("another\n")
    assert [conflict.why for conflict in conflicts(world)] == ["something else is there by now"]
    world.undo(choice=choice)
    sub, beside = world.root / "sub", world.root / "sub.earlier"
    assert sub.is_dir() == (choice is Choice.OVERWRITE)
    assert beside.is_dir() == (choice is Choice.KEEP_BOTH)


@pytest.mark.parametrize("choice", list(Choice))
def test_a_new_file_that_was_changed(world: World, choice: Choice) -> None:
    do(world, "cp", source="a.txt", destination="new.txt")
    (world.root / "new.txt").write_text("worked on\n")
    world.undo(choice=choice)
    assert (world.root / "new.txt").exists() == (choice is not Choice.OVERWRITE)


@pytest.mark.parametrize("choice", list(Choice))
def test_a_moved_file_whose_old_place_is_taken(world: World, choice: Choice) -> None:
    do(world, "mv", source="a.txt", destination="moved.txt")
    (world.root / "a.txt").write_text("new here\n")
    world.undo(choice=choice)
    texts = {path.name: path.read_text() for path in (*world.root.glob("a*.txt"), *world.root.glob("moved*"))}
    old = "first\nsecond\n"
    assert (
        texts
        == {
            Choice.SKIP: {"a.txt": "new here\n", "moved.txt": old},
            Choice.KEEP_BOTH: {"a.txt": "new here\n", "a.earlier.txt": old, "moved.txt": old},
            Choice.OVERWRITE: {"a.txt": old},
        }[choice]
    )
    if choice is Choice.OVERWRITE:
        world.redo()
        assert (world.root / "a.txt").read_text() == "new here\n"
        assert (world.root / "moved.txt").read_text() == old


def test_a_folder_that_is_gone_is_made_again(world: World) -> None:
    do(world, "rm", file_name="sub/deep/y.bin")
    (world.root / "sub").rename(world.root / "elsewhere")
    assert [conflict.why for conflict in conflicts(world)] == ["its folder is gone"]
    world.undo(choice=Choice.OVERWRITE)
    assert (world.root / "sub" / "deep" / "y.bin").is_file()
    world.redo()
    assert not (world.root / "sub").exists()


def test_one_of_several_paths_has_changed(world: World) -> None:
    do(world, "rm", file_name="*.log")
    (world.root / "one.log").write_text("again\n")
    assert len(conflicts(world)) == 1
    world.undo(choice=Choice.SKIP)
    assert (world.root / "one.log").read_text() == "again\n"
    assert (world.root / "two.log").read_text() == "2\n"


def test_a_mode_that_was_set_again_since(world: World) -> None:
    do(world, "chmod", file_name="a.txt", mode="600")
    (world.root / "a.txt").chmod(0o640)
    assert [conflict.why for conflict in conflicts(world)] == ["has changed since"]


def test_new_files_in_a_folder_whose_mode_was_changed_are_no_conflict(world: World) -> None:
    do(world, "chmod", file_name="sub", mode="700")
    (world.root / "sub" / "later").touch()
    modified = (world.root / "sub").stat().st_mtime_ns
    assert not conflicts(world)
    world.undo()
    assert (world.root / "sub").stat().st_mode & 0o777 == 0o755
    assert (world.root / "sub").stat().st_mtime_ns == modified


def test_the_oldest_leave_first(world: World) -> None:
    world.keeper = Keeper(world.state, world.home, Budget(count=3))
    for number in range(5):
        do(world, "touch", file_name=f"new-{number}")
    titles = [entry.record.title for entry in world.keeper.ledger.history()]
    assert titles == ["touch new-4", "touch new-3", "touch new-2"]


def test_bytes_leave_first_too(world: World) -> None:
    world.keeper = Keeper(world.state, world.home, Budget(bytes=5000))
    for number in range(3):
        (world.root / "big").write_bytes(bytes(2000))
        do(world, "rm", file_name="big")
        assert len(world.keeper.ledger.history()) == min(number + 1, 2)


def test_old_ones_leave(world: World) -> None:
    do(world, "touch", file_name="new")
    world.keeper = Keeper(world.state, world.home, Budget(seconds=0))
    do(world, "touch", file_name="newer")
    assert world.keeper.ledger.history() == []


def test_the_store_is_private(world: World) -> None:
    do(world, "rm", file_name="a.txt")
    assert world.keeper.ledger.folder.stat().st_mode & 0o777 == 0o700


def test_nothing_is_written_before_something_changes(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "state")
    assert ledger.history() == [] and recover(ledger) == []
    assert not (tmp_path / "state").exists()


def test_a_damaged_journal_is_named(world: World) -> None:
    number = do(world, "touch", file_name="new")
    journal = world.keeper.ledger.transactions / f"{number:08d}" / "journal.jsonl"
    journal.write_bytes(b"{]\n")
    with pytest.raises(EffectsError, match=r"journal\.jsonl is damaged .* move .* away") as raised:
        world.keeper.ledger.history()
    assert "\n" not in str(raised.value)


def test_the_bytes_of_links_come_back_to_all_names(world: World) -> None:
    do(world, "echo", content="more", file_name="twin-1")
    assert (world.root / "twin-2").read_text() == "twins\nmore\n"
    world.undo()
    assert (world.root / "twin-2").read_text() == "twins\n"
    assert (world.root / "twin-1").samefile(world.root / "twin-2")
    assert (world.root / "twin-1").stat().st_nlink == 2
