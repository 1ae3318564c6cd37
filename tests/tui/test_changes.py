"""Undo, redo and history: every word and every key of theirs, on real files."""

import pytest

from shellper.tui.screens.changes import ChangesScreen, ReversalScreen
from tests.tui.conftest import Room, Seat, call


async def change(room: Room, seat: Seat) -> None:
    """Delete the notes."""
    room.engine.enqueue(call("rm", file_name="notes.txt"), "")
    await seat.say("delete the notes")
    await seat.asked()
    await seat.press("r")
    await seat.ended()
    assert not (room.home / "notes.txt").exists()


async def question(seat: Seat) -> None:
    await seat.until(lambda: isinstance(seat.app.screen, ReversalScreen), "the question")


@pytest.mark.parametrize("key", ["y", "enter"])
async def test_undo_and_redo(room: Room, key: str) -> None:
    async with room.open() as seat:
        await change(room, seat)
        await seat.say("/undo")
        await question(seat)
        await seat.sees("Undo this in", "$ rm", "creates notes.txt", "y yes")
        await seat.press("b")
        await question(seat)
        await seat.press(key)
        await seat.sees("undone: rm notes.txt")
        assert (room.home / "notes.txt").read_text() == "one\ntwo\n"
        await seat.say("/redo")
        await question(seat)
        await seat.sees("Redo this in", "deletes notes.txt")
        await seat.press(key)
        await seat.sees("redone: rm notes.txt")
        assert not (room.home / "notes.txt").exists()


@pytest.mark.parametrize("key", ["n", "escape", "q"])
async def test_leaving_it(room: Room, key: str) -> None:
    async with room.open() as seat:
        await change(room, seat)
        await seat.say("/undo")
        await question(seat)
        await seat.press(key)
        assert seat.shows(seat.main)
        assert not (room.home / "notes.txt").exists()


@pytest.mark.parametrize(
    ("key", "files"),
    [("s", {"notes.txt": "mine\n"}), ("o", {"notes.txt": "one\ntwo\n"}), ("b", {"notes.txt": "mine\n"})],
)
async def test_what_has_changed_since(room: Room, key: str, files: dict[str, str]) -> None:
    async with room.open() as seat:
        await change(room, seat)
        (room.home / "notes.txt").write_text("mine\n")
        await seat.say("/undo")
        await question(seat)
        await seat.sees("keep both", "overwrite")
        await seat.press("y")
        await question(seat)
        await seat.press(key)
        await seat.until(lambda: seat.shows(seat.main))
        await seat.sees("nothing was changed" if key == "s" else "undone: rm notes.txt")
        assert {name: (room.home / name).read_text() for name in files} == files
        beside = [path for path in room.home.iterdir() if path.is_file() and path.name != "notes.txt"]
        assert len(beside) == (key == "b")


async def test_the_diff_of_an_undo(room: Room) -> None:
    async with room.open() as seat:
        await change(room, seat)
        await seat.say("/undo")
        await question(seat)
        await seat.press("d")
        await seat.sees("+one", "+two")
        await seat.press("escape")
        await question(seat)


async def test_nothing_to_undo(room: Room) -> None:
    async with room.open() as seat:
        await seat.say("/undo")
        await seat.sees("there is nothing to undo")
        await seat.say("/redo")
        await seat.sees("there is nothing to redo")
        await seat.say("/history")
        await seat.sees("nothing was changed yet")
        await seat.press("enter", "d", "q")
        assert seat.shows(seat.main)


async def test_history(room: Room) -> None:
    async with room.open() as seat:
        await change(room, seat)
        await seat.say("/history")
        await seat.until(lambda: isinstance(seat.app.screen, ChangesScreen))
        await seat.sees("done", "rm notes.txt", "u undo the last")
        for key in ("enter", "d"):
            await seat.press(key)
            await seat.sees("undo: creates 1", "+one")
            await seat.press("escape")
        await seat.press("u")
        await question(seat)
        await seat.press("y")
        await seat.sees("undone: rm notes.txt")
        await seat.say("/history")
        await seat.sees("undone  rm notes.txt")
        await seat.press("r")
        await question(seat)
        await seat.press("n")
        await seat.say("/history")
        await seat.until(lambda: isinstance(seat.app.screen, ChangesScreen))
        await seat.press("escape")
        assert seat.shows(seat.main)


async def test_undoing_several(room: Room) -> None:
    async with room.open(call("mkdir", dir_name="a"), call("mkdir", dir_name="b"), "") as seat:
        await seat.say("make a and b")
        for count in (1, 2):
            await seat.until(lambda count=count: len(seat.cards[-1].steps) == count)  # type: ignore[misc]
            await seat.asked()
            await seat.press("r")
        await seat.ended()
        await seat.say("/undo 2")
        for name in ("b", "a"):
            await question(seat)
            await seat.sees(f"$ mkdir {name}")
            await seat.press("y")
            await seat.until(lambda name=name: not (room.home / name).exists())  # type: ignore[misc]
        await seat.sees("undone: mkdir b", "undone: mkdir a")
        assert not (room.home / "a").exists() and not (room.home / "b").exists()
        await seat.say("/redo many")
        await seat.sees("/redo takes a number")


async def test_changes_stand_at_the_side(room: Room) -> None:
    async with room.open(size=(130, 30)) as seat:
        await change(room, seat)
        await seat.sees("Changes", "done    rm notes.txt")
        seat.main.side.changes.focus()
        await seat.press("down", "enter")
        await seat.sees("undo: creates 1", "+one")
        await seat.press("escape")
        await seat.until(lambda: seat.shows(seat.main))
        await seat.press("escape")
        assert seat.at(seat.field)
        await seat.say("/undo")
        await question(seat)
        await seat.press("y")
        await seat.sees("undone  rm notes.txt", "notes.txt *")


async def test_undo_waits_for_the_turn(room: Room) -> None:
    async with room.open(call("ls")) as seat:
        await seat.say("list")
        await seat.asked()
        await seat.main.words.take("/undo")
        await seat.sees("this turn goes on")
