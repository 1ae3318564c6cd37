"""The app while output floods: key press to screen, and memory after a million lines: `python -m tests.bench.tui`.

The app is the real one without a terminal behind it; the command is a real one in the sandbox. What is measured is the
time from a key to the frame that shows it, idle and while a command prints as fast as it can, and the growth of the
process (not of the command) over a million lines.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from textual.screen import Screen

from shellper.tui.screens import turns as turns_module
from tests.tui.conftest import Room, Seat

KEYS = 100
LINES = 1_000_000


async def key_times(seat: Seat, count: int) -> list[float]:
    """Return milliseconds from a key to the frame that shows it."""
    frames: list[float] = []
    wanted = ""
    display = seat.app._display

    def shown(screen: Screen[Any], renderable: Any) -> None:
        display(screen, renderable)
        if seat.field.text == wanted:
            frames.append(time.perf_counter())

    seat.app._display = shown  # type: ignore[method-assign]
    times = []
    for number in range(count):
        letter = "abcdefghij"[number % 10]
        wanted = seat.field.text + letter
        frames.clear()
        began = time.perf_counter()
        seat.app.simulate_key(letter)
        while not frames:
            await asyncio.sleep(0.0005)
        times.append((frames[0] - began) * 1000)
        await asyncio.sleep(0.02)
    seat.app._display = display  # type: ignore[method-assign]
    return times


def told(name: str, times: list[float]) -> str:
    """Return a line of figures."""
    late = statistics.quantiles(times, n=20)[-1]
    median = statistics.median(times)
    return f"key to screen, {name}: median {median:.1f} ms, 95th percentile {late:.1f} ms ({len(times)} keys)"


def resident() -> float:
    """Return the memory of this process in MB (proc_pid_statm(5))."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


async def main() -> None:
    """Print the figures."""
    turns_module.KEY_GUARD = 0.0
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SHELLPER_HOME"] = str(Path(folder) / "shellper")
        room = Room(Path(folder))
        async with room.open() as seat:
            print(told("idle", await key_times(seat, KEYS)))
            await seat.press("ctrl+c")
            await seat.say("!seq 1 999999999")
            await seat.asked()
            await seat.press("r")
            await seat.sees("lines above")
            seat.field.focus()
            print(told("while output floods", await key_times(seat, KEYS)))
            await seat.press("ctrl+c", "ctrl+c")
            await seat.ended()
            seat.field.text = ""
            before = resident()
            for part in ("one", "two"):
                await seat.say(f"!seq 1 {LINES}")
                await seat.asked()
                await seat.press("r")
                await seat.ended()
                print(f"memory after a million lines ({part}): {resident():.0f} MB, {resident() - before:+.0f} MB")
        room.close()


if __name__ == "__main__":
    asyncio.run(main())
