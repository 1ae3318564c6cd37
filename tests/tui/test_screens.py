"""The main states, compared with what was looked at: tests/tui/snapshots/NAME-SIZE.svg.

`SHELLPER_NEW_SNAPSHOTS=1` writes them anew, to be looked at before they are committed.
"""

import os
import re
from pathlib import Path

import pytest

from shellper.sandbox import SandboxLevel, current_level
from shellper.tui import look
from tests.tui.conftest import Room, Seat
from tests.tui.scenes import SCENES, prepare
from tests.tui.svg import screen_lines, svg

FOLDER = Path(__file__).parent / "snapshots"
NARROW = ("empty", "confirm", "warn", "block", "several", "long_output", "sessions", "offered")
SHOTS = [
    *((name, 80, 24, "dark") for name in SCENES),
    *((name, 40, 24, "dark") for name in NARROW),
    *((name, 120, 40, "dark") for name in ("several", "side", "sessions")),
    *((name, 80, 24, theme) for theme in ("light", "terminal") for name in ("confirm", "warn", "done", "palette")),
]


@pytest.fixture(autouse=True)
def still_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look, "seconds", lambda duration: "0.1 s")
    monkeypatch.setattr(look, "elapsed", lambda duration: "3 s")


@pytest.mark.parametrize(("name", "width", "height", "theme"), SHOTS)
async def test_screen(room: Room, name: str, width: int, height: int, theme: str) -> None:
    if current_level() is not SandboxLevel.FULL:
        pytest.skip("the pictures show the sandbox level full, which is not offered here")
    prepare(name, room)
    async with room.open(size=(width, height)) as seat:
        await seat.say(f"/theme {theme}")
        await SCENES[name](room, seat)
        await seat.quiet()
        drawn = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d|\d\d-\d\d(?= *<)", undated, svg(seat.app))
        await leave(seat)
    file = FOLDER / f"{name}-{width}{'' if theme == 'dark' else f'-{theme}'}.svg"
    if os.environ.get("SHELLPER_NEW_SNAPSHOTS"):
        FOLDER.mkdir(exist_ok=True)
        file.write_text(drawn)
    assert drawn.splitlines() == file.read_text().splitlines()


def undated(found: re.Match[str]) -> str:
    return re.sub(r"\d", "0", found[0])


async def leave(seat: Seat) -> None:
    """End what runs."""
    if seat.main.turn is not None:
        seat.main.turn.stop()
        await seat.ended()


def test_there_is_no_snapshot_without_a_test() -> None:
    names = {f"{name}-{width}{'' if theme == 'dark' else f'-{theme}'}.svg" for name, width, _, theme in SHOTS}
    assert {file.name for file in FOLDER.iterdir()} - {"tmux.txt"} == names


@pytest.mark.parametrize(("width", "height"), [(40, 24), (30, 14), (20, 8), (200, 60)])
async def test_every_line_fits(room: Room, width: int, height: int) -> None:
    async with room.open(size=(80, 24)) as seat:
        await SCENES["confirm"](room, seat)
        await seat.pilot.resize_terminal(width, height)
        await seat.quiet()
        lines = screen_lines(seat.app)
        assert len(lines) == height and all(sum(run.cells for run in line) == width for line in lines)
        assert "q stop" in seat.screen
        room.engine.enqueue("")
        await seat.press("r")
        await seat.ended()
        assert not (room.home / "notes.txt").exists()


async def test_no_color(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with room.open() as seat:
        await SCENES["confirm"](room, seat)
        await seat.sees("? confirm", "r run")
        colours = {
            colour.name
            for strip in seat.app.screen._compositor.render_strips()
            for segment in seat.app._filters[-1].apply(list(strip), seat.app.screen.styles.background)
            if segment.style is not None
            for colour in (segment.style.color, segment.style.bgcolor)
            if colour is not None
        }
        assert colours <= {"default"}
