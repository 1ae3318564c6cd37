"""How far a proposal has got, and what the widget that shows it needs from outside."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from shellper.safety import Verdict

TERMINAL = 0
"""The descriptor of the user's terminal: the app runs only where the standard input is one."""


class State(enum.Enum):
    """How far a proposal has got."""

    SHOWN = "shown"
    ASKED = "asked"
    EDITED = "edited"
    CONSENTING = "consenting"
    RUNNING = "running"
    ENDED = "ended"


@dataclass(frozen=True)
class Surroundings:
    """What a step needs to draw itself and to judge an edit."""

    symbols: Mapping[str, str]
    home: Path
    judge: Callable[[str], Verdict]
    go_on: Callable[[], None]
    """Puts the focus where the next request is typed."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """The keys that the user wants instead of the usual ones, by the names of their bindings."""
