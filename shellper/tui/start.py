"""What the app is opened with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shellper.config import Settings
from shellper.frontend.text import SYMBOLS
from shellper.session import SavedConversation, Session, Store


@dataclass(frozen=True)
class Start:
    """All that the app needs from outside.

    `session` makes a new session, or the one that goes on with the kept conversation of an id; `first` is the one to
    begin with. `model` is the file of the weights, `context_tokens` how much of a conversation they can read, `state`
    the folder that the history of requests is in, `as_data` gives a kept conversation as plain JSON data, `notices` are
    what went wrong so far.
    """

    settings: Settings
    first: Session
    session: Callable[[int | None], Session]
    store: Store | None
    state: Path
    model: Path
    context_tokens: Callable[[], int]
    as_data: Callable[[SavedConversation], dict[str, Any]]
    notices: tuple[str, ...] = ()
    symbols: Mapping[str, str] = field(default_factory=lambda: SYMBOLS)
