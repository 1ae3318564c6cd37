"""Pictures of the real app: `python -m tests.tui.pictures [FOLDER [SCENE ...]]`.

Without a folder it writes the README's pictures (docs/tui*.svg), from the session on the real model that the golden
screens of test_tmux.py show, and its table of keys. A proposal that is not the wanted one ends it with a line that says
so. With a folder it writes every scene, on the scripted engine, at three sizes and in each theme.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from shellper.config import load_settings, paths
from shellper.engine import DirectEngine, Engine
from shellper.session import Session
from shellper.tui.keytable import as_markdown
from shellper.tui.screens import turns as turns_module
from shellper.tui.start import Start
from shellper.tui.themes import THEMES
from shellper.weights import ensure
from tests.tui.conftest import Room, Seat
from tests.tui.real import ASKS, make_world
from tests.tui.scenes import SCENES, prepare
from tests.tui.svg import svg

PICTURE = Path(__file__).resolve().parents[2] / "docs" / "tui.svg"
README = PICTURE.parents[1] / "README.md"


class RealRoom(Room):
    """A room with the real model, in the folder of the session that the golden screens show."""

    def __init__(self, folder: Path, engine: Engine, model: Path) -> None:
        super().__init__(folder)
        shutil.rmtree(self.home)
        self.folder = make_world(self.home)
        self.real, self.model = engine, model

    def session(self, conversation: int | None = None) -> Session:
        return Session(self.real, self.settings, self.folder, self.home, store=self.store, keeper=self.keeper)

    def start(self, conversation: int | None = None, *, store: bool = True) -> Start:
        return replace(super().start(conversation, store=store), model=self.model)


async def conversation(seat: Seat) -> None:
    """The session of the golden screens, its last request still to be decided on."""
    for ask in ASKS:
        await seat.say(ask.request)
        await seat.until(lambda: seat.main.turn is None or seat.waits)
        if not seat.waits or seat.last.proposal.command != ask.command:
            raise SystemExit(f"{ask.request!r}: wanted is `{ask.command}`; the screen shows:\n{seat.screen}")
        if ask.edit:
            await seat.press("e")
            await seat.press(*["backspace"] * len(ask.command))
            await seat.type(ask.edit)
            await seat.press("enter")
            await seat.until(lambda ask=ask: seat.waits and seat.last.proposal.command == ask.edit)  # type: ignore[misc]
        if ask is not ASKS[-1]:
            await seat.press(ask.key)
            await seat.ended()


async def take_real(room: RealRoom, width: int, height: int, theme: str, file: Path) -> None:
    """Play the session and write the picture of its end."""
    async with room.open(size=(width, height)) as seat:
        seat.app.theme = THEMES[theme]
        await conversation(seat)
        await write(seat, file)
    room.close()


async def write(seat: Seat, file: Path) -> None:
    """Write the picture of what stands there, and end what goes on."""
    await seat.quiet()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(svg(seat.app), encoding="utf-8")
    if seat.main.turn is not None:
        seat.main.turn.abandon()
        await seat.ended()


async def take(name: str, width: int, height: int, theme: str, file: Path) -> None:
    """Play a scene on the scripted engine and write its picture."""
    with in_folder() as folder:
        room = Room(folder)
        prepare(name, room)
        async with room.open(size=(width, height)) as seat:
            seat.app.theme = THEMES[theme]
            await SCENES[name](room, seat)
            await write(seat, file)
        room.close()


@contextmanager
def in_folder() -> Iterator[Path]:
    """Make a folder in which all files are kept."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SHELLPER_HOME"] = str(Path(folder) / "shellper")
        yield Path(folder)


def write_keys(file: Path) -> None:
    """Put the table of keys between its marks."""
    before, mark, rest = file.read_text(encoding="utf-8").partition("<!-- keys -->\n")
    _, end, after = rest.partition("<!-- /keys -->\n")
    file.write_text(before + mark + as_markdown() + end + after, encoding="utf-8")


async def main(arguments: list[str]) -> None:
    """Write the pictures."""
    turns_module.KEY_GUARD = 0.0
    os.environ.pop("NO_COLOR", None)
    if not arguments:
        settings = load_settings()
        weights = settings.weights or ensure(paths().data)
        for width, theme, name in ((110, "dark", "tui"), (40, "dark", "tui-narrow"), (80, "light", "tui-light")):
            with in_folder() as folder:
                room = RealRoom(folder, DirectEngine(weights), weights)
                await take_real(room, width, 30, theme, PICTURE.with_name(f"{name}.svg"))
                room.real.close()
        write_keys(README)
        return
    folder = Path(arguments[0])
    names = arguments[1:] or [*SCENES]
    for name in names:
        for width, height in ((80, 24), (40, 24), (120, 40)):
            await take(name, width, height, "dark", folder / f"{name}-{width}.svg")
        for theme in ("light", "terminal"):
            await take(name, 80, 24, theme, folder / f"{name}-{theme}.svg")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
