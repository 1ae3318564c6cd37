"""The table of all keys, made from the bindings: for the help and for the README."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from textual.binding import Binding, BindingType

from shellper.tui.app import ShellperApp
from shellper.tui.keys import key_names, key_text
from shellper.tui.screens.changes import ChangesScreen, ReversalScreen
from shellper.tui.screens.conversation import ConversationScreen
from shellper.tui.screens.doctor import DoctorScreen
from shellper.tui.screens.pager import PagerScreen
from shellper.tui.screens.sessions import SessionsScreen
from shellper.tui.widgets.field import Field
from shellper.tui.widgets.remaining import RemainingView
from shellper.tui.widgets.request import RequestField
from shellper.tui.widgets.step import StepView


@dataclass(frozen=True)
class KeyRow:
    """A key, what it does, and the name by which it can be set (empty where it can't)."""

    key: str
    meaning: str
    name: str = ""


# What the field does itself, since it depends on what stands in it.
_TYPING = (
    KeyRow("Enter", "send the request"),
    KeyRow("Up, Down", "earlier and later requests"),
    KeyRow("Tab", "complete a file name or a /word; on an empty line: go to the cards"),
    KeyRow("! first", "a command of your own, judged and run like the others"),
)

_GROUPS: tuple[tuple[str, tuple[KeyRow, ...], tuple[Iterable[BindingType], ...]], ...] = (
    ("Typing", _TYPING, (Field.BINDINGS, RequestField.BINDINGS)),
    ("A command on its card", (), (StepView.BINDINGS,)),
    ("What still runs, on its card", (), (RemainingView.BINDINGS,)),
    (
        "Anywhere",
        (KeyRow(key_text(ShellperApp.COMMAND_PALETTE_BINDING), "palette of all words"),),
        (ConversationScreen.BINDINGS, ShellperApp.BINDINGS),
    ),
    ("Sessions", (), (SessionsScreen.BINDINGS,)),
    ("Changes", (), (ChangesScreen.BINDINGS,)),
    ("Undo and redo", (), (ReversalScreen.BINDINGS,)),
    ("A long text", (), (PagerScreen.BINDINGS,)),
    ("Doctor", (), (DoctorScreen.BINDINGS,)),
)


def key_table(keys: Mapping[str, str] | None = None) -> list[tuple[str, list[KeyRow]]]:
    """Return the rows of each group; `keys` has the user's own keys, by the names of their bindings."""
    return [
        (title, [*rows, *(_row(one, keys or {}) for one in _bindings(groups) if one.description)])
        for title, rows, groups in _GROUPS
    ]


def names() -> dict[str, Binding]:
    """Return the bindings that have a name, by it."""
    return {one.id: one for _, _, groups in _GROUPS for one in _bindings(groups) if one.id}


def unknown_names(keys: Mapping[str, str]) -> list[str]:
    """Return a line for each name that no binding has."""
    known = names()
    return [
        f"there is no key {name!r} to set; /help and the README list the names" for name in keys if name not in known
    ]


def _bindings(groups: Iterable[Iterable[BindingType]]) -> list[Binding]:
    return [one for bindings in groups for one in bindings if isinstance(one, Binding)]


def _row(binding: Binding, keys: Mapping[str, str]) -> KeyRow:
    own = keys.get(binding.id or "")
    names = ", ".join(key_text(key) for key in own.split(",")) if own else key_names(binding)
    return KeyRow(names, binding.description, binding.id or "")


def as_markdown() -> str:
    """Return the table as Markdown: a row a key."""
    lines = ["| where | key | what it does | name |", "| --- | --- | --- | --- |"]
    for title, rows in key_table():
        lines += [
            f"| {title if row is rows[0] else ''} | {_code(row.key)} | {row.meaning} | {_code(row.name)} |"
            for row in rows
        ]
    return "\n".join(lines) + "\n"


def _code(text: str) -> str:
    return ", ".join(f"`{part}`" for part in text.split(", ")) if text else ""
