"""Pictures of the real app on a scripted engine: `python -m tests.tui.pictures [FOLDER]`.

Without a folder it writes the README's pictures (docs/tui*.svg) and its table of keys; with one, every scene at three
sizes and in each theme.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from pathlib import Path

from shellper.tui.keytable import as_markdown
from shellper.tui.themes import THEMES
from shellper.tui.widgets import step as step_module
from tests.tui.conftest import Room, Seat, call
from tests.tui.scenes import SCENES, prepare
from tests.tui.svg import svg

PICTURE = Path(__file__).resolve().parents[2] / "docs" / "tui.svg"
README = PICTURE.parents[1] / "README.md"
FILES = {
    "budget.csv": "rent,900\nfood,320\nbooks,45\nmusic,12\n",
    "notes.txt": "call Priya\nbuy seeds\n",
    "photos/garden.jpg": "",
}


async def conversation(room: Room, seat: Seat) -> None:
    """Three requests, the last one still to be decided on."""
    for request, steps, keys in (
        ("how many lines does budget.csv have?", [call("wc", file_name="budget.csv"), ""], "r"),
        ("add tea, 8 to it", [call("echo", content="tea,8", file_name="budget.csv"), ""], "r"),
        (
            "move it into a new folder archive",
            [call("mkdir", dir_name="archive"), call("mv", source="budget.csv", destination="archive")],
            "r",
        ),
    ):
        room.engine.enqueue(*steps)
        await seat.say(request)
        for key in keys:
            await seat.asked()
            await seat.press(key)
        if "" in steps:
            await seat.ended()
    await seat.until(lambda: len(seat.cards[-1].steps) == 2)
    await seat.asked()


async def take(name: str, width: int, height: int, theme: str, file: Path) -> None:
    """Play a scene and write its picture."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SHELLPER_HOME"] = str(Path(folder) / "shellper")
        room = Room(Path(folder))
        prepare(name, room)
        if name == "conversation":
            for path in (room.home / "docs" / "plan.md", room.home / "docs"):
                path.rmdir() if path.is_dir() else path.unlink()
            for file_name, text in FILES.items():
                (room.home / file_name).parent.mkdir(exist_ok=True)
                (room.home / file_name).write_text(text)
        async with room.open(size=(width, height)) as seat:
            seat.app.theme = THEMES[theme]
            await (conversation if name == "conversation" else SCENES[name])(room, seat)
            await seat.quiet()
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(svg(seat.app), encoding="utf-8")
            if seat.main.turn is not None:
                seat.main.turn.stop()
                await seat.ended()
        room.close()


def write_keys(file: Path) -> None:
    """Put the table of keys between its marks."""
    before, mark, rest = file.read_text(encoding="utf-8").partition("<!-- keys -->\n")
    _, end, after = rest.partition("<!-- /keys -->\n")
    file.write_text(before + mark + as_markdown() + end + after, encoding="utf-8")


async def main(arguments: list[str]) -> None:
    """Write the pictures."""
    step_module.KEY_GUARD = 0.0
    os.environ.pop("NO_COLOR", None)
    if not arguments:
        await take("conversation", 110, 30, "dark", PICTURE)
        await take("conversation", 40, 30, "dark", PICTURE.with_name("tui-narrow.svg"))
        await take("conversation", 80, 30, "light", PICTURE.with_name("tui-light.svg"))
        write_keys(README)
        return
    folder = Path(arguments[0])
    names = arguments[1:] or [*SCENES, "conversation"]
    for name in names:
        for width, height in ((80, 24), (40, 24), (120, 40)):
            await take(name, width, height, "dark", folder / f"{name}-{width}.svg")
        for theme in ("light", "terminal"):
            await take(name, 80, 24, theme, folder / f"{name}-{theme}.svg")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
