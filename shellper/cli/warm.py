"""Loading what a proposal will need while the model thinks, which is another process's work."""

from __future__ import annotations

import threading
from pathlib import Path

from shellper.safety import Context, read_command


def warm_up(folder: Path, colour: bool) -> None:
    """Begin to load the readers of commands and, for colours, rich; whoever needs them earlier waits for them."""
    threading.Thread(target=_load, args=(folder, colour)).start()


def _load(folder: Path, colour: bool) -> None:
    read_command("true", Context(folder, folder))
    if colour:
        import rich.console
        import rich.syntax  # noqa: F401
