"""The weights and the engine that a request needs, made ready."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from shellper.cli.show import Screen
from shellper.config import Settings, paths
from shellper.engine import Engine, open_engine
from shellper.weights import WEIGHTS_FILE, ensure, use_file

if TYPE_CHECKING:
    from rich.progress import Progress

OpenEngine: TypeAlias = Callable[[Settings, bool, Screen], Engine]
"""Makes the engine ready: by the settings, in a daemon or not, telling of a long wait on the screen."""

_BUILDING = "building the model, once"


def weights_path(settings: Settings) -> Path:
    """Return where the weights lie, built or not."""
    return settings.weights or paths().data / WEIGHTS_FILE


def ready_weights(settings: Settings, screen: Screen) -> Path:
    """Return the weights: the file that the settings name, or ours, built first where it is missing.

    Raises `WeightsError`.
    """
    if settings.weights is not None:
        return use_file(settings.weights)
    with BuildProgress(screen) as progress:
        return ensure(paths().data, progress.told)


def ready_engine(settings: Settings, daemon: bool, screen: Screen) -> Engine:
    """Return the engine. Raises `WeightsError` and `EngineError`."""
    return open_engine(
        ready_weights(settings, screen),
        daemon=daemon,
        idle_seconds=settings.idle_seconds,
        threads=settings.threads or None,
    )


class BuildProgress:
    """The progress of a build on the screen: a bar where lines can change, else a line; nothing until it is told."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._bar: Progress | None = None
        self._begun = False

    def __enter__(self) -> BuildProgress:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def told(self, share: float) -> None:
        """Take the share that is done, 0 to 1."""
        if not self._begun:
            self._begun = True
            if self._screen.motion:
                self._bar = self._new_bar()
            else:
                self._screen.note(f"{_BUILDING} (this takes about a minute) ...")
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], completed=share)
        elif share >= 1:
            self._screen.note("the model is built")

    def _new_bar(self) -> Progress:
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
        bar = Progress(*columns, console=self._screen.console)
        bar.add_task(_BUILDING, total=1.0)
        bar.start()
        return bar
