"""The words that begin with a slash."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Slash:
    """A word, its argument if it takes one, and what it does."""

    name: str
    argument: str
    meaning: str


SLASHES = (
    Slash("help", "", "the keys and these words"),
    Slash("new", "", "begin a new conversation"),
    Slash("sessions", "", "past conversations: search, open, rename, delete, export"),
    Slash("undo", "[N]", "take the last change back, after a look at it"),
    Slash("redo", "[N]", "bring back what was undone"),
    Slash("history", "", "what was changed, and what of it is undone"),
    Slash("jobs", "[stop N]", "what goes on in the background; also: log N, forget"),
    Slash("cd", "FOLDER", "work in another folder"),
    Slash("model", "", "the model that is used"),
    Slash("sandbox", "", "what commands are kept from"),
    Slash("doctor", "", "test the sandbox, and see where everything lies"),
    Slash("settings", "", "what is set, and where"),
    Slash("theme", "NAME", "other colours: dark, light or terminal"),
    Slash("files", "", "show or hide the panel at the side: folder and changes"),
    Slash("export", "[FILE]", "write this conversation to a file (.md or .json)"),
    Slash("quit", "", "end"),
)
