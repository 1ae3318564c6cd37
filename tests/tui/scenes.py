"""The main states of the app, as scenes that tests and pictures share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from shellper.tui.widgets.stage import State
from tests.tui.conftest import Held, Room, Seat, call, unsure

Scene: TypeAlias = Callable[[Room, Seat], Awaitable[None]]


async def _ask(room: Room, seat: Seat, request: str, *keys: str) -> None:
    await seat.say(request)
    await seat.asked()
    for key in keys:
        await seat.press(key)


async def empty(room: Room, seat: Seat) -> None:
    """Nothing yet."""


async def building(room: Room, seat: Seat) -> None:
    await seat.say("count the lines of my notes")
    await seat.sees("building")


async def allow(room: Room, seat: Seat) -> None:
    room.engine.enqueue(call("wc", file_name="notes.txt"))
    await _ask(room, seat, "count the lines of my notes")


async def explained(room: Room, seat: Seat) -> None:
    room.engine.enqueue(call("wc", file_name="notes.txt"))
    await _ask(room, seat, "count the lines of my notes", "x")


async def confirm(room: Room, seat: Seat) -> None:
    room.engine.enqueue(call("rm", file_name="notes.txt"))
    await _ask(room, seat, "delete my notes")


async def doubtful(room: Room, seat: Seat) -> None:
    room.engine.enqueue(unsure("mv", source="notes.txt", destination="docs"))
    await _ask(room, seat, "put it where it belongs")


async def warn(room: Room, seat: Seat) -> None:
    await _ask(room, seat, "!eval 'echo hi > made'")


async def consent(room: Room, seat: Seat) -> None:
    await _ask(room, seat, "!eval 'echo hi > made'", "y")


async def block(room: Room, seat: Seat) -> None:
    await _ask(room, seat, "!rm -rf ~")


async def edited(room: Room, seat: Seat) -> None:
    room.engine.enqueue(call("ls"))
    await _ask(room, seat, "list the files", "e")
    await seat.type(" docs; rm -rf ~")
    await seat.sees("block")


async def done(room: Room, seat: Seat) -> None:
    room.engine.enqueue(call("wc", file_name="notes.txt"), "Two lines.")
    await _ask(room, seat, "count the lines of my notes", "r")
    await seat.ended()


async def several(room: Room, seat: Seat) -> None:
    room.engine.enqueue(call("mkdir", dir_name="old"), call("mv", source="notes.txt", destination="old"))
    await _ask(room, seat, "make a folder old and move my notes there", "r")
    await seat.until(lambda: len(seat.cards[-1].steps) == 2)
    await seat.asked()


async def long_output(room: Room, seat: Seat) -> None:
    (room.home / "long.txt").write_text("".join(f"line {number}\n" for number in range(100)))
    room.engine.enqueue(call("cat", file_name="long.txt"), "")
    await _ask(room, seat, "show long.txt", "r")
    await seat.ended()


async def running(room: Room, seat: Seat) -> None:
    await _ask(room, seat, "!for n in 1 2 3; do echo working on part $n; done; sleep 300")
    await seat.press("r" if seat.last.proposal.verdict.level != "warn" else "y")
    if seat.stands(State.CONSENTING):
        await seat.type("yes")
        await seat.press("enter")
    await seat.sees("working on part 3", "running")


async def failed(room: Room, seat: Seat) -> None:
    room.engine.enqueue(call("cat", file_name="none.txt"), "")
    await _ask(room, seat, "show none.txt", "r")
    await seat.ended()


async def offered(room: Room, seat: Seat) -> None:
    await seat.type("/")
    await seat.sees("/cd")


async def searched(room: Room, seat: Seat) -> None:
    for request in ("count the lines", "list the files"):
        room.engine.enqueue("Yes.")
        await seat.say(request)
        await seat.ended()
    await seat.press("ctrl+r")


async def edited_file(room: Room, seat: Seat) -> None:
    room.engine.enqueue(call("echo", content="three", file_name="notes.txt"))
    await _ask(room, seat, "add three to my notes", "d")
    await seat.sees("+three")


async def sessions(room: Room, seat: Seat) -> None:
    for request in ("count the lines of my notes", "list the files", "make a folder for photos"):
        room.engine.enqueue("Yes.")
        await seat.say(request)
        await seat.ended()
        await seat.say("/new")
        await seat.until(lambda: not seat.cards)
    await seat.press("f4")
    await seat.sees("count the lines", "list the files", "make a folder")


async def undoing(room: Room, seat: Seat) -> None:
    room.engine.enqueue(call("rm", file_name="notes.txt"), "")
    await _ask(room, seat, "delete my notes", "r")
    await seat.ended()
    await seat.say("/undo")
    await seat.sees("Undo this in", "y yes")


async def side(room: Room, seat: Seat) -> None:
    room.engine.enqueue(call("touch", file_name="new.txt"), "")
    await _ask(room, seat, "make an empty file new.txt", "r")
    await seat.ended()
    if not seat.main.side.display:
        await seat.press("f3")
    await seat.sees("new.txt *", "done    touch")


async def helped(room: Room, seat: Seat) -> None:
    await seat.press("f1")


async def palette(room: Room, seat: Seat) -> None:
    await seat.press("f2")
    await seat.sees("the model that is used")


SCENES: dict[str, Scene] = {
    scene.__name__: scene
    for scene in (
        empty,
        building,
        allow,
        explained,
        confirm,
        doubtful,
        warn,
        consent,
        block,
        edited,
        done,
        several,
        long_output,
        failed,
        running,
        edited_file,
        sessions,
        undoing,
        side,
        offered,
        searched,
        helped,
        palette,
    )
}


def prepare(name: str, room: Room) -> None:
    """Put the engine in place that a scene needs."""
    if name == "building":
        room.engine = Held()
